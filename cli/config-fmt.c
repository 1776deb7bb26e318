/* SPDX-License-Identifier: MIT */

/* pyst config fmt. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "config.h"

static const char help[] =
    "Usage: pyst config fmt [OPTION...] FILE...\n"
    "\n"
    "  Rewrites configuration files with the usual spacing: no indentation, \"name = value\", one\n"
    "  empty line before a section and never two, no blanks at the end of a line, no CR before "
    "it.\n"
    "  What Asterisk makes of a file stays the same, which is checked before it is replaced. "
    "Block\n"
    "  comments stay as they are. The names of the files that change are printed.\n"
    "\n"
    "  -c, --check              change nothing; exit code 1 says that a file would change\n"
    "  -s, --stdout             print the result instead of replacing the file\n"
    "  -d, --directory FOLDER   where included files are, unless in that of FILE\n";

struct options {
    struct pyst_config_load_options load;
    bool check;
    bool print;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct pyst_text strip_end(struct pyst_text text)
{
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

/* Without its line end, of whichever system. */
static struct pyst_text chop(struct pyst_text text)
{
    while (text.size > 0 && (text.data[text.size - 1] == '\r' || text.data[text.size - 1] == '\n'))
        text.size--;
    return text;
}

static struct pyst_text strip(struct pyst_text text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    return strip_end(text);
}

static void put(FILE *out, struct pyst_text text)
{
    fwrite(text.data, 1, text.size, out);
}

/* Whether the line has what begins or ends a block comment, perhaps. */
static bool may_be_block(struct pyst_text text)
{
    return memmem(text.data, text.size, ";--", 3) || memmem(text.data, text.size, "--;", 3);
}

/* Where the comment begins, or the end. */
static size_t find_comment(struct pyst_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == ';' && (i == 0 || text.data[i - 1] != '\\'))
            return i;
    return text.size;
}

/* name = value, with the comment behind it where it was, or a blank apart. */
static void put_item(FILE *out, const struct pyst_config_line *line, struct pyst_text text)
{
    const size_t comment = find_comment(text);
    const struct pyst_text code = strip(pyst_text_of(text.data, comment));
    const char *equals = memchr(code.data + 1, '=', code.size - 1);
    struct pyst_text name, value;
    const char *behind;

    /* The blanks behind += are a part of the value. */
    if (!equals || pyst_config_line_is_append(line)) {
        put(out, strip_end(text));
        return;
    }
    behind = equals + 1 + pyst_config_line_is_object(line);
    name = strip(pyst_text_of(code.data, (size_t)(equals - code.data)));
    value = strip(pyst_text_of(behind, (size_t)(code.data + code.size - behind)));
    put(out, name);
    fputs(pyst_config_line_is_object(line) ? " =>" : " =", out);
    if (value.size > 0)
        fputc(' ', out);
    put(out, value);
    if (comment < text.size) {
        const char *gap = code.data + code.size;

        if (gap == text.data + comment)
            fputc(' ', out);
        put(out, strip_end(pyst_text_of(gap, (size_t)(text.data + text.size - gap))));
    }
}

/* What has been written so far. */
struct layout {
    bool has_text;   /* any line at all */
    bool wants_line; /* an empty line, before what comes next */
    bool may_part;   /* the last line that was written is no comment */
};

/* Asterisk leaves out lines that are too long: with other blanks, this might become one, or none.
 */
static bool is_about_too_long(struct pyst_text text)
{
    return text.size > PYST_CONFIG_LINE_SIZE - 64;
}

static void put_line(FILE *out, const struct pyst_config_line *line, struct layout *layout)
{
    const enum pyst_config_line_kind kind = pyst_config_line_kind(line);
    const struct pyst_text text = pyst_config_line_text(line);
    const struct pyst_text stripped = strip(text);
    const bool is_in_comment = pyst_config_line_is_in_comment(line);

    if (kind == PYST_CONFIG_BLANK && !is_in_comment && stripped.size == 0) {
        layout->wants_line = layout->has_text;
        return;
    }
    if (layout->wants_line || (kind == PYST_CONFIG_SECTION && layout->may_part))
        fputc('\n', out);
    if (is_about_too_long(text))
        put(out, text.data[text.size - 1] == '\n' ? pyst_text_of(text.data, text.size - 1) : text);
    else if (is_in_comment)
        put(out, chop(text));
    else if (kind == PYST_CONFIG_ITEM && !may_be_block(text))
        put_item(out, line, text);
    else if (kind == PYST_CONFIG_SECTION || kind == PYST_CONFIG_DIRECTIVE)
        put(out, stripped);
    else
        put(out, strip_end(text));
    /* A newline would make the last line longer. */
    if (!is_about_too_long(text) || text.data[text.size - 1] == '\n')
        fputc('\n', out);
    layout->has_text = true;
    layout->wants_line = false;
    layout->may_part = kind != PYST_CONFIG_BLANK;
}

