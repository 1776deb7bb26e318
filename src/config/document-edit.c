/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/buffer.h"
#include "base/line-break.h"
#include "config/document-internal.h"

/* A line that is written anew, in the making. */
struct writing {
    struct buffer bytes;
    int error;
};

static void put(struct writing *writing, struct pyst_text text)
{
    int r = buffer_append(&writing->bytes, text);

    if (r < 0)
        writing->error = r;
}

static void put_part(struct writing *writing, const struct pyst_config_line *line, size_t begin,
                     size_t end)
{
    put(writing, pyst_text_of(line->text + begin, end - begin));
}

/* A semicolon that is none of a comment has a backslash before it. */
static void put_escaped(struct writing *writing, struct pyst_text text)
{
    while (text.size > 0) {
        const char *at = memchr(text.data, ';', text.size);
        size_t size = at ? (size_t)(at - text.data) : text.size;

        put(writing, pyst_text_of(text.data, size));
        if (at) {
            put(writing, pyst_text("\\;"));
            size++;
        }
        text = pyst_text_of(text.data + size, text.size - size);
    }
}

/* A first byte that would make another line of it has a backslash before it. */
static void put_item_name(struct writing *writing, struct pyst_text name)
{
    if (name.size > 0 && strchr("[#\\", name.data[0]))
        put(writing, pyst_text("\\"));
    put_escaped(writing, name);
}

/* Says that the document was changed. */
static void change(struct pyst_config_document *document)
{
    const struct pyst_config_line *first = document->first;

    document->changed = true;
    /* A byte order mark that begins the first line as its text needs another before it. */
    if (first && document->mark_size == 0 && first->size >= BYTE_ORDER_MARK_SIZE &&
        memcmp(first->text, BYTE_ORDER_MARK, BYTE_ORDER_MARK_SIZE) == 0) {
        document->mark_size = BYTE_ORDER_MARK_SIZE;
        document->size += BYTE_ORDER_MARK_SIZE;
    }
}

/* Whether the line is one of a block comment, or begins or ends one. */
static bool is_commented(const struct pyst_config_line *line)
{
    return line->in_comment || line->changes_comment;
}

/* Asterisk would read a longer name as another one. */
static bool is_cut(struct pyst_text name)
{
    return name.size > PYST_CONFIG_SECTION_NAME_SIZE;
}

/* What a line that is about to be written must mean. */
struct meaning {
    enum pyst_config_line_kind kind;
    struct pyst_text name; /* of BLANK and DIRECTIVE not looked at */
    struct pyst_text value;
    bool is_object;
    bool is_append;
};

static bool is_meant(const struct config_parts *parts, const struct meaning *meaning)
{
    const struct pyst_text value =
        parts->is_append ? config_strip(parts->value_text) : parts->value_text;

    if (parts->kind != meaning->kind)
        return false;
    if (meaning->kind == PYST_CONFIG_BLANK)
        return true;
    if (meaning->kind == PYST_CONFIG_DIRECTIVE && !meaning->name.data)
        return true;
    return pyst_text_equal(parts->name_text, meaning->name) &&
           parts->has_value == (meaning->value.data != NULL) &&
           pyst_text_equal(value, meaning->value) && parts->is_object == meaning->is_object &&
           parts->is_append == meaning->is_append;
}

/*
 * Gives a line the text that was written, if it reads back as what was meant; that finds every name
 * and value that cannot be written at all. Takes the text over.
 */
static int finish(struct pyst_config_document *document, struct pyst_config_line *line,
                  struct writing *writing, const struct meaning *meaning, bool is_linked)
{
    struct pyst_text text = buffer_text(&writing->bytes), read = text;
    struct config_scratch *scratch = NULL;
    struct config_parts parts;
    int depth = 0, r = writing->error;

