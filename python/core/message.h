/* SPDX-License-Identifier: MIT */
#ifndef PYST_PYTHON_MESSAGE_H
#define PYST_PYTHON_MESSAGE_H

/* What message.c and message-lines.c know of a message object, and nobody else. */

#include "core.h"

struct message_object {
    PyObject_HEAD struct core *core;
    struct pyst_ami_message *message; /* NULL: no bytes, only what the attributes say */
    bool greeting;
    /* NULL until asked for or set */
    PyObject *name;         /* Event only */
    PyObject *headers;      /* dict, or what the program put there */
    PyObject *multiheaders; /* dict of lists */
    PyObject *data;
    PyObject *response; /* ManagerMsg only: the raw lines */
    PyObject *origin;   /* Event only: the ManagerMsg */
    PyObject *dict;
    PyObject *weakrefs;
};

/* message.c */

/* Sets *where to a new reference; None makes it NULL. */
void message_replace(PyObject **where, PyObject *object);
/* Appends, and drops the reference to `value`, which may be NULL with an exception set. */
int message_append(PyObject *list, PyObject *value);

/* message-headers.c: what pyst has. */

/* The value of a header: 1 and a new reference, 0 when there is none, -1 with an exception. */
int message_find_header(struct message_object *self, PyObject *name, PyObject **valuep);
/* Takes apart the arguments (name, default=None) of a method that calls them by `keywords`. */
int message_arguments(PyObject *const *args, Py_ssize_t n_args, PyObject *names,
                      const char *const keywords[2], PyObject *found[2]);
/* Gives `to` the dicts and the data of `from`, as an event and its ManagerMsg have in common. */
int message_share(struct message_object *to, struct message_object *from);
/*
 * What a message whose `headers` have neither Event nor Response is taken for: *namep and *valuep,
 * borrowed, of the header to add, or *namep NULL. Returns 0, or -1 with an exception.
 */
int message_generated_header(struct message_object *self, PyObject *headers, PyObject **namep,
                             PyObject **valuep);
/* Appends to the list of that name in `multiheaders`, a dict. Returns 0, or -1. */
int message_add_to_list(struct core *core, PyObject *multiheaders, PyObject *name, PyObject *value);
/* A new reference: what was printed, of the Output headers; empty when there are none. */
PyObject *message_joined_output(struct message_object *self);
PyObject *message_subscript(PyObject *self, PyObject *name);
PyObject *message_has_header(PyObject *self, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *names);
PyObject *message_get_header(PyObject *self, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *names);
PyObject *message_headers(PyObject *self, void *unused);
PyObject *message_multiheaders(PyObject *self, void *unused);
PyObject *message_data(PyObject *object, void *unused);
PyObject *message_response(PyObject *object, void *unused);

/* message-lines.c */
PyObject *manager_msg_parse(PyObject *object, PyObject *response);
int manager_msg_init(PyObject *object, PyObject *args, PyObject *kwargs);

#endif
