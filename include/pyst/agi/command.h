/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_COMMAND_H
#define PYST_AGI_COMMAND_H

/**
 * One AGI command, as the line that is sent.
 *
 *     pyst_agi_command_begin(command, "EXEC");
 *     pyst_agi_command_add(command, pyst_text("Dial"));
 *     pyst_agi_command_add(command, pyst_text("PJSIP/100,20"));
 *     pyst_agi_session_submit(session, command);
 *
 * Every argument given as text is put into double quotes, with a backslash before a quote and a
 * backslash, so that Asterisk reads exactly these bytes (res/res_agi.c, parse_args); numbers are
 * sent bare. CR, LF and NUL are refused: they would end the line and begin another command.
 *
 * A command is built again and again in the same object. The first error sticks until the next
 * _begin(), and submitting gives it: the calls between need not be looked at one by one.
 *
 * pyst/agi/commands.h has a function for each command that Asterisk documents.
 */

#include <stddef.h>
#include <stdint.h>

#include <pyst/error.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Asterisk reads a line into 8192 bytes (res/res_agi.c, run_agi, AGI_BUF_LEN), but Asterisk 16
 * falls out of step with lines that are longer than about 2 KiB: what is behind is taken for a
 * command of its own. So much is safe with both.
 */
#define PYST_AGI_COMMAND_SIZE     2047 /* bytes of a line with its LF, by default */
#define PYST_AGI_COMMAND_SIZE_MAX 8191 /* what the limit may be raised to */
/* Asterisk keeps 128 (MAX_ARGS) and can crash when there are more. Words of the name count. */
#define PYST_AGI_ARGUMENTS_MAX 120

struct pyst_agi_command;

/** `size` limits a line in bytes; 0: PYST_AGI_COMMAND_SIZE. Errors: PYST_ERR_NO_MEMORY, _INVALID.
 */
PYST_PUBLIC int pyst_agi_command_new(struct pyst_agi_command **commandp, size_t size);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_agi_command *pyst_agi_command_free(struct pyst_agi_command *command);

/**
 * Begins a command: its name, such as "GET VARIABLE". Errors, of this and the following:
 * PYST_ERR_BAD_ARGUMENT, PYST_ERR_COMMAND_TOO_LONG, PYST_ERR_TOO_MANY_ARGUMENTS,
 * PYST_ERR_NO_MEMORY, or the error that stuck.
 */
PYST_PUBLIC int pyst_agi_command_begin(struct pyst_agi_command *command, const char *name);

/** Adds one argument, quoted. The absent text is an empty argument. */
PYST_PUBLIC int pyst_agi_command_add(struct pyst_agi_command *command, struct pyst_text argument);

PYST_PUBLIC int pyst_agi_command_add_number(struct pyst_agi_command *command, int64_t number);

/**
 * Makes a command of a whole line as it is, quoted by the caller, with or without its LF. Blanks
 * around it are left out.
 */
PYST_PUBLIC int pyst_agi_command_set_line(struct pyst_agi_command *command, struct pyst_text line);

/** The error that stuck, or 0. A command that was not begun gives PYST_ERR_STATE. */
PYST_PUBLIC int pyst_agi_command_error(const struct pyst_agi_command *command);

/** The line with its LF, until the next call; absent after an error. */
PYST_PUBLIC struct pyst_text pyst_agi_command_line(const struct pyst_agi_command *command);

#ifdef __cplusplus
}
#endif

#endif
