/* SPDX-License-Identifier: MIT */

/* Configuration files on a disk that fails, and of whom a saved file is. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include <pyst/config/file.h>
#include <pyst/error.h>

#include "folder.h"

#define NOBODY 65534
#define ACL    "system.posix_acl_access"

/* ---- what the library calls ----------------------------------------------------------------- */

/* The linker sends the library's calls here (--wrap). */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);
int __real_fchown(int fd, uid_t uid, gid_t gid);
int __real_fchmod(int fd, mode_t mode);
int __real_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int __real_fremovexattr(int fd, const char *name);
ssize_t __real_listxattr(const char *path, char *names, size_t size);
int __real_fsync(int fd);
int __real_rename(const char *old, const char *new);
int __real_link(const char *old, const char *new);
int __real_flock(int fd, int operation);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags);
int __wrap_fremovexattr(int fd, const char *name);
ssize_t __wrap_listxattr(const char *path, char *names, size_t size);
int __wrap_fsync(int fd);
int __wrap_rename(const char *old, const char *new);
int __wrap_link(const char *old, const char *new);
int __wrap_flock(int fd, int operation);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

/* Each an errno, 0: it works. */
static struct {
    int read, write, fchown, fchmod, fsetxattr, fremovexattr, listxattr, fsync, rename, link, flock;
} errors;
static bool dribbles;             /* bytes come and go by threes, with interruptions between */
static char steps[32];            /* w: write, m: mode, s: sync, r: rename */
static void (*before_sync)(void); /* what others do meanwhile */
static void (*before_link)(void);
static ino_t synced;             /* the last */
static bool is_inherited;        /* by programs that are started; of a descriptor that was */
static unsigned failing, failed; /* the number of the allocation that fails, 0: none */

static int step(char which, int error)
{
    const size_t n = strlen(steps);

    if (which && n + 1 < sizeof(steps) && (n == 0 || steps[n - 1] != which))
        steps[n] = which;
    errno = error;
    return error ? -1 : 0;
}

static bool is_interrupted(void)
{
    static bool interrupted;

    interrupted = dribbles && !interrupted;
    errno = EINTR;
    return interrupted;
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    if (step('\0', errors.read) < 0 || is_interrupted())
        return -1;
    return __real_read(fd, data, dribbles && size > 3 ? 3 : size);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    if (step('w', errors.write) < 0 || is_interrupted())
        return -1;
    return __real_write(fd, data, dribbles && size > 3 ? 3 : size);
}

int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
    return step('\0', errors.fchown) < 0 ? -1 : __real_fchown(fd, uid, gid);
}

int __wrap_fchmod(int fd, mode_t mode)
{
    return step('m', errors.fchmod) < 0 ? -1 : __real_fchmod(fd, mode);
}

int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    return step('\0', errors.fsetxattr) < 0 ? -1 : __real_fsetxattr(fd, name, value, size, flags);
}

int __wrap_fremovexattr(int fd, const char *name)
{
    return step('\0', errors.fremovexattr) < 0 ? -1 : __real_fremovexattr(fd, name);
}

ssize_t __wrap_listxattr(const char *path, char *names, size_t size)
{
    return step('\0', errors.listxattr) < 0 ? -1 : __real_listxattr(path, names, size);
}

int __wrap_fsync(int fd)
{
    struct stat status;

    synced = fstat(fd, &status) == 0 ? status.st_ino : 0;
    is_inherited |= !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    if (before_sync)
        before_sync();
    before_sync = NULL;
    return step('s', errors.fsync) < 0 ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *old, const char *new)
{
    return step('r', errors.rename) < 0 ? -1 : __real_rename(old, new);
}

int __wrap_link(const char *old, const char *new)
{
    if (before_link)
        before_link();
    return step('\0', errors.link) < 0 ? -1 : __real_link(old, new);
}

int __wrap_flock(int fd, int operation)
{
    return step('\0', errors.flock) < 0 ? -1 : __real_flock(fd, operation);
}

