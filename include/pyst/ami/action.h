/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_ACTION_H
#define PYST_AMI_ACTION_H

/**
 * An action: what a client asks of Asterisk.
 *
 *     struct pyst_ami_action *action;
 *     pyst_ami_action_new(&action, pyst_text("Originate"));
 *     pyst_ami_action_add(action, pyst_text("Channel"), pyst_text("PJSIP/100"));
 *     pyst_ami_action_add_variable(action, pyst_text("GREETING"), pyst_text("hello"));
 *
 * Nothing that could be read as another header or another action passes: CR, LF and NUL are
 * refused when a header is added. So is what Asterisk would silently cut or reject: a line of
 * more than 1022 bytes before its CR LF, and more than 128 headers (main/manager.c,
 * get_input and AST_MAX_MANHEADERS). An error leaves the action as it was.
 *
 * An action belongs to one thread at a time. It may be sent many times.
 */

#include <stddef.h>

#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What Asterisk reads: bytes of a line with its CR LF, and headers of an action. */
#define PYST_AMI_ACTION_LINE_SIZE 1024
#define PYST_AMI_ACTION_HEADERS   128

struct pyst_ami_action;

/**
 * An action of that name, any name. Errors: PYST_ERR_NO_MEMORY; PYST_ERR_BAD_VALUE for an empty
 * name or one with CR, LF, NUL, or blanks at its ends (Asterisk would know no such action);
 * PYST_ERR_LINE_TOO_LONG.
 */
PYST_PUBLIC int pyst_ami_action_new(struct pyst_ami_action **actionp, struct pyst_text name);

/** Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_ami_action *pyst_ami_action_free(struct pyst_ami_action *action);

PYST_PUBLIC struct pyst_text pyst_ami_action_name(const struct pyst_ami_action *action);

/**
 * Adds "name: value". A name may be added many times; all are sent, in order.
 *
 * Errors: PYST_ERR_NO_MEMORY, PYST_ERR_BAD_NAME (empty; a colon, CR, LF or NUL), PYST_ERR_BAD_VALUE
 * (CR, LF or NUL), PYST_ERR_LINE_TOO_LONG, PYST_ERR_TOO_MANY_HEADERS.
 */
PYST_PUBLIC int pyst_ami_action_add(struct pyst_ami_action *action, struct pyst_text name,
                                    struct pyst_text value);

/**
 * Adds "Variable: name=value", for Originate and its like, so that the channel gets exactly these
 * bytes: Asterisk splits the header at commas and takes away quotes and backslashes (main/app.c,
 * __ast_app_separate_args), so those and parentheses and brackets are sent with a backslash before
 * them. Errors as for pyst_ami_action_add(); PYST_ERR_BAD_NAME also for a name with "=".
 */
PYST_PUBLIC int pyst_ami_action_add_variable(struct pyst_ami_action *action, struct pyst_text name,
                                             struct pyst_text value);

/** The headers added so far, the Action line (index 0) included, as they will be sent. */
PYST_PUBLIC size_t pyst_ami_action_n_headers(const struct pyst_ami_action *action);
PYST_PUBLIC void pyst_ami_action_header(const struct pyst_ami_action *action, size_t index,
                                        struct pyst_text *namep, struct pyst_text *valuep);

/** The value of the first header of that name, in any case; absent when there is none. */
PYST_PUBLIC struct pyst_text pyst_ami_action_get(const struct pyst_ami_action *action,
                                                 struct pyst_text name);

/**
 * The bytes that are sent, without the empty line at the end and without an ActionID that the
 * session would add. The view lives until the action is changed.
 */
PYST_PUBLIC struct pyst_text pyst_ami_action_bytes(const struct pyst_ami_action *action);

#ifdef __cplusplus
}
#endif

#endif
