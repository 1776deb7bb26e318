/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/agi/programs.h>
#include <pyst/agi/server.h>
#include <pyst/error.h>

#include "agi.h"
#include "cli.h"
#include "interrupt.h"
#include "settings.h"

/* `pyst agi serve`: a folder of AGI programs over FastAGI, until it is interrupted. */

static const char help[] =
    "Usage: pyst agi serve [OPTION...] FOLDER\n"
    "\n"
    "Serves the AGI programs of a folder over FastAGI: AGI(agi://HOST/ivr.pl,a,b) in a dialplan\n"
    "runs FOLDER/ivr.pl here as AGI(ivr.pl,a,b) runs it there. Prints a line for each address:\n"
    "listening on ADDRESS. SIGINT or SIGTERM stops it, which is no error.\n"
    "\n"
    "  -l, --listen ADDRESS    agi://HOST:PORT with a numeric address, or unix:PATH; several\n"
    "                          times for several (agi://127.0.0.1:4573; port 0 is any free one)\n"
    "      --allow NETWORK     who may connect, such as 192.0.2.0/24; several times (anybody)\n"
    "      --calls N           calls at one time; those above are closed at once (1000)\n"
    "      --idle SECONDS      end calls in which nothing is said for so long (never)\n"
    "      --spare N           keep so many processes of each called program ready (0)\n"
    "      --drain SECONDS     time that calls have for their end when it stops (10)\n"
    "      --certificate FILE  serve TLS, which Asterisk needs a tunnel for: certificate in PEM\n"
    "      --key FILE          its key (in the certificate's file)\n"
    "      --client-ca FILE    clients need a certificate of these\n"
    "      --trace             print the dialogues on standard error\n"
    "  -j, --json              print them as JSON, one object a line\n";

enum {
    OPTION_ALLOW = 256,
    OPTION_CALLS,
    OPTION_IDLE,
    OPTION_SPARE,
    OPTION_DRAIN,
    OPTION_CERTIFICATE,
    OPTION_KEY,
    OPTION_CLIENT_CA,
    OPTION_TRACE
};

