/* SPDX-License-Identifier: MIT */

/* Call files on a disk: how they come to Asterisk's folder, and what is found there. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <pyst/call-file.h>
#include <pyst/error.h>

#include "folder.h"

/* The linker sends the library's calls here (--wrap). */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
ssize_t __real_write(int fd, const void *data, size_t size);
int __real_fsync(int fd);
int __real_renameat2(int from, const char *old, int to, const char *new, unsigned flags);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_fsync(int fd);
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_renameat2(int from, const char *old, int to, const char *new, unsigned flags);
/* NOLINTEND(bugprone-reserved-identifier) */

static int write_error, fsync_error, rename_error, chown_error; /* an errno; 0: it works */
static bool write_dribbles;
static char steps[64]; /* w: write, o: owner, s: sync, m: move */
static uid_t given_uid;
static gid_t given_gid;

static int step(char which, int error)
{
    size_t n = strlen(steps);

    if (n + 1 < sizeof(steps) && (n == 0 || steps[n - 1] != which))
        steps[n] = which;
    errno = error;
    return error ? -1 : 0;
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    static bool interrupted;

    if (step('w', write_error) < 0)
        return -1;
    if (!write_dribbles)
        return __real_write(fd, data, size);
    interrupted = !interrupted;
    if (interrupted) {
        errno = EINTR;
        return -1;
    }
    return __real_write(fd, data, size > 3 ? 3 : size);
}

int __wrap_fsync(int fd)
{
    return step('s', fsync_error) < 0 ? -1 : __real_fsync(fd);
}

int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
    given_uid = uid;
    given_gid = gid;
    return step('o', chown_error);
}

int __wrap_renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
    return step('m', rename_error) < 0 ? -1 : __real_renameat2(from, old, to, new, flags);
}

static char root[32], outgoing[64], archive[64], staging[64];

static int make_folders(void **state)
{
    memcpy(root, "/tmp/pyst-call-file-XXXXXX", sizeof("/tmp/pyst-call-file-XXXXXX"));
    if (!mkdtemp(root))
        return -1;
    snprintf(outgoing, sizeof(outgoing), "%s/outgoing", root);
    snprintf(archive, sizeof(archive), "%s/outgoing_done", root);
    snprintf(staging, sizeof(staging), "%s/tmp", root);
    write_error = fsync_error = rename_error = chown_error = 0;
    write_dribbles = false;
    memset(steps, 0, sizeof(steps));
    return mkdir(outgoing, 0700) | mkdir(staging, 0700);
}

static int remove_folders(void **state)
{
    folder_remove(outgoing);
    folder_remove(archive);
    folder_remove(staging);
    return rmdir(root);
}

static struct pyst_call_file *minimal(void)
{
    struct pyst_call_file *file;

    assert_int_equal(pyst_call_file_new(&file), 0);
    assert_int_equal(pyst_call_file_set(file, pyst_text("Channel"), pyst_text("Local/1")), 0);
    assert_int_equal(pyst_call_file_set(file, pyst_text("Extension"), pyst_text("1")), 0);
    return file;
}

static int submit(const struct pyst_call_file_submission *how, char *name)
{
    struct pyst_call_file_submission here = *how;
    struct pyst_call_file *file = minimal();
    int r, error;

    if (!here.directory)
        here.directory = outgoing;
    r = pyst_call_file_submit(file, &here, name);
    error = errno;
    pyst_call_file_free(file);
    errno = error;
    return r;
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct stat stat_of(const char *name)
{
    struct stat stat_;
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", outgoing, name);
    assert_int_equal(stat(path, &stat_), 0);
    return stat_;
}

static void a_file_is_complete_and_synced_before_it_is_moved(void **state)
{
    const struct pyst_call_file_submission how = {.name = NULL};
    char name[PYST_CALL_FILE_NAME_SIZE], path[512], text[256] = {0};
    struct stat stat_;
    FILE *file;

    write_dribbles = true;
    assert_int_equal(submit(&how, name), 0);
    assert_string_equal(steps, "wosms");
    assert_int_equal(folder_count(outgoing), 1);
    assert_int_equal(folder_count(staging), 0);
    snprintf(path, sizeof(path), "%s/%s", outgoing, name);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, "Channel: Local/1\nExtension: 1\n");
    stat_ = stat_of(name);
    assert_int_equal(stat_.st_mode & 07777, 0660);
    /* Its owner was to be the folder's. */
    assert_int_equal(given_uid, getuid());
}

