/* SPDX-License-Identifier: MIT */
#ifndef PYST_BASE_BUFFER_H
#define PYST_BASE_BUFFER_H

#include <stddef.h>

#include <pyst/text.h>

/* Bytes that grow at the end and are taken from the front. All zero is an empty one. */
struct buffer {
    char *data;
    size_t begin; /* taken up to here */
    size_t end;
    size_t size; /* allocated */
};

void buffer_deinit(struct buffer *buffer);

/* Makes room for `size` more bytes. PYST_ERR_NO_MEMORY leaves the buffer as it was. */
int buffer_reserve(struct buffer *buffer, size_t size);

int buffer_append(struct buffer *buffer, struct pyst_text text);

/* Takes `size` bytes from the front. */
void buffer_consume(struct buffer *buffer, size_t size);

void buffer_clear(struct buffer *buffer);

static inline struct pyst_text buffer_text(const struct buffer *buffer)
{
    return pyst_text_of(buffer->data ? buffer->data + buffer->begin : "",
                        buffer->end - buffer->begin);
}

#endif
