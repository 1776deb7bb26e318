/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pyst/call-file.h>
#include <pyst/error.h>

#include "base/buffer.h"

#define MODE_DEFAULT 0660
#define NAME_TRIES   16 /* of random names; a second one is a wonder already */
#define READ_SIZE    4096

static const char *directory_or_default(const char *directory)
{
    return directory ? directory : PYST_CALL_FILE_DIRECTORY;
}

static bool is_name(const char *name)
{
    return name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           !strchr(name, '/') && strlen(name) < PYST_CALL_FILE_NAME_SIZE;
}

/* Bytes of `directory` without slashes at its end. */
static size_t directory_size(const char *directory)
{
    size_t size = strlen(directory);

    while (size > 1 && directory[size - 1] == '/')
        size--;
    return size;
}

/* `directory` with something behind it; the caller frees it. */
static char *path_of(const char *directory, const char *behind)
{
    size_t size = directory_size(directory);
    char *path = malloc(size + strlen(behind) + 1);

    if (path) {
        memcpy(path, directory, size);
        memcpy(path + size, behind, strlen(behind) + 1);
    }
    return path;
}

/* Closes and keeps errno. */
static void close_quietly(int fd)
{
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
}

static int open_directory(const char *path, int *fdp)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return PYST_ERR_SYSTEM;
    *fdp = fd;
    return 0;
}

static int open_staging(const struct pyst_call_file_submission *how, const char *directory,
                        int *fdp)
{
    char *path;
    int r;

    if (how->staging)
        return open_directory(how->staging, fdp);
    path = path_of(directory, "/../tmp");
    if (!path)
        return PYST_ERR_NO_MEMORY;
    r = open_directory(path, fdp);
    if (r < 0 && errno == ENOENT) {
        path[strlen(path) - strlen("/tmp")] = '\0';
        r = open_directory(path, fdp);
    }
    free(path);
    return r;
}

/* prefix, 16 hexadecimal digits, suffix */
static int random_name(const char *prefix, const char *suffix, char name[PYST_CALL_FILE_NAME_SIZE])
{
    uint64_t number;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return PYST_ERR_SYSTEM;
    snprintf(name, PYST_CALL_FILE_NAME_SIZE, "%s%016llx%s", prefix, (unsigned long long)number,
             suffix);
    return 0;
}

static int create_staged(int staging, char name[PYST_CALL_FILE_NAME_SIZE], int *fdp)
{
    for (int i = 0; i < NAME_TRIES; i++) {
        int fd, r = random_name(".pyst-", "", name);

        if (r < 0)
            return r;
        fd = openat(staging, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0) {
            *fdp = fd;
            return 0;
        }
        if (errno != EEXIST)
            break;
    }
    return PYST_ERR_SYSTEM;
}

static int write_all(int fd, struct pyst_text text)
{
    while (text.size > 0) {
        ssize_t n = write(fd, text.data, text.size);

        if (n < 0 && errno != EINTR)
            return PYST_ERR_SYSTEM;
        if (n > 0) {
            text.data += n;
            text.size -= (size_t)n;
        }
    }
    return 0;
}

static int give_to_owner(int fd, const struct pyst_call_file_submission *how,
                         const struct stat *directory)
{
    if (how->owned)
        return fchown(fd, (uid_t)how->uid, (gid_t)how->gid) < 0 ? PYST_ERR_SYSTEM : 0;
    /* As far as it goes: root may do it all, a member of the group that much, others nothing. */
    bool given = fchown(fd, directory->st_uid, directory->st_gid) == 0 ||
                 fchown(fd, (uid_t)-1, directory->st_gid) == 0;

    (void)given;
    return 0;
}

static int finish_staged(int fd, struct pyst_text text, const struct pyst_call_file_submission *how,
                         const struct stat *directory)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = how->time}};
    int r = write_all(fd, text);

    if (r == 0)
        r = give_to_owner(fd, how, directory);
    if (r < 0)
        return r;
    /* The owner first: fchown() may take bits of the mode away. The time last: writing sets it. */
    if (fchmod(fd, how->mode ? how->mode : MODE_DEFAULT) < 0 ||
        (how->time != 0 && futimens(fd, times) < 0) || fsync(fd) < 0)
        return PYST_ERR_SYSTEM;
    return 0;
}

