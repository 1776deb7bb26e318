/* SPDX-License-Identifier: MIT */
#ifndef PYST_CALL_FILE_H
#define PYST_CALL_FILE_H

/**
 * Call files: text files that ask Asterisk for a call (pbx/pbx_spool.c, the module pbx_spool).
 *
 *     struct pyst_call_file *file;
 *     struct pyst_call_file_submission how = {0};
 *     char name[PYST_CALL_FILE_NAME_SIZE];
 *
 *     pyst_call_file_new(&file);
 *     pyst_call_file_set(file, pyst_text("Channel"), pyst_text("PJSIP/100"));
 *     pyst_call_file_set(file, pyst_text("Application"), pyst_text("Playback"));
 *     pyst_call_file_set(file, pyst_text("Data"), pyst_text("hello-world"));
 *     pyst_call_file_add_variable(file, pyst_text("GREETING"), pyst_text("good; morning"));
 *     pyst_call_file_submit(file, &how, name);
 *
 * What Asterisk would read as something else than was meant is refused: CR, LF and NUL, lines that
 * it skips for their length, a "#" behind a blank (a comment that nothing can escape), blanks at
 * the ends of a value. A semicolon is escaped, for that can be.
 *
 * An object belongs to one thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a line with its LF that Asterisk reads; it skips longer ones. */
#define PYST_CALL_FILE_LINE_SIZE 1023

/** Bytes of a file's name with its NUL. */
#define PYST_CALL_FILE_NAME_SIZE 256

/** Where Asterisk looks for call files unless asterisk.conf says otherwise (astspooldir). */
#define PYST_CALL_FILE_DIRECTORY "/var/spool/asterisk/outgoing"

struct pyst_call_file;

/* --- what is asked for --------------------------------------------------------------------- */

/** An empty one. Errors: PYST_ERR_NO_MEMORY. */
PYST_PUBLIC int pyst_call_file_new(struct pyst_call_file **filep);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_call_file *pyst_call_file_free(struct pyst_call_file *file);

/**
 * Sets a key, in any case, in place of what it was; an empty or absent value takes it out. The keys
 * and what Asterisk does without them:
 *
 *     Channel       Technology/Resource, whom to call; always needed
 *     Application   what to run when that is answered; this or Extension is needed
 *     Data          the application's arguments; none
 *     Context       where Extension is; the channel's own context
 *     Extension     where to go in the dialplan when that is answered; Application goes first
 *     Priority      1 or more; 1
 *     Callerid      "Name" <number>, at most 79 bytes each; none
 *     Account       the account code; none
 *     WaitTime      seconds to wait for an answer, 1 to 2147483; 45
 *     MaxRetries    further attempts after the first fails, 0 or more; 0
 *     RetryTime     seconds from an attempt's failure to the next, 1 or more; 300
 *     Codecs        formats, with commas between; slin
 *     AlwaysDelete  yes or no; yes. With "no" Asterisk keeps the file after the call while its
 *                   time is in the future, which it then always is, and adds a line to it every
 *                   RetryTime: leave it alone.
 *     Archive       yes: when done, the file goes to outgoing_done with its status; no
 *     Early_media   yes: with Extension, go there at early media already; no
 *     Setvar        NAME=value. It may be set many times and keeps all, in order.
 *
 * Errors, which change nothing: PYST_ERR_NO_MEMORY; PYST_ERR_CALL_FILE_KEY for another key;
 * PYST_ERR_CALL_FILE_LINE for a line that is too long; PYST_ERR_CALL_FILE_VALUE for what Asterisk
 * would read otherwise: CR, LF or NUL, a blank or control character at either end, "#" behind a
 * blank or tab, no number in the range above, neither yes nor no, a channel without "/", a variable
 * without a name.
 */
PYST_PUBLIC int pyst_call_file_set(struct pyst_call_file *file, struct pyst_text key,
                                   struct pyst_text value);

/**
 * Adds a variable, or a function such as CHANNEL(language), that the called channel gets. Errors:
 * those of pyst_call_file_set(); PYST_ERR_CALL_FILE_VALUE also for a name that is empty or has "=".
 */
PYST_PUBLIC int pyst_call_file_add_variable(struct pyst_call_file *file, struct pyst_text name,
                                            struct pyst_text value);

/** What was set, in order: the key and "yes" or "no" as written above, other values as given. */
PYST_PUBLIC size_t pyst_call_file_n_lines(const struct pyst_call_file *file);
PYST_PUBLIC void pyst_call_file_line(const struct pyst_call_file *file, size_t index,
                                     struct pyst_text *keyp, struct pyst_text *valuep);

/** The value of a key, in any case; absent when it is not set. Of variables the first. */
PYST_PUBLIC struct pyst_text pyst_call_file_get(const struct pyst_call_file *file,
                                                struct pyst_text key);

