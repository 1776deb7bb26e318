/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <pyst/ami/message.h>
#include <pyst/ami/parser.h>
#include <pyst/error.h>

#include "ami/layout.h"
#include "base/fold.h"

int pyst_ami_message_parse(struct pyst_ami_message **messagep, const void *data, size_t size)
{
    struct pyst_ami_parser *parser;
    struct pyst_ami_message *message = NULL, *second = NULL;
    int r;

    r = pyst_ami_parser_new(&parser, NULL, false);
    if (r < 0)
        return r;
    r = pyst_ami_parser_feed(parser, data, size);
    if (r >= 0)
        r = pyst_ami_parser_next(parser, &message);
    if (r == 0) {
        /* End the last line if need be, then the message. */
        r = pyst_ami_parser_feed(parser, "\r\n\r\n", 4);
        if (r >= 0)
            r = pyst_ami_parser_next(parser, &message);
    }
    if (r == 1) {
        r = pyst_ami_parser_next(parser, &second);
        if (r == 1 || (r == 0 && pyst_ami_parser_seal(parser) < 0))
            r = PYST_ERR_INVALID;
        second = pyst_ami_message_unref(second);
    } else if (r == 0) {
        r = PYST_ERR_INVALID;
    }
    pyst_ami_parser_free(parser);
    if (r < 0) {
        pyst_ami_message_unref(message);
        return r;
    }
    *messagep = message;
    return 0;
}

struct pyst_ami_message *pyst_ami_message_ref(struct pyst_ami_message *message)
{
    if (message)
        atomic_fetch_add_explicit(&message->references, 1, memory_order_relaxed);
    return message;
}

struct pyst_ami_message *pyst_ami_message_unref(struct pyst_ami_message *message)
{
    if (message && atomic_fetch_sub_explicit(&message->references, 1, memory_order_acq_rel) == 1)
        free(message);
    return NULL;
}

enum pyst_ami_kind pyst_ami_message_kind(const struct pyst_ami_message *message)
{
    return (enum pyst_ami_kind)message->kind;
}

static struct pyst_text value_of(const struct pyst_ami_message *message, uint32_t index)
{
    const struct line *line;

    if (index == LINE_NONE)
        return pyst_text_none();
    line = &message->lines[index];
    return pyst_text_of(message_bytes(message) + line->value, line->value_size);
}

struct pyst_text pyst_ami_message_name(const struct pyst_ami_message *message)
{
    return value_of(message, message->named_by);
}

struct pyst_text pyst_ami_message_action_id(const struct pyst_ami_message *message)
{
    return value_of(message, message->action_id);
}

size_t pyst_ami_message_n_headers(const struct pyst_ami_message *message)
{
    return message->n_lines;
}

struct pyst_ami_header pyst_ami_message_header(const struct pyst_ami_message *message, size_t index)
{
    struct pyst_ami_header header = {pyst_text_none(), pyst_text_none()};
    const struct line *line;

    if (index >= message->n_lines)
        return header;
    line = &message->lines[index];
    if (line->name_size != LINE_NAMELESS)
        header.name = pyst_text_of(message_bytes(message) + line->name, line->name_size);
    header.value = pyst_text_of(message_bytes(message) + line->value, line->value_size);
    return header;
}

size_t pyst_ami_message_find(const struct pyst_ami_message *message, struct pyst_text name,
                             size_t from)
{
    const char *bytes = message_bytes(message);

    for (size_t i = from; i < message->n_lines; i++) {
        const struct line *line = &message->lines[i];

        if (line->name_size == name.size &&
            pyst_text_equal_nocase(pyst_text_of(bytes + line->name, name.size), name))
            return i;
    }
    return PYST_AMI_NONE;
}

struct pyst_text pyst_ami_message_get(const struct pyst_ami_message *message, struct pyst_text name)
{
    size_t i = pyst_ami_message_find(message, name, 0);

    return i == PYST_AMI_NONE ? pyst_text_none() : value_of(message, (uint32_t)i);
}

struct pyst_text pyst_ami_message_get_last(const struct pyst_ami_message *message,
                                           struct pyst_text name)
{
    struct pyst_text value = pyst_text_none();
    size_t i;

    for (i = pyst_ami_message_find(message, name, 0); i != PYST_AMI_NONE;
         i = pyst_ami_message_find(message, name, i + 1))
        value = value_of(message, (uint32_t)i);
    return value;
}

struct pyst_text pyst_ami_message_raw(const struct pyst_ami_message *message)
{
    return pyst_text_of(message_bytes(message), message->size);
}

