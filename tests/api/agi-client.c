/* SPDX-License-Identifier: MIT */
#include "agi-client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cmocka.h>

#include <pyst/error.h>

/* ---- the server ----------------------------------------------------------------------------- */

struct served served_new(const struct pyst_agi_server_options *options)
{
    struct served served = {0};

    assert_int_equal(pyst_agi_server_new(&served.server, options), 0);
    assert_int_equal(pyst_agi_server_listen(served.server, "agi://127.0.0.1:0", NULL, &served.port),
                     0);
    assert_true(served.port > 0);
    return served;
}

static void *run(void *server)
{
    return pyst_agi_server_run(server) < 0 ? server : NULL;
}

void served_run(struct served *served)
{
    assert_int_equal(pthread_create(&served->thread, NULL, run, served->server), 0);
}

void served_end(struct served *served)
{
    void *failed;

    pyst_agi_server_stop(served->server, 0);
    assert_int_equal(pthread_join(served->thread, &failed), 0);
    assert_null(failed);
    assert_int_equal(served_counters(served).calls, 0);
    assert_null(pyst_agi_server_free(served->server));
}

struct pyst_agi_server_counters served_counters(const struct served *served)
{
    struct pyst_agi_server_counters counters;

    pyst_agi_server_counters(served->server, &counters);
    return counters;
}

void client_wait(int turn)
{
    const struct timespec pause = {.tv_nsec = 2000000};

    if (turn > WAIT_S * 500)
        fail_msg("it did not come to that");
    nanosleep(&pause, NULL);
}

/* ---- the client ----------------------------------------------------------------------------- */

int client_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const struct timeval wait = {.tv_sec = WAIT_S};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)), 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void client_say(int fd, const char *text)
{
    assert_int_equal(TEMP_FAILURE_RETRY(send(fd, text, strlen(text), MSG_NOSIGNAL)), strlen(text));
}

void client_environment(int fd, const char *path)
{
    char text[512];

    snprintf(text, sizeof(text),
             "agi_network: yes\nagi_network_script: %s\nagi_request: agi://127.0.0.1/%s\n"
             "agi_channel: Local/1\nagi_uniqueid: 1.1\nagi_callerid: 100\n\n",
             path, path);
    client_say(fd, text);
}

int client_call(int port, const char *path)
{
    const int fd = client_connect(port);

    assert_true(fd >= 0);
    client_environment(fd, path);
    return fd;
}

bool client_line(int fd, char *line, size_t size)
{
    size_t n = 0;
    char byte;

    for (;;) {
        const ssize_t r = TEMP_FAILURE_RETRY(recv(fd, &byte, 1, 0));

        if (r < 0 && errno == EAGAIN)
            fail_msg("nothing came");
        if (r <= 0) {
            assert_int_equal(n, 0);
            return false;
        }
        if (byte == '\n')
            break;
        assert_true(n + 1 < size);
        line[n++] = byte;
    }
    line[n] = '\0';
    return true;
}

void client_expect(int fd, const char *line)
{
    char heard[4096];

    assert_true(client_line(fd, heard, sizeof(heard)));
    assert_string_equal(heard, line);
}

/* A reset is an end, too: of a socket that was closed before all was read. */
void client_expect_end(int fd)
{
    char line[4096];

    if (client_line(fd, line, sizeof(line)))
        fail_msg("there is more: %s", line);
    close(fd);
}
