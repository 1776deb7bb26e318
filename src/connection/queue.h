/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONNECTION_QUEUE_H
#define PYST_CONNECTION_QUEUE_H

/**
 * Notices that are kept until the host takes them, with references to their messages.
 */

#include <stddef.h>
#include <stdint.h>

#include <pyst/ami/session.h>

struct kept {
    struct kept *previous;
    struct kept *next;
    size_t size; /* bytes of its messages, and of itself */
    struct pyst_ami_notice notice;
    struct pyst_ami_message *items[];
};

struct queue {
    struct kept *first;
    struct kept *last;
    struct kept *event; /* no EVENT notice is before this one; NULL: none at all */
    size_t size;        /* the sum */
};

void queue_deinit(struct queue *queue);

/** Keeps a copy at the end. Errors: PYST_ERR_NO_MEMORY. */
int queue_push(struct queue *queue, const struct pyst_ami_notice *notice);

/** Takes out the first, or NULL. The caller frees it with kept_free(). */
struct kept *queue_pop(struct queue *queue);

/** Drops the oldest EVENT notices until the size is below `size`. Returns how many. */
uint64_t queue_drop_events(struct queue *queue, size_t size);

/** Returns NULL; NULL is allowed. */
struct kept *kept_free(struct kept *kept);

#endif
