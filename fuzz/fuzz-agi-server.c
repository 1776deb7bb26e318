/* SPDX-License-Identifier: MIT */

/*
 * What calls say to an AGI server, to evented and to blocking handlers: each handler ends, nothing
 * hangs, commands come one at a time in lines, and the counters say what became of every call.
 *
 * The server has one loop, run here step by step, and its calls come from pairs of sockets instead
 * of a listener. An input is a byte of flags (1: limits follow, as three numbers of two bytes; 2:
 * one call at a time; 4: one waits for the worker at most), the size of the pieces, and steps: a
 * byte whose lower three bits say what happens and the next two to which call, and what that takes.
 */

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include <pyst/agi/server.h>
#include <pyst/error.h>

#include "server/agi.h"
#include "target.h"

#define CALLS    4
#define COMMANDS 12 /* of a handler, at most */
#define PATIENCE 60 /* seconds for an input, then it hangs */

enum step {
    STEP_BYTES, /* a size and so many bytes of the input come */
    STEP_LINE,  /* one of the lines below comes */
    STEP_LINES, /* the rest of the lines from there, up to a number */
    STEP_CALL,  /* a call comes whose path is one of those below */
    STEP_POST,  /* a function is posted that moves the call that began last */
    STEP_READ,  /* what the server said is read */
    STEP_END,   /* no more comes */
    STEP_RESET  /* the peer is gone */
};

static const char *const lines[] = {
    "\n",
    "HANGUP\n",
    "200 result=1 (bye)\n",
    "200 result=0\n",
    "200 result=-1 endpos=0\n",
    "200 result=1 (a\nb) c\n",
    "100 result=0 Trying...\n200 result=0 Gosub complete\n",
    "510 Invalid or unknown command\n",
    "511 Command Not Permitted on a dead channel or intercept routine\n",
    "520-Invalid command syntax.  Proper usage follows:\n",
    "520 End of proper usage.\n",
    "520 Invalid command syntax.\n",
    "agi_network_script: blocking\n",
    "agi_network_script: evented?a=b\n\n",
    "agi_request: agi://x/quiet\n\n",
    "agi_arg_1: x\n\n",
};

static const char *const paths[] = {"evented", "blocking", "quiet", "nowhere"};

/* ---- handlers ------------------------------------------------------------------------------- */

static struct {
    struct pyst_agi_call *last; /* that began and has not ended */
    unsigned started, ended;    /* evented */
    atomic_uint begun, left;    /* blocking */
} seen;

static void submit(struct pyst_agi_call *call, const char *line)
{
    pyst_agi_command_set_line(pyst_agi_call_command(call), pyst_text(line));
    if (pyst_agi_call_submit(call) < 0)
        pyst_agi_call_finish(call);
}

/* The number of the call's commands hangs on it. */
static size_t count_command(struct pyst_agi_call *call)
{
    const char *before = pyst_agi_call_data(call);

    pyst_agi_call_set_data(call, before ? (char *)before + 1 : (char *)&seen);
    return before ? (size_t)(before - (char *)&seen) + 1 : 0;
}

static void on_started(struct pyst_agi_call *call, void *user)
{
    CHECK(pyst_agi_call_environment(call));
    seen.started++;
    seen.last = call;
    if (user)
        submit(call, "GET VARIABLE X");
}

static void on_replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                       void *user)
{
    (void)user;
    CHECK(error <= 0 && (error < 0 || reply));
    if (!reply || pyst_text_equal(reply->value, pyst_text("bye")) ||
        count_command(call) >= COMMANDS)
        pyst_agi_call_finish(call);
    else
        submit(call, error ? "VERBOSE failed" : "DATABASE GET a b");
}

static void on_hung_up(struct pyst_agi_call *call, void *user)
{
    (void)user;
    CHECK(pyst_agi_call_is_hung_up(call));
}

static void on_ended(struct pyst_agi_call *call, int error, void *user)
{
    (void)user;
    CHECK(error <= 0);
    CHECK(pyst_agi_call_submit(call) < 0);
    if (seen.last == call)
        seen.last = NULL;
    seen.ended++;
}

