/* SPDX-License-Identifier: MIT */
/*
 * ManagerMsg and Event: a message of libpyst whose Python objects are made when they are asked for.
 *
 * pyst's names (headers, [], has_header, get_header, multiheaders, data) compare exactly and give
 * the last value without the blanks around it, and `headers` is a dict that a program may change:
 * once it exists, [] reads it. The names that are new (get, get_all, items) read the message
 * itself, in any case, and give values as they came.
 */
#include "message.h"
#include "core.h"

#include <stddef.h>
#include <structmember.h>

#define SELF(object) ((struct message_object *)(object))

/* -- making and ending ------------------------------------------------------------------------ */

static PyObject *wrap(PyTypeObject *type, struct core *core, struct pyst_ami_message *message)
{
    PyObject *object = type->tp_alloc(type, 0);

    if (object) {
        SELF(object)->core = core;
        SELF(object)->message = pyst_ami_message_ref(message);
    }
    return object;
}

PyObject *manager_msg_wrap(struct core *core, struct pyst_ami_message *message)
{
    PyObject *object = wrap(core->manager_msg_type, core, message);

    if (object)
        SELF(object)->greeting = pyst_ami_message_kind(message) == PYST_AMI_GREETING;
    return object;
}

PyObject *event_wrap(struct core *core, struct pyst_ami_message *message)
{
    PyObject *object = wrap(core->event_type, core, message);

    if (!object)
        return NULL;
    SELF(object)->name = text_decode_name(core, text_strip(pyst_ami_message_name(message)));
    if (!SELF(object)->name)
        Py_CLEAR(object);
    return object;
}

static PyObject *message_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    struct core *core = core_of_type(type);

    if (!core)
        return NULL;
    if (type == core->message_type) {
        PyErr_SetString(PyExc_TypeError, "make a ManagerMsg or an Event");
        return NULL;
    }
    return wrap(type, core, NULL);
}

static int message_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct message_object *self = SELF(object);

    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->name);
    Py_VISIT(self->headers);
    Py_VISIT(self->multiheaders);
    Py_VISIT(self->data);
    Py_VISIT(self->response);
    Py_VISIT(self->origin);
    Py_VISIT(self->dict);
    return 0;
}

static int message_clear(PyObject *object)
{
    struct message_object *self = SELF(object);

    Py_CLEAR(self->name);
    Py_CLEAR(self->headers);
    Py_CLEAR(self->multiheaders);
    Py_CLEAR(self->data);
    Py_CLEAR(self->response);
    Py_CLEAR(self->origin);
    Py_CLEAR(self->dict);
    return 0;
}

static void message_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);

    PyObject_GC_UnTrack(object);
    if (SELF(object)->weakrefs)
        PyObject_ClearWeakRefs(object);
    message_clear(object);
    SELF(object)->message = pyst_ami_message_unref(SELF(object)->message);
    type->tp_free(object);
    Py_DECREF(type);
}

/* -- headers, as they came -------------------------------------------------------------------- */

static PyObject *message_get(PyObject *self, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *names)
{
    static const char *const keywords[2] = {"name", "default"};
    PyObject *found[2], *keep;
    struct pyst_text name, value = pyst_text_none();

    if (message_arguments(args, n_args, names, keywords, found) < 0 ||
        text_encode(found[0], &name, &keep) < 0)
        return NULL;
    if (SELF(self)->message)
        value = pyst_ami_message_get(SELF(self)->message, name);
    Py_DECREF(keep);
    return value.data ? text_decode(value) : Py_NewRef(found[1]);
}

/* Appends and drops the reference to `value`, which may be NULL with an exception set. */
int message_append(PyObject *list, PyObject *value)
{
    int r = value ? PyList_Append(list, value) : -1;

    Py_XDECREF(value);
    return r;
}

