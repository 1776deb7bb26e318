/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "config-file/stamp.h"

#define ACL        "system.posix_acl_access"
#define LINKS_MAX  40    /* as the kernel follows in one path */
#define NAMES_SIZE 65536 /* of all attributes of a file, and of one's value (linux/limits.h) */

static bool is_set(const struct pyst_config_stamp *stamp)
{
    return stamp->device || stamp->inode || stamp->size || stamp->modified_ns;
}

static bool is_same(const struct pyst_config_stamp *one, const struct pyst_config_stamp *other)
{
    return one->device == other->device && one->inode == other->inode && one->size == other->size &&
           one->modified_ns == other->modified_ns;
}

/* What is there now: 1 and *statusp, 0 when nothing is; PYST_ERR_CHANGED, _SYSTEM (EINVAL: no
 * file).
 */
static int look(const char *path, const struct pyst_config_stamp *stamp, struct stat *statusp)
{
    struct pyst_config_stamp now;

    if (stat(path, statusp) < 0) {
        if (errno != ENOENT)
            return PYST_ERR_SYSTEM;
        return stamp && is_set(stamp) ? PYST_ERR_CHANGED : 0;
    }
    if (!S_ISREG(statusp->st_mode)) {
        errno = EINVAL;
        return PYST_ERR_SYSTEM;
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

/* ---- who may do what with it ---------------------------------------------------------------- */

/* Other attributes are of what was in the old file, or the system's to give. */
static bool is_kept(const char *attribute)
{
    return !strcmp(attribute, ACL) || !strcmp(attribute, "security.selinux") ||
           !strncmp(attribute, "user.", strlen("user."));
}

/* Gives `fd` the attributes of `path`, as far as can be; whether its access list is the same. */
static bool copy_attributes(int fd, const char *path, char *names, char *value)
{
    const ssize_t names_size = listxattr(path, names, NAMES_SIZE);
    bool same = names_size >= 0 || errno == ENOTSUP, has_list = false;

    for (const char *name = names; name - names < names_size; name += strlen(name) + 1) {
        const ssize_t size = is_kept(name) ? getxattr(path, name, value, NAMES_SIZE) : -1;
        const bool copied = size >= 0 && fsetxattr(fd, name, value, (size_t)size, 0) == 0;

        if (!strcmp(name, ACL)) {
            has_list = true;
            same = copied;
        }
    }
    /* The folder may have given the new file a list that the old one did not have. */
    if (!has_list && fremovexattr(fd, ACL) < 0 && errno != ENODATA && errno != ENOTSUP)
        same = false;
    return same;
}

/* Gives `fd` owner, group and permissions of the old file as far as can be, and never more. */
static int keep_access(int fd, const char *path, const struct stat *old)
{
    char *names = malloc(2 * (size_t)NAMES_SIZE);
    mode_t mode = old->st_mode & 0777;
    bool same;

    if (!names)
        return PYST_ERR_NO_MEMORY;
    /* Only root may give a file away, but whoever is in a group may give it to that. */
    same = fchown(fd, old->st_uid, old->st_gid) == 0 || fchown(fd, (uid_t)-1, old->st_gid) == 0;
    if (!copy_attributes(fd, path, names, names + NAMES_SIZE) || !same) {
        /* Who is in the group now is nobody that the old one was for. */
        mode &= ~(mode_t)070 | (mode & 07) << 3;
    }
    free(names);
    return fchmod(fd, mode) < 0 ? PYST_ERR_SYSTEM : 0;
}

/* ---- saving --------------------------------------------------------------------------------- */

/*
 * Holds the file that is to be replaced, so that of several who save it at once one does and the
 * others find that it has changed. PYST_ERR_CHANGED: somebody else holds it. Else *fdp is to be
 * closed at the end; -1: there is no way to hold it.
 */
static int hold(const char *path, int *fdp)
{
    *fdp = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fdp < 0 || flock(*fdp, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return 0;
    close(*fdp);
    *fdp = -1;
    return PYST_ERR_CHANGED;
}

/* A new file never takes the place of one that somebody made meanwhile, where links can be made. */
static int put_in_place(const char *temporary, const char *path,
                        const struct pyst_config_stamp *stamp)
{
    if (stamp && !is_set(stamp)) {
        if (link(temporary, path) == 0) {
            unlink(temporary);
            return 0;
        }
        if (errno == EEXIST)
            return PYST_ERR_CHANGED;
    }
    return rename(temporary, path) < 0 ? PYST_ERR_SYSTEM : 0;
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
    if (old)
        r = keep_access(fd, path, old);
    else if (fchmod(fd, 0640) < 0)
        r = PYST_ERR_SYSTEM;
    if (r < 0)
        return r;
    if (fsync(fd) < 0 || fstat(fd, &now) < 0)
        return PYST_ERR_SYSTEM;
    /* As late as can be: who takes no lock can be kept away no longer. */
    r = look(path, stamp, &(struct stat){0});
    if (r < 0)
        return r;
    r = put_in_place(temporary, path, stamp);
    if (r < 0)
        return r;
    sync_directory(path);
    if (stamp)
        config_stamp_set(stamp, &now);
    return 0;
}

/* Writes a temporary file beside `path`, and puts it there. */
static int write_beside(const struct pyst_config_document *document, const char *path,
                        const struct stat *old, struct pyst_config_stamp *stamp)
{
    char *temporary;
    int fd, r, saved;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return PYST_ERR_NO_MEMORY;
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        free(temporary);
        return PYST_ERR_SYSTEM;
    }
    r = replace(document, fd, temporary, path, old, stamp);
    saved = errno;
    close(fd);
    if (r < 0)
        unlink(temporary);
    free(temporary);
    errno = saved;
    return r;
}

static int save(struct pyst_config_document *document, const char *path,
                struct pyst_config_stamp *stamp)
{
    struct stat old;
    int exists = look(path, stamp, &old), held = -1, r = 0, saved;

    if (exists < 0)
        return exists;
    if (exists && !pyst_config_document_is_changed(document) && stamp)
        return 0;
    if (exists && stamp)
        r = hold(path, &held);
    if (r == 0)
        r = write_beside(document, path, exists ? &old : NULL, stamp);
    if (held >= 0) {
        saved = errno;
        close(held);
        errno = saved;
    }
    if (r == 0)
        pyst_config_document_set_saved(document);
    return r;
}

/* The path itself, or, of a link, what it leads to, whether that is there or not; to be freed. */
static char *follow(const char *path)
{
    char *at = strdup(path), target[PATH_MAX];

    for (int i = 0; at && i <= LINKS_MAX; i++) {
        const ssize_t size = readlink(at, target, sizeof(target));
        const char *slash = strrchr(at, '/');
        const size_t folder = size > 0 && target[0] != '/' && slash ? (size_t)(slash + 1 - at) : 0;
        char *next;

        if (size < 0)
            return at;
        if (asprintf(&next, "%.*s%.*s", (int)folder, at, (int)size, target) < 0)
            next = NULL;
        free(at);
        at = next;
    }
    errno = at ? ELOOP : ENOMEM;
    free(at);
    return NULL;
}

int pyst_config_document_save(struct pyst_config_document *document, const char *path,
                              struct pyst_config_stamp *stamp)
{
    char *target = follow(path);
    int r, saved;

    if (!target)
        return errno == ENOMEM ? PYST_ERR_NO_MEMORY : PYST_ERR_SYSTEM;
    r = save(document, target, stamp);
    saved = errno;
    free(target);
    errno = saved;
    return r;
}
