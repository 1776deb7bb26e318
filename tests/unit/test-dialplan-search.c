/* SPDX-License-Identifier: MIT */

/* Which callers, contexts and switches a search comes to. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dialplan-host.h"

/* What 1 finds in the context a, in a row: extensions with callers, and switches. */
static const char *row_of(const struct host *host, const char *caller)
{
    static char row[1024];
    const struct pyst_dialplan_query query = {
        .context = pyst_text("a"),
        .number = pyst_text("1"),
        .caller_id = pyst_text(caller),
    };
    struct pyst_dialplan_match *matches;
    size_t n, size = 0;

    assert_int_equal(pyst_dialplan_match(host->dialplan, &query, &matches, &n), 0);
    row[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const bool is_switch = matches[i].asked != NULL;
        const struct pyst_text name =
            is_switch ? matches[i].asked->name : matches[i].extension->name;
        const struct pyst_text behind =
            is_switch ? matches[i].asked->data : matches[i].extension->caller_id;

        assert_true(is_switch == (matches[i].extension == NULL));
        size += (size_t)snprintf(row + size, sizeof(row) - size, "%s%.*s%s%.*s", i ? " " : "",
                                 (int)name.size, name.data, behind.data ? "/" : "",
                                 (int)behind.size, behind.data ? behind.data : "");
    }
    pyst_dialplan_matches_free(matches);
    return row;
}

static void extensions_for_callers_come_first(void **state)
{
    struct host host = host_of("[a]\nexten => 1,1,A\nexten => 1/_!,1,A\nexten => 1/,1,A\n"
                               "exten => 1/_5X,1,A\nexten => 1/55,1,A\nexten => _X/_5X,1,A\n"
                               "exten => _X,1,A\nexten => 1/6,1,A\n");

    assert_string_equal(row_of(&host, NULL), "1/ 1/55 1/6 1/_5X 1/_! 1 _X/_5X _X");
    assert_string_equal(row_of(&host, "55"), "1/55 1/_5X 1/_! 1 _X/_5X _X");
    assert_string_equal(row_of(&host, "7"), "1/_! 1 _X");
    /* Without a number a caller fits no pattern, not even one for nothing. */
    assert_string_equal(row_of(&host, ""), "1/ 1 _X");
    host_free(&host);
}

static void a_context_hides_one_that_differs_in_case(void **state)
{
    struct host host = host_of("[b]\nexten => 1,1,A\n[a]\ninclude => B\ninclude => c\n"
                               "[B]\nexten => _X,1,A\n[c]\ninclude => b\nexten => _[1-2],1,A\n");

    assert_string_equal(row_of(&host, NULL), "_X _[1-2]");
    host_free(&host);
    host = host_of("[b]\nexten => 1,1,A\n[a]\ninclude => b\ninclude => c\n"
                   "[B]\nexten => _X,1,A\n[c]\ninclude => B\nexten => _[1-2],1,A\n");
    assert_string_equal(row_of(&host, NULL), "1 _[1-2]");
    host_free(&host);
}

static void switches_come_behind_extensions(void **state)
{
    struct host host = host_of("[a]\nswitch => S/x\nswitch => S/y\nexten => 1,1,A\ninclude => b\n"
                               "[b]\nexten => _X,1,A\nswitch => T/z\n");

    assert_string_equal(row_of(&host, NULL), "1 S/x S/y _X T/z");
    host_free(&host);
}

/* The application that is executed; a plus sign: a switch is asked before it, or instead. */
static const char *found_of(const char *text, int priority, const char *label)
{
    static char found[64];
    const struct pyst_dialplan_query query = {
        .context = pyst_text("a"),
        .number = pyst_text("1"),
    };
    const struct pyst_dialplan_priority *executed;
    struct host host = host_of(text);
    bool switched;

    executed = pyst_dialplan_find(host.dialplan, &query, priority, pyst_text(label), &switched);
    assert_ptr_equal(pyst_dialplan_find(host.dialplan, &query, priority, pyst_text(label), NULL),
                     executed);
    snprintf(found, sizeof(found), "%s%.*s", switched ? "+" : "",
             executed ? (int)executed->application.size : 1,
             executed ? executed->application.data : "-");
    host_free(&host);
    return found;
}

static void switches_that_would_be_asked_are_told(void **state)
{
    static const char plan[] = "[a]\nswitch => S/x\nexten => 1,1,A\ninclude => b\n"
                               "[b]\nexten => 1,2,B\nexten => 1,3(x),C\n";

    assert_string_equal(found_of(plan, 1, NULL), "A");
    assert_string_equal(found_of(plan, 2, NULL), "+B");
    assert_string_equal(found_of(plan, 4, NULL), "+-");
    assert_string_equal(found_of(plan, 0, "x"), "+C");
    assert_string_equal(found_of("[a]\nexten => 1,1,A\n", 2, NULL), "-");
    assert_string_equal(found_of("[general]\noverrideswitch = S/x\n[a]\nexten => 1,1,A\n", 1, NULL),
                        "+A");
    assert_string_equal(found_of("[general]\noverrideswitch =\n[a]\nexten => 1,1,A\n", 1, NULL),
                        "A");
}

static void an_empty_label_is_nobodys(void **state)
{
    static const char plan[] = "[a]\nexten => 1,1,A\nexten => 1,2(),B\nexten => 1,3(x),C\n";

    assert_string_equal(found_of(plan, 1, ""), "-");
    assert_string_equal(found_of(plan, 1, "x"), "C");
}

/* [a] includes c1, which includes c2, and so on; the last of `n` has the extension. */
static const char *found_behind(unsigned n)
{
    char *text = NULL;
    const char *found;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    fputs("[a]\n", out);
    for (unsigned i = 1; i < n; i++)
        fprintf(out, "include => c%u\n[c%u]\n", i, i);
    fputs("exten => 1,1,A\n", out);
    fclose(out);
    found = found_of(text, 1, NULL);
    free(text);
    return found;
}

static void no_more_contexts_are_searched_than_asterisk_does(void **state)
{
    assert_string_equal(found_behind(512), "A");
    assert_string_equal(found_behind(513), "-");
    assert_string_equal(found_behind(600), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extensions_for_callers_come_first),
        cmocka_unit_test(a_context_hides_one_that_differs_in_case),
        cmocka_unit_test(switches_come_behind_extensions),
        cmocka_unit_test(switches_that_would_be_asked_are_told),
        cmocka_unit_test(an_empty_label_is_nobodys),
        cmocka_unit_test(no_more_contexts_are_searched_than_asterisk_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
