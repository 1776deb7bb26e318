/* SPDX-License-Identifier: MIT */

/* What a dialplan is made of, what a number finds in it, and its picture. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dialplan-host.h"

#define assert_text(text, string)                                                                  \
    do {                                                                                           \
        const struct pyst_text text_ = (text);                                                     \
        assert_non_null(text_.data);                                                               \
        assert_int_equal(text_.size, strlen(string));                                              \
        assert_memory_equal(text_.data, string, text_.size);                                       \
    } while (0)

static const struct pyst_dialplan_context *context_of(const struct host *host, const char *name)
{
    const struct pyst_dialplan_context *context =
        pyst_dialplan_find_context(host->dialplan, pyst_text(name));

    assert_non_null(context);
    return context;
}

/* All extensions of a context in a row: "name/caller:1,2 ...". */
static const char *extensions_of(const struct host *host, const char *name)
{
    static char row[1024];
    const struct pyst_dialplan_context *context = context_of(host, name);
    size_t size = 0;

    row[0] = '\0';
    for (size_t i = 0; i < context->n_extensions; i++) {
        const struct pyst_dialplan_extension *each = context->extensions[i];

        size += (size_t)snprintf(row + size, sizeof(row) - size, "%s%.*s", i ? " " : "",
                                 (int)each->name.size, each->name.data);
        if (each->caller_id.data)
            size += (size_t)snprintf(row + size, sizeof(row) - size, "/%.*s",
                                     (int)each->caller_id.size, each->caller_id.data);
        for (size_t j = 0; j < each->n_priorities; j++)
            size += (size_t)snprintf(row + size, sizeof(row) - size, "%s%d", j ? "," : ":",
                                     each->priorities[j].number);
    }
    return row;
}

static void priorities_are_counted_as_asterisk_counts_them(void **state)
{
    struct host host =
        host_of("[a]\nexten => 1,1(x),A\n same => n,B\n same => s+4,C\n same => n+2,D\n"
                " same => next,E\n same => x+2,F\nexten => 2,n,G\nsamething => 5,H\n"
                "exten => 3,hint,SIP/1\n same => s+3,I\n[a]\nexten => 1,20,J\n");

    assert_string_equal(extensions_of(&host, "a"), "1:1,2,3,6,9,10,20 2:4,5 3:-1,2");
    host_free(&host);
}

static void applications_are_parted_from_arguments(void **state)
{
    struct host host = host_of("[a]\nexten => 1,1(lab), Dial(SIP/${X},(b),c)\nexten => 1,2,Answer\n"
                               "exten => 1,3,NoOp()\nexten => 1,hint,SIP/${F(x)}&B\n");
    const struct pyst_dialplan_extension *extension = context_of(&host, "a")->extensions[0];
    const struct pyst_dialplan_priority *each = extension->priorities;

    assert_int_equal(extension->n_priorities, 4);
    assert_int_equal(each[0].number, PYST_DIALPLAN_HINT);
    assert_text(each[0].application, "SIP/${F(x)}&B");
    assert_text(each[1].label, "lab");
    assert_text(each[1].application, "Dial");
    assert_text(each[1].arguments, "SIP/${X},(b),c");
    assert_ptr_equal(each[1].extension, extension);
    assert_int_equal(pyst_config_line_number(each[1].place.line), 2);
    assert_text(each[2].application, "Answer");
    assert_null(each[2].arguments.data);
    assert_text(each[3].arguments, "");
    host_free(&host);
}

static void names_lose_blanks_and_callers_lose_more(void **state)
{
    struct host host = host_of("[a]\nexten => _ 1-[2 -3] X,1,A\nexten => 5 5/(1) 2-3.4.,1,B\n"
                               "exten => 6/,1,C\nexten => 7[,],1,D\n");

    assert_string_equal(extensions_of(&host, "a"), "55/1234.:1 6/:1 7[,]:1 _1-[2 -3]X:1");
    host_free(&host);
}

static void preference_is_asterisks(void **state)
{
    static const char *const ordered[] = {
        "1",    "2-1", "21",  "_123", "_1[2-3]4", "_1[57]", "_1N", "_1ZX",
        "_1X.", "_1X", "_1.", "_1!",  "_1",       "_[12]2", "_N",  "_Z",
        "_XX",  "_X.", "_X!", "_X",   "_.",       "_!",     "_",
    };
    const size_t n = sizeof(ordered) / sizeof(ordered[0]);

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            const int r = pyst_dialplan_compare(pyst_text(ordered[i]), pyst_text(ordered[j]));
            const bool same = i == j || (i + j == 3 && i * j == 2);

            if (same ? r != 0 : (r < 0) != (i < j))
                fail_msg("%s and %s: %d", ordered[i], ordered[j], r);
        }
    }
    assert_int_equal(pyst_dialplan_compare(pyst_text("_[0-9]n"), pyst_text("_X-N")), 0);
}

