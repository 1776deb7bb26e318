/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "config/document-internal.h"

#define LINES_IN_BLOCK_MIN 16
#define LINES_IN_BLOCK_MAX 1024
#define RUN_SIZE           128 /* bytes, whose count fits a byte */

/* ---- lines ---------------------------------------------------------------------------------- */

static int add_block(struct pyst_config_document *document, size_t n_lines)
{
    struct line_block *block;

    if (n_lines > (SIZE_MAX - sizeof(*block)) / sizeof(struct pyst_config_line))
        return PYST_ERR_NO_MEMORY;
    block = malloc(sizeof(*block) + n_lines * sizeof(struct pyst_config_line));
    if (!block)
        return PYST_ERR_NO_MEMORY;
    block->next = document->blocks;
    block->n_lines = n_lines;
    document->blocks = block;
    document->n_in_block = 0;
    return 0;
}

/* For more lines than are read: each block is twice the one before, up to a limit. */
static int grow(struct pyst_config_document *document)
{
    size_t n_lines = document->blocks ? 2 * document->blocks->n_lines : 0;

    if (n_lines < LINES_IN_BLOCK_MIN)
        n_lines = LINES_IN_BLOCK_MIN;
    return add_block(document, n_lines < LINES_IN_BLOCK_MAX ? n_lines : LINES_IN_BLOCK_MAX);
}

struct pyst_config_line *config_line_new(struct pyst_config_document *document)
{
    struct pyst_config_line *line = document->spare;

    if (line) {
        document->spare = line->next;
    } else {
        if ((!document->blocks || document->n_in_block == document->blocks->n_lines) &&
            grow(document) < 0)
            return NULL;
        line = &document->blocks->lines[document->n_in_block++];
    }
    memset(line, 0, sizeof(*line));
    return line;
}

static void deinit_line(struct pyst_config_line *line)
{
    if (line->decoded)
        free(line->decoded);
    if (line->owns_text)
        free((char *)line->text);
}

void config_line_free(struct pyst_config_document *document, struct pyst_config_line *line)
{
    deinit_line(line);
    line->next = document->spare;
    document->spare = line;
}

void config_line_link(struct pyst_config_document *document, struct pyst_config_line *line,
                      struct pyst_config_line *before)
{
    line->next = before;
    line->previous = before ? before->previous : document->last;
    *(line->previous ? &line->previous->next : &document->first) = line;
    *(before ? &before->previous : &document->last) = line;
    document->size += line->size;
}

void config_line_unlink(struct pyst_config_document *document, struct pyst_config_line *line)
{
    *(line->previous ? &line->previous->next : &document->first) = line->next;
    *(line->next ? &line->next->previous : &document->last) = line->previous;
    document->size -= line->size;
}

