/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONFIG_DOCUMENT_INTERNAL_H
#define PYST_CONFIG_DOCUMENT_INTERNAL_H

#include <stdatomic.h>

#include "config/line.h"

/*
 * A line is its bytes, which are a part of what was read or, once changed, its own; what they mean
 * was found when they were read and is kept as places in them.
 */
struct pyst_config_line {
    struct pyst_config_line *next;
    struct pyst_config_line *previous;
    const char *text;
    /* Name and value one after another, when they are not in the text as they are. */
    char *decoded;
    uint32_t size; /* of the text, with the line end */
    uint32_t number;
    struct config_range name;
    struct config_range value;
    uint16_t decoded_name_size;
    uint16_t decoded_value_size;
    uint8_t kind;
    bool is_object : 1;
    bool is_append : 1;
    bool has_value : 1;
    bool owns_text : 1;
    bool in_comment : 1;      /* it begins inside a block comment */
    bool changes_comment : 1; /* the depth at its end is not that at its beginning */
    bool is_setting : 1;      /* an item, or one that is broken */
};

struct line_block {
    struct line_block *next;
    size_t n_lines;
    struct pyst_config_line lines[];
};

#define BYTE_ORDER_MARK      "\xef\xbb\xbf" /* of UTF-8 */
#define BYTE_ORDER_MARK_SIZE 3

struct pyst_config_document {
    atomic_size_t references;
    struct pyst_text name;
    char *bytes; /* what was read, and behind it the name */
    size_t n_bytes;
    struct pyst_config_line *first;
    struct pyst_config_line *last;
    size_t mark_size; /* of a byte order mark before the first line */
    size_t size;      /* of that and all lines */
    bool changed;
    int depth; /* of the block comments at its end */

    struct line_block *blocks;
    size_t n_in_block;              /* used, of the first one */
    struct pyst_config_line *spare; /* removed ones, by next */

    struct pyst_config_problem *problems;
    size_t n_problems;
    size_t room_for_problems;
};

/* A new line that is in no list yet, all zero; NULL when there is no memory. */
struct pyst_config_line *config_line_new(struct pyst_config_document *document);
void config_line_free(struct pyst_config_document *document, struct pyst_config_line *line);

/* Puts it into the list before `before`; NULL: at the end. */
void config_line_link(struct pyst_config_document *document, struct pyst_config_line *line,
                      struct pyst_config_line *before);
void config_line_unlink(struct pyst_config_document *document, struct pyst_config_line *line);

/*
 * Keeps what was read in the line's text. `parts` views bytes of the text or of scratch space.
 * PYST_ERR_NO_MEMORY.
 */
int config_line_keep(struct pyst_config_line *line, const struct config_parts *parts);

/*
 * The same bytes as they are read when they come behind another file's, as those of a pattern do:
 * in a block comment that the other did not end, and a byte order mark means nothing.
 */
int config_document_continue(struct pyst_config_document **documentp,
                             const struct pyst_config_document *document, int depth);

/*
 * pyst_config_document_new() of bytes from malloc(), without a copy. They are taken over, whatever
 * comes of it.
 */
int config_document_adopt(struct pyst_config_document **documentp, struct pyst_text name,
                          char *bytes, size_t size);

/* The value of an item, for "+=" with the blanks before it. */
struct pyst_text config_line_whole_value(const struct pyst_config_line *line);

#endif
