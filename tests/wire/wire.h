/* SPDX-License-Identifier: MIT */
#ifndef PYST_TESTS_WIRE_H
#define PYST_TESTS_WIRE_H

/* The cases of the documents beside this file, whose README.md describes them. */

#include <stdbool.h>
#include <stddef.h>

#include <pyst/ami/parser.h>

struct wire_line {
    struct pyst_text name; /* absent: a line without a colon */
    struct pyst_text value;
};

struct wire_message {
    int error; /* negative: an error in the place of a message, and nothing else is set */
    enum pyst_ami_kind kind;
    struct pyst_text name;
    struct wire_line *lines;
    size_t n_lines;
    struct pyst_text data; /* absent: not compared */
    struct pyst_text raw;
};

struct wire_case {
    char *title; /* "FILE: HEADING" */
    bool greeting;
    struct pyst_ami_limits limits;
    struct pyst_text bytes;
    struct wire_message *messages;
    size_t n_messages;
    int seal;
};

struct wire_cases {
    struct wire_case *cases;
    size_t n;
    void *allocations;
};

/*
 * Reads every document of the folder, in the order of their names. A document that is not as it
 * should be ends the program with its name, the line and what is wrong.
 */
void wire_read(struct wire_cases *cases, const char *folder);

void wire_free(struct wire_cases *cases);

#endif
