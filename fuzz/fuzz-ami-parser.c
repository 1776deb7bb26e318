/* SPDX-License-Identifier: MIT */

/*
 * The same bytes whole and cut: messages, errors and the end must be the same.
 *
 * An input is a byte of flags (1: a greeting comes first; 2: limits follow, as three numbers of two
 * bytes), a byte whose lower three bits say how many sizes of pieces follow, those sizes, and the
 * stream.
 */

#include <stdbool.h>
#include <string.h>

#include <pyst/ami/parser.h>
#include <pyst/error.h>

#include "ami/parser-internal.h"
#include "target.h"

#define PIECES_MAX 7

struct result {
    int error; /* or 1 and a message */
    struct pyst_ami_message *message;
    char lost_id[LOST_ACTION_ID_SIZE];
    size_t lost_id_size;
    bool lost_response;
};

struct results {
    struct result *results;
    size_t n;
    int seal;
};

/* Takes what there is; false when the stream is refused. */
static bool take(struct pyst_ami_parser *parser, struct results *results)
{
    struct pyst_ami_message *message = NULL;
    int r;

    while ((r = pyst_ami_parser_next(parser, &message)) != 0) {
        struct result *result;

        results->results = realloc(results->results, (results->n + 1) * sizeof(*results->results));
        CHECK(results->results);
        result = &results->results[results->n++];
        memset(result, 0, sizeof(*result));
        result->error = r;
        if (r == 1) {
            result->message = message;
            continue;
        }
        if (r == PYST_ERR_GREETING) {
            CHECK(pyst_ami_parser_next(parser, &message) == r);
            return false;
        }
        CHECK(r == PYST_ERR_LIMIT_MESSAGE || r == PYST_ERR_LIMIT_HEADERS ||
              r == PYST_ERR_LIMIT_LINE);
        const struct pyst_text id = parser_lost_action_id(parser);

        result->lost_id_size = id.size;
        if (id.size > 0)
            memcpy(result->lost_id, id.data, id.size);
        result->lost_response = parser_lost_response(parser);
    }
    return true;
}

static void parse(const struct pyst_ami_limits *limits, bool greeting, struct input stream,
                  const uint8_t *pieces, size_t n_pieces, struct results *results)
{
    struct pyst_ami_parser *parser;
    bool goes_on = true;

    memset(results, 0, sizeof(*results));
    CHECK(pyst_ami_parser_new(&parser, limits, greeting) == 0);
    for (size_t i = 0; goes_on && stream.size > 0; i++) {
        size_t size = n_pieces > 0 ? (size_t)pieces[i % n_pieces] + 1 : stream.size;

        if (size > stream.size)
            size = stream.size;
        if (i % 2 == 0) {
            CHECK(pyst_ami_parser_feed(parser, stream.data, size) == 0);
        } else {
            void *room;
            size_t room_size;

            CHECK(pyst_ami_parser_reserve(parser, i % 4 == 1 ? size : 0, &room, &room_size) == 0);
            CHECK(room_size >= size);
            memcpy(room, stream.data, size);
            pyst_ami_parser_commit(parser, size);
        }
        stream.data += size;
        stream.size -= size;
        goes_on = take(parser, results);
    }
    results->seal = pyst_ami_parser_seal(parser);
    pyst_ami_parser_free(parser);
}

static void free_results(struct results *results)
{
    for (size_t i = 0; i < results->n; i++)
        pyst_ami_message_unref(results->results[i].message);
    free(results->results);
}

static void compare_texts(struct pyst_text a, struct pyst_text b)
{
    CHECK(!a.data == !b.data);
    CHECK(pyst_text_equal(a, b));
}