/* The new bytes, to be freed; NULL: no memory. */
static char *format(const struct pyst_config_document *document, size_t *sizep)
{
    struct layout layout = {0};
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, sizep);
    bool failed;

    if (!out)
        return NULL;
    for (const struct pyst_config_line *line = pyst_config_document_first(document); line;
         line = pyst_config_line_next(line))
        put_line(out, line, &layout);
    failed = ferror(out);
    if (fclose(out) == 0 && !failed)
        return bytes;
    free(bytes);
    return NULL;
}

/* ---- the same meaning ----------------------------------------------------------------------- */

static bool is_same_section(const struct pyst_config_section *one,
                            const struct pyst_config_section *other)
{
    if (!pyst_text_equal(one->name, other->name) || one->is_template != other->is_template ||
        one->n_items != other->n_items || one->n_templates != other->n_templates)
        return false;
    for (size_t i = 0; i < one->n_templates; i++)
        if (one->templates[i]->index != other->templates[i]->index)
            return false;
    for (size_t i = 0; i < one->n_items; i++)
        if (!pyst_text_equal(one->items[i].name, other->items[i].name) ||
            !pyst_text_equal(one->items[i].value, other->items[i].value) ||
            one->items[i].is_object != other->items[i].is_object)
            return false;
    return true;
}

static bool is_same(const struct pyst_config *one, const struct pyst_config *other)
{
    const size_t n = pyst_config_section_count(one);

    if (n != pyst_config_section_count(other) ||
        pyst_config_problem_count(one) != pyst_config_problem_count(other))
        return false;
    for (size_t i = 0; i < pyst_config_problem_count(one); i++)
        if (pyst_config_problem(one, i).problem.kind != pyst_config_problem(other, i).problem.kind)
            return false;
    for (size_t i = 0; i < n; i++)
        if (!is_same_section(pyst_config_section(one, i), pyst_config_section(other, i)))
            return false;
    return true;
}

static const struct pyst_config_line *skip_blank(const struct pyst_config_line *line)
{
    while (line && pyst_config_line_kind(line) == PYST_CONFIG_BLANK)
        line = pyst_config_line_next(line);
    return line;
}

/* What stands before any section is a part of no configuration, unless another file includes it. */
static bool has_same_lines(const struct pyst_config_document *one,
                           const struct pyst_config_document *other)
{
    const struct pyst_config_line *line = skip_blank(pyst_config_document_first(one));
    const struct pyst_config_line *same = skip_blank(pyst_config_document_first(other));

    while (line && same && pyst_config_line_kind(line) == pyst_config_line_kind(same) &&
           pyst_text_equal(pyst_config_line_name(line), pyst_config_line_name(same)) &&
           pyst_text_equal(pyst_config_line_value(line), pyst_config_line_value(same)) &&
           pyst_config_line_is_object(line) == pyst_config_line_is_object(same) &&
           pyst_config_line_is_append(line) == pyst_config_line_is_append(same)) {
        line = skip_blank(pyst_config_line_next(line));
        same = skip_blank(pyst_config_line_next(same));
    }
    return !line && !same;
}

