/* SPDX-License-Identifier: MIT */
#include "config-objects.h"
#include "dialplan-objects.h"

#include <errno.h>
#include <unistd.h>

#include <pyst/call-file.h>

struct core *core_of_type(PyTypeObject *type)
{
    PyObject *mro = type->tp_mro;

    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        PyObject *module;

        if (!PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE))
            continue;
        module = PyType_GetModule(base);
        if (!module)
            PyErr_Clear(); /* a class of Python's: none is noted there */
        else if (PyModule_Check(module) && PyModule_GetDef(module) == &core_module)
            return PyModule_GetState(module);
    }
    PyErr_SetString(PyExc_TypeError, "not a type of asterisk._core");
    return NULL;
}

PyObject *core_raise(struct core *core, int error)
{
    PyObject *args, *exception, *code;

    if (error == PYST_ERR_NO_MEMORY)
        return PyErr_NoMemory();
    args = Py_BuildValue("(is)", error, pyst_strerror(error));
    if (!args)
        return NULL;
    exception = PyObject_Call(core->error, args, NULL);
    code = PyTuple_GET_ITEM(args, 0);
    if (exception && PyObject_SetAttrString(exception, "code", code) == 0)
        PyErr_SetObject(core->error, exception);
    Py_XDECREF(exception);
    Py_DECREF(args);
    return NULL;
}

static PyObject *module_strerror(PyObject *module, PyObject *argument)
{
    long code = PyLong_AsLong(argument);

    if (code == -1 && PyErr_Occurred())
        return NULL;
    return PyUnicode_FromString(pyst_strerror((int)code));
}

static PyObject *module_error_name(PyObject *module, PyObject *argument)
{
    long code = PyLong_AsLong(argument);

    if (code == -1 && PyErr_Occurred())
        return NULL;
    return PyUnicode_FromString(pyst_error_name((int)code));
}

/*
 * os.write() lets go of the interpreter's lock around the call, and so hands it to the very thread
 * that is woken; a program that submits many actions would be switched away from at each of them.
 */
static PyObject *module_wake(PyObject *module, PyObject *argument)
{
    int descriptor = PyObject_AsFileDescriptor(argument);

    if (descriptor < 0)
        return NULL;
    if (write(descriptor, "w", 1) < 0 && errno != EAGAIN && errno != EINTR)
        return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"call_file_text", call_file_text, METH_O,
     "call_file_text(lines)\n--\n\nThe bytes of a call file. Lines are (key, value), or for a\n"
     "variable (key, name, value)."},
    {"call_file_read", call_file_read, METH_O,
     "call_file_read(data)\n--\n\nThe lines of a call file, (key, value), and its status,\n"
     "(state, attempts, began, ended, pid)."},
    {"call_file_submit", call_file_submit, METH_VARARGS,
     "call_file_submit(lines, directory, staging, name, time, mode, uid, gid)\n--\n\n"
     "Write a call file to the spool; the name it has there."},
    {"call_file_find", call_file_find, METH_VARARGS,
     "call_file_find(directory, name)\n--\n\nAs call_file_read(), or None without such a file."},
    {"config_is_plain", config_is_plain, METH_O,
     "config_is_plain(data)\n--\n\nWhether pyst's reader surely understands each line of a file."},
    {"strerror", module_strerror, METH_O, "strerror(code)\n--\n\nA sentence for an error code."},
    {"error_name", module_error_name, METH_O,
     "error_name(code)\n--\n\nThe name of an error code, such as LIMIT_LINE."},
    {"wake", module_wake, METH_O,
     "wake(fd)\n--\n\nWrite a byte to a pipe that never blocks, and keep the lock meanwhile."},
    {"agi_quote", agi_quote, METH_O,
     "agi_quote(argument)\n--\n\nAn argument of an AGI command, in double quotes."},
    {"agi_word", agi_word, METH_O,
     "agi_word(argument)\n--\n\nThe same, without the quotes where none are needed."},
    {NULL, NULL, 0, NULL},
};

