/* SPDX-License-Identifier: MIT */
/*
 * AgiSession: one AGI dialogue. Bytes in, notices out; and for what is carried by a descriptor, a
 * command and its reply in one call, during which other threads run.
 */
#include "core.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_SIZE 4096 /* a reply is a line, seldom more */

struct session_object {
    PyObject_HEAD struct core *core;
    struct pyst_agi_session *session;
    size_t command_size;
    int error;   /* what AGI_CLOSED said */
    bool taking; /* a finalizer that runs in the middle must leave alone what is being read */
};

#define SELF(object) ((struct session_object *)(object))

static PyObject *session_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"command_size", "environment_size", "environment_count",
                               "reply_size", NULL};
    struct core *core = core_of_type(type);
    Py_ssize_t sizes[4] = {0, 0, 0, 0};
    struct pyst_agi_limits limits = {0};
    PyObject *self;
    int r;

    if (!core || !PyArg_ParseTupleAndKeywords(args, kwargs, "|$nnnn:AgiSession", keywords,
                                              &sizes[0], &sizes[1], &sizes[2], &sizes[3]))
        return NULL;
    for (int i = 0; i < 4; i++) {
        if (sizes[i] < 0) {
            PyErr_SetString(PyExc_ValueError, "a limit is 0 or more");
            return NULL;
        }
    }
    if (sizes[0] > PYST_AGI_COMMAND_SIZE_MAX) {
        PyErr_Format(PyExc_ValueError, "command_size is at most %d", PYST_AGI_COMMAND_SIZE_MAX);
        return NULL;
    }
    limits.environment_size = (size_t)sizes[1];
    limits.environment_count = (size_t)sizes[2];
    limits.reply_size = (size_t)sizes[3];
    self = type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    SELF(self)->core = core;
    SELF(self)->command_size = sizes[0] ? (size_t)sizes[0] : PYST_AGI_COMMAND_SIZE;
    r = pyst_agi_session_new(&SELF(self)->session, &limits);
    if (r < 0) {
        core_raise(core, r);
        Py_CLEAR(self);
    }
    return self;
}

static void session_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    SELF(self)->session = pyst_agi_session_free(SELF(self)->session);
    type->tp_free(self);
    Py_DECREF(type);
}

/* Whether the session may change now; false and an exception when not. */
static bool is_free(PyObject *self)
{
    if (SELF(self)->taking)
        PyErr_SetString(PyExc_RuntimeError, "a reply is being taken");
    return !SELF(self)->taking;
}

/* -- what comes ------------------------------------------------------------------------------- */

