/* SPDX-License-Identifier: MIT */
/*
 * Emulator: the server's end of a manager connection that plays a chatscript, without a socket.
 */
#include "core.h"

#include <sys/random.h>
#include <time.h>

#include <pyst/emulator/ami.h>

#define UNIQUE_STRIDE 100000 /* numbers for each connection, so that two rarely use the same */
#define OUTPUT_LIMIT  262144

struct emulator_object {
    PyObject_HEAD struct core *core;
    struct pyst_emulator_script *script;
    struct pyst_emulator_ami *emulator;
    bool host_answers;
    uint64_t n_others; /* that another() has made */
};

#define SELF(object) ((struct emulator_object *)(object))

static uint64_t microseconds(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static int begin(struct emulator_object *self, uint64_t first_unique)
{
    struct pyst_emulator_ami_options options = {
        .epoch_us = microseconds(CLOCK_REALTIME),
        .first_unique = first_unique,
        .host_answers = self->host_answers,
    };
    int r;

    if (self->host_answers) { /* a host has its own idea of what is too long */
        options.limits.message_size = PYST_AMI_MESSAGE_SIZE_DEFAULT;
        options.limits.header_count = PYST_AMI_HEADER_COUNT_DEFAULT;
        options.limits.line_size = PYST_AMI_LINE_SIZE_DEFAULT;
    }
    if (getrandom(&options.seed, sizeof(options.seed), GRND_NONBLOCK) < 0)
        options.seed = options.epoch_us;
    r = pyst_emulator_ami_new(&self->emulator, self->script, &options,
                              microseconds(CLOCK_MONOTONIC));
    if (r < 0)
        core_raise(self->core, r);
    return r < 0 ? -1 : 0;
}

static int read_script(struct emulator_object *self, struct pyst_text text)
{
    struct pyst_emulator_problem problem;
    int r = pyst_emulator_script_read(self->script, text, &problem);

    if (r == PYST_ERR_INVALID)
        PyErr_Format(PyExc_ValueError, "line %zu of the chatscript: %s", problem.line,
                     problem.reason);
    else if (r < 0)
        core_raise(self->core, r);
    return r < 0 ? -1 : 0;
}

static PyObject *emulator_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"script", "host_answers", NULL};
    struct core *core = core_of_type(type);
    struct emulator_object *self;
    PyObject *script, *keep = NULL;
    struct pyst_text text;
    int host_answers = 0, r;

    if (!core || !PyArg_ParseTupleAndKeywords(args, kwargs, "U|p:Emulator", keywords, &script,
                                              &host_answers))
        return NULL;
    self = (struct emulator_object *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->core = core;
    self->host_answers = host_answers;
    r = pyst_emulator_script_new(&self->script);
    if (r < 0) {
        core_raise(core, r);
        r = -1;
    } else if ((r = text_encode(script, &text, &keep)) == 0 && (r = read_script(self, text)) == 0)
        r = begin(self, 1);
    Py_XDECREF(keep);
    if (r < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static PyObject *emulator_another(PyObject *object, PyObject *unused)
{
    struct emulator_object *self = SELF(object), *other;
    PyTypeObject *type = Py_TYPE(object);

    other = (struct emulator_object *)type->tp_alloc(type, 0);
    if (!other)
        return NULL;
    other->core = self->core;
    other->host_answers = self->host_answers;
    other->script = pyst_emulator_script_ref(self->script);
    if (begin(other, ++self->n_others * UNIQUE_STRIDE + 1) < 0) {
        Py_DECREF(other);
        return NULL;
    }
    return (PyObject *)other;
}

static void emulator_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    pyst_emulator_ami_free(SELF(self)->emulator);
    pyst_emulator_script_unref(SELF(self)->script);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *none_or_raise(PyObject *self, int r)
{
    if (r < 0)
        return core_raise(SELF(self)->core, r);
    Py_RETURN_NONE;
}

static PyObject *emulator_feed(PyObject *self, PyObject *data)
{
    Py_buffer view;
    int r;

    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    r = pyst_emulator_ami_feed(SELF(self)->emulator, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    return none_or_raise(self, r);
}

static PyObject *emulator_process(PyObject *self, PyObject *unused)
{
    struct pyst_ami_message *action;
    PyObject *name = NULL, *id = NULL, *pair = NULL;
    int r = pyst_emulator_ami_process(SELF(self)->emulator, microseconds(CLOCK_MONOTONIC), &action);

    if (r <= 0)
        return none_or_raise(self, r);
    name = text_decode_stripped(pyst_ami_message_get(action, pyst_text("Action")));
    id = text_decode_stripped(pyst_ami_message_action_id(action));
    if (name && id)
        pair = PyTuple_Pack(2, name, id);
    Py_XDECREF(name);
    Py_XDECREF(id);
    pyst_ami_message_unref(action);
    return pair;
}

static PyObject *emulator_send(PyObject *self, PyObject *data)
{
    Py_buffer view;
    int r;

    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    r = pyst_emulator_ami_send(SELF(self)->emulator, pyst_text_of(view.buf, (size_t)view.len));
    PyBuffer_Release(&view);
    return none_or_raise(self, r);
}

static PyObject *emulator_output(PyObject *self, PyObject *unused)
{
    struct pyst_text output = pyst_emulator_ami_output(SELF(self)->emulator);

    return PyBytes_FromStringAndSize(
        output.data, (Py_ssize_t)(output.size < OUTPUT_LIMIT ? output.size : OUTPUT_LIMIT));
}

static PyObject *emulator_sent(PyObject *self, PyObject *argument)
{
    Py_ssize_t size = PyNumber_AsSsize_t(argument, PyExc_OverflowError);

    if (size == -1 && PyErr_Occurred())
        return NULL;
    if (size < 0 || (size_t)size > pyst_emulator_ami_output(SELF(self)->emulator).size) {
        PyErr_SetString(PyExc_ValueError, "more was sent than there is");
        return NULL;
    }
    pyst_emulator_ami_sent(SELF(self)->emulator, (size_t)size);
    Py_RETURN_NONE;
}

static PyObject *emulator_timeout(PyObject *self, PyObject *unused)
{
    uint64_t deadline = pyst_emulator_ami_deadline(SELF(self)->emulator);
    uint64_t now = microseconds(CLOCK_MONOTONIC);

    if (deadline == UINT64_MAX)
        Py_RETURN_NONE;
    return PyFloat_FromDouble(deadline > now ? (double)(deadline - now) / 1e6 : 0.0);
}

static PyObject *emulator_close(PyObject *self, PyObject *unused)
{
    pyst_emulator_ami_close(SELF(self)->emulator);
    Py_RETURN_NONE;
}

static PyObject *get_closing(PyObject *self, void *unused)
{
    return PyBool_FromLong(pyst_emulator_ami_closing(SELF(self)->emulator));
}

static PyObject *get_pending(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(pyst_emulator_ami_pending(SELF(self)->emulator));
}

static PyObject *get_unsent(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(pyst_emulator_ami_output(SELF(self)->emulator).size);
}

static PyMethodDef emulator_methods[] = {
    {"another", emulator_another, METH_NOARGS,
     "another()\n--\n\nA new connection that plays the same script."},
    {"feed", emulator_feed, METH_O, "feed(data)\n--\n\nTake received bytes."},
    {"process", emulator_process, METH_NOARGS,
     "process()\n--\n\nAnswer what was received and play what is due. Returns None when done, or\n"
     "(name, action_id) of an action for the host to answer: call again then."},
    {"send", emulator_send, METH_O, "send(data)\n--\n\nAppend bytes to the output."},
    {"output", emulator_output, METH_NOARGS, "output()\n--\n\nThe bytes to send next."},
    {"sent", emulator_sent, METH_O, "sent(size)\n--\n\nSay how many of them were sent."},
    {"timeout", emulator_timeout, METH_NOARGS,
     "timeout()\n--\n\nSeconds until process() is wanted; None: not until bytes come."},
    {"close", emulator_close, METH_NOARGS,
     "close()\n--\n\nAnswer nothing more; close once the output is sent."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef emulator_getset[] = {
    {"closing", get_closing, NULL, "To be closed once the output is sent.", NULL},
    {"pending", get_pending, NULL, "Bytes that wait for an action before them.", NULL},
    {"unsent", get_unsent, NULL, "Bytes of output that were not sent.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot emulator_slots[] = {
    {Py_tp_doc, "Emulator(script, host_answers=False)\n--\n\n"
                "The server's end of a manager connection, without a socket, that plays a "
                "chatscript."},
    {Py_tp_new, emulator_new},
    {Py_tp_dealloc, emulator_dealloc},
    {Py_tp_methods, emulator_methods},
    {Py_tp_getset, emulator_getset},
    {0, NULL},
};

static PyType_Spec emulator_spec = {
    .name = "asterisk._core.Emulator",
    .basicsize = sizeof(struct emulator_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = emulator_slots,
};

int emulator_add(PyObject *module)
{
    struct pyst_text demo = pyst_emulator_script_demo_text();
    PyObject *text = PyUnicode_FromStringAndSize(demo.data, (Py_ssize_t)demo.size);
    PyObject *type;
    int r;

    if (!text)
        return -1;
    if (PyModule_AddObject(module, "DEMO_SCRIPT", text) < 0) {
        Py_DECREF(text);
        return -1;
    }
    type = PyType_FromModuleAndSpec(module, &emulator_spec, NULL);
    if (!type)
        return -1;
    r = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return r;
}
