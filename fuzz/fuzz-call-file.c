/* SPDX-License-Identifier: MIT */

/*
 * Call files: any text can be read, and what was read is written so that it is read again. An input
 * that begins with the byte 1 is, behind it, the values of lines that are set, ended by 0xfe.
 */

#include <stdlib.h>
#include <string.h>

#include <pyst/call-file.h>
#include <pyst/error.h>

#include "target.h"

static const char *const keys[] = {"Channel", "Application", "Data",     "Context", "Extension",
                                   "Account", "Callerid",    "Priority", "Archive", "Setvar"};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* What is written has whole lines that are short enough, and reads as what was set. */
static void check_written(struct pyst_call_file *file)
{
    struct pyst_call_file_status status;
    struct pyst_call_file *again;
    struct pyst_text text;
    size_t n = 0, line = 0;

    /* Without these there is no file. */
    if (!pyst_call_file_get(file, pyst_text("Channel")).data)
        CHECK(pyst_call_file_set(file, pyst_text("Channel"), pyst_text("Local/1")) == 0);
    if (!pyst_call_file_get(file, pyst_text("Extension")).data)
        CHECK(pyst_call_file_set(file, pyst_text("Extension"), pyst_text("1")) == 0);
    CHECK(pyst_call_file_text(file, &text) == 0);
    for (size_t i = 0; i < text.size; i++) {
        CHECK(text.data[i] != '\r' && text.data[i] != '\0');
        CHECK(++line <= PYST_CALL_FILE_LINE_SIZE);
        if (text.data[i] == '\n') {
            line = 0;
            n++;
        }
    }
    CHECK(line == 0 && n == pyst_call_file_n_lines(file));

    CHECK(pyst_call_file_read(&again, text, &status) == 0);
    CHECK(status.state == PYST_CALL_FILE_WAITING && status.attempts == 0);
    CHECK(pyst_call_file_n_lines(again) == n);
    for (size_t i = 0; i < n; i++) {
        struct pyst_text key, value, key_again, value_again;

        pyst_call_file_line(file, i, &key, &value);
        pyst_call_file_line(again, i, &key_again, &value_again);
        CHECK(pyst_text_equal(key, key_again) && pyst_text_equal(value, value_again));
    }
    pyst_call_file_free(again);
}

static void set_values(struct pyst_call_file *file, struct input input)
{
    for (size_t i = 0; input.size > 0; i++) {
        const uint8_t *end = memchr(input.data, 0xfe, input.size);
        size_t size = end ? (size_t)(end - input.data) : input.size;
        const struct pyst_text value = pyst_text_of(input.data, size);

        pyst_call_file_set(file, pyst_text(keys[i % N_KEYS]), value);
        pyst_call_file_add_variable(file, pyst_text("NAME"), value);
        pyst_call_file_add_variable(file, value, pyst_text("value"));
        size += end != NULL;
        input.data += size;
        input.size -= size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pyst_call_file_status status;
    struct pyst_call_file *file;

    if (size > 0 && data[0] == 1) {
        CHECK(pyst_call_file_new(&file) == 0);
        set_values(file, (struct input){data + 1, size - 1});
    } else {
        CHECK(pyst_call_file_read(&file, pyst_text_of(data, size), &status) == 0);
        CHECK(status.began == 0 || status.attempts > 0);
    }
    check_written(file);
    pyst_call_file_free(file);
    return 0;
}