static void compare_messages(const struct pyst_ami_message *a, const struct pyst_ami_message *b)
{
    size_t n = pyst_ami_message_n_headers(a);

    CHECK(pyst_ami_message_kind(a) == pyst_ami_message_kind(b));
    CHECK(pyst_ami_message_n_headers(b) == n);
    compare_texts(pyst_ami_message_name(a), pyst_ami_message_name(b));
    compare_texts(pyst_ami_message_action_id(a), pyst_ami_message_action_id(b));
    compare_texts(pyst_ami_message_raw(a), pyst_ami_message_raw(b));
    compare_texts(pyst_ami_message_data(a), pyst_ami_message_data(b));
    for (size_t i = 0; i <= n; i++) {
        struct pyst_ami_header of_a = pyst_ami_message_header(a, i);
        struct pyst_ami_header of_b = pyst_ami_message_header(b, i);

        compare_texts(of_a.name, of_b.name);
        compare_texts(of_a.value, of_b.value);
    }
}

/* Every way to read a message; what lies outside of it, a sanitizer sees. */
static void read_message(const struct pyst_ami_message *message)
{
    struct pyst_text raw = pyst_ami_message_raw(message);
    struct pyst_text name, value;
    char *out = malloc(raw.size + 1);
    size_t cursor = 0;

    CHECK(out);
    for (size_t i = 0; i < pyst_ami_message_n_headers(message) && i < 64; i++) {
        struct pyst_ami_header header = pyst_ami_message_header(message, i);

        CHECK(header.value.data >= raw.data);
        CHECK(header.value.data + header.value.size <= raw.data + raw.size);
        CHECK(pyst_ami_unescape(header.value, out) <= header.value.size);
        if (header.name.data) {
            size_t found = pyst_ami_message_find(message, header.name, 0);

            CHECK(found <= i);
            CHECK(pyst_ami_message_find(message, header.name, i) == i);
            CHECK(pyst_ami_message_get(message, header.name).data != NULL);
            CHECK(pyst_ami_message_get_last(message, header.name).data >= header.value.data);
        }
    }
    free(out);
    while (pyst_ami_message_next_output(message, &cursor, &value))
        CHECK(value.data >= raw.data && value.data + value.size <= raw.data + raw.size);
    cursor = 0;
    while (pyst_ami_message_next_variable(message, pyst_text_none(), pyst_text_none(), &cursor,
                                          &name, &value))
        CHECK(value.data + value.size <= raw.data + raw.size);
    CHECK(pyst_ami_message_error(message) <= 0);
}

/* A message by itself is what it was in the stream. */
static void parse_again(const struct pyst_ami_message *message)
{
    struct pyst_text raw = pyst_ami_message_raw(message);
    struct pyst_ami_message *again;

    CHECK(pyst_ami_message_parse(&again, raw.data, raw.size) == 0);
    compare_messages(message, again);
    pyst_ami_message_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct pyst_ami_limits limits = {0, 0, 0};
    uint8_t flags = take_byte(&input);
    uint8_t pieces[PIECES_MAX];
    size_t n_pieces;
    struct results whole, cut;

    if (flags & 2) {
        limits.message_size = take_number(&input);
        limits.header_count = take_number(&input);
        limits.line_size = take_number(&input);
    }
    n_pieces = take_byte(&input) & PIECES_MAX;
    for (size_t i = 0; i < n_pieces; i++)
        pieces[i] = take_byte(&input);

    parse(&limits, flags & 1, input, NULL, 0, &whole);
    parse(&limits, flags & 1, input, pieces, n_pieces, &cut);
    CHECK(whole.n == cut.n);
    CHECK(whole.seal == cut.seal);
    for (size_t i = 0; i < whole.n; i++) {
        const struct result *a = &whole.results[i], *b = &cut.results[i];

        CHECK(a->error == b->error);
        CHECK(a->lost_response == b->lost_response);
        compare_texts(pyst_text_of(a->lost_id, a->lost_id_size),
                      pyst_text_of(b->lost_id, b->lost_id_size));
        if (a->error != 1)
            continue;
        compare_messages(a->message, b->message);
        read_message(a->message);
        if (pyst_ami_message_kind(a->message) != PYST_AMI_GREETING)
            parse_again(a->message);
    }
    free_results(&whole);
    free_results(&cut);
    return 0;
}
