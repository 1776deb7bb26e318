/* SPDX-License-Identifier: MIT */

/*
 * AsyncAGI that anything may happen to, in any order: each call starts once, gets an environment
 * that ends in a blank line before anything else, and whole lines after it; has one command at a
 * time until it is finished; ends once; and nothing follows.
 *
 * An input is a byte of flags and steps: a byte whose lower four bits say what happens and whose
 * upper four to which channel, and what that takes.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <pyst/async-agi.h>
#include <pyst/error.h>

#include "target.h"

#define CALLS_MAX       64
#define SUBMISSIONS_MAX 512
#define MESSAGE_SIZE    8192

enum step {
    STEP_START,
    STEP_EXEC,       /* for the command that was sent last, or one before, or another's */
    STEP_EXEC_BYTES, /* the same with a result of the input */
    STEP_EVENT,      /* another event of the channel */
    STEP_DONE,
    STEP_NOT_SUBMITTED,
    STEP_SEND,
    STEP_SEND_LINE,
    STEP_FINISH,
    STEP_LEAVE,
    STEP_CLOSED,
    STEP_READY,
    STEP_MESSAGE, /* a message of the input */
    STEP_NEXT,    /* one notice */
    STEP_REST,    /* all that there are */
    STEP_OLD      /* the events are those of Asterisk 11 from now on, or of later ones again */
};

static const char *const environments[] = {
    "agi_request%3A%20async%0Aagi_arg_1%3A%20a%0A%0A",
    "agi_request%3A%20async%0Aagi_ar",
    "",
    "%0A",
    "%0A%0A",
    "%0Aa%0A%0A",
    "1024", /* so many bytes */
    "2047", /* so many when they are encoded */
};

static const char *const results[] = {
    "200%20result%3D0%0A",
    "200%20result%3D1%20(a)%0A",
    "200%20result%3D-1%0A",
    "200%20resul",
    "",
    "520-Usage%0A",
    "1024",
    "2047",
    "520-Usage%0A2047",
    "a)%0A200%20result%3D0%0A",
    "a)%0A200%20result%3D0%0A200%20result%3D0%0A",
    "%0A%0A200%20result%3D0%0A",
};

static const char *const events[] = {"End",    "Hangup",     "HangupRequest", "SoftHangupRequest",
                                     "Rename", "BridgeEnter"};

static const char *const lines[] = {"NOOP\n", "EXEC Wait 1\n", "\n", "ASYNCAGI BREAK\n", "NOOP"};

static const int errors[] = {0,
                             PYST_ERR_REFUSED,
                             PYST_ERR_PERMISSION,
                             PYST_ERR_TIMED_OUT,
                             PYST_ERR_NOT_SENT,
                             PYST_ERR_UNKNOWN_OUTCOME,
                             PYST_ERR_STATE,
                             PYST_ERR_CANCELLED};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct call {
    struct pyst_async_agi_call *call; /* NULL: over or left */
    bool has_environment;
    bool has_hangup;
    bool finished;
    bool busy; /* a command is out, as far as is known here */
};

struct host {
    struct pyst_async_agi *async;
    struct call calls[CALLS_MAX];
    size_t n_calls;
    void *submissions[SUBMISSIONS_MAX];
    bool done[SUBMISSIONS_MAX];
    size_t n_submissions;
    bool old;
    bool over; /* too much for this host */
};

static struct call *call_of(struct host *host, const struct pyst_async_agi_call *call)
{
    struct call *found = pyst_async_agi_call_data(call);

    CHECK(found && found->call == call);
    return found;
}

static void check_received(struct call *call, struct pyst_text data)
{
    CHECK(!call->finished && data.size > 0 && data.data[data.size - 1] == '\n');
    if (!call->has_environment) {
        CHECK(data.size == 1 || data.data[data.size - 2] == '\n');
        call->has_environment = true;
    } else if (pyst_text_equal(data, pyst_text("HANGUP\n"))) {
        CHECK(!call->has_hangup || call->busy);
        call->has_hangup = true;
    } else {
        call->busy = false;
    }
}

static void check_action(struct host *host, const struct pyst_async_agi_notice *notice)
{
    struct pyst_text command = pyst_ami_action_get(notice->action, pyst_text("Command"));

    CHECK(pyst_text_equal(pyst_ami_action_name(notice->action), pyst_text("AGI")));
    CHECK(pyst_ami_action_get(notice->action, pyst_text("Channel")).data);
    CHECK(pyst_ami_action_get(notice->action, pyst_text("CommandID")).size > 2);
    CHECK(command.size > 0);
    CHECK(notice->submission);
    for (size_t i = 0; i < host->n_submissions; i++)
        CHECK(host->done[i] || host->submissions[i] != notice->submission);
    if (host->n_submissions == SUBMISSIONS_MAX) {
        host->over = true;
        return;
    }
    host->done[host->n_submissions] = false;
    host->submissions[host->n_submissions++] = notice->submission;
}

