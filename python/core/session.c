/* SPDX-License-Identifier: MIT */
/*
 * Session: a pyst_ami_session that reads the clock itself. Bytes in, bytes out; the socket is the
 * host's.
 */
#include "core.h"

#include <math.h>
#include <time.h>

struct session_object {
    PyObject_HEAD struct core *core;
    struct pyst_ami_session *session;
    PyObject *users; /* dict: number of an action to the object that was given with it */
    bool stalled;
    bool pumping; /* a finalizer that runs in the middle must not pump as well */
    /* The room that the parser gave for reading, and who still sees it. */
    void *room;
    size_t room_size;
    Py_ssize_t exports;
};

#define SELF(object) ((struct session_object *)(object))

/* The clock of Python's time.monotonic(). */
static uint64_t now_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000 + 1;
}

/* Seconds to microseconds, 0 for None; -1 with an exception. What is given is never 0, which would
 * mean no time limit at all. */
static int duration(PyObject *object, uint64_t *durationp)
{
    double seconds;

    if (!object || object == Py_None)
        return 0;
    seconds = PyFloat_AsDouble(object);
    if (seconds == -1.0 && PyErr_Occurred())
        return -1;
    if (isnan(seconds) || seconds < 0) {
        PyErr_SetString(PyExc_ValueError, "a time is 0 or more seconds");
        return -1;
    }
    if (seconds > 1e12)
        *durationp = 0;
    else
        *durationp = seconds < 1e-6 ? 1 : (uint64_t)(seconds * 1e6);
    return 0;
}

/* -- making and ending ------------------------------------------------------------------------ */

/* Views of the strs in a sequence of filters; the strs live in *keepp, a new list. */
static struct pyst_text *filter_texts(PyObject *filters, PyObject **keepp, size_t *np)
{
    PyObject *sequence = PySequence_Fast(filters, "filters is a sequence of str");
    struct pyst_text *texts = NULL;
    Py_ssize_t n;

    if (!sequence)
        return NULL;
    n = PySequence_Fast_GET_SIZE(sequence);
    *keepp = PyList_New(0);
    texts = *keepp ? PyMem_New(struct pyst_text, (size_t)n + 1) : NULL;
    if (*keepp && !texts)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; texts && i < n; i++) {
        PyObject *keep = NULL;

        if (text_encode(PySequence_Fast_GET_ITEM(sequence, i), &texts[i], &keep) < 0 ||
            PyList_Append(*keepp, keep) < 0) {
            PyMem_Free(texts);
            texts = NULL;
        }
        Py_XDECREF(keep);
    }
    *np = (size_t)n;
    Py_DECREF(sequence);
    if (!texts)
        Py_CLEAR(*keepp);
    return texts;
}

static PyObject *session_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"username",
                               "secret",
                               "md5",
                               "events",
                               "filters",
                               "action_id_prefix",
                               "login_timeout",
                               "action_timeout",
                               "keepalive",
                               "keepalive_timeout",
                               "message_size",
                               "header_count",
                               "line_size",
                               "output_size",
                               "actions_in_flight",
                               "list_items",
                               NULL};
    struct core *core = core_of_type(type);
    struct pyst_ami_session_options options = {0};
    PyObject *texts[4] = {NULL, NULL, NULL, NULL}, *keep[4] = {NULL, NULL, NULL, NULL};
    struct pyst_text *views[4] = {&options.username, &options.secret, &options.events,
                                  &options.action_id_prefix};
    PyObject *times[4] = {NULL, NULL, NULL, NULL};
    uint64_t *durations[4] = {&options.login_timeout_us, &options.action_timeout_us,
                              &options.keepalive_us, &options.keepalive_timeout_us};
    Py_ssize_t sizes[6] = {0};
    struct pyst_text *filter_views = NULL;
    PyObject *filters = NULL, *filters_kept = NULL, *self = NULL;
    int md5 = 0, r;

    if (!core || !PyArg_ParseTupleAndKeywords(
                     args, kwargs, "|$OOpOOOOOOOnnnnnn:Session", keywords, &texts[0], &texts[1],
                     &md5, &texts[2], &filters, &texts[3], &times[0], &times[1], &times[2],
                     &times[3], &sizes[0], &sizes[1], &sizes[2], &sizes[3], &sizes[4], &sizes[5]))
        return NULL;
    for (int i = 0; i < 4; i++) {
        if (texts[i] && texts[i] != Py_None && text_encode(texts[i], views[i], &keep[i]) < 0)
            goto end;
        if (duration(times[i], durations[i]) < 0)
            goto end;
    }
    for (int i = 0; i < 6; i++) {
        if (sizes[i] < 0) {
            PyErr_SetString(PyExc_ValueError, "a limit is 0 or more");
            goto end;
        }
    }
    if (filters && filters != Py_None) {
        filter_views = filter_texts(filters, &filters_kept, &options.n_filters);
        if (!filter_views)
            goto end;
        options.filters = filter_views;
    }
    options.authentication = md5 ? PYST_AMI_AUTHENTICATION_MD5 : PYST_AMI_AUTHENTICATION_PLAIN;
    options.limits.message_size = (size_t)sizes[0];
    options.limits.header_count = (size_t)sizes[1];
    options.limits.line_size = (size_t)sizes[2];
    options.output_size = (size_t)sizes[3];
    options.actions_in_flight = (size_t)sizes[4];
    options.list_items = (size_t)sizes[5];

    self = type->tp_alloc(type, 0);
    if (!self)
        goto end;
    SELF(self)->core = core;
    SELF(self)->users = PyDict_New();
    if (!SELF(self)->users) {
        Py_CLEAR(self);
        goto end;
    }
    r = pyst_ami_session_new(&SELF(self)->session, &options, now_us());
    if (r < 0) {
        core_raise(core, r);
        Py_CLEAR(self);
    }
