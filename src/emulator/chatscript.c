/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <pyst/error.h>

#include "base/buffer.h"
#include "emulator/script.h"
#include "emulator/words.h"

/* Reads the text of a chatscript; include/pyst/emulator/script.h says what it looks like. */

#define USE_DEPTH 16 /* of @use inside @define: past it, it is taken for a circle */

struct let {
    const struct let *next;
    struct pyst_text key;
    struct pyst_text value;
};

struct define {
    struct define *next;
    struct pyst_text name;
    struct word *lines;
};

struct reader {
    struct pyst_emulator_script *script;
    const char *reason;

    struct define *defines;
    struct word **define_end; /* while the lines of a define are read */
    const struct let *lets;

    struct answer *answer;
    struct step **steps_end;
    struct condition *conditions; /* of the next step */
    struct step *message;         /* whose lines are read */
    struct line **lines_end;
};

static int read_line(struct reader *reader, struct pyst_text line, const struct let *lets,
                     unsigned depth);

static int invalid(struct reader *reader, const char *reason)
{
    reader->reason = reason;
    return PYST_ERR_INVALID;
}

/* Replaces $(key) by its value, for the keys of `lets`. */
static int replace_lets(struct reader *reader, const struct let *lets, struct pyst_text *linep)
{
    const char *at = linep->data, *end = linep->data + linep->size, *copied = at;
    struct buffer buffer = {0};
    int r = 0;

    while (r == 0 && end - at >= 2) {
        const struct let *let = lets;
        const char *past;

        if (memcmp(at, "$(", 2) != 0) {
            at++;
            continue;
        }
        past = words_skip_placeholder(at, end);
        while (let && !(past - at > 3 &&
                        pyst_text_equal(let->key, pyst_text_of(at + 2, (size_t)(past - at) - 3))))
            let = let->next;
        if (let) {
            if ((r = buffer_append(&buffer, pyst_text_of(copied, (size_t)(at - copied)))) == 0)
                r = buffer_append(&buffer, let->value);
            copied = past;
        }
        at = past;
    }
    if (r == 0 && copied != linep->data) {
        r = buffer_append(&buffer, pyst_text_of(copied, (size_t)(end - copied)));
        if (r == 0)
            r = script_copy(reader->script, buffer_text(&buffer), linep);
    }
    buffer_deinit(&buffer);
    return r;
}

/* "key=text key=text ...", in front of `*letsp`. */
static int read_lets(struct reader *reader, struct pyst_text rest, const struct let **letsp)
{
    struct pyst_text word;

    while (words_next(&rest, &word)) {
        struct let *let = script_allocate(reader->script, sizeof(*let));

        if (!let)
            return PYST_ERR_NO_MEMORY;
        if (!words_split(word, '=', &let->key, &let->value) || let->key.size == 0)
            return invalid(reader, "key=text was expected");
        let->value = words_unquote(let->value);
        let->next = *letsp;
        *letsp = let;
    }
    return 0;
}

/* ---- messages ------------------------------------------------------------------------------- */

static struct step *add_step(struct reader *reader, enum step_kind kind)
{
    struct step *step = script_allocate(reader->script, sizeof(*step));

    if (!step)
        return NULL;
    step->kind = kind;
    step->conditions = reader->conditions;
    reader->conditions = NULL;
    *reader->steps_end = step;
    reader->steps_end = &step->next;
    reader->message = NULL;
    return step;
}

static struct line *add_line(struct reader *reader)
{
    struct line *line;

    if (!reader->message) {
        struct step *step = add_step(reader, STEP_MESSAGE);

        if (!step)
            return NULL;
        reader->message = step;
        reader->lines_end = &step->lines;
    }
    line = script_allocate(reader->script, sizeof(*line));
    if (line) {
        *reader->lines_end = line;
        reader->lines_end = &line->next;
    }
    return line;
}

static int parse_pieces(struct reader *reader, struct pyst_text text, struct piece **piecesp)
{
    return script_parse_pieces(reader->script, text, piecesp, &reader->answer->n_unique,
                               &reader->reason);
}

/* A line of a single placeholder is left out when the action has no such header. */
static int parse_optional(struct reader *reader, struct pyst_text value, struct line *line)
{
    struct piece *piece = NULL;
    int r = parse_pieces(reader, value, &piece);

    if (r == 0 && piece && !piece->next && !piece->literal &&
        piece->placeholder.variable == VARIABLE_HEADER && !piece->placeholder.modifiers)
        line->optional = piece->placeholder.name;
    return r;
}

