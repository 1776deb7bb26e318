/* SPDX-License-Identifier: MIT */
#ifndef PYST_CLI_SHOW_H
#define PYST_CLI_SHOW_H

#include <stdbool.h>

#include <jansson.h>

#include <pyst/ami/message.h>

/*
 * Prints a message to standard output: as one line of JSON, or as text for a person, with a title
 * and colours on a terminal. Control characters in text are shown, never sent to the terminal.
 */
void show_message(const struct pyst_ami_message *message, bool json);

/* Prints the lines that a command printed: as they are, or as one line of JSON. */
void show_output(const struct pyst_ami_message *message, bool json);

/* Prints a JSON object as one line and releases it. */
void show_json(json_t *object);

/* A JSON string of bytes: UTF-8, or else taken for Latin-1, so that nothing is lost. */
json_t *json_text(struct pyst_text text);

#endif
