/* SPDX-License-Identifier: MIT */
#ifndef PYST_TESTS_SESSION_HOST_H
#define PYST_TESTS_SESSION_HOST_H

/* The host of a session in tests: a clock that stands still, and a peer whose part the test says.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pyst/ami/session.h>
#include <pyst/error.h>

#include "assert-text.h"

#define SECOND   UINT64_C(1000000)
#define GREETING "Asterisk Call Manager/11.0.0\r\n"

struct host {
    struct pyst_ami_session *session;
    uint64_t now;
    struct pyst_ami_notice notice; /* the last one taken */
};

static inline void begin(struct host *host, const struct pyst_ami_session_options *options)
{
    memset(host, 0, sizeof(*host));
    host->now = SECOND;
    assert_int_equal(pyst_ami_session_new(&host->session, options, host->now), 0);
}

static inline void end(struct host *host)
{
    host->session = pyst_ami_session_free(host->session);
    assert_null(host->session);
}

static inline void say_bytes(struct host *host, const void *bytes, size_t size)
{
    assert_int_equal(pyst_ami_session_feed(host->session, bytes, size, host->now), 0);
}

static inline void say(struct host *host, const char *text)
{
    say_bytes(host, text, strlen(text));
}

static inline void expect_nothing(struct host *host)
{
    int r = pyst_ami_session_next(host->session, &host->notice);

    if (r == 1)
        fail_msg("a notice of type %d, error %s", (int)host->notice.type,
                 pyst_error_name(host->notice.error));
    assert_int_equal(r, 0);
}

static inline struct pyst_ami_notice *expect(struct host *host, enum pyst_ami_notice_type type)
{
    assert_int_equal(pyst_ami_session_next(host->session, &host->notice), 1);
    assert_int_equal(host->notice.type, type);
    return &host->notice;
}

static inline void expect_event(struct host *host, const char *name)
{
    assert_text(pyst_ami_message_name(expect(host, PYST_AMI_NOTICE_EVENT)->message), name);
    assert_int_equal(host->notice.error, 0);
}

static inline struct pyst_ami_notice *expect_done(struct host *host, uint64_t action, int error)
{
    expect(host, PYST_AMI_NOTICE_DONE);
    assert_int_equal(host->notice.action, action);
    assert_string_equal(pyst_error_name(host->notice.error), pyst_error_name(error));
    return &host->notice;
}

static inline void expect_closed(struct host *host, int error)
{
    expect(host, PYST_AMI_NOTICE_CLOSED);
    assert_string_equal(pyst_error_name(host->notice.error), pyst_error_name(error));
    assert_int_equal(pyst_ami_session_state(host->session), PYST_AMI_STATE_CLOSED);
}

/* What the session wants to send is exactly that, and is sent. */
static inline void expect_sent(struct host *host, const char *expected)
{
    struct pyst_text output = pyst_ami_session_output(host->session);

    assert_text(output, expected);
    pyst_ami_session_sent(host->session, output.size);
    assert_int_equal(pyst_ami_session_output(host->session).size, 0);
}

static inline void send_all(struct host *host)
{
    pyst_ami_session_sent(host->session, pyst_ami_session_output(host->session).size);
}

static inline void tick(struct host *host, uint64_t us)
{
    host->now += us;
    pyst_ami_session_tick(host->session, host->now);
}

/* An action of that name and, unless NULL, one header more. */
static inline int try_submit(struct host *host, const char *name, const char *header,
                             const char *value, const struct pyst_ami_submission *how,
                             uint64_t *numberp)
{
    struct pyst_ami_action *action;
    int r;

    assert_int_equal(pyst_ami_action_new(&action, pyst_text(name)), 0);
    if (header)
        assert_int_equal(pyst_ami_action_add(action, pyst_text(header), pyst_text(value)), 0);
    r = pyst_ami_session_submit(host->session, action, how, host->now, numberp);
    pyst_ami_action_free(action);
    return r;
}

static inline uint64_t submit_with(struct host *host, const char *name, const char *header,
                                   const char *value, const struct pyst_ami_submission *how)
{
    uint64_t number = 0;

    assert_int_equal(try_submit(host, name, header, value, how, &number), 0);
    assert_int_not_equal(number, 0);
    return number;
}

static inline uint64_t submit(struct host *host, const char *name)
{
    return submit_with(host, name, NULL, NULL, NULL);
}

/* Greeted and ready, without a login, nothing left to send or to take. */
static inline void begin_ready(struct host *host, const struct pyst_ami_session_options *options)
{
    begin(host, options);
    say(host, GREETING);
    expect(host, PYST_AMI_NOTICE_GREETED);
    expect(host, PYST_AMI_NOTICE_READY);
    expect_nothing(host);
    assert_int_equal(pyst_ami_session_state(host->session), PYST_AMI_STATE_READY);
}

#endif