static bool next(struct host *host)
{
    struct pyst_async_agi_notice notice;
    struct call *call;
    int r;

    if (host->over)
        return false;
    r = pyst_async_agi_next(host->async, &notice);
    CHECK(r == 0 || r == 1);
    if (r == 0)
        return false;
    switch (notice.type) {
    case PYST_ASYNC_AGI_STARTED:
        CHECK(!pyst_async_agi_call_data(notice.call));
        if (host->n_calls == CALLS_MAX) {
            host->over = true;
            break;
        }
        call = &host->calls[host->n_calls++];
        memset(call, 0, sizeof(*call));
        call->call = notice.call;
        pyst_async_agi_call_set_data(notice.call, call);
        break;
    case PYST_ASYNC_AGI_RECEIVED:
        check_received(call_of(host, notice.call), notice.data);
        break;
    case PYST_ASYNC_AGI_ACTION:
        check_action(host, &notice);
        if (notice.call && pyst_async_agi_call_data(notice.call))
            call_of(host, notice.call)->busy = true;
        break;
    case PYST_ASYNC_AGI_ENDED:
        CHECK(notice.error <= 0);
        call = call_of(host, notice.call);
        CHECK(call->has_environment || call->finished);
        CHECK(pyst_async_agi_send(host->async, notice.call, pyst_text("x")) == PYST_ERR_HANGUP);
        pyst_async_agi_finish(host->async, notice.call);
        call->call = NULL;
        break;
    }
    return !host->over;
}

static void rest(struct host *host)
{
    while (next(host))
        ;
}

static void take(struct host *host, enum pyst_ami_notice_type type, int error, void *user,
                 const char *text, size_t size)
{
    struct pyst_ami_notice notice = {.type = type, .error = error, .user = user};
    int r;

    if (text && pyst_ami_message_parse(&notice.message, text, size) < 0)
        return;
    r = pyst_async_agi_take(host->async, &notice);
    CHECK(r == 0 || r == 1);
    CHECK(type == PYST_AMI_NOTICE_EVENT || type == PYST_AMI_NOTICE_DONE || r == 0);
    pyst_ami_message_unref(notice.message);
}

/* Writes text, with a number in it for as many bytes. */
static size_t write_encoded(char *out, const char *text)
{
    size_t size = 0;

    for (; *text; text++) {
        if (strcmp(text, "1024") == 0 || strcmp(text, "2047") == 0) {
            size_t n = strcmp(text, "1024") == 0 ? 1024 : 682;

            for (size_t i = 0; i < n; i++) {
                memcpy(out + size, "%25", 3);
                size += n == 1024 ? 1 : 3;
                if (n == 1024)
                    out[size - 1] = 'z';
            }
            break;
        }
        out[size++] = *text;
    }
    return size;
}

static void event(struct host *host, unsigned channel, const char *name, const char *header,
                  const char *value, size_t value_size)
{
    static char text[MESSAGE_SIZE + 1024];
    bool async =
        strcmp(name, "Start") == 0 || strcmp(name, "Exec") == 0 || strcmp(name, "End") == 0;
    int size;

    if (async && host->old)
        size = snprintf(text, 512, "Event: AsyncAGI\r\nSubEvent: %s\r\n", name);
    else
        size = snprintf(text, 512, "Event: %s%s\r\n", async ? "AsyncAGI" : "", name);
    size += snprintf(text + size, 512, "Channel: C/%u\r\nNewname: C/%u\r\n", channel, channel + 1);
    if (channel > 0) /* the first one is told by its name alone */
        size += snprintf(text + size, 512, "Uniqueid: 1.%u\r\n", channel);
    size += snprintf(text + size, 512, "%s", header);
    memcpy(text + size, value, value_size);
    memcpy(text + size + value_size, "\r\n\r\n", 4);
    take(host, PYST_AMI_NOTICE_EVENT, 0, NULL, text, (size_t)size + value_size + 4);
}

static void exec(struct host *host, unsigned channel, unsigned back, const char *value, size_t size)
{
    char header[64];

    if (back > host->n_submissions)
        snprintf(header, sizeof(header), "CommandID: other-1\r\nResult: ");
    else
        snprintf(header, sizeof(header),
                 "CommandID: pyst-%zu\r\nResult: ", host->n_submissions - back);
    event(host, channel, "Exec", header, value, size);
}

