/* SPDX-License-Identifier: MIT */
#ifndef PYST_SERVER_H
#define PYST_SERVER_H

/**
 * libpyst-server: servers, on libuv.
 *
 * The emulator's server listens on a TCP port and gives each client a connection of its own
 * (pyst/emulator/ami.h) that plays one script. It runs in the host's loop:
 *
 *     pyst_emulator_server_new(&server, &options, loop);
 *     uv_run(loop, UV_RUN_DEFAULT);
 *
 * or in its own, blocking a thread until another says stop:
 *
 *     pyst_emulator_server_new(&server, &options, NULL);
 *     pyst_emulator_server_run(server);
 *
 * A client that goes away while it is written to raises SIGPIPE: a program with a server ignores
 * that signal, as every program on libuv does.
 *
 * A server belongs to the thread that runs its loop; only pyst_emulator_server_stop() may be called
 * from any other.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pyst/emulator/script.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;
struct pyst_emulator_server;

/** Settings; all zero is a good beginning. */
struct pyst_emulator_server_options {
    struct pyst_emulator_script *script; /* a reference is taken; NULL: the built-in one */
    const char *host;                    /* a numeric address, or "localhost"; NULL: 127.0.0.1 */
    int port;                            /* 0: any that is free */
    size_t clients;                      /* at one time, those above are closed at once; 0: 1024 */
    size_t output_size; /* unsent bytes of a client, past it it is cut; 0: 64 MiB */
    /*
     * Answer the action Flood, for measuring: Count (1 to 1e9) events of Size bytes each (at least
     * 128, at most 65536; absent: 200), and an event FloodEnd, as fast as the client takes them.
     */
    bool flood;
};

/**
 * Listens at once, on `loop` or, NULL, on a loop of its own. Errors: PYST_ERR_NO_MEMORY,
 * PYST_ERR_INVALID (host, port), PYST_ERR_SYSTEM (errno says why).
 */
PYST_PUBLIC int pyst_emulator_server_new(struct pyst_emulator_server **serverp,
                                         const struct pyst_emulator_server_options *options,
                                         struct uv_loop_s *loop);

/**
 * Closes everything. Returns NULL; NULL is allowed. On the host's loop the memory is given back by
 * the loop's next turns: run it until uv_run() has nothing left to do before it is closed.
 */
PYST_PUBLIC struct pyst_emulator_server *
pyst_emulator_server_free(struct pyst_emulator_server *server);

/** The port it listens on. */
PYST_PUBLIC int pyst_emulator_server_port(const struct pyst_emulator_server *server);

/** Clients connected now. */
PYST_PUBLIC size_t pyst_emulator_server_clients(const struct pyst_emulator_server *server);

/**
 * Serves until pyst_emulator_server_stop(); may be called again then. Errors: PYST_ERR_STATE on
 * the host's loop.
 */
PYST_PUBLIC int pyst_emulator_server_run(struct pyst_emulator_server *server);

/** Makes the run that goes on, or the next one, return. Any thread, any time before _free(). */
PYST_PUBLIC void pyst_emulator_server_stop(struct pyst_emulator_server *server);

/** Sends bytes to every client as they are: events, or anything that tests a client. */
PYST_PUBLIC void pyst_emulator_server_send_all(struct pyst_emulator_server *server,
                                               struct pyst_text bytes);

/** Closes every client's connection, unsent bytes and all; goes on listening. */
PYST_PUBLIC void pyst_emulator_server_drop_all(struct pyst_emulator_server *server);

#ifdef __cplusplus
}
#endif

#endif
