/* SPDX-License-Identifier: MIT */
/*
 * DocumentLine: a line of a document. Its object is made when it is asked for, and a line that was
 * removed leaves one behind that only raises.
 */
#include "config-objects.h"

#define SELF(object) ((struct config_line *)(object))

/* ---- objects and lines ---------------------------------------------------------------------- */

PyObject *config_line_wrap(struct config_document *document, struct pyst_config_line *line)
{
    PyObject *key, *address, *self = NULL;

    if (!line)
        Py_RETURN_NONE;
    key = PyLong_FromVoidPtr(line);
    if (!key)
        return NULL;
    address = PyDict_GetItemWithError(document->lines, key);
    if (address) {
        self = Py_NewRef((PyObject *)PyLong_AsVoidPtr(address));
    } else if (!PyErr_Occurred()) {
        self = document->core->config_line_type->tp_alloc(document->core->config_line_type, 0);
        address = self ? PyLong_FromVoidPtr(self) : NULL;
        if (!address || PyDict_SetItem(document->lines, key, address) < 0) {
            Py_CLEAR(self);
        } else {
            SELF(self)->document = (struct config_document *)Py_NewRef((PyObject *)document);
            SELF(self)->line = line;
        }
        Py_XDECREF(address);
    }
    Py_DECREF(key);
    return self;
}

/* Takes the line's object, if there is one, out of the document's list. */
static int forget(struct config_document *document, struct pyst_config_line *line)
{
    PyObject *key = PyLong_FromVoidPtr(line);
    int r;

    if (!key)
        return -1;
    r = PyDict_Contains(document->lines, key);
    if (r > 0)
        r = PyDict_DelItem(document->lines, key);
    Py_DECREF(key);
    return r;
}

int config_line_forget(struct config_document *document, struct pyst_config_line *line)
{
    PyObject *key = PyLong_FromVoidPtr(line), *address;

    if (!key)
        return -1;
    address = PyDict_GetItemWithError(document->lines, key);
    Py_DECREF(key);
    if (!address)
        return PyErr_Occurred() ? -1 : 0;
    SELF(PyLong_AsVoidPtr(address))->line = NULL;
    return forget(document, line);
}

struct pyst_config_line *config_line_of(struct config_document *document, PyObject *object)
{
    if (!PyObject_TypeCheck(object, document->core->config_line_type)) {
        PyErr_Format(PyExc_TypeError, "expected a DocumentLine, not %.100s",
                     Py_TYPE(object)->tp_name);
        return NULL;
    }
    if (!SELF(object)->line) {
        PyErr_SetString(PyExc_ReferenceError, "the line was removed");
        return NULL;
    }
    if (SELF(object)->document != document) {
        PyErr_SetString(PyExc_ValueError, "the line is of another document");
        return NULL;
    }
    return SELF(object)->line;
}

int config_line_or_none(struct config_document *document, PyObject *object,
                        struct pyst_config_line **linep)
{
    *linep = NULL;
    if (object == Py_None)
        return 0;
    *linep = config_line_of(document, object);
    return *linep ? 0 : -1;
}

static void line_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    if (SELF(self)->line) {
        PyObject *kind, *value, *trace;

        PyErr_Fetch(&kind, &value, &trace);
        if (forget(SELF(self)->document, SELF(self)->line) < 0)
            PyErr_WriteUnraisable(NULL);
        PyErr_Restore(kind, value, trace);
    }
    Py_XDECREF((PyObject *)SELF(self)->document);
    type->tp_free(self);
    Py_DECREF(type);
}

/* ---- what a line tells ---------------------------------------------------------------------- */

static struct pyst_config_line *line_of(PyObject *self)
{
    if (!SELF(self)->line)
        PyErr_SetString(PyExc_ReferenceError, "the line was removed");
    return SELF(self)->line;
}

static PyObject *decode_or_none(struct pyst_text text)
{
    if (!text.data)
        Py_RETURN_NONE;
    return text_decode(text);
}

static PyObject *line_kind(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? PyLong_FromLong(pyst_config_line_kind(line)) : NULL;
}

static PyObject *line_number(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? PyLong_FromSize_t(pyst_config_line_number(line)) : NULL;
}

static PyObject *line_text(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? text_decode(pyst_config_line_text(line)) : NULL;
}

static PyObject *line_name(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? decode_or_none(pyst_config_line_name(line)) : NULL;
}

static PyObject *line_value(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? decode_or_none(pyst_config_line_value(line)) : NULL;
}

static PyObject *line_is_object(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? PyBool_FromLong(pyst_config_line_is_object(line)) : NULL;
}

static PyObject *line_is_append(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? PyBool_FromLong(pyst_config_line_is_append(line)) : NULL;
}

static PyObject *line_document(PyObject *self, void *unused)
{
    return Py_NewRef((PyObject *)SELF(self)->document);
}

static PyObject *line_next(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? config_line_wrap(SELF(self)->document, pyst_config_line_next(line)) : NULL;
}

