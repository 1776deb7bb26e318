/* SPDX-License-Identifier: MIT */
/*
 * Headers as pyst has them: names compare exactly, the last value counts, blanks around a value are
 * gone, a line without a colon ends the headers and begins the data. The dicts are made when they
 * are asked for; from then on they, which a program may change, are what is read.
 */
#include "core.h"
#include "message.h"

#define SELF(object) ((struct message_object *)(object))

/* The header of that index, names and values without the blanks around them; false at the end of
 * the headers, which the first line without a colon is. */
static bool pyst_header(const struct message_object *self, size_t index,
                        struct pyst_ami_header *headerp)
{
    if (!self->message)
        return false;
    *headerp = pyst_ami_message_header(self->message, index);
    if (!headerp->name.data)
        return false;
    headerp->name = text_strip(headerp->name);
    headerp->value = text_strip(headerp->value);
    return true;
}

/* What a message without Event and Response is taken for. */
int message_generated_header(struct message_object *self, PyObject *headers, PyObject **namep,
                             PyObject **valuep)
{
    struct core *core = self->core;
    struct pyst_text data = pyst_text_none();
    int r;

    *namep = NULL;
    r = PyDict_Contains(headers, core->str_event);
    if (r == 0)
        r = PyDict_Contains(headers, core->str_response);
    if (r != 0)
        return r < 0 ? -1 : 0;
    if (self->message)
        data = pyst_ami_message_data(self->message);
    *namep = core->str_response;
    *valuep = core->generated_header;
    /* No message of a server with an ActionID is the tail of another's output. */
    if (data.size && pyst_ami_message_action_id(self->message).data == NULL &&
        memmem(data.data, data.size, "--END COMMAND--", 15)) {
        *namep = core->str_event;
        *valuep = core->no_clue;
    }
    return 0;
}

static int add_last(struct core *core, PyObject *headers, PyObject *name, PyObject *value)
{
    return PyDict_SetItem(headers, name, value);
}

int message_add_to_list(struct core *core, PyObject *multiheaders, PyObject *name, PyObject *value)
{
    PyObject *list = PyDict_GetItemWithError(multiheaders, name);
    int r;

    if (list)
        return PyList_Append(list, value);
    if (PyErr_Occurred())
        return -1;
    list = PyList_New(1);
    if (!list)
        return -1;
    PyList_SET_ITEM(list, 0, Py_NewRef(value));
    r = PyDict_SetItem(multiheaders, name, list);
    Py_DECREF(list);
    return r;
}

typedef int add_function(struct core *core, PyObject *dict, PyObject *name, PyObject *value);

static PyObject *build_dict(struct message_object *self, add_function *add)
{
    PyObject *dict = PyDict_New(), *name, *value;
    struct pyst_ami_header header;
    int r = 0;

    if (!dict)
        return NULL;
    for (size_t i = 0; r == 0 && pyst_header(self, i, &header); i++) {
        name = text_decode_name(self->core, header.name);
        value = name ? text_decode(header.value) : NULL;
        r = value ? add(self->core, dict, name, value) : -1;
        Py_XDECREF(name);
        Py_XDECREF(value);
    }
    if (r == 0)
        r = message_generated_header(self, dict, &name, &value);
    if (r == 0 && name)
        r = add(self->core, dict, name, value);
    if (r < 0)
        Py_CLEAR(dict);
    return dict;
}

/* Borrowed. */
static PyObject *headers_of(struct message_object *self)
{
    if (!self->headers)
        self->headers = build_dict(self, add_last);
    return self->headers;
}

static PyObject *multiheaders_of(struct message_object *self)
{
    if (!self->multiheaders)
        self->multiheaders = build_dict(self, message_add_to_list);
    return self->multiheaders;
}

/*
 * The value of a header by pyst's rules: 1 and a new reference, 0 when there is none, -1 with an
 * exception.
 */
int message_find_header(struct message_object *self, PyObject *name, PyObject **valuep)
{
    struct pyst_ami_header header;
    struct pyst_text wanted, value = pyst_text_none();
    PyObject *keep;
    enum pyst_ami_kind kind;

    kind = self->message ? pyst_ami_message_kind(self->message) : PYST_AMI_OTHER;
    if (self->headers || !PyUnicode_Check(name) ||
        (kind != PYST_AMI_EVENT && kind != PYST_AMI_RESPONSE)) {
        PyObject *headers = headers_of(self);

        if (!headers)
            return -1;
        *valuep = PyObject_GetItem(headers, name);
        if (*valuep)
            return 1;
        if (!PyErr_ExceptionMatches(PyExc_KeyError))
            return -1;
        PyErr_Clear();
        return 0;
    }
    if (text_encode(name, &wanted, &keep) < 0)
        return -1;
    for (size_t i = 0;; i++) {
        header = pyst_ami_message_header(self->message, i);
        if (!header.name.data)
            break;
        header.name = text_strip(header.name);
        if (header.name.size == wanted.size &&
            memcmp(header.name.data, wanted.data, wanted.size) == 0)
            value = header.value;
    }
    Py_DECREF(keep);
    if (!value.data)
        return 0;
    *valuep = text_decode_stripped(value);
    return *valuep ? 1 : -1;
}

PyObject *message_subscript(PyObject *self, PyObject *name)
{
    PyObject *value = NULL;

    if (message_find_header(SELF(self), name, &value) == 0)
        PyErr_SetObject(PyExc_KeyError, name);
    return value;
}

