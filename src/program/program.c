/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "program/internal.h"

#define QUESTION "CHANNEL STATUS" /* 511 on a dead channel */

struct pyst_agi {
    struct pyst_agi_session *session;
    struct pyst_agi_command *command;
    struct pyst_agi_command *question; /* whether the caller is gone */
    struct pyst_agi_stream stream;     /* read NULL: descriptors */
    int input_fd;
    int output_fd;
    int system_error; /* errno of the system call that ended the stream */
    bool watching;    /* SIGHUP */
    unsigned signals; /* of them before this object, or those seen */
    atomic_bool told; /* of a hangup, by pyst_agi_hung_up() */

    /* The last command: begun, and finished when its reply, or its failure, is here. */
    bool begun;
    bool finished;
    bool asking; /* it is the question, whose reply is for nobody else */
    int error;
    bool replied;
    struct pyst_agi_reply reply;
    struct buffer text; /* the reply's, and room for program_terminated() behind it */

    struct trace trace;
    size_t n_input; /* bytes that were read and wait for memory to be fed */
    char input[4096];
};

static void look_for_hangup(struct pyst_agi *agi)
{
    if (agi->watching && hangup_signal_count() != agi->signals) {
        agi->signals = hangup_signal_count();
        pyst_agi_session_hung_up(agi->session);
    }
    if (atomic_load_explicit(&agi->told, memory_order_relaxed))
        pyst_agi_session_hung_up(agi->session);
}

/* --- bytes ------------------------------------------------------------------------------- */

/* Says how the stream ended, by errno; a peer that went away is an orderly end. */
static void disconnect(struct pyst_agi *agi)
{
    if (errno == EPIPE || errno == ECONNRESET) {
        pyst_agi_session_disconnected(agi->session, 0);
        return;
    }
    agi->system_error = errno;
    pyst_agi_session_disconnected(agi->session, PYST_ERR_SYSTEM);
}

static void send_output(struct pyst_agi *agi)
{
    struct pyst_text output;

    while (output = pyst_agi_session_output(agi->session), output.size > 0) {
        ptrdiff_t n = agi->stream.write
                          ? agi->stream.write(agi->stream.user, output.data, output.size)
                          : descriptor_write(agi->output_fd, output.data, output.size);

        if (n >= 0) {
            pyst_agi_session_sent(agi->session, (size_t)n);
        } else if (errno == EAGAIN && !agi->stream.write) {
            descriptor_wait(agi->output_fd, POLLOUT, -1);
        } else if (errno != EINTR) {
            disconnect(agi);
            return;
        }
    }
}

/* Reads once; waits for bytes unless told not to. Errors: PYST_ERR_NO_MEMORY. */
static int receive(struct pyst_agi *agi, bool wait)
{
    int r;

    if (agi->n_input == 0) {
        ptrdiff_t n = agi->stream.read
                          ? agi->stream.read(agi->stream.user, agi->input, sizeof(agi->input))
                          : read(agi->input_fd, agi->input, sizeof(agi->input));

        if (n == 0) {
            pyst_agi_session_disconnected(agi->session, 0);
            return 0;
        }
        if (n < 0) {
            bool later = errno == EAGAIN && !agi->stream.read;

            if (later && wait)
                descriptor_wait(agi->input_fd, POLLIN, -1);
            else if (!later && errno != EINTR)
                disconnect(agi);
            return 0;
        }
        agi->n_input = (size_t)n;
        trace_received(&agi->trace, pyst_text_of(agi->input, agi->n_input));
    }
    r = pyst_agi_session_feed(agi->session, agi->input, agi->n_input);
    if (r == 0)
        agi->n_input = 0;
    return r;
}

/* Whether receive() would not wait. */
static bool has_input(const struct pyst_agi *agi)
{
    return !agi->stream.read && !pyst_agi_session_is_closed(agi->session) &&
           (agi->n_input > 0 || descriptor_wait(agi->input_fd, POLLIN, 0));
}

/* --- notices ----------------------------------------------------------------------------- */

/* A view of `inside`, which lies in `before`, at the same place of `after`. */
static struct pyst_text moved(struct pyst_text inside, const char *before, const char *after)
{
    return inside.data ? pyst_text_of(after + (inside.data - before), inside.size) : inside;
}

