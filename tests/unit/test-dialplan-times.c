/* SPDX-License-Identifier: MIT */

/* Times of includes: whether they hold, and what of them Asterisk leaves out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dialplan-host.h"

/* A caller's clock, and what it was asked. */
struct clock {
    struct tm local;
    unsigned n;
    char zone[32];
};

static void tell_local_time(void *user, struct pyst_text zone, struct tm *local)
{
    struct clock *clock = user;

    clock->n++;
    snprintf(clock->zone, sizeof(clock->zone), "%.*s", zone.data ? (int)zone.size : 1,
             zone.data ? zone.data : "-");
    *local = clock->local;
}

static struct clock clock_at(int hour, int minute, int weekday, int day, int month)
{
    return (struct clock){.local = {.tm_hour = hour,
                                    .tm_min = minute,
                                    .tm_wday = weekday,
                                    .tm_mday = day,
                                    .tm_mon = month - 1}};
}

/* Whether an include with those times is searched. */
static bool holds(const char *times, struct clock *clock)
{
    char text[256];
    struct host host;
    struct pyst_dialplan_match *matches;
    struct pyst_dialplan_query query = {
        .context = pyst_text("a"),
        .number = pyst_text("1"),
        .local_time = tell_local_time,
        .user = clock,
    };
    size_t n;

    snprintf(text, sizeof(text), "[b]\nexten => 1,1,A\n[a]\ninclude => b%c%s\n",
             strchr(times, '|') ? '|' : ',', times);
    host = host_of(text);
    assert_int_equal(pyst_dialplan_match(host.dialplan, &query, &matches, &n), 0);
    assert_true(n <= 1);
    assert_int_equal(pyst_dialplan_find(host.dialplan, &query, 1, pyst_text_none(), NULL) != NULL,
                     n);
    pyst_dialplan_matches_free(matches);
    host_free(&host);
    return n > 0;
}

static void minutes_of_the_day(void **state)
{
    static const struct {
        const char *times;
        int hour, minute;
        bool holds;
    } examples[] = {
        {"*", 0, 0, true},
        {"9:00-17:00", 9, 0, true},
        {"9:00-17:00", 17, 0, true},
        {"9:00-17:00", 8, 59, false},
        {"9:00-17:00", 17, 1, false},
        {"22:30-6:15", 23, 59, true},
        {"22:30-6:15", 0, 0, true},
        {"22:30-6:15", 6, 16, false},
        {"22:30-6:15", 22, 29, false},
        {"9:05", 9, 5, true},
        {"9:05", 9, 6, false},
        {"9:05", 21, 5, false},
        {"0:00-23:59", 12, 0, true},
        {"23:59-23:59", 23, 59, true},
        {"23:59-23:59", 0, 0, false},
        {"8:00-9:00&12:00&14:00-15:00", 14, 30, true},
        {"8:00-9:00&12:00&14:00-15:00", 12, 0, true},
        {"8:00-9:00&12:00&14:00-15:00", 13, 0, false},
        /* What scanf's %2d takes. */
        {" 09: 5x", 9, 5, true},
        {"\t+9:+5", 9, 5, true},
        {"\r9:5", 9, 5, true},
        {"009:05", 9, 5, false},
        {"9 :05", 9, 5, false},
        {"9:055", 9, 5, true},
        {"+10:00", 1, 0, false},
        {"9:00- at 10:00", 9, 30, true},
        {"9:00-10:-0", 10, 0, true},
        {"9:00-10:-5", 9, 30, false},
        {"9:00-10:00-11:00", 10, 30, false},
        {"9:00-10:00-11:00", 9, 30, true},
        /* A part that is no time is left out; where there is no other, nothing holds. */
        {"24:00&9:05", 9, 5, true},
        {"24:00", 0, 0, false},
        {"9:60", 10, 0, false},
        {"9:00-24:00", 9, 0, false},
        {"9:00-x", 9, 0, false},
        {"x-9:00", 9, 0, false},
        {"9", 9, 0, false},
        {"9.05", 9, 5, false},
        {"9:", 9, 0, false},
        {":5", 0, 5, false},
        {"* ", 9, 0, true}, /* blanks at the end of a line are none of the value */
        {"9:00&*", 10, 0, false},
        {"9:00&", 10, 0, false},
        {"&", 10, 0, false},
    };

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct clock clock = clock_at(examples[i].hour, examples[i].minute, 3, 11, 11);

        if (holds(examples[i].times, &clock) != examples[i].holds)
            fail_msg("%s at %d:%02d", examples[i].times, examples[i].hour, examples[i].minute);
    }
}

