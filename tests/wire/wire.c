/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>

#include "wire.h"

/* Everything read is kept in blocks that wire_free() walks. */
struct block {
    struct block *next;
    max_align_t bytes[];
};

struct reader {
    struct wire_cases *cases;
    const char *path;
    const char *file; /* its last part */
    unsigned line_number;
    struct wire_case *current; /* NULL before the first heading */
    bool has_bytes, has_seal;
};

static void *keep(struct wire_cases *cases, size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);

    if (!block)
        abort();
    block->next = cases->allocations;
    cases->allocations = block;
    return block->bytes;
}

/* A copy of `n` elements with room for one more, which is all zero. */
static void *grown(struct wire_cases *cases, const void *array, size_t n, size_t size)
{
    void *copy = keep(cases, (n + 1) * size);

    if (n > 0)
        memcpy(copy, array, n * size);
    return copy;
}

static void fail(const struct reader *reader, const char *what)
{
    fprintf(stderr, "%s:%u: %s\n", reader->path, reader->line_number, what);
    exit(1);
}

static int hexadecimal(const struct reader *reader, char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit = c ? strchr(digits, c) : NULL;

    if (!digit)
        fail(reader, "\\x takes two digits of 0-9a-f");
    return (int)(digit - digits);
}

/* Takes one character off *textp, undoing escapes. */
static char take_character(const struct reader *reader, const char **textp)
{
    static const char letters[] = "rnt\\\"";
    static const char meanings[] = "\r\n\t\\\"";
    const char *text = *textp;
    const char *letter;

    if (*text != '\\') {
        *textp = text + 1;
        return *text;
    }
    if (text[1] == 'x') {
        *textp = text + 4;
        return (char)(hexadecimal(reader, text[2]) * 16 + hexadecimal(reader, text[3]));
    }
    letter = text[1] ? strchr(letters, text[1]) : NULL;
    if (!letter)
        fail(reader, "no such escape");
    *textp = text + 2;
    return meanings[letter - letters];
}

static struct pyst_text take_quoted(const struct reader *reader, const char **textp)
{
    const char *text = *textp;
    char *bytes = keep(reader->cases, strlen(text) + 1);
    size_t n = 0;

    if (*text++ != '"')
        fail(reader, "a text in quotes is missing");
    while (*text != '"') {
        if (*text == '\0')
            fail(reader, "a text in quotes does not end");
        bytes[n++] = take_character(reader, &text);
    }
    *textp = text + 1;
    return pyst_text_of(bytes, n);
}

static int error_of(const struct reader *reader, const char *name)
{
    for (int error = 0; error > -100; error--)
        if (strcmp(pyst_error_name(error), name) == 0)
            return error;
    fail(reader, "no such error");
    return 0;
}

/* A line within "messages". */
static void read_expectation(struct reader *reader, const char *text)
{
    static const char *const kinds[] = {"other", "greeting", "response", "event", "action"};
    struct wire_case *current = reader->current;
    struct wire_message *message;

    if (reader->has_seal)
        fail(reader, "seal is last");
    if (strncmp(text, "seal ", 5) == 0) {
        current->seal = error_of(reader, text + 5);
        reader->has_seal = true;
        return;
    }
    if (text[0] != ' ') {
        current->messages = grown(reader->cases, current->messages, current->n_messages,
                                  sizeof(*current->messages));
        message = &current->messages[current->n_messages++];
        if (strncmp(text, "error ", 6) == 0) {
            message->error = error_of(reader, text + 6);
            return;
        }
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            size_t size = strlen(kinds[i]);

            if (strncmp(text, kinds[i], size) != 0)
                continue;
            text += size;
            message->kind = (enum pyst_ami_kind)i;
            if (*text == ' ') {
                text++;
                message->name = take_quoted(reader, &text);
            }
            if (*text != '\0')
                fail(reader, "something is left over");
            return;
        }
        fail(reader, "no such kind of message");
    }
    if (current->n_messages == 0)
        fail(reader, "a line without a message");
    message = &current->messages[current->n_messages - 1];
    text += strspn(text, " ");
    if (strncmp(text, "data ", 5) == 0) {
        text += 5;
        message->data = take_quoted(reader, &text);
    } else if (strncmp(text, "raw ", 4) == 0) {
        text += 4;
        message->raw = take_quoted(reader, &text);
    } else {
        struct wire_line *line;

        message->lines =
            grown(reader->cases, message->lines, message->n_lines, sizeof(*message->lines));
        line = &message->lines[message->n_lines++];
        line->value = take_quoted(reader, &text);
        if (text[0] == ':' && text[1] == ' ') {
            text += 2;
            line->name = line->value;
            line->value = take_quoted(reader, &text);
        }
    }
    if (*text != '\0')
        fail(reader, "something is left over");
}

