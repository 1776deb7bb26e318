/* SPDX-License-Identifier: MIT */
#ifndef PYST_EMULATOR_SCRIPT_INTERNAL_H
#define PYST_EMULATOR_SCRIPT_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include <pyst/emulator/script.h>

/*
 * A script in memory. Everything hangs in lists, and lives in blocks that only the script's end
 * frees: after the building nothing in it changes.
 */

/* What a placeholder stands for. */
enum variable {
    VARIABLE_HEADER, /* of the action */
    VARIABLE_TIME,
    VARIABLE_SECONDS,
    VARIABLE_DATE,
    VARIABLE_UNIQUE,
    VARIABLE_USER,
    VARIABLE_LOGIN,
    VARIABLE_SECRET,
    VARIABLE_CHALLENGE,
    VARIABLE_EVENTS
};

enum modifier_kind {
    MODIFIER_BEFORE,
    MODIFIER_AFTER,
    MODIFIER_UNQUOTED,
    MODIFIER_OR,
    MODIFIER_HEX
};

struct modifier {
    struct modifier *next;
    enum modifier_kind kind;
    struct pyst_text text;
};

struct placeholder {
    enum variable variable;
    unsigned number;       /* VARIABLE_UNIQUE: from 1 */
    struct pyst_text name; /* VARIABLE_HEADER */
    struct modifier *modifiers;
};

/* A piece of a line: text, or a placeholder. */
struct piece {
    struct piece *next;
    bool literal;
    struct pyst_text text;
    struct placeholder placeholder;
};

struct word {
    struct word *next;
    struct pyst_text text;
};

struct line {
    struct line *next;
    bool copies_headers;       /* @headers */
    struct word *but;          /* of those */
    struct pyst_text optional; /* the header without which the line is left out, or absent */
    struct piece *pieces;
};

struct condition {
    struct condition *next;
    bool negated;
    enum { CONDITION_PRESENT, CONDITION_TRUE, CONDITION_EQUAL, CONDITION_PREFIX } kind;
    struct placeholder placeholder;
    struct pyst_text value;
};

enum step_kind { STEP_MESSAGE, STEP_WAIT, STEP_CLOSE, STEP_LOGIN, STEP_CHALLENGE, STEP_EVENTS };

struct step {
    struct step *next;
    enum step_kind kind;
    struct condition *conditions; /* without which it is passed over */
    struct line *lines;           /* STEP_MESSAGE; of STEP_EVENTS the first is its value */
    bool adds_action_id;          /* a response without an ActionID of its own */
    bool response;
    uint32_t classes; /* of an event, by its Privilege; 0: is always sent */
    uint64_t wait_us;
};

struct answer {
    struct answer *next;
    struct pyst_text name;
    struct condition *conditions;
    struct step *steps;
    const struct step *response; /* the first that is one; until then other actions wait */
    unsigned n_unique;
};

struct user {
    struct user *next;
    struct pyst_text name;
    struct pyst_text secret;
};

struct pyst_emulator_script {
    atomic_size_t references;
    struct block *blocks;
    struct pyst_text greeting;
    struct user *users; /* the latest first */
    struct answer *answers;
    struct answer **answers_end;
};

/* Zeroed memory that lives as long as the script; NULL when there is none. */
void *script_allocate(struct pyst_emulator_script *script, size_t size);

/* A copy with the script's life, *copyp with data != NULL. */
int script_copy(struct pyst_emulator_script *script, struct pyst_text text,
                struct pyst_text *copyp);

struct answer *script_add_answer(struct pyst_emulator_script *script, struct pyst_text name);

/*
 * Text to pieces, and the inside of a placeholder. The views stay views of `text`. PYST_ERR_INVALID
 * with *reasonp set. *n_uniquep is raised to the highest number used.
 */
int script_parse_pieces(struct pyst_emulator_script *script, struct pyst_text text,
                        struct piece **piecesp, unsigned *n_uniquep, const char **reasonp);
int script_parse_placeholder(struct pyst_emulator_script *script, struct pyst_text text,
                             struct placeholder *placeholder, unsigned *n_uniquep,
                             const char **reasonp);

/* The classes of events: those a mask or a Privilege names. */
#define CLASSES_ALL UINT32_MAX
uint32_t classes_of_privilege(struct pyst_text privilege);
uint32_t classes_of_mask(struct pyst_text mask);

#endif