static int read_header(struct reader *reader, struct pyst_text name, struct pyst_text value)
{
    bool first = !reader->message;
    struct buffer buffer = {0};
    struct pyst_text text;
    struct line *line;
    int r;

    name = words_trim(name);
    value = words_trim(value);
    if (name.size == 0)
        return invalid(reader, "a header has no name");
    line = add_line(reader);
    if (!line)
        return PYST_ERR_NO_MEMORY;
    if (first && pyst_text_equal_nocase(name, pyst_text("Response"))) {
        reader->message->response = true;
        reader->message->adds_action_id = true;
        if (!reader->answer->response)
            reader->answer->response = reader->message;
    }
    if (pyst_text_equal_nocase(name, pyst_text("ActionID")))
        reader->message->adds_action_id = false;
    if (!reader->message->response && pyst_text_equal_nocase(name, pyst_text("Privilege")))
        reader->message->classes = classes_of_privilege(value);

    if ((r = buffer_append(&buffer, name)) == 0 &&
        (r = buffer_append(&buffer, pyst_text(": "))) == 0 &&
        (r = buffer_append(&buffer, value)) == 0 &&
        (r = script_copy(reader->script, buffer_text(&buffer), &text)) == 0 &&
        (r = parse_pieces(reader, text, &line->pieces)) == 0)
        r = parse_optional(reader, value, line);
    buffer_deinit(&buffer);
    return r;
}

static int read_raw(struct reader *reader, struct pyst_text text)
{
    struct line *line = add_line(reader);

    return line ? parse_pieces(reader, text, &line->pieces) : PYST_ERR_NO_MEMORY;
}

static int read_words(struct reader *reader, struct pyst_text rest, struct word **endp)
{
    struct pyst_text text;

    while (words_next(&rest, &text)) {
        struct word *word = script_allocate(reader->script, sizeof(*word));

        if (!word)
            return PYST_ERR_NO_MEMORY;
        word->text = text;
        *endp = word;
        endp = &word->next;
    }
    return 0;
}

/* ---- answers -------------------------------------------------------------------------------- */

static int read_condition(struct reader *reader, struct pyst_text text, struct condition *condition)
{
    struct pyst_text name = text;

    if (words_begin(name, "!")) {
        condition->negated = true;
        name = pyst_text_of(name.data + 1, name.size - 1);
    }
    if (words_split(name, '=', &name, &condition->value)) {
        condition->value = words_unquote(condition->value);
        condition->kind = CONDITION_EQUAL;
        if (condition->value.size && condition->value.data[condition->value.size - 1] == '*') {
            condition->value.size--;
            condition->kind = CONDITION_PREFIX;
        }
    } else if (name.size && name.data[name.size - 1] == '?') {
        name.size--;
        condition->kind = CONDITION_TRUE;
    }
    return script_parse_placeholder(reader->script, name, &condition->placeholder,
                                    &reader->answer->n_unique, &reader->reason);
}

static int read_conditions(struct reader *reader, struct pyst_text rest, struct condition **endp)
{
    struct pyst_text word;
    int r;

    while (words_next(&rest, &word)) {
        struct condition *condition = script_allocate(reader->script, sizeof(*condition));

        if (!condition)
            return PYST_ERR_NO_MEMORY;
        if ((r = read_condition(reader, word, condition)) < 0)
            return r;
        *endp = condition;
        endp = &condition->next;
    }
    return 0;
}

static int read_answer(struct reader *reader, struct pyst_text line)
{
    struct pyst_text rest = words_trim(line), word;

    if (rest.data[rest.size - 1] != ']')
        return invalid(reader, "the closing bracket is missing");
    rest = pyst_text_of(rest.data + 1, rest.size - 2);
    if (!words_next(&rest, &word))
        return invalid(reader, "the name of an action is missing");
    reader->message = NULL;
    reader->lets = NULL;
    reader->conditions = NULL;
    reader->answer = script_add_answer(reader->script, words_unquote(word));
    if (!reader->answer)
        return PYST_ERR_NO_MEMORY;
    reader->steps_end = &reader->answer->steps;
    return read_conditions(reader, rest, &reader->answer->conditions);
}

/* ---- directives ----------------------------------------------------------------------------- */