    while (read.size > 0 && (read.data[read.size - 1] == '\n' || read.data[read.size - 1] == '\r'))
        read.size--;
    if (r == 0 && text.size > 0 &&
        text.size > CONFIG_READ_SIZE - (text.data[text.size - 1] != '\n'))
        r = PYST_ERR_CONFIG_LINE_TOO_LONG;
    if (r == 0 && has_line_break(read))
        r = PYST_ERR_BAD_CONFIG_TEXT;
    if (r == 0)
        scratch = malloc(sizeof(*scratch));
    if (r == 0 && !scratch)
        r = PYST_ERR_NO_MEMORY;
    if (r == 0) {
        config_line_read(&parts, text, &depth, scratch);
        if (depth != 0 || !is_meant(&parts, meaning))
            r = PYST_ERR_BAD_CONFIG_TEXT;
        else
            r = config_line_keep(line, &parts);
    }
    free(scratch);
    if (r < 0) {
        buffer_deinit(&writing->bytes);
        return r;
    }
    if (line->owns_text)
        free((char *)line->text);
    if (is_linked)
        document->size += text.size - line->size;
    line->text = writing->bytes.data;
    line->size = (uint32_t)text.size;
    line->owns_text = true;
    if (is_linked)
        change(document);
    return 0;
}

/* ---- lines that are there ------------------------------------------------------------------- */

static struct meaning meaning_of(const struct pyst_config_line *line)
{
    return (struct meaning){(enum pyst_config_line_kind)line->kind, pyst_config_line_name(line),
                            pyst_config_line_value(line), line->is_object, line->is_append};
}

/* The backslash before a semicolon goes with it. */
static size_t with_backslash(const struct pyst_config_line *line, size_t begin)
{
    return begin > 0 && begin < line->size && line->text[begin] == ';' &&
                   line->text[begin - 1] == '\\'
               ? begin - 1
               : begin;
}

/* Blanks that part a value from what is before and behind it, where it would not be read else. */
static bool needs_blank_before(const struct pyst_config_line *line, size_t begin,
                               struct pyst_text value)
{
    if (line->kind != PYST_CONFIG_ITEM || begin == 0 || value.size == 0)
        return false;
    if (value.data[0] == '>' && line->text[begin - 1] == '=')
        return true;
    /* "name =" becomes "name = value". */
    return line->value.begin == line->value.end && line->name.end < begin &&
           config_is_blank(line->text[line->name.end]) && !config_is_blank(line->text[begin - 1]);
}

static bool needs_blank_behind(const struct pyst_config_line *line, size_t end,
                               struct pyst_text value)
{
    return end < line->size && line->text[end] == ';' && value.size > 0 &&
           value.data[value.size - 1] == '\\';
}

static int set_options(struct pyst_config_document *document, struct pyst_config_line *line,
                       struct pyst_text options)
{
    struct meaning meaning = meaning_of(line);
    struct writing writing = {0};
    const size_t begin =
        line->has_value ? with_backslash(line, line->value.begin) - 1 : line->name.end + 1u;
    const size_t end = line->has_value ? (size_t)line->value.end + 1 : line->name.end + 1u;

    put_part(&writing, line, 0, begin);
    if (options.data) {
        put(&writing, pyst_text("("));
        put_escaped(&writing, options);
        put(&writing, pyst_text(")"));
    }
    put_part(&writing, line, end, line->size);
    meaning.value = options;
    return finish(document, line, &writing, &meaning, true);
}

int pyst_config_line_set_value(struct pyst_config_document *document, struct pyst_config_line *line,
                               struct pyst_text value)
{
    struct meaning meaning = meaning_of(line);
    struct writing writing = {0};
    size_t begin = with_backslash(line, line->value.begin), end = line->value.end;

    if (is_commented(line))
        return PYST_ERR_INVALID;
    /* It may be written in another way, with a comment inside. */
    if (line->has_value && value.data && pyst_text_equal(value, pyst_config_line_value(line)))
        return 0;
    if (line->kind == PYST_CONFIG_SECTION)
        return set_options(document, line, value);
    if ((line->kind != PYST_CONFIG_ITEM && line->kind != PYST_CONFIG_DIRECTIVE) || !value.data)
        return PYST_ERR_INVALID;
    while (line->is_append && begin < end && config_is_blank(line->text[begin]))
        begin++;
    put_part(&writing, line, 0, begin);
    if (needs_blank_before(line, begin, value))
        put(&writing, pyst_text(" "));
    put_escaped(&writing, value);
    if (needs_blank_behind(line, end, value))
        put(&writing, pyst_text(" "));
    put_part(&writing, line, end, line->size);
    meaning.value = value;
    return finish(document, line, &writing, &meaning, true);
}