static void patterns_fit_as_in_asterisk(void **state)
{
    static const struct {
        const char *pattern, *number;
        bool fits;
    } examples[] = {
        {"12-3", "1-23", true}, {"12", "123", false},   {"_12X", "12", false},
        {"_NXX", "200", true},  {"_NXX", "100", false}, {"_nXx", "255", true},
        {"_Z", "0", false},     {"_[1-35]", "3", true}, {"_[1-35]", "4", false},
        {"_[1-]", "-", false},  {"_1[]2", "12", true},  {"_1.", "1", false},
        {"_1.", "1a#", true},   {"_1!", "1", true},     {"_1!", "12", true},
        {"_[3-1]", "2", false}, {"_1[2", "12", false},  {"_X.", "_X.", true},
        {"_.", "_X.", true},    {"_", "", true},        {"_!", "", true},
        {"", "", true},         {"_X-X", "12", true},   {"_a", "A", false},
        {"_1.2", "19", true},
    };

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
        if (pyst_dialplan_fits(pyst_text(examples[i].pattern), pyst_text(examples[i].number)) !=
            examples[i].fits)
            fail_msg("%s and %s", examples[i].pattern, examples[i].number);
}

/* What a number finds, in a row: "context:extension ...". */
static const char *matches_of(const struct host *host, const char *context, const char *number,
                              const char *caller)
{
    static char row[1024];
    const struct pyst_dialplan_query query = {
        .context = pyst_text(context),
        .number = pyst_text(number),
        .caller_id = pyst_text(caller),
    };
    struct pyst_dialplan_match *matches;
    size_t n, size = 0;

    assert_int_equal(pyst_dialplan_match(host->dialplan, &query, &matches, &n), 0);
    row[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const struct pyst_text name =
            matches[i].asked ? matches[i].asked->name : matches[i].extension->name;

        size += (size_t)snprintf(row + size, sizeof(row) - size, "%s%.*s:%.*s%s", i ? " " : "",
                                 (int)matches[i].context->name.size, matches[i].context->name.data,
                                 (int)name.size, name.data, matches[i].is_timed ? "?" : "");
    }
    pyst_dialplan_matches_free(matches);
    return row;
}

static const char numbers[] = "[a]\ninclude => b\ninclude => c,9:00-17:00,mon-fri,*,*\n"
                              "exten => _1X,1,A\nexten => 12,2,B\nexten => 12/5,1,C\n"
                              "exten => 12/,1(x),D\n[b]\nswitch => S/1\ninclude => a\n"
                              "include => c\nexten => _.,1(x),E\nexten => _.,3(y),F\n"
                              "[c]\nexten => 12,1(y),G\n[C]\nexten => 12,1,H\n";

static void a_number_finds_extensions_in_order(void **state)
{
    struct host host = host_of(numbers);

    assert_string_equal(matches_of(&host, "a", "12", NULL), "a:12 a:12 a:12 a:_1X b:_. b:S c:12");
    assert_string_equal(matches_of(&host, "a", "12", "5"), "a:12 a:12 a:_1X b:_. b:S c:12");
    assert_string_equal(matches_of(&host, "a", "12", ""), "a:12 a:12 a:_1X b:_. b:S c:12");
    assert_string_equal(matches_of(&host, "b", "2", "7"), "b:_. b:S");
    assert_string_equal(matches_of(&host, "c", "3", "7"), "");
    assert_string_equal(matches_of(&host, "nothing", "3", "7"), "");
    host_free(&host);
}

static void timed_includes_are_told(void **state)
{
    struct host host = host_of("[a]\ninclude => b,9:00-17:00,*,*,*\n[b]\ninclude => c\n"
                               "[c]\nexten => 1,1,A\n");

    assert_string_equal(matches_of(&host, "a", "1", NULL), "c:1?");
    assert_text(context_of(&host, "a")->includes[0].times, "9:00-17:00,*,*,*");
    host_free(&host);
}

