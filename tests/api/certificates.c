/* SPDX-License-Identifier: MIT */
#include "certificates.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void need(int ok)
{
    if (ok)
        return;
    printf("Bail out! no certificate can be made\n");
    exit(1);
}

static void extend(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    need(extension && X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

struct identity identity_new(const char *name, const char *names, const struct identity *issuer)
{
    static long serial;
    struct identity identity = {EVP_EC_gen("P-256"), X509_new()};
    X509 *certificate = identity.certificate;
    X509_NAME *subject;

    need(identity.key && certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, identity.key);
    subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate,
                         issuer ? X509_get_subject_name(issuer->certificate) : subject);
    extend(certificate, NID_basic_constraints, names ? "CA:FALSE" : "critical,CA:TRUE");
    if (names)
        extend(certificate, NID_subject_alt_name, names);
    need(X509_sign(certificate, issuer ? issuer->key : identity.key, EVP_sha256()) > 0);
    return identity;
}

void identity_free(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

void identity_write(const struct identity *identity, const char *path, int key)
{
    FILE *file = fopen(path, "w");

    need(file && PEM_write_X509(file, identity->certificate));
    if (key)
        need(PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL));
    need(fclose(file) == 0);
}
