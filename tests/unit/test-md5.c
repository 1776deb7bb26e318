/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/md5.h"

/* The test suite of RFC 1321, A.5. */
static const char *const vectors[][2] = {
    {"", "d41d8cd98f00b204e9800998ecf8427e"},
    {"a", "0cc175b9c0f1b6a831c399e269772661"},
    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
     "d174ab98d277d9f5a5611c2c9f419d9f"},
    {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
};

static void vectors_of_the_rfc(void **state)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct pyst_text text = pyst_text(vectors[i][0]);
        char out[33];

        pyst_md5_hex(&text, 1, out);
        assert_string_equal(out, vectors[i][1]);
    }
}

static void parts_are_one_after_another(void **state)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct pyst_text text = pyst_text(vectors[i][0]);

        for (size_t cut = 0; cut <= text.size; cut++) {
            struct pyst_text parts[3] = {pyst_text_of(text.data, cut), pyst_text_none(),
                                         pyst_text_of(text.data + cut, text.size - cut)};
            char out[33];

            pyst_md5_hex(parts, 3, out);
            assert_string_equal(out, vectors[i][1]);
        }
    }
}

/* The padding takes one block or two. Digests by md5sum of so many letters a. */
static void sizes_around_a_block(void **state)
{
    static const struct {
        size_t size;
        const char *digest;
    } sizes[] = {
        {55, "ef1772b6dff9a122358552954ad0df65"},  {56, "3b0c8ac703f828b04c6c197006d17218"},
        {57, "652b906d60af96844ebd21b674f35e93"},  {63, "b06521f39153d618550606be297466d5"},
        {64, "014842d480b571495a4a0363793f7367"},  {65, "c743a45e0d2e6a95cb859adae0248435"},
        {119, "8a7bd0732ed6a28ce75f6dabc90e1613"}, {120, "5f61c0ccad4cac44c75ff505e1f1e537"},
        {128, "e510683b3f5ffe4093d021808bc6ff70"},
    };
    char letters[128];

    for (size_t i = 0; i < sizeof(letters); i++)
        letters[i] = 'a';
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct pyst_text text = pyst_text_of(letters, sizes[i].size);
        char out[33];

        pyst_md5_hex(&text, 1, out);
        assert_string_equal(out, sizes[i].digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc),
        cmocka_unit_test(parts_are_one_after_another),
        cmocka_unit_test(sizes_around_a_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
