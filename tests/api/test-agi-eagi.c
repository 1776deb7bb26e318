/* SPDX-License-Identifier: MIT */

/* EAGI: audio in frames from a pipe, while a dialogue goes on, by a test that is Asterisk. */

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pyst/agi/eagi.h>

#include "agi-asterisk.h"

#define EAGI_ENVIRONMENT "agi_request: test\nagi_enhanced: 1.0\n\n"

enum { FRAME = 160 }; /* samples of 20 ms at 8 kHz */

struct call {
    int program;  /* a socket */
    int asterisk; /* its other end */
    int audio[2]; /* a pipe */
    struct pyst_agi *agi;
    struct pyst_eagi *eagi;
    int16_t next; /* sample to write; each is one more than the one before */
};

static void write_text(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void begin(struct call *call)
{
    int ends[2], descriptors[2];
    struct pyst_agi_options options = {.descriptors = descriptors};

    memset(call, 0, sizeof(*call));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    call->program = descriptors[0] = descriptors[1] = ends[0];
    call->asterisk = ends[1];
    assert_int_equal(pipe2(call->audio, O_CLOEXEC), 0);
    write_text(call->asterisk, EAGI_ENVIRONMENT);
    assert_int_equal(pyst_agi_open(&call->agi, &options), 0);
}

/* With slin, and no question for the format. */
static void begin_listening(struct call *call)
{
    struct pyst_eagi_options options = {.format = "slin"};

    begin(call);
    options.descriptor = call->audio[0];
    assert_int_equal(pyst_eagi_open(&call->eagi, call->agi, &options), 0);
    assert_int_equal(pyst_eagi_get_fd(call->eagi), call->audio[0]);
}

static void end(struct call *call)
{
    assert_null(pyst_eagi_close(call->eagi));
    pyst_agi_close(call->agi);
    close(call->program);
    if (call->asterisk >= 0)
        close(call->asterisk);
    close(call->audio[0]);
    if (call->audio[1] >= 0)
        close(call->audio[1]);
}

static void speak(struct call *call, size_t n_samples)
{
    int16_t samples[8192];

    assert_true(n_samples <= sizeof(samples) / sizeof(*samples));
    for (size_t i = 0; i < n_samples; i++)
        samples[i] = call->next++;
    assert_int_equal(write(call->audio[1], samples, 2 * n_samples), 2 * n_samples);
}

static void fall_silent(struct call *call)
{
    close(call->audio[1]);
    call->audio[1] = -1;
}

/* The frame has these samples, which `speak` wrote. */
static void assert_frame(const struct pyst_eagi_frame *frame, size_t first, size_t n_samples)
{
    assert_int_equal(frame->n_samples, n_samples);
    assert_int_equal(frame->position, first);
    assert_int_equal(frame->data.size, 2 * n_samples);
    assert_ptr_equal(frame->samples, frame->data.data);
    for (size_t i = 0; i < n_samples; i++)
        assert_int_equal(frame->samples[i], (int16_t)(first + i));
}

/* --- opening ----------------------------------------------------------------------------- */

/* What Asterisk says when it is asked for the format, after it said the environment. */
static int open_with(const char *environment, const char *reply, struct pyst_eagi_format *formatp)
{
    struct asterisk asterisk = {0};
    struct pyst_eagi *eagi = NULL;
    struct pyst_agi *agi;
    int r;

    assert_int_equal(asterisk_open(&asterisk, environment, NULL, &agi), 0);
    if (reply)
        expect(&asterisk, "GET VARIABLE \"CHANNEL(audioreadformat)\"", reply);
    r = pyst_eagi_open(&eagi, agi, NULL);
    assert_int_equal(asterisk.at, asterisk.n_exchanges);
    if (r == 0) {
        *formatp = pyst_eagi_get_format(eagi);
        assert_int_equal(pyst_eagi_get_fd(eagi), 3);
    }
    pyst_eagi_close(eagi);
    pyst_agi_close(agi);
    return r;
}

static void asterisk_is_asked_for_the_format(void **state)
{
    static const struct {
        const char *reply;
        const char *name;
        unsigned rate;
        unsigned sample_size;
    } cases[] = {
        {"200 result=1 (slin)\n", "slin", 8000, 2},
        {"200 result=0\n", "slin", 8000, 2},
        {"200 result=1 ()\n", "slin", 8000, 2},
        {"200 result=1 (SLIN16)\n", "slin16", 16000, 2},
        {"200 result=1 (slin44)\n", "slin44", 44100, 2},
        {"200 result=1 (slin192)\n", "slin192", 192000, 2},
        {"200 result=1 (ulaw)\n", "ulaw", 8000, 1},
        {"200 result=1 (alaw)\n", "alaw", 8000, 1},
    };
    struct pyst_eagi_format format;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(open_with(EAGI_ENVIRONMENT, cases[i].reply, &format), 0);
        assert_string_equal(format.name, cases[i].name);
        assert_int_equal(format.rate, cases[i].rate);
        assert_int_equal(format.sample_size, cases[i].sample_size);
    }
    assert_int_equal(open_with(EAGI_ENVIRONMENT, "200 result=1 (gsm)\n", &format),
                     PYST_ERR_INVALID);
    assert_int_equal(open_with(EAGI_ENVIRONMENT, "511 Not Permitted\n", &format), PYST_ERR_HANGUP);
}