PyObject *message_has_header(PyObject *self, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *names)
{
    PyObject *name, *value = NULL;
    int r;

    if (n_args == 1 && !names) {
        name = args[0];
    } else if (n_args == 0 && names && PyTuple_GET_SIZE(names) == 1 &&
               PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "hname") == 0) {
        name = args[0];
    } else {
        PyErr_SetString(PyExc_TypeError, "has_header() takes one argument: hname");
        return NULL;
    }
    r = message_find_header(SELF(self), name, &value);
    if (r < 0)
        return NULL;
    Py_XDECREF(value);
    return PyBool_FromLong(r);
}

/* Takes apart the arguments (name, default=None) of a method, called by these names. */
int message_arguments(PyObject *const *args, Py_ssize_t n_args, PyObject *names,
                      const char *const keywords[2], PyObject *found[2])
{
    Py_ssize_t n_names = names ? PyTuple_GET_SIZE(names) : 0;

    found[0] = NULL;
    found[1] = NULL;
    for (Py_ssize_t i = 0; i < n_args && i < 2; i++)
        found[i] = args[i];
    for (Py_ssize_t i = 0; i < n_names; i++) {
        PyObject *keyword = PyTuple_GET_ITEM(names, i);
        int which;

        if (PyUnicode_CompareWithASCIIString(keyword, keywords[0]) == 0) {
            which = 0;
        } else if (PyUnicode_CompareWithASCIIString(keyword, keywords[1]) == 0) {
            which = 1;
        } else {
            PyErr_Format(PyExc_TypeError, "unexpected keyword argument '%U'", keyword);
            return -1;
        }
        if (found[which]) {
            PyErr_Format(PyExc_TypeError, "argument '%U' given twice", keyword);
            return -1;
        }
        found[which] = args[n_args + i];
    }
    if (n_args > 2 || !found[0]) {
        PyErr_Format(PyExc_TypeError, "expected one or two arguments: %s, %s", keywords[0],
                     keywords[1]);
        return -1;
    }
    if (!found[1])
        found[1] = Py_None;
    return 0;
}

PyObject *message_get_header(PyObject *self, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *names)
{
    static const char *const keywords[2] = {"hname", "defval"};
    PyObject *found[2], *value = NULL;
    int r;

    if (message_arguments(args, n_args, names, keywords, found) < 0)
        return NULL;
    r = message_find_header(SELF(self), found[0], &value);
    return r == 0 ? Py_NewRef(found[1]) : value;
}

PyObject *message_headers(PyObject *self, void *unused)
{
    PyObject *headers = headers_of(SELF(self));

    return headers ? Py_NewRef(headers) : NULL;
}

PyObject *message_multiheaders(PyObject *self, void *unused)
{
    PyObject *multiheaders = multiheaders_of(SELF(self));

    return multiheaders ? Py_NewRef(multiheaders) : NULL;
}

/* What was printed, in the newer form: the Output headers as lines. */
PyObject *message_joined_output(struct message_object *self)
{
    PyObject *multiheaders = multiheaders_of(self), *lines, *newline, *text;

    if (!multiheaders)
        return NULL;
    if (!PyDict_Check(multiheaders))
        return PyUnicode_New(0, 0);
    lines = PyDict_GetItemWithError(multiheaders, self->core->str_output);
    if (!lines)
        return PyErr_Occurred() ? NULL : PyUnicode_New(0, 0);
    newline = PyUnicode_FromString("\n");
    if (!newline)
        return NULL;
    text = PyUnicode_Join(newline, lines);
    Py_DECREF(newline);
    return text;
}

PyObject *message_data(PyObject *object, void *unused)
{
    struct message_object *self = SELF(object);
    struct pyst_text data = pyst_text_none();

    if (!self->data) {
        if (self->message)
            data = self->greeting ? pyst_ami_message_raw(self->message)
                                  : pyst_ami_message_data(self->message);
        self->data = data.data ? text_decode(data) : message_joined_output(self);
    }
    return self->data ? Py_NewRef(self->data) : NULL;
}

PyObject *message_response(PyObject *object, void *unused)
{
    struct message_object *self = SELF(object);
    struct pyst_text raw = pyst_text_none();
    const char *line, *end, *newline;
    PyObject *list;

    if (self->response)
        return Py_NewRef(self->response);
    if (self->message)
        raw = pyst_ami_message_raw(self->message);
    list = PyList_New(0);
    if (list && self->greeting &&
        message_append(list, PyUnicode_FromString("Response: Generated Header\r\n")) < 0)
        Py_CLEAR(list);
    end = raw.size ? raw.data + raw.size : raw.data;
    for (line = raw.data; list && line < end; line = newline) {
        newline = memchr(line, '\n', (size_t)(end - line));
        newline = newline ? newline + 1 : end;
        /* The empty line is the end of the message and no line of it. */
        if (newline == end && text_strip(pyst_text_of(line, (size_t)(newline - line))).size == 0)
            break;
        if (message_append(list, text_decode(pyst_text_of(line, (size_t)(newline - line)))) < 0)
            Py_CLEAR(list);
    }
    self->response = list;
    return list ? Py_NewRef(list) : NULL;
}

/* Event and its ManagerMsg have the same dicts, as in pyst. */
int message_share(struct message_object *to, struct message_object *from)
{
    PyObject *data;

    if (!headers_of(from) || !multiheaders_of(from))
        return -1;
    data = message_data((PyObject *)from, NULL);
    if (!data)
        return -1;
    message_replace(&to->headers, from->headers);
    message_replace(&to->multiheaders, from->multiheaders);
    message_replace(&to->data, data);
    Py_DECREF(data);
    return 0;
}