/* One goes on after a hangup, the other says nothing unless it is moved. */
static const struct pyst_agi_call_handler evented = {
    .started = on_started,
    .replied = on_replied,
    .hung_up = on_hung_up,
    .ended = on_ended,
};
static const struct pyst_agi_call_handler quiet = {
    .started = on_started,
    .replied = on_replied,
    .ended = on_ended,
};

static int blocking(struct pyst_agi *agi, void *user)
{
    const struct pyst_agi_reply *reply;
    int r;

    (void)user;
    atomic_fetch_add(&seen.begun, 1);
    for (int i = 0; i < COMMANDS; i++) {
        r = pyst_agi_execute_line(agi, i % 3 ? "GET VARIABLE X" : "STREAM FILE a", &reply);
        CHECK(r <= 0);
        if (!reply || pyst_text_equal(reply->value, pyst_text("bye")))
            break;
    }
    atomic_fetch_add(&seen.left, 1);
    return 0;
}

static void move_last(void *user)
{
    if (!seen.last)
        return;
    if (user)
        pyst_agi_call_finish(seen.last);
    else if (count_command(seen.last) < COMMANDS) {
        /* While a command waits for its reply, this one is refused. */
        pyst_agi_command_set_line(pyst_agi_call_command(seen.last), pyst_text("NOOP moved"));
        (void)pyst_agi_call_submit(seen.last);
    }
}

/* ---- the peers ------------------------------------------------------------------------------ */

struct host {
    struct pyst_agi_server *server;
    struct loop *loop;
    int fds[CALLS];
    size_t piece;
    uint64_t attempts, heard;
    bool in_line[CALLS];
};

static void turn(struct host *host)
{
    uv_run(&host->loop->uv, UV_RUN_NOWAIT);
}

/* What the server said; false when that was all. */
static bool hear(struct host *host, unsigned which)
{
    char text[4096];
    const ssize_t n = recv(host->fds[which], text, sizeof(text), MSG_DONTWAIT);

    for (ssize_t i = 0; i < n; i++) {
        CHECK(text[i] && text[i] != '\r');
        host->heard += text[i] == '\n';
        host->in_line[which] = text[i] != '\n';
    }
    return n > 0;
}

static void leave(struct host *host, unsigned which)
{
    if (host->fds[which] >= 0)
        close(host->fds[which]);
    host->fds[which] = -1;
    host->in_line[which] = false;
}

static void call(struct host *host, unsigned which)
{
    int ends[2];

    leave(host, which);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    host->fds[which] = ends[0];
    host->attempts++;
    if (server_admit(host->loop))
        call_accept(host->loop, ends[1], NULL);
    else
        close(ends[1]);
}

