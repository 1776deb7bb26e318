/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_CONFIG_H
#define PYST_CLI_CONFIG_H

#include <jansson.h>

#include <pyst/config/file.h>
#include <pyst/dialplan.h>

/* The commands of `pyst config`. Each takes its own name as argv[0] and gives the exit code. */

int command_config_check(int argc, char **argv);
int command_config_diff(int argc, char **argv);
int command_config_fmt(int argc, char **argv);
int command_config_get(int argc, char **argv);
int command_config_graph(int argc, char **argv);
int command_config_match(int argc, char **argv);
int command_config_set(int argc, char **argv);
int command_config_show(int argc, char **argv);

/* Says on standard error what is wrong with the file, a PYST_ERR_*, and gives the exit code. */
int config_failure(const char *path, int error);

/* Reads a file or a pipe, "-" for standard input. Gives 0, or an exit code with the reason said. */
int read_config(struct pyst_config **configp, const char *path,
                const struct pyst_config_load_options *options);

/* The same, and says on standard error when Asterisk would refuse it, or something is missing. */
int load_config(struct pyst_config **configp, const char *path,
                const struct pyst_config_load_options *options);

/* What tells sections of one name apart: a setting that they have. All zero: any will do. */
struct config_filter {
    struct pyst_text name;
    struct pyst_text value;
};

/* Takes NAME=VALUE; false for what is none. */
bool config_filter_parse(struct config_filter *filter, const char *text);
bool config_filter_fits(const struct config_filter *filter,
                        const struct pyst_config_section *section);

/* Prints FILE:LINE. */
void show_config_place(FILE *file, const struct pyst_config_document *document,
                       const struct pyst_config_line *line);

/* Sets "file" and "line". */
void set_config_place(json_t *object, const struct pyst_config_document *document,
                      const struct pyst_config_line *line);

json_t *json_config_item(const struct pyst_config_item *item);

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