static PyObject *line_previous(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? config_line_wrap(SELF(self)->document, pyst_config_line_previous(line)) : NULL;
}

static PyObject *line_section(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    return line ? config_line_wrap(SELF(self)->document, pyst_config_line_section(line)) : NULL;
}

static PyObject *line_end(PyObject *self, void *unused)
{
    struct pyst_config_line *line = line_of(self);

    if (!line)
        return NULL;
    if (pyst_config_line_kind(line) != PYST_CONFIG_SECTION) {
        PyErr_SetString(PyExc_ValueError, "only a section has an end");
        return NULL;
    }
    return config_line_wrap(SELF(self)->document, pyst_config_section_end(line));
}

static PyObject *line_find(PyObject *self, PyObject *name)
{
    struct pyst_config_line *line = line_of(self);
    struct pyst_text text;
    PyObject *keep, *found;

    if (!line || text_encode(name, &text, &keep) < 0)
        return NULL;
    found = config_line_wrap(SELF(self)->document, pyst_config_line_find_item(line, text));
    Py_DECREF(keep);
    return found;
}

/* ---- changes -------------------------------------------------------------------------------- */

bool config_may_change(struct config_document *document)
{
    if (document->is_saving)
        PyErr_SetString(PyExc_RuntimeError, "another thread saves the document");
    return !document->is_saving;
}

static int set(PyObject *self, PyObject *value,
               int (*change)(struct pyst_config_document *, struct pyst_config_line *,
                             struct pyst_text))
{
    struct config_document *document = SELF(self)->document;
    struct pyst_config_line *line = line_of(self);
    struct pyst_text text;
    PyObject *keep;
    int r;

    if (!line || !config_may_change(document))
        return -1;
    if (!value) {
        PyErr_SetString(PyExc_AttributeError, "it cannot be deleted");
        return -1;
    }
    if (text_encode(value, &text, &keep) < 0)
        return -1;
    r = change(document->document, line, text);
    Py_DECREF(keep);
    if (r >= 0)
        return 0;
    config_raise(document->core, r, NULL);
    return -1;
}

static int line_set_name(PyObject *self, PyObject *value, void *unused)
{
    return set(self, value, pyst_config_line_set_name);
}

static int line_set_value(PyObject *self, PyObject *value, void *unused)
{
    return set(self, value, pyst_config_line_set_value);
}

static PyObject *line_repr(PyObject *self)
{
    PyObject *text, *repr;

    if (!SELF(self)->line)
        return PyUnicode_FromString("<DocumentLine, removed>");
    text = text_decode_stripped(pyst_config_line_text(SELF(self)->line));
    repr = text ? PyUnicode_FromFormat("<DocumentLine %zu: %R>",
                                       pyst_config_line_number(SELF(self)->line), text)
                : NULL;
    Py_XDECREF(text);
    return repr;
}

static PyMethodDef line_methods[] = {
    {"find", line_find, METH_O,
     "find(name, /)\n--\n\nThe next item of that name (str, any case) behind this line in the "
     "same\n"
     "section; None when there is none."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef line_getset[] = {
    {"kind", line_kind, NULL, "int: one of LineKind.", NULL},
    {"number", line_number, NULL,
     "int: its number when the document was read, from 1; 0 for a line that was added.", NULL},
    {"text", line_text, NULL, "str: as it is written, with the line end.", NULL},
    {"name", line_name, line_set_name,
     "str or None: of a section or an item the name, of a directive the word behind ``#``. May be\n"
     "set, but for a directive; ConfigurationError when Asterisk could not read the name.",
     NULL},
    {"value", line_value, line_set_value,
     "str or None: of an item the value, of a section what stands in parentheses, of a directive\n"
     "the file's name. May be set; ConfigurationError when Asterisk could not read the value.",
     NULL},
    {"is_object", line_is_object, NULL, "bool: whether an item is written with ``=>``.", NULL},
    {"is_append", line_is_append, NULL, "bool: whether an item is written with ``+=``.", NULL},
    {"document", line_document, NULL, "Document: the one that it is or was a line of.", NULL},
    {"next", line_next, NULL, "DocumentLine or None: the one behind it.", NULL},
    {"previous", line_previous, NULL, "DocumentLine or None: the one before it.", NULL},
    {"section", line_section, NULL,
     "DocumentLine or None: the line with the ``[name]`` of the section that it stands in.", NULL},
    {"end", line_end, NULL,
     "DocumentLine or None: of a section, the line before which what is added to it belongs; None\n"
     "is the end of the document. ValueError for another kind.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot line_slots[] = {
    {Py_tp_doc, "A line of a `Document`. When it was removed, all raise ReferenceError."},
    {Py_tp_dealloc, line_dealloc},
    {Py_tp_repr, line_repr},
    {Py_tp_methods, line_methods},
    {Py_tp_getset, line_getset},
    {0, NULL},
};

PyType_Spec config_line_spec = {
    .name = "asterisk.config.DocumentLine",
    .basicsize = sizeof(struct config_line),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = line_slots,
};
