/* SPDX-License-Identifier: MIT */

/* Messages to notices: which action a response answers, which list an event belongs to. */

#include <stdlib.h>

#include <pyst/error.h>

#include "ami/parser-internal.h"
#include "ami/session-internal.h"

#define ITEMS_MIN 8

static int give(struct pyst_ami_notice *notice, enum pyst_ami_notice_type type,
                struct pyst_ami_message *message)
{
    memset(notice, 0, sizeof(*notice));
    notice->type = type;
    notice->message = message;
    return 1;
}

static int give_of_action(struct pyst_ami_notice *notice, enum pyst_ami_notice_type type,
                          const struct pending *pending, struct pyst_ami_message *message)
{
    give(notice, type, message);
    notice->action = pending->number;
    notice->user = pending->user;
    return 1;
}

static int give_done(struct pyst_ami_session *session, struct pyst_ami_notice *notice)
{
    struct pending *pending = session->ended_first;

    session->ended_first = pending->later;
    if (!session->ended_first)
        session->ended_last = NULL;
    session->shown_pending = pending;
    give_of_action(notice, PYST_AMI_NOTICE_DONE, pending, pending->response);
    notice->error = pending->error;
    notice->items = pending->items;
    notice->n_items = pending->n_items;
    return 1;
}

static void release_shown(struct pyst_ami_session *session)
{
    session->shown_message = pyst_ami_message_unref(session->shown_message);
    session->shown_pending = pending_free(session->shown_pending);
}

/* --- events -------------------------------------------------------------------------------- */

/* PYST_ERR_LIMIT_LIST or PYST_ERR_NO_MEMORY when the item cannot be kept. */
static int collect(struct pyst_ami_session *session, struct pending *pending,
                   struct pyst_ami_message *message)
{
    if (pending->n_items >= session->options.list_items)
        return PYST_ERR_LIMIT_LIST;
    if (pending->n_items == pending->items_size) {
        size_t size = pending->items_size ? 2 * pending->items_size : ITEMS_MIN;
        struct pyst_ami_message **items = realloc(pending->items, size * sizeof(*items));

        if (!items)
            return PYST_ERR_NO_MEMORY;
        pending->items = items;
        pending->items_size = size;
    }
    pending->items[pending->n_items++] = pyst_ami_message_ref(message);
    return 0;
}

/* Whether this event of an action's list is the list's last: 1, 0, or PYST_ERR_CANCELLED_LIST. */
static int ends_list(const struct pending *pending, const struct pyst_ami_message *event)
{
    struct pyst_text mark = pyst_ami_message_get(event, pyst_text("EventList"));

    if (pyst_text_equal_nocase(mark, pyst_text("Complete")))
        return 1;
    if (pyst_text_equal_nocase(mark, pyst_text("Cancelled")))
        return PYST_ERR_CANCELLED_LIST;
    return pending->final_event &&
           pyst_text_equal_nocase(pyst_ami_message_name(event), pyst_text(pending->final_event));
}

static int take_item(struct pyst_ami_session *session, struct pending *pending,
                     struct pyst_ami_message *event, struct pyst_ami_notice *notice)
{
    int ended = ends_list(pending, event);
    int given = 0;

    if (!pending->abandoned) {
        if (pending->list == PYST_AMI_LIST_STREAM) {
            given = give_of_action(notice, PYST_AMI_NOTICE_ITEM, pending, event);
        } else {
            int r = collect(session, pending, event);

            if (r < 0 && ended == 0) {
                session_abandon(session, pending, r);
                return 0;
            }
            if (r < 0)
                ended = r;
        }
    }
    if (ended != 0)
        session_finish(session, pending, ended < 0 ? ended : 0);
    return given;
}

