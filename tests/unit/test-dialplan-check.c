/* SPDX-License-Identifier: MIT */

/* What is found wrong with a dialplan, and where. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dialplan-host.h"

/* A dialplan, the kind of problem that is looked for, and where: "line:column what", in order. */
struct example {
    const char *text;
    enum pyst_dialplan_problem_kind kind;
    const char *places[4];
};

/* The lines begin behind a section "[a]", so the first is line 2. */
static const struct example examples[] = {
    {"same => n,NoOp()\n", PYST_DIALPLAN_SAME_WITHOUT_EXTEN, {"2:9 "}},
    {"exten => ,1,NoOp()\n", PYST_DIALPLAN_EMPTY_EXTENSION, {"2:10 "}},
    {"exten => 1,1(x,NoOp()\n", PYST_DIALPLAN_LABEL_NOT_CLOSED, {"2:12 1(x"}},
    {"exten => 1,n,NoOp()\nexten => 1,s,NoOp()\n",
     PYST_DIALPLAN_NEXT_WITHOUT_PRIORITY,
     {"2:12 n", "3:12 s"}},
    {"exten => 1,hint,SIP/1\n same => n,NoOp()\n same => 1,NoOp()\n same => n,NoOp()\n",
     PYST_DIALPLAN_NEXT_AFTER_HINT,
     {"3:10 n"}},
    {"exten => 1,0,NoOp()\nexten => 1,x,NoOp()\nexten => 1\nexten => 1,-1,NoOp()\n",
     PYST_DIALPLAN_BAD_PRIORITY,
     {"2:12 0", "3:12 x", "4:10 ", "5:12 -1"}},
    {"exten => 1,1,NoOp(x\n", PYST_DIALPLAN_NO_CLOSING_PARENTHESIS, {"2:14 NoOp(x"}},
    {"exten => 1,1,NoOp()\nexten => 1,1,NoOp()\nexten => 1/5,1,NoOp()\n",
     PYST_DIALPLAN_DUPLICATE_PRIORITY,
     {"3:10 1"}},
    {"exten => _[1-2],1,NoOp()\nexten => _[12],1,NoOp()\n",
     PYST_DIALPLAN_DUPLICATE_PRIORITY,
     {"3:10 _[1-2]"}},
    {"exten => 1,1(x),NoOp()\n same => n(x),NoOp()\nexten => 2,1(x),NoOp()\n",
     PYST_DIALPLAN_DUPLICATE_LABEL,
     {"3:12 x"}},
    {"include => b\ninclude => B\n[b]\n", PYST_DIALPLAN_DUPLICATE_INCLUDE, {"3:12 B"}},
    {"switch => R/x\nswitch => r/X\n", PYST_DIALPLAN_DUPLICATE_SWITCH, {"3:11 r/X"}},
    {"ignorepat => 9\nignorepat => 9\n", PYST_DIALPLAN_DUPLICATE_IGNOREPAT, {"3:14 9"}},
    {"extension => 1,1,NoOp()\n", PYST_DIALPLAN_UNKNOWN_SETTING, {"2:1 extension"}},
    {"exten => _.,1,NoOp()\nexten => _!,1,NoOp()\nexten => _X.,1,NoOp()\n",
     PYST_DIALPLAN_CATCH_ALL,
     {"2:10 _.", "3:10 _!"}},
    {"exten => _1[2,1,NoOp()\n", PYST_DIALPLAN_BAD_PRIORITY, {"2:10 "}},
    {"exten => _1[2\n same => 1,NoOp()\n", PYST_DIALPLAN_BAD_PATTERN, {"3:10 _1[2"}},
    {"exten => _1.2,1,NoOp()\nexten => _1.,1,NoOp()\n", PYST_DIALPLAN_PATTERN_TAIL, {"2:10 _1.2"}},
    {"exten => NXX,1,NoOp()\nexten => 12.,1,NoOp()\nexten => fax,1,NoOp()\n",
     PYST_DIALPLAN_NO_UNDERSCORE,
     {"2:10 NXX", "3:10 12."}},
    {"exten => 1,1,NoOp(x) y\n", PYST_DIALPLAN_TEXT_BEHIND_APPLICATION, {"2:22 y"}},
    {"exten => 1,1\n same => n,\n", PYST_DIALPLAN_NO_APPLICATION, {"2:10 ", "3:10 "}},
    {"exten => 1,1,Dial,SIP/1\nexten => 2,1,Answer\nexten => 3,hint,a,b\n",
     PYST_DIALPLAN_OLD_ARGUMENTS,
     {"2:14 Dial,SIP/1"}},
    {"exten => 1,1,NoOp (x)\n", PYST_DIALPLAN_BLANK_BEFORE_PARENTHESIS, {"2:14 NoOp "}},
    {"exten => 1,1,NoOp(a(b)\nexten => 2,1,NoOp(a)b)\nexten => 3,1,NoOp(\\()\n"
     "exten => 4,1,NoOp(\"(\")\n",
     PYST_DIALPLAN_UNBALANCED_PARENTHESES,
     {"2:20 (b", "3:20 )b"}},
    {"exten => 1,1,NoOp(${a)\nexten => 2,1,NoOp(${a${b})\n",
     PYST_DIALPLAN_UNCLOSED_VARIABLE,
     {"2:19 ${a", "3:19 ${a${b}"}},
    {"exten => 1,1,NoOp($[1 + 2)\n", PYST_DIALPLAN_UNCLOSED_EXPRESSION, {"2:19 $[1 + 2"}},

    {"exten => 1,1,Goto(b,1,1)\n same => n,Goto(${x},1,1)\n same => n,GosubIf(${x}?c,s,1(${y}))\n"
     "exten => 2,1,Dial(Local/1@d/n&SIP/x,,G(e^1^1))\n",
     PYST_DIALPLAN_MISSING_CONTEXT,
     {"2:19 b,1,1", "4:25 c,s,1", "5:19 Local/1@d/n", "5:40 e^1^1"}},
    {"exten => 1,1,Macro(x)\n same => n,Macro(y)\n[macro-y]\nexten => s,1,NoOp()\n",
     PYST_DIALPLAN_MISSING_CONTEXT,
     {"2:20 x"}},
    {"exten => 1,1,Goto(3,1)\n same => n,GotoIf($[\"${x}\" = \"a?b\"]?4,1:1,1)\n"
     "exten => _2X,1,Goto(25,1)\n",
     PYST_DIALPLAN_MISSING_EXTENSION,
     {"2:19 3,1", "3:37 4,1"}},
    {"exten => 1,1,Goto(7)\n same => n,Goto(+1)\n same => n,Goto(1,-2)\n same => n,Goto(2,5)\n"
     "exten => 2,1,NoOp()\n",
     PYST_DIALPLAN_MISSING_PRIORITY,
     {"2:19 7", "5:17 2,5"}},
    {"exten => 1,1(a),Goto(b)\n same => n,GotoIf(1?a:c)\n same => n,Gosub(2,x(1))\n"
     "exten => 2,1(x),Return()\n",
     PYST_DIALPLAN_MISSING_LABEL,
     {"2:22 b", "3:23 c"}},
    {"exten => 1,1,ExecIf($[1]?Goto(x):Gosub(y))\n",
     PYST_DIALPLAN_MISSING_LABEL,
     {"2:31 x", "2:40 y"}},
    /* The one that includes this context may have what is missing here; or a switch. */
    {"exten => 1,1,Goto(2,1)\n[b]\ninclude => a\nexten => 2,1,NoOp()\n",
     PYST_DIALPLAN_MISSING_EXTENSION,
     {NULL}},
    {"exten => 1,1,Goto(b,1,1)\n[b]\nswitch => Realtime/x\n",
     PYST_DIALPLAN_MISSING_EXTENSION,
     {NULL}},
    {"exten => _1X,1,Goto(2)\nexten => _X.,1,NoOp()\n same => n,NoOp()\n",
     PYST_DIALPLAN_MISSING_PRIORITY,
     {NULL}},
    {"exten => 1,1,Goto()\n same => n,GotoIf(1)\n",
     PYST_DIALPLAN_NO_TARGET,
     {"2:19 ", "3:12 GotoIf"}},

    {"include => b,9:00-17:00,mon-friday\n"
     "exten => 1,1,GotoIfTime(9-17,mon,feb,feb?1)\n same => n,EXECIFTIME(*, *?NoOp(25:00,))\n"
     " same => n,GotoIfTime(${x},monday?1)\n same => n,GotoIfTime(9-17)\n"
     " same => n,ExecIf(9-17?NoOp())\n[b]\n",
     PYST_DIALPLAN_BAD_TIME,
     {"2:25 mon-friday", "3:25 9-17", "3:34 feb", "4:25  *"}},
    {"include => b\ninclude => c|9:00-17:00,*,*,*\n[b]\n",
     PYST_DIALPLAN_MISSING_INCLUDE,
     {"3:12 c"}},
    {"include => b\n[b]\ninclude => c\n[c]\ninclude => a\ninclude => b\n",
     PYST_DIALPLAN_INCLUDE_LOOP,
     {"6:12 a", "7:12 b"}},
    {"exten => 1,1,NoOp()\nexten => 2,n,NoOp()\nexten => 3,2(x),NoOp()\nexten => 4,1,Goto(3,x)\n",
     PYST_DIALPLAN_NO_FIRST_PRIORITY,
     {"3:14 NoOp"}},
    {"exten => 12,2,NoOp()\nexten => _1X,1,NoOp()\n", PYST_DIALPLAN_NO_FIRST_PRIORITY, {NULL}},
    {"exten => 1,1,NoOp()\nexten => 1,3,NoOp()\nexten => 1,4,NoOp()\nexten => 1,6(x),NoOp()\n"
     "exten => 1,7,Goto(x)\n",
     PYST_DIALPLAN_PRIORITY_GAP,
     {"3:14 NoOp"}},
    {"exten => 1,1,Hangup()\n same => n,NoOp()\n same => n,GotoIf(${x}?1:2)\n same => n,NoOp()\n",
     PYST_DIALPLAN_UNREACHABLE,
     {"5:12 NoOp"}},
    {"exten => 1,1,Hangup()\n same => n,NoOp()\nexten => 2,1,GotoIf(${x}?1:1)\n same => n,NoOp()\n"
     "exten => 3,1,GotoIf(${x}?1)\n same => n,NoOp()\n",
     PYST_DIALPLAN_UNREACHABLE,
     {"3:12 NoOp", "5:12 NoOp"}},
    {"exten => 1,1,Goto(${x})\n same => n,NoOp()\n", PYST_DIALPLAN_UNREACHABLE, {NULL}},
    {"exten => 1,1,Goto(b,1,1)\n[b]\nexten => 1,1,Goto(1)\n[general]\n[c]\nexten => "
     "1,1,Goto(c,1,1)\n",
     PYST_DIALPLAN_UNUSED_CONTEXT,
     {"1:1 a", "6:1 c"}},
};

