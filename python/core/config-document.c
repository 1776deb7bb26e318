/* SPDX-License-Identifier: MIT */
/* ConfigDocument: what asterisk.config.Document is made on. */
#include "config-objects.h"

#include <errno.h>
#include <sys/stat.h>

#define SELF(object) ((struct config_document *)(object))

PyObject *config_raise(struct core *core, int error, PyObject *path)
{
    switch (error) {
    case PYST_ERR_NO_MEMORY:
        return PyErr_NoMemory();
    case PYST_ERR_SYSTEM:
        return path ? PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path)
                    : PyErr_SetFromErrno(PyExc_OSError);
    case PYST_ERR_CHANGED:
        PyErr_SetString(core->config_changed, pyst_strerror(error));
        return NULL;
    case PYST_ERR_INVALID:
        PyErr_SetString(core->config_error, "no such change can be made to a line of that kind");
        return NULL;
    default:
        PyErr_SetString(core->config_error, pyst_strerror(error));
        return NULL;
    }
}

PyObject *config_file_name(struct pyst_text name)
{
    return PyUnicode_DecodeFSDefaultAndSize(name.size ? name.data : "", (Py_ssize_t)name.size);
}

PyObject *config_problem(const struct pyst_config_problem *problem)
{
    PyObject *what = text_decode(problem->what);

    if (!what)
        return NULL;
    return Py_BuildValue("(nnisNs)", (Py_ssize_t)problem->line, (Py_ssize_t)problem->column,
                         (int)pyst_config_problem_severity(problem->kind),
                         pyst_config_problem_text(problem->kind), what,
                         pyst_config_problem_name(problem->kind));
}

/* ---- the document --------------------------------------------------------------------------- */

/* Takes the reference to the document over. */
static PyObject *make(PyTypeObject *type, struct core *core, struct pyst_config_document *document)
{
    PyObject *self = type->tp_alloc(type, 0);

    if (!self) {
        pyst_config_document_unref(document);
        return NULL;
    }
    SELF(self)->core = core;
    SELF(self)->document = document;
    SELF(self)->lines = PyDict_New();
    if (!SELF(self)->lines)
        Py_CLEAR(self);
    return self;
}

static int parse_document(struct pyst_config_document **documentp, PyObject *name,
                          struct pyst_text bytes)
{
    struct pyst_text name_text = {"", 0};
    int r;

    if (name)
        name_text = pyst_text_of(PyBytes_AS_STRING(name), (size_t)PyBytes_GET_SIZE(name));
    if (bytes.size <= CONFIG_LARGE)
        return pyst_config_document_new(documentp, name_text, bytes);
    Py_BEGIN_ALLOW_THREADS;
    r = pyst_config_document_new(documentp, name_text, bytes);
    Py_END_ALLOW_THREADS;
    return r;
}

/* Document(data=b"", name=""), data a str or bytes */
static PyObject *document_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"data", "name", NULL};
    struct core *core = core_of_type(type);
    struct pyst_config_document *document = NULL;
    PyObject *data = NULL, *name = NULL, *keep = NULL;
    struct pyst_text bytes = {"", 0};
    Py_buffer view = {0};
    int r = 0;

    if (!core || !PyArg_ParseTupleAndKeywords(args, kwargs, "|OO&:Document", keywords, &data,
                                              PyUnicode_FSConverter, &name))
        return NULL;
    if (data && PyUnicode_Check(data))
        r = text_encode(data, &bytes, &keep);
    else if (data)
        r = PyObject_GetBuffer(data, &view, PyBUF_SIMPLE);
    if (view.buf)
        bytes = pyst_text_of(view.buf, (size_t)view.len);
    if (r == 0) {
        r = parse_document(&document, name, bytes);
        if (r < 0)
            config_raise(core, r, NULL);
    }
    PyBuffer_Release(&view);
    Py_XDECREF(keep);
    Py_XDECREF(name);
    return r < 0 ? NULL : make(type, core, document);
}

static PyObject *document_load(PyObject *type, PyObject *path)
{
    struct core *core = core_of_type((PyTypeObject *)type);
    struct pyst_config_document *document;
    struct pyst_config_stamp stamp;
    PyObject *name, *self;
    int r, error;

    if (!core || !PyUnicode_FSConverter(path, &name))
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    r = pyst_config_document_load(&document, PyBytes_AS_STRING(name), &stamp);
    error = errno;
    Py_END_ALLOW_THREADS;
    Py_DECREF(name);
    errno = error;
    if (r < 0)
        return config_raise(core, r, path);
    self = make((PyTypeObject *)type, core, document);
    if (self)
        SELF(self)->stamp = stamp;
    return self;
}

