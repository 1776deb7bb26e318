/* SPDX-License-Identifier: MIT */
/*
 * Call files. A file is a sequence of lines, (key, value) or for a variable (key, name, value), and
 * is built anew for each call: there is no object to keep.
 */
#include "core.h"

#include <errno.h>

#include <pyst/call-file.h>

/* Of a line: like core_raise(), with what stands before the value as third argument. */
static void raise_of_line(struct core *core, int r, PyObject *what)
{
    PyObject *args;

    if (r == PYST_ERR_NO_MEMORY) {
        PyErr_NoMemory();
        return;
    }
    args = Py_BuildValue("(isO)", r, pyst_strerror(r), what);
    if (args)
        PyErr_SetObject(core->error, args);
    Py_XDECREF(args);
}

/* (key, value) or (key, name, value) */
static int add_line(struct core *core, struct pyst_call_file *file, PyObject *line)
{
    PyObject *parts = PySequence_Fast(line, "lines are tuples"), *keep[3] = {NULL};
    struct pyst_text texts[3];
    Py_ssize_t n;
    int r = -1;

    if (!parts)
        return -1;
    n = PySequence_Fast_GET_SIZE(parts);
    if (n != 2 && n != 3) {
        PyErr_SetString(PyExc_ValueError, "lines are tuples of two or three");
        goto end;
    }
    for (Py_ssize_t i = 0; i < n; i++)
        if (text_encode(PySequence_Fast_GET_ITEM(parts, i), &texts[i], &keep[i]) < 0)
            goto end;
    r = n == 2 ? pyst_call_file_set(file, texts[0], texts[1])
               : pyst_call_file_add_variable(file, texts[1], texts[2]);
    if (r < 0)
        raise_of_line(core, r, PySequence_Fast_GET_ITEM(parts, n - 2));
end:
    for (size_t i = 0; i < 3; i++)
        Py_XDECREF(keep[i]);
    Py_DECREF(parts);
    return r < 0 ? -1 : 0;
}

static struct pyst_call_file *make_file(struct core *core, PyObject *lines)
{
    PyObject *iterator = PyObject_GetIter(lines), *line;
    struct pyst_call_file *file = NULL;
    int r;

    if (!iterator)
        return NULL;
    r = pyst_call_file_new(&file);
    if (r < 0)
        core_raise(core, r);
    while (r == 0 && (line = PyIter_Next(iterator))) {
        r = add_line(core, file, line);
        Py_DECREF(line);
    }
    Py_DECREF(iterator);
    return r < 0 || PyErr_Occurred() ? pyst_call_file_free(file) : file;
}

/* ([(key, value), ...], (state, attempts, began, ended, pid)) */
static PyObject *describe(struct pyst_call_file *file, const struct pyst_call_file_status *status)
{
    PyObject *lines = PyList_New(0);

    for (size_t i = 0; lines && i < pyst_call_file_n_lines(file); i++) {
        struct pyst_text key, value;
        PyObject *line;

        pyst_call_file_line(file, i, &key, &value);
        line = Py_BuildValue("(NN)", text_decode(key), text_decode(value));
        if (!line || PyList_Append(lines, line) < 0)
            Py_CLEAR(lines);
        Py_XDECREF(line);
    }
    return Py_BuildValue("(N(iILLL))", lines, (int)status->state, status->attempts,
                         (long long)status->began, (long long)status->ended,
                         (long long)status->pid);
}

PyObject *call_file_text(PyObject *module, PyObject *lines)
{
    struct core *core = PyModule_GetState(module);
    struct pyst_call_file *file = make_file(core, lines);
    struct pyst_text text;
    PyObject *bytes;
    int r;

    if (!file)
        return NULL;
    r = pyst_call_file_text(file, &text);
    bytes =
        r < 0 ? core_raise(core, r) : PyBytes_FromStringAndSize(text.data, (Py_ssize_t)text.size);
    pyst_call_file_free(file);
    return bytes;
}

PyObject *call_file_read(PyObject *module, PyObject *data)
{
    struct pyst_call_file_status status;
    struct pyst_call_file *file;
    PyObject *description;
    Py_buffer view;
    int r;

    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    r = pyst_call_file_read(&file, pyst_text_of(view.buf, (size_t)view.len), &status);
    PyBuffer_Release(&view);
    if (r < 0)
        return core_raise(PyModule_GetState(module), r);
    description = describe(file, &status);
    pyst_call_file_free(file);
    return description;
}

/* An OSError of `error` and `path`, or as core_raise(). */
static PyObject *raise_for(PyObject *module, int r, int error, const char *path)
{
    PyObject *name;

    if (r != PYST_ERR_SYSTEM)
        return core_raise(PyModule_GetState(module), r);
    name = PyUnicode_DecodeFSDefault(path);
    if (name) {
        errno = error;
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, name);
        Py_DECREF(name);
    }
    return NULL;
}

/* Of bytes, or NULL of None. */
static int optional_string(PyObject *object, char **stringp)
{
    *stringp = NULL;
    return object == Py_None ? 0 : PyBytes_AsStringAndSize(object, stringp, NULL);
}

PyObject *call_file_submit(PyObject *module, PyObject *args)
{
    PyObject *lines, *staging, *name;
    struct pyst_call_file_submission how = {0};
    char chosen[PYST_CALL_FILE_NAME_SIZE], *staging_string, *name_string;
    struct pyst_call_file *file;
    long long time, uid, gid;
    int r, error;

    if (!PyArg_ParseTuple(args, "OyOOLILL:call_file_submit", &lines, &how.directory, &staging,
                          &name, &time, &how.mode, &uid, &gid) ||
        optional_string(staging, &staging_string) < 0 || optional_string(name, &name_string) < 0)
        return NULL;
    file = make_file(PyModule_GetState(module), lines);
    if (!file)
        return NULL;
    how.staging = staging_string;
    how.name = name_string;
    how.time = time;
    how.owned = uid >= 0 || gid >= 0;
    how.uid = uid >= 0 ? (uint32_t)uid : UINT32_MAX;
    how.gid = gid >= 0 ? (uint32_t)gid : UINT32_MAX;
    Py_BEGIN_ALLOW_THREADS;
    r = pyst_call_file_submit(file, &how, chosen);
    error = errno;
    Py_END_ALLOW_THREADS;
    pyst_call_file_free(file);
    return r < 0 ? raise_for(module, r, error, how.directory) : PyBytes_FromString(chosen);
}

PyObject *call_file_find(PyObject *module, PyObject *args)
{
    struct pyst_call_file_status status;
    struct pyst_call_file *file = NULL;
    const char *directory, *name;
    PyObject *description;
    int r, error;

    if (!PyArg_ParseTuple(args, "yy:call_file_find", &directory, &name))
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    r = pyst_call_file_find(directory, name, &file, &status);
    error = errno;
    Py_END_ALLOW_THREADS;
    if (r < 0)
        return raise_for(module, r, error, directory);
    if (r == 0)
        Py_RETURN_NONE;
    description = describe(file, &status);
    pyst_call_file_free(file);
    return description;
}
