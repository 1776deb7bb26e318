/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONFIG_DOCUMENT_H
#define PYST_CONFIG_DOCUMENT_H

/**
 * A configuration file of Asterisk as it is written: its lines, in order, to read and to change.
 *
 * Nothing is lost: what was read and not changed is written byte for byte as it was, comments,
 * blanks, odd line ends and errors among it. What a line means follows main/config.c of Asterisk
 * (config_text_file_load, process_text_line); what all lines together mean, templates and included
 * files among them, is the resolved view (pyst/config/config.h).
 *
 * A document does no I/O and belongs to one thread at a time; one that is not changed may be read
 * by many.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/error.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Asterisk skips lines that are longer, without their line end (main/config.c, buf[8192]). */
#define PYST_CONFIG_LINE_SIZE 8190
/** Block comments, ;-- to --;, nest so deep (main/config.c, MAX_NESTED_COMMENTS). */
#define PYST_CONFIG_COMMENT_DEPTH 128
/** Asterisk keeps so many bytes of a section's name (main/config.c, struct ast_category). */
#define PYST_CONFIG_SECTION_NAME_SIZE 79

struct pyst_config_document;
struct pyst_config_line;

enum pyst_config_line_kind {
    PYST_CONFIG_BLANK,     /* nothing, or a comment alone, or a line inside a block comment */
    PYST_CONFIG_SECTION,   /* [name] or [name](options) */
    PYST_CONFIG_ITEM,      /* name = value, name => value, name += value */
    PYST_CONFIG_DIRECTIVE, /* #include, #tryinclude, #exec, or a word that Asterisk knows not */
    PYST_CONFIG_TOO_LONG,  /* skipped by Asterisk */
    PYST_CONFIG_BROKEN     /* no meaning: the document's problems say why */
};

/** What is wrong with a line, and what Asterisk makes of it. */
enum pyst_config_problem_kind {
    /* Asterisk refuses the file, from here on. */
    PYST_CONFIG_NO_CLOSING_BRACKET,
    PYST_CONFIG_NO_CLOSING_PARENTHESIS,
    PYST_CONFIG_BAD_ESCAPE,       /* a backslash with nothing behind it */
    PYST_CONFIG_NO_SECTION,       /* an item before any section */
    PYST_CONFIG_UNKNOWN_TEMPLATE, /* [a](b) without a [b] before */
    PYST_CONFIG_UNKNOWN_ADDITION, /* [a](+) without an [a] before */
    PYST_CONFIG_MISSING_FILE,     /* #include of a file that is not there */
    PYST_CONFIG_BAD_FILTER,       /* [a](+filter) with a regular expression that is none */
    PYST_CONFIG_INCLUDE_TOO_DEEP, /* more than ten files one inside another; also a loop */
    /* Asterisk logs a warning and goes on. */
    PYST_CONFIG_NO_EQUAL_SIGN,
    PYST_CONFIG_NO_NAME,
    PYST_CONFIG_UNKNOWN_DIRECTIVE,
    PYST_CONFIG_NO_ARGUMENT,   /* of a directive */
    PYST_CONFIG_LINE_TOO_LONG, /* the line is skipped */
    PYST_CONFIG_COMMENT_NOT_ENDED,
    PYST_CONFIG_COMMENT_TOO_DEEP, /* than PYST_CONFIG_COMMENT_DEPTH; the innermost is none */
    PYST_CONFIG_EXEC_OFF,         /* #exec, which was not allowed */
    /* Asterisk says nothing, but it is hardly meant. */
    PYST_CONFIG_SECTION_NAME_CUT, /* longer than PYST_CONFIG_SECTION_NAME_SIZE */
    PYST_CONFIG_TEXT_BEHIND_SECTION
};

/** How many kinds there are. */
#define PYST_CONFIG_PROBLEM_KINDS (PYST_CONFIG_TEXT_BEHIND_SECTION + 1)

enum pyst_config_severity {
    PYST_CONFIG_ERROR,   /* Asterisk refuses the file */
    PYST_CONFIG_WARNING, /* Asterisk warns */
    PYST_CONFIG_NOTE
};

PYST_PUBLIC enum pyst_config_severity
pyst_config_problem_severity(enum pyst_config_problem_kind kind);

