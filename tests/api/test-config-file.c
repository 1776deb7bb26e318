/* SPDX-License-Identifier: MIT */

/* Configuration files on disk: included files, and writing that loses nobody's changes. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <pyst/config/file.h>

#include "../unit/folder.h"

static char folder[] = "/tmp/pyst-config-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *bytes)
{
    file_write(path_of(name), bytes);
}

static void assert_file(const char *name, const char *expected)
{
    file_expect(path_of(name), expected);
}

static int make_folder(void **state)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[300];

    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static struct pyst_config_document *load_file(const char *name, struct pyst_config_stamp *stamp)
{
    struct pyst_config_document *document = NULL;

    assert_int_equal(pyst_config_document_load(&document, path_of(name), stamp), 0);
    return document;
}

static void set_first(struct pyst_config_document *document, const char *value)
{
    struct pyst_config_line *line = pyst_config_document_first(document);

    while (pyst_config_line_kind(line) != PYST_CONFIG_ITEM)
        line = pyst_config_line_next(line);
    assert_int_equal(pyst_config_line_set_value(document, line, pyst_text(value)), 0);
}

static void assert_value(const struct pyst_config *config, const char *section, const char *name,
                         const char *value)
{
    const struct pyst_config_section *found = pyst_config_find(config, pyst_text(section), NULL);
    const struct pyst_config_item *item;

    assert_non_null(found);
    item = pyst_config_section_get(found, pyst_text(name));
    assert_non_null(item);
    assert_true(pyst_text_equal(item->value, pyst_text(value)));
}

static void what_is_included_is_found_beside_the_file(void **state)
{
    struct pyst_config *config;

    write_file("main.conf", "[a]\n#include inc*.conf\n#include \"{one,two}.part\"\nx=1\n");
    write_file("inc2.conf", "i=2\n");
    write_file("inc1.conf", "i=1\n");
    write_file("two.part", "p=2\n");
    write_file("one.part", "p=1\n");
    assert_int_equal(pyst_config_load(&config, path_of("main.conf"), NULL), 0);
    assert_true(pyst_config_is_valid(config));
    assert_value(config, "a", "i", "2");
    assert_value(config, "a", "p", "2");
    assert_value(config, "a", "x", "1");
    assert_int_equal(pyst_config_document_count(config), 5);
    assert_true(pyst_text_equal(pyst_config_document_name(pyst_config_document(config, 1)),
                                pyst_text(path_of("inc1.conf"))));
    pyst_config_free(config);
}

/* glob() would take all of the stack for the first, and all the time there is for the second. */
static void names_with_too_many_braces_are_no_file(void **state)
{
    char bytes[8192] = "[a]\n#tryinclude ";
    struct pyst_config *config;

    for (int i = 0; i < 2600; i++)
        strcat(bytes, "{a}");
    strcat(bytes, "\nx=1\n");
    write_file("braces.conf", bytes);
    assert_int_equal(pyst_config_load(&config, path_of("braces.conf"), NULL), 0);
    assert_value(config, "a", "x", "1");
    pyst_config_free(config);
    write_file("braces.conf", "[a]\n#include {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"
                              "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\n");
    assert_int_equal(pyst_config_load(&config, path_of("braces.conf"), NULL), 0);
    assert_false(pyst_config_is_valid(config));
    pyst_config_free(config);
    write_file("braces.conf", "[a]\n#include {n,inc{1,2},{,o,p}}.conf\n");
    assert_int_equal(pyst_config_load(&config, path_of("braces.conf"), NULL), 0);
    assert_int_equal(pyst_config_document_count(config), 3);
    pyst_config_free(config);
}

/* How many files there are of `pattern`. */
static size_t n_included(const char *pattern)
{
    char bytes[16384];
    struct pyst_config *config;
    size_t n;

    snprintf(bytes, sizeof(bytes), "[a]\n#tryinclude %s\n", pattern);
    write_file("limit.conf", bytes);
    assert_int_equal(pyst_config_load(&config, path_of("limit.conf"), NULL), 0);
    n = pyst_config_document_count(config) - 1;
    pyst_config_free(config);
    return n;
}

