/* SPDX-License-Identifier: MIT */

/*
 * Plays Asterisk to a FastAGI server: so many calls at once, in one thread. Usage:
 *
 *     agi-load [OPTION...] PORT
 *
 *     --calls N        calls altogether (10000)
 *     --at-once N      of them at a time (1000)
 *     --commands N     that a call must send before the server closes it; another number is an
 *                      error (20)
 *     --delay MS       from a command to its answer on average, at random from half to one and a
 *                      half of it (0)
 *     --idle N         calls that stay in their first command, its answer withheld, while the
 *                      others work, and are answered then (0)
 *     --script TEXT    what stands behind agi://127.0.0.1/ (bench)
 *     --pid PID        the server's process: its processor time and memory are told, too
 *
 * Prints one line of JSON. `count` is the calls that went as they should, `errors` all others;
 * `wall` is from the first connection to the end of the last call, idle ones not counted; `cpu` is
 * the server's processor time meanwhile, with that of children it waited for. `busy` is the part of
 * the time in which calls waited for this program: near 1, it was this that limited the server.
 * A command's latency is from the last byte that the server needed for it, the environment or an
 * answer, to its last byte; the end of a call counts as one more. `idle` is how many were held
 * throughout, `rss_before` and `rss_idle` the server's memory in KiB without and with them.
 *
 * It costs as little as it can: for a command one recv and one send, and an epoll_wait for all
 * that are ready. It wants a core of its own. Calls are opened a few at a time, as a listener has
 * room for.
 */

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "clock.h"
#include "environment.h"
#include "latencies.h"
#include "process.h"

#define PATIENCE_MS 30000 /* without anything from the server, then it is an error */
#define EVENTS      512
#define LINE_MAX    1024            /* of a command */
#define OPENED      32u             /* calls opened at a time, fewer than any listener's backlog */
#define SLOT_NS     UINT64_C(50000) /* of the wheel on which delayed answers wait */

struct call {
    int fd; /* -1: none */
    bool sent_environment;
    bool idle;    /* withholds the first answer */
    bool waiting; /* for an answer that is withheld or delayed */
    char letter;  /* of the command that is to be answered */
    bool on_wheel;
    uint32_t commands;
    uint64_t due; /* on the wheel: which slot, and the next there */
    struct call *next;
    uint64_t since; /* nanoseconds, when the server was last given something */
    size_t held;    /* bytes of an unfinished line */
    char line[LINE_MAX];
};

static struct {
    uint64_t calls;
    uint64_t at_once;
    uint64_t commands;
    uint64_t idle;
    uint64_t delay_ns;
    const char *script;
    pid_t pid;
    uint16_t port;
} options = {.calls = 10000, .at_once = 1000, .commands = 20, .script = "bench"};

static int epoll;
static struct call *calls; /* the working ones, then the idle ones */
static char environment[4096];
static size_t environment_size;

static uint64_t opened;   /* of the working ones */
static uint64_t finished; /* with the commands they should send */
static uint64_t errors;
static const char *first_error = "";
static uint64_t commands;
static uint64_t working; /* open now */
static uint64_t idling;  /* in their first command now */
static uint64_t idle_open;
static uint64_t idle_finished;
static struct latencies latencies;
static bool measuring; /* the working calls, not the idle ones before and after */
static uint64_t busy;  /* nanoseconds in which there were calls to serve */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Delayed answers: a list of calls for each slot of time, used round and round. */
static struct call **wheel;
static uint64_t n_slots;
static uint64_t slot;    /* the next to be answered; all before it are done */
static uint64_t delayed; /* calls on the wheel */

static void note_latency(const struct call *call, uint64_t now)
{
    if (measuring && !call->idle) {
        latencies_note(&latencies, now - call->since);
    }
}

/* What Asterisk 22 writes, all of it, with three arguments. */
static void write_environment(void)
{
    int size = snprintf(environment, sizeof(environment),
                        "agi_network: yes\n"
                        "agi_network_script: %s\n"
                        "agi_request: agi://127.0.0.1:%u/%s\n" CALL_ENVIRONMENT "agi_arg_1: sales\n"
                        "agi_arg_2: monday to friday\n"
                        "agi_arg_3: 42\n"
                        "\n",
                        options.script, (unsigned)options.port, options.script);

    if (size < 0 || (size_t)size >= sizeof(environment)) {
        fprintf(stderr, "agi-load: the environment is too long\n");
        exit(2);
    }
    environment_size = (size_t)size;
}

