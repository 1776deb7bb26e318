/* SPDX-License-Identifier: MIT */

/* Times as `9:00-17:00,mon-fri,*,*`, of includes and applications (main/pbx_timing.c). */

#include "dialplan/internal.h"

enum field { MINUTES, WEEKDAYS, DAYS, MONTHS, N_FIELDS };

/* ---- parts ---------------------------------------------------------------------------------- */

/* Takes what stands before one of two separators away from a text; without one, all of it. */
static struct pyst_text take(struct pyst_text *rest, char separator, char other)
{
    struct pyst_text taken = *rest;

    for (size_t i = 0; i < rest->size; i++) {
        if (rest->data[i] != separator && rest->data[i] != other)
            continue;
        taken.size = i;
        *rest = pyst_text_of(rest->data + i + 1, rest->size - i - 1);
        return taken;
    }
    *rest = pyst_text_none();
    return taken;
}

static struct pyst_text take_field(struct pyst_text *rest)
{
    return take(rest, ',', '|');
}

static struct pyst_text take_part(struct pyst_text *rest)
{
    return take(rest, '&', '&');
}

static bool is_all(struct pyst_text field)
{
    return field.size == 0 || pyst_text_equal(field, pyst_text("*"));
}

/* ---- numbers and names ---------------------------------------------------------------------- */

/* As scanf's %2d: blanks, then up to two characters, of which one may be a sign. */
static bool read_number(struct pyst_text *text, int *numberp)
{
    size_t i = 0, end;
    bool negative = false, found = false;

    while (i < text->size && (text->data[i] == ' ' || (text->data[i] >= 9 && text->data[i] <= 13)))
        i++;
    end = text->size - i > 2 ? i + 2 : text->size;
    if (i < end && (text->data[i] == '-' || text->data[i] == '+'))
        negative = text->data[i++] == '-';
    *numberp = 0;
    for (; i < end && text->data[i] >= '0' && text->data[i] <= '9'; i++) {
        *numberp = 10 * *numberp + (text->data[i] - '0');
        found = true;
    }
    if (negative)
        *numberp = -*numberp;
    *text = pyst_text_of(text->data + i, text->size - i);
    return found;
}

/* "9:05" as minutes of the day. */
static bool read_minute(struct pyst_text text, int *minutep)
{
    int hour, minute;

    if (!read_number(&text, &hour) || text.size == 0 || text.data[0] != ':')
        return false;
    text = pyst_text_of(text.data + 1, text.size - 1);
    if (!read_number(&text, &minute) || hour > 23 || minute < 0 || minute > 59)
        return false;
    *minutep = 60 * hour + minute;
    return true;
}

/* A day or month, from 0. A number may be one, too: of a weekday, 1 is Sunday. */
static bool read_day(enum field field, struct pyst_text text, int *dayp)
{
    static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    const char *const *names = field == WEEKDAYS ? weekdays : months;
    const int n = field == WEEKDAYS ? 7 : field == MONTHS ? 12 : 31;

    for (int i = 0; field != DAYS && i < n; i++) {
        if (pyst_text_equal_nocase(text, pyst_text(names[i]))) {
            *dayp = i;
            return true;
        }
    }
    if (!read_number(&text, dayp) || *dayp < 1 || *dayp > n)
        return false;
    --*dayp;
    return true;
}

/* "FIRST-LAST", or one alone. False: Asterisk leaves it out. */
static bool read_range(enum field field, struct pyst_text part, int *firstp, int *lastp)
{
    struct pyst_text last = part;
    const struct pyst_text first = take(&last, '-', '-');

    if (!last.data)
        last = first;
    else if (field == MINUTES)
        while (last.size > 0 && (last.data[0] < '0' || last.data[0] > '9'))
            last = pyst_text_of(last.data + 1, last.size - 1);
    if (field == MINUTES)
        return read_minute(first, firstp) && read_minute(last, lastp);
    return read_day(field, first, firstp) && read_day(field, last, lastp);
}

/* ---- times ---------------------------------------------------------------------------------- */

static bool has(enum field field, struct pyst_text parts, int value)
{
    int first, last;

    if (is_all(parts))
        return true;
    while (parts.data) {
        if (!read_range(field, take_part(&parts), &first, &last))
            continue;
        /* Ranges go over midnight, Saturday and the year's end. */
        if (first <= last ? value >= first && value <= last : value >= first || value <= last)
            return true;
    }
    return false;
}

bool dialplan_times_hold(struct pyst_text times, const struct tm *local)
{
    const int values[N_FIELDS] = {
        [MINUTES] = 60 * local->tm_hour + local->tm_min,
        [WEEKDAYS] = local->tm_wday,
        [DAYS] = local->tm_mday - 1,
        [MONTHS] = local->tm_mon,
    };

    for (int field = 0; field < N_FIELDS && times.data; field++)
        if (!has((enum field)field, take_field(&times), values[field]))
            return false;
    return true;
}

struct pyst_text dialplan_times_zone(struct pyst_text times)
{
    struct pyst_text zone;

    for (int i = 0; i < N_FIELDS && times.data; i++)
        take_field(&times);
    if (!times.data)
        return times;
    zone = take_field(&times);
    /* With more than five fields there is no zone, and an empty one is the server's, too. */
    return times.data || zone.size == 0 ? pyst_text_none() : zone;
}

int dialplan_tell_bad_times(struct pyst_dialplan *dialplan, struct pyst_dialplan_place place,
                            struct pyst_text times)
{
    int first, last, r = 0;

    for (int field = 0; field < N_FIELDS && times.data; field++) {
        struct pyst_text parts = take_field(&times);

        if (is_all(parts))
            continue;
        while (r == 0 && parts.data) {
            const struct pyst_text part = take_part(&parts);

            if (!read_range((enum field)field, part, &first, &last))
                r = dialplan_tell(dialplan, PYST_DIALPLAN_BAD_TIME, place, part);
        }
    }
    return r;
}
