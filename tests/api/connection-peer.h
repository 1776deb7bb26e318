/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONNECTION_PEER_H
#define TESTS_CONNECTION_PEER_H

/*
 * The other end of a connection, in a thread on loopback, that does what a test says, and the
 * host of a connection that waits on its descriptor and nothing else. Every wait is bounded; one
 * that is over ends the test program, for neither side can go on from there.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/connection.h>

#define SECOND UINT64_C(1000000)

/* Longer than anything takes on a machine that works. */
#define PATIENCE (60 * SECOND)

struct peer;

/* Serves the connection number `index` (from 0) on `fd`, which is closed when it returns. */
typedef void (*peer_serve)(struct peer *peer, int fd, unsigned index);

/* Listens on an address of loopback, "127.0.0.1" or "::1", and serves `n` connections in turn.
   NULL when this machine has no such address. */
struct peer *peer_new(const char *address, unsigned n, peer_serve serve, void *user);

/* Waits until all were served. */
void peer_join(struct peer *peer);

uint16_t peer_port(const struct peer *peer);
void *peer_user(const struct peer *peer);

/* Sends all of it; false when the client is gone. */
bool peer_say(int fd, const char *bytes);
bool peer_send(int fd, const void *data, size_t size);

/* One action, up to its empty line, with a NUL; the size, or 0 when the client has gone. */
size_t peer_hear(int fd, char *action, size_t size);

/* Reads until the client has gone. */
void peer_drain(int fd);

/* Answers an action with these lines (each ended by CR LF) and its ActionID. */
bool peer_answer(int fd, const char *action, const char *lines);

/* Greets, and accepts any login; the Login action is left in `action` if that is not NULL. */
bool peer_login(int fd, char *action, size_t size);

/* Makes closing the socket a reset. */
void peer_will_reset(int fd);

/* A port of 127.0.0.1 on which nobody listens, and nobody will. */
uint16_t refusing_port(int *fdp);

/* Settings for that port, with a login. */
struct pyst_ami_connection_options options_for(uint16_t port);

struct pyst_ami_connection *connection_to(const struct pyst_ami_connection_options *options);

/* Waits on the descriptor, processes, and takes one notice. */
void take(struct pyst_ami_connection *connection, struct pyst_ami_notice *noticep);

/* The same until one of that type comes, which is checked to be of that type. */
void take_until(struct pyst_ami_connection *connection, enum pyst_ami_notice_type type,
                struct pyst_ami_notice *noticep);

/* Waits on the descriptor once and processes; takes nothing. */
void process_once(struct pyst_ami_connection *connection);

struct pyst_ami_action *action_named(const char *name);

/* Submits an action of that name without headers. */
uint64_t submit_named(struct pyst_ami_connection *connection, const char *name);

#endif
