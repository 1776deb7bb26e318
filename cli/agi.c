/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "agi.h"
#include "cli.h"

static const char help[] =
    "Usage: pyst agi COMMAND [OPTION...] [ARGUMENT...]\n"
    "\n"
    "  catalogue [NAME]   what Asterisk documents: all AGI commands, or some\n"
    "  run PROGRAM        an AGI program at the terminal, without an Asterisk\n"
#ifdef HAVE_SERVER
    "  serve FOLDER       the AGI programs of a folder, over FastAGI\n"
#endif
    "\n"
    "Each tells its options: pyst agi COMMAND --help.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"catalogue", command_agi_catalogue},
    {"run", command_agi_run},
#ifdef HAVE_SERVER
    {"serve", command_agi_serve},
#endif
};

int command_agi(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    return usage_error("%s is no command; pyst agi --help lists them", argv[1]);
}