static const char *repeated(const char *begin, const char *part, int n, const char *end)
{
    static char pattern[16000];

    strcpy(pattern, begin);
    while (n-- > 0)
        strcat(pattern, part);
    return strcat(pattern, end);
}

static void as_many_braces_as_are_told_may_be(void **state)
{
    assert_int_equal(n_included(repeated("", "{.}/", 32, "inc1.conf")), 1);
    assert_int_equal(n_included(repeated("", "{.}/", 33, "inc1.conf")), 0);
    assert_int_equal(n_included(repeated("{inc1.conf", ",", 4095, "}")), 1);
    assert_int_equal(n_included(repeated("{inc1.conf", ",", 4096, "}")), 0);
    assert_int_equal(n_included(repeated("", "{.,n}/", 12, "inc1.conf")), 1);
    assert_int_equal(n_included(repeated("", "{.,n}/", 13, "inc1.conf")), 0);
    assert_int_equal(n_included(repeated("", "{.,n,m}/", 7, "inc1.conf")), 1);
    assert_int_equal(n_included(repeated("", "{.,n,m}/", 8, "inc1.conf")), 0);
    assert_int_equal(n_included("inc\\1.conf"), 1);
    /* A comma elsewhere is of the name. */
    write_file("a,b.part", "x=1\n");
    assert_int_equal(n_included("a,b.part"), 1);
}

static void what_is_no_file_of_a_pattern_is_left_out(void **state)
{
    assert_int_equal(mkdir(path_of("skip1.part"), 0700), 0);
    write_file("skip2.part", "x=1\n");
    write_file(".skip3.part", "x=1\n");
    assert_int_equal(n_included("*skip*.part"), 1);
    assert_int_equal(n_included("skip1.part"), 0);
}

static void an_error_ends_the_files_of_its_own_pattern(void **state)
{
    struct pyst_config *config;

    write_file("outer.conf", "[a]\n#include outer*.part\n");
    write_file("outer1.part", "#include inner*.part\n");
    write_file("outer2.part", "x=outer\n");
    write_file("inner1.part", "[\n");
    write_file("inner2.part", "x=inner\n");
    assert_int_equal(pyst_config_load(&config, path_of("outer.conf"), NULL), 0);
    assert_value(config, "a", "x", "outer");
    assert_int_equal(pyst_config_section(config, 0)->n_items, 1);
    pyst_config_free(config);
}

static void the_folder_may_be_another(void **state)
{
    struct pyst_config_load_options options = {.directory = folder};
    struct pyst_config *config;
    char elsewhere[] = "/tmp/pyst-config-XXXXXX";
    FILE *file = fdopen(mkstemp(elsewhere), "w");

    assert_non_null(file);
    fputs("[a]\n#include inc1.conf\n", file);
    fclose(file);
    assert_int_equal(pyst_config_load(&config, elsewhere, &options), 0);
    assert_value(config, "a", "i", "1");
    pyst_config_free(config);
    assert_int_equal(pyst_config_load(&config, elsewhere, NULL), 0);
    assert_false(pyst_config_is_valid(config));
    pyst_config_free(config);
    unlink(elsewhere);
}

/* How many files there are of `argument` when the document that includes it is named `name`. */
static size_t n_included_by(const char *name, const char *argument)
{
    char bytes[400];
    struct pyst_config_document *document;
    struct pyst_config *config;
    size_t n;

    snprintf(bytes, sizeof(bytes), "[a]\n#tryinclude %s\n", argument);
    assert_int_equal(pyst_config_document_new(&document, pyst_text(name), pyst_text(bytes)), 0);
    assert_int_equal(pyst_config_resolve(&config, document, NULL), 0);
    pyst_config_document_unref(document);
    n = pyst_config_document_count(config) - 1;
    pyst_config_free(config);
    return n;
}

