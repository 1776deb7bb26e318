/* SPDX-License-Identifier: MIT */

/*
 * A manager server for measuring: it costs as little as it can, so that what is measured is the
 * client. Usage:
 *
 *     server EVENT-SIZE [each]
 *
 * It listens on a free port of 127.0.0.1, prints the number, serves one client after another and
 * ends when its standard input does, so it never outlives the program that started it.
 *
 * Login, Challenge, Ping, Logoff and Command are answered as Asterisk 22 does; what it does not
 * know is answered with success. "Action: Flood" with "Count: N" is answered and followed by N
 * events of exactly EVENT-SIZE bytes and one event FloodEnd, as fast as the client takes them: in
 * large pieces, or with "each" an event at a time, as Asterisk writes them (main/manager.c,
 * process_events). It goes on reading while it has bytes to send, as much as comes.
 */

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define BLOCK_EVENTS 1024u /* different events, sent round and round */
#define LONGEST_RUN  600u  /* seconds; whatever happens, it ends */

struct buffer {
    char *data;
    size_t size;
    size_t used;
};

struct client {
    int fd;
    struct buffer in;
    struct buffer out;
    size_t out_sent;
    uint64_t flood_total; /* bytes of the flood, 0 when there is none */
    uint64_t flood_sent;
    bool closing;
};

/* The events of a flood one behind the other, all of one size. */
static char *block;
static size_t event_size;
static bool one_by_one;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void *grow(void *data, size_t size)
{
    data = realloc(data, size);
    if (!data) {
        die("realloc");
    }
    return data;
}

static void reserve(struct buffer *buffer, size_t room)
{
    if (buffer->size - buffer->used < room) {
        buffer->size = (buffer->used + room) * 2;
        buffer->data = grow(buffer->data, buffer->size);
    }
}

static void append(struct buffer *buffer, const char *data, size_t size)
{
    reserve(buffer, size);
    memcpy(buffer->data + buffer->used, data, size);
    buffer->used += size;
}

static void append_text(struct buffer *buffer, const char *text)
{
    append(buffer, text, strlen(text));
}

static void make_block(void)
{
    block = grow(NULL, BLOCK_EVENTS * event_size + 1);
    for (unsigned i = 0; i < BLOCK_EVENTS; i++) {
        char head[256];
        char *event = block + i * event_size;
        int size = snprintf(head, sizeof(head),
                            "Event: VarSet\r\n"
                            "Privilege: dialplan,all\r\n"
                            "Channel: Local/dial@tests-%08x;2\r\n"
                            "Uniqueid: 1795388145.%03u\r\n"
                            "Linkedid: 1795388145.%03u\r\n"
                            "Variable: DIALSTATUS\r\n"
                            "Value: ",
                            i, i % 1000, i % 997);

        if ((size_t)size + 4 > event_size) {
            fprintf(stderr, "an event has at least %d bytes\n", size + 4);
            exit(2);
        }
        memcpy(event, head, (size_t)size);
        memset(event + size, 'A' + (int)(i % 26), event_size - (size_t)size - 4);
        memcpy(event + event_size - 4, "\r\n\r\n", 4);
    }
}

/* The value of a header of the action at text, which ends in NUL; "" when there is none. */
static void get_header(const char *text, const char *name, char *out, size_t room)
{
    size_t length = strlen(name);

    out[0] = '\0';
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *value = line + length + 1 + strspn(line + length + 1, " ");
            size_t size = strcspn(value, "\r\n");

            size = size < room - 1 ? size : room - 1;
            memcpy(out, value, size);
            out[size] = '\0';
            return;
        }
    }
}

/* Begins a response and gives it the action's ActionID. */
static void respond(struct client *client, const char *response, const char *action_id)
{
    append_text(&client->out, "Response: ");
    append_text(&client->out, response);
    append_text(&client->out, "\r\n");
    if (action_id[0] != '\0') {
        append_text(&client->out, "ActionID: ");
        append_text(&client->out, action_id);
        append_text(&client->out, "\r\n");
    }
}

static void serve(struct client *client, const char *text)
{
    char action[64];
    char action_id[256];
    char count[32];

    get_header(text, "Action", action, sizeof(action));
    get_header(text, "ActionID", action_id, sizeof(action_id));
    if (strcasecmp(action, "Ping") == 0) {
        respond(client, "Success", action_id);
        append_text(&client->out, "Ping: Pong\r\nTimestamp: 1795388145.169327\r\n\r\n");
    } else if (strcasecmp(action, "Challenge") == 0) {
        respond(client, "Success", action_id);
        append_text(&client->out, "Challenge: 123456789\r\n\r\n");
    } else if (strcasecmp(action, "Login") == 0) {
        respond(client, "Success", action_id);
        append_text(&client->out, "Message: Authentication accepted\r\n\r\n");
    } else if (strcasecmp(action, "Logoff") == 0) {
        respond(client, "Goodbye", action_id);
        append_text(&client->out, "Message: Thanks for all the fish.\r\n\r\n");
        client->closing = true;
    } else if (strcasecmp(action, "Command") == 0) {
        respond(client, "Success", action_id);
        append_text(&client->out, "Message: Command output follows\r\n"
                                  "Output: Asterisk 22.10.1 built by nobody\r\n\r\n");
    } else if (strcasecmp(action, "Flood") == 0) {
        get_header(text, "Count", count, sizeof(count));
        respond(client, "Success", action_id);
        append_text(&client->out, "Message: Flood\r\n\r\n");
        client->flood_total = strtoull(count, NULL, 10) * event_size;
        client->flood_sent = 0;
    } else {
        respond(client, "Success", action_id);
        append_text(&client->out, "Message: Done\r\n\r\n");
    }
}