static bool fails(void)
{
    if (failing == 0 || --failing > 0)
        return false;
    failed++;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
    return fails() ? NULL : __real_strndup(text, size);
}

/* ---- a folder ------------------------------------------------------------------------------- */

static char folder[32];

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned n;
    char *path = paths[n++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *bytes)
{
    file_write(path_of(name), bytes);
}

static void assert_file(const char *name, const char *expected)
{
    file_expect(path_of(name), expected);
}

static mode_t mode_of(const char *name)
{
    struct stat status;

    assert_int_equal(stat(path_of(name), &status), 0);
    return status.st_mode & 07777;
}

static void assert_owner(const char *name, uid_t uid, gid_t gid)
{
    struct stat status;

    assert_int_equal(stat(path_of(name), &status), 0);
    assert_int_equal(status.st_uid, uid);
    assert_int_equal(status.st_gid, gid);
}

static unsigned n_files(void)
{
    return folder_count(folder);
}

static ino_t inode_of(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_ino;
}

static int next_descriptor(void)
{
    const int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

static unsigned n_descriptors(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static struct pyst_config_document *document;
static struct pyst_config_stamp stamp;
static unsigned descriptors;

static void set_value(const char *value)
{
    assert_int_equal(pyst_config_line_set_value(
                         document, pyst_config_line_next(pyst_config_document_first(document)),
                         pyst_text(value)),
                     0);
}

/* A folder with a file, read and then changed. */
static int set_up(void **state)
{
    memcpy(folder, "/tmp/pyst-disk-XXXXXX", sizeof("/tmp/pyst-disk-XXXXXX"));
    memset(&errors, 0, sizeof(errors));
    memset(steps, 0, sizeof(steps));
    dribbles = false;
    before_sync = before_link = NULL;
    failing = failed = 0;
    is_inherited = false;
    descriptors = n_descriptors();
    if (!mkdtemp(folder))
        return -1;
    write_file("a.conf", "[a]\nx=1\n");
    if (pyst_config_document_load(&document, path_of("a.conf"), &stamp) < 0)
        return -1;
    set_value("2");
    return chmod(path_of("a.conf"), 0640);
}

static int tear_down(void **state)
{
    document = pyst_config_document_unref(document);
    return folder_remove(folder) < 0 || is_inherited || n_descriptors() != descriptors ? -1 : 0;
}

static int save(const char *name)
{
    return pyst_config_document_save(document, path_of(name), NULL);
}

static void assert_saved(int r)
{
    assert_int_equal(r, 0);
    assert_file("a.conf", "[a]\nx=2\n");
    assert_int_equal(n_files(), 1);
}

/* The old file is there, and nothing else; and it can be saved yet. */
static void assert_not_saved(int r, int error)
{
    assert_int_equal(r, PYST_ERR_SYSTEM);
    assert_int_equal(errno, error);
    assert_file("a.conf", "[a]\nx=1\n");
    assert_int_equal(n_files(), 1);
    assert_true(pyst_config_document_is_changed(document));
    memset(&errors, 0, sizeof(errors));
    assert_saved(pyst_config_document_save(document, path_of("a.conf"), &stamp));
}

/* ---- a disk that fails ---------------------------------------------------------------------- */

static void look_beside(void)
{
    assert_int_equal(n_files(), 2);
}

static void a_file_is_on_the_disk_before_it_has_its_name(void **state)
{
    before_sync = look_beside;
    assert_saved(save("a.conf"));
    /* The second is of the folder. */
    assert_string_equal(steps, "wmsrs");
    assert_int_equal(synced, inode_of(folder));
}

static void bytes_may_go_and_come_piece_by_piece(void **state)
{
    char bytes[sizeof("[a]\nx=2\n") - 1];

    dribbles = true;
    assert_saved(save("a.conf"));
    pyst_config_document_unref(document);
    assert_int_equal(pyst_config_document_load(&document, path_of("a.conf"), NULL), 0);
    assert_int_equal(pyst_config_document_size(document), strlen("[a]\nx=2\n"));
    pyst_config_document_write(document, bytes);
    assert_memory_equal(bytes, "[a]\nx=2\n", sizeof(bytes));
}

static void what_cannot_be_read_is_told(void **state)
{
    struct pyst_config_document *other = NULL;

    errors.read = EIO;
    assert_int_equal(pyst_config_document_load(&other, path_of("a.conf"), NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EIO);
    assert_null(other);
}

static void what_cannot_be_written_is_told(void **state)
{
    errors.write = ENOSPC;
    assert_not_saved(save("a.conf"), ENOSPC);
    set_value("3");
    errors.write = ENOSPC;
    assert_int_equal(pyst_config_document_save(document, path_of("a.conf"), &stamp),
                     PYST_ERR_SYSTEM);
    assert_int_equal(errno, ENOSPC);
}

static void what_cannot_be_synced_is_told(void **state)
{
    errors.fsync = EIO;
    assert_not_saved(save("a.conf"), EIO);
}

static void what_cannot_be_renamed_is_told(void **state)
{
    errors.rename = EXDEV;
    assert_not_saved(save("a.conf"), EXDEV);
}

static void permissions_that_cannot_be_set_are_told(void **state)
{
    errors.fchmod = EPERM;
    assert_not_saved(save("a.conf"), EPERM);
    errors.fchmod = EPERM;
    assert_int_equal(save("b.conf"), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EPERM);
    assert_int_equal(n_files(), 1);
}

static void a_file_beyond_the_limit_is_told(void **state)
{
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit, small;
    int r, error;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 5; /* a part is written */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    r = save("a.conf");
    error = errno;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, handler);
    errno = error;
    assert_not_saved(r, EFBIG);
}

/* `old`: what is in `target` before, NULL: it is not there. */
static void assert_allocations_may_fail(const char *name, const char *target, const char *old)
{
    unsigned n = 0;

    do {
        int r;

        unlink(path_of(target));
        if (old)
            write_file(target, old);
        if (old)
            assert_int_equal(chmod(path_of(target), 0640), 0);
        failed = 0;
        failing = ++n;
        r = save(name);
        failing = 0;
        /* Without memory the folder is not synced, which nobody is told. */
        assert_true(r == 0 || (failed > 0 && r == PYST_ERR_NO_MEMORY));
        if (r == 0)
            assert_int_equal(mode_of(target), 0640);
        if (r == 0 || old)
            assert_file(target, r == 0 ? "[a]\nx=2\n" : old);
        else
            assert_int_equal(access(path_of(target), F_OK), -1);
        assert_int_equal(n_files(), r == 0 || old ? 3 : 2);
    } while (failed > 0);
    assert_true(n > 3);
}

static void each_allocation_may_fail(void **state)
{
    assert_int_equal(symlink("b.conf", path_of("link")), 0);
    assert_allocations_may_fail("b.conf", "b.conf", "[b]\n");
    assert_allocations_may_fail("b.conf", "b.conf", NULL);
    assert_allocations_may_fail("link", "b.conf", NULL);
}

static void each_allocation_of_reading_may_fail(void **state)
{
    unsigned n = 0;

    do {
        static const struct pyst_config_stamp none;
        struct pyst_config_document *other = NULL;
        struct pyst_config_stamp read = none;
        int r;

        failed = 0;
        failing = ++n;
        r = pyst_config_document_load(&other, path_of("a.conf"), &read);
        failing = 0;
        assert_int_equal(r, failed > 0 ? PYST_ERR_NO_MEMORY : 0);
        assert_memory_equal(&read, r == 0 ? &stamp : &none, sizeof(read));
        assert_true((r == 0) == (other != NULL));
        pyst_config_document_unref(other);
    } while (failed > 0);
    assert_true(n > 2);
}

static void each_allocation_of_what_is_included_may_fail(void **state)
{
    const struct pyst_config_load_options options = {.execute = true};
    unsigned n = 0;

    write_file("b.conf", "[b]\n#include c*.conf\n#exec echo x=1\n");
    write_file("c.conf", "y=1\n");
    do {
        struct pyst_config *config = NULL;
        int r;

        failed = 0;
        failing = ++n;
        r = pyst_config_load(&config, path_of("b.conf"), &options);
        failing = 0;
        assert_int_equal(r, failed > 0 ? PYST_ERR_NO_MEMORY : 0);
        assert_true((r == 0) == (config != NULL));
        if (r == 0)
            assert_int_equal(pyst_config_section(config, 0)->n_items, 2);
        pyst_config_free(config);
    } while (failed > 0);
    assert_true(n > 4);
}

static void a_command_that_cannot_run_is_told(void **state)
{
    const struct pyst_config_load_options options = {.execute = true};
    struct pyst_config *config = NULL;
    struct rlimit limit, small;
    int r;

    write_file("b.conf", "[b]\n#exec echo x=1\n");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    small = limit;
    small.rlim_cur = (rlim_t)next_descriptor() + 1; /* a file may be opened, no pipe */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    r = pyst_config_load(&config, path_of("b.conf"), &options);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(r, PYST_ERR_SYSTEM);
    assert_null(config);
}

static void descriptor_0_is_as_good_as_another(void **state)
{
    const int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    int loaded, saved, next;

    assert_true(input > 0);
    pyst_config_document_unref(document);
    document = NULL;
    close(STDIN_FILENO);
    loaded = pyst_config_document_load(&document, path_of("a.conf"), &stamp);
    if (loaded == 0)
        set_value("2");
    saved = loaded == 0 ? pyst_config_document_save(document, path_of("a.conf"), &stamp) : -1;
    next = next_descriptor();
    assert_int_equal(dup2(input, STDIN_FILENO), STDIN_FILENO);
    close(input);
    assert_int_equal(loaded, 0);
    assert_int_equal(next, STDIN_FILENO);
    assert_saved(saved);
}

/* ---- somebody else -------------------------------------------------------------------------- */

static void set_modified(const char *name, const struct timespec *modified)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, *modified};

    assert_int_equal(utimensat(AT_FDCWD, path_of(name), times, 0), 0);
}

