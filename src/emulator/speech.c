/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "emulator/ami.h"

#define SCRATCH_SIZE 64 /* holds every value that is not a header's */

/* What a placeholder is filled in for: a run of an answer, or an action that looks for one. */
struct moment {
    const struct pyst_ami_message *action;
    uint64_t began;
    uint64_t unique;
};

struct pyst_text speech_header(const struct pyst_ami_message *action, struct pyst_text name)
{
    struct pyst_text value = action ? pyst_ami_message_get(action, name) : pyst_text_none();

    while (value.size && (value.data[0] == ' ' || value.data[0] == '\t'))
        value = pyst_text_of(value.data + 1, value.size - 1);
    return value;
}

static struct pyst_text print_date(uint64_t us, char *scratch)
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    char date[32];

    gmtime_r(&seconds, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(scratch, SCRATCH_SIZE, "%s.%03u+0000", date, (unsigned)(us / 1000 % 1000));
    return pyst_text(scratch);
}

static struct pyst_text find_value(struct pyst_emulator_ami *emulator, const struct moment *moment,
                                   const struct placeholder *placeholder, char *scratch)
{
    uint64_t now = emulator->epoch + emulator->now, began = emulator->epoch + moment->began;

    switch (placeholder->variable) {
    case VARIABLE_HEADER:
        return speech_header(moment->action, placeholder->name);
    case VARIABLE_TIME:
        snprintf(scratch, SCRATCH_SIZE, "%" PRIu64 ".%06" PRIu64, now / 1000000, now % 1000000);
        break;
    case VARIABLE_SECONDS:
        snprintf(scratch, SCRATCH_SIZE, "%" PRIu64, began / 1000000);
        break;
    case VARIABLE_DATE:
        return print_date(now, scratch);
    case VARIABLE_UNIQUE:
        snprintf(scratch, SCRATCH_SIZE, "%" PRIu64, moment->unique + placeholder->number - 1);
        break;
    case VARIABLE_USER:
        return emulator->user ? emulator->user->name : pyst_text("");
    case VARIABLE_LOGIN:
        return pyst_text(emulator->logged_in ? "yes" : "no");
    case VARIABLE_SECRET:
        return pyst_text(emulator_login_is_right(emulator, moment->action) ? "right" : "wrong");
    case VARIABLE_CHALLENGE:
        return pyst_text(emulator->challenge);
    case VARIABLE_EVENTS:
        return pyst_text(emulator->classes ? "On" : "Off");
    }
    return pyst_text(scratch);
}

static const char *find(struct pyst_text text, struct pyst_text part)
{
    return text.size ? memmem(text.data, text.size, part.data, part.size) : NULL;
}

static struct pyst_text unquoted(struct pyst_text text)
{
    while (text.size && (text.data[0] == ' ' || text.data[0] == '"'))
        text = pyst_text_of(text.data + 1, text.size - 1);
    while (text.size && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '"'))
        text.size--;
    return text;
}

static struct pyst_text print_hex(struct pyst_text text, char *scratch)
{
    uint32_t number = 0;

    for (size_t i = 0; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        number = number * 10 + (uint32_t)(text.data[i] - '0');
    snprintf(scratch, SCRATCH_SIZE, "%08" PRIx32, number);
    return pyst_text(scratch);
}

static struct pyst_text modify(struct pyst_text text, const struct modifier *modifier,
                               char *scratch)
{
    const char *at;

    switch (modifier->kind) {
    case MODIFIER_BEFORE:
        at = find(text, modifier->text);
        return at ? pyst_text_of(text.data, (size_t)(at - text.data)) : text;
    case MODIFIER_AFTER:
        at = find(text, modifier->text);
        if (!at)
            return pyst_text("");
        at += modifier->text.size;
        return pyst_text_of(at, (size_t)(text.data + text.size - at));
    case MODIFIER_UNQUOTED:
        return unquoted(text);
    case MODIFIER_OR:
        return text.size ? text : modifier->text;
    case MODIFIER_HEX:
        return print_hex(text, scratch);
    }
    return text;
}

/* A view of the action, of the script, or of `scratch`. */
static struct pyst_text fill_in(struct pyst_emulator_ami *emulator, const struct moment *moment,
                                const struct placeholder *placeholder, char *scratch)
{
    struct pyst_text text = find_value(emulator, moment, placeholder, scratch);

    for (const struct modifier *m = placeholder->modifiers; m; m = m->next)
        text = modify(text, m, scratch);
    return text;
}

static bool condition_holds(struct pyst_emulator_ami *emulator, const struct condition *condition,
                            const struct moment *moment)
{
    char scratch[SCRATCH_SIZE];
    struct pyst_text text = fill_in(emulator, moment, &condition->placeholder, scratch);

    switch (condition->kind) {
    case CONDITION_PRESENT:
        return text.size > 0;
    case CONDITION_TRUE:
        return pyst_text_is_true(text);
    case CONDITION_EQUAL:
        return pyst_text_equal_nocase(text, condition->value);
    case CONDITION_PREFIX:
        return text.size >= condition->value.size &&
               pyst_text_equal_nocase(pyst_text_of(text.data, condition->value.size),
                                      condition->value);
    }
    return false;
}

bool speech_fits(struct pyst_emulator_ami *emulator, const struct condition *conditions,
                 const struct pyst_ami_message *action)
{
    struct moment moment = {action, emulator->now, emulator->unique};

    for (const struct condition *c = conditions; c; c = c->next)
        if (condition_holds(emulator, c, &moment) == c->negated)
            return false;
    return true;
}

static int say(struct pyst_emulator_ami *emulator, const char *string)
{
    return buffer_append(&emulator->output, pyst_text(string));
}

static int say_header(struct pyst_emulator_ami *emulator, struct pyst_text name,
                      struct pyst_text value)
{
    int r;