static int read_duration(struct reader *reader, struct pyst_text text, uint64_t *usp)
{
    static const char wrong[] = "a duration was expected, such as 200ms";
    uint64_t whole = 0, fraction = 0, scale = 1, unit;
    size_t i = 0;

    for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9' && i < 9; i++)
        whole = whole * 10 + (uint64_t)(text.data[i] - '0');
    if (i == 0)
        return invalid(reader, wrong);
    if (i < text.size && text.data[i] == '.')
        for (i++; i < text.size && text.data[i] >= '0' && text.data[i] <= '9' && scale < 1000000;
             i++) {
            fraction = fraction * 10 + (uint64_t)(text.data[i] - '0');
            scale *= 10;
        }
    text = pyst_text_of(text.data + i, text.size - i);
    if (pyst_text_equal(text, pyst_text("us")))
        unit = 1;
    else if (pyst_text_equal(text, pyst_text("ms")))
        unit = 1000;
    else if (pyst_text_equal(text, pyst_text("s")))
        unit = 1000000;
    else
        return invalid(reader, wrong);
    *usp = whole * unit + fraction * unit / scale;
    return 0;
}

static int read_step(struct reader *reader, enum step_kind kind, struct pyst_text rest)
{
    struct step *step;

    if (!reader->answer)
        return invalid(reader, "a step stands before the first answer");
    step = add_step(reader, kind);
    if (!step)
        return PYST_ERR_NO_MEMORY;
    if (kind == STEP_WAIT)
        return read_duration(reader, rest, &step->wait_us);
    if (kind == STEP_EVENTS) {
        step->lines = script_allocate(reader->script, sizeof(*step->lines));
        return step->lines ? parse_pieces(reader, rest, &step->lines->pieces) : PYST_ERR_NO_MEMORY;
    }
    return rest.size ? invalid(reader, "this step takes nothing behind it") : 0;
}

static int read_define(struct reader *reader, struct pyst_text rest)
{
    struct define *define = script_allocate(reader->script, sizeof(*define));

    if (!define)
        return PYST_ERR_NO_MEMORY;
    if (rest.size == 0)
        return invalid(reader, "the name of the definition is missing");
    define->name = rest;
    define->next = reader->defines;
    reader->defines = define;
    reader->define_end = &define->lines;
    return 0;
}

static int read_use(struct reader *reader, struct pyst_text rest, const struct let *lets,
                    unsigned depth)
{
    const struct define *define = reader->defines;
    struct pyst_text name;
    int r;

    if (depth == USE_DEPTH)
        return invalid(reader, "a definition uses itself");
    if (!words_next(&rest, &name))
        return invalid(reader, "the name of a definition is missing");
    while (define && !pyst_text_equal(define->name, name))
        define = define->next;
    if (!define)
        return invalid(reader, "there is no definition of that name");
    if ((r = read_lets(reader, rest, &lets)) < 0)
        return r;
    for (const struct word *line = define->lines; line && r == 0; line = line->next)
        r = read_line(reader, line->text, lets, depth + 1);
    return r;
}

static int read_user(struct reader *reader, struct pyst_text rest)
{
    struct pyst_text name, secret;

    if (!words_next(&rest, &name) || !words_next(&rest, &secret) || words_trim(rest).size)
        return invalid(reader, "a name and a secret were expected");
    return pyst_emulator_script_add_user(reader->script, words_unquote(name),
                                         words_unquote(secret));
}

static int read_headers(struct reader *reader, struct pyst_text rest)
{
    struct pyst_text word;
    struct line *line;

    if (rest.size && !(words_next(&rest, &word) && pyst_text_equal(word, pyst_text("but"))))
        return invalid(reader, "\"but\" and names of headers were expected");
    line = add_line(reader);
    if (!line)
        return PYST_ERR_NO_MEMORY;
    line->copies_headers = true;
    return read_words(reader, rest, &line->but);
}

static int read_directive(struct reader *reader, struct pyst_text line, const struct let *lets,
                          unsigned depth)
{
    static const struct {
        const char *name;
        enum step_kind kind;
    } steps[] = {
        {"@wait", STEP_WAIT},           {"@close", STEP_CLOSE},   {"@login", STEP_LOGIN},
        {"@challenge", STEP_CHALLENGE}, {"@events", STEP_EVENTS},
    };
    struct pyst_text name, rest = line;

    words_next(&rest, &name);
    rest = words_trim(rest);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (pyst_text_equal(name, pyst_text(steps[i].name)))
            return read_step(reader, steps[i].kind, rest);
    if (pyst_text_equal(name, pyst_text("@let")))
        return read_lets(reader, rest, &reader->lets);
    if (pyst_text_equal(name, pyst_text("@define")))
        return read_define(reader, rest);
    if (pyst_text_equal(name, pyst_text("@greeting")))
        return pyst_emulator_script_set_greeting(reader->script, rest);
    if (pyst_text_equal(name, pyst_text("@user")))
        return read_user(reader, rest);
    if (!reader->answer)
        return invalid(reader, "there is no such directive, or it belongs into an answer");
    if (pyst_text_equal(name, pyst_text("@if"))) {
        reader->message = NULL;
        return read_conditions(reader, rest, &reader->conditions);
    }
    if (pyst_text_equal(name, pyst_text("@use")))
        return read_use(reader, rest, lets, depth);
    if (pyst_text_equal(name, pyst_text("@headers")))
        return read_headers(reader, rest);
    return invalid(reader, "there is no such directive");
}