struct pyst_text pyst_ami_message_data(const struct pyst_ami_message *message)
{
    if (message->data == LINE_NONE)
        return pyst_text_none();
    return pyst_text_of(message_bytes(message) + message->data, message->data_size);
}

int pyst_ami_message_next_output(const struct pyst_ami_message *message, size_t *cursorp,
                                 struct pyst_text *linep)
{
    bool follows = message->kind == PYST_AMI_RESPONSE &&
                   pyst_text_equal_nocase(pyst_ami_message_name(message), pyst_text("Follows"));

    for (size_t i = *cursorp; i < message->n_lines; i++) {
        struct pyst_ami_header header = pyst_ami_message_header(message, i);

        if (follows
                ? !header.name.data
                : header.name.data && pyst_text_equal_nocase(header.name, pyst_text("Output"))) {
            *cursorp = i + 1;
            *linep = header.value;
            return 1;
        }
    }
    *cursorp = message->n_lines;
    return 0;
}

/* Takes a header's name apart into what stands around "ChanVariable"; false when it is none. */
static bool split_variable_name(struct pyst_text name, struct pyst_text *prefixp,
                                struct pyst_text *channelp)
{
    static const char stem[] = "ChanVariable";
    const size_t stem_size = sizeof(stem) - 1;
    size_t end = name.size;

    *channelp = pyst_text_of("", 0);
    if (name.data && end > 0 && name.data[end - 1] == ')') {
        const char *open = memchr(name.data, '(', end);

        if (!open)
            return false;
        *channelp = pyst_text_of(open + 1, (size_t)(name.data + end - 1 - (open + 1)));
        end = (size_t)(open - name.data);
    }
    if (!name.data || end < stem_size)
        return false;
    *prefixp = pyst_text_of(name.data, end - stem_size);
    return pyst_text_equal_nocase(pyst_text_of(name.data + end - stem_size, stem_size),
                                  pyst_text_of(stem, stem_size));
}

int pyst_ami_message_next_variable(const struct pyst_ami_message *message, struct pyst_text prefix,
                                   struct pyst_text channel, size_t *cursorp,
                                   struct pyst_text *namep, struct pyst_text *valuep)
{
    for (size_t i = *cursorp; i < message->n_lines; i++) {
        struct pyst_ami_header header = pyst_ami_message_header(message, i);
        struct pyst_text found_prefix, found_channel;
        const char *equals;

        if (!split_variable_name(header.name, &found_prefix, &found_channel))
            continue;
        if (prefix.data && !pyst_text_equal_nocase(prefix, found_prefix))
            continue;
        if (channel.data && !pyst_text_equal(channel, found_channel))
            continue;
        equals = memchr(header.value.data, '=', header.value.size);
        if (!equals)
            continue;
        *cursorp = i + 1;
        *namep = pyst_text_of(header.value.data, (size_t)(equals - header.value.data));
        *valuep = pyst_text_of(equals + 1, header.value.size - namep->size - 1);
        return 1;
    }
    *cursorp = message->n_lines;
    return 0;
}

size_t pyst_ami_unescape(struct pyst_text value, char *out)
{
    static const char letters[] = "abfnrtv\\'\"?";
    static const char meanings[] = "\a\b\f\n\r\t\v\\'\"?";
    size_t n = 0;

    for (size_t i = 0; i < value.size; i++) {
        char c = value.data[i];

        if (c == '\\' && i + 1 < value.size && value.data[i + 1] != '\0') {
            const char *letter = strchr(letters, value.data[i + 1]);

            if (letter) {
                c = meanings[letter - letters];
                i++;
            }
        }
        out[n++] = c;
    }
    return n;
}

int pyst_ami_message_error(const struct pyst_ami_message *message)
{
    static const char unknown[] = "Invalid/unknown command";
    struct pyst_text words;

    if (message->kind != PYST_AMI_RESPONSE ||
        !pyst_text_equal_nocase(pyst_ami_message_name(message), pyst_text("Error")))
        return 0;
    words = pyst_ami_message_get(message, pyst_text("Message"));
    if (pyst_text_equal(words, pyst_text("Authentication failed")))
        return PYST_ERR_AUTHENTICATION;
    if (pyst_text_equal(words, pyst_text("Permission denied")))
        return PYST_ERR_PERMISSION;
    if (words.size >= sizeof(unknown) - 1 && memcmp(words.data, unknown, sizeof(unknown) - 1) == 0)
        return PYST_ERR_UNKNOWN_ACTION;
    return PYST_ERR_REFUSED;
}
