/* SPDX-License-Identifier: MIT */

/*
 * AsyncAGI with each allocation failing in turn and none other: the call says so and may be made
 * again, and nothing is lost or told twice.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "allocation.h"

#include <pyst/async-agi.h>
#include <pyst/error.h>

struct count {
    unsigned started, actions, received, ended;
};

static void take(struct pyst_async_agi *async, const char *text)
{
    struct pyst_ami_notice notice = {.type = PYST_AMI_NOTICE_EVENT};

    UNTIL_DONE(pyst_ami_message_parse(&notice.message, text, strlen(text)));
    UNTIL_DONE(pyst_async_agi_take(async, &notice));
    pyst_ami_message_unref(notice.message);
}

static struct pyst_async_agi_call *take_notices(struct pyst_async_agi *async, struct count *count)
{
    struct pyst_async_agi_call *started = NULL;
    struct pyst_async_agi_notice notice;
    int r;

    do {
        UNTIL_DONE(r = pyst_async_agi_next(async, &notice));
        if (r == 1) {
            count->started += notice.type == PYST_ASYNC_AGI_STARTED;
            count->actions += notice.type == PYST_ASYNC_AGI_ACTION;
            count->received += notice.type == PYST_ASYNC_AGI_RECEIVED;
            count->ended += notice.type == PYST_ASYNC_AGI_ENDED;
            if (notice.type == PYST_ASYNC_AGI_STARTED)
                started = notice.call;
        }
    } while (r == 1);
    return started;
}

static void converse(void)
{
    struct pyst_async_agi_options options = {.calls = 1};
    struct pyst_ami_notice closed = {.type = PYST_AMI_NOTICE_CLOSED};
    struct pyst_ami_notice ready = {.type = PYST_AMI_NOTICE_READY};
    struct pyst_async_agi *async;
    struct pyst_async_agi_call *call;
    struct count count = {0};

    UNTIL_DONE(pyst_async_agi_new(&async, &options));
    take(async, "Event: AsyncAGI\r\nSubEvent: Start\r\nChannel: C\r\nUniqueid: 1\r\n"
                "Env: agi_channel%3A%20C%0A%0A\r\n\r\n");
    take(async, "Event: AsyncAGIStart\r\nChannel: D\r\nUniqueid: 2\r\nEnv: a%0A%0A\r\n\r\n");
    call = take_notices(async, &count);
    assert_non_null(call);
    UNTIL_DONE(pyst_async_agi_send(async, call, pyst_text("NOOP\n\n")));
    take_notices(async, &count);
    /* Cut, so that a NOOP follows. */
    take(async, "Event: AsyncAGI\r\nSubEvent: Exec\r\nChannel: C\r\nUniqueid: 1\r\n"
                "CommandID: pyst-2\r\nResult: 200%20\r\n\r\n");
    take_notices(async, &count);
    take(async, "Event: AsyncAGI\r\nSubEvent: Exec\r\nChannel: C\r\nUniqueid: 1\r\n"
                "CommandID: pyst-3\r\nResult: 200%20result%3D0%0A\r\n\r\n");
    take(async, "Event: Rename\r\nChannel: C\r\nNewname: E\r\nUniqueid: 1\r\n\r\n");
    take_notices(async, &count);
    pyst_async_agi_finish(async, call);
    take_notices(async, &count);
    pyst_async_agi_take(async, &closed);
    take_notices(async, &count);
    pyst_async_agi_take(async, &ready);
    take_notices(async, &count);
    assert_int_equal(count.started, 1);
    /* BREAK for the call that was one too many, NOOP, NOOP, BREAK, BREAK after the loss. */
    assert_int_equal(count.actions, 5);
    assert_int_equal(count.received, 3); /* the environment, the reply, that to the empty line */
    assert_int_equal(count.ended, 1);
    pyst_async_agi_free(async);
    assert_int_equal(told, failed);
}

static void every_failure_is_told_and_made_good(void **state)
{
    assert_true(with_each_failing(converse) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failure_is_told_and_made_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
