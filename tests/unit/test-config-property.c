/* SPDX-License-Identifier: MIT */

/*
 * Files and changes at random, the same ones in every run: a change changes its own line, and what
 * the file means changes only there.
 */

#include "config-dump.h"

#define ROUNDS      20000
#define CHANGES     6
#define LINES_MAX   64
#define TEXT_SIZE   80
#define MEANING_MAX 256

static uint32_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

#define pick(texts) ((texts)[below(sizeof(texts) / sizeof((texts)[0]))])

/* ---- a file --------------------------------------------------------------------------------- */

static const char *const lines[] = {"[a]",          "[b]",
                                    "[c](!)",       "[d](a)",
                                    "[a](+)",       "[e](c,b)",
                                    "k = v",        "k=>v",
                                    "k += w",       "long   = value",
                                    "\tin\t= tab",  "x = a\\;b",
                                    "y=1 ; c",      "z = 1;--2--;3",
                                    "; comment",    "",
                                    "  ",           ";-- begins",
                                    "--;",          "word",
                                    "= 5",          "[broken",
                                    "\\[k = 1",     "#include none",
                                    "k = \\;v",     "empty =",
                                    "a;--b--;c = d"};
static const char *const ends[] = {"\n", "\n", "\n", "\r\n"};

static struct pyst_config_document *make_document(void)
{
    char bytes[LINES_MAX * TEXT_SIZE] = "";
    uint32_t n = 1 + below(20);

    if (below(8) == 0)
        strcat(bytes, "\xef\xbb\xbf");
    if (below(4) > 0)
        strcat(bytes, "[a]\n");
    for (uint32_t i = 0; i < n; i++) {
        strcat(bytes, pick(lines));
        if (i + 1 < n || below(4) > 0)
            strcat(bytes, pick(ends));
    }
    return read_string(bytes);
}

/* ---- its lines ------------------------------------------------------------------------------ */

struct listed {
    size_t n;
    char lines[LINES_MAX][TEXT_SIZE];
};

/* As they are written, not as they are told. */
static void list(struct listed *listed, const struct pyst_config_document *document)
{
    static char bytes[LINES_MAX * TEXT_SIZE];
    size_t size = pyst_config_document_size(document), begin = 0;

    assert_true(size < sizeof(bytes));
    pyst_config_document_write(document, bytes);
    listed->n = 0;
    /* A byte order mark is before the first line, whichever that is. */
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        begin = 3;
    while (begin < size) {
        const char *end = memchr(bytes + begin, '\n', size - begin);
        size_t next = end ? (size_t)(end + 1 - bytes) : size;

        assert_true(listed->n < LINES_MAX && next - begin < TEXT_SIZE);
        memcpy(listed->lines[listed->n], bytes + begin, next - begin);
        listed->lines[listed->n++][next - begin] = '\0';
        begin = next;
    }
}

static size_t index_of(const struct pyst_config_line *line)
{
    size_t i = 0;

    while ((line = pyst_config_line_previous(line)))
        i++;
    return i;
}

static void assert_line(const char *is, const char *was)
{
    const size_t size = strlen(was);

    assert_memory_equal(is, was, size);
    /* The last one gets an end when another comes behind it. */
    if (size > 0 && was[size - 1] != '\n')
        assert_true(strcmp(is + size, "") == 0 || strcmp(is + size, "\n") == 0 ||
                    strcmp(is + size, "\r\n") == 0);
    else
        assert_string_equal(is + size, "");
}

/* `changed` of the lines that are now; those from it on were `shift` lines further down. */
static void assert_others(const struct listed *is, const struct listed *was, size_t changed,
                          int shift)
{
    assert_int_equal((int)is->n, (int)was->n + shift);
    for (size_t i = 0; i < is->n; i++)
        if (i < changed || (shift < 0 && i == changed))
            assert_line(is->lines[i], was->lines[shift < 0 && i == changed ? i + 1 : i]);
        else if (i > changed)
            assert_line(is->lines[i], was->lines[(size_t)((int)i - shift)]);
}

/* ---- its meaning ---------------------------------------------------------------------------- */

/* What each line of the document makes, in the order of the resolved view. */
struct meant {
    size_t n;
    struct {
        const struct pyst_config_line *line;
        char text[2 * TEXT_SIZE];
    } of[MEANING_MAX];
};

static void resolve(struct meant *meant, struct pyst_config_document *document)
{
    struct pyst_config *config;

    assert_int_equal(pyst_config_new(&config, document, NULL, NULL), 0);
    meant->n = 0;
    for (size_t i = 0; i < pyst_config_section_count(config); i++) {
        const struct pyst_config_section *section = pyst_config_section(config, i);

        for (size_t k = 0; k < section->n_items; k++) {
            const struct pyst_config_item *item = &section->items[k];

            assert_true(meant->n < MEANING_MAX);
            meant->of[meant->n].line = item->line;
            snprintf(meant->of[meant->n++].text, sizeof(meant->of[0].text),
                     "[%.*s]%d %.*s=%d%d%.*s", (int)section->name.size, section->name.data,
                     section->is_template, (int)item->name.size, item->name.data, item->is_object,
                     item->is_inherited, (int)item->value.size, item->value.data);
        }
    }
    pyst_config_free(config);
}

/* All but what `line` makes is as it was, and in the same order. */
static void assert_meant(const struct meant *is, const struct meant *was,
                         const struct pyst_config_line *line)
{
    size_t i = 0, k = 0;

    for (;;) {
        while (i < is->n && is->of[i].line == line)
            i++;
        while (k < was->n && was->of[k].line == line)
            k++;
        if (i == is->n || k == was->n)
            break;
        assert_ptr_equal(is->of[i].line, was->of[k].line);
        assert_string_equal(is->of[i++].text, was->of[k++].text);
    }
    assert_int_equal(i, is->n);
    assert_int_equal(k, was->n);
}

