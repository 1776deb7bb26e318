/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/pieces.h"
#include "config/config-internal.h"
#include "config/document-internal.h"

#define SECTIONS_MAX ((size_t)16777216)
#define ITEMS_MAX    ((size_t)16777216)
#define BYTES_MAX    ((size_t)1 << 30)
#define STEPS_MAX    ((size_t)1000000000)

#define DOCUMENT_SIZE 4096 /* of what an included file takes, whatever is in it */

/* One reading of a configuration, through all its files. */
struct reader {
    struct pyst_config *config;
    const struct pyst_config_source *source;
    /* Where an included file begins: the last section that was begun in any file. */
    struct section *current;
    size_t depth;
    size_t room_for_problems;
    size_t room_for_documents;
};

/* One file of it. */
struct file {
    struct pyst_config_document *document;
    struct section *section; /* that items are added to; NULL: none yet */
    size_t told;             /* problems of the document, up to here */
    size_t number;           /* of the last line that was read */
    bool is_first;
    bool is_refused; /* by an error */
};

static int read_document(struct reader *reader, struct pyst_config_document *document,
                         struct section *section, bool *refusedp);

/* ---- problems ------------------------------------------------------------------------------- */

static int add_problem(struct reader *reader, struct file *file, struct pyst_config_problem problem)
{
    struct pyst_config *config = reader->config;
    int r = array_grow((void **)&config->problems, &reader->room_for_problems, config->n_problems,
                       sizeof(*config->problems));

    if (r < 0)
        return r;
    config->problems[config->n_problems++] = (struct pyst_config_found){file->document, problem};
    if (pyst_config_problem_severity(problem.kind) == PYST_CONFIG_ERROR)
        file->is_refused = true;
    return 0;
}

static int tell(struct reader *reader, struct file *file, const struct pyst_config_line *line,
                enum pyst_config_problem_kind kind, struct pyst_text what)
{
    struct pyst_config_problem problem = {kind, line->number, 1, what};

    return add_problem(reader, file, problem);
}

/* How many of the document's own problems are of lines; behind them one may be of its end. */
static size_t count_of_lines(const struct pyst_config_document *document)
{
    return document->n_problems - (document->n_problems > 0 && document->depth != 0);
}

/* The first of the document's own problems that is of that line or one behind. */
static size_t first_of_line(const struct pyst_config_document *document, size_t number)
{
    size_t low = 0, high = count_of_lines(document);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (document->problems[middle].line < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The document's own that are of a line; lines may have been moved, and others removed. */
static int tell_of_line(struct reader *reader, struct file *file, size_t number)
{
    const struct pyst_config_document *document = file->document;
    const size_t n = count_of_lines(document);
    int r = 0;

    if (number <= file->number || (file->told < n && document->problems[file->told].line < number))
        file->told = first_of_line(document, number);
    file->number = number;
    for (; r == 0 && file->told < n && document->problems[file->told].line == number; file->told++)
        r = add_problem(reader, file, document->problems[file->told]);
    return r;
}

/* A block comment that is not ended; one that an earlier file began has been told of there. */
static int tell_of_end(struct reader *reader, struct file *file)
{
    const struct pyst_config_document *document = file->document;
    const size_t n = count_of_lines(document);

    if (n == document->n_problems || document->problems[n].line == 0)
        return 0;
    return add_problem(reader, file, document->problems[n]);
}

/* ---- sections ------------------------------------------------------------------------------- */

static int inherit(struct reader *reader, struct section *section, const struct section *template)
{
    const size_t n = template->public.n_items; /* it may be the section itself */
    int r = config_add_template(section, template);

    for (size_t i = 0; r == 0 && i < n; i++) {
        struct pyst_config_item item = template->public.items[i];

        item.is_inherited = true;
        r = config_add_item(reader->config, section, &item);
    }
    return r;
}

/* What a new section had so far goes to the one that it turns out to add to. */
static int hand_items_over(struct pyst_config *config, struct section *from, struct section *to)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < from->public.n_items; i++)
        r = config_add_item(config, to, &from->public.items[i]);
    config->n_items -= from->public.n_items;
    to->public.is_template |= from->public.is_template;
    return r;
}

/* A section in the making. */
struct heading {
    const struct pyst_config_line *line;
    struct pyst_text name;
    struct section *section;
    bool is_new; /* `section` is in no list yet */
};

/* (+) and (+filter): the section is one that is there already. */
static int apply_addition(struct reader *reader, struct file *file, struct heading *heading,
                          struct pyst_text filter)
{
    struct section *found;
    int r = config_match(reader->config, heading->name, filter, '&', &found);

