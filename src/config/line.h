/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONFIG_LINE_H
#define PYST_CONFIG_LINE_H

/* One line of a configuration file: what Asterisk reads in it (main/config.c). */

#include <pyst/config/document.h>

#define CONFIG_READ_SIZE 8191 /* bytes that Asterisk reads at a time, its line end among them */

/* A part of a line, in bytes from its beginning. */
struct config_range {
    uint16_t begin;
    uint16_t end;
};

struct config_parts {
    enum pyst_config_line_kind kind;
    bool is_setting; /* an item, or one that is broken */
    bool is_object;
    bool is_append;
    bool has_value;            /* of a section its options, of a directive its argument */
    struct config_range name;  /* where it is written */
    struct config_range value; /* of an empty value, where one would be written; with the blanks
                                  before it when it is appended */
    /* What is read there: a part of the line, or of the scratch space when comments or escapes are
       left out. */
    struct pyst_text name_text;
    struct pyst_text value_text;
    bool is_decoded;

    bool has_problem;
    enum pyst_config_problem_kind problem;
    uint16_t problem_at;
    bool has_note; /* beside a meaning; a problem goes before it */
    enum pyst_config_problem_kind note;
    uint16_t note_at;
};

struct config_scratch {
    char clean[CONFIG_READ_SIZE + 1];  /* the line without its comments */
    uint16_t at[CONFIG_READ_SIZE + 1]; /* where each byte of that stands in the line */
};

/*
 * Reads a line of at most CONFIG_READ_SIZE bytes, with or without its line end. `depth` is that of
 * the block comments at its beginning and is set to that at its end; as in Asterisk it can fall
 * below 0, where everything is a comment, too.
 */
void config_line_read(struct config_parts *parts, struct pyst_text line, int *depth,
                      struct config_scratch *scratch);

static inline bool config_is_blank(char c)
{
    return (unsigned char)c < 33; /* as ast_strip and its like have it */
}

/* Without blanks at both ends. */
struct pyst_text config_strip(struct pyst_text text);

/* A directive's argument without the quotes or angle brackets around it. */
struct pyst_text config_unquote(struct pyst_text argument);

#endif