static void document_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    pyst_config_document_unref(SELF(self)->document);
    Py_XDECREF(SELF(self)->lines);
    type->tp_free(self);
    Py_DECREF(type);
}

static void note_stamp(struct pyst_config_stamp *stamp, const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return;
    stamp->device = status.st_dev;
    stamp->inode = status.st_ino;
    stamp->size = status.st_size;
    stamp->modified_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
}

static PyObject *document_save(PyObject *self, PyObject *argument)
{
    const int force = PyObject_IsTrue(argument);
    PyObject *name, *bytes;
    int r, error;

    if (force < 0 || !config_may_change(SELF(self)))
        return NULL;
    name = config_file_name(pyst_config_document_name(SELF(self)->document));
    if (!name)
        return NULL;
    if (PyUnicode_GET_LENGTH(name) == 0) {
        PyErr_SetString(PyExc_ValueError, "a document without a name is saved with a path");
        Py_DECREF(name);
        return NULL;
    }
    if (!PyUnicode_FSConverter(name, &bytes)) {
        Py_DECREF(name);
        return NULL;
    }
    SELF(self)->is_saving = true;
    Py_BEGIN_ALLOW_THREADS;
    r = pyst_config_document_save(SELF(self)->document, PyBytes_AS_STRING(bytes),
                                  force ? NULL : &SELF(self)->stamp);
    error = errno;
    if (r == 0 && force)
        note_stamp(&SELF(self)->stamp, PyBytes_AS_STRING(bytes));
    Py_END_ALLOW_THREADS;
    SELF(self)->is_saving = false;
    errno = error;
    if (r < 0)
        config_raise(SELF(self)->core, r, name);
    Py_DECREF(bytes);
    Py_DECREF(name);
    if (r < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *document_bytes(PyObject *self, PyObject *unused)
{
    struct pyst_config_document *document = SELF(self)->document;
    PyObject *bytes =
        PyBytes_FromStringAndSize(NULL, (Py_ssize_t)pyst_config_document_size(document));

    if (bytes)
        pyst_config_document_write(document, PyBytes_AS_STRING(bytes));
    return bytes;
}

/* A configuration keeps what it reads unchanged, so it gets a document of its own. */
static PyObject *document_resolve(PyObject *self, PyObject *args)
{
    struct core *core = SELF(self)->core;
    struct pyst_config_document *copy;
    PyObject *directory, *bytes, *resolved;
    struct pyst_text name;
    int execute, r;

    if (!PyArg_ParseTuple(args, "Op:resolve", &directory, &execute))
        return NULL;
    bytes = document_bytes(self, NULL);
    if (!bytes)
        return NULL;
    name = pyst_config_document_name(SELF(self)->document);
    Py_BEGIN_ALLOW_THREADS;
    r = pyst_config_document_new(
        &copy, name, pyst_text_of(PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)));
    Py_END_ALLOW_THREADS;
    Py_DECREF(bytes);
    if (r < 0)
        return config_raise(core, r, NULL);
    resolved = config_resolve(core, NULL, copy, directory, execute);
    pyst_config_document_unref(copy);
    return resolved;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static PyObject *document_first(PyObject *self, void *unused)
{
    return config_line_wrap(SELF(self), pyst_config_document_first(SELF(self)->document));
}

static PyObject *document_last(PyObject *self, void *unused)
{
    return config_line_wrap(SELF(self), pyst_config_document_last(SELF(self)->document));
}

static PyObject *document_find_section(PyObject *self, PyObject *args)
{
    struct pyst_config_line *after;
    PyObject *name, *after_object, *keep = NULL, *found;
    struct pyst_text text = pyst_text_none();

    if (!PyArg_ParseTuple(args, "OO:find_section", &name, &after_object) ||
        config_line_or_none(SELF(self), after_object, &after) < 0)
        return NULL;
    if (name != Py_None && text_encode(name, &text, &keep) < 0)
        return NULL;
    found = config_line_wrap(SELF(self),
                             pyst_config_document_find_section(SELF(self)->document, text, after));
    Py_XDECREF(keep);
    return found;
}

/* The result of adding a line. */
static PyObject *added(PyObject *self, int r, struct pyst_config_line *line)
{
    return r < 0 ? config_raise(SELF(self)->core, r, NULL) : config_line_wrap(SELF(self), line);
}

static PyObject *document_add_item(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"name", "value", "before", "style", NULL};
    struct pyst_config_line *before, *line = NULL;
    PyObject *name, *value, *before_object = Py_None, *keep_name, *keep_value;
    struct pyst_text name_text, value_text;
    int style = PYST_CONFIG_STYLE_NEIGHBOUR, r;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|Oi:add_item", keywords, &name, &value,
                                     &before_object, &style))
        return NULL;
    if (style < PYST_CONFIG_STYLE_NEIGHBOUR || style > PYST_CONFIG_STYLE_APPEND) {
        PyErr_SetString(PyExc_ValueError, "there is no style of that number");
        return NULL;
    }
    if (!config_may_change(SELF(self)) ||
        config_line_or_none(SELF(self), before_object, &before) < 0 ||
        text_encode(name, &name_text, &keep_name) < 0)
        return NULL;
    if (text_encode(value, &value_text, &keep_value) < 0) {
        Py_DECREF(keep_name);
        return NULL;
    }
    r = pyst_config_document_add_item(SELF(self)->document, before, name_text, value_text,
                                      (enum pyst_config_style)style, &line);
    Py_DECREF(keep_value);
    Py_DECREF(keep_name);
    return added(self, r, line);
}

