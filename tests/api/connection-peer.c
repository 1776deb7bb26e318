/* SPDX-License-Identifier: MIT */
#include "connection-peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <pyst/error.h>

struct peer {
    pthread_t thread;
    int listener;
    uint16_t port;
    unsigned n;
    peer_serve serve;
    void *user;
};

__attribute__((noreturn)) static void give_up(const char *what)
{
    printf("Bail out! %s\n", what);
    fflush(stdout);
    _exit(1);
}

static void bound(int fd)
{
    const struct timeval patience = {.tv_sec = PATIENCE / SECOND};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static void *run(void *user)
{
    struct peer *peer = user;
    sigset_t pipe;

    /* The client must not raise it; this side may. */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigaddset(&pipe, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    for (unsigned i = 0; i < peer->n; i++) {
        int fd = TEMP_FAILURE_RETRY(accept(peer->listener, NULL, NULL));

        if (fd < 0)
            give_up("no client came");
        bound(fd);
        peer->serve(peer, fd, i);
        close(fd);
    }
    return NULL;
}

static int listen_on(const char *address, uint16_t *portp)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const bool is_v6 = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1;
    struct sockaddr *name = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t size = is_v6 ? sizeof(v6) : sizeof(v4);
    int fd;

    inet_pton(AF_INET, address, &v4.sin_addr);
    fd = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, name, size) < 0 || getsockname(fd, name, &size) < 0) {
        close(fd);
        return -1;
    }
    *portp = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    return fd;
}

struct peer *peer_new(const char *address, unsigned n, peer_serve serve, void *user)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    peer->n = n;
    peer->serve = serve;
    peer->user = user;
    peer->listener = listen_on(address, &peer->port);
    if (peer->listener < 0) {
        free(peer);
        return NULL;
    }
    bound(peer->listener);
    if (listen(peer->listener, 16) < 0 || pthread_create(&peer->thread, NULL, run, peer) != 0)
        give_up("no peer");
    return peer;
}

void peer_join(struct peer *peer)
{
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    free(peer);
}

uint16_t peer_port(const struct peer *peer)
{
    return peer->port;
}

void *peer_user(const struct peer *peer)
{
    return peer->user;
}

bool peer_send(int fd, const void *data, size_t size)
{
    const char *bytes = data;

    while (size > 0) {
        ssize_t n = TEMP_FAILURE_RETRY(send(fd, bytes, size, MSG_NOSIGNAL));

        if (n < 0 && errno == EAGAIN)
            give_up("the client does not read");
        if (n < 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

bool peer_say(int fd, const char *bytes)
{
    return peer_send(fd, bytes, strlen(bytes));
}

/* Byte by byte: what follows the action is for the next call. */
size_t peer_hear(int fd, char *action, size_t size)
{
    size_t n = 0;

    while (n + 1 < size) {
        ssize_t r = TEMP_FAILURE_RETRY(recv(fd, action + n, 1, 0));

        if (r < 0 && errno == EAGAIN)
            give_up("the client says nothing");
        if (r <= 0)
            return 0;
        n++;
        if (n >= 4 && memcmp(action + n - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    action[n] = '\0';
    return n;
}

void peer_drain(int fd)
{
    char bytes[4096];
    ssize_t n;

    while ((n = TEMP_FAILURE_RETRY(recv(fd, bytes, sizeof(bytes), 0))) > 0)
        ;
    if (n < 0 && errno == EAGAIN)
        give_up("the client does not leave");
}

bool peer_answer(int fd, const char *action, const char *lines)
{
    const char *id = strstr(action, "ActionID: ");
    const int n = id ? (int)strcspn(id, "\r\n") : 0;
    char answer[4096];

    snprintf(answer, sizeof(answer), "%s%.*s%s\r\n", lines, n, id ? id : "", id ? "\r\n" : "");
    return peer_say(fd, answer);
}

bool peer_login(int fd, char *action, size_t size)
{
    char heard[4096];

    if (!action) {
        action = heard;
        size = sizeof(heard);
    }
    if (!peer_say(fd, "Asterisk Call Manager/11.0.0\r\n") || peer_hear(fd, action, size) == 0)
        return false;
    if (strncmp(action, "Action: Challenge\r\n", 19) == 0 &&
        (!peer_answer(fd, action, "Response: Success\r\nChallenge: 123456789\r\n") ||
         peer_hear(fd, action, size) == 0))
        return false;
    return peer_answer(fd, action, "Response: Success\r\nMessage: Authentication accepted\r\n");
}

void peer_will_reset(int fd)
{
    const struct linger reset = {.l_onoff = 1};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

uint16_t refusing_port(int *fdp)
{
    uint16_t port = 0;

    *fdp = listen_on("127.0.0.1", &port);
    return port;
}

struct pyst_ami_connection_options options_for(uint16_t port)
{
    struct pyst_ami_connection_options options = {.host = "127.0.0.1", .port = port};

    options.connect_timeout_us = PATIENCE;
    options.session.username = pyst_text("admin");
    options.session.secret = pyst_text("secret");
    options.session.authentication = PYST_AMI_AUTHENTICATION_PLAIN;
    options.session.login_timeout_us = PATIENCE;
    return options;
}

struct pyst_ami_connection *connection_to(const struct pyst_ami_connection_options *options)
{
    struct pyst_ami_connection *connection = NULL;

    if (pyst_ami_connection_new(&connection, options) != 0)
        give_up("no connection");
    return connection;
}

void process_once(struct pyst_ami_connection *connection)
{
    struct pollfd poll_fd = {.fd = pyst_ami_connection_get_fd(connection),
                             .events = (short)pyst_ami_connection_get_events(connection)};

    if (poll(&poll_fd, 1, (int)(PATIENCE / 1000)) <= 0)
        give_up("nothing happens");
    if (pyst_ami_connection_process(connection) < 0)
        give_up("processing fails");
}

void take(struct pyst_ami_connection *connection, struct pyst_ami_notice *noticep)
{
    int r;

    while ((r = pyst_ami_connection_next(connection, noticep)) == 0)
        process_once(connection);
    if (r < 0)
        give_up("no notice can be taken");
}

void take_until(struct pyst_ami_connection *connection, enum pyst_ami_notice_type type,
                struct pyst_ami_notice *noticep)
{
    do {
        take(connection, noticep);
        if (noticep->type == PYST_AMI_NOTICE_CLOSED && type != PYST_AMI_NOTICE_CLOSED) {
            printf("# closed: %s\n", pyst_ami_connection_error_text(connection));
            give_up("the connection closed");
        }
    } while (noticep->type != type);
}

struct pyst_ami_action *action_named(const char *name)
{
    struct pyst_ami_action *action = NULL;

    if (pyst_ami_action_new(&action, pyst_text(name)) != 0)
        give_up("no action");
    return action;
}

uint64_t submit_named(struct pyst_ami_connection *connection, const char *name)
{
    struct pyst_ami_action *action = action_named(name);
    uint64_t number = 0;

    if (pyst_ami_connection_submit(connection, action, NULL, &number) != 0)
        give_up("not submitted");
    pyst_ami_action_free(action);
    return number;
}
