/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <pyst/error.h>

#include "base/pieces.h"
#include "emulator/script.h"

/* The inside of "$(Header:modifier text:...)", and lines that hold such. */

static const struct {
    const char *name;
    enum variable variable;
} variables[] = {
    {".time", VARIABLE_TIME},           {".seconds", VARIABLE_SECONDS},
    {".date", VARIABLE_DATE},           {".user", VARIABLE_USER},
    {".login", VARIABLE_LOGIN},         {".secret", VARIABLE_SECRET},
    {".challenge", VARIABLE_CHALLENGE}, {".events", VARIABLE_EVENTS},
};

static const struct {
    const char *name;
    enum modifier_kind kind;
    bool takes_text;
} modifiers[] = {
    {"before", MODIFIER_BEFORE, true}, {"after", MODIFIER_AFTER, true},
    {"or", MODIFIER_OR, true},         {"unquoted", MODIFIER_UNQUOTED, false},
    {"hex", MODIFIER_HEX, false},
};

static int invalid(const char **reasonp, const char *reason)
{
    *reasonp = reason;
    return PYST_ERR_INVALID;
}

static int parse_variable(struct pyst_text name, struct placeholder *placeholder,
                          unsigned *n_uniquep, const char **reasonp)
{
    static const char unique[] = ".unique";
    const size_t size = sizeof(unique) - 1;

    if (name.size == 0)
        return invalid(reasonp, "a placeholder has no name");
    if (name.data[0] != '.') {
        placeholder->variable = VARIABLE_HEADER;
        placeholder->name = name;
        return 0;
    }
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        if (pyst_text_equal(name, pyst_text(variables[i].name))) {
            placeholder->variable = variables[i].variable;
            return 0;
        }
    if (name.size != size + 1 || memcmp(name.data, unique, size) != 0 || name.data[size] < '1' ||
        name.data[size] > '9')
        return invalid(reasonp, "there is no placeholder of that name");
    placeholder->variable = VARIABLE_UNIQUE;
    placeholder->number = (unsigned)(name.data[size] - '0');
    if (*n_uniquep < placeholder->number)
        *n_uniquep = placeholder->number;
    return 0;
}

static int parse_modifier(struct pyst_text text, struct modifier *modifier, const char **reasonp)
{
    struct pyst_text name = text_cut(&text, ' ');

    for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
        if (!pyst_text_equal(name, pyst_text(modifiers[i].name)))
            continue;
        if (modifiers[i].takes_text ? text.size == 0 : text.data != NULL)
            return invalid(reasonp, "a modifier lacks its text, or has one too many");
        modifier->kind = modifiers[i].kind;
        modifier->text = text;
        return 0;
    }
    return invalid(reasonp, "there is no modifier of that name");
}

int script_parse_placeholder(struct pyst_emulator_script *script, struct pyst_text text,
                             struct placeholder *placeholder, unsigned *n_uniquep,
                             const char **reasonp)
{
    struct modifier **endp = &placeholder->modifiers;
    int r;

    r = parse_variable(text_cut(&text, ':'), placeholder, n_uniquep, reasonp);
    while (r == 0 && text.data) {
        struct modifier *modifier = script_allocate(script, sizeof(*modifier));

        if (!modifier)
            return PYST_ERR_NO_MEMORY;
        r = parse_modifier(text_cut(&text, ':'), modifier, reasonp);
        *endp = modifier;
        endp = &modifier->next;
    }
    return r;
}

static struct piece *add_piece(struct pyst_emulator_script *script, struct piece ***endp)
{
    struct piece *piece = script_allocate(script, sizeof(*piece));

    if (piece) {
        **endp = piece;
        *endp = &piece->next;
    }
    return piece;
}

static int add_literal(struct pyst_emulator_script *script, const char *data, size_t size,
                       struct piece ***endp)
{
    struct piece *piece;

    if (size == 0)
        return 0;
    piece = add_piece(script, endp);
    if (!piece)
        return PYST_ERR_NO_MEMORY;
    piece->literal = true;
    piece->text = pyst_text_of(data, size);
    return 0;
}

int script_parse_pieces(struct pyst_emulator_script *script, struct pyst_text text,
                        struct piece **piecesp, unsigned *n_uniquep, const char **reasonp)
{
    const char *at = text.data, *end = text.data + text.size, *literal = at;
    struct piece **endp = piecesp;
    int r;

    while (end - at >= 2) {
        const char *close;
        struct piece *piece;

        if (end - at >= 3 && memcmp(at, "$$(", 3) == 0) {
            if ((r = add_literal(script, literal, (size_t)(at - literal), &endp)) < 0)
                return r;
            literal = at + 1;
            at += 3;
            continue;
        }
        if (memcmp(at, "$(", 2) != 0) {
            at++;
            continue;
        }
        close = memchr(at, ')', (size_t)(end - at));
        if (!close)
            return invalid(reasonp, "a placeholder has no end");
        if ((r = add_literal(script, literal, (size_t)(at - literal), &endp)) < 0)
            return r;
        piece = add_piece(script, &endp);
        if (!piece)
            return PYST_ERR_NO_MEMORY;
        r = script_parse_placeholder(script, pyst_text_of(at + 2, (size_t)(close - at) - 2),
                                     &piece->placeholder, n_uniquep, reasonp);
        if (r < 0)
            return r;
        at = literal = close + 1;
    }
    return add_literal(script, literal, (size_t)(end - literal), &endp);
}