static PyObject *message_get_all(PyObject *self, PyObject *argument)
{
    struct pyst_ami_message *message = SELF(self)->message;
    PyObject *list, *keep;
    struct pyst_text name;

    if (text_encode(argument, &name, &keep) < 0)
        return NULL;
    list = PyList_New(0);
    if (list && message) {
        for (size_t i = pyst_ami_message_find(message, name, 0); i != PYST_AMI_NONE;
             i = pyst_ami_message_find(message, name, i + 1)) {
            if (message_append(list, text_decode(pyst_ami_message_header(message, i).value)) < 0) {
                Py_CLEAR(list);
                break;
            }
        }
    }
    Py_DECREF(keep);
    return list;
}

static PyObject *message_items(PyObject *self, PyObject *unused)
{
    struct pyst_ami_message *message = SELF(self)->message;
    size_t n = message ? pyst_ami_message_n_headers(message) : 0;
    PyObject *list = PyList_New((Py_ssize_t)n);

    for (size_t i = 0; list && i < n; i++) {
        struct pyst_ami_header header = pyst_ami_message_header(message, i);
        PyObject *name = text_decode_name(SELF(self)->core, header.name);
        PyObject *value = text_decode(header.value);
        PyObject *pair = name && value ? PyTuple_Pack(2, name, value) : NULL;

        Py_XDECREF(name);
        Py_XDECREF(value);
        if (!pair)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, (Py_ssize_t)i, pair);
    }
    return list;
}

static PyObject *unescaped(struct pyst_text value)
{
    PyObject *text;
    char *out;

    if (value.size == 0 || !memchr(value.data, '\\', value.size))
        return text_decode(value);
    out = PyMem_Malloc(value.size);
    if (!out)
        return PyErr_NoMemory();
    text = text_decode(pyst_text_of(out, pyst_ami_unescape(value, out)));
    PyMem_Free(out);
    return text;
}

static PyObject *variables(struct message_object *self, struct pyst_text prefix,
                           struct pyst_text channel)
{
    PyObject *dict = PyDict_New();
    struct pyst_text name, value;
    size_t cursor = 0;

    while (dict && self->message &&
           pyst_ami_message_next_variable(self->message, prefix, channel, &cursor, &name, &value) >
               0) {
        PyObject *key = text_decode(name);
        PyObject *text = key ? unescaped(value) : NULL;

        if (!text || PyDict_SetItem(dict, key, text) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(key);
        Py_XDECREF(text);
    }
    return dict;
}

static PyObject *message_channel_variables(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"prefix", "channel", NULL};
    PyObject *prefix = NULL, *channel = Py_None, *keep_prefix = NULL, *keep_channel = NULL;
    struct pyst_text prefix_text = pyst_text(""), channel_text = pyst_text_none();
    PyObject *dict = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:channel_variables", keywords, &prefix,
                                     &channel))
        return NULL;
    if (prefix == Py_None)
        prefix_text = pyst_text_none();
    else if (prefix && text_encode(prefix, &prefix_text, &keep_prefix) < 0)
        return NULL;
    if (channel == Py_None || text_encode(channel, &channel_text, &keep_channel) == 0)
        dict = variables(SELF(self), prefix_text, channel_text);
    Py_XDECREF(keep_prefix);
    Py_XDECREF(keep_channel);
    return dict;
}

/* -- copy and pickle -------------------------------------------------------------------------- */

static PyObject *or_none(PyObject *object)
{
    return object ? object : Py_None;
}

static PyObject *message_reduce(PyObject *object, PyObject *unused)
{
    struct message_object *self = SELF(object);
    struct pyst_text raw = pyst_text_none();
    PyObject *copyreg, *make = NULL, *result = NULL;

    if (self->message)
        raw = pyst_ami_message_raw(self->message);
    copyreg = PyImport_ImportModule("copyreg");
    if (copyreg)
        make = PyObject_GetAttrString(copyreg, "__newobj__");
    if (make)
        result = Py_BuildValue("O(O)(y#iOOOOOO)", make, Py_TYPE(object), raw.data,
                               (Py_ssize_t)raw.size, (int)self->greeting, or_none(self->name),
                               or_none(self->headers), or_none(self->multiheaders),
                               or_none(self->data), or_none(self->response), or_none(self->dict));
    Py_XDECREF(copyreg);
    Py_XDECREF(make);
    return result;
}

