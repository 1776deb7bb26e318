/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "async-agi/assembly.h"
#include "async-agi/percent.h"

#define PIECE_SIZE   1024 /* of bytes that Asterisk reads */
#define ENCODED_SIZE 2045 /* of what it has encoded at least when it had no more room */

#define FLUSH_REPLY "200 result=0\n"
#define LOST_REPLY  "503 Reply lost, more than Asterisk can encode\n"
#define USAGE_END   "520 End of proper usage.\n"

_Static_assert(sizeof(LOST_REPLY) <= ASSEMBLY_SPARE && sizeof(USAGE_END) < ASSEMBLY_SPARE,
               "there must be room for what is put in the place of lost bytes");

static bool ends_with(struct pyst_text text, const char *end)
{
    size_t size = strlen(end);

    return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

void assembly_deinit(struct assembly *assembly)
{
    buffer_deinit(&assembly->bytes);
}

void assembly_begin(struct assembly *assembly, bool is_reply)
{
    buffer_clear(&assembly->bytes);
    assembly->is_reply = is_reply;
    assembly->more = true;
    assembly->flushes = 0;
    assembly->lost = false;
    assembly->hole = 0;
}

/* Whether the piece is all that was in the pipe. */
static bool is_last(const struct assembly *assembly, struct pyst_text encoded,
                    struct pyst_text piece)
{
    if (piece.size == PIECE_SIZE)
        return false;
    if (assembly->flushes == 0 && !assembly->is_reply)
        return ends_with(piece, "\n\n");
    /* A line end in the middle of a value may happen to be the last one that had room. */
    if (encoded.size >= ENCODED_SIZE)
        return ends_with(piece, ")\n") || ends_with(piece, FLUSH_REPLY);
    return ends_with(piece, "\n");
}

int assembly_add(struct assembly *assembly, struct pyst_text encoded)
{
    struct buffer *bytes = &assembly->bytes;
    struct pyst_text piece;
    int r = buffer_reserve(bytes, encoded.size + ASSEMBLY_SPARE);

    if (r < 0)
        return r;
    piece =
        pyst_text_of(bytes->data + bytes->end, percent_decode(encoded, bytes->data + bytes->end));
    bytes->end += piece.size;
    assembly->more = !is_last(assembly, encoded, piece);
    if (assembly->more && piece.size != PIECE_SIZE) {
        /* Of several holes the lines between them go as well. */
        if (assembly->lost)
            bytes->end = bytes->begin + assembly->hole;
        assembly->lost = true;
        assembly->hole = bytes->end - bytes->begin;
    }
    return 0;
}

/* Takes the replies to the NOOPs off the end. */
static void drop_flushes(struct assembly *assembly)
{
    struct buffer *bytes = &assembly->bytes;

    for (unsigned i = 0; i < assembly->flushes; i++) {
        if (!ends_with(buffer_text(bytes), FLUSH_REPLY)) {
            /* They are in what was lost, or it is not Asterisk that answers. */
            if (!assembly->lost)
                assembly->hole = bytes->end - bytes->begin;
            assembly->lost = true;
            break;
        }
        bytes->end -= strlen(FLUSH_REPLY);
    }
    if (assembly->hole > bytes->end - bytes->begin)
        assembly->hole = bytes->end - bytes->begin;
}

static void append(struct assembly *assembly, const char *string)
{
    buffer_append(&assembly->bytes, pyst_text(string));
}

/* The lines that are whole, and the blank line. */
static void mend_environment(struct assembly *assembly)
{
    struct buffer *bytes = &assembly->bytes;
    char *data = bytes->data + bytes->begin;
    size_t size = bytes->end - bytes->begin;

    if (assembly->lost) {
        size_t from = assembly->hole;
        size_t to = assembly->hole;

        while (from > 0 && data[from - 1] != '\n')
            from--;
        while (to < size && data[to++] != '\n')
            ;
        if (to > from) {
            memmove(data + from, data + to, size - to);
            size -= to - from;
        }
    }
    while (size > 0 && data[size - 1] != '\n')
        size--;
    while (size > 0 && data[size - 1] == '\n')
        size--;
    bytes->end = bytes->begin + size;
    append(assembly, size == 0 ? "\n" : "\n\n");
}

static void mend_reply(struct assembly *assembly)
{
    struct buffer *bytes = &assembly->bytes;

    if (buffer_text(bytes).size > 4 && memcmp(buffer_text(bytes).data, "520-", 4) == 0) {
        /* The usage is prose: what there is of it is as good. */
        if (assembly->lost)
            bytes->end = bytes->begin + assembly->hole;
        if (!ends_with(buffer_text(bytes), "\n"))
            append(assembly, "\n");
        append(assembly, USAGE_END);
        return;
    }
    bytes->end = bytes->begin;
    append(assembly, LOST_REPLY);
}

struct pyst_text assembly_finish(struct assembly *assembly)
{
    drop_flushes(assembly);
    if (!assembly->is_reply) {
        if (assembly->lost || !ends_with(buffer_text(&assembly->bytes), "\n\n"))
            mend_environment(assembly);
    } else if (assembly->lost || !ends_with(buffer_text(&assembly->bytes), "\n")) {
        mend_reply(assembly);
    }
    return buffer_text(&assembly->bytes);
}
