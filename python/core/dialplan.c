/* SPDX-License-Identifier: MIT */
/* Dialplan: what asterisk.dialplan.Dialplan is made on. */
#include "config-objects.h"
#include "dialplan-objects.h"

#include <stdlib.h>

#define SELF(object) ((struct dialplan_object *)(object))

/* Dialplan(configuration) */
static PyObject *dialplan_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"configuration", NULL};
    struct core *core = core_of_type(type);
    const struct pyst_config *config;
    struct pyst_dialplan *dialplan;
    PyObject *resolved, *self;
    int r;

    if (!core || !PyArg_ParseTupleAndKeywords(args, kwargs, "O:Dialplan", keywords, &resolved))
        return NULL;
    config = config_of_resolved(core, resolved);
    if (!config)
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    r = pyst_dialplan_new(&dialplan, config);
    Py_END_ALLOW_THREADS;
    if (r < 0)
        return core_raise(core, r);
    self = type->tp_alloc(type, 0);
    if (!self) {
        pyst_dialplan_free(dialplan);
        return NULL;
    }
    SELF(self)->core = core;
    SELF(self)->resolved = Py_NewRef(resolved);
    SELF(self)->dialplan = dialplan;
    return self;
}

static void dialplan_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    pyst_dialplan_free(SELF(self)->dialplan);
    Py_XDECREF(SELF(self)->resolved);
    type->tp_free(self);
    Py_DECREF(type);
}

/* Puts an item into a list that was made with room for it, or lets go of the list. */
static void put(PyObject **list, size_t i, PyObject *item)
{
    if (item)
        PyList_SET_ITEM(*list, (Py_ssize_t)i, item);
    else
        Py_CLEAR(*list);
}

/* ---- contexts ------------------------------------------------------------------------------- */

static PyObject *dialplan_count(PyObject *self, void *unused)
{
    return PyLong_FromSize_t(pyst_dialplan_context_count(SELF(self)->dialplan));
}

static PyObject *dialplan_index(PyObject *self, PyObject *name)
{
    const struct pyst_dialplan_context *found;
    struct pyst_text text;
    PyObject *keep;

    if (text_encode(name, &text, &keep) < 0)
        return NULL;
    found = pyst_dialplan_find_context(SELF(self)->dialplan, text);
    Py_DECREF(keep);
    if (!found)
        Py_RETURN_NONE;
    return PyLong_FromSize_t(found->index);
}

/* The context of an index; NULL with an exception. */
static const struct pyst_dialplan_context *context_at(PyObject *self, PyObject *index)
{
    const size_t i = PyLong_AsSize_t(index);

    if (i == (size_t)-1 && PyErr_Occurred())
        return NULL;
    if (i < pyst_dialplan_context_count(SELF(self)->dialplan))
        return pyst_dialplan_context(SELF(self)->dialplan, i);
    PyErr_SetString(PyExc_IndexError, "no such context");
    return NULL;
}

static PyObject *dialplan_context(PyObject *self, PyObject *index)
{
    const struct pyst_dialplan_context *context = context_at(self, index);
    PyObject *name, *file;

    if (!context)
        return NULL;
    name = text_decode_name(SELF(self)->core, context->name);
    file = name ? dialplan_file(context->place) : NULL;
    if (!file) {
        Py_XDECREF(name);
        return NULL;
    }
    return Py_BuildValue("(NNNn)", name, PyBool_FromLong(context->autohints), file,
                         dialplan_line(context->place));
}

static PyObject *dialplan_extensions(PyObject *self, PyObject *index)
{
    const struct pyst_dialplan_context *context = context_at(self, index);
    PyObject *list = context ? PyList_New((Py_ssize_t)context->n_extensions) : NULL;

    for (size_t i = 0; list && i < context->n_extensions; i++)
        put(&list, i, dialplan_extension_wrap(SELF(self), context->extensions[i]));
    return list;
}

/* (name, times, file, line) */
static PyObject *make_include(const struct pyst_dialplan_include *include)
{
    PyObject *name = text_decode(include->context), *times = text_decode(include->times);
    PyObject *file = dialplan_file(include->place);

    if (name && times && file)
        return Py_BuildValue("(NNNn)", name, times, file, dialplan_line(include->place));
    Py_XDECREF(name);
    Py_XDECREF(times);
    Py_XDECREF(file);
    return NULL;
}

static PyObject *dialplan_includes(PyObject *self, PyObject *index)
{
    const struct pyst_dialplan_context *context = context_at(self, index);
    PyObject *list = context ? PyList_New((Py_ssize_t)context->n_includes) : NULL;

    for (size_t i = 0; list && i < context->n_includes; i++)
        put(&list, i, make_include(&context->includes[i]));
    return list;
}

