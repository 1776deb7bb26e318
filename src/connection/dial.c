/* SPDX-License-Identifier: MIT */
#include "dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pyst/error.h>

void dial_init(struct dial *dial, struct addrinfo *list, uint64_t deadline)
{
    memset(dial, 0, sizeof(*dial));
    dial->fd = -1;
    dial->list = list;
    dial->next = list;
    dial->deadline = deadline;
    for (const struct addrinfo *a = list; a; a = a->ai_next)
        dial->n_left++;
}

void dial_deinit(struct dial *dial)
{
    if (dial->list)
        freeaddrinfo(dial->list);
    if (dial->fd >= 0)
        close(dial->fd);
    dial->list = NULL;
    dial->next = NULL;
    dial->fd = -1;
}

static void describe(struct dial *dial, const struct addrinfo *address)
{
    char host[48];
    char service[8];

    if (getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof(host), service,
                    sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(dial->name, sizeof(dial->name), "an address of family %d", address->ai_family);
    else
        snprintf(dial->name, sizeof(dial->name), "%s port %s", host, service);
}

/* Returns 0 when connected, else errno; EINPROGRESS goes on in the background. */
static int begin(struct dial *dial, const struct addrinfo *address)
{
    const int on = 1;

    dial->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dial->fd < 0)
        return errno;
    setsockopt(dial->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(dial->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    return connect(dial->fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
}

/*
 * A socket that is connected to a local port nobody listens on can, by chance, get that very port
 * as its own and meet itself: TCP's simultaneous open. It would then wait for its own greeting,
 * and keep the real server from its port.
 */
static bool met_itself(int fd)
{
    struct sockaddr_storage mine = {0};
    struct sockaddr_storage theirs = {0};
    socklen_t n_mine = sizeof(mine);
    socklen_t n_theirs = sizeof(theirs);

    return getsockname(fd, (struct sockaddr *)&mine, &n_mine) == 0 &&
           getpeername(fd, (struct sockaddr *)&theirs, &n_theirs) == 0 && n_mine == n_theirs &&
           memcmp(&mine, &theirs, n_mine) == 0;
}

/* The same results as begin(), of the connection under way. */
static int finish(struct dial *dial, uint64_t now)
{
    struct pollfd poll_fd = {.fd = dial->fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof(error);

    if (poll(&poll_fd, 1, 0) <= 0)
        return now >= dial->share_end ? ETIMEDOUT : EINPROGRESS;
    if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return errno;
    return error;
}

int dial_step(struct dial *dial, uint64_t now, void (*forget)(void *user), void *user,
              struct fault *fault)
{
    int error;

    for (;;) {
        if (dial->fd >= 0) {
            error = finish(dial, now);
        } else if (dial->next) {
            const struct addrinfo *address = dial->next;

            describe(dial, address);
            dial->share_end =
                dial->deadline > now ? now + (dial->deadline - now) / dial->n_left : now;
            dial->next = address->ai_next;
            dial->n_left--;
            error = begin(dial, address);
        } else {
            return PYST_ERR_CONNECT;
        }
        if (error == EINPROGRESS)
            return 0;
        if (error == 0 && met_itself(dial->fd))
            error = ECONNREFUSED;
        if (error == 0)
            return 1;
        fault_set(fault, PYST_ERR_CONNECT, "%s: %s", dial->name, strerror(error));
        forget(user);
        if (dial->fd >= 0)
            close(dial->fd);
        dial->fd = -1;
    }
}
