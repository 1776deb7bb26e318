/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_SESSION_INTERNAL_H
#define PYST_AMI_SESSION_INTERNAL_H

/*
 * What the parts of a session share: session.c (submitting, sending, time), receive.c (messages to
 * notices) and login.c (greeting to ready).
 */

#include <pyst/ami/session.h>

#include "ami/in-flight.h"
#include "base/buffer.h"

#define ACTION_ID_PREFIX_SIZE     64
#define GENERATED_ID_SIZE         (ACTION_ID_PREFIX_SIZE + 1 + 20)
#define KEEPALIVE_TIMEOUT_US      UINT64_C(10000000)
#define OUTPUT_SIZE_DEFAULT       ((size_t)64 << 20)
#define ACTIONS_IN_FLIGHT_DEFAULT ((size_t)1 << 20)
#define LIST_ITEMS_DEFAULT        ((size_t)1 << 20)
/* Actions that ended without an answer are remembered so that a late one is known for what it is:
   the last so many of them. */
#define ABANDONED_MAX ((size_t)1 << 16)

struct pyst_ami_session {
    /* Settings. The texts are copies. */
    struct pyst_ami_session_options options;
    struct pyst_text *filters;

    struct pyst_ami_parser *parser;
    enum pyst_ami_state state;
    uint64_t now;
    uint64_t next_number;

    struct buffer output;
    uint64_t position; /* bytes given out for sending on this connection, sent or not */
    uint64_t sent;     /* of those, how many were sent */
    size_t held_size;  /* bytes of actions that wait for the session to be ready */

    struct in_flight in_flight;
    struct pending *ended_first, *ended_last; /* their DONE is due; linked by `later` */

    /* The end of the connection: first `over` is set, then everything received is given out, then
       what is in flight fails, then CLOSED is given. */
    bool over;
    bool all_failed;
    bool closed_given;
    int over_error;
    struct pyst_ami_message *over_message; /* the response that ended it, if one did */
    bool shutdown_seen;
    bool ids_seen; /* the server has answered with an ActionID */

    size_t filters_left; /* of the login: not answered yet */
    struct pyst_ami_message *login_response;
    uint64_t login_deadline;

    uint64_t last_received;
    uint64_t ping_sent; /* 0: no ping is out */

    /* What the last notice showed: released by the next call. */
    struct pyst_ami_message *shown_message;
    struct pending *shown_pending;
};

/* session.c */

/* Ends the connection by the protocol's own decision; what is received from here on is dropped. */
void session_end(struct pyst_ami_session *session, int error, struct pyst_ami_message *message);

/* Submits an action of the session's own. */
int session_submit_own(struct pyst_ami_session *session, const struct pyst_ami_action *action,
                       enum role role);

/* Gives out everything that was held until the session was ready. */
int session_release_held(struct pyst_ami_session *session);

/* Queues the DONE of an action that is in the table. */
void session_finish(struct pyst_ami_session *session, struct pending *pending, int error);

/* The same for one whose answer may still come. */
void session_abandon(struct pyst_ami_session *session, struct pending *pending, int error);

/* login.c */

/* Each takes the step that follows and returns 0 or PYST_ERR_NO_MEMORY. */
int login_greeted(struct pyst_ami_session *session, struct pyst_ami_message *greeting);
int login_answered(struct pyst_ami_session *session, enum role role,
                   struct pyst_ami_message *response);

#endif