/* (name, data, is_evaluated, file, line) */
static PyObject *make_switch(const struct pyst_dialplan_switch *asked)
{
    PyObject *name = text_decode(asked->name), *data = text_decode(asked->data);
    PyObject *file = dialplan_file(asked->place);

    if (name && data && file)
        return Py_BuildValue("(NNNNn)", name, data, PyBool_FromLong(asked->is_evaluated), file,
                             dialplan_line(asked->place));
    Py_XDECREF(name);
    Py_XDECREF(data);
    Py_XDECREF(file);
    return NULL;
}

static PyObject *dialplan_switches(PyObject *self, PyObject *index)
{
    const struct pyst_dialplan_context *context = context_at(self, index);
    PyObject *list = context ? PyList_New((Py_ssize_t)context->n_switches) : NULL;

    for (size_t i = 0; list && i < context->n_switches; i++)
        put(&list, i, make_switch(&context->switches[i]));
    return list;
}

/* (pattern, file, line) */
static PyObject *make_ignorepat(const struct pyst_dialplan_ignorepat *ignorepat)
{
    PyObject *pattern = text_decode(ignorepat->pattern), *file = dialplan_file(ignorepat->place);

    if (pattern && file)
        return Py_BuildValue("(NNn)", pattern, file, dialplan_line(ignorepat->place));
    Py_XDECREF(pattern);
    Py_XDECREF(file);
    return NULL;
}

static PyObject *dialplan_ignorepats(PyObject *self, PyObject *index)
{
    const struct pyst_dialplan_context *context = context_at(self, index);
    PyObject *list = context ? PyList_New((Py_ssize_t)context->n_ignorepats) : NULL;

    for (size_t i = 0; list && i < context->n_ignorepats; i++)
        put(&list, i, make_ignorepat(&context->ignorepats[i]));
    return list;
}

/* (name, value, file, line) */
static PyObject *make_global(struct core *core, const struct pyst_dialplan_global *global)
{
    PyObject *name = text_decode_name(core, global->name), *value = text_decode(global->value);
    PyObject *file = dialplan_file(global->place);

    if (name && value && file)
        return Py_BuildValue("(NNNn)", name, value, file, dialplan_line(global->place));
    Py_XDECREF(name);
    Py_XDECREF(value);
    Py_XDECREF(file);
    return NULL;
}

static PyObject *dialplan_globals(PyObject *self, PyObject *unused)
{
    const size_t n = pyst_dialplan_global_count(SELF(self)->dialplan);
    PyObject *list = PyList_New((Py_ssize_t)n);

    for (size_t i = 0; list && i < n; i++)
        put(&list, i, make_global(SELF(self)->core, pyst_dialplan_global(SELF(self)->dialplan, i)));
    return list;
}

/* ---- searches ------------------------------------------------------------------------------- */

/* What is asked, and the objects that its texts are of. */
struct question {
    struct pyst_dialplan_query query;
    PyObject *context, *number, *caller_id;
    PyObject *clock; /* not owned */
};

static void question_deinit(struct question *question)
{
    Py_XDECREF(question->context);
    Py_XDECREF(question->number);
    Py_XDECREF(question->caller_id);
}

/* Has the clock tell (minute, hour, day, month, weekday), the last two from 0. What it raises is
 * there when the search is over, and until then any time will do. */
static void tell_local_time(void *user, struct pyst_text zone, struct tm *local)
{
    const struct question *question = user;
    PyObject *name, *told;

    if (PyErr_Occurred())
        return;
    name = dialplan_text_or_none(zone);
    told = name ? PyObject_CallFunctionObjArgs(question->clock, name, NULL) : NULL;
    if (told && !PyTuple_Check(told))
        PyErr_SetString(PyExc_TypeError, "a clock tells a tuple");
    else if (told)
        PyArg_ParseTuple(told, "iiiii", &local->tm_min, &local->tm_hour, &local->tm_mday,
                         &local->tm_mon, &local->tm_wday);
    Py_XDECREF(told);
    Py_XDECREF(name);
}

/* Returns 0, or -1 with an exception. It is to be deinitialized in both cases. */
static int question_init(struct question *question, const struct pyst_dialplan *dialplan,
                         PyObject *context, PyObject *number, PyObject *caller_id, PyObject *clock)
{
    memset(question, 0, sizeof(*question));
    if (clock != Py_None) {
        question->clock = clock;
        question->query.local_time = tell_local_time;
        question->query.user = question;
    }
    if (text_encode(context, &question->query.context, &question->context) < 0 ||
        text_encode(number, &question->query.number, &question->number) < 0)
        return -1;
    if (!pyst_dialplan_find_context(dialplan, question->query.context)) {
        PyErr_SetObject(PyExc_KeyError, context);
        return -1;
    }
    if (caller_id == Py_None)
        return 0;
    return text_encode(caller_id, &question->query.caller_id, &question->caller_id);
}

