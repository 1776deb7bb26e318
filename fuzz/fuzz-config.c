/* SPDX-License-Identifier: MIT */

/*
 * A configuration file of any bytes: written again it is the same; a change changes its own line
 * only, and what is written then reads back as what the document says; resolving ends.
 *
 * An input is the number of changes, that many changes of six bytes, and the file. Files that it
 * includes are itself and its own begin.
 */

#include <stdbool.h>
#include <string.h>

#include <pyst/config/config.h>

#include "target.h"

#define CHANGE_SIZE  6
#define CHANGES_MAX  8
#define INCLUDES_MAX 40 /* in all: each may include many */

struct file {
    const uint8_t *data;
    size_t size;
    unsigned includes;
};

static void write_document(const struct pyst_config_document *document, char **bytesp,
                           size_t *sizep)
{
    *sizep = pyst_config_document_size(document);
    *bytesp = malloc(*sizep + 1);
    CHECK(*bytesp);
    pyst_config_document_write(document, *bytesp);
}

static bool is_same(const struct pyst_config_line *one, const struct pyst_config_line *other)
{
    return pyst_config_line_kind(one) == pyst_config_line_kind(other) &&
           pyst_text_equal(pyst_config_line_text(one), pyst_config_line_text(other)) &&
           pyst_text_equal(pyst_config_line_name(one), pyst_config_line_name(other)) &&
           pyst_text_equal(pyst_config_line_value(one), pyst_config_line_value(other)) &&
           pyst_config_line_is_object(one) == pyst_config_line_is_object(other) &&
           pyst_config_line_is_append(one) == pyst_config_line_is_append(other);
}

/* What is written reads back line by line. */
static void check_reads_back(const struct pyst_config_document *document)
{
    struct pyst_config_document *again;
    struct pyst_config_line *one, *other, *last = NULL;
    char *bytes;
    size_t size;

    write_document(document, &bytes, &size);
    CHECK(pyst_config_document_new(&again, pyst_text("again"), pyst_text_of(bytes, size)) == 0);
    one = pyst_config_document_first(document);
    other = pyst_config_document_first(again);
    for (; one && other; last = one, one = pyst_config_line_next(one)) {
        CHECK(pyst_config_line_previous(one) == last);
        CHECK(is_same(one, other));
        other = pyst_config_line_next(other);
    }
    CHECK(!one && !other);
    CHECK(pyst_config_document_last(document) == last);
    pyst_config_document_unref(again);
    free(bytes);
}

static struct pyst_config_line *line_at(const struct pyst_config_document *document, uint8_t which)
{
    struct pyst_config_line *line = pyst_config_document_first(document);

    while (line && which-- > 0)
        line = pyst_config_line_next(line);
    return line;
}

/* A part of the file, or a text that is hard to write. */
static struct pyst_text text_at(const struct file *file, uint8_t which, uint8_t size)
{
    static const char *const texts[] = {"",    "a",   "a;b", ";--", "--;", "\\",  "a\\", "[a",
                                        "#b",  "=",   ">c",  " d",  "d ",  "+",   "a=b", "]",
                                        "(e)", "a,b", "\\;", "\n",  "\r",  "; c", "-",   "\\\\;"};

    if (which & 0x80)
        return pyst_text(texts[which % (sizeof(texts) / sizeof(texts[0]))]);
    if (which >= file->size)
        return pyst_text("x");
    return pyst_text_of(file->data + which, size < file->size - which ? size : file->size - which);
}

static void check_line(const struct pyst_config_line *line, struct pyst_text name,
                       struct pyst_text value)
{
    if (name.data)
        CHECK(pyst_text_equal(pyst_config_line_name(line), name));
    if (value.data)
        CHECK(pyst_text_equal(pyst_config_line_value(line), value));
}