static void days_and_months(void **state)
{
    static const struct {
        const char *times;
        int weekday, day, month;
        bool holds;
    } examples[] = {
        {"*,mon-fri", 1, 1, 1, true},
        {"*,mon-fri", 5, 1, 1, true},
        {"*,mon-fri", 0, 1, 1, false},
        {"*,mon-fri", 6, 1, 1, false},
        {"*,FRI-Mon", 6, 1, 1, true},
        {"*,FRI-Mon", 1, 1, 1, true},
        {"*,FRI-Mon", 2, 1, 1, false},
        {"*,FRI-Mon", 4, 1, 1, false},
        {"*,sat&sun", 0, 1, 1, true},
        {"*,tue&thu", 3, 1, 1, false},
        {"*,tue&thu", 4, 1, 1, true},
        {"*,tue&wed", 3, 1, 1, true},
        {"*,1", 0, 1, 1, true}, /* Sunday */
        {"*,7", 6, 1, 1, true},
        {"*,8", 0, 1, 1, false},
        {"*,0", 6, 1, 1, false},
        {"*,monday", 1, 1, 1, false},
        {"*, mon", 1, 1, 1, false},
        {"*, 2", 1, 1, 1, true},
        {"*,mon-friday", 1, 1, 1, false},
        {"*,monday-fri", 5, 1, 1, false},
        {"*,mon-tue-wed", 1, 1, 1, false},
        {"*,2-3-4", 2, 1, 1, true},
        {"*,2-3-4", 3, 1, 1, false},
        {"*,jan", 1, 1, 1, false},
        {"*, *", 1, 1, 1, false},
        {"*,,,", 1, 1, 1, true},
        {"*,*,1-15", 1, 15, 1, true},
        {"*,*,1-15", 1, 16, 1, false},
        {"*,*,25-5", 1, 31, 1, true},
        {"*,*,25-5", 1, 6, 1, false},
        {"*,*,31", 1, 31, 1, true},
        {"*,*,32&0&2", 1, 1, 1, false},
        {"*,*,31-32", 1, 31, 1, false},
        {"*,*,0-3", 1, 2, 1, false},
        {"*,*,sun", 0, 1, 1, false},
        {"*,*,*,nov-feb", 1, 1, 11, true},
        {"*,*,*,nov-feb", 1, 1, 1, true},
        {"*,*,*,nov-feb", 1, 1, 3, false},
        {"*,*,*,nov-feb", 1, 1, 10, false},
        {"*,*,*,dec", 1, 1, 12, true},
        {"*,*,*,12", 1, 1, 12, true},
        {"*,*,*,13", 1, 1, 1, false},
        {"*,*,*,12-13", 1, 1, 12, false},
        {"*,*,*,apr&jun&aug&sep", 1, 1, 9, true},
        {"*,*,*,may&jul&oct&mar", 1, 1, 9, false},
        {"*|mon|1|jan", 1, 1, 1, true},
        {"*|mon|1|jan", 1, 1, 2, false},
        {"*,mon|1,jan", 1, 1, 1, true}, /* the separators may differ */
        {"9:00-10:00,mon,1,jan", 1, 1, 1, false},
        {"11:30,mon,1,jan", 1, 1, 1, true},
        {"11:30,mon,2,jan", 1, 1, 1, false},
    };

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct clock clock =
            clock_at(11, 30, examples[i].weekday, examples[i].day, examples[i].month);

        if (holds(examples[i].times, &clock) != examples[i].holds)
            fail_msg("%s on %d, %d. %d.", examples[i].times, examples[i].weekday, examples[i].day,
                     examples[i].month);
    }
}

