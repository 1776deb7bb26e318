/* SPDX-License-Identifier: MIT */

/* Where an AGI server listens, and to whom: addresses, unix sockets, the access list, TLS. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <pyst/agi/commands.h>
#include <pyst/error.h>

#include "agi-client.h"
#include "certificates.h"

/* Bytes of a path. */
#define FIFTY "01234567890123456789012345678901234567890123456789"

static char folder[] = "/tmp/pyst-agi-server-XXXXXX";

/* ---- handlers ------------------------------------------------------------------------------- */

/* NOOP until it is answered "bye". */
static void noop(struct pyst_agi_call *call, void *user)
{
    (void)user;
    pyst_agi_command_begin(pyst_agi_call_command(call), "NOOP");
    if (pyst_agi_call_submit(call) < 0)
        pyst_agi_call_finish(call);
}

static void noop_replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                         void *user)
{
    if (error < 0 || pyst_text_equal(reply->value, pyst_text("bye")))
        pyst_agi_call_finish(call);
    else
        noop(call, user);
}

static const struct pyst_agi_call_handler noops = {.started = noop, .replied = noop_replied};

static int noop_blocking(struct pyst_agi *agi, void *user)
{
    const struct pyst_agi_reply *reply;

    (void)user;
    while (pyst_agi_execute_line(agi, "NOOP", &reply) == 0 &&
           !pyst_text_equal(reply->value, pyst_text("bye")))
        continue;
    return 0;
}

static void add_routes(const struct served *served)
{
    assert_int_equal(pyst_agi_server_route_evented(served->server, "evented", &noops, NULL), 0);
    assert_int_equal(pyst_agi_server_route(served->server, "blocking", noop_blocking, NULL), 0);
}

static void talk(int fd, const char *path)
{
    assert_true(fd >= 0);
    client_environment(fd, path);
    client_expect(fd, "NOOP");
    client_say(fd, "200 result=0\n");
    client_expect(fd, "NOOP");
    client_say(fd, "200 result=0 (bye)\n");
    client_expect_end(fd);
}

