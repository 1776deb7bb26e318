/* SPDX-License-Identifier: MIT */

/* One handler for a program that Asterisk starts, for FastAGI, and for AsyncAGI in both forms. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include <cmocka.h>

#include <pyst/agi/commands.h>
#include <pyst/connection.h>
#include <pyst/error.h>

#include "agi-client.h"
#include "connection-peer.h"

/* ---- the handler ---------------------------------------------------------------------------- */

/* Results of several kinds, and errors. */
static int handle(struct pyst_agi *agi, void *user)
{
    atomic_int *done = user;
    struct pyst_text value;
    char told[256];
    int r[5];

    r[0] = pyst_agi_answer(agi);
    r[1] = pyst_agi_get_variable(agi, "A", &value);
    snprintf(told, sizeof(told), "%.*s", r[1] > 0 ? (int)value.size : 0, value.data);
    r[2] = pyst_agi_database_get(agi, "f", "k", &value);
    r[3] = pyst_agi_execute_line(agi, "NONSENSE", NULL);
    r[4] = pyst_agi_get_data(agi, "enter", 2000, 4, &value);
    snprintf(told + strlen(told), sizeof(told) - strlen(told), " %d %d %d %d %d %.*s", r[0], r[1],
             r[2], r[3] == PYST_ERR_UNKNOWN_COMMAND, r[4], r[4] >= 0 ? (int)value.size : 0,
             value.data);
    pyst_agi_verbose(agi, told, 1);
    atomic_fetch_add(done, 1);
    return 0;
}

static const struct {
    const char *command, *reply;
} dialogue[] = {
    {"ANSWER", "200 result=0\n"},
    {"GET VARIABLE \"A\"", "200 result=1 (a (b) \xe9)\n"},
    {"DATABASE GET \"f\" \"k\"", "200 result=0\n"},
    {"NONSENSE", "510 Invalid or unknown command\n"},
    {"GET DATA \"enter\" 2000 4", "200 result=12 (timeout)\n"},
    {"VERBOSE \"a (b) \xe9 0 1 0 1 0 12\" 1", "200 result=1\n"},
};

#define COMMANDS (sizeof(dialogue) / sizeof(*dialogue))

/* Plays Asterisk's part on a stream, behind the environment. */
static void play(int fd)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        client_expect(fd, dialogue[i].command);
        client_say(fd, dialogue[i].reply);
    }
}

/* ---- a program, and FastAGI ----------------------------------------------------------------- */

struct program {
    atomic_int done;
    int fd, result;
};

static void *run_program(void *user)
{
    struct program *program = user;
    const int descriptors[] = {program->fd, program->fd};
    const struct pyst_agi_options options = {.descriptors = descriptors};
    struct pyst_agi *agi;

    program->result = pyst_agi_open(&agi, &options);
    if (program->result == 0) {
        handle(agi, &program->done);
        pyst_agi_close(agi);
    }
    close(program->fd);
    return NULL;
}