/* ---- lines ---------------------------------------------------------------------------------- */

static int add_define_line(struct reader *reader, struct pyst_text line)
{
    struct word *word = script_allocate(reader->script, sizeof(*word));

    if (!word)
        return PYST_ERR_NO_MEMORY;
    word->text = line;
    *reader->define_end = word;
    reader->define_end = &word->next;
    return 0;
}

static int read_line(struct reader *reader, struct pyst_text line, const struct let *lets,
                     unsigned depth)
{
    struct pyst_text name, value;
    int r;

    if (words_trim(line).size == 0) {
        reader->message = NULL;
        reader->define_end = NULL;
        return 0;
    }
    if (words_begin(line, "#"))
        return 0;
    if (reader->define_end)
        return add_define_line(reader, line);
    if (words_begin(line, "["))
        return read_answer(reader, line);
    if ((r = replace_lets(reader, lets, &line)) < 0)
        return r;
    if (words_begin(line, "@"))
        return read_directive(reader, line, lets, depth);
    if (!reader->answer)
        return invalid(reader, "a line stands before the first answer");
    if (words_begin(line, "|"))
        return read_raw(reader, pyst_text_of(line.data + 1, line.size - 1));
    if (!words_split(line, ':', &name, &value))
        return invalid(reader, "a line without a colon begins with |");
    return read_header(reader, name, value);
}

static int read_text(struct reader *reader, struct pyst_text text,
                     struct pyst_emulator_problem *problemp)
{
    size_t number = 0;
    int r;

    if ((r = script_copy(reader->script, text, &text)) < 0)
        return r;
    while (r == 0 && text.size) {
        const char *feed = memchr(text.data, '\n', text.size);
        size_t size = feed ? (size_t)(feed - text.data) : text.size;
        struct pyst_text line = pyst_text_of(text.data, size);

        number++;
        size += feed ? 1 : 0;
        text = pyst_text_of(text.data + size, text.size - size);
        if (line.size && line.data[line.size - 1] == '\r')
            line.size--;
        if (memchr(line.data, '\r', line.size) || memchr(line.data, '\0', line.size))
            r = invalid(reader, "a line contains CR or NUL");
        else
            r = read_line(reader, line, reader->lets, 0);
    }
    if (r == PYST_ERR_INVALID && problemp) {
        problemp->line = number;
        problemp->reason = reader->reason;
    }
    return r;
}

int pyst_emulator_script_read(struct pyst_emulator_script *script, struct pyst_text text,
                              struct pyst_emulator_problem *problemp)
{
    struct reader reader = {.script = script};

    if (atomic_load(&script->references) != 1)
        return PYST_ERR_STATE;
    return read_text(&reader, text, problemp);
}

int pyst_emulator_script_answer(struct pyst_emulator_script *script, struct pyst_text action,
                                struct pyst_text message, uint64_t delay_us,
                                struct pyst_emulator_problem *problemp)
{
    struct reader reader = {.script = script};
    struct answer *answer;
    struct step *step;
    int r;

    if (atomic_load(&script->references) != 1)
        return PYST_ERR_STATE;
    for (answer = script->answers; answer; answer = answer->next)
        if (!answer->conditions && pyst_text_equal_nocase(answer->name, action))
            break;
    if (!answer) {
        if ((r = script_copy(script, action, &action)) < 0)
            return r;
        if (!(answer = script_add_answer(script, action)))
            return PYST_ERR_NO_MEMORY;
    }
    reader.answer = answer;
    reader.steps_end = &answer->steps;
    while (*reader.steps_end)
        reader.steps_end = &(*reader.steps_end)->next;
    if (delay_us) {
        if (!(step = add_step(&reader, STEP_WAIT)))
            return PYST_ERR_NO_MEMORY;
        step->wait_us = delay_us;
    }
    return read_text(&reader, message, problemp);
}
