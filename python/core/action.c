/* SPDX-License-Identifier: MIT */
/* An action, of a name and an iterable of headers. */
#include "core.h"

static int add_header(struct core *core, struct pyst_ami_action *action, PyObject *pair)
{
    PyObject *parts, *value, *text = NULL, *keep_name = NULL, *keep_value = NULL;
    struct pyst_text name_text, value_text;
    int r = -1;

    parts = PySequence_Fast(pair, "headers are pairs of name and value");
    if (!parts)
        return -1;
    if (PySequence_Fast_GET_SIZE(parts) != 2) {
        PyErr_SetString(PyExc_ValueError, "headers are pairs of name and value");
        goto end;
    }
    if (text_encode(PySequence_Fast_GET_ITEM(parts, 0), &name_text, &keep_name) < 0)
        goto end;
    value = PySequence_Fast_GET_ITEM(parts, 1);
    if (PyBytes_Check(value)) {
        value_text = pyst_text_of(PyBytes_AS_STRING(value), (size_t)PyBytes_GET_SIZE(value));
    } else {
        text = PyUnicode_Check(value) ? Py_NewRef(value) : PyObject_Str(value);
        if (!text || text_encode(text, &value_text, &keep_value) < 0)
            goto end;
    }
    r = pyst_ami_action_add(action, name_text, value_text);
    if (r < 0)
        core_raise(core, r);
end:
    Py_XDECREF(text);
    Py_XDECREF(keep_name);
    Py_XDECREF(keep_value);
    Py_DECREF(parts);
    return r < 0 ? -1 : 0;
}

struct pyst_ami_action *action_make(struct core *core, PyObject *name, PyObject *headers)
{
    struct pyst_ami_action *action;
    struct pyst_text name_text;
    PyObject *keep, *iterator, *pair;
    int r;

    if (text_encode(name, &name_text, &keep) < 0)
        return NULL;
    r = pyst_ami_action_new(&action, name_text);
    Py_DECREF(keep);
    if (r < 0) {
        core_raise(core, r);
        return NULL;
    }
    iterator = PyObject_GetIter(headers);
    if (!iterator)
        return pyst_ami_action_free(action);
    while (action && (pair = PyIter_Next(iterator))) {
        if (add_header(core, action, pair) < 0)
            action = pyst_ami_action_free(action);
        Py_DECREF(pair);
    }
    Py_DECREF(iterator);
    if (action && PyErr_Occurred())
        action = pyst_ami_action_free(action);
    return action;
}
