/* SPDX-License-Identifier: MIT */

/* A dialplan made, checked, searched and drawn with each allocation failing in turn. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "allocation.h"

#include "dialplan-host.h"

static const char text[] =
    "[globals]\nA=1\nB=${A}2\nC=3\n"
    "[a]\ninclude => b\ninclude => c\ninclude => ${B},9,mon-,,x\nswitch => S/1\nignorepat => 9\n"
    "exten => ${B},1(x),Goto(x)\n same => n,Dial(SIP/1&SIP/2)\n same => n,AGI(a)\n"
    " same => n,Goto(nothing,1,1)\n same => n,NoOp((\nexten => 2 3/4 5,1,NoOp()\nfoo=1\n"
    "exten => _X.,1,Gosub(b,s,1)\nexten => _X!,1,Goto(${C},1,1)\nexten => 4,1,GotoIfTime(9,x?4,1)\n"
    "[b]\nexten => s,1,Return()\nexten => s,3,Return()\ninclude => a\n[c]\ninclude => c\n";

/* Goes through all of it; the first error ends it. */
static int live(void)
{
    const struct pyst_dialplan_query query = {
        .context = pyst_text("a"),
        .number = pyst_text("12"),
    };
    struct pyst_dialplan_match *matches = NULL;
    char *graph = NULL;
    struct host host;
    size_t size, n;
    int r = host_try(&host, pyst_text(text));

    if (r < 0)
        return r;
    r = pyst_dialplan_know(host.dialplan, pyst_text("Own*"));
    if (r == 0)
        r = pyst_dialplan_check(host.dialplan);
    if (r == 0)
        r = pyst_dialplan_match(host.dialplan, &query, &matches, &n);
    if (r == 0)
        r = pyst_dialplan_graph(host.dialplan, &graph, &size);
    if (r == 0) {
        assert_int_equal(n, 4);
        assert_true(pyst_dialplan_problem_count(host.dialplan) > 5);
    }
    pyst_dialplan_matches_free(matches);
    free(graph);
    host_free(&host);
    return r;
}

static void each_failing_allocation_is_told_and_leaves_nothing(void **state)
{
    unsigned n = 0;
    int r;

    do {
        failing = ++n;
        failed = 0;
        r = live();
        assert_int_equal(r, failed ? PYST_ERR_NO_MEMORY : 0);
        assert_int_equal(alive, 0);
    } while (failed > 0);
    assert_true(n > 50);
    failing = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failing_allocation_is_told_and_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
