/* SPDX-License-Identifier: MIT */
/*
 * AsyncAgi: AGI dialogues over a manager session, and AsyncAgiCall, one of them. What the manager
 * says in, what is to be done out.
 */
#include "core.h"

#include <pyst/async-agi.h>

#include "message.h"

struct async_object {
    PyObject_HEAD struct core *core;
    struct pyst_async_agi *async;
    struct call_object *calls; /* those that go on, each with a reference */
};

struct call_object {
    PyObject_HEAD struct async_object *owner; /* NULL once the call is over; borrowed */
    struct call_object *before, *behind;
    struct pyst_async_agi_call *call;
    PyObject *data; /* the program's; NULL for None */
};

#define ASYNC(object)    ((struct async_object *)(object))
#define CALL(object)     ((struct call_object *)(object))
#define METHOD(function) ((PyCFunction)(void (*)(void))(function))

/* -- a call ----------------------------------------------------------------------------------- */

static int call_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(CALL(self)->data);
    return 0;
}

static int call_clear(PyObject *self)
{
    Py_CLEAR(CALL(self)->data);
    return 0;
}

static void call_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    call_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

/* The call is over: its owner lets go of it. */
static void call_forget(struct call_object *self)
{
    struct async_object *owner = self->owner;

    *(self->before ? &self->before->behind : &owner->calls) = self->behind;
    if (self->behind)
        self->behind->before = self->before;
    self->owner = NULL;
    self->call = NULL;
    Py_DECREF(self);
}