static void names_are_chosen_or_given(void **state)
{
    const struct pyst_call_file_submission any = {.name = NULL}, given = {.name = "my call"};
    char first[PYST_CALL_FILE_NAME_SIZE], second[PYST_CALL_FILE_NAME_SIZE];

    assert_int_equal(submit(&any, first), 0);
    assert_int_equal(submit(&any, second), 0);
    assert_string_not_equal(first, second);
    assert_int_equal(submit(&given, second), 0);
    assert_string_equal(second, "my call");
    assert_int_equal(folder_count(outgoing), 3);
    assert_int_equal(submit(&any, NULL), 0);

    /* Another call's file stays what it is. */
    write_file(outgoing, "my call", "another");
    assert_int_equal(submit(&given, second), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(stat_of("my call").st_size, 7);
    assert_int_equal(folder_count(staging), 0);
}

static void bad_settings_are_refused(void **state)
{
    static const char *const names[] = {"", ".", "..", "a/b", "/"};
    struct pyst_call_file_submission how = {.mode = 01000};
    char much[PYST_CALL_FILE_NAME_SIZE + 1];

    assert_int_equal(submit(&how, NULL), PYST_ERR_INVALID);
    how = (struct pyst_call_file_submission){.staging = outgoing};
    assert_int_equal(submit(&how, NULL), PYST_ERR_INVALID);
    how.staging = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        how.name = names[i];
        assert_int_equal(submit(&how, NULL), PYST_ERR_INVALID);
        assert_int_equal(pyst_call_file_find(outgoing, names[i], NULL, NULL), PYST_ERR_INVALID);
    }
    memset(much, 'x', sizeof(much));
    much[PYST_CALL_FILE_NAME_SIZE] = '\0';
    how.name = much;
    assert_int_equal(submit(&how, NULL), PYST_ERR_INVALID);
    much[PYST_CALL_FILE_NAME_SIZE - 1] = '\0';
    assert_int_equal(submit(&how, NULL), 0);
    assert_int_equal(folder_count(outgoing), 1);
    assert_int_equal(folder_count(staging), 0);
}

static void an_incomplete_file_is_not_submitted(void **state)
{
    const struct pyst_call_file_submission how = {.directory = outgoing};
    struct pyst_call_file *file;

    assert_int_equal(pyst_call_file_new(&file), 0);
    assert_int_equal(pyst_call_file_submit(file, &how, NULL), PYST_ERR_CALL_FILE_INCOMPLETE);
    pyst_call_file_free(file);
    assert_int_equal(folder_count(outgoing), 0);
}

static void time_mode_and_owner_are_set(void **state)
{
    struct pyst_call_file_submission how = {.name = "a", .time = 4102444800, .mode = 0604};

    assert_int_equal(submit(&how, NULL), 0);
    assert_true(stat_of("a").st_mtim.tv_sec == 4102444800);
    assert_int_equal(stat_of("a").st_mtim.tv_nsec, 0);
    assert_int_equal(stat_of("a").st_mode & 07777, 0604);

    how = (struct pyst_call_file_submission){.name = "b", .owned = true, .uid = 12, .gid = 34};
    assert_int_equal(submit(&how, NULL), 0);
    assert_int_equal(given_uid, 12);
    assert_int_equal(given_gid, 34);
    how = (struct pyst_call_file_submission){.name = "c", .owned = true, .uid = UINT32_MAX};
    assert_int_equal(submit(&how, NULL), 0);
    assert_true(given_uid == (uid_t)-1);
    assert_int_equal(given_gid, 0);
}