static const char *found_of(const struct host *host, const char *number, const char *caller,
                            int priority, const char *label)
{
    static char application[64];
    const struct pyst_dialplan_query query = {
        .context = pyst_text("a"),
        .number = pyst_text(number),
        .caller_id = pyst_text(caller),
    };
    const struct pyst_dialplan_priority *found =
        pyst_dialplan_find(host->dialplan, &query, priority, pyst_text(label), NULL);

    if (!found)
        return "none";
    snprintf(application, sizeof(application), "%.*s", (int)found->application.size,
             found->application.data);
    return application;
}

static void what_is_executed_is_looked_for_by_priority(void **state)
{
    struct host host = host_of(numbers);

    assert_string_equal(found_of(&host, "12", "5", 1, NULL), "C");
    assert_string_equal(found_of(&host, "12", "", 1, NULL), "D");
    assert_string_equal(found_of(&host, "12", "7", 1, NULL), "A");
    assert_string_equal(found_of(&host, "12", "7", 2, NULL), "B");
    assert_string_equal(found_of(&host, "12", "7", 3, NULL), "F");
    assert_string_equal(found_of(&host, "12", "7", 4, NULL), "none");
    /* A label is that of the first extension that has it; its number may be another's. */
    assert_string_equal(found_of(&host, "12", "7", 0, "x"), "A");
    assert_string_equal(found_of(&host, "12", "7", 0, "y"), "F");
    assert_string_equal(found_of(&host, "12", "7", 0, "z"), "none");
    host_free(&host);
}

static void a_dash_hides_no_pattern_but_of_a_hint(void **state)
{
    struct host host = host_of("[a]\nexten => -_1-[2-3],1,A\nexten => -_X,hint(x),B\n");

    assert_string_equal(extensions_of(&host, "a"), "-_X:-1 _1[23]:1");
    assert_string_equal(matches_of(&host, "a", "12", NULL), "a:_1[23]");
    assert_string_equal(matches_of(&host, "a", "_X", NULL), "a:-_X");
    assert_string_equal(found_of(&host, "_X", NULL, 0, "x"), "none");
    host_free(&host);
}

static void globals_are_put_into_names(void **state)
{
    struct host host = host_of(
        "[globals]\nA=123\nB=${A}4\n__C=${B:1:2}\nA=9\nFUNC(x)=1\n[GLOBALS]\nD=${A${E}}\nN=B\n"
        "[a]\nexten => ${C},1,A\nexten => ${B:-2},1,A\nexten => ${${N}:0:-1},1,A\n"
        "exten => x${NONE}${F(1)},1,A\nexten => y${EPOCH}${GLOBAL(D)},1,A\n"
        "exten => z$[1+1],1,A\ninclude => b${D}\nignorepat => ${A}\nswitch => S/${A}\n"
        "eswitch => S/${B}\n[b9]\n");

    assert_int_equal(pyst_dialplan_global_count(host.dialplan), 5);
    assert_text(pyst_dialplan_find_global(host.dialplan, pyst_text("B"))->value, "1234");
    assert_text(pyst_dialplan_find_global(host.dialplan, pyst_text("C"))->value, "23");
    assert_text(pyst_dialplan_global(host.dialplan, 0)->value, "9");
    assert_null(pyst_dialplan_global(host.dialplan, 5));
    assert_null(pyst_dialplan_find_global(host.dialplan, pyst_text("a")));
    assert_string_equal(extensions_of(&host, "a"),
                        "123:1 23:1 34:1 x${F(1)}:1 y${EPOCH}9:1 z$[1+1]:1");
    assert_text(context_of(&host, "a")->includes[0].context, "b9");
    assert_text(context_of(&host, "a")->ignorepats[0].pattern, "9");
    assert_text(context_of(&host, "a")->switches[0].data, "9");
    assert_text(context_of(&host, "a")->switches[1].data, "${B}");
    assert_true(context_of(&host, "a")->switches[1].is_evaluated);
    host_free(&host);
}

/* `depth` references, each in the name of the next, spread over lines that Asterisk can read. */
static char *nested_global(size_t depth)
{
    char *const text = malloc(4 * depth + 1024), *end = text;

    assert_non_null(text);
    end += sprintf(end, "[globals]\nA=A\nB=");
    for (size_t i = 1; i <= depth; i++)
        end += sprintf(end, "${%s", i % 2000 ? "" : "\nB+=");
    *end++ = 'A';
    for (size_t i = 1; i <= depth; i++)
        end += sprintf(end, "}%s", i % 2000 ? "" : "\nB+=");
    sprintf(end, "\n");
    return text;
}