static void the_folder_is_that_of_the_name(void **state)
{
    const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *beside = path_of("inc1.conf") + 1; /* of the root */
    size_t n, empty;

    assert_int_equal(n_included_by("/none.conf", beside), 1);
    assert_int_equal(chdir(folder), 0);
    n = n_included_by("none.conf", "inc1.conf");
    empty = n_included_by("", "inc1.conf");
    assert_int_equal(fchdir(here), 0);
    close(here);
    assert_int_equal(n, 1);
    assert_int_equal(empty, 1);
}

static void the_limits_are_those_of_the_options(void **state)
{
    const struct pyst_config_load_options options = {.limits = {.items = 1}};
    struct pyst_config *config = NULL;

    write_file("items.conf", "[a]\nx=1\ny=2\n");
    assert_int_equal(pyst_config_load(&config, path_of("items.conf"), &options),
                     PYST_ERR_LIMIT_CONFIG);
    assert_null(config);
}

static void commands_run_only_when_they_may(void **state)
{
    struct pyst_config_load_options options = {.execute = true};
    struct pyst_config *config;

    write_file("exec.conf", "[a]\n#exec \"echo z=3\\; printf 'y=1\\ny=2\\n' >&2\"\nx=1\n");
    assert_int_equal(pyst_config_load(&config, path_of("exec.conf"), NULL), 0);
    assert_int_equal(pyst_config_section(config, 0)->n_items, 1);
    pyst_config_free(config);
    assert_int_equal(pyst_config_load(&config, path_of("exec.conf"), &options), 0);
    assert_value(config, "a", "y", "2");
    assert_int_equal(pyst_config_section(config, 0)->n_items, 3);
    assert_memory_equal(pyst_config_document_name(pyst_config_document(config, 1)).data, "echo", 4);
    pyst_config_free(config);
    /* What goes to the other output is taken, too. */
    write_file("exec.conf", "[a]\n#exec sh -c 'echo y=5 >&2'\n");
    assert_int_equal(pyst_config_load(&config, path_of("exec.conf"), &options), 0);
    assert_value(config, "a", "y", "5");
    pyst_config_free(config);
}

static void what_a_command_prints_may_be_long(void **state)
{
    struct pyst_config_load_options options = {.execute = true};
    struct pyst_config *config;

    write_file("long.conf", "[a]\n#exec seq -f x=%.0f 30000\n");
    assert_int_equal(pyst_config_load(&config, path_of("long.conf"), &options), 0);
    assert_int_equal(pyst_config_section(config, 0)->n_items, 30000);
    assert_value(config, "a", "x", "30000");
    pyst_config_free(config);
}

static void ten_thousand_files_of_one_pattern(void **state)
{
    enum { FILES = 10000 };
    struct pyst_config *config;
    char name[64];

    assert_int_equal(mkdir(path_of("many"), 0700), 0);
    for (int i = 0; i < FILES; i++) {
        char bytes[64];

        snprintf(name, sizeof(name), "many/%05d.conf", i);
        snprintf(bytes, sizeof(bytes), "[s%d]\nx=%d\n", i, i);
        write_file(name, bytes);
    }
    write_file("many.conf", "#include many/*.conf\n");
    assert_int_equal(pyst_config_load(&config, path_of("many.conf"), NULL), 0);
    assert_true(pyst_config_is_valid(config));
    assert_int_equal(pyst_config_section_count(config), FILES);
    assert_value(config, "s9999", "x", "9999");
    pyst_config_free(config);
}

