/* SPDX-License-Identifier: MIT */

/*
 * Reading, resolving and changing a configuration with each allocation failing in turn and none
 * other: the call says so, nothing has changed, and it may be made again.
 */

#include <time.h>

#include "config-dump.h"

#include "allocation.h"

static const char bytes[] = "[t](!)\nx = a\\;b ;-- c --; d\nnone\n[a](t)\nx += 1\ny => 2\n"
                            "#tryinclude b\n[a](+y=2&z=[)\n[a](+y=2)\nz=3";

static int open_file(void *user, struct pyst_text argument, size_t i,
                     struct pyst_config_document **documentp)
{
    struct pyst_config_document *document;
    int r;

    if (i > 1)
        return 0;
    r = pyst_config_document_new(&document, pyst_text("b"), pyst_text("q=1\n;-- open\n"));
    if (r == 0)
        *documentp = document;
    return r < 0 ? r : 1;
}

static void change(struct pyst_config_document *document)
{
    struct pyst_config_line *line = pyst_config_line_next(pyst_config_document_first(document));
    const char *expected = "[t](!)\nx = e\\;f d\nnone\n[b](t)\nx += 1\ny => 2\n#tryinclude b\n"
                           "[a](+y=2&z=[)\n\n[a](+y=2)\nz=3\nv=w\n\n[c](d)\n; e\n";

    UNTIL_DONE(pyst_config_line_set_value(document, line, pyst_text("e;f d")));
    line = pyst_config_document_find_section(document, pyst_text("a"), NULL);
    UNTIL_DONE(pyst_config_line_set_name(document, line, pyst_text("b")));
    line = pyst_config_document_find_section(document, pyst_text("a"), NULL);
    line = pyst_config_document_find_section(document, pyst_text("a"), line);
    UNTIL_DONE(pyst_config_document_add_line(document, line, pyst_text(""), NULL));
    UNTIL_DONE(pyst_config_document_add_item(document, NULL, pyst_text("v"), pyst_text("w"),
                                             PYST_CONFIG_STYLE_NEIGHBOUR, NULL));
    UNTIL_DONE(
        pyst_config_document_add_section(document, NULL, pyst_text("c"), pyst_text("d"), NULL));
    UNTIL_DONE(pyst_config_document_add_line(document, NULL, pyst_text("; e"), NULL));
    if (failed == told)
        assert_written(document, expected);
}

static void work(void)
{
    struct pyst_config_source source = {open_file, NULL, NULL};
    struct pyst_config_document *document;
    struct pyst_config *config;

    UNTIL_DONE(pyst_config_document_new(&document, pyst_text("a"), pyst_text(bytes)));
    UNTIL_DONE(pyst_config_new(&config, document, &source, NULL));
    assert_int_equal(pyst_config_section_count(config), 3);
    change(document);
    pyst_config_free(config);
    pyst_config_document_unref(document);
    assert_int_equal(told, failed);
}

static void each_allocation_may_fail(void **state)
{
    assert_true(with_each_failing(work) > 20);
}

/* What a file of so many sections costs, read and resolved. */
struct cost {
    size_t size;
    unsigned long long allocated;
    clock_t time;
};

static struct cost cost_of(size_t sections)
{
    static const char section[] =
        "[section%07zu]\ntype = endpoint ; a comment that is long enough\n"
        "context => from-there-and-back-again\n";
    struct pyst_config_document *document;
    struct pyst_config *config;
    struct cost cost = {0};
    char *large = malloc(sections * (sizeof(section) + 8));

    assert_non_null(large);
    for (size_t i = 0; i < sections; i++)
        cost.size += (size_t)sprintf(large + cost.size, section, i);
    cost.allocated = allocated;
    cost.time = clock();
    document = read_text("large", pyst_text_of(large, cost.size));
    assert_int_equal(pyst_config_new(&config, document, NULL, NULL), 0);
    assert_int_equal(pyst_config_section_count(config), sections);
    sprintf(large, "SECTION%07zu", sections - 1);
    assert_int_equal(pyst_config_find(config, pyst_text(large), NULL)->index, sections - 1);
    pyst_config_free(config);
    pyst_config_document_unref(document);
    cost.time = clock() - cost.time;
    cost.allocated = allocated - cost.allocated;
    free(large);
    return cost;
}

/* A million sections, and a file of 100 MB: memory and time grow with them, and no faster. */
static void a_large_file_costs_what_it_is_large(void **state)
{
    const struct cost tenth = cost_of(100000), whole = cost_of(1000000);

    assert_true(whole.size > 100000000);
    /* Arrays that double may have doubled once more. */
    assert_true(whole.allocated < 20 * tenth.allocated);
    assert_true(whole.allocated < 20 * whole.size);
    /* The square of ten is a hundred. */
    assert_true(whole.time < 50 * (tenth.time + CLOCKS_PER_SEC / 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(a_large_file_costs_what_it_is_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