static void the_fifth_field_is_a_time_zone(void **state)
{
    static const struct {
        const char *times, *zone;
    } examples[] = {
        {"*", "-"},
        {"*,*,*,*", "-"},
        {"*,*,*,*,Europe/Berlin", "Europe/Berlin"},
        {"*|*|*|*|Asia/Tokyo", "Asia/Tokyo"},
        {"*,*,*,*,", "-"},
        {"*,*,*,*,UTC,x", "-"}, /* six fields have none */
        {"*,*,*,*,UTC,", "-"},
    };

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct clock clock = clock_at(11, 30, 3, 11, 11);

        assert_true(holds(examples[i].times, &clock));
        assert_int_equal(clock.n, 2); /* for both searches */
        assert_string_equal(clock.zone, examples[i].zone);
    }
}

/* What a number finds, in a row; includes with times are told by a question mark. */
static const char *matches_of(const struct host *host, struct clock *clock)
{
    static char row[256];
    const struct pyst_dialplan_query query = {
        .context = pyst_text("a"),
        .number = pyst_text("1"),
        .local_time = clock ? tell_local_time : NULL,
        .user = clock,
    };
    struct pyst_dialplan_match *matches;
    size_t n, size = 0;

    assert_int_equal(pyst_dialplan_match(host->dialplan, &query, &matches, &n), 0);
    row[0] = '\0';
    for (size_t i = 0; i < n; i++)
        size += (size_t)snprintf(row + size, sizeof(row) - size, "%s%.*s%s", i ? " " : "",
                                 (int)matches[i].context->name.size, matches[i].context->name.data,
                                 matches[i].is_timed ? "?" : "");
    pyst_dialplan_matches_free(matches);
    return row;
}

static void an_include_that_does_not_hold_is_not_searched(void **state)
{
    struct host host = host_of("[a]\ninclude => b,9:00-17:00\ninclude => c,,\ninclude => d,\n"
                               "include => b\n[b]\nexten => 1,1,B\ninclude => e\n"
                               "[c]\nexten => 1,1,C\n[d]\nexten => 1,1,D\n[e]\nexten => 1,1,E\n");
    struct clock clock = clock_at(9, 0, 1, 1, 1);

    assert_string_equal(matches_of(&host, NULL), "b? e? c? d");
    assert_string_equal(matches_of(&host, &clock), "b? e? c? d");
    clock = clock_at(8, 59, 1, 1, 1);
    /* It is not taken to be searched already. */
    assert_string_equal(matches_of(&host, &clock), "c? d b e");
    assert_int_equal(clock.n, 2);
    host_free(&host);
}

static void parts_that_are_left_out_are_told(void **state)
{
    struct host host = host_of("[globals]\nDAY=monday\n[a]\n"
                               "include => b,9:00-17:00,mon-fri,1&31,jan-12,UTC,x\n"
                               "include => b,9&24:00,x&*,sun,feb,Nowhere\n"
                               "include => b,* ,mon,,32-1&\n"
                               "include => b,*,${DAY}\n"
                               "include => b,*,${DAY()}\n");
    static const char *const expected[] = {"5:14 9",    "5:16 24:00", "5:22 x",
                                           "5:24 *",    "5:26 sun",   "6:14 * ",
                                           "6:22 32-1", "6:27 ",      "7:12 monday"};
    const size_t n = sizeof(expected) / sizeof(expected[0]);

    for (size_t i = 0; i < n && i < pyst_dialplan_problem_count(host.dialplan); i++) {
        const struct pyst_dialplan_problem problem = pyst_dialplan_problem(host.dialplan, i);
        char told[64];

        snprintf(told, sizeof(told), "%zu:%zu %.*s", problem.line, problem.column,
                 (int)problem.what.size, problem.what.data);
        assert_int_equal(problem.kind, PYST_DIALPLAN_BAD_TIME);
        assert_string_equal(told, expected[i]);
    }
    assert_int_equal(pyst_dialplan_problem_count(host.dialplan), n);
    host_free(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_of_the_day),
        cmocka_unit_test(days_and_months),
        cmocka_unit_test(the_fifth_field_is_a_time_zone),
        cmocka_unit_test(an_include_that_does_not_hold_is_not_searched),
        cmocka_unit_test(parts_that_are_left_out_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
