/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <pyst/ami/action.h>
#include <pyst/error.h>

#include "base/buffer.h"
#include "base/line-break.h"

struct header {
    size_t name; /* offsets into the bytes */
    size_t name_size;
    size_t value;
    size_t value_size;
};

struct pyst_ami_action {
    struct buffer bytes; /* "Action: name\r\n" and the other headers, ready to be sent */
    size_t n_headers;
    struct header headers[PYST_AMI_ACTION_HEADERS];
};

int pyst_ami_action_new(struct pyst_ami_action **actionp, struct pyst_text name)
{
    struct pyst_ami_action *action;
    int r;

    if (name.size == 0 || strchr(" \t", name.data[0]) || strchr(" \t", name.data[name.size - 1]))
        return PYST_ERR_BAD_VALUE;
    action = calloc(1, sizeof(*action));
    if (!action)
        return PYST_ERR_NO_MEMORY;
    r = pyst_ami_action_add(action, pyst_text("Action"), name);
    if (r < 0) {
        pyst_ami_action_free(action);
        return r;
    }
    *actionp = action;
    return 0;
}

struct pyst_ami_action *pyst_ami_action_free(struct pyst_ami_action *action)
{
    if (action) {
        /* It may hold a secret. */
        if (action->bytes.data)
            explicit_bzero(action->bytes.data, action->bytes.size);
        buffer_deinit(&action->bytes);
        free(action);
    }
    return NULL;
}

struct pyst_text pyst_ami_action_name(const struct pyst_ami_action *action)
{
    struct pyst_text name, value;

    pyst_ami_action_header(action, 0, &name, &value);
    return value;
}

int pyst_ami_action_add(struct pyst_ami_action *action, struct pyst_text name,
                        struct pyst_text value)
{
    struct header *header;
    int r;

    if (name.size == 0 || has_line_break(name) || memchr(name.data, ':', name.size))
        return PYST_ERR_BAD_NAME;
    if (has_line_break(value))
        return PYST_ERR_BAD_VALUE;
    if (name.size > PYST_AMI_ACTION_LINE_SIZE || value.size > PYST_AMI_ACTION_LINE_SIZE ||
        name.size + 2 + value.size + 2 > PYST_AMI_ACTION_LINE_SIZE)
        return PYST_ERR_LINE_TOO_LONG;
    if (action->n_headers == PYST_AMI_ACTION_HEADERS)
        return PYST_ERR_TOO_MANY_HEADERS;
    r = buffer_reserve(&action->bytes, name.size + 2 + value.size + 2);
    if (r < 0)
        return r;

    header = &action->headers[action->n_headers++];
    header->name = action->bytes.end;
    header->name_size = name.size;
    header->value = header->name + name.size + 2;
    header->value_size = value.size;
    /* There is room: these cannot fail. */
    buffer_append(&action->bytes, name);
    buffer_append(&action->bytes, pyst_text_of(": ", 2));
    buffer_append(&action->bytes, value);
    buffer_append(&action->bytes, pyst_text_of("\r\n", 2));
    return 0;
}

int pyst_ami_action_add_variable(struct pyst_ami_action *action, struct pyst_text name,
                                 struct pyst_text value)
{
    char line[PYST_AMI_ACTION_LINE_SIZE];
    struct pyst_text parts[2] = {name, value};
    size_t n = 0;

    if (name.size == 0 || has_line_break(name) || memchr(name.data, '=', name.size))
        return PYST_ERR_BAD_NAME;
    for (size_t part = 0; part < 2; part++) {
        for (size_t i = 0; i < parts[part].size; i++) {
            char c = parts[part].data[i];

            if (n + 3 > sizeof(line))
                return PYST_ERR_LINE_TOO_LONG;
            if (c != '\0' && strchr(",\"\\()[]", c))
                line[n++] = '\\';
            line[n++] = c;
        }
        if (part == 0)
            line[n++] = '=';
    }
    return pyst_ami_action_add(action, pyst_text("Variable"), pyst_text_of(line, n));
}

size_t pyst_ami_action_n_headers(const struct pyst_ami_action *action)
{
    return action->n_headers;
}

void pyst_ami_action_header(const struct pyst_ami_action *action, size_t index,
                            struct pyst_text *namep, struct pyst_text *valuep)
{
    const struct header *header;

    *namep = *valuep = pyst_text_none();
    if (index >= action->n_headers)
        return;
    header = &action->headers[index];
    *namep = pyst_text_of(action->bytes.data + header->name, header->name_size);
    *valuep = pyst_text_of(action->bytes.data + header->value, header->value_size);
}

struct pyst_text pyst_ami_action_get(const struct pyst_ami_action *action, struct pyst_text name)
{
    for (size_t i = 0; i < action->n_headers; i++) {
        struct pyst_text found, value;

        pyst_ami_action_header(action, i, &found, &value);
        if (pyst_text_equal_nocase(found, name))
            return value;
    }
    return pyst_text_none();
}

struct pyst_text pyst_ami_action_bytes(const struct pyst_ami_action *action)
{
    return buffer_text(&action->bytes);
}
