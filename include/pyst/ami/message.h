/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_MESSAGE_H
#define PYST_AMI_MESSAGE_H

/**
 * A message of Asterisk's manager interface: a greeting, a response, an event or an action.
 *
 * A message is lines of the form "Name: value" up to an empty line. Nothing is interpreted away:
 * any name, any order, any repetition and any bytes are kept. A line without a colon is kept as
 * well, as data. Names are compared without regard to the case of ASCII letters, for Asterisk
 * itself spells several of them in two ways (CommandID and CommandId); the spelling that came is
 * what pyst_ami_message_header() gives.
 *
 * A message is one block of memory, immutable and counted: any thread may read it, take a
 * reference and drop one. All views live as long as the message.
 */

#include <stddef.h>
#include <stdint.h>

#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_ami_message;

enum pyst_ami_kind {
    PYST_AMI_OTHER,    /* none of those below: "Name: value" lines that say neither */
    PYST_AMI_GREETING, /* the first line of a connection, such as "Asterisk Call Manager/11.0.0" */
    PYST_AMI_RESPONSE, /* has Response and no Event */
    PYST_AMI_EVENT,    /* has Event; OriginateResponse has Response as well and is an event */
    PYST_AMI_ACTION    /* has Action and neither of the two: what a client sends */
};

/**
 * One line. A line without a colon has name.data == NULL, and value is the whole line.
 *
 * Of a line with one, name is what stands before the first colon less blanks at its end; value is
 * what follows it less one blank, so a value that begins or ends in blanks keeps them. The colons
 * inside the parentheses of "ChanVariable(SIP/[::1]-1):" belong to the name.
 */
struct pyst_ami_header {
    struct pyst_text name;
    struct pyst_text value;
};

/** What pyst_ami_message_find() answers when there is none, or no more. */
#define PYST_AMI_NONE ((size_t)-1)

/**
 * Makes a message of the `size` bytes at `data`, which hold one message; the empty line at its end
 * may be missing. For messages that do not come from a connection: tests, files.
 *
 * Errors: PYST_ERR_NO_MEMORY; PYST_ERR_INVALID when there is no line at all or bytes are left
 * over; PYST_ERR_LIMIT_* by the parser's default limits.
 */
PYST_PUBLIC int pyst_ami_message_parse(struct pyst_ami_message **messagep, const void *data,
                                       size_t size);

/** Takes a reference and returns the message; NULL gives NULL. */
PYST_PUBLIC struct pyst_ami_message *pyst_ami_message_ref(struct pyst_ami_message *message);

/** Drops a reference; the last one frees. Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_ami_message *pyst_ami_message_unref(struct pyst_ami_message *message);

PYST_PUBLIC enum pyst_ami_kind pyst_ami_message_kind(const struct pyst_ami_message *message);

/**
 * The value that names the message: that of Event, Response or Action by its kind; the whole line
 * of a greeting; absent for PYST_AMI_OTHER.
 */
PYST_PUBLIC struct pyst_text pyst_ami_message_name(const struct pyst_ami_message *message);

/** The value of the first ActionID; absent when there is none. */
PYST_PUBLIC struct pyst_text pyst_ami_message_action_id(const struct pyst_ami_message *message);

/** How many lines there are, those without a colon and the lines of raw output included. */
PYST_PUBLIC size_t pyst_ami_message_n_headers(const struct pyst_ami_message *message);

/** The line of that index, in the order of arrival; both texts are absent past the end. */
PYST_PUBLIC struct pyst_ami_header pyst_ami_message_header(const struct pyst_ami_message *message,
                                                           size_t index);

/**
 * The index of the first header of that name at or after index `from`, or PYST_AMI_NONE.
 *
 *     for (i = find(m, name, 0); i != PYST_AMI_NONE; i = find(m, name, i + 1))
 */
PYST_PUBLIC size_t pyst_ami_message_find(const struct pyst_ami_message *message,
                                         struct pyst_text name, size_t from);

/** The value of the first header of that name; absent when there is none. */
PYST_PUBLIC struct pyst_text pyst_ami_message_get(const struct pyst_ami_message *message,
                                                  struct pyst_text name);

/** The value of the last header of that name; absent when there is none. */
PYST_PUBLIC struct pyst_text pyst_ami_message_get_last(const struct pyst_ami_message *message,
                                                       struct pyst_text name);

/**
 * All bytes of the message as they came, the empty line at its end included. A greeting ends with
 * its line, and "Response: Follows" with the line of its end marker.
 */
PYST_PUBLIC struct pyst_text pyst_ami_message_raw(const struct pyst_ami_message *message);

/**
 * The bytes from the first line that is no header to the last line before the empty one, line
 * ends and an end marker included; absent when every line is a header. For "Response: Follows"
 * that is the raw output with "--END COMMAND--".
 */
PYST_PUBLIC struct pyst_text pyst_ami_message_data(const struct pyst_ami_message *message);

/**
 * Walks the lines that a command printed, in whichever of its two forms Asterisk sent them:
 * repeated Output headers (14 and on), or raw text up to "--END COMMAND--" (before). Set *cursorp
 * to 0 first. Returns 1 and the line without its end, or 0 when there are no more.
 *
 * Follows main/manager.c, action_command.
 */
PYST_PUBLIC int pyst_ami_message_next_output(const struct pyst_ami_message *message,
                                             size_t *cursorp, struct pyst_text *linep);

/**
 * Walks channel variables: headers "ChanVariable: name=value", "ChanVariable(channel):
 * name=value", and the same with a prefix such as Dest, LocalOne or OldTransferer.
 *
 * `prefix` is what stands before "ChanVariable" ("" for none; absent for any). `channel` is what
 * stands in the parentheses (absent for any, and headers without parentheses then match too; ""
 * for headers without parentheses only). Set *cursorp to 0 first. Returns 1 with the name and the
 * value as they stand, still escaped (see pyst_ami_unescape), or 0 when there are no more. Where
 * a variable stands twice the later one counts.
 *
 * Follows main/manager_channels.c, ast_manager_build_channel_state_string_prefix.
 */
PYST_PUBLIC int pyst_ami_message_next_variable(const struct pyst_ami_message *message,
                                               struct pyst_text prefix, struct pyst_text channel,
                                               size_t *cursorp, struct pyst_text *namep,
                                               struct pyst_text *valuep);

/**
 * Undoes the C escapes (\n, \r, \t, \\, \", \' and their like) that Asterisk puts into values
 * that may hold any byte. Writes at most value.size bytes to `out` and returns how many. A
 * backslash before anything else stays. Follows main/utils.c, ast_escape_c.
 */
PYST_PUBLIC size_t pyst_ami_unescape(struct pyst_text value, char *out);

/**
 * What a response says, as an error number: 0 when it is no error; PYST_ERR_AUTHENTICATION,
 * PYST_ERR_PERMISSION, PYST_ERR_UNKNOWN_ACTION, or PYST_ERR_REFUSED for any other
 * "Response: Error". Told by the words of main/manager.c, which have not changed since 1.4.
 */
PYST_PUBLIC int pyst_ami_message_error(const struct pyst_ami_message *message);

#ifdef __cplusplus
}
#endif

#endif