static PyObject *document_add_section(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"name", "options", "before", NULL};
    struct pyst_config_line *before, *line = NULL;
    PyObject *name, *options = Py_None, *before_object = Py_None, *keep_name, *keep_options = NULL;
    struct pyst_text name_text, options_text = pyst_text_none();
    int r;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OO:add_section", keywords, &name, &options,
                                     &before_object) ||
        !config_may_change(SELF(self)) ||
        config_line_or_none(SELF(self), before_object, &before) < 0 ||
        text_encode(name, &name_text, &keep_name) < 0)
        return NULL;
    if (options != Py_None && text_encode(options, &options_text, &keep_options) < 0) {
        Py_DECREF(keep_name);
        return NULL;
    }
    r = pyst_config_document_add_section(SELF(self)->document, before, name_text, options_text,
                                         &line);
    Py_XDECREF(keep_options);
    Py_DECREF(keep_name);
    return added(self, r, line);
}

static PyObject *document_add_line(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"text", "before", NULL};
    struct pyst_config_line *before, *line = NULL;
    PyObject *text, *before_object = Py_None, *keep;
    struct pyst_text view;
    int r;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:add_line", keywords, &text,
                                     &before_object) ||
        !config_may_change(SELF(self)) ||
        config_line_or_none(SELF(self), before_object, &before) < 0 ||
        text_encode(text, &view, &keep) < 0)
        return NULL;
    r = pyst_config_document_add_line(SELF(self)->document, before, view, &line);
    Py_DECREF(keep);
    return added(self, r, line);
}

static PyObject *document_remove(PyObject *self, PyObject *object)
{
    struct config_document *document = SELF(self);
    struct pyst_config_line *line = config_line_of(document, object);
    int r;

    if (!line || !config_may_change(document))
        return NULL;
    r = pyst_config_document_remove(document->document, line);
    if (r < 0)
        return config_raise(document->core, r, NULL);
    if (config_line_forget(document, line) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *document_move(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"first", "last", "before", NULL};
    struct pyst_config_line *first, *last, *before;
    PyObject *first_object, *last_object, *before_object = Py_None;
    int r;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|O:move", keywords, &first_object,
                                     &last_object, &before_object) ||
        !config_may_change(SELF(self)))
        return NULL;
    first = config_line_of(SELF(self), first_object);
    last = first ? config_line_of(SELF(self), last_object) : NULL;
    if (!last || config_line_or_none(SELF(self), before_object, &before) < 0)
        return NULL;
    r = pyst_config_document_move(SELF(self)->document, first, last, before);
    if (r < 0)
        return config_raise(SELF(self)->core, r, NULL);
    Py_RETURN_NONE;
}

/* ---- what it tells -------------------------------------------------------------------------- */

static PyObject *document_name(PyObject *self, void *unused)
{
    return config_file_name(pyst_config_document_name(SELF(self)->document));
}

static PyObject *document_is_changed(PyObject *self, void *unused)
{
    return PyBool_FromLong(pyst_config_document_is_changed(SELF(self)->document));
}