static int take_event(struct pyst_ami_session *session, struct pyst_ami_message *event,
                      struct pyst_ami_notice *notice)
{
    if (session->in_flight.n_listing > 0) {
        struct pyst_text id = pyst_ami_message_action_id(event);

        if (id.size > 0) {
            struct pending *pending = in_flight_find(&session->in_flight, id, PROGRESS_LISTING);

            if (pending)
                return take_item(session, pending, event, notice);
        }
    }
    if (pyst_text_equal(pyst_ami_message_name(event), pyst_text_of("Shutdown", 8)))
        session->shutdown_seen = true;
    return give(notice, PYST_AMI_NOTICE_EVENT, event);
}

/* --- responses ----------------------------------------------------------------------------- */

static bool begins_list(struct pending *pending, const struct pyst_ami_message *response)
{
    bool announced = pyst_text_equal_nocase(pyst_ami_message_get(response, pyst_text("EventList")),
                                            pyst_text("start"));

    if (pending->list == PYST_AMI_LIST_IGNORE)
        return false;
    if (announced && pending->final_event_presumed) {
        free(pending->final_event);
        pending->final_event = NULL;
    }
    return announced || pending->final_event;
}

static int take_answer(struct pyst_ami_session *session, struct pending *pending,
                       struct pyst_ami_message *response, struct pyst_ami_notice *notice)
{
    int error = pyst_ami_message_error(response);
    bool goodbye;
    int r = 0;

    if (pending->role != ROLE_USER) {
        enum role role = pending->role;

        session_finish(session, pending, 0);
        r = login_answered(session, role, response);
        if (r < 0)
            session_end(session, r, NULL);
        return 0;
    }
    if (error == 0 && begins_list(pending, response)) {
        in_flight_advance(&session->in_flight, pending, PROGRESS_LISTING);
        if (pending->abandoned)
            return 0;
        pending->response = pyst_ami_message_ref(response);
        if (pending->list == PYST_AMI_LIST_STREAM)
            return give_of_action(notice, PYST_AMI_NOTICE_RESPONSE, pending, response);
        return 0;
    }
    if (!pending->abandoned)
        pending->response = pyst_ami_message_ref(response);
    goodbye = pending->logoff && error == 0;
    session_finish(session, pending, error);
    /* What was sent behind a Logoff is not served any more. */
    if (goodbye)
        session_end(session, 0, NULL);
    return 0;
}

static int take_response(struct pyst_ami_session *session, struct pyst_ami_message *response,
                         struct pyst_ami_notice *notice)
{
    struct pyst_text id = pyst_ami_message_action_id(response);
    struct pending *pending = NULL;

    if (id.size > 0) {
        pending = in_flight_find(&session->in_flight, id, PROGRESS_SENT);
        if (pending)
            session->ids_seen = true;
    } else if (pyst_ami_message_kind(response) == PYST_AMI_RESPONSE || !session->ids_seen) {
        /* Old servers answer without an ActionID, a few even without Response, but in order. */
        pending = in_flight_oldest_sent(&session->in_flight);
    }
    if (!pending)
        return give(notice, PYST_AMI_NOTICE_STRAY, response);
    return take_answer(session, pending, response, notice);
}

/* --- what was lost ------------------------------------------------------------------------- */

/* A message over a limit was skipped: an action waiting for it ends, else the host is told. */
static int take_loss(struct pyst_ami_session *session, int error, struct pyst_ami_notice *notice)
{
    struct pyst_text id = parser_lost_action_id(session->parser);
    struct pending *pending = NULL;

    if (id.size > 0) {
        pending = in_flight_find(&session->in_flight, id, PROGRESS_LISTING);
        if (pending) {
            if (!pending->abandoned)
                session_abandon(session, pending, error);
            return 0;
        }
        pending = in_flight_find(&session->in_flight, id, PROGRESS_SENT);
    } else if (parser_lost_response(session->parser)) {
        /* As take_response(): or the answers that follow would go to the wrong actions. */
        pending = in_flight_oldest_sent(&session->in_flight);
    }
    if (!pending) {
        give(notice, PYST_AMI_NOTICE_LOST, NULL);
        notice->error = error;
        return 1;
    }
    if (pending->role == ROLE_USER)
        session_finish(session, pending, error);
    else
        session_end(session, error, NULL);
    return 0;
}