/* Some bytes of the input. */
static size_t take_bytes(struct input *input, char *out)
{
    size_t size = take_byte(input);

    if (size > input->size)
        size = input->size;
    if (size > 0)
        memcpy(out, input->data, size);
    input->data += size;
    input->size -= size;
    return size;
}

static void step(struct host *host, struct input *input)
{
    static char bytes[MESSAGE_SIZE];
    unsigned what = take_byte(input);
    unsigned channel = what >> 4;
    unsigned which = 0;
    struct call *call = host->n_calls > 0 ? &host->calls[channel % host->n_calls] : NULL;
    void *user;
    size_t size;
    int r;

    switch ((enum step)(what & 15)) {
    case STEP_START:
        size = write_encoded(bytes, environments[take_byte(input) % COUNT(environments)]);
        event(host, channel, "Start", "Env: ", bytes, size);
        break;
    case STEP_EXEC:
        which = take_byte(input);
        size = write_encoded(bytes, results[(which & 15) % COUNT(results)]);
        exec(host, channel, which >> 4, bytes, size);
        break;
    case STEP_EXEC_BYTES:
        which = take_byte(input);
        size = take_bytes(input, bytes);
        exec(host, channel, which, bytes, size);
        break;
    case STEP_EVENT:
        event(host, channel, events[take_byte(input) % COUNT(events)], "X: ", "", 0);
        break;
    case STEP_DONE:
    case STEP_NOT_SUBMITTED:
        which = take_byte(input);
        user = host;
        if (which >> 3 < host->n_submissions) {
            size_t index = host->n_submissions - 1 - (which >> 3);

            user = host->submissions[index];
            if (host->done[index])
                break;
            host->done[index] = true;
        }
        r = errors[which % COUNT(errors)];
        if ((what & 15) == STEP_DONE)
            take(host, PYST_AMI_NOTICE_DONE, r, user, NULL, 0);
        else
            pyst_async_agi_not_submitted(host->async, user, r < 0 ? r : PYST_ERR_NO_MEMORY);
        break;
    case STEP_SEND:
    case STEP_SEND_LINE:
        size = (what & 15) == STEP_SEND ? take_bytes(input, bytes) : 0;
        which = take_byte(input);
        if (!call || !call->call)
            break;
        r = pyst_async_agi_send(host->async, call->call,
                                size > 0 ? pyst_text_of(bytes, size)
                                         : pyst_text(lines[which % COUNT(lines)]));
        CHECK(r == 0 || r == PYST_ERR_HANGUP || r == PYST_ERR_LIMIT_OUTPUT ||
              (r == PYST_ERR_STATE && call->finished));
        break;
    case STEP_FINISH:
        if (call && call->call) {
            pyst_async_agi_finish(host->async, call->call);
            call->finished = true;
        }
        break;
    case STEP_LEAVE:
        if (call && call->call) {
            pyst_async_agi_leave(host->async, call->call);
            call->call = NULL;
        }
        break;
    case STEP_CLOSED:
        take(host, PYST_AMI_NOTICE_CLOSED, errors[channel % COUNT(errors)], NULL, NULL, 0);
        break;
    case STEP_READY:
        take(host, PYST_AMI_NOTICE_READY, 0, NULL, NULL, 0);
        break;
    case STEP_MESSAGE:
        size = take_bytes(input, bytes);
        take(host, PYST_AMI_NOTICE_EVENT, 0, NULL, bytes, size);
        break;
    case STEP_NEXT:
        next(host);
        break;
    case STEP_REST:
        rest(host);
        break;
    case STEP_OLD:
        host->old = !host->old;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct host host;
    struct input input = {data, size};
    uint8_t flags = take_byte(&input);
    struct pyst_async_agi_options options = {
        .calls = flags & 1 ? 2 : 0,
        .output_size = flags & 2 ? 16 : 0,
    };

    memset(&host, 0, sizeof(host));
    CHECK(pyst_async_agi_new(&host.async, &options) == 0);
    while (input.size > 0 && !host.over) {
        step(&host, &input);
        if (flags & 4)
            rest(&host);
    }
    if (!host.over && !(flags & 8)) {
        size_t alive = 0;

        rest(&host);
        take(&host, PYST_AMI_NOTICE_CLOSED, PYST_ERR_CLOSED, NULL, NULL, 0);
        rest(&host);
        for (size_t i = 0; i < host.n_calls; i++)
            alive += host.calls[i].call != NULL;
        CHECK(host.over || (alive == 0 && pyst_async_agi_count(host.async) == 0));
    }
    pyst_async_agi_free(host.async);
    return 0;
}
