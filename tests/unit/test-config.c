/* SPDX-License-Identifier: MIT */

/* What a configuration means: templates, additions, included files. */

#include "config-dump.h"

/* Files in memory: name, bytes, and so on, up to NULL; the first is the configuration. */
struct folder {
    const char *const *files;
};

/* A name that ends in "*" fits all that begin so. */
static bool fits(struct pyst_text pattern, const char *name)
{
    if (pattern.size > 0 && pattern.data[pattern.size - 1] == '*')
        return strncmp(pattern.data, name, pattern.size - 1) == 0;
    return pyst_text_equal(pattern, pyst_text(name));
}

static int open_file(void *user, struct pyst_text argument, size_t i,
                     struct pyst_config_document **documentp)
{
    struct folder *folder = user;

    if (i == SIZE_MAX)
        return 0;
    for (const char *const *file = folder->files; *file; file += 2)
        if (fits(argument, file[0]) && i-- == 0) {
            *documentp = read_text(file[0], pyst_text(file[1]));
            return 1;
        }
    return 0;
}

static int execute(void *user, struct pyst_text command, struct pyst_config_document **documentp)
{
    *documentp = read_text("command", command);
    return 1;
}

/* "[name]" or "[name](!)" with its templates, "name=value" with what it has of its own. */
static void dump_config(const struct pyst_config *config)
{
    dumped_size = 0;
    dumped[0] = '\0';
    if (!pyst_config_is_valid(config))
        dump("invalid\n");
    for (size_t i = 0; i < pyst_config_section_count(config); i++) {
        const struct pyst_config_section *section = pyst_config_section(config, i);

        dump("[");
        dump_text(section->name);
        dump("]%s", section->is_template ? "!" : "");
        for (size_t k = 0; k < section->n_templates; k++) {
            dump(" <");
            dump_text(section->templates[k]->name);
        }
        dump("\n");
        for (size_t k = 0; k < section->n_items; k++) {
            const struct pyst_config_item *item = &section->items[k];

            dump_text(item->name);
            dump("=%s", item->is_object ? ">" : "");
            dump_text(item->value);
            dump(" %s", item->is_inherited ? "<" : "");
            dump_text(pyst_config_document_name(item->document));
            dump(":%zu\n", pyst_config_line_number(item->line));
        }
    }
    for (size_t i = 0; i < pyst_config_problem_count(config); i++) {
        struct pyst_config_found found = pyst_config_problem(config, i);

        dump_text(pyst_config_document_name(found.document));
        dump(":");
        dump_problem(&found.problem);
    }
}

static void expect_files(const char *const *files, bool may_execute, const char *expected)
{
    struct folder folder = {.files = files};
    struct pyst_config_source source = {open_file, may_execute ? execute : NULL, &folder};
    struct pyst_config_document *document = read_text(files[0], pyst_text(files[1]));
    struct pyst_config *config;

    assert_int_equal(pyst_config_new(&config, document, &source, NULL), 0);
    pyst_config_document_unref(document);
    dump_config(config);
    assert_string_equal(dumped, expected);
    assert_null(pyst_config_free(config));
}

#define FILES(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define expect(text, bytes) expect_files(FILES("a", bytes), false, text)

static void sections_have_their_items_in_order(void **state)
{
    expect("[a]\nx=1 a:2\ny=>2 a:3\n[b]\n[a]\nx=3 a:6\n", "[a]\nx=1\ny=>2\n[b]\n[a]\nx=3\n");
}

static void templates_are_inherited_in_order(void **state)
{
    expect("[t]!\nx=1 a:2\n[u]! <t\nx=1 <a:2\ny=2 a:4\n[a] <u <t\nx=1 <a:2\ny=2 <a:4\nx=1 <a:2\n"
           "x=9 a:6\n",
           "[t](!)\nx=1\n[u](!,t)\ny=2\n[a](u,t)\nx=9\n");
    expect("[a]\nx=1 a:2\n[b] <a\nx=1 <a:2\n", "[a]\nx=1\n[b](A)\n");
}

