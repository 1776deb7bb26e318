/* SPDX-License-Identifier: MIT */

/* Lines of a configuration file: what each means, and that nothing of them is lost. */

#include "config-dump.h"

/* A line each: its meaning, then the problems. */
static void dump_document(const struct pyst_config_document *document)
{
    dumped_size = 0;
    dumped[0] = '\0';
    for (struct pyst_config_line *line = pyst_config_document_first(document); line;
         line = pyst_config_line_next(line)) {
        static const char *const kinds[] = {"", "section ", "item ", "#", "too long", "broken"};

        dump("%s", kinds[pyst_config_line_kind(line)]);
        dump_text(pyst_config_line_name(line));
        if (pyst_config_line_value(line).data) {
            dump("%s|", pyst_config_line_is_object(line)   ? ">"
                        : pyst_config_line_is_append(line) ? "+"
                                                           : "");
            dump_text(pyst_config_line_value(line));
        }
        dump("\n");
    }
    for (size_t i = 0; i < pyst_config_document_problem_count(document); i++) {
        struct pyst_config_problem problem = pyst_config_document_problem(document, i);

        dump_problem(&problem);
    }
}

static void expect(const char *bytes, const char *expected)
{
    struct pyst_config_document *document = read_string(bytes);

    dump_document(document);
    assert_string_equal(dumped, expected);
    assert_written(document, bytes);
    assert_false(pyst_config_document_is_changed(document));
    pyst_config_document_unref(document);
}

static void a_line_is_a_section_or_an_item_or_a_directive(void **state)
{
    expect("[a]\nx=1\n\n#include b.conf\n; c\n", "section a\nitem x|1\n\n#include|b.conf\n\n");
    expect("", "");
    expect("[a]", "section a\n");
}

static void blanks_around_names_and_values_mean_nothing(void **state)
{
    expect("  [a]  \n\t x \t=\t 1 2 \t\ny =\nz=\x01v\x02\r\n",
           "section a\nitem x|1 2\nitem y|\nitem z|v\n");
    expect("[ a ]\n", "section  a \n");
}

static void the_operator_may_be_one_of_three(void **state)
{
    expect("x = 1\nx => 1\nx += 1\nx=>=1\nx==1\nx+ =1\nx=> > 1\n",
           "item x|1\nitem x>|1\nitem x+|1\nitem x>|=1\nitem x|=1\nitem x+|1\nitem x>|> 1\n");
}

static void a_backslash_takes_the_meaning_of_a_first_byte(void **state)
{
    expect("\\[a]=1\n\\#include=2\n\\=b=3\n\\x=4\n",
           "item [a]|1\nitem #include|2\nitem =b|3\nitem x|4\n");
    expect("\\ x=1\n\\\n", "broken\nbroken\n"
                           "1:1 error: a backslash has nothing behind it\n"
                           "2:1 error: a backslash has nothing behind it\n");
}

static void a_comment_ends_what_is_read(void **state)
{
    expect("[a] ; b\nx=1;c\ny= ;c\n ;--- no block\nz=1\n",
           "section a\nitem x|1\nitem y|\n\nitem z|1\n");
}

static void a_semicolon_may_be_escaped(void **state)
{
    expect("x=a\\;b\ny=a\\\\;b\nz=\\;\\;;c\n", "item x|a;b\nitem y|a\\;b\nitem z|;;\n");
}

static void block_comments_nest_and_may_end_in_a_line(void **state)
{
    expect("x=1;-- a --;2\n;-- a\n[b]\n ;-- c --; d\n--; y=2\nz=3\n",
           "item x|12\n\n\n\nitem y|2\nitem z|3\n");
    expect(";--\n-\\-;\n--\\;\n--;\nx=1\n", "\n\n\n\nitem x|1\n");
    expect("x=1\n;-- a\n[b]\n",
           "item x|1\n\n\n2:1 warning: a block comment (;--) is not ended by --;\n");
}

static void comments_that_nest_too_deep_are_none(void **state)
{
    char bytes[4096] = "", expected[4096] = "item x|1\n\n";
    size_t i;

    /* The begin of one too many is not read; what is in it ends another. */
    strcpy(bytes, "x=1\n");
    for (i = 0; i < PYST_CONFIG_COMMENT_DEPTH; i++)
        strcat(bytes, ";--");
    strcat(bytes, "\n;-- ;--;\n");
    strcat(expected, "\n\n");
    for (i = 0; i < PYST_CONFIG_COMMENT_DEPTH - 1; i++)
        strcat(bytes, "--; ");
    strcat(bytes, "\ny=1\n");
    strcat(expected, "item y|1\n3:1 warning: block comments are nested deeper than 128\n");
    expect(bytes, expected);
}

/* As Asterisk has it: the end of a comment that none began is text, and hides all that follows. */
static void an_end_of_a_comment_that_none_began_hides_the_rest(void **state)
{
    expect("x=a --; b\ny=1\n;--\nz=2\n", "item x|a --; b\n\n\nitem z|2\n");
}