static const struct option options[] = {
    {"listen", required_argument, NULL, 'l'},
    {"allow", required_argument, NULL, OPTION_ALLOW},
    {"calls", required_argument, NULL, OPTION_CALLS},
    {"idle", required_argument, NULL, OPTION_IDLE},
    {"spare", required_argument, NULL, OPTION_SPARE},
    {"drain", required_argument, NULL, OPTION_DRAIN},
    {"certificate", required_argument, NULL, OPTION_CERTIFICATE},
    {"key", required_argument, NULL, OPTION_KEY},
    {"client-ca", required_argument, NULL, OPTION_CLIENT_CA},
    {"trace", no_argument, NULL, OPTION_TRACE},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

#define SECOND      UINT64_C(1000000)
#define SECONDS_MAX 1000000
#define CALLS_MAX   1000000
#define SPARE_MAX   1000
#define LISTENER    "agi://127.0.0.1:4573"

struct wish {
    const char **listen; /* as many as there are arguments, at most */
    size_t n_listen;
    const char **allow;
    size_t n_allow;
    unsigned long calls, idle, spare, drain;
    struct pyst_agi_server_tls tls;
    enum pyst_agi_trace trace;
    const char *folder;
};

struct service {
    struct pyst_agi_server *server;
    uint64_t drain_us;
};

static void *stop_when_interrupted(void *user)
{
    const struct service *service = user;

    interrupt_wait();
    pyst_agi_server_stop(service->server, service->drain_us);
    return NULL;
}

static void tell_exit(const char *program, int status, int signal, void *user)
{
    (void)user;
    if (signal)
        fprintf(stderr, "pyst: %s: ended by signal %d (%s)\n", program, signal, strsignal(signal));
    else if (status)
        fprintf(stderr, "pyst: %s: exit status %d\n", program, status);
}

/* 0, or an exit code with the reason said. */
static int listen_on(struct pyst_agi_server *server, const struct wish *wish, const char *address)
{
    const struct pyst_agi_server_tls *tls = wish->tls.certificate_file ? &wish->tls : NULL;
    int port = 0;
    int r = pyst_agi_server_listen(server, address, tls, &port);

    if (r == PYST_ERR_INVALID)
        return usage_error("%s is no address such as agi://192.0.2.1:4573 or unix:PATH", address);
    if (r == PYST_ERR_NO_MEMORY)
        return out_of_memory();
    if (r == PYST_ERR_TLS)
        return usage_error("the certificate or its key cannot be used");
    if (r < 0) {
        fprintf(stderr, "pyst: %s: %s\n", address, strerror(errno));
        return EXIT_CONNECTION;
    }
    /* The port that was chosen stands for the one that was asked for. */
    if (strncmp(address, "unix:", 5) == 0) {
        printf("listening on %s\n", address);
    } else {
        const char *host = address + strlen("agi://");
        const char *end = *host == '[' ? strchr(host, ']') + 1 : host + strcspn(host, ":/");

        printf("listening on agi://%.*s:%d\n", (int)(end - host), host, port);
    }
    fflush(stdout);
    return 0;
}

static int run(struct service *service)
{
    pthread_t thread;
    int r;

    errno = pthread_create(&thread, NULL, stop_when_interrupted, service);
    if (errno) {
        fprintf(stderr, "pyst: a thread: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    r = pyst_agi_server_run(service->server);
    if (r < 0) {
        fprintf(stderr, "pyst: %s\n", pyst_strerror(r));
        return EXIT_FAILED; /* the thread ends with the program */
    }
    pthread_join(thread, NULL);
    return EXIT_DONE;
}

static int serve(const struct wish *wish)
{
    struct pyst_agi_server_options how = {.calls = wish->calls,
                                          .idle_timeout_us = wish->idle * SECOND,
                                          .allow = wish->allow,
                                          .n_allow = wish->n_allow,
                                          .command_size = PYST_AGI_COMMAND_SIZE_MAX,
                                          .trace = wish->trace};
    struct pyst_agi_programs_options programs = {
        .directory = wish->folder, .spare = (unsigned)wish->spare, .exited = tell_exit};
    struct service service = {.drain_us = wish->drain * SECOND};
    int r;

    if (interrupt_catch() < 0) {
        fprintf(stderr, "pyst: signals: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    r = pyst_agi_server_new(&service.server, &how);
    if (r == PYST_ERR_INVALID)
        return usage_error("--allow: no network such as 192.0.2.0/24");
    if (r < 0)
        return out_of_memory();
    r = pyst_agi_server_route_programs(service.server, "*", &programs);
    if (r == PYST_ERR_SYSTEM)
        r = usage_error("%s: %s", wish->folder, strerror(errno));
    else if (r < 0)
        r = out_of_memory();
    for (size_t i = 0; r == 0 && i < wish->n_listen; i++)
        r = listen_on(service.server, wish, wish->listen[i]);
    if (r == 0)
        r = run(&service);
    pyst_agi_server_free(service.server);
    return r;
}

/* 0, an exit code, or -1 when what was asked for is done. */
static int read_wish(struct wish *wish, int argc, char **argv)
{
    int option, r = 0;

    optind = 1;
    while (r == 0 && (option = getopt_long(argc, argv, "+l:jh", options, NULL)) != -1) {
        switch (option) {
        case 'l':
            wish->listen[wish->n_listen++] = optarg;
            break;
        case OPTION_ALLOW:
            wish->allow[wish->n_allow++] = optarg;
            break;
        case OPTION_CALLS:
            r = settings_number("calls", optarg, CALLS_MAX, &wish->calls);
            break;
        case OPTION_IDLE:
            r = settings_number("idle", optarg, SECONDS_MAX, &wish->idle);
            break;
        case OPTION_SPARE:
            r = settings_number("spare", optarg, SPARE_MAX, &wish->spare);
            break;
        case OPTION_DRAIN:
            r = settings_number("drain", optarg, SECONDS_MAX, &wish->drain);
            break;
        case OPTION_CERTIFICATE:
            wish->tls.certificate_file = optarg;
            break;
        case OPTION_KEY:
            wish->tls.key_file = optarg;
            break;
        case OPTION_CLIENT_CA:
            wish->tls.ca_file = optarg;
            break;
        case OPTION_TRACE:
            if (wish->trace == PYST_AGI_TRACE_OFF)
                wish->trace = PYST_AGI_TRACE_TEXT;
            break;
        case 'j':
            wish->trace = PYST_AGI_TRACE_JSON;
            break;
        case 'h':
            fputs(help, stdout);
            return -1;
        default:
            return usage_error("pyst agi serve --help tells the options");
        }
    }
    if (r)
        return r;
    if (optind + 1 != argc)
        return usage_error("agi serve: one folder is needed");
    if (!wish->tls.certificate_file && (wish->tls.key_file || wish->tls.ca_file))
        return usage_error("--key and --client-ca go with --certificate");
    wish->folder = argv[optind];
    return 0;
}

int command_agi_serve(int argc, char **argv)
{
    struct wish wish = {.calls = 1000, .drain = 10};
    int r;

    wish.listen = calloc((size_t)argc + 1, sizeof(*wish.listen));
    wish.allow = calloc((size_t)argc, sizeof(*wish.allow));
    if (!wish.listen || !wish.allow) {
        r = out_of_memory();
    } else {
        r = read_wish(&wish, argc, argv);
        if (r == 0 && wish.n_listen == 0)
            wish.listen[wish.n_listen++] = LISTENER;
        if (r == 0)
            r = serve(&wish);
    }
    free(wish.listen);
    free(wish.allow);
    return r < 0 ? EXIT_DONE : r;
}
