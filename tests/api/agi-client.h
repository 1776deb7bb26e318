/* SPDX-License-Identifier: MIT */
#ifndef TESTS_AGI_CLIENT_H
#define TESTS_AGI_CLIENT_H

/*
 * What tests of an AGI server share: the server in a thread, and a client that plays Asterisk. What
 * does not come within WAIT_S does not come, and is a failure.
 */

#include <pthread.h>
#include <stddef.h>

#include <pyst/agi/server.h>

#define WAIT_S 60

struct served {
    struct pyst_agi_server *server;
    pthread_t thread;
    int port;
};

/* Makes a server that listens on a port of loopback. Routes are to follow, then served_run(). */
struct served served_new(const struct pyst_agi_server_options *options);
void served_run(struct served *served);
/* Stops, if that was not done, waits for the end, and frees. */
void served_end(struct served *served);
struct pyst_agi_server_counters served_counters(const struct served *served);
/* Waits until a counter has that value. */
#define AWAIT(served, name, value)                                                                 \
    do {                                                                                           \
        for (int turn = 0; served_counters(served).name != (value); turn++)                        \
            client_wait(turn);                                                                     \
    } while (0)

/* Sleeps a little; fails when that was too often. */
void client_wait(int turn);

/* A connection to a port of loopback; -1 when it is refused. */
int client_connect(int port);
void client_say(int fd, const char *text);
/* Says the environment of a call for a path; returns the descriptor, connected to `port`. */
int client_call(int port, const char *path);
void client_environment(int fd, const char *path);
/* The next line without its LF, read byte by byte; false at the end of the stream. */
bool client_line(int fd, char *line, size_t size);
void client_expect(int fd, const char *line);
void client_expect_end(int fd);

#endif
