/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <pyst/agi/command.h>

#include "base/line-break.h"
#include "base/pieces.h"

struct pyst_agi_command {
    size_t limit; /* bytes of a line with its LF */
    size_t size;
    size_t n_arguments;
    int error;
    char line[]; /* `limit` bytes; always ends in LF when there is no error */
};

int pyst_agi_command_new(struct pyst_agi_command **commandp, size_t size)
{
    struct pyst_agi_command *command;

    if (size == 0)
        size = PYST_AGI_COMMAND_SIZE;
    if (size > PYST_AGI_COMMAND_SIZE_MAX)
        return PYST_ERR_INVALID;
    command = malloc(sizeof(*command) + size);
    if (!command)
        return PYST_ERR_NO_MEMORY;
    command->limit = size;
    command->size = 0;
    command->n_arguments = 0;
    command->error = PYST_ERR_STATE;
    *commandp = command;
    return 0;
}

struct pyst_agi_command *pyst_agi_command_free(struct pyst_agi_command *command)
{
    free(command);
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Counts as parse_args of res/res_agi.c does: blanks outside quotes part words. */
static size_t count_words(struct pyst_text text)
{
    bool quoted = false, inside = false;
    size_t n = 0;

    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (is_blank(c) && !quoted) {
            inside = false;
            continue;
        }
        if (!inside)
            n++;
        inside = true;
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && i + 1 < text.size)
            i++;
    }
    return n;
}

int pyst_agi_command_set_line(struct pyst_agi_command *command, struct pyst_text line)
{
    command->size = 0;
    command->n_arguments = 0;
    command->error = 0;
    if (line.size > 0 && line.data[line.size - 1] == '\n')
        line.size--;
    line = text_trim(line, " \t");
    if (line.size == 0 || has_line_break(line))
        return command->error = PYST_ERR_BAD_ARGUMENT;
    if (line.size >= command->limit)
        return command->error = PYST_ERR_COMMAND_TOO_LONG;
    command->n_arguments = count_words(line);
    if (command->n_arguments > PYST_AGI_ARGUMENTS_MAX)
        return command->error = PYST_ERR_TOO_MANY_ARGUMENTS;
    memcpy(command->line, line.data, line.size);
    command->line[line.size] = '\n';
    command->size = line.size + 1;
    return 0;
}

int pyst_agi_command_begin(struct pyst_agi_command *command, const char *name)
{
    return pyst_agi_command_set_line(command, pyst_text(name));
}

/* Room for a blank and `size` bytes before the LF, which the caller puts back. */
static int open_argument(struct pyst_agi_command *command, size_t size)
{
    if (command->error)
        return command->error;
    if (command->n_arguments == PYST_AGI_ARGUMENTS_MAX)
        return command->error = PYST_ERR_TOO_MANY_ARGUMENTS;
    if (size >= command->limit - command->size)
        return command->error = PYST_ERR_COMMAND_TOO_LONG;
    command->n_arguments++;
    command->line[command->size - 1] = ' ';
    return 0;
}

int pyst_agi_command_add(struct pyst_agi_command *command, struct pyst_text argument)
{
    size_t size = argument.size + 2;
    char *out;
    int r;

    if (command->error)
        return command->error;
    if (has_line_break(argument))
        return command->error = PYST_ERR_BAD_ARGUMENT;
    for (size_t i = 0; i < argument.size; i++)
        size += argument.data[i] == '"' || argument.data[i] == '\\';
    r = open_argument(command, size);
    if (r < 0)
        return r;

    out = command->line + command->size;
    *out++ = '"';
    for (size_t i = 0; i < argument.size; i++) {
        if (argument.data[i] == '"' || argument.data[i] == '\\')
            *out++ = '\\';
        *out++ = argument.data[i];
    }
    *out++ = '"';
    *out++ = '\n';
    command->size = (size_t)(out - command->line);
    return 0;
}

int pyst_agi_command_add_number(struct pyst_agi_command *command, int64_t number)
{
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    char digits[21];
    size_t n = sizeof(digits);
    int r;

    do {
        digits[--n] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--n] = '-';
    r = open_argument(command, sizeof(digits) - n);
    if (r < 0)
        return r;
    memcpy(command->line + command->size, digits + n, sizeof(digits) - n);
    command->size += sizeof(digits) - n;
    command->line[command->size++] = '\n';
    return 0;
}

int pyst_agi_command_error(const struct pyst_agi_command *command)
{
    return command->error;
}

struct pyst_text pyst_agi_command_line(const struct pyst_agi_command *command)
{
    return command->error ? pyst_text_none() : pyst_text_of(command->line, command->size);
}
