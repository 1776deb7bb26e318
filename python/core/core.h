/* SPDX-License-Identifier: MIT */
#ifndef PYST_PYTHON_CORE_H
#define PYST_PYTHON_CORE_H

/*
 * asterisk._core: sessions and messages of libpyst as Python objects. Everything here runs with
 * the GIL held, which is what makes an object safe to share between threads.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

#include <pyst/agi/session.h>
#include <pyst/ami/message.h>
#include <pyst/ami/session.h>
#include <pyst/error.h>
#include <pyst/text.h>

#if PY_VERSION_HEX < 0x030a0000
static inline PyObject *Py_NewRef(PyObject *object)
{
    Py_INCREF(object);
    return object;
}
#endif

#define NAME_CACHE_SIZE 2048 /* a power of two */

/* The state of one module object. Every object of ours keeps a pointer to it, and its type keeps
 * the module alive. */
struct core {
    PyTypeObject *message_type; /* the base, never made by itself */
    PyTypeObject *manager_msg_type;
    PyTypeObject *event_type;
    PyTypeObject *queue_type;
    PyTypeObject *session_type;
    PyTypeObject *agi_reply_type;
    PyTypeObject *agi_session_type;
    PyTypeObject *async_agi_call_type;
    PyTypeObject *config_document_type;
    PyTypeObject *config_line_type;
    PyTypeObject *config_resolved_type;
    PyTypeObject *config_section_type;
    PyTypeObject *dialplan_type;
    PyTypeObject *dialplan_extension_type;
    PyTypeObject *dialplan_priority_type;
    PyObject *error;          /* class Error */
    PyObject *config_error;   /* class ConfigurationError */
    PyObject *config_changed; /* class ChangedError */

    PyObject *star;             /* "*" */
    PyObject *str_response;     /* "Response" */
    PyObject *str_event;        /* "Event" */
    PyObject *str_output;       /* "Output" */
    PyObject *generated_header; /* "Generated Header" */
    PyObject *no_clue;          /* "NoClue" */
    PyObject *str_result;       /* "result" */
    PyObject *empty;            /* () */

    struct pyst_agi_command *agi_command; /* to build each command in */

    /* Frequent names of headers and events, by their bytes; a newcomer takes the place of another.
     */
    PyObject *names[NAME_CACHE_SIZE];
};

extern struct PyModuleDef core_module;

/* The state of the module that `type`, or the base it inherits from, was made by; NULL and an
 * exception for a type that is not ours. */
struct core *core_of_type(PyTypeObject *type);

/* Raises core->error for a PYST_ERR_*; MemoryError for PYST_ERR_NO_MEMORY. Returns NULL. */
PyObject *core_raise(struct core *core, int error);

/* text.c */
PyObject *text_decode(struct pyst_text text);
PyObject *text_decode_name(struct core *core, struct pyst_text text);
PyObject *text_decode_stripped(struct pyst_text text);
struct pyst_text text_strip(struct pyst_text text);
/*
 * The bytes of a str; the view lives as long as *keepp (a new reference) and `object`. Surrogates
 * that stand for bytes become those bytes again. Returns 0, or -1 with an exception.
 */
int text_encode(PyObject *object, struct pyst_text *textp, PyObject **keepp);

/* message.c: each takes a reference to the message of its own. */
PyObject *manager_msg_wrap(struct core *core, struct pyst_ami_message *message);
PyObject *event_wrap(struct core *core, struct pyst_ami_message *message);

/* action.c: NULL with an exception; what libpyst refuses is core->error. */
struct pyst_ami_action *action_make(struct core *core, PyObject *name, PyObject *headers);

/* queue.c */
struct queue_object;
bool queue_is_full(const struct queue_object *queue);
/* Takes over the reference to the message. Returns 0, or -1 with an exception. */
int queue_put(struct queue_object *queue, struct pyst_ami_message *message);

/* call-file.c: functions of the module. */
PyObject *call_file_text(PyObject *module, PyObject *lines);
PyObject *call_file_read(PyObject *module, PyObject *data);
PyObject *call_file_submit(PyObject *module, PyObject *args);
PyObject *call_file_find(PyObject *module, PyObject *args);

/* agi-line.c */
struct agi_line {
    size_t size;
    bool too_long;
    char data[PYST_AGI_COMMAND_SIZE_MAX];
};

/* The words of a command with blanks between. Returns 0, or -1 with an exception. */
int agi_line_join(struct agi_line *line, PyObject *command, PyObject *arguments);
PyObject *agi_quote(PyObject *module, PyObject *argument);
PyObject *agi_word(PyObject *module, PyObject *argument);

/* agi-reply.c */
PyObject *agi_reply_make(struct core *core, const struct pyst_agi_reply *reply, int error);

/* async-agi.c: adds its types and constants to the module. Returns 0, or -1 with an exception. */
int async_agi_add(PyObject *module);

/* emulator.c: adds its type and its text to the module. Returns 0, or -1 with an exception. */
int emulator_add(PyObject *module);

extern PyType_Spec message_spec;
extern PyType_Spec manager_msg_spec;
extern PyType_Spec event_spec;
extern PyType_Spec queue_spec;
extern PyType_Spec session_spec;
extern PyType_Spec agi_reply_spec;
extern PyType_Spec agi_session_spec;

#endif
