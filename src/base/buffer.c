/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>

#include "base/buffer.h"

#define SIZE_MIN  256
#define SIZE_KEPT ((size_t)64 << 10) /* an empty buffer above this is given back */

void buffer_deinit(struct buffer *buffer)
{
    free(buffer->data);
    memset(buffer, 0, sizeof(*buffer));
}

int buffer_reserve(struct buffer *buffer, size_t size)
{
    size_t used = buffer->end - buffer->begin;
    size_t wanted = buffer->size ? buffer->size : SIZE_MIN;
    char *data;

    if (buffer->size - buffer->end >= size)
        return 0;
    if (size > SIZE_MAX / 4)
        return PYST_ERR_NO_MEMORY;
    /* Move only when at least half of it is free: each byte moves once in the middle. */
    if (buffer->begin >= used && buffer->size - used >= size) {
        memmove(buffer->data, buffer->data + buffer->begin, used);
        buffer->begin = 0;
        buffer->end = used;
        return 0;
    }
    while (wanted - buffer->end < size || wanted < buffer->end)
        wanted *= 2;
    data = realloc(buffer->data, wanted);
    if (!data)
        return PYST_ERR_NO_MEMORY;
    buffer->data = data;
    buffer->size = wanted;
    return 0;
}

int buffer_append(struct buffer *buffer, struct pyst_text text)
{
    int r;

    if (text.size == 0)
        return 0;
    r = buffer_reserve(buffer, text.size);
    if (r < 0)
        return r;
    memcpy(buffer->data + buffer->end, text.data, text.size);
    buffer->end += text.size;
    return 0;
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    buffer->begin += size;
    if (buffer->begin == buffer->end)
        buffer_clear(buffer);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->begin = buffer->end = 0;
    if (buffer->size > SIZE_KEPT)
        buffer_deinit(buffer);
}
