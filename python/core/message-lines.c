/* SPDX-License-Identifier: MIT */
/*
 * ManagerMsg(lines): a message made by a program, of a list of str, by the rules that pyst has for
 * it: a line that does not end in CR LF, or has no colon, begins the data.
 */
#include "core.h"
#include "message.h"

#define SELF(object) ((struct message_object *)(object))

/* Adds one line by pyst's rules: 1 when it is a header, 0 when it begins the data, -1 an error. */
static int parse_line(struct message_object *self, PyObject *line)
{
    PyObject *end, *parts = NULL, *name = NULL, *value = NULL, *colon;
    Py_ssize_t ends;
    int r = -1;

    if (!PyUnicode_Check(line)) {
        PyErr_Format(PyExc_TypeError, "expected str, not %.100s", Py_TYPE(line)->tp_name);
        return -1;
    }
    end = PyUnicode_FromString("\r\n");
    if (!end)
        return -1;
    ends = PyUnicode_Tailmatch(line, end, 0, PY_SSIZE_T_MAX, 1);
    Py_DECREF(end);
    if (ends <= 0)
        return (int)ends;
    colon = PyUnicode_FromString(":");
    if (colon)
        parts = PyUnicode_Partition(line, colon);
    Py_XDECREF(colon);
    if (!parts)
        return -1;
    if (PyUnicode_GET_LENGTH(PyTuple_GET_ITEM(parts, 1)) == 0) {
        r = 0;
    } else {
        name = PyObject_CallMethod(PyTuple_GET_ITEM(parts, 0), "strip", NULL);
        value = name ? PyObject_CallMethod(PyTuple_GET_ITEM(parts, 2), "strip", NULL) : NULL;
        if (value && PyObject_SetItem(self->headers, name, value) == 0 &&
            message_add_to_list(self->core, self->multiheaders, name, value) == 0)
            r = 1;
    }
    Py_XDECREF(name);
    Py_XDECREF(value);
    Py_DECREF(parts);
    return r;
}

PyObject *manager_msg_parse(PyObject *object, PyObject *response)
{
    struct message_object *self = SELF(object);
    PyObject *lines = NULL, *empty = NULL, *rest = NULL, *data;
    Py_ssize_t i;
    int r = 1;

    if (!self->headers || !self->multiheaders) {
        PyErr_SetString(PyExc_TypeError, "parse() is for a message made of lines");
        return NULL;
    }
    lines = PySequence_List(response);
    empty = lines ? PyUnicode_New(0, 0) : NULL;
    if (!empty)
        goto error;
    for (i = 0; i < PyList_GET_SIZE(lines); i++) {
        r = parse_line(self, PyList_GET_ITEM(lines, i));
        if (r < 0)
            goto error;
        if (r == 0)
            break;
    }
    rest = PyList_GetSlice(lines, i, PyList_GET_SIZE(lines));
    if (!rest)
        goto error;
    data = PyList_GET_SIZE(rest) == 0 ? message_joined_output(self) : PyUnicode_Join(empty, rest);
    if (!data)
        goto error;
    message_replace(&self->data, data);
    Py_DECREF(data);
    Py_DECREF(rest);
    Py_DECREF(empty);
    Py_DECREF(lines);
    Py_RETURN_NONE;
error:
    Py_XDECREF(rest);
    Py_XDECREF(empty);
    Py_XDECREF(lines);
    return NULL;
}

/* The message itself, of the lines: what raw and get() read. Lines that make none give none. */
static int parse_joined(struct message_object *self, PyObject *response)
{
    struct pyst_ami_message *message = NULL;
    PyObject *empty = PyUnicode_New(0, 0), *joined, *keep;
    struct pyst_text text;
    int r;

    if (!empty)
        return -1;
    joined = PyUnicode_Join(empty, response);
    Py_DECREF(empty);
    if (!joined)
        return -1;
    r = text_encode(joined, &text, &keep);
    Py_DECREF(joined);
    if (r < 0)
        return -1;
    r = pyst_ami_message_parse(&message, text.data, text.size);
    Py_DECREF(keep);
    if (r == PYST_ERR_NO_MEMORY) {
        PyErr_NoMemory();
        return -1;
    }
    pyst_ami_message_unref(self->message);
    self->message = message;
    return 0;
}

int manager_msg_init(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"response", NULL};
    struct message_object *self = SELF(object);
    PyObject *response, *done, *name, *value, *headers, *multiheaders;
    int r;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:ManagerMsg", keywords, &response))
        return -1;
    headers = PyDict_New();
    multiheaders = headers ? PyDict_New() : NULL;
    if (!multiheaders) {
        Py_XDECREF(headers);
        return -1;
    }
    message_replace(&self->response, response);
    message_replace(&self->headers, headers);
    message_replace(&self->multiheaders, multiheaders);
    Py_DECREF(headers);
    Py_DECREF(multiheaders);
    /* A subclass may have a parse() of its own. */
    done = PyObject_CallMethod(object, "parse", "O", response);
    if (!done)
        return -1;
    Py_DECREF(done);
    if (parse_joined(self, response) < 0)
        return -1;
    if (!PyDict_Check(self->headers) || !PyDict_Check(self->multiheaders))
        return 0;
    r = message_generated_header(self, self->headers, &name, &value);
    if (r == 0 && name && PyDict_SetItem(self->headers, name, value) == 0)
        r = message_add_to_list(self->core, self->multiheaders, name, value);
    return r;
}
