/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <pyst/error.h>

struct tls {
    SSL *ssl;
    BIO_METHOD *method;
    bool wants_write;
    bool alive; /* neither side has ended, so a goodbye makes sense */
};

/*
 * OpenSSL's own socket BIO writes with write(), which raises SIGPIPE when the peer is gone. This
 * one does not.
 */

static int descriptor(BIO *bio)
{
    return (int)(intptr_t)BIO_get_data(bio);
}

static int bio_write(BIO *bio, const char *data, size_t size, size_t *np)
{
    const ssize_t n = send(descriptor(bio), data, size, MSG_NOSIGNAL);

    BIO_clear_retry_flags(bio);
    if (n < 0) {
        if (errno == EAGAIN || errno == EINTR)
            BIO_set_retry_write(bio);
        return 0;
    }
    *np = (size_t)n;
    return 1;
}

static int bio_read(BIO *bio, char *data, size_t size, size_t *np)
{
    const ssize_t n = recv(descriptor(bio), data, size, 0);

    BIO_clear_retry_flags(bio);
    if (n <= 0) {
        if (n == 0)
            BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
        else if (errno == EAGAIN || errno == EINTR)
            BIO_set_retry_read(bio);
        return 0;
    }
    *np = (size_t)n;
    return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default:
        return 0;
    }
}

static BIO *new_bio(struct tls *tls, int fd)
{
    BIO *bio;

    tls->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pyst");
    if (!tls->method || !BIO_meth_set_write_ex(tls->method, bio_write) ||
        !BIO_meth_set_read_ex(tls->method, bio_read) || !BIO_meth_set_ctrl(tls->method, bio_ctrl))
        return NULL;
    bio = BIO_new(tls->method);
    if (!bio)
        return NULL;
    BIO_set_data(bio, (void *)(intptr_t)fd); /* NOLINT(performance-no-int-to-ptr) */
    BIO_set_init(bio, 1);
    return bio;
}

/* OpenSSL's most telling reason, which is the first it noted. */
static int fault_openssl(struct fault *fault, const char *what)
{
    const unsigned long code = ERR_get_error();
    const char *reason = ERR_reason_error_string(code);

    if (!reason && ERR_GET_LIB(code) == ERR_LIB_SYS)
        reason = strerror(ERR_GET_REASON(code));
    fault_set(fault, PYST_ERR_TLS, "%s: %s", what, reason ? reason : "unknown reason");
    ERR_clear_error();
    return PYST_ERR_TLS;
}

static int load_files(SSL_CTX *context, const struct pyst_ami_tls_options *options,
                      struct fault *fault)
{
    const char *certificate = options->certificate_file;
    const char *key = options->key_file ? options->key_file : certificate;

    if (options->ca_file && !SSL_CTX_load_verify_file(context, options->ca_file))
        return fault_openssl(fault, options->ca_file);
    if (options->ca_path && !SSL_CTX_load_verify_dir(context, options->ca_path))
        return fault_openssl(fault, options->ca_path);
    if (!options->ca_file && !options->ca_path && !options->skip_verification &&
        !SSL_CTX_set_default_verify_paths(context))
        return fault_openssl(fault, "the system's certificates");
    if (certificate && !SSL_CTX_use_certificate_chain_file(context, certificate))
        return fault_openssl(fault, certificate);
    if (key && !SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM))
        return fault_openssl(fault, key);
    return 0;
}

/* Whom to ask for (a name only: an address is not allowed there) and whom to find. */
static bool set_name(SSL *ssl, const char *name, bool verify)
{
    struct in6_addr address;
    const bool numeric =
        inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;

    if (!numeric && !SSL_set_tlsext_host_name(ssl, name))
        return false;
    if (!verify)
        return true;
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    if (numeric)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, name);
}

