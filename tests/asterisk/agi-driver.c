/* SPDX-License-Identifier: MIT */

/*
 * agi-driver PORT: an AGI program that calls the function of pyst/agi/commands.h that a test says.
 *
 * agi-driver --serve PORT: the same as a handler of a FastAGI server, whose own port is the first
 * line of standard output, until standard input ends.
 *
 * agi-driver --manager AMI-PORT PORT: the same for all AsyncAGI calls of the Asterisk whose manager
 * interface is at AMI-PORT; the first line is "ready".
 *
 * Each call makes a connection to PORT of 127.0.0.1 and sends its agi_uniqueid, then answers each
 * line by a line until there are no more. A line that comes is the name of a function and its
 * arguments, between tabs; an argument that is missing is NULL or 0. An answer is, between tabs,
 * error=NAME where the function failed, and what it gave. All is percent-encoded where need be.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pyst/agi/commands.h>
#include <pyst/agi/program.h>
#include <pyst/agi/server.h>
#include <pyst/connection.h>

#define ARGUMENTS_MAX 10

struct step {
    struct pyst_agi *agi;
    char *arguments[ARGUMENTS_MAX + 1];
    FILE *answer;
};

static const char *text(const struct step *step, int i)
{
    return step->arguments[i];
}

static int64_t number(const struct step *step, int i)
{
    return step->arguments[i] ? strtoll(step->arguments[i], NULL, 10) : 0;
}

static void give(const struct step *step, const char *name, struct pyst_text value)
{
    fprintf(step->answer, "\t%s=", name);
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.data[i];

        if (c > ' ' && c < 127 && c != '%')
            fputc(c, step->answer);
        else
            fprintf(step->answer, "%%%02X", c);
    }
}

static void give_number(const struct step *step, const char *name, int64_t value)
{
    fprintf(step->answer, "\t%s=%" PRId64, name, value);
}

static void give_digit(const struct step *step, char digit)
{
    give(step, "digit", (struct pyst_text){&digit, digit != 0});
}

/* What a command that a digit can end gave. */
static int digit(const struct step *step, int r, char pressed)
{
    if (r >= 0)
        give_digit(step, r == 1 ? pressed : 0);
    return r;
}

static int playback(const struct step *step, int r, const struct pyst_agi_playback *playback)
{
    if (r >= 0) {
        give_digit(step, playback->digit);
        give_number(step, "end", playback->end_position);
    }
    return r;
}

static int value(const struct step *step, int r, struct pyst_text found)
{
    if (r >= 0)
        give_number(step, "set", r);
    if (r == 1)
        give(step, "value", found);
    return r;
}

#define SIMPLE(name, call)                                                                         \
    static int do_##name(const struct step *s)                                                     \
    {                                                                                              \
        return call;                                                                               \
    }

SIMPLE(answer, pyst_agi_answer(s->agi))
SIMPLE(asyncagi_break, pyst_agi_asyncagi_break(s->agi))
SIMPLE(database_del, pyst_agi_database_del(s->agi, text(s, 0), text(s, 1)))
SIMPLE(database_deltree, pyst_agi_database_deltree(s->agi, text(s, 0), text(s, 1)))
SIMPLE(database_put, pyst_agi_database_put(s->agi, text(s, 0), text(s, 1), text(s, 2)))
SIMPLE(hangup, pyst_agi_hangup(s->agi, text(s, 0)))
SIMPLE(noop, pyst_agi_noop(s->agi))
SIMPLE(send_image, pyst_agi_send_image(s->agi, text(s, 0)))
SIMPLE(send_text, pyst_agi_send_text(s->agi, text(s, 0)))
SIMPLE(set_autohangup, pyst_agi_set_autohangup(s->agi, number(s, 0)))
SIMPLE(set_callerid, pyst_agi_set_callerid(s->agi, text(s, 0)))
SIMPLE(set_context, pyst_agi_set_context(s->agi, text(s, 0)))
SIMPLE(set_extension, pyst_agi_set_extension(s->agi, text(s, 0)))
SIMPLE(set_music, pyst_agi_set_music(s->agi, number(s, 0) != 0, text(s, 1)))
SIMPLE(set_priority, pyst_agi_set_priority(s->agi, text(s, 0)))
SIMPLE(set_variable, pyst_agi_set_variable(s->agi, text(s, 0), text(s, 1)))
SIMPLE(speech_activate_grammar, pyst_agi_speech_activate_grammar(s->agi, text(s, 0)))
SIMPLE(speech_create, pyst_agi_speech_create(s->agi, text(s, 0)))
SIMPLE(speech_deactivate_grammar, pyst_agi_speech_deactivate_grammar(s->agi, text(s, 0)))
SIMPLE(speech_destroy, pyst_agi_speech_destroy(s->agi))
SIMPLE(speech_load_grammar, pyst_agi_speech_load_grammar(s->agi, text(s, 0), text(s, 1)))
SIMPLE(speech_set, pyst_agi_speech_set(s->agi, text(s, 0), text(s, 1)))
SIMPLE(speech_unload_grammar, pyst_agi_speech_unload_grammar(s->agi, text(s, 0)))
SIMPLE(tdd_mode, pyst_agi_tdd_mode(s->agi, text(s, 0)))
SIMPLE(verbose, pyst_agi_verbose(s->agi, text(s, 0), number(s, 1)))

