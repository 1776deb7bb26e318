/* SPDX-License-Identifier: MIT */
/*
 * ConfigResolved: a configuration as Asterisk would hand it to a module; its sections are
 * made into objects, and their settings into tuples, when they are asked for.
 */
#include "config-objects.h"

#include <errno.h>

struct resolved_object {
    PyObject_HEAD struct core *core;
    struct pyst_config *config;
};

struct section_object {
    PyObject_HEAD struct resolved_object *resolved;
    const struct pyst_config_section *section;
};

#define RESOLVED(object) ((struct resolved_object *)(object))
#define SECTION(object)  ((struct section_object *)(object))

/* ---- settings ------------------------------------------------------------------------------- */

/* (name, value, file, line, is_object, is_inherited) */
static PyObject *make_setting(struct core *core, const struct pyst_config_item *item)
{
    PyObject *name = text_decode_name(core, item->name), *value = text_decode(item->value);
    PyObject *file = config_file_name(pyst_config_document_name(item->document));

    if (!name || !value || !file) {
        Py_XDECREF(name);
        Py_XDECREF(value);
        Py_XDECREF(file);
        return NULL;
    }
    return Py_BuildValue("(NNNnNN)", name, value, file,
                         (Py_ssize_t)pyst_config_line_number(item->line),
                         PyBool_FromLong(item->is_object), PyBool_FromLong(item->is_inherited));
}

/* ---- sections ------------------------------------------------------------------------------- */

static PyObject *section_wrap(struct resolved_object *resolved,
                              const struct pyst_config_section *section)
{
    PyTypeObject *type = resolved->core->config_section_type;
    PyObject *self;

    if (!section)
        Py_RETURN_NONE;
    self = type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    SECTION(self)->resolved = (struct resolved_object *)Py_NewRef((PyObject *)resolved);
    SECTION(self)->section = section;
    return self;
}

static void section_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    Py_XDECREF((PyObject *)SECTION(self)->resolved);
    type->tp_free(self);
    Py_DECREF(type);
}

/* The last setting of that name: 1 and *itemp, 0, or -1 with an exception. */
static int find(PyObject *self, PyObject *name, const struct pyst_config_item **itemp)
{
    struct pyst_text text;
    PyObject *keep;

    if (text_encode(name, &text, &keep) < 0)
        return -1;
    *itemp = pyst_config_section_get(SECTION(self)->section, text);
    Py_DECREF(keep);
    return *itemp ? 1 : 0;
}

static PyObject *section_value(PyObject *self, PyObject *name)
{
    const struct pyst_config_item *item;
    int r = find(self, name, &item);

    if (r < 0)
        return NULL;
    if (r == 0)
        Py_RETURN_NONE;
    return text_decode(item->value);
}

static PyObject *section_settings(PyObject *self, PyObject *name)
{
    const struct pyst_config_section *section = SECTION(self)->section;
    struct pyst_text text = pyst_text_none();
    PyObject *keep = NULL, *list;

    if (name != Py_None && text_encode(name, &text, &keep) < 0)
        return NULL;
    list = PyList_New(0);
    for (size_t i = 0; list && i < section->n_items; i++) {
        PyObject *setting;

        if (text.data && !pyst_text_equal_nocase(section->items[i].name, text))
            continue;
        setting = make_setting(SECTION(self)->resolved->core, &section->items[i]);
        if (!setting || PyList_Append(list, setting) < 0)
            Py_CLEAR(list);
        Py_XDECREF(setting);
    }
    Py_XDECREF(keep);
    return list;
}

static PyObject *section_name(PyObject *self, void *unused)
{
    return text_decode(SECTION(self)->section->name);
}

static PyObject *section_is_template(PyObject *self, void *unused)
{
    return PyBool_FromLong(SECTION(self)->section->is_template);
}

