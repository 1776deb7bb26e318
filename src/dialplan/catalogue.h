/* SPDX-License-Identifier: MIT */
#ifndef PYST_DIALPLAN_CATALOGUE_H
#define PYST_DIALPLAN_CATALOGUE_H

/* The applications and functions of Asterisk: applications.json, as a table. */

#include <stdbool.h>
#include <stdint.h>

#include <pyst/text.h>

struct dialplan_application {
    uint16_t name;    /* in the table's strings */
    uint16_t letters; /* of options, in the table's strings; empty: not known */
    uint8_t least;    /* arguments without which it does nothing */
    uint8_t most;     /* arguments that are documented */
    uint8_t options;  /* which argument has options, from 1; 0: none */
    uint8_t is_open;  /* the last argument may have commas in it, or they do not part arguments */
};

/* Upper and lower case are the same to Asterisk. NULL: there is none. */
const struct dialplan_application *dialplan_find_application(struct pyst_text name);

const char *dialplan_application_name(const struct dialplan_application *application);
const char *dialplan_application_letters(const struct dialplan_application *application);

/* Upper and lower case differ. */
bool dialplan_is_function(struct pyst_text name);

/* The one that is likely meant by a name that there is not. NULL: none is. */
const char *dialplan_nearest_application(struct pyst_text name);
const char *dialplan_nearest_function(struct pyst_text name);

#endif