#define SAYING(name, call)                                                                         \
    static int do_##name(const struct step *s)                                                     \
    {                                                                                              \
        char pressed = 0;                                                                          \
        int r = call;                                                                              \
                                                                                                   \
        return digit(s, r, pressed);                                                               \
    }

SAYING(say_alpha, pyst_agi_say_alpha(s->agi, text(s, 0), text(s, 1), &pressed))
SAYING(say_date, pyst_agi_say_date(s->agi, number(s, 0), text(s, 1), &pressed))
SAYING(say_datetime,
       pyst_agi_say_datetime(s->agi, number(s, 0), text(s, 1), text(s, 2), text(s, 3), &pressed))
SAYING(say_digits, pyst_agi_say_digits(s->agi, text(s, 0), text(s, 1), &pressed))
SAYING(say_number, pyst_agi_say_number(s->agi, number(s, 0), text(s, 1), text(s, 2), &pressed))
SAYING(say_phonetic, pyst_agi_say_phonetic(s->agi, text(s, 0), text(s, 1), &pressed))
SAYING(say_time, pyst_agi_say_time(s->agi, number(s, 0), text(s, 1), &pressed))
SAYING(wait_for_digit, pyst_agi_wait_for_digit(s->agi, number(s, 0), &pressed))

#define PLAYING(name, call)                                                                        \
    static int do_##name(const struct step *s)                                                     \
    {                                                                                              \
        struct pyst_agi_playback how;                                                              \
        int r = call;                                                                              \
                                                                                                   \
        return playback(s, r, &how);                                                               \
    }

PLAYING(get_option, pyst_agi_get_option(s->agi, text(s, 0), text(s, 1), number(s, 2), &how))
PLAYING(stream_file, pyst_agi_stream_file(s->agi, text(s, 0), text(s, 1), number(s, 2), &how))

static int do_control_stream_file(const struct step *s)
{
    const struct pyst_agi_playback_control control = {
        .skip_ms = number(s, 2),
        .forward = text(s, 3),
        .rewind = s->arguments[3] ? text(s, 4) : NULL,
        .pause = s->arguments[3] && s->arguments[4] ? text(s, 5) : NULL,
    };
    struct pyst_agi_playback how;
    int r = pyst_agi_control_stream_file(s->agi, text(s, 0), text(s, 1), &control, &how);

    return playback(s, r, &how);
}

#define VALUE(name, call)                                                                          \
    static int do_##name(const struct step *s)                                                     \
    {                                                                                              \
        struct pyst_text found = pyst_text_none();                                                 \
        int r = call;                                                                              \
                                                                                                   \
        return value(s, r, found);                                                                 \
    }

VALUE(database_get, pyst_agi_database_get(s->agi, text(s, 0), text(s, 1), &found))
VALUE(get_full_variable, pyst_agi_get_full_variable(s->agi, text(s, 0), text(s, 1), &found))
VALUE(get_variable, pyst_agi_get_variable(s->agi, text(s, 0), &found))
VALUE(receive_text, pyst_agi_receive_text(s->agi, number(s, 0), &found))

static int do_channel_status(const struct step *s)
{
    int r = pyst_agi_channel_status(s->agi, text(s, 0));

    if (r >= 0)
        give_number(s, "state", r);
    return r;
}

static int do_exec(const struct step *s)
{
    int64_t result = 0;
    int r = pyst_agi_exec(s->agi, text(s, 0), text(s, 1), &result);

    if (r >= 0)
        give_number(s, "result", result);
    return r;
}

