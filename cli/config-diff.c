/* SPDX-License-Identifier: MIT */

/* pyst config diff. */

#include <getopt.h>
#include <stdlib.h>
#include <strings.h>

#include "cli.h"
#include "config.h"
#include "show.h"

static const char help[] =
    "Usage: pyst config diff [OPTION...] FILE FILE\n"
    "\n"
    "  Prints where two configuration files differ in what Asterisk makes of them, whatever\n"
    "  templates, included files and spacing they come to it by. \"-\" is the first file's, \"+\" "
    "the\n"
    "  second's. Sections are compared whatever their order, settings in theirs. Exit code 1 says\n"
    "  that there are differences. \"-\" is standard input.\n"
    "\n"
    "  -d, --directory FOLDER   where included files are, unless in those of the FILEs\n"
    "  -x, --execute            run what #exec names\n"
    "  -j, --json               print one JSON object a line, each a difference\n";

/* Above so many pairs of settings, all from the first difference to the last is taken to differ. */
#define PAIRS_MAX 16777216

/* A section in both files, or in one: the other is NULL then. */
struct pair {
    const struct pyst_config_section *old;
    const struct pyst_config_section *now;
};

/* ---- printing ------------------------------------------------------------------------------- */

struct output {
    bool json;
    const struct pyst_config_section *told; /* whose heading was printed last */
    size_t n_differences;
};

static json_t *json_place(const struct pyst_config_section *section)
{
    json_t *object;

    if (!section)
        return json_null();
    object = json_object();
    set_config_place(object, section->document, section->line);
    return object;
}

static void show_difference_json(const struct pair *pair, const struct pyst_config_item *old,
                                 const struct pyst_config_item *now)
{
    const struct pyst_config_section *section = pair->now ? pair->now : pair->old;
    const bool is_section = !old && !now;
    json_t *object = json_object();
    const char *change = "changed";

    if (is_section ? !pair->now : !now)
        change = "removed";
    else if (is_section ? !pair->old : !old)
        change = "added";
    json_object_set_new(object, "change", json_string(change));
    json_object_set_new(object, "section", json_text(section->name));
    if (is_section) {
        json_object_set_new(object, "name", json_null());
        json_object_set_new(object, "old", json_place(pair->old));
        json_object_set_new(object, "new", json_place(pair->now));
    } else {
        json_object_set_new(object, "name", json_text(now ? now->name : old->name));
        json_object_set_new(object, "old", old ? json_config_item(old) : json_null());
        json_object_set_new(object, "new", now ? json_config_item(now) : json_null());
    }
    show_json(object);
}

static void show_place(const struct pyst_config_document *document,
                       const struct pyst_config_line *line)
{
    fputs("  ; ", stdout);
    show_config_place(stdout, document, line);
    putchar('\n');
}

static void show_item(char sign, const struct pyst_config_item *item)
{
    if (!item)
        return;
    printf("%c ", sign);
    show_text(stdout, item->name);
    fputs(" = ", stdout);
    show_text(stdout, item->value);
    show_place(item->document, item->line);
}

static void show_heading(char sign, const struct pyst_config_section *section)
{
    printf("%c [", sign);
    show_text(stdout, section->name);
    putchar(']');
    if (sign == ' ')
        putchar('\n');
    else
        show_place(section->document, section->line);
}

/* Both NULL: the section itself was added or removed. */
static void tell(struct output *output, const struct pair *pair, const struct pyst_config_item *old,
                 const struct pyst_config_item *now)
{
    output->n_differences++;
    if (output->json) {
        show_difference_json(pair, old, now);
    } else if (!old && !now) {
        show_heading(pair->now ? '+' : '-', pair->now ? pair->now : pair->old);
    } else {
        if (pair->old && pair->now && output->told != pair->now) {
            show_heading(' ', pair->now);
            output->told = pair->now;
        }
        show_item('-', old);
        show_item('+', now);
    }
}

/* ---- settings ------------------------------------------------------------------------------- */

