/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "emulator/agi.h"

/* ---- the environment ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    const char *value;
} environment[] = {
    {"agi_request", "test"},
    {"agi_channel", "Local/s@test-00000001;2"},
    {"agi_language", "en"},
    {"agi_type", "Local"},
    {"agi_uniqueid", "1000000000.1"},
    {"agi_version", "22.0.0"},
    {"agi_callerid", "5551234"},
    {"agi_calleridname", "unknown"},
    {"agi_callingpres", "0"},
    {"agi_callingani2", "0"},
    {"agi_callington", "0"},
    {"agi_callingtns", "0"},
    {"agi_dnid", "unknown"},
    {"agi_rdnis", "unknown"},
    {"agi_context", "test"},
    {"agi_extension", "s"},
    {"agi_priority", "1"},
    {"agi_enhanced", "0.0"},
    {"agi_accountcode", ""},
    {"agi_threadid", "1"},
};

static const struct {
    const char *name;
    const char *value;
} network_environment[] = {
    {"agi_network", "yes"},
    {"agi_network_script", "test"},
    {"agi_request", "agi://localhost/test"},
};

/* Variables of the channel that the environment tells. */
static const struct {
    const char *variable;
    const char *name;
} told[] = {
    {"CALLERID(num)", "agi_callerid"}, {"CALLERID(name)", "agi_calleridname"},
    {"CHANNEL", "agi_channel"},        {"CONTEXT", "agi_context"},
    {"EXTEN", "agi_extension"},        {"PRIORITY", "agi_priority"},
    {"UNIQUEID", "agi_uniqueid"},
};

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))

static int set_default_environment(struct pyst_emulator_agi *emulator)
{
    int r = 0;

    for (size_t i = 0; r == 0 && emulator->options.is_network && i < N_ROWS(network_environment);
         i++)
        r = pairs_set(&emulator->environment, pyst_text(network_environment[i].name),
                      pyst_text(network_environment[i].value));
    for (size_t i = emulator->options.is_network; r == 0 && i < N_ROWS(environment); i++)
        r = pairs_set(&emulator->environment, pyst_text(environment[i].name),
                      pyst_text(environment[i].value));
    return r;
}

int pyst_emulator_agi_set(struct pyst_emulator_agi *emulator, const char *name,
                          struct pyst_text value)
{
    struct buffer full = {0};
    int r = 0;

    if (emulator->is_started)
        return PYST_ERR_STATE;
    if (strncmp(name, "agi_", 4) != 0)
        r = buffer_append(&full, pyst_text("agi_"));
    if (r == 0)
        r = buffer_append(&full, pyst_text(name));
    if (r == 0 && value.data)
        r = pairs_set(&emulator->environment, buffer_text(&full), value);
    else if (r == 0)
        pairs_remove(&emulator->environment, buffer_text(&full));
    buffer_deinit(&full);
    return r;
}

static int set_told_variables(struct pyst_emulator_agi *emulator)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < N_ROWS(told); i++) {
        struct pyst_text variable = pyst_text(told[i].variable);
        struct pyst_text value = pairs_get(&emulator->environment, pyst_text(told[i].name));

        if (value.data && !pyst_text_equal(value, pyst_text("unknown")) &&
            !pairs_get(&emulator->variables, variable).data)
            r = pairs_set(&emulator->variables, variable, value);
    }
    return r;
}

int pyst_emulator_agi_start(struct pyst_emulator_agi *emulator)
{
    int r;

    if (emulator->is_started)
        return PYST_ERR_STATE;
    r = set_told_variables(emulator);
    for (const struct pair *pair = emulator->environment.first; r == 0 && pair; pair = pair->next) {
        r = buffer_append(&emulator->output, pair->name);
        if (r == 0)
            r = buffer_append(&emulator->output, pyst_text(": "));
        if (r == 0)
            r = buffer_append(&emulator->output, pair->value);
        if (r == 0)
            r = buffer_append(&emulator->output, pyst_text("\n"));
    }
    if (r == 0)
        r = buffer_append(&emulator->output, pyst_text("\n"));
    if (r < 0)
        buffer_clear(&emulator->output); /* it was empty */
    emulator->is_started = r == 0;
    return r;
}

/* ---- what the host says --------------------------------------------------------------------- */

int pyst_emulator_agi_new(struct pyst_emulator_agi **emulatorp,
                          const struct pyst_emulator_agi_options *options)
{
    struct pyst_emulator_agi *emulator;
    int r;

    if (options && options->line_size > AGI_LINE_SIZE_MAX)
        return PYST_ERR_INVALID;
    emulator = calloc(1, sizeof(*emulator));
    if (!emulator)
        return PYST_ERR_NO_MEMORY;
    if (options)
        emulator->options = *options;
    if (emulator->options.line_size == 0)
        emulator->options.line_size = AGI_LINE_SIZE_MAX;
    emulator->is_up = emulator->options.is_answered;
    r = set_default_environment(emulator);
    if (r < 0) {
        pyst_emulator_agi_free(emulator);
        return r;
    }
    *emulatorp = emulator;
    return 0;
}

struct pyst_emulator_agi *pyst_emulator_agi_free(struct pyst_emulator_agi *emulator)
{
    if (!emulator)
        return NULL;
    pairs_deinit(&emulator->environment);
    pairs_deinit(&emulator->variables);
    pairs_deinit(&emulator->database);
    while (emulator->canned) {
        struct agi_canned *next = emulator->canned->next;

        free(emulator->canned);
        emulator->canned = next;
    }
    buffer_deinit(&emulator->input);
    buffer_deinit(&emulator->output);
    buffer_deinit(&emulator->keys);
    buffer_deinit(&emulator->texts);
    buffer_deinit(&emulator->verbose);
    buffer_deinit(&emulator->path);
    free(emulator);
    return NULL;
}

