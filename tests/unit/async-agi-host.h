/* SPDX-License-Identifier: MIT */
#ifndef PYST_TESTS_ASYNC_AGI_HOST_H
#define PYST_TESTS_ASYNC_AGI_HOST_H

/*
 * A host of AsyncAGI: it gives what the manager session would, and tells as text what is to be
 * done, a line each:
 *
 *     started 1795437279.1
 *     1795437279.1 gets "200 result=0\n"
 *     AGI 1795437279.1 pyst-1: NOOP
 *     ended 1795437279.1 0
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/async-agi.h>
#include <pyst/error.h>

/* What stands in every event of that channel; recorded from Asterisk 22. */
#define CHANNEL                                                                                    \
    "Privilege: agi,all\r\nChannel: Local/async@agi-00000000;2\r\nChannelState: 6\r\n"             \
    "ChannelStateDesc: Up\r\nCallerIDNum: <unknown>\r\nCallerIDName: <unknown>\r\n"                \
    "ConnectedLineNum: <unknown>\r\nConnectedLineName: <unknown>\r\nLanguage: en\r\n"              \
    "AccountCode: \r\nContext: agi\r\nExten: async\r\nPriority: 2\r\nUniqueid: 1795437279.1\r\n"   \
    "Linkedid: 1795437279.0\r\nChanVariable: FOO=\r\nChanVariable: CALLERID(num)=\r\n"

#define ID "1795437279.1"

#define START(env) "Event: AsyncAGIStart\r\n" CHANNEL "Env: " env "\r\n\r\n"
#define EXEC(id, result)                                                                           \
    "Event: AsyncAGIExec\r\n" CHANNEL "Result: " result "\r\nCommandId: " id "\r\n\r\n"
#define END    "Event: AsyncAGIEnd\r\n" CHANNEL "\r\n"
#define HANGUP "Event: Hangup\r\n" CHANNEL "Cause: 16\r\nCause-txt: Normal Clearing\r\n\r\n"

/* A short environment, and its bytes. */
#define ENV       "agi_request%3A%20async%0Aagi_arg_1%3A%20%C3%A9%2B%25%0A%0A"
#define ENV_BYTES "agi_request: async\\nagi_arg_1: \\xc3\\xa9+%\\n\\n"

#define STARTED "started " ID "\n" ID " gets \"" ENV_BYTES "\"\n"

#define SUBMISSIONS_MAX 1024

struct host {
    struct pyst_async_agi *async;
    struct pyst_async_agi_call *call;   /* of the last STARTED */
    void *submissions[SUBMISSIONS_MAX]; /* by the order of ACTIONs */
    size_t n_submissions;
};

static void host_begin(struct host *host, const struct pyst_async_agi_options *options)
{
    memset(host, 0, sizeof(*host));
    assert_int_equal(pyst_async_agi_new(&host->async, options), 0);
}

static void host_end(struct host *host)
{
    host->async = pyst_async_agi_free(host->async);
}

static int take_message(struct host *host, enum pyst_ami_notice_type type, int error, void *user,
                        const char *text)
{
    struct pyst_ami_notice notice = {.type = type, .error = error, .user = user};
    int r;

    if (text)
        assert_int_equal(pyst_ami_message_parse(&notice.message, text, strlen(text)), 0);
    r = pyst_async_agi_take(host->async, &notice);
    pyst_ami_message_unref(notice.message);
    return r;
}

/* An event comes. */
static int event(struct host *host, const char *text)
{
    return take_message(host, PYST_AMI_NOTICE_EVENT, 0, NULL, text);
}

/* The response to the action of that index, from 0. */
static int done(struct host *host, size_t index, int error)
{
    assert_true(index < host->n_submissions);
    return take_message(host, PYST_AMI_NOTICE_DONE, error, host->submissions[index],
                        error == PYST_ERR_REFUSED
                            ? "Response: Error\r\nMessage: Channel x does not exist.\r\n\r\n"
                            : NULL);
}

static void tell_bytes(FILE *file, struct pyst_text bytes)
{
    fputc('"', file);
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char c = (unsigned char)bytes.data[i];

        if (c == '\n')
            fputs("\\n", file);
        else if (c < ' ' || c > '~')
            fprintf(file, "\\x%02x", c);
        else
            fputc(c, file);
    }
    fputs("\"\n", file);
}

static void tell_text(FILE *file, struct pyst_text text)
{
    fwrite(text.data, 1, text.size, file);
}

static void tell(struct host *host, FILE *file, const struct pyst_async_agi_notice *notice)
{
    struct pyst_text id =
        notice->call ? pyst_async_agi_call_unique_id(notice->call) : pyst_text("nobody");

    switch (notice->type) {
    case PYST_ASYNC_AGI_STARTED:
        host->call = notice->call;
        fprintf(file, "started %.*s\n", (int)id.size, id.data);
        break;
    case PYST_ASYNC_AGI_RECEIVED:
        fprintf(file, "%.*s gets ", (int)id.size, id.data);
        tell_bytes(file, notice->data);
        break;
    case PYST_ASYNC_AGI_ACTION:
        assert_true(host->n_submissions < SUBMISSIONS_MAX);
        host->submissions[host->n_submissions++] = notice->submission;
        tell_text(file, pyst_ami_action_name(notice->action));
        fputc(' ', file);
        tell_text(file, pyst_ami_action_get(notice->action, pyst_text("Channel")));
        fputc(' ', file);
        tell_text(file, pyst_ami_action_get(notice->action, pyst_text("CommandID")));
        fputs(": ", file);
        tell_text(file, pyst_ami_action_get(notice->action, pyst_text("Command")));
        fputc('\n', file);
        break;
    case PYST_ASYNC_AGI_ENDED:
        fprintf(file, "ended %.*s %d\n", (int)id.size, id.data, notice->error);
        break;
    }
}

/* All that is to be done now. */
static void expect(struct host *host, const char *expected)
{
    struct pyst_async_agi_notice notice;
    char *told = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&told, &size);
    int r;

    assert_non_null(file);
    while ((r = pyst_async_agi_next(host->async, &notice)) == 1)
        tell(host, file, &notice);
    assert_int_equal(r, 0);
    fclose(file);
    assert_string_equal(told, expected);
    free(told);
}

static void send_bytes(struct host *host, const char *bytes)
{
    assert_int_equal(pyst_async_agi_send(host->async, host->call, pyst_text(bytes)), 0);
}

/* A call with its environment. */
static void start(struct host *host)
{
    host_begin(host, NULL);
    assert_int_equal(event(host, START(ENV)), 1);
    expect(host, STARTED);
}

#endif