int config_line_keep(struct pyst_config_line *line, const struct config_parts *parts)
{
    const struct pyst_text name = parts->name_text, value = parts->value_text;
    char *decoded = NULL;

    /* Bytes are only ever left out: as many as are written are those that are written. */
    if (parts->is_decoded && (name.size != (size_t)(parts->name.end - parts->name.begin) ||
                              value.size != (size_t)(parts->value.end - parts->value.begin))) {
        decoded = malloc(name.size + value.size + 1);
        if (!decoded)
            return PYST_ERR_NO_MEMORY;
        if (name.size > 0)
            memcpy(decoded, name.data, name.size);
        if (value.size > 0)
            memcpy(decoded + name.size, value.data, value.size);
    }
    free(line->decoded);
    line->decoded = decoded;
    line->decoded_name_size = decoded ? (uint16_t)name.size : 0;
    line->decoded_value_size = decoded ? (uint16_t)value.size : 0;
    line->name = parts->name;
    line->value = parts->value;
    line->kind = (uint8_t)parts->kind;
    line->is_setting = parts->is_setting;
    line->is_object = parts->is_object;
    line->is_append = parts->is_append;
    line->has_value = parts->has_value;
    return 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int add_problem(struct pyst_config_document *document, enum pyst_config_problem_kind kind,
                       size_t line, size_t at, struct pyst_text what)
{
    if (document->n_problems == document->room_for_problems) {
        size_t room = 2 * document->room_for_problems + 8;
        struct pyst_config_problem *problems =
            realloc(document->problems, room * sizeof(*problems));

        if (!problems)
            return PYST_ERR_NO_MEMORY;
        document->problems = problems;
        document->room_for_problems = room;
    }
    document->problems[document->n_problems++] =
        (struct pyst_config_problem){kind, line, at + 1, what};
    return 0;
}

static struct pyst_text strip_line_end(struct pyst_text line)
{
    if (line.size > 0 && line.data[line.size - 1] == '\n')
        line.size--;
    return line;
}

/* The part of the next CONFIG_READ_SIZE bytes that is one line or, without its end, a piece. */
static struct pyst_text next_piece(struct pyst_text bytes)
{
    size_t size = bytes.size < CONFIG_READ_SIZE ? bytes.size : CONFIG_READ_SIZE;
    const char *end = memchr(bytes.data, '\n', size);

    return pyst_text_of(bytes.data, end ? (size_t)(end + 1 - bytes.data) : size);
}

/* Whether Asterisk finds that the line does not end in such a piece: a NUL looks like an end. */
static bool is_cut(struct pyst_text piece)
{
    return piece.size == CONFIG_READ_SIZE && piece.data[piece.size - 1] != '\n' &&
           !memchr(piece.data, 0, piece.size);
}

/* A line as Asterisk reads it; *skippedp when it is too long, which Asterisk skips. */
static struct pyst_text next_line(struct pyst_text bytes, bool *skippedp)
{
    struct pyst_text line = next_piece(bytes), piece = line;

    *skippedp = is_cut(line);
    while (is_cut(piece) && line.size < bytes.size) {
        piece = next_piece(pyst_text_of(bytes.data + line.size, bytes.size - line.size));
        line.size += piece.size;
    }
    return line;
}

/* What Asterisk sees of it: up to a NUL. */
static struct pyst_text visible(struct pyst_text line, bool has_nul)
{
    const char *end = has_nul ? memchr(line.data, 0, line.size) : NULL;

    return end ? pyst_text_of(line.data, (size_t)(end - line.data)) : line;
}

struct reading {
    struct pyst_config_document *document;
    size_t number;
    bool has_nul;      /* in any line */
    int depth;         /* of block comments */
    size_t comment_at; /* the line where the outermost one began */
    struct config_scratch scratch;
};

static int report(struct reading *reading, const struct pyst_config_line *line,
                  const struct config_parts *parts)
{
    struct pyst_text text = strip_line_end(pyst_text_of(line->text, line->size));

    if (parts->has_problem)
        return add_problem(reading->document, parts->problem, reading->number, parts->problem_at,
                           config_strip(text));
    if (parts->has_note)
        return add_problem(reading->document, parts->note, reading->number, parts->note_at,
                           config_strip(text));
    return 0;
}

static int read_line(struct reading *reading, struct pyst_text text, bool skipped)
{
    struct pyst_config_line *line = config_line_new(reading->document);
    const int depth = reading->depth;
    struct config_parts parts;
    int r;

    if (!line)
        return PYST_ERR_NO_MEMORY;
    line->text = text.data;
    line->size = (uint32_t)text.size;
    line->number = (uint32_t)++reading->number;
    line->in_comment = depth != 0;
    config_line_link(reading->document, line, NULL);
    if (skipped) {
        line->kind = PYST_CONFIG_TOO_LONG;
        return add_problem(reading->document, PYST_CONFIG_LINE_TOO_LONG, reading->number, 0,
                           pyst_text_of(text.data, 32));
    }
    config_line_read(&parts, visible(text, reading->has_nul), &reading->depth, &reading->scratch);
    if (depth == 0 && reading->depth != 0)
        reading->comment_at = reading->number;
    line->changes_comment = depth != reading->depth;
    r = config_line_keep(line, &parts);
    return r < 0 ? r : report(reading, line, &parts);
}

/* What bytes have of those that matter before they are read. */
struct survey {
    size_t n_line_ends;
    size_t n_nuls;
};

static inline void survey_run(struct survey *survey, const char *bytes, size_t size)
{
    uint8_t n_line_ends = 0, n_nuls = 0;

    for (size_t i = 0; i < size; i++) {
        n_line_ends = (uint8_t)(n_line_ends + (bytes[i] == '\n'));
        n_nuls = (uint8_t)(n_nuls + (bytes[i] == '\0'));
    }
    survey->n_line_ends += n_line_ends;
    survey->n_nuls += n_nuls;
}

static struct survey survey_bytes(struct pyst_text bytes)
{
    struct survey survey = {0};
    size_t i = 0;

    /* Of runs of one size a compiler makes instructions that take many bytes at once. */
    for (; bytes.size - i >= RUN_SIZE; i += RUN_SIZE)
        survey_run(&survey, bytes.data + i, RUN_SIZE);
    if (i < bytes.size)
        survey_run(&survey, bytes.data + i, bytes.size - i);
    return survey;
}

static int read_bytes(struct pyst_config_document *document, struct pyst_text bytes, int depth)
{
    struct reading reading = {.document = document, .depth = depth};
    const struct survey survey = survey_bytes(bytes);
    int r = bytes.size > 0 ? add_block(document, survey.n_line_ends + 1) : 0;

    reading.has_nul = survey.n_nuls > 0;
    while (r == 0 && bytes.size > 0) {
        bool skipped;
        struct pyst_text line = next_line(bytes, &skipped);

        bytes = pyst_text_of(bytes.data + line.size, bytes.size - line.size);
        r = read_line(&reading, line, skipped);
    }
    document->depth = reading.depth;
    if (r == 0 && reading.depth != 0)
        r = add_problem(document, PYST_CONFIG_COMMENT_NOT_ENDED, reading.comment_at, 0,
                        pyst_text_none());
    return r;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void free_document(struct pyst_config_document *document)
{
    while (document->first) {
        struct pyst_config_line *line = document->first;

        document->first = line->next;
        deinit_line(line);
    }
    while (document->blocks) {
        struct line_block *block = document->blocks;

        document->blocks = block->next;
        free(block);
    }
    free(document->problems);
    free(document->bytes);
    free(document);
}

/* Takes the bytes over, which have room for the name behind them, whatever comes of it. */
static int make_document(struct pyst_config_document **documentp, struct pyst_text name,
                         char *bytes, size_t size, int depth, bool continues)
{
    struct pyst_config_document *document = calloc(1, sizeof(*document));
    int r;

    if (!document) {
        free(bytes);
        return PYST_ERR_NO_MEMORY;
    }
    atomic_init(&document->references, 1);
    document->bytes = bytes;
    document->n_bytes = size;
    if (name.size > 0)
        memcpy(bytes + size, name.data, name.size);
    document->name = pyst_text_of(bytes + size, name.size);
    if (!continues && size >= BYTE_ORDER_MARK_SIZE &&
        memcmp(bytes, BYTE_ORDER_MARK, BYTE_ORDER_MARK_SIZE) == 0)
        document->size = document->mark_size = BYTE_ORDER_MARK_SIZE;
    r = read_bytes(document, pyst_text_of(bytes + document->mark_size, size - document->mark_size),
                   depth);
    if (r < 0) {
        free_document(document);
        return r;
    }
    *documentp = document;
    return 0;
}

static int copy_document(struct pyst_config_document **documentp, struct pyst_text name,
                         struct pyst_text bytes, int depth, bool continues)
{
    char *copy;

    if (bytes.size > UINT32_MAX)
        return PYST_ERR_INVALID;
    copy = malloc(name.size + bytes.size + 1);
    if (!copy)
        return PYST_ERR_NO_MEMORY;
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return make_document(documentp, name, copy, bytes.size, depth, continues);
}

int pyst_config_document_new(struct pyst_config_document **documentp, struct pyst_text name,
                             struct pyst_text bytes)
{
    return copy_document(documentp, name, bytes, 0, false);
}

int config_document_adopt(struct pyst_config_document **documentp, struct pyst_text name,
                          char *bytes, size_t size)
{
    char *fitting;

    if (size > UINT32_MAX) {
        free(bytes);
        return PYST_ERR_INVALID;
    }
    fitting = realloc(bytes, name.size + size + 1);
    if (!fitting) {
        free(bytes);
        return PYST_ERR_NO_MEMORY;
    }
    return make_document(documentp, name, fitting, size, 0, false);
}

int config_document_continue(struct pyst_config_document **documentp,
                             const struct pyst_config_document *document, int depth)
{
    return copy_document(documentp, document->name,
                         pyst_text_of(document->bytes, document->n_bytes), depth, true);
}

struct pyst_config_document *pyst_config_document_ref(struct pyst_config_document *document)
{
    if (document)
        atomic_fetch_add_explicit(&document->references, 1, memory_order_relaxed);
    return document;
}

struct pyst_config_document *pyst_config_document_unref(struct pyst_config_document *document)
{
    if (document && atomic_fetch_sub_explicit(&document->references, 1, memory_order_acq_rel) == 1)
        free_document(document);
    return NULL;
}

/* ---- questions ------------------------------------------------------------------------------ */

struct pyst_text pyst_config_document_name(const struct pyst_config_document *document)
{
    return document->name;
}

size_t pyst_config_document_size(const struct pyst_config_document *document)
{
    return document->size;
}

void pyst_config_document_write(const struct pyst_config_document *document, char *out)
{
    const struct pyst_config_line *line = document->first;

    memcpy(out, BYTE_ORDER_MARK, document->mark_size);
    out += document->mark_size;
    /* What was read and not changed lies in one piece. */
    while (line) {
        const char *begin = line->text;
        size_t size = 0;

        do {
            size += line->size;
            line = line->next;
        } while (line && line->text == begin + size);
        memcpy(out, begin, size);
        out += size;
    }
}

bool pyst_config_document_is_changed(const struct pyst_config_document *document)
{
    return document->changed;
}

void pyst_config_document_set_saved(struct pyst_config_document *document)
{
    document->changed = false;
}

size_t pyst_config_document_problem_count(const struct pyst_config_document *document)
{
    return document->n_problems;
}

struct pyst_config_problem pyst_config_document_problem(const struct pyst_config_document *document,
                                                        size_t i)
{
    return document->problems[i];
}

struct pyst_config_line *pyst_config_document_first(const struct pyst_config_document *document)
{
    return document->first;
}

struct pyst_config_line *pyst_config_document_last(const struct pyst_config_document *document)
{
    return document->last;
}

struct pyst_config_line *pyst_config_line_next(const struct pyst_config_line *line)
{
    return line->next;
}

struct pyst_config_line *pyst_config_line_previous(const struct pyst_config_line *line)
{
    return line->previous;
}

enum pyst_config_line_kind pyst_config_line_kind(const struct pyst_config_line *line)
{
    return (enum pyst_config_line_kind)line->kind;
}

size_t pyst_config_line_number(const struct pyst_config_line *line)
{
    return line->number;
}

struct pyst_text pyst_config_line_text(const struct pyst_config_line *line)
{
    return pyst_text_of(line->text, line->size);
}

static bool has_meaning(const struct pyst_config_line *line)
{
    return line->kind == PYST_CONFIG_SECTION || line->kind == PYST_CONFIG_ITEM ||
           line->kind == PYST_CONFIG_DIRECTIVE;
}

struct pyst_text pyst_config_line_name(const struct pyst_config_line *line)
{
    if (!has_meaning(line))
        return pyst_text_none();
    if (line->decoded)
        return pyst_text_of(line->decoded, line->decoded_name_size);
    return pyst_text_of(line->text + line->name.begin, line->name.end - line->name.begin);
}

struct pyst_text config_line_whole_value(const struct pyst_config_line *line)
{
    if (!has_meaning(line) || !line->has_value)
        return pyst_text_none();
    if (line->decoded)
        return pyst_text_of(line->decoded + line->decoded_name_size, line->decoded_value_size);
    return pyst_text_of(line->text + line->value.begin, line->value.end - line->value.begin);
}

struct pyst_text pyst_config_line_value(const struct pyst_config_line *line)
{
    struct pyst_text value = config_line_whole_value(line);

    return line->is_append ? config_strip(value) : value;
}

bool pyst_config_line_is_object(const struct pyst_config_line *line)
{
    return line->is_object;
}

bool pyst_config_line_is_append(const struct pyst_config_line *line)
{
    return line->is_append;
}

bool pyst_config_line_is_in_comment(const struct pyst_config_line *line)
{
    return line->in_comment;
}

struct pyst_config_line *pyst_config_line_section(const struct pyst_config_line *line)
{
    while (line && line->kind != PYST_CONFIG_SECTION)
        line = line->previous;
    return (struct pyst_config_line *)line;
}

struct pyst_config_line *
pyst_config_document_find_section(const struct pyst_config_document *document,
                                  struct pyst_text name, const struct pyst_config_line *line)
{
    line = line ? line->next : document->first;
    while (line && (line->kind != PYST_CONFIG_SECTION ||
                    (name.data && !pyst_text_equal_nocase(pyst_config_line_name(line), name))))
        line = line->next;
    return (struct pyst_config_line *)line;
}

struct pyst_config_line *pyst_config_line_find_item(const struct pyst_config_line *line,
                                                    struct pyst_text name)
{
    for (line = line->next; line && line->kind != PYST_CONFIG_SECTION; line = line->next)
        if (line->kind == PYST_CONFIG_ITEM &&
            pyst_text_equal_nocase(pyst_config_line_name(line), name))
            return (struct pyst_config_line *)line;
    return NULL;
}
