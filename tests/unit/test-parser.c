/* SPDX-License-Identifier: MIT */

/*
 * Every wire case, in every way its bytes can come: whole, byte by byte, in two parts cut at every
 * place, and in random pieces; copied in and received in place. What comes out must be what the
 * case says, and the bytes end at a page that cannot be read.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <pyst/ami/parser.h>
#include <pyst/error.h>

#include "../wire/wire.h"

#define GREETING_LINE "Asterisk Call Manager/11.0.0\r\n"

static struct wire_cases cases;

static int read_cases(void **state)
{
    wire_read(&cases, WIRE_CASES "/ami");
    return cases.n >= 100 ? 0 : -1;
}

static int free_cases(void **state)
{
    wire_free(&cases);
    return 0;
}

/* Bytes whose end is the end of what can be read. */
struct guarded {
    char *pages;
    size_t size;
    const char *bytes;
};

static void guard(struct guarded *guarded, struct pyst_text bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t readable = (bytes.size + page) / page * page;

    guarded->size = readable + page;
    guarded->pages =
        mmap(NULL, guarded->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(guarded->pages != MAP_FAILED);
    assert_int_equal(mprotect(guarded->pages + readable, page, PROT_NONE), 0);
    guarded->bytes = memcpy(guarded->pages + readable - bytes.size, bytes.data, bytes.size);
}

static void unguard(struct guarded *guarded)
{
    munmap(guarded->pages, guarded->size);
}

static const struct wire_case *current;

static void same_text(struct pyst_text text, struct pyst_text expected)
{
    if (!text.data != !expected.data || !pyst_text_equal(text, expected))
        fail_msg("%s: \"%.*s\" instead of \"%.*s\"", current->title, (int)text.size, text.data,
                 (int)expected.size, expected.data);
}

static void check(const struct pyst_ami_message *message, const struct wire_message *expected)
{
    bool has_data = false;

    if (pyst_ami_message_kind(message) != expected->kind ||
        pyst_ami_message_n_headers(message) != expected->n_lines)
        fail_msg("%s: kind %d, %zu lines", current->title, (int)pyst_ami_message_kind(message),
                 pyst_ami_message_n_headers(message));
    same_text(pyst_ami_message_name(message), expected->name);
    for (size_t i = 0; i < expected->n_lines; i++) {
        struct pyst_ami_header header = pyst_ami_message_header(message, i);

        same_text(header.name, expected->lines[i].name);
        same_text(header.value, expected->lines[i].value);
        has_data |= !expected->lines[i].name.data;
    }
    if (expected->data.data)
        same_text(pyst_ami_message_data(message), expected->data);
    else if (!has_data)
        assert_null(pyst_ami_message_data(message).data);
    if (expected->raw.data)
        same_text(pyst_ami_message_raw(message), expected->raw);
}

/* Takes what there is and compares it with what comes next in the case; false at a final error. */
static bool take(struct pyst_ami_parser *parser, size_t *nextp)
{
    struct pyst_ami_message *message = NULL;
    int r;

    while ((r = pyst_ami_parser_next(parser, &message)) != 0) {
        const struct wire_message *expected = &current->messages[(*nextp)++];

        if (*nextp > current->n_messages)
            fail_msg("%s: more than expected", current->title);
        if (r < 0 ? r != expected->error : expected->error != 0)
            fail_msg("%s: %s instead of %s", current->title, pyst_error_name(r),
                     pyst_error_name(expected->error));
        if (r == PYST_ERR_GREETING)
            return false;
        if (r == 1) {
            check(message, expected);
            message = pyst_ami_message_unref(message);
        }
    }
    return true;
}

enum way { FEED, RECEIVE };

static bool give(struct pyst_ami_parser *parser, const char *bytes, size_t size, enum way way,
                 size_t *nextp)
{
    if (way == FEED) {
        assert_int_equal(pyst_ami_parser_feed(parser, bytes, size), 0);
    } else {
        void *room;
        size_t room_size;

        assert_int_equal(pyst_ami_parser_reserve(parser, size, &room, &room_size), 0);
        assert_true(room_size >= size);
        memset(room, '\n', room_size); /* what was not committed was not received */
        memcpy(room, bytes, size);
        pyst_ami_parser_commit(parser, size);
    }
    if (!take(parser, nextp))
        return false;
    if (current->limits.message_size > 0 && !current->greeting &&
        pyst_ami_parser_pending(parser) > current->limits.message_size + size)
        fail_msg("%s: more is kept than the limit", current->title);
    return true;
}

/* The pieces' sizes come from next_size(), which is given how much is left. */
static void parse(struct pyst_ami_parser *parser, const char *bytes, enum way way,
                  size_t (*next_size)(size_t left, size_t *memory), size_t memory)
{
    size_t size = current->bytes.size, at = 0, next = 0;
    bool goes_on = true;
    int seal;

    pyst_ami_parser_reset(parser, current->greeting);
    while (goes_on && at < size) {
        size_t piece = next_size(size - at, &memory);

        goes_on = give(parser, bytes + at, piece, way, &next);
        at += piece;
    }
    if (next != current->n_messages)
        fail_msg("%s: %zu messages instead of %zu", current->title, next, current->n_messages);
    seal = pyst_ami_parser_seal(parser);
    if (seal != current->seal)
        fail_msg("%s: seal says %s", current->title, pyst_error_name(seal));
}

static size_t whole(size_t left, size_t *memory)
{
    return left;
}

static size_t byte(size_t left, size_t *memory)
{
    return 1;
}

/* First what *memory says, then the rest. */
static size_t cut_once(size_t left, size_t *memory)
{
    size_t first = *memory;

    *memory = 0;
    return first > 0 && first < left ? first : left;
}

/* A linear congruential generator; *memory is its state. Mostly small pieces. */
static size_t at_random(size_t left, size_t *memory)
{
    size_t piece;

    *memory = (uint32_t)(*memory * 1664525u + 1013904223u);
    piece = 1 + (*memory >> 16) % (*memory >> 28 ? 17 : 300);
    return piece < left ? piece : left;
}

static void each_case(void (*run)(struct pyst_ami_parser *parser, const char *bytes, enum way way))
{
    for (size_t i = 0; i < cases.n; i++) {
        struct pyst_ami_parser *parser;
        struct guarded guarded;

        current = &cases.cases[i];
        guard(&guarded, current->bytes);
        assert_int_equal(pyst_ami_parser_new(&parser, &current->limits, current->greeting), 0);
        run(parser, guarded.bytes, FEED);
        run(parser, guarded.bytes, RECEIVE);
        pyst_ami_parser_free(parser);
        unguard(&guarded);
    }
}

static void run_whole(struct pyst_ami_parser *parser, const char *bytes, enum way way)
{
    parse(parser, bytes, way, whole, 0);
}

static void run_bytewise(struct pyst_ami_parser *parser, const char *bytes, enum way way)
{
    parse(parser, bytes, way, byte, 0);
}

static void run_cut_everywhere(struct pyst_ami_parser *parser, const char *bytes, enum way way)
{
    for (size_t cut = 1; cut < current->bytes.size; cut++)
        parse(parser, bytes, way, cut_once, cut);
}

static void run_at_random(struct pyst_ami_parser *parser, const char *bytes, enum way way)
{
    for (size_t seed = 1; seed <= 200; seed++)
        parse(parser, bytes, way, at_random, seed);
}

static void cases_whole(void **state)
{
    each_case(run_whole);
}

static void cases_byte_by_byte(void **state)
{
    each_case(run_bytewise);
}

static void cases_cut_at_every_place(void **state)
{
    each_case(run_cut_everywhere);
}

static void cases_in_random_pieces(void **state)
{
    each_case(run_at_random);
}

/* A message alone is read in place, so its own end is at the unreadable page. */
static void messages_by_themselves(void **state)
{
    unsigned n = 0;

    for (size_t i = 0; i < cases.n; i++) {
        struct pyst_ami_message *message;
        struct guarded guarded;

        current = &cases.cases[i];
        if (current->greeting || current->n_messages != 1 || current->messages[0].error < 0 ||
            current->seal != 0 || current->limits.line_size || current->limits.header_count ||
            current->limits.message_size)
            continue;
        guard(&guarded, current->bytes);
        if (pyst_ami_message_parse(&message, guarded.bytes, current->bytes.size) == 0) {
            check(message, &current->messages[0]);
            pyst_ami_message_unref(message);
            n++;
        }
        unguard(&guarded);
    }
    assert_true(n >= 20);
}

/* Messages are asked for seldom, so that several are there at once. */
static void cases_taken_late(void **state)
{
    for (size_t i = 0; i < cases.n; i++) {
        struct pyst_ami_parser *parser;

        current = &cases.cases[i];
        assert_int_equal(pyst_ami_parser_new(&parser, &current->limits, current->greeting), 0);
        for (size_t memory = 1; memory <= 50; memory++) {
            size_t size = current->bytes.size, state_of = memory, next = 0;
            bool goes_on = true;

            pyst_ami_parser_reset(parser, current->greeting);
            for (size_t at = 0; goes_on && at < size;) {
                size_t piece = at_random(size - at, &state_of);

                assert_int_equal(pyst_ami_parser_feed(parser, current->bytes.data + at, piece), 0);
                at += piece;
                if (at == size || state_of >> 30 == 0)
                    goes_on = take(parser, &next);
            }
            assert_int_equal(next, current->n_messages);
            assert_int_equal(pyst_ami_parser_seal(parser), current->seal);
        }
        pyst_ami_parser_free(parser);
    }
}

/* Wherever a stream is given up, the next one on the same parser is as on a new one. */
static void cases_after_a_reset_at_every_place(void **state)
{
    for (size_t i = 0; i < cases.n; i++) {
        struct pyst_ami_parser *parser;

        current = &cases.cases[i];
        assert_int_equal(pyst_ami_parser_new(&parser, &current->limits, current->greeting), 0);
        for (size_t at = 0; at <= current->bytes.size; at++) {
            size_t next = 0;

            pyst_ami_parser_reset(parser, current->greeting);
            give(parser, current->bytes.data, at, FEED, &next);
            pyst_ami_parser_reset(parser, current->greeting);
            assert_int_equal(pyst_ami_parser_pending(parser), 0);
            assert_int_equal(pyst_ami_parser_seal(parser), 0);
            parse(parser, current->bytes.data, FEED, whole, 0);
        }
        pyst_ami_parser_free(parser);
    }
}

/* What a message says were its bytes is the same message by itself; line ends stand between two. */
static void raw_bytes_are_the_message(void **state)
{
    unsigned n = 0;

    for (size_t i = 0; i < cases.n; i++) {
        struct pyst_ami_message *message, *again;
        struct pyst_ami_parser *parser;
        const char *at, *end;

        current = &cases.cases[i];
        at = current->bytes.data;
        end = at + current->bytes.size;
        assert_int_equal(pyst_ami_parser_new(&parser, &current->limits, current->greeting), 0);
        assert_int_equal(pyst_ami_parser_feed(parser, at, current->bytes.size), 0);
        for (size_t next = 0; next < current->n_messages; next++) {
            struct pyst_text raw;
            const char *found;

            if (pyst_ami_parser_next(parser, &message) != 1) {
                at = end;
                continue;
            }
            raw = pyst_ami_message_raw(message);
            if (at < end) {
                found = memmem(at, (size_t)(end - at), raw.data, raw.size);
                assert_non_null(found);
                for (; at < found; at++)
                    assert_true(*at == '\r' || *at == '\n');
                at += raw.size;
            }
            if (pyst_ami_message_kind(message) != PYST_AMI_GREETING) {
                assert_int_equal(pyst_ami_message_parse(&again, raw.data, raw.size), 0);
                check(again, &current->messages[next]);
                assert_true(pyst_text_equal(pyst_ami_message_raw(again), raw));
                pyst_ami_message_unref(again);
                n++;
            }
            pyst_ami_message_unref(message);
        }
        pyst_ami_parser_free(parser);
    }
    assert_true(n >= 100);
}

/* Long enough for the buffer to be filled and moved many times, in the middle of anything. */
static void long_stream_in_pieces_of_any_size(void **state)
{
    enum { MESSAGES = 4000 };
    static char stream[MESSAGES * 512];
    size_t size = 0;

    for (unsigned i = 0; i < MESSAGES; i++) {
        size += (size_t)snprintf(stream + size, sizeof(stream) - size,
                                 "Event: E%u\r\nData: %0*u\r\nTime: %u:00\r\n\r\n", i,
                                 (int)(i * 37 % 400 + 1), i, i);
    }
    for (size_t seed = 1; seed <= 20; seed++) {
        struct pyst_ami_message *message;
        struct pyst_ami_parser *parser;
        size_t at = 0, memory = seed;
        unsigned n = 0;

        assert_int_equal(pyst_ami_parser_new(&parser, NULL, false), 0);
        while (at < size) {
            size_t piece = at_random(size - at, &memory) * (1 + memory % 20);

            if (piece > size - at)
                piece = size - at;
            assert_int_equal(pyst_ami_parser_feed(parser, stream + at, piece), 0);
            at += piece;
            while (pyst_ami_parser_next(parser, &message) == 1) {
                char name[16], time[16];

                snprintf(name, sizeof(name), "E%u", n);
                snprintf(time, sizeof(time), "%u:00", n);
                assert_int_equal(pyst_ami_message_n_headers(message), 3);
                assert_true(pyst_text_equal(pyst_ami_message_name(message), pyst_text(name)));
                assert_int_equal(pyst_ami_message_header(message, 1).value.size,
                                 n * 37 % 400 + 1 > strlen(name) - 1 ? n * 37 % 400 + 1
                                                                     : strlen(name) - 1);
                assert_true(pyst_text_equal(pyst_ami_message_get(message, pyst_text("Time")),
                                            pyst_text(time)));
                pyst_ami_message_unref(message);
                n++;
            }
        }
        assert_int_equal(n, MESSAGES);
        assert_int_equal(pyst_ami_parser_seal(parser), 0);
        pyst_ami_parser_free(parser);
    }
}

/* One large message does not keep its memory for ever. */
static void large_buffer_is_given_back(void **state)
{
    enum { LINES = 3000, LINE = 1000 };
    struct pyst_ami_message *message;
    struct pyst_ami_parser *parser;
    char line[LINE];
    size_t size;
    void *room;

    memset(line, 'x', sizeof(line));
    memcpy(line, "Output: ", 8);
    memcpy(line + LINE - 2, "\r\n", 2);
    assert_int_equal(pyst_ami_parser_new(&parser, NULL, false), 0);
    for (unsigned i = 0; i < LINES; i++) {
        assert_int_equal(pyst_ami_parser_feed(parser, line, LINE), 0);
        assert_int_equal(pyst_ami_parser_next(parser, &message), 0);
    }
    assert_int_equal(pyst_ami_parser_feed(parser, "\r\n", 2), 0);
    assert_int_equal(pyst_ami_parser_next(parser, &message), 1);
    assert_int_equal(pyst_ami_message_n_headers(message), LINES);
    pyst_ami_message_unref(message);
    assert_int_equal(pyst_ami_parser_reserve(parser, 0, &room, &size), 0);
    assert_in_range(size, 4096, 1 << 20);
    memcpy(room, "Event: A\r\n\r\n", 12);
    pyst_ami_parser_commit(parser, 12);
    assert_int_equal(pyst_ami_parser_next(parser, &message), 1);
    assert_true(pyst_text_equal(pyst_ami_message_name(message), pyst_text("A")));
    pyst_ami_message_unref(message);
    pyst_ami_parser_free(parser);
}

static void refused_stream_stays_refused(void **state)
{
    struct pyst_ami_message *message = NULL;
    struct pyst_ami_parser *parser;

    assert_int_equal(pyst_ami_parser_new(&parser, NULL, true), 0);
    assert_int_equal(pyst_ami_parser_feed(parser, "SSH-2.0-x\r\n", 11), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pyst_ami_parser_next(parser, &message), PYST_ERR_GREETING);
        assert_int_equal(pyst_ami_parser_feed(parser, GREETING_LINE, strlen(GREETING_LINE)), 0);
    }
    assert_null(message);
    pyst_ami_parser_reset(parser, true);
    assert_int_equal(pyst_ami_parser_feed(parser, GREETING_LINE, strlen(GREETING_LINE)), 0);
    assert_int_equal(pyst_ami_parser_next(parser, &message), 1);
    pyst_ami_message_unref(message);
    pyst_ami_parser_free(parser);
}