static void a_call_without_audio_is_told_apart(void **state)
{
    assert_int_equal(open_with(ENVIRONMENT, NULL, NULL), PYST_ERR_STATE);
    assert_int_equal(open_with("agi_request: x\n\n", NULL, NULL), PYST_ERR_STATE);
}

static void what_options_say_is_checked(void **state)
{
    static const struct pyst_eagi_options none[] = {
        {.format = "opus"},
        {.format = "slin", .frame_ms = 60001},
        {.format = "slin44", .frame_ms = 4294967295U},
    };
    struct pyst_eagi_options long_frames = {.format = "slin192", .frame_ms = 60000};
    struct pyst_eagi *eagi = NULL;

    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
        assert_int_equal(pyst_eagi_open(&eagi, NULL, &none[i]), PYST_ERR_INVALID);
    assert_null(eagi);
    assert_int_equal(pyst_eagi_open(&eagi, NULL, &long_frames), 0);
    pyst_eagi_close(eagi);
}

/* --- frames ------------------------------------------------------------------------------ */

static void frames_are_whole_however_audio_comes(void **state)
{
    static const size_t pieces[] = {1, 7, 160, 161, 500, 4096};
    struct pyst_eagi_frame frame;

    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        size_t spoken = 0, heard = 0;
        struct call call;

        begin_listening(&call);
        assert_int_equal(pyst_eagi_next(call.eagi, &frame), 0);
        while (heard < (size_t)200 * FRAME) {
            speak(&call, pieces[i]);
            spoken += pieces[i];
            while (pyst_eagi_next(call.eagi, &frame) == 1) {
                assert_frame(&frame, heard, FRAME);
                heard += FRAME;
            }
            assert_true(spoken - heard < FRAME);
        }
        end(&call);
    }
}

static void a_frame_has_the_duration_that_was_asked_for(void **state)
{
    struct pyst_eagi_options options = {.format = "slin16", .frame_ms = 30};
    struct pyst_eagi_frame frame;
    struct call call;

    begin(&call);
    options.descriptor = call.audio[0];
    assert_int_equal(pyst_eagi_open(&call.eagi, call.agi, &options), 0);
    speak(&call, 1000);
    assert_int_equal(pyst_eagi_next(call.eagi, &frame), 1);
    assert_frame(&frame, 0, 480);
    assert_int_equal(pyst_eagi_next(call.eagi, &frame), 1);
    assert_frame(&frame, 480, 480);
    assert_int_equal(pyst_eagi_next(call.eagi, &frame), 0);
    end(&call);
}

static void a_frame_may_be_larger_than_a_pipe(void **state)
{
    struct pyst_eagi_options options = {.format = "slin192", .frame_ms = 200};
    struct pyst_eagi_frame frame;
    struct call call;

    begin(&call);
    options.descriptor = call.audio[0];
    assert_int_equal(pyst_eagi_open(&call.eagi, call.agi, &options), 0);
    for (size_t heard = 0; heard < 38400; heard += 4800) {
        assert_int_equal(pyst_eagi_next(call.eagi, &frame), 0);
        speak(&call, 4800);
    }
    assert_int_equal(pyst_eagi_next(call.eagi, &frame), 1);
    assert_frame(&frame, 0, 38400);
    end(&call);
}

