/* SPDX-License-Identifier: MIT */
#ifndef PYST_PYTHON_DIALPLAN_OBJECTS_H
#define PYST_PYTHON_DIALPLAN_OBJECTS_H

/* What the parts of asterisk._core for dialplans know of one another. */

#include "core.h"

#include <pyst/dialplan.h>

/* It does not change, so that it can be read while other Python threads run. */
struct dialplan_object {
    PyObject_HEAD struct core *core;
    PyObject *resolved; /* ConfigResolved: the texts are its own */
    struct pyst_dialplan *dialplan;
};

/* dialplan-extension.c: each makes an object, a new one each time; those of one thing are equal. */
PyObject *dialplan_extension_wrap(struct dialplan_object *dialplan,
                                  const struct pyst_dialplan_extension *extension);
PyObject *dialplan_priority_wrap(struct dialplan_object *dialplan,
                                 const struct pyst_dialplan_priority *priority);

/* Absent is None. */
PyObject *dialplan_text_or_none(struct pyst_text text);
PyObject *dialplan_file(struct pyst_dialplan_place place);
Py_ssize_t dialplan_line(struct pyst_dialplan_place place);

extern PyType_Spec dialplan_spec;
extern PyType_Spec dialplan_extension_spec;
extern PyType_Spec dialplan_priority_spec;

#endif
