/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONFIG_CONFIG_H
#define PYST_CONFIG_CONFIG_H

/**
 * A configuration as Asterisk would hand it to a module: sections and their items, with templates
 * inherited, additions applied and included files merged (main/config.c). Each item knows the
 * document and the line it came from.
 *
 * A configuration does not change; make a new one when a document has changed. It holds references
 * to its documents, and its texts live as long as it does, but those of a line that is changed or
 * removed only until then. Any thread may read it while no document is changed.
 */

#include <pyst/config/document.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_config;

/** Asterisk reads so many files one inside another, besides the first (MAX_INCLUDE_LEVEL). */
#define PYST_CONFIG_INCLUDE_DEPTH 10

struct pyst_config_item {
    struct pyst_text name;
    struct pyst_text value;
    bool is_object;    /* "=>" */
    bool is_inherited; /* of a template, and nothing was added to it (+=) */
    /* Where it was written; of one that was appended to (+=), where it was begun. */
    const struct pyst_config_document *document;
    const struct pyst_config_line *line;
};

struct pyst_config_section {
    struct pyst_text name;
    bool is_template;
    struct pyst_config_item *items;
    size_t n_items;
    const struct pyst_config_section **templates; /* that it inherits from, in order */
    size_t n_templates;
    const struct pyst_config_document *document;
    const struct pyst_config_line *line;
    size_t index; /* among the sections, from 0 */
};

/**
 * Where included files come from. `open` is called for the argument of an #include with i = 0, 1,
 * ... until it gives 0: each time the next of the files that the argument names, which may be a
 * pattern, in the order of their names. It gives 1 and a document, whose reference it hands over,
 * 0 when there are no more, or a PYST_ERR_*. When no more are wanted before that, it is called with
 * i = SIZE_MAX, documentp NULL. Files nest: the argument of an #include within a file is asked for
 * to its end before the next file of the outer one. `execute` does the same for #exec, once; NULL:
 * #exec is not allowed.
 */
struct pyst_config_source {
    int (*open)(void *user, struct pyst_text argument, size_t i,
                struct pyst_config_document **documentp);
    int (*execute)(void *user, struct pyst_text command, struct pyst_config_document **documentp);
    void *user;
};

/**
 * What a configuration may grow to, for a small file can ask for much: templates multiply, files
 * include themselves more than once, each "+=" looks through its section. A field of 0 is its
 * default.
 */
struct pyst_config_limits {
    size_t sections; /* 0: 16777216 */
    size_t items;    /* of all sections; 0: 16777216 */
    size_t bytes;    /* that included files and the values of "+=" take; 0: 1073741824 */
    size_t steps;    /* sections and items looked at for additions and "+="; 0: 1000000000 */
};

/**
 * Resolves a document. `source` NULL: every #include is a file that does not exist. What is wrong
 * is a problem, and what can be read is there; the rest is read as if Asterisk had not stopped.
 * Errors: PYST_ERR_NO_MEMORY, PYST_ERR_LIMIT_CONFIG, and those of `source`.
 */
PYST_PUBLIC int pyst_config_new(struct pyst_config **configp, struct pyst_config_document *document,
                                const struct pyst_config_source *source,
                                const struct pyst_config_limits *limits);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_config *pyst_config_free(struct pyst_config *config);

/** Whether Asterisk would load it: there is no problem that is an error in the first document. */
PYST_PUBLIC bool pyst_config_is_valid(const struct pyst_config *config);

PYST_PUBLIC size_t pyst_config_section_count(const struct pyst_config *config);

/** Section `i`, from 0; templates are among them. */
PYST_PUBLIC const struct pyst_config_section *pyst_config_section(const struct pyst_config *config,
                                                                  size_t i);

/**
 * The first section of that name, in any case, that is no template and stands behind `after`, which
 * may be NULL; NULL when there is none.
 */
PYST_PUBLIC const struct pyst_config_section *
pyst_config_find(const struct pyst_config *config, struct pyst_text name,
                 const struct pyst_config_section *after);

/** The last item of that name, in any case, which is the one that counts; NULL: none. */
PYST_PUBLIC const struct pyst_config_item *
pyst_config_section_get(const struct pyst_config_section *section, struct pyst_text name);

/** Problems of all documents, in the order in which they are met. */
struct pyst_config_found {
    const struct pyst_config_document *document;
    struct pyst_config_problem problem;
};

PYST_PUBLIC size_t pyst_config_problem_count(const struct pyst_config *config);
PYST_PUBLIC struct pyst_config_found pyst_config_problem(const struct pyst_config *config,
                                                         size_t i);

/** The documents that were read, the first one first; each once for each time it was included. */
PYST_PUBLIC size_t pyst_config_document_count(const struct pyst_config *config);
PYST_PUBLIC struct pyst_config_document *pyst_config_document(const struct pyst_config *config,
                                                              size_t i);

#ifdef __cplusplus
}
#endif

#endif
