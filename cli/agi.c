/* SPDX-License-Identifier: MIT */
#include <stddef.h>

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

static const struct command commands[] = {
    {"catalogue", command_agi_catalogue},
    {"run", command_agi_run},
#ifdef HAVE_SERVER
    {"serve", command_agi_serve},
#endif
    {NULL, NULL},
};

int command_agi(int argc, char **argv)
{
    return run_subcommand(commands, help, "pyst agi --help", argc, argv);
}
