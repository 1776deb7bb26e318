/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_CONFIG_H
#define PYST_CLI_CONFIG_H

#include <pyst/config/file.h>
#include <pyst/dialplan.h>

/* The commands of `pyst config`. Each takes its own name as argv[0] and gives the exit code. */

int command_config_graph(int argc, char **argv);
int command_config_match(int argc, char **argv);

/* A dialplan and what it is made of. All zero: none. */
struct loaded_dialplan {
    struct pyst_config *config;
    struct pyst_dialplan *dialplan;
};

/*
 * Reads a dialplan and the files that it includes, which are looked for in `directory`, NULL: in
 * that of the file. Gives 0, or an exit code with the reason said.
 */
int load_dialplan(struct loaded_dialplan *loaded, const char *path, const char *directory);
void loaded_dialplan_deinit(struct loaded_dialplan *loaded);

#endif