end:
    for (int i = 0; i < 4; i++)
        Py_XDECREF(keep[i]);
    Py_XDECREF(filters_kept);
    PyMem_Free(filter_views);
    return self;
}

static int session_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(SELF(self)->users);
    return 0;
}

static int session_clear(PyObject *self)
{
    Py_CLEAR(SELF(self)->users);
    return 0;
}

static void session_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    session_clear(self);
    SELF(self)->session = pyst_ami_session_free(SELF(self)->session);
    type->tp_free(self);
    Py_DECREF(type);
}

/* -- bytes in --------------------------------------------------------------------------------- */

static int session_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    struct session_object *self = SELF(object);

    /* What is seen must not move: the parser moves its bytes only to make room. */
    if (self->exports == 0) {
        int r = pyst_ami_session_reserve(self->session, 0, &self->room, &self->room_size);

        if (r < 0) {
            core_raise(self->core, r);
            view->obj = NULL;
            return -1;
        }
    } else if (self->room_size == 0) {
        PyErr_SetString(PyExc_BufferError, "the buffer of the last read is still in use");
        view->obj = NULL;
        return -1;
    }
    if (PyBuffer_FillInfo(view, object, self->room, (Py_ssize_t)self->room_size, 0, flags) < 0)
        return -1;
    self->exports++;
    return 0;
}

static void session_releasebuffer(PyObject *self, Py_buffer *view)
{
    SELF(self)->exports--;
}

static PyObject *session_get_buffer(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    if (n_args > 1) {
        PyErr_SetString(PyExc_TypeError, "get_buffer() takes one argument: sizehint");
        return NULL;
    }
    return PyMemoryView_FromObject(self);
}

static PyObject *session_commit(PyObject *object, PyObject *argument)
{
    struct session_object *self = SELF(object);
    Py_ssize_t size = PyNumber_AsSsize_t(argument, PyExc_OverflowError);

    if (size == -1 && PyErr_Occurred())
        return NULL;
    if (size < 0 || (size_t)size > self->room_size) {
        PyErr_SetString(PyExc_ValueError, "more bytes than get_buffer() gave room for");
        return NULL;
    }
    self->room_size = 0;
    pyst_ami_session_commit(self->session, (size_t)size, now_us());
    Py_RETURN_NONE;
}

