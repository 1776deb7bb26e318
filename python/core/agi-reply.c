/* SPDX-License-Identifier: MIT */
/*
 * AgiReply: the dict that pyst makes of a reply, {"result": (result, value), ...}, which knows more
 * of the reply than pyst's: its code, its text, its error.
 */
#include "core.h"

#include <structmember.h>

struct reply_object {
    PyDictObject dict;
    PyObject *text;
    int code;
    int error;
    long long end_position;
};

#define SELF(object) ((struct reply_object *)(object))

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static int set_pair(PyObject *self, PyObject *key, struct pyst_text value, struct pyst_text data)
{
    PyObject *pair = PyTuple_New(2), *first = text_decode(value), *second = text_decode(data);
    int r = -1;

    if (pair && first && second) {
        PyTuple_SET_ITEM(pair, 0, first);
        PyTuple_SET_ITEM(pair, 1, second);
        first = second = NULL;
        r = PyDict_SetItem(self, key, pair);
    }
    Py_XDECREF(first);
    Py_XDECREF(second);
    Py_XDECREF(pair);
    return r;
}

/* What stands behind result and value: name=value, perhaps with (data) behind it. */
static int set_fields(PyObject *self, struct pyst_text text)
{
    const char *at = text.data, *end = text.data + text.size;

    while (at < end) {
        const char *name = at, *value;
        struct pyst_text data = pyst_text_of("", 0);
        PyObject *key;
        int r;

        while (at < end && is_word(*at))
            at++;
        if (at == name || at == end || *at != '=' || at + 1 == end || is_blank(at[1])) {
            at += at < end;
            continue;
        }
        key = text_decode(pyst_text_of(name, (size_t)(at - name)));
        if (!key)
            return -1;
        value = ++at;
        while (at < end && !is_blank(*at))
            at++;
        text = pyst_text_of(value, (size_t)(at - value));
        while (at < end && is_blank(*at))
            at++;
        if (at < end && *at == '(' && end[-1] == ')') {
            data = pyst_text_of(at + 1, (size_t)(end - at - 2));
            at = end;
        }
        r = set_pair(self, key, text, data);
        Py_DECREF(key);
        if (r < 0)
            return -1;
    }
    return 0;
}

/* `reply` NULL: the stream ended instead. */
PyObject *agi_reply_make(struct core *core, const struct pyst_agi_reply *reply, int error)
{
    static const struct pyst_text empty = {"", 0};
    PyTypeObject *type = core->agi_reply_type;
    PyObject *self = PyDict_Type.tp_new(type, core->empty, NULL);
    struct pyst_text result = empty, value = empty, text = empty;

    if (!self)
        return NULL;
    SELF(self)->error = error;
    SELF(self)->end_position = -1;
    if (reply) {
        text = reply->text;
        SELF(self)->code = reply->code;
        SELF(self)->end_position = reply->end_position;
        if (reply->result.data)
            result = reply->result;
        if (reply->value.data)
            value = reply->value;
        /* pyst takes this for a hangup whatever the result is, but that is a value of a variable.
         */
        if (error == 0 && pyst_text_equal(value, pyst_text("hangup")) &&
            !(reply->is_number && reply->number == 1))
            SELF(self)->error = PYST_ERR_HANGUP;
    }
    SELF(self)->text = text_decode(text);
    if (!SELF(self)->text || set_pair(self, core->str_result, result, value) < 0)
        goto error;
    if (reply && reply->code == 200 && reply->result.data) {
        const char *behind = value.size ? value.data + value.size + 1 : result.data + result.size;
        const char *end = text.data + text.size;

        if (behind < end && set_fields(self, pyst_text_of(behind, (size_t)(end - behind))) < 0)
            goto error;
    }
    return self;
error:
    Py_DECREF(self);
    return NULL;
}

static void reply_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    Py_CLEAR(SELF(self)->text);
    PyDict_Type.tp_dealloc(self);
    Py_DECREF(type);
}

static int reply_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return PyDict_Type.tp_traverse(self, visit, arg);
}

static PyObject *reply_text(PyObject *self, void *unused)
{
    return SELF(self)->text ? Py_NewRef(SELF(self)->text) : PyUnicode_FromString("");
}

static PyMemberDef reply_members[] = {
    {"code", T_INT, offsetof(struct reply_object, code), READONLY,
     "200, 503, 510, 511, 520 and so on; 0 when the stream ended instead."},
    {"error", T_INT, offsetof(struct reply_object, error), READONLY, "0, or an ERR_*."},
    {"end_position", T_LONGLONG, offsetof(struct reply_object, end_position), READONLY,
     "Where playing or recording ended, in samples; -1 when Asterisk did not say."},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef reply_getset[] = {
    {"text", reply_text, NULL, "The reply as it came, without the last line end.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot reply_slots[] = {
    {Py_tp_doc, "A reply: a dict of pairs (value, what stood in parentheses)."},
    {Py_tp_dealloc, reply_dealloc},
    {Py_tp_traverse, reply_traverse},
    {Py_tp_members, reply_members},
    {Py_tp_getset, reply_getset},
    {0, NULL},
};

PyType_Spec agi_reply_spec = {
    .name = "asterisk._core.AgiReply",
    .basicsize = sizeof(struct reply_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = reply_slots,
};