static bool is_same(const struct pyst_config_item *one, const struct pyst_config_item *other)
{
    return pyst_text_equal_nocase(one->name, other->name) &&
           pyst_text_equal(one->value, other->value);
}

/* Settings `old` to `old_end` have nothing in common with `new` to `new_end`. */
static void tell_items(struct output *output, const struct pair *pair,
                       const struct pyst_config_item *old, const struct pyst_config_item *old_end,
                       const struct pyst_config_item *now, const struct pyst_config_item *now_end)
{
    while (old < old_end || now < now_end) {
        const bool is_change =
            old < old_end && now < now_end && pyst_text_equal_nocase(old->name, now->name);

        if (is_change)
            tell(output, pair, old++, now++);
        else if (old < old_end)
            tell(output, pair, old++, NULL);
        else
            tell(output, pair, NULL, now++);
    }
}

/*
 * lengths[i][j] is how many settings those from `old` + i and `new` + j on have in common at most.
 * 0, or PYST_ERR_NO_MEMORY.
 */
static int compare_by_table(struct output *output, const struct pair *pair,
                            const struct pyst_config_item *old, size_t n_old,
                            const struct pyst_config_item *now, size_t n_now)
{
    uint32_t *lengths = calloc((n_old + 1) * (n_now + 1), sizeof(*lengths));
    size_t i, j, from_i = 0, from_j = 0;

    if (!lengths)
        return PYST_ERR_NO_MEMORY;
#define LENGTH(i, j) lengths[(i) * (n_now + 1) + (j)]
    for (i = n_old; i-- > 0;) {
        for (j = n_now; j-- > 0;) {
            if (is_same(&old[i], &now[j]))
                LENGTH(i, j) = LENGTH(i + 1, j + 1) + 1;
            else
                LENGTH(i, j) =
                    LENGTH(i + 1, j) > LENGTH(i, j + 1) ? LENGTH(i + 1, j) : LENGTH(i, j + 1);
        }
    }
    for (i = j = 0; i < n_old && j < n_now;) {
        if (is_same(&old[i], &now[j])) {
            tell_items(output, pair, old + from_i, old + i, now + from_j, now + j);
            from_i = ++i;
            from_j = ++j;
        } else if (LENGTH(i + 1, j) >= LENGTH(i, j + 1)) {
            i++;
        } else {
            j++;
        }
    }
#undef LENGTH
    tell_items(output, pair, old + from_i, old + n_old, now + from_j, now + n_now);
    free(lengths);
    return 0;
}

static int compare_items(struct output *output, const struct pair *pair)
{
    const struct pyst_config_item *old = pair->old->items, *now = pair->now->items;
    size_t n_old = pair->old->n_items, n_now = pair->now->n_items;

    while (n_old > 0 && n_now > 0 && is_same(old, now)) {
        old++;
        n_old--;
        now++;
        n_now--;
    }
    while (n_old > 0 && n_now > 0 && is_same(&old[n_old - 1], &now[n_now - 1])) {
        n_old--;
        n_now--;
    }
    if (n_old > 0 && n_now > PAIRS_MAX / n_old) {
        tell_items(output, pair, old, old + n_old, now, now + n_now);
        return 0;
    }
    return compare_by_table(output, pair, old, n_old, now, n_now);
}

/* ---- sections ------------------------------------------------------------------------------- */

static int compare_names(const struct pyst_config_section *one,
                         const struct pyst_config_section *other)
{
    const size_t size = one->name.size < other->name.size ? one->name.size : other->name.size;
    const int order = strncasecmp(one->name.data, other->name.data, size);

    if (order != 0)
        return order;
    return (one->name.size > other->name.size) - (one->name.size < other->name.size);
}

static int by_name(const void *one_pointer, const void *other_pointer)
{
    const struct pyst_config_section *one = *(const struct pyst_config_section *const *)one_pointer;
    const struct pyst_config_section *other =
        *(const struct pyst_config_section *const *)other_pointer;
    const int order = compare_names(one, other);

    return order != 0 ? order : (one->index > other->index) - (one->index < other->index);
}