/* 1 when both mean the same, 0, or PYST_ERR_*. */
static int compare(struct pyst_config_document *document, struct pyst_config_document *formatted,
                   const struct options *options)
{
    struct pyst_config *old = NULL, *now = NULL;
    int r = pyst_config_resolve(&old, document, &options->load);

    if (r == 0)
        r = pyst_config_resolve(&now, formatted, &options->load);
    if (r == 0)
        r = has_same_lines(document, formatted) && is_same(old, now);
    pyst_config_free(now);
    pyst_config_free(old);
    return r;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* A document of other bytes does not know that the file is to be replaced, unless it is changed. */
static int replace(struct pyst_config_document *formatted, const char *path,
                   struct pyst_config_stamp *stamp)
{
    struct pyst_config_line *line;
    int r = pyst_config_document_add_line(formatted, pyst_config_document_first(formatted),
                                          pyst_text_of("", 0), &line);

    if (r == 0)
        r = pyst_config_document_remove(formatted, line);
    if (r == 0)
        r = pyst_config_document_save(formatted, path, stamp);
    return r;
}

static int finish(struct pyst_config_document *document, struct pyst_text bytes, const char *path,
                  struct pyst_config_stamp *stamp, const struct options *options)
{
    struct pyst_config_document *formatted;
    int r = pyst_config_document_new(&formatted, pyst_text(path), bytes);

    if (r == 0) {
        r = compare(document, formatted, options);
        if (r == 1)
            r = options->check || options->print ? 0 : replace(formatted, path, stamp);
        else if (r == 0)
            r = PYST_ERR_STATE;
        pyst_config_document_unref(formatted);
    }
    if (r == PYST_ERR_STATE) {
        fprintf(stderr, "pyst: %s: another spacing would change its meaning\n", path);
        return EXIT_FAILED;
    }
    if (r < 0)
        return config_failure(path, r);
    if (options->print)
        fwrite(bytes.data, 1, bytes.size, stdout);
    return EXIT_DONE;
}

static bool is_written_so(const struct pyst_config_document *document, struct pyst_text bytes,
                          bool *samep)
{
    const size_t size = pyst_config_document_size(document);
    char *written = malloc(size + 1);

    if (!written)
        return false;
    pyst_config_document_write(document, written);
    *samep = pyst_text_equal(bytes, pyst_text_of(written, size));
    free(written);
    return true;
}

/*
 * ast_debug_tools.conf, which is a shell script and stands among the others, would not be one any
 * more. But settings before any section, without more, are a file that others include.
 */
static bool is_something_else(const struct pyst_config_document *document)
{
    bool has_item = false, has_broken = false;

    for (const struct pyst_config_line *line = pyst_config_document_first(document); line;
         line = pyst_config_line_next(line)) {
        has_item |= pyst_config_line_kind(line) == PYST_CONFIG_ITEM;
        has_broken |= pyst_config_line_kind(line) == PYST_CONFIG_BROKEN;
        if (pyst_config_line_kind(line) == PYST_CONFIG_SECTION)
            break;
    }
    return has_item && has_broken;
}

static int format_file(const char *path, const struct options *options)
{
    struct pyst_config_document *document;
    struct pyst_config_stamp stamp;
    size_t size = 0;
    char *bytes;
    bool same = false;
    int code, r = pyst_config_document_load(&document, path, &stamp);

    if (r < 0)
        return config_failure(path, r);
    if (is_something_else(document)) {
        fprintf(stderr, "pyst: %s: this is no configuration of Asterisk and stays as it is\n",
                path);
        pyst_config_document_unref(document);
        return EXIT_FAILED;
    }
    bytes = format(document, &size);
    if (!bytes || !is_written_so(document, pyst_text_of(bytes, size), &same)) {
        code = out_of_memory();
    } else if (same && !options->print) {
        code = EXIT_DONE;
    } else {
        code = finish(document, pyst_text_of(bytes, size), path, &stamp, options);
        if (code == EXIT_DONE && !options->print) {
            puts(path);
            code = options->check ? EXIT_REFUSED : EXIT_DONE;
        }
    }
    free(bytes);
    pyst_config_document_unref(document);
    return code;
}

int command_config_fmt(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"check", no_argument, NULL, 'c'},
        {"stdout", no_argument, NULL, 's'},
        {"directory", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {0};
    int option, code = EXIT_DONE;

    while ((option = getopt_long(argc, argv, "csd:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options.check = true;
            break;
        case 's':
            options.print = true;
            break;
        case 'd':
            options.load.directory = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        default:
            return usage_error("pyst config fmt --help tells the options");
        }
    }
    if (optind == argc)
        return usage_error("pyst config fmt wants a file");
    for (int i = optind; i < argc; i++) {
        int r = format_file(argv[i], &options);

        if (r > code)
            code = r;
    }
    return code;
}
