/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONNECTION_STREAM_H
#define PYST_CONNECTION_STREAM_H

/**
 * A connected socket, with TLS on it or not: bytes in, bytes out, nothing blocks.
 */

#include <stdbool.h>
#include <stddef.h>

#include <pyst/connection.h>

#include "tls/fault.h"
#include "tls/tls.h"

struct stream {
    int fd; /* or -1 */
    struct tls *tls;
    bool write_failed; /* what the peer sent before it left can still be read */
};

/** Takes the socket over. Errors: as tls_new_client(), and then it is closed. */
int stream_init(struct stream *stream, int fd, const struct pyst_ami_tls_options *tls,
                const char *host, struct fault *fault);
void stream_deinit(struct stream *stream);

/** STREAM_DONE with *np > 0 bytes, or another result; without TLS, STREAM_END is its end. */
enum stream_result stream_receive(struct stream *stream, void *data, size_t size, size_t *np,
                                  struct fault *fault);

/** STREAM_DONE with *np > 0 bytes, or STREAM_AGAIN. Failures show in receiving, after what came. */
enum stream_result stream_send(struct stream *stream, const void *data, size_t size, size_t *np,
                               struct fault *fault);

#endif