/* A line within "bytes". */
static void read_bytes(struct reader *reader, const char *text)
{
    struct pyst_text *bytes = &reader->current->bytes;
    char *more = keep(reader->cases, bytes->size + strlen(text) + 1);
    size_t n = bytes->size;

    if (n > 0)
        memcpy(more, bytes->data, n);
    while (*text)
        more[n++] = take_character(reader, &text);
    *bytes = pyst_text_of(more, n);
}

static void read_settings(struct reader *reader, char *words)
{
    static const char *const names[] = {"message_size=", "header_count=", "line_size="};
    struct pyst_ami_limits *limits = &reader->current->limits;
    size_t *const values[] = {&limits->message_size, &limits->header_count, &limits->line_size};

    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        bool known = strcmp(word, "greeting") == 0;

        reader->current->greeting |= known;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            size_t size = strlen(names[i]);

            if (strncmp(word, names[i], size) == 0) {
                *values[i] = strtoul(word + size, NULL, 10);
                known = true;
            }
        }
        if (!known)
            fail(reader, "no such setting");
    }
}

static void end_case(const struct reader *reader)
{
    if (reader->current && !(reader->has_bytes && reader->has_seal))
        fail(reader, "the case before has no bytes or no seal");
}

static void begin_case(struct reader *reader, const char *heading)
{
    struct wire_cases *cases = reader->cases;
    size_t size = strlen(reader->file) + 2 + strlen(heading) + 1;

    end_case(reader);
    cases->cases = grown(cases, cases->cases, cases->n, sizeof(*cases->cases));
    reader->current = &cases->cases[cases->n++];
    reader->current->title = keep(cases, size);
    snprintf(reader->current->title, size, "%s: %s", reader->file, heading);
    reader->current->bytes = pyst_text("");
    reader->has_bytes = reader->has_seal = false;
}

static void read_document(struct wire_cases *cases, const char *folder, const char *file)
{
    enum { PROSE, BYTES, MESSAGES } block = PROSE;
    struct reader reader = {.cases = cases, .file = file};
    char path[4096], line[8192];
    FILE *document;

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    reader.path = path;
    document = fopen(path, "r");
    if (!document) {
        perror(path);
        exit(1);
    }
    while (fgets(line, sizeof(line), document)) {
        reader.line_number++;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "```", 3) == 0) {
            if (!reader.current)
                fail(&reader, "a block before the first heading");
            if (block != PROSE) {
                block = PROSE;
            } else if (strncmp(line, "```bytes", 8) == 0 && !reader.has_bytes) {
                block = BYTES;
                reader.has_bytes = true;
                read_settings(&reader, line + 8);
            } else if (strcmp(line, "```messages") == 0 && reader.has_bytes) {
                block = MESSAGES;
            } else {
                fail(&reader, "a block that does not belong here");
            }
        } else if (block == BYTES) {
            read_bytes(&reader, line);
        } else if (block == MESSAGES) {
            read_expectation(&reader, line);
        } else if (strncmp(line, "## ", 3) == 0) {
            begin_case(&reader, line + 3);
        }
    }
    end_case(&reader);
    fclose(document);
}

static int is_document(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return size > 3 && strcmp(entry->d_name + size - 3, ".md") == 0;
}

void wire_read(struct wire_cases *cases, const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_document, alphasort);

    if (n < 0) {
        perror(folder);
        exit(1);
    }
    memset(cases, 0, sizeof(*cases));
    for (int i = 0; i < n; i++) {
        read_document(cases, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

void wire_free(struct wire_cases *cases)
{
    struct block *block = cases->allocations;

    while (block) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
    memset(cases, 0, sizeof(*cases));
}
