/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "program/internal.h"

/* How many bytes of `text` are one character in UTF-8; 0 when they are none. */
static size_t character_size(struct pyst_text text)
{
    const unsigned char *c = (const unsigned char *)text.data;
    size_t size = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

    if (size == 0 || size > text.size || c[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates, and what is beyond Unicode. */
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
        (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
        return 0;
    return size;
}

static int append_escape(struct buffer *buffer, unsigned char byte)
{
    char escape[8];

    snprintf(escape, sizeof(escape), "\\u%04x", byte);
    return buffer_append(buffer, pyst_text(escape));
}

static int append_json_text(struct buffer *buffer, struct pyst_text text)
{
    int r = buffer_append(buffer, pyst_text("\""));

    while (r == 0 && text.size > 0) {
        unsigned char byte = (unsigned char)text.data[0];
        size_t size = character_size(text);

        if (size == 0 || byte < 0x20 || byte == 0x7f) {
            size = 1;
            r = append_escape(buffer, byte);
        } else {
            if (byte == '"' || byte == '\\')
                r = buffer_append(buffer, pyst_text("\\"));
            if (r == 0)
                r = buffer_append(buffer, pyst_text_of(text.data, size));
        }
        text = pyst_text_of(text.data + size, text.size - size);
    }
    return r < 0 ? r : buffer_append(buffer, pyst_text("\""));
}

static int append_json(struct trace *trace, const char *direction, struct pyst_text line)
{
    char head[128];
    struct timespec now;
    struct tm utc;
    size_t n;
    int r;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    n = strftime(head, sizeof(head), "{\"time\":\"%Y-%m-%dT%H:%M:%S", &utc);
    n += (size_t)snprintf(head + n, sizeof(head) - n, ".%06ldZ\",", now.tv_nsec / 1000);
    if (trace->call > 0)
        n += (size_t)snprintf(head + n, sizeof(head) - n, "\"call\":%" PRIu64 ",", trace->call);
    snprintf(head + n, sizeof(head) - n, "\"direction\":\"%s\",\"line\":", direction);
    r = buffer_append(&trace->line, pyst_text(head));
    if (r == 0)
        r = append_json_text(&trace->line, line);
    return r < 0 ? r : buffer_append(&trace->line, pyst_text("}\n"));
}

static int append_text(struct trace *trace, const char *label, struct pyst_text line)
{
    char call[32] = "";
    int r;

    if (trace->call > 0)
        snprintf(call, sizeof(call), "[%" PRIu64 "] ", trace->call);
    r = buffer_append(&trace->line, pyst_text(call));
    if (r == 0)
        r = buffer_append(&trace->line, pyst_text(label));
    if (r == 0)
        r = buffer_append(&trace->line, line);
    return r < 0 ? r : buffer_append(&trace->line, pyst_text("\n"));
}

static void write_line(struct trace *trace, const char *direction, const char *label,
                       struct pyst_text line)
{
    int error = errno;
    struct pyst_text text;
    int r;

    buffer_clear(&trace->line);
    if (trace->kind == PYST_AGI_TRACE_JSON)
        r = append_json(trace, direction, line);
    else
        r = append_text(trace, label, line);
    text = r < 0 ? pyst_text_none() : buffer_text(&trace->line);
    while (text.size > 0) {
        ssize_t n = descriptor_write(trace->fd, text.data, text.size);

        if (n < 0 && errno != EINTR)
            break;
        if (n > 0)
            text = pyst_text_of(text.data + n, text.size - (size_t)n);
    }
    errno = error;
}

void trace_sent(struct trace *trace, struct pyst_text line)
{
    if (trace->kind == PYST_AGI_TRACE_OFF)
        return;
    if (line.size > 0 && line.data[line.size - 1] == '\n')
        line.size--;
    write_line(trace, "sent", "    COMMAND: ", line);
}

static void write_received(struct trace *trace, struct pyst_text line)
{
    write_line(trace, "received",
               trace->environment_over ? "    RESULT_LINE: " : "ENV LINE: ", line);
    /* The blank line is the environment's last. */
    if (line.size == 0)
        trace->environment_over = true;
}

void trace_received(struct trace *trace, struct pyst_text bytes)
{
    struct pyst_text text;
    const char *end;

    if (trace->kind == PYST_AGI_TRACE_OFF)
        return;
    if (buffer_append(&trace->received, bytes) < 0) {
        buffer_clear(&trace->received);
        return;
    }
    while (text = buffer_text(&trace->received), end = memchr(text.data, '\n', text.size)) {
        size_t size = (size_t)(end - text.data);

        write_received(trace, pyst_text_of(text.data, size));
        buffer_consume(&trace->received, size + 1);
    }
}

void trace_deinit(struct trace *trace)
{
    struct pyst_text rest = buffer_text(&trace->received);

    if (rest.size > 0)
        write_received(trace, rest);
    buffer_deinit(&trace->received);
    buffer_deinit(&trace->line);
}
