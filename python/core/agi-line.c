/* SPDX-License-Identifier: MIT */
/* The line of an AGI command, and the quoting of its arguments. */
#include "core.h"

/* Appends what str() gives of `object`; bytes are taken as they are. */
static int append(struct agi_line *line, PyObject *object)
{
    PyObject *keep = NULL, *string = NULL;
    struct pyst_text text;

    if (PyBytes_Check(object)) {
        text = pyst_text_of(PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object));
    } else {
        if (!PyUnicode_CheckExact(object)) {
            string = PyObject_Str(object);
            if (!string)
                return -1;
            object = string;
        }
        if (text_encode(object, &text, &keep) < 0) {
            Py_XDECREF(string);
            return -1;
        }
    }
    if (text.size > sizeof(line->data) - line->size) {
        line->too_long = true;
    } else {
        memcpy(line->data + line->size, text.data, text.size);
        line->size += text.size;
    }
    Py_XDECREF(keep);
    Py_XDECREF(string);
    return 0;
}

int agi_line_join(struct agi_line *line, PyObject *command, PyObject *arguments)
{
    Py_ssize_t n;

    line->size = 0;
    line->too_long = false;
    if (append(line, command) < 0)
        return -1;
    if (!arguments)
        return 0;
    if (!PyTuple_Check(arguments)) {
        PyErr_SetString(PyExc_TypeError, "the arguments of a command are a tuple");
        return -1;
    }
    n = PyTuple_GET_SIZE(arguments);
    for (Py_ssize_t i = 0; i < n; i++) {
        if (line->size < sizeof(line->data))
            line->data[line->size++] = ' ';
        else
            line->too_long = true;
        if (append(line, PyTuple_GET_ITEM(arguments, i)) < 0)
            return -1;
    }
    return 0;
}

/* A str of `object`, new: bytes decoded, all else by str(). */
static PyObject *as_str(PyObject *object)
{
    if (PyUnicode_CheckExact(object))
        return Py_NewRef(object);
    if (PyBytes_Check(object))
        return text_decode(
            pyst_text_of(PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object)));
    return PyObject_Str(object);
}

static PyObject *quote(PyObject *string)
{
    Py_ssize_t size = PyUnicode_GET_LENGTH(string), more = 2, at = 0;
    int kind = PyUnicode_KIND(string);
    const void *data = PyUnicode_DATA(string);
    PyObject *quoted;
    void *out;

    for (Py_ssize_t i = 0; i < size; i++) {
        Py_UCS4 c = PyUnicode_READ(kind, data, i);

        more += c == '"' || c == '\\';
    }
    quoted = PyUnicode_New(size + more, PyUnicode_MAX_CHAR_VALUE(string));
    if (!quoted)
        return NULL;
    kind = PyUnicode_KIND(quoted);
    out = PyUnicode_DATA(quoted);
    PyUnicode_WRITE(kind, out, at++, '"');
    for (Py_ssize_t i = 0; i < size; i++) {
        Py_UCS4 c = PyUnicode_READ_CHAR(string, i);

        if (c == '"' || c == '\\')
            PyUnicode_WRITE(kind, out, at++, '\\');
        PyUnicode_WRITE(kind, out, at++, c);
    }
    PyUnicode_WRITE(kind, out, at, '"');
    return quoted;
}

PyObject *agi_quote(PyObject *module, PyObject *argument)
{
    PyObject *string = as_str(argument), *quoted;

    if (!string)
        return NULL;
    quoted = quote(string);
    Py_DECREF(string);
    return quoted;
}

/* Whether Asterisk reads the character in a bare word as in a quoted one. */
static bool is_plain(Py_UCS4 c)
{
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Whether the caller quoted it, as programs written for pyst had to. */
static bool is_quoted(PyObject *string)
{
    Py_ssize_t last = PyUnicode_GET_LENGTH(string) - 1;

    if (last < 1 || PyUnicode_READ_CHAR(string, 0) != '"' ||
        PyUnicode_READ_CHAR(string, last) != '"')
        return false;
    for (Py_ssize_t i = 1; i < last; i++) {
        Py_UCS4 c = PyUnicode_READ_CHAR(string, i);

        if (c == '"' || (c == '\\' && ++i == last))
            return false;
    }
    return true;
}

PyObject *agi_word(PyObject *module, PyObject *argument)
{
    PyObject *string = as_str(argument), *quoted;
    Py_ssize_t size;

    if (!string)
        return NULL;
    size = PyUnicode_GET_LENGTH(string);
    for (Py_ssize_t i = 0; i < size; i++) {
        if (!is_plain(PyUnicode_READ_CHAR(string, i)))
            size = 0;
    }
    if (size > 0 || is_quoted(string))
        return string;
    quoted = quote(string);
    Py_DECREF(string);
    return quoted;
}
