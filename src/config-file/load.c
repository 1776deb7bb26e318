/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pyst/config/file.h>

#include "base/buffer.h"
#include "config-file/stamp.h"
#include "config/document-internal.h"

void config_stamp_set(struct pyst_config_stamp *stamp, const struct stat *status)
{
    stamp->device = status->st_dev;
    stamp->inode = status->st_ino;
    stamp->size = status->st_size;
    stamp->modified_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

/* What an included file's name may have of braces, and the patterns that they may stand for. */
#define BRACES_MAX   32
#define PATTERNS_MAX 4096

/* ---- one file ------------------------------------------------------------------------------- */

static int read_all(int fd, struct buffer *bytes)
{
    for (;;) {
        /* Of a file whose size is known there is room for one byte more than it has. */
        int r = bytes->end < bytes->size ? 0 : buffer_reserve(bytes, 65536);
        ssize_t n;

        if (r < 0)
            return r;
        n = read(fd, bytes->data + bytes->end, bytes->size - bytes->end);
        if (n == 0)
            return 0;
        if (n > 0)
            bytes->end += (size_t)n;
        else if (errno != EINTR)
            return PYST_ERR_SYSTEM;
    }
}

static int load(struct pyst_config_document **documentp, int fd, const char *path,
                struct pyst_config_stamp *stampp)
{
    struct buffer bytes = {0};
    struct stat status;
    int r;

    if (fstat(fd, &status) < 0)
        return PYST_ERR_SYSTEM;
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return PYST_ERR_SYSTEM;
    }
    if ((uint64_t)status.st_size > UINT32_MAX)
        return PYST_ERR_INVALID;
    r = buffer_reserve(&bytes, (size_t)status.st_size + 1);
    if (r == 0)
        r = read_all(fd, &bytes);
    if (r < 0) {
        buffer_deinit(&bytes);
        return r;
    }
    r = config_document_adopt(documentp, pyst_text(path), bytes.data, bytes.end);
    if (r == 0 && stampp)
        config_stamp_set(stampp, &status);
    return r;
}

int pyst_config_document_load(struct pyst_config_document **documentp, const char *path,
                              struct pyst_config_stamp *stampp)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int r, saved;

    if (fd < 0)
        return PYST_ERR_SYSTEM;
    r = load(documentp, fd, path, stampp);
    saved = errno;
    close(fd);
    errno = saved;
    return r;
}

/* ---- included ones -------------------------------------------------------------------------- */

/*
 * The files of the #includes that are being read: one inside another, so the last that was begun
 * is the first to be asked again.
 */
struct matches {
    struct matches *outer;
    glob_t glob;
    size_t next;
};

struct loading {
    char *directory;
    struct matches *matches;
};

static void drop_matches(struct loading *loading)
{
    struct matches *matches = loading->matches;

    loading->matches = matches->outer;
    globfree(&matches->glob);
    free(matches);
}

/*
 * Whether glob() could take all memory there is, or all of the stack: it makes a pattern of each
 * choice of alternatives, and calls itself for each brace.
 */
static bool is_too_large(struct pyst_text pattern)
{
    size_t patterns = 1, braces = 0, alternatives[BRACES_MAX + 1] = {0};

    for (size_t i = 0; i < pattern.size; i++) {
        if (pattern.data[i] == '{' && ++braces > BRACES_MAX)
            return true;
        if (pattern.data[i] == '{')
            alternatives[braces] = 1;
        /* With each comma of a brace, all there are so far are multiplied anew. */
        if (pattern.data[i] == ',' && braces > 0) {
            patterns = patterns / alternatives[braces] * (alternatives[braces] + 1);
            alternatives[braces]++;
        }
        if (patterns > PATTERNS_MAX)
            return true;
    }
    return false;
}

