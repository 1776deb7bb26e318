/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
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

static int run(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "ami"))
        return command_ami(argc - 1, argv + 1);
    if (!strcmp(argv[1], "agi"))
        return command_agi(argc - 1, argv + 1);
    if (!strcmp(argv[1], "config"))
        return command_config(argc - 1, argv + 1);
#ifdef HAVE_SERVER
    if (!strcmp(argv[1], "emulator"))
        return pyst_cli_emulator(argc - 1, argv + 1);
#endif
    if (!strcmp(argv[1], "--version")) {
        puts("pyst " PYST_VERSION);
        return EXIT_DONE;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    return usage_error("%s is no command; pyst help lists them", argv[1]);
}

int main(int argc, char **argv)
{
    int code = run(argc, argv);

    /* Whoever closed a pipe early had what he wanted; a full disk is another matter. */
    if (fflush(stdout) != 0 && errno != EPIPE && code == EXIT_DONE) {
        fprintf(stderr, "pyst: standard output: %s\n", strerror(errno));
        code = EXIT_FAILED;
    }
    return code;
}