static void a_template_must_stand_before(void **state)
{
    expect("invalid\n[a]\nx=1 a:2\n[b]\n"
           "a:1:1 error: a section inherits from one that is not defined before it\n",
           "[a](b)\nx=1\n[b]\n");
    /* A blank is a part of the name. */
    expect("invalid\n[a]\n[b]\na:2:1 error: a section inherits from one that is not defined before "
           "it\n",
           "[a]\n[b]( a)\n");
}

static void an_addition_goes_to_the_first_of_that_name(void **state)
{
    expect("[a]\nx=1 a:2\ny=2 a:5\n[a]\n", "[a]\nx=1\n[a]\n[A](+)\ny=2\n");
    expect("invalid\n[a]\ny=2 a:2\na:1:1 error: a section with (+) adds to one that is not defined "
           "before it\n",
           "[a](+)\ny=2\n");
}

static void an_addition_may_have_a_filter(void **state)
{
    expect("[a]\nt=1 a:2\n[a]\nt=2 a:4\nx=3 a:6\n", "[a]\nt=1\n[a]\nt=2\n[a](+t=2)\nx=3\n");
    expect("[a]\nt=1 a:2\nu=1 a:3\n[a]\nt=1 a:5\nu=2 a:6\nx=3 a:8\n",
           "[a]\nt=1\nu=1\n[a]\nt=1\nu=2\n[a](+ t = ^1 & u=[23] )\nx=3\n");
    expect("invalid\n[a]\n[a]\na:2:1 error: the filter of a section with (+) is no regular "
           "expression, or too large a one\n",
           "[a]\n[a](+t=[)\n");
    expect("invalid\n[a]\n[a]\na:2:1 error: the filter of a section with (+) is no regular "
           "expression, or too large a one\n",
           "[a]\n[a](+t=x{99}{9}{9})\n");
}

static void templates_are_added_to_by_filter_only(void **state)
{
    expect("[t]!\nx=1 a:3\n", "[t](!)\n[t](+TEMPLATES=include)\nx=1\n");
}

static void an_addition_may_inherit(void **state)
{
    expect("[t]!\nx=1 a:2\n[a]\nx=1 <a:2\ny=2 a:5\n[b] <t\nx=1 <a:2\nz=3 a:8\n",
           "[t](!)\nx=1\n[a]\n[a](t,+)\ny=2\n[b]\n[b](+,t)\nz=3\n");
}

static void appending_makes_one_value(void **state)
{
    expect("[a]\nx=1 2 a:2\ny=new a:4\n", "[a]\nx=1\nx+= 2\ny += new\n");
    expect("[t]!\nx=1 a:2\n[a] <t\nx=1 ,2 a:2\n", "[t](!)\nx=1\n[a](t)\nx += ,2\n");
}

static void what_is_appended_to_one_value_is_in_no_other(void **state)
{
    expect("[t]!\nx=abd a:2\n[c] <t\nx=abc a:2\n",
           "[t](!)\nx=a\nx+=b\n[c](t)\nx+=c\n[t](+TEMPLATES=include)\nx+=d\n");
    expect("[t]!\nx=abd a:2\ny=1 a:4\n[c] <t\nx=abc a:2\ny=1 <a:4\n[d] <t\nx=ab <a:2\ny=12 a:4\n",
           "[t](!)\nx=a\nx+=b\ny=1\n[c](t)\nx+=c\n[d](t)\ny+=2\n[t](+TEMPLATES=include)\nx+=d\n");
}

static void problems_of_lines_that_are_gone_are_gone(void **state)
{
    struct pyst_config_document *document = read_string("[a\n[b]\n=1\nnone\n[c](d\nx=1\n;--\n");
    struct pyst_config_line *broken = pyst_config_document_first(document);
    struct pyst_config_line *b = pyst_config_line_next(broken);
    struct pyst_config *config;

    assert_int_equal(pyst_config_new(&config, document, NULL, NULL), 0);
    assert_int_equal(pyst_config_problem_count(config), 5);
    pyst_config_free(config);
    /* One moved, two removed. */
    assert_int_equal(pyst_config_document_move(document, pyst_config_line_next(b),
                                               pyst_config_line_next(b), broken),
                     0);
    assert_int_equal(pyst_config_document_remove(document, broken), 0);
    broken = pyst_config_line_next(pyst_config_line_next(b));
    assert_int_equal(pyst_config_line_number(broken), 5);
    assert_int_equal(pyst_config_document_remove(document, broken), 0);
    assert_int_equal(pyst_config_new(&config, document, NULL, NULL), 0);
    dump_config(config);
    assert_string_equal(dumped,
                        "invalid\n[b]\nx=1 test.conf:6\n"
                        "test.conf:3:1 warning: a setting has no name before its equal sign and is "
                        "ignored\n"
                        "test.conf:3:1 error: a setting stands before any [section]\n"
                        "test.conf:4:1 warning: a setting has no equal sign and is ignored\n"
                        "test.conf:7:1 warning: a block comment (;--) is not ended by --;\n");
    pyst_config_free(config);
    pyst_config_document_unref(document);
}

