/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CERTIFICATES_H
#define TESTS_CERTIFICATES_H

/*
 * An authority of the test's own, and certificates by it, made anew by each run.
 */

#include <errno.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

/* `names` as of subjectAltName, such as "DNS:localhost,IP:127.0.0.1"; NULL for an authority.
   `issuer` NULL: signed by itself. */
struct identity identity_new(const char *name, const char *names, const struct identity *issuer);
void identity_free(struct identity *identity);

/* Writes the certificate, and with `key` the key behind it. */
void identity_write(const struct identity *identity, const char *path, int key);

/* Again when it was interrupted: SIGCONT does that where a socket has a limit of time. */
#define SSL_RETRY(result, call)                                                                    \
    do {                                                                                           \
        errno = 0;                                                                                 \
        (result) = (call);                                                                         \
    } while ((result) <= 0 && errno == EINTR)

#endif
