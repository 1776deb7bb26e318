/* SPDX-License-Identifier: MIT */

/* Small files that ask for much: they are read in the time that they are large, or meet a limit. */

#include "config-dump.h"

#define FILE_SIZE ((size_t)16 << 20)

/* A file in the making. */
static char *file;
static size_t file_size;

static int make_file(void **state)
{
    file = malloc(FILE_SIZE);
    file_size = 0;
    return file ? 0 : -1;
}

static int free_file(void **state)
{
    free(file);
    return 0;
}

static void line(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void line(const char *format, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(file + file_size, FILE_SIZE - file_size, format, arguments);
    va_end(arguments);
    assert_true(n >= 0 && (size_t)n + 1 < FILE_SIZE - file_size);
    file_size += (size_t)n;
    file[file_size++] = '\n';
}

static struct pyst_config *resolve(const struct pyst_config_source *source,
                                   const struct pyst_config_limits *limits, int result)
{
    struct pyst_config_document *document = read_text("a", pyst_text_of(file, file_size));
    struct pyst_config *config = NULL;

    assert_int_equal(pyst_config_new(&config, document, source, limits), result);
    pyst_config_document_unref(document);
    return config;
}

static void a_million_appends_make_one_value(void **state)
{
    struct pyst_config *config;
    const struct pyst_config_section *section;

    line("[a]");
    line("x=");
    for (int i = 0; i < 1000000; i++)
        line("x+=%c", 'a' + i % 26);
    config = resolve(NULL, NULL, 0);
    section = pyst_config_section(config, 0);
    assert_int_equal(section->n_items, 1);
    assert_int_equal(section->items[0].value.size, 1000000);
    for (int i = 0; i < 1000000; i++)
        assert_int_equal(section->items[0].value.data[i], 'a' + i % 26);
    pyst_config_free(config);
}

static void values_that_are_appended_to_meet_a_limit(void **state)
{
    struct pyst_config_limits limits = {.bytes = 1000000};

    line("[t](!)");
    line("x=%04000d", 0);
    for (int i = 0; i < 1000; i++) {
        line("[s%d](t)", i);
        line("x+=1");
    }
    pyst_config_free(resolve(NULL, NULL, 0));
    assert_null(resolve(NULL, &limits, PYST_ERR_LIMIT_CONFIG));
}

static void appends_that_search_meet_a_limit(void **state)
{
    struct pyst_config_limits limits = {.steps = 100000};

    line("[a]");
    for (int i = 0; i < 1000; i++)
        line("x%d += 1", i);
    assert_null(resolve(NULL, &limits, PYST_ERR_LIMIT_CONFIG));
    limits.steps = 1000000;
    pyst_config_free(resolve(NULL, &limits, 0));
}

static void a_million_additions_to_the_first_of_a_million(void **state)
{
    struct pyst_config_limits limits = {.steps = 1000000};
    struct pyst_config *config;

    for (int i = 0; i < 500000; i++)
        line("[a]");
    for (int i = 0; i < 500000; i++)
        line("[a](+)");
    config = resolve(NULL, &limits, 0);
    assert_int_equal(pyst_config_section_count(config), 500000);
    pyst_config_free(config);
}

static void additions_that_search_meet_a_limit(void **state)
{
    struct pyst_config_limits limits = {.steps = 500000};

    for (int i = 0; i < 1000; i++)
        line("[a](!)");
    for (int i = 0; i < 1000; i++)
        line("[a](+)");
    assert_null(resolve(NULL, &limits, PYST_ERR_LIMIT_CONFIG));
    limits.steps = 2000000;
    pyst_config_free(resolve(NULL, &limits, 0));
}

static void filters_meet_a_limit(void **state)
{
    struct pyst_config_limits limits = {.steps = 1000000};

    for (int i = 0; i < 1000; i++) {
        line("[a]");
        line("x=1");
    }
    line("[a](+x=1)");
    pyst_config_free(resolve(NULL, &limits, 0));
    for (int i = 0; i < 10; i++)
        line("[a](+x=2)");
    assert_null(resolve(NULL, &limits, PYST_ERR_LIMIT_CONFIG));
}

/* Any name finds any section, when it is empty. */
static void additions_without_a_name_meet_a_limit(void **state)
{
    struct pyst_config_limits limits = {.steps = 100000};

    for (int i = 0; i < 1000; i++)
        line("[a%d](!)", i);
    for (int i = 0; i < 1000; i++)
        line("[](+)");
    assert_null(resolve(NULL, &limits, PYST_ERR_LIMIT_CONFIG));
}

static void thousands_of_templates_in_a_line(void **state)
{
    struct pyst_config *config;

    line("[t](!)");
    line("x=1");
    file_size += (size_t)sprintf(file + file_size, "[a](t");
    for (int i = 0; i < 4000; i++)
        file_size += (size_t)sprintf(file + file_size, ",t");
    line(")");
    config = resolve(NULL, NULL, 0);
    assert_int_equal(pyst_config_section(config, 1)->n_templates, 4001);
    assert_int_equal(pyst_config_section(config, 1)->n_items, 4001);
    pyst_config_free(config);
}

static int open_itself(void *user, struct pyst_text argument, size_t i,
                       struct pyst_config_document **documentp)
{
    if (i > 0)
        return 0;
    *documentp = read_text("a", pyst_text_of(file, file_size));
    return 1;
}

/* 100 to the power of 10 files. */
static void files_that_include_themselves_meet_a_limit(void **state)
{
    struct pyst_config_source source = {open_itself, NULL, NULL};
    struct pyst_config_limits limits = {.bytes = 10000000};

    for (int i = 0; i < 100; i++)
        line("#tryinclude a");
    assert_null(resolve(&source, &limits, PYST_ERR_LIMIT_CONFIG));
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, make_file, free_file)
    const struct CMUnitTest tests[] = {
        test(a_million_appends_make_one_value),
        test(values_that_are_appended_to_meet_a_limit),
        test(appends_that_search_meet_a_limit),
        test(a_million_additions_to_the_first_of_a_million),
        test(additions_that_search_meet_a_limit),
        test(filters_meet_a_limit),
        test(additions_without_a_name_meet_a_limit),
        test(thousands_of_templates_in_a_line),
        test(files_that_include_themselves_meet_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