static struct timespec modified_of(const char *name)
{
    struct stat status;

    assert_int_equal(stat(path_of(name), &status), 0);
    return status.st_mtim;
}

static void assert_changed(const char *theirs)
{
    assert_int_equal(pyst_config_document_save(document, path_of("a.conf"), &stamp),
                     PYST_ERR_CHANGED);
    assert_file("a.conf", theirs);
    assert_int_equal(n_files(), 1);
}

static void another_size_is_a_change(void **state)
{
    const struct timespec modified = modified_of("a.conf");

    write_file("a.conf", "[a]\nx=12\n");
    set_modified("a.conf", &modified);
    assert_changed("[a]\nx=12\n");
}

static void another_time_is_a_change(void **state)
{
    struct timespec modified = modified_of("a.conf");

    modified.tv_nsec = (modified.tv_nsec + 1) % 1000000000;
    write_file("a.conf", "[a]\nx=3\n");
    set_modified("a.conf", &modified);
    assert_changed("[a]\nx=3\n");
    modified = modified_of("a.conf");
    modified.tv_nsec = (modified.tv_nsec + 999999999) % 1000000000;
    modified.tv_sec++;
    set_modified("a.conf", &modified);
    assert_changed("[a]\nx=3\n");
}

static void another_file_of_that_name_is_a_change(void **state)
{
    const struct timespec modified = modified_of("a.conf");

    write_file("b.conf", "[a]\nx=3\n");
    set_modified("b.conf", &modified);
    assert_int_equal(rename(path_of("b.conf"), path_of("a.conf")), 0);
    assert_changed("[a]\nx=3\n");
}

