/* SPDX-License-Identifier: MIT */
#ifndef PYST_EMULATOR_AMI_INTERNAL_H
#define PYST_EMULATOR_AMI_INTERNAL_H

#include <pyst/emulator/ami.h>

#include "base/buffer.h"
#include "emulator/script.h"

#define CHALLENGE_SIZE 16

/* One answer being played. */
struct run {
    const struct answer *answer;
    const struct step *step;         /* the next */
    struct pyst_ami_message *action; /* that asked; NULL when none did */
    uint64_t due;                    /* when the next step is played */
    uint64_t order;                  /* among those due at one time */
    uint64_t began;
    uint64_t unique; /* $(.unique1) */
};

struct pyst_emulator_ami {
    struct pyst_emulator_script *script;
    struct pyst_ami_parser *parser;
    struct buffer output;
    size_t output_size;
    bool host_answers;
    bool closing;

    uint64_t now;
    uint64_t epoch; /* what to add to a time to get the one since 1970 */

    struct run **runs; /* a heap: the next due first */
    size_t n_runs;
    size_t runs_size;
    uint64_t order;
    const struct run *holder;        /* its response has to come before other actions are read */
    struct pyst_ami_message *action; /* read, and not begun for want of memory */
    uint64_t unique;

    bool logged_in;
    const struct user *user;
    uint32_t classes; /* the event mask */
    uint64_t seed;
    char challenge[CHALLENGE_SIZE]; /* empty: none was asked for */
};

/* ---- speech.c: what is said ----------------------------------------------------------------- */

/* Whether all the conditions hold for the action, which may be NULL. */
bool speech_fits(struct pyst_emulator_ami *emulator, const struct condition *conditions,
                 const struct pyst_ami_message *action);

/* Appends the message of a step. After an error the output is as it was. */
int speech_say(struct pyst_emulator_ami *emulator, const struct run *run, const struct step *step);

/* The text of a step's value, in `out`; what does not fit is cut off. */
struct pyst_text speech_value(struct pyst_emulator_ami *emulator, const struct run *run,
                              const struct piece *pieces, char *out, size_t size);

/* The value of the action's header less the blanks at its beginning; absent when there is none. */
struct pyst_text speech_header(const struct pyst_ami_message *action, struct pyst_text name);

/* ---- login.c: who is there ------------------------------------------------------------------ */

const struct user *emulator_login_user(const struct pyst_emulator_ami *emulator,
                                       const struct pyst_ami_message *action);

/* Whether a Login has the right secret. Where a script has no users, anything is right. */
bool emulator_login_is_right(const struct pyst_emulator_ami *emulator,
                             const struct pyst_ami_message *action);

/* Whether an action must wait for a login. */
bool emulator_login_is_missing(const struct pyst_emulator_ami *emulator, struct pyst_text name);

void emulator_login_new_challenge(struct pyst_emulator_ami *emulator);

#endif
