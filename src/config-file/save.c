/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config-file/stamp.h"

static bool is_set(const struct pyst_config_stamp *stamp)
{
    return stamp->device || stamp->inode || stamp->size || stamp->modified_ns;
}

static bool is_same(const struct pyst_config_stamp *one, const struct pyst_config_stamp *other)
{
    return one->device == other->device && one->inode == other->inode && one->size == other->size &&
           one->modified_ns == other->modified_ns;
}

/* What is there now: 1 and *statusp, 0 when nothing is; PYST_ERR_CHANGED, _SYSTEM. */
static int look(const char *path, const struct pyst_config_stamp *stamp, struct stat *statusp)
{
    struct pyst_config_stamp now;

    if (stat(path, statusp) < 0) {
        if (errno != ENOENT)
            return PYST_ERR_SYSTEM;
        return stamp && is_set(stamp) ? PYST_ERR_CHANGED : 0;
    }
    config_stamp_set(&now, statusp);
    if (stamp && !is_same(stamp, &now))
        return PYST_ERR_CHANGED;
    return 1;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return PYST_ERR_SYSTEM;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

/* So that the new name is there after a crash, too. */
static void sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");
    int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(directory);
}

/* Fills the temporary file and puts it in the place of `path`. */
static int replace(const struct pyst_config_document *document, int fd, const char *temporary,
                   const char *path, const struct stat *old, struct pyst_config_stamp *stamp)
{
    const size_t size = pyst_config_document_size(document);
    struct stat now;
    char *bytes = malloc(size + 1);
    int r;

    if (!bytes)
        return PYST_ERR_NO_MEMORY;
    pyst_config_document_write(document, bytes);
    r = write_all(fd, bytes, size);
    free(bytes);
    if (r < 0)
        return r;
    /* The owner first: changing it takes permissions away. Only root may give a file away. */
    if (old && fchown(fd, old->st_uid, old->st_gid) < 0 && errno != EPERM)
        return PYST_ERR_SYSTEM;
    if (fchmod(fd, old ? old->st_mode & 07777 : 0640) < 0 || fsync(fd) < 0 || fstat(fd, &now) < 0)
        return PYST_ERR_SYSTEM;
    /* As late as can be: between this and the renaming nobody can be kept away. */
    r = look(path, stamp, &(struct stat){0});
    if (r < 0)
        return r;
    if (rename(temporary, path) < 0)
        return PYST_ERR_SYSTEM;
    sync_directory(path);
    if (stamp)
        config_stamp_set(stamp, &now);
    return 0;
}

static int save(struct pyst_config_document *document, const char *path,
                struct pyst_config_stamp *stamp)
{
    struct stat old;
    int exists = look(path, stamp, &old);
    char *temporary;
    int fd, r, saved;

    if (exists < 0)
        return exists;
    if (exists && !S_ISREG(old.st_mode)) {
        errno = EINVAL;
        return PYST_ERR_SYSTEM;
    }
    if (exists && !pyst_config_document_is_changed(document) && stamp)
        return 0;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return PYST_ERR_NO_MEMORY;
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        free(temporary);
        return PYST_ERR_SYSTEM;
    }
    r = replace(document, fd, temporary, path, exists ? &old : NULL, stamp);
    saved = errno;
    close(fd);
    if (r < 0)
        unlink(temporary);
    free(temporary);
    errno = saved;
    if (r == 0)
        pyst_config_document_set_saved(document);
    return r;
}

int pyst_config_document_save(struct pyst_config_document *document, const char *path,
                              struct pyst_config_stamp *stamp)
{
    char *target = realpath(path, NULL);
    int r, saved;

    if (!target && errno != ENOENT)
        return PYST_ERR_SYSTEM;
    r = save(document, target ? target : path, stamp);
    saved = errno;
    free(target);
    errno = saved;
    return r;
}
