/* SPDX-License-Identifier: MIT */
#ifndef PYST_SERVER_INTERNAL_H
#define PYST_SERVER_INTERNAL_H

#include <stdint.h>
#include <uv.h>

#include <pyst/ami/message.h>
#include <pyst/emulator/ami.h>
#include <pyst/server.h>

/* ---- flood.c: events for measuring ---------------------------------------------------------- */

struct flood {
    char *block; /* whole events, one behind the other; NULL: no flood goes on */
    size_t block_size;
    uint64_t left; /* bytes */
};

/* Begins what the action asks for; its response is added to the emulator's output. */
int flood_begin(struct flood *flood, struct pyst_emulator_ami *emulator,
                const struct pyst_ami_message *action);

/* The bytes to write next, taken from what is left; size 0 at the end. */
struct pyst_text flood_next(struct flood *flood);

void flood_end(struct flood *flood);

/* ---- client.c: one connection --------------------------------------------------------------- */

struct client {
    struct pyst_emulator_server *server;
    struct client *next, **at; /* the pointer to it in the server's list */

    uv_tcp_t socket;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    unsigned n_handles; /* not closed yet */
    bool writing;
    bool paused;
    bool ended; /* it sends nothing more */
    bool shut;
    bool dropped;

    struct pyst_emulator_ami *emulator;
    char *chunk; /* copied output that is being written */
    struct flood flood;
};

/* Accepts one from the listener, or refuses it. */
void client_accept(struct pyst_emulator_server *server);
void client_send(struct client *client, struct pyst_text bytes);
/* Closes at once; the memory is given back by the loop. */
void client_drop(struct client *client);

/* ---- server.c ------------------------------------------------------------------------------- */

struct pyst_emulator_server {
    struct pyst_emulator_script *script;
    size_t clients_max;
    size_t output_size;
    bool flood;

    uv_loop_t own;
    uv_loop_t *loop;
    uv_tcp_t listener;
    uv_async_t stop;
    uv_tcp_t refused; /* for want of memory, and closing */
    bool refusing;
    bool unaccepted;    /* another waits for that */
    unsigned n_handles; /* not closed yet */
    bool freed;
    int port;

    struct client *clients;
    size_t n_clients;
    size_t n_connected; /* clients not dropped */
    uint64_t accepted;
    char read_buffer[65536]; /* of every client: what is read is taken at once */
};

/* Gives the server's memory back when it was freed and its last handle has closed. */
void server_try_release(struct pyst_emulator_server *server);

#endif