static void an_item_before_any_section_is_an_error(void **state)
{
    expect("invalid\n[a]\ny=2 a:3\na:1:1 error: a setting stands before any [section]\n",
           "x=1\n[a]\ny=2\n");
}

static void a_file_is_included_where_it_is_named(void **state)
{
    expect_files(FILES("a", "[a]\nx=1\n#include \"b\"\ny=2\n", "b", "i=1\n[b]\nj=2\n"), false,
                 "[a]\nx=1 a:2\ni=1 b:1\ny=2 a:4\n[b]\nj=2 b:3\n");
}

/* Asterisk's own: a file begins in the section that was begun last, wherever that was. */
static void a_file_begins_in_the_section_that_was_begun_last(void **state)
{
    expect_files(FILES("a", "[a]\n#include b\n#include c\nx=1\n", "b", "[b]\n", "c", "y=2\n"),
                 false, "[a]\nx=1 a:4\n[b]\ny=2 c:1\n");
}

static void a_pattern_names_many_files(void **state)
{
    expect_files(
        FILES("a", "[a]\n#include b*\nx=1\n", "b1", "y=1\n;-- open\n", "b2", "no=1\n--; z=2\n"),
        false,
        "[a]\ny=1 b1:1\nz=2 b2:2\nx=1 a:3\n"
        "b1:2:1 warning: a block comment (;--) is not ended by --;\n");
}

static void a_missing_file_is_an_error_unless_it_is_tried(void **state)
{
    expect("invalid\n[a]\nx=1 a:3\n"
           "a:2:1 error: an included file does not exist (#tryinclude allows that)\n",
           "[a]\n#include none\nx=1\n");
    expect("[a]\nx=1 a:3\n", "[a]\n#tryinclude none\nx=1\n");
}

static void an_error_ends_an_included_file_and_not_the_other(void **state)
{
    expect_files(FILES("a", "[a]\n#include b\nx=1\n", "b", "y=1\n[c\nz=2\n"), false,
                 "[a]\ny=1 b:1\nx=1 a:3\nb:2:1 error: a section's name has no closing bracket\n");
}

static void a_circle_of_files_is_found(void **state)
{
    struct folder folder = {.files = FILES("a", "[a]\n#include a\n")};
    struct pyst_config_source source = {open_file, NULL, &folder};
    struct pyst_config_document *document = read_text("a", pyst_text(folder.files[1]));
    struct pyst_config *config;

    assert_int_equal(pyst_config_new(&config, document, &source, NULL), 0);
    assert_int_equal(pyst_config_document_count(config), 1 + PYST_CONFIG_INCLUDE_DEPTH);
    assert_int_equal(pyst_config_problem_count(config), 1);
    assert_int_equal(pyst_config_problem(config, 0).problem.kind, PYST_CONFIG_INCLUDE_TOO_DEEP);
    assert_true(pyst_config_is_valid(config));
    assert_ptr_equal(pyst_config_document(config, 0), document);
    assert_null(pyst_config_document(config, 1 + PYST_CONFIG_INCLUDE_DEPTH));
    pyst_config_free(config);
    pyst_config_document_unref(document);
}

static void an_addition_may_make_a_template(void **state)
{
    expect("[a]!\nx=1 a:2\ny=2 a:4\n", "[a]\nx=1\n[a](!,+)\ny=2\n");
}

