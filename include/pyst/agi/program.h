/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_PROGRAM_H
#define PYST_AGI_PROGRAM_H

/**
 * AGI programs: the blocking face of an AGI session.
 *
 *     #include <pyst/agi/commands.h>
 *
 *     int main(void)
 *     {
 *         struct pyst_agi *agi;
 *         struct pyst_text digits;
 *
 *         if (pyst_agi_open(&agi, NULL) < 0)
 *             return 1;
 *         pyst_agi_answer(agi);
 *         if (pyst_agi_get_data(agi, "enter-number", 5000, 4, &digits) > 0)
 *             pyst_agi_say_digits(agi, digits.data, "", NULL);
 *         pyst_agi_close(agi);
 *         return 0;
 *     }
 *
 * The same object is given to the handlers of a server (pyst/agi/server.h), over FastAGI and
 * AsyncAGI: a handler does not know what carries its call.
 *
 * After a hangup, commands give PYST_ERR_HANGUP, and those that Asterisk still allows work.
 *
 * An object belongs to one thread at a time. Several objects may live in several threads.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/agi/command.h>
#include <pyst/agi/environment.h>
#include <pyst/agi/reply.h>
#include <pyst/agi/session.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_agi;

/**
 * What carries the bytes, when it is not a pair of descriptors. Both functions wait, and return as
 * read() and write() do: a count, 0 at the end of the stream, or -1 and errno. EINTR makes
 * pyst_agi look for a hangup (SIGHUP) and call again; EPIPE and ECONNRESET are the stream's end.
 */
struct pyst_agi_stream {
    ptrdiff_t (*read)(void *user, void *data, size_t size);
    ptrdiff_t (*write)(void *user, const void *data, size_t size);
    void *user;
};

/**
 * What is said of the dialogue on a descriptor, for debugging. Nothing is left out: Asterisk marks
 * nothing in a dialogue as secret, so digits that were dialled and values of variables are all
 * there. What cannot be written is lost; the call goes on.
 */
enum pyst_agi_trace {
    PYST_AGI_TRACE_OFF,
    /* A line for each line, as pyst's Python writes them: "ENV LINE: agi_language: en",
       "    COMMAND: ANSWER", "    RESULT_LINE: 200 result=0" */
    PYST_AGI_TRACE_TEXT,
    /* A JSON object for each line: {"time":"2026-11-23T09:15:00.000001Z","direction":"sent",
       "line":"ANSWER"}; direction is "sent" or "received", time is UTC. A byte that is not UTF-8
       is escaped as the character of that number. */
    PYST_AGI_TRACE_JSON
};

/** Settings. All zero: standard input and output, signals looked after, no trace. */
struct pyst_agi_options {
    const int *descriptors;               /* two: to read from, to write to; NULL: 0 and 1 */
    const struct pyst_agi_stream *stream; /* instead of descriptors; copied */
    struct pyst_agi_limits limits;
    size_t command_size; /* see PYST_AGI_COMMAND_SIZE */
    enum pyst_agi_trace trace;
    int trace_descriptor; /* 0: 2, standard error */
    /*
     * Leave SIGHUP as it is. Else, when its action is the default one (which ends a program), a
     * handler is set until the last _close() that makes it a hangup of each object that looks
     * after signals; a handler or SIG_IGN of the program's own is never replaced, and a program
     * with one calls pyst_agi_hung_up() itself if it likes. After the last _close() a hangup ends
     * the program again, so close last. SIGPIPE is never raised by a write of ours, and its action
     * never changed.
     */
    bool leave_signals;
};

/**
 * Reads the environment, waiting for it. Errors: PYST_ERR_NO_MEMORY, PYST_ERR_SYSTEM,
 * PYST_ERR_INVALID, and what CLOSED of the session says (PYST_ERR_NO_ENVIRONMENT when Asterisk did
 * not start this program).
 */
PYST_PUBLIC int pyst_agi_open(struct pyst_agi **agip, const struct pyst_agi_options *options);

/** Returns NULL; NULL is allowed. Descriptors stay open: they are the caller's. */
PYST_PUBLIC struct pyst_agi *pyst_agi_close(struct pyst_agi *agi);

PYST_PUBLIC struct pyst_agi_environment *pyst_agi_environment(const struct pyst_agi *agi);

/** A value of the environment, see pyst_agi_environment_get(). */
PYST_PUBLIC struct pyst_text pyst_agi_get(const struct pyst_agi *agi, const char *name);

/** The object to build commands in, for pyst_agi_execute(). */
PYST_PUBLIC struct pyst_agi_command *pyst_agi_command(struct pyst_agi *agi);

/**
 * Sends the command that was built in pyst_agi_command(), and waits for its reply: 0, or the error
 * of the reply (session.h), of the command, or of the stream (PYST_ERR_SYSTEM). After
 * PYST_ERR_NO_MEMORY the command may have run. *replyp (replyp may be NULL) is set whenever
 * Asterisk replied, also with an error, else to NULL; it lives until the next command is sent.
 *
 * A reply of -1 means that the command failed, or is the first that Asterisk says of a hangup. To
 * tell which, CHANNEL STATUS is sent after such a reply: PYST_ERR_COMMAND_FAILED is no hangup here,
 * as it may be after pyst_agi_finish().
 */
PYST_PUBLIC int pyst_agi_execute(struct pyst_agi *agi, const struct pyst_agi_reply **replyp);

/** The same for a whole line of text. */
PYST_PUBLIC int pyst_agi_execute_line(struct pyst_agi *agi, const char *line,
                                      const struct pyst_agi_reply **replyp);

/** The last reply; NULL when there was none. */
PYST_PUBLIC const struct pyst_agi_reply *pyst_agi_reply(const struct pyst_agi *agi);

/*
 * The same in two steps, for a program that does something else meanwhile, such as listening
 * (pyst/agi/eagi.h).
 */

/**
 * Sends the command that was built in pyst_agi_command() and does not wait for the reply. One that
 * was begun before and not finished is waited for, and its reply dropped. Errors: those of the
 * command, PYST_ERR_HANGUP after the end of the stream; else pyst_agi_finish() tells.
 */
PYST_PUBLIC int pyst_agi_begin(struct pyst_agi *agi);

/**
 * Whether pyst_agi_finish() would not wait: 1 or 0. Reads what is there. PYST_ERR_STATE when no
 * command was begun, or when bytes come from a stream: that can only be waited for.
 */
PYST_PUBLIC int pyst_agi_poll(struct pyst_agi *agi);

/** Waits for the reply to what was begun; results as of pyst_agi_execute(). */
PYST_PUBLIC int pyst_agi_finish(struct pyst_agi *agi, const struct pyst_agi_reply **replyp);

/** The descriptor to poll for POLLIN; -1 for a stream. */
PYST_PUBLIC int pyst_agi_get_fd(const struct pyst_agi *agi);

/**
 * Whether the caller is known to be gone. Looks at signals, and at what has come on a descriptor;
 * does not wait.
 */
PYST_PUBLIC bool pyst_agi_is_hung_up(struct pyst_agi *agi);

/** Says that the caller is gone. From any thread, and from a signal handler. */
PYST_PUBLIC void pyst_agi_hung_up(struct pyst_agi *agi);

#ifdef __cplusplus
}
#endif

#endif
