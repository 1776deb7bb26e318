/* SPDX-License-Identifier: MIT */

/*
 * Commands of any arguments: a line has one line end, which is its last byte, and Asterisk, which
 * the emulator reads lines as, reads from it what was put in.
 *
 * An input is a byte (1: a line follows, else arguments) and then the line, or arguments parted by
 * the byte 0xfe.
 */

#include <string.h>

#include <pyst/agi/command.h>

#include "emulator/agi-line.h"
#include "target.h"

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

static size_t split(const struct pyst_agi_command *command, char *bytes, struct pyst_text *words)
{
    struct pyst_text line = pyst_agi_command_line(command);

    return agi_line_split(pyst_text_of(line.data, line.size - 1), bytes, words);
}

static void check_arguments(struct pyst_agi_command *command, struct input input)
{
    struct pyst_text expected[PYST_AGI_ARGUMENTS_MAX], words[AGI_LINE_WORDS_MAX];
    char bytes[PYST_AGI_COMMAND_SIZE];
    size_t n = 0;

    CHECK(pyst_agi_command_begin(command, "A") == 0);
    expected[n++] = pyst_text("A");
    while (input.size > 0) {
        const uint8_t *end = memchr(input.data, 0xfe, input.size);
        size_t size = end ? (size_t)(end - input.data) : input.size;

        if (pyst_agi_command_add(command, pyst_text_of(input.data, size)) == 0) {
            CHECK(n < PYST_AGI_ARGUMENTS_MAX);
            expected[n++] = pyst_text_of(input.data, size);
        }
        size += end != NULL;
        input.data += size;
        input.size -= size;
    }
    check_line(command);
    if (pyst_agi_command_error(command))
        return;
    CHECK(split(command, bytes, words) == n);
    for (size_t i = 0; i < n; i++)
        CHECK(pyst_text_equal(words[i], expected[i]));
}

static void check_text(struct pyst_agi_command *command, struct input input)
{
    struct pyst_text words[AGI_LINE_WORDS_MAX];
    char bytes[PYST_AGI_COMMAND_SIZE];

    pyst_agi_command_set_line(command, pyst_text_of(input.data, input.size));
    check_line(command);
    if (!pyst_agi_command_error(command))
        CHECK(split(command, bytes, words) <= PYST_AGI_ARGUMENTS_MAX);
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