static void serve_all(struct client *client)
{
    char *at = client->in.data;
    char *end;

    reserve(&client->in, 1);
    at = client->in.data;
    at[client->in.used] = '\0';
    while ((end = strstr(at, "\r\n\r\n"))) {
        end[2] = '\0';
        serve(client, at);
        at = end + 4;
    }
    client->in.used -= (size_t)(at - client->in.data);
    memmove(client->in.data, at, client->in.used);
}

/* Sends a piece of the flood: to the end of the block, or of an event. */
static ssize_t send_flood(struct client *client)
{
    uint64_t size = BLOCK_EVENTS * (uint64_t)event_size;
    uint64_t offset = client->flood_sent % size;
    uint64_t piece = one_by_one ? event_size - offset % event_size : size - offset;
    uint64_t left = client->flood_total - client->flood_sent;
    ssize_t n = send(client->fd, block + offset, left < piece ? left : piece, MSG_NOSIGNAL);

    if (n > 0) {
        client->flood_sent += (uint64_t)n;
    }
    return n;
}

/* Sends what the socket takes; responses first, then the flood. False when the client is gone. */
static bool send_some(struct client *client)
{
    ssize_t n = 0;

    if (client->out_sent < client->out.used) {
        n = send(client->fd, client->out.data + client->out_sent,
                 client->out.used - client->out_sent, MSG_NOSIGNAL);
        if (n > 0) {
            client->out_sent += (size_t)n;
        }
        if (client->out_sent == client->out.used) {
            client->out_sent = client->out.used = 0;
        }
    } else if (client->flood_sent < client->flood_total) {
        /* Several small pieces for one poll. */
        for (int i = one_by_one ? 256 : 1; i > 0 && n >= 0; i--) {
            n = send_flood(client);
        }
        if (client->flood_sent == client->flood_total) {
            client->flood_total = client->flood_sent = 0;
            append_text(&client->out, "Event: FloodEnd\r\nPrivilege: system,all\r\n\r\n");
            n = 0;
        }
    }
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

static bool receive_some(struct client *client)
{
    ssize_t n;

    reserve(&client->in, 65536);
    n = recv(client->fd, client->in.data + client->in.used, client->in.size - client->in.used - 1,
             0);
    if (n <= 0) {
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    }
    client->in.used += (size_t)n;
    serve_all(client);
    return true;
}

/* Serves one client to its end. False when standard input ended. */
static bool serve_client(int fd)
{
    struct client client = {.fd = fd};
    bool alive = true;
    bool wanted = true;

    append_text(&client.out, "Asterisk Call Manager/11.0.0\r\n");
    while (alive && wanted) {
        bool sending = client.out.used > 0 || client.flood_total > 0;
        struct pollfd polled[2] = {
            {.fd = fd, .events = (short)(POLLIN | (sending ? POLLOUT : 0))},
            {.fd = STDIN_FILENO, .events = POLLIN},
        };

        if (client.closing && !sending) {
            break;
        }
        if (poll(polled, 2, -1) < 0 && errno != EINTR) {
            die("poll");
        }
        wanted = polled[1].revents == 0;
        if (polled[0].revents & (POLLIN | POLLHUP | POLLERR)) {
            alive = receive_some(&client);
        }
        if (alive && (polled[0].revents & POLLOUT)) {
            alive = send_some(&client);
        }
    }
    close(fd);
    free(client.in.data);
    free(client.out.data);
    return wanted;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int one = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool wanted = true;

    if (argc < 2) {
        fprintf(stderr, "usage: server EVENT-SIZE [each]\n");
        return 2;
    }
    event_size = strtoul(argv[1], NULL, 10);
    one_by_one = argc > 2;
    alarm(LONGEST_RUN);
    make_block();
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 ||
        listen(listener, 4) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0) {
        die("listen");
    }
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    while (wanted) {
        struct pollfd polled[2] = {
            {.fd = listener, .events = POLLIN},
            {.fd = STDIN_FILENO, .events = POLLIN},
        };

        if (poll(polled, 2, -1) < 0 && errno != EINTR) {
            die("poll");
        }
        wanted = polled[1].revents == 0;
        if (wanted && (polled[0].revents & POLLIN)) {
            int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

            if (fd >= 0) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
                wanted = serve_client(fd);
            }
        }
    }
    free(block);
    close(listener);
    return 0;
}
