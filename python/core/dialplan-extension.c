/* SPDX-License-Identifier: MIT */
/*
 * Extension and Priority of a dialplan. Their objects are made when they are asked for, and so are
 * the texts of these.
 */
#include "config-objects.h"
#include "dialplan-objects.h"

struct extension_object {
    PyObject_HEAD struct dialplan_object *dialplan;
    const struct pyst_dialplan_extension *extension;
};

struct priority_object {
    PyObject_HEAD struct dialplan_object *dialplan;
    const struct pyst_dialplan_priority *priority;
};

#define EXTENSION(object) ((struct extension_object *)(object))
#define PRIORITY(object)  ((struct priority_object *)(object))

/* ---- texts and places ----------------------------------------------------------------------- */

PyObject *dialplan_text_or_none(struct pyst_text text)
{
    if (!text.data)
        Py_RETURN_NONE;
    return text_decode(text);
}

PyObject *dialplan_file(struct pyst_dialplan_place place)
{
    return config_file_name(pyst_config_document_name(place.document));
}

Py_ssize_t dialplan_line(struct pyst_dialplan_place place)
{
    return (Py_ssize_t)pyst_config_line_number(place.line);
}

/* What two objects are equal by. */
static PyObject *compare(PyObject *self, const void *thing, PyObject *other,
                         const void *other_thing, int operation)
{
    if ((operation != Py_EQ && operation != Py_NE) || Py_TYPE(self) != Py_TYPE(other))
        Py_RETURN_NOTIMPLEMENTED;
    return PyBool_FromLong((thing == other_thing) == (operation == Py_EQ));
}

static Py_hash_t hash(const void *thing)
{
    /* The lowest bits of an address are always the same. */
    const Py_hash_t address = (Py_hash_t)((uintptr_t)thing >> 4);

    return address == -1 ? -2 : address;
}

/* ---- extensions ----------------------------------------------------------------------------- */

PyObject *dialplan_extension_wrap(struct dialplan_object *dialplan,
                                  const struct pyst_dialplan_extension *extension)
{
    PyTypeObject *type = dialplan->core->dialplan_extension_type;
    PyObject *self = type->tp_alloc(type, 0);

    if (!self)
        return NULL;
    EXTENSION(self)->dialplan = (struct dialplan_object *)Py_NewRef((PyObject *)dialplan);
    EXTENSION(self)->extension = extension;
    return self;
}

static void extension_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    Py_XDECREF((PyObject *)EXTENSION(self)->dialplan);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *extension_compare(PyObject *self, PyObject *other, int operation)
{
    const bool is_one = Py_TYPE(self) == Py_TYPE(other);

    return compare(self, EXTENSION(self)->extension, other,
                   is_one ? EXTENSION(other)->extension : NULL, operation);
}

static Py_hash_t extension_hash(PyObject *self)
{
    return hash(EXTENSION(self)->extension);
}

static PyObject *extension_name(PyObject *self, void *unused)
{
    return text_decode(EXTENSION(self)->extension->name);
}

static PyObject *extension_caller_id(PyObject *self, void *unused)
{
    return dialplan_text_or_none(EXTENSION(self)->extension->caller_id);
}

static PyObject *extension_context(PyObject *self, void *unused)
{
    return text_decode_name(EXTENSION(self)->dialplan->core,
                            EXTENSION(self)->extension->context->name);
}