static void problems_are_found_where_they_are(void **state)
{
    unsigned failures = 0;

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct example *example = &examples[i];
        char text[1024], place[256];
        struct host host;
        size_t found = 0;

        snprintf(text, sizeof(text), "[a]\n%s", example->text);
        host = host_of(text);
        assert_int_equal(pyst_dialplan_check(host.dialplan), 0);
        for (size_t j = 0; j < pyst_dialplan_problem_count(host.dialplan); j++) {
            const struct pyst_dialplan_problem problem = pyst_dialplan_problem(host.dialplan, j);

            if (problem.kind != example->kind)
                continue;
            snprintf(place, sizeof(place), "%zu:%zu %.*s", problem.line, problem.column,
                     (int)problem.what.size, problem.what.data ? problem.what.data : "");
            if (found == 4 || !example->places[found] ||
                strcmp(place, example->places[found]) != 0) {
                print_error("%s\nproblem %zu: %s: %s\nand not %s\n", text, found, place,
                            pyst_dialplan_problem_text(problem.kind),
                            found < 4 && example->places[found] ? example->places[found] : "any");
                failures++;
            }
            found++;
        }
        if (found < 4 && example->places[found]) {
            print_error("%s\nnot found: %s\n", text, example->places[found]);
            failures++;
        }
        host_free(&host);
    }
    assert_int_equal(failures, 0);
}