void message_replace(PyObject **where, PyObject *object)
{
    PyObject *old = *where;

    *where = object == Py_None ? NULL : Py_NewRef(object);
    Py_XDECREF(old);
}

/* The message of the bytes that message_reduce() took; a greeting is one only at a beginning. */
static int parse_raw(struct pyst_ami_message **messagep, bool greeting, const char *raw,
                     size_t size)
{
    struct pyst_ami_parser *parser;
    int r;

    if (!greeting)
        return pyst_ami_message_parse(messagep, raw, size);
    r = pyst_ami_parser_new(&parser, NULL, true);
    if (r < 0)
        return r;
    r = pyst_ami_parser_feed(parser, raw, size);
    if (r >= 0)
        r = pyst_ami_parser_next(parser, messagep);
    pyst_ami_parser_free(parser);
    return r == 0 ? PYST_ERR_INVALID : r < 0 ? r : 0;
}

static PyObject *message_setstate(PyObject *object, PyObject *state)
{
    struct message_object *self = SELF(object);
    struct pyst_ami_message *message = NULL;
    PyObject *name, *headers, *multiheaders, *data, *response, *dict;
    const char *raw;
    Py_ssize_t raw_size;
    int greeting, r;

    if (!PyTuple_Check(state)) {
        PyErr_SetString(PyExc_TypeError, "not the state of a message");
        return NULL;
    }
    if (!PyArg_ParseTuple(state, "z#iOOOOOO", &raw, &raw_size, &greeting, &name, &headers,
                          &multiheaders, &data, &response, &dict))
        return NULL;
    if (dict != Py_None && !PyDict_Check(dict)) {
        PyErr_SetString(PyExc_TypeError, "not the state of a message");
        return NULL;
    }
    if (raw) {
        r = parse_raw(&message, greeting, raw, (size_t)raw_size);
        if (r < 0)
            return core_raise(self->core, r);
    }
    pyst_ami_message_unref(self->message);
    self->message = message;
    self->greeting = greeting;
    message_replace(&self->name, name);
    message_replace(&self->headers, headers);
    message_replace(&self->multiheaders, multiheaders);
    message_replace(&self->data, data);
    message_replace(&self->response, response);
    if (dict == Py_None) {
        message_replace(&self->dict, Py_None);
    } else {
        PyObject *copy = PyDict_Copy(dict);

        if (!copy)
            return NULL;
        message_replace(&self->dict, copy);
        Py_DECREF(copy);
    }
    Py_RETURN_NONE;
}

/* -- attributes ------------------------------------------------------------------------------- */

static PyObject *message_raw(PyObject *self, void *unused)
{
    struct pyst_text raw = pyst_text_none();

    if (SELF(self)->message)
        raw = pyst_ami_message_raw(SELF(self)->message);
    return PyBytes_FromStringAndSize(raw.data ? raw.data : "", (Py_ssize_t)raw.size);
}

