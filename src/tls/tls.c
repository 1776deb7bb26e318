/* SPDX-License-Identifier: MIT */
#include "tls/tls.h"

#include <arpa/inet.h>
#include <errno.h>
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

struct tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *method;
};

struct tls {
    SSL *ssl;
    struct tls_context *own; /* of a client */
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

static BIO_METHOD *new_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pyst");

    if (method && BIO_meth_set_write_ex(method, bio_write) &&
        BIO_meth_set_read_ex(method, bio_read) && BIO_meth_set_ctrl(method, bio_ctrl))
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* A stream of the context, on a socket. */
static struct tls *new_stream(struct tls_context *context, int fd)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    BIO *bio;

    if (!tls)
        return NULL;
    tls->ssl = SSL_new(context->ssl);
    bio = tls->ssl ? BIO_new(context->method) : NULL;
    if (!bio) {
        SSL_free(tls->ssl);
        free(tls);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, (void *)(intptr_t)fd); /* NOLINT(performance-no-int-to-ptr) */
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    return tls;
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

/* ---- contexts ------------------------------------------------------------------------------- */

static int load_files(SSL_CTX *context, const struct tls_files *files, struct fault *fault)
{
    const char *certificate = files->certificate_file;
    const char *key = files->key_file ? files->key_file : certificate;

    if (files->ca_file && !SSL_CTX_load_verify_file(context, files->ca_file))
        return fault_openssl(fault, files->ca_file);
    if (files->ca_path && !SSL_CTX_load_verify_dir(context, files->ca_path))
        return fault_openssl(fault, files->ca_path);
    if (certificate && !SSL_CTX_use_certificate_chain_file(context, certificate))
        return fault_openssl(fault, certificate);
    if (key && !SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM))
        return fault_openssl(fault, key);
    return 0;
}

struct tls_context *tls_context_free(struct tls_context *context)
{
    if (!context)
        return NULL;
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->method);
    free(context);
    return NULL;
}

/* A context without files. */
static struct tls_context *new_context(const SSL_METHOD *method)
{
    struct tls_context *context = calloc(1, sizeof(*context));

    if (!context)
        return NULL;
    ERR_clear_error();
    context->ssl = SSL_CTX_new(method);
    context->method = new_method();
    if (!context->ssl || !context->method) {
        ERR_clear_error();
        return tls_context_free(context);
    }
    SSL_CTX_set_mode(context->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context->ssl, SSL_OP_NO_RENEGOTIATION);
    return context;
}

/* OpenSSL's own asks on the terminal, and is of this type. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static int no_passphrase(char *text, int size, int for_writing, void *user)
{
    (void)text;
    (void)size;
    (void)for_writing;
    (void)user;
    return -1;
}

int tls_context_new(struct tls_context **contextp, const struct tls_files *files,
                    struct fault *fault)
{
    struct tls_context *context = new_context(TLS_server_method());
    int r;

    if (!context)
        return PYST_ERR_NO_MEMORY;
    SSL_CTX_set_min_proto_version(context->ssl, TLS1_2_VERSION);
    /* A call has a connection of its own, and a client that comes again is not known again. */
    SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context->ssl, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(context->ssl, 0);
    /* A record's header and the rest with one system call. */
    SSL_CTX_set_read_ahead(context->ssl, 1);
    SSL_CTX_set_default_passwd_cb(context->ssl, no_passphrase);
    r = load_files(context->ssl, files, fault);
    if (r == 0 && files->ca_file) {
        STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(files->ca_file);

        if (names) {
            SSL_CTX_set_client_CA_list(context->ssl, names);
            SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                               NULL);
        } else
            r = fault_openssl(fault, files->ca_file);
    }
    if (r < 0) {
        tls_context_free(context);
        return r;
    }
    *contextp = context;
    return 0;
}

/* ---- streams -------------------------------------------------------------------------------- */

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

int tls_new_client(struct tls **tlsp, const struct tls_files *files, const char *name, bool verify,
                   int fd, struct fault *fault)
{
    struct tls_context *context = new_context(TLS_client_method());
    struct tls *tls;
    int r;

    if (!context)
        return PYST_ERR_NO_MEMORY;
    r = load_files(context->ssl, files, fault);
    if (r == 0 && verify && !files->ca_file && !files->ca_path &&
        !SSL_CTX_set_default_verify_paths(context->ssl))
        r = fault_openssl(fault, "the system's certificates");
    if (r < 0) {
        tls_context_free(context);
        return r;
    }
    tls = new_stream(context, fd);
    if (!tls) {
        tls_context_free(context);
        return PYST_ERR_NO_MEMORY;
    }
    tls->own = context;
    SSL_set_connect_state(tls->ssl);
    if (!set_name(tls->ssl, name, verify)) {
        r = fault_openssl(fault, "TLS");
        tls_free(tls);
        return r;
    }
    *tlsp = tls;
    return 0;
}

int tls_new_server(struct tls **tlsp, struct tls_context *context, int fd)
{
    struct tls *tls = new_stream(context, fd);

    if (!tls)
        return PYST_ERR_NO_MEMORY;
    SSL_set_accept_state(tls->ssl);
    *tlsp = tls;
    return 0;
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
    tls_context_free(tls->own);
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
    outcome = result(tls, SSL_do_handshake(tls->ssl), "TLS handshake", fault);
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