/**
 * The bytes of the file. The view lives until the next call with `file`.
 *
 * Errors: PYST_ERR_NO_MEMORY; PYST_ERR_CALL_FILE_INCOMPLETE without a channel, or with neither an
 * application nor an extension: Asterisk would throw the file away.
 */
PYST_PUBLIC int pyst_call_file_text(struct pyst_call_file *file, struct pyst_text *textp);

/* --- what became of it --------------------------------------------------------------------- */

enum pyst_call_file_state {
    PYST_CALL_FILE_WAITING,   /* no attempt was made */
    PYST_CALL_FILE_CALLING,   /* an attempt began and its end is not noted */
    PYST_CALL_FILE_RETRYING,  /* the last attempt failed, and another follows */
    PYST_CALL_FILE_COMPLETED, /* the call was answered, and is over */
    PYST_CALL_FILE_EXPIRED,   /* the last attempt failed, and no other follows */
    PYST_CALL_FILE_FAILED     /* Asterisk could not read the file, or use what it says */
};

/** What Asterisk noted in a file. Times are UNIX time in seconds; 0 is unknown. */
struct pyst_call_file_status {
    enum pyst_call_file_state state;
    unsigned attempts; /* that began */
    int64_t began;     /* the last attempt */
    int64_t ended;     /* the last attempt that failed */
    int64_t pid;       /* the process of Asterisk that made the last attempt */
};

/**
 * Reads a call file as Asterisk does: it passes over lines that it does not understand, and the
 * last of a key counts. `statusp` may be NULL.
 *
 * Asterisk appends "StartRetry: PID ATTEMPT (TIME)", whose time is RetryTime later than the attempt
 * began, "EndRetry:" when it failed, and in outgoing_done "Status: Completed", "Expired" or
 * "Failed". Those lines are the status, and no part of *filep. Without a "Status:" a file in
 * outgoing_done was only just put there.
 *
 * Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_call_file_read(struct pyst_call_file **filep, struct pyst_text text,
                                    struct pyst_call_file_status *statusp);

/* --- files --------------------------------------------------------------------------------- */

/** How a file is handed over. All zero is a good beginning. Text is copied by nobody. */
struct pyst_call_file_submission {
    /* Asterisk's folder for call files; NULL: PYST_CALL_FILE_DIRECTORY. */
    const char *directory;
    /* The folder in which the file is written first, on the same file system. NULL: "tmp" beside
     * `directory` if there is one, as Asterisk's spool has it, else the folder that `directory` is
     * in. It is never `directory`, of which Asterisk runs every file, whatever its name. */
    const char *staging;
    /* The file's name in `directory`; NULL: one that is free. */
    const char *name;
    /* UNIX time in seconds before which the call is not made; 0: at once. */
    int64_t time;
    /* Permissions; 0: 0660. Asterisk has to read the file and to append to it. */
    unsigned mode;
    /* Whether the file is given to `uid` and `gid`; UINT32_MAX leaves one as it is. Otherwise it
     * gets the owner and the group of `directory` as far as this process may do that. Only an owner
     * can set a file's time, so Asterisk should be that where attempts are repeated. */
    bool owned;
    uint32_t uid;
    uint32_t gid;
};

/**
 * Writes the file in the staging folder, syncs it, and moves it to Asterisk's, all of it or
 * nothing; it never takes another file's place. `name` gets the name it has there, and may be NULL.
 * Blocks for as long as the disk takes.
 *
 * On a file system that cannot move without replacing, the file is linked instead, and Asterisk
 * waits two seconds before it reads it.
 *
 * Errors: those of pyst_call_file_text(); PYST_ERR_INVALID for a name that is empty, "." or "..",
 * has a "/" or is too long, for a mode over 0777, and for a staging folder that is `directory`;
 * PYST_ERR_SYSTEM with errno: EXDEV when the staging folder is on another file system, EEXIST when
 * there is a file of that name, EPERM when `owned` cannot be done.
 */
PYST_PUBLIC int pyst_call_file_submit(struct pyst_call_file *file,
                                      const struct pyst_call_file_submission *how,
                                      char name[PYST_CALL_FILE_NAME_SIZE]);

/**
 * Looks for a file that was submitted: 1 when it is in `directory` (NULL as above), 2 when it is in
 * the archive beside it, whose name has "_done" at its end, 0 when it is in neither: Asterisk is
 * done with it and was not told to keep it, or somebody took it away. `filep` and `statusp` may be
 * NULL; for 0 they are left alone.
 *
 * Errors: PYST_ERR_NO_MEMORY; PYST_ERR_INVALID for a name as above; PYST_ERR_SYSTEM with errno.
 */
PYST_PUBLIC int pyst_call_file_find(const char *directory, const char *name,
                                    struct pyst_call_file **filep,
                                    struct pyst_call_file_status *statusp);

#ifdef __cplusplus
}
#endif

#endif
