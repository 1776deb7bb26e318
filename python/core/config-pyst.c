/* SPDX-License-Identifier: MIT */
/* What asterisk.config.Config asks of a file before it makes objects of its lines. */
#include "config-objects.h"

/* Of ASCII, what str.strip() strips. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

static bool has(struct pyst_text text, char c)
{
    return text.size > 0 && memchr(text.data, c, text.size);
}

/* A line without its end. */
static bool is_plain_line(struct pyst_text line)
{
    const char *part;

    while (line.size > 0 && is_space(line.data[0]))
        line = pyst_text_of(line.data + 1, line.size - 1);
    if (line.size == 0 || line.data[0] == ';')
        return true;
    if ((unsigned char)line.data[0] >= 0x80)
        return false;
    part = memchr(line.data, line.data[0] == '[' ? ';' : '=', line.size);
    if (line.data[0] != '[')
        return part && !has(pyst_text_of(line.data, (size_t)(part - line.data)), ';');
    if (part)
        line.size = (size_t)(part - line.data);
    while (is_space(line.data[line.size - 1]))
        line.size--;
    return line.data[line.size - 1] == ']';
}

static bool is_plain(struct pyst_text bytes)
{
    const bool has_return = has(bytes, '\r');
    bool plain = true;

    while (plain && bytes.size > 0) {
        const char *end = memchr(bytes.data, '\n', bytes.size);
        struct pyst_text line =
            pyst_text_of(bytes.data, end ? (size_t)(end - bytes.data) : bytes.size);

        bytes = end ? pyst_text_of(end + 1, bytes.size - line.size - 1) : pyst_text_none();
        if (end && line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        /* A carriage return elsewhere ends a line as well. */
        plain = is_plain_line(line) && !(has_return && has(line, '\r'));
    }
    return plain;
}

PyObject *config_is_plain(PyObject *module, PyObject *data)
{
    struct pyst_text bytes;
    bool plain;

    if (!PyBytes_Check(data))
        return PyErr_Format(PyExc_TypeError, "expected bytes, not %.100s", Py_TYPE(data)->tp_name);
    bytes = pyst_text_of(PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data));
    Py_BEGIN_ALLOW_THREADS;
    plain = is_plain(bytes);
    Py_END_ALLOW_THREADS;
    return PyBool_FromLong(plain);
}