static void expire(struct pyst_ami_session *session)
{
    while (session->in_flight.n_heap > 0 && in_flight_deadline(&session->in_flight) <= session->now)
        session_abandon(session, session->in_flight.heap[0], PYST_ERR_TIMED_OUT);
    if (!session->over && session->login_deadline <= session->now)
        session_end(session, PYST_ERR_TIMED_OUT, NULL);
}

/* Everything that was given out for sending, or cannot be any more, fails. */
static void fail_all(struct pyst_ami_session *session)
{
    struct pending *pending, *later;

    for (pending = session->in_flight.first; pending; pending = later) {
        bool sent = pending->progress != PROGRESS_HELD && session->sent > pending->position;

        later = pending->later;
        session_finish(session, pending, sent ? PYST_ERR_UNKNOWN_OUTCOME : PYST_ERR_NOT_SENT);
    }
    buffer_clear(&session->output);
    session->all_failed = true;
}

/* Why the connection is over, once everything received was given out. */
static int closing_error(struct pyst_ami_session *session, bool logged_off)
{
    int error = session->over_error;

    /* A server that announced its end may well drop the connection in the middle of TLS. */
    if (session->shutdown_seen && (error == PYST_ERR_TLS || error == PYST_ERR_CLOSED))
        return PYST_ERR_SHUTDOWN;
    if (error < 0 || logged_off)
        return error;
    if (session->shutdown_seen)
        return PYST_ERR_SHUTDOWN;
    return pyst_ami_parser_seal(session->parser) < 0 ? PYST_ERR_TRUNCATED : PYST_ERR_CLOSED;
}

static int give_closed(struct pyst_ami_session *session, struct pyst_ami_notice *notice)
{
    bool logged_off = session->state == PYST_AMI_STATE_CLOSING;
    int error = closing_error(session, logged_off);

    session->shown_message = session->over_message;
    session->over_message = NULL;
    session->login_response = pyst_ami_message_unref(session->login_response);
    session->closed_given = true;
    session->state = PYST_AMI_STATE_CLOSED;
    give(notice, PYST_AMI_NOTICE_CLOSED, session->shown_message);
    notice->error = error;
    return 1;
}

static int take_message(struct pyst_ami_session *session, struct pyst_ami_message *message,
                        struct pyst_ami_notice *notice)
{
    int r;

    switch (pyst_ami_message_kind(message)) {
    case PYST_AMI_EVENT:
        return take_event(session, message, notice);
    case PYST_AMI_GREETING:
        r = login_greeted(session, message);
        if (r < 0)
            session_end(session, r, NULL);
        return give(notice, PYST_AMI_NOTICE_GREETED, message);
    default:
        return take_response(session, message, notice);
    }
}

int pyst_ami_session_next(struct pyst_ami_session *session, struct pyst_ami_notice *notice)
{
    release_shown(session);
    for (;;) {
        int r;

        if (session->ended_first)
            return give_done(session, notice);
        if (session->login_response && session->state == PYST_AMI_STATE_READY) {
            session->shown_message = session->login_response;
            session->login_response = NULL;
            return give(notice, PYST_AMI_NOTICE_READY, session->shown_message);
        }
        if (!session->closed_given) {
            r = pyst_ami_parser_next(session->parser, &session->shown_message);
            if (r == PYST_ERR_NO_MEMORY)
                return r;
            if (r == PYST_ERR_GREETING) {
                session_end(session, r, NULL);
            } else if (r < 0) {
                if (take_loss(session, r, notice))
                    return 1;
                continue;
            }
            if (r == 1) {
                if (take_message(session, session->shown_message, notice))
                    return 1;
                session->shown_message = pyst_ami_message_unref(session->shown_message);
                continue;
            }
        }
        expire(session);
        if (session->over && !session->all_failed)
            fail_all(session);
        if (session->ended_first)
            continue;
        if (session->over && !session->closed_given)
            return give_closed(session, notice);
        return 0;
    }
}
