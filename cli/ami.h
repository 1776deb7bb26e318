/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_AMI_H
#define PYST_CLI_AMI_H

/* The commands of `pyst ami`. Each takes its own name as argv[0] and gives the exit code. */

#include "settings.h"

int command_ami_catalogue(struct settings *settings, int argc, char **argv);
int command_ami_action(struct settings *settings, int argc, char **argv);
int command_ami_list(struct settings *settings, int argc, char **argv);
int command_ami_command(struct settings *settings, int argc, char **argv);
int command_ami_events(struct settings *settings, int argc, char **argv);

#endif
