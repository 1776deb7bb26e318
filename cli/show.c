/* SPDX-License-Identifier: MIT */
#include "show.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <pyst/agi/catalogue.h>
#include <pyst/ami/catalogue.h>

/*
 * The length of the well-formed UTF-8 character that the text begins with, and its code; 0 when
 * there is none.
 */
static size_t character(struct pyst_text text, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t size = bytes[0] < 0x80   ? 1
                  : bytes[0] < 0xc0 ? 0
                  : bytes[0] < 0xe0 ? 2
                  : bytes[0] < 0xf0 ? 3
                  : bytes[0] < 0xf8 ? 4
                                    : 0;

    if (size == 0 || size > text.size)
        return 0;
    *code = size == 1 ? bytes[0] : bytes[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (bytes[i] & 0x3fu);
    }
    return *code < smallest[size] || *code > 0x10ffff || (*code >> 11) == 0x1b ? 0 : size;
}

/* C0, DEL and C1: U+009B begins an escape sequence just as ESC [ does. */
static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

void show_text(FILE *file, struct pyst_text text)
{
    while (text.size > 0) {
        uint32_t code = 0;
        size_t size = character(text, &code);

        if (size > 0 && (code == '\t' || !is_control(code))) {
            fwrite(text.data, 1, size, file);
        } else {
            size = size ? size : 1;
            for (size_t i = 0; i < size; i++)
                fprintf(file, "\\x%02x", (unsigned char)text.data[i]);
        }
        text = pyst_text_of(text.data + size, text.size - size);
    }
}

json_t *json_text(struct pyst_text text)
{
    json_t *string = json_stringn(text.size ? text.data : "", text.size);
    char *utf8;
    size_t n = 0;

    if (string)
        return string;
    utf8 = malloc(2 * text.size + 1);
    if (!utf8)
        return NULL;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte >= 0x80)
            utf8[n++] = (char)(0xc0 | byte >> 6);
        utf8[n++] = (char)(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte);
    }
    string = json_stringn(utf8, n);
    free(utf8);
    return string;
}

/* Jansson leaves DEL and C1 as they are, which only ever stand in strings. */
static int write_json(const char *data, size_t size, void *user)
{
    struct pyst_text text = pyst_text_of(data, size);

    while (text.size > 0) {
        uint32_t code = 0;
        size_t length = character(text, &code);

        if (length > 0 && is_control(code))
            printf("\\u%04x", (unsigned)code);
        else
            fwrite(text.data, 1, length ? length : 1, stdout);
        length = length ? length : 1;
        text = pyst_text_of(text.data + length, text.size - length);
    }
    return 0;
}

void show_json(json_t *object)
{
    json_dump_callback(object, write_json, NULL, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

/* A name that stands several times becomes an array. */
static void put(json_t *object, struct pyst_text name, struct pyst_text value)
{
    json_t *key = json_text(name), *string = json_text(value);
    json_t *known = key ? json_object_get(object, json_string_value(key)) : NULL;

    if (!key || !string) {
        json_decref(string);
    } else if (!known) {
        json_object_set_new(object, json_string_value(key), string);
    } else if (json_is_array(known)) {
        json_array_append_new(known, string);
    } else {
        json_t *array = json_array();

        json_array_append(array, known);
        json_array_append_new(array, string);
        json_object_set_new(object, json_string_value(key), array);
    }
    json_decref(key);
}

static json_t *output_lines(const struct pyst_ami_message *message)
{
    json_t *lines = json_array();
    struct pyst_text line;
    size_t cursor = 0;

    while (pyst_ami_message_next_output(message, &cursor, &line))
        json_array_append_new(lines, json_text(line));
    return lines;
}

static void show_message_json(const struct pyst_ami_message *message)
{
    json_t *object = json_object();
    json_t *output = output_lines(message);

    for (size_t i = 0; i < pyst_ami_message_n_headers(message); i++) {
        struct pyst_ami_header header = pyst_ami_message_header(message, i);

        if (header.name.data && !pyst_text_equal_nocase(header.name, pyst_text("Output")))
            put(object, header.name, header.value);
        else if (!header.name.data && json_array_size(output) == 0)
            put(object, pyst_text(""), header.value);
    }
    if (json_array_size(output) > 0)
        json_object_set(object, "Output", output);
    json_decref(output);
    show_json(object);
}

static void print_title(const struct pyst_ami_message *message, bool colour)
{
    bool event = pyst_ami_message_kind(message) == PYST_AMI_EVENT;
    time_t now = time(NULL);
    struct tm local;
    char clock[16];

    localtime_r(&now, &local);
    strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    printf(colour ? "\x1b[2m%s\x1b[0m  \x1b[1m" : "%s  ", clock);
    show_text(stdout, pyst_ami_message_name(message));
    printf("%s%s\n", colour ? "\x1b[0m" : "", event ? "" : " (response)");
}

void show_message(const struct pyst_ami_message *message, bool json)
{
    bool colour = isatty(STDOUT_FILENO);
    int width = 0;

    if (json) {
        show_message_json(message);
        return;
    }
    print_title(message, colour);
    for (size_t i = 0; i < pyst_ami_message_n_headers(message); i++) {
        size_t size = pyst_ami_message_header(message, i).name.size;

        if (size > (size_t)width && size <= 24)
            width = (int)size;
    }
    for (size_t i = 0; i < pyst_ami_message_n_headers(message); i++) {
        struct pyst_ami_header header = pyst_ami_message_header(message, i);

        if (pyst_text_equal_nocase(header.name, pyst_text("Event")) ||
            pyst_text_equal_nocase(header.name, pyst_text("Response")))
            continue;
        if (header.value.size == 0)
            continue; /* most events have many of these */
        printf("    %s", colour ? "\x1b[36m" : "");
        show_text(stdout, header.name);
        printf("%s%*s", colour ? "\x1b[0m" : "",
               header.name.size < (size_t)width ? width - (int)header.name.size + 2 : 2, "");
        show_text(stdout, header.value);
        putchar('\n');
    }
    putchar('\n');
}

void show_output(const struct pyst_ami_message *message, bool json)
{
    struct pyst_text line;
    size_t cursor = 0;

    if (json) {
        show_message_json(message);
        return;
    }
    while (pyst_ami_message_next_output(message, &cursor, &line)) {
        if (isatty(STDOUT_FILENO))
            show_text(stdout, line);
        else
            fwrite(line.data, 1, line.size, stdout);
        putchar('\n');
    }
}

_Static_assert(PYST_AMI_ASTERISK_16 == PYST_AGI_ASTERISK_16 &&
                   PYST_AMI_ASTERISK_22 == PYST_AGI_ASTERISK_22,
               "the catalogues have the same bits");

const char *versions_text(unsigned bits)
{
    switch (bits) {
    case PYST_AMI_ASTERISK_16:
        return "16";
    case PYST_AMI_ASTERISK_22:
        return "22";
    default:
        return "16, 22";
    }
}

json_t *json_versions(unsigned bits)
{
    json_t *array = json_array();

    if (bits & PYST_AMI_ASTERISK_16)
        json_array_append_new(array, json_integer(16));
    if (bits & PYST_AMI_ASTERISK_22)
        json_array_append_new(array, json_integer(22));
    return array;
}
