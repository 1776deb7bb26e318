/* SPDX-License-Identifier: MIT */

/* A message that several threads read, take references of and drop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>

#include <pyst/ami/message.h>

enum { THREADS = 4, MESSAGES = 500, TURNS = 20 };

static struct pyst_ami_message *shared[MESSAGES];

/* Each thread owns one reference of every message; who is the last differs from one to the next. */
static void *use(void *argument)
{
    unsigned *wrong = argument;

    for (size_t i = 0; i < MESSAGES; i++) {
        for (unsigned turn = 0; turn < TURNS; turn++) {
            struct pyst_ami_message *message = pyst_ami_message_ref(shared[i]);
            struct pyst_text value = pyst_ami_message_get(message, pyst_text("channel"));

            *wrong += !pyst_text_equal(value, pyst_text("Local/1@tests"));
            *wrong += pyst_ami_message_unref(message) != NULL;
        }
        pyst_ami_message_unref(shared[i]);
    }
    return NULL;
}

static void threads_share_messages(void **state)
{
    static const char bytes[] = "Event: Newchannel\r\nChannel: Local/1@tests\r\n\r\n";
    pthread_t threads[THREADS];
    unsigned wrong[THREADS] = {0};

    for (size_t i = 0; i < MESSAGES; i++) {
        assert_int_equal(pyst_ami_message_parse(&shared[i], bytes, sizeof(bytes) - 1), 0);
        for (unsigned n = 1; n < THREADS; n++)
            assert_ptr_equal(pyst_ami_message_ref(shared[i]), shared[i]);
    }
    for (unsigned n = 0; n < THREADS; n++)
        assert_int_equal(pthread_create(&threads[n], NULL, use, &wrong[n]), 0);
    for (unsigned n = 0; n < THREADS; n++) {
        assert_int_equal(pthread_join(threads[n], NULL), 0);
        assert_int_equal(wrong[n], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
