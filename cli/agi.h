/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_AGI_H
#define PYST_CLI_AGI_H

/* The commands of `pyst agi`. Each takes its own name as argv[0] and gives the exit code. */

int command_agi_catalogue(int argc, char **argv);
int command_agi_run(int argc, char **argv);
int command_agi_serve(int argc, char **argv);

#endif
