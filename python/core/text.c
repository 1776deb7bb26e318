/* SPDX-License-Identifier: MIT */
#include "core.h"

#define NAME_SIZE_MAX 64

/* UTF-8; a byte that is none becomes a lone surrogate, which text_encode() turns back. */
PyObject *text_decode(struct pyst_text text)
{
    return PyUnicode_DecodeUTF8(text.size ? text.data : "", (Py_ssize_t)text.size,
                                "surrogateescape");
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct pyst_text text_strip(struct pyst_text text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

PyObject *text_decode_stripped(struct pyst_text text)
{
    return text_decode(text_strip(text));
}

static size_t name_slot(struct pyst_text text)
{
    uint64_t hash = text.size * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t word = 0;

    for (size_t i = 0; i < text.size; i += sizeof(word)) {
        size_t n = text.size - i < sizeof(word) ? text.size - i : sizeof(word);

        word = 0;
        memcpy(&word, text.data + i, n);
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return (size_t)hash & (NAME_CACHE_SIZE - 1);
}

/*
 * The same few hundred names come over and over: keeping their str objects saves making them, and
 * their hashes are then known when they are looked up.
 */
PyObject *text_decode_name(struct core *core, struct pyst_text text)
{
    PyObject **slot, *name;

    if (text.size == 0 || text.size > NAME_SIZE_MAX)
        return text_decode(text);
    slot = &core->names[name_slot(text)];
    name = *slot;
    /* Only ASCII is kept, so length and bytes tell all. */
    if (name && (size_t)PyUnicode_GET_LENGTH(name) == text.size &&
        memcmp(PyUnicode_1BYTE_DATA(name), text.data, text.size) == 0)
        return Py_NewRef(name);
    name = text_decode(text);
    if (name && PyUnicode_IS_ASCII(name)) {
        PyObject *old = *slot;

        *slot = Py_NewRef(name);
        Py_XDECREF(old);
    }
    return name;
}

int text_encode(PyObject *object, struct pyst_text *textp, PyObject **keepp)
{
    const char *data;
    Py_ssize_t size;
    PyObject *bytes;

    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "expected str, not %.100s", Py_TYPE(object)->tp_name);
        return -1;
    }
    if (PyUnicode_IS_ASCII(object)) {
        *textp = pyst_text_of(PyUnicode_1BYTE_DATA(object), (size_t)PyUnicode_GET_LENGTH(object));
        *keepp = Py_NewRef(object);
        return 0;
    }
    data = PyUnicode_AsUTF8AndSize(object, &size);
    if (data) {
        *textp = pyst_text_of(data, (size_t)size);
        *keepp = Py_NewRef(object);
        return 0;
    }
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
        return -1;
    PyErr_Clear();
    bytes = PyUnicode_AsEncodedString(object, "utf-8", "surrogateescape");
    if (!bytes)
        return -1;
    *textp = pyst_text_of(PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
    *keepp = bytes;
    return 0;
}
