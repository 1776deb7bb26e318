/* SPDX-License-Identifier: MIT */

/* Changes to a configuration file: the line that is changed, and no other byte. */

#include "config-dump.h"

static struct pyst_config_line *line_at(const struct pyst_config_document *document, size_t number)
{
    struct pyst_config_line *line = pyst_config_document_first(document);

    while (number-- > 1)
        line = pyst_config_line_next(line);
    return line;
}

/* Sets the value of line `number`. */
static void expect_set(const char *before, size_t number, const char *value, int result,
                       const char *after)
{
    struct pyst_config_document *document = read_string(before);
    struct pyst_config_line *line = line_at(document, number);

    assert_int_equal(pyst_config_line_set_value(document, line, pyst_text(value)), result);
    assert_written(document, after);
    assert_int_equal(pyst_config_document_is_changed(document), strcmp(before, after) != 0);
    if (result == 0 && value)
        assert_true(pyst_text_equal(pyst_config_line_value(line), pyst_text(value)));
    pyst_config_document_unref(document);
}

static void expect_renamed(const char *before, size_t number, const char *name, int result,
                           const char *after)
{
    struct pyst_config_document *document = read_string(before);
    struct pyst_config_line *line = line_at(document, number);

    assert_int_equal(pyst_config_line_set_name(document, line, pyst_text(name)), result);
    assert_written(document, after);
    pyst_config_document_unref(document);
}

/* Adds an item before line `number`, 0: at the end. */
static void expect_added(const char *before, size_t number, enum pyst_config_style style,
                         const char *name, const char *value, int result, const char *after)
{
    struct pyst_config_document *document = read_string(before);
    struct pyst_config_line *at = number ? line_at(document, number) : NULL, *added = NULL;

    assert_int_equal(pyst_config_document_add_item(document, at, pyst_text(name), pyst_text(value),
                                                   style, &added),
                     result);
    assert_written(document, after);
    if (result == 0)
        assert_int_equal(pyst_config_line_number(added), 0);
    pyst_config_document_unref(document);
}

static void what_is_there_already_is_no_change(void **state)
{
    struct pyst_config_document *document;

    expect_set("x = 1;--2--;3\n", 1, "13", 0, "x = 1;--2--;3\n");
    expect_set("[a](b) ; c\n", 1, "b", 0, "[a](b) ; c\n");
    expect_set("#include <b>\n", 1, "b", 0, "#include <b>\n");
    document = read_string("[a;--b--;]\n");
    assert_int_equal(pyst_config_line_set_name(document, line_at(document, 1), pyst_text("a")), 0);
    assert_false(pyst_config_document_is_changed(document));
    pyst_config_document_unref(document);
}

static void what_surrounds_a_value_stays(void **state)
{
    expect_set("[a]\n\tx\t=  1  ; why\r\ny=2\n", 2, "new", 0, "[a]\n\tx\t=  new  ; why\r\ny=2\n");
    expect_set("x=>1", 1, "2", 0, "x=>2");
    expect_set("x += 1\n", 1, "2", 0, "x += 2\n");
    expect_set("x=1;c\n", 1, "", 0, "x=;c\n");
    expect_set("\xef\xbb\xbfx=1\n", 1, "2", 0, "\xef\xbb\xbfx=2\n");
}

static void a_value_that_was_empty_gets_the_blank_that_it_lacks(void **state)
{
    expect_set("x =\n", 1, "1", 0, "x = 1\n");
    expect_set("x=\n", 1, "1", 0, "x=1\n");
    expect_set("x = \n", 1, "1", 0, "x = 1 \n");
    expect_set("x =>\n", 1, "1", 0, "x => 1\n");
    expect_set("x=\n", 1, ">1", 0, "x= >1\n");
}

static void semicolons_are_escaped(void **state)
{
    expect_set("x=1 ; c\n", 1, "a;b", 0, "x=a\\;b ; c\n");
    expect_set("x=1\n", 1, ";--", 0, "x=\\;--\n");
    expect_set("x=1\n", 1, "a\\;b--;", 0, "x=a\\\\;b--\\;\n");
    expect_set("x=1;c\n", 1, "a\\", 0, "x=a\\ ;c\n");
    expect_set("x=a\\;b;c\n", 1, "d;e", 0, "x=d\\;e;c\n");
}

