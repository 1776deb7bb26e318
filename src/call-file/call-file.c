/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/call-file.h>
#include <pyst/error.h>

#include "base/buffer.h"
#include "call-file/keys.h"

enum kind { KIND_TEXT, KIND_CHANNEL, KIND_NUMBER, KIND_YES_OR_NO, KIND_VARIABLE };

struct key {
    const char *name;
    enum kind kind;
    int min, max; /* of a number */
};

/* pbx/pbx_spool.c, parse_line. It has WaitTime in milliseconds in an int later. */
static const struct key keys[] = {
    {"Channel", KIND_CHANNEL, 0, 0},
    {"Application", KIND_TEXT, 0, 0},
    {"Data", KIND_TEXT, 0, 0},
    {"Context", KIND_TEXT, 0, 0},
    {"Extension", KIND_TEXT, 0, 0},
    {"Priority", KIND_NUMBER, 1, INT_MAX},
    {"Callerid", KIND_TEXT, 0, 0},
    {"Account", KIND_TEXT, 0, 0},
    {"WaitTime", KIND_NUMBER, 1, INT_MAX / 1000},
    {"MaxRetries", KIND_NUMBER, 0, INT_MAX - 1},
    {"RetryTime", KIND_NUMBER, 1, INT_MAX},
    {"Codecs", KIND_TEXT, 0, 0},
    {"AlwaysDelete", KIND_YES_OR_NO, 0, 0},
    {"Archive", KIND_YES_OR_NO, 0, 0},
    {"Early_media", KIND_YES_OR_NO, 0, 0},
    {"Setvar", KIND_VARIABLE, 0, 0},
    {"Set", KIND_VARIABLE, 0, 0},
};
#define KEY_SETVAR 15 /* "Set" is another name of it */

struct line {
    const struct key *key;
    char *value;
    size_t size;
};

struct pyst_call_file {
    struct line *lines;
    size_t n_lines;
    size_t n_allocated;
    struct buffer text; /* made by pyst_call_file_text() */
};

int pyst_call_file_new(struct pyst_call_file **filep)
{
    struct pyst_call_file *file = calloc(1, sizeof(*file));

    if (!file)
        return PYST_ERR_NO_MEMORY;
    *filep = file;
    return 0;
}

struct pyst_call_file *pyst_call_file_free(struct pyst_call_file *file)
{
    if (file) {
        for (size_t i = 0; i < file->n_lines; i++)
            free(file->lines[i].value);
        free(file->lines);
        buffer_deinit(&file->text);
        free(file);
    }
    return NULL;
}

static const struct key *find_key(struct pyst_text name)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (pyst_text_equal_nocase(name, pyst_text(keys[i].name)))
            return &keys[i < KEY_SETVAR ? i : KEY_SETVAR];
    return NULL;
}

int64_t leading_number(struct pyst_text text, size_t *n_digitsp)
{
    int64_t number = 0;
    size_t n = 0;

    for (; n < text.size && text.data[n] >= '0' && text.data[n] <= '9'; n++) {
        int digit = text.data[n] - '0';

        number = number > (INT64_MAX - digit) / 10 ? INT64_MAX : number * 10 + digit;
    }
    *n_digitsp = n;
    return number;
}

/* Whether Asterisk reads it as yes or as no (main/utils.c, ast_true and ast_false). */
static bool is_yes_or_no(struct pyst_text text)
{
    static const char *const no[] = {"no", "false", "n", "f", "0", "off"};

    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (pyst_text_equal_nocase(text, pyst_text(no[i])))
            return true;
    return pyst_text_is_true(text);
}

static bool suits(const struct key *key, struct pyst_text value)
{
    const char *mark;
    int64_t number;
    size_t n_digits;

    switch (key->kind) {
    case KIND_TEXT:
        return true;
    case KIND_CHANNEL:
        mark = memchr(value.data, '/', value.size);
        return mark && mark > value.data && mark + 1 < value.data + value.size;
    case KIND_NUMBER:
        number = leading_number(value, &n_digits);
        return n_digits == value.size && number >= key->min && number <= key->max;
    case KIND_YES_OR_NO:
        return is_yes_or_no(value);
    case KIND_VARIABLE:
        mark = memchr(value.data, '=', value.size);
        return mark && mark > value.data;
    }
    return false;
}

/* Bytes before the value in its line. A blank there would make a comment of "#". */
static size_t lead_size(const struct key *key, struct pyst_text value)
{
    return strlen(key->name) + (value.data[0] == '#' ? 1 : 2);
}

static int check(const struct key *key, struct pyst_text value)
{
    size_t size = lead_size(key, value) + value.size + 1;

    for (size_t i = 0; i < value.size; i++) {
        switch (value.data[i]) {
        case '\r':
        case '\n':
        case '\0':
            return PYST_ERR_CALL_FILE_VALUE;
        case ';':
            size++;
            break;
        default:
            break;
        }
    }
    if (size > PYST_CALL_FILE_LINE_SIZE)
        return PYST_ERR_CALL_FILE_LINE;
    for (size_t i = 1; i < value.size; i++)
        if (value.data[i] == '#' && opens_comment(value.data[i - 1]))
            return PYST_ERR_CALL_FILE_VALUE;
    if (is_trimmed(value.data[0]) || is_trimmed(value.data[value.size - 1]))
        return PYST_ERR_CALL_FILE_VALUE;
    return suits(key, value) ? 0 : PYST_ERR_CALL_FILE_VALUE;
}

