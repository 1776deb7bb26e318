/* SPDX-License-Identifier: MIT */
#ifndef PYST_PYTHON_CONFIG_OBJECTS_H
#define PYST_PYTHON_CONFIG_OBJECTS_H

/* What the parts of asterisk._core for configuration files know of one another. */

#include "core.h"

#include <pyst/config/file.h>

/* Bytes above which other threads run while a text is parsed. */
#define CONFIG_LARGE 65536

struct config_document {
    PyObject_HEAD struct core *core;
    struct pyst_config_document *document;
    struct pyst_config_stamp stamp; /* of the file that it was read from or written to */
    PyObject *lines;                /* address of a line -> address of its object, not owned */
    bool is_saving;                 /* in another thread */
};

struct config_line {
    PyObject_HEAD struct config_document *document;
    struct pyst_config_line *line; /* NULL: it was removed */
};

/* A PYST_ERR_* as an exception: what Asterisk could not read back, ConfigurationError; errno and
 * `path` (may be NULL), OSError. Returns NULL. */
PyObject *config_raise(struct core *core, int error, PyObject *path);

PyObject *config_file_name(struct pyst_text name);

/* (line, column, severity, sentence, what, kind) */
PyObject *config_problem(const struct pyst_config_problem *problem);

/* config-line.c: the object of a line, one for each; None for NULL. */
PyObject *config_line_wrap(struct config_document *document, struct pyst_config_line *line);
/* The line of an object that must be one of the document's, else NULL with an exception. */
struct pyst_config_line *config_line_of(struct config_document *document, PyObject *object);
/* None is NULL. Returns 0, or -1 with an exception. */
int config_line_or_none(struct config_document *document, PyObject *object,
                        struct pyst_config_line **linep);
/* Notes that a line is about to be removed. Returns 0, or -1 with an exception. */
int config_line_forget(struct config_document *document, struct pyst_config_line *line);
/* Whether it may be changed now; else an exception. */
bool config_may_change(struct config_document *document);

/* config-resolved.c */
PyObject *config_resolve(struct core *core, const char *path, struct pyst_config_document *document,
                         PyObject *directory, bool execute);
/* What a ConfigResolved has, as long as it lives; NULL with an exception for another object. */
const struct pyst_config *config_of_resolved(struct core *core, PyObject *object);

/* config-pyst.c: a function of the module. */
PyObject *config_is_plain(PyObject *module, PyObject *data);

extern PyType_Spec config_document_spec;
extern PyType_Spec config_line_spec;
extern PyType_Spec config_resolved_spec;
extern PyType_Spec config_section_spec;

#endif