static void expect_items(const char *const *files, size_t items, int result)
{
    struct folder folder = {.files = files};
    struct pyst_config_source source = {open_file, NULL, &folder};
    struct pyst_config_document *document = read_text(files[0], pyst_text(files[1]));
    struct pyst_config_limits limits = {.items = items};
    struct pyst_config *config = NULL;

    assert_int_equal(pyst_config_new(&config, document, &source, &limits), result);
    pyst_config_free(config);
    pyst_config_document_unref(document);
}

static void only_what_is_there_is_counted(void **state)
{
    expect_items(FILES("a", "[t](!)\nx=1\n[a]\n[a](t,+)\n[a](t,+)\n[a](t,+)\n[a](t,+)\n"), 6, 0);
    expect_items(FILES("a", "[t](!)\nx=1\n[a]\n[a](t,+)\n[a](t,+)\n[a](t,+)\n[a](t,+)\n"), 4,
                 PYST_ERR_LIMIT_CONFIG);
    /* A section that an included file gives up at is none. */
    expect_items(FILES("a", "[t](!)\nx=1\ny=2\n#include b\n#include b\n#include b\n[a](t)\n", "b",
                       "[c](t,none)\n"),
                 4, 0);
}

static void a_filter_says_which_section_is_meant(void **state)
{
    expect("[a]\n[a]!\nx=1 a:4\n", "[a]\n[a](!)\n[a](+TEMPLATES=restrict)\nx=1\n");
    expect("invalid\n[t]!\nx=1 a:2\n[t]\na:3:1 error: a section with (+) adds to one that is not "
           "defined before it\n",
           "[t](!)\nx=1\n[t](+x=1)\n");
    expect("invalid\n[a]\n[a]\na:2:1 error: a section with (+) adds to one that is not defined "
           "before it\n",
           "[a]\n[a](+word)\n");
    expect("invalid\n[a]\n[a]\na:2:1 error: the filter of a section with (+) is no regular "
           "expression, or too large a one\n",
           "[a]\n[a](+t=x{1001})\n");
}

static void problems_follow_lines_that_are_moved(void **state)
{
    struct pyst_config_document *document = read_string("[a]\n=1\n=2\n=3\n");
    struct pyst_config_line *line = pyst_config_line_next(pyst_config_document_first(document));
    struct pyst_config_line *last = pyst_config_document_last(document);
    struct pyst_config *config;

    assert_int_equal(pyst_config_document_move(document, last, last, line), 0);
    assert_int_equal(pyst_config_new(&config, document, NULL, NULL), 0);
    assert_int_equal(pyst_config_problem_count(config), 3);
    assert_int_equal(pyst_config_problem(config, 0).problem.line, 4);
    assert_int_equal(pyst_config_problem(config, 1).problem.line, 2);
    assert_int_equal(pyst_config_problem(config, 2).problem.line, 3);
    pyst_config_free(config);
    pyst_config_document_unref(document);
}

static void a_comment_that_goes_on_is_told_of_once(void **state)
{
    expect_files(FILES("a", "[a]\n#include b*\n", "b1", ";-- open\n", "b2", "no=1\n"), false,
                 "[a]\nb1:1:1 warning: a block comment (;--) is not ended by --;\n");
}

static void each_of_many_sections_is_found(void **state)
{
    enum { SECTIONS = 500 };
    char bytes[SECTIONS * 8] = "", name[8];
    struct pyst_config_document *document;
    struct pyst_config *config;

    for (int i = 0; i < SECTIONS; i++)
        snprintf(bytes + strlen(bytes), 8, "[s%d]\n", i);
    document = read_string(bytes);
    assert_int_equal(pyst_config_new(&config, document, NULL, NULL), 0);
    for (int i = 0; i < SECTIONS; i++) {
        const struct pyst_config_section *section;

        snprintf(name, sizeof(name), "S%d", i);
        section = pyst_config_find(config, pyst_text(name), NULL);
        assert_int_equal(section->index, i);
        assert_null(pyst_config_find(config, pyst_text(name), section));
    }
    pyst_config_free(config);
    pyst_config_document_unref(document);
}

static void an_empty_name_means_any_section(void **state)
{
    expect("[t]!\n[a]\nx=1 a:4\n[b]\n", "[t](!)\n[a]\n[](+)\nx=1\n[b]\n");
}

