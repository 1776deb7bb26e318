/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli.h"

static volatile sig_atomic_t came;
static int waker = -1;

static void interrupt(int signal_number)
{
    const uint64_t one = 1;
    const int saved = errno;

    (void)signal_number;
    came = 1;
    if (write(waker, &one, sizeof(one)) < 0)
        _exit(EXIT_INTERRUPTED);
    errno = saved;
}

int interrupt_catch(void)
{
    struct sigaction action = {.sa_handler = interrupt,
                               .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};

    waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (waker < 0)
        return -1;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

bool interrupt_came(void)
{
    return came != 0;
}

int interrupt_fd(void)
{
    return waker;
}

void interrupt_wait(void)
{
    struct pollfd poll_fd = {.fd = waker, .events = POLLIN};

    while (!interrupt_came())
        poll(&poll_fd, 1, -1);
}
