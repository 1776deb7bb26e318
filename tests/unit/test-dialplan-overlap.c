/* SPDX-License-Identifier: MIT */

/*
 * The tree of a context's extensions finds what a look at each of them finds. Names at random, the
 * same ones in every run.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dialplan-host.h"

#include "dialplan/internal.h"
#include "dialplan/overlap.h"
#include "dialplan/pattern.h"

#define ROUNDS     300
#define EXTENSIONS 40
#define QUERIES    20

static uint32_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* A name of few characters, so that many have numbers in common; a pattern more often than not. */
static void append_name(char *name)
{
    static const char *const parts[] = {"1",     "1", "2", "2", "X",    "N",    "Z",   "[12]",
                                        "[2-9]", "-", "*", "a", "[a1]", "[-1]", "[2-", "[]"};

    if (below(3) > 0)
        strcat(name, "_");
    for (uint32_t n = 1 + below(4); n > 0; n--)
        strcat(name, parts[below(sizeof(parts) / sizeof(parts[0]))]);
    if (below(4) == 0)
        strcat(name, below(2) ? "." : "!");
}

/* Whether some number fits both, found by a walk along both. */
static bool overlap(struct pyst_text a, struct pyst_text b)
{
    size_t at_a = 0, at_b = 0;

    for (;;) {
        struct position left, right;

        dialplan_next_position(a, &at_a, &left);
        dialplan_next_position(b, &at_b, &right);
        if (left.rank == DIALPLAN_NOT_CLOSED || right.rank == DIALPLAN_NOT_CLOSED)
            return false;
        if (left.rank == DIALPLAN_NONE_OR_MORE || right.rank == DIALPLAN_NONE_OR_MORE)
            return true;
        if (left.rank == DIALPLAN_END || right.rank == DIALPLAN_END)
            return left.rank == right.rank;
        if (left.rank == DIALPLAN_ONE_OR_MORE || right.rank == DIALPLAN_ONE_OR_MORE)
            return true;
        if (!dialplan_positions_meet(&left, &right))
            return false;
    }
}

struct seen {
    const struct pyst_dialplan_extension *extensions[2 * EXTENSIONS];
    size_t n;
    int priority;
};

static int take(void *user, const struct pyst_dialplan_extension *extension)
{
    struct seen *seen = user;

    assert_true(seen->n < 2 * EXTENSIONS);
    if (seen->priority == OVERLAP_ANY ||
        dialplan_extension_find(extension, seen->priority, pyst_text_none()))
        seen->extensions[seen->n++] = extension;
    return 0;
}

static bool has(const struct seen *seen, const struct pyst_dialplan_extension *extension)
{
    size_t n = 0;

    for (size_t i = 0; i < seen->n; i++)
        n += seen->extensions[i] == extension;
    assert_true(n <= 1);
    return n == 1;
}

static size_t compare(const struct overlap_tree *tree, const struct pyst_dialplan_context *context,
                      const char *name, int priority)
{
    struct seen seen = {.priority = priority};

    assert_int_equal(overlap_tree_search(tree, pyst_text(name), priority, take, &seen), 0);
    for (size_t i = 0; i < context->n_extensions; i++) {
        const struct pyst_dialplan_extension *extension = context->extensions[i];
        const bool wanted =
            overlap(extension->name, pyst_text(name)) &&
            (priority == OVERLAP_ANY ||
             dialplan_extension_find(extension, priority, pyst_text_none()) != NULL);

        if (has(&seen, extension) != wanted) {
            print_error("%s and %.*s, priority %d\n", name, (int)extension->name.size,
                        extension->name.data, priority);
            fail();
        }
    }
    return seen.n;
}

static void the_tree_finds_what_overlaps(void **state)
{
    size_t found = 0;

    for (seed = 1; seed <= ROUNDS; seed++) {
        const uint32_t round = seed;
        char text[EXTENSIONS * 64] = "[a]\n", name[64];
        const struct pyst_dialplan_context *context;
        struct overlap_tree *tree;
        struct host host;

        for (int i = 0; i < EXTENSIONS; i++) {
            strcat(text, "exten => ");
            append_name(text);
            strcat(text, below(4) ? "" : "/5");
            strcat(text, below(2) ? ",1,NoOp()\n" : ",3,NoOp()\n");
        }
        host = host_of(text);
        context = pyst_dialplan_context(host.dialplan, 0);
        assert_int_equal(overlap_tree_new(&tree, context), 0);
        for (int i = 0; i < QUERIES; i++) {
            name[0] = '\0';
            append_name(name);
            found += compare(tree, context, name, OVERLAP_ANY);
            found += compare(tree, context, name, 1);
            found += compare(tree, context, name, 3);
        }
        found += compare(tree, context, "_!", OVERLAP_ANY);
        overlap_tree_free(tree);
        host_free(&host);
        seed = round;
    }
    assert_true(found > 10000);
}

static int stop(void *user, const struct pyst_dialplan_extension *extension)
{
    ++*(size_t *)user;
    return 7;
}

static void a_search_ends_when_it_is_told_to(void **state)
{
    struct host host = host_of("[a]\nexten => _X,1,NoOp()\nexten => 1,1,NoOp()\n");
    struct overlap_tree *tree;
    size_t n = 0;

    assert_int_equal(overlap_tree_new(&tree, pyst_dialplan_context(host.dialplan, 0)), 0);
    assert_int_equal(overlap_tree_search(tree, pyst_text("1"), OVERLAP_ANY, stop, &n), 7);
    assert_int_equal(n, 1);
    assert_int_equal(overlap_tree_search(tree, pyst_text("a"), OVERLAP_ANY, stop, &n), 0);
    overlap_tree_free(tree);
    host_free(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_finds_what_overlaps),
        cmocka_unit_test(a_search_ends_when_it_is_told_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