int pyst_config_line_set_name(struct pyst_config_document *document, struct pyst_config_line *line,
                              struct pyst_text name)
{
    struct meaning meaning = meaning_of(line);
    struct writing writing = {0};
    size_t begin = with_backslash(line, line->name.begin);

    if (is_commented(line) || (line->kind != PYST_CONFIG_ITEM && line->kind != PYST_CONFIG_SECTION))
        return PYST_ERR_INVALID;
    if (line->kind == PYST_CONFIG_SECTION && is_cut(name))
        return PYST_ERR_BAD_CONFIG_TEXT;
    if (pyst_text_equal(name, pyst_config_line_name(line)))
        return 0;
    /* The backslash of a first byte that needed one. */
    if (line->kind == PYST_CONFIG_ITEM && begin > 0 && line->text[begin - 1] == '\\')
        begin--;
    put_part(&writing, line, 0, begin);
    if (line->kind == PYST_CONFIG_ITEM)
        put_item_name(&writing, name);
    else
        put_escaped(&writing, name);
    put_part(&writing, line, line->name.end, line->size);
    meaning.name = name.data ? name : pyst_text("");
    return finish(document, line, &writing, &meaning, true);
}

/* ---- lines that are added ------------------------------------------------------------------- */

static struct pyst_text line_end_of(const struct pyst_config_line *line)
{
    size_t size = line->size;

    if (size > 0 && line->text[size - 1] == '\n') {
        size--;
        if (size > 0 && line->text[size - 1] == '\r')
            size--;
    }
    return pyst_text_of(line->text + size, line->size - size);
}

/* As the line before has it, or the first. */
static struct pyst_text line_end_before(const struct pyst_config_document *document,
                                        const struct pyst_config_line *before)
{
    const struct pyst_config_line *near = before ? before->previous : document->last;

    if (near && line_end_of(near).size > 0)
        return line_end_of(near);
    if (document->first && line_end_of(document->first).size > 0)
        return line_end_of(document->first);
    return pyst_text("\n");
}

/*
 * Ends a line that has no end, which only a last one has not. (So has one with a NUL that is as
 * long as what Asterisk reads at a time, but what stands behind that is another line as it is.)
 */
static int end_line(struct pyst_config_document *document, struct pyst_config_line *line)
{
    struct pyst_text end;
    char *text;

    if (!line || line_end_of(line).size > 0 ||
        (line->size == CONFIG_READ_SIZE && line->kind != PYST_CONFIG_TOO_LONG))
        return 0;
    end = line_end_before(document, line);
    /* One more byte would make it too long. */
    if (line->size + end.size > CONFIG_READ_SIZE && line->kind != PYST_CONFIG_TOO_LONG)
        end = pyst_text("\n");
    text = malloc(line->size + end.size + 1);
    if (!text)
        return PYST_ERR_NO_MEMORY;
    memcpy(text, line->text, line->size);
    memcpy(text + line->size, end.data, end.size);
    if (line->owns_text)
        free((char *)line->text);
    line->text = text;
    line->owns_text = true;
    line->size += (uint32_t)end.size;
    document->size += end.size;
    return 0;
}

static int add(struct pyst_config_document *document, struct pyst_config_line *before,
               struct writing *writing, const struct meaning *meaning,
               struct pyst_config_line **linep)
{
    struct pyst_config_line *line;
    int r;

    if (before ? before->in_comment : document->depth != 0) {
        buffer_deinit(&writing->bytes);
        return PYST_ERR_INVALID;
    }
    put(writing, line_end_before(document, before));
    line = config_line_new(document);
    if (!line) {
        buffer_deinit(&writing->bytes);
        return PYST_ERR_NO_MEMORY;
    }
    r = finish(document, line, writing, meaning, false);
    if (r == 0)
        r = end_line(document, before ? before->previous : document->last);
    if (r < 0) {
        config_line_free(document, line);
        return r;
    }
    config_line_link(document, line, before);
    change(document);
    if (linep)
        *linep = line;
    return 0;
}

