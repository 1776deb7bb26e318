/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <pyst/error.h>

static void set_timer(struct watch *watch, uint64_t when)
{
    struct itimerspec value = {0};

    /* All zero disarms; 1 ns since boot has passed. */
    if (when != UINT64_MAX) {
        value.it_value.tv_sec = (time_t)(when / 1000000);
        value.it_value.tv_nsec = (long)(when % 1000000) * 1000;
        if (when == 0)
            value.it_value.tv_nsec = 1;
    }
    timerfd_settime(watch->timer, TFD_TIMER_ABSTIME, &value, NULL);
    watch->armed = when;
}

int watch_init(struct watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN};

    watch->fd = -1;
    watch->events = 0;
    watch->armed = UINT64_MAX;
    watch->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (watch->epoll < 0)
        return PYST_ERR_SYSTEM;
    watch->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (watch->timer < 0) {
        close(watch->epoll);
        return PYST_ERR_SYSTEM;
    }
    if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->timer, &event) < 0) {
        watch_deinit(watch);
        return PYST_ERR_SYSTEM;
    }
    return 0;
}

void watch_deinit(struct watch *watch)
{
    close(watch->timer);
    close(watch->epoll);
}

int watch_set(struct watch *watch, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events};

    if (events == 0)
        fd = -1;
    if (fd == watch->fd && events == watch->events)
        return 0;
    if (watch->fd >= 0 && watch->fd != fd) {
        epoll_ctl(watch->epoll, EPOLL_CTL_DEL, watch->fd, &event);
        watch->fd = -1;
        watch->events = 0;
    }
    if (fd < 0)
        return 0;
    if (epoll_ctl(watch->epoll, watch->fd < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) < 0)
        return PYST_ERR_SYSTEM;
    watch->fd = fd;
    watch->events = events;
    return 0;
}

void watch_arm(struct watch *watch, uint64_t when, uint64_t now)
{
    if (when == 0 && watch->armed == 0)
        return;
    if (when < watch->armed || watch->armed <= now)
        set_timer(watch, when);
}
