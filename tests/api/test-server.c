/* SPDX-License-Identifier: MIT */

/* The emulator's server over loopback: it runs in a thread, the clients are plain sockets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <uv.h>

#include <pyst/error.h>
#include <pyst/server.h>

#define CLIENTS  20
#define WAIT_S   30 /* what does not come by then does not come */
#define SAY_SIZE 4096

#define GREETING "Asterisk Call Manager/11.0.0\r\n"
#define LOGIN    "Action: Login\r\nUsername: demo\r\nSecret: secret\r\nEvents: off\r\n\r\n"
#define LOGOFF   "Action: Logoff\r\n\r\n"

struct served {
    struct pyst_emulator_server *server;
    pthread_t thread;
};

static void *run(void *server)
{
    return pyst_emulator_server_run(server) < 0 ? server : NULL;
}

static struct served serve(const struct pyst_emulator_server_options *options)
{
    struct served served;

    assert_int_equal(pyst_emulator_server_new(&served.server, options, NULL), 0);
    assert_true(pyst_emulator_server_port(served.server) > 0);
    assert_int_equal(pthread_create(&served.thread, NULL, run, served.server), 0);
    return served;
}

static void stop(struct served *served)
{
    void *failed;

    pyst_emulator_server_stop(served->server);
    assert_int_equal(pthread_join(served->thread, &failed), 0);
    assert_null(failed);
    assert_null(pyst_emulator_server_free(served->server));
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval wait = {.tv_sec = WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(TEMP_FAILURE_RETRY(send(fd, text, strlen(text), MSG_NOSIGNAL)), strlen(text));
}

/* Reads exactly that. */
static void hear(int fd, const char *expected)
{
    char said[SAY_SIZE];
    size_t size = strlen(expected);

    assert_true(size < sizeof(said));
    for (size_t n = 0; n < size;) {
        const ssize_t r = TEMP_FAILURE_RETRY(recv(fd, said + n, size - n, 0));

        assert_true(r > 0);
        n += (size_t)r;
    }
    said[size] = '\0';
    assert_string_equal(said, expected);
}

/* Reads to the end of the stream, into memory to be freed. */
static char *hear_all(int fd, size_t *sizep)
{
    size_t size = 0, room = 65536;
    char *said = malloc(room);
    ssize_t n;

    assert_non_null(said);
    while ((n = TEMP_FAILURE_RETRY(recv(fd, said + size, room - size - 1, 0))) > 0) {
        size += (size_t)n;
        if (room - size < 4096) {
            room *= 2;
            said = realloc(said, room);
            assert_non_null(said);
        }
    }
    assert_int_equal(n, 0);
    said[size] = '\0';
    *sizep = size;
    return said;
}

static void test_many_clients_at_once(void **state)
{
    struct pyst_emulator_server_options options = {0};
    struct served served = serve(&options);
    int fds[CLIENTS];
    char text[128];

    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = connect_to(pyst_emulator_server_port(served.server));
        snprintf(text, sizeof(text), "Action: Ping\r\nActionID: %d\r\n\r\n", i);
        say(fds[i], text);
    }
    for (int i = CLIENTS - 1; i >= 0; i--) {
        hear(fds[i], GREETING);
        snprintf(text, sizeof(text),
                 "Response: Error\r\nActionID: %d\r\nMessage: Permission denied\r\n\r\n", i);
        hear(fds[i], text);
        close(fds[i]);
    }
    stop(&served);
}

static void test_clients_over_the_limit_are_closed_and_others_served(void **state)
{
    struct pyst_emulator_server_options options = {.clients = 2};
    struct served served = serve(&options);
    int port = pyst_emulator_server_port(served.server);
    int first = connect_to(port), second, third;
    size_t size;

    hear(first, GREETING);
    second = connect_to(port);
    hear(second, GREETING);
    third = connect_to(port);
    free(hear_all(third, &size));
    assert_int_equal(size, 0);
    close(third);

    /* A place is free once the end of a client was answered by the server's. */
    shutdown(first, SHUT_WR);
    free(hear_all(first, &size));
    assert_int_equal(size, 0);
    close(first);
    for (int tries = 0; tries < 1000; tries++) {
        char c;
        ssize_t n;

        third = connect_to(port);
        n = TEMP_FAILURE_RETRY(recv(third, &c, 1, 0));
        close(third);
        if (n == 1)
            break;
        assert_true(tries < 999);
        usleep(10000);
    }
    say(second, LOGIN);
    hear(second, "Response: Success\r\n");
    close(second);
    stop(&served);
}

static size_t count(const char *said, const char *part)
{
    size_t n = 0;

    for (; (said = strstr(said, part)); said++)
        n++;
    return n;
}