static void say(struct host *host, unsigned which, const void *data, size_t size)
{
    const char *bytes = data;

    if (host->fds[which] < 0)
        call(host, which);
    while (size > 0) {
        const size_t piece = host->piece < size ? host->piece : size;

        /* Who is not heard any more may go on talking. */
        if (send(host->fds[which], bytes, piece, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        turn(host);
        bytes += piece;
        size -= piece;
    }
}

static void step(struct host *host, struct input *input)
{
    const uint8_t byte = take_byte(input);
    const unsigned which = byte >> 3 & 3, more = byte >> 5;
    char text[64];
    size_t size;

    switch ((enum step)(byte & 7)) {
    case STEP_BYTES:
        size = take_byte(input);
        size = size < input->size ? size : input->size;
        say(host, which, input->data, size);
        input->data += size;
        input->size -= size;
        break;
    case STEP_LINE:
        size = take_byte(input) & 15;
        say(host, which, lines[size], strlen(lines[size]));
        break;
    case STEP_LINES:
        size = take_byte(input) & 15;
        for (size_t i = size; i < 16 && i <= size + more; i++)
            say(host, which, lines[i], strlen(lines[i]));
        break;
    case STEP_CALL:
        call(host, which);
        snprintf(text, sizeof(text), "agi_network_script: %s\n\n", paths[more & 3]);
        say(host, which, text, strlen(text));
        break;
    case STEP_POST:
        CHECK(pyst_agi_server_post(host->server, 0, move_last, more & 1 ? host : NULL) == 0);
        turn(host);
        break;
    case STEP_READ:
        if (host->fds[which] >= 0)
            hear(host, which);
        break;
    case STEP_END:
        if (host->fds[which] >= 0)
            shutdown(host->fds[which], SHUT_WR);
        turn(host);
        break;
    case STEP_RESET:
        leave(host, which);
        turn(host);
        break;
    }
}

/* All peers say no more. With that every call ends. */
static void end_calls(struct host *host)
{
    struct pyst_agi_server_counters counters;

    for (unsigned i = 0; i < CALLS; i++)
        if (host->fds[i] >= 0)
            shutdown(host->fds[i], SHUT_WR);
    for (;;) {
        for (unsigned i = 0; i < CALLS; i++)
            while (host->fds[i] >= 0 && hear(host, i))
                continue;
        pyst_agi_server_counters(host->server, &counters);
        if (counters.calls == 0)
            break;
        uv_run(&host->loop->uv, counters.waiting || counters.working ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    }
    for (unsigned i = 0; i < CALLS; i++) {
        while (host->fds[i] >= 0 && hear(host, i))
            continue;
        CHECK(!host->in_line[i]);
        leave(host, i);
    }
}

static void check_counters(const struct host *host)
{
    struct pyst_agi_server_counters counters;

    pyst_agi_server_counters(host->server, &counters);
    CHECK(counters.calls == 0 && counters.waiting == 0 && counters.working == 0);
    CHECK(counters.accepted + counters.refused_calls == host->attempts);
    CHECK(seen.ended == seen.started && !seen.last);
    CHECK(atomic_load(&seen.left) == atomic_load(&seen.begun));
    /* Calls by which route they took; others had no environment. */
    CHECK(seen.started + atomic_load(&seen.begun) + counters.no_route + counters.refused_waiting +
              counters.environment_limit <=
          counters.accepted);
    CHECK(seen.started + atomic_load(&seen.begun) + counters.no_route + counters.refused_waiting +
              counters.environment_limit + counters.broken >=
          counters.accepted);
    CHECK(counters.broken <= counters.accepted);
    /* A command that was cut off was counted and not heard. */
    CHECK(host->heard <= counters.commands);
    CHECK(counters.commands <= counters.accepted * (2 * COMMANDS + 2));
    CHECK(counters.environment_timed_out == 0 && counters.idle_timed_out == 0);
    CHECK(counters.refused_address == 0 && counters.tls_failed == 0);
    CHECK(counters.accept_failed == 0 && counters.managers == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct pyst_agi_server_options options = {
        .workers = 1,
        .environment_timeout_us = UINT64_MAX,
    };
    struct host host = {.fds = {-1, -1, -1, -1}};
    const uint8_t flags = take_byte(&input);

    if (flags & 1) {
        options.limits.environment_size = take_number(&input);
        options.limits.environment_count = take_number(&input);
        options.limits.reply_size = take_number(&input);
    }
    options.calls = flags & 2 ? 1 : 0;
    options.waiting = flags & 4 ? 1 : 0;
    host.piece = 1 + take_byte(&input);
    memset(&seen, 0, sizeof(seen));

    alarm(PATIENCE);
    CHECK(pyst_agi_server_new(&host.server, &options) == 0);
    host.loop = &host.server->loops[0];
    CHECK(pyst_agi_server_route_evented(host.server, "evented", &evented, &seen) == 0);
    CHECK(pyst_agi_server_route_evented(host.server, "quiet", &quiet, NULL) == 0);
    CHECK(pyst_agi_server_route(host.server, "blocking", blocking, NULL) == 0);
    while (input.size > 0)
        step(&host, &input);
    end_calls(&host);
    pyst_agi_server_stop(host.server, 0);
    CHECK(pyst_agi_server_run(host.server) == 0);
    check_counters(&host);
    CHECK(!pyst_agi_server_free(host.server));
    alarm(0);
    return 0;
}
