/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>

#include "server/internal.h"

#define EVENT_SIZE_DEFAULT 200
#define EVENT_SIZE_MIN     128
#define EVENT_SIZE_MAX     65536
#define COUNT_MAX          1000000000
#define BLOCK_SIZE         ((size_t)256 << 10)

static const char head[] = "Event: Flood\r\n"
                           "Privilege: user,all\r\n"
                           "Channel: PJSIP/flood-00000001\r\n"
                           "Uniqueid: 1767225600.1\r\n"
                           "Payload: ";
static const char tail[] = "\r\n\r\n";

/* The number, `otherwise` when the header is absent, 0 when it is none or out of bounds. */
static uint64_t number(const struct pyst_ami_message *action, const char *name, uint64_t otherwise,
                       uint64_t min, uint64_t max)
{
    struct pyst_text text = pyst_ami_message_get(action, pyst_text(name));
    uint64_t value = 0;

    if (!text.data)
        return otherwise;
    if (text.size == 0 || text.size > 10)
        return 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    return value >= min && value <= max ? value : 0;
}

static int respond(struct pyst_emulator_ami *emulator, const struct pyst_ami_message *action,
                   const char *response, const char *message)
{
    struct pyst_text id = pyst_ami_message_action_id(action);
    char out[2048];
    int size = snprintf(out, sizeof(out), "Response: %s\r\n%s%.*s%sMessage: %s\r\n\r\n", response,
                        id.size ? "ActionID: " : "", (int)(id.size < 1024 ? id.size : 1024),
                        id.size ? id.data : "", id.size ? "\r\n" : "", message);

    return pyst_emulator_ami_send(emulator, pyst_text_of(out, (size_t)size));
}

int flood_begin(struct flood *flood, struct pyst_emulator_ami *emulator,
                const struct pyst_ami_message *action)
{
    size_t size = number(action, "Size", EVENT_SIZE_DEFAULT, EVENT_SIZE_MIN, EVENT_SIZE_MAX);
    uint64_t count = number(action, "Count", 0, 1, COUNT_MAX);
    size_t n = size ? BLOCK_SIZE / size : 0;

    if (flood->block)
        return respond(emulator, action, "Error", "A flood goes on");
    if (!size || !count)
        return respond(emulator, action, "Error", "Count or Size is missing or out of bounds");
    flood->block = malloc(n * size);
    if (!flood->block)
        return PYST_ERR_NO_MEMORY;
    flood->block_size = n * size;
    flood->left = count * size;
    for (size_t i = 0; i < n; i++) {
        char *event = flood->block + i * size;

        memset(event, 'x', size);
        memcpy(event, head, sizeof(head) - 1);
        memcpy(event + size - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
    }
    return respond(emulator, action, "Success", "Flood follows");
}

struct pyst_text flood_next(struct flood *flood)
{
    size_t size = flood->left < flood->block_size ? (size_t)flood->left : flood->block_size;

    flood->left -= size;
    return pyst_text_of(flood->block, size);
}

void flood_end(struct flood *flood)
{
    free(flood->block);
    memset(flood, 0, sizeof(*flood));
}