static void test_a_flood_has_exactly_the_events_asked_for(void **state)
{
    struct pyst_emulator_server_options options = {.flood = true};
    struct served served = serve(&options);
    int fd = connect_to(pyst_emulator_server_port(served.server));
    const char *begin, *end;
    size_t size;
    char *said;

    say(fd, LOGIN "Action: Flood\r\nActionID: f\r\nCount: 12345\r\nSize: 321\r\n\r\n");
    for (size = 0, said = NULL;;) {
        /* FloodEnd says when to leave; Logoff before it would cut the flood. */
        char *larger = realloc(said, size + 65537);
        ssize_t n;

        assert_non_null(larger);
        said = larger;
        n = TEMP_FAILURE_RETRY(recv(fd, said + size, 65536, 0));
        assert_true(n > 0);
        size += (size_t)n;
        said[size] = '\0';
        if (size > 200 && strstr(said + size - 200, "Event: FloodEnd\r\n") &&
            !strcmp(said + size - 4, "\r\n\r\n"))
            break;
    }
    assert_int_equal(count(said, "\nEvent: Flood\r\n"), 12345);
    begin = strstr(said, "\nEvent: Flood\r\n");
    end = strstr(said, "\nEvent: FloodEnd\r\n");
    assert_int_equal(end - begin, 12345 * 321);
    assert_int_equal(count(said, "\r\nActionID: f\r\n"), 1);
    free(said);

    say(fd, "Action: Flood\r\nActionID: g\r\nCount: 0\r\n\r\n" LOGOFF);
    said = hear_all(fd, &size);
    assert_int_equal(strncmp(said, "Response: Error\r\nActionID: g\r\n", 30), 0);
    assert_int_equal(count(said, "Response: Goodbye\r\n"), 1);
    free(said);
    close(fd);
    stop(&served);
}

static void test_stops_with_clients_connected_and_frees_the_port(void **state)
{
    struct pyst_emulator_server_options options = {0};
    struct served served = serve(&options);
    struct pyst_emulator_server *other;
    int port = pyst_emulator_server_port(served.server), fd = connect_to(port);
    char c;

    hear(fd, GREETING);
    options.port = port;
    assert_int_equal(pyst_emulator_server_new(&other, &options, NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    say(fd, LOGIN);
    stop(&served);
    while (TEMP_FAILURE_RETRY(recv(fd, &c, 1, 0)) > 0)
        continue;
    close(fd);
    served = serve(&options);
    assert_int_equal(pyst_emulator_server_port(served.server), port);
    stop(&served);
}

static void test_a_stop_before_the_run_ends_it(void **state)
{
    struct pyst_emulator_server_options options = {0};
    struct pyst_emulator_server *server;

    assert_int_equal(pyst_emulator_server_new(&server, &options, NULL), 0);
    pyst_emulator_server_stop(server);
    assert_int_equal(pyst_emulator_server_run(server), 0);
    assert_null(pyst_emulator_server_free(server));
    assert_null(pyst_emulator_server_free(NULL));
}

/* ---- on the host's loop ---------------------------------------------------------------------- */

static void on_late(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Turns the loop until the server has so many clients. */
static void turn_until_clients(uv_loop_t *loop, const struct pyst_emulator_server *server, size_t n)
{
    bool late = false;
    uv_timer_t timer = {.data = &late};

    assert_int_equal(uv_timer_init(loop, &timer), 0);
    assert_int_equal(uv_timer_start(&timer, on_late, WAIT_S * 1000, 0), 0);
    while (pyst_emulator_server_clients(server) != n && !late)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
    assert_false(late);
}

static void test_a_host_sends_to_all_clients_and_drops_them(void **state)
{
    const char *event = "Event: Reload\r\nModule: All\r\n\r\n";
    struct pyst_emulator_server_options options = {0};
    struct pyst_emulator_server *server;
    uv_loop_t loop;
    int fds[CLIENTS];
    char c;

    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(pyst_emulator_server_new(&server, &options, &loop), 0);
    assert_int_equal(pyst_emulator_server_run(server), PYST_ERR_STATE);
    assert_int_equal(pyst_emulator_server_clients(server), 0);
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = connect_to(pyst_emulator_server_port(server));
    turn_until_clients(&loop, server, CLIENTS);
    pyst_emulator_server_send_all(server, pyst_text(event));
    for (int i = 0; i < CLIENTS; i++) {
        hear(fds[i], GREETING);
        hear(fds[i], event);
    }
    pyst_emulator_server_drop_all(server);
    turn_until_clients(&loop, server, 0);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(TEMP_FAILURE_RETRY(recv(fds[i], &c, 1, 0)), 0);
        close(fds[i]);
    }
    /* It still listens. */
    fds[0] = connect_to(pyst_emulator_server_port(server));
    turn_until_clients(&loop, server, 1);
    close(fds[0]);
    assert_null(pyst_emulator_server_free(server));
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_refuses_what_is_no_address_or_port(void **state)
{
    struct pyst_emulator_server_options options = {.host = "no address"};
    struct pyst_emulator_server *server;

    assert_int_equal(pyst_emulator_server_new(&server, &options, NULL), PYST_ERR_INVALID);
    options.host = NULL;
    options.port = 65536;
    assert_int_equal(pyst_emulator_server_new(&server, &options, NULL), PYST_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_clients_at_once),
        cmocka_unit_test(test_clients_over_the_limit_are_closed_and_others_served),
        cmocka_unit_test(test_a_flood_has_exactly_the_events_asked_for),
        cmocka_unit_test(test_stops_with_clients_connected_and_frees_the_port),
        cmocka_unit_test(test_a_stop_before_the_run_ends_it),
        cmocka_unit_test(test_a_host_sends_to_all_clients_and_drops_them),
        cmocka_unit_test(test_refuses_what_is_no_address_or_port),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