    if (r == 0 || r == PYST_ERR_INVALID)
        return tell(reader, file, heading->line,
                    r < 0 ? PYST_CONFIG_BAD_FILTER : PYST_CONFIG_UNKNOWN_ADDITION, heading->name);
    if (r < 0)
        return r;
    r = 0;
    if (heading->is_new) {
        r = hand_items_over(reader->config, heading->section, found);
        config_section_free(heading->section);
        heading->is_new = false;
    }
    heading->section = found;
    return r;
}

static int apply_option(struct reader *reader, struct file *file, struct heading *heading,
                        struct pyst_text option)
{
    struct section *template;
    int r;

    if (pyst_text_equal(option, pyst_text("!"))) {
        heading->section->public.is_template = true;
        return 0;
    }
    if (option.size > 0 && option.data[0] == '+')
        return apply_addition(reader, file, heading,
                              pyst_text_of(option.data + 1, option.size - 1));
    r = config_match(reader->config, option, pyst_text("TEMPLATES=include"), ',', &template);
    if (r == 0)
        return tell(reader, file, heading->line, PYST_CONFIG_UNKNOWN_TEMPLATE, option);
    return r < 0 ? r : inherit(reader, heading->section, template);
}

/* Of another file than the first, Asterisk has what stands before its error. */
static bool is_given_up(const struct file *file)
{
    return file->is_refused && !file->is_first;
}

/* The options are parted by commas, and a blank beside one is a part of it. */
static int apply_options(struct reader *reader, struct file *file, struct heading *heading,
                         struct pyst_text options)
{
    int r = 0;

    while (r == 0 && options.data && !is_given_up(file)) {
        const struct pyst_text option = text_cut(&options, ',');

        r = apply_option(reader, file, heading, option);
    }
    return r;
}

static int read_section(struct reader *reader, struct file *file,
                        const struct pyst_config_line *line)
{
    struct heading heading = {line, pyst_config_line_name(line), NULL, true};
    int r;

    heading.section = config_section_new(heading.name);
    if (!heading.section)
        return PYST_ERR_NO_MEMORY;
    heading.section->public.document = file->document;
    heading.section->public.line = line;
    r = apply_options(reader, file, &heading, pyst_config_line_value(line));
    if (heading.is_new && (r < 0 || is_given_up(file))) {
        reader->config->n_items -= heading.section->public.n_items;
        config_section_free(heading.section);
        return r;
    }
    /* In the first file, one that Asterisk gives up at is still a section for what follows. */
    if (r == 0 && heading.is_new)
        r = config_add_section(reader->config, heading.section);
    if (r < 0) {
        if (heading.is_new)
            config_section_free(heading.section);
        return r;
    }
    file->section = reader->current = heading.section;
    return 0;
}

/* ---- items ---------------------------------------------------------------------------------- */

/* Whether += replaces an item when it adds to another one. */
static bool fits_base(const struct pyst_config_item *item, const struct pyst_config_item *base)
{
    return pyst_text_equal_nocase(item->name, base->name) &&
           (base->value.size == 0 || pyst_text_equal_nocase(item->value, base->value));
}

/*
 * += adds to the value of the last item of exactly that name. What is replaced, though, is the
 * first one of that name in any case with that value in any case, or, if the value was empty, with
 * any.
 */
static int append(struct reader *reader, struct section *section, struct pyst_config_item *item,
                  struct pyst_text more)
{
    struct pyst_config_section *public = &section->public;
    const struct pyst_config_item *base = NULL;
    struct pyst_config_item *target = NULL;
    struct pyst_text value;
    size_t steps = 0;
    int r;

    for (size_t i = public->n_items; !base && i-- > 0; steps++)
        if (pyst_text_equal(public->items[i].name, item->name))
            base = &public->items[i];
    for (size_t i = 0; base && !target; i++, steps++) {
        struct pyst_config_item *other = &public->items[i];

        if (other == base || fits_base(other, base))
            target = other;
        if (other != base && other->value.size == base->value.size)
            steps += other->value.size;
    }
    r = config_spend_steps(reader->config, steps);
    if (r < 0)
        return r;
    if (!base)
        return config_add_item(reader->config, section, item);
    r = config_make_text(reader->config, base->value, more, &value);
    if (r < 0)
        return r;
    target->name = base->name;
    target->value = config_strip(value);
    target->is_inherited = false;
    return 0;
}