static void nested_references_have_a_limit(void **state)
{
    static const size_t depths[] = {51, 52, 1000000};

    for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
        char *text = nested_global(depths[i]);
        struct host host = host_of(text);
        const struct pyst_dialplan_global *global =
            pyst_dialplan_find_global(host.dialplan, pyst_text("B"));

        assert_non_null(global);
        if (depths[i] == 51)
            assert_text(global->value, "A");
        else
            assert_memory_equal(global->value.data, "${${", 4);
        host_free(&host);
        free(text);
    }
}

static void references_are_found_inside_one_another(void **state)
{
    static const struct {
        enum pyst_dialplan_reference_kind kind;
        const char *whole, *name, *inside;
    } wanted[] = {
        {PYST_DIALPLAN_VARIABLE, "${A:1:2}", "A", "1:2"},
        {PYST_DIALPLAN_EXPRESSION, "$[${B} + 1]", NULL, "${B} + 1"},
        {PYST_DIALPLAN_VARIABLE, "${B}", "B", NULL},
        {PYST_DIALPLAN_FUNCTION, "${F(${X},1):2}", "F", "${X},1"},
        {PYST_DIALPLAN_VARIABLE, "${X}", "X", NULL},
        {PYST_DIALPLAN_VARIABLE, "${V${W}}", "V${W}", NULL},
        {PYST_DIALPLAN_VARIABLE, "${W}", "W", NULL},
    };
    const struct pyst_text text = pyst_text("$ ${A:1:2}$[${B} + 1],${F(${X},1):2} ${V${W}} ${no");
    struct pyst_dialplan_reference reference;
    size_t position = 0, n = 0;

    while (pyst_dialplan_next_reference(text, &position, &reference)) {
        assert_in_range(n, 0, 6);
        assert_int_equal(reference.kind, wanted[n].kind);
        assert_text(reference.whole, wanted[n].whole);
        assert_true(pyst_text_equal(reference.name, pyst_text(wanted[n].name)));
        assert_true(pyst_text_equal(reference.inside, pyst_text(wanted[n].inside)));
        assert_int_equal(!reference.inside.data, !wanted[n].inside);
        n++;
    }
    assert_int_equal(n, 7);
}

static void contexts_are_one_each_name(void **state)
{
    struct host host = host_of("[a]\nexten => 1,1,A\nautohints = yes\n[b]\n[A]\n[t](!)\n"
                               "exten => 9,1,T\n[a]\nexten => 2,n,B\nexten => 2,1,B\n[c](t)\n"
                               "[General]\nx=1\n");

    assert_int_equal(pyst_dialplan_context_count(host.dialplan), 4);
    assert_string_equal(extensions_of(&host, "a"), "1:1 2:1");
    assert_string_equal(extensions_of(&host, "c"), "9:1");
    assert_true(context_of(&host, "a")->autohints);
    assert_int_equal(pyst_config_line_number(context_of(&host, "a")->place.line), 1);
    assert_null(pyst_dialplan_context(host.dialplan, 4));
    host_free(&host);
}

/* ---- picture -------------------------------------------------------------------------------- */

