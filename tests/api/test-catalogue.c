/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include <pyst/ami/action.h>
#include <pyst/ami/catalogue.h>
#include <pyst/error.h>

#define BOTH (PYST_AMI_ASTERISK_16 | PYST_AMI_ASTERISK_22)

static const struct pyst_ami_entry *action_of(const char *name)
{
    const struct pyst_ami_entry *entry = pyst_ami_catalogue_action(pyst_text(name));

    assert_non_null(entry);
    return entry;
}

static const struct pyst_ami_entry *event_of(const char *name)
{
    const struct pyst_ami_entry *entry = pyst_ami_catalogue_event(pyst_text(name));

    assert_non_null(entry);
    return entry;
}

static const struct pyst_ami_parameter *parameter_of(const struct pyst_ami_entry *entry,
                                                     const char *name)
{
    const struct pyst_ami_parameter *parameter = pyst_ami_entry_find(entry, pyst_text(name));

    assert_non_null(parameter);
    return parameter;
}

/* An action with headers of these names, ended by NULL, and some value. */
static struct pyst_ami_action *make_action(const char *name, ...)
{
    struct pyst_ami_action *action = NULL;
    const char *header;
    va_list arguments;

    assert_int_equal(pyst_ami_action_new(&action, pyst_text(name)), 0);
    va_start(arguments, name);
    while ((header = va_arg(arguments, const char *)))
        assert_int_equal(pyst_ami_action_add(action, pyst_text(header), pyst_text("x")), 0);
    va_end(arguments);
    return action;
}

/* Checks the action, frees it, and compares the answer and the name that comes with it. */
static void check_says(struct pyst_ami_action *action, unsigned versions, int error,
                       const char *which)
{
    struct pyst_text name = pyst_text("untouched");

    assert_int_equal(pyst_ami_catalogue_check(action, versions, &name), error);
    assert_int_equal(pyst_ami_catalogue_check(action, versions, NULL), error);
    assert_int_equal(name.size, strlen(which));
    assert_memory_equal(name.data, which, name.size);
    pyst_ami_action_free(action);
}

/* The text between the first two quotes of the line, with a NUL in place of the second. */
static char *quoted(char *line)
{
    char *start = strchr(line, '"') + 1;

    *strchr(start, '"') = '\0';
    return start;
}

static void every_documented_name_is_found(void **state)
{
    FILE *facts = fopen(WIRE_CASES "/../../src/ami/catalogue.json", "r");
    const struct pyst_ami_entry *entry = NULL;
    size_t n_entries[2] = {0, 0}; /* actions, events */
    size_t n_parameters = 0;
    int events = -1;
    static char line[65536];

    assert_non_null(facts);
    while (fgets(line, sizeof(line), facts)) {
        if (line[0] == '"' && strchr(line, '[') && !strchr(line, ']')) {
            events = strncmp(line, "\"events\"", 8) == 0;
        } else if (strncmp(line, " {\"name\": ", 10) == 0) {
            const char *name = quoted(line + 10);

            if (entry)
                assert_null(pyst_ami_entry_parameter(entry, n_parameters));
            assert_in_range(events, 0, 1);
            entry = events ? event_of(name) : action_of(name);
            assert_string_equal(pyst_ami_entry_name(entry), name);
            n_entries[events]++;
            n_parameters = 0;
        } else if (strncmp(line, "  \"", 3) == 0) {
            const char *name = quoted(line);

            assert_string_equal(pyst_ami_parameter_name(parameter_of(entry, name)), name);
            assert_ptr_equal(pyst_ami_entry_parameter(entry, n_parameters++),
                             parameter_of(entry, name));
        }
    }
    fclose(facts);
    assert_true(n_entries[0] > 0 && n_entries[1] > 0);
    assert_non_null(pyst_ami_catalogue_action_at(n_entries[0] - 1));
    assert_null(pyst_ami_catalogue_action_at(n_entries[0]));
    assert_non_null(pyst_ami_catalogue_event_at(n_entries[1] - 1));
    assert_null(pyst_ami_catalogue_event_at(n_entries[1]));
}

static void entries_come_in_the_order_of_their_names(void **state)
{
    const struct pyst_ami_entry *entry;

    for (size_t i = 1; (entry = pyst_ami_catalogue_action_at(i)); i++)
        assert_true(strcasecmp(pyst_ami_entry_name(pyst_ami_catalogue_action_at(i - 1)),
                               pyst_ami_entry_name(entry)) < 0);
    for (size_t i = 1; (entry = pyst_ami_catalogue_event_at(i)); i++)
        assert_true(strcasecmp(pyst_ami_entry_name(pyst_ami_catalogue_event_at(i - 1)),
                               pyst_ami_entry_name(entry)) < 0);
}