static int do_get_data(const struct step *s)
{
    struct pyst_text digits = pyst_text_none();
    int r = pyst_agi_get_data(s->agi, text(s, 0), number(s, 1), number(s, 2), &digits);

    if (r >= 0) {
        give(s, "digits", digits);
        give_number(s, "complete", r);
    }
    return r;
}

static int do_gosub(const struct step *s)
{
    int r = pyst_agi_gosub(s->agi, text(s, 0), text(s, 1), text(s, 2), text(s, 3));

    if (r >= 0)
        give_number(s, "left", r);
    return r;
}

static int do_receive_char(const struct step *s)
{
    int character = 0;
    int r = pyst_agi_receive_char(s->agi, number(s, 0), &character);

    if (r >= 0)
        give_number(s, "character", character);
    return r;
}

static int do_record_file(const struct step *s)
{
    static const char *const ends[] = {"digit", "timeout", "hangup", "failed"};
    struct pyst_agi_recording recording;
    int r = pyst_agi_record_file(s->agi, text(s, 0), text(s, 1), text(s, 2), number(s, 3),
                                 number(s, 4), number(s, 5) != 0, number(s, 6), &recording);

    if (r >= 0) {
        give(s, "how", pyst_text(ends[recording.end]));
        give_digit(s, recording.digit);
        give_number(s, "end", recording.end_position);
    }
    return r;
}

static int do_speech_recognize(const struct step *s)
{
    static const char *const ends[] = {"timeout", "speech", "digit"};
    struct pyst_agi_speech speech;
    struct pyst_agi_speech_result best;
    int r = pyst_agi_speech_recognize(s->agi, text(s, 0), number(s, 1), number(s, 2), &speech);

    if (r < 0)
        return r;
    give(s, "how", pyst_text(ends[speech.end]));
    give_digit(s, speech.digit);
    if (pyst_agi_reply_speech_result(pyst_agi_reply(s->agi), 0, &best) == 1) {
        give(s, "text", best.text);
        give(s, "grammar", best.grammar);
        give_number(s, "score", best.score);
    }
    return r;
}

/* clang-format off: it would make a staircase of these */
#define FUNCTIONS(X)                                                                               \
    X(answer)                                                                                      \
    X(asyncagi_break)                                                                              \
    X(channel_status)                                                                              \
    X(control_stream_file)                                                                         \
    X(database_del)                                                                                \
    X(database_deltree)                                                                            \
    X(database_get)                                                                                \
    X(database_put)                                                                                \
    X(exec)                                                                                        \
    X(get_data)                                                                                    \
    X(get_full_variable)                                                                           \
    X(get_option)                                                                                  \
    X(get_variable)                                                                                \
    X(gosub)                                                                                       \
    X(hangup)                                                                                      \
    X(noop)                                                                                        \
    X(receive_char)                                                                                \
    X(receive_text)                                                                                \
    X(record_file)                                                                                 \
    X(say_alpha)                                                                                   \
    X(say_date)                                                                                    \
    X(say_datetime)                                                                                \
    X(say_digits)                                                                                  \
    X(say_number)                                                                                  \
    X(say_phonetic)                                                                                \
    X(say_time)                                                                                    \
    X(send_image)                                                                                  \
    X(send_text)                                                                                   \
    X(set_autohangup)                                                                              \
    X(set_callerid)                                                                                \
    X(set_context)                                                                                 \
    X(set_extension)                                                                               \
    X(set_music)                                                                                   \
    X(set_priority)                                                                                \
    X(set_variable)                                                                                \
    X(speech_activate_grammar)                                                                     \
    X(speech_create)                                                                               \
    X(speech_deactivate_grammar)                                                                   \
    X(speech_destroy)                                                                              \
    X(speech_load_grammar)                                                                         \
    X(speech_recognize)                                                                            \
    X(speech_set)                                                                                  \
    X(speech_unload_grammar)                                                                       \
    X(stream_file)                                                                                 \
    X(tdd_mode)                                                                                    \
    X(verbose)                                                                                     \
    X(wait_for_digit)
/* clang-format on */

static const struct {
    const char *name;
    int (*function)(const struct step *step);
} functions[] = {
#define ENTRY(name) {#name, do_##name},
    FUNCTIONS(ENTRY)
#undef ENTRY
};

