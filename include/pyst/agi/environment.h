/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_ENVIRONMENT_H
#define PYST_AGI_ENVIRONMENT_H

/**
 * The environment: what Asterisk tells a program about the call before the first command.
 *
 * It is the lines "agi_name: value" up to a blank line (res/res_agi.c, setup_env): the channel,
 * the caller, the place in the dialplan, the arguments. Names, values and order are kept as they
 * came; a value is what stands behind the colon and one blank, may be empty, and may hold any
 * bytes. A line without a colon is kept with an absent value, and no lookup finds it.
 *
 * An environment is immutable and reference counted; any thread may read it.
 */

#include <stddef.h>

#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_agi_environment;

struct pyst_agi_variable {
    struct pyst_text name; /* with its "agi_" */
    struct pyst_text value;
};

/** Takes a reference, in any thread, and returns the environment; NULL gives NULL. */
PYST_PUBLIC struct pyst_agi_environment *
pyst_agi_environment_ref(struct pyst_agi_environment *environment);

/** Drops a reference; the last one frees. Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_agi_environment *
pyst_agi_environment_unref(struct pyst_agi_environment *environment);

/** The number of lines. */
PYST_PUBLIC size_t pyst_agi_environment_count(const struct pyst_agi_environment *environment);

/** Line `i`, from 0. Both texts are absent when there is none. */
PYST_PUBLIC struct pyst_agi_variable
pyst_agi_environment_at(const struct pyst_agi_environment *environment, size_t i);

/**
 * The value of `name`, "agi_channel" or "channel"; absent when there is none. Of several lines
 * with one name the last counts, as in every AGI library.
 */
PYST_PUBLIC struct pyst_text
pyst_agi_environment_get(const struct pyst_agi_environment *environment, const char *name);

/**
 * Argument `n`, from 1, of AGI(script,one,two): agi_arg_1 and so on. Programs have them as argv
 * as well; AsyncAGI has none. Absent when there is none.
 */
PYST_PUBLIC struct pyst_text
pyst_agi_environment_argument(const struct pyst_agi_environment *environment, size_t n);

/*
 * The request of a FastAGI call, AGI(agi://host:port/path?name=value&other=value): Asterisk puts
 * what follows the slash into agi_network_script. AsyncAGI has no such thing: there the request is
 * the first argument, AGI(agi:async,path?name=value). Path and parameters are percent-decoded; "+"
 * stays a plus in the path and is a blank in parameters. %00 stays as it is.
 */

/** The path, without a leading slash and without the query. Empty when nothing was asked for. */
PYST_PUBLIC struct pyst_text
pyst_agi_environment_path(const struct pyst_agi_environment *environment);

/** The number of parameters. */
PYST_PUBLIC size_t
pyst_agi_environment_parameter_count(const struct pyst_agi_environment *environment);

/** Parameter `i`, from 0. One without "=" has an absent value. */
PYST_PUBLIC struct pyst_agi_variable
pyst_agi_environment_parameter_at(const struct pyst_agi_environment *environment, size_t i);

/** The value of the last parameter of that name; absent when there is none. */
PYST_PUBLIC struct pyst_text
pyst_agi_environment_parameter(const struct pyst_agi_environment *environment, const char *name);

/** The whole as Asterisk sent it, without the blank line. */
PYST_PUBLIC struct pyst_text
pyst_agi_environment_text(const struct pyst_agi_environment *environment);

#ifdef __cplusplus
}
#endif

#endif
