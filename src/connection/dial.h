/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONNECTION_DIAL_H
#define PYST_CONNECTION_DIAL_H

/**
 * Makes a TCP connection: the addresses of a name in turn, each with its share of the time.
 */

#include <netdb.h>
#include <stdint.h>

#include "tls/fault.h"

struct dial {
    struct addrinfo *list;
    const struct addrinfo *next; /* to be tried */
    unsigned n_left;             /* as many */
    int fd;                      /* being connected, or -1 */
    char name[80];               /* its address, for a person */
    uint64_t share_end;          /* when the next address has its turn, microseconds */
    uint64_t deadline;           /* for all */
};

/** Takes the list over. */
void dial_init(struct dial *dial, struct addrinfo *list, uint64_t deadline);

/** Closes what is open. */
void dial_deinit(struct dial *dial);

/**
 * Goes on as far as it can. To be called first; when dial.fd is writable; and at dial.share_end.
 * Close nothing that is watched: a socket that failed is closed in here, after `forget(user)`.
 *
 * Returns 1 when connected, and dial.fd is the caller's (it sets it to -1); 0 to be called again;
 * PYST_ERR_CONNECT when no address is left, with the last one's reason in *fault.
 */
int dial_step(struct dial *dial, uint64_t now, void (*forget)(void *user), void *user,
              struct fault *fault);

#endif
