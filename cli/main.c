/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char help[] =
    "Usage: pyst COMMAND [ARGUMENT...]\n"
    "\n"
    "  ami        talk to an Asterisk manager: actions, commands, events (pyst ami --help)\n"
    "  emulator   play an Asterisk manager for tests and demonstrations (pyst emulator --help)\n"
    "  help       print this\n"
    "\n"
    "  --version  print the version\n"
    "\n"
    "Exit codes: 0 done; 1 Asterisk answered with an error; 2 the command line or the settings\n"
    "are wrong; 3 no connection, or it was lost; 4 the login was refused; 5 no answer in time;\n"
    "6 anything else; 130 interrupted.\n";

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

int exit_code(int error)
{
    switch (error) {
    case PYST_OK:
        return EXIT_DONE;
    case PYST_ERR_PERMISSION:
    case PYST_ERR_UNKNOWN_ACTION:
    case PYST_ERR_REFUSED:
    case PYST_ERR_CANCELLED_LIST:
        return EXIT_REFUSED;
    case PYST_ERR_AUTHENTICATION:
        return EXIT_LOGIN;
    case PYST_ERR_TIMED_OUT:
        return EXIT_TIMED_OUT;
    case PYST_ERR_INVALID:
    case PYST_ERR_BAD_NAME:
    case PYST_ERR_BAD_VALUE:
    case PYST_ERR_LINE_TOO_LONG:
    case PYST_ERR_TOO_MANY_HEADERS:
    case PYST_ERR_NOT_IN_CATALOGUE:
    case PYST_ERR_MISSING_PARAMETER:
        return EXIT_USAGE;
    case PYST_ERR_NO_MEMORY:
    case PYST_ERR_SYSTEM:
    case PYST_ERR_STATE:
        return EXIT_FAILED;
    default:
        return EXIT_CONNECTION;
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "ami"))
        return command_ami(argc - 1, argv + 1);
#ifdef HAVE_EMULATOR
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
