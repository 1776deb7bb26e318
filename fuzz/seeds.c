/* SPDX-License-Identifier: MIT */

/* seeds WIRE OUT: writes the wire cases as inputs of the two fuzzers, for a corpus to begin from.
 */

#include <sys/stat.h>

#include "../tests/wire/wire.h"
#include "target.h"

static FILE *create(const char *out, const char *target, size_t number)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", out, target);
    mkdir(path, 0777);
    snprintf(path, sizeof(path), "%s/%s/wire-%03zu", out, target, number);
    file = fopen(path, "wb");
    CHECK(file);
    return file;
}

static void put_number(FILE *file, size_t number)
{
    fputc((int)(number & 0xff), file);
    fputc((int)(number >> 8 & 0xff), file);
}

static void write_for_parser(FILE *file, const struct wire_case *wire)
{
    const struct pyst_ami_limits *limits = &wire->limits;
    bool limited = limits->message_size || limits->header_count || limits->line_size;

    fputc((wire->greeting ? 1 : 0) | (limited ? 2 : 0), file);
    if (limited) {
        put_number(file, limits->message_size);
        put_number(file, limits->header_count);
        put_number(file, limits->line_size);
    }
    fputs("\x02\x01\x06", file);
    fwrite(wire->bytes.data, 1, wire->bytes.size, file);
    fclose(file);
}

/* Greeted and logged in with the first two steps, an action in flight, then the bytes. */
static void write_for_session(FILE *file, const struct wire_case *wire)
{
    static const char before[] = {0x03, 0x00, 0x03, 0x04, 0x01, 0x05, 0x01, 0x00, 0x09, (char)0xff};

    fwrite(before, 1, sizeof(before), file);
    for (size_t at = 0; at < wire->bytes.size; at += 255) {
        size_t size = wire->bytes.size - at < 255 ? wire->bytes.size - at : 255;

        fputc(0x00, file);
        fputc((int)size, file);
        fwrite(wire->bytes.data + at, 1, size, file);
    }
    fputc(0x0b, file);
    fclose(file);
}

int main(int argc, char **argv)
{
    struct wire_cases cases;

    CHECK(argc == 3);
    wire_read(&cases, argv[1]);
    for (size_t i = 0; i < cases.n; i++) {
        write_for_parser(create(argv[2], "ami-parser", i), &cases.cases[i]);
        write_for_session(create(argv[2], "ami-session", i), &cases.cases[i]);
    }
    wire_free(&cases);
    return 0;
}