static PyObject *call_send(PyObject *self, PyObject *argument)
{
    struct async_object *owner = CALL(self)->owner;
    Py_buffer view;
    int r = PYST_ERR_HANGUP;

    if (PyObject_GetBuffer(argument, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    if (owner)
        r = pyst_async_agi_send(owner->async, CALL(self)->call,
                                pyst_text_of(view.buf, (size_t)view.len));
    PyBuffer_Release(&view);
    if (r < 0)
        return core_raise(core_of_type(Py_TYPE(self)), r);
    Py_RETURN_NONE;
}

static PyObject *call_finish(PyObject *self, PyObject *unused)
{
    if (CALL(self)->owner)
        pyst_async_agi_finish(CALL(self)->owner->async, CALL(self)->call);
    Py_RETURN_NONE;
}

static PyObject *call_leave(PyObject *self, PyObject *unused)
{
    if (CALL(self)->owner) {
        pyst_async_agi_leave(CALL(self)->owner->async, CALL(self)->call);
        call_forget(CALL(self));
    }
    Py_RETURN_NONE;
}

static PyObject *call_channel(PyObject *self, void *unused)
{
    if (!CALL(self)->call)
        Py_RETURN_NONE;
    return text_decode(pyst_async_agi_call_channel(CALL(self)->call));
}

static PyObject *call_unique_id(PyObject *self, void *unused)
{
    if (!CALL(self)->call)
        Py_RETURN_NONE;
    return text_decode(pyst_async_agi_call_unique_id(CALL(self)->call));
}

static PyObject *call_get_data(PyObject *self, void *unused)
{
    return Py_NewRef(CALL(self)->data ? CALL(self)->data : Py_None);
}

static int call_set_data(PyObject *self, PyObject *value, void *unused)
{
    PyObject *old = CALL(self)->data;

    CALL(self)->data = value ? Py_NewRef(value) : NULL;
    Py_XDECREF(old);
    return 0;
}

static PyMethodDef call_methods[] = {
    {"send", call_send, METH_O, "send(data, /)\n--\n\nBytes of the program: command lines."},
    {"finish", call_finish, METH_NOARGS,
     "finish()\n--\n\nEnds the dialogue: what waits is sent, then ASYNCAGI BREAK."},
    {"leave", call_leave, METH_NOARGS, "leave()\n--\n\nLeaves the call to another client."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef call_getset[] = {
    {"channel", call_channel, NULL, "The channel's name as of now; None once it is over.", NULL},
    {"unique_id", call_unique_id, NULL, "The channel's Uniqueid; None once it is over.", NULL},
    {"data", call_get_data, call_set_data, "The program's own.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot call_slots[] = {
    {Py_tp_doc, "One dialogue of AsyncAGI."},
    {Py_tp_dealloc, call_dealloc},
    {Py_tp_traverse, call_traverse},
    {Py_tp_clear, call_clear},
    {Py_tp_methods, call_methods},
    {Py_tp_getset, call_getset},
    {0, NULL},
};

static PyType_Spec call_spec = {
    .name = "asterisk._core.AsyncAgiCall",
    .basicsize = sizeof(struct call_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = call_slots,
};

/* -- all of them ------------------------------------------------------------------------------ */

static PyObject *async_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"calls", "output_size", "command_id_prefix", NULL};
    struct core *core = core_of_type(type);
    struct pyst_async_agi_options options = {0};
    PyObject *prefix = NULL, *keep = NULL, *self;
    Py_ssize_t sizes[2] = {0, 0};
    int r;

    if (!core || !PyArg_ParseTupleAndKeywords(args, kwargs, "|$nnO:AsyncAgi", keywords, &sizes[0],
                                              &sizes[1], &prefix))
        return NULL;
    if (sizes[0] < 0 || sizes[1] < 0) {
        PyErr_SetString(PyExc_ValueError, "a limit is 0 or more");
        return NULL;
    }
    options.calls = (size_t)sizes[0];
    options.output_size = (size_t)sizes[1];
    if (prefix && prefix != Py_None && text_encode(prefix, &options.command_id_prefix, &keep) < 0)
        return NULL;
    self = type->tp_alloc(type, 0);
    if (self) {
        ASYNC(self)->core = core;
        r = pyst_async_agi_new(&ASYNC(self)->async, &options);
        if (r < 0) {
            core_raise(core, r);
            Py_CLEAR(self);
        }
    }
    Py_XDECREF(keep);
    return self;
}

static int async_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    for (struct call_object *call = ASYNC(self)->calls; call; call = call->behind)
        Py_VISIT(call);
    return 0;
}

static int async_clear(PyObject *self)
{
    while (ASYNC(self)->calls) {
        pyst_async_agi_call_set_data(ASYNC(self)->calls->call, NULL);
        call_forget(ASYNC(self)->calls);
    }
    return 0;
}

static void async_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    async_clear(self);
    ASYNC(self)->async = pyst_async_agi_free(ASYNC(self)->async);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *take(PyObject *self, const struct pyst_ami_notice *notice)
{
    int r = pyst_async_agi_take(ASYNC(self)->async, notice);

    return r < 0 ? core_raise(ASYNC(self)->core, r) : PyBool_FromLong(r);
}

static PyObject *async_event(PyObject *self, PyObject *argument)
{
    struct pyst_ami_notice notice = {.type = PYST_AMI_NOTICE_EVENT};
    int is_event = PyObject_IsInstance(argument, (PyObject *)ASYNC(self)->core->event_type);

    if (is_event < 0)
        return NULL;
    if (is_event)
        notice.message = ((struct message_object *)argument)->message;
    if (!notice.message) {
        PyErr_SetString(PyExc_TypeError, "event() takes an Event that came");
        return NULL;
    }
    return take(self, &notice);
}

static PyObject *async_done(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    struct pyst_ami_notice notice = {.type = PYST_AMI_NOTICE_DONE};
    long error;

    if (n_args != 2) {
        PyErr_SetString(PyExc_TypeError, "done() takes a submission and an error");
        return NULL;
    }
    notice.user = PyLong_AsVoidPtr(args[0]);
    if (!notice.user && PyErr_Occurred())
        return NULL;
    error = PyLong_AsLong(args[1]);
    if (error == -1 && PyErr_Occurred())
        return NULL;
    notice.error = (int)error;
    return take(self, &notice);
}

static PyObject *async_not_submitted(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    void *submission;
    long error;

    if (n_args != 2) {
        PyErr_SetString(PyExc_TypeError, "not_submitted() takes a submission and an error");
        return NULL;
    }
    submission = PyLong_AsVoidPtr(args[0]);
    if (!submission && PyErr_Occurred())
        return NULL;
    error = PyLong_AsLong(args[1]);
    if (error == -1 && PyErr_Occurred())
        return NULL;
    pyst_async_agi_not_submitted(ASYNC(self)->async, submission, (int)error);
    Py_RETURN_NONE;
}

static PyObject *async_ready(PyObject *self, PyObject *unused)
{
    struct pyst_ami_notice notice = {.type = PYST_AMI_NOTICE_READY};

    return take(self, &notice);
}

static PyObject *async_closed(PyObject *self, PyObject *argument)
{
    struct pyst_ami_notice notice = {.type = PYST_AMI_NOTICE_CLOSED};
    long error = PyLong_AsLong(argument);

    if (error == -1 && PyErr_Occurred())
        return NULL;
    notice.error = (int)error;
    return take(self, &notice);
}

/* The AsyncAgiCall of a call that begins. Borrowed. */
static PyObject *begin(struct async_object *self, struct pyst_async_agi_call *call)
{
    PyTypeObject *type = self->core->async_agi_call_type;
    PyObject *object = type->tp_alloc(type, 0);

    if (!object)
        return NULL;
    CALL(object)->owner = self;
    CALL(object)->call = call;
    CALL(object)->behind = self->calls;
    if (self->calls)
        self->calls->before = CALL(object);
    self->calls = CALL(object);
    pyst_async_agi_call_set_data(call, object);
    return object;
}

static PyObject *text_or_none(struct pyst_text text)
{
    return text.data ? text_decode(text) : Py_NewRef(Py_None);
}

/* (name, [(header, value)...], submission) */
static PyObject *action_tuple(const struct pyst_async_agi_notice *notice)
{
    size_t n = pyst_ami_action_n_headers(notice->action);
    PyObject *headers = PyList_New((Py_ssize_t)n - 1);
    PyObject *tuple = NULL;

    for (size_t i = 1; headers && i < n; i++) {
        struct pyst_text name, value;
        PyObject *pair;

        pyst_ami_action_header(notice->action, i, &name, &value);
        pair = Py_BuildValue("(NN)", text_or_none(name), text_or_none(value));
        if (pair)
            PyList_SET_ITEM(headers, (Py_ssize_t)i - 1, pair);
        else
            Py_CLEAR(headers);
    }
    if (headers)
        tuple = Py_BuildValue("(NNN)", text_or_none(pyst_ami_action_name(notice->action)), headers,
                              PyLong_FromVoidPtr(notice->submission));
    return tuple;
}

static PyObject *async_next(PyObject *self, PyObject *unused)
{
    struct pyst_async_agi_notice notice;
    PyObject *call, *detail, *tuple;
    int r = pyst_async_agi_next(ASYNC(self)->async, &notice);

    if (r < 0)
        return core_raise(ASYNC(self)->core, r);
    if (r == 0)
        Py_RETURN_NONE;
    call = notice.call ? pyst_async_agi_call_data(notice.call) : NULL;
    if (notice.type == PYST_ASYNC_AGI_STARTED) {
        call = begin(ASYNC(self), notice.call);
        if (!call)
            return NULL;
    }
    Py_XINCREF(call);
    switch (notice.type) {
    case PYST_ASYNC_AGI_RECEIVED:
        detail = PyBytes_FromStringAndSize(notice.data.data, (Py_ssize_t)notice.data.size);
        break;
    case PYST_ASYNC_AGI_ACTION:
        detail = action_tuple(&notice);
        break;
    case PYST_ASYNC_AGI_ENDED:
        detail = PyLong_FromLong(notice.error);
        if (call)
            call_forget(CALL(call));
        break;
    default:
        detail = Py_NewRef(Py_None);
    }
    tuple = detail ? Py_BuildValue("(iOO)", (int)notice.type, call ? call : Py_None, detail) : NULL;
    Py_XDECREF(call);
    Py_XDECREF(detail);
    return tuple;
}

static PyObject *async_count(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(pyst_async_agi_count(ASYNC(self)->async));
}

static PyObject *async_refused(PyObject *self, void *unused)
{
    return PyLong_FromUnsignedLongLong(pyst_async_agi_refused(ASYNC(self)->async));
}

static PyMethodDef async_methods[] = {
    {"event", async_event, METH_O,
     "event(event, /)\n--\n\nTakes an event; whether it was AsyncAGI's alone."},
    {"done", METHOD(async_done), METH_FASTCALL,
     "done(submission, error, /)\n--\n\nTakes the end of an action: 0 or an ERR_*."},
    {"not_submitted", METHOD(async_not_submitted), METH_FASTCALL,
     "not_submitted(submission, error, /)\n--\n\nSays that an action could not be submitted."},
    {"ready", async_ready, METH_NOARGS, "ready()\n--\n\nSays that the manager is logged in."},
    {"closed", async_closed, METH_O,
     "closed(error, /)\n--\n\nSays that the connection is closed: every call ends."},
    {"next", async_next, METH_NOARGS,
     "next()\n--\n\nWhat to do next: (kind, call, detail), or None.\n\n"
     "The detail is the bytes of ASYNC_AGI_RECEIVED; (name, headers, submission) of\n"
     "ASYNC_AGI_ACTION, whose call may be None; the error of ASYNC_AGI_ENDED."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef async_getset[] = {
    {"count", async_count, NULL, "Calls that go on.", NULL},
    {"refused", async_refused, NULL, "Calls above the limit.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot async_slots[] = {
    {Py_tp_doc, "AGI dialogues over a manager session."},
    {Py_tp_new, async_new},
    {Py_tp_dealloc, async_dealloc},
    {Py_tp_traverse, async_traverse},
    {Py_tp_clear, async_clear},
    {Py_tp_methods, async_methods},
    {Py_tp_getset, async_getset},
    {0, NULL},
};

static PyType_Spec async_spec = {
    .name = "asterisk._core.AsyncAgi",
    .basicsize = sizeof(struct async_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = async_slots,
};

int async_agi_add(PyObject *module)
{
    struct core *core = PyModule_GetState(module);
    PyObject *async = PyType_FromModuleAndSpec(module, &async_spec, NULL);
    int r = async ? PyModule_AddType(module, (PyTypeObject *)async) : -1;

    Py_XDECREF(async);
    if (r < 0)
        return r;
    core->async_agi_call_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &call_spec, NULL);
    if (!core->async_agi_call_type)
        return -1;
    core->async_agi_call_type->tp_new = NULL; /* AsyncAgi makes them */
    if (PyModule_AddType(module, core->async_agi_call_type) < 0 ||
        PyModule_AddIntConstant(module, "ASYNC_AGI_STARTED", PYST_ASYNC_AGI_STARTED) < 0 ||
        PyModule_AddIntConstant(module, "ASYNC_AGI_RECEIVED", PYST_ASYNC_AGI_RECEIVED) < 0 ||
        PyModule_AddIntConstant(module, "ASYNC_AGI_ACTION", PYST_ASYNC_AGI_ACTION) < 0 ||
        PyModule_AddIntConstant(module, "ASYNC_AGI_ENDED", PYST_ASYNC_AGI_ENDED) < 0 ||
        PyModule_AddIntConstant(module, "ASYNC_AGI_COMMAND_SIZE", PYST_ASYNC_AGI_COMMAND_SIZE) < 0)
        return -1;
    return 0;
}
