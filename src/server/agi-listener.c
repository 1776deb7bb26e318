/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <pyst/error.h>

#include "server/agi.h"

#define ACCEPTS   32  /* of one loop before it looks after its calls again */
#define RESUME_MS 100 /* without descriptors or memory, until the next try */

/*
 * A peer that is gone without a word, its machine off, is found after this; each accepted socket
 * has it from the listener's.
 */
#define KEEPALIVE_IDLE_S     60
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_PROBES     4

/* ---- accepting ------------------------------------------------------------------------------ */

static void on_watch(uv_poll_t *poll, int status, int events);

static void on_resume(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    for (struct watch *watch = loop->watches; watch; watch = watch->next)
        uv_poll_start(&watch->poll, UV_READABLE, on_watch);
}

/* What cannot be accepted stays readable: asking again at once would only burn time. */
static void pause_accepting(struct loop *loop)
{
    count(&loop->counters.accept_failed);
    for (struct watch *watch = loop->watches; watch; watch = watch->next)
        uv_poll_stop(&watch->poll);
    uv_timer_start(&loop->resume, on_resume, RESUME_MS, 0);
}

static bool admit(struct loop *loop, const struct sockaddr_storage *peer)
{
    const struct pyst_agi_server *server = loop->server;

    if (access_allows(server->access, server->options.n_allow, peer))
        return server_admit(loop);
    count(&loop->counters.refused_address);
    return false;
}

static void on_watch(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct loop *loop = watch->loop;
    unsigned left = ACCEPTS;

    (void)events;
    if (status < 0) {
        pause_accepting(loop);
        return;
    }
    while (left--) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof(peer);
        const int fd = accept4(watch->listener->fd, (struct sockaddr *)&peer, &size,
                               SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            pause_accepting(loop);
            return;
        }
        /* Other errors are of one connection, and accept(2) wants it tried again. */
        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd < 0)
            continue;
        if (admit(loop, &peer))
            call_accept(loop, fd, watch->listener->tls);
        else
            close(fd);
    }
}

/* ---- watching ------------------------------------------------------------------------------- */

static void listener_close(struct listener *listener)
{
    struct stat status;

    if (listener->fd < 0)
        return;
    close(listener->fd);
    listener->fd = -1;
    /* Unless another has put its own there. */
    if (listener->path && stat(listener->path, &status) == 0 && status.st_dev == listener->device &&
        status.st_ino == listener->inode)
        unlink(listener->path);
}

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

int watches_start(struct loop *loop)
{
    for (struct listener *listener = loop->server->listeners; listener; listener = listener->next) {
        struct watch *watch = calloc(1, sizeof(*watch));
        int r;

        if (!watch)
            return PYST_ERR_NO_MEMORY;
        r = uv_poll_init(&loop->uv, &watch->poll, listener->fd);
        if (r < 0) {
            free(watch);
            errno = -r;
            return PYST_ERR_SYSTEM;
        }
        watch->poll.data = watch;
        watch->loop = loop;
        watch->listener = listener;
        atomic_fetch_add(&listener->watchers, 1);
        watch->next = loop->watches;
        loop->watches = watch;
        uv_poll_start(&watch->poll, UV_READABLE, on_watch);
    }
    return 0;
}

void watches_close(struct loop *loop)
{
    while (loop->watches) {
        struct watch *watch = loop->watches;

        loop->watches = watch->next;
        uv_close((uv_handle_t *)&watch->poll, on_close);
        if (atomic_fetch_sub(&watch->listener->watchers, 1) == 1)
            listener_close(watch->listener);
    }
}

/* ---- listening ------------------------------------------------------------------------------ */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
        struct sockaddr_un unix_path;
    } socket;
    socklen_t size;
};

static bool parse_port(const char *text, uint16_t *portp)
{
    unsigned long port = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned long)(*text - '0');
        if (port > UINT16_MAX)
            return false;
    }
    *portp = (uint16_t)port;
    return true;
}

static bool parse_ip(const char *text, struct address *address)
{
    const bool in_brackets = *text == '[';
    const char *end = in_brackets ? strchr(text, ']') : text + strcspn(text, ":/");
    const char *rest = end && in_brackets ? end + 1 : end;
    const char *host = text + in_brackets;
    char copy[64];
    uint16_t port = PYST_AGI_PORT;

    if (!end || (size_t)(end - host) >= sizeof(copy))
        return false;
    memcpy(copy, host, (size_t)(end - host));
    copy[end - host] = '\0';
    if (*rest == ':') {
        if (!parse_port(rest + 1, &port))
            return false;
    } else if (*rest)
        return false;
    if (in_brackets) {
        address->size = sizeof(address->socket.ip6);
        return uv_ip6_addr(copy, port, &address->socket.ip6) == 0;
    }
    address->size = sizeof(address->socket.ip4);
    return uv_ip4_addr(strcmp(copy, "localhost") == 0 ? "127.0.0.1" : copy, port,
                       &address->socket.ip4) == 0;
}