static void a_sound_dialplan_has_no_problems(void **state)
{
    static const char text[] = "[general]\nstatic=yes\n[globals]\nX=1\n"
                               "[a]\ninclude => b\ninclude => a2\nautohints = yes\n"
                               "exten => _X.,1,Answer\n same => n(again),GotoIf($[${X} > 1]?done)\n"
                               " same => n,Goto(again)\n same => n(done),Gosub(b,sub,1(a,b))\n"
                               " same => n,AGI(agi://localhost/x)\n same => n,Hangup(16)\n"
                               "exten => h,1,NoOp(${CALLERID(num)})\nexten => 5,hint,PJSIP/5\n"
                               "[b]\nexten => sub,1,Return()\n[a2](!)\n[a2]\ninclude => c\n"
                               "[c]\nexten => 1,1,Goto(a,123,1)\n";
    struct host host = host_of(text);

    assert_int_equal(pyst_dialplan_check(host.dialplan), 0);
    assert_int_equal(pyst_dialplan_problem_count(host.dialplan), 0);
    host_free(&host);
}

static void problems_are_told_in_the_order_of_lines_and_once(void **state)
{
    struct host host = host_of("[t](!)\nexten => 1,1,Goto(x,1,1)\nexten => 1,1,NoOp()\n"
                               "[b](t)\n[a](t)\nfoo=1\n");
    const enum pyst_dialplan_problem_kind wanted[] = {
        PYST_DIALPLAN_MISSING_CONTEXT, PYST_DIALPLAN_DUPLICATE_PRIORITY,
        PYST_DIALPLAN_UNUSED_CONTEXT,  PYST_DIALPLAN_UNUSED_CONTEXT,
        PYST_DIALPLAN_UNKNOWN_SETTING,
    };

    assert_int_equal(pyst_dialplan_check(host.dialplan), 0);
    assert_int_equal(pyst_dialplan_problem_count(host.dialplan), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(pyst_dialplan_problem(host.dialplan, i).kind, wanted[i]);
    host_free(&host);
}

static void each_kind_has_a_sentence(void **state)
{
    for (int kind = 0; kind <= PYST_DIALPLAN_UNUSED_CONTEXT; kind++) {
        assert_non_null(pyst_dialplan_problem_text((enum pyst_dialplan_problem_kind)kind));
        assert_in_range(pyst_dialplan_problem_severity((enum pyst_dialplan_problem_kind)kind), 0,
                        PYST_CONFIG_NOTE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_are_found_where_they_are),
        cmocka_unit_test(a_sound_dialplan_has_no_problems),
        cmocka_unit_test(problems_are_told_in_the_order_of_lines_and_once),
        cmocka_unit_test(each_kind_has_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
