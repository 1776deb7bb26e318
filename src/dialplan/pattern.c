/* SPDX-License-Identifier: MIT */
#include <pyst/dialplan.h>

#include "base/hash.h"
#include "dialplan/pattern.h"

#define ONE_OR_MORE  DIALPLAN_ONE_OR_MORE
#define NONE_OR_MORE DIALPLAN_NONE_OR_MORE
#define END          DIALPLAN_END
#define NOT_CLOSED   DIALPLAN_NOT_CLOSED

static void put(struct position *position, unsigned char c)
{
    position->characters[c / 8] |= (uint8_t)(0x80 >> c % 8);
}

static bool has(const struct position *position, unsigned char c)
{
    return position->characters[c / 8] & 0x80 >> c % 8;
}

static void put_range(struct position *position, char from, char to)
{
    for (char c = from; c <= to; c++)
        put(position, (unsigned char)c);
    position->rank = (uint32_t)(to - from + 1) << 8 | (unsigned char)from;
}

/* Reads what stands between brackets; false: nothing does. */
static bool read_set(struct pyst_text set, struct position *position)
{
    unsigned count = 0, lowest = 0xff;

    for (size_t i = 0; i < set.size; i++) {
        unsigned first = (unsigned char)set.data[i], last = first;

        if (i + 2 < set.size && set.data[i + 1] == '-') {
            last = (unsigned char)set.data[i + 2];
            i += 2;
        }
        if (first < lowest)
            lowest = first;
        for (; first <= last; first++) {
            count += !has(position, (unsigned char)first);
            put(position, (unsigned char)first);
        }
    }
    position->rank = count << 8 | lowest;
    return count > 0;
}

/* The position at *atp of a pattern, which begins behind its underscore. */
static void next_position(struct pyst_text pattern, size_t *atp, struct position *position)
{
    *position = (struct position){0};
    for (;;) {
        unsigned char c;
        const char *end;
        struct pyst_text set;

        while (*atp < pattern.size && pattern.data[*atp] == '-')
            ++*atp;
        if (*atp >= pattern.size) {
            position->rank = END;
            return;
        }
        c = (unsigned char)pattern.data[(*atp)++];
        switch (c) {
        case 'n':
        case 'N':
            put_range(position, '2', '9');
            return;
        case 'x':
        case 'X':
            put_range(position, '0', '9');
            return;
        case 'z':
        case 'Z':
            put_range(position, '1', '9');
            return;
        case '.':
            position->rank = ONE_OR_MORE;
            return;
        case '!':
            position->rank = NONE_OR_MORE;
            return;
        case '[':
            break;
        default:
            put(position, c);
            position->rank = 0x100 | c;
            return;
        }
        set = pyst_text_of(pattern.data + *atp, pattern.size - *atp);
        end = set.size ? memchr(set.data, ']', set.size) : NULL;
        if (!end) {
            position->rank = NOT_CLOSED;
            return;
        }
        set.size = (size_t)(end - set.data);
        *atp += set.size + 1;
        if (read_set(set, position))
            return;
    }
}

static struct pyst_text behind_underscore(struct pyst_text name)
{
    return pyst_text_of(name.data + 1, name.size - 1);
}

static bool is_pattern(struct pyst_text name)
{
    return name.size > 0 && name.data[0] == '_';
}

/* ---- order ---------------------------------------------------------------------------------- */

static int compare_patterns(struct pyst_text a, struct pyst_text b)
{
    size_t at_a = 0, at_b = 0;

    for (;;) {
        struct position left, right;
        int r;

        next_position(a, &at_a, &left);
        next_position(b, &at_b, &right);
        if (left.rank != right.rank)
            return left.rank < right.rank ? -1 : 1;
        /* As large and with the same lowest one: the lower ones first. */
        r = memcmp(right.characters, left.characters, sizeof(left.characters));
        if (r != 0 || left.rank == END)
            return r;
    }
}

/* The next character but for dashes; 0 at the end. */
static signed char next_character(struct pyst_text name, size_t *atp)
{
    while (*atp < name.size && name.data[*atp] == '-')
        ++*atp;
    if (*atp == name.size)
        return 0;
    return (signed char)name.data[(*atp)++];
}

int dialplan_compare_names(struct pyst_text a, struct pyst_text b)
{
    size_t at_a = 0, at_b = 0;

    for (;;) {
        signed char left = next_character(a, &at_a), right = next_character(b, &at_b);

        if (left != right || left == 0)
            return left - right;
    }
}

int pyst_dialplan_compare(struct pyst_text a, struct pyst_text b)
{
    if (is_pattern(a) != is_pattern(b))
        return is_pattern(a) ? 1 : -1;
    return is_pattern(a) ? compare_patterns(behind_underscore(a), behind_underscore(b))
                         : dialplan_compare_names(a, b);
}

static uint64_t add_bytes(uint64_t sum, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < size; i++)
        sum = hash_add(sum, byte[i]);
    return sum;
}