static void a_graph_shows_contexts_and_where_they_lead(void **state)
{
    struct host host =
        host_of("[a]\ninclude => b\ninclude => none,9:00-10:00,*,*,*\nswitch => R/x\n"
                "exten => 1,1(go),GotoIf(${X}?b,2,1:go)\n same => n,AGI(agi://h/\"p\\\\q\")\n"
                " same => n,Dial(SIP/1&Local/2@b,,g)\n same => n,Gosub(b,${Y},1)\n"
                " same => n,Goto(missing,1,1)\n same => n,Goto(${C},1,1)\n same => "
                "n,AGI(agi://h/\"p\\\\q\")\n"
                "[b]\nexten => 2,1,Macro(m)\n[macro-m]\nexten => s,1,NoOp(\xff\xc3\xa4)\n");
    static const char wanted[] =
        "digraph dialplan {\n"
        "    compound=true;\n"
        "    rankdir=LR;\n"
        "    node [shape=box, fontname=\"Helvetica\", fontsize=10];\n"
        "    edge [fontname=\"Helvetica\", fontsize=8];\n"
        "    subgraph cluster_0 {\n"
        "        label=\"a\";\n"
        "        c0 [shape=point, label=\"\"];\n"
        "        c0e0 [label=\"1\\n1 (go) GotoIf(${X}?b,2,1:go)\\l"
        "2 AGI(agi://h/\\\"p\\\\\\\\q\\\")\\l3 Dial(SIP/1&Local/2@b,,g)\\l4 Gosub(b,${Y},1)\\l"
        "5 Goto(missing,1,1)\\l6 Goto(${C},1,1)\\l7 AGI(agi://h/\\\"p\\\\\\\\q\\\")\\l\"];\n"
        "    }\n"
        "    subgraph cluster_1 {\n"
        "        label=\"b\";\n"
        "        c1 [shape=point, label=\"\"];\n"
        "        c1e0 [label=\"2\\n1 Macro(m)\\l\"];\n"
        "    }\n"
        "    subgraph cluster_2 {\n"
        "        label=\"macro-m\";\n"
        "        c2 [shape=point, label=\"\"];\n"
        "        c2e0 [label=\"s\\n1 NoOp(\xc3\xbf\xc3\xa4)\\l\"];\n"
        "    }\n"
        "    o0 [label=\"agi://h/\\\"p\\\\\\\\q\\\"\", shape=component];\n"
        "    o1 [label=\"SIP/1\", shape=ellipse];\n"
        "    o2 [label=\"R/x\", shape=hexagon];\n"
        "    o3 [label=\"missing\", shape=box, style=dashed, color=red];\n"
        "    o4 [label=\"none\", shape=box, style=dashed, color=red];\n"
        "    o5 [label=\"${C},1,1\", shape=plaintext];\n"
        "    c0 -> c1 [label=\"include\", style=dashed, ltail=cluster_0, lhead=cluster_1];\n"
        "    c0 -> o4 [label=\"include 9:00-10:00,*,*,*\", style=dashed];\n"
        "    c0 -> o2 [label=\"switch\", style=dotted];\n"
        "    c0e0 -> c1e0 [label=\"1 GotoIf\"];\n"
        "    c0e0 -> c0e0 [label=\"1 GotoIf\"];\n"
        "    c0e0 -> o0 [label=\"2 AGI\", arrowhead=vee];\n"
        "    c0e0 -> o1 [label=\"3 Dial\", arrowhead=vee];\n"
        "    c0e0 -> c1e0 [label=\"3 Dial\", style=bold];\n"
        "    c0e0 -> c1 [label=\"4 Gosub\", style=bold];\n"
        "    c0e0 -> o3 [label=\"5 Goto\"];\n"
        "    c0e0 -> o5 [label=\"6 Goto\"];\n"
        "    c0e0 -> o0 [label=\"7 AGI\", arrowhead=vee];\n"
        "    c1e0 -> c2e0 [label=\"1 Macro\", style=bold];\n"
        "}\n";
    char *text;
    size_t size;

    assert_int_equal(pyst_dialplan_graph(host.dialplan, &text, &size), 0);
    assert_string_equal(text, wanted);
    assert_int_equal(size, sizeof(wanted) - 1);
    free(text);
    host_free(&host);
}

static void what_is_long_is_cut_in_a_graph(void **state)
{
    char line[256], *text;
    struct host host;
    size_t size;

    snprintf(line, sizeof(line), "[a]\nexten => 1,1,NoOp(%0100d)\n", 0);
    host = host_of(line);
    assert_int_equal(pyst_dialplan_graph(host.dialplan, &text, &size), 0);
    snprintf(line, sizeof(line), "NoOp(%060d...)", 0);
    assert_non_null(strstr(text, line));
    free(text);
    host_free(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(priorities_are_counted_as_asterisk_counts_them),
        cmocka_unit_test(applications_are_parted_from_arguments),
        cmocka_unit_test(names_lose_blanks_and_callers_lose_more),
        cmocka_unit_test(preference_is_asterisks),
        cmocka_unit_test(patterns_fit_as_in_asterisk),
        cmocka_unit_test(a_number_finds_extensions_in_order),
        cmocka_unit_test(timed_includes_are_told),
        cmocka_unit_test(what_is_executed_is_looked_for_by_priority),
        cmocka_unit_test(a_dash_hides_no_pattern_but_of_a_hint),
        cmocka_unit_test(globals_are_put_into_names),
        cmocka_unit_test(nested_references_have_a_limit),
        cmocka_unit_test(references_are_found_inside_one_another),
        cmocka_unit_test(contexts_are_one_each_name),
        cmocka_unit_test(a_graph_shows_contexts_and_where_they_lead),
        cmocka_unit_test(what_is_long_is_cut_in_a_graph),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
