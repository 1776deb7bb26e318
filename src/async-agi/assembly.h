/* SPDX-License-Identifier: MIT */
#ifndef PYST_ASYNC_AGI_ASSEMBLY_H
#define PYST_ASYNC_AGI_ASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>

#include <pyst/text.h>

#include "base/buffer.h"

/*
 * An environment or a reply that is put together of pieces.
 *
 * The command handlers write to a pipe, from which 1024 bytes at most are read after the command
 * and encoded into 2048 (res/res_agi.c, launch_asyncagi, AGI_BUF_SIZE and AMI_BUF_SIZE). What is
 * over 1024 bytes stays in the pipe, before the reply to the next command: so a NOOP fetches it,
 * and the NOOP's own reply, whose text is known, is taken off the end. What did not fit in 2048
 * encoded is lost.
 *
 * All zero is an empty one.
 */
struct assembly {
    struct buffer bytes;
    bool is_reply;    /* else an environment */
    bool more;        /* the pipe is not known to be empty: a NOOP is wanted */
    unsigned flushes; /* NOOPs sent for it */
    bool lost;        /* bytes are missing, */
    size_t hole;      /* here, the first of them */
};

/* A pipe holds 64 KiB: so many NOOPs empty it. */
#define ASSEMBLY_FLUSHES_MAX 80

/* What assembly_finish() may need besides the pieces. */
#define ASSEMBLY_SPARE 64

void assembly_deinit(struct assembly *assembly);

/* Begins an environment or a reply. */
void assembly_begin(struct assembly *assembly, bool is_reply);

/* Adds what an event brought, percent-encoded, and sets `more`. PYST_ERR_NO_MEMORY adds nothing. */
int assembly_add(struct assembly *assembly, struct pyst_text encoded);

/*
 * The whole, as the program gets it: an environment with the blank line at its end, or one reply.
 * The view lives until the next _begin(). Cannot fail: _add() made room.
 */
struct pyst_text assembly_finish(struct assembly *assembly);

#endif
