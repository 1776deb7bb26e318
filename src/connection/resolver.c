/* SPDX-License-Identifier: MIT */
#include "resolver.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pyst/error.h>

struct resolution {
    atomic_int references;
    atomic_bool finished; /* what follows is then the caller's to read */
    int fd;
    int eai;
    int error;
    struct addrinfo *list;
    char service[8];
    char host[];
};

static int resolve(const char *host, const char *service, int flags, struct addrinfo **listp)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV | flags,
    };

    return getaddrinfo(host, service, &hints, listp);
}

int resolver_numeric(const char *host, uint16_t port, struct addrinfo **listp)
{
    char service[8];

    snprintf(service, sizeof(service), "%u", port);
    return resolve(host, service, AI_NUMERICHOST, listp);
}

static void *run(void *user)
{
    struct resolution *resolution = user;
    const uint64_t one = 1;

    resolution->eai = resolve(resolution->host, resolution->service, 0, &resolution->list);
    resolution->error = errno;
    atomic_store_explicit(&resolution->finished, true, memory_order_release);
    if (write(resolution->fd, &one, sizeof(one)) < 0) {
        /* Only a counter near its end could fail; the attempt then ends by its time. */
    }
    resolution_unref(resolution);
    return NULL;
}

static int start_thread(struct resolution *resolution)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    int r;

    r = pthread_attr_init(&attributes);
    if (r != 0)
        return r;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    /* The host's signal handlers belong to the host's threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&thread, &attributes, run, resolution);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return r;
}

int resolution_new(struct resolution **resolutionp, const char *host, uint16_t port)
{
    const size_t size = strlen(host) + 1;
    struct resolution *resolution;
    int r;

    resolution = calloc(1, sizeof(*resolution) + size);
    if (!resolution)
        return PYST_ERR_NO_MEMORY;
    memcpy(resolution->host, host, size);
    snprintf(resolution->service, sizeof(resolution->service), "%u", port);
    atomic_init(&resolution->references, 2);
    resolution->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (resolution->fd < 0) {
        free(resolution);
        return PYST_ERR_SYSTEM;
    }
    r = start_thread(resolution);
    if (r != 0) {
        close(resolution->fd);
        free(resolution);
        errno = r;
        return PYST_ERR_SYSTEM;
    }
    *resolutionp = resolution;
    return 0;
}

int resolution_fd(const struct resolution *resolution)
{
    return resolution->fd;
}

int resolution_result(struct resolution *resolution, struct addrinfo **listp, int *eaip,
                      int *errnop)
{
    if (!atomic_load_explicit(&resolution->finished, memory_order_acquire))
        return 0;
    *eaip = resolution->eai;
    *errnop = resolution->error;
    *listp = resolution->list;
    resolution->list = NULL;
    return 1;
}

struct resolution *resolution_unref(struct resolution *resolution)
{
    if (!resolution || atomic_fetch_sub(&resolution->references, 1) > 1)
        return NULL;
    if (resolution->list)
        freeaddrinfo(resolution->list);
    close(resolution->fd);
    free(resolution);
    return NULL;
}