static void change(struct pyst_config_document *document, const struct file *file,
                   const uint8_t *how)
{
    struct pyst_config_line *line = line_at(document, how[1]), *to = line_at(document, how[2]);
    struct pyst_config_line *added = NULL;
    const struct pyst_text one = text_at(file, how[3], how[5]);
    const struct pyst_text other = text_at(file, how[4], how[5]);

    switch (how[0] % 8) {
    case 0:
        if (line && pyst_config_line_set_value(document, line, one) == 0)
            check_line(line, pyst_text_none(), one);
        break;
    case 1:
        if (line && pyst_config_line_set_name(document, line, one) == 0)
            check_line(line, one, pyst_text_none());
        break;
    case 2:
    case 3:
        if (pyst_config_document_add_item(document, line, one, other,
                                          (enum pyst_config_style)(how[0] >> 3 & 3), &added) == 0)
            check_line(added, one, other);
        break;
    case 4:
        if (pyst_config_document_add_section(document, line, one,
                                             how[0] & 8 ? other : pyst_text_none(), &added) == 0)
            check_line(added, one, how[0] & 8 ? other : pyst_text_none());
        break;
    case 5:
        pyst_config_document_add_line(document, line, one, &added);
        break;
    case 6:
        if (line)
            pyst_config_document_remove(document, line);
        break;
    default:
        if (line)
            pyst_config_document_move(document, line, line, to);
        break;
    }
}

static int open_file(void *user, struct pyst_text argument, size_t i,
                     struct pyst_config_document **documentp)
{
    struct file *file = user;

    CHECK(argument.data);
    if (i == SIZE_MAX || i > argument.size % 3 || file->includes == INCLUDES_MAX)
        return 0;
    file->includes++;
    CHECK(pyst_config_document_new(documentp, argument,
                                   pyst_text_of(file->data, file->size / (i + 1))) == 0);
    return 1;
}

static void check_resolved(struct pyst_config_document *document, struct file *file)
{
    struct pyst_config_source source = {open_file, NULL, file};
    struct pyst_config_limits limits = {.sections = 1000, .items = 10000};
    struct pyst_config *config;
    int r = pyst_config_new(&config, document, &source, &limits);

    if (r < 0) {
        CHECK(r == PYST_ERR_LIMIT_CONFIG);
        return;
    }
    for (size_t i = 0; i < pyst_config_section_count(config); i++) {
        const struct pyst_config_section *section = pyst_config_section(config, i);
        const struct pyst_config_section *found = NULL;

        CHECK(section->index == i && section->line && section->document);
        for (size_t k = 0; k < section->n_items; k++) {
            CHECK(section->items[k].name.size > 0 && section->items[k].value.data);
            CHECK(pyst_config_section_get(section, section->items[k].name));
        }
        if (section->is_template)
            continue;
        do {
            found = pyst_config_find(config, section->name, found);
            CHECK(found);
        } while (found != section);
    }
    for (size_t i = 0; i < pyst_config_problem_count(config); i++)
        CHECK(pyst_config_problem_text(pyst_config_problem(config, i).problem.kind)[0]);
    pyst_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const size_t changes = take_byte(&input) % (CHANGES_MAX + 1);
    const uint8_t *how = input.data;
    struct pyst_config_document *document;
    struct file file;
    char *bytes;
    size_t written;

    if (input.size < changes * CHANGE_SIZE)
        return 0;
    file = (struct file){input.data + changes * CHANGE_SIZE, input.size - changes * CHANGE_SIZE, 0};
    CHECK(pyst_config_document_new(&document, pyst_text("file"),
                                   pyst_text_of(file.data, file.size)) == 0);
    write_document(document, &bytes, &written);
    CHECK(written == file.size && (written == 0 || memcmp(bytes, file.data, written) == 0));
    free(bytes);
    check_resolved(document, &file);

    for (size_t i = 0; i < changes; i++) {
        change(document, &file, how + i * CHANGE_SIZE);
        check_reads_back(document);
    }
    pyst_config_document_unref(document);
    return 0;
}