static int connect_ip6(const char *address, int port)
{
    struct sockaddr_in6 socket_address = {.sin6_family = AF_INET6,
                                          .sin6_port = htons((uint16_t)port)};
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(inet_pton(AF_INET6, address, &socket_address.sin6_addr), 1);
    if (connect(fd, (struct sockaddr *)&socket_address, sizeof(socket_address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* ---- addresses ------------------------------------------------------------------------------ */

static void listens_on_every_kind_of_address(void **state)
{
    struct served served = served_new(NULL);
    int ip6, both, localhost;

    (void)state;
    add_routes(&served);
    if (pyst_agi_server_listen(served.server, "agi://[::1]:0", NULL, &ip6) == PYST_ERR_SYSTEM) {
        pyst_agi_server_free(served.server);
        skip(); /* no IPv6 here */
    }
    assert_int_equal(pyst_agi_server_listen(served.server, "agi://[::]:0", NULL, &both), 0);
    assert_int_equal(pyst_agi_server_listen(served.server, "agi://localhost:0", NULL, &localhost),
                     0);
    served_run(&served);
    talk(client_connect(served.port), "evented");
    talk(client_connect(localhost), "blocking");
    talk(connect_ip6("::1", ip6), "evented");
    talk(connect_ip6("::1", both), "blocking");
    talk(client_connect(both), "evented");
    assert_int_equal(client_connect(ip6), -1);
    served_end(&served);
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const bad[] = {
        "",
        "agi://",
        "127.0.0.1:4573",
        "http://127.0.0.1:1",
        "agi://127.0.0.1:",
        "agi://127.0.0.1:65536",
        "agi://127.0.0.1:12x",
        "agi://127.0.0.1:0/path",
        "agi://pbx.example.org:0",
        "agi://[::1]0",
        "agi://[::1",
        "agi://::1:0",
        "agi://[127.0.0.1]:0",
        "unix:",
        "unix:/" FIFTY FIFTY FIFTY,
    };
    struct served served = served_new(NULL);
    char taken[64];

    (void)state;
    assert_string_equal(pyst_agi_server_error_text(served.server), "");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(pyst_agi_server_listen(served.server, bad[i], NULL, NULL),
                         PYST_ERR_INVALID);
        assert_non_null(strstr(pyst_agi_server_error_text(served.server), bad[i]));
    }
    snprintf(taken, sizeof(taken), "agi://127.0.0.1:%d", served.port);
    assert_int_equal(pyst_agi_server_listen(served.server, taken, NULL, NULL), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    assert_non_null(strstr(pyst_agi_server_error_text(served.server), strerror(EADDRINUSE)));
    pyst_agi_server_free(served.server);
}

static int connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void listens_on_a_unix_socket(void **state)
{
    /* The access list is about IP. */
    static const char *const allow[] = {"192.0.2.1"};
    const struct pyst_agi_server_options options = {.loops = 2, .allow = allow, .n_allow = 1};
    char path[64], address[80];
    struct stat status;
    FILE *file;

    (void)state;
    snprintf(path, sizeof(path), "%s/socket", folder);
    snprintf(address, sizeof(address), "unix:%s", path);
    /* Twice: for the second, one that nobody listens on any more is in the way. */
    for (int i = 0; i < 2; i++) {
        struct served served = served_new(&options);
        struct served other;
        int port = 1;

        add_routes(&served);
        assert_int_equal(pyst_agi_server_listen(served.server, address, NULL, &port), 0);
        assert_int_equal(port, 0);
        other = served_new(NULL);
        assert_int_equal(pyst_agi_server_listen(other.server, address, NULL, NULL),
                         PYST_ERR_SYSTEM);
        assert_int_equal(errno, EADDRINUSE);
        pyst_agi_server_free(other.server);
        served_run(&served);
        talk(connect_unix(path), "evented");
        talk(connect_unix(path), "blocking");
        if (i == 0) {
            char kept[64];

            /* Another has put its own there meanwhile, which stays. */
            snprintf(kept, sizeof(kept), "%s/kept", folder);
            assert_int_equal(rename(path, kept), 0);
            other = served_new(NULL);
            add_routes(&other);
            assert_int_equal(pyst_agi_server_listen(other.server, address, NULL, NULL), 0);
            served_end(&served);
            served_run(&other);
            talk(connect_unix(path), "evented");
            served_end(&other);
            assert_int_equal(rename(kept, path), 0);
            assert_int_equal(connect_unix(path), -1);
        } else
            served_end(&served);
    }
    assert_int_equal(stat(path, &status), -1);

    /* What is no socket stays. */
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    {
        struct served served = served_new(NULL);

        assert_int_equal(pyst_agi_server_listen(served.server, address, NULL, NULL),
                         PYST_ERR_SYSTEM);
        assert_int_equal(errno, EADDRINUSE);
        pyst_agi_server_free(served.server);
    }
    assert_int_equal(unlink(path), 0);
}

/* ---- the access list ------------------------------------------------------------------------ */

static bool admits(const char *entry, const char *address)
{
    const char *const allow[] = {"192.0.2.7", entry};
    const struct pyst_agi_server_options options = {.allow = allow, .n_allow = 2};
    struct served served = served_new(&options);
    const bool is_ip6 = strchr(address, ':') != NULL;
    uint64_t refused;
    int port, fd;

    add_routes(&served);
    assert_int_equal(pyst_agi_server_listen(served.server, "agi://[::]:0", NULL, &port), 0);
    served_run(&served);
    fd = is_ip6 ? connect_ip6(address, port) : client_connect(served.port);
    assert_true(fd >= 0);
    for (int turn = 0;; turn++) {
        const struct pyst_agi_server_counters counters = served_counters(&served);

        refused = counters.refused_address;
        if (refused + counters.accepted > 0)
            break;
        client_wait(turn);
    }
    if (refused)
        client_expect_end(fd);
    else
        talk(fd, "evented");
    served_end(&served);
    return !refused;
}

static void admits_whom_the_list_has(void **state)
{
    struct served served = served_new(NULL);
    const int r = pyst_agi_server_listen(served.server, "agi://[::1]:0", NULL, NULL);

    (void)state;
    pyst_agi_server_free(served.server);
    if (r < 0)
        skip(); /* no IPv6 here */
    assert_true(admits("127.0.0.1", "127.0.0.1"));
    assert_true(admits("127.0.0.1/32", "127.0.0.1"));
    assert_true(admits("127.0.0.0/31", "127.0.0.1"));
    assert_true(admits("127.255.255.255/8", "127.0.0.1"));
    assert_true(admits("0.0.0.0/0", "127.0.0.1"));
    assert_false(admits("127.0.0.0/32", "127.0.0.1"));
    assert_false(admits("128.0.0.0/1", "127.0.0.1"));
    assert_false(admits("192.0.2.0/24", "127.0.0.1"));
    assert_false(admits("::1", "127.0.0.1"));
    assert_false(admits("::/0", "127.0.0.1"));
    assert_true(admits("::1", "::1"));
    assert_true(admits("::/64", "::1"));
    assert_true(admits("::/127", "::1"));
    assert_false(admits("::2/127", "::1"));
    assert_false(admits("2001:db8::/32", "::1"));
    assert_false(admits("0.0.0.0/0", "::1"));
    /* IPv4 by way of an IPv6 socket is IPv4, and so is an entry that says it so. */
    assert_true(admits("127.0.0.0/8", "::ffff:127.0.0.1"));
    assert_true(admits("::ffff:127.0.0.0/104", "::ffff:127.0.0.1"));
    assert_true(admits("::ffff:127.0.0.0/104", "127.0.0.1"));
    assert_false(admits("::ffff:127.0.0.2", "127.0.0.1"));
    assert_false(admits("::1", "::ffff:127.0.0.1"));
}

static void refuses_what_is_no_entry_of_the_list(void **state)
{
    static const char *const bad[] = {"",          "x",           "127.0.0.1/",    "127.0.0.1/33",
                                      "127.0.0/8", "127.0.0.1/x", "127.0.0.1/-1",  "::1/129",
                                      "::1/0128",  "[::1]",       "192.0.2.0 /24", "::1%lo",
                                      "localhost"};
    struct pyst_agi_server *server = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        const char *const allow[] = {"127.0.0.1", bad[i]};
        const struct pyst_agi_server_options options = {.allow = allow, .n_allow = 2};

        assert_int_equal(pyst_agi_server_new(&server, &options), PYST_ERR_INVALID);
    }
    assert_null(server);
}

/* ---- TLS ------------------------------------------------------------------------------------ */

static struct {
    char authority[64], server[64], client[64], stranger[64];
} files;

static void make_files(void)
{
    struct identity authority = identity_new("Authority", NULL, NULL);
    struct identity other = identity_new("Other authority", NULL, NULL);
    struct identity server = identity_new("server", "IP:127.0.0.1", &authority);
    struct identity client = identity_new("client", "DNS:client", &authority);
    struct identity stranger = identity_new("stranger", "DNS:stranger", &other);

    snprintf(files.authority, sizeof(files.authority), "%s/authority.pem", folder);
    snprintf(files.server, sizeof(files.server), "%s/server.pem", folder);
    snprintf(files.client, sizeof(files.client), "%s/client.pem", folder);
    snprintf(files.stranger, sizeof(files.stranger), "%s/stranger.pem", folder);
    identity_write(&authority, files.authority, 0);
    identity_write(&server, files.server, 1);
    identity_write(&client, files.client, 1);
    identity_write(&stranger, files.stranger, 1);
    identity_free(&authority);
    identity_free(&other);
    identity_free(&server);
    identity_free(&client);
    identity_free(&stranger);
}

struct secured {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
};

/* `certificate` may be NULL. Whether the handshake went well, as far as it can be seen here. */
static bool secure(struct secured *secured, int port, const char *certificate)
{
    int r;

    secured->fd = client_connect(port);
    secured->context = SSL_CTX_new(TLS_client_method());
    assert_non_null(secured->context);
    assert_int_equal(SSL_CTX_load_verify_file(secured->context, files.authority), 1);
    if (certificate) {
        assert_int_equal(SSL_CTX_use_certificate_chain_file(secured->context, certificate), 1);
        assert_int_equal(
            SSL_CTX_use_PrivateKey_file(secured->context, certificate, SSL_FILETYPE_PEM), 1);
    }
    SSL_CTX_set_verify(secured->context, SSL_VERIFY_PEER, NULL);
    secured->ssl = SSL_new(secured->context);
    assert_int_equal(SSL_set_fd(secured->ssl, secured->fd), 1);
    SSL_RETRY(r, SSL_connect(secured->ssl));
    return r == 1;
}

static void secured_end(struct secured *secured)
{
    SSL_free(secured->ssl);
    SSL_CTX_free(secured->context);
    close(secured->fd);
    ERR_clear_error();
}

/* Writes the text in records of `step` bytes. */
static void secured_say(struct secured *secured, const char *text, size_t step)
{
    for (size_t left = strlen(text); left > 0;) {
        const size_t size = left < step ? left : step;
        int r;

        SSL_RETRY(r, SSL_write(secured->ssl, text, (int)size));
        assert_int_equal(r, size);
        text += size;
        left -= size;
    }
}

static void secured_expect(struct secured *secured, const char *line)
{
    char heard[256];
    size_t n = 0;
    int r;

    do {
        SSL_RETRY(r, SSL_read(secured->ssl, heard + n, 1));
        assert_int_equal(r, 1);
    } while (heard[n++] != '\n' && n < sizeof(heard));
    heard[n - 1] = '\0';
    assert_string_equal(heard, line);
}

/* The stream ends with a goodbye. */
static void secured_expect_end(struct secured *secured)
{
    char byte;
    int r;

    SSL_RETRY(r, SSL_read(secured->ssl, &byte, 1));
    assert_true(r <= 0);
    assert_int_equal(SSL_get_error(secured->ssl, r), SSL_ERROR_ZERO_RETURN);
    secured_end(secured);
}

static void secured_talk(struct secured *secured, const char *path, size_t step)
{
    char text[256];

    snprintf(text, sizeof(text), "agi_network: yes\nagi_network_script: %s\nagi_arg_1: x\n\n",
             path);
    secured_say(secured, text, step);
    for (int i = 0; i < 10; i++) {
        secured_expect(secured, "NOOP");
        secured_say(secured, "200 result=0 (some value)\n", step);
    }
    secured_expect(secured, "NOOP");
    secured_say(secured, "200 result=0 (bye)\n", step);
    secured_expect_end(secured);
}

static void serves_calls_over_tls(void **state)
{
    const struct pyst_agi_server_tls tls = {.certificate_file = files.server};
    const struct pyst_agi_server_options options = {.loops = 2};
    struct served served = served_new(&options);
    struct secured secured;
    int port, fd;

    (void)state;
    add_routes(&served);
    assert_int_equal(pyst_agi_server_listen(served.server, "agi://127.0.0.1:0", &tls, &port), 0);
    served_run(&served);
    for (int i = 0; i < 6; i++) {
        assert_true(secure(&secured, port, NULL));
        secured_talk(&secured, i % 2 ? "evented" : "blocking", i < 4 ? 1000 : 1);
    }
    /* The other port is still without. */
    talk(client_connect(served.port), "evented");
    /* Ends without a goodbye, before, within and after the handshake. */
    close(client_connect(port));
    fd = client_connect(port);
    client_say(fd, "\x16\x03\x01");
    close(fd);
    assert_true(secure(&secured, port, NULL));
    secured_end(&secured);
    /* What is no TLS. */
    fd = client_call(port, "evented");
    while (recv(fd, (char[100]){0}, 100, 0) > 0)
        continue;
    close(fd);
    AWAIT(&served, calls, 0);
    AWAIT(&served, tls_failed, 3);
    AWAIT(&served, broken, 1);
    served_end(&served);
}

static void wants_a_certificate_of_clients_if_told_to(void **state)
{
    const struct pyst_agi_server_tls tls = {.certificate_file = files.server,
                                            .ca_file = files.authority};
    struct served served = served_new(NULL);
    struct secured secured;
    char byte;
    int port;

    (void)state;
    add_routes(&served);
    assert_int_equal(pyst_agi_server_listen(served.server, "agi://127.0.0.1:0", &tls, &port), 0);
    served_run(&served);
    assert_true(secure(&secured, port, files.client));
    secured_talk(&secured, "evented", 1000);
    /* With TLS 1.3 a client hears of it only when it reads. */
    if (secure(&secured, port, NULL))
        assert_true(SSL_read(secured.ssl, &byte, 1) <= 0);
    secured_end(&secured);
    if (secure(&secured, port, files.stranger))
        assert_true(SSL_read(secured.ssl, &byte, 1) <= 0);
    secured_end(&secured);
    AWAIT(&served, tls_failed, 2);
    served_end(&served);
}

/* Silent at every stage, and cut by the limits of time or by the stop. */
static void cuts_calls_over_tls(void **state)
{
    const struct pyst_agi_server_tls tls = {.certificate_file = files.server};
    const struct pyst_agi_server_options options = {
        .environment_timeout_us = 3000000,
        .idle_timeout_us = 3000000,
    };
    struct served served = served_new(&options);
    struct secured evented, blocking, starting;
    int port, fd;

    (void)state;
    add_routes(&served);
    assert_int_equal(pyst_agi_server_listen(served.server, "agi://127.0.0.1:0", &tls, &port), 0);
    served_run(&served);
    fd = client_connect(port);
    assert_true(secure(&starting, port, NULL));
    assert_true(secure(&evented, port, NULL));
    secured_say(&evented, "agi_network_script: evented\n\n", 100);
    secured_expect(&evented, "NOOP");
    assert_true(secure(&blocking, port, NULL));
    secured_say(&blocking, "agi_network_script: blocking\n\n", 100);
    secured_expect(&blocking, "NOOP");
    client_expect_end(fd);
    AWAIT(&served, idle_timed_out, 2);
    AWAIT(&served, environment_timed_out, 2);
    AWAIT(&served, calls, 0);
    secured_end(&starting);
    secured_end(&evented);
    secured_end(&blocking);
    served_end(&served);
}

static void refuses_bad_certificates(void **state)
{
    struct served served = served_new(NULL);
    const struct pyst_agi_server_tls bad[] = {
        {.certificate_file = NULL},
        {.certificate_file = "/nowhere/x.pem"},
        {.certificate_file = files.authority},
        {.certificate_file = files.server, .key_file = files.client},
        {.certificate_file = files.server, .ca_file = "/nowhere/ca.pem"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(pyst_agi_server_listen(served.server, "agi://127.0.0.1:0", &bad[i], NULL),
                         PYST_ERR_TLS);
        assert_true(strlen(pyst_agi_server_error_text(served.server)) > 0);
        assert_null(strstr(pyst_agi_server_error_text(served.server), "PRIVATE"));
    }
    assert_non_null(strstr(pyst_agi_server_error_text(served.server), "/nowhere/ca.pem"));
    pyst_agi_server_free(served.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listens_on_every_kind_of_address),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(listens_on_a_unix_socket),
        cmocka_unit_test(admits_whom_the_list_has),
        cmocka_unit_test(refuses_what_is_no_entry_of_the_list),
        cmocka_unit_test(serves_calls_over_tls),
        cmocka_unit_test(wants_a_certificate_of_clients_if_told_to),
        cmocka_unit_test(cuts_calls_over_tls),
        cmocka_unit_test(refuses_bad_certificates),
    };
    int failed;

    /* OpenSSL's sockets write to peers that are gone. */
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(folder))
        return 1;
    make_files();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(files.authority);
    unlink(files.server);
    unlink(files.client);
    unlink(files.stranger);
    rmdir(folder);
    return failed;
}
