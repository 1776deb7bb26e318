/* SPDX-License-Identifier: MIT */

/*
 * What the bytes of AGI calls cost alone: a loop that sends the same twenty commands in every call
 * and looks at nothing that comes. Usage: agi-floor. It prints the port it listens on and ends when
 * its standard input does.
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define EVENTS   512
#define COMMANDS 20
#define FILES    65536

static const char *const commands[] = {
    "NOOP\n",
    "VERBOSE \"step 1 of 5\" 3\n",
    "SET VARIABLE \"BENCH_1\" \"opening hours, all days\"\n",
    "GET VARIABLE \"BENCH_1\"\n",
};

static unsigned char sent[FILES]; /* commands, by descriptor */
static int epoll;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        die("epoll_ctl");
    }
}

static int listen_anywhere(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, SOMAXCONN) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
        die("listen");
    }
    printf("%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void accept_all(int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= FILES) {
            close(fd);
            continue;
        }
        sent[fd] = 0;
        watch(fd, EPOLLIN);
    }
}

static void serve(int fd)
{
    char data[4096];
    ssize_t size = recv(fd, data, sizeof(data), 0);
    const char *command = commands[sent[fd] % 4];

    if (size < 0 && errno == EAGAIN) {
        return;
    }
    if (size <= 0 || sent[fd]++ == COMMANDS ||
        send(fd, command, strlen(command), MSG_NOSIGNAL) < 0) {
        close(fd);
    }
}

int main(void)
{
    struct rlimit files;
    int listener = listen_anywhere();

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(listener, EPOLLIN);
    watch(STDIN_FILENO, EPOLLIN);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;

            if (fd == STDIN_FILENO) {
                return 0;
            }
            if (fd == listener) {
                accept_all(listener);
            } else {
                serve(fd);
            }
        }
    }
}