    if ((r = buffer_append(&emulator->output, name)) == 0 && (r = say(emulator, ": ")) == 0 &&
        (r = buffer_append(&emulator->output, value)) == 0)
        r = say(emulator, "\r\n");
    return r;
}

static bool is_named(const struct word *words, struct pyst_text name)
{
    while (words && !pyst_text_equal_nocase(words->text, name))
        words = words->next;
    return words != NULL;
}

static int say_headers_but(struct pyst_emulator_ami *emulator,
                           const struct pyst_ami_message *action, const struct word *but)
{
    size_t n = action ? pyst_ami_message_n_headers(action) : 0;
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        struct pyst_ami_header header = pyst_ami_message_header(action, i);

        if (header.name.data && !pyst_text_equal_nocase(header.name, pyst_text("Action")) &&
            !is_named(but, header.name))
            r = say_header(emulator, header.name, header.value);
    }
    return r;
}

static int say_line(struct pyst_emulator_ami *emulator, const struct moment *moment,
                    const struct line *line)
{
    char scratch[SCRATCH_SIZE];
    int r = 0;

    if (line->copies_headers)
        return say_headers_but(emulator, moment->action, line->but);
    if (line->optional.data) {
        struct pyst_text value = speech_header(moment->action, line->optional);

        /* Asterisk gives an empty ActionID back as little as none. */
        if (!value.data ||
            (value.size == 0 && pyst_text_equal_nocase(line->optional, pyst_text("ActionID"))))
            return 0;
    }
    for (const struct piece *piece = line->pieces; piece && r == 0; piece = piece->next)
        r = buffer_append(&emulator->output,
                          piece->literal ? piece->text
                                         : fill_in(emulator, moment, &piece->placeholder, scratch));
    return r < 0 ? r : say(emulator, "\r\n");
}

int speech_say(struct pyst_emulator_ami *emulator, const struct run *run, const struct step *step)
{
    struct moment moment = {run->action, run->began, run->unique};
    struct buffer *output = &emulator->output;
    size_t size = output->end - output->begin;
    struct pyst_text id = speech_header(run->action, pyst_text("ActionID"));
    int r = 0;

    for (const struct line *line = step->lines; line && r == 0; line = line->next) {
        r = say_line(emulator, &moment, line);
        if (r == 0 && line == step->lines && step->adds_action_id && id.size)
            r = say_header(emulator, pyst_text("ActionID"), id);
    }
    if (r == 0)
        r = say(emulator, "\r\n");
    if (r < 0)
        output->end = output->begin + size;
    return r;
}

struct pyst_text speech_value(struct pyst_emulator_ami *emulator, const struct run *run,
                              const struct piece *pieces, char *out, size_t size)
{
    struct moment moment = {run->action, run->began, run->unique};
    char scratch[SCRATCH_SIZE];
    size_t used = 0;

    for (const struct piece *piece = pieces; piece; piece = piece->next) {
        struct pyst_text text =
            piece->literal ? piece->text : fill_in(emulator, &moment, &piece->placeholder, scratch);

        if (text.size > size - used)
            text.size = size - used;
        if (text.size)
            memcpy(out + used, text.data, text.size);
        used += text.size;
    }
    return pyst_text_of(out, used);
}