static void names_are_found_in_any_case(void **state)
{
    assert_ptr_equal(action_of("oRIGINATE"), action_of("Originate"));
    assert_ptr_equal(event_of("NEWCHANNEL"), event_of("Newchannel"));
    assert_ptr_equal(parameter_of(action_of("Originate"), "callerid"),
                     parameter_of(action_of("Originate"), "CallerID"));
}

static void unknown_names_are_not_found(void **state)
{
    static const char *const names[] = {"", "Originat", "Originates", "Newchannel2", "\xff", "~"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_null(pyst_ami_catalogue_action(pyst_text(names[i])));
        assert_null(pyst_ami_catalogue_event(pyst_text(names[i])));
        assert_null(pyst_ami_entry_find(action_of("Originate"), pyst_text(names[i])));
    }
    assert_null(pyst_ami_catalogue_action(pyst_text_none()));
    assert_null(pyst_ami_catalogue_action(pyst_text_of("Ping\0", 5)));
    assert_null(pyst_ami_catalogue_action(pyst_text("Newchannel")));
    assert_null(pyst_ami_catalogue_event(pyst_text("Originate")));
}

static void parameters_say_whether_and_where_they_are_required(void **state)
{
    const struct pyst_ami_entry *originate = action_of("Originate");
    const struct pyst_ami_parameter *channel = parameter_of(originate, "Channel");

    assert_int_equal(pyst_ami_entry_versions(originate), BOTH);
    assert_int_equal(pyst_ami_parameter_versions(channel), BOTH);
    assert_int_equal(pyst_ami_parameter_required(channel), BOTH);
    assert_int_equal(pyst_ami_parameter_required(parameter_of(originate, "Async")), 0);
    /* 22 has another way to say it: ChannelPrefix. */
    assert_int_equal(pyst_ami_parameter_required(parameter_of(action_of("AOCMessage"), "Channel")),
                     PYST_AMI_ASTERISK_16);
    assert_int_equal(pyst_ami_entry_versions(action_of("SIPpeers")), PYST_AMI_ASTERISK_16);
    assert_int_equal(pyst_ami_entry_versions(action_of("PJSIPHangup")), PYST_AMI_ASTERISK_22);
}

static void parameters_that_repeat_are_marked(void **state)
{
    assert_true(pyst_ami_parameter_repeats(parameter_of(action_of("Originate"), "Variable")));
    assert_false(pyst_ami_parameter_repeats(parameter_of(action_of("Setvar"), "Variable")));
}

static void documented_values_are_listed(void **state)
{
    const struct pyst_ami_parameter *direction = parameter_of(action_of("MuteAudio"), "Direction");
    const struct pyst_ami_parameter *options =
        parameter_of(action_of("UpdateConfig"), "Options-000000");

    assert_string_equal(pyst_ami_parameter_value(direction, 0), "in");
    assert_string_equal(pyst_ami_parameter_value(direction, 1), "out");
    assert_string_equal(pyst_ami_parameter_value(direction, 2), "all");
    assert_null(pyst_ami_parameter_value(direction, 3));
    assert_null(pyst_ami_parameter_value(parameter_of(action_of("Originate"), "Channel"), 0));
    /* Its list is nested: the outer names are those of Action-000000. */
    assert_string_equal(pyst_ami_parameter_value(options, 0), "allowdups");
}

static void numbered_parameters_are_found_by_any_number(void **state)
{
    const struct pyst_ami_entry *update = action_of("UpdateConfig");
    const struct pyst_ami_entry *charge = action_of("AOCMessage");

    assert_ptr_equal(parameter_of(update, "cat-000012"), parameter_of(update, "Cat-000000"));
    assert_ptr_equal(parameter_of(charge, "UnitType(10)"), parameter_of(charge, "UnitType(0)"));
    assert_null(pyst_ami_entry_find(update, pyst_text("Cat-")));
    assert_null(pyst_ami_entry_find(update, pyst_text("Cat-00001x")));
    assert_null(pyst_ami_entry_find(update, pyst_text("Cats-000001")));
    assert_null(pyst_ami_entry_find(charge, pyst_text("UnitType()")));
    assert_null(pyst_ami_entry_find(charge, pyst_text("UnitType(1")));
    assert_null(pyst_ami_entry_find(charge, pyst_text("UnitType")));
}

static void lists_name_their_events(void **state)
{
    const struct pyst_ami_entry *show = action_of("CoreShowChannels");
    const struct pyst_ami_entry *endpoint = action_of("PJSIPShowEndpoint");
    size_t n_items = 0;

    assert_ptr_equal(pyst_ami_entry_list_item(show, 0), event_of("CoreShowChannel"));
    assert_null(pyst_ami_entry_list_item(show, 1));
    assert_ptr_equal(pyst_ami_entry_list_final(show), event_of("CoreShowChannelsComplete"));
    while (pyst_ami_entry_list_item(endpoint, n_items))
        n_items++;
    assert_true(n_items > 1);
    assert_null(pyst_ami_entry_list_item(action_of("Ping"), 0));
    assert_null(pyst_ami_entry_list_final(action_of("Ping")));
}