static void names_are_cut_as_asterisk_does_it(void **state)
{
    char bytes[128] = "[", expected[256] = "[";

    memset(bytes + 1, 'n', 80);
    strcpy(bytes + 81, "]\n");
    memset(expected + 1, 'n', 79);
    strcpy(expected + 80, "]\na:1:2 note: a section's name is cut after 79 bytes\n");
    expect(expected, bytes);
}

static void a_limit_is_what_there_may_be(void **state)
{
    expect_items(FILES("a", "[a]\nx=1\ny=2\n"), 2, 0);
    expect_items(FILES("a", "[a]\nx=1\ny=2\n"), 1, PYST_ERR_LIMIT_CONFIG);
}

static void what_is_appended_to_is_found_as_asterisk_does_it(void **state)
{
    /* Of exactly that name. */
    expect("[a]\nx=1 a:2\nX=2 a:3\n", "[a]\nx=1\nX+=2\n");
    /* The last one gives the value, the first one like it takes what comes of it, and the name. */
    expect("[a]\nx=1 a:2\nx=23 a:3\n", "[a]\nx=1\nx=2\nx+=3\n");
    expect("[a]\nx=v3 a:2\nx=v a:3\n", "[a]\nX=V\nx=v\nx+=3\n");
    expect("[a]\nx=3 a:2\nx= a:3\n", "[a]\nx=1\nx=\nx+= 3\n");
}

static void files_of_a_pattern_are_read_as_one(void **state)
{
    expect_files(
        FILES("a", "[a]\n#include b*\nx=1\n", "b1", "[b]\n", "b2", "\xef\xbb\xbfy=2\n[c]\n"), false,
        "[a]\nx=1 a:3\n[b]\n\xef\xbb\xbfy=2 b2:1\n[c]\n");
}

/* Asterisk forgets that it has left a file that has an error. */
static void errors_use_the_depth_up(void **state)
{
    expect_files(FILES("a",
                       "[a]\n#include b\n#include b\n#include b\n#include b\n#include b\n"
                       "#include b\n#include b\n#include b\n#include b\n#include c\n#include b\n"
                       "#include c\n",
                       "b", "[", "c", "x=1\n"),
                 false,
                 "invalid\n[a]\nx=1 c:1\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "b:1:1 error: a section's name has no closing bracket\n"
                 "a:13:1 error: files include one another deeper than 10, perhaps in a circle\n");
}

static void trying_too_deep_is_no_error(void **state)
{
    expect_files(FILES("a", "[a]\n#tryinclude b\n", "b", "#tryinclude b\n"), false, "[a]\n");
}

static void commands_run_only_when_they_may(void **state)
{
    expect("[a]\nx=1 a:3\na:2:1 warning: #exec is not allowed and is ignored\n",
           "[a]\n#exec y=1\nx=1\n");
    expect_files(FILES("a", "[a]\n#exec \"y=1\"\nx=1\n"), true, "[a]\ny=1 command:1\nx=1 a:3\n");
}

static void without_a_source_no_file_exists(void **state)
{
    struct pyst_config_document *document = read_string("#tryinclude a\n[a]\n");
    struct pyst_config *config;

    assert_int_equal(pyst_config_new(&config, document, NULL, NULL), 0);
    assert_true(pyst_config_is_valid(config));
    assert_int_equal(pyst_config_section_count(config), 1);
    assert_null(pyst_config_section(config, 1));
    pyst_config_free(config);
    pyst_config_document_unref(document);
}

static void sections_and_values_are_looked_up_in_any_case(void **state)
{
    struct pyst_config_document *document = read_string("[t](!)\n[T]\nx=1\nX=2\n[b]\n[t]\ny=1\n");
    const struct pyst_config_section *section;
    struct pyst_config *config;

    assert_int_equal(pyst_config_new(&config, document, NULL, NULL), 0);
    section = pyst_config_find(config, pyst_text("t"), NULL);
    assert_int_equal(section->index, 1);
    assert_true(
        pyst_text_equal(pyst_config_section_get(section, pyst_text("x"))->value, pyst_text("2")));
    assert_null(pyst_config_section_get(section, pyst_text("y")));
    section = pyst_config_find(config, pyst_text("t"), section);
    assert_int_equal(section->index, 3);
    assert_null(pyst_config_find(config, pyst_text("t"), section));
    assert_null(pyst_config_find(config, pyst_text("none"), NULL));
    pyst_config_free(config);
    pyst_config_document_unref(document);
}