/* (context, extension, switch, include, is_timed) */
static PyObject *make_match(struct dialplan_object *self, const struct pyst_dialplan_match *match)
{
    PyObject *context = text_decode_name(self->core, match->context->name);
    PyObject *extension =
        match->extension ? dialplan_extension_wrap(self, match->extension) : Py_NewRef(Py_None);
    PyObject *asked = match->asked ? make_switch(match->asked) : Py_NewRef(Py_None);
    PyObject *include = match->include ? make_include(match->include) : Py_NewRef(Py_None);

    if (context && extension && asked && include)
        return Py_BuildValue("(NNNNN)", context, extension, asked, include,
                             PyBool_FromLong(match->is_timed));
    Py_XDECREF(context);
    Py_XDECREF(extension);
    Py_XDECREF(asked);
    Py_XDECREF(include);
    return NULL;
}

static PyObject *dialplan_match(PyObject *self, PyObject *args)
{
    PyObject *context, *number, *caller_id, *clock, *list = NULL;
    struct pyst_dialplan_match *matches;
    struct question question;
    size_t n;
    int r;

    if (!PyArg_ParseTuple(args, "OOOO:match", &context, &number, &caller_id, &clock))
        return NULL;
    if (question_init(&question, SELF(self)->dialplan, context, number, caller_id, clock) == 0) {
        r = pyst_dialplan_match(SELF(self)->dialplan, &question.query, &matches, &n);
        if (r < 0) {
            core_raise(SELF(self)->core, r);
        } else {
            list = PyErr_Occurred() ? NULL : PyList_New((Py_ssize_t)n);
            for (size_t i = 0; list && i < n; i++)
                put(&list, i, make_match(SELF(self), &matches[i]));
            pyst_dialplan_matches_free(matches);
        }
    }
    question_deinit(&question);
    return list;
}

static PyObject *dialplan_find(PyObject *self, PyObject *args)
{
    PyObject *context, *number, *label, *caller_id, *clock, *keep = NULL, *result = NULL;
    const struct pyst_dialplan_priority *found;
    struct pyst_text label_text = pyst_text_none();
    struct question question;
    int priority;

    if (!PyArg_ParseTuple(args, "OOiOOO:find", &context, &number, &priority, &label, &caller_id,
                          &clock) ||
        (label != Py_None && text_encode(label, &label_text, &keep) < 0))
        return NULL;
    if (question_init(&question, SELF(self)->dialplan, context, number, caller_id, clock) == 0) {
        found =
            pyst_dialplan_find(SELF(self)->dialplan, &question.query, priority, label_text, NULL);
        if (!PyErr_Occurred())
            result = found ? dialplan_priority_wrap(SELF(self), found) : Py_NewRef(Py_None);
    }
    question_deinit(&question);
    Py_XDECREF(keep);
    return result;
}

/* ---- problems and picture ------------------------------------------------------------------- */

/* (file, (line, column, severity, sentence, what, kind, suggestion)) */
static PyObject *make_problem(const struct pyst_dialplan_problem *problem)
{
    PyObject *file = config_file_name(pyst_config_document_name(problem->document));
    PyObject *what = text_decode(problem->what), *suggestion = text_decode(problem->suggestion);

    if (file && what && suggestion)
        return Py_BuildValue("(N(nnisNsN))", file, (Py_ssize_t)problem->line,
                             (Py_ssize_t)problem->column,
                             (int)pyst_dialplan_problem_severity(problem->kind),
                             pyst_dialplan_problem_text(problem->kind), what,
                             pyst_dialplan_problem_name(problem->kind), suggestion);
    Py_XDECREF(file);
    Py_XDECREF(what);
    Py_XDECREF(suggestion);
    return NULL;
}

static PyObject *make_problems(const struct pyst_dialplan *checked)
{
    const size_t n = pyst_dialplan_problem_count(checked);
    PyObject *list = PyList_New((Py_ssize_t)n);

    for (size_t i = 0; list && i < n; i++) {
        const struct pyst_dialplan_problem problem = pyst_dialplan_problem(checked, i);

        put(&list, i, make_problem(&problem));
    }
    return list;
}