static struct line *find_line(const struct pyst_call_file *file, const struct key *key)
{
    for (size_t i = 0; i < file->n_lines; i++)
        if (file->lines[i].key == key)
            return &file->lines[i];
    return NULL;
}

static void take_out(struct pyst_call_file *file, struct line *line)
{
    free(line->value);
    file->n_lines--;
    memmove(line, line + 1, (size_t)(file->lines + file->n_lines - line) * sizeof(*line));
}

/* Makes room for a line; its result is the line, or NULL without memory. */
static struct line *reserve_line(struct pyst_call_file *file)
{
    if (file->n_lines == file->n_allocated) {
        size_t n = file->n_allocated ? file->n_allocated * 2 : 8;
        struct line *lines = realloc(file->lines, n * sizeof(*lines));

        if (!lines)
            return NULL;
        file->lines = lines;
        file->n_allocated = n;
    }
    return &file->lines[file->n_lines];
}

/* Adds a line, or changes the one that is there. The value was checked. */
static int put(struct pyst_call_file *file, const struct key *key, struct pyst_text value)
{
    struct line *line = key->kind == KIND_VARIABLE ? NULL : find_line(file, key);
    char *copy = malloc(value.size);

    if (!copy)
        return PYST_ERR_NO_MEMORY;
    memcpy(copy, value.data, value.size);
    if (line) {
        free(line->value);
    } else {
        line = reserve_line(file);
        if (!line) {
            free(copy);
            return PYST_ERR_NO_MEMORY;
        }
        file->n_lines++;
    }
    line->key = key;
    line->value = copy;
    line->size = value.size;
    return 0;
}

int pyst_call_file_set(struct pyst_call_file *file, struct pyst_text key, struct pyst_text value)
{
    const struct key *known = find_key(key);
    int r;

    if (!known)
        return PYST_ERR_CALL_FILE_KEY;
    if (value.size == 0 && known->kind != KIND_VARIABLE) {
        struct line *line = find_line(file, known);

        if (line)
            take_out(file, line);
        return 0;
    }
    if (value.size == 0)
        return PYST_ERR_CALL_FILE_VALUE;
    r = check(known, value);
    if (r < 0)
        return r;
    if (known->kind == KIND_YES_OR_NO)
        value = pyst_text(pyst_text_is_true(value) ? "yes" : "no");
    return put(file, known, value);
}

int pyst_call_file_add_variable(struct pyst_call_file *file, struct pyst_text name,
                                struct pyst_text value)
{
    char both[PYST_CALL_FILE_LINE_SIZE];
    size_t size;

    if (name.size == 0 || memchr(name.data, '=', name.size))
        return PYST_ERR_CALL_FILE_VALUE;
    if (name.size >= sizeof(both) || value.size >= sizeof(both) - name.size)
        return PYST_ERR_CALL_FILE_LINE;
    memcpy(both, name.data, name.size);
    size = name.size;
    both[size++] = '=';
    if (value.size > 0)
        memcpy(both + size, value.data, value.size);
    return pyst_call_file_set(file, pyst_text(keys[KEY_SETVAR].name),
                              pyst_text_of(both, size + value.size));
}

size_t pyst_call_file_n_lines(const struct pyst_call_file *file)
{
    return file->n_lines;
}

void pyst_call_file_line(const struct pyst_call_file *file, size_t index, struct pyst_text *keyp,
                         struct pyst_text *valuep)
{
    *keyp = *valuep = pyst_text_none();
    if (index >= file->n_lines)
        return;
    *keyp = pyst_text(file->lines[index].key->name);
    *valuep = pyst_text_of(file->lines[index].value, file->lines[index].size);
}

struct pyst_text pyst_call_file_get(const struct pyst_call_file *file, struct pyst_text key)
{
    const struct key *known = find_key(key);
    const struct line *line = known ? find_line(file, known) : NULL;

    return line ? pyst_text_of(line->value, line->size) : pyst_text_none();
}

static int append_line(struct buffer *text, const struct line *line)
{
    const struct pyst_text value = pyst_text_of(line->value, line->size);
    int r = buffer_reserve(text, PYST_CALL_FILE_LINE_SIZE);

    if (r < 0)
        return r;
    /* There is room: these cannot fail. */
    buffer_append(text, pyst_text(line->key->name));
    buffer_append(text, value.data[0] == '#' ? pyst_text(":") : pyst_text(": "));
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] == ';')
            buffer_append(text, pyst_text("\\"));
        buffer_append(text, pyst_text_of(&value.data[i], 1));
    }
    buffer_append(text, pyst_text("\n"));
    return 0;
}

int pyst_call_file_text(struct pyst_call_file *file, struct pyst_text *textp)
{
    if (!pyst_call_file_get(file, pyst_text("Channel")).data ||
        (!pyst_call_file_get(file, pyst_text("Application")).data &&
         !pyst_call_file_get(file, pyst_text("Extension")).data))
        return PYST_ERR_CALL_FILE_INCOMPLETE;
    buffer_clear(&file->text);
    for (size_t i = 0; i < file->n_lines; i++) {
        int r = append_line(&file->text, &file->lines[i]);

        if (r < 0)
            return r;
    }
    *textp = buffer_text(&file->text);
    return 0;
}
