/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>

#include "server/internal.h"

#define CHUNK_SIZE    ((size_t)256 << 10)
#define HELD_BACK     ((size_t)1 << 20) /* unread or unsent bytes above which reading pauses */
#define LINGER_MS     2000              /* for the client to close its end */
#define FLOOD_END     "Event: FloodEnd\r\nPrivilege: user,all\r\n\r\n"
#define UNIQUE_STRIDE 100000 /* numbers for each client, so that two rarely use the same */

static void flush(struct client *client);
static void on_allocate(uv_handle_t *handle, size_t size, uv_buf_t *buffer);
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer);

static uint64_t now_us(void)
{
    return uv_hrtime() / 1000;
}

/* ---- the end -------------------------------------------------------------------------------- */

static void on_close(uv_handle_t *handle)
{
    struct client *client = handle->data;
    struct pyst_emulator_server *server = client->server;

    if (--client->n_handles)
        return;
    *client->at = client->next;
    if (client->next)
        client->next->at = client->at;
    server->n_clients--;
    pyst_emulator_ami_free(client->emulator);
    flood_end(&client->flood);
    free(client->chunk);
    free(client);
    server_try_release(server);
}

void client_drop(struct client *client)
{
    if (client->dropped)
        return;
    client->dropped = true;
    client->server->n_connected--;
    uv_close((uv_handle_t *)&client->socket, on_close);
    uv_close((uv_handle_t *)&client->timer, on_close);
}

static void on_linger(uv_timer_t *timer)
{
    client_drop(timer->data);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    struct client *client = request->data;

    if (status != UV_ECANCELED && (status < 0 || client->ended))
        client_drop(client);
}

/*
 * All is said: the client gets the end of the stream, and some time to close its own unless it has.
 * Until then it is read from, or a reset could overtake what was said.
 */
static void shut_down(struct client *client)
{
    client->shut = true;
    if (uv_shutdown(&client->shutdown, (uv_stream_t *)&client->socket, on_shutdown) < 0) {
        client_drop(client);
        return;
    }
    uv_timer_start(&client->timer, on_linger, LINGER_MS, 0);
    if (client->paused && !client->ended)
        uv_read_start((uv_stream_t *)&client->socket, on_allocate, on_read);
}

/* ---- talking -------------------------------------------------------------------------------- */

static int answer(struct client *client, struct pyst_ami_message *action)
{
    struct pyst_text name = pyst_ami_message_get(action, pyst_text("Action"));
    int r;

    if (client->server->flood && pyst_text_equal_nocase(name, pyst_text("Flood")))
        return flood_begin(&client->flood, client->emulator, action);
    r = pyst_emulator_ami_play(client->emulator, pyst_text(".unknown"), action, now_us());
    return r < 0 ? r : 0;
}

static void on_time(uv_timer_t *timer);

static void set_timer(struct client *client)
{
    uint64_t deadline = pyst_emulator_ami_deadline(client->emulator), now = now_us();

    if (deadline == UINT64_MAX)
        uv_timer_stop(&client->timer);
    else {
        uv_update_time(client->server->loop);
        uv_timer_start(&client->timer, on_time, deadline > now ? (deadline - now + 999) / 1000 : 0,
                       0);
    }
}

static void process(struct client *client)
{
    struct pyst_ami_message *action;
    int r;

    while ((r = pyst_emulator_ami_process(client->emulator, now_us(), &action)) == 1) {
        r = answer(client, action);
        pyst_ami_message_unref(action);
        if (r < 0 && r != PYST_ERR_LIMIT_OUTPUT)
            break;
    }
    if (r == PYST_ERR_NO_MEMORY) {
        client_drop(client);
        return;
    }
    set_timer(client);
    flush(client);
}

static void on_time(uv_timer_t *timer)
{
    process(timer->data);
}

static void on_allocate(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct client *client = handle->data;

    (void)size;
    *buffer = uv_buf_init(client->server->read_buffer, sizeof(client->server->read_buffer));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct client *client = stream->data;

    if (n == 0)
        return;
    if (n == UV_EOF && !client->shut) {
        client->ended = true;
        pyst_emulator_ami_close(client->emulator);
        uv_read_stop(stream);
        uv_timer_stop(&client->timer);
        flush(client);
        return;
    }
    if (n < 0 || pyst_emulator_ami_feed(client->emulator, buffer->base, (size_t)n) < 0) {
        client_drop(client);
        return;
    }
    if (!client->shut)
        process(client);
}

/* A client that sends faster than it is answered, or does not read, is not read from. */
static void pause_or_go_on(struct client *client)
{
    bool pause = pyst_emulator_ami_pending(client->emulator) > HELD_BACK ||
                 pyst_emulator_ami_output(client->emulator).size > HELD_BACK;

    if (pause == client->paused || pyst_emulator_ami_closing(client->emulator))
        return;
    client->paused = pause;
    if (pause)
        uv_read_stop((uv_stream_t *)&client->socket);
    else
        uv_read_start((uv_stream_t *)&client->socket, on_allocate, on_read);
}

