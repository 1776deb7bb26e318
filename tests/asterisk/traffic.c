/* SPDX-License-Identifier: MIT */

/*
 * traffic HOST PORT: submits pings through everything that befalls the server, until standard
 * input ends; then waits for those in flight. It prints "ready" and "lost" as they happen, each on
 * a line, and at the end a line for each way in which pings ended: its error's name and a count.
 * The exit status is 1 when a ping ended twice or never.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <pyst/connection.h>

#define IN_FLIGHT 100
#define PINGS_MAX 1000000
#define ENDS_MAX  16

struct traffic {
    struct pyst_ami_connection *connection;
    struct pyst_ami_action *ping;
    size_t n_submitted, n_ended;
    bool ready, twice;
    unsigned char ended[PINGS_MAX]; /* by the place among the pings, which submissions carry */
    int errors[ENDS_MAX];
    size_t counts[ENDS_MAX];
};

static void count(struct traffic *traffic, int error)
{
    size_t i = 0;

    while (i < ENDS_MAX - 1 && traffic->counts[i] > 0 && traffic->errors[i] != error)
        i++;
    traffic->errors[i] = error;
    traffic->counts[i]++;
}

static int submit(struct traffic *traffic)
{
    const struct pyst_ami_submission how = {.user = &traffic->ended[traffic->n_submitted]};
    int r = pyst_ami_connection_submit(traffic->connection, traffic->ping, &how, NULL);

    if (r == 0)
        traffic->n_submitted++;
    return r;
}

static void take(struct traffic *traffic, const struct pyst_ami_notice *notice)
{
    unsigned char *ended = notice->user;

    switch (notice->type) {
    case PYST_AMI_NOTICE_DONE:
        traffic->twice = traffic->twice || *ended;
        *ended = 1;
        traffic->n_ended++;
        count(traffic, notice->error);
        break;
    case PYST_AMI_NOTICE_READY:
        traffic->ready = true;
        puts("ready");
        break;
    case PYST_AMI_NOTICE_CLOSED:
        /* An attempt that failed is no loss. */
        if (traffic->ready)
            puts("lost");
        traffic->ready = false;
        break;
    default:
        break;
    }
    fflush(stdout);
}

static int run(struct traffic *traffic)
{
    bool going_on = true;
    int r = pyst_ami_connection_start(traffic->connection);

    while (r == 0 && (going_on || traffic->n_ended < traffic->n_submitted)) {
        struct pollfd fds[2] = {
            {.fd = pyst_ami_connection_get_fd(traffic->connection), .events = POLLIN},
            {.fd = going_on ? STDIN_FILENO : -1, .events = POLLIN},
        };
        struct pyst_ami_notice notice;

        while (r == 0 && going_on && traffic->ready && traffic->n_submitted < PINGS_MAX &&
               traffic->n_submitted - traffic->n_ended < IN_FLIGHT)
            r = submit(traffic);
        if (r < 0)
            break;
        if (poll(fds, 2, -1) < 0)
            return -1;
        if (fds[1].revents)
            going_on = false;
        r = pyst_ami_connection_process(traffic->connection);
        if (r < 0)
            break;
        while ((r = pyst_ami_connection_next(traffic->connection, &notice)) == 1)
            take(traffic, &notice);
    }
    return r;
}

int main(int argc, char **argv)
{
    static struct traffic traffic;
    struct pyst_ami_connection_options options = {
        .reconnect = {.enabled = true, .min_us = 50000, .max_us = 500000},
    };
    int r;

    if (argc != 3)
        return 2;
    options.host = argv[1];
    options.port = (uint16_t)atoi(argv[2]);
    options.session.username = pyst_text("admin");
    options.session.secret = pyst_text("secret");
    options.session.events = pyst_text("on");

    r = pyst_ami_connection_new(&traffic.connection, &options);
    if (r == 0)
        r = pyst_ami_action_new(&traffic.ping, pyst_text("Ping"));
    if (r == 0)
        r = run(&traffic);
    if (r < 0)
        fprintf(stderr, "traffic: %s\n", pyst_strerror(r));
    for (size_t i = 0; i < ENDS_MAX && traffic.counts[i] > 0; i++)
        printf("%s %zu\n", pyst_error_name(traffic.errors[i]), traffic.counts[i]);
    pyst_ami_action_free(traffic.ping);
    pyst_ami_connection_free(traffic.connection);
    return r < 0 || traffic.twice || traffic.n_ended != traffic.n_submitted;
}