static bool parse_address(const char *text, struct address *address)
{
    memset(address, 0, sizeof(*address));
    if (strncmp(text, "agi://", 6) == 0)
        return parse_ip(text + 6, address);
    if (strncmp(text, "unix:", 5) == 0 && text[5]) {
        address->socket.unix_path.sun_family = AF_UNIX;
        address->size = sizeof(address->socket.unix_path);
        if (strlen(text + 5) >= sizeof(address->socket.unix_path.sun_path))
            return false;
        memcpy(address->socket.unix_path.sun_path, text + 5, strlen(text + 5));
        return true;
    }
    return false;
}

/* Whether a socket's file is there that nobody listens on any more. */
static bool is_stale(const struct address *address)
{
    struct stat status;
    bool refused;
    int fd;

    if (lstat(address->socket.unix_path.sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    refused = connect(fd, &address->socket.any, address->size) < 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static int bind_to(int fd, const struct address *address)
{
    if (bind(fd, &address->socket.any, address->size) == 0)
        return 0;
    if (errno != EADDRINUSE || address->socket.any.sa_family != AF_UNIX)
        return -1;
    if (!is_stale(address)) {
        errno = EADDRINUSE;
        return -1;
    }
    unlink(address->socket.unix_path.sun_path);
    return bind(fd, &address->socket.any, address->size);
}

static void set(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof(value));
}

/* The descriptor, or -1 and errno. */
static int open_socket(const struct address *address)
{
    const int family = address->socket.any.sa_family;
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (family != AF_UNIX) {
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
        set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
        set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
        set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    }
    if (family == AF_INET6)
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (bind_to(fd, address) < 0 || listen(fd, SOMAXCONN) < 0) {
        const int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct address address = {.size = sizeof(address.socket)};

    if (getsockname(fd, &address.socket.any, &address.size) < 0)
        return 0;
    if (address.socket.any.sa_family == AF_INET)
        return ntohs(address.socket.ip4.sin_port);
    return address.socket.any.sa_family == AF_INET6 ? ntohs(address.socket.ip6.sin6_port) : 0;
}

/* What is needed to know the socket's file again. */
static int remember_path(struct listener *listener, const char *path)
{
    struct stat status;

    listener->path = strdup(path);
    if (!listener->path)
        return PYST_ERR_NO_MEMORY;
    if (stat(path, &status) < 0)
        return PYST_ERR_SYSTEM;
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
    return 0;
}

static int secure(struct listener *listener, const struct pyst_agi_server_tls *tls,
                  struct fault *fault)
{
    const struct tls_files files = {
        .ca_file = tls->ca_file,
        .certificate_file = tls->certificate_file,
        .key_file = tls->key_file,
    };

    if (!tls->certificate_file)
        return fault_set(fault, PYST_ERR_TLS, "TLS: a server needs a certificate");
    return tls_context_new(&listener->tls, &files, fault);
}

static void listener_free(struct listener *listener)
{
    listener_close(listener);
    tls_context_free(listener->tls);
    free(listener->path);
    free(listener);
}

int pyst_agi_server_listen(struct pyst_agi_server *server, const char *text,
                           const struct pyst_agi_server_tls *tls, int *portp)
{
    struct address address;
    struct listener *listener;
    int r = 0;

    if (atomic_load(&server->running))
        return PYST_ERR_STATE;
    if (!parse_address(text, &address))
        return fault_set(&server->fault, PYST_ERR_INVALID, "%s: not an address to listen on", text);
    listener = calloc(1, sizeof(*listener));
    if (!listener)
        return PYST_ERR_NO_MEMORY;
    listener->fd = -1;
    if (tls)
        r = secure(listener, tls, &server->fault);
    if (r == 0 && (listener->fd = open_socket(&address)) < 0)
        r = PYST_ERR_SYSTEM;
    if (r == 0 && address.socket.any.sa_family == AF_UNIX)
        r = remember_path(listener, address.socket.unix_path.sun_path);
    if (r < 0) {
        const int saved = errno;

        if (r != PYST_ERR_TLS)
            fault_set(&server->fault, r, "%s: %s", text,
                      r == PYST_ERR_SYSTEM ? strerror(saved) : pyst_strerror(r));
        listener_free(listener);
        errno = saved;
        return r;
    }
    listener->next = server->listeners;
    server->listeners = listener;
    if (portp)
        *portp = port_of(listener->fd);
    return 0;
}

const char *pyst_agi_server_error_text(const struct pyst_agi_server *server)
{
    return server->fault.text;
}

void listeners_free(struct pyst_agi_server *server)
{
    while (server->listeners) {
        struct listener *next = server->listeners->next;

        listener_free(server->listeners);
        server->listeners = next;
    }
}
