/* SPDX-License-Identifier: MIT */

/*
 * Servers without memory: what they allocate fails while a test says so, or the Nth time only.
 * They refuse who comes meanwhile, and go on.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <dlfcn.h>
#include <stdatomic.h>

#include <sys/socket.h>

#include <cmocka.h>

#include <pyst/agi/commands.h>
#include <pyst/error.h>
#include <pyst/server.h>

#include "agi-client.h"

#define DEPTH 200 /* allocations of a server, or of a call, that fail in turn */

/* glibc's own, behind the names that this program takes over. */
void *__libc_malloc(size_t size);             /* NOLINT(bugprone-reserved-identifier) */
void *__libc_calloc(size_t n, size_t size);   /* NOLINT(bugprone-reserved-identifier) */
void *__libc_realloc(void *old, size_t size); /* NOLINT(bugprone-reserved-identifier) */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t size);

static atomic_int failing;         /* the number of the one that fails; 0: none; -1: all */
static _Thread_local bool is_test; /* whose allocations do not fail when `spared` */
static atomic_bool spared = true;

/* libuv ends the program when some of its allocations fail (uv__io_start): these are left out. */
static bool is_of_libuv(const void *caller)
{
    Dl_info info;

    return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libuv");
}

static bool fails(const void *caller)
{
    int n = atomic_load(&failing);

    if (n == 0 || (is_test && atomic_load(&spared)) || is_of_libuv(caller))
        return false;
    if (n < 0)
        return true;
    return atomic_fetch_sub(&failing, 1) == 1;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

/* ---- the emulator's server ------------------------------------------------------------------ */

static void *run_emulator(void *server)
{
    pyst_emulator_server_run(server);
    return NULL;
}

static void the_emulator_listens_on_when_it_had_no_memory(void **state)
{
    const struct pyst_emulator_server_options options = {0};
    struct pyst_emulator_server *server;
    char greeting[64];
    pthread_t thread;
    int port, fds[5];

    (void)state;
    assert_int_equal(pyst_emulator_server_new(&server, &options, NULL), 0);
    port = pyst_emulator_server_port(server);
    assert_int_equal(pthread_create(&thread, NULL, run_emulator, server), 0);
    atomic_store(&failing, -1);
    for (int i = 0; i < 5; i++)
        fds[i] = client_connect(port);
    for (int i = 0; i < 5; i++)
        client_expect_end(fds[i]);
    atomic_store(&failing, 0);
    fds[0] = client_connect(port);
    assert_true(client_line(fds[0], greeting, sizeof(greeting)));
    close(fds[0]);
    pyst_emulator_server_stop(server);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pyst_emulator_server_free(server);
}

/* ---- the AGI server ------------------------------------------------------------------------- */

static void noop(struct pyst_agi_call *call, void *user)
{
    (void)user;
    pyst_agi_command_begin(pyst_agi_call_command(call), "NOOP");
    if (pyst_agi_call_submit(call) < 0)
        pyst_agi_call_finish(call);
}

static const struct pyst_agi_call_handler handler = {.started = noop};

static int noop_blocking(struct pyst_agi *agi, void *user)
{
    (void)user;
    return pyst_agi_execute_line(agi, "NOOP", NULL);
}

/* Each allocation of making a server fails in turn. */
static void a_server_is_made_or_it_is_not(void **state)
{
    static const char *const allow[] = {"127.0.0.0/8"};
    const struct pyst_agi_server_options options = {.loops = 2, .allow = allow, .n_allow = 1};
    bool made = false;

    (void)state;
    for (int n = 1; n < DEPTH && !made; n++) {
        struct pyst_agi_server *server = NULL;
        int r;

        atomic_store(&spared, false);
        atomic_store(&failing, n);
        r = pyst_agi_server_new(&server, &options);
        if (r == 0)
            r = pyst_agi_server_route_evented(server, "*", &handler, NULL);
        if (r == 0)
            r = pyst_agi_server_listen(server, "agi://127.0.0.1:0", NULL, NULL);
        made = r == 0 && atomic_load(&failing) > 0;
        atomic_store(&failing, 0);
        atomic_store(&spared, true);
        if (!made)
            assert_int_equal(r, PYST_ERR_NO_MEMORY);
        pyst_agi_server_free(server);
    }
    assert_true(made);
}

static void talk(int fd)
{
    char line[256];

    while (client_line(fd, line, sizeof(line)))
        client_say(fd, "200 result=1\n");
    close(fd);
}

/* Each allocation of a call fails in turn: it ends early, or it goes well, and the next one does.
 */
static void calls_end_without_memory(void **state)
{
    static const char *const paths[] = {"evented", "blocking", "nowhere"};
    struct served served = served_new(NULL);

    (void)state;
    pyst_agi_server_route_evented(served.server, "evented", &handler, NULL);
    pyst_agi_server_route(served.server, "blocking", noop_blocking, NULL);
    served_run(&served);
    talk(client_call(served.port, "blocking")); /* so that it runs, with a worker */
    for (int i = 0; i < 3; i++)
        for (int n = 1; n < 40; n++) {
            char line[256];
            int fd;

            snprintf(line, sizeof(line), "agi_network: yes\nagi_network_script: %s\n\n", paths[i]);
            atomic_store(&failing, n);
            fd = client_connect(served.port);
            assert_true(fd >= 0);
            send(fd, line, strlen(line), MSG_NOSIGNAL);
            while (client_line(fd, line, sizeof(line)))
                send(fd, "200 result=1\n", 13, MSG_NOSIGNAL);
            close(fd);
            AWAIT(&served, calls, 0);
            atomic_store(&failing, 0);

            talk(client_call(served.port, paths[i]));
        }
    assert_true(served_counters(&served).no_route >= 39);
    served_end(&served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_emulator_listens_on_when_it_had_no_memory),
        cmocka_unit_test(a_server_is_made_or_it_is_not),
        cmocka_unit_test(calls_end_without_memory),
    };

    is_test = true;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
