/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char help[] =
    "Usage: pyst COMMAND [ARGUMENT...]\n"
    "\n"
    "  ami        talk to an Asterisk manager: actions, commands, events (pyst ami --help)\n"
    "  agi        AGI programs and the commands that they send (pyst agi --help)\n"
    "  config     configuration files and dialplans (pyst config --help)\n"
#ifdef HAVE_SERVER
    "  emulator   play an Asterisk manager for tests and demonstrations (pyst emulator --help)\n"
#endif
    "  help       print this\n"
    "\n"
    "  --version  print the version\n"
    "\n"
    "Exit codes: 0 done; 1 Asterisk answered with an error, or of config the answer is no; 2 the\n"
    "command line or the settings are wrong; 3 no connection, or it was lost; 4 the login was\n"
    "refused; 5 no answer in time; 6 anything else; 130 interrupted.\n";

int usage_error(const char *format, ...)
{
    va_list arguments;

    fputs("pyst: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\n", stderr);
    return EXIT_USAGE;
}

int out_of_memory(void)
{
    fputs("pyst: out of memory\n", stderr);
    return EXIT_FAILED;
}

char *join_words(int n_words, char **words)
{
    size_t size = 1;
    char *joined;

    for (int i = 0; i < n_words; i++)
        size += strlen(words[i]) + 1;
    joined = malloc(size);
    if (!joined)
        return NULL;
    joined[0] = '\0';
    for (int i = 0; i < n_words; i++) {
        if (i > 0)
            strcat(joined, " ");
        strcat(joined, words[i]);
    }
    return joined;
}

int run_subcommand(const struct command *commands, const char *usage, const char *help_command,
                   int argc, char **argv)
{
    if (argc < 2) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    for (; commands->name; commands++)
        if (!strcmp(argv[1], commands->name))
            return commands->run(argc - 1, argv + 1);
    return usage_error("%s is no command; %s lists them", argv[1], help_command);
}

static int print_help(int argc, char **argv)
{
    (void)argc, (void)argv;
    fputs(help, stdout);
    return EXIT_DONE;
}

static int print_version(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts("pyst " PYST_VERSION);
    return EXIT_DONE;
}

static const struct command commands[] = {
    {"ami", command_ami},           {"agi", command_agi},         {"config", command_config},
#ifdef HAVE_SERVER
    {"emulator", command_emulator},
#endif
    {"help", print_help},           {"--version", print_version}, {NULL, NULL},
};

int main(int argc, char **argv)
{
    int code = run_subcommand(commands, help, "pyst help", argc, argv);

    /* Whoever closed a pipe early had what he wanted; a full disk is another matter. */
    if (fflush(stdout) != 0 && errno != EPIPE && code == EXIT_DONE) {
        fprintf(stderr, "pyst: standard output: %s\n", strerror(errno));
        code = EXIT_FAILED;
    }
    return code;
}