/* Names of applications and functions. Returns 0, or -1 with an exception. */
static int know(struct dialplan_object *self, struct pyst_dialplan *dialplan, PyObject *names)
{
    int r = 0;

    for (Py_ssize_t i = 0; r == 0 && i < PySequence_Fast_GET_SIZE(names); i++) {
        struct pyst_text text;
        PyObject *keep;

        if (text_encode(PySequence_Fast_GET_ITEM(names, i), &text, &keep) < 0)
            return -1;
        r = pyst_dialplan_know(dialplan, text);
        Py_DECREF(keep);
    }
    if (r == 0)
        return 0;
    core_raise(self->core, r);
    return -1;
}

/* A check changes the dialplan, so it gets one of its own: this one stays as it is for whoever
 * reads it meanwhile. */
static PyObject *dialplan_check(PyObject *self, PyObject *known)
{
    const struct pyst_config *config = config_of_resolved(SELF(self)->core, SELF(self)->resolved);
    PyObject *names = PySequence_Fast(known, "expected names"), *list = NULL;
    struct pyst_dialplan *checked = NULL;
    int r = 0;

    if (!config || !names) {
        Py_XDECREF(names);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    r = pyst_dialplan_new(&checked, config);
    Py_END_ALLOW_THREADS;
    if (r < 0) {
        core_raise(SELF(self)->core, r);
    } else if (know(SELF(self), checked, names) == 0) {
        Py_BEGIN_ALLOW_THREADS;
        r = pyst_dialplan_check(checked);
        Py_END_ALLOW_THREADS;
        list = r < 0 ? core_raise(SELF(self)->core, r) : make_problems(checked);
    }
    pyst_dialplan_free(checked);
    Py_DECREF(names);
    return list;
}

static PyObject *dialplan_graph(PyObject *self, PyObject *unused)
{
    PyObject *graph;
    char *text;
    size_t size;
    int r;

    Py_BEGIN_ALLOW_THREADS;
    r = pyst_dialplan_graph(SELF(self)->dialplan, &text, &size);
    Py_END_ALLOW_THREADS;
    if (r < 0)
        return core_raise(SELF(self)->core, r);
    graph = text_decode(pyst_text_of(text, size));
    free(text);
    return graph;
}

/* ---- the type ------------------------------------------------------------------------------- */

static PyMethodDef dialplan_methods[] = {
    {"index", dialplan_index, METH_O,
     "index(name, /)\n--\n\nThe index of a context, from 0; None without such a one."},
    {"context", dialplan_context, METH_O,
     "context(i, /)\n--\n\nA context: (name, autohints, file, line)."},
    {"extensions", dialplan_extensions, METH_O,
     "extensions(i, /)\n--\n\nThe extensions of a context."},
    {"includes", dialplan_includes, METH_O,
     "includes(i, /)\n--\n\nThe includes of a context: (name, times, file, line)."},
    {"switches", dialplan_switches, METH_O,
     "switches(i, /)\n--\n\nThe switches of a context: (name, data, is_evaluated, file, line)."},
    {"ignorepats", dialplan_ignorepats, METH_O,
     "ignorepats(i, /)\n--\n\nThe ignorepats of a context: (pattern, file, line)."},
    {"globals", dialplan_globals, METH_NOARGS,
     "globals()\n--\n\nThe global variables: (name, value, file, line)."},
    {"match", dialplan_match, METH_VARARGS,
     "match(context, number, caller_id, clock, /)\n--\n\n"
     "What fits: (context, extension, switch, include, is_timed). The clock is called for the "
     "time\n"
     "in a zone, or in the server's, None; None: includes hold whatever their times."},
    {"find", dialplan_find, METH_VARARGS,
     "find(context, number, priority, label, caller_id, clock, /)\n--\n\n"
     "What would be executed, or None. `label` None: by number."},
    {"check", dialplan_check, METH_O,
     "check(known, /)\n--\n\n"
     "What is wrong: pairs of a file and (line, column, severity, sentence, what, kind,\n"
     "suggestion)."},
    {"graph", dialplan_graph, METH_NOARGS, "graph()\n--\n\nGraphviz text."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef dialplan_getset[] = {
    {"count", dialplan_count, NULL, "How many contexts there are.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot dialplan_slots[] = {
    {Py_tp_doc, "A dialplan, as Asterisk makes it of extensions.conf."},
    {Py_tp_new, dialplan_new},
    {Py_tp_dealloc, dialplan_dealloc},
    {Py_tp_methods, dialplan_methods},
    {Py_tp_getset, dialplan_getset},
    {0, NULL},
};

PyType_Spec dialplan_spec = {
    .name = "asterisk._core.Dialplan",
    .basicsize = sizeof(struct dialplan_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = dialplan_slots,
};