static void a_file_that_is_gone_is_a_change(void **state)
{
    assert_int_equal(unlink(path_of("a.conf")), 0);
    assert_int_equal(pyst_config_document_save(document, path_of("a.conf"), &stamp),
                     PYST_ERR_CHANGED);
    assert_int_equal(n_files(), 0);
}

static void change_meanwhile(void)
{
    write_file("a.conf", "[a]\nx=meanwhile\n");
}

static void remove_meanwhile(void)
{
    assert_int_equal(unlink(path_of("a.conf")), 0);
}

static void a_change_while_it_is_saved_is_seen(void **state)
{
    before_sync = change_meanwhile;
    assert_changed("[a]\nx=meanwhile\n");
    /* Who says that it does not matter is believed. */
    before_sync = remove_meanwhile;
    assert_saved(save("a.conf"));
}

static void a_file_that_appears_meanwhile_is_not_replaced(void **state)
{
    struct pyst_config_stamp none = {0};

    assert_int_equal(unlink(path_of("a.conf")), 0);
    before_sync = change_meanwhile;
    assert_int_equal(pyst_config_document_save(document, path_of("a.conf"), &none),
                     PYST_ERR_CHANGED);
    assert_file("a.conf", "[a]\nx=meanwhile\n");
    assert_int_equal(n_files(), 1);
}

