/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>

#include "server/internal.h"

#define CLIENTS_DEFAULT 1024
#define BACKLOG         128

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0)
        client_accept(listener->data);
}

static void on_stop(uv_async_t *async)
{
    struct pyst_emulator_server *server = async->data;

    uv_stop(server->loop);
}

static void on_close(uv_handle_t *handle)
{
    struct pyst_emulator_server *server = handle->data;

    server->n_handles--;
    server_try_release(server);
}

void server_try_release(struct pyst_emulator_server *server)
{
    if (!server->freed || server->n_handles || server->n_clients)
        return;
    pyst_emulator_script_unref(server->script);
    server->script = NULL;
    if (server->loop != &server->own)
        free(server);
}

/* libuv's errors are negative errno numbers on every system that is supported. */
static int system_error(int r)
{
    errno = -r;
    return PYST_ERR_SYSTEM;
}

static int parse_address(const char *host, int port, struct sockaddr_storage *address)
{
    if (!host || strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (port < 0 || port > 65535)
        return PYST_ERR_INVALID;
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0 ||
        uv_ip6_addr(host, port, (struct sockaddr_in6 *)address) == 0)
        return 0;
    return PYST_ERR_INVALID;
}

static int listen_on(struct pyst_emulator_server *server, const struct sockaddr_storage *address)
{
    struct sockaddr_storage bound;
    int size = sizeof(bound), r;

    if ((r = uv_tcp_bind(&server->listener, (const struct sockaddr *)address, 0)) < 0 ||
        (r = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection)) < 0 ||
        (r = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&bound, &size)) < 0)
        return system_error(r);
    server->port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                     : ((struct sockaddr_in *)&bound)->sin_port);
    return 0;
}

int pyst_emulator_server_new(struct pyst_emulator_server **serverp,
                             const struct pyst_emulator_server_options *options,
                             struct uv_loop_s *loop)
{
    struct sockaddr_storage address;
    struct pyst_emulator_server *server;
    int r = parse_address(options->host, options->port, &address);

    if (r < 0)
        return r;
    server = calloc(1, sizeof(*server));
    if (!server)
        return PYST_ERR_NO_MEMORY;
    server->clients_max = options->clients ? options->clients : CLIENTS_DEFAULT;
    server->output_size = options->output_size;
    server->flood = options->flood;
    server->script = pyst_emulator_script_ref(options->script);
    if (!server->script && (r = pyst_emulator_script_demo(&server->script)) < 0) {
        free(server);
        return r;
    }
    if (!loop && (r = uv_loop_init(&server->own)) < 0) {
        pyst_emulator_script_unref(server->script);
        free(server);
        return r == UV_ENOMEM ? PYST_ERR_NO_MEMORY : system_error(r);
    }
    server->loop = loop ? loop : &server->own;
    server->listener.data = server->stop.data = server;
    r = uv_tcp_init(server->loop, &server->listener);
    if (r == 0)
        server->n_handles++;
    if (r == 0 && (r = uv_async_init(server->loop, &server->stop, on_stop)) == 0) {
        server->n_handles++;
        uv_unref((uv_handle_t *)&server->stop);
    }
    r = r < 0 ? system_error(r) : listen_on(server, &address);
    if (r < 0) {
        int saved = errno;

        pyst_emulator_server_free(server);
        errno = saved;
        return r;
    }
    *serverp = server;
    return 0;
}

struct pyst_emulator_server *pyst_emulator_server_free(struct pyst_emulator_server *server)
{
    if (!server)
        return NULL;
    server->freed = true;
    pyst_emulator_server_drop_all(server);
    if (server->n_handles > 1)
        uv_close((uv_handle_t *)&server->stop, on_close);
    if (server->n_handles > 0)
        uv_close((uv_handle_t *)&server->listener, on_close);
    if (server->loop == &server->own) {
        /* Every handle is closing, so this ends. */
        uv_run(&server->own, UV_RUN_DEFAULT);
        uv_loop_close(&server->own);
        free(server);
    } else
        server_try_release(server);
    return NULL;
}

int pyst_emulator_server_port(const struct pyst_emulator_server *server)
{
    return server->port;
}

size_t pyst_emulator_server_clients(const struct pyst_emulator_server *server)
{
    return server->n_connected;
}

int pyst_emulator_server_run(struct pyst_emulator_server *server)
{
    if (server->loop != &server->own)
        return PYST_ERR_STATE;
    uv_run(&server->own, UV_RUN_DEFAULT);
    return 0;
}

void pyst_emulator_server_stop(struct pyst_emulator_server *server)
{
    uv_async_send(&server->stop);
}

void pyst_emulator_server_send_all(struct pyst_emulator_server *server, struct pyst_text bytes)
{
    for (struct client *client = server->clients; client; client = client->next)
        client_send(client, bytes);
}

void pyst_emulator_server_drop_all(struct pyst_emulator_server *server)
{
    for (struct client *client = server->clients; client; client = client->next)
        client_drop(client);
}