int pyst_emulator_agi_press(struct pyst_emulator_agi *emulator, const char *keys)
{
    return buffer_append(&emulator->keys, pyst_text(keys));
}

int pyst_emulator_agi_send_text(struct pyst_emulator_agi *emulator, struct pyst_text text)
{
    int r = buffer_reserve(&emulator->texts, sizeof(text.size) + text.size);

    if (r < 0)
        return r;
    (void)buffer_append(&emulator->texts, pyst_text_of(&text.size, sizeof(text.size)));
    (void)buffer_append(&emulator->texts, text);
    return 0;
}

int pyst_emulator_agi_answer(struct pyst_emulator_agi *emulator, const char *command,
                             struct pyst_text reply, unsigned times)
{
    size_t size = strlen(command);
    struct agi_canned *canned = malloc(sizeof(*canned) + size + reply.size + 1);
    char *behind = (char *)(canned + 1);

    if (!canned)
        return PYST_ERR_NO_MEMORY;
    canned->times = times;
    canned->n_words = agi_line_split(pyst_text_of(command, size), behind, canned->words);
    canned->reply = pyst_text_of(behind + size, reply.size);
    if (reply.size > 0) {
        memcpy(behind + size, reply.data, reply.size);
        if (reply.data[reply.size - 1] != '\n')
            behind[size + canned->reply.size++] = '\n';
    }
    canned->next = emulator->canned;
    emulator->canned = canned;
    return 0;
}

void pyst_emulator_agi_hang_up(struct pyst_emulator_agi *emulator)
{
    if (emulator->is_hung_up)
        return;
    emulator->is_hung_up = true;
    emulator->owes_hangup = emulator->options.is_network;
}

bool pyst_emulator_agi_is_hung_up(const struct pyst_emulator_agi *emulator)
{
    return emulator->is_hung_up;
}

int pyst_emulator_agi_set_variable(struct pyst_emulator_agi *emulator, const char *name,
                                   struct pyst_text value)
{
    return pairs_set(&emulator->variables, pyst_text(name), value);
}

struct pyst_text pyst_emulator_agi_variable(const struct pyst_emulator_agi *emulator,
                                            const char *name)
{
    return pairs_get(&emulator->variables, pyst_text(name));
}

struct pyst_text pyst_emulator_agi_verbose(const struct pyst_emulator_agi *emulator)
{
    return buffer_text(&emulator->verbose);
}

/* ---- the dialogue --------------------------------------------------------------------------- */

int pyst_emulator_agi_feed(struct pyst_emulator_agi *emulator, const void *data, size_t size)
{
    return buffer_append(&emulator->input, pyst_text_of(data, size));
}

/* Says that the caller is gone, where that is owed. */
static int say_hangup(struct pyst_emulator_agi *emulator)
{
    int r = 0;

    if (emulator->owes_hangup)
        r = buffer_append(&emulator->output, pyst_text("HANGUP\n"));
    if (r == 0)
        emulator->owes_hangup = false;
    return r;
}

/* The next line, without its LF; false when it has not all come. */
static bool find_line(struct pyst_emulator_agi *emulator, struct pyst_text *linep)
{
    struct pyst_text input = buffer_text(&emulator->input);
    size_t limit = emulator->options.line_size;
    const char *end = memchr(input.data, '\n', input.size < limit ? input.size : limit);

    if (!end && input.size < limit)
        return false;
    *linep = pyst_text_of(input.data, end ? (size_t)(end - input.data) : limit);
    emulator->line_size = linep->size + (end ? 1 : 0);
    return true;
}

int pyst_emulator_agi_next(struct pyst_emulator_agi *emulator,
                           struct pyst_emulator_agi_exchange *exchangep)
{
    struct pyst_text line;
    size_t said, size;
    int r;

    if (!emulator->is_started)
        return PYST_ERR_STATE;
    buffer_consume(&emulator->input, emulator->line_size);
    emulator->line_size = 0;
    r = say_hangup(emulator);
    if (r < 0 || !find_line(emulator, &line))
        return r;

    said = buffer_text(&emulator->output).size;
    emulator->keys_taken = 0;
    emulator->is_leaving =
        !emulator->is_hung_up && emulator->n_commands + 1 == emulator->options.hang_up_at;
    emulator->n_words = agi_line_split(line, emulator->bytes, emulator->words);
    /* Asterisk reads a line with a NUL as if it ended there, and then never answers. */
    r = memchr(line.data, '\0', line.size) ? 0 : agi_run_command(emulator);
    if (r < 0) {
        emulator->output.end = emulator->output.begin + said;
        emulator->line_size = 0;
        return r;
    }
    size = buffer_text(&emulator->output).size - said;
    buffer_consume(&emulator->keys, emulator->keys_taken);
    emulator->n_commands++;
    if (emulator->is_leaving)
        pyst_emulator_agi_hang_up(emulator);
    (void)say_hangup(emulator); /* or at the next call */
    if (exchangep) {
        exchangep->command = line;
        exchangep->reply = pyst_text_of(buffer_text(&emulator->output).data + said, size);
        exchangep->words = emulator->words;
        exchangep->n_words = emulator->n_words;
    }
    return 1;
}

struct pyst_text pyst_emulator_agi_output(const struct pyst_emulator_agi *emulator)
{
    return buffer_text(&emulator->output);
}

void pyst_emulator_agi_sent(struct pyst_emulator_agi *emulator, size_t size)
{
    buffer_consume(&emulator->output, size);
}
