/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_IN_FLIGHT_H
#define PYST_AMI_IN_FLIGHT_H

/*
 * The actions of a session that have not been answered in full: found by ActionID, by number, by
 * the order they were sent in, and by the next deadline.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/ami/session.h>

enum role {
    ROLE_USER,
    ROLE_CHALLENGE, /* the rest are the session's own */
    ROLE_LOGIN,
    ROLE_FILTER,
    ROLE_PING
};

enum progress {
    PROGRESS_HELD,    /* not given out for sending yet: `bytes` has it */
    PROGRESS_SENT,    /* given out, no response yet */
    PROGRESS_LISTING, /* responded, its event list is coming */
    PROGRESS_ENDED    /* in nobody's table any more */
};

struct pending {
    struct pending *bucket_next;
    struct pending *earlier, *later; /* in the order of submission */
    size_t heap_index;               /* HEAP_NONE when it has no deadline */

    uint64_t number;
    uint64_t deadline;
    uint64_t position; /* of its first byte in the stream of this connection */
    void *user;
    enum role role;
    enum progress progress;
    enum pyst_ami_list list;
    bool abandoned;   /* its DONE has been given: what still comes for it is dropped */
    bool synchronous; /* Asterisk serves nothing else until it answers */
    bool logoff;
    int error;

    char *bytes;
    size_t bytes_size;
    char *final_event;
    bool final_event_presumed; /* only if the response does not announce a list */
    struct pyst_ami_message *response;
    struct pyst_ami_message **items;
    size_t n_items, items_size;

    uint32_t hash;
    size_t id_size;
    char id[];
};

#define HEAP_NONE SIZE_MAX

struct in_flight {
    struct pending **buckets;
    size_t n_buckets; /* a power of two, or 0 */
    size_t n;
    size_t n_user;        /* of n: the host's, and their DONE not given */
    size_t n_abandoned;   /* of n */
    size_t n_listing;     /* of n */
    size_t n_synchronous; /* of n: sent, not answered */
    struct pending *first, *last;
    struct pending **heap; /* by deadline, the next one at 0 */
    size_t n_heap, heap_size;
};

void in_flight_deinit(struct in_flight *table);

struct pending *pending_new(struct pyst_text id);
struct pending *pending_free(struct pending *pending);

/* Takes over the pending. PYST_ERR_NO_MEMORY leaves it with the caller. */
int in_flight_add(struct in_flight *table, struct pending *pending);

/* Takes it out; the caller owns it again, with progress PROGRESS_ENDED. */
void in_flight_remove(struct in_flight *table, struct pending *pending);

/* The earliest with that ActionID and progress, or NULL. */
struct pending *in_flight_find(const struct in_flight *table, struct pyst_text id,
                               enum progress progress);

/* The earliest that has been sent and not responded to, or NULL. */
struct pending *in_flight_oldest_sent(const struct in_flight *table);

struct pending *in_flight_by_number(const struct in_flight *table, uint64_t number);

/* Changes progress and the counts that go with it. */
void in_flight_advance(struct in_flight *table, struct pending *pending, enum progress progress);

/*
 * Puts `shell`, an abandoned one with the same ActionID and progress, into the place of `pending`,
 * which the caller owns again.
 */
void in_flight_replace(struct in_flight *table, struct pending *pending, struct pending *shell);

/* UINT64_MAX when nothing has a deadline. */
uint64_t in_flight_deadline(const struct in_flight *table);

#endif