/* ---- changes -------------------------------------------------------------------------------- */

static struct pyst_config_line *any_line(const struct pyst_config_document *document)
{
    struct pyst_config_line *line = pyst_config_document_first(document);

    for (uint32_t n = below(24); line && n > 0; n--)
        line = pyst_config_line_next(line);
    return line;
}

static bool has_append(const struct pyst_config_document *document)
{
    const struct pyst_config_line *line = pyst_config_document_first(document);

    while (line && !pyst_config_line_is_append(line))
        line = pyst_config_line_next(line);
    return line != NULL;
}

static const char *const values[] = {"new", "", "a;b", "\\", "a\\", ">x", ";--", "--;", "a = b"};
static const char *const names[] = {"k", "other", "[n", "#n", "\\n", "a;b", "n+"};

static struct listed before, after;
static struct meant was, is;
static bool appends; /* before the change */

static void change_value(struct pyst_config_document *document, struct pyst_config_line *line)
{
    const char *value = pick(values);

    if (pyst_config_line_kind(line) != PYST_CONFIG_ITEM)
        return;
    if (pyst_config_line_set_value(document, line, pyst_text(value)) < 0)
        return;
    list(&after, document);
    assert_others(&after, &before, index_of(line), 0);
    assert_true(pyst_text_equal(pyst_config_line_value(line), pyst_text(value)));
    resolve(&is, document);
    assert_int_equal(is.n, was.n);
    /* A += looks at the values of other lines. */
    if (!appends)
        assert_meant(&is, &was, line);
}

static void add_item(struct pyst_config_document *document, struct pyst_config_line *at)
{
    const char *name = pick(names), *value = pick(values);
    const size_t i = at ? index_of(at) : before.n;
    struct pyst_config_line *line;

    if (pyst_config_document_add_item(document, at, pyst_text(name), pyst_text(value),
                                      PYST_CONFIG_STYLE_NEIGHBOUR, &line) < 0)
        return;
    list(&after, document);
    assert_others(&after, &before, i, 1);
    resolve(&is, document);
    if (!appends)
        assert_meant(&is, &was, line);
}

static void remove_line(struct pyst_config_document *document, struct pyst_config_line *line)
{
    const size_t i = index_of(line);
    const enum pyst_config_line_kind kind = pyst_config_line_kind(line);

    if (pyst_config_document_remove(document, line) < 0)
        return;
    list(&after, document);
    assert_others(&after, &before, i, -1);
    resolve(&is, document);
    if (kind != PYST_CONFIG_SECTION && !appends)
        assert_meant(&is, &was, line);
}

static void rename_line(struct pyst_config_document *document, struct pyst_config_line *line)
{
    const char *name = pick(names);
    const enum pyst_config_line_kind kind = pyst_config_line_kind(line);

    if (pyst_config_line_set_name(document, line, pyst_text(name)) < 0)
        return;
    list(&after, document);
    assert_others(&after, &before, index_of(line), 0);
    resolve(&is, document);
    if (kind == PYST_CONFIG_ITEM && !appends)
        assert_meant(&is, &was, line);
}

static void move_line(struct pyst_config_document *document, struct pyst_config_line *line,
                      struct pyst_config_line *to)
{
    const size_t from = index_of(line);
    size_t i = 0, k = 0, at;

    if (pyst_config_document_move(document, line, line, to) < 0)
        return;
    list(&after, document);
    at = index_of(line);
    assert_int_equal(after.n, before.n);
    assert_line(after.lines[at], before.lines[from]);
    for (; i < after.n; i++, k++) {
        i += i == at;
        k += k == from;
        if (i < after.n)
            assert_line(after.lines[i], before.lines[k]);
    }
}

static void change(struct pyst_config_document *document)
{
    struct pyst_config_line *line = any_line(document);

    list(&before, document);
    resolve(&was, document);
    appends = has_append(document);
    switch (below(5)) {
    case 0:
        if (line)
            change_value(document, line);
        break;
    case 1:
        add_item(document, line);
        break;
    case 2:
        if (line)
            remove_line(document, line);
        break;
    case 3:
        if (line)
            rename_line(document, line);
        break;
    default:
        if (line)
            move_line(document, line, any_line(document));
        break;
    }
}

/* What it says of itself is what is read of what it writes. */
static void assert_reads_back(const struct pyst_config_document *document)
{
    static char bytes[LINES_MAX * TEXT_SIZE];
    struct pyst_config_document *again;
    struct pyst_config_line *one = pyst_config_document_first(document), *other;

    pyst_config_document_write(document, bytes);
    again = read_text("again", pyst_text_of(bytes, pyst_config_document_size(document)));
    other = pyst_config_document_first(again);
    for (; one && other; one = pyst_config_line_next(one), other = pyst_config_line_next(other)) {
        assert_int_equal(pyst_config_line_kind(one), pyst_config_line_kind(other));
        assert_true(pyst_text_equal(pyst_config_line_text(one), pyst_config_line_text(other)));
        assert_true(pyst_text_equal(pyst_config_line_name(one), pyst_config_line_name(other)));
        assert_true(pyst_text_equal(pyst_config_line_value(one), pyst_config_line_value(other)));
    }
    assert_true(!one && !other);
    pyst_config_document_unref(again);
}

static void a_change_changes_its_own_line(void **state)
{
    for (seed = 0; seed < ROUNDS;) {
        const uint32_t round = seed;
        struct pyst_config_document *document = make_document();

        for (int i = 0; i < CHANGES; i++) {
            change(document);
            assert_reads_back(document);
        }
        pyst_config_document_unref(document);
        seed = round + 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_changes_its_own_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
