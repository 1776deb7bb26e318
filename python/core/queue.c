/* SPDX-License-Identifier: MIT */
/*
 * EventQueue: events between the one who reads them and the one who handles them.
 *
 * It holds messages of libpyst, not Python objects: an event that no handler asks for costs none.
 */
#include "core.h"

#include <structmember.h>

struct queue_object {
    PyObject_HEAD struct core *core;
    struct pyst_ami_message **ring; /* its size is a power of two */
    size_t ring_size;
    size_t first;
    size_t count;
    size_t limit;
    bool drop_oldest;
    unsigned long long queued;
    unsigned long long dropped;
};

#define SELF(object) ((struct queue_object *)(object))

bool queue_is_full(const struct queue_object *queue)
{
    return !queue->drop_oldest && queue->count >= queue->limit;
}

static struct pyst_ami_message *pop(struct queue_object *queue)
{
    struct pyst_ami_message *message;

    if (queue->count == 0)
        return NULL;
    message = queue->ring[queue->first];
    queue->first = (queue->first + 1) & (queue->ring_size - 1);
    queue->count--;
    return message;
}

static int grow(struct queue_object *queue)
{
    size_t size = queue->ring_size ? 2 * queue->ring_size : 64;
    struct pyst_ami_message **ring = PyMem_New(struct pyst_ami_message *, size);

    if (!ring) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < queue->count; i++)
        ring[i] = queue->ring[(queue->first + i) & (queue->ring_size - 1)];
    PyMem_Free(queue->ring);
    queue->ring = ring;
    queue->ring_size = size;
    queue->first = 0;
    return 0;
}

int queue_put(struct queue_object *queue, struct pyst_ami_message *message)
{
    if (queue->drop_oldest && queue->count >= queue->limit) {
        pyst_ami_message_unref(pop(queue));
        queue->dropped++;
    }
    if (queue->count == queue->ring_size && grow(queue) < 0) {
        pyst_ami_message_unref(message);
        return -1;
    }
    queue->ring[(queue->first + queue->count) & (queue->ring_size - 1)] = message;
    queue->count++;
    queue->queued++;
    return 0;
}

static void clear(struct queue_object *queue)
{
    while (queue->count > 0)
        pyst_ami_message_unref(pop(queue));
}

static PyObject *queue_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"size", "drop_oldest", NULL};
    struct core *core = core_of_type(type);
    Py_ssize_t size = 100000;
    int drop_oldest = 0;
    PyObject *self;

    if (!core ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "|np:EventQueue", keywords, &size, &drop_oldest))
        return NULL;
    if (size < 1) {
        PyErr_SetString(PyExc_ValueError, "the size of an event queue is at least 1");
        return NULL;
    }
    self = type->tp_alloc(type, 0);
    if (self) {
        SELF(self)->core = core;
        SELF(self)->limit = (size_t)size;
        SELF(self)->drop_oldest = drop_oldest;
    }
    return self;
}

static void queue_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    clear(SELF(self));
    PyMem_Free(SELF(self)->ring);
    type->tp_free(self);
    Py_DECREF(type);
}

static Py_ssize_t queue_length(PyObject *self)
{
    return (Py_ssize_t)SELF(self)->count;
}

static PyObject *queue_clear(PyObject *self, PyObject *unused)
{
    clear(SELF(self));
    Py_RETURN_NONE;
}

/* The argument `limit`, 0 for none; (size_t)-1 and an exception. */
static size_t limit_of(PyObject *object)
{
    Py_ssize_t limit = object ? PyNumber_AsSsize_t(object, PyExc_OverflowError) : 0;

    if (limit < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "a limit is 0 or more");
        return (size_t)-1;
    }
    return limit == 0 ? (size_t)PY_SSIZE_T_MAX : (size_t)limit;
}

static PyObject *queue_take(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    struct queue_object *self = SELF(object);
    PyObject *list;
    size_t limit;

    if (n_args > 1) {
        PyErr_SetString(PyExc_TypeError, "take() takes one argument: limit");
        return NULL;
    }
    limit = limit_of(n_args > 0 ? args[0] : NULL);
    if (limit == (size_t)-1)
        return NULL;
    list = PyList_New(0);
    while (list && limit-- > 0 && self->count > 0) {
        struct pyst_ami_message *message = pop(self);
        PyObject *event = event_wrap(self->core, message);

        if (!event || PyList_Append(list, event) < 0)
            Py_CLEAR(list);
        Py_XDECREF(event);
        pyst_ami_message_unref(message);
    }
    return list;
}

/* Borrowed; NULL when nobody is registered for that name, or with an exception. */
static PyObject *callbacks_for(PyObject *callbacks, PyObject *name)
{
    PyObject *list = PyDict_GetItemWithError(callbacks, name);

    if (list && !PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "callbacks are lists");
        return NULL;
    }
    return list && PyList_GET_SIZE(list) > 0 ? list : NULL;
}

/* Whether the exception that is set was one that a handler may raise; it is then reported. */
static bool reported(PyObject *event, PyObject *on_error)
{
    PyObject *type, *exception, *traceback, *done;

    if (!PyErr_ExceptionMatches(PyExc_Exception))
        return false;
    PyErr_Fetch(&type, &exception, &traceback);
    PyErr_NormalizeException(&type, &exception, &traceback);
    if (traceback)
        PyException_SetTraceback(exception, traceback);
    done = PyObject_CallFunctionObjArgs(on_error, event, exception, NULL);
    if (!done)
        PyErr_WriteUnraisable(on_error);
    Py_XDECREF(done);
    Py_XDECREF(type);
    Py_XDECREF(exception);
    Py_XDECREF(traceback);
    return true;
}