/* Each section has all that is before it, twice: 2 to the power of 64 items. */
static void templates_that_multiply_meet_a_limit(void **state)
{
    char bytes[4096] = "[s0](!)\nx=1\n";
    struct pyst_config_document *document;
    struct pyst_config *config = NULL;
    struct pyst_config_limits limits = {.items = 1000}, few = {.sections = 10};

    for (int i = 1; i <= 64; i++)
        snprintf(bytes + strlen(bytes), sizeof(bytes) - strlen(bytes), "[s%d](!,s%d,s%d)\n", i,
                 i - 1, i - 1);
    document = read_string(bytes);
    assert_int_equal(pyst_config_new(&config, document, NULL, &limits), PYST_ERR_LIMIT_CONFIG);
    assert_int_equal(pyst_config_new(&config, document, NULL, &few), PYST_ERR_LIMIT_CONFIG);
    assert_null(config);
    pyst_config_document_unref(document);
}

static void every_problem_has_words(void **state)
{
    for (int kind = 0; kind <= PYST_CONFIG_TEXT_BEHIND_SECTION; kind++)
        assert_true(strlen(pyst_config_problem_text((enum pyst_config_problem_kind)kind)) > 10);
    assert_int_equal(pyst_config_problem_severity(PYST_CONFIG_MISSING_FILE), PYST_CONFIG_ERROR);
    assert_int_equal(pyst_config_problem_severity(PYST_CONFIG_NO_NAME), PYST_CONFIG_WARNING);
    assert_int_equal(pyst_config_problem_severity(PYST_CONFIG_SECTION_NAME_CUT), PYST_CONFIG_NOTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_have_their_items_in_order),
        cmocka_unit_test(templates_are_inherited_in_order),
        cmocka_unit_test(a_template_must_stand_before),
        cmocka_unit_test(an_addition_goes_to_the_first_of_that_name),
        cmocka_unit_test(an_addition_may_have_a_filter),
        cmocka_unit_test(templates_are_added_to_by_filter_only),
        cmocka_unit_test(an_addition_may_inherit),
        cmocka_unit_test(appending_makes_one_value),
        cmocka_unit_test(an_item_before_any_section_is_an_error),
        cmocka_unit_test(a_file_is_included_where_it_is_named),
        cmocka_unit_test(a_file_begins_in_the_section_that_was_begun_last),
        cmocka_unit_test(a_pattern_names_many_files),
        cmocka_unit_test(a_missing_file_is_an_error_unless_it_is_tried),
        cmocka_unit_test(an_error_ends_an_included_file_and_not_the_other),
        cmocka_unit_test(a_circle_of_files_is_found),
        cmocka_unit_test(commands_run_only_when_they_may),
        cmocka_unit_test(without_a_source_no_file_exists),
        cmocka_unit_test(sections_and_values_are_looked_up_in_any_case),
        cmocka_unit_test(templates_that_multiply_meet_a_limit),
        cmocka_unit_test(every_problem_has_words),
        cmocka_unit_test(what_is_appended_to_one_value_is_in_no_other),
        cmocka_unit_test(problems_of_lines_that_are_gone_are_gone),
        cmocka_unit_test(an_addition_may_make_a_template),
        cmocka_unit_test(only_what_is_there_is_counted),
        cmocka_unit_test(what_is_appended_to_is_found_as_asterisk_does_it),
        cmocka_unit_test(files_of_a_pattern_are_read_as_one),
        cmocka_unit_test(errors_use_the_depth_up),
        cmocka_unit_test(trying_too_deep_is_no_error),
        cmocka_unit_test(a_filter_says_which_section_is_meant),
        cmocka_unit_test(an_empty_name_means_any_section),
        cmocka_unit_test(names_are_cut_as_asterisk_does_it),
        cmocka_unit_test(a_limit_is_what_there_may_be),
        cmocka_unit_test(problems_follow_lines_that_are_moved),
        cmocka_unit_test(a_comment_that_goes_on_is_told_of_once),
        cmocka_unit_test(each_of_many_sections_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