int tls_new(struct tls **tlsp, const struct pyst_ami_tls_options *options, const char *host, int fd,
            struct fault *fault)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    SSL_CTX *context = NULL;
    BIO *bio;
    int r;

    if (!tls)
        return PYST_ERR_NO_MEMORY;
    ERR_clear_error();
    r = PYST_ERR_NO_MEMORY;
    context = SSL_CTX_new(TLS_client_method());
    if (!context)
        goto fail;
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    r = load_files(context, options, fault);
    if (r < 0)
        goto fail;
    tls->ssl = SSL_new(context);
    if (!tls->ssl || !set_name(tls->ssl, options->server_name ? options->server_name : host,
                               !options->skip_verification)) {
        r = fault_openssl(fault, "TLS");
        goto fail;
    }
    r = PYST_ERR_NO_MEMORY;
    bio = new_bio(tls, fd);
    if (!bio)
        goto fail;
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_CTX_free(context);
    *tlsp = tls;
    return 0;
fail:
    SSL_CTX_free(context);
    ERR_clear_error();
    tls_free(tls);
    return r;
}

struct tls *tls_free(struct tls *tls)
{
    if (!tls)
        return NULL;
    if (tls->alive) {
        SSL_shutdown(tls->ssl);
        ERR_clear_error();
    }
    SSL_free(tls->ssl);
    BIO_meth_free(tls->method);
    free(tls);
    return NULL;
}

/* What the call that returned `r` came to. OpenSSL's errors of this thread begin empty with it. */
static enum stream_result result(struct tls *tls, int r, const char *what, struct fault *fault)
{
    const int saved = errno;

    tls->wants_write = false;
    if (r > 0)
        return STREAM_DONE;
    switch (SSL_get_error(tls->ssl, r)) {
    case SSL_ERROR_WANT_WRITE:
        tls->wants_write = true;
        return STREAM_AGAIN;
    case SSL_ERROR_WANT_READ:
        return STREAM_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return STREAM_END;
    case SSL_ERROR_SYSCALL:
        tls->alive = false;
        fault_set(fault, PYST_ERR_CLOSED, "%s: %s", what, strerror(saved));
        return STREAM_FAILED;
    default:
        tls->alive = false;
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
            ERR_clear_error();
            fault_set(fault, PYST_ERR_TLS, "%s: the stream ended without a goodbye", what);
            return STREAM_CUT;
        }
        fault_openssl(fault, what);
        return STREAM_FAILED;
    }
}

enum stream_result tls_handshake(struct tls *tls, struct fault *fault)
{
    enum stream_result outcome;
    long verified;

    ERR_clear_error();
    outcome = result(tls, SSL_connect(tls->ssl), "TLS handshake", fault);
    switch (outcome) {
    case STREAM_DONE:
        tls->alive = true;
        return STREAM_DONE;
    case STREAM_AGAIN:
        return STREAM_AGAIN;
    case STREAM_END:
        fault_set(fault, PYST_ERR_TLS, "TLS handshake: the peer ended it");
        return STREAM_FAILED;
    default:
        verified = SSL_get_verify_result(tls->ssl);
        fault->error = PYST_ERR_TLS;
        if (verified != X509_V_OK && SSL_get_verify_mode(tls->ssl) != SSL_VERIFY_NONE)
            fault_set(fault, PYST_ERR_TLS_CERTIFICATE, "the peer's certificate: %s",
                      X509_verify_cert_error_string(verified));
        return STREAM_FAILED;
    }
}

enum stream_result tls_receive(struct tls *tls, void *data, size_t size, size_t *np,
                               struct fault *fault)
{
    ERR_clear_error();
    return result(tls, SSL_read_ex(tls->ssl, data, size, np), "TLS receiving", fault);
}

enum stream_result tls_send(struct tls *tls, const void *data, size_t size, size_t *np,
                            struct fault *fault)
{
    ERR_clear_error();
    return result(tls, SSL_write_ex(tls->ssl, data, size, np), "TLS sending", fault);
}

bool tls_pending(const struct tls *tls)
{
    return SSL_pending(tls->ssl) > 0;
}

bool tls_wants_write(const struct tls *tls)
{
    return tls->wants_write;
}
