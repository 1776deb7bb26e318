/* SPDX-License-Identifier: MIT */
#ifndef PYST_EMULATOR_AGI_H
#define PYST_EMULATOR_AGI_H

/**
 * The PBX's end of one AGI dialogue: bytes in, bytes out, no socket and no clock. It is for tests
 * of programs that run calls, without a PBX.
 *
 *     pyst_emulator_agi_set()              the environment, where it is not the default
 *     pyst_emulator_agi_start()            says it
 *     pyst_emulator_agi_press()            the caller's keys
 *     bytes received  -> pyst_emulator_agi_feed()
 *     a command       <- pyst_emulator_agi_next(), one at a time, until it gives 0
 *     bytes to send   <- pyst_emulator_agi_output(), then pyst_emulator_agi_sent()
 *
 * It takes lines as Asterisk does (res/res_agi.c, run_agi and parse_args) and knows the commands
 * of the catalogue (pyst/agi/catalogue.h), which of them a dead channel refuses and how many
 * arguments each takes. Variables and the database are kept; other answers are what a real call
 * gives when all goes well, or what the host told pyst_emulator_agi_answer().
 *
 * There is no time: nothing is played, and a command that waits ends at once. A command that
 * listens for keys takes the next one of those that the caller presses. Keys that it does not
 * listen for are lost, as with Asterisk; a command that listens for none leaves them to the next.
 * "w" among them is a pause: the command that listens then gives up, as it does when there are no
 * more keys. A caller who has nothing left to press hangs up where Asterisk would wait for ever.
 *
 * An emulator belongs to one thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pyst/error.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_emulator_agi;

/** Settings; all zero is a good beginning. */
struct pyst_emulator_agi_options {
    bool is_network;     /* FastAGI: has agi_network in the environment, and says HANGUP; else the
                            host sends the program SIGHUP, once pyst_emulator_agi_is_hung_up() */
    bool is_answered;    /* the channel is up before ANSWER */
    bool usage_is_short; /* 520 is one line, as of a command without documentation */
    size_t line_size;    /* bytes of a line with its LF; what is over is a command of its own.
                            0: 8191, as Asterisk 22; Asterisk 16 has 2047 */
    size_t hang_up_at;   /* the number of the command, from 1, that the caller hangs up during; 0:
                            none */
};

/** A command that was answered, and the answer. */
struct pyst_emulator_agi_exchange {
    struct pyst_text command;      /* the line, without its LF */
    struct pyst_text reply;        /* its lines, each with its LF; empty when there was none */
    const struct pyst_text *words; /* of the line, without the quotes: the name's and arguments */
    size_t n_words;
};

/** `options` NULL is all zero. Errors: PYST_ERR_NO_MEMORY; PYST_ERR_INVALID: line_size over 8191.
 */
PYST_PUBLIC int pyst_emulator_agi_new(struct pyst_emulator_agi **emulatorp,
                                      const struct pyst_emulator_agi_options *options);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_emulator_agi *pyst_emulator_agi_free(struct pyst_emulator_agi *emulator);

/**
 * Sets a line of the environment, "callerid" or "agi_callerid"; the absent text takes it out. What
 * is not there yet is added at the end. Errors: PYST_ERR_NO_MEMORY, PYST_ERR_STATE once started.
 */
PYST_PUBLIC int pyst_emulator_agi_set(struct pyst_emulator_agi *emulator, const char *name,
                                      struct pyst_text value);

/** Puts the environment into the output. Errors: PYST_ERR_NO_MEMORY, PYST_ERR_STATE once started.
 */
PYST_PUBLIC int pyst_emulator_agi_start(struct pyst_emulator_agi *emulator);

/** The caller presses these keys behind those pressed before. Errors: PYST_ERR_NO_MEMORY. */
PYST_PUBLIC int pyst_emulator_agi_press(struct pyst_emulator_agi *emulator, const char *keys);

/** The caller sends text, for RECEIVE TEXT and RECEIVE CHAR. Errors: PYST_ERR_NO_MEMORY. */
PYST_PUBLIC int pyst_emulator_agi_send_text(struct pyst_emulator_agi *emulator,
                                            struct pyst_text text);

/**
 * Has commands that begin with these words answered by `reply`: "EXEC Dial" by "200 result=-1",
 * or, empty, all of them. Upper and lower case are the same. The reply is sent as it is, with an LF
 * if it lacks one; when it is empty nothing is sent. `times` is how often; 0 is always. What was
 * told last counts first. Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_emulator_agi_answer(struct pyst_emulator_agi *emulator, const char *command,
                                         struct pyst_text reply, unsigned times);

/** The caller hangs up, once. What the commands say to it comes by pyst_emulator_agi_next(). */
PYST_PUBLIC void pyst_emulator_agi_hang_up(struct pyst_emulator_agi *emulator);

/** Whether the caller is gone, or the program hung up. */
PYST_PUBLIC bool pyst_emulator_agi_is_hung_up(const struct pyst_emulator_agi *emulator);

/** Takes a copy of received bytes. Errors: PYST_ERR_NO_MEMORY, and then nothing was taken. */
PYST_PUBLIC int pyst_emulator_agi_feed(struct pyst_emulator_agi *emulator, const void *data,
                                       size_t size);

/**
 * Answers the next command: 1 and *exchangep (may be NULL) filled in, which lives until the next
 * call, or 0 when there is none until more bytes come. Errors: PYST_ERR_NO_MEMORY, and nothing is
 * lost or said twice when it is called again; PYST_ERR_STATE before _start().
 */
PYST_PUBLIC int pyst_emulator_agi_next(struct pyst_emulator_agi *emulator,
                                       struct pyst_emulator_agi_exchange *exchangep);

/** The bytes to send next; size 0 when there are none. Valid until the next call. */
PYST_PUBLIC struct pyst_text pyst_emulator_agi_output(const struct pyst_emulator_agi *emulator);
PYST_PUBLIC void pyst_emulator_agi_sent(struct pyst_emulator_agi *emulator, size_t size);

/** Sets a variable of the channel, for GET VARIABLE and ${NAME}. Errors: PYST_ERR_NO_MEMORY. */
PYST_PUBLIC int pyst_emulator_agi_set_variable(struct pyst_emulator_agi *emulator, const char *name,
                                               struct pyst_text value);

/**
 * A variable; absent when it is not set. CALLERID(num), CALLERID(name), CONTEXT, EXTEN and PRIORITY
 * are those of the environment until SET CALLERID, SET CONTEXT and the like change them.
 */
PYST_PUBLIC struct pyst_text pyst_emulator_agi_variable(const struct pyst_emulator_agi *emulator,
                                                        const char *name);

/** Puts an entry into the database. Errors: PYST_ERR_NO_MEMORY. */
PYST_PUBLIC int pyst_emulator_agi_database_put(struct pyst_emulator_agi *emulator,
                                               const char *family, const char *key,
                                               struct pyst_text value);

/** An entry of the database; absent when there is none. */
PYST_PUBLIC struct pyst_text
pyst_emulator_agi_database_get(const struct pyst_emulator_agi *emulator, const char *family,
                               const char *key);

/** What VERBOSE said so far, a line each. Valid until the next call. */
PYST_PUBLIC struct pyst_text pyst_emulator_agi_verbose(const struct pyst_emulator_agi *emulator);

#ifdef __cplusplus
}
#endif

#endif
