/* SPDX-License-Identifier: MIT */

/*
 * A client of libpyst-connection, as a program with an event loop is one. Usage:
 *
 *     client events PORT COUNT   events of a flood, each given to a callback
 *     client pings PORT COUNT    so many pings submitted at once, until all are answered
 *
 * Prints one line of JSON.
 */

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/connection.h>
#include <pyst/error.h>

#include "clock.h"

static uint64_t wanted;
static uint64_t seen;
static uint64_t checksum; /* keeps the callback from being optimised away */

static void fail(const char *what, int error)
{
    fprintf(stderr, "client: %s: %s\n", what, pyst_strerror(error));
    exit(1);
}

typedef void (*callback)(const struct pyst_ami_notice *notice);

/* Reads the name and two headers of an event. */
static void take_event(const struct pyst_ami_notice *notice)
{
    static const struct pyst_text channel = {"Channel", 7};
    static const struct pyst_text value = {"Value", 5};

    if (notice->type == PYST_AMI_NOTICE_EVENT) {
        struct pyst_text name = pyst_ami_message_name(notice->message);

        if (name.size == 6 && memcmp(name.data, "VarSet", 6) == 0) {
            checksum += pyst_ami_message_get(notice->message, channel).size;
            checksum += pyst_ami_message_get(notice->message, value).size;
            seen++;
        }
    }
}

static void take_pong(const struct pyst_ami_notice *notice)
{
    if (notice->type == PYST_AMI_NOTICE_DONE) {
        if (notice->error < 0) {
            fail("ping", notice->error);
        }
        seen++;
    }
}

/* Gives notices to the callback until it has seen all it wants. */
static void loop(struct pyst_ami_connection *connection, callback give)
{
    while (seen < wanted) {
        struct pollfd polled = {.fd = pyst_ami_connection_get_fd(connection), .events = POLLIN};
        struct pyst_ami_notice notice;
        int r;

        if (poll(&polled, 1, 60000) != 1) {
            fprintf(stderr, "client: only %llu of %llu came\n", (unsigned long long)seen,
                    (unsigned long long)wanted);
            exit(1);
        }
        r = pyst_ami_connection_process(connection);
        if (r < 0) {
            fail("process", r);
        }
        while ((r = pyst_ami_connection_next(connection, &notice)) > 0) {
            if (notice.type == PYST_AMI_NOTICE_CLOSED) {
                fail("closed", notice.error);
            }
            give(&notice);
        }
        if (r < 0) {
            fail("next", r);
        }
    }
}

static void submit(struct pyst_ami_connection *connection, const char *name, const char *count)
{
    static const struct pyst_ami_submission how;
    struct pyst_ami_action *action;
    int r = pyst_ami_action_new(&action, pyst_text(name));

    if (r == 0 && count) {
        r = pyst_ami_action_add(action, pyst_text("Count"), pyst_text(count));
    }
    if (r == 0) {
        r = pyst_ami_connection_submit(connection, action, &how, NULL);
    }
    if (r < 0) {
        fail("submit", r);
    }
    pyst_ami_action_free(action);
}

int main(int argc, char **argv)
{
    struct pyst_ami_connection_options options = {.host = "127.0.0.1"};
    struct pyst_ami_connection *connection;
    double wall;
    double cpu;
    int r;

    if (argc != 4) {
        fprintf(stderr, "usage: client events|pings PORT COUNT\n");
        return 2;
    }
    options.port = (uint16_t)strtoul(argv[2], NULL, 10);
    options.session.username = pyst_text("admin");
    options.session.secret = pyst_text("secret");
    wanted = strtoull(argv[3], NULL, 10);
    r = pyst_ami_connection_new(&connection, &options);
    if (r == 0) {
        r = pyst_ami_connection_open(connection, pyst_ami_connection_now() + 10000000);
    }
    if (r < 0) {
        fail("connect", r);
    }
    wall = bench_wall();
    cpu = bench_cpu();
    if (strcmp(argv[1], "events") == 0) {
        submit(connection, "Flood", argv[3]);
        loop(connection, take_event);
    } else {
        for (uint64_t i = 0; i < wanted; i++) {
            submit(connection, "Ping", NULL);
        }
        loop(connection, take_pong);
    }
    wall = bench_wall() - wall;
    cpu = bench_cpu() - cpu;
    printf("{\"count\": %llu, \"wall\": %.6f, \"cpu\": %.6f}\n", (unsigned long long)seen, wall,
           cpu);
    pyst_ami_connection_free(connection);
    return checksum == 1;
}
