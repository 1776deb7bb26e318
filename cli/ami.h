/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_AMI_H
#define PYST_CLI_AMI_H

#include "settings.h"

/*
 * Connects and logs in by the settings. 0 and a connection that ami_close() ends, or an exit code
 * with the reason said. `events` is the Events header of the login. `filters` are set on the
 * server.
 */
int ami_open(const struct settings *settings, const char *events, const struct pyst_text *filters,
             size_t n_filters, struct pyst_ami_connection **connectionp);

/* Logs off if the connection still stands, and frees it. */
void ami_close(struct pyst_ami_connection *connection);

/* Set by SIGINT and SIGTERM. */
bool ami_interrupted(void);

/* Says on standard error what an error of this connection was; gives the exit code. */
int ami_failed(const struct pyst_ami_connection *connection, int error);

#endif