static void a_file_that_appears_at_the_last_is_not_replaced(void **state)
{
    struct pyst_config_stamp none = {0};

    assert_int_equal(unlink(path_of("a.conf")), 0);
    before_link = change_meanwhile;
    assert_int_equal(pyst_config_document_save(document, path_of("a.conf"), &none),
                     PYST_ERR_CHANGED);
    assert_file("a.conf", "[a]\nx=meanwhile\n");
    assert_int_equal(n_files(), 1);
}

static void a_disk_may_have_no_links_and_no_locks(void **state)
{
    struct pyst_config_stamp none = {0};

    errors.flock = ENOLCK;
    assert_saved(pyst_config_document_save(document, path_of("a.conf"), &stamp));
    assert_int_equal(unlink(path_of("a.conf")), 0);
    errors.link = EPERM;
    assert_saved(pyst_config_document_save(document, path_of("a.conf"), &none));
}

static void save_by_another(void)
{
    struct pyst_config_document *other;
    struct pyst_config_stamp read;
    struct pyst_config_line *line;

    assert_int_equal(pyst_config_document_load(&other, path_of("a.conf"), &read), 0);
    assert_int_equal(pyst_config_document_add_line(other, NULL, pyst_text("; other"), &line), 0);
    assert_int_equal(pyst_config_document_save(other, path_of("a.conf"), &read), PYST_ERR_CHANGED);
    assert_true(pyst_config_document_is_changed(other));
    pyst_config_document_unref(other);
}

static void of_two_who_save_at_once_one_does(void **state)
{
    before_sync = save_by_another;
    assert_int_equal(pyst_config_document_save(document, path_of("a.conf"), &stamp), 0);
    assert_null(before_sync);
    assert_saved(0);
}

static void what_somebody_holds_is_replaced_by_force(void **state)
{
    const int fd = open(path_of("a.conf"), O_RDONLY | O_CLOEXEC);

    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(pyst_config_document_save(document, path_of("a.conf"), &stamp),
                     PYST_ERR_CHANGED);
    assert_file("a.conf", "[a]\nx=1\n");
    assert_int_equal(n_files(), 1);
    assert_int_equal(pyst_config_document_save(document, path_of("a.conf"), NULL), 0);
    close(fd);
    assert_saved(0);
}

static void what_is_no_file_is_not_changed_but_no_file(void **state)
{
    struct pyst_config_stamp none = {0};

    errno = 0;
    assert_int_equal(pyst_config_document_save(document, folder, &none), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EINVAL);
}

static void the_stamp_is_that_of_what_was_written(void **state)
{
    const struct pyst_config_stamp before = stamp;
    struct pyst_config_stamp other;

    assert_saved(pyst_config_document_save(document, path_of("a.conf"), &stamp));
    assert_int_not_equal(stamp.inode, before.inode);
    pyst_config_document_unref(document);
    assert_int_equal(pyst_config_document_load(&document, path_of("a.conf"), &other), 0);
    assert_memory_equal(&stamp, &other, sizeof(stamp));
    /* Nothing to write then; but without a stamp, or with another, there is. */
    memset(steps, 0, sizeof(steps));
    assert_saved(pyst_config_document_save(document, path_of("a.conf"), &stamp));
    assert_string_equal(steps, "");
    assert_saved(save("a.conf"));
    assert_string_equal(steps, "wmsrs");
    assert_int_equal(pyst_config_document_save(document, path_of("a.conf"), &stamp),
                     PYST_ERR_CHANGED);
}

