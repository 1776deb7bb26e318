/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONNECTION_TLS_H
#define PYST_CONNECTION_TLS_H

/**
 * TLS over a connected, non-blocking socket. OpenSSL is used here and nowhere else.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pyst/connection.h>

#include "fault.h"
#include "stream-result.h"

struct tls;

/**
 * A client on the socket `fd`, which stays the caller's and outlives it. `host` is what was
 * connected to. Errors: PYST_ERR_NO_MEMORY; PYST_ERR_TLS with the reason in *fault (a file that
 * cannot be read).
 */
int tls_new(struct tls **tlsp, const struct pyst_ami_tls_options *options, const char *host, int fd,
            struct fault *fault);

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