static void on_written(uv_write_t *request, int status)
{
    struct client *client = request->data;

    client->writing = false;
    free(client->chunk);
    client->chunk = NULL;
    if (client->dropped)
        return;
    if (status < 0)
        client_drop(client);
    else
        flush(client);
}

static void write_later(struct client *client, struct pyst_text text)
{
    uv_buf_t buffer = uv_buf_init((char *)text.data, (unsigned)text.size);

    client->writing = true;
    if (uv_write(&client->write, (uv_stream_t *)&client->socket, &buffer, 1, on_written) < 0) {
        client->writing = false;
        client_drop(client);
    }
}

/*
 * Writes the emulator's output, then the next block of a flood. The output moves when more is
 * said, so what the socket does not take at once is copied.
 */
static void flush(struct client *client)
{
    struct pyst_text output;

    if (client->dropped || client->writing || client->shut)
        return;
    while ((output = pyst_emulator_ami_output(client->emulator)).size) {
        uv_buf_t buffer;
        int n;

        if (output.size > CHUNK_SIZE)
            output.size = CHUNK_SIZE;
        buffer = uv_buf_init((char *)output.data, (unsigned)output.size);
        n = uv_try_write((uv_stream_t *)&client->socket, &buffer, 1);
        if (n == UV_EAGAIN) {
            client->chunk = malloc(output.size);
            if (!client->chunk) {
                client_drop(client);
                return;
            }
            memcpy(client->chunk, output.data, output.size);
            pyst_emulator_ami_sent(client->emulator, output.size);
            write_later(client, pyst_text_of(client->chunk, output.size));
            break;
        }
        if (n < 0) {
            client_drop(client);
            return;
        }
        pyst_emulator_ami_sent(client->emulator, (size_t)n);
    }
    if (client->dropped)
        return;
    if (pyst_emulator_ami_closing(client->emulator)) {
        if (!client->writing)
            shut_down(client);
        return;
    }
    pause_or_go_on(client);
    if (client->writing || !client->flood.block)
        return;
    output = flood_next(&client->flood);
    if (output.size) {
        write_later(client, output);
        return;
    }
    flood_end(&client->flood);
    if (pyst_emulator_ami_send(client->emulator, pyst_text(FLOOD_END)) < 0)
        client_drop(client);
    else
        flush(client);
}

void client_send(struct client *client, struct pyst_text bytes)
{
    if (client->dropped || client->shut)
        return;
    if (pyst_emulator_ami_send(client->emulator, bytes) == PYST_ERR_NO_MEMORY)
        client_drop(client);
    else
        flush(client);
}

/* ---- the beginning -------------------------------------------------------------------------- */

static int make_emulator(struct client *client)
{
    struct pyst_emulator_server *server = client->server;
    struct pyst_emulator_ami_options options = {
        .output_size = server->output_size,
        .first_unique = server->accepted * UNIQUE_STRIDE + 1,
        .host_answers = true,
    };
    uv_timeval64_t time;

    uv_gettimeofday(&time);
    options.epoch_us = (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
    if (uv_random(NULL, NULL, &options.seed, sizeof(options.seed), 0, NULL) < 0)
        options.seed = uv_hrtime();
    return pyst_emulator_ami_new(&client->emulator, server->script, &options, now_us());
}

static void on_refused(uv_handle_t *handle)
{
    struct pyst_emulator_server *server = handle->data;

    server->n_handles--;
    server->refusing = false;
    if (server->unaccepted && !server->freed) {
        server->unaccepted = false;
        client_accept(server);
    }
    server_try_release(server);
}

/*
 * There is no memory for a client. libuv goes on listening only when it is accepted, so that is
 * done, to close it; another that comes before it is closed waits.
 */
static void refuse(struct pyst_emulator_server *server)
{
    if (server->refusing) {
        server->unaccepted = true;
        return;
    }
    if (uv_tcp_init(server->loop, &server->refused) < 0)
        return;
    server->refusing = true;
    server->n_handles++;
    server->refused.data = server;
    uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&server->refused);
    uv_close((uv_handle_t *)&server->refused, on_refused);
}

void client_accept(struct pyst_emulator_server *server)
{
    struct client *client = calloc(1, sizeof(*client));

    if (!client) {
        refuse(server);
        return;
    }
    client->server = server;
    client->next = server->clients;
    client->at = &server->clients;
    if (client->next)
        client->next->at = &client->next;
    server->clients = client;
    server->n_clients++;
    server->n_connected++;
    client->n_handles = 2;
    client->socket.data = client->timer.data = client->write.data = client->shutdown.data = client;
    uv_timer_init(server->loop, &client->timer);
    uv_tcp_init(server->loop, &client->socket);
    if (uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&client->socket) < 0 ||
        server->n_connected > server->clients_max || make_emulator(client) < 0) {
        client_drop(client);
        return;
    }
    server->accepted++;
    uv_tcp_nodelay(&client->socket, 1);
    uv_read_start((uv_stream_t *)&client->socket, on_allocate, on_read);
    process(client);
}
