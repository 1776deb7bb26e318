/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONNECTION_INTERNAL_H
#define PYST_CONNECTION_INTERNAL_H

/**
 * The inside of a connection.
 *
 * machine.c moves it from state to state; connection.c hands it to the host; blocking.c waits on
 * behalf of small programs.
 *
 * The session is closed, and its CLOSED taken, in all states but OPEN and ENDED. An attempt that
 * fails before there is a stream opens it only to end it, so that the actions that waited for the
 * stream end as well.
 */

#include <pyst/connection.h>

#include "dial.h"
#include "queue.h"
#include "resolver.h"
#include "stream.h"
#include "tls/fault.h"
#include "watch.h"

struct pyst_ami_connection {
    struct pyst_ami_connection_options options; /* its texts are our own; not those of session */
    struct pyst_ami_session *session;
    enum pyst_ami_connection_state state;
    struct watch watch;
    struct fault fault; /* of this attempt or stream, once it failed */
    struct fault told;  /* of what the host was last told: pyst_ami_connection_error_text() */

    uint64_t attempt_end;          /* of RESOLVING, CONNECTING, SECURING */
    struct resolution *resolution; /* may outlive an attempt: a slow answer serves the next */
    struct dial dial;
    struct stream stream;

    bool final;           /* the host closed: no retry */
    unsigned attempts;    /* failed in a row */
    uint64_t retry_at;    /* of WAITING */
    uint64_t ready_since; /* 0: not ready */

    struct queue queue;
    struct kept *current;                /* the notice that the host looks at */
    struct pyst_ami_message *last_words; /* of CLOSED: outlives a restart of the session */
    struct pyst_ami_notice held;         /* pulled, but there was no memory to keep it */
    bool is_held;
    bool drained; /* the session has no more notices in what came so far */
    bool paused;  /* nothing is received */
    bool kicked;  /* the descriptor is to be readable now */
    uint64_t n_dropped;
};

/* machine.c */

/** Does what can be done without waiting. As pyst_ami_connection_process(). */
int machine_process(struct pyst_ami_connection *c);

/** Begins an attempt: from IDLE or WAITING. */
void machine_begin(struct pyst_ami_connection *c, uint64_t now);

/** Ends what is under way or was about to begin, for the reason of `error`. Not in ENDED. */
void machine_end(struct pyst_ami_connection *c, int error);

/** CLOSED was taken: decides what follows. */
void machine_closed(struct pyst_ami_connection *c, int error);

/** Watches for what is waited for now. Errors: PYST_ERR_SYSTEM. */
int machine_watch(struct pyst_ami_connection *c, uint64_t now);

/** Makes the descriptor readable: the host is to call, though nothing comes from outside. */
void machine_kick(struct pyst_ami_connection *c);

/** When machine_process() wants to be called. */
uint64_t machine_deadline(const struct pyst_ami_connection *c);

/* connection.c */

/** The session's next notice, as pyst_ami_connection_next() but past the queue. */
int connection_pull(struct pyst_ami_connection *c, struct pyst_ami_notice *notice);

/** Keeps a pulled notice in the queue. On PYST_ERR_NO_MEMORY it will be pulled again. */
int connection_keep(struct pyst_ami_connection *c, const struct pyst_ami_notice *notice);

/** Lets go of the notice that the host looked at. */
void connection_release(struct pyst_ami_connection *c);

/** Whether so much waits to be taken that nothing more may be received. */
bool connection_full(const struct pyst_ami_connection *c);

#endif