/* The session's reply lives until its next notice, ours until the next command. */
static int keep_reply(struct pyst_agi *agi, const struct pyst_agi_reply *reply)
{
    const char *before = reply->text.data, *after;
    int r;

    buffer_clear(&agi->text);
    r = buffer_reserve(&agi->text, 2 * reply->text.size + 1);
    if (r < 0)
        return r;
    buffer_append(&agi->text, reply->text);
    after = buffer_text(&agi->text).data;
    agi->reply = *reply;
    agi->reply.text = moved(reply->text, before, after);
    agi->reply.result = moved(reply->result, before, after);
    agi->reply.value = moved(reply->value, before, after);
    agi->replied = true;
    return 0;
}

struct pyst_text program_terminated(struct pyst_agi *agi, struct pyst_text text)
{
    char *copy = agi->text.data + agi->text.end;

    if (!text.data)
        return text;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return pyst_text_of(copy, text.size);
}

/* Takes what the session has to tell. Errors: PYST_ERR_NO_MEMORY. */
static int take_notices(struct pyst_agi *agi)
{
    struct pyst_agi_notice notice;
    int r;

    look_for_hangup(agi);
    while (r = pyst_agi_session_next(agi->session, &notice), r > 0) {
        if (notice.type == PYST_AGI_NOTICE_REPLY) {
            agi->finished = true;
            agi->error = notice.error;
            if (notice.reply && !agi->asking) {
                r = keep_reply(agi, notice.reply);
                if (r < 0)
                    agi->error = r;
            }
        } else if (notice.type == PYST_AGI_NOTICE_CLOSED && !agi->begun) {
            agi->error = notice.error;
        }
    }
    return r;
}

/* --- opening and closing ----------------------------------------------------------------- */

static int read_environment(struct pyst_agi *agi)
{
    int r;

    for (;;) {
        r = take_notices(agi);
        if (r < 0 || pyst_agi_session_environment(agi->session))
            return r;
        if (pyst_agi_session_is_closed(agi->session))
            return agi->error;
        r = receive(agi, true);
        if (r < 0)
            return r;
    }
}

static int set_up(struct pyst_agi *agi, const struct pyst_agi_options *options)
{
    int r;

    if (options->trace < PYST_AGI_TRACE_OFF || options->trace > PYST_AGI_TRACE_JSON)
        return PYST_ERR_INVALID;
    if (options->stream) {
        if (!options->stream->read || !options->stream->write)
            return PYST_ERR_INVALID;
        agi->stream = *options->stream;
    }
    agi->input_fd = options->descriptors ? options->descriptors[0] : STDIN_FILENO;
    agi->output_fd = options->descriptors ? options->descriptors[1] : STDOUT_FILENO;
    agi->trace.kind = options->trace;
    agi->trace.fd = options->trace_descriptor ? options->trace_descriptor : STDERR_FILENO;
    r = pyst_agi_command_new(&agi->command, options->command_size);
    if (r == 0)
        r = pyst_agi_command_new(&agi->question, sizeof(QUESTION));
    if (r == 0)
        r = pyst_agi_command_begin(agi->question, QUESTION);
    if (r == 0)
        r = pyst_agi_session_new(&agi->session, &options->limits);
    if (r < 0)
        return r;
    if (!options->leave_signals) {
        agi->watching = hangup_signal_watch();
        agi->signals = hangup_signal_count();
    }
    return 0;
}

int pyst_agi_open(struct pyst_agi **agip, const struct pyst_agi_options *options)
{
    static const struct pyst_agi_options defaults;
    struct pyst_agi *agi = calloc(1, sizeof(*agi));
    int r, error;

    if (!agi)
        return PYST_ERR_NO_MEMORY;
    r = set_up(agi, options ? options : &defaults);
    if (r == 0)
        r = read_environment(agi);
    if (r < 0) {
        error = agi->system_error;
        pyst_agi_close(agi);
        errno = error ? error : errno;
        return r;
    }
    *agip = agi;
    return 0;
}

struct pyst_agi *pyst_agi_close(struct pyst_agi *agi)
{
    if (agi) {
        if (agi->watching)
            hangup_signal_unwatch();
        trace_deinit(&agi->trace);
        buffer_deinit(&agi->text);
        pyst_agi_command_free(agi->command);
        pyst_agi_command_free(agi->question);
        pyst_agi_session_free(agi->session);
        free(agi);
    }
    return NULL;
}

/* --- commands ---------------------------------------------------------------------------- */

