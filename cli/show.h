/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_SHOW_H
#define PYST_CLI_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include <pyst/ami/message.h>

/*
 * Prints a message to standard output: as one line of JSON, or as text for a person, with a title
 * and colours on a terminal.
 */
void show_message(const struct pyst_ami_message *message, bool json);

/* Prints the lines that a command printed: as they are, or as one line of JSON. */
void show_output(const struct pyst_ami_message *message, bool json);

/* Prints a JSON object as one line and releases it. */
void show_json(json_t *object);

/*
 * A JSON string of bytes: UTF-8, or else taken for Latin-1, so that no byte is lost. NULL: no
 * memory.
 */
json_t *json_text(struct pyst_text text);

/*
 * Prints text from outside. Control characters and what is no UTF-8 are shown as \xNN, for a
 * terminal obeys some of them.
 */
void show_text(FILE *file, struct pyst_text text);

/* Versions of Asterisk, as bits of either catalogue. */
const char *versions_text(unsigned bits);
json_t *json_versions(unsigned bits);

#endif
