/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_CATALOGUE_H
#define PYST_AGI_CATALOGUE_H

/**
 * The catalogue: every AGI command that Asterisk 16 and 22 document.
 *
 *     entry = pyst_agi_catalogue_command(pyst_text("stream file"));
 *     for (size_t i = 0; (parameter = pyst_agi_entry_parameter(entry, i)); i++)
 *         puts(pyst_agi_parameter_name(parameter));
 *
 * Names and parameters are those of the documentation that Asterisk installs (core-en_US.xml).
 * Where a server does not do what that says, the catalogue says what the server does. Modules may
 * add commands (ast_agi_register), so a command that is not here can be sent all the same.
 *
 * All of it is constant data: any thread may read it, nothing is freed. The strings end in a NUL.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bits for versions of Asterisk. */
#define PYST_AGI_ASTERISK_16 0x1u
#define PYST_AGI_ASTERISK_22 0x2u

struct pyst_agi_entry;     /* a command */
struct pyst_agi_parameter; /* of one */

/**
 * The command of that name; NULL when there is none. As Asterisk finds it: in upper or lower case,
 * with any number of blanks between its words (res/res_agi.c, find_command and parse_args).
 */
PYST_PUBLIC const struct pyst_agi_entry *pyst_agi_catalogue_command(struct pyst_text name);

/** The number of commands. */
PYST_PUBLIC size_t pyst_agi_catalogue_count(void);

/** The commands in the order of their names; NULL past the end. */
PYST_PUBLIC const struct pyst_agi_entry *pyst_agi_catalogue_command_at(size_t index);

/** The name in upper case, such as "STREAM FILE". */
PYST_PUBLIC const char *pyst_agi_entry_name(const struct pyst_agi_entry *entry);

/** The versions that document it, PYST_AGI_ASTERISK_* or-ed together. */
PYST_PUBLIC unsigned pyst_agi_entry_versions(const struct pyst_agi_entry *entry);

/** Whether Asterisk runs it on a channel that is hung up. To the others it answers 511 there. */
PYST_PUBLIC bool pyst_agi_entry_on_dead_channel(const struct pyst_agi_entry *entry);

/** Whether it ignores arguments behind its last parameter. To the others Asterisk answers 520. */
PYST_PUBLIC bool pyst_agi_entry_ignores_more(const struct pyst_agi_entry *entry);

/** The parameters in the order of the arguments; NULL past the end. */
PYST_PUBLIC const struct pyst_agi_parameter *
pyst_agi_entry_parameter(const struct pyst_agi_entry *entry, size_t index);

PYST_PUBLIC const char *pyst_agi_parameter_name(const struct pyst_agi_parameter *parameter);

/** The versions that document it, and those that refuse the command without it. */
PYST_PUBLIC unsigned pyst_agi_parameter_versions(const struct pyst_agi_parameter *parameter);
PYST_PUBLIC unsigned pyst_agi_parameter_required(const struct pyst_agi_parameter *parameter);

/** Whether it holds several values in one argument, with commas between them, as EXEC's options. */
PYST_PUBLIC bool pyst_agi_parameter_is_joined(const struct pyst_agi_parameter *parameter);

/** The values that are listed for it, in any version; NULL past the end. Others may be valid. */
PYST_PUBLIC const char *pyst_agi_parameter_value(const struct pyst_agi_parameter *parameter,
                                                 size_t index);

#ifdef __cplusplus
}
#endif

#endif