static int submit(struct pyst_agi *agi, const struct pyst_agi_command *command)
{
    int r = take_notices(agi);

    agi->finished = false;
    if (r == 0)
        r = pyst_agi_session_submit(agi->session, command);
    if (r < 0)
        return r;
    agi->begun = true;
    trace_sent(&agi->trace, pyst_agi_command_line(command));
    send_output(agi);
    return 0;
}

int pyst_agi_begin(struct pyst_agi *agi)
{
    int r = pyst_agi_command_error(agi->command);

    if (r < 0)
        return r;
    if (agi->begun) {
        r = pyst_agi_finish(agi, NULL);
        if (agi->begun)
            return r;
    }
    agi->replied = agi->asking = false;
    return submit(agi, agi->command);
}

int pyst_agi_poll(struct pyst_agi *agi)
{
    int r;

    if (!agi->begun || agi->stream.read)
        return PYST_ERR_STATE;
    for (;;) {
        r = take_notices(agi);
        if (r < 0 || agi->finished)
            return r < 0 ? r : 1;
        if (!has_input(agi))
            return 0;
        r = receive(agi, false);
        if (r < 0)
            return r;
    }
}

static int wait_for_reply(struct pyst_agi *agi)
{
    int r;

    for (;;) {
        r = take_notices(agi);
        if (r < 0)
            return r;
        if (agi->finished)
            break;
        r = receive(agi, true);
        if (r < 0)
            return r;
    }
    agi->begun = false;
    return 0;
}

int pyst_agi_finish(struct pyst_agi *agi, const struct pyst_agi_reply **replyp)
{
    int r;

    if (replyp)
        *replyp = NULL;
    if (!agi->begun)
        return PYST_ERR_STATE;
    r = wait_for_reply(agi);
    if (r < 0)
        return r;
    if (replyp)
        *replyp = pyst_agi_reply(agi);
    if (agi->error == PYST_ERR_SYSTEM)
        errno = agi->system_error;
    return agi->error;
}

/*
 * A reply of -1 is the first sign of a hangup that interrupts a command; the others come before the
 * next reply (res/res_agi.c, run_agi, goes to a dead channel's ways before it reads a command).
 */
static bool caller_is_gone(struct pyst_agi *agi)
{
    if (pyst_agi_is_hung_up(agi))
        return true;
    agi->asking = true;
    /* Without memory the next command drops the reply. */
    if (submit(agi, agi->question) == 0)
        wait_for_reply(agi);
    return pyst_agi_session_is_hung_up(agi->session);
}

int pyst_agi_execute(struct pyst_agi *agi, const struct pyst_agi_reply **replyp)
{
    int r = pyst_agi_begin(agi);

    if (replyp)
        *replyp = NULL;
    if (r == 0)
        r = pyst_agi_finish(agi, replyp);
    if (r == PYST_ERR_COMMAND_FAILED && agi->replied && agi->reply.code == 200 &&
        caller_is_gone(agi))
        r = PYST_ERR_HANGUP;
    return r;
}

int pyst_agi_execute_line(struct pyst_agi *agi, const char *line,
                          const struct pyst_agi_reply **replyp)
{
    pyst_agi_command_set_line(agi->command, pyst_text(line));
    return pyst_agi_execute(agi, replyp);
}

/* --- questions --------------------------------------------------------------------------- */

struct pyst_agi_environment *pyst_agi_environment(const struct pyst_agi *agi)
{
    return pyst_agi_session_environment(agi->session);
}

struct pyst_text pyst_agi_get(const struct pyst_agi *agi, const char *name)
{
    return pyst_agi_environment_get(pyst_agi_environment(agi), name);
}

struct pyst_agi_command *pyst_agi_command(struct pyst_agi *agi)
{
    return agi->command;
}

const struct pyst_agi_reply *pyst_agi_reply(const struct pyst_agi *agi)
{
    return agi->replied ? &agi->reply : NULL;
}

int pyst_agi_get_fd(const struct pyst_agi *agi)
{
    return agi->stream.read ? -1 : agi->input_fd;
}

bool pyst_agi_is_hung_up(struct pyst_agi *agi)
{
    do {
        if (take_notices(agi) < 0)
            break;
    } while (has_input(agi) && receive(agi, false) == 0);
    return pyst_agi_session_is_hung_up(agi->session);
}

void pyst_agi_hung_up(struct pyst_agi *agi)
{
    atomic_store_explicit(&agi->told, true, memory_order_relaxed);
}
