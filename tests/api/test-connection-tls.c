/* SPDX-License-Identifier: MIT */

/* TLS, good and bad. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <pyst/connection.h>

#include "certificates.h"
#include "connection-peer.h"

#define LARGE 20000 /* lines of a large answer */

/* Made once for all tests. */
static struct identity authority;
static struct identity server_identity;
static struct identity client_identity;
static char folder[] = "/tmp/pyst-test-tls-XXXXXX";
static char authority_file[64];
static char client_file[64];
static char stranger_file[64];

enum ending {
    GOODBYE, /* close_notify */
    CUT,     /* the end of the stream without one */
    RESET
};

/* What a server does after the handshake. */
struct behaviour {
    bool wants_certificate;
    enum ending ending;
};

static bool tls_say(SSL *ssl, const char *bytes)
{
    int r;

    SSL_RETRY(r, SSL_write(ssl, bytes, (int)strlen(bytes)));
    return r > 0;
}

static bool tls_hear(SSL *ssl, char *action, int size)
{
    int n = 0, r;

    while (n + 1 < size) {
        SSL_RETRY(r, SSL_read(ssl, action + n, 1));
        if (r != 1)
            break;
        n++;
        action[n] = '\0';
        if (n >= 4 && memcmp(action + n - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

static void tls_answer(SSL *ssl, const char *action, const char *lines)
{
    const char *id = strstr(action, "ActionID: ");
    char answer[4096];

    snprintf(answer, sizeof(answer), "%s%.*s\r\n\r\n", lines, (int)strcspn(id, "\r\n"), id);
    tls_say(ssl, answer);
}

/* Greets, accepts the login, and does what the names of actions say. */
static void converse(SSL *ssl)
{
    char action[32768];

    tls_say(ssl, "Asterisk Call Manager/11.0.0\r\n");
    while (tls_hear(ssl, action, sizeof(action))) {
        if (strncmp(action, "Action: Leave\r\n", 15) == 0)
            return;
        if (strncmp(action, "Action: Half\r\n", 14) == 0) {
            tls_say(ssl, "Response: Succ");
            return;
        }
        if (strncmp(action, "Action: Logoff\r\n", 16) == 0) {
            tls_answer(ssl, action, "Response: Goodbye\r\n");
            return;
        }
        if (strncmp(action, "Action: Large\r\n", 15) == 0) {
            tls_say(ssl, "Event: Large\r\n");
            for (int i = 0; i < LARGE; i++)
                tls_say(ssl, "Line: as long as a line of a real answer may well be, so that there "
                             "are many records to read\r\n");
            tls_say(ssl, "\r\n");
        }
        tls_answer(ssl, action, "Response: Success\r\n");
    }
}

static void serve(struct peer *peer, int fd, unsigned index)
{
    const struct behaviour *behaviour = peer_user(peer);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL *ssl;
    int r;

    SSL_CTX_use_certificate(context, server_identity.certificate);
    SSL_CTX_use_PrivateKey(context, server_identity.key);
    if (behaviour->wants_certificate) {
        SSL_CTX_load_verify_file(context, authority_file);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    SSL_RETRY(r, SSL_accept(ssl));
    if (r > 0) {
        converse(ssl);
        if (behaviour->ending == GOODBYE)
            SSL_shutdown(ssl);
        if (behaviour->ending == RESET)
            peer_will_reset(fd);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
}

static int make_certificates(void **state)
{
    struct identity stranger;

    if (!mkdtemp(folder))
        return -1;
    snprintf(authority_file, sizeof(authority_file), "%s/authority.pem", folder);
    snprintf(client_file, sizeof(client_file), "%s/client.pem", folder);
    snprintf(stranger_file, sizeof(stranger_file), "%s/stranger.pem", folder);
    authority = identity_new("Authority", NULL, NULL);
    server_identity = identity_new("server", "DNS:localhost,IP:127.0.0.1", &authority);
    client_identity = identity_new("client", "DNS:client", &authority);
    stranger = identity_new("Stranger", NULL, NULL);
    identity_write(&authority, authority_file, 0);
    identity_write(&client_identity, client_file, 1);
    identity_write(&stranger, stranger_file, 0);
    identity_free(&stranger);
    return 0;
}

static int remove_certificates(void **state)
{
    identity_free(&authority);
    identity_free(&server_identity);
    identity_free(&client_identity);
    unlink(authority_file);
    unlink(client_file);
    unlink(stranger_file);
    rmdir(folder);
    return 0;
}

static struct pyst_ami_connection_options tls_options(const struct peer *peer)
{
    struct pyst_ami_connection_options options = options_for(peer_port(peer));

    options.tls.enabled = true;
    options.tls.ca_file = authority_file;
    return options;
}

/* --- handshakes ---------------------------------------------------------------------------- */

/* Connects with these settings; returns what opening says, with its words in `words`. */
static int open_with(const struct behaviour *behaviour,
                     void (*change)(struct pyst_ami_connection_options *options), char words[512])
{
    struct peer *peer = peer_new("127.0.0.1", 1, serve, (void *)behaviour);
    struct pyst_ami_connection_options options = tls_options(peer);
    struct pyst_ami_connection *connection;
    int r;

    if (change)
        change(&options);
    connection = connection_to(&options);
    r = pyst_ami_connection_open(connection, UINT64_MAX);
    snprintf(words, 512, "%s", pyst_ami_connection_error_text(connection));
    if (r == 0) {
        struct pyst_ami_action *action = action_named("Ping");

        /* In TLS 1.3 a refused certificate of the client shows behind the handshake only. */
        assert_int_equal(pyst_ami_connection_run(connection, action, NULL, NULL), 0);
        pyst_ami_action_free(action);
    }
    pyst_ami_connection_free(connection);
    peer_join(peer);
    return r;
}

static const struct behaviour plain = {.ending = GOODBYE};
static const struct behaviour demanding = {.wants_certificate = true};
static char words[512];

static void by_name(struct pyst_ami_connection_options *options)
{
    options->host = "localhost";
}

static void by_other_name(struct pyst_ami_connection_options *options)
{
    options->tls.server_name = "pbx.example";
}

static void by_right_name(struct pyst_ami_connection_options *options)
{
    options->tls.server_name = "localhost";
}

static void by_other_address(struct pyst_ami_connection_options *options)
{
    options->tls.server_name = "127.0.0.2";
}

static void trust_stranger(struct pyst_ami_connection_options *options)
{
    options->tls.ca_file = stranger_file;
}

static void trust_system(struct pyst_ami_connection_options *options)
{
    options->tls.ca_file = NULL;
}

static void trust_anybody(struct pyst_ami_connection_options *options)
{
    options->tls.ca_file = NULL;
    options->tls.server_name = "pbx.example";
    options->tls.skip_verification = true;
}

static void show_certificate(struct pyst_ami_connection_options *options)
{
    options->tls.certificate_file = client_file;
}

static void no_such_file(struct pyst_ami_connection_options *options)
{
    options->tls.ca_file = "/nonexistent/authority.pem";
}

static void no_key(struct pyst_ami_connection_options *options)
{
    options->tls.certificate_file = authority_file;
}

static void test_address_in_the_certificate(void **state)
{
    assert_int_equal(open_with(&plain, NULL, words), 0);
}

static void test_name_in_the_certificate(void **state)
{
    assert_int_equal(open_with(&plain, by_name, words), 0);
}

static void test_server_name_setting(void **state)
{
    assert_int_equal(open_with(&plain, by_right_name, words), 0);
}

static void test_wrong_name(void **state)
{
    assert_int_equal(open_with(&plain, by_other_name, words), PYST_ERR_TLS_CERTIFICATE);
    assert_non_null(strstr(words, "mismatch"));
}

static void test_wrong_address(void **state)
{
    assert_int_equal(open_with(&plain, by_other_address, words), PYST_ERR_TLS_CERTIFICATE);
    assert_non_null(strstr(words, "mismatch"));
}

static void test_authority_that_is_not_trusted(void **state)
{
    assert_int_equal(open_with(&plain, trust_stranger, words), PYST_ERR_TLS_CERTIFICATE);
    assert_non_null(strstr(words, "certificate"));
    assert_int_equal(open_with(&plain, trust_system, words), PYST_ERR_TLS_CERTIFICATE);
}

static void test_verification_skipped(void **state)
{
    assert_int_equal(open_with(&plain, trust_anybody, words), 0);
}

static void test_certificate_of_the_client(void **state)
{
    assert_int_equal(open_with(&demanding, show_certificate, words), 0);
}

static void test_certificate_of_the_client_missing(void **state)
{
    assert_int_equal(open_with(&demanding, NULL, words), PYST_ERR_TLS);
    assert_non_null(strstr(words, "certificate required"));
}

static void fails_to_begin(void (*change)(struct pyst_ami_connection_options *options),
                           const char *names)
{
    /* The peer sees a client that leaves without a word. */
    assert_int_equal(open_with(&plain, change, words), PYST_ERR_TLS);
    assert_non_null(strstr(words, names));
}

static void test_files_that_cannot_be_read(void **state)
{
    fails_to_begin(no_such_file, "/nonexistent/authority.pem: ");
    fails_to_begin(no_key, authority_file);
}

static void say_plainly(struct peer *peer, int fd, unsigned index)
{
    peer_say(fd, peer_user(peer));
    peer_drain(fd);
}

static int open_plain_server(const char *text, uint64_t timeout_us)
{
    struct peer *peer = peer_new("127.0.0.1", 1, say_plainly, (void *)text);
    struct pyst_ami_connection_options options = tls_options(peer);
    struct pyst_ami_connection *connection;
    int r;

    options.connect_timeout_us = timeout_us;
    connection = connection_to(&options);
    r = pyst_ami_connection_open(connection, UINT64_MAX);
    snprintf(words, sizeof(words), "%s", pyst_ami_connection_error_text(connection));
    pyst_ami_connection_free(connection);
    peer_join(peer);
    return r;
}

static void test_server_without_tls(void **state)
{
    assert_int_equal(open_plain_server("Asterisk Call Manager/11.0.0\r\n", PATIENCE), PYST_ERR_TLS);
    assert_non_null(strstr(words, "handshake"));
}

static void test_handshake_without_an_answer(void **state)
{
    uint64_t time_us = 100000;

    /* It may be late already when it is connected. */
    while (open_plain_server("", time_us) != PYST_ERR_TLS) {
        assert_true(time_us < PATIENCE);
        time_us *= 2;
    }
    assert_non_null(strstr(words, "in time"));
}

static void leave_at_once(struct peer *peer, int fd, unsigned index)
{
    char byte;

    if (read(fd, &byte, 1) < 0)
        return;
}

static void test_server_leaving_in_the_handshake(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 1, leave_at_once, NULL);
    struct pyst_ami_connection_options options = tls_options(peer);
    struct pyst_ami_connection *connection = connection_to(&options);

    assert_int_equal(pyst_ami_connection_open(connection, UINT64_MAX), PYST_ERR_TLS);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

/* --- the stream ---------------------------------------------------------------------------- */

/* How the connection ends, and the last action, after these words. */
static int closing_error(enum ending ending, const char *name, int *action_errorp)
{
    const struct behaviour behaviour = {.ending = ending};
    struct peer *peer = peer_new("127.0.0.1", 1, serve, (void *)&behaviour);
    struct pyst_ami_connection_options options = tls_options(peer);
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    int error;

    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    submit_named(connection, name);
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
    *action_errorp = notice.error;
    take(connection, &notice);
    assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    error = notice.error;
    pyst_ami_connection_free(connection);
    peer_join(peer);
    return error;
}

static void test_goodbye_between_messages(void **state)
{
    int error;

    assert_int_equal(closing_error(GOODBYE, "Leave", &error), PYST_ERR_CLOSED);
    assert_int_equal(error, PYST_ERR_UNKNOWN_OUTCOME);
}

static void test_goodbye_inside_a_message(void **state)
{
    int error;

    assert_int_equal(closing_error(GOODBYE, "Half", &error), PYST_ERR_TRUNCATED);
    assert_int_equal(error, PYST_ERR_UNKNOWN_OUTCOME);
}

static void test_truncated(void **state)
{
    int error;

    assert_int_equal(closing_error(CUT, "Leave", &error), PYST_ERR_TLS);
    assert_int_equal(error, PYST_ERR_UNKNOWN_OUTCOME);
    assert_int_equal(closing_error(CUT, "Half", &error), PYST_ERR_TLS);
    assert_int_equal(error, PYST_ERR_UNKNOWN_OUTCOME);
}

static void test_truncated_after_logoff_is_no_error(void **state)
{
    int error;

    assert_int_equal(closing_error(CUT, "Logoff", &error), 0);
    assert_int_equal(error, 0);
    assert_int_equal(closing_error(GOODBYE, "Logoff", &error), 0);
    assert_int_equal(error, 0);
}

static void test_large_traffic(void **state)
{
    enum { N = 3000 };
    struct peer *peer = peer_new("127.0.0.1", 1, serve, (void *)&plain);
    struct pyst_ami_connection_options options = tls_options(peer);
    struct pyst_ami_connection *connection;
    struct pyst_ami_action *action = action_named("Large");
    char value[900];
    struct pyst_ami_notice notice;

    /* So that reading is paused in the middle, with bytes left inside of TLS. */
    options.queue_size = 10000;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);

    memset(value, 'x', sizeof(value));
    for (int i = 0; i < 20; i++)
        assert_int_equal(
            pyst_ami_action_add(action, pyst_text("Filler"), pyst_text_of(value, sizeof(value))),
            0);
    /* The peer answers before it hears on: both directions fill up. */
    for (int i = 0; i < N; i++)
        submit_named(connection, "Ping");
    assert_int_equal(pyst_ami_connection_submit(connection, action, NULL, NULL), 0);
    for (int i = 0; i < N; i++) {
        take(connection, &notice);
        assert_int_equal(notice.type, PYST_AMI_NOTICE_DONE);
        assert_int_equal(notice.error, 0);
    }
    take_until(connection, PYST_AMI_NOTICE_EVENT, &notice);
    assert_int_equal(pyst_ami_message_n_headers(notice.message), LARGE + 1);
    take_until(connection, PYST_AMI_NOTICE_DONE, &notice);
    assert_int_equal(notice.error, 0);
    pyst_ami_action_free(action);
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

static void test_no_sigpipe(void **state)
{
    const struct behaviour behaviour = {.ending = RESET};
    struct peer *peer = peer_new("127.0.0.1", 1, serve, (void *)&behaviour);
    struct pyst_ami_connection_options options = tls_options(peer);
    struct pyst_ami_connection *connection = connection_to(&options);
    struct pyst_ami_notice notice;
    int done = 0;

    pyst_ami_connection_start(connection);
    take_until(connection, PYST_AMI_NOTICE_READY, &notice);
    submit_named(connection, "Leave");
    process_once(connection);
    peer_join(peer);
    for (int i = 1; i < 20; i++)
        submit_named(connection, "Ping");
    do {
        take(connection, &notice);
        done += notice.type == PYST_AMI_NOTICE_DONE;
    } while (notice.type != PYST_AMI_NOTICE_CLOSED);
    assert_int_equal(done, 20);
    pyst_ami_connection_free(connection);
}

static void test_reconnect(void **state)
{
    struct peer *peer = peer_new("127.0.0.1", 3, serve, (void *)&plain);
    struct pyst_ami_connection_options options = tls_options(peer);
    struct pyst_ami_connection *connection;
    struct pyst_ami_notice notice;

    options.reconnect.enabled = true;
    options.reconnect.min_us = options.reconnect.max_us = 1000;
    connection = connection_to(&options);
    pyst_ami_connection_start(connection);
    for (int i = 0; i < 3; i++) {
        take_until(connection, PYST_AMI_NOTICE_READY, &notice);
        submit_named(connection, "Leave");
        take_until(connection, PYST_AMI_NOTICE_DONE, &notice);
        take(connection, &notice);
        assert_int_equal(notice.type, PYST_AMI_NOTICE_CLOSED);
    }
    pyst_ami_connection_free(connection);
    peer_join(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_in_the_certificate),
        cmocka_unit_test(test_name_in_the_certificate),
        cmocka_unit_test(test_server_name_setting),
        cmocka_unit_test(test_wrong_name),
        cmocka_unit_test(test_wrong_address),
        cmocka_unit_test(test_authority_that_is_not_trusted),
        cmocka_unit_test(test_verification_skipped),
        cmocka_unit_test(test_certificate_of_the_client),
        cmocka_unit_test(test_certificate_of_the_client_missing),
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_server_without_tls),
        cmocka_unit_test(test_handshake_without_an_answer),
        cmocka_unit_test(test_server_leaving_in_the_handshake),
        cmocka_unit_test(test_goodbye_between_messages),
        cmocka_unit_test(test_goodbye_inside_a_message),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_truncated_after_logoff_is_no_error),
        cmocka_unit_test(test_large_traffic),
        cmocka_unit_test(test_no_sigpipe),
        cmocka_unit_test(test_reconnect),
    };

    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