/* Calls one handler: 1 when it returned true, 0 when not, -1 with an exception to pass on. */
static int call(PyObject *callback, PyObject *event, PyObject *manager, PyObject *on_error)
{
    PyObject *args[3] = {NULL, event, manager};
    PyObject *result;
    int r;

    result = PyObject_Vectorcall(callback, args + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    if (result == Py_None) {
        Py_DECREF(result);
        return 0;
    }
    r = result ? PyObject_IsTrue(result) : -1;
    Py_XDECREF(result);
    if (r < 0 && reported(event, on_error))
        r = 0;
    return r;
}

/*
 * Hands one event to those registered for it by name, then to those for any, until one returns
 * true. Who is registered is settled beforehand, as in pyst: a handler that registers or
 * unregisters does so for the next event.
 */
static int hand_out(struct queue_object *self, struct pyst_ami_message *message, PyObject *manager,
                    PyObject *callbacks, PyObject *on_error)
{
    PyObject *name, *named, *any, *event, *all = NULL;
    Py_ssize_t n_named, n;
    int r = 0;

    name = text_decode_name(self->core, text_strip(pyst_ami_message_name(message)));
    if (!name)
        return -1;
    named = callbacks_for(callbacks, name);
    any = PyErr_Occurred() ? NULL : callbacks_for(callbacks, self->core->star);
    Py_DECREF(name);
    if (PyErr_Occurred())
        return -1;
    n_named = named ? PyList_GET_SIZE(named) : 0;
    n = n_named + (any ? PyList_GET_SIZE(any) : 0);
    if (n == 0)
        return 0;
    event = event_wrap(self->core, message);
    if (!event)
        return -1;
    if (n == 1) {
        PyObject *only = Py_NewRef(PyList_GET_ITEM(named ? named : any, 0));

        r = call(only, event, manager, on_error);
        Py_DECREF(only);
        Py_DECREF(event);
        return r < 0 ? -1 : 0;
    }
    all = PyTuple_New(n);
    if (!all) {
        Py_DECREF(event);
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *callback =
            i < n_named ? PyList_GET_ITEM(named, i) : PyList_GET_ITEM(any, i - n_named);

        PyTuple_SET_ITEM(all, i, Py_NewRef(callback));
    }
    for (Py_ssize_t i = 0; r == 0 && i < n; i++)
        r = call(PyTuple_GET_ITEM(all, i), event, manager, on_error);
    Py_DECREF(all);
    Py_DECREF(event);
    return r < 0 ? -1 : 0;
}

static PyObject *queue_dispatch(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    struct queue_object *self = SELF(object);
    Py_ssize_t handled = 0;
    size_t limit;

    if (n_args < 3 || n_args > 4) {
        PyErr_SetString(PyExc_TypeError,
                        "dispatch() takes manager, callbacks, on_error and perhaps a limit");
        return NULL;
    }
    if (!PyDict_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "callbacks is a dict");
        return NULL;
    }
    limit = limit_of(n_args > 3 ? args[3] : NULL);
    if (limit == (size_t)-1)
        return NULL;
    while (limit-- > 0) {
        struct pyst_ami_message *message = pop(self);
        int r;

        if (!message)
            break;
        r = hand_out(self, message, args[0], args[1], args[2]);
        pyst_ami_message_unref(message);
        if (r < 0)
            return NULL;
        handled++;
    }
    return PyLong_FromSsize_t(handled);
}

static PyObject *queue_full(PyObject *self, void *unused)
{
    return PyBool_FromLong(queue_is_full(SELF(self)));
}

static PyObject *queue_size(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(SELF(self)->limit);
}

static PyObject *queue_queued(PyObject *self, void *unused)
{
    return PyLong_FromUnsignedLongLong(SELF(self)->queued);
}

static PyObject *queue_dropped(PyObject *self, void *unused)
{
    return PyLong_FromUnsignedLongLong(SELF(self)->dropped);
}

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef queue_methods[] = {
    {"clear", queue_clear, METH_NOARGS, "clear()\n--\n\nForgets all events that wait."},
    {"take", METHOD(queue_take), METH_FASTCALL,
     "take(limit=0, /)\n--\n\nTakes events out, at most limit (0: all), as a list."},
    {"dispatch", METHOD(queue_dispatch), METH_FASTCALL,
     "dispatch(manager, callbacks, on_error, limit=0, /)\n--\n\n"
     "Hands events to the callbacks for their name, then to those for '*'.\n\n"
     "Each is called as callback(event, manager) until one returns true. An Exception goes to\n"
     "on_error(event, exception). Returns how many events were taken out."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef queue_getset[] = {
    {"full", queue_full, NULL, "Whether reading should pause.", NULL},
    {"size", queue_size, NULL, "The bound.", NULL},
    {"queued", queue_queued, NULL, "Events put in since the beginning.", NULL},
    {"dropped", queue_dropped, NULL, "Events dropped since the beginning.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot queue_slots[] = {
    {Py_tp_doc, "EventQueue(size=100000, drop_oldest=False)\n--\n\n"
                "A bounded queue of events that were received and not yet handled."},
    {Py_tp_new, queue_new},
    {Py_tp_dealloc, queue_dealloc},
    {Py_tp_methods, queue_methods},
    {Py_tp_getset, queue_getset},
    {Py_sq_length, queue_length},
    {0, NULL},
};

PyType_Spec queue_spec = {
    .name = "asterisk._core.EventQueue",
    .basicsize = sizeof(struct queue_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = queue_slots,
};