static void an_owner_that_was_asked_for_is_needed_and_another_not(void **state)
{
    struct pyst_call_file_submission how = {.owned = true, .uid = 12, .gid = 34};

    chown_error = EPERM;
    assert_int_equal(submit(&how, NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EPERM);
    assert_int_equal(folder_count(outgoing), 0);
    assert_int_equal(folder_count(staging), 0);
    how.owned = false;
    assert_int_equal(submit(&how, NULL), 0);
    /* If not the owner, then at least the group. */
    assert_true(given_uid == (uid_t)-1);
    assert_int_equal(folder_count(outgoing), 1);
}

static void the_staging_folder_is_given_or_beside(void **state)
{
    const struct pyst_call_file_submission beside = {.name = "a"}, given = {.staging = staging};
    char with_slashes[80];
    const struct pyst_call_file_submission slashes = {.directory = with_slashes};
    const struct pyst_call_file_submission missing = {.staging = "/nonexistent"};
    const struct pyst_call_file_submission nowhere = {.directory = "/nonexistent"};

    rename_error = EXDEV; /* so it stays where it is, and is taken away */
    assert_int_equal(submit(&given, NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EXDEV);
    assert_int_equal(folder_count(staging), 0);
    rename_error = 0;

    assert_int_equal(submit(&given, NULL), 0);
    snprintf(with_slashes, sizeof(with_slashes), "%s///", outgoing);
    assert_int_equal(submit(&slashes, NULL), 0);
    assert_int_equal(submit(&missing, NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(submit(&nowhere, NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(folder_count(outgoing), 2);

    assert_int_equal(rmdir(staging), 0);
    assert_int_equal(submit(&beside, NULL), 0);
    assert_int_equal(folder_count(outgoing), 3);
    assert_int_equal(folder_count(root), 1); /* outgoing */
}

static void a_failure_leaves_nothing(void **state)
{
    const struct pyst_call_file_submission how = {.name = NULL};
    int *const errors[] = {&write_error, &fsync_error, &rename_error};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        char name[PYST_CALL_FILE_NAME_SIZE] = "untouched";

        *errors[i] = ENOSPC;
        assert_int_equal(submit(&how, name), PYST_ERR_SYSTEM);
        assert_int_equal(errno, ENOSPC);
        assert_string_equal(name, "untouched");
        assert_int_equal(folder_count(outgoing), 0);
        assert_int_equal(folder_count(staging), 0);
        *errors[i] = 0;
    }
}

static void a_file_system_that_cannot_help_replacing_gets_a_link(void **state)
{
    const struct pyst_call_file_submission how = {.name = "a"};

    rename_error = EINVAL;
    assert_int_equal(submit(&how, NULL), 0);
    assert_int_equal(stat_of("a").st_nlink, 1);
    assert_int_equal(folder_count(staging), 0);
    assert_int_equal(submit(&how, NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(folder_count(staging), 0);
    assert_int_equal(folder_count(outgoing), 1);
}

static void a_file_is_found_where_it_is(void **state)
{
    struct pyst_call_file_status status;
    struct pyst_call_file *file = NULL;
    char big[20000];

    assert_int_equal(pyst_call_file_find(outgoing, "a", &file, &status), 0);
    assert_null(file);

    write_file(outgoing, "a", "Channel: PJSIP/1\nApplication: Echo\n\nStartRetry: 5 1 (1300)\n");
    assert_int_equal(pyst_call_file_find(outgoing, "a", &file, &status), 1);
    assert_int_equal(pyst_call_file_n_lines(file), 2);
    assert_int_equal(status.state, PYST_CALL_FILE_CALLING);
    assert_int_equal(status.began, 1000);
    file = pyst_call_file_free(file);

    assert_int_equal(mkdir(archive, 0700), 0);
    assert_int_equal(pyst_call_file_find(outgoing, "b", &file, &status), 0);
    write_file(archive, "b", "Status: Completed\n");
    assert_int_equal(pyst_call_file_find(outgoing, "b", NULL, &status), 2);
    assert_int_equal(status.state, PYST_CALL_FILE_COMPLETED);
    assert_int_equal(pyst_call_file_find(outgoing, "b", NULL, NULL), 2);

    memset(big, 'x', sizeof(big));
    memcpy(big, "#", 1);
    memcpy(big + sizeof(big) - 18, "\nStatus: Expired\n", 18);
    write_file(archive, "c", big);
    assert_int_equal(pyst_call_file_find(outgoing, "c", NULL, &status), 2);
    assert_int_equal(status.state, PYST_CALL_FILE_EXPIRED);
}

static void what_is_no_file_is_not_found(void **state)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/pipe", outgoing);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(pyst_call_file_find(outgoing, "pipe", NULL, NULL), 0);
    assert_int_equal(pyst_call_file_find("/nonexistent", "a", NULL, NULL), 0);
    write_file(root, "plain", "");
    snprintf(path, sizeof(path), "%s/plain", root);
    assert_int_equal(pyst_call_file_find(path, "a", NULL, NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(unlink(path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folders, remove_folders)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_complete_and_synced_before_it_is_moved),
        TEST(names_are_chosen_or_given),
        TEST(bad_settings_are_refused),
        TEST(an_incomplete_file_is_not_submitted),
        TEST(time_mode_and_owner_are_set),
        TEST(an_owner_that_was_asked_for_is_needed_and_another_not),
        TEST(the_staging_folder_is_given_or_beside),
        TEST(a_failure_leaves_nothing),
        TEST(a_file_system_that_cannot_help_replacing_gets_a_link),
        TEST(a_file_is_found_where_it_is),
        TEST(what_is_no_file_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
