/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_H
#define PYST_CLI_H

/* What the subcommands of `pyst` share. */

#include <stdbool.h>

#include <pyst/connection.h>

/* Exit codes; documented in docs/pyst.rst and in `pyst help`. */
enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,    /* Asterisk answered with an error */
    EXIT_USAGE = 2,      /* the command line or the settings are wrong; nothing was sent */
    EXIT_CONNECTION = 3, /* no connection could be made, or it was lost */
    EXIT_LOGIN = 4,      /* the user name or secret was refused */
    EXIT_TIMED_OUT = 5,  /* no answer in time */
    EXIT_FAILED = 6,     /* something else: memory, the system */
    EXIT_INTERRUPTED = 130
};

/* Where and how to connect, and how to print. */
struct settings {
    char *host;
    unsigned port;
    char *user;
    char *secret;
    struct pyst_ami_tls_options tls;
    char *ca_file, *server_name, *certificate_file, *key_file; /* those of tls, owned */
    double timeout;                                            /* seconds for one action */
    bool json;
    bool strict;
};

/* What follows the program's name and the subcommand's; argv[0] is the subcommand's. */
int command_ami(int argc, char **argv);
int command_catalogue(struct settings *settings, int argc, char **argv);
int command_action(struct settings *settings, int argc, char **argv);
int command_list(struct settings *settings, int argc, char **argv);
int command_command(struct settings *settings, int argc, char **argv);
int command_events(struct settings *settings, int argc, char **argv);

/* Says what is wrong on standard error, with the command to ask for help, and gives EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit code that goes with a PYST_ERR_*. */
int exit_code(int error);

#endif