/** Its name for programs, such as "missing-file"; static. */
PYST_PUBLIC const char *pyst_config_problem_name(enum pyst_config_problem_kind kind);

/** A sentence for whoever writes dialplans, without a full stop; static. */
PYST_PUBLIC const char *pyst_config_problem_text(enum pyst_config_problem_kind kind);

struct pyst_config_problem {
    enum pyst_config_problem_kind kind;
    size_t line;           /* from 1; 0: one that was added */
    size_t column;         /* in bytes, from 1 */
    struct pyst_text what; /* the name or file it is about; or absent */
};

/**
 * Reads a file's bytes, which are copied. `name` is for messages and for whoever asks; it may be
 * anything. Bytes that make no sense are problems, not errors. Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_config_document_new(struct pyst_config_document **documentp,
                                         struct pyst_text name, struct pyst_text bytes);

/** Takes a reference, in any thread, and returns the document; NULL gives NULL. */
PYST_PUBLIC struct pyst_config_document *
pyst_config_document_ref(struct pyst_config_document *document);

/** Drops a reference; the last one frees. Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_config_document *
pyst_config_document_unref(struct pyst_config_document *document);

PYST_PUBLIC struct pyst_text pyst_config_document_name(const struct pyst_config_document *document);

/** The number of bytes it is written as. */
PYST_PUBLIC size_t pyst_config_document_size(const struct pyst_config_document *document);

/** Writes it to `out`, which has room for pyst_config_document_size() bytes. */
PYST_PUBLIC void pyst_config_document_write(const struct pyst_config_document *document, char *out);

/** Whether it was changed since it was read or pyst_config_document_set_saved(). */
PYST_PUBLIC bool pyst_config_document_is_changed(const struct pyst_config_document *document);
PYST_PUBLIC void pyst_config_document_set_saved(struct pyst_config_document *document);

/** Problems of single lines, in their order, as the document was read. 0 and up. */
PYST_PUBLIC size_t pyst_config_document_problem_count(const struct pyst_config_document *document);
PYST_PUBLIC struct pyst_config_problem
pyst_config_document_problem(const struct pyst_config_document *document, size_t i);

/*
 * Lines. A line lives until it is removed or the document ends, and stays the same object when it
 * is changed or moved. What it tells lives until the next change of the line.
 */

/** NULL when there are none. */
PYST_PUBLIC struct pyst_config_line *
pyst_config_document_first(const struct pyst_config_document *document);
PYST_PUBLIC struct pyst_config_line *
pyst_config_document_last(const struct pyst_config_document *document);
PYST_PUBLIC struct pyst_config_line *pyst_config_line_next(const struct pyst_config_line *line);
PYST_PUBLIC struct pyst_config_line *pyst_config_line_previous(const struct pyst_config_line *line);

PYST_PUBLIC enum pyst_config_line_kind pyst_config_line_kind(const struct pyst_config_line *line);

/** Its number when the document was read, from 1; 0 for a line that was added. */
PYST_PUBLIC size_t pyst_config_line_number(const struct pyst_config_line *line);

/** Its bytes as they are written, with the line end, but without a byte order mark before it. */
PYST_PUBLIC struct pyst_text pyst_config_line_text(const struct pyst_config_line *line);

/**
 * Of a section its name, of an item the name, of a directive the word behind "#"; else absent.
 * As Asterisk understands it: without comments, and without the backslashes of escaped semicolons.
 */
PYST_PUBLIC struct pyst_text pyst_config_line_name(const struct pyst_config_line *line);

/**
 * Of an item the value; of a section what stands in the parentheses, absent without; of a directive
 * the argument, without its quotes, absent without; else absent. As Asterisk understands it.
 */
PYST_PUBLIC struct pyst_text pyst_config_line_value(const struct pyst_config_line *line);

/** Whether an item is written with "=>". */
PYST_PUBLIC bool pyst_config_line_is_object(const struct pyst_config_line *line);

/** Whether an item is written with "+=". */
PYST_PUBLIC bool pyst_config_line_is_append(const struct pyst_config_line *line);

/** Whether it begins inside a block comment. */
PYST_PUBLIC bool pyst_config_line_is_in_comment(const struct pyst_config_line *line);

/**
 * The section that a line stands in: the last SECTION at or before it; NULL when there is none.
 */
