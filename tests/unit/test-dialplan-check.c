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

    /* Upper and lower case are the same; what was said to be there is. */
    {"exten => 1,1,Dail(x)\n same => n,NOOP()\n same => n,OurThing()\n same => n,${x}()\n"
     " same => n,Theirs(x)\n",
     PYST_DIALPLAN_UNKNOWN_APPLICATION,
     {"2:14 Dail", "6:12 Theirs"}},
    {"exten => 1,1,ExecIf(${x}?Nop():Set(a=1))\n same => n,Exec(Foo(x))\n same => n,TryExec(Bar)\n"
     " same => n,Originate(PJSIP/1,app,Baz,x)\n same => n,Originate(PJSIP/1,exten,a,1,1)\n",
     PYST_DIALPLAN_UNKNOWN_APPLICATION,
     {"2:26 Nop", "3:17 Foo", "4:20 Bar", "5:34 Baz"}},
    {"exten => 1,1,ExecIf(${x}? NoOp(a):NoOp (b))\n same => n,Exec(NoOp )\n same => n, NoOp(x)\n",
     PYST_DIALPLAN_BLANK_AROUND_APPLICATION,
     {"2:26  NoOp", "2:35 NoOp ", "3:17 NoOp "}},
    {"exten => 1,1,Wait()\n same => n,Wait( )\n same => n,Wait\n same => "
     "n,Originate(PJSIP/1,exten)\n"
     " same => n,Originate(${x})\n same => n,VoiceMail()\n same => n,Answer()\n",
     PYST_DIALPLAN_TOO_FEW_ARGUMENTS,
     {"2:14 Wait", "3:12 Wait", "4:12 Wait", "5:12 Originate"}},
    {"exten => 1,1,Answer(1,i,2)\n same => n,Progress(x)\n same => n,Verbose(1,a,b,c)\n"
     " same => n,Dial(PJSIP/1,2,F(a,b,c),d)\n same => n,Wait(${RAND(1,2)})\n"
     " same => n,Wait(\"1,2\")\n same => n,Set(a=1,2)\n same => n,Wait([1,2])\n",
     PYST_DIALPLAN_TOO_MANY_ARGUMENTS,
     {"2:25 2", "3:21 x"}},
    {"exten => 1,1,Dial(PJSIP/1|30)\n same => n,AGI(a.agi|b)\n same => n,Verbose(a|b)\n"
     " same => n,Dial(${a|b})\n same => n,Log(a | b)\n same => n,MSet(a=b|c)\n"
     " same => n,System(a|b)\n same => n,Queue(a|b,c)\n",
     PYST_DIALPLAN_OLD_DELIMITER,
     {"2:19 PJSIP/1|30", "3:16 a.agi|b"}},
    {"exten => 1,1,Queue(\"a,t)\n same => n,Queue(\"a\",t)\n same => n,Queue([a,t)\n"
     " same => n,Queue(a,t,\")\n same => n,NoOp(\"a,t)\n",
     PYST_DIALPLAN_OPEN_QUOTE,
     {"2:20 \"a,t", "4:18 [a,t"}},
    {"exten => 1,1,Dial(PJSIP/1,5,tqT)\n same => n,Dial(PJSIP/1,5, t)\n"
     " same => n,Dial(PJSIP/1,5,S(9)q)\n same => n,Dial(PJSIP/1,5,S(q(q)q)tL(9:8)M(m^q)Uz)\n"
     " same => n,Dial(PJSIP/1,5,${q}q)\n same => n,Dial(PJSIP/1)\n same => n,Playback(a,skip)\n",
     PYST_DIALPLAN_UNKNOWN_OPTION,
     {"2:30 qT", "3:27  t", "4:31 q"}},
    {"exten => 1,1,Dial(PJSIP/1,5,tTt)\n same => n,Dial(PJSIP/1,5,tS(t))\n",
     PYST_DIALPLAN_DUPLICATE_OPTION,
     {"2:31 t"}},
    {"exten => 1,1,Set(a)\n same => n,Set()\n same => n,Set(${a})\n same => n,MSet(a=1,b)\n"
     " same => n,Set(a=)\n",
     PYST_DIALPLAN_NO_ASSIGNMENT,
     {"2:18 a", "3:16 ", "5:21 b"}},
    {"exten => 1,1,Set(=1)\n same => n,Set(${a}=1)\n same => n,Set( =1)\n",
     PYST_DIALPLAN_EMPTY_NAME,
     {"2:18 =1", "4:16  =1"}},
    {"exten => 1,1,Set(a =1)\n same => n,Set(a= 1)\n same => n,Set(a${b c} d=1)\n"
     " same => n,Set(a${b}=1 2)\n same => n,ExecIf(${x}?Set(a b=1))\n same => n,Set(CDR(a) =1)\n",
     PYST_DIALPLAN_BLANK_IN_NAME,
     {"2:18 a ", "4:16 a${b c} d", "6:28 a b", "7:16 CDR(a) "}},
    {"exten => 1,1,GotoIf(?1)\n same => n,ExecIf( ?NoOp())\n same => n,While()\n"
     " same => n,GotoIf(${x}?1)\n",
     PYST_DIALPLAN_EMPTY_CONDITION,
     {"2:14 GotoIf", "3:12 ExecIf", "4:12 While"}},
    {"exten => 1,1,GotoIf(1?1)\n same => n,While(a)\n same => n,GotoIf($[${x}]?1)\n"
     " same => n,While(1)\n",
     PYST_DIALPLAN_CONSTANT_CONDITION,
     {"2:21 1", "3:18 a"}},
    {"exten => 1,1,GotoIf(${x} = 1?1)\n same => n,ExecIf(\"${x}\"?NoOp())\n"
     " same => n,While(!${x})\n same => n,GotoIf($[${x}]&$[${y}]?1)\n same => n,GotoIf(0${x}?1)\n"
     " same => n,GotoIf( $[${x} = 1 | \"${y}\" = \"a\"] ?1)\n same => n,GotoIf(-${x}?1)\n",
     PYST_DIALPLAN_CONDITION_NOT_COMPUTED,
     {"2:21 ${x} = 1", "3:19 \"${x}\"", "4:18 !${x}", "5:19 $[${x}]&$[${y}]"}},
    {"exten => 1,1,ExecIf(${x},NoOp,y)\n same => n,ExecIf(a)\n same => n,ExecIf(${x})\n"
     " same => n,ExecIf($[${x},1]?NoOp(a,b))\n",
     PYST_DIALPLAN_OLD_CONDITION,
     {"2:21 ${x},NoOp,y", "3:19 a"}},
    {"exten => 1,1,ExecIf(${x}?:NoOp())\n same => n,ExecIf(${x}?)\n same => "
     "n,ExecIf(${x}?NoOp():)\n",
     PYST_DIALPLAN_EMPTY_BRANCH,
     {"2:14 ExecIf", "3:12 ExecIf"}},
    {"exten => 1,1,NoOp(${callerid(num)}${LEN(a)}${ODBC_X(a)}${OUR_X(a)}${${x}(a)}${X})\n"
     " same => n,Set(Foo(a)=1)\n same => n,NoOp($[${LEN(${BAR(a)})} > 1])\n same => "
     "n,Set(a=Foo(b))\n",
     PYST_DIALPLAN_UNKNOWN_FUNCTION,
     {"2:21 callerid", "3:16 Foo", "4:27 BAR"}},
    {"exten => 1,1,NoOp(${LEN(a})\n same => n,NoOp(${LEN(${LEN(b)}})\n same => n,Set(CDR(a=1)\n"
     " same => n,NoOp(${LEN(a):1})\n",
     PYST_DIALPLAN_FUNCTION_NOT_CLOSED,
     {"2:19 ${LEN(a}", "3:17 ${LEN(${LEN(b)}}", "4:16 CDR(a"}},
    {"exten => 1,1,NoOp(${LEN(a)b}${LEN(a)b:1}${LEN(a) }${LEN(a)${b}}${LEN(a:b)}${LEN(a):1})\n",
     PYST_DIALPLAN_TEXT_BEHIND_FUNCTION,
     {"2:27 b", "2:37 b"}},
    {"exten => 1,1,NoOp(${a b}${}${a=1}${a-b}${_a.b~c}${a${b c}}${A:1})\n",
     PYST_DIALPLAN_ODD_NAME,
     {"2:19 ${a b}", "2:25 ${}", "2:28 ${a=1}", "2:52 ${b c}"}},
    {"exten => 1,1,NoOp(${a:b}${a::2}${a:1:2:3}${a:1x}${a:1:}${a:-1: -2}${a:${b}:c}${a: 1})\n",
     PYST_DIALPLAN_BAD_SUBSTRING,
     {"2:19 ${a:b}", "2:25 ${a::2}", "2:32 ${a:1:2:3}", "2:42 ${a:1x}"}},
    {"exten => 1,1,NoOp(${a:1:0}${a:-2:-2}${a:-2:-1}${a:2:-2}${LEN(a):0:0})\n",
     PYST_DIALPLAN_EMPTY_SUBSTRING,
     {"2:19 ${a:1:0}", "2:27 ${a:-2:-2}", "2:56 ${LEN(a):0:0}"}},
    {"[globals]\nA=1\nB=1\n[GLOBALS]\nA=1\n__B=2\n",
     PYST_DIALPLAN_DUPLICATE_GLOBAL,
     {"6:1 A", "7:3 B"}},

    {"exten => 1,1,Goto(b,1,1)\n same => n,Goto(${x},1,1)\n same => n,GosubIf(${x}?c,s,1(${y}))\n"
     "exten => 2,1,Dial(Local/1@d/n&SIP/x,,G(e^1^1))\n",
     PYST_DIALPLAN_MISSING_CONTEXT,
     {"2:19 b,1,1", "4:25 c,s,1", "5:19 Local/1@d/n", "5:40 e^1^1"}},
    {"exten => 1,1,Macro(x)\n same => n,Macro(y)\n[macro-y]\nexten => s,1,NoOp()\n",
     PYST_DIALPLAN_MISSING_MACRO,
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
    {"exten => 1,1,ExecIf($[1]?Goto(x):Gosub(y))\n"
     " same => n,ExecIfTime(9:00-17:00,*,*,*?Goto(z))\n same => n,ExecIfTime(*)\n",
     PYST_DIALPLAN_MISSING_LABEL,
     {"2:31 x", "2:40 y", "3:45 z"}},
    /* ${EXTEN} is the extension itself. */
    {"exten => 1,1,Goto(b,${EXTEN},1)\nexten => 2,1,Goto(b,${EXTEN},1)\n"
     "exten => _2X,1,Dial(Local/${EXTEN}@b)\nexten => _3X,1,Gosub(b,${EXTEN},1)\n"
     "exten => _4X,1,Goto(b,${EXTEN:1},1)\n[b]\nexten => 2,1,NoOp()\ninclude => c\n[c]\n"
     "exten => _[23]1,1,NoOp()\n",
     PYST_DIALPLAN_MISSING_EXTENSION,
     {"2:19 b,${EXTEN},1"}},
    {"exten => 1,1,Goto(b,${EXTEN},2)\n[b]\nexten => _X,1,NoOp()\n",
     PYST_DIALPLAN_MISSING_PRIORITY,
     {"2:19 b,${EXTEN},2"}},
    /* Wherever it is, the label must be there. */
    {"exten => 1,1,Goto(${x},1,nowhere)\n same => n,Goto(${x},1,y)\n same => n,Goto(b,${x},y)\n"
     " same => n,Goto(c,${x},y)\n same => n,Goto(d,${x},y)\n same => n,Goto(${x},nowhere)\n"
     "[b]\ninclude => d\n[c]\nexten => 1,1(z),NoOp()\n[d]\nexten => _X,1(y),NoOp()\n",
     PYST_DIALPLAN_MISSING_LABEL,
     {"2:19 ${x},1,nowhere", "5:17 c,${x},y", "7:17 ${x},nowhere"}},
    {"exten => 1,1,Goto(${x},1,y)\n same => n,Goto(b,${x},y)\n same => n,Goto(c,${x},y)\n[b]\n"
     "switch => R/x\n[c]\n",
     PYST_DIALPLAN_MISSING_LABEL,
     {"4:17 c,${x},y"}},
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
        assert_int_equal(pyst_dialplan_know(host.dialplan, pyst_text("Our*")), 0);
        assert_int_equal(pyst_dialplan_know(host.dialplan, pyst_text("O*R_*X")), 0);
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

static void what_is_likely_meant_is_told(void **state)
{
    static const struct {
        const char *written;
        const char *meant; /* NULL: nothing is near */
    } examples_of_names[] = {
        {"Dail()", "Dial"},
        {"hangpu()", "Hangup"},
        {"Plyabakc()", "Playback"},
        {"Gotto(1)", "Goto"},
        {"VoicemailMainn()", "VoiceMailMain"},
        {"Xyz()", NULL},
        {"NoOp(${len(x)})", "LEN"},
        {"NoOp(${CALERID(x)})", "CALLERID"},
        {"NoOp(${FOOBAR(x)})", NULL},
        {"D()", NULL},
    };

    for (size_t i = 0; i < sizeof(examples_of_names) / sizeof(examples_of_names[0]); i++) {
        char text[128];
        struct host host;
        size_t found = 0;

        snprintf(text, sizeof(text), "[a]\nexten => 1,1,%s\n", examples_of_names[i].written);
        host = host_of(text);
        assert_int_equal(pyst_dialplan_check(host.dialplan), 0);
        for (size_t j = 0; j < pyst_dialplan_problem_count(host.dialplan); j++) {
            const struct pyst_dialplan_problem problem = pyst_dialplan_problem(host.dialplan, j);

            if (problem.kind != PYST_DIALPLAN_UNKNOWN_APPLICATION &&
                problem.kind != PYST_DIALPLAN_UNKNOWN_FUNCTION)
                continue;
            found++;
            assert_int_equal(problem.suggestion.data != NULL, examples_of_names[i].meant != NULL);
            if (problem.suggestion.data)
                assert_true(
                    pyst_text_equal(problem.suggestion, pyst_text(examples_of_names[i].meant)));
        }
        assert_int_equal(found, 1);
        host_free(&host);
    }
}

static void each_kind_has_a_sentence(void **state)
{
    for (int kind = 0; kind < PYST_DIALPLAN_PROBLEM_KINDS; kind++) {
        assert_non_null(pyst_dialplan_problem_name((enum pyst_dialplan_problem_kind)kind));
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
        cmocka_unit_test(what_is_likely_meant_is_told),
        cmocka_unit_test(each_kind_has_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