/* As in the first file, and behind them what is new, as in the second. */
static int by_place(const void *one_pointer, const void *other_pointer)
{
    const struct pair *one = one_pointer, *other = other_pointer;
    size_t a, b;

    if (!one->old != !other->old)
        return one->old ? -1 : 1;
    a = one->old ? one->old->index : one->now->index;
    b = other->old ? other->old->index : other->now->index;
    return (a > b) - (a < b);
}

/* The sections that are no templates, by name; to be freed. NULL: no memory. */
static const struct pyst_config_section **sort_sections(const struct pyst_config *config,
                                                        size_t *np)
{
    const size_t n = pyst_config_section_count(config);
    const struct pyst_config_section **sections = calloc(n + 1, sizeof(void *));

    *np = 0;
    for (size_t i = 0; sections && i < n; i++) {
        const struct pyst_config_section *section = pyst_config_section(config, i);

        if (!section->is_template)
            sections[(*np)++] = section;
    }
    if (sections)
        qsort(sections, *np, sizeof(void *), by_name);
    return sections;
}

/* Of several sections of one name, the first is compared with the first, and so on. */
static size_t make_pairs(struct pair *pairs, const struct pyst_config_section **old, size_t n_old,
                         const struct pyst_config_section **now, size_t n_now)
{
    size_t i = 0, j = 0, n = 0;

    while (i < n_old || j < n_now) {
        int order = i == n_old ? 1 : -1;

        if (i < n_old && j < n_now)
            order = compare_names(old[i], now[j]);
        pairs[n].old = order <= 0 ? old[i++] : NULL;
        pairs[n++].now = order >= 0 ? now[j++] : NULL;
    }
    qsort(pairs, n, sizeof(*pairs), by_place);
    return n;
}

static int compare_pairs(struct output *output, const struct pair *pairs, size_t n)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        const struct pair *pair = &pairs[i];

        if (pair->old && pair->now) {
            r = compare_items(output, pair);
            continue;
        }
        tell(output, pair, NULL, NULL);
        if (pair->old)
            tell_items(output, pair, pair->old->items, pair->old->items + pair->old->n_items, NULL,
                       NULL);
        else
            tell_items(output, pair, NULL, NULL, pair->now->items,
                       pair->now->items + pair->now->n_items);
    }
    return r;
}

static int compare(struct output *output, const struct pyst_config *old,
                   const struct pyst_config *now)
{
    size_t n_old = 0, n_now = 0;
    const struct pyst_config_section **old_sections = sort_sections(old, &n_old);
    const struct pyst_config_section **now_sections = sort_sections(now, &n_now);
    struct pair *pairs = calloc(n_old + n_now + 1, sizeof(*pairs));
    int r = PYST_ERR_NO_MEMORY;

    if (old_sections && now_sections && pairs)
        r = compare_pairs(output, pairs,
                          make_pairs(pairs, old_sections, n_old, now_sections, n_now));
    free(pairs);
    free(now_sections);
    free(old_sections);
    return r;
}

int command_config_diff(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"directory", required_argument, NULL, 'd'},
        {"execute", no_argument, NULL, 'x'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct pyst_config_load_options options = {0};
    struct pyst_config *old = NULL, *now = NULL;
    struct output output = {0};
    int option, r;

    while ((option = getopt_long(argc, argv, "d:xjh", long_options, NULL)) != -1) {
        switch (option) {
        case 'd':
            options.directory = optarg;
            break;
        case 'x':
            options.execute = true;
            break;
        case 'j':
            output.json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        default:
            return usage_error("pyst config diff --help tells the options");
        }
    }
    if (argc - optind != 2)
        return usage_error("pyst config diff wants two files");
    r = load_config(&old, argv[optind], &options);
    if (r == 0)
        r = load_config(&now, argv[optind + 1], &options);
    if (r == 0 && compare(&output, old, now) < 0)
        r = out_of_memory();
    pyst_config_free(now);
    pyst_config_free(old);
    if (r != 0)
        return r;
    return output.n_differences > 0 ? EXIT_REFUSED : EXIT_DONE;
}
