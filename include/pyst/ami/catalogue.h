/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_CATALOGUE_H
#define PYST_AMI_CATALOGUE_H

/**
 * The catalogue: every action and event that Asterisk 16 and 22 document.
 *
 *     entry = pyst_ami_catalogue_action(pyst_text("Originate"));
 *     for (size_t i = 0; (parameter = pyst_ami_entry_parameter(entry, i)); i++)
 *         puts(pyst_ami_parameter_name(parameter));
 *
 * It says what the documentation says that Asterisk installs (core-en_US.xml), mistakes included:
 * modules accept headers that they do not document, and mark some as required that are not. So
 * nothing in libpyst needs it. An action of any name can be sent and an event of any name is
 * received; pyst_ami_catalogue_check() is for programs that ask for it.
 *
 * All of it is constant data: any thread may read it, nothing is freed. Names are found without
 * regard to the case of ASCII letters, as Asterisk finds them. The strings end in a NUL.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pyst/ami/action.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bits for versions of Asterisk. */
#define PYST_AMI_ASTERISK_16 0x1u
#define PYST_AMI_ASTERISK_22 0x2u

struct pyst_ami_entry;     /* an action or an event */
struct pyst_ami_parameter; /* a header of one */

/** The action or event of that name; NULL when there is none. */
PYST_PUBLIC const struct pyst_ami_entry *pyst_ami_catalogue_action(struct pyst_text name);
PYST_PUBLIC const struct pyst_ami_entry *pyst_ami_catalogue_event(struct pyst_text name);

/** The actions or events in the order of their names; NULL past the end. */
PYST_PUBLIC const struct pyst_ami_entry *pyst_ami_catalogue_action_at(size_t index);
PYST_PUBLIC const struct pyst_ami_entry *pyst_ami_catalogue_event_at(size_t index);

PYST_PUBLIC const char *pyst_ami_entry_name(const struct pyst_ami_entry *entry);

/** The versions that document it, PYST_AMI_ASTERISK_* or-ed together. */
PYST_PUBLIC unsigned pyst_ami_entry_versions(const struct pyst_ami_entry *entry);

/**
 * The class of an event, such as "call": what a user's read permission must name to receive it.
 * The newest version's word. NULL for an action.
 */
PYST_PUBLIC const char *pyst_ami_entry_privilege(const struct pyst_ami_entry *entry);

/** Whether an action takes headers of the caller's own naming, as UserEvent does. */
PYST_PUBLIC bool pyst_ami_entry_takes_any(const struct pyst_ami_entry *entry);

/**
 * The parameters in the order of the documentation; NULL past the end. ActionID is not listed
 * for actions: every one takes it.
 */
PYST_PUBLIC const struct pyst_ami_parameter *
pyst_ami_entry_parameter(const struct pyst_ami_entry *entry, size_t index);

/**
 * The parameter of that name; NULL when there is none. Numbers count up from those documented:
 * "Cat-000012" finds Cat-000000 and "UnitType(3)" finds UnitType(0).
 */
PYST_PUBLIC const struct pyst_ami_parameter *pyst_ami_entry_find(const struct pyst_ami_entry *entry,
                                                                 struct pyst_text name);

/**
 * The events that an action's list is made of, NULL past the end, and the one that ends it, NULL
 * where none is documented. Most lists are not: QueueStatus answers with one and says nothing.
 */
PYST_PUBLIC const struct pyst_ami_entry *
pyst_ami_entry_list_item(const struct pyst_ami_entry *entry, size_t index);
PYST_PUBLIC const struct pyst_ami_entry *
pyst_ami_entry_list_final(const struct pyst_ami_entry *entry);

PYST_PUBLIC const char *pyst_ami_parameter_name(const struct pyst_ami_parameter *parameter);

/** The versions that document it, and those that document it as required. */
PYST_PUBLIC unsigned pyst_ami_parameter_versions(const struct pyst_ami_parameter *parameter);
PYST_PUBLIC unsigned pyst_ami_parameter_required(const struct pyst_ami_parameter *parameter);

/** Whether Asterisk reads every header of this name and not only the first, as with Variable. */
PYST_PUBLIC bool pyst_ami_parameter_repeats(const struct pyst_ami_parameter *parameter);

/** The values that are listed for it, in any version; NULL past the end. Others may be valid. */
PYST_PUBLIC const char *pyst_ami_parameter_value(const struct pyst_ami_parameter *parameter,
                                                 size_t index);

/**
 * Whether an action is as documented: its name is known, so are its headers, and none that is
 * required is missing. `versions` are PYST_AMI_ASTERISK_*: the action has to be right for each of
 * them; 0 asks for an action that is right for at least one. Values are not looked at.
 *
 * Errors: PYST_ERR_NOT_IN_CATALOGUE, PYST_ERR_MISSING_PARAMETER. *whichp (may be NULL) gets the
 * name that is unknown or missing; the view lives until the action is changed or freed.
 */
PYST_PUBLIC int pyst_ami_catalogue_check(const struct pyst_ami_action *action, unsigned versions,
                                         struct pyst_text *whichp);

#ifdef __cplusplus
}
#endif

#endif