static void runs_as_a_program(void **state)
{
    struct program program = {.result = 1};
    pthread_t thread;
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    program.fd = ends[1];
    assert_int_equal(pthread_create(&thread, NULL, run_program, &program), 0);
    client_environment(ends[0], "x");
    play(ends[0]);
    client_expect_end(ends[0]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(program.result, 0);
    assert_int_equal(atomic_load(&program.done), 1);
}

static void runs_over_fastagi(void **state)
{
    struct served served = served_new(NULL);
    atomic_int done = 0;
    int fd;

    (void)state;
    assert_int_equal(pyst_agi_server_route(served.server, "x", handle, &done), 0);
    served_run(&served);
    fd = client_call(served.port, "x");
    play(fd);
    client_expect_end(fd);
    served_end(&served);
    assert_int_equal(atomic_load(&done), 1);
}

/* ---- AsyncAGI ------------------------------------------------------------------------------- */

struct pbx {
    bool is_old; /* tells of AsyncAGI as Asterisk did before it had an event for each thing */
    atomic_int right, ended;
};

static void encode(const char *text, char *encoded)
{
    for (; *text; text++)
        encoded += sprintf(encoded, "%%%02X", (unsigned char)*text);
    *encoded = '\0';
}

static void say_event(const struct pbx *pbx, int fd, const char *what, const char *headers)
{
    char event[4096];

    snprintf(event, sizeof(event),
             pbx->is_old ? "Event: AsyncAGI\r\nSubEvent: %s\r\nChannel: Local/1\r\n%s\r\n"
                         : "Event: AsyncAGI%s\r\nChannel: Local/1\r\nUniqueid: 1.1\r\n%s\r\n",
             what, headers);
    peer_say(fd, event);
}

static void value_of(const char *action, const char *name, char *value, size_t size)
{
    const char *at = strstr(action, name);

    *value = '\0';
    if (at)
        snprintf(value, size, "%.*s", (int)strcspn(at + strlen(name), "\r"), at + strlen(name));
}

static void serve(struct peer *peer, int fd, unsigned index)
{
    struct pbx *pbx = peer_user(peer);
    char action[8192], command[512], id[128], result[1024], headers[2048];

    (void)index;
    if (!peer_login(fd, NULL, 0))
        return;
    encode("agi_request: async\nagi_channel: Local/1\nagi_arg_1: x\n\n", result);
    snprintf(headers, sizeof(headers), "Env: %s\r\n", result);
    say_event(pbx, fd, "Start", headers);
    while (peer_hear(fd, action, sizeof(action)) > 0) {
        const size_t n = (size_t)atomic_load(&pbx->right);
        const char *reply = "510 Invalid or unknown command\n";

        peer_answer(fd, action, "Response: Success\r\n");
        if (!strstr(action, "Action: AGI\r\n") ||
            !strstr(action, pbx->is_old ? "Channel: Local/1\r\n" : "Channel: 1.1\r\n"))
            continue;
        value_of(action, "Command: ", command, sizeof(command));
        value_of(action, "CommandID: ", id, sizeof(id));
        if (n < COMMANDS && strcmp(command, dialogue[n].command) == 0) {
            reply = dialogue[n].reply;
            atomic_fetch_add(&pbx->right, 1);
        } else if (strcmp(command, "ASYNCAGI BREAK") == 0) {
            reply = "200 result=0\n";
        }
        encode(reply, result);
        snprintf(headers, sizeof(headers), "%s: %s\r\nResult: %s\r\n",
                 pbx->is_old ? "CommandID" : "CommandId", id, result);
        say_event(pbx, fd, "Exec", headers);
        if (strcmp(command, "ASYNCAGI BREAK") == 0) {
            say_event(pbx, fd, "End", "");
            atomic_fetch_add(&pbx->ended, 1);
        }
    }
}

static void run_over_async_agi(bool is_old)
{
    struct served served = served_new(NULL);
    struct pbx pbx = {.is_old = is_old};
    struct pyst_ami_connection_options manager;
    atomic_int done = 0;
    struct peer *peer;

    assert_int_equal(pyst_agi_server_route(served.server, "x", handle, &done), 0);
    peer = peer_new("127.0.0.1", 1, serve, &pbx);
    manager = options_for(peer_port(peer));
    assert_int_equal(pyst_agi_server_manager(served.server, &manager, NULL, NULL), 0);
    served_run(&served);
    for (int turn = 0; atomic_load(&pbx.ended) == 0; turn++)
        client_wait(turn);
    AWAIT(&served, calls, 0);
    served_end(&served);
    peer_join(peer);
    assert_int_equal(atomic_load(&pbx.right), COMMANDS);
    assert_int_equal(atomic_load(&done), 1);
}

static void runs_over_async_agi(void **state)
{
    (void)state;
    run_over_async_agi(false);
}

static void runs_over_async_agi_of_old(void **state)
{
    (void)state;
    run_over_async_agi(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_as_a_program),
        cmocka_unit_test(runs_over_fastagi),
        cmocka_unit_test(runs_over_async_agi),
        cmocka_unit_test(runs_over_async_agi_of_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
