/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pyst/error.h>

/*
 * Does what there is to do, or waits until there is something. Returns 1 to look for notices, 0
 * when `until` has come, or an error.
 */
static int wait_once(struct pyst_ami_connection *c, uint64_t until)
{
    struct pollfd poll_fd = {.fd = c->watch.epoll, .events = POLLIN};
    struct timespec timeout;
    struct timespec *timeoutp = NULL;
    int r;

    r = machine_process(c);
    if (r != 0)
        return r;
    if (until != UINT64_MAX) {
        const uint64_t now = pyst_ami_connection_now();

        if (until <= now)
            return 0;
        timeout.tv_sec = (time_t)((until - now) / 1000000);
        timeout.tv_nsec = (long)((until - now) % 1000000) * 1000;
        timeoutp = &timeout;
    }
    r = ppoll(&poll_fd, 1, timeoutp, NULL);
    return r < 0 ? PYST_ERR_SYSTEM : 1;
}

/*
 * Keeps the notices that are there, the CLOSED of a connection that ended included, but for those
 * that tell of its beginning.
 */
static int keep_all(struct pyst_ami_connection *c)
{
    struct pyst_ami_notice notice;
    int r;

    while ((r = connection_pull(c, &notice)) > 0) {
        if (notice.type == PYST_AMI_NOTICE_GREETED || notice.type == PYST_AMI_NOTICE_READY)
            continue;
        r = connection_keep(c, &notice);
        if (r < 0)
            return r;
    }
    return r;
}

/* Words for an error of a call that waits, unless there are better ones. */
static int tell(struct pyst_ami_connection *c, int error)
{
    if (error == PYST_ERR_SYSTEM)
        fault_set(&c->told, error, "%s", strerror(errno));
    else if (error < 0)
        fault_set(&c->told, error, "%s", pyst_strerror(error));
    return error;
}

/* What an attempt was at when its time was over. */
static int tell_late(struct pyst_ami_connection *c)
{
    const char *what = "logged in";

    if (c->state == PYST_AMI_CONNECTION_WAITING && c->fault.error < 0)
        return fault_set(&c->told, PYST_ERR_TIMED_OUT, "%s", c->fault.text);
    if (c->state == PYST_AMI_CONNECTION_RESOLVING)
        what = "resolved";
    else if (c->state != PYST_AMI_CONNECTION_OPEN)
        what = "connected";
    else if (pyst_ami_session_state(c->session) == PYST_AMI_STATE_GREETING)
        what = "greeted as a manager does";
    return fault_set(&c->told, PYST_ERR_TIMED_OUT, "%s port %u: not %s in time", c->options.host,
                     c->options.port, what);
}

static bool is_ready(const struct pyst_ami_connection *c)
{
    return c->state == PYST_AMI_CONNECTION_OPEN &&
           pyst_ami_session_state(c->session) == PYST_AMI_STATE_READY;
}

int pyst_ami_connection_open(struct pyst_ami_connection *c, uint64_t until)
{
    struct pyst_ami_notice notice;
    int r;

    connection_release(c);
    r = keep_all(c);
    if (r == 0 && is_ready(c))
        return 0;
    if (r == 0 && c->state == PYST_AMI_CONNECTION_IDLE)
        r = pyst_ami_connection_start(c);
    while (r >= 0) {
        r = connection_pull(c, &notice);
        if (r < 0)
            break;
        if (r == 0) {
            r = connection_full(c) ? PYST_ERR_LIMIT_QUEUE : wait_once(c, until);
            if (r == 0)
                return tell_late(c);
            continue;
        }
        switch (notice.type) {
        case PYST_AMI_NOTICE_GREETED:
            break;
        case PYST_AMI_NOTICE_READY:
            return 0;
        case PYST_AMI_NOTICE_CLOSED:
            if (c->state != PYST_AMI_CONNECTION_IDLE)
                break;
            if (notice.error < 0)
                return notice.error;
            /* The end of an earlier one, after its Logoff. */
            r = connection_keep(c, &notice);
            if (r == 0)
                r = pyst_ami_connection_start(c);
            break;
        default:
            r = connection_keep(c, &notice);
        }
    }
    return tell(c, r);
}