static void percent_decode(char *data)
{
    char *to = data;

    for (char *from = data; *from; from++) {
        unsigned code;

        if (*from == '%' && sscanf(from + 1, "%2x", &code) == 1) {
            *to++ = (char)code;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
}

/* Does what `line` says and answers. */
static void do_step(struct pyst_agi *agi, char *line, FILE *answer)
{
    struct step step = {.agi = agi, .answer = answer};
    char *place = NULL;
    char *name = strtok_r(line, "\t\n", &place);
    int r = PYST_ERR_INVALID;

    for (int i = 0; i < ARGUMENTS_MAX; i++) {
        step.arguments[i] = strsep(&place, "\t\n");
        if (!place) {
            /* What is behind the last tab is nothing. */
            step.arguments[i] = NULL;
            break;
        }
        percent_decode(step.arguments[i]);
    }
    for (size_t i = 0; name && i < sizeof(functions) / sizeof(functions[0]); i++)
        if (strcmp(name, functions[i].name) == 0)
            r = functions[i].function(&step);
    fprintf(answer, "\t%s=%s\n", r < 0 ? "error" : "done", pyst_error_name(r));
    fflush(answer);
}

/* A connection to the test, as a stream for each direction: 0, or -1. */
static int reach_test(uint16_t port, FILE **fromp, FILE **top)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (descriptor < 0)
        return -1;
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        close(descriptor);
        return -1;
    }
    *fromp = fdopen(descriptor, "r");
    *top = fdopen(dup(descriptor), "w");
    return *fromp && *top ? 0 : -1;
}

/* One call, however it came. `user` is the port of the test. */
static int drive(struct pyst_agi *agi, void *user)
{
    struct pyst_text id = pyst_agi_get(agi, "uniqueid");
    FILE *from;
    FILE *to;
    char *line = NULL;
    size_t size = 0;

    if (reach_test(*(const uint16_t *)user, &from, &to) < 0)
        return -1;
    fprintf(to, "%.*s\n", (int)id.size, id.data);
    fflush(to);
    for (;;) {
        errno = 0;
        if (getline(&line, &size, from) > 0)
            do_step(agi, line, to);
        else if (errno == EINTR) /* by SIGHUP, which the next command is to tell */
            clearerr(from);
        else
            break;
    }
    free(line);
    fclose(from);
    fclose(to);
    return 0;
}

static void *serve_until_stopped(void *server)
{
    return pyst_agi_server_run(server) < 0 ? server : NULL;
}

static void say_ready(struct pyst_ami_connection *connection, const struct pyst_ami_notice *notice,
                      void *user)
{
    if (notice->type == PYST_AMI_NOTICE_READY) {
        puts("ready");
        fflush(stdout);
    }
}

/* As a FastAGI server, or with an `ami_port` for the calls of a manager connection. */
static int serve(uint16_t *port, uint16_t ami_port)
{
    const struct pyst_agi_server_options options = {.loops = 2, .workers = 256, .waiting = 1};
    struct pyst_ami_connection_options manager = {.host = "127.0.0.1", .port = ami_port};
    struct pyst_agi_server *server;
    pthread_t thread;
    int own_port;
    void *failed;
    char rest[64];

    manager.session.username = pyst_text("admin");
    manager.session.secret = pyst_text("secret");
    if (pyst_agi_server_new(&server, &options) < 0 ||
        pyst_agi_server_route(server, "*", drive, port) < 0)
        return 1;
    if (ami_port > 0) {
        if (pyst_agi_server_manager(server, &manager, say_ready, NULL) < 0)
            return 1;
    } else {
        if (pyst_agi_server_listen(server, "agi://127.0.0.1:0", NULL, &own_port) < 0)
            return 1;
        printf("%d\n", own_port);
        fflush(stdout);
    }
    if (pthread_create(&thread, NULL, serve_until_stopped, server) != 0)
        return 1;
    while (read(0, rest, sizeof(rest)) > 0)
        continue;
    pyst_agi_server_stop(server, 0);
    pthread_join(thread, &failed);
    pyst_agi_server_free(server);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    uint16_t port = (uint16_t)(argc > 1 ? atoi(argv[argc - 1]) : 0);
    struct pyst_agi *agi;
    int r;

    if (argc == 3 && strcmp(argv[1], "--serve") == 0)
        return serve(&port, 0);
    if (argc == 4 && strcmp(argv[1], "--manager") == 0)
        return serve(&port, (uint16_t)atoi(argv[2]));
    if (pyst_agi_open(&agi, NULL) < 0)
        return 1;
    r = drive(agi, &port);
    pyst_agi_close(agi);
    return r < 0 ? 1 : 0;
}
