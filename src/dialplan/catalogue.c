/* SPDX-License-Identifier: MIT */
#include "dialplan/catalogue.h"

#include "base/fold.h"

#include "application-table.h"

#define N_ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define NEAR_SIZE     40 /* bytes of the names that are compared for nearness */

/* Below, at or above 0 as `name` stands before, at or behind `string`. */
static int compare(struct pyst_text name, const char *string, bool folded)
{
    for (size_t i = 0; i < name.size; i++, string++) {
        const unsigned char a = folded ? fold(name.data[i]) : (unsigned char)name.data[i];
        const unsigned char b = folded ? fold(*string) : (unsigned char)*string;

        if (a != b || *string == '\0')
            return *string == '\0' ? 1 : (int)a - (int)b;
    }
    return *string == '\0' ? 0 : -1;
}

const struct dialplan_application *dialplan_find_application(struct pyst_text name)
{
    size_t low = 0, high = N_ROWS(applications);

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(name, strings + applications[middle].name, true);

        if (order == 0)
            return &applications[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *dialplan_application_name(const struct dialplan_application *application)
{
    return strings + application->name;
}

const char *dialplan_application_letters(const struct dialplan_application *application)
{
    return strings + application->letters;
}

bool dialplan_is_function(struct pyst_text name)
{
    size_t low = 0, high = N_ROWS(functions);

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(name, strings + functions[middle], false);

        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* ---- nearness ------------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * How many letters are to be put in, taken out, changed, or exchanged with their neighbour to make
 * one name of the other; upper and lower case are the same.
 */
static size_t distance(struct pyst_text name, const char *string, size_t size)
{
    size_t rows[3][NEAR_SIZE + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= size; j++)
        last[j] = j;
    for (size_t i = 1; i <= name.size; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= size; j++) {
            const bool same = fold(name.data[i - 1]) == fold(string[j - 1]);

            row[j] = smaller(last[j - 1] + !same, 1 + smaller(last[j], row[j - 1]));
            if (i > 1 && j > 1 && fold(name.data[i - 1]) == fold(string[j - 2]) &&
                fold(name.data[i - 2]) == fold(string[j - 1]))
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
        row = spare;
    }
    return last[size];
}

struct nearest {
    const char *string;
    size_t distance;
};

/* One letter in three may be wrong, and no more than two. */
static void consider(struct nearest *nearest, struct pyst_text name, const char *string)
{
    const size_t size = strlen(string), limit = smaller(2, name.size / 3);
    size_t found;

    if (name.size > NEAR_SIZE || size > NEAR_SIZE || size > name.size + 2 || name.size > size + 2)
        return;
    found = distance(name, string, size);
    if (found <= limit && (!nearest->string || found < nearest->distance))
        *nearest = (struct nearest){string, found};
}

const char *dialplan_nearest_application(struct pyst_text name)
{
    struct nearest nearest = {0};

    for (size_t i = 0; i < N_ROWS(applications); i++)
        consider(&nearest, name, strings + applications[i].name);
    return nearest.string;
}

const char *dialplan_nearest_function(struct pyst_text name)
{
    struct nearest nearest = {0};

    for (size_t i = 0; i < N_ROWS(functions); i++)
        consider(&nearest, name, strings + functions[i]);
    return nearest.string;
}
