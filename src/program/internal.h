/* SPDX-License-Identifier: MIT */
#ifndef PYST_PROGRAM_INTERNAL_H
#define PYST_PROGRAM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <pyst/agi/program.h>

#include "base/buffer.h"

/* A copy of `text`, a view into the last reply, that ends with a NUL; until the next command. */
struct pyst_text program_terminated(struct pyst_agi *agi, struct pyst_text text);

/* --- descriptor.c ------------------------------------------------------------------------ */

/* write() that never raises SIGPIPE, whatever its action. */
ssize_t descriptor_write(int fd, const void *data, size_t size);

/*
 * Waits for poll's `events` on `fd`, at most `timeout_ms` milliseconds (-1: for ever). 1 when there
 * is something, errors included; 0 when there is nothing, or a signal came.
 */
int descriptor_wait(int fd, short events, int timeout_ms);

/* --- hangup-signal.c --------------------------------------------------------------------- */

/*
 * Counts SIGHUPs from here on, unless the program has an action of its own for them; whether it
 * does. To be ended by hangup_signal_unwatch().
 */
bool hangup_signal_watch(void);
void hangup_signal_unwatch(void);
unsigned hangup_signal_count(void);

/* --- trace.c ----------------------------------------------------------------------------- */

struct trace {
    enum pyst_agi_trace kind;
    int fd;
    uint64_t call; /* its number in a server, told with each line; 0: it has none */
    bool environment_over;
    struct buffer received; /* a line that is not complete */
    struct buffer line;     /* as it is written */
};

/* What cannot be traced is not. All do nothing when `kind` is PYST_AGI_TRACE_OFF. */
void trace_sent(struct trace *trace, struct pyst_text line);
void trace_received(struct trace *trace, struct pyst_text bytes);
void trace_deinit(struct trace *trace); /* an incomplete line is written */

#endif
