/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_SETTINGS_H
#define PYST_CLI_SETTINGS_H

#include "cli.h"

void settings_deinit(struct settings *settings);

/*
 * Reads "key = value" lines: host, port, user, secret, tls, ca-file, server-name, certificate, key,
 * timeout. A file that holds a secret must be readable by its owner alone. `path` NULL reads the
 * usual place, $XDG_CONFIG_HOME/pyst/ami.conf, if there is one. 0, or EXIT_USAGE with the reason
 * said.
 */
int settings_read_file(struct settings *settings, const char *path);

/* Takes what the environment has: ASTERISK (host[:port]), ASTERISK_USER, ASTERISK_SECRET. */
int settings_read_environment(struct settings *settings);

/* Reads the secret from the first line of a file, "-" for standard input. */
int settings_read_secret(struct settings *settings, const char *path);

/* Sets one by the name it has in the file. 0, or EXIT_USAGE with the reason said. */
int settings_set(struct settings *settings, const char *key, const char *value);

/* Asks for a secret that is missing, where there is a person to ask. */
int settings_complete(struct settings *settings);

#endif