/* The item whose way of writing is followed: the nearest one of the section, above or below. */
static const struct pyst_config_line *neighbour(const struct pyst_config_document *document,
                                                const struct pyst_config_line *before)
{
    const struct pyst_config_line *line = before ? before->previous : document->last;

    for (; line && line->kind != PYST_CONFIG_SECTION; line = line->previous)
        if (line->kind == PYST_CONFIG_ITEM && !is_commented(line))
            return line;
    for (line = before; line && line->kind != PYST_CONFIG_SECTION; line = line->next)
        if (line->kind == PYST_CONFIG_ITEM && !is_commented(line))
            return line;
    return NULL;
}

static size_t count_blanks(const char *text, size_t begin, size_t end)
{
    size_t n = 0;

    while (begin + n < end && config_is_blank(text[begin + n]))
        n++;
    return n;
}

static const char *operator_of(enum pyst_config_style style, const struct pyst_config_line *near)
{
    if (style == PYST_CONFIG_STYLE_OBJECT ||
        (style == PYST_CONFIG_STYLE_NEIGHBOUR && near && near->is_object))
        return "=>";
    return style == PYST_CONFIG_STYLE_APPEND ? "+=" : "=";
}

/* How an item is spaced. */
struct spacing {
    struct pyst_text indent;
    size_t before; /* blanks before the operator, and behind it */
    size_t after;
};

static struct spacing spacing_of(const struct pyst_config_line *near, struct pyst_text name)
{
    struct spacing spacing = {pyst_text_none(), 1, 1};
    size_t operator_end, column;

    if (!near)
        return spacing;
    spacing.indent = pyst_text_of(near->text, 0);
    while (spacing.indent.size < near->name.begin && strchr(" \t", near->text[spacing.indent.size]))
        spacing.indent.size++;
    spacing.before = count_blanks(near->text, near->name.end, near->size);
    operator_end = near->name.end + spacing.before + 1u + near->is_append + near->is_object;
    spacing.after = near->value.begin < near->value.end
                        ? count_blanks(near->text, operator_end, near->size)
                        : spacing.before > 0;
    /* Operators that stand in a column go on doing so. */
    if (spacing.before > 1) {
        column = near->name.end - near->name.begin + spacing.before;
        spacing.before = column > name.size ? column - name.size : 1;
    }
    return spacing;
}

static void put_item(struct writing *writing, const struct spacing *spacing, struct pyst_text name,
                     const char *operator, struct pyst_text value)
{
    size_t after = spacing->after;

    put(writing, spacing->indent);
    put_item_name(writing, name);
    for (size_t i = 0; i < spacing->before; i++)
        put(writing, pyst_text(" "));
    put(writing, pyst_text(operator));
    if (after == 0 && value.size > 0 && value.data[0] == '>')
        after = 1;
    for (size_t i = 0; i < after && value.size > 0; i++)
        put(writing, pyst_text(" "));
    put_escaped(writing, value);
}

int pyst_config_document_add_item(struct pyst_config_document *document,
                                  struct pyst_config_line *before, struct pyst_text name,
                                  struct pyst_text value, enum pyst_config_style style,
                                  struct pyst_config_line **linep)
{
    const struct pyst_config_line *near = neighbour(document, before);
    const struct spacing spacing = spacing_of(near, name);
    const char *operator= operator_of(style, near);
    struct meaning meaning = {
        PYST_CONFIG_ITEM, name,
        value.data ? value : pyst_text(""), operator[1] == '>', operator[0] == '+' };
    struct writing writing = {0};

    put_item(&writing, &spacing, name, operator, value);
    return add(document, before, &writing, &meaning, linep);
}

static bool is_empty(const struct pyst_config_line *line)
{
    return line->kind == PYST_CONFIG_BLANK && !is_commented(line) &&
           config_strip(pyst_config_line_text(line)).size == 0;
}

/* Whether an empty line stands above a section and the comments that belong to it. */
static bool is_parted(const struct pyst_config_line *section)
{
    const struct pyst_config_line *line = section->previous;

    while (line && line->kind == PYST_CONFIG_BLANK && !is_empty(line))
        line = line->previous;
    return line && is_empty(line);
}