static void events_have_their_headers_and_privilege(void **state)
{
    const struct pyst_ami_entry *dial = event_of("DialEnd");

    assert_string_equal(pyst_ami_entry_privilege(dial), "call");
    assert_null(pyst_ami_entry_privilege(action_of("Originate")));
    parameter_of(dial, "DialStatus");
    /* Of the two channels' snapshots, and of one that another event's documentation includes. */
    parameter_of(dial, "Uniqueid");
    parameter_of(dial, "DestUniqueid");
    parameter_of(event_of("InvalidPassword"), "RemoteAddress");
}

static void check_accepts_what_is_documented(void **state)
{
    struct pyst_ami_action *action =
        make_action("Originate", "channel", "Exten", "Variable", "Variable", "ActionID", NULL);

    check_says(action, BOTH, 0, "untouched");
    check_says(make_action("Ping", NULL), 0, 0, "untouched");
    check_says(make_action("UpdateConfig", "SrcFilename", "DstFilename", "Cat-000007", NULL), BOTH,
               0, "untouched");
    /* Its documentation forgets the ActionID that every action takes. */
    check_says(make_action("PJSIPShowEndpoints", "ActionID", NULL), BOTH, 0, "untouched");
}

static void check_names_an_unknown_action(void **state)
{
    check_says(make_action("Originat", NULL), 0, PYST_ERR_NOT_IN_CATALOGUE, "Originat");
}

static void check_names_an_unknown_header(void **state)
{
    check_says(make_action("Originate", "Channel", "Chanel", NULL), BOTH, PYST_ERR_NOT_IN_CATALOGUE,
               "Chanel");
}

static void check_names_a_missing_parameter(void **state)
{
    check_says(make_action("Originate", "Exten", NULL), BOTH, PYST_ERR_MISSING_PARAMETER,
               "Channel");
}

static void check_takes_any_header_where_asterisk_does(void **state)
{
    assert_true(pyst_ami_entry_takes_any(action_of("UserEvent")));
    check_says(make_action("UserEvent", "UserEvent", "Anything", NULL), BOTH, 0, "untouched");
    check_says(make_action("UserEvent", "Anything", NULL), BOTH, PYST_ERR_MISSING_PARAMETER,
               "UserEvent");
}

static void check_goes_by_the_versions_asked_for(void **state)
{
    struct pyst_ami_action *action = make_action("SIPpeers", NULL);

    assert_int_equal(pyst_ami_catalogue_check(action, PYST_AMI_ASTERISK_16, NULL), 0);
    assert_int_equal(pyst_ami_catalogue_check(action, 0, NULL), 0);
    assert_int_equal(pyst_ami_catalogue_check(action, BOTH, NULL), PYST_ERR_NOT_IN_CATALOGUE);
    check_says(action, PYST_AMI_ASTERISK_22, PYST_ERR_NOT_IN_CATALOGUE, "SIPpeers");

    /* 16 requires the channel, 22 does not; 16 does not know the Code. */
    action = make_action("AOCMessage", "MsgType", NULL);
    assert_int_equal(pyst_ami_catalogue_check(action, PYST_AMI_ASTERISK_22, NULL), 0);
    assert_int_equal(pyst_ami_catalogue_check(action, 0, NULL), 0);
    check_says(action, BOTH, PYST_ERR_MISSING_PARAMETER, "Channel");
    action = make_action("AOCMessage", "MsgType", "Code", NULL);
    assert_int_equal(pyst_ami_catalogue_check(action, PYST_AMI_ASTERISK_22, NULL), 0);
    check_says(action, PYST_AMI_ASTERISK_16, PYST_ERR_NOT_IN_CATALOGUE, "Code");

    /* A version that the catalogue has not. */
    check_says(make_action("Ping", NULL), 0x80, PYST_ERR_NOT_IN_CATALOGUE, "Ping");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_documented_name_is_found),
        cmocka_unit_test(entries_come_in_the_order_of_their_names),
        cmocka_unit_test(names_are_found_in_any_case),
        cmocka_unit_test(unknown_names_are_not_found),
        cmocka_unit_test(parameters_say_whether_and_where_they_are_required),
        cmocka_unit_test(parameters_that_repeat_are_marked),
        cmocka_unit_test(documented_values_are_listed),
        cmocka_unit_test(numbered_parameters_are_found_by_any_number),
        cmocka_unit_test(lists_name_their_events),
        cmocka_unit_test(events_have_their_headers_and_privilege),
        cmocka_unit_test(check_accepts_what_is_documented),
        cmocka_unit_test(check_names_an_unknown_action),
        cmocka_unit_test(check_names_an_unknown_header),
        cmocka_unit_test(check_names_a_missing_parameter),
        cmocka_unit_test(check_takes_any_header_where_asterisk_does),
        cmocka_unit_test(check_goes_by_the_versions_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
