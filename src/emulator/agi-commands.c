/* SPDX-License-Identifier: MIT */

/* What is answered to each command: the bytes are those of res/res_agi.c in Asterisk 16 and 22. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/agi/catalogue.h>

#include "base/pieces.h"
#include "emulator/agi.h"

/* What is played has this length, and is cut in the middle, by a key or a hangup. */
#define SAMPLES        8000
#define SAMPLES_PER_MS 8
#define MIDDLE         (SAMPLES / 2)
#define DIGITS_MAX     1024 /* of GET DATA */
#define VALUE_MAX      1023 /* bytes of a variable that GET VARIABLE gives */
#define USAGE          1    /* of a command: the arguments are wrong */

static int say(struct pyst_emulator_agi *emulator, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int say(struct pyst_emulator_agi *emulator, const char *format, ...)
{
    char line[DIGITS_MAX + 64]; /* none is longer */
    va_list arguments;

    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, one line above */
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    return buffer_append(&emulator->output, pyst_text(line));
}

static int say_result(struct pyst_emulator_agi *emulator, int result)
{
    return say(emulator, "200 result=%d\n", result);
}

static int say_value(struct pyst_emulator_agi *emulator, struct pyst_text value)
{
    int r = say(emulator, "200 result=1 (");

    if (r == 0)
        r = buffer_append(&emulator->output, value);
    return r == 0 ? say(emulator, ")\n") : r;
}

/* As sscanf() reads "%d": what stands behind the digits does not matter. */
static bool read_number(struct pyst_text text, int *numberp)
{
    char digits[16] = "";
    char *end;

    memcpy(digits, text.data, text.size < sizeof(digits) ? text.size : sizeof(digits) - 1);
    *numberp = (int)strtol(digits, &end, 10);
    return end > digits;
}

static bool is_number(struct pyst_text text)
{
    int number;

    return read_number(text, &number);
}

/* ---- keys ----------------------------------------------------------------------------------- */

/*
 * The next key that is one of `wanted`, or any when that is absent; those before it are lost. 0 at
 * a pause, when there are no more, and when the caller hangs up, as he does when there are no more
 * for a command that waits for ever.
 */
static char take_key(struct pyst_emulator_agi *emulator, struct pyst_text wanted, bool for_ever)
{
    struct pyst_text keys = buffer_text(&emulator->keys);
    bool listens = !emulator->is_leaving && (!wanted.data || wanted.size > 0);

    while (listens && emulator->keys_taken < keys.size) {
        char key = keys.data[emulator->keys_taken++];

        if (key == 'w' && !for_ever)
            return 0;
        if (key != 'w' && (!wanted.data || memchr(wanted.data, key, wanted.size)))
            return key;
    }
    emulator->is_leaving = emulator->is_leaving || for_ever;
    return 0;
}

static int wait_for_digit(struct pyst_emulator_agi *emulator)
{
    int timeout;
    char key;

    if (!read_number(emulator->arguments[0], &timeout))
        return USAGE;
    key = take_key(emulator, pyst_text_none(), timeout < 0);
    return say_result(emulator, emulator->is_leaving ? -1 : key);
}

static int get_data(struct pyst_emulator_agi *emulator)
{
    char digits[DIGITS_MAX];
    int n_digits = 0, max = DIGITS_MAX, timeout = 0;
    char key = 0;

    if (emulator->n_arguments > 1)
        read_number(emulator->arguments[1], &timeout);
    if (emulator->n_arguments > 2)
        read_number(emulator->arguments[2], &max);
    if (max < 0 || max > DIGITS_MAX)
        max = DIGITS_MAX;
    while (n_digits < max) {
        key = take_key(emulator, pyst_text_none(), timeout < 0);
        if (!key || key == '#')
            break;
        digits[n_digits++] = key;
    }
    if (emulator->is_leaving || max == 0)
        return say_result(emulator, -1);
    return say(emulator, "200 result=%.*s%s\n", n_digits, digits, key ? "" : " (timeout)");
}

/* STREAM FILE and GET OPTION, which waits a little behind the file. */
static int play(struct pyst_emulator_agi *emulator)
{
    char key;

    if (emulator->arguments[0].size == 0)
        return say(emulator, "200 result=-1 endpos=0\n");
    if (emulator->is_leaving)
        return say(emulator, "200 result=-1 endpos=%d\n", MIDDLE);
    key = take_key(emulator, emulator->arguments[1], false);
    return say(emulator, "200 result=%d endpos=%d\n", key, key ? MIDDLE : SAMPLES);
}

static int stream_file(struct pyst_emulator_agi *emulator)
{
    return emulator->n_arguments > 2 && !is_number(emulator->arguments[2]) ? USAGE : play(emulator);
}

static int get_option(struct pyst_emulator_agi *emulator)
{
    return play(emulator);
}

/* It tells milliseconds, and -1 at the end of the file. */
static int control_stream_file(struct pyst_emulator_agi *emulator)
{
    char key;

    if ((emulator->n_arguments > 2 && !is_number(emulator->arguments[2])) ||
        (emulator->n_arguments > 6 && !is_number(emulator->arguments[6])))
        return USAGE;
    if (emulator->is_leaving || emulator->arguments[0].size == 0)
        return say(emulator, "200 result=-1 endpos=%d\n",
                   emulator->arguments[0].size == 0 ? -1 : MIDDLE / SAMPLES_PER_MS);
    key = take_key(emulator, emulator->arguments[1], false);
    return say(emulator, "200 result=%d endpos=%d\n", key, key ? MIDDLE / SAMPLES_PER_MS : -1);
}

static int record_file(struct pyst_emulator_agi *emulator)
{
    int timeout;
    char key;

    if (!read_number(emulator->arguments[3], &timeout))
        return USAGE;
    key = take_key(emulator, emulator->arguments[2], timeout < 0);
    if (key)
        return say(emulator, "200 result=%d (dtmf) endpos=%d\n", key, MIDDLE);
    if (emulator->is_leaving)
        return say(emulator, "200 result=-1 (hangup) endpos=%d\n", MIDDLE);
    return say(emulator, "200 result=0 (timeout) endpos=%lld\n",
               (long long)timeout * SAMPLES_PER_MS);
}

static int say_text(struct pyst_emulator_agi *emulator)
{
    char key = take_key(emulator, emulator->arguments[1], false);

    return say_result(emulator, emulator->is_leaving ? -1 : key);
}

static int say_number(struct pyst_emulator_agi *emulator)
{
    return is_number(emulator->arguments[0]) ? say_text(emulator) : USAGE;
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* The first that the caller sent, absent when there is none; it stays. */
static struct pyst_text first_text(struct pyst_emulator_agi *emulator)
{
    struct pyst_text texts = buffer_text(&emulator->texts);
    size_t size;

    if (texts.size == 0 || emulator->is_leaving)
        return pyst_text_none();
    memcpy(&size, texts.data, sizeof(size));
    return pyst_text_of(texts.data + sizeof(size), size);
}

static void drop_text(struct pyst_emulator_agi *emulator, struct pyst_text text)
{
    if (text.data)
        buffer_consume(&emulator->texts, sizeof(text.size) + text.size);
}

static int receive_char(struct pyst_emulator_agi *emulator)
{
    struct pyst_text text = first_text(emulator);
    int r = text.size > 0 ? say_result(emulator, (unsigned char)text.data[0])
                          : say(emulator, "200 result=-1 (hangup)\n");

    if (r == 0)
        drop_text(emulator, text);
    return r;
}

static int receive_text(struct pyst_emulator_agi *emulator)
{
    struct pyst_text text = first_text(emulator);
    int r = text.data ? say_value(emulator, text) : say_result(emulator, -1);

    if (r == 0)
        drop_text(emulator, text);
    return r;
}

/* ---- the channel ---------------------------------------------------------------------------- */

/* Whether argument `i` is this channel's name, or is not there. */
static bool names_this_channel(const struct pyst_emulator_agi *emulator, size_t i)
{
    return emulator->n_arguments <= i ||
           pyst_text_equal_nocase(emulator->arguments[i],
                                  pairs_get(&emulator->environment, pyst_text("agi_channel")));
}

static int answer(struct pyst_emulator_agi *emulator)
{
    emulator->is_up = true;
    return say_result(emulator, 0);
}

static int channel_status(struct pyst_emulator_agi *emulator)
{
    if (!names_this_channel(emulator, 0))
        return say_result(emulator, -1);
    return say_result(emulator, emulator->is_up ? 6 : 4); /* up, ringing */
}

static int hangup(struct pyst_emulator_agi *emulator)
{
    if (!names_this_channel(emulator, 0))
        return say_result(emulator, -1);
    emulator->is_leaving = true;
    return say_result(emulator, 1);
}

static int execute(struct pyst_emulator_agi *emulator)
{
    if (pyst_text_equal_nocase(emulator->arguments[0], pyst_text("Hangup")))
        emulator->is_leaving = !emulator->is_hung_up;
    return say_result(emulator, emulator->is_leaving ? -1 : 0);
}

static int gosub(struct pyst_emulator_agi *emulator)
{
    return say(emulator, "100 result=0 Trying...\n200 result=0 Gosub complete%s\n",
               emulator->is_leaving ? " (abnormal exit)" : "");
}

static int verbose(struct pyst_emulator_agi *emulator)
{
    int r = say_result(emulator, 1);

    if (r == 0)
        r = buffer_reserve(&emulator->verbose, emulator->arguments[0].size + 1);
    if (r == 0)
        r = buffer_append(&emulator->verbose, emulator->arguments[0]);
    if (r == 0)
        r = buffer_append(&emulator->verbose, pyst_text("\n"));
    return r;
}

/* ---- variables ------------------------------------------------------------------------------ */

static int set(struct pyst_emulator_agi *emulator, const char *variable, struct pyst_text value,
               int result)
{
    int r = say_result(emulator, result);

    return r == 0 ? pairs_set(&emulator->variables, pyst_text(variable), value) : r;
}

static int set_context(struct pyst_emulator_agi *emulator)
{
    return set(emulator, "CONTEXT", emulator->arguments[0], 0);
}

static int set_extension(struct pyst_emulator_agi *emulator)
{
    return set(emulator, "EXTEN", emulator->arguments[0], 0);
}

static int set_priority(struct pyst_emulator_agi *emulator)
{
    return is_number(emulator->arguments[0]) ? set(emulator, "PRIORITY", emulator->arguments[0], 0)
                                             : USAGE;
}

/*
 * "Name" <number>, or one of them alone, and the other is then empty. A number loses what people
 * write between its digits (main/callerid.c, ast_callerid_parse).
 */
static int set_caller_id(struct pyst_emulator_agi *emulator)
{
    struct pyst_text name = emulator->arguments[0], number = emulator->arguments[0];
    const char *open = name.size > 0 ? memrchr(name.data, '<', name.size) : NULL;
    char digits[AGI_LINE_SIZE_MAX];
    size_t n_digits = 0, n_dialled = 0;
    int r;

    if (open) {
        size_t before = (size_t)(open - name.data);

        name.size = before;
        number = pyst_text_of(open + 1, number.size - before - 1);
    }
    for (size_t i = 0; i < number.size && !(open && number.data[i] == '>'); i++) {
        if (strchr(" ().-", number.data[i]))
            continue;
        n_dialled += strchr("0123456789*#+", number.data[i]) != NULL;
        digits[n_digits++] = number.data[i];
    }
    if (!open && n_dialled == n_digits)
        name.size = 0;
    else if (!open)
        n_digits = 0;
    r = pairs_set(&emulator->variables, pyst_text("CALLERID(name)"), text_trim(name, " \""));
    return r == 0 ? set(emulator, "CALLERID(num)", pyst_text_of(digits, n_digits), 1) : r;
}

static int set_variable(struct pyst_emulator_agi *emulator)
{
    int r = say_result(emulator, 1);

    return r == 0 ? pairs_set(&emulator->variables, emulator->arguments[0], emulator->arguments[1])
                  : r;
}

static int get_variable(struct pyst_emulator_agi *emulator)
{
    struct pyst_text value = pairs_get(&emulator->variables, emulator->arguments[0]);

    if (value.size > VALUE_MAX)
        value.size = VALUE_MAX;
    return value.data ? say_value(emulator, value) : say_result(emulator, 0);
}

/* The expression with the values in place of each ${NAME}. */
static int get_full_variable(struct pyst_emulator_agi *emulator)
{
    const char *at = emulator->arguments[0].data;
    const char *end = at + emulator->arguments[0].size;
    int r;

    if (!names_this_channel(emulator, 1))
        return say_result(emulator, 0);
    r = say(emulator, "200 result=1 (");
    while (r == 0 && at < end) {
        const char *close = end - at > 2 && at[0] == '$' && at[1] == '{'
                                ? memchr(at, '}', (size_t)(end - at))
                                : NULL;

        if (close) {
            r = buffer_append(
                &emulator->output,
                pairs_get(&emulator->variables, pyst_text_of(at + 2, (size_t)(close - at) - 2)));
            at = close + 1;
        } else {
            r = buffer_append(&emulator->output, pyst_text_of(at++, 1));
        }
    }
    return r == 0 ? say(emulator, ")\n") : r;
}

/* ---- the database --------------------------------------------------------------------------- */

/* "family/key", or "family" when there is no key, in emulator->path. */
static int make_path(struct pyst_emulator_agi *emulator, struct pyst_text family,
                     struct pyst_text key)
{
    int r;

    buffer_clear(&emulator->path);
    r = buffer_append(&emulator->path, family);
    if (r == 0 && key.data)
        r = buffer_append(&emulator->path, pyst_text("/"));
    return r == 0 ? buffer_append(&emulator->path, key) : r;
}

static int put(struct pyst_emulator_agi *emulator, struct pyst_text family, struct pyst_text key,
               struct pyst_text value)
{
    int r = make_path(emulator, family, key);

    return r == 0 ? pairs_set(&emulator->database, buffer_text(&emulator->path), value) : r;
}

int pyst_emulator_agi_database_put(struct pyst_emulator_agi *emulator, const char *family,
                                   const char *key, struct pyst_text value)
{
    return put(emulator, pyst_text(family), pyst_text(key), value);
}

struct pyst_text pyst_emulator_agi_database_get(const struct pyst_emulator_agi *emulator,
                                                const char *family, const char *key)
{
    size_t size = strlen(family);

    for (const struct pair *pair = emulator->database.first; pair; pair = pair->next)
        if (pair->name.size == size + 1 + strlen(key) &&
            memcmp(pair->name.data, family, size) == 0 && pair->name.data[size] == '/' &&
            memcmp(pair->name.data + size + 1, key, strlen(key)) == 0)
            return pair->value;
    return pyst_text_none();
}

static int database_put(struct pyst_emulator_agi *emulator)
{
    int r = say_result(emulator, 1);

    return r == 0 ? put(emulator, emulator->arguments[0], emulator->arguments[1],
                        emulator->arguments[2])
                  : r;
}

static int database_get(struct pyst_emulator_agi *emulator)
{
    struct pyst_text value;
    int r = make_path(emulator, emulator->arguments[0], emulator->arguments[1]);

    if (r < 0)
        return r;
    value = pairs_get(&emulator->database, buffer_text(&emulator->path));
    return value.data ? say_value(emulator, value) : say_result(emulator, 0);
}

static int database_del(struct pyst_emulator_agi *emulator)
{
    int r = make_path(emulator, emulator->arguments[0], emulator->arguments[1]);

    if (r == 0)
        r = say_result(emulator, 1); /* also when there was none */
    if (r == 0)
        pairs_remove(&emulator->database, buffer_text(&emulator->path));
    return r;
}

/* The result is the reverse of what is documented. */
static int database_deltree(struct pyst_emulator_agi *emulator)
{
    struct pyst_text key = emulator->n_arguments > 1 ? emulator->arguments[1] : pyst_text_none();
    int r = make_path(emulator, emulator->arguments[0], key);

    if (r == 0)
        r = buffer_reserve(&emulator->output, 32);
    if (r < 0)
        return r;
    return say_result(
        emulator, pairs_remove_below(&emulator->database, buffer_text(&emulator->path)) ? 0 : 1);
}

/* ---- the table ------------------------------------------------------------------------------ */

static int succeed(struct pyst_emulator_agi *emulator)
{
    return say_result(emulator, 0);
}

static int set_autohangup(struct pyst_emulator_agi *emulator)
{
    return is_number(emulator->arguments[0]) ? say_result(emulator, 0) : USAGE;
}

/* Those that are not here succeed. (SPEECH *: with 0, for there is no engine.) */
static const struct {
    const char *name;
    int (*run)(struct pyst_emulator_agi *emulator);
} commands[] = {
    {"ANSWER", answer},
    {"CHANNEL STATUS", channel_status},
    {"CONTROL STREAM FILE", control_stream_file},
    {"DATABASE DEL", database_del},
    {"DATABASE DELTREE", database_deltree},
    {"DATABASE GET", database_get},
    {"DATABASE PUT", database_put},
    {"EXEC", execute},
    {"GET DATA", get_data},
    {"GET FULL VARIABLE", get_full_variable},
    {"GET OPTION", get_option},
    {"GET VARIABLE", get_variable},
    {"GOSUB", gosub},
    {"HANGUP", hangup},
    {"RECEIVE CHAR", receive_char},
    {"RECEIVE TEXT", receive_text},
    {"RECORD FILE", record_file},
    {"SAY ALPHA", say_text},
    {"SAY DATE", say_number},
    {"SAY DATETIME", say_number},
    {"SAY DIGITS", say_number},
    {"SAY NUMBER", say_number},
    {"SAY PHONETIC", say_text},
    {"SAY TIME", say_number},
    {"SET AUTOHANGUP", set_autohangup},
    {"SET CALLERID", set_caller_id},
    {"SET CONTEXT", set_context},
    {"SET EXTENSION", set_extension},
    {"SET PRIORITY", set_priority},
    {"SET VARIABLE", set_variable},
    {"STREAM FILE", stream_file},
    {"VERBOSE", verbose},
    {"WAIT FOR DIGIT", wait_for_digit},
};

/* The command that the line begins with, and of how many words its name is; NULL for none. */
static const struct pyst_agi_entry *find_command(const struct pyst_emulator_agi *emulator,
                                                 size_t *n_wordsp)
{
    char name[64];
    size_t size = 0;

    for (size_t n = 0; n < emulator->n_words; n++) {
        struct pyst_text word = emulator->words[n];
        const struct pyst_agi_entry *entry;

        /* "GET VARIABLE" in quotes is one word, and no name. */
        if (word.size == 0 || size + word.size + 1 > sizeof(name) ||
            memchr(word.data, ' ', word.size) || memchr(word.data, '\t', word.size))
            return NULL;
        if (size > 0)
            name[size++] = ' ';
        memcpy(name + size, word.data, word.size);
        size += word.size;
        entry = pyst_agi_catalogue_command(pyst_text_of(name, size));
        if (entry) {
            *n_wordsp = n + 1;
            return entry;
        }
    }
    return NULL;
}

static bool takes(const struct pyst_agi_entry *entry, size_t n_arguments)
{
    const struct pyst_agi_parameter *parameter;
    size_t n_parameters, n_required = 0;

    for (n_parameters = 0; (parameter = pyst_agi_entry_parameter(entry, n_parameters));
         n_parameters++)
        n_required += pyst_agi_parameter_required(parameter) != 0;
    return n_arguments >= n_required &&
           (n_arguments <= n_parameters || pyst_agi_entry_ignores_more(entry));
}

static int say_usage(struct pyst_emulator_agi *emulator, const struct pyst_agi_entry *entry)
{
    const struct pyst_agi_parameter *parameter;
    int r;

    if (emulator->options.usage_is_short)
        return say(emulator, "520 Invalid command syntax.  Proper usage not available.\n");
    r = say(emulator, "520-Invalid command syntax.  Proper usage follows:\n%s",
            pyst_agi_entry_name(entry));
    for (size_t i = 0; r == 0 && (parameter = pyst_agi_entry_parameter(entry, i)); i++)
        r = say(emulator, pyst_agi_parameter_required(parameter) ? " <%s>" : " [<%s>]",
                pyst_agi_parameter_name(parameter));
    return r == 0 ? say(emulator, "\n520 End of proper usage.\n") : r;
}

static bool begins_with(const struct pyst_emulator_agi *emulator, const struct agi_canned *canned)
{
    if (emulator->n_words < canned->n_words)
        return false;
    for (size_t i = 0; i < canned->n_words; i++)
        if (!pyst_text_equal_nocase(emulator->words[i], canned->words[i]))
            return false;
    return true;
}

/* 1 when the host has told what to answer. */
static int say_canned(struct pyst_emulator_agi *emulator)
{
    for (struct agi_canned **at = &emulator->canned; *at; at = &(*at)->next) {
        struct agi_canned *canned = *at;
        int r;

        if (!begins_with(emulator, canned))
            continue;
        r = buffer_append(&emulator->output, canned->reply);
        if (r < 0)
            return r;
        if (canned->times > 0 && --canned->times == 0) {
            *at = canned->next;
            free(canned);
        }
        return 1;
    }
    return 0;
}

int agi_run_command(struct pyst_emulator_agi *emulator)
{
    const struct pyst_agi_entry *entry;
    size_t n_words = 0;
    int (*run)(struct pyst_emulator_agi *) = succeed;
    int r = say_canned(emulator);

    if (r != 0)
        return r < 0 ? r : 0;
    entry = find_command(emulator, &n_words);
    if (!entry)
        return say(emulator, "510 Invalid or unknown command\n");
    if (emulator->is_hung_up && !pyst_agi_entry_on_dead_channel(entry))
        return say(emulator, "511 Command Not Permitted on a dead channel or intercept routine\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(commands[i].name, pyst_agi_entry_name(entry)))
            run = commands[i].run;
    emulator->arguments = emulator->words + n_words;
    emulator->n_arguments = emulator->n_words - n_words;
    r = takes(entry, emulator->n_arguments) ? run(emulator) : USAGE;
    return r == USAGE ? say_usage(emulator, entry) : r;
}