static void what_cannot_be_read_is_an_error(void **state)
{
    struct pyst_config_document *document = NULL;
    struct pyst_config *config = NULL;

    assert_int_equal(pyst_config_document_load(&document, path_of("none"), NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(pyst_config_document_load(&document, folder, NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(pyst_config_load(&config, path_of("none"), NULL), PYST_ERR_SYSTEM);
    assert_null(document);
    assert_null(config);
}

static void a_saved_file_keeps_its_permissions(void **state)
{
    struct pyst_config_stamp stamp;
    struct pyst_config_document *document;
    struct stat status;

    write_file("save.conf", "[a]\nx=1 ; one\n");
    assert_int_equal(chmod(path_of("save.conf"), 0604), 0);
    document = load_file("save.conf", &stamp);
    set_first(document, "2");
    assert_int_equal(pyst_config_document_save(document, path_of("save.conf"), &stamp), 0);
    assert_false(pyst_config_document_is_changed(document));
    assert_file("save.conf", "[a]\nx=2 ; one\n");
    assert_int_equal(stat(path_of("save.conf"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0604);

    /* And again, with the stamp of what was written. */
    set_first(document, "3");
    assert_int_equal(pyst_config_document_save(document, path_of("save.conf"), &stamp), 0);
    assert_file("save.conf", "[a]\nx=3 ; one\n");
    pyst_config_document_unref(document);
}

static void a_file_that_somebody_changed_is_left_alone(void **state)
{
    struct pyst_config_stamp stamp;
    struct pyst_config_document *document;

    write_file("theirs.conf", "[a]\nx=1\n");
    document = load_file("theirs.conf", &stamp);
    set_first(document, "2");
    write_file("theirs.conf", "[a]\nx=theirs\n");
    assert_int_equal(pyst_config_document_save(document, path_of("theirs.conf"), &stamp),
                     PYST_ERR_CHANGED);
    assert_file("theirs.conf", "[a]\nx=theirs\n");
    assert_true(pyst_config_document_is_changed(document));
    assert_int_equal(unlink(path_of("theirs.conf")), 0);
    assert_int_equal(pyst_config_document_save(document, path_of("theirs.conf"), &stamp),
                     PYST_ERR_CHANGED);
    assert_int_not_equal(access(path_of("theirs.conf"), F_OK), 0);
    /* Who does not care says so. */
    assert_int_equal(pyst_config_document_save(document, path_of("theirs.conf"), NULL), 0);
    assert_file("theirs.conf", "[a]\nx=2\n");
    pyst_config_document_unref(document);
}

static void a_new_file_must_not_be_there(void **state)
{
    struct pyst_config_stamp none = {0};
    struct pyst_config_document *document = NULL;

    assert_int_equal(pyst_config_document_new(&document, pyst_text("new"), pyst_text("[a]\nx=1\n")),
                     0);
    assert_int_equal(pyst_config_document_save(document, path_of("new.conf"), &none), 0);
    assert_file("new.conf", "[a]\nx=1\n");
    none = (struct pyst_config_stamp){0};
    assert_int_equal(pyst_config_document_save(document, path_of("new.conf"), &none),
                     PYST_ERR_CHANGED);
    assert_int_equal(pyst_config_document_save(document, path_of("no/such.conf"), NULL),
                     PYST_ERR_SYSTEM);
    pyst_config_document_unref(document);
}

static void a_link_stays_a_link(void **state)
{
    struct pyst_config_stamp stamp;
    struct pyst_config_document *document;
    struct stat status;
    char target[256];

    write_file("target.conf", "[a]\nx=1\n");
    snprintf(target, sizeof(target), "%s", path_of("target.conf"));
    assert_int_equal(symlink(target, path_of("link.conf")), 0);
    document = load_file("link.conf", &stamp);
    set_first(document, "2");
    assert_int_equal(pyst_config_document_save(document, path_of("link.conf"), &stamp), 0);
    assert_int_equal(lstat(path_of("link.conf"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_file("target.conf", "[a]\nx=2\n");
    pyst_config_document_unref(document);
}

static void what_was_not_changed_is_not_written(void **state)
{
    struct pyst_config_stamp stamp;
    struct pyst_config_document *document;
    struct stat before, after;

    write_file("same.conf", "[a]\nx=1\n");
    document = load_file("same.conf", &stamp);
    assert_int_equal(stat(path_of("same.conf"), &before), 0);
    assert_int_equal(pyst_config_document_save(document, path_of("same.conf"), &stamp), 0);
    assert_int_equal(stat(path_of("same.conf"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    pyst_config_document_unref(document);
}

static void a_name_may_begin_with_a_slash(void **state)
{
    struct pyst_config_load_options options = {.directory = "/none"};
    struct pyst_config *config;
    char bytes[400];

    write_file("slash.part", "x=1\n");
    snprintf(bytes, sizeof(bytes), "[a]\n#include %s\n", path_of("slash.part"));
    write_file("slash.conf", bytes);
    assert_int_equal(pyst_config_load(&config, path_of("slash.conf"), &options), 0);
    assert_value(config, "a", "x", "1");
    pyst_config_free(config);
}

static void what_is_no_file_is_not_read(void **state)
{
    struct pyst_config_document *document = NULL;

    assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
    assert_int_equal(pyst_config_document_load(&document, path_of("pipe"), NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EINVAL);
    assert_null(document);
    /* Nor replaced by one. */
    write_file("regular.conf", "[a]\n");
    document = load_file("regular.conf", NULL);
    errno = 0;
    assert_int_equal(pyst_config_document_save(document, path_of("pipe"), NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EINVAL);
    pyst_config_document_unref(document);
}

static void a_document_may_be_written_over_another_file(void **state)
{
    struct pyst_config_document *document;

    write_file("one.conf", "[a]\nx=1\n");
    write_file("other.conf", "[a]\nx=2\n");
    document = load_file("one.conf", NULL);
    assert_int_equal(pyst_config_document_save(document, path_of("other.conf"), NULL), 0);
    assert_file("other.conf", "[a]\nx=1\n");
    pyst_config_document_unref(document);
}

static void a_file_that_is_too_large_is_not_read(void **state)
{
    struct pyst_config_document *document = NULL;
    struct pyst_config *config;

    write_file("4gib.conf", "");
    assert_int_equal(truncate(path_of("4gib.conf"), (off_t)1 << 32), 0);
    assert_int_equal(pyst_config_document_load(&document, path_of("4gib.conf"), NULL),
                     PYST_ERR_INVALID);
    assert_null(document);
    write_file("large.conf", "[a]\n#tryinclude 4gib.conf\nx=1\n");
    assert_int_equal(pyst_config_load(&config, path_of("large.conf"), NULL), 0);
    assert_value(config, "a", "x", "1");
    pyst_config_free(config);
}

static void nothing_is_left_beside_a_file(void **state)
{
    char command[400];

    /* Temporary files have a name that ends in a dot and six letters. */
    snprintf(command, sizeof(command), "! ls '%s' | grep -q 'conf\\.......$'", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_included_is_found_beside_the_file),
        cmocka_unit_test(the_folder_may_be_another),
        cmocka_unit_test(the_folder_is_that_of_the_name),
        cmocka_unit_test(the_limits_are_those_of_the_options),
        cmocka_unit_test(commands_run_only_when_they_may),
        cmocka_unit_test(what_a_command_prints_may_be_long),
        cmocka_unit_test(ten_thousand_files_of_one_pattern),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
        cmocka_unit_test(a_saved_file_keeps_its_permissions),
        cmocka_unit_test(a_file_that_somebody_changed_is_left_alone),
        cmocka_unit_test(a_new_file_must_not_be_there),
        cmocka_unit_test(a_link_stays_a_link),
        cmocka_unit_test(what_was_not_changed_is_not_written),
        cmocka_unit_test(names_with_too_many_braces_are_no_file),
        cmocka_unit_test(as_many_braces_as_are_told_may_be),
        cmocka_unit_test(what_is_no_file_of_a_pattern_is_left_out),
        cmocka_unit_test(an_error_ends_the_files_of_its_own_pattern),
        cmocka_unit_test(a_name_may_begin_with_a_slash),
        cmocka_unit_test(what_is_no_file_is_not_read),
        cmocka_unit_test(a_document_may_be_written_over_another_file),
        cmocka_unit_test(a_file_that_is_too_large_is_not_read),
        cmocka_unit_test(nothing_is_left_beside_a_file),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