static PyObject *session_feed(PyObject *object, PyObject *argument)
{
    struct session_object *self = SELF(object);
    Py_buffer view;
    int r;

    if (self->exports > 0) {
        PyErr_SetString(PyExc_BufferError, "the buffer of the last read is still in use");
        return NULL;
    }
    if (PyObject_GetBuffer(argument, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    self->room_size = 0;
    r = pyst_ami_session_feed(self->session, view.buf, (size_t)view.len, now_us());
    PyBuffer_Release(&view);
    if (r < 0)
        return core_raise(self->core, r);
    Py_RETURN_NONE;
}

static PyObject *session_disconnected(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    long error = 0;

    if (n_args > 1) {
        PyErr_SetString(PyExc_TypeError, "disconnected() takes one argument: error");
        return NULL;
    }
    if (n_args == 1) {
        error = PyLong_AsLong(args[0]);
        if (error == -1 && PyErr_Occurred())
            return NULL;
    }
    pyst_ami_session_disconnected(SELF(self)->session, (int)error);
    Py_RETURN_NONE;
}

/* -- bytes out -------------------------------------------------------------------------------- */

static PyObject *session_output(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    struct pyst_text output = pyst_ami_session_output(SELF(self)->session);
    Py_ssize_t limit = 262144;

    if (n_args > 1) {
        PyErr_SetString(PyExc_TypeError, "output() takes one argument: limit");
        return NULL;
    }
    if (n_args == 1) {
        limit = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
        if (limit == -1 && PyErr_Occurred())
            return NULL;
        if (limit < 1) {
            PyErr_SetString(PyExc_ValueError, "a limit is 1 or more");
            return NULL;
        }
    }
    if (output.size > (size_t)limit)
        output.size = (size_t)limit;
    return PyBytes_FromStringAndSize(output.size ? output.data : "", (Py_ssize_t)output.size);
}

static PyObject *session_sent(PyObject *self, PyObject *argument)
{
    Py_ssize_t size = PyNumber_AsSsize_t(argument, PyExc_OverflowError);

    if (size == -1 && PyErr_Occurred())
        return NULL;
    if (size < 0 || (size_t)size > pyst_ami_session_output(SELF(self)->session).size) {
        PyErr_SetString(PyExc_ValueError, "more bytes than there were to send");
        return NULL;
    }
    pyst_ami_session_sent(SELF(self)->session, (size_t)size);
    Py_RETURN_NONE;
}

/* -- time ------------------------------------------------------------------------------------- */

static PyObject *session_timeout(PyObject *self, PyObject *unused)
{
    uint64_t deadline = pyst_ami_session_deadline(SELF(self)->session), now;

    if (deadline == UINT64_MAX)
        Py_RETURN_NONE;
    now = now_us();
    return PyFloat_FromDouble(deadline > now ? (double)(deadline - now) / 1e6 : 0.0);
}

static PyObject *session_tick(PyObject *self, PyObject *unused)
{
    pyst_ami_session_tick(SELF(self)->session, now_us());
    Py_RETURN_NONE;
}

/* -- what happened ---------------------------------------------------------------------------- */

static PyObject *items_of(struct core *core, const struct pyst_ami_notice *notice)
{
    PyObject *items;

    if (notice->n_items == 0)
        return PyTuple_New(0);
    items = PyList_New((Py_ssize_t)notice->n_items);
    for (size_t i = 0; items && i < notice->n_items; i++) {
        PyObject *event = event_wrap(core, notice->items[i]);

        if (!event)
            Py_CLEAR(items);
        else
            PyList_SET_ITEM(items, (Py_ssize_t)i, event);
    }
    return items;
}

/* A new reference to what was given to submit(), or None; `final` forgets it. */
static PyObject *user_of(struct session_object *self, uint64_t action, bool final)
{
    PyObject *key, *user;

    if (action == 0)
        return Py_NewRef(Py_None);
    key = PyLong_FromUnsignedLongLong(action);
    if (!key)
        return NULL;
    user = PyDict_GetItemWithError(self->users, key);
    user = user ? Py_NewRef(user) : PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    if (user && user != Py_None && final && PyDict_DelItem(self->users, key) < 0)
        Py_CLEAR(user);
    Py_DECREF(key);
    return user;
}

static PyObject *notice_tuple(struct session_object *self, const struct pyst_ami_notice *notice)
{
    PyObject *tuple = PyTuple_New(5), *parts[5] = {NULL, NULL, NULL, NULL, NULL};
    bool of_action = notice->type == PYST_AMI_NOTICE_DONE ||
                     notice->type == PYST_AMI_NOTICE_RESPONSE ||
                     notice->type == PYST_AMI_NOTICE_ITEM;

    if (!tuple)
        return NULL;
    parts[0] = PyLong_FromLong((long)notice->type);
    parts[1] = PyLong_FromLong(notice->error);
    parts[2] = user_of(self, of_action ? notice->action : 0, notice->type == PYST_AMI_NOTICE_DONE);
    if (!notice->message)
        parts[3] = Py_NewRef(Py_None);
    else if (notice->type == PYST_AMI_NOTICE_ITEM)
        parts[3] = event_wrap(self->core, notice->message);
    else
        parts[3] = manager_msg_wrap(self->core, notice->message);
    if (notice->type == PYST_AMI_NOTICE_DONE)
        parts[4] = items_of(self->core, notice);
    else
        parts[4] = PyTuple_New(0);
    for (int i = 0; i < 5; i++) {
        if (!parts[i])
            goto error;
    }
    for (int i = 0; i < 5; i++)
        PyTuple_SET_ITEM(tuple, i, parts[i]);
    return tuple;
error:
    for (int i = 0; i < 5; i++)
        Py_XDECREF(parts[i]);
    Py_DECREF(tuple);
    return NULL;
}

static PyObject *session_pump(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    struct session_object *self = SELF(object);
    struct queue_object *queue;
    struct pyst_ami_notice notice;
    PyObject *list;
    int force = 0, r;

    if (n_args < 1 || n_args > 2 || Py_TYPE(args[0]) != self->core->queue_type) {
        PyErr_SetString(PyExc_TypeError, "pump() takes an EventQueue, and perhaps force");
        return NULL;
    }
    queue = (struct queue_object *)args[0];
    if (n_args == 2) {
        force = PyObject_IsTrue(args[1]);
        if (force < 0)
            return NULL;
    }
    if (self->pumping) {
        PyErr_SetString(PyExc_RuntimeError, "pump() is running");
        return NULL;
    }
    list = PyList_New(0);
    if (!list)
        return NULL;
    self->stalled = false;
    self->pumping = true;
    for (;;) {
        PyObject *tuple;

        if (!force && queue_is_full(queue)) {
            self->stalled = true;
            break;
        }
        r = pyst_ami_session_next(self->session, &notice);
        if (r == 0)
            break;
        if (r < 0) {
            /* What was taken so far is not lost; the next call meets the error again. */
            if (PyList_GET_SIZE(list) > 0)
                break;
            core_raise(self->core, r);
            Py_CLEAR(list);
            break;
        }
        if (notice.type == PYST_AMI_NOTICE_EVENT) {
            if (queue_put(queue, pyst_ami_message_ref(notice.message)) == 0)
                continue;
            Py_CLEAR(list);
            break;
        }
        tuple = notice_tuple(self, &notice);
        if (!tuple || PyList_Append(list, tuple) < 0)
            Py_CLEAR(list);
        Py_XDECREF(tuple);
        if (!list)
            break;
    }
    self->pumping = false;
    return list;
}

/* -- actions ---------------------------------------------------------------------------------- */

static PyObject *session_submit(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"name", "headers", "user", "list", "timeout", "final_event", NULL};
    struct session_object *self = SELF(object);
    struct pyst_ami_submission how = {0};
    struct pyst_ami_action *action;
    PyObject *name, *headers, *user, *timeout = NULL, *final_event = NULL, *keep = NULL;
    PyObject *number_object = NULL;
    int list = PYST_AMI_LIST_COLLECT, r;
    uint64_t number;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOO|$iOO:submit", keywords, &name, &headers,
                                     &user, &list, &timeout, &final_event))
        return NULL;
    if (list < PYST_AMI_LIST_COLLECT || list > PYST_AMI_LIST_IGNORE) {
        PyErr_SetString(PyExc_ValueError, "list is one of LIST_COLLECT, LIST_STREAM, LIST_IGNORE");
        return NULL;
    }
    how.list = (enum pyst_ami_list)list;
    if (duration(timeout, &how.timeout_us) < 0)
        return NULL;
    if (final_event && final_event != Py_None &&
        text_encode(final_event, &how.final_event, &keep) < 0)
        return NULL;
    action = action_make(self->core, name, headers);
    if (!action) {
        Py_XDECREF(keep);
        return NULL;
    }
    r = pyst_ami_session_submit(self->session, action, &how, now_us(), &number);
    pyst_ami_action_free(action);
    Py_XDECREF(keep);
    if (r < 0)
        return core_raise(self->core, r);
    number_object = PyLong_FromUnsignedLongLong(number);
    if (!number_object || PyDict_SetItem(self->users, number_object, user) < 0) {
        /* Nobody would hear how it ended. */
        pyst_ami_session_cancel(self->session, number);
        Py_CLEAR(number_object);
    }
    return number_object;
}