static int read_item(struct reader *reader, struct file *file, const struct pyst_config_line *line)
{
    struct pyst_config_item item = {.name = pyst_config_line_name(line),
                                    .value = pyst_config_line_value(line),
                                    .is_object = line->is_object,
                                    .document = file->document,
                                    .line = line};

    if (line->is_append)
        return append(reader, file->section, &item, config_line_whole_value(line));
    return config_add_item(reader->config, file->section, &item);
}

/* ---- other files ---------------------------------------------------------------------------- */

/* Asterisk reads the files of one pattern as if they were one. */
static int continue_document(struct pyst_config_document **documentp, int depth)
{
    struct pyst_config_document *document;
    int r;

    if (depth == 0 && (*documentp)->mark_size == 0)
        return 0;
    r = config_document_continue(&document, *documentp, depth);
    pyst_config_document_unref(*documentp);
    *documentp = r < 0 ? NULL : document;
    return r;
}

/* A file that is included may include itself more than once, and those do. */
static int spend_document(struct reader *reader, const struct pyst_config_document *document)
{
    const size_t n_lines = document->last ? document->last->number : 0;

    return config_spend_bytes(reader->config, DOCUMENT_SIZE + document->n_bytes +
                                                  n_lines * sizeof(*document->last));
}

/* Takes the reference over, whatever comes of it. */
static int keep_document(struct reader *reader, struct pyst_config_document *document)
{
    struct pyst_config *config = reader->config;
    int r = array_grow((void **)&config->documents, &reader->room_for_documents,
                       config->n_documents, sizeof(struct pyst_config_document *));

    if (r < 0)
        pyst_config_document_unref(document);
    else
        config->documents[config->n_documents++] = document;
    return r;
}

static int open_next(const struct pyst_config_source *source, bool is_exec,
                     struct pyst_text argument, size_t i, struct pyst_config_document **documentp)
{
    if (is_exec)
        return i == 0 ? source->execute(source->user, argument, documentp) : 0;
    return source && source->open ? source->open(source->user, argument, i, documentp) : 0;
}

/*
 * The files of one #include, one after another, the first beginning in the section that was begun
 * last, the others where the one before ended. An error ends them, not the including file; Asterisk
 * then forgets that it has left the file.
 */
static int include_files(struct reader *reader, struct pyst_text argument, bool is_exec,
                         size_t *n_filesp)
{
    struct section *section = reader->current;
    struct pyst_config_document *document;
    bool is_refused = false;
    int depth = 0, r = 0;

    reader->depth++;
    for (*n_filesp = 0; !is_refused; ++*n_filesp) {
        r = open_next(reader->source, is_exec, argument, *n_filesp, &document);
        if (r <= 0)
            break;
        r = *n_filesp > 0 ? continue_document(&document, depth) : 0;
        if (r == 0) {
            depth = document->depth;
            r = keep_document(reader, document);
        }
        if (r == 0)
            r = spend_document(reader, document);
        if (r == 0)
            r = read_document(reader, document, section, &is_refused);
        if (r < 0)
            break;
        section = reader->current;
        r = 1;
    }
    if (r > 0 && !is_exec)
        reader->source->open(reader->source->user, argument, SIZE_MAX, NULL);
    if (!is_refused)
        reader->depth--;
    return r < 0 ? r : 0;
}

static int read_directive(struct reader *reader, struct file *file,
                          const struct pyst_config_line *line)
{
    const struct pyst_text word = pyst_config_line_name(line);
    const struct pyst_text argument = pyst_config_line_value(line);
    const bool is_exec = pyst_text_equal_nocase(word, pyst_text("exec"));
    const bool is_try = pyst_text_equal_nocase(word, pyst_text("tryinclude"));
    size_t n_files = 0;
    int r;

    if (is_exec && (!reader->source || !reader->source->execute))
        return tell(reader, file, line, PYST_CONFIG_EXEC_OFF, argument);
    if (reader->depth > PYST_CONFIG_INCLUDE_DEPTH) {
        if (is_try)
            return 0;
        return tell(reader, file, line, PYST_CONFIG_INCLUDE_TOO_DEEP, argument);
    }
    r = include_files(reader, argument, is_exec, &n_files);
    if (r == 0 && n_files == 0 && !is_try)
        r = tell(reader, file, line, PYST_CONFIG_MISSING_FILE, argument);
    return r;
}

/* ---- files ---------------------------------------------------------------------------------- */