static void pending_counts_what_is_not_given_out(void **state)
{
    static const char bytes[] = "Event: A\r\n\r\nEvent: B\r\n";
    struct pyst_ami_message *message;
    struct pyst_ami_parser *parser;

    assert_int_equal(pyst_ami_parser_new(&parser, NULL, false), 0);
    assert_int_equal(pyst_ami_parser_pending(parser), 0);
    assert_int_equal(pyst_ami_parser_feed(parser, bytes, sizeof(bytes) - 1), 0);
    assert_int_equal(pyst_ami_parser_pending(parser), 22);
    assert_int_equal(pyst_ami_parser_next(parser, &message), 1);
    pyst_ami_message_unref(message);
    assert_int_equal(pyst_ami_parser_pending(parser), 10);
    assert_int_equal(pyst_ami_parser_next(parser, &message), 0);
    assert_int_equal(pyst_ami_parser_seal(parser), PYST_ERR_TRUNCATED);
    pyst_ami_parser_reset(parser, false);
    assert_int_equal(pyst_ami_parser_pending(parser), 0);
    assert_int_equal(pyst_ami_parser_seal(parser), 0);
    pyst_ami_parser_free(parser);
}

static void messages_outlive_their_parser(void **state)
{
    struct pyst_ami_message *message;
    struct pyst_ami_parser *parser;

    assert_int_equal(pyst_ami_parser_new(&parser, NULL, false), 0);
    assert_int_equal(pyst_ami_parser_feed(parser, "Event: A\r\n\r\n", 12), 0);
    assert_int_equal(pyst_ami_parser_next(parser, &message), 1);
    assert_null(pyst_ami_parser_free(parser));
    assert_ptr_equal(pyst_ami_message_ref(message), message);
    assert_null(pyst_ami_message_unref(message));
    assert_true(pyst_text_equal(pyst_ami_message_name(message), pyst_text("A")));
    assert_null(pyst_ami_message_unref(message));
    assert_null(pyst_ami_message_unref(NULL));
    assert_null(pyst_ami_message_ref(NULL));
    assert_null(pyst_ami_parser_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_whole),
        cmocka_unit_test(cases_byte_by_byte),
        cmocka_unit_test(cases_cut_at_every_place),
        cmocka_unit_test(cases_in_random_pieces),
        cmocka_unit_test(cases_taken_late),
        cmocka_unit_test(cases_after_a_reset_at_every_place),
        cmocka_unit_test(messages_by_themselves),
        cmocka_unit_test(raw_bytes_are_the_message),
        cmocka_unit_test(long_stream_in_pieces_of_any_size),
        cmocka_unit_test(large_buffer_is_given_back),
        cmocka_unit_test(refused_stream_stays_refused),
        cmocka_unit_test(pending_counts_what_is_not_given_out),
        cmocka_unit_test(messages_outlive_their_parser),
    };

    return cmocka_run_group_tests(tests, read_cases, free_cases);
}
