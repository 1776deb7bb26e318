/* SPDX-License-Identifier: MIT */
#ifndef PYST_EMULATOR_AGI_INTERNAL_H
#define PYST_EMULATOR_AGI_INTERNAL_H

#include <pyst/emulator/agi.h>

#include "base/buffer.h"
#include "emulator/agi-line.h"
#include "emulator/pairs.h"

#define AGI_LINE_SIZE_MAX 8191

/* An answer that the host gave. */
struct agi_canned {
    struct agi_canned *next;
    unsigned times; /* left; 0: always */
    size_t n_words;
    struct pyst_text words[AGI_LINE_WORDS_MAX];
    struct pyst_text reply; /* behind this struct, as are the words' bytes */
};

struct pyst_emulator_agi {
    struct pyst_emulator_agi_options options;
    struct pairs environment;
    struct pairs variables;
    struct pairs database; /* "family/key" */
    struct agi_canned *canned;
    struct buffer input;
    struct buffer output;
    struct buffer keys;
    struct buffer texts; /* each with its size before it */
    struct buffer verbose;
    struct buffer path; /* of the database, while it is made */
    size_t n_commands;
    size_t line_size;  /* of input: the last line, with its LF */
    size_t keys_taken; /* by the command that runs */
    bool is_started;
    bool is_up;
    bool is_hung_up;
    bool is_leaving;  /* the caller hangs up during the command that runs */
    bool owes_hangup; /* the line HANGUP */
    size_t n_words;
    struct pyst_text words[AGI_LINE_WORDS_MAX];
    const struct pyst_text *arguments; /* those of the words that are no part of the name */
    size_t n_arguments;
    char bytes[AGI_LINE_SIZE_MAX]; /* of the words */
};

/*
 * Appends the answer to the words to the output. When it gives PYST_ERR_NO_MEMORY, what was
 * appended is to be taken back, and the call made again; nothing else has changed that counts.
 */
int agi_run_command(struct pyst_emulator_agi *emulator);

#endif
