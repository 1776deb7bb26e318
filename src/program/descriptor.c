/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "program/internal.h"

/*
 * A write raises SIGPIPE in the thread that writes. It is held back there, and taken away, unless
 * one was pending already: that one is not ours.
 */
static ssize_t write_to_pipe(int fd, const void *data, size_t size)
{
    static const struct timespec at_once;
    sigset_t pipe_signal, before, pending;
    ssize_t n;
    int error;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigemptyset(&pending);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    n = write(fd, data, size);
    error = errno;
    if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return n;
}

ssize_t descriptor_write(int fd, const void *data, size_t size)
{
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

    return n < 0 && errno == ENOTSOCK ? write_to_pipe(fd, data, size) : n;
}

int descriptor_wait(int fd, short events, int timeout_ms)
{
    struct pollfd pollfd = {.fd = fd, .events = events};

    return poll(&pollfd, 1, timeout_ms) > 0;
}
