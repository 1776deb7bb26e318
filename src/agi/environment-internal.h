/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_ENVIRONMENT_INTERNAL_H
#define PYST_AGI_ENVIRONMENT_INTERNAL_H

#include <pyst/agi/environment.h>

/* Makes an environment of lines, each with its LF, without the blank line. PYST_ERR_NO_MEMORY. */
int pyst_agi_environment_new(struct pyst_agi_environment **environmentp, struct pyst_text lines);

#endif