static void leave_wheel(struct call *call)
{
    struct call **link = &wheel[call->due % n_slots];

    while (*link != call) {
        link = &(*link)->next;
    }
    *link = call->next;
    call->on_wheel = false;
    delayed--;
}

/* The call is over; why is NULL when it went as it should. */
static void end(struct call *call, const char *why)
{
    close(call->fd);
    call->fd = -1;
    if (call->on_wheel) {
        leave_wheel(call);
    }
    if (why) {
        if (errors++ == 0) {
            first_error = why;
        }
    } else if (call->idle) {
        idle_finished++;
    } else {
        finished++;
    }
    if (!call->idle) {
        working--;
        return;
    }
    idle_open--;
    if (call->waiting) {
        idling--;
    }
}

/* Writes a little; the socket always has room for it, but for an error. */
static bool give(struct call *call, const char *data, size_t size)
{
    ssize_t sent = send(call->fd, data, size, MSG_NOSIGNAL);

    if (sent == (ssize_t)size) {
        return true;
    }
    if (sent < 0 && errno == EAGAIN && !call->sent_environment) {
        return false; /* not connected yet */
    }
    end(call, sent < 0 ? strerror(errno) : "the server does not read");
    return false;
}

static void start(struct call *call, bool idle)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(options.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data.ptr = call,
    };

    call->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (call->fd < 0) {
        die("socket");
    }
    call->sent_environment = false;
    call->idle = idle;
    call->waiting = false;
    call->on_wheel = false;
    call->commands = 0;
    call->held = 0;
    if (idle) {
        idle_open++;
    } else {
        opened++;
        working++;
    }
    if (connect(call->fd, (struct sockaddr *)&address, sizeof(address)) < 0 &&
        errno != EINPROGRESS) {
        end(call, strerror(errno));
        return;
    }
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, call->fd, &event) < 0) {
        die("epoll_ctl");
    }
    /* When it is sent is told by the first EPOLLOUT: the connection is there then. */
}

#define ANSWER(text) (*size = sizeof(text) - 1, text)

/* What Asterisk answers to a command, seen by its first letter. */
static const char *answer_to(const char *command, size_t *size)
{
    switch (command[0]) {
    case 'G':
        return ANSWER("200 result=1 (opening hours, all days)\n");
    case 'S':
    case 'V':
        return ANSWER("200 result=1\n");
    default:
        return ANSWER("200 result=0\n");
    }
}

static void answer(struct call *call, char letter)
{
    size_t size;
    const char *text = answer_to(&letter, &size);

    call->commands++;
    if (measuring && !call->idle) {
        commands++;
    }
    give(call, text, size);
}

/* Opens another call in the place of one that is over. */
static void again(struct call *call)
{
    if (call->fd < 0 && !call->idle && opened < options.calls) {
        start(call, false);
    }
}

/* Puts a call on the wheel. */
static void delay(struct call *call, char letter, uint64_t now)
{
    static uint64_t random = 88172645463325252u;
    struct call **list;

    random ^= random << 13; /* xorshift */
    random ^= random >> 7;
    random ^= random << 17;
    call->due = (now + options.delay_ns / 2 + random % options.delay_ns) / SLOT_NS;
    list = &wheel[call->due % n_slots];
    call->waiting = true;
    call->on_wheel = true;
    call->letter = letter;
    call->next = *list;
    *list = call;
    delayed++;
}

/* Answers what is due. */
static void answer_delayed(uint64_t now)
{
    for (; slot < now / SLOT_NS; slot++) {
        struct call *call;

        while ((call = wheel[slot % n_slots])) {
            leave_wheel(call);
            call->waiting = false;
            call->since = now;
            answer(call, call->letter);
            again(call);
        }
    }
}