static void a_section_may_have_options(void **state)
{
    expect("[a](!)\n[b](a,+)\n[c]()\n[d] (a)\n",
           "section a|!\nsection b|a,+\nsection c|\nsection d\n"
           "4:4 note: what stands behind a section's name is ignored\n");
}

static void broken_sections_are_errors(void **state)
{
    expect("[a\n[b](c\n", "broken\nbroken\n"
                          "1:1 error: a section's name has no closing bracket\n"
                          "2:4 error: a section's templates have no closing parenthesis\n");
}

static void what_asterisk_warns_of_is_a_warning(void **state)
{
    expect("none\n = 1\n#foo bar\n#include\n#\n",
           "broken\nbroken\nbroken\nbroken\nbroken\n"
           "1:1 warning: a setting has no equal sign and is ignored\n"
           "2:2 warning: a setting has no name before its equal sign and is ignored\n"
           "3:1 warning: only #include, #tryinclude and #exec are known; this is ignored\n"
           "4:1 warning: a directive needs a file's name\n"
           "5:1 warning: only #include, #tryinclude and #exec are known; this is ignored\n");
}

static void directives_take_quotes_or_none(void **state)
{
    expect("#include \"a b.conf\"\n#include <c.conf> ; d\n#TryInclude e.conf\n#exec /bin/f g\n"
           "#include \"h.conf\n",
           "#include|a b.conf\n#include|c.conf\n#TryInclude|e.conf\n#exec|/bin/f g\n"
           "#include|\"h.conf\n");
}

static void a_byte_order_mark_is_passed_over_once(void **state)
{
    expect("\xef\xbb\xbf[a]\nx=1\n", "section a\nitem x|1\n");
    expect("[a]\n\xef\xbb\xbfx=1\n", "section a\nitem \xef\xbb\xbfx|1\n");
}

static void line_ends_may_have_a_carriage_return(void **state)
{
    expect("[a]\r\nx=1\r\n\r\n", "section a\nitem x|1\n\n");
}

static void lines_that_are_too_long_are_skipped(void **state)
{
    char bytes[3 * PYST_CONFIG_LINE_SIZE];
    size_t size = PYST_CONFIG_LINE_SIZE;

    /* The longest, and one more byte. */
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes, "a=", 2);
    memcpy(bytes + size, "\nb=1\n", 6);
    {
        struct pyst_config_document *document = read_string(bytes);
        struct pyst_config_line *line = pyst_config_document_first(document);

        assert_int_equal(pyst_config_line_kind(line), PYST_CONFIG_ITEM);
        assert_int_equal(pyst_config_line_value(line).size, size - 2);
        assert_written(document, bytes);
        pyst_config_document_unref(document);
    }
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes, "a=", 2);
    memcpy(bytes + size + 1, "\nb=1\n", 6);
    expect(bytes,
           "too long\nitem b|1\n1:1 warning: a line is longer than 8190 bytes and is ignored\n");
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes + sizeof(bytes) - 6, "\nb=1\n", 6);
    expect(bytes,
           "too long\nitem b|1\n1:1 warning: a line is longer than 8190 bytes and is ignored\n");
}

static void one_byte_behind_a_piece_is_a_part_of_its_line(void **state)
{
    char bytes[PYST_CONFIG_LINE_SIZE + 3];

    memset(bytes, 'x', sizeof(bytes));
    bytes[sizeof(bytes) - 1] = '\0';
    expect(bytes, "too long\n1:1 warning: a line is longer than 8190 bytes and is ignored\n");
}

static void a_nul_ends_what_asterisk_sees_of_a_line(void **state)
{
    static const char bytes[] = "a=1\0b\nc=2\0";
    struct pyst_config_document *document =
        read_text("nul", pyst_text_of(bytes, sizeof(bytes) - 1));
    char out[sizeof(bytes)];

    dump_document(document);
    assert_string_equal(dumped, "item a|1\nitem c|2\n");
    assert_int_equal(pyst_config_document_size(document), sizeof(bytes) - 1);
    pyst_config_document_write(document, out);
    assert_memory_equal(out, bytes, sizeof(bytes) - 1);
    pyst_config_document_unref(document);
}

/* One with a NUL ends where Asterisk reads no further, which no line end says. */
static void there_may_be_more_lines_than_line_ends(void **state)
{
    enum { LINES = 50, PIECE = PYST_CONFIG_LINE_SIZE + 1 };
    char *bytes = calloc(LINES, PIECE), *out = malloc((size_t)LINES * PIECE);
    const struct pyst_text text = pyst_text_of(bytes, (size_t)LINES * PIECE);
    struct pyst_config_document *document;

    assert_non_null(bytes);
    assert_non_null(out);
    for (unsigned i = 0; i < LINES; i++)
        memcpy(bytes + (size_t)i * PIECE, "a=b", 3);
    document = read_text("nul", text);
    assert_int_equal(pyst_config_line_number(pyst_config_document_last(document)), LINES);
    assert_int_equal(pyst_config_document_size(document), text.size);
    pyst_config_document_write(document, out);
    assert_memory_equal(out, bytes, text.size);
    pyst_config_document_unref(document);
    free(out);
    free(bytes);
}

