/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONNECTION_WATCH_H
#define PYST_CONNECTION_WATCH_H

/**
 * The one descriptor that the host watches: an epoll set with a timer and at most one more
 * descriptor in it, the socket of the moment. Sockets come and go inside; a host never has to
 * notice, and never polls a number that has been closed and given out again.
 */

#include <stdint.h>

struct watch {
    int epoll;
    int timer;
    int fd;          /* in the set, or -1 */
    uint32_t events; /* what it is there for */
    uint64_t armed;  /* when the timer fires, microseconds; 0: at once; UINT64_MAX: never */
};

/** Errors: PYST_ERR_SYSTEM, and then there is nothing to deinit. */
int watch_init(struct watch *watch);
void watch_deinit(struct watch *watch);

/**
 * Watches `fd` (-1: none) for EPOLL* bits; for 0 it is left out, as epoll would report a hang-up
 * nevertheless. To be called with -1 before the descriptor is closed. Errors: PYST_ERR_SYSTEM.
 */
int watch_set(struct watch *watch, int fd, uint32_t events);

/**
 * Makes the descriptor readable at `when` at the latest (CLOCK_MONOTONIC, microseconds; 0: now). A
 * time later than the one that is armed already is not armed before that one has passed: deadlines
 * move on with every byte that comes, and a rare idle wakeup is cheaper than a system call each
 * time.
 */
void watch_arm(struct watch *watch, uint64_t when, uint64_t now);

#endif