uint64_t dialplan_hash_extension(struct pyst_text name)
{
    uint64_t sum = hash_begin();
    struct position position;
    size_t at = 0;

    if (!is_pattern(name)) {
        for (signed char c; (c = next_character(name, &at)) != 0;)
            sum = hash_add(sum, (unsigned char)c);
        return hash_end(sum);
    }
    name = behind_underscore(name);
    do {
        next_position(name, &at, &position);
        sum = add_bytes(sum, &position.rank, sizeof(position.rank));
        /* The rank says all of a single character. */
        if (position.rank >= 0x200 && position.rank < ONE_OR_MORE)
            sum = add_bytes(sum, position.characters, sizeof(position.characters));
    } while (position.rank != END);
    return hash_end(sum);
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Whether a set has a character (main/pbx.c, _extension_match_core). */
static bool set_has(struct pyst_text set, signed char c)
{
    for (size_t i = 0; i < set.size; i++) {
        if (i + 2 < set.size && set.data[i + 1] == '-') {
            if (c >= (signed char)set.data[i] && c <= (signed char)set.data[i + 2])
                return true;
            i += 2;
        } else if (c == (signed char)set.data[i]) {
            return true;
        }
    }
    return false;
}

static bool pattern_fits(struct pyst_text pattern, struct pyst_text number)
{
    size_t at = 0, in_number = 0;

    for (;;) {
        signed char c;
        const char *end;
        struct pyst_text set;

        while (in_number < number.size && number.data[in_number] == '-')
            in_number++;
        while (at < pattern.size && pattern.data[at] == '-')
            at++;
        if (at == pattern.size)
            return in_number == number.size;
        if (in_number == number.size)
            return pattern.data[at] == '!';
        c = (signed char)number.data[in_number];
        switch (pattern.data[at++]) {
        case '[':
            set = pyst_text_of(pattern.data + at, pattern.size - at);
            end = set.size ? memchr(set.data, ']', set.size) : NULL;
            if (!end)
                return false;
            set.size = (size_t)(end - set.data);
            at += set.size + 1;
            if (set.size == 0)
                continue;
            if (!set_has(set, c))
                return false;
            break;
        case 'n':
        case 'N':
            if (c < '2' || c > '9')
                return false;
            break;
        case 'x':
        case 'X':
            if (c < '0' || c > '9')
                return false;
            break;
        case 'z':
        case 'Z':
            if (c < '1' || c > '9')
                return false;
            break;
        case '.':
        case '!':
            return true;
        default:
            if (c != (signed char)pattern.data[at - 1])
                return false;
            break;
        }
        in_number++;
    }
}

bool pyst_dialplan_fits(struct pyst_text extension, struct pyst_text number)
{
    if (!is_pattern(extension))
        return dialplan_compare_names(extension, number) == 0;
    extension = behind_underscore(extension);
    /* The number may be a pattern itself: Goto(_X.,1). */
    if (is_pattern(number) && compare_patterns(extension, behind_underscore(number)) == 0)
        return true;
    return pattern_fits(extension, number);
}

/* ---- what is looked at for checks ----------------------------------------------------------- */

void dialplan_next_position(struct pyst_text name, size_t *atp, struct position *position)
{
    signed char c;

    if (is_pattern(name)) {
        if (*atp == 0)
            ++*atp;
        next_position(name, atp, position);
        return;
    }
    *position = (struct position){.rank = END};
    c = next_character(name, atp);
    if (c != 0) {
        put(position, (unsigned char)c);
        position->rank = 0x100 | (unsigned char)c;
    }
}

bool dialplan_positions_meet(const struct position *a, const struct position *b)
{
    bool meet = false;

    for (size_t i = 0; i < sizeof(a->characters); i++)
        meet |= a->characters[i] & b->characters[i];
    return meet;
}

bool dialplan_is_bad_pattern(struct pyst_text name, size_t *at)
{
    struct position position;
    size_t next = 1;

    if (!is_pattern(name))
        return false;
    do {
        next_position(name, &next, &position);
        if (position.rank == NOT_CLOSED) {
            *at = next - 1;
            return true;
        }
    } while (position.rank < ONE_OR_MORE);
    return false;
}

bool dialplan_has_tail(struct pyst_text name, size_t *at)
{
    struct position position;
    size_t next = 1;

    if (!is_pattern(name))
        return false;
    do {
        next_position(name, &next, &position);
    } while (position.rank < ONE_OR_MORE);
    *at = next;
    return position.rank < END && next < name.size;
}

static bool is_one_of(char c, const char *characters)
{
    return c && strchr(characters, c);
}

bool dialplan_looks_like_pattern(struct pyst_text name)
{
    size_t n_wild = 0;

    for (size_t i = 0; i < name.size; i++) {
        if (is_one_of(name.data[i], "XNZ"))
            n_wild++;
        else if (!is_one_of(name.data[i], "0123456789*#+-.![]"))
            return false;
    }
    return n_wild > 0 || (name.size > 1 && is_one_of(name.data[name.size - 1], ".!"));
}
