/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_H
#define PYST_CLI_H

/* What the commands of `pyst` share. */

/* Exit codes; docs/pyst.rst and main.c tell the user about them. */
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

/* Each takes its own name as argv[0] and gives the exit code. */
int command_ami(int argc, char **argv);
int command_agi(int argc, char **argv);
int command_config(int argc, char **argv);
int command_emulator(int argc, char **argv);

struct command {
    const char *name; /* NULL ends a list of them */
    int (*run)(int argc, char **argv);
};

/*
 * Runs the one that argv[1] names, and gives its exit code. Without a name, or asked for it, prints
 * the usage; `help_command` is what a user is told to print it with.
 */
int run_subcommand(const struct command *commands, const char *usage, const char *help_command,
                   int argc, char **argv);

/* Says what is wrong on standard error and gives EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says so and gives EXIT_FAILED. */
int out_of_memory(void);

/* The words with a blank between them, to be freed; NULL when there is no memory. */
char *join_words(int n_words, char **words);

#endif