/* How long to wait for the server: to the next slot that is not empty. */
static struct timespec patience(int patience_ms)
{
    uint64_t wait = (uint64_t)patience_ms * 1000000u;

    if (delayed > 0) {
        uint64_t next = slot;
        uint64_t now = nanoseconds();

        while (!wheel[next % n_slots]) {
            next++;
        }
        next = (next + 1) * SLOT_NS;
        wait = next > now ? next - now : 0;
    }
    return (struct timespec){(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
}

/* A command came whole. */
static void take_command(struct call *call, char letter, uint64_t now)
{
    note_latency(call, now);
    if (call->idle && call->commands == 0) {
        call->waiting = true;
        call->letter = letter;
        idling++;
        return;
    }
    if (options.delay_ns > 0) {
        delay(call, letter, now);
        return;
    }
    call->since = now;
    answer(call, letter);
}

/* Bytes came; all that is not a whole line is kept. */
static void take(struct call *call, const char *data, size_t size, uint64_t now)
{
    const char *newline = size > 0 ? memchr(data, '\n', size) : NULL;

    if (!newline) {
        if (call->held + size > sizeof(call->line)) {
            end(call, "a command is too long");
            return;
        }
        memcpy(call->line + call->held, data, size);
        call->held += size;
        return;
    }
    if (newline != data + size - 1 || call->waiting) {
        end(call, "a command before the last one was answered");
        return;
    }
    {
        char letter = call->held > 0 ? call->line[0] : data[0];

        call->held = 0;
        take_command(call, letter, now);
    }
}

/* The server has closed; nothing can be left to read. */
static void take_end(struct call *call, uint64_t now)
{
    const char *why = NULL;

    if (call->held > 0) {
        why = "closed within a command";
    } else if (call->waiting || call->commands != options.commands) {
        why = "closed after another number of commands";
    } else {
        note_latency(call, now);
    }
    end(call, why);
}

static void receive(struct call *call, uint32_t happened)
{
    char data[LINE_MAX];
    uint64_t now = nanoseconds();

    if (!call->sent_environment && (happened & EPOLLOUT)) {
        if (!give(call, environment, environment_size)) {
            return;
        }
        call->sent_environment = true;
        call->since = now;
    }
    /* A read that was not filled was the last; then an edge tells of the next. But what came with
     * the server's end is told once only. */
    while (call->fd >= 0 && (happened & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))) {
        ssize_t size = recv(call->fd, data, sizeof(data), 0);

        if (size > 0) {
            take(call, data, (size_t)size, now);
            if (size < (ssize_t)sizeof(data) && !(happened & EPOLLRDHUP)) {
                return;
            }
        } else if (size == 0) {
            take_end(call, now);
        } else if (errno != EINTR) {
            if (errno != EAGAIN) {
                end(call, strerror(errno));
            }
            return;
        }
    }
}

static void give_up(void)
{
    fprintf(stderr, "agi-load: nothing for %d s; %llu of %llu calls finished, %llu open",
            PATIENCE_MS / 1000, (unsigned long long)finished, (unsigned long long)options.calls,
            (unsigned long long)(working + idle_open));
    if (errors > 0) {
        fprintf(stderr, "; %llu errors, such as: %s", (unsigned long long)errors, first_error);
    }
    fprintf(stderr, "\n");
    exit(1);
}

/* Waits for the server and serves every call that is ready. */
static void turn(int patience_ms)
{
    struct epoll_event events[EVENTS];
    struct timespec wait = patience(patience_ms);
    bool answering = delayed > 0;
    int n = epoll_pwait2(epoll, events, EVENTS, &wait, NULL);
    uint64_t woken = nanoseconds();

    if (n < 0 && errno != EINTR) {
        die("epoll_wait");
    }
    if (n == 0 && patience_ms == PATIENCE_MS && !answering) {
        give_up();
    }
    answer_delayed(woken);
    for (int i = 0; i < n; i++) {
        struct call *call = events[i].data.ptr;

        receive(call, events[i].events);
        again(call);
    }
    if (measuring) {
        busy += nanoseconds() - woken;
    }
}

/* Opens calls a few at a time, one batch a millisecond, while those that are open go on. */
static void open_all(struct call *first, uint64_t count, bool idle)
{
    /* Working calls that have ended already have others in their places. */
    for (uint64_t i = 0; i < count && (idle || opened < options.calls); i++) {
        start(first + i, idle);
        if (i % OPENED == OPENED - 1) {
            turn(1);
        }
    }
}

/* Opens the idle calls, until each is in its first command. */
static void open_idle(void)
{
    open_all(calls + options.at_once, options.idle, true);
    while (idling < options.idle && errors == 0) {
        turn(PATIENCE_MS);
    }
    if (errors > 0) {
        fprintf(stderr, "agi-load: an idle call: %s\n", first_error);
        exit(1);
    }
}

/* Answers the idle calls, so that they finish as all others do. */
static void release_idle(void)
{
    for (struct call *call = calls + options.at_once; idling > 0; call++) {
        if (call->fd >= 0 && call->waiting) {
            call->waiting = false;
            idling--;
            answer(call, call->letter);
        }
    }
    while (idle_open > 0) {
        turn(PATIENCE_MS);
    }
}

static void read_options(int argc, char **argv)
{
    static const struct option names[] = {
        {"calls", required_argument, NULL, 'c'},    {"at-once", required_argument, NULL, 'a'},
        {"commands", required_argument, NULL, 'm'}, {"idle", required_argument, NULL, 'i'},
        {"delay", required_argument, NULL, 'd'},    {"script", required_argument, NULL, 's'},
        {"pid", required_argument, NULL, 'p'},      {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        uint64_t number = optarg ? strtoull(optarg, NULL, 10) : 0;

        switch (option) {
        case 'c':
            options.calls = number;
            break;
        case 'a':
            options.at_once = number;
            break;
        case 'm':
            options.commands = number;
            break;
        case 'i':
            options.idle = number;
            break;
        case 'd':
            options.delay_ns = number * 1000000u;
            break;
        case 's':
            options.script = optarg;
            break;
        case 'p':
            options.pid = (pid_t)number;
            break;
        default:
            exit(2);
        }
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: agi-load [OPTION...] PORT\n");
        exit(2);
    }
    options.port = (uint16_t)strtoul(argv[optind], NULL, 10);
    if (options.at_once > options.calls) {
        options.at_once = options.calls;
    }
}

int main(int argc, char **argv)
{
    struct rlimit files;
    uint64_t held;
    long before;
    long with_idle;
    double wall;
    double cpu;

    read_options(argc, argv);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    write_environment();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    calls = calloc(options.at_once + options.idle + 1, sizeof(*calls));
    n_slots = options.delay_ns * 2 / SLOT_NS + 1;
    wheel = calloc(n_slots, sizeof(*wheel));
    if (epoll < 0 || !calls || !wheel) {
        die("agi-load");
    }
    slot = nanoseconds() / SLOT_NS;
    before = process_memory(options.pid);
    open_idle();
    with_idle = process_memory(options.pid);

    measuring = true;
    wall = bench_wall();
    cpu = process_cpu(options.pid);
    open_all(calls, options.at_once, false);
    while (working > 0) {
        turn(PATIENCE_MS);
    }
    cpu = process_cpu(options.pid) - cpu;
    wall = bench_wall() - wall;
    measuring = false;
    held = idling;
    release_idle();

    printf("{\"count\": %llu, \"errors\": %llu, \"first_error\": \"%s\", \"commands\": %llu, "
           "\"wall\": %.6f, \"cpu\": %.6f, \"busy\": %.3f, "
           "\"p50\": %.9f, \"p99\": %.9f, \"max\": %.9f, "
           "\"idle\": %llu, \"idle_finished\": %llu, \"rss_before\": %ld, \"rss_idle\": %ld, "
           "\"rss_after\": %ld}\n",
           (unsigned long long)finished, (unsigned long long)errors, first_error,
           (unsigned long long)commands, wall, cpu, (double)busy / 1e9 / wall,
           latencies_percentile(&latencies, 0.5), latencies_percentile(&latencies, 0.99),
           (double)latencies.max / 1e9, (unsigned long long)held, (unsigned long long)idle_finished,
           before, with_idle, process_memory(options.pid));
    return 0;
}
