/* SPDX-License-Identifier: MIT */
#ifndef IVR_H
#define IVR_H

#include <pyst/agi/program.h>

/* The call of agi-ivr.c; `user` is not used. */
int ivr(struct pyst_agi *agi, void *user);

#endif
