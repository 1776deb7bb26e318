/* SPDX-License-Identifier: MIT */
#ifndef PYST_TLS_TLS_H
#define PYST_TLS_TLS_H

/**
 * TLS over a connected socket. OpenSSL is used here and nowhere else; libpyst-connection and
 * libpyst-server each have a copy of this inside.
 *
 * The socket may block or not: with one that blocks there is no STREAM_AGAIN.
 */

#include <stdbool.h>
#include <stddef.h>

#include "tls/fault.h"
#include "tls/stream-result.h"

struct tls;
struct tls_context;

/** In PEM form; each may be NULL. */
struct tls_files {
    const char *ca_file; /* whom to trust */
    const char *ca_path;
    const char *certificate_file; /* ours, with the chain */
    const char *key_file;         /* NULL: in certificate_file */
};

/**
 * A client on the socket `fd`, which stays the caller's and outlives it. `name` is whom to ask for
 * and, with `verify`, to find: a host name or an address. Without files to trust, the system's are.
 * Errors: PYST_ERR_NO_MEMORY; PYST_ERR_TLS with the reason in *fault (a file that cannot be read).
 */
int tls_new_client(struct tls **tlsp, const struct tls_files *files, const char *name, bool verify,
                   int fd, struct fault *fault);

/**
 * What the streams of a listener share. With files to trust, a client needs a certificate of
 * theirs. A key with a passphrase is an error. Errors: as tls_new_client().
 */
int tls_context_new(struct tls_context **contextp, const struct tls_files *files,
                    struct fault *fault);

/** After its streams. Returns NULL; NULL is allowed. */
struct tls_context *tls_context_free(struct tls_context *context);

/** The server's side of a socket, in any thread. Errors: PYST_ERR_NO_MEMORY. */
int tls_new_server(struct tls **tlsp, struct tls_context *context, int fd);

/** Says goodbye if that is possible without waiting. Returns NULL; NULL is allowed. */
struct tls *tls_free(struct tls *tls);

/** Goes on with the handshake: STREAM_DONE, STREAM_AGAIN or STREAM_FAILED. */
enum stream_result tls_handshake(struct tls *tls, struct fault *fault);

/** STREAM_DONE with *np > 0 bytes, or another result. */
enum stream_result tls_receive(struct tls *tls, void *data, size_t size, size_t *np,
                               struct fault *fault);

/**
 * The same for sending. After STREAM_AGAIN the next call must begin with the same bytes, wherever
 * they lie by then; more may follow them.
 */
enum stream_result tls_send(struct tls *tls, const void *data, size_t size, size_t *np,
                            struct fault *fault);

/** Whether bytes are decrypted and not received yet, of which the socket does not tell. */
bool tls_pending(const struct tls *tls);

/** Whether it waits to write, though the caller may have nothing to send. */
bool tls_wants_write(const struct tls *tls);

#endif