static void bytes_of_ulaw_are_samples(void **state)
{
    struct pyst_eagi_options options = {.format = "ulaw"};
    struct pyst_eagi_frame frame;
    struct call call;
    char bytes[161];

    begin(&call);
    options.descriptor = call.audio[0];
    assert_int_equal(pyst_eagi_open(&call.eagi, call.agi, &options), 0);
    memset(bytes, 'u', sizeof(bytes));
    assert_int_equal(write(call.audio[1], bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(pyst_eagi_next(call.eagi, &frame), 1);
    assert_int_equal(frame.n_samples, 160);
    assert_null(frame.samples);
    assert_memory_equal(frame.data.data, bytes, 160);
    fall_silent(&call);
    assert_int_equal(pyst_eagi_next(call.eagi, &frame), 1);
    assert_int_equal(frame.n_samples, 1);
    assert_int_equal(frame.position, 160);
    end(&call);
}

static void what_is_left_at_the_end_is_a_shorter_frame(void **state)
{
    /* In bytes: half a sample is none. */
    for (size_t rest = 0; rest < 6; rest++) {
        struct pyst_eagi_frame frame;
        struct call call;

        begin_listening(&call);
        speak(&call, FRAME + rest / 2);
        assert_int_equal(write(call.audio[1], "x", rest % 2), rest % 2);
        fall_silent(&call);
        assert_int_equal(pyst_eagi_next(call.eagi, &frame), 1);
        assert_frame(&frame, 0, FRAME);
        if (rest >= 2) {
            assert_int_equal(pyst_eagi_next(call.eagi, &frame), 1);
            assert_frame(&frame, FRAME, rest / 2);
        }
        assert_int_equal(pyst_eagi_next(call.eagi, &frame), PYST_ERR_HANGUP);
        assert_int_equal(pyst_eagi_next(call.eagi, &frame), PYST_ERR_HANGUP);
        assert_int_equal(pyst_eagi_read(call.eagi, -1, &frame), PYST_ERR_HANGUP);
        end(&call);
    }
}

static void audio_of_before_a_hangup_is_heard(void **state)
{
    struct pyst_eagi_frame frame;
    struct call call;

    begin_listening(&call);
    speak(&call, FRAME + 5);
    write_text(call.asterisk, "HANGUP\n");
    assert_int_equal(pyst_eagi_read(call.eagi, -1, &frame), 1);
    assert_frame(&frame, 0, FRAME);
    assert_int_equal(pyst_eagi_read(call.eagi, -1, &frame), 1);
    assert_frame(&frame, FRAME, 5);
    /* The pipe is open, but nobody will write to it again. */
    assert_int_equal(pyst_eagi_read(call.eagi, -1, &frame), PYST_ERR_HANGUP);
    end(&call);
}

static void a_descriptor_that_is_none_is_an_error(void **state)
{
    struct pyst_eagi_options options = {.descriptor = -1, .format = "slin"};
    struct pyst_eagi_frame frame;
    struct pyst_eagi *eagi;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    options.descriptor = ends[1]; /* not for reading */
    close(ends[0]);
    assert_int_equal(pyst_eagi_open(&eagi, NULL, &options), 0);
    errno = 0;
    assert_int_equal(pyst_eagi_next(eagi, &frame), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EBADF);
    pyst_eagi_close(eagi);
    close(ends[1]);
}

/* --- waiting ----------------------------------------------------------------------------- */

static void waiting_ends_when_its_time_is_up(void **state)
{
    struct pyst_eagi_frame frame;
    struct call call;

    begin_listening(&call);
    speak(&call, FRAME - 1);
    assert_int_equal(pyst_eagi_read(call.eagi, 0, &frame), 0);
    assert_int_equal(pyst_eagi_read(call.eagi, 20, &frame), 0);
    assert_int_equal(pyst_eagi_wait(call.eagi, 0), 0);
    assert_int_equal(pyst_eagi_wait(call.eagi, 20), 0);
    speak(&call, 1);
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    assert_int_equal(pyst_eagi_read(call.eagi, 0, &frame), 1);
    assert_frame(&frame, 0, FRAME);
    end(&call);
}

static void *speak_in_pieces(void *user)
{
    struct call *call = user;

    for (int i = 0; i < 100; i++)
        speak(call, 80);
    fall_silent(call);
    return NULL;
}

static void reading_waits_for_audio(void **state)
{
    struct pyst_eagi_frame frame;
    pthread_t thread;
    struct call call;
    size_t heard = 0;
    int r;

    begin_listening(&call);
    assert_int_equal(pthread_create(&thread, NULL, speak_in_pieces, &call), 0);
    while (r = pyst_eagi_read(call.eagi, -1, &frame), r == 1) {
        assert_frame(&frame, heard, FRAME);
        heard += FRAME;
    }
    assert_int_equal(r, PYST_ERR_HANGUP);
    assert_int_equal(heard, 8000);
    pthread_join(thread, NULL);
    end(&call);
}

static void begin_noop(struct call *call)
{
    char line[8] = "";

    pyst_agi_build_noop(pyst_agi_command(call->agi));
    assert_int_equal(pyst_agi_begin(call->agi), 0);
    assert_int_equal(read(call->asterisk, line, sizeof(line) - 1), 5);
    assert_string_equal(line, "NOOP\n");
}

static void audio_is_heard_while_a_command_goes_on(void **state)
{
    struct pyst_eagi_frame frame;
    struct call call;
    size_t heard = 0;

    begin_listening(&call);
    begin_noop(&call);
    for (int i = 0; i < 10; i++) {
        speak(&call, FRAME);
        assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
        assert_int_equal(pyst_agi_poll(call.agi), 0);
        assert_int_equal(pyst_eagi_next(call.eagi, &frame), 1);
        assert_frame(&frame, heard, FRAME);
        heard += FRAME;
    }
    write_text(call.asterisk, "200 result=7\n");
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    assert_int_equal(pyst_eagi_next(call.eagi, &frame), 0);
    assert_int_equal(pyst_agi_poll(call.agi), 1);
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    assert_int_equal(pyst_agi_finish(call.agi, NULL), 0);
    assert_int_equal(pyst_agi_reply(call.agi)->number, 7);
    end(&call);
}

static void a_reply_does_not_end_the_waiting_for_a_frame(void **state)
{
    struct pyst_eagi_frame frame;
    struct call call;

    begin_listening(&call);
    begin_noop(&call);
    write_text(call.asterisk, "200 result=0\n");
    assert_int_equal(pyst_eagi_read(call.eagi, 20, &frame), 0);
    assert_int_equal(pyst_agi_poll(call.agi), 1);
    assert_int_equal(pyst_agi_finish(call.agi, NULL), 0);
    end(&call);
}

static void a_hangup_ends_the_waiting_and_then_only_replies_count(void **state)
{
    struct pyst_eagi_frame frame;
    struct call call;

    begin_listening(&call);
    begin_noop(&call);
    write_text(call.asterisk, "HANGUP\n");
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    assert_int_equal(pyst_eagi_next(call.eagi, &frame), PYST_ERR_HANGUP);
    assert_int_equal(pyst_eagi_wait(call.eagi, 20), 0);
    write_text(call.asterisk, "200 result=-1\n");
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    assert_int_equal(pyst_agi_finish(call.agi, NULL), PYST_ERR_HANGUP);
    /* Nothing is left to wait for. */
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    end(&call);
}

static void the_end_of_the_audio_ends_the_waiting(void **state)
{
    struct pyst_eagi_frame frame;
    struct call call;

    begin_listening(&call);
    fall_silent(&call);
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    assert_int_equal(pyst_eagi_next(call.eagi, &frame), PYST_ERR_HANGUP);
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    end(&call);
}

static void audio_may_come_without_a_dialogue(void **state)
{
    struct pyst_eagi_options options = {0};
    struct pyst_eagi_frame frame;
    struct call call;

    begin(&call);
    options.descriptor = call.audio[0];
    assert_int_equal(pyst_eagi_open(&call.eagi, NULL, &options), 0);
    assert_string_equal(pyst_eagi_get_format(call.eagi).name, "slin");
    assert_int_equal(pyst_eagi_wait(call.eagi, 0), 0);
    speak(&call, FRAME);
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    assert_int_equal(pyst_eagi_read(call.eagi, -1, &frame), 1);
    assert_frame(&frame, 0, FRAME);
    fall_silent(&call);
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    assert_int_equal(pyst_eagi_read(call.eagi, -1, &frame), PYST_ERR_HANGUP);
    assert_int_equal(pyst_eagi_wait(call.eagi, -1), 1);
    end(&call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asterisk_is_asked_for_the_format),
        cmocka_unit_test(a_call_without_audio_is_told_apart),
        cmocka_unit_test(what_options_say_is_checked),
        cmocka_unit_test(frames_are_whole_however_audio_comes),
        cmocka_unit_test(a_frame_has_the_duration_that_was_asked_for),
        cmocka_unit_test(a_frame_may_be_larger_than_a_pipe),
        cmocka_unit_test(bytes_of_ulaw_are_samples),
        cmocka_unit_test(what_is_left_at_the_end_is_a_shorter_frame),
        cmocka_unit_test(audio_of_before_a_hangup_is_heard),
        cmocka_unit_test(a_descriptor_that_is_none_is_an_error),
        cmocka_unit_test(waiting_ends_when_its_time_is_up),
        cmocka_unit_test(reading_waits_for_audio),
        cmocka_unit_test(audio_is_heard_while_a_command_goes_on),
        cmocka_unit_test(a_reply_does_not_end_the_waiting_for_a_frame),
        cmocka_unit_test(a_hangup_ends_the_waiting_and_then_only_replies_count),
        cmocka_unit_test(the_end_of_the_audio_ends_the_waiting),
        cmocka_unit_test(audio_may_come_without_a_dialogue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
