/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include <pyst/agi/catalogue.h>

#define BOTH (PYST_AGI_ASTERISK_16 | PYST_AGI_ASTERISK_22)

static const struct pyst_agi_entry *command_of(const char *name)
{
    const struct pyst_agi_entry *entry = pyst_agi_catalogue_command(pyst_text(name));

    assert_non_null(entry);
    return entry;
}

static const struct pyst_agi_parameter *parameter_of(const char *name, size_t index)
{
    const struct pyst_agi_parameter *parameter = pyst_agi_entry_parameter(command_of(name), index);

    assert_non_null(parameter);
    return parameter;
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
    FILE *facts = fopen(WIRE_CASES "/../../src/agi/commands.json", "r");
    const struct pyst_agi_entry *entry = NULL;
    size_t n_entries = 0;
    size_t n_parameters = 0;
    static char line[4096];

    assert_non_null(facts);
    while (fgets(line, sizeof(line), facts)) {
        if (strncmp(line, " {\"name\": ", 10) == 0) {
            bool dead = strstr(line, "\"on_dead_channel\": true");
            bool ignores_more = strstr(line, "\"ignores_more\": true");
            const char *name = quoted(line + 10);

            if (entry)
                assert_null(pyst_agi_entry_parameter(entry, n_parameters));
            entry = command_of(name);
            assert_ptr_equal(entry, pyst_agi_catalogue_command_at(n_entries++));
            assert_string_equal(pyst_agi_entry_name(entry), name);
            assert_int_equal(pyst_agi_entry_versions(entry), BOTH);
            assert_int_equal(pyst_agi_entry_on_dead_channel(entry), dead);
            assert_int_equal(pyst_agi_entry_ignores_more(entry), ignores_more);
            n_parameters = 0;
        } else if (strncmp(line, "  \"", 3) == 0) {
            bool required = !strstr(line, "\"required\": []");
            bool joined = strstr(line, "\"joined\": true");
            const struct pyst_agi_parameter *parameter =
                pyst_agi_entry_parameter(entry, n_parameters++);

            assert_string_equal(pyst_agi_parameter_name(parameter), quoted(line));
            assert_int_equal(pyst_agi_parameter_versions(parameter), BOTH);
            assert_int_equal(pyst_agi_parameter_required(parameter), required ? BOTH : 0);
            assert_int_equal(pyst_agi_parameter_is_joined(parameter), joined);
        }
    }
    fclose(facts);
    assert_int_equal(n_entries, 47);
    assert_int_equal(pyst_agi_catalogue_count(), n_entries);
    assert_null(pyst_agi_catalogue_command_at(n_entries));
}

static void commands_come_in_the_order_of_their_names(void **state)
{
    for (size_t i = 1; i < pyst_agi_catalogue_count(); i++)
        assert_true(strcmp(pyst_agi_entry_name(pyst_agi_catalogue_command_at(i - 1)),
                           pyst_agi_entry_name(pyst_agi_catalogue_command_at(i))) < 0);
}

static void names_are_found_in_any_case_and_with_any_blanks(void **state)
{
    static const char *const names[] = {"get full variable", "Get  Full\t Variable",
                                        "  GET FULL VARIABLE", "GET FULL VARIABLE \t"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_ptr_equal(command_of(names[i]), command_of("GET FULL VARIABLE"));
    assert_ptr_equal(command_of(" noop "), command_of("NOOP"));
}

static void unknown_names_are_not_found(void **state)
{
    static const char *const names[] = {
        "",    " ",         "\t",         "GET",  "GET VARIABL",  "GET VARIABLES", "GETVARIABLE",
        "G T", "ANSWERNOW", "ANSWER NOW", "\xff", "GET\nVARIABLE"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_null(pyst_agi_catalogue_command(pyst_text(names[i])));
    assert_null(pyst_agi_catalogue_command(pyst_text_none()));
    assert_null(pyst_agi_catalogue_command(pyst_text_of("NOOP\0", 5)));
    /* The view ends inside a name. */
    assert_null(pyst_agi_catalogue_command(pyst_text_of("NOOP", 3)));
    assert_ptr_equal(pyst_agi_catalogue_command(pyst_text_of("NOOPS", 4)), command_of("NOOP"));
}

static void what_is_documented_of_a_parameter_is_told(void **state)
{
    const struct pyst_agi_parameter *boolean = parameter_of("SET MUSIC", 0);

    assert_string_equal(pyst_agi_parameter_name(boolean), "boolean");
    assert_string_equal(pyst_agi_parameter_value(boolean, 0), "on");
    assert_string_equal(pyst_agi_parameter_value(boolean, 1), "off");
    assert_null(pyst_agi_parameter_value(boolean, 2));
    assert_null(pyst_agi_parameter_value(parameter_of("GET DATA", 0), 0));
    assert_null(pyst_agi_entry_parameter(command_of("GET DATA"), 3));
    assert_null(pyst_agi_entry_parameter(command_of("ANSWER"), 0));
}

static void what_only_a_server_shows_is_told(void **state)
{
    assert_true(pyst_agi_entry_on_dead_channel(command_of("GET VARIABLE")));
    assert_false(pyst_agi_entry_on_dead_channel(command_of("HANGUP")));
    assert_true(pyst_agi_entry_ignores_more(command_of("NOOP")));
    assert_false(pyst_agi_entry_ignores_more(command_of("SET VARIABLE")));
    assert_true(pyst_agi_parameter_is_joined(parameter_of("EXEC", 1)));
    assert_false(pyst_agi_parameter_is_joined(parameter_of("EXEC", 0)));
    /* Documented as required. */
    assert_int_equal(pyst_agi_parameter_required(parameter_of("VERBOSE", 1)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_documented_name_is_found),
        cmocka_unit_test(commands_come_in_the_order_of_their_names),
        cmocka_unit_test(names_are_found_in_any_case_and_with_any_blanks),
        cmocka_unit_test(unknown_names_are_not_found),
        cmocka_unit_test(what_is_documented_of_a_parameter_is_told),
        cmocka_unit_test(what_only_a_server_shows_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