/* The section whose way of parting is followed: the nearest one with something above, or below. */
static const struct pyst_config_line *other_section(const struct pyst_config_line *section)
{
    const struct pyst_config_line *line = section->previous;

    for (; line && line->previous; line = line->previous)
        if (line->kind == PYST_CONFIG_SECTION)
            return line;
    for (line = section->next; line; line = line->next)
        if (line->kind == PYST_CONFIG_SECTION)
            return line;
    return NULL;
}

/* Puts an empty line above a new section where others have one. */
static int part(struct pyst_config_document *document, struct pyst_config_line *section)
{
    const struct pyst_config_line *other = other_section(section);
    struct meaning meaning = {PYST_CONFIG_BLANK, pyst_text_none(), pyst_text_none(), false, false};
    struct writing writing = {0};

    if (!section->previous || is_parted(section) || !other || !is_parted(other))
        return 0;
    return add(document, section, &writing, &meaning, NULL);
}

int pyst_config_document_add_section(struct pyst_config_document *document,
                                     struct pyst_config_line *before, struct pyst_text name,
                                     struct pyst_text options, struct pyst_config_line **linep)
{
    struct meaning meaning = {PYST_CONFIG_SECTION, name, options, false, false};
    struct writing writing = {0};
    struct pyst_config_line *line;
    int r;

    if (is_cut(name))
        return PYST_ERR_BAD_CONFIG_TEXT;
    put(&writing, pyst_text("["));
    put_escaped(&writing, name);
    put(&writing, pyst_text("]"));
    if (options.data) {
        put(&writing, pyst_text("("));
        put_escaped(&writing, options);
        put(&writing, pyst_text(")"));
    }
    r = add(document, before, &writing, &meaning, &line);
    if (r < 0)
        return r;
    r = part(document, line);
    if (r < 0)
        pyst_config_document_remove(document, line);
    else if (linep)
        *linep = line;
    return r;
}

int pyst_config_document_add_line(struct pyst_config_document *document,
                                  struct pyst_config_line *before, struct pyst_text text,
                                  struct pyst_config_line **linep)
{
    const struct pyst_text stripped = config_strip(text);
    const bool is_directive = stripped.size > 0 && stripped.data[0] == '#';
    struct meaning meaning = {is_directive ? PYST_CONFIG_DIRECTIVE : PYST_CONFIG_BLANK,
                              pyst_text_none(), pyst_text_none(), false, false};
    struct writing writing = {0};

    if (has_line_break(text))
        return PYST_ERR_BAD_CONFIG_TEXT;
    put(&writing, text);
    return add(document, before, &writing, &meaning, linep);
}

/* ---- lines that go or move ------------------------------------------------------------------ */

int pyst_config_document_remove(struct pyst_config_document *document,
                                struct pyst_config_line *line)
{
    if (line->changes_comment)
        return PYST_ERR_INVALID;
    config_line_unlink(document, line);
    config_line_free(document, line);
    change(document);
    return 0;
}

int pyst_config_document_move(struct pyst_config_document *document, struct pyst_config_line *first,
                              struct pyst_config_line *last, struct pyst_config_line *before)
{
    struct pyst_config_line *line = first, *next;
    int r = 0;

    if (before ? before->in_comment : document->depth != 0)
        return PYST_ERR_INVALID;
    for (;; line = line->next) {
        if (!line || line == before || is_commented(line))
            return PYST_ERR_INVALID;
        if (line == last)
            break;
    }
    if (last->next == before)
        return 0;
    if (!before || !last->next)
        r = end_line(document, document->last);
    if (r < 0)
        return r;
    for (line = first;; line = next) {
        next = line->next;
        config_line_unlink(document, line);
        config_line_link(document, line, before);
        if (line == last)
            break;
    }
    change(document);
    return 0;
}

struct pyst_config_line *pyst_config_section_end(const struct pyst_config_line *section)
{
    const struct pyst_config_line *end = section;

    for (const struct pyst_config_line *line = section->next;
         line && line->kind != PYST_CONFIG_SECTION; line = line->next)
        if (line->kind != PYST_CONFIG_BLANK || is_commented(line))
            end = line;
    return end->next;
}