static PyObject *session_feed(PyObject *self, PyObject *argument)
{
    Py_buffer view;
    int r;

    if (PyObject_GetBuffer(argument, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    if (!is_free(self)) {
        PyBuffer_Release(&view);
        return NULL;
    }
    r = pyst_agi_session_feed(SELF(self)->session, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    if (r < 0)
        return core_raise(SELF(self)->core, r);
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
    pyst_agi_session_disconnected(SELF(self)->session, (int)error);
    Py_RETURN_NONE;
}

static PyObject *session_hang_up(PyObject *self, PyObject *unused)
{
    pyst_agi_session_hung_up(SELF(self)->session);
    Py_RETURN_NONE;
}

static PyObject *session_next(PyObject *self, PyObject *unused)
{
    struct pyst_agi_notice notice;
    PyObject *reply;
    int r;

    if (!is_free(self))
        return NULL;
    r = pyst_agi_session_next(SELF(self)->session, &notice);
    if (r < 0)
        return core_raise(SELF(self)->core, r);
    if (r == 0)
        Py_RETURN_NONE;
    if (notice.type == PYST_AGI_NOTICE_REPLY) {
        SELF(self)->taking = true;
        reply = agi_reply_make(SELF(self)->core, notice.reply, notice.error);
        SELF(self)->taking = false;
        return reply;
    }
    if (notice.type == PYST_AGI_NOTICE_CLOSED)
        SELF(self)->error = notice.error;
    return PyLong_FromLong((long)notice.type);
}

/* -- what goes -------------------------------------------------------------------------------- */

/* Submits the line; what is to be sent is in `line` then, not in the session. */
static int submit(struct session_object *self, struct agi_line *line)
{
    struct pyst_agi_command *command = self->core->agi_command;
    struct pyst_text text = text_strip(pyst_text_of(line->data, line->size));
    int r;

    if (line->too_long)
        r = PYST_ERR_COMMAND_TOO_LONG;
    else
        r = pyst_agi_command_set_line(command, text);
    if (r == 0 && pyst_agi_command_line(command).size > self->command_size)
        r = PYST_ERR_COMMAND_TOO_LONG;
    if (r == 0)
        r = pyst_agi_session_submit(self->session, command);
    if (r < 0) {
        core_raise(self->core, r);
        return -1;
    }
    text = pyst_agi_session_output(self->session);
    memcpy(line->data, text.data, text.size);
    line->size = text.size;
    pyst_agi_session_sent(self->session, text.size);
    return 0;
}

static int begin(PyObject *self, PyObject *const *args, Py_ssize_t n_args, struct agi_line *line)
{
    if (n_args < 1 || n_args > 2) {
        PyErr_SetString(PyExc_TypeError, "a command and a tuple of its arguments are wanted");
        return -1;
    }
    if (agi_line_join(line, args[0], n_args == 2 ? args[1] : NULL) < 0 || !is_free(self))
        return -1;
    return submit(SELF(self), line);
}

static PyObject *session_submit(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    struct agi_line line;

    if (begin(self, args, n_args, &line) < 0)
        return NULL;
    return PyBytes_FromStringAndSize(line.data, (Py_ssize_t)line.size);
}

static int descriptor(PyObject *object, int *fdp)
{
    long fd = PyLong_AsLong(object);

    if (fd == -1 && PyErr_Occurred())
        return -1;
    *fdp = (int)fd;
    return 0;
}

static PyObject *session_send(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    struct agi_line line;
    ssize_t n;
    int fd;

    if (n_args < 1 || descriptor(args[0], &fd) < 0)
        return n_args < 1 ? PyErr_Format(PyExc_TypeError, "send() wants a descriptor") : NULL;
    if (begin(self, args + 1, n_args - 1, &line) < 0)
        return NULL;
    n = send(fd, line.data, line.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    /* That the peer is gone is found by reading, which gives what it said last. */
    if (n < 0)
        n = errno == EAGAIN || errno == EINTR ? 0 : (ssize_t)line.size;
    return PyBytes_FromStringAndSize(line.data + n, (Py_ssize_t)line.size - n);
}

static PyObject *session_receive(PyObject *self, PyObject *argument)
{
    char data[RECEIVE_SIZE];
    ssize_t n;
    int fd, r;

    if (descriptor(argument, &fd) < 0 || !is_free(self))
        return NULL;
    n = recv(fd, data, sizeof(data), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        Py_RETURN_NONE;
    if (n <= 0) {
        pyst_agi_session_disconnected(SELF(self)->session, 0);
    } else {
        r = pyst_agi_session_feed(SELF(self)->session, data, (size_t)n);
        if (r < 0)
            return core_raise(SELF(self)->core, r);
    }
    return session_next(self, NULL);
}

/* -- blocking --------------------------------------------------------------------------------- */

/*
 * Waits until `fd` can be read or written, after EAGAIN. A descriptor that blocks gives that when
 * the time was up that its owner set (SO_RCVTIMEO), and then this returns -1.
 */
static int wait_for(int fd, short events)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int flags = fcntl(fd, F_GETFL), r;

    if (flags >= 0 && !(flags & O_NONBLOCK)) {
        errno = ETIMEDOUT;
        return -1;
    }
    Py_BEGIN_ALLOW_THREADS;
    r = poll(&poll_fd, 1, -1);
    Py_END_ALLOW_THREADS;
    if (r < 0 && errno == EINTR)
        return 0;
    return r;
}

/* Whether an error of read() or write() means that the other side is gone. */
static bool is_end(int error)
{
    return error == EPIPE || error == ECONNRESET || error == ESHUTDOWN;
}

/*
 * Writes what is in `line` and reads once. Returns as read() does, or -2 with an exception. The
 * lock is let go once for both, which is what threads have to wait for.
 */
static ssize_t write_and_read(int in, int out, struct agi_line *line, char *data, size_t size)
{
    size_t at = 0;

    for (;;) {
        bool written = false;
        ssize_t n;
        int error;

        Py_BEGIN_ALLOW_THREADS;
        n = 0;
        while (at < line->size && n >= 0) {
            n = write(out, line->data + at, line->size - at);
            at += n > 0 ? (size_t)n : 0;
        }
        if (n >= 0) {
            written = true;
            n = read(in, data, size);
        }
        error = errno;
        Py_END_ALLOW_THREADS;
        if (n >= 0)
            return n;
        if (error == EINTR) {
            if (PyErr_CheckSignals() < 0)
                return -2;
            continue;
        }
        if (error == EAGAIN) {
            if (wait_for(written ? in : out, written ? POLLIN : POLLOUT) >= 0) {
                if (PyErr_CheckSignals() < 0)
                    return -2;
                continue;
            }
            error = errno;
        }
        if (is_end(error))
            return 0;
        errno = error;
        PyErr_SetFromErrno(PyExc_OSError);
        return -2;
    }
}

/* Reads until a notice comes that the caller waits for: a reply, or any. */
static PyObject *converse(PyObject *self, int in, int out, struct agi_line *line, bool reply_only)
{
    char data[RECEIVE_SIZE];

    for (;;) {
        PyObject *notice;
        ssize_t n;
        int r;

        notice = session_next(self, NULL);
        if (!notice)
            return NULL;
        if (notice != Py_None &&
            (!reply_only || Py_TYPE(notice) == SELF(self)->core->agi_reply_type))
            return notice;
        Py_DECREF(notice);
        if (notice != Py_None)
            continue;
        n = write_and_read(in, out, line, data, sizeof(data));
        if (n < -1)
            return NULL;
        line->size = 0;
        if (n == 0) {
            pyst_agi_session_disconnected(SELF(self)->session, 0);
            continue;
        }
        r = pyst_agi_session_feed(SELF(self)->session, data, (size_t)n);
        if (r < 0)
            return core_raise(SELF(self)->core, r);
        /* A SIGHUP that came first is to be known of first. */
        if (PyErr_CheckSignals() < 0)
            return NULL;
    }
}

static PyObject *session_exchange(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    struct agi_line line;
    int in, out;

    if (n_args < 2)
        return PyErr_Format(PyExc_TypeError, "exchange() wants two descriptors");
    if (descriptor(args[0], &in) < 0 || descriptor(args[1], &out) < 0 ||
        begin(self, args + 2, n_args - 2, &line) < 0)
        return NULL;
    return converse(self, in, out, &line, true);
}

static PyObject *session_wait(PyObject *self, PyObject *argument)
{
    struct agi_line line = {.size = 0};
    int fd;

    if (descriptor(argument, &fd) < 0)
        return NULL;
    return converse(self, fd, -1, &line, false);
}

/* -- the environment -------------------------------------------------------------------------- */

static struct pyst_agi_environment *environment_of(PyObject *self)
{
    struct pyst_agi_environment *environment = pyst_agi_session_environment(SELF(self)->session);

    if (!environment)
        core_raise(SELF(self)->core, PYST_ERR_STATE);
    return environment;
}

static PyObject *session_environment(PyObject *self, PyObject *unused)
{
    struct pyst_agi_environment *environment = environment_of(self);
    PyObject *dict = environment ? PyDict_New() : NULL;

    if (!dict)
        return NULL;
    for (size_t i = 0; i < pyst_agi_environment_count(environment); i++) {
        struct pyst_agi_variable variable = pyst_agi_environment_at(environment, i);
        PyObject *name, *value;
        int r = -1;

        variable.name = text_strip(variable.name);
        if (variable.name.size == 0)
            continue;
        name = text_decode_name(SELF(self)->core, variable.name);
        value = text_decode_stripped(variable.value);
        if (name && value)
            r = PyDict_SetItem(dict, name, value);
        Py_XDECREF(name);
        Py_XDECREF(value);
        if (r < 0) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    return dict;
}

static PyObject *session_environment_text(PyObject *self, PyObject *unused)
{
    struct pyst_agi_environment *environment = environment_of(self);

    return environment ? text_decode(pyst_agi_environment_text(environment)) : NULL;
}

static PyObject *session_path(PyObject *self, PyObject *unused)
{
    struct pyst_agi_environment *environment = environment_of(self);

    return environment ? text_decode(pyst_agi_environment_path(environment)) : NULL;
}

static PyObject *session_parameters(PyObject *self, PyObject *unused)
{
    struct pyst_agi_environment *environment = environment_of(self);
    PyObject *list = environment ? PyList_New(0) : NULL;

    if (!list)
        return NULL;
    for (size_t i = 0; i < pyst_agi_environment_parameter_count(environment); i++) {
        struct pyst_agi_variable parameter = pyst_agi_environment_parameter_at(environment, i);
        PyObject *name = text_decode(parameter.name), *value, *pair = NULL;
        int r = -1;

        value = parameter.value.data ? text_decode(parameter.value) : Py_NewRef(Py_None);
        if (name && value)
            pair = PyTuple_Pack(2, name, value);
        if (pair)
            r = PyList_Append(list, pair);
        Py_XDECREF(name);
        Py_XDECREF(value);
        Py_XDECREF(pair);
        if (r < 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

static PyObject *session_arguments(PyObject *self, PyObject *unused)
{
    struct pyst_agi_environment *environment = environment_of(self);
    PyObject *list = environment ? PyList_New(0) : NULL;
    struct pyst_text argument;

    for (size_t n = 1; list; n++) {
        PyObject *text;
        int r;

        argument = pyst_agi_environment_argument(environment, n);
        if (!argument.data)
            break;
        text = text_decode(argument);
        r = text ? PyList_Append(list, text) : -1;
        Py_XDECREF(text);
        if (r < 0)
            Py_CLEAR(list);
    }
    return list;
}

/* -- attributes ------------------------------------------------------------------------------- */

static PyObject *session_busy(PyObject *self, void *unused)
{
    return PyBool_FromLong(pyst_agi_session_busy(SELF(self)->session));
}

static PyObject *session_is_hung_up(PyObject *self, void *unused)
{
    return PyBool_FromLong(pyst_agi_session_is_hung_up(SELF(self)->session));
}

static PyObject *session_is_closed(PyObject *self, void *unused)
{
    return PyBool_FromLong(pyst_agi_session_is_closed(SELF(self)->session));
}

static PyObject *session_error(PyObject *self, void *unused)
{
    return PyLong_FromLong(SELF(self)->error);
}

/* -- type ------------------------------------------------------------------------------------- */

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef session_methods[] = {
    {"feed", session_feed, METH_O, "feed(data, /)\n--\n\nTakes a copy of received bytes."},
    {"disconnected", METHOD(session_disconnected), METH_FASTCALL,
     "disconnected(error=0, /)\n--\n\nSays that the stream ended: in order, or by an ERR_*."},
    {"hang_up", session_hang_up, METH_NOARGS, "hang_up()\n--\n\nSays that the caller is gone."},
    {"next", session_next, METH_NOARGS,
     "next()\n--\n\nThe next notice: an AgiReply, AGI_ENVIRONMENT, AGI_HANGUP or AGI_CLOSED; None\n"
     "until more bytes come."},
    {"submit", METHOD(session_submit), METH_FASTCALL,
     "submit(command, arguments=(), /)\n--\n\nBegins a command; returns the line to send."},
    {"send", METHOD(session_send), METH_FASTCALL,
     "send(fd, command, arguments=(), /)\n--\n\n"
     "Begins a command and sends what a socket takes at once; returns the rest."},
    {"receive", session_receive, METH_O,
     "receive(fd, /)\n--\n\nTakes what a socket has received; then as next()."},
    {"exchange", METHOD(session_exchange), METH_FASTCALL,
     "exchange(fd_in, fd_out, command, arguments=(), /)\n--\n\n"
     "Sends a command and waits for its reply, on descriptors."},
    {"wait", session_wait, METH_O,
     "wait(fd, /)\n--\n\nThe next notice, for which it reads from a descriptor."},
    {"environment", session_environment, METH_NOARGS,
     "environment()\n--\n\nThe environment as a dict, names with agi_."},
    {"environment_text", session_environment_text, METH_NOARGS,
     "environment_text()\n--\n\nThe lines of the environment as they came."},
    {"path", session_path, METH_NOARGS, "path()\n--\n\nThe path that a FastAGI call asks for."},
    {"parameters", session_parameters, METH_NOARGS,
     "parameters()\n--\n\nThe parameters of a FastAGI call: pairs of name and value or None."},
    {"arguments", session_arguments, METH_NOARGS,
     "arguments()\n--\n\nThe arguments that the dialplan gave to AGI()."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef session_getset[] = {
    {"busy", session_busy, NULL, "Whether a command waits for its reply.", NULL},
    {"is_hung_up", session_is_hung_up, NULL, "Whether the caller is known to be gone.", NULL},
    {"is_closed", session_is_closed, NULL, "Whether the stream has ended.", NULL},
    {"error", session_error, NULL, "What AGI_CLOSED was told with: 0, or an ERR_*.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot session_slots[] = {
    {Py_tp_doc, "An AGI dialogue: bytes in, notices out."},
    {Py_tp_new, session_new},
    {Py_tp_dealloc, session_dealloc},
    {Py_tp_methods, session_methods},
    {Py_tp_getset, session_getset},
    {0, NULL},
};

PyType_Spec agi_session_spec = {
    .name = "asterisk._core.AgiSession",
    .basicsize = sizeof(struct session_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = session_slots,
};