/* ---- links ---------------------------------------------------------------------------------- */

static void a_link_to_nothing_makes_what_it_leads_to(void **state)
{
    char target[160];

    assert_int_equal(mkdir(path_of("sub"), 0700), 0);
    assert_int_equal(symlink("sub/two", path_of("one")), 0);
    snprintf(target, sizeof(target), "%s", path_of("sub/../three"));
    assert_int_equal(symlink(target, path_of("sub/two")), 0);
    assert_int_equal(symlink("b.conf", path_of("three")), 0);
    assert_int_equal(save("one"), 0);
    assert_file("b.conf", "[a]\nx=2\n");
    assert_int_equal(readlink(path_of("one"), target, sizeof(target)), strlen("sub/two"));
    assert_int_equal(mode_of("b.conf"), 0640);
    /* And is replaced then. */
    set_value("3");
    assert_int_equal(save("one"), 0);
    assert_file("b.conf", "[a]\nx=3\n");
    assert_int_equal(n_files(), 5);
    unlink(path_of("sub/two"));
    rmdir(path_of("sub"));
}

static void a_link_of_the_folder_that_one_is_in(void **state)
{
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r;

    assert_true(here >= 0);
    assert_int_equal(symlink("b.conf", path_of("link")), 0);
    assert_int_equal(chdir(folder), 0);
    r = pyst_config_document_save(document, "link", NULL);
    assert_int_equal(synced, inode_of("."));
    assert_int_equal(fchdir(here), 0);
    close(here);
    assert_int_equal(r, 0);
    assert_file("b.conf", "[a]\nx=2\n");
}

static void links_may_be_followed_as_far_as_the_kernel_does(void **state)
{
    char name[16], target[16] = "b.conf";

    for (int i = 1; i <= 41; i++) {
        snprintf(name, sizeof(name), "l%d", i);
        assert_int_equal(symlink(target, path_of(name)), 0);
        memcpy(target, name, sizeof(target));
    }
    assert_int_equal(save("l40"), 0);
    assert_file("l40", "[a]\nx=2\n");
    assert_int_equal(save("l41"), PYST_ERR_SYSTEM);
    assert_int_equal(errno, ELOOP);
}