static PyObject *section_templates(PyObject *self, void *unused)
{
    const struct pyst_config_section *section = SECTION(self)->section;
    PyObject *list = PyList_New((Py_ssize_t)section->n_templates);

    for (size_t i = 0; list && i < section->n_templates; i++) {
        PyObject *name = text_decode(section->templates[i]->name);

        if (name)
            PyList_SET_ITEM(list, (Py_ssize_t)i, name);
        else
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *section_file(PyObject *self, void *unused)
{
    return config_file_name(pyst_config_document_name(SECTION(self)->section->document));
}

static PyObject *section_line(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(pyst_config_line_number(SECTION(self)->section->line));
}

static PyObject *section_index(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(SECTION(self)->section->index);
}

static PyMethodDef section_methods[] = {
    {"value", section_value, METH_O, "value(name, /)\n--\n\nThe value that counts, or None."},
    {"settings", section_settings, METH_O,
     "settings(name, /)\n--\n\nAll of that name; of None, all: tuples (name, value, file, line,\n"
     "is_object, is_inherited)."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef section_getset[] = {
    {"name", section_name, NULL, "The name.", NULL},
    {"is_template", section_is_template, NULL, "Whether it is one.", NULL},
    {"templates", section_templates, NULL, "The names of those it inherits from.", NULL},
    {"file", section_file, NULL, "The file that it begins in.", NULL},
    {"line", section_line, NULL, "The line there, from 1.", NULL},
    {"index", section_index, NULL, "Its place among all sections, from 0.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot section_slots[] = {
    {Py_tp_doc, "A section of a configuration."},
    {Py_tp_dealloc, section_dealloc},
    {Py_tp_methods, section_methods},
    {Py_tp_getset, section_getset},
    {0, NULL},
};

PyType_Spec config_section_spec = {
    .name = "asterisk._core.ConfigSection",
    .basicsize = sizeof(struct section_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = section_slots,
};

/* ---- the configuration ---------------------------------------------------------------------- */

PyObject *config_resolve(struct core *core, const char *path, struct pyst_config_document *document,
                         PyObject *directory, bool execute)
{
    struct pyst_config_load_options options = {.execute = execute};
    PyTypeObject *type = core->config_resolved_type;
    PyObject *directory_bytes = NULL, *self, *name;
    struct pyst_config *config;
    int r, error;

    if (directory != Py_None) {
        if (!PyUnicode_FSConverter(directory, &directory_bytes))
            return NULL;
        options.directory = PyBytes_AS_STRING(directory_bytes);
    }
    Py_BEGIN_ALLOW_THREADS;
    r = document ? pyst_config_resolve(&config, document, &options)
                 : pyst_config_load(&config, path, &options);
    error = errno;
    Py_END_ALLOW_THREADS;
    Py_XDECREF(directory_bytes);
    if (r < 0) {
        name = path ? config_file_name(pyst_text(path)) : NULL;
        errno = error;
        config_raise(core, r, name);
        Py_XDECREF(name);
        return NULL;
    }
    self = type->tp_alloc(type, 0);
    if (!self) {
        pyst_config_free(config);
        return NULL;
    }
    RESOLVED(self)->core = core;
    RESOLVED(self)->config = config;
    return self;
}

const struct pyst_config *config_of_resolved(struct core *core, PyObject *object)
{
    if (Py_TYPE(object) == core->config_resolved_type)
        return RESOLVED(object)->config;
    PyErr_Format(PyExc_TypeError, "expected a ConfigResolved, not %.100s",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

/* ConfigResolved(path, directory, execute) */
static PyObject *resolved_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", "directory", "execute", NULL};
    struct core *core = core_of_type(type);
    PyObject *path, *directory, *self;
    int execute;

    if (!core || !PyArg_ParseTupleAndKeywords(args, kwargs, "O&Op:ConfigResolved", keywords,
                                              PyUnicode_FSConverter, &path, &directory, &execute))
        return NULL;
    self = config_resolve(core, PyBytes_AS_STRING(path), NULL, directory, execute);
    Py_DECREF(path);
    return self;
}

static void resolved_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    pyst_config_free(RESOLVED(self)->config);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *resolved_section(PyObject *self, PyObject *argument)
{
    const size_t i = PyLong_AsSize_t(argument);

    if (i == (size_t)-1 && PyErr_Occurred())
        return NULL;
    return section_wrap(RESOLVED(self), pyst_config_section(RESOLVED(self)->config, i));
}

static PyObject *resolved_find(PyObject *self, PyObject *args)
{
    const struct pyst_config_section *found;
    PyObject *name, *after, *keep;
    struct pyst_text text;

    if (!PyArg_ParseTuple(args, "OO:find", &name, &after))
        return NULL;
    if (after != Py_None && (Py_TYPE(after) != RESOLVED(self)->core->config_section_type ||
                             SECTION(after)->resolved != RESOLVED(self))) {
        PyErr_SetString(PyExc_TypeError, "expected a section of this configuration");
        return NULL;
    }
    if (text_encode(name, &text, &keep) < 0)
        return NULL;
    found = pyst_config_find(RESOLVED(self)->config, text,
                             after == Py_None ? NULL : SECTION(after)->section);
    Py_DECREF(keep);
    return section_wrap(RESOLVED(self), found);
}

/* [(file, (line, column, severity, sentence, what, kind))] */
static PyObject *resolved_problems(PyObject *self, PyObject *unused)
{
    const size_t n = pyst_config_problem_count(RESOLVED(self)->config);
    PyObject *list = PyList_New((Py_ssize_t)n);

    for (size_t i = 0; list && i < n; i++) {
        const struct pyst_config_found found = pyst_config_problem(RESOLVED(self)->config, i);
        PyObject *file = config_file_name(pyst_config_document_name(found.document));
        PyObject *problem = file ? config_problem(&found.problem) : NULL;
        PyObject *tuple = problem ? PyTuple_Pack(2, file, problem) : NULL;

        Py_XDECREF(file);
        Py_XDECREF(problem);
        if (tuple)
            PyList_SET_ITEM(list, (Py_ssize_t)i, tuple);
        else
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *resolved_files(PyObject *self, PyObject *unused)
{
    const size_t n = pyst_config_document_count(RESOLVED(self)->config);
    PyObject *list = PyList_New((Py_ssize_t)n);

    for (size_t i = 0; list && i < n; i++) {
        PyObject *name = config_file_name(
            pyst_config_document_name(pyst_config_document(RESOLVED(self)->config, i)));

        if (name)
            PyList_SET_ITEM(list, (Py_ssize_t)i, name);
        else
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *resolved_count(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(pyst_config_section_count(RESOLVED(self)->config));
}

static PyObject *resolved_is_valid(PyObject *self, void *unused)
{
    return PyBool_FromLong(pyst_config_is_valid(RESOLVED(self)->config));
}

static PyMethodDef resolved_methods[] = {
    {"section", resolved_section, METH_O, "section(i, /)\n--\n\nSection i, from 0; None behind."},
    {"find", resolved_find, METH_VARARGS,
     "find(name, after, /)\n--\n\nThe next section that is no template, or None."},
    {"problems", resolved_problems, METH_NOARGS,
     "problems()\n--\n\nPairs of a file and a tuple as of ConfigDocument.found()."},
    {"files", resolved_files, METH_NOARGS, "files()\n--\n\nThe files that were read."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef resolved_getset[] = {
    {"count", resolved_count, NULL, "How many sections there are, templates among them.", NULL},
    {"is_valid", resolved_is_valid, NULL, "Whether Asterisk would load it.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot resolved_slots[] = {
    {Py_tp_doc, "A configuration as Asterisk would hand it to a module."},
    {Py_tp_new, resolved_new},
    {Py_tp_dealloc, resolved_dealloc},
    {Py_tp_methods, resolved_methods},
    {Py_tp_getset, resolved_getset},
    {0, NULL},
};

PyType_Spec config_resolved_spec = {
    .name = "asterisk._core.ConfigResolved",
    .basicsize = sizeof(struct resolved_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = resolved_slots,
};
