/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONNECTION_RESOLVER_H
#define PYST_CONNECTION_RESOLVER_H

/**
 * Turns a host name into addresses without blocking the caller.
 *
 * getaddrinfo() blocks and cannot be interrupted, so a name is resolved in a detached thread, and
 * the thread and the caller share a counted request. Whoever lets go last frees it: nobody ever
 * waits for the thread.
 */

#include <netdb.h>
#include <stdint.h>

struct resolution;

/**
 * Addresses of a numeric `host`, at once. Returns 0, or an EAI_* number: EAI_NONAME when it is not
 * numeric. The caller frees *listp with freeaddrinfo().
 */
int resolver_numeric(const char *host, uint16_t port, struct addrinfo **listp);

/** Begins to resolve. Errors: PYST_ERR_NO_MEMORY, PYST_ERR_SYSTEM. */
int resolution_new(struct resolution **resolutionp, const char *host, uint16_t port);

/** Readable once the result is there. */
int resolution_fd(const struct resolution *resolution);

/**
 * Returns 1 when the result is there: *eaip is 0 and *listp the caller's, or an EAI_* number (with
 * errno in *errnop for EAI_SYSTEM). Returns 0 when it is not. The result is given once.
 */
int resolution_result(struct resolution *resolution, struct addrinfo **listp, int *eaip,
                      int *errnop);

/** Lets go. Returns NULL; NULL is allowed. */
struct resolution *resolution_unref(struct resolution *resolution);

#endif