struct pyst_ami_answer *pyst_ami_answer_free(struct pyst_ami_answer *answer)
{
    if (!answer)
        return NULL;
    pyst_ami_message_unref(answer->response);
    for (size_t i = 0; i < answer->n_items; i++)
        pyst_ami_message_unref(answer->items[i]);
    free(answer);
    return NULL;
}

static struct pyst_ami_answer *new_answer(const struct pyst_ami_notice *done)
{
    struct pyst_ami_answer *answer;
    struct pyst_ami_message **items;

    answer = malloc(sizeof(*answer) + done->n_items * sizeof(*items));
    if (!answer)
        return NULL;
    items = (struct pyst_ami_message **)(answer + 1);
    for (size_t i = 0; i < done->n_items; i++)
        items[i] = pyst_ami_message_ref(done->items[i]);
    answer->response = pyst_ami_message_ref(done->message);
    answer->items = items;
    answer->n_items = done->n_items;
    return answer;
}

/* The words of Asterisk, when it is Asterisk that refused. */
static void tell_refusal(struct pyst_ami_connection *c, const struct pyst_ami_notice *done)
{
    struct pyst_text words = pyst_text_none();

    if (done->message)
        words = pyst_ami_message_get(done->message, pyst_text("Message"));
    if (done->error < 0 && words.size > 0)
        fault_set(&c->told, done->error, "%.*s", (int)words.size, words.data);
    else if (done->error < 0)
        tell(c, done->error);
}

/* Waits for the DONE of `number`, which is then the session's last notice; keeps the others. */
static int wait_done(struct pyst_ami_connection *c, uint64_t number, struct pyst_ami_notice *done)
{
    int r;

    for (;;) {
        r = connection_pull(c, done);
        if (r < 0)
            return r;
        if (r == 0) {
            if (c->state == PYST_AMI_CONNECTION_IDLE)
                return PYST_ERR_NOT_SENT;
            if (connection_full(c))
                return PYST_ERR_LIMIT_QUEUE;
            r = wait_once(c, UINT64_MAX);
        } else if (done->type == PYST_AMI_NOTICE_DONE && done->action == number) {
            return 1;
        } else {
            r = connection_keep(c, done);
        }
        if (r < 0)
            return r;
    }
}

/* Ends an action of which nobody wants to hear any more. */
static void withdraw(struct pyst_ami_connection *c, uint64_t number)
{
    struct pyst_ami_notice notice;

    if (pyst_ami_session_cancel(c->session, number) <= 0)
        return;
    while (connection_pull(c, &notice) > 0) {
        if (notice.type == PYST_AMI_NOTICE_DONE && notice.action == number)
            return;
        if (connection_keep(c, &notice) < 0)
            return;
    }
}

int pyst_ami_connection_run(struct pyst_ami_connection *c, const struct pyst_ami_action *action,
                            const struct pyst_ami_submission *how, struct pyst_ami_answer **answerp)
{
    struct pyst_ami_notice done;
    uint64_t number;
    int r;

    connection_release(c);
    if (answerp)
        *answerp = NULL;
    r = PYST_ERR_STATE;
    if (c->state != PYST_AMI_CONNECTION_IDLE)
        r = pyst_ami_session_submit(c->session, action, how, pyst_ami_connection_now(), &number);
    if (r < 0)
        return tell(c, r);
    r = wait_done(c, number, &done);
    if (r < 0) {
        const int saved = errno;

        tell(c, r);
        withdraw(c, number);
        errno = saved;
        return r;
    }
    tell_refusal(c, &done);
    if (answerp && done.message) {
        *answerp = new_answer(&done);
        if (!*answerp)
            return tell(c, PYST_ERR_NO_MEMORY);
    }
    return done.error;
}

int pyst_ami_connection_wait(struct pyst_ami_connection *c, uint64_t until,
                             struct pyst_ami_notice *noticep)
{
    for (;;) {
        int r = pyst_ami_connection_next(c, noticep);

        /* CLOSED had the words for it. */
        if (r == 0 && c->state == PYST_AMI_CONNECTION_IDLE)
            return PYST_ERR_STATE;
        if (r == 0) {
            r = wait_once(c, until);
            if (r > 0)
                continue;
            /* What the last look brought is there, though its time has come. */
            if (r == 0)
                r = pyst_ami_connection_next(c, noticep);
        }
        return tell(c, r);
    }
}
