/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>
#include <pyst/server.h>

#include "cli.h"
#include "interrupt.h"
#include "settings.h"

/* `pyst emulator`: serves a chatscript until it is interrupted. */

static const char help[] =
    "Usage: pyst emulator [OPTION...]\n"
    "\n"
    "Plays an Asterisk manager until SIGINT or SIGTERM, which is no error. Prints one line:\n"
    "listening on ADDRESS:PORT. Without --script it behaves as an Asterisk 22 that can be called;\n"
    "who logs in there is demo, the secret \"secret\".\n"
    "\n"
    "  -H, --host ADDRESS      the numeric address to listen on (127.0.0.1)\n"
    "  -p, --port PORT         0 is any that is free (5038)\n"
    "      --script FILE       the chatscript to play; - is standard input\n"
    "      --print-script      print the built-in chatscript, to begin one from, and leave\n"
    "  -u, --user NAME         one more who may log in, the secret from ASTERISK_SECRET or\n"
    "  -s, --secret-file FILE  the first line of a file; - is standard input\n"
    "      --flood             answer the action Flood by its Count of events, for measuring\n";

enum { OPTION_SCRIPT = 256, OPTION_PRINT_SCRIPT, OPTION_SECRET, OPTION_FLOOD };

static const struct option options[] = {
    {"host", required_argument, NULL, 'H'},
    {"port", required_argument, NULL, 'p'},
    {"script", required_argument, NULL, OPTION_SCRIPT},
    {"print-script", no_argument, NULL, OPTION_PRINT_SCRIPT},
    {"user", required_argument, NULL, 'u'},
    {"secret", required_argument, NULL, OPTION_SECRET}, /* or it would stand for --secret-file */
    {"secret-file", required_argument, NULL, 's'},
    {"flood", no_argument, NULL, OPTION_FLOOD},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct wish {
    const char *host;
    int port;
    const char *script;      /* a path; NULL: the built-in one */
    const char *user;        /* NULL: none */
    const char *secret_file; /* NULL: the environment says the secret */
    bool flood;
};

static int system_failure(const char *what)
{
    fprintf(stderr, "pyst: %s: %s\n", what, strerror(errno));
    return EXIT_FAILED;
}

/* The whole file, to be freed; NULL and errno. */
static char *read_all(FILE *file, size_t *sizep)
{
    char *data = NULL;
    size_t size = 0, room = 0;

    for (;;) {
        if (size == room) {
            char *larger = realloc(data, room = room ? 2 * room : 65536);

            if (!larger) {
                free(data);
                return NULL;
            }
            data = larger;
        }
        size += fread(data + size, 1, room - size, file);
        if (ferror(file)) {
            free(data);
            return NULL;
        }
        if (feof(file)) {
            *sizep = size;
            return data;
        }
    }
}

static int read_script(struct pyst_emulator_script *script, const char *path)
{
    FILE *file = strcmp(path, "-") ? fopen(path, "rbe") : stdin;
    struct pyst_emulator_problem problem;
    size_t size = 0;
    char *data;
    int r;

    if (!file)
        return usage_error("%s: %s", path, strerror(errno));
    data = read_all(file, &size);
    r = data ? 0 : usage_error("%s: %s", path, strerror(errno));
    if (file != stdin)
        fclose(file);
    if (r)
        return r;
    r = pyst_emulator_script_read(script, pyst_text_of(data, size), &problem);
    free(data);
    if (r == PYST_ERR_INVALID)
        return usage_error("%s:%zu: %s", path, problem.line, problem.reason);
    return r < 0 ? out_of_memory() : 0;
}

static int add_user(struct pyst_emulator_script *script, const struct wish *wish)
{
    struct settings settings = {0};
    int r = wish->secret_file ? settings_read_secret(&settings, wish->secret_file)
                              : settings_read_environment(&settings);

    if (r == 0 && !settings.secret)
        r = usage_error("no secret: ASTERISK_SECRET or --secret-file says it");
    if (r == 0 && pyst_emulator_script_add_user(script, pyst_text(wish->user),
                                                pyst_text(settings.secret)) < 0)
        r = out_of_memory();
    settings_deinit(&settings);
    return r;
}

/* 0, or an exit code with the reason said. */
static int make_script(const struct wish *wish, struct pyst_emulator_script **scriptp)
{
    int r = wish->script ? pyst_emulator_script_new(scriptp) : pyst_emulator_script_demo(scriptp);

    if (r < 0)
        return out_of_memory();
    if (wish->script)
        r = read_script(*scriptp, wish->script);
    if (r == 0 && wish->user)
        r = add_user(*scriptp, wish);
    if (r)
        *scriptp = pyst_emulator_script_unref(*scriptp);
    return r;
}

static void *stop_when_interrupted(void *server)
{
    interrupt_wait();
    pyst_emulator_server_stop(server);
    return NULL;
}

/* The address as it is listened on, in brackets where a port could be taken for a part of it. */
static void say_where(const char *host, int port)
{
    const bool is_ipv6 = strchr(host, ':') != NULL;

    printf("listening on %s%s%s:%d\n", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
    fflush(stdout);
}

static int serve(const struct wish *wish, struct pyst_emulator_script *script)
{
    struct pyst_emulator_server_options how = {
        .script = script, .host = wish->host, .port = wish->port, .flood = wish->flood};
    struct pyst_emulator_server *server;
    pthread_t thread;
    int r;

    if (interrupt_catch() < 0)
        return system_failure("signals");
    r = pyst_emulator_server_new(&server, &how, NULL);
    if (r == PYST_ERR_INVALID)
        return usage_error("host: %s is no numeric address", wish->host);
    if (r == PYST_ERR_NO_MEMORY)
        return out_of_memory();
    if (r < 0) {
        fprintf(stderr, "pyst: %s, port %d: %s\n", wish->host, wish->port, strerror(errno));
        return EXIT_CONNECTION;
    }
    errno = pthread_create(&thread, NULL, stop_when_interrupted, server);
    if (errno) {
        r = system_failure("a thread");
    } else {
        say_where(wish->host, pyst_emulator_server_port(server));
        pyst_emulator_server_run(server);
        pthread_join(thread, NULL);
        r = EXIT_DONE;
    }
    pyst_emulator_server_free(server);
    return r;
}

static void print_demo_script(void)
{
    struct pyst_text text = pyst_emulator_script_demo_text();

    fwrite(text.data, 1, text.size, stdout);
}

static int read_port(const char *value, int *portp)
{
    unsigned long port = 0;
    int r = strcmp(value, "0") ? settings_number("port", value, 65535, &port) : 0;

    *portp = (int)port;
    return r;
}

/* 0, an exit code, or -1 when what was asked for is done. */
static int read_wish(struct wish *wish, int argc, char **argv)
{
    int option, r = 0;

    while (r == 0 && (option = getopt_long(argc, argv, "+H:p:u:s:h", options, NULL)) != -1) {
        switch (option) {
        case 'H':
            wish->host = optarg;
            break;
        case 'p':
            r = read_port(optarg, &wish->port);
            break;
        case 'u':
            wish->user = optarg;
            break;
        case 's':
            wish->secret_file = optarg;
            break;
        case OPTION_SCRIPT:
            wish->script = optarg;
            break;
        case OPTION_FLOOD:
            wish->flood = true;
            break;
        case OPTION_SECRET:
            return usage_error("a secret in the command line is in the list of processes; "
                               "--secret-file or ASTERISK_SECRET gives it unseen");
        case OPTION_PRINT_SCRIPT:
            print_demo_script();
            return -1;
        case 'h':
            fputs(help, stdout);
            return -1;
        default:
            return usage_error("pyst emulator --help tells the options");
        }
    }
    if (r == 0 && optind < argc)
        r = usage_error("emulator: %s is no option", argv[optind]);
    if (r == 0 && wish->secret_file && !wish->user)
        r = usage_error("there is a secret, but no --user that it is of");
    return r;
}

int command_emulator(int argc, char **argv)
{
    struct wish wish = {.host = "127.0.0.1", .port = 5038};
    struct pyst_emulator_script *script = NULL;
    int r = read_wish(&wish, argc, argv);

    if (r < 0)
        return EXIT_DONE;
    if (r == 0)
        r = make_script(&wish, &script);
    if (r == 0)
        r = serve(&wish, script);
    pyst_emulator_script_unref(script);
    return r;
}