static int add_constants(PyObject *module)
{
    static const struct {
        const char *name;
        long value;
    } constants[] = {{"GREETED", PYST_AMI_NOTICE_GREETED},
                     {"READY", PYST_AMI_NOTICE_READY},
                     {"RESPONSE", PYST_AMI_NOTICE_RESPONSE},
                     {"ITEM", PYST_AMI_NOTICE_ITEM},
                     {"DONE", PYST_AMI_NOTICE_DONE},
                     {"STRAY", PYST_AMI_NOTICE_STRAY},
                     {"LOST", PYST_AMI_NOTICE_LOST},
                     {"CLOSED", PYST_AMI_NOTICE_CLOSED},
                     {"AGI_ENVIRONMENT", PYST_AGI_NOTICE_ENVIRONMENT},
                     {"AGI_HANGUP", PYST_AGI_NOTICE_HANGUP},
                     {"AGI_CLOSED", PYST_AGI_NOTICE_CLOSED},
                     {"LIST_COLLECT", PYST_AMI_LIST_COLLECT},
                     {"LIST_STREAM", PYST_AMI_LIST_STREAM},
                     {"LIST_IGNORE", PYST_AMI_LIST_IGNORE},
                     {"STATE_GREETING", PYST_AMI_STATE_GREETING},
                     {"STATE_LOGIN", PYST_AMI_STATE_LOGIN},
                     {"STATE_READY", PYST_AMI_STATE_READY},
                     {"STATE_CLOSING", PYST_AMI_STATE_CLOSING},
                     {"STATE_CLOSED", PYST_AMI_STATE_CLOSED},
                     {"CALL_FILE_WAITING", PYST_CALL_FILE_WAITING},
                     {"CALL_FILE_CALLING", PYST_CALL_FILE_CALLING},
                     {"CALL_FILE_RETRYING", PYST_CALL_FILE_RETRYING},
                     {"CALL_FILE_COMPLETED", PYST_CALL_FILE_COMPLETED},
                     {"CALL_FILE_EXPIRED", PYST_CALL_FILE_EXPIRED},
                     {"CALL_FILE_FAILED", PYST_CALL_FILE_FAILED},
                     {"CONFIG_BLANK", PYST_CONFIG_BLANK},
                     {"CONFIG_SECTION", PYST_CONFIG_SECTION},
                     {"CONFIG_ITEM", PYST_CONFIG_ITEM},
                     {"CONFIG_DIRECTIVE", PYST_CONFIG_DIRECTIVE},
                     {"CONFIG_TOO_LONG", PYST_CONFIG_TOO_LONG},
                     {"CONFIG_BROKEN", PYST_CONFIG_BROKEN},
                     {"CONFIG_ERROR", PYST_CONFIG_ERROR},
                     {"CONFIG_WARNING", PYST_CONFIG_WARNING},
                     {"CONFIG_NOTE", PYST_CONFIG_NOTE},
                     {"CONFIG_STYLE_NEIGHBOUR", PYST_CONFIG_STYLE_NEIGHBOUR},
                     {"CONFIG_STYLE_VARIABLE", PYST_CONFIG_STYLE_VARIABLE},
                     {"CONFIG_STYLE_OBJECT", PYST_CONFIG_STYLE_OBJECT},
                     {"CONFIG_STYLE_APPEND", PYST_CONFIG_STYLE_APPEND},
                     {"DIALPLAN_HINT", PYST_DIALPLAN_HINT},
#define ERROR_CONSTANT(name, number, sentence) {"ERR_" #name, number},
                     PYST_ERRORS(ERROR_CONSTANT)
#undef ERROR_CONSTANT
    };

    for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
        if (PyModule_AddIntConstant(module, constants[i].name, constants[i].value) < 0)
            return -1;
    }
    return 0;
}

/* Makes a type of this module; `base` may be NULL. Where it is public, Python knows it by the name
 * in its spec, asterisk.manager.Event. */
static int add_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base, PyTypeObject **typep)
{
    PyObject *bases = base ? PyTuple_Pack(1, base) : NULL;

    if (base && !bases)
        return -1;
    *typep = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, bases);
    Py_XDECREF(bases);
    return *typep ? PyModule_AddType(module, *typep) : -1;
}

static int add_exception(PyObject *module, PyObject **where, const char *name, const char *doc,
                         PyObject *base)
{
    *where = PyErr_NewExceptionWithDoc(name, doc, base, NULL);
    if (!*where)
        return -1;
    Py_INCREF(*where);
    if (PyModule_AddObject(module, strrchr(name, '.') + 1, *where) == 0)
        return 0;
    Py_DECREF(*where);
    return -1;
}

static int add_config(PyObject *module)
{
    struct core *core = PyModule_GetState(module);

    if (add_exception(module, &core->config_error, "asterisk.config.ConfigurationError",
                      "Asterisk could not read back what was to be written; nothing has changed.",
                      PyExc_ValueError) < 0 ||
        add_exception(module, &core->config_changed, "asterisk.config.ChangedError",
                      "The file was changed by somebody else since it was read; it stays so.",
                      PyExc_Exception) < 0 ||
        add_type(module, &config_document_spec, NULL, &core->config_document_type) < 0 ||
        add_type(module, &config_line_spec, NULL, &core->config_line_type) < 0 ||
        add_type(module, &config_resolved_spec, NULL, &core->config_resolved_type) < 0 ||
        add_type(module, &config_section_spec, NULL, &core->config_section_type) < 0)
        return -1;
    /* Documents and configurations make them. */
    core->config_line_type->tp_new = NULL;
    core->config_section_type->tp_new = NULL;
    return 0;
}

static int add_dialplan(PyObject *module)
{
    struct core *core = PyModule_GetState(module);

    if (add_type(module, &dialplan_spec, NULL, &core->dialplan_type) < 0 ||
        add_type(module, &dialplan_extension_spec, NULL, &core->dialplan_extension_type) < 0 ||
        add_type(module, &dialplan_priority_spec, NULL, &core->dialplan_priority_type) < 0)
        return -1;
    /* Dialplans make them. */
    core->dialplan_extension_type->tp_new = NULL;
    core->dialplan_priority_type->tp_new = NULL;
    return 0;
}