PYST_PUBLIC struct pyst_config_line *pyst_config_line_section(const struct pyst_config_line *line);

/**
 * The next line after `line` that is a SECTION of that name, in any case, or, `name` absent, of
 * any; `line` NULL: the first. NULL when there is none.
 */
PYST_PUBLIC struct pyst_config_line *
pyst_config_document_find_section(const struct pyst_config_document *document,
                                  struct pyst_text name, const struct pyst_config_line *line);

/** The next ITEM of that name, in any case, behind `line` in the same section; NULL: none. */
PYST_PUBLIC struct pyst_config_line *pyst_config_line_find_item(const struct pyst_config_line *line,
                                                                struct pyst_text name);

/*
 * Changes. Only the line itself changes, and of it only what has to: indentation, the blanks about
 * "=", a comment behind the value stay. A semicolon in a value is escaped. What is there already
 * changes nothing, and nor does what fails.
 *
 * Errors of all: PYST_ERR_NO_MEMORY; PYST_ERR_INVALID, a line of the wrong kind;
 * PYST_ERR_BAD_CONFIG_TEXT, a name or value that Asterisk could not read back: CR, LF, NUL, blanks
 * at an end, "]" or "=" in a name and its like; PYST_ERR_CONFIG_LINE_TOO_LONG.
 */

/** Sets an item's value, or a directive's argument, or what stands in a section's parentheses. */
PYST_PUBLIC int pyst_config_line_set_value(struct pyst_config_document *document,
                                           struct pyst_config_line *line, struct pyst_text value);

/** Renames an item or a section. */
PYST_PUBLIC int pyst_config_line_set_name(struct pyst_config_document *document,
                                          struct pyst_config_line *line, struct pyst_text name);

/** How an item is written. */
enum pyst_config_style {
    PYST_CONFIG_STYLE_NEIGHBOUR, /* as the nearest item of the section, else "name = value" */
    PYST_CONFIG_STYLE_VARIABLE,  /* with "=", blanks as the neighbours have them */
    PYST_CONFIG_STYLE_OBJECT,    /* with "=>" */
    PYST_CONFIG_STYLE_APPEND     /* with "+=" */
};

/**
 * Adds an item before `before`; NULL: at the end of the document. *linep may be NULL. To add at the
 * end of a section, pyst_config_section_end() tells the place.
 */
PYST_PUBLIC int pyst_config_document_add_item(struct pyst_config_document *document,
                                              struct pyst_config_line *before,
                                              struct pyst_text name, struct pyst_text value,
                                              enum pyst_config_style style,
                                              struct pyst_config_line **linep);

/**
 * Adds a section, as of pyst_config_document_add_item(); `options` absent: without parentheses.
 * Where the section next to it has an empty line above, it gets one, too.
 */
PYST_PUBLIC int pyst_config_document_add_section(struct pyst_config_document *document,
                                                 struct pyst_config_line *before,
                                                 struct pyst_text name, struct pyst_text options,
                                                 struct pyst_config_line **linep);

/**
 * Adds a line of any other kind as it is: a comment with its semicolon, an empty line, a directive.
 * PYST_ERR_BAD_CONFIG_TEXT when it has a line end, or begins or ends a block comment.
 */
PYST_PUBLIC int pyst_config_document_add_line(struct pyst_config_document *document,
                                              struct pyst_config_line *before,
                                              struct pyst_text text,
                                              struct pyst_config_line **linep);

/** Removes a line. PYST_ERR_INVALID when it begins or ends a block comment of several lines. */
PYST_PUBLIC int pyst_config_document_remove(struct pyst_config_document *document,
                                            struct pyst_config_line *line);

/**
 * Moves the lines from `first` to `last` before `before`, which is none of them; NULL: to the end.
 */
PYST_PUBLIC int pyst_config_document_move(struct pyst_config_document *document,
                                          struct pyst_config_line *first,
                                          struct pyst_config_line *last,
                                          struct pyst_config_line *before);

/**
 * Where what is added to a section belongs: behind its last item, before the blank lines and
 * comments that lead to the next section. NULL: the end of the document.
 */
PYST_PUBLIC struct pyst_config_line *
pyst_config_section_end(const struct pyst_config_line *section);

#ifdef __cplusplus
}
#endif

#endif