static PyObject *session_cancel(PyObject *self, PyObject *argument)
{
    unsigned long long number = PyLong_AsUnsignedLongLong(argument);

    if (number == (unsigned long long)-1 && PyErr_Occurred())
        return NULL;
    return PyBool_FromLong(pyst_ami_session_cancel(SELF(self)->session, number));
}

static PyObject *session_restart(PyObject *object, PyObject *unused)
{
    struct session_object *self = SELF(object);
    int r;

    if (self->exports > 0) {
        PyErr_SetString(PyExc_BufferError, "the buffer of the last read is still in use");
        return NULL;
    }
    self->room_size = 0;
    r = pyst_ami_session_restart(self->session, now_us());
    if (r < 0)
        return core_raise(self->core, r);
    Py_RETURN_NONE;
}

/* -- attributes ------------------------------------------------------------------------------- */

static PyObject *session_stalled(PyObject *self, void *unused)
{
    return PyBool_FromLong(SELF(self)->stalled);
}

static PyObject *session_wants_write(PyObject *self, void *unused)
{
    return PyBool_FromLong(pyst_ami_session_output(SELF(self)->session).size > 0);
}

static PyObject *session_state(PyObject *self, void *unused)
{
    return PyLong_FromLong((long)pyst_ami_session_state(SELF(self)->session));
}