static PyObject *extension_priorities(PyObject *self, void *unused)
{
    const struct pyst_dialplan_extension *extension = EXTENSION(self)->extension;
    PyObject *list = PyList_New((Py_ssize_t)extension->n_priorities);

    for (size_t i = 0; list && i < extension->n_priorities; i++) {
        PyObject *priority =
            dialplan_priority_wrap(EXTENSION(self)->dialplan, &extension->priorities[i]);

        if (priority)
            PyList_SET_ITEM(list, (Py_ssize_t)i, priority);
        else
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *extension_file(PyObject *self, void *unused)
{
    return dialplan_file(EXTENSION(self)->extension->place);
}

static PyObject *extension_line(PyObject *self, void *unused)
{
    return PyLong_FromSsize_t(dialplan_line(EXTENSION(self)->extension->place));
}

static PyObject *extension_repr(PyObject *self)
{
    const struct pyst_dialplan_extension *extension = EXTENSION(self)->extension;
    PyObject *name = text_decode(extension->name);
    PyObject *caller_id = name ? text_decode(extension->caller_id) : NULL;
    PyObject *file = caller_id ? dialplan_file(extension->place) : NULL;
    PyObject *written = NULL, *repr = NULL;

    if (file)
        written = extension->caller_id.data ? PyUnicode_FromFormat("%U/%U", name, caller_id)
                                            : Py_NewRef(name);
    if (written)
        repr = PyUnicode_FromFormat("<Extension %R at %U:%zd>", written, file,
                                    dialplan_line(extension->place));
    Py_XDECREF(written);
    Py_XDECREF(file);
    Py_XDECREF(caller_id);
    Py_XDECREF(name);
    return repr;
}

static PyGetSetDef extension_getset[] = {
    {"name", extension_name, NULL,
     "str: as it is written, without blanks; a pattern begins with an underscore.", NULL},
    {"caller_id", extension_caller_id, NULL,
     "str or None: the caller, or pattern of callers, that it is for; empty for callers without a\n"
     "number, None for all.",
     NULL},
    {"context", extension_context, NULL, "str: the name of its context.", NULL},
    {"priorities", extension_priorities, NULL, "list of Priority: by number; a hint is the first.",
     NULL},
    {"file", extension_file, NULL, "str: the path of the file that its lowest priority is in.",
     NULL},
    {"line", extension_line, NULL, "int: the number of the line there, from 1.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot extension_slots[] = {
    {Py_tp_doc, "An extension, with or without a caller ID: all priorities that Asterisk takes\n"
                "for one, wherever they are written. It does not change."},
    {Py_tp_dealloc, extension_dealloc},
    {Py_tp_richcompare, extension_compare},
    {Py_tp_hash, extension_hash},
    {Py_tp_repr, extension_repr},
    {Py_tp_getset, extension_getset},
    {0, NULL},
};

PyType_Spec dialplan_extension_spec = {
    .name = "asterisk.dialplan.Extension",
    .basicsize = sizeof(struct extension_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = extension_slots,
};

/* ---- priorities ----------------------------------------------------------------------------- */

PyObject *dialplan_priority_wrap(struct dialplan_object *dialplan,
                                 const struct pyst_dialplan_priority *priority)
{
    PyTypeObject *type = dialplan->core->dialplan_priority_type;
    PyObject *self = type->tp_alloc(type, 0);

    if (!self)
        return NULL;
    PRIORITY(self)->dialplan = (struct dialplan_object *)Py_NewRef((PyObject *)dialplan);
    PRIORITY(self)->priority = priority;
    return self;
}

static void priority_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    Py_XDECREF((PyObject *)PRIORITY(self)->dialplan);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *priority_compare(PyObject *self, PyObject *other, int operation)
{
    const bool is_one = Py_TYPE(self) == Py_TYPE(other);

    return compare(self, PRIORITY(self)->priority, other, is_one ? PRIORITY(other)->priority : NULL,
                   operation);
}

static Py_hash_t priority_hash(PyObject *self)
{
    return hash(PRIORITY(self)->priority);
}

static PyObject *priority_number(PyObject *self, void *unused)
{
    return PyLong_FromLong(PRIORITY(self)->priority->number);
}

static PyObject *priority_is_hint(PyObject *self, void *unused)
{
    return PyBool_FromLong(PRIORITY(self)->priority->number == PYST_DIALPLAN_HINT);
}

static PyObject *priority_label(PyObject *self, void *unused)
{
    return dialplan_text_or_none(PRIORITY(self)->priority->label);
}

static PyObject *priority_application(PyObject *self, void *unused)
{
    return text_decode_name(PRIORITY(self)->dialplan->core, PRIORITY(self)->priority->application);
}

static PyObject *priority_arguments(PyObject *self, void *unused)
{
    return dialplan_text_or_none(PRIORITY(self)->priority->arguments);
}

static PyObject *priority_extension(PyObject *self, void *unused)
{
    return dialplan_extension_wrap(PRIORITY(self)->dialplan, PRIORITY(self)->priority->extension);
}

static PyObject *priority_file(PyObject *self, void *unused)
{
    return dialplan_file(PRIORITY(self)->priority->place);
}

static PyObject *priority_line(PyObject *self, void *unused)
{
    return PyLong_FromSsize_t(dialplan_line(PRIORITY(self)->priority->place));
}

static PyObject *priority_repr(PyObject *self)
{
    const struct pyst_dialplan_priority *priority = PRIORITY(self)->priority;
    PyObject *application = text_decode(priority->application);
    PyObject *arguments = application ? text_decode(priority->arguments) : NULL;
    PyObject *file = arguments ? dialplan_file(priority->place) : NULL;
    PyObject *written = NULL, *number = NULL, *repr = NULL;

    if (file)
        written = priority->arguments.data ? PyUnicode_FromFormat("%U(%U)", application, arguments)
                                           : Py_NewRef(application);
    if (written)
        number = priority->number == PYST_DIALPLAN_HINT
                     ? PyUnicode_FromString("hint")
                     : PyUnicode_FromFormat("%d", priority->number);
    if (number)
        repr = PyUnicode_FromFormat("<Priority %U %R at %U:%zd>", number, written, file,
                                    dialplan_line(priority->place));
    Py_XDECREF(number);
    Py_XDECREF(written);
    Py_XDECREF(file);
    Py_XDECREF(arguments);
    Py_XDECREF(application);
    return repr;
}

static PyGetSetDef priority_getset[] = {
    {"number", priority_number, NULL, "int: from 1; `HINT` for a hint.", NULL},
    {"is_hint", priority_is_hint, NULL,
     "bool: whether it is a hint, which is never executed: its application is what it watches.",
     NULL},
    {"label", priority_label, NULL, "str or None: its label.", NULL},
    {"application", priority_application, NULL, "str: the name of the application; may be empty.",
     NULL},
    {"arguments", priority_arguments, NULL,
     "str or None: what stands in the parentheses; None without parentheses.", NULL},
    {"extension", priority_extension, NULL, "Extension: the one that it is a priority of.", NULL},
    {"file", priority_file, NULL, "str: the path of the file that it is written in.", NULL},
    {"line", priority_line, NULL, "int: the number of the line there, from 1.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot priority_slots[] = {
    {Py_tp_doc, "A priority of an extension: what is executed there. It does not change."},
    {Py_tp_dealloc, priority_dealloc},
    {Py_tp_richcompare, priority_compare},
    {Py_tp_hash, priority_hash},
    {Py_tp_repr, priority_repr},
    {Py_tp_getset, priority_getset},
    {0, NULL},
};

PyType_Spec dialplan_priority_spec = {
    .name = "asterisk.dialplan.Priority",
    .basicsize = sizeof(struct priority_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = priority_slots,
};