/* Never in another file's place: that may be a call that is going on. */
static int move(int from, const char *old, int to, const char *new)
{
    if (renameat2(from, old, to, new, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return PYST_ERR_SYSTEM;
    if (linkat(from, old, to, new, 0) < 0)
        return PYST_ERR_SYSTEM;
    unlinkat(from, old, 0);
    return 0;
}

static int move_to_spool(int from, const char *old, int to, const char *wanted,
                         char name[PYST_CALL_FILE_NAME_SIZE])
{
    for (int i = 0; i < NAME_TRIES; i++) {
        int r;

        if (wanted)
            snprintf(name, PYST_CALL_FILE_NAME_SIZE, "%s", wanted);
        else if ((r = random_name("pyst-", ".call", name)) < 0)
            return r;
        r = move(from, old, to, name);
        if (r == 0 || wanted || errno != EEXIST)
            return r;
    }
    return PYST_ERR_SYSTEM;
}

static int submit(struct pyst_text text, const struct pyst_call_file_submission *how, int directory,
                  int staging, char name[PYST_CALL_FILE_NAME_SIZE])
{
    char staged[PYST_CALL_FILE_NAME_SIZE];
    struct stat there, here;
    int fd = -1, r;

    if (fstat(directory, &there) < 0 || fstat(staging, &here) < 0)
        return PYST_ERR_SYSTEM;
    if (there.st_dev == here.st_dev && there.st_ino == here.st_ino)
        return PYST_ERR_INVALID;
    r = create_staged(staging, staged, &fd);
    if (r < 0)
        return r;
    r = finish_staged(fd, text, how, &there);
    if (close(fd) < 0 && r == 0)
        r = PYST_ERR_SYSTEM;
    if (r == 0)
        r = move_to_spool(staging, staged, directory, how->name, name);
    if (r < 0) {
        int saved = errno;

        unlinkat(staging, staged, 0);
        errno = saved;
        return r;
    }
    /* The call is asked for, whatever this says. */
    fsync(directory);
    return 0;
}

int pyst_call_file_submit(struct pyst_call_file *file, const struct pyst_call_file_submission *how,
                          char name[PYST_CALL_FILE_NAME_SIZE])
{
    const char *path = directory_or_default(how->directory);
    char chosen[PYST_CALL_FILE_NAME_SIZE];
    int directory = -1, staging = -1;
    struct pyst_text text;
    int r;

    if ((how->name && !is_name(how->name)) || how->mode > 0777)
        return PYST_ERR_INVALID;
    r = pyst_call_file_text(file, &text);
    if (r == 0)
        r = open_directory(path, &directory);
    if (r == 0)
        r = open_staging(how, path, &staging);
    if (r == 0)
        r = submit(text, how, directory, staging, chosen);
    close_quietly(staging);
    close_quietly(directory);
    if (r == 0 && name)
        memcpy(name, chosen, sizeof(chosen));
    return r;
}

/* 1 and the content of a file, or 0 when there is none. */
static int read_file(const char *path, const char *name, struct buffer *content)
{
    int directory, fd, r;
    struct stat stat;

    directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return errno == ENOENT ? 0 : PYST_ERR_SYSTEM;
    /* Not to wait for the other end of a pipe of that name. */
    fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    close_quietly(directory);
    if (fd < 0)
        return errno == ENOENT ? 0 : PYST_ERR_SYSTEM;
    r = fstat(fd, &stat) < 0 ? PYST_ERR_SYSTEM : S_ISREG(stat.st_mode);
    while (r > 0) {
        ssize_t n;

        if (buffer_reserve(content, READ_SIZE) < 0) {
            r = PYST_ERR_NO_MEMORY;
            break;
        }
        n = read(fd, content->data + content->end, READ_SIZE);
        if (n == 0)
            break;
        if (n > 0)
            content->end += (size_t)n;
        else if (errno != EINTR)
            r = PYST_ERR_SYSTEM;
    }
    close_quietly(fd);
    return r;
}

/* First where it is while there is work for it: it goes to the archive, and never back. */
static int find(const char *directory, const char *name, struct buffer *content)
{
    int r = read_file(directory, name, content);
    char *archive;

    if (r != 0)
        return r;
    archive = path_of(directory, "_done");
    if (!archive)
        return PYST_ERR_NO_MEMORY;
    r = read_file(archive, name, content);
    free(archive);
    return r > 0 ? 2 : r;
}

int pyst_call_file_find(const char *directory, const char *name, struct pyst_call_file **filep,
                        struct pyst_call_file_status *statusp)
{
    struct buffer content = {0};
    struct pyst_call_file *file = NULL;
    int place, r = 0;

    if (!is_name(name))
        return PYST_ERR_INVALID;
    place = find(directory_or_default(directory), name, &content);
    if (place > 0)
        r = pyst_call_file_read(&file, buffer_text(&content), statusp);
    buffer_deinit(&content);
    if (r < 0)
        return r;
    if (place > 0 && filep)
        *filep = file;
    else
        pyst_call_file_free(file);
    return place;
}