static PyObject *message_output(PyObject *self, void *unused)
{
    PyObject *list = PyList_New(0);
    struct pyst_text line;
    size_t cursor = 0;

    while (list && SELF(self)->message &&
           pyst_ami_message_next_output(SELF(self)->message, &cursor, &line) > 0) {
        if (message_append(list, text_decode(line)) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *message_variables(PyObject *self, void *unused)
{
    return variables(SELF(self), pyst_text(""), pyst_text_none());
}

static PyObject *message_error(PyObject *self, void *unused)
{
    return PyLong_FromLong(SELF(self)->message ? pyst_ami_message_error(SELF(self)->message) : 0);
}

static PyObject *message_action_id(PyObject *self, void *unused)
{
    struct pyst_text id = pyst_text_none();

    if (SELF(self)->message)
        id = pyst_ami_message_action_id(SELF(self)->message);
    return id.data ? text_decode(id) : Py_NewRef(Py_None);
}

static PyObject *event_get_name(PyObject *self, void *unused)
{
    if (!SELF(self)->name) {
        PyErr_SetString(PyExc_AttributeError, "name");
        return NULL;
    }
    return Py_NewRef(SELF(self)->name);
}

static PyObject *event_message(PyObject *self, void *unused)
{
    if (!SELF(self)->origin) {
        struct core *core = SELF(self)->core;
        PyObject *origin = wrap(core->manager_msg_type, core, SELF(self)->message);

        if (!origin)
            return NULL;
        if (message_share(SELF(origin), SELF(self)) < 0) {
            Py_DECREF(origin);
            return NULL;
        }
        SELF(self)->origin = origin;
    }
    return Py_NewRef(SELF(self)->origin);
}

/* The closure of a setter is the offset of the member. */
static int set_member(PyObject *self, PyObject *value, void *closure)
{
    PyObject **where = (PyObject **)((char *)self + (size_t)closure), *old = *where;

    if (!value) {
        PyErr_SetString(PyExc_AttributeError, "cannot be deleted");
        return -1;
    }
    *where = Py_NewRef(value);
    Py_XDECREF(old);
    return 0;
}

/* -- Event and ManagerMsg --------------------------------------------------------------------- */

static PyObject *message_repr_by(PyObject *self, PyObject *name)
{
    PyObject *value = message_subscript(self, name);

    if (value && !PyUnicode_Check(value)) {
        PyObject *text = PyObject_Str(value);

        Py_DECREF(value);
        return text;
    }
    return value;
}

static PyObject *manager_msg_repr(PyObject *self)
{
    return message_repr_by(self, SELF(self)->core->str_response);
}

static PyObject *event_repr(PyObject *self)
{
    return message_repr_by(self, SELF(self)->core->str_event);
}

static PyObject *event_get_action_id(PyObject *self, PyObject *unused)
{
    PyObject *name = PyUnicode_FromString("ActionID"), *value = NULL;
    int r;

    if (!name)
        return NULL;
    r = message_find_header(SELF(self), name, &value);
    Py_DECREF(name);
    return r == 0 ? PyLong_FromLong(0) : value;
}

static int event_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"message", NULL};
    struct core *core = SELF(self)->core;
    PyObject *message, *name = NULL;
    int r;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!:Event", keywords, core->message_type,
                                     &message))
        return -1;
    r = message_find_header(SELF(message), core->str_event, &name);
    if (r == 0) {
        PyObject *errors = PyImport_ImportModule("asterisk.errors");
        PyObject *type = errors ? PyObject_GetAttrString(errors, "ManagerException") : NULL;

        if (type)
            PyErr_SetString(type, "Trying to create event from non event message");
        Py_XDECREF(errors);
        Py_XDECREF(type);
    }
    if (r <= 0)
        return -1;
    message_replace(&SELF(self)->name, name);
    Py_DECREF(name);
    pyst_ami_message_unref(SELF(self)->message);
    SELF(self)->message = pyst_ami_message_ref(SELF(message)->message);
    message_replace(&SELF(self)->origin, message);
    return message_share(SELF(self), SELF(message));
}

/* -- types ------------------------------------------------------------------------------------ */

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))
#define MEMBER(name)     ((void *)offsetof(struct message_object, name))

