/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_SETTINGS_H
#define PYST_CLI_SETTINGS_H

/* Where and how to connect, and how to print: from options, the environment and a file. */

#include <stdbool.h>

/* All texts are owned. All zero but timeout is where settings begin. */
struct settings {
    char *host;
    unsigned host_port; /* what stood behind the host; 0: nothing */
    unsigned port;      /* set by itself; counts before host_port; 0: not set */
    char *user;
    char *secret;
    bool tls;
    bool skip_verification;
    char *ca_file;
    char *server_name;
    char *certificate_file;
    char *key_file;
    double timeout; /* seconds: for the connection, the login, each answer */
    bool json;
    bool strict;
};

void settings_deinit(struct settings *settings);

/*
 * The functions below give 0, or an exit code with the reason said.
 */

/*
 * Reads "key = value" lines, the keys as of settings_set(). A file that holds a secret must be
 * closed to all but its owner. `path` NULL reads the usual file, $XDG_CONFIG_HOME/pyst/ami.conf,
 * if there is one.
 */
int settings_read_file(struct settings *settings, const char *path);

/* Takes what the environment has: ASTERISK (host[:port]), ASTERISK_USER, ASTERISK_SECRET. */
int settings_read_environment(struct settings *settings);

/* Reads the secret from the first line of a file, "-" for standard input. */
int settings_read_secret(struct settings *settings, const char *path);

/*
 * Sets one, which replaces what was set before: host, port, user, secret, tls, ca-file,
 * server-name, certificate, key, timeout.
 */
int settings_set(struct settings *settings, const char *key, const char *value);

/*
 * Says what does not fit together, and asks for a secret where there is a person to ask, until
 * interrupt_came().
 */
int settings_complete(struct settings *settings);

/* A decimal number from 1 to `max`, or a number of seconds; `what` begins what is said of others.
 */
int settings_number(const char *what, const char *value, unsigned long max, unsigned long *number);
int settings_seconds(const char *what, const char *value, double *seconds);

#endif
