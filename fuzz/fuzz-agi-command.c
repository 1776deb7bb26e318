/* SPDX-License-Identifier: MIT */

/*
 * Commands of any arguments: a line has one line end, which is its last byte, and Asterisk reads
 * from it what was put in.
 *
 * An input is a byte (1: a line follows, else arguments) and then the line, or arguments parted by
 * the byte 0xfe.
 */

#include <stdbool.h>
#include <string.h>

#include <pyst/agi/command.h>

#include "target.h"

/* As parse_args of Asterisk's res/res_agi.c: the arguments, each ended by a NUL. */
static size_t read_as_asterisk(struct pyst_text line, char *out, size_t *sizep)
{
    bool quoted = false, escaped = false, between = true;
    size_t n = 0, size = 0;

    for (size_t i = 0; i + 1 < line.size; i++) {
        char c = line.data[i];

        if (c == '"' && !escaped) {
            quoted = !quoted;
            if (quoted && between) {
                n++;
                between = false;
            }
        } else if ((c == ' ' || c == '\t') && !quoted && !escaped) {
            between = true;
            out[size++] = '\0';
        } else if (c == '\\' && !escaped) {
            escaped = true;
            continue;
        } else {
            n += between;
            between = false;
            out[size++] = c;
        }
        escaped = false;
    }
    out[size++] = '\0';
    *sizep = size;
    return n;
}

static void check_line(const struct pyst_agi_command *command)
{
    struct pyst_text line = pyst_agi_command_line(command);

    if (pyst_agi_command_error(command)) {
        CHECK(!line.data);
        return;
    }
    CHECK(line.size >= 2 && line.size <= PYST_AGI_COMMAND_SIZE);
    CHECK(memchr(line.data, '\n', line.size) == line.data + line.size - 1);
    CHECK(!memchr(line.data, '\r', line.size) && !memchr(line.data, 0, line.size));
}

static void check_arguments(struct pyst_agi_command *command, struct input input)
{
    char expected[PYST_AGI_COMMAND_SIZE + 1] = "A", read[PYST_AGI_COMMAND_SIZE + 1];
    size_t n = 1, expected_size = 2, read_size;

    CHECK(pyst_agi_command_begin(command, "A") == 0);
    while (input.size > 0) {
        const uint8_t *end = memchr(input.data, 0xfe, input.size);
        size_t size = end ? (size_t)(end - input.data) : input.size;

        if (pyst_agi_command_add(command, pyst_text_of(input.data, size)) == 0) {
            memcpy(expected + expected_size, input.data, size);
            expected_size += size;
            expected[expected_size++] = '\0';
            n++;
        }
        size += end != NULL;
        input.data += size;
        input.size -= size;
    }
    check_line(command);
    if (pyst_agi_command_error(command))
        return;
    CHECK(n <= PYST_AGI_ARGUMENTS_MAX);
    CHECK(read_as_asterisk(pyst_agi_command_line(command), read, &read_size) == n);
    CHECK(read_size == expected_size && memcmp(read, expected, read_size) == 0);
}

static void check_text(struct pyst_agi_command *command, struct input input)
{
    char read[PYST_AGI_COMMAND_SIZE + 1];
    size_t size;

    pyst_agi_command_set_line(command, pyst_text_of(input.data, input.size));
    check_line(command);
    if (!pyst_agi_command_error(command))
        CHECK(read_as_asterisk(pyst_agi_command_line(command), read, &size) <=
              PYST_AGI_ARGUMENTS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct pyst_agi_command *command;

    CHECK(pyst_agi_command_new(&command, 0) == 0);
    if (take_byte(&input) & 1)
        check_text(command, input);
    else
        check_arguments(command, input);
    pyst_agi_command_free(command);
    return 0;
}
