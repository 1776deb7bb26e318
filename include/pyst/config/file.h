/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONFIG_FILE_H
#define PYST_CONFIG_FILE_H

/**
 * Configuration files on disk: reading with everything they include, and writing back so that a
 * reader sees the old file or the new one, and nobody's changes are lost.
 */

#include <pyst/config/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A file as it was when it was read or written; all zero: none. */
struct pyst_config_stamp {
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t modified_ns; /* since 1970 */
};

/**
 * Reads a file, whose path becomes the document's name. *stampp (may be NULL) tells what was read.
 * Errors: PYST_ERR_SYSTEM (errno; EINVAL for what is no regular file), PYST_ERR_NO_MEMORY,
 * PYST_ERR_INVALID for one of 4 GiB and more.
 */
PYST_PUBLIC int pyst_config_document_load(struct pyst_config_document **documentp, const char *path,
                                          struct pyst_config_stamp *stampp);

/**
 * Writes a document to `path`: to a temporary file beside it, which is synced and renamed over it
 * then. Owner, group, permissions and access list stay those of the file that is replaced; as far
 * as the process may not set those, the new file gives less access, never more. A symbolic link
 * stays, and what it leads to is replaced, or made. Nothing is written when the document was not
 * changed and the file is there and is that of `stamp`.
 *
 * `stamp` is what the document was read from, and is set to what was written; all zero: the file
 * must not exist yet; NULL: whatever is there is replaced.
 *
 * Of several who save a file at once, on a file system with locks (flock), one does.
 *
 * Errors: PYST_ERR_CHANGED, the file is not as it was then, by its stamp, or is being saved by
 * somebody else, and stays so;
 * PYST_ERR_SYSTEM (errno; EINVAL when what is there is no regular file); PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_config_document_save(struct pyst_config_document *document, const char *path,
                                          struct pyst_config_stamp *stamp);

struct pyst_config_load_options {
    /* Where included files are looked for that are named without a leading slash: Asterisk's
       configuration directory. NULL: the directory of the file itself. */
    const char *directory;
    /* Run what #exec names, by /bin/sh, and include what it prints. It may be anything. */
    bool execute;
    struct pyst_config_limits limits;
};

/**
 * Reads a file and what it includes, and resolves it. Names may be patterns as of glob(3), with
 * braces (main/config.c, MY_GLOB_FLAGS), but one of more than 32 braces, or whose braces stand for
 * more than 4096 names, is a file that does not exist. `options` NULL is all zero. Errors: those of
 * pyst_config_document_load() for the file itself and of pyst_config_new(). A file that cannot be
 * read but is included is one that does not exist.
 */
PYST_PUBLIC int pyst_config_load(struct pyst_config **configp, const char *path,
                                 const struct pyst_config_load_options *options);

/**
 * The same for a document that is at hand, perhaps changed and not saved yet. Its name is taken for
 * its path where `options` has no directory. Errors: those of pyst_config_new().
 */
PYST_PUBLIC int pyst_config_resolve(struct pyst_config **configp,
                                    struct pyst_config_document *document,
                                    const struct pyst_config_load_options *options);

#ifdef __cplusplus
}
#endif

#endif