static PyObject *session_in_flight(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(pyst_ami_session_in_flight(SELF(self)->session));
}

static PyObject *session_pending(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(pyst_ami_session_pending(SELF(self)->session));
}

/* -- type ------------------------------------------------------------------------------------- */

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef session_methods[] = {
    {"get_buffer", METHOD(session_get_buffer), METH_FASTCALL,
     "get_buffer(sizehint=-1, /)\n--\n\nRoom to receive into; commit() says how much came."},
    {"commit", session_commit, METH_O,
     "commit(size, /)\n--\n\nSays how many bytes were received into get_buffer()."},
    {"feed", session_feed, METH_O, "feed(data, /)\n--\n\nTakes a copy of received bytes."},
    {"disconnected", METHOD(session_disconnected), METH_FASTCALL,
     "disconnected(error=0, /)\n--\n\nSays that the connection ended: in order, or by an ERR_*."},
    {"output", METHOD(session_output), METH_FASTCALL,
     "output(limit=262144, /)\n--\n\nThe bytes to send next, at most limit."},
    {"sent", session_sent, METH_O, "sent(size, /)\n--\n\nSays how many bytes were sent."},
    {"timeout", session_timeout, METH_NOARGS,
     "timeout()\n--\n\nSeconds until tick() is wanted, or None."},
    {"tick", session_tick, METH_NOARGS, "tick()\n--\n\nLooks at the clock."},
    {"pump", METHOD(session_pump), METH_FASTCALL,
     "pump(queue, force=False, /)\n--\n\n"
     "Parses what was received: events go into the queue, the rest is returned.\n\n"
     "Each notice is a tuple (kind, error, user, message, items). Stops when the queue is full,\n"
     "unless force is true; stalled is then True."},
    {"submit", METHOD(session_submit), METH_VARARGS | METH_KEYWORDS,
     "submit(name, headers, user, *, list=0, timeout=None, final_event=None)\n--\n\n"
     "Submits an action; user comes back in its notices. Returns its number."},
    {"cancel", session_cancel, METH_O,
     "cancel(number, /)\n--\n\nEnds an action early; False when it has ended."},
    {"restart", session_restart, METH_NOARGS,
     "restart()\n--\n\nBegins anew, on a new connection, after CLOSED."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef session_getset[] = {
    {"stalled", session_stalled, NULL, "Whether the last pump() stopped at a full queue.", NULL},
    {"wants_write", session_wants_write, NULL, "Whether there are bytes to send.", NULL},
    {"state", session_state, NULL, "One of STATE_*.", NULL},
    {"in_flight", session_in_flight, NULL, "Actions submitted and not ended.", NULL},
    {"pending", session_pending, NULL, "Bytes received and not yet given out.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot session_slots[] = {
    {Py_tp_doc, "A manager session without a socket: bytes in, bytes out, notices."},
    {Py_tp_new, session_new},
    {Py_tp_dealloc, session_dealloc},
    {Py_tp_traverse, session_traverse},
    {Py_tp_clear, session_clear},
    {Py_tp_methods, session_methods},
    {Py_tp_getset, session_getset},
    {Py_bf_getbuffer, session_getbuffer},
    {Py_bf_releasebuffer, session_releasebuffer},
    {0, NULL},
};

PyType_Spec session_spec = {
    .name = "asterisk._core.Session",
    .basicsize = sizeof(struct session_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = session_slots,
};
