/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <pyst/error.h>

#include "server/agi.h"

#define WORKERS_DEFAULT             64
#define CALLS_DEFAULT               65536
#define WAITING_DEFAULT             1024
#define ENVIRONMENT_TIMEOUT_DEFAULT 10000000 /* us */
#define WORKER_STACK_DEFAULT        ((size_t)256 << 10)
#define LOOPS_MAX                   1024
#define WORKERS_MAX                 65536

/* ---- time and stopping ---------------------------------------------------------------------- */

/* Also in signal handlers. */
uint64_t server_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Rounded up, so that nothing ends too early. */
static uint64_t to_ms(uint64_t us)
{
    return us == UINT64_MAX ? NEVER : us / 1000 + (us % 1000 != 0);
}

void pyst_agi_server_stop(struct pyst_agi_server *server, uint64_t drain_us)
{
    const uint64_t ms = to_ms(drain_us), now = server_now();
    const uint64_t at = ms < NEVER - now ? now + ms : NEVER;
    uint64_t before = atomic_load(&server->stop_at);

    while (at < before && !atomic_compare_exchange_weak(&server->stop_at, &before, at))
        continue;
    atomic_store(&server->stopped, true);
    for (unsigned i = 0; i < server->options.loops; i++)
        uv_async_send(&server->loops[i].wake);
}

bool server_admit(struct loop *loop)
{
    struct pyst_agi_server *server = loop->server;

    if (atomic_fetch_add(&server->n_calls, 1) >= server->options.calls) {
        atomic_fetch_sub(&server->n_calls, 1);
        count(&loop->counters.refused_calls);
        return false;
    }
    count(&loop->counters.accepted);
    return true;
}

/* ---- running -------------------------------------------------------------------------------- */

static void *run_loop(void *loop)
{
    loop_run(loop);
    return NULL;
}

static int start_threads(struct pyst_agi_server *server, unsigned *np)
{
    sigset_t all, before;
    int r = 0;

    /* The host's signal handlers belong to the host's threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (*np = 1; r == 0 && *np < server->options.loops; ++*np)
        r = pthread_create(&server->loops[*np].thread, NULL, run_loop, &server->loops[*np]);
    if (r != 0)
        --*np;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = r;
    return r == 0 ? 0 : PYST_ERR_SYSTEM;
}

int pyst_agi_server_run(struct pyst_agi_server *server)
{
    unsigned n = 1;
    int r = 0, saved;

    if (atomic_exchange(&server->running, true))
        return PYST_ERR_STATE;
    for (unsigned i = 0; r == 0 && i < server->options.loops; i++) {
        r = watches_start(&server->loops[i]);
        if (r == 0)
            r = managers_start(&server->loops[i]);
    }
    if (r == 0)
        r = start_threads(server, &n);
    saved = errno;
    if (r < 0)
        pyst_agi_server_stop(server, 0);
    loop_run(&server->loops[0]);
    for (unsigned i = 1; i < n; i++)
        pthread_join(server->loops[i].thread, NULL);
    workers_join(server);
    errno = saved;
    return r;
}

/* ---- life ----------------------------------------------------------------------------------- */

static int set_access(struct pyst_agi_server *server, const char *const *allow, size_t n)
{
    if (n == 0)
        return 0;
    server->access = calloc(n, sizeof(*server->access));
    if (!server->access)
        return PYST_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const int r = access_parse(&server->access[i], allow[i]);

        if (r < 0)
            return r;
    }
    return 0;
}

static int set_options(struct pyst_agi_server *server,
                       const struct pyst_agi_server_options *options)
{
    struct pyst_agi_server_options *ours = &server->options;

    if (options)
        *ours = *options;
    if (ours->loops > LOOPS_MAX || ours->workers > WORKERS_MAX || (ours->n_allow && !ours->allow))
        return PYST_ERR_INVALID;
    if (!ours->loops)
        ours->loops = 1;
    if (!ours->workers)
        ours->workers = WORKERS_DEFAULT;
    if (!ours->worker_stack)
        ours->worker_stack = WORKER_STACK_DEFAULT;
    if (ours->worker_stack < (size_t)PTHREAD_STACK_MIN)
        ours->worker_stack = (size_t)PTHREAD_STACK_MIN;
    if (!ours->calls)
        ours->calls = CALLS_DEFAULT;
    if (!ours->waiting)
        ours->waiting = WAITING_DEFAULT;
    if (!ours->environment_timeout_us)
        ours->environment_timeout_us = ENVIRONMENT_TIMEOUT_DEFAULT;
    if (!ours->trace_descriptor)
        ours->trace_descriptor = 2;
    server->environment_timeout_ms = to_ms(ours->environment_timeout_us);
    server->idle_timeout_ms = ours->idle_timeout_us ? to_ms(ours->idle_timeout_us) : NEVER;
    return set_access(server, ours->allow, ours->n_allow);
}

int pyst_agi_server_new(struct pyst_agi_server **serverp,
                        const struct pyst_agi_server_options *options)
{
    struct pyst_agi_server *server = calloc(1, sizeof(*server));
    unsigned wanted;
    int r, saved;

    if (!server)
        return PYST_ERR_NO_MEMORY;
    atomic_init(&server->stop_at, NEVER);
    r = set_options(server, options);
    wanted = server->options.loops;
    server->options.loops = 0;
    if (r == 0)
        r = workers_init(server);
    if (r < 0) {
        free(server->access);
        free(server);
        return r;
    }
    server->loops = calloc(wanted, sizeof(*server->loops));
    if (!server->loops)
        r = PYST_ERR_NO_MEMORY;
    while (r == 0 && server->options.loops < wanted) {
        r = loop_init(&server->loops[server->options.loops], server);
        if (r == 0)
            server->options.loops++;
    }
    if (r < 0) {
        saved = errno;
        pyst_agi_server_free(server);
        errno = saved;
        return r;
    }
    *serverp = server;
    return 0;
}

struct pyst_agi_server *pyst_agi_server_free(struct pyst_agi_server *server)
{
    if (!server)
        return NULL;
    for (unsigned i = 0; i < server->options.loops; i++)
        loop_deinit(&server->loops[i]);
    listeners_free(server);
    routes_free(server);
    workers_deinit(server);
    free(server->loops);
    free(server->access);
    free(server);
    return NULL;
}

/* ---- counters ------------------------------------------------------------------------------- */

void pyst_agi_server_counters(const struct pyst_agi_server *server,
                              struct pyst_agi_server_counters *countersp)
{
    struct pyst_agi_server_counters sum = {
        .calls = atomic_load(&server->n_calls),
        .managers = atomic_load(&server->n_managers),
    };

    workers_count(server, &sum.waiting, &sum.working);
    for (unsigned i = 0; i < server->options.loops; i++) {
        const struct counters *counters = &server->loops[i].counters;

#define ADD(name) sum.name += atomic_load_explicit(&counters->name, memory_order_relaxed)
        ADD(accepted);
        ADD(refused_address);
        ADD(refused_calls);
        ADD(refused_waiting);
        ADD(no_route);
        ADD(environment_limit);
        ADD(environment_timed_out);
        ADD(idle_timed_out);
        ADD(broken);
        ADD(tls_failed);
        ADD(accept_failed);
        ADD(commands);
#undef ADD
    }
    *countersp = sum;
}