static void what_cannot_be_read_back_is_refused(void **state)
{
    static const char *const bad[] = {"a\nb", "a\r", " a", "a ", "a\tb\n", "\x01"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect_set("x = 1\n", 1, bad[i], PYST_ERR_BAD_CONFIG_TEXT, "x = 1\n");
    expect_renamed("x = 1\n", 1, "a=b", PYST_ERR_BAD_CONFIG_TEXT, "x = 1\n");
    expect_renamed("x = 1\n", 1, "", PYST_ERR_BAD_CONFIG_TEXT, "x = 1\n");
    expect_renamed("[a]\n", 1, "b]c", PYST_ERR_BAD_CONFIG_TEXT, "[a]\n");
    expect_set("[a](b)\n", 1, "c)", PYST_ERR_BAD_CONFIG_TEXT, "[a](b)\n");
    expect_added("[a]\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x+", "1", 0, "[a]\nx+ = 1\n");
    expect_added("[a]\nb=1\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x+", "1", PYST_ERR_BAD_CONFIG_TEXT,
                 "[a]\nb=1\n");
}

static void a_line_that_asterisk_would_skip_is_refused(void **state)
{
    char value[PYST_CONFIG_LINE_SIZE + 1];
    struct pyst_config_document *document = read_string("x=1\n");
    struct pyst_config_line *line = pyst_config_document_first(document);

    memset(value, 'v', sizeof(value));
    assert_int_equal(
        pyst_config_line_set_value(document, line, pyst_text_of(value, sizeof(value) - 2)),
        PYST_ERR_CONFIG_LINE_TOO_LONG);
    assert_written(document, "x=1\n");
    assert_int_equal(
        pyst_config_line_set_value(document, line, pyst_text_of(value, sizeof(value) - 3)), 0);
    assert_int_equal(pyst_config_document_size(document), PYST_CONFIG_LINE_SIZE + 1);
    pyst_config_document_unref(document);
}

static void the_last_line_is_not_made_too_long(void **state)
{
    static char before[PYST_CONFIG_LINE_SIZE + 16], after[PYST_CONFIG_LINE_SIZE + 32];
    char value[PYST_CONFIG_LINE_SIZE];

    /* Without a line end, too, Asterisk reads no more bytes of it. */
    memset(value, 'v', sizeof(value));
    value[PYST_CONFIG_LINE_SIZE - 1] = '\0';
    expect_set("[a]\nx=1", 2, value, PYST_ERR_CONFIG_LINE_TOO_LONG, "[a]\nx=1");
    value[PYST_CONFIG_LINE_SIZE - 2] = '\0';
    snprintf(after, sizeof(after), "[a]\nx=%s", value);
    expect_set("[a]\nx=1", 2, value, 0, after);
    /* Nor does the end that it gets make it too long. */
    snprintf(before, sizeof(before), "[a]\r\nx=%s", value);
    snprintf(after, sizeof(after), "[a]\r\nx=%s\ny=1\r\n", value);
    expect_added(before, 0, PYST_CONFIG_STYLE_NEIGHBOUR, "y", "1", 0, after);
}

static void moving_touches_no_other_line(void **state)
{
    struct pyst_config_document *document = read_string("[a]\nx=1\ny=2\nz=3");
    struct pyst_config_line *x = line_at(document, 2), *y = line_at(document, 3);

    assert_int_equal(pyst_config_document_move(document, y, y, x), 0);
    assert_written(document, "[a]\ny=2\nx=1\nz=3");
    assert_int_equal(
        pyst_config_document_move(document, line_at(document, 4), line_at(document, 4), x), 0);
    assert_written(document, "[a]\ny=2\nz=3\nx=1\n");
    pyst_config_document_unref(document);
}

static void a_section_is_not_given_a_name_that_is_cut(void **state)
{
    char name[PYST_CONFIG_SECTION_NAME_SIZE + 2];
    struct pyst_config_document *document = read_string("[a]\n");

    memset(name, 'n', sizeof(name));
    name[PYST_CONFIG_SECTION_NAME_SIZE + 1] = '\0';
    expect_renamed("[a]\n", 1, name, PYST_ERR_BAD_CONFIG_TEXT, "[a]\n");
    assert_int_equal(
        pyst_config_document_add_section(document, NULL, pyst_text(name), pyst_text_none(), NULL),
        PYST_ERR_BAD_CONFIG_TEXT);
    name[PYST_CONFIG_SECTION_NAME_SIZE] = '\0';
    assert_int_equal(
        pyst_config_document_add_section(document, NULL, pyst_text(name), pyst_text_none(), NULL),
        0);
    pyst_config_document_unref(document);
}

static void an_odd_indent_is_not_followed(void **state)
{
    expect_added("[a]\n\t\rx=1\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "y", "1", 0,
                 "[a]\n\t\rx=1\n\ty=1\n");
}

/* As long as what Asterisk reads at a time, and with a NUL: what follows is the next line. */
static void a_piece_with_a_nul_is_not_ended(void **state)
{
    static char bytes[PYST_CONFIG_LINE_SIZE + 16], out[PYST_CONFIG_LINE_SIZE + 32];
    const size_t size = PYST_CONFIG_LINE_SIZE + 1;
    struct pyst_config_document *document;

    memset(bytes, 'v', size);
    memcpy(bytes, "x=1", 4);
    memcpy(bytes + size, "y=2", 4);
    document = read_text("nul", pyst_text_of(bytes, size + 3));
    assert_int_equal(pyst_config_document_add_item(document, line_at(document, 2), pyst_text("z"),
                                                   pyst_text("3"), PYST_CONFIG_STYLE_NEIGHBOUR,
                                                   NULL),
                     0);
    assert_int_equal(pyst_config_document_size(document), size + 7);
    pyst_config_document_write(document, out);
    assert_memory_equal(out, bytes, size);
    assert_memory_equal(out + size, "z=3\ny=2", 7);
    pyst_config_document_unref(document);
}

static void the_options_of_a_section_come_and_go(void **state)
{
    expect_set("[a](b) ; c\n", 1, "!,d", 0, "[a](!,d) ; c\n");
    expect_set("[a]\n", 1, "!", 0, "[a](!)\n");
    expect_set("[a](b)x\n", 1, NULL, 0, "[a]x\n");
    expect_set("[a]()\n", 1, "+", 0, "[a](+)\n");
}

static void the_argument_of_a_directive_keeps_its_quotes(void **state)
{
    expect_set("#include \"a.conf\" ; c\n", 1, "b.conf", 0, "#include \"b.conf\" ; c\n");
    expect_set("#include a.conf\n", 1, "b.conf", 0, "#include b.conf\n");
}

static void names_can_be_changed(void **state)
{
    expect_renamed("[a](b) ; c\n", 1, "d", 0, "[d](b) ; c\n");
    expect_renamed("\tx = 1\n", 1, "yy", 0, "\tyy = 1\n");
    expect_renamed("x = 1\n", 1, "[y]", 0, "\\[y] = 1\n");
    expect_renamed("\\[x] = 1\n", 1, "y", 0, "y = 1\n");
    expect_renamed("x = 1\n", 1, "a;b", 0, "a\\;b = 1\n");
}

static void lines_without_a_value_have_none_to_set(void **state)
{
    expect_set("; c\n", 1, "a", PYST_ERR_INVALID, "; c\n");
    expect_set("what\n", 1, "a", PYST_ERR_INVALID, "what\n");
    expect_set("x=1\n", 1, NULL, PYST_ERR_INVALID, "x=1\n");
    expect_renamed("#include a\n", 1, "exec", PYST_ERR_INVALID, "#include a\n");
}

static void a_line_that_shares_a_block_comment_stays(void **state)
{
    expect_set(";--\n--; x=1\n", 2, "2", PYST_ERR_INVALID, ";--\n--; x=1\n");
    expect_set("x=1 ;--\n--;\n", 1, "2", PYST_ERR_INVALID, "x=1 ;--\n--;\n");
    expect_set("x=1 ;-- a --;\n", 1, "2", 0, "x=2 ;-- a --;\n");
    expect_added("[a]\n;--\nb\n--;\n", 3, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", PYST_ERR_INVALID,
                 "[a]\n;--\nb\n--;\n");
    expect_added("[a]\n;--\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", PYST_ERR_INVALID,
                 "[a]\n;--\n");
}

static void an_item_is_written_as_its_neighbours_are(void **state)
{
    expect_added("[a]\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0, "[a]\nx = 1\n");
    expect_added("[a]\nb=1\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0, "[a]\nb=1\nx=1\n");
    expect_added("[a]\r\n\tb => 1\r\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0,
                 "[a]\r\n\tb => 1\r\n\tx => 1\r\n");
    expect_added("[a]\nb => 1\n", 0, PYST_CONFIG_STYLE_VARIABLE, "x", "1", 0,
                 "[a]\nb => 1\nx = 1\n");
    expect_added("[a]\nb=1\n", 0, PYST_CONFIG_STYLE_OBJECT, "x", "1", 0, "[a]\nb=1\nx=>1\n");
    expect_added("[a]\nb+=1\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0, "[a]\nb+=1\nx=1\n");
    expect_added("[a]\nb = 1\n", 0, PYST_CONFIG_STYLE_APPEND, "x", "1", 0, "[a]\nb = 1\nx += 1\n");
    expect_added("[a]\nlonger   = 1\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0,
                 "[a]\nlonger   = 1\nx        = 1\n");
    expect_added("[a]\nb =\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0, "[a]\nb =\nx = 1\n");
}

static void an_item_can_be_added_anywhere(void **state)
{
    expect_added("[a]\nb=1\nc=2\n", 3, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "", 0,
                 "[a]\nb=1\nx=\nc=2\n");
    expect_added("[a]\nb=1", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0, "[a]\nb=1\nx=1\n");
    expect_added("[a]\r\nb=1", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0,
                 "[a]\r\nb=1\r\nx=1\r\n");
    expect_added("", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0, "x = 1\n");
}

static void the_end_of_a_section_is_before_what_leads_to_the_next(void **state)
{
    static const char bytes[] = "[a]\nx=1\n; of x\ny=2\n\n; of b\n[b]\n\n[c]\nz=1\n";
    struct pyst_config_document *document = read_string(bytes);

    assert_int_equal(pyst_config_line_number(pyst_config_section_end(line_at(document, 1))), 5);
    assert_int_equal(pyst_config_line_number(pyst_config_section_end(line_at(document, 7))), 8);
    assert_null(pyst_config_section_end(line_at(document, 9)));
    pyst_config_document_unref(document);
}

static void sections_and_other_lines_can_be_added(void **state)
{
    struct pyst_config_document *document = read_string("[a]\nx=1\n");
    struct pyst_config_line *line;

    assert_int_equal(pyst_config_document_add_line(document, NULL, pyst_text(""), NULL), 0);
    assert_int_equal(pyst_config_document_add_line(document, NULL, pyst_text("; b"), NULL), 0);
    assert_int_equal(
        pyst_config_document_add_section(document, NULL, pyst_text("b"), pyst_text("a"), &line), 0);
    assert_int_equal(pyst_config_line_kind(line), PYST_CONFIG_SECTION);
    assert_int_equal(
        pyst_config_document_add_line(document, line, pyst_text("#include c.conf"), NULL), 0);
    assert_int_equal(pyst_config_document_add_line(document, line, pyst_text("; a\nb"), NULL),
                     PYST_ERR_BAD_CONFIG_TEXT);
    assert_int_equal(pyst_config_document_add_line(document, line, pyst_text(";-- a"), NULL),
                     PYST_ERR_BAD_CONFIG_TEXT);
    assert_int_equal(pyst_config_document_add_line(document, line, pyst_text("x=1"), NULL),
                     PYST_ERR_BAD_CONFIG_TEXT);
    assert_int_equal(pyst_config_document_add_line(document, line, pyst_text("\t#exec d"), NULL),
                     0);
    assert_written(document, "[a]\nx=1\n\n; b\n#include c.conf\n\t#exec d\n[b](a)\n");
    pyst_config_document_unref(document);
}

static void lines_can_be_removed(void **state)
{
    struct pyst_config_document *document = read_string("[a]\nx=1\ny=2\n;--\nb\n--;\n");

    assert_int_equal(pyst_config_document_remove(document, line_at(document, 2)), 0);
    assert_written(document, "[a]\ny=2\n;--\nb\n--;\n");
    assert_int_equal(pyst_config_document_remove(document, line_at(document, 3)), PYST_ERR_INVALID);
    assert_int_equal(pyst_config_document_remove(document, line_at(document, 1)), 0);
    assert_written(document, "y=2\n;--\nb\n--;\n");
    pyst_config_document_unref(document);
}

static void lines_can_be_moved(void **state)
{
    struct pyst_config_document *document = read_string("[a]\nx=1\n[b]\ny=2");
    struct pyst_config_line *a = line_at(document, 1), *x = line_at(document, 2);

    assert_int_equal(pyst_config_document_move(document, a, x, NULL), 0);
    assert_written(document, "[b]\ny=2\n[a]\nx=1\n");
    assert_int_equal(pyst_config_document_move(document, x, x, a), 0);
    assert_written(document, "[b]\ny=2\nx=1\n[a]\n");
    assert_int_equal(pyst_config_document_move(document, x, x, a), 0);
    assert_int_equal(pyst_config_document_move(document, x, a, a), PYST_ERR_INVALID);
    assert_int_equal(pyst_config_document_move(document, a, x, NULL), PYST_ERR_INVALID);
    assert_written(document, "[b]\ny=2\nx=1\n[a]\n");
    pyst_config_document_unref(document);
}

static void a_byte_order_mark_in_the_text_stays_text(void **state)
{
    struct pyst_config_document *document = read_string("[a]\n\xef\xbb\xbfx=1\n");

    assert_int_equal(pyst_config_document_remove(document, line_at(document, 1)), 0);
    assert_written(document, "\xef\xbb\xbf\xef\xbb\xbfx=1\n");
    assert_int_equal(pyst_config_document_add_section(document, line_at(document, 1),
                                                      pyst_text("a"), pyst_text_none(), NULL),
                     0);
    assert_written(document, "\xef\xbb\xbf[a]\n\xef\xbb\xbfx=1\n");
    pyst_config_document_unref(document);
}

/* Adds a section before line `at`, from 1; 0: at the end. */
static void expect_section(const char *text, size_t at, const char *expected)
{
    struct pyst_config_document *document = read_string(text);
    struct pyst_config_line *before = at ? line_at(document, at) : NULL, *line;

    assert_int_equal(
        pyst_config_document_add_section(document, before, pyst_text("n"), pyst_text_none(), &line),
        0);
    assert_true(pyst_text_equal(pyst_config_line_name(line), pyst_text("n")));
    assert_written(document, expected);
    pyst_config_document_unref(document);
}

static void a_section_is_parted_as_others_are(void **state)
{
    expect_section("[a]\nx=1\n\n[b]\ny=1\n", 0, "[a]\nx=1\n\n[b]\ny=1\n\n[n]\n");
    expect_section("[a]\nx=1\n\n[b]\ny=1", 0, "[a]\nx=1\n\n[b]\ny=1\n\n[n]\n");
    expect_section("[a]\r\n\r\n[b]\r\n", 0, "[a]\r\n\r\n[b]\r\n\r\n[n]\r\n");
    expect_section("[a]\n\n; of b\n[b]\n", 0, "[a]\n\n; of b\n[b]\n\n[n]\n");
    expect_section("; head\n\n[a]\nx=1\n", 0, "; head\n\n[a]\nx=1\n\n[n]\n");
    expect_section("[a]\n\n[b]\n \n", 0, "[a]\n\n[b]\n \n[n]\n");
    expect_section("[a]\nx=1\n\n[b]\n", 3, "[a]\nx=1\n\n[n]\n\n[b]\n");
    /* Nobody else is, or there is nothing to be parted from, or nobody to follow. */
    expect_section("[a]\nx=1\n[b]\ny=1\n", 0, "[a]\nx=1\n[b]\ny=1\n[n]\n");
    expect_section("[a]\n\nx=1\n[b]\n", 0, "[a]\n\nx=1\n[b]\n[n]\n");
    expect_section("[a]\n;--\n\n--;\n[b]\n", 0, "[a]\n;--\n\n--;\n[b]\n[n]\n");
    expect_section("[a]\n\n[b]\n", 1, "[n]\n[a]\n\n[b]\n");
    expect_section("[a]\nx=1\n", 0, "[a]\nx=1\n[n]\n");
    expect_section("", 0, "[n]\n");
}

static void blanks_are_added_only_where_they_are_needed(void **state)
{
    expect_set("x =\n", 1, "", 0, "x =\n");
    expect_set("x= 1\n", 1, ">2", 0, "x= >2\n");
    expect_set("x=\\;a\n", 1, "b", 0, "x=b\n");
    expect_renamed("x = 1\n", 1, "\\y", 0, "\\\\y = 1\n");
    expect_added("[a]\nb  = 1\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "longer", "1", 0,
                 "[a]\nb  = 1\nlonger = 1\n");
    expect_added("[a]\nb=1\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", ">1", 0, "[a]\nb=1\nx= >1\n");
    expect_added("[a]\nb = 1\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "", 0, "[a]\nb = 1\nx =\n");
    /* The neighbour may be below, and is none when a block comment begins in it. */
    expect_added("[a]\nb=1\n", 2, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0, "[a]\nx=1\nb=1\n");
    expect_added("[a]\nb=1 ;--\n--;\n", 0, PYST_CONFIG_STYLE_NEIGHBOUR, "x", "1", 0,
                 "[a]\nb=1 ;--\n--;\nx = 1\n");
}

static void commented_lines_stay_where_they_are(void **state)
{
    static const char bytes[] = "[a]\nx=1\n;--\nc\n--;\n\n[b]\n";
    struct pyst_config_document *document = read_string(bytes);
    struct pyst_config_line *x = line_at(document, 2), *begin = line_at(document, 3);
    struct pyst_config_line *within = line_at(document, 4), *end = line_at(document, 5);

    assert_int_equal(pyst_config_document_move(document, begin, begin, x), PYST_ERR_INVALID);
    assert_int_equal(pyst_config_document_move(document, within, within, x), PYST_ERR_INVALID);
    assert_int_equal(pyst_config_document_move(document, x, x, within), PYST_ERR_INVALID);
    assert_int_equal(pyst_config_document_remove(document, begin), PYST_ERR_INVALID);
    assert_int_equal(pyst_config_document_remove(document, end), PYST_ERR_INVALID);
    assert_int_equal(pyst_config_line_number(pyst_config_section_end(line_at(document, 1))), 6);
    assert_written(document, bytes);
    pyst_config_document_unref(document);
    /* What ends a comment that none began is the begin of one, too. */
    expect_added("[a]\nx --;\ny\n", 3, PYST_CONFIG_STYLE_NEIGHBOUR, "z", "1", PYST_ERR_INVALID,
                 "[a]\nx --;\ny\n");
}

static void moving_to_where_it_is_changes_nothing(void **state)
{
    struct pyst_config_document *document = read_string("[a]\nx=1\ny=2");
    struct pyst_config_line *x = line_at(document, 2), *y = line_at(document, 3);

    assert_int_equal(pyst_config_document_move(document, x, x, y), 0);
    assert_int_equal(pyst_config_document_move(document, y, y, NULL), 0);
    assert_false(pyst_config_document_is_changed(document));
    assert_written(document, "[a]\nx=1\ny=2");
    pyst_config_document_unref(document);
}

static void saving_is_remembered(void **state)
{
    struct pyst_config_document *document = read_string("x=1\n");

    pyst_config_line_set_value(document, line_at(document, 1), pyst_text("2"));
    assert_true(pyst_config_document_is_changed(document));
    pyst_config_document_set_saved(document);
    assert_false(pyst_config_document_is_changed(document));
    pyst_config_document_unref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_already_is_no_change),
        cmocka_unit_test(what_surrounds_a_value_stays),
        cmocka_unit_test(a_value_that_was_empty_gets_the_blank_that_it_lacks),
        cmocka_unit_test(semicolons_are_escaped),
        cmocka_unit_test(what_cannot_be_read_back_is_refused),
        cmocka_unit_test(a_line_that_asterisk_would_skip_is_refused),
        cmocka_unit_test(the_options_of_a_section_come_and_go),
        cmocka_unit_test(the_argument_of_a_directive_keeps_its_quotes),
        cmocka_unit_test(names_can_be_changed),
        cmocka_unit_test(lines_without_a_value_have_none_to_set),
        cmocka_unit_test(a_line_that_shares_a_block_comment_stays),
        cmocka_unit_test(an_item_is_written_as_its_neighbours_are),
        cmocka_unit_test(an_item_can_be_added_anywhere),
        cmocka_unit_test(the_end_of_a_section_is_before_what_leads_to_the_next),
        cmocka_unit_test(sections_and_other_lines_can_be_added),
        cmocka_unit_test(lines_can_be_removed),
        cmocka_unit_test(lines_can_be_moved),
        cmocka_unit_test(a_byte_order_mark_in_the_text_stays_text),
        cmocka_unit_test(saving_is_remembered),
        cmocka_unit_test(the_last_line_is_not_made_too_long),
        cmocka_unit_test(moving_touches_no_other_line),
        cmocka_unit_test(a_section_is_not_given_a_name_that_is_cut),
        cmocka_unit_test(an_odd_indent_is_not_followed),
        cmocka_unit_test(a_piece_with_a_nul_is_not_ended),
        cmocka_unit_test(a_section_is_parted_as_others_are),
        cmocka_unit_test(blanks_are_added_only_where_they_are_needed),
        cmocka_unit_test(commented_lines_stay_where_they_are),
        cmocka_unit_test(moving_to_where_it_is_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