static PyMethodDef message_methods[] = {
    {"has_header", METHOD(message_has_header), METH_FASTCALL | METH_KEYWORDS,
     "has_header(hname)\n--\n\nWhether there is a header of exactly that name."},
    {"get_header", METHOD(message_get_header), METH_FASTCALL | METH_KEYWORDS,
     "get_header(hname, defval=None)\n--\n\nThe last value of the header of exactly that name."},
    {"get", METHOD(message_get), METH_FASTCALL | METH_KEYWORDS,
     "get(name, default=None)\n--\n\nThe first value of a header, its name in any case."},
    {"get_all", message_get_all, METH_O,
     "get_all(name)\n--\n\nAll values of a header, its name in any case, in order."},
    {"items", message_items, METH_NOARGS,
     "items()\n--\n\nAll lines as (name, value), in order; the name of a line without a colon is "
     "empty."},
    {"channel_variables", METHOD(message_channel_variables), METH_VARARGS | METH_KEYWORDS,
     "channel_variables(prefix='', channel=None)\n--\n\nChannel variables by name: those of "
     "headers that begin in prefix (None: any), of one channel (None: any)."},
    {"__reduce__", message_reduce, METH_NOARGS, NULL},
    {"__setstate__", message_setstate, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef message_getset[] = {
    {"headers", message_headers, set_member, "The last value of each header, by exact name.",
     MEMBER(headers)},
    {"multiheaders", message_multiheaders, set_member, "All values of each header, by exact name.",
     MEMBER(multiheaders)},
    {"data", message_data, set_member, "The text from the first line on that is no header.",
     MEMBER(data)},
    {"raw", message_raw, NULL, "All bytes of the message as they came.", NULL},
    {"output", message_output, NULL, "The lines that a command printed.", NULL},
    {"variables", message_variables, NULL, "The channel variables (ChanVariable), by name.", NULL},
    {"error", message_error, NULL, "0, or the ERR_* that a response tells of.", NULL},
    {"action_id", message_action_id, NULL, "The ActionID, or None.", NULL},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef message_members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(struct message_object, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct message_object, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot message_slots[] = {
    {Py_tp_doc, "A message of the manager interface: what ManagerMsg and Event share."},
    {Py_tp_new, message_new},
    {Py_tp_dealloc, message_dealloc},
    {Py_tp_traverse, message_traverse},
    {Py_tp_clear, message_clear},
    {Py_tp_methods, message_methods},
    {Py_tp_getset, message_getset},
    {Py_tp_members, message_members},
    {Py_mp_subscript, message_subscript},
    {0, NULL},
};

PyType_Spec message_spec = {
    .name = "asterisk._core.Message",
    .basicsize = sizeof(struct message_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = message_slots,
};

static PyMethodDef manager_msg_methods[] = {
    {"parse", manager_msg_parse, METH_O,
     "parse(response)\n--\n\nAdds the lines to headers, multiheaders and data."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef manager_msg_getset[] = {
    {"response", message_response, set_member, "The lines as they came, with their ends.",
     MEMBER(response)},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot manager_msg_slots[] = {
    {Py_tp_doc, "ManagerMsg(response)\n--\n\nA message made of a list of lines."},
    {Py_tp_init, manager_msg_init},
    {Py_tp_dealloc, message_dealloc},
    {Py_tp_traverse, message_traverse},
    {Py_tp_clear, message_clear},
    {Py_tp_repr, manager_msg_repr},
    {Py_tp_methods, manager_msg_methods},
    {Py_tp_getset, manager_msg_getset},
    {0, NULL},
};

PyType_Spec manager_msg_spec = {
    .name = "asterisk.manager.ManagerMsg",
    .basicsize = sizeof(struct message_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = manager_msg_slots,
};

static PyMethodDef event_methods[] = {
    {"get_action_id", event_get_action_id, METH_NOARGS,
     "get_action_id()\n--\n\nThe ActionID, or 0 when there is none."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef event_getset[] = {
    {"name", event_get_name, set_member, "The name of the event.", MEMBER(name)},
    {"message", event_message, set_member, "The ManagerMsg that the event is made of.",
     MEMBER(origin)},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot event_slots[] = {
    {Py_tp_doc, "Event(message)\n--\n\nAn event, of a ManagerMsg with an Event header."},
    {Py_tp_init, event_init},
    {Py_tp_dealloc, message_dealloc},
    {Py_tp_traverse, message_traverse},
    {Py_tp_clear, message_clear},
    {Py_tp_repr, event_repr},
    {Py_tp_methods, event_methods},
    {Py_tp_getset, event_getset},
    {0, NULL},
};

PyType_Spec event_spec = {
    .name = "asterisk.manager.Event",
    .basicsize = sizeof(struct message_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = event_slots,
};
