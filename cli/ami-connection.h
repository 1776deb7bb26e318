/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_AMI_CONNECTION_H
#define PYST_CLI_AMI_CONNECTION_H

/*
 * The connection of one run of `pyst ami`: it ends at a signal, and when nobody reads what is
 * printed any more.
 */

#include <stdbool.h>
#include <stdint.h>

#include <pyst/connection.h>

#include "settings.h"

/*
 * Asks for what is missing, connects and logs in. `events` is the Events header of the login,
 * `filters` are set on the server. 0 and a connection that ami_close() ends, or an exit code with
 * the reason said.
 */
int ami_open(struct settings *settings, const char *events, const struct pyst_text *filters,
             size_t n_filters, struct pyst_ami_connection **connectionp);

/* Logs off if the connection still stands and owes no answer, and frees it. */
void ami_close(struct pyst_ami_connection *connection);

/*
 * The next notice: 1, or 0 when none came until `until` (of pyst_ami_connection_now()). Prints
 * what is buffered before it waits. Errors: PYST_ERR_CANCELLED after SIGINT, SIGTERM or a failure
 * of standard output; PYST_ERR_CLOSED when no notice can come; those of the connection.
 */
int ami_wait(struct pyst_ami_connection *connection, uint64_t until,
             struct pyst_ami_notice *noticep);

/* Whether the user or the reader of the output has had enough. */
bool ami_was_left(void);

/* Says on standard error what an error of this connection was; gives the exit code. */
int ami_failed(const struct pyst_ami_connection *connection, int error);

/* The same for an error that an answer reports: its Message is part of what is said. */
int ami_refused(const struct pyst_ami_message *response, int error);

/* The exit code that goes with a PYST_ERR_*. */
int ami_exit_code(int error);

#endif
