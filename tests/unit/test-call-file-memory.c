/* SPDX-License-Identifier: MIT */

/*
 * Call files, each allocation failing in turn and none other: the call says PYST_ERR_NO_MEMORY,
 * changes nothing, and may be made again; nothing leaks.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocation.h"

#include <pyst/call-file.h>
#include <pyst/error.h>

static void build_submit_and_find(void)
{
    char root[] = "/tmp/pyst-call-file-XXXXXX", outgoing[64], archive[64], path[512];
    char name[PYST_CALL_FILE_NAME_SIZE] = "untouched";
    struct pyst_call_file_submission how = {.directory = outgoing};
    struct pyst_call_file *file = NULL, *found = NULL;
    struct pyst_text text = pyst_text_none();
    int r;

    assert_non_null(mkdtemp(root));
    snprintf(outgoing, sizeof(outgoing), "%s/outgoing", root);
    snprintf(archive, sizeof(archive), "%s/outgoing_done", root);
    assert_int_equal(mkdir(outgoing, 0700), 0);
    assert_int_equal(mkdir(archive, 0700), 0);

    while (no_memory(pyst_call_file_new(&file)))
        assert_null(file);
    while (no_memory(r = pyst_call_file_set(file, pyst_text("Channel"), pyst_text("Local/1"))))
        assert_int_equal(pyst_call_file_n_lines(file), 0);
    assert_int_equal(r, 0);
    while (no_memory(pyst_call_file_set(file, pyst_text("Extension"), pyst_text("1"))))
        assert_int_equal(pyst_call_file_n_lines(file), 1);
    while (no_memory(pyst_call_file_set(file, pyst_text("Extension"), pyst_text("22"))))
        assert_int_equal(pyst_call_file_get(file, pyst_text("Extension")).size, 1);
    for (size_t i = 0; i < 20; i++) /* enough for more room twice */
        while (no_memory(pyst_call_file_add_variable(file, pyst_text("A"), pyst_text("b"))))
            assert_int_equal(pyst_call_file_n_lines(file), 2 + i);
    assert_int_equal(pyst_call_file_n_lines(file), 22);
    while (no_memory(pyst_call_file_text(file, &text)))
        assert_null(text.data);

    while (no_memory(r = pyst_call_file_submit(file, &how, name)))
        assert_string_equal(name, "untouched");
    assert_int_equal(r, 0);
    while (no_memory(r = pyst_call_file_find(outgoing, name, &found, NULL)))
        assert_null(found);
    assert_int_equal(r, 1);
    assert_int_equal(pyst_call_file_n_lines(found), 22);
    found = pyst_call_file_free(found);

    snprintf(path, sizeof(path), "%s/%s", outgoing, name);
    snprintf(archive + strlen(archive), sizeof(archive) - strlen(archive), "/x");
    assert_int_equal(rename(path, archive), 0);
    while (no_memory(r = pyst_call_file_find(outgoing, "x", &found, NULL)))
        assert_null(found);
    assert_int_equal(r, 2);
    pyst_call_file_free(found);
    pyst_call_file_free(file);

    assert_int_equal(unlink(archive), 0);
    *strrchr(archive, '/') = '\0';
    assert_int_equal(rmdir(archive), 0);
    assert_int_equal(rmdir(outgoing), 0);
    assert_int_equal(rmdir(root), 0); /* nothing was left in staging either */
}

static void call_file_without_memory(void **state)
{
    assert_true(with_each_failing(build_submit_and_find) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_file_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
