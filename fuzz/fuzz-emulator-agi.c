/* SPDX-License-Identifier: MIT */

/*
 * Programs that send any bytes to the emulated PBX of an AGI dialogue: every line is answered with
 * whole lines, and it says the same however the bytes are split.
 *
 * An input is a byte of settings, one that says where the bytes are split, and the bytes.
 */

#include <stdlib.h>
#include <string.h>

#include <pyst/emulator/agi.h>

#include "target.h"

static void check_exchange(const struct pyst_emulator_agi_exchange *exchange)
{
    struct pyst_text reply = exchange->reply;
    size_t size = 0;

    CHECK(!memchr(exchange->command.data, '\n', exchange->command.size));
    for (size_t i = 0; i < exchange->n_words; i++)
        size += exchange->words[i].size;
    CHECK(size <= exchange->command.size);
    CHECK((reply.size == 0) ==
          (memchr(exchange->command.data, '\0', exchange->command.size) != NULL));
    if (reply.size > 0) {
        CHECK(reply.size > 4 && reply.data[reply.size - 1] == '\n');
        CHECK(reply.data[0] >= '1' && reply.data[0] <= '5');
    }
}

/* All that was said, which is the caller's to free, and how much. */
static char *converse(uint8_t settings, struct input input, size_t split, size_t *sizep)
{
    const struct pyst_emulator_agi_options options = {
        .is_network = settings & 1,
        .is_answered = settings & 2,
        .usage_is_short = settings & 4,
        .line_size = settings & 8 ? 64 : 0,
        .hang_up_at = settings >> 5,
    };
    struct pyst_emulator_agi_exchange exchange;
    struct pyst_emulator_agi *emulator;
    struct pyst_text said;
    char *copy;

    CHECK(pyst_emulator_agi_new(&emulator, &options) == 0);
    CHECK(pyst_emulator_agi_start(emulator) == 0);
    CHECK(pyst_emulator_agi_press(emulator, "12#*w0") == 0);
    CHECK(pyst_emulator_agi_send_text(emulator, pyst_text("text")) == 0);
    if (split > input.size)
        split = input.size;
    CHECK(pyst_emulator_agi_feed(emulator, input.data, split) == 0);
    while (pyst_emulator_agi_next(emulator, &exchange) == 1)
        check_exchange(&exchange);
    CHECK(pyst_emulator_agi_feed(emulator, input.data + split, input.size - split) == 0);
    while (pyst_emulator_agi_next(emulator, &exchange) == 1)
        check_exchange(&exchange);
    said = pyst_emulator_agi_output(emulator);
    copy = malloc(said.size);
    CHECK(copy);
    memcpy(copy, said.data, said.size);
    *sizep = said.size;
    pyst_emulator_agi_free(emulator);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t settings = take_byte(&input);
    size_t split = take_byte(&input);
    size_t at_once_size, in_two_size;
    char *at_once = converse(settings, input, input.size, &at_once_size);
    char *in_two = converse(settings, input, split, &in_two_size);

    CHECK(at_once_size == in_two_size && memcmp(at_once, in_two, in_two_size) == 0);
    free(at_once);
    free(in_two);
    return 0;
}