static void links_in_circles_and_to_no_folder_are_told(void **state)
{
    assert_int_equal(symlink("two", path_of("one")), 0);
    assert_int_equal(symlink("one", path_of("two")), 0);
    assert_int_equal(symlink("none/b.conf", path_of("three")), 0);
    assert_int_equal(save("one"), PYST_ERR_SYSTEM);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(save("three"), PYST_ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(save("a.conf/b.conf"), PYST_ERR_SYSTEM);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(n_files(), 4);
}

/* ---- of whom it is -------------------------------------------------------------------------- */

static void skip_unless_root(void)
{
    if (geteuid() != 0)
        skip();
}

/* Saves as a user of one group; gives the result, and errno if that is PYST_ERR_SYSTEM. */
static int save_as(uid_t uid, gid_t gid, int (*how)(void))
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        int r = setgroups(1, &gid) < 0 || setegid(NOBODY) < 0 || seteuid(uid) < 0 ? 255 : how();

        _exit(r == PYST_ERR_SYSTEM ? errno : r < 0 ? 254 : r);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int save_a(void)
{
    return save("a.conf");
}

static void owner_group_and_permissions_stay(void **state)
{
    skip_unless_root();
    assert_int_equal(chown(path_of("a.conf"), 1234, 2345), 0);
    assert_int_equal(chmod(path_of("a.conf"), 0624), 0);
    assert_saved(save("a.conf"));
    assert_owner("a.conf", 1234, 2345);
    assert_int_equal(mode_of("a.conf"), 0624);
}

static void a_saved_file_runs_as_nobody_else(void **state)
{
    assert_int_equal(chmod(path_of("a.conf"), 07775), 0);
    assert_saved(save("a.conf"));
    assert_int_equal(mode_of("a.conf"), 0775);
}

static void whoever_is_in_the_group_leaves_it_the_file(void **state)
{
    skip_unless_root();
    assert_int_equal(chown(path_of("a.conf"), 1234, 2345), 0);
    assert_int_equal(chmod(path_of("a.conf"), 0664), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(save_as(NOBODY, 2345, save_a), 0);
    assert_file("a.conf", "[a]\nx=2\n");
    assert_owner("a.conf", NOBODY, 2345);
    assert_int_equal(mode_of("a.conf"), 0664);
}

static void another_group_is_allowed_what_all_are(void **state)
{
    static const struct {
        mode_t before, after;
    } examples[] = {{0664, 0644}, {0640, 0600}, {0677, 0677}, {0626, 0626}, {0671, 0611}};

    skip_unless_root();
    assert_int_equal(chmod(folder, 0777), 0);
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        assert_int_equal(chown(path_of("a.conf"), 1234, 2345), 0);
        assert_int_equal(chmod(path_of("a.conf"), examples[i].before), 0);
        assert_int_equal(save_as(NOBODY, 3456, save_a), 0);
        assert_owner("a.conf", NOBODY, NOBODY);
        assert_int_equal(mode_of("a.conf"), examples[i].after);
    }
    /* Root may not be allowed it either, in a container for one. */
    assert_int_equal(chmod(path_of("a.conf"), 0664), 0);
    errors.fchown = EINVAL;
    assert_saved(save("a.conf"));
    assert_int_equal(mode_of("a.conf"), 0644);
}

static void a_folder_that_one_may_not_write_to_is_told(void **state)
{
    skip_unless_root();
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chown(path_of("a.conf"), NOBODY, NOBODY), 0);
    assert_int_equal(save_as(NOBODY, NOBODY, save_a), EACCES);
    assert_file("a.conf", "[a]\nx=1\n");
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(save_as(NOBODY, NOBODY, save_a), EACCES);
    assert_int_equal(n_files(), 1);
}

/* ---- attributes and access lists ------------------------------------------------------------ */

/* An access list with another user, in the kernel's form. */
static void set_list(const char *path, const char *attribute)
{
    static const unsigned char list[] = {
        2,  0, 0, 0,                     /* the form's version */
        1,  0, 6, 0, 255, 255, 255, 255, /* the owner */
        2,  0, 6, 0, 210, 4,   0,   0,   /* user 1234 */
        4,  0, 0, 0, 255, 255, 255, 255, /* the group */
        16, 0, 6, 0, 255, 255, 255, 255, /* the most for those two */
        32, 0, 0, 0, 255, 255, 255, 255, /* all others */
    };

    if (setxattr(path, attribute, list, sizeof(list), 0) < 0)
        skip(); /* this disk has none */
}

static bool has_attribute(const char *name, const char *attribute)
{
    return getxattr(path_of(name), attribute, NULL, 0) > 0;
}

static void an_access_list_stays(void **state)
{
    set_list(path_of("a.conf"), ACL);
    assert_saved(save("a.conf"));
    assert_true(has_attribute("a.conf", ACL));
    assert_int_equal(mode_of("a.conf"), 0660);
}

/* What the list allowed its users stands where the group's permissions do. */
static void without_its_access_list_the_group_is_allowed_less(void **state)
{
    set_list(path_of("a.conf"), ACL);
    errors.fsetxattr = EPERM;
    assert_saved(save("a.conf"));
    assert_false(has_attribute("a.conf", ACL));
    assert_int_equal(mode_of("a.conf"), 0600);
}

static void a_list_that_cannot_be_read_may_be_there(void **state)
{
    errors.listxattr = ENOTSUP;
    assert_saved(save("a.conf"));
    assert_int_equal(mode_of("a.conf"), 0640);
    errors.listxattr = EIO;
    assert_saved(save("a.conf"));
    assert_int_equal(mode_of("a.conf"), 0600);
}