static PyObject *document_found(PyObject *self, PyObject *unused)
{
    const size_t n = pyst_config_document_problem_count(SELF(self)->document);
    PyObject *list = PyList_New((Py_ssize_t)n);

    for (size_t i = 0; list && i < n; i++) {
        const struct pyst_config_problem problem =
            pyst_config_document_problem(SELF(self)->document, i);
        PyObject *tuple = config_problem(&problem);

        if (tuple)
            PyList_SET_ITEM(list, (Py_ssize_t)i, tuple);
        else
            Py_CLEAR(list);
    }
    return list;
}

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef document_methods[] = {
    {"load", document_load, METH_O | METH_CLASS,
     "load(path, /)\n--\n\n"
     "Read a file.\n\n"
     "Parameters\n----------\n"
     "path : str or path-like\n    The file. It becomes the document's name.\n\n"
     "Returns\n-------\nDocument\n\n"
     "Raises\n------\nOSError\n    The file cannot be read."},
    {"add_item", METHOD(document_add_item), METH_VARARGS | METH_KEYWORDS,
     "add_item(name, value, before=None, style=0)\n--\n\n"
     "Add an item.\n\n"
     "Parameters\n----------\n"
     "name, value : str\n    A semicolon is escaped.\n"
     "before : DocumentLine, optional\n"
     "    The line before which to add it; None is the end of the document. What is added to the\n"
     "    end of a section belongs before the `end` of its line.\n"
     "style : Style, optional\n    How to write it; as its neighbours unless told.\n\n"
     "Returns\n-------\nDocumentLine\n\n"
     "Raises\n------\nConfigurationError\n    Asterisk could not read it back."},
    {"add_section", METHOD(document_add_section), METH_VARARGS | METH_KEYWORDS,
     "add_section(name, options=None, before=None)\n--\n\n"
     "Add the line that begins a section, and an empty one above it where its neighbour has "
     "one.\n\n"
     "Parameters\n----------\n"
     "name : str\n"
     "options : str, optional\n    What stands in parentheses, such as ``!`` or a template's "
     "name.\n"
     "before : DocumentLine, optional\n"
     "    The line before which to add it; None is the end of the document.\n\n"
     "Returns\n-------\nDocumentLine\n\n"
     "Raises\n------\nConfigurationError\n    Asterisk could not read it back."},
    {"add_line", METHOD(document_add_line), METH_VARARGS | METH_KEYWORDS,
     "add_line(text, before=None)\n--\n\n"
     "Add a comment with its semicolon, an empty line or a directive.\n\n"
     "Parameters\n----------\n"
     "text : str\n    As it is to be written, without a line end.\n"
     "before : DocumentLine, optional\n"
     "    The line before which to add it; None is the end of the document.\n\n"
     "Returns\n-------\nDocumentLine\n\n"
     "Raises\n------\nConfigurationError\n    It would be read as something else."},
    {"remove", document_remove, METH_O,
     "remove(line, /)\n--\n\n"
     "Remove a line.\n\n"
     "Parameters\n----------\nline : DocumentLine\n    Not to be used any more.\n\n"
     "Raises\n------\nConfigurationError\n    It begins or ends a block comment."},
    {"move", METHOD(document_move), METH_VARARGS | METH_KEYWORDS,
     "move(first, last, before=None)\n--\n\n"
     "Move lines.\n\n"
     "Parameters\n----------\n"
     "first, last : DocumentLine\n    The first and the last one, which may be the same.\n"
     "before : DocumentLine, optional\n"
     "    The line before which they go; None is the end of the document.\n\n"
     "Raises\n------\nConfigurationError\n"
     "    `before` is one of them, or a block comment is involved."},
    {"__bytes__", document_bytes, METH_NOARGS, "__bytes__()\n--\n\nThe bytes that are written."},
    {"_found", document_found, METH_NOARGS, "_found()\n--\n\nThe problems, as tuples."},
    {"_save", document_save, METH_O, "_save(force, /)\n--\n\nWrite the file back."},
    {"_resolve", document_resolve, METH_VARARGS,
     "_resolve(directory, execute, /)\n--\n\nWhat it means, as ConfigResolved."},
    {"_find_section", document_find_section, METH_VARARGS,
     "_find_section(name, after, /)\n--\n\nThe next section behind a line."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef document_getset[] = {
    {"name", document_name, NULL, "str: the path it was read from, or the name it was given.",
     NULL},
    {"changed", document_is_changed, NULL,
     "bool: whether it was changed since it was read or saved.", NULL},
    {"first", document_first, NULL, "DocumentLine or None: the first line.", NULL},
    {"last", document_last, NULL, "DocumentLine or None: the last line.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot document_slots[] = {
    {Py_tp_doc, "A configuration file as it is written."},
    {Py_tp_new, document_new},
    {Py_tp_dealloc, document_dealloc},
    {Py_tp_methods, document_methods},
    {Py_tp_getset, document_getset},
    {0, NULL},
};

PyType_Spec config_document_spec = {
    .name = "asterisk._core.ConfigDocument",
    .basicsize = sizeof(struct config_document),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = document_slots,
};