static int module_exec(PyObject *module)
{
    struct core *core = PyModule_GetState(module);
    const struct {
        PyObject **where;
        const char *text;
    } strings[] = {
        {&core->star, "*"},
        {&core->str_response, "Response"},
        {&core->str_event, "Event"},
        {&core->str_output, "Output"},
        {&core->generated_header, "Generated Header"},
        {&core->no_clue, "NoClue"},
        {&core->str_result, "result"},
    };
    int r;

    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        *strings[i].where = PyUnicode_InternFromString(strings[i].text);
        if (!*strings[i].where)
            return -1;
    }
    core->empty = PyTuple_New(0);
    if (!core->empty)
        return -1;
    r = pyst_agi_command_new(&core->agi_command, PYST_AGI_COMMAND_SIZE_MAX);
    if (r < 0) {
        PyErr_NoMemory();
        return -1;
    }
    if (add_exception(module, &core->error, "asterisk._core.Error",
                      "A call of the core was refused: args are its code and a sentence.",
                      NULL) < 0)
        return -1;
    if (add_type(module, &message_spec, NULL, &core->message_type) < 0 ||
        add_type(module, &manager_msg_spec, core->message_type, &core->manager_msg_type) < 0 ||
        add_type(module, &event_spec, core->message_type, &core->event_type) < 0 ||
        add_type(module, &queue_spec, NULL, &core->queue_type) < 0 ||
        add_type(module, &session_spec, NULL, &core->session_type) < 0 ||
        add_type(module, &agi_reply_spec, &PyDict_Type, &core->agi_reply_type) < 0 ||
        add_type(module, &agi_session_spec, NULL, &core->agi_session_type) < 0 ||
        async_agi_add(module) < 0 || emulator_add(module) < 0 || add_config(module) < 0 ||
        add_dialplan(module) < 0)
        return -1;
    return add_constants(module);
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct core *core = PyModule_GetState(module);

    if (!core)
        return 0;
    Py_VISIT(core->message_type);
    Py_VISIT(core->manager_msg_type);
    Py_VISIT(core->event_type);
    Py_VISIT(core->queue_type);
    Py_VISIT(core->session_type);
    Py_VISIT(core->agi_reply_type);
    Py_VISIT(core->agi_session_type);
    Py_VISIT(core->async_agi_call_type);
    Py_VISIT(core->config_document_type);
    Py_VISIT(core->config_line_type);
    Py_VISIT(core->config_resolved_type);
    Py_VISIT(core->config_section_type);
    Py_VISIT(core->dialplan_type);
    Py_VISIT(core->dialplan_extension_type);
    Py_VISIT(core->dialplan_priority_type);
    Py_VISIT(core->error);
    Py_VISIT(core->config_error);
    Py_VISIT(core->config_changed);
    return 0;
}

static int module_clear(PyObject *module)
{
    struct core *core = PyModule_GetState(module);

    if (!core)
        return 0;
    Py_CLEAR(core->message_type);
    Py_CLEAR(core->manager_msg_type);
    Py_CLEAR(core->event_type);
    Py_CLEAR(core->queue_type);
    Py_CLEAR(core->session_type);
    Py_CLEAR(core->agi_reply_type);
    Py_CLEAR(core->agi_session_type);
    Py_CLEAR(core->async_agi_call_type);
    Py_CLEAR(core->config_document_type);
    Py_CLEAR(core->config_line_type);
    Py_CLEAR(core->config_resolved_type);
    Py_CLEAR(core->config_section_type);
    Py_CLEAR(core->dialplan_type);
    Py_CLEAR(core->dialplan_extension_type);
    Py_CLEAR(core->dialplan_priority_type);
    Py_CLEAR(core->error);
    Py_CLEAR(core->config_error);
    Py_CLEAR(core->config_changed);
    return 0;
}

static void module_free(void *module)
{
    struct core *core = PyModule_GetState((PyObject *)module);

    if (!core)
        return;
    module_clear((PyObject *)module);
    Py_CLEAR(core->star);
    Py_CLEAR(core->str_response);
    Py_CLEAR(core->str_event);
    Py_CLEAR(core->str_output);
    Py_CLEAR(core->generated_header);
    Py_CLEAR(core->no_clue);
    Py_CLEAR(core->str_result);
    Py_CLEAR(core->empty);
    core->agi_command = pyst_agi_command_free(core->agi_command);
    for (size_t i = 0; i < NAME_CACHE_SIZE; i++)
        Py_CLEAR(core->names[i]);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

struct PyModuleDef core_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "asterisk._core",
    .m_doc = "Sessions and messages of libpyst. The modules of the package are the way to use it.",
    .m_size = sizeof(struct core),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&core_module);
}
