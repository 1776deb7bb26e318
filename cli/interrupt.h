/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_INTERRUPT_H
#define PYST_CLI_INTERRUPT_H

/*
 * SIGINT and SIGTERM ask the program to leave. Waits watch interrupt_fd() beside what they wait
 * for, so a signal that comes just before a wait is not missed. What is being printed is printed
 * whole; a second signal kills as usual, should leaving take for ever.
 */

#include <stdbool.h>

/* From now on; also has writes to a broken pipe fail instead of killing. 0, or -1 and errno. */
int interrupt_catch(void);

/* Whether a signal came. */
bool interrupt_came(void);

/* Readable once a signal came. */
int interrupt_fd(void);

/* Returns once a signal came. */
void interrupt_wait(void);

#endif
