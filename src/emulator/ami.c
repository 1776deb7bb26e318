/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <pyst/error.h>

#include "emulator/ami.h"

#define OUTPUT_SIZE_DEFAULT  ((size_t)64 << 20)
#define MESSAGE_SIZE_DEFAULT ((size_t)1 << 20)
#define HEADER_COUNT_DEFAULT 128
#define LINE_SIZE_DEFAULT    1021
#define MASK_SIZE            512

/* ---- the runs: a heap by time --------------------------------------------------------------- */

static bool is_before(const struct run *a, const struct run *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap_runs(struct run **a, struct run **b)
{
    struct run *run = *a;

    *a = *b;
    *b = run;
}

static void sift_up(struct pyst_emulator_ami *emulator, size_t i)
{
    struct run **runs = emulator->runs;

    for (; i > 0 && is_before(runs[i], runs[(i - 1) / 2]); i = (i - 1) / 2)
        swap_runs(&runs[i], &runs[(i - 1) / 2]);
}

static void sift_down(struct pyst_emulator_ami *emulator)
{
    struct run **runs = emulator->runs;
    size_t n = emulator->n_runs, i = 0;

    for (;;) {
        size_t first = 2 * i + 1;

        if (first + 1 < n && is_before(runs[first + 1], runs[first]))
            first++;
        if (first >= n || !is_before(runs[first], runs[i]))
            return;
        swap_runs(&runs[first], &runs[i]);
        i = first;
    }
}

static struct run *free_run(struct run *run)
{
    pyst_ami_message_unref(run->action);
    free(run);
    return NULL;
}

static void drop_runs(struct pyst_emulator_ami *emulator)
{
    for (size_t i = 0; i < emulator->n_runs; i++)
        free_run(emulator->runs[i]);
    emulator->n_runs = 0;
    emulator->holder = NULL;
}

/* Takes the action on success. */
static int begin_run(struct pyst_emulator_ami *emulator, const struct answer *answer,
                     struct pyst_ami_message *action)
{
    struct run *run;

    if (emulator->n_runs == emulator->runs_size) {
        size_t size = emulator->runs_size ? 2 * emulator->runs_size : 16;
        struct run **runs = realloc(emulator->runs, size * sizeof(*runs));

        if (!runs)
            return PYST_ERR_NO_MEMORY;
        emulator->runs = runs;
        emulator->runs_size = size;
    }
    run = calloc(1, sizeof(*run));
    if (!run)
        return PYST_ERR_NO_MEMORY;
    run->answer = answer;
    run->step = answer->steps;
    run->action = action;
    run->due = run->began = emulator->now;
    run->order = emulator->order++;
    run->unique = emulator->unique;
    emulator->unique += answer->n_unique;
    if (answer->response && action)
        emulator->holder = run;
    emulator->runs[emulator->n_runs++] = run;
    sift_up(emulator, emulator->n_runs - 1);
    return 0;
}

/* ---- playing -------------------------------------------------------------------------------- */

static void cut_client(struct pyst_emulator_ami *emulator)
{
    pyst_emulator_ami_close(emulator);
    buffer_clear(&emulator->output);
}

static int play_step(struct pyst_emulator_ami *emulator, struct run *run)
{
    const struct step *step = run->step;
    char mask[MASK_SIZE];
    struct pyst_text value;

    switch (step->kind) {
    case STEP_MESSAGE:
        return step->classes && !(step->classes & emulator->classes)
                   ? 0
                   : speech_say(emulator, run, step);
    case STEP_WAIT:
        run->due += step->wait_us;
        run->order = emulator->order++;
        return 0;
    case STEP_LOGIN:
        emulator->logged_in = true;
        emulator->user = emulator_login_user(emulator, run->action);
        emulator->classes = CLASSES_ALL;
        return 0;
    case STEP_CHALLENGE:
        emulator_login_new_challenge(emulator);
        return 0;
    case STEP_EVENTS:
        value = speech_value(emulator, run, step->lines->pieces, mask, sizeof(mask));
        if (value.size)
            emulator->classes = classes_of_mask(value);
        return 0;
    case STEP_CLOSE:
        break;
    }
    return 0;
}

/* Plays the first run up to its next wait. */
static int play(struct pyst_emulator_ami *emulator)
{
    struct run *run = emulator->runs[0];

    while (run->step) {
        const struct step *step = run->step;
        bool fits = speech_fits(emulator, step->conditions, run->action);
        int r = fits ? play_step(emulator, run) : 0;

        if (r < 0)
            return r;
        if (emulator->output.end - emulator->output.begin > emulator->output_size) {
            cut_client(emulator);
            return 0;
        }
        if (fits && step->kind == STEP_CLOSE) {
            pyst_emulator_ami_close(emulator);
            return 0;
        }
        if (emulator->holder == run && step == run->answer->response)
            emulator->holder = NULL;
        run->step = step->next;
        if (fits && step->kind == STEP_WAIT) {
            sift_down(emulator);
            return 0;
        }
    }
    if (emulator->holder == run)
        emulator->holder = NULL;
    emulator->runs[0] = emulator->runs[--emulator->n_runs];
    sift_down(emulator);
    free_run(run);
    return 0;
}

static const struct answer *find_answer(struct pyst_emulator_ami *emulator, struct pyst_text name,
                                        const struct pyst_ami_message *action)
{
    const struct answer *answer = emulator->script->answers;

    while (answer && !(pyst_text_equal_nocase(answer->name, name) &&
                       speech_fits(emulator, answer->conditions, action)))
        answer = answer->next;
    return answer;
}

/* Begins the answer to the action that was read: 1 when it is for the host. */
static int begin_answer(struct pyst_emulator_ami *emulator, struct pyst_ami_message **actionp)
{
    struct pyst_ami_message *action = emulator->action;
    struct pyst_text name = speech_header(action, pyst_text("Action"));
    const struct answer *answer;
    int r;

    if (name.size == 0)
        answer = find_answer(emulator, pyst_text(".missing"), action);
    else if (emulator_login_is_missing(emulator, name))
        answer = find_answer(emulator, pyst_text(".denied"), action);
    else {
        answer = find_answer(emulator, name, action);
        if (!answer && emulator->host_answers && actionp) {
            *actionp = action;
            emulator->action = NULL;
            return 1;
        }
        if (!answer)
            answer = find_answer(emulator, pyst_text(".unknown"), action);
    }
    if (!answer) {
        emulator->action = pyst_ami_message_unref(action);
        return 0;
    }
    r = begin_run(emulator, answer, action);
    if (r == 0)
        emulator->action = NULL;
    return r;
}

/* Reads one action and begins its answer: 0, 1 as above, 2 when there is none. */
static int read_action(struct pyst_emulator_ami *emulator, struct pyst_ami_message **actionp)
{
    const struct answer *answer;
    int r;

    if (!emulator->action) {
        r = pyst_ami_parser_next(emulator->parser, &emulator->action);
        if (r == 0)
            return 2;
        if (r == PYST_ERR_NO_MEMORY)
            return r;
        if (r < 0) {
            answer = find_answer(emulator, pyst_text(".too-long"), NULL);
            return answer ? begin_run(emulator, answer, NULL) : 0;
        }
    }
    return begin_answer(emulator, actionp);
}

int pyst_emulator_ami_process(struct pyst_emulator_ami *emulator, uint64_t now,
                              struct pyst_ami_message **actionp)
{
    int r = 0;

    if (now > emulator->now)
        emulator->now = now;
    while (r == 0 && !emulator->closing) {
        if (emulator->n_runs && emulator->runs[0]->due <= emulator->now)
            r = play(emulator);
        else if (emulator->holder)
            return 0;
        else
            r = read_action(emulator, actionp);
    }
    return r == 2 ? 0 : r;
}

/* ---- the rest ------------------------------------------------------------------------------- */

int pyst_emulator_ami_new(struct pyst_emulator_ami **emulatorp, struct pyst_emulator_script *script,
                          const struct pyst_emulator_ami_options *options, uint64_t now)
{
    static const struct pyst_emulator_ami_options defaults;
    struct pyst_emulator_ami *emulator = calloc(1, sizeof(*emulator));
    struct pyst_ami_limits limits;
    int r;

    if (!emulator)
        return PYST_ERR_NO_MEMORY;
    if (!options)
        options = &defaults;
    limits = options->limits;
    if (!limits.message_size)
        limits.message_size = MESSAGE_SIZE_DEFAULT;
    if (!limits.header_count)
        limits.header_count = HEADER_COUNT_DEFAULT;
    if (!limits.line_size)
        limits.line_size = LINE_SIZE_DEFAULT;
    emulator->output_size = options->output_size ? options->output_size : OUTPUT_SIZE_DEFAULT;
    emulator->host_answers = options->host_answers;
    emulator->now = now;
    emulator->epoch = options->epoch_us - now;
    emulator->seed = options->seed;
    emulator->unique = options->first_unique ? options->first_unique : 1;
    emulator->classes = script->users ? 0 : CLASSES_ALL;
    emulator->script = pyst_emulator_script_ref(script);
    r = pyst_ami_parser_new(&emulator->parser, &limits, false);
    if (r == 0 && script->greeting.size &&
        (r = buffer_append(&emulator->output, script->greeting)) == 0)
        r = buffer_append(&emulator->output, pyst_text("\r\n"));
    if (r < 0) {
        pyst_emulator_ami_free(emulator);
        return r;
    }
    *emulatorp = emulator;
    return 0;
}

struct pyst_emulator_ami *pyst_emulator_ami_free(struct pyst_emulator_ami *emulator)
{
    if (!emulator)
        return NULL;
    drop_runs(emulator);
    free(emulator->runs);
    pyst_ami_message_unref(emulator->action);
    pyst_ami_parser_free(emulator->parser);
    buffer_deinit(&emulator->output);
    pyst_emulator_script_unref(emulator->script);
    free(emulator);
    return NULL;
}

int pyst_emulator_ami_feed(struct pyst_emulator_ami *emulator, const void *data, size_t size)
{
    return emulator->closing ? 0 : pyst_ami_parser_feed(emulator->parser, data, size);
}

uint64_t pyst_emulator_ami_deadline(const struct pyst_emulator_ami *emulator)
{
    return emulator->n_runs ? emulator->runs[0]->due : UINT64_MAX;
}

struct pyst_text pyst_emulator_ami_output(const struct pyst_emulator_ami *emulator)
{
    return buffer_text(&emulator->output);
}

void pyst_emulator_ami_sent(struct pyst_emulator_ami *emulator, size_t size)
{
    buffer_consume(&emulator->output, size);
}

size_t pyst_emulator_ami_pending(const struct pyst_emulator_ami *emulator)
{
    return pyst_ami_parser_pending(emulator->parser);
}

int pyst_emulator_ami_send(struct pyst_emulator_ami *emulator, struct pyst_text bytes)
{
    if (emulator->closing)
        return PYST_ERR_STATE;
    if (bytes.size > emulator->output_size - (emulator->output.end - emulator->output.begin)) {
        cut_client(emulator);
        return PYST_ERR_LIMIT_OUTPUT;
    }
    return buffer_append(&emulator->output, bytes);
}

int pyst_emulator_ami_play(struct pyst_emulator_ami *emulator, struct pyst_text name,
                           struct pyst_ami_message *action, uint64_t now)
{
    const struct answer *answer = find_answer(emulator, name, action);
    int r;

    if (emulator->closing)
        return PYST_ERR_STATE;
    if (!answer)
        return 0;
    if (now > emulator->now)
        emulator->now = now;
    r = begin_run(emulator, answer, action);
    if (r < 0)
        return r;
    pyst_ami_message_ref(action);
    return 1;
}

void pyst_emulator_ami_close(struct pyst_emulator_ami *emulator)
{
    emulator->closing = true;
    drop_runs(emulator);
}

bool pyst_emulator_ami_closing(const struct pyst_emulator_ami *emulator)
{
    return emulator->closing;
}