static int find_matches(struct loading *loading, struct pyst_text argument)
{
    struct matches *matches = calloc(1, sizeof(*matches));
    char *pattern;
    int r;

    if (!matches)
        return PYST_ERR_NO_MEMORY;
    matches->outer = loading->matches;
    if (is_too_large(argument)) {
        loading->matches = matches;
        return 0;
    }
    r = argument.size > 0 && argument.data[0] == '/'
            ? asprintf(&pattern, "%.*s", (int)argument.size, argument.data)
            : asprintf(&pattern, "%s/%.*s", loading->directory, (int)argument.size, argument.data);
    if (r < 0) {
        free(matches);
        return PYST_ERR_NO_MEMORY;
    }
    r = glob(pattern, GLOB_NOMAGIC | GLOB_BRACE, NULL, &matches->glob);
    free(pattern);
    loading->matches = matches;
    if (r == GLOB_NOSPACE) {
        drop_matches(loading);
        return PYST_ERR_NO_MEMORY;
    }
    return 0;
}

static int open_included(void *user, struct pyst_text argument, size_t i,
                         struct pyst_config_document **documentp)
{
    struct loading *loading = user;
    struct matches *matches;
    int r = i == 0 ? find_matches(loading, argument) : 0;

    if (r < 0)
        return r;
    if (i == SIZE_MAX) {
        drop_matches(loading);
        return 0;
    }
    matches = loading->matches;
    while (matches->next < matches->glob.gl_pathc) {
        r = pyst_config_document_load(documentp, matches->glob.gl_pathv[matches->next++], NULL);
        if (r == 0)
            return 1;
        if (r != PYST_ERR_SYSTEM && r != PYST_ERR_INVALID)
            return r;
    }
    drop_matches(loading);
    return 0;
}

static int run(void *user, struct pyst_text command, struct pyst_config_document **documentp)
{
    struct buffer bytes = {0};
    char *line;
    FILE *output;
    int r;

    (void)user;
    /*
     * Asterisk puts "> FILE 2>&1" behind it: of several commands that is for the last one. (That is
     * 16; 22 logs what comes out of the other output, where we take it as well.)
     */
    if (asprintf(&line, "exec 3>&1 >/dev/null; %.*s >&3 2>&1", (int)command.size, command.data) < 0)
        return PYST_ERR_NO_MEMORY;
    output = popen(line, "re"); /* NOLINT(cert-env33-c): what #exec is for */
    free(line);
    if (!output)
        return PYST_ERR_SYSTEM;
    r = read_all(fileno(output), &bytes);
    if (r == 0)
        r = pyst_config_document_new(documentp, command, buffer_text(&bytes));
    pclose(output);
    buffer_deinit(&bytes);
    return r < 0 ? r : 1;
}

/* Its own text, with a NUL, and without the slash at its end: that of the root is empty. */
static char *directory_of(struct pyst_text path)
{
    const char *slash = path.size > 0 ? memrchr(path.data, '/', path.size) : NULL;
    char *directory;
    size_t size;

    if (!slash)
        return strdup(".");
    size = (size_t)(slash - path.data);
    directory = malloc(size + 1);
    if (directory) {
        memcpy(directory, path.data, size);
        directory[size] = '\0';
    }
    return directory;
}

int pyst_config_resolve(struct pyst_config **configp, struct pyst_config_document *document,
                        const struct pyst_config_load_options *options)
{
    static const struct pyst_config_load_options defaults;
    struct loading loading = {0};
    struct pyst_config_source source = {open_included, NULL, &loading};
    int r;

    if (!options)
        options = &defaults;
    if (options->execute)
        source.execute = run;
    loading.directory = options->directory ? strdup(options->directory)
                                           : directory_of(pyst_config_document_name(document));
    if (!loading.directory)
        return PYST_ERR_NO_MEMORY;
    r = pyst_config_new(configp, document, &source, &options->limits);
    while (loading.matches)
        drop_matches(&loading);
    free(loading.directory);
    return r;
}

int pyst_config_load(struct pyst_config **configp, const char *path,
                     const struct pyst_config_load_options *options)
{
    struct pyst_config_document *document;
    int r = pyst_config_document_load(&document, path, NULL);

    if (r == 0) {
        r = pyst_config_resolve(configp, document, options);
        pyst_config_document_unref(document);
    }
    return r;
}
