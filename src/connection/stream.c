/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pyst/error.h>

int stream_init(struct stream *stream, int fd, const struct pyst_ami_tls_options *tls,
                const char *host, struct fault *fault)
{
    const struct tls_files files = {
        .ca_file = tls->ca_file,
        .ca_path = tls->ca_path,
        .certificate_file = tls->certificate_file,
        .key_file = tls->key_file,
    };
    int r;

    stream->fd = fd;
    stream->tls = NULL;
    stream->write_failed = false;
    if (!tls->enabled)
        return 0;
    r = tls_new_client(&stream->tls, &files, tls->server_name ? tls->server_name : host,
                       !tls->skip_verification, fd, fault);
    if (r < 0)
        stream_deinit(stream);
    return r;
}

void stream_deinit(struct stream *stream)
{
    stream->tls = tls_free(stream->tls);
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

enum stream_result stream_receive(struct stream *stream, void *data, size_t size, size_t *np,
                                  struct fault *fault)
{
    ssize_t n;

    if (stream->tls)
        return tls_receive(stream->tls, data, size, np, fault);
    n = recv(stream->fd, data, size, 0);
    if (n > 0) {
        *np = (size_t)n;
        return STREAM_DONE;
    }
    if (n == 0)
        return STREAM_END;
    if (errno == EAGAIN || errno == EINTR)
        return STREAM_AGAIN;
    fault_set(fault, PYST_ERR_CLOSED, "receiving: %s", strerror(errno));
    return STREAM_FAILED;
}

enum stream_result stream_send(struct stream *stream, const void *data, size_t size, size_t *np,
                               struct fault *fault)
{
    ssize_t n;

    if (stream->write_failed)
        return STREAM_AGAIN;
    if (stream->tls) {
        const enum stream_result result = tls_send(stream->tls, data, size, np, fault);

        stream->write_failed = result != STREAM_DONE && result != STREAM_AGAIN;
        return stream->write_failed ? STREAM_AGAIN : result;
    }
    n = send(stream->fd, data, size, MSG_NOSIGNAL);
    if (n > 0) {
        *np = (size_t)n;
        return STREAM_DONE;
    }
    stream->write_failed = n < 0 && errno != EAGAIN && errno != EINTR;
    return STREAM_AGAIN;
}
