/* SPDX-License-Identifier: MIT */
#ifndef IVR_H
#define IVR_H

#include <pyst/agi/program.h>

/* A call; `user` is the folder for messages, or NULL for /tmp. */
int ivr(struct pyst_agi *agi, void *user);

#endif