static int read_line(struct reader *reader, struct file *file, const struct pyst_config_line *line)
{
    if (!file->section && (line->is_setting || line->kind == PYST_CONFIG_ITEM))
        return tell(reader, file, line, PYST_CONFIG_NO_SECTION, pyst_config_line_name(line));
    switch (line->kind) {
    case PYST_CONFIG_SECTION:
        return read_section(reader, file, line);
    case PYST_CONFIG_ITEM:
        return read_item(reader, file, line);
    case PYST_CONFIG_DIRECTIVE:
        return read_directive(reader, file, line);
    default:
        return 0;
    }
}

static int read_document(struct reader *reader, struct pyst_config_document *document,
                         struct section *section, bool *refusedp)
{
    struct file file = {
        .document = document, .section = section, .is_first = reader->config->n_documents == 1};
    const struct pyst_config_line *line = pyst_config_document_first(document);
    int r = 0;

    for (; r == 0 && line; line = line->next) {
        if (line->number > 0)
            r = tell_of_line(reader, &file, line->number);
        if (r == 0 && !is_given_up(&file))
            r = read_line(reader, &file, line);
    }
    if (r == 0)
        r = tell_of_end(reader, &file);
    *refusedp = file.is_refused;
    return r;
}

int pyst_config_new(struct pyst_config **configp, struct pyst_config_document *document,
                    const struct pyst_config_source *source,
                    const struct pyst_config_limits *limits)
{
    struct pyst_config *config = calloc(1, sizeof(*config));
    struct reader reader = {.config = config, .source = source, .depth = 1};
    int r;

    if (!config)
        return PYST_ERR_NO_MEMORY;
    if (limits)
        config->limits = *limits;
    if (config->limits.sections == 0)
        config->limits.sections = SECTIONS_MAX;
    if (config->limits.items == 0)
        config->limits.items = ITEMS_MAX;
    if (config->limits.bytes == 0)
        config->limits.bytes = BYTES_MAX;
    if (config->limits.steps == 0)
        config->limits.steps = STEPS_MAX;
    r = keep_document(&reader, pyst_config_document_ref(document));
    if (r == 0)
        r = read_document(&reader, document, NULL, &config->is_invalid);
    if (r < 0) {
        pyst_config_free(config);
        return r;
    }
    *configp = config;
    return 0;
}

struct pyst_config *pyst_config_free(struct pyst_config *config)
{
    if (!config)
        return NULL;
    for (size_t i = 0; i < config->n_sections; i++)
        config_section_free(config->sections[i]);
    for (size_t i = 0; i < config->n_documents; i++)
        pyst_config_document_unref(config->documents[i]);
    while (config->texts) {
        struct made_text *text = config->texts;

        config->texts = text->next;
        free(text);
    }
    free(config->sections);
    free(config->buckets);
    free(config->documents);
    free(config->problems);
    free(config);
    return NULL;
}

/* ---- questions ------------------------------------------------------------------------------ */

bool pyst_config_is_valid(const struct pyst_config *config)
{
    return !config->is_invalid;
}

size_t pyst_config_section_count(const struct pyst_config *config)
{
    return config->n_sections;
}

const struct pyst_config_section *pyst_config_section(const struct pyst_config *config, size_t i)
{
    return i < config->n_sections ? &config->sections[i]->public : NULL;
}

const struct pyst_config_section *pyst_config_find(const struct pyst_config *config,
                                                   struct pyst_text name,
                                                   const struct pyst_config_section *after)
{
    const struct section *section =
        after ? ((const struct section *)after)->next_in_bucket : config_bucket(config, name);

    while (section &&
           (section->public.is_template || !pyst_text_equal_nocase(section->public.name, name)))
        section = section->next_in_bucket;
    return section ? &section->public : NULL;
}

const struct pyst_config_item *pyst_config_section_get(const struct pyst_config_section *section,
                                                       struct pyst_text name)
{
    for (size_t i = section->n_items; i-- > 0;)
        if (pyst_text_equal_nocase(section->items[i].name, name))
            return &section->items[i];
    return NULL;
}

size_t pyst_config_problem_count(const struct pyst_config *config)
{
    return config->n_problems;
}

struct pyst_config_found pyst_config_problem(const struct pyst_config *config, size_t i)
{
    return config->problems[i];
}

size_t pyst_config_document_count(const struct pyst_config *config)
{
    return config->n_documents;
}

struct pyst_config_document *pyst_config_document(const struct pyst_config *config, size_t i)
{
    return i < config->n_documents ? config->documents[i] : NULL;
}