static void a_list_that_cannot_be_taken_away_is_reckoned_with(void **state)
{
    static const struct {
        int error;
        mode_t mode;
    } examples[] = {{ENODATA, 0640}, {ENOTSUP, 0640}, {EPERM, 0600}};

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        errors.fremovexattr = examples[i].error;
        assert_saved(save("a.conf"));
        assert_int_equal(mode_of("a.conf"), examples[i].mode);
    }
}

static void a_list_of_the_folder_is_for_new_files(void **state)
{
    set_list(folder, "system.posix_acl_default");
    assert_saved(save("a.conf"));
    assert_false(has_attribute("a.conf", ACL));
    assert_int_equal(mode_of("a.conf"), 0640);
    assert_int_equal(save("b.conf"), 0);
    assert_int_equal(mode_of("b.conf"), 0640);
}

static void attributes_of_users_stay(void **state)
{
    skip_unless_root();
    if (setxattr(path_of("a.conf"), "user.one", "1", 1, 0) < 0 ||
        setxattr(path_of("a.conf"), "trusted.two", "2", 1, 0) < 0 ||
        setxattr(path_of("a.conf"), "security.selinux", "4", 1, 0) < 0 ||
        setxattr(path_of("a.conf"), "user.three", "3", 1, 0) < 0)
        skip();
    assert_saved(save("a.conf"));
    assert_true(has_attribute("a.conf", "user.one"));
    assert_true(has_attribute("a.conf", "user.three"));
    assert_true(has_attribute("a.conf", "security.selinux"));
    assert_false(has_attribute("a.conf", "trusted.two"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_on_the_disk_before_it_has_its_name),
        TEST(bytes_may_go_and_come_piece_by_piece),
        TEST(what_cannot_be_read_is_told),
        TEST(what_cannot_be_written_is_told),
        TEST(what_cannot_be_synced_is_told),
        TEST(what_cannot_be_renamed_is_told),
        TEST(permissions_that_cannot_be_set_are_told),
        TEST(a_file_beyond_the_limit_is_told),
        TEST(each_allocation_may_fail),
        TEST(each_allocation_of_reading_may_fail),
        TEST(each_allocation_of_what_is_included_may_fail),
        TEST(a_command_that_cannot_run_is_told),
        TEST(descriptor_0_is_as_good_as_another),
        TEST(another_size_is_a_change),
        TEST(another_time_is_a_change),
        TEST(another_file_of_that_name_is_a_change),
        TEST(a_file_that_is_gone_is_a_change),
        TEST(a_change_while_it_is_saved_is_seen),
        TEST(a_file_that_appears_meanwhile_is_not_replaced),
        TEST(a_file_that_appears_at_the_last_is_not_replaced),
        TEST(a_disk_may_have_no_links_and_no_locks),
        TEST(of_two_who_save_at_once_one_does),
        TEST(what_somebody_holds_is_replaced_by_force),
        TEST(what_is_no_file_is_not_changed_but_no_file),
        TEST(the_stamp_is_that_of_what_was_written),
        TEST(a_link_to_nothing_makes_what_it_leads_to),
        TEST(a_link_of_the_folder_that_one_is_in),
        TEST(links_may_be_followed_as_far_as_the_kernel_does),
        TEST(links_in_circles_and_to_no_folder_are_told),
        TEST(owner_group_and_permissions_stay),
        TEST(a_saved_file_runs_as_nobody_else),
        TEST(whoever_is_in_the_group_leaves_it_the_file),
        TEST(another_group_is_allowed_what_all_are),
        TEST(a_folder_that_one_may_not_write_to_is_told),
        TEST(an_access_list_stays),
        TEST(without_its_access_list_the_group_is_allowed_less),
        TEST(a_list_that_cannot_be_read_may_be_there),
        TEST(a_list_that_cannot_be_taken_away_is_reckoned_with),
        TEST(a_list_of_the_folder_is_for_new_files),
        TEST(attributes_of_users_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