static void a_name_that_asterisk_cuts_is_noted(void **state)
{
    expect(
        "[12345678901234567890123456789012345678901234567890123456789012345678901234567890]\n",
        "section 12345678901234567890123456789012345678901234567890123456789012345678901234567890\n"
        "1:2 note: a section's name is cut after 79 bytes\n");
}

static void what_begins_a_comment_does_not_end_it(void **state)
{
    expect("x=1 ;--; 2\n--; y=3\n", "item x|1\nitem y|3\n");
}

static void what_a_backslash_stands_before_matters(void **state)
{
    expect("\\\tx=1\n\\\xe4=1\n", "broken\nbroken\n"
                                  "1:1 error: a backslash has nothing behind it\n"
                                  "2:1 error: a backslash has nothing behind it\n");
    expect("\\+=1\n+=1\n", "item +|1\nbroken\n2:1 warning: a setting has no name before its equal "
                           "sign and is ignored\n");
    expect("#include \"\n", "#include|\n");
}

static void a_name_that_is_just_short_enough_is_whole(void **state)
{
    expect("[1234567890123456789012345678901234567890123456789012345678901234567890123456789]\n",
           "section "
           "1234567890123456789012345678901234567890123456789012345678901234567890123456789\n");
}

static void sections_and_items_are_found_in_any_case(void **state)
{
    struct pyst_config_document *document = read_string("[a]\nx=1\nX=2\n[B]\ny=3\n[A]\n");
    struct pyst_config_line *a, *line;

    a = pyst_config_document_find_section(document, pyst_text("A"), NULL);
    assert_int_equal(pyst_config_line_number(a), 1);
    line = pyst_config_document_find_section(document, pyst_text("a"), a);
    assert_int_equal(pyst_config_line_number(line), 6);
    assert_null(pyst_config_document_find_section(document, pyst_text("a"), line));
    line = pyst_config_document_find_section(document, pyst_text_none(), a);
    assert_int_equal(pyst_config_line_number(line), 4);
    line = pyst_config_line_find_item(a, pyst_text("X"));
    assert_int_equal(pyst_config_line_number(line), 2);
    line = pyst_config_line_find_item(line, pyst_text("x"));
    assert_int_equal(pyst_config_line_number(line), 3);
    assert_ptr_equal(pyst_config_line_section(line), a);
    assert_null(pyst_config_line_find_item(line, pyst_text("x")));
    assert_null(pyst_config_line_find_item(a, pyst_text("y")));
    pyst_config_document_unref(document);
}

static void the_name_is_that_which_was_given(void **state)
{
    struct pyst_config_document *document = read_text("a.conf", pyst_text("x=1"));

    assert_true(pyst_text_equal(pyst_config_document_name(document), pyst_text("a.conf")));
    assert_ptr_equal(pyst_config_document_ref(document), document);
    assert_null(pyst_config_document_unref(document));
    assert_null(pyst_config_document_unref(document));
    assert_null(pyst_config_document_ref(NULL));
    assert_null(pyst_config_document_unref(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_section_or_an_item_or_a_directive),
        cmocka_unit_test(blanks_around_names_and_values_mean_nothing),
        cmocka_unit_test(the_operator_may_be_one_of_three),
        cmocka_unit_test(a_backslash_takes_the_meaning_of_a_first_byte),
        cmocka_unit_test(a_comment_ends_what_is_read),
        cmocka_unit_test(a_semicolon_may_be_escaped),
        cmocka_unit_test(block_comments_nest_and_may_end_in_a_line),
        cmocka_unit_test(an_end_of_a_comment_that_none_began_hides_the_rest),
        cmocka_unit_test(a_section_may_have_options),
        cmocka_unit_test(broken_sections_are_errors),
        cmocka_unit_test(what_asterisk_warns_of_is_a_warning),
        cmocka_unit_test(directives_take_quotes_or_none),
        cmocka_unit_test(a_byte_order_mark_is_passed_over_once),
        cmocka_unit_test(line_ends_may_have_a_carriage_return),
        cmocka_unit_test(lines_that_are_too_long_are_skipped),
        cmocka_unit_test(a_nul_ends_what_asterisk_sees_of_a_line),
        cmocka_unit_test(there_may_be_more_lines_than_line_ends),
        cmocka_unit_test(a_name_that_asterisk_cuts_is_noted),
        cmocka_unit_test(sections_and_items_are_found_in_any_case),
        cmocka_unit_test(the_name_is_that_which_was_given),
        cmocka_unit_test(comments_that_nest_too_deep_are_none),
        cmocka_unit_test(one_byte_behind_a_piece_is_a_part_of_its_line),
        cmocka_unit_test(what_begins_a_comment_does_not_end_it),
        cmocka_unit_test(what_a_backslash_stands_before_matters),
        cmocka_unit_test(a_name_that_is_just_short_enough_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
