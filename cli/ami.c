/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ami.h"

#define OPEN_SECONDS   30
#define LOGOFF_SECONDS 2

static const char help[] =
    "Usage: pyst ami [OPTION...] COMMAND [ARGUMENT...]\n"
    "\n"
    "  action NAME [KEY=VALUE...]  send an action, print the answer (and its event list)\n"
    "  list NAME [KEY=VALUE...]    the same for an event list: print its events only\n"
    "  command LINE                run a command of Asterisk's console, print its output\n"
    "  events [OPTION...]          print events as they come (pyst ami events --help)\n"
    "  catalogue [NAME]            what Asterisk documents: all names, or one action or event\n"
    "\n"
    "  -H, --host HOST[:PORT]   where the manager listens (localhost:5038)\n"
    "  -p, --port PORT\n"
    "  -u, --user NAME\n"
    "  -s, --secret-file FILE   read the secret from the first line; - is standard input\n"
    "  -c, --config FILE        settings: lines of KEY = VALUE, the keys being host, port, user,\n"
    "                           secret, timeout, tls, ca-file, server-name, certificate, key;\n"
    "                           mode 0600 if it has a secret (~/.config/pyst/ami.conf)\n"
    "  -t, --timeout SECONDS    how long to wait for an answer (30)\n"
    "  -j, --json               print one JSON object a line\n"
    "      --strict             send only what the catalogue knows\n"
    "      --tls                use TLS (port 5039)\n"
    "      --ca-file FILE       certificates to trust instead of the system's\n"
    "      --server-name NAME   the name in the server's certificate, if it is not the host's\n"
    "      --certificate FILE, --key FILE   of this client\n"
    "      --no-verify          take any certificate: anyone can then read and change all\n"
    "\n"
    "The environment may give ASTERISK (host[:port]), ASTERISK_USER and ASTERISK_SECRET. Options\n"
    "count before the environment, that before the file. A secret that nobody gives is asked "
    "for.\n";

enum {
    OPTION_STRICT = 256,
    OPTION_TLS,
    OPTION_CA,
    OPTION_NAME,
    OPTION_CERTIFICATE,
    OPTION_KEY,
    OPTION_NO_VERIFY
};

static const struct option options[] = {
    {"host", required_argument, NULL, 'H'},
    {"port", required_argument, NULL, 'p'},
    {"user", required_argument, NULL, 'u'},
    {"secret-file", required_argument, NULL, 's'},
    {"config", required_argument, NULL, 'c'},
    {"timeout", required_argument, NULL, 't'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"tls", no_argument, NULL, OPTION_TLS},
    {"ca-file", required_argument, NULL, OPTION_CA},
    {"server-name", required_argument, NULL, OPTION_NAME},
    {"certificate", required_argument, NULL, OPTION_CERTIFICATE},
    {"key", required_argument, NULL, OPTION_KEY},
    {"no-verify", no_argument, NULL, OPTION_NO_VERIFY},
    {NULL, 0, NULL, 0},
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

bool ami_interrupted(void)
{
    return interrupted != 0;
}

/* Without SA_RESTART, so that a wait ends; a second signal kills as usual. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int ami_failed(const struct pyst_ami_connection *connection, int error)
{
    const char *detail = connection ? pyst_ami_connection_error_text(connection) : "";
    const char *sentence = pyst_strerror(error);

    if (interrupted)
        return EXIT_INTERRUPTED;
    if (error == PYST_ERR_CONNECT && *detail)
        fprintf(stderr, "pyst: cannot connect: %s\n", detail);
    else if (!*detail || !strncmp(detail, sentence, strlen(sentence)))
        fprintf(stderr, "pyst: %s\n", *detail ? detail : sentence);
    else
        fprintf(stderr, "pyst: %s: %s\n", sentence, detail);
    return exit_code(error);
}

int ami_open(const struct settings *settings, const char *events, const struct pyst_text *filters,
             size_t n_filters, struct pyst_ami_connection **connectionp)
{
    struct pyst_ami_connection_options connection_options = {
        .host = settings->host,
        .port = (uint16_t)settings->port,
        .tls = settings->tls,
        .session =
            {
                .username = pyst_text(settings->user),
                .secret = pyst_text(settings->secret),
                .events = pyst_text(events),
                .filters = filters,
                .n_filters = n_filters,
                .action_timeout_us = (uint64_t)(settings->timeout * 1e6),
            },
    };
    struct pyst_ami_connection *connection = NULL;
    int r;

    connection_options.tls.ca_file = settings->ca_file;
    connection_options.tls.server_name = settings->server_name;
    connection_options.tls.certificate_file = settings->certificate_file;
    connection_options.tls.key_file = settings->key_file;
    catch_signals();
    r = pyst_ami_connection_new(&connection, &connection_options);
    if (r >= 0)
        r = pyst_ami_connection_open(connection,
                                     pyst_ami_connection_now() + OPEN_SECONDS * UINT64_C(1000000));
    if (r < 0) {
        r = ami_failed(connection, r);
        pyst_ami_connection_free(connection);
        return r;
    }
    *connectionp = connection;
    return 0;
}

void ami_close(struct pyst_ami_connection *connection)
{
    struct pyst_ami_submission how = {.timeout_us = LOGOFF_SECONDS * UINT64_C(1000000)};
    struct pyst_ami_action *logoff;

    if (pyst_ami_connection_state(connection) == PYST_AMI_CONNECTION_OPEN &&
        pyst_ami_action_new(&logoff, pyst_text("Logoff")) >= 0) {
        pyst_ami_connection_run(connection, logoff, &how, NULL);
        pyst_ami_action_free(logoff);
    }
    pyst_ami_connection_free(connection);
}

static int run(struct settings *settings, int argc, char **argv)
{
    if (!strcmp(argv[0], "catalogue"))
        return command_catalogue(settings, argc, argv);
    if (!strcmp(argv[0], "action"))
        return command_action(settings, argc, argv);
    if (!strcmp(argv[0], "list"))
        return command_list(settings, argc, argv);
    if (!strcmp(argv[0], "command"))
        return command_command(settings, argc, argv);
    if (!strcmp(argv[0], "events"))
        return command_events(settings, argc, argv);
    return usage_error("%s is no command; pyst ami --help lists them", argv[0]);
}

/* The file first, then the environment, then the options: the later one counts. */
static int read_settings(struct settings *settings, int argc, char **argv)
{
    const char *config = NULL;
    int option, r;

    while ((option = getopt_long(argc, argv, "+H:p:u:s:c:t:jh", options, NULL)) != -1) {
        if (option == '?')
            return usage_error("pyst ami --help tells the options");
        if (option == 'c')
            config = optarg;
        if (option == 'h') {
            fputs(help, stdout);
            return -1;
        }
    }
    settings->timeout = 30;
    r = settings_read_file(settings, config);
    if (r == 0)
        r = settings_read_environment(settings);
    optind = 1;
    while (r == 0 && (option = getopt_long(argc, argv, "+H:p:u:s:c:t:jh", options, NULL)) != -1) {
        switch (option) {
        case 'H':
            r = settings_set(settings, "host", optarg);
            break;
        case 'p':
            r = settings_set(settings, "port", optarg);
            break;
        case 'u':
            r = settings_set(settings, "user", optarg);
            break;
        case 's':
            r = settings_read_secret(settings, optarg);
            break;
        case 't':
            r = settings_set(settings, "timeout", optarg);
            break;
        case 'j':
            settings->json = true;
            break;
        case OPTION_STRICT:
            settings->strict = true;
            break;
        case OPTION_TLS:
            settings->tls.enabled = true;
            break;
        case OPTION_CA:
            r = settings_set(settings, "ca-file", optarg);
            break;
        case OPTION_NAME:
            r = settings_set(settings, "server-name", optarg);
            break;
        case OPTION_CERTIFICATE:
            r = settings_set(settings, "certificate", optarg);
            break;
        case OPTION_KEY:
            r = settings_set(settings, "key", optarg);
            break;
        case OPTION_NO_VERIFY:
            settings->tls.skip_verification = true;
            break;
        default:
            break;
        }
    }
    return r;
}

int command_ami(int argc, char **argv)
{
    struct settings settings = {0};
    int r = read_settings(&settings, argc, argv);

    if (r == 0 && optind == argc) {
        fputs(help, stderr);
        r = EXIT_USAGE;
    } else if (r == 0) {
        r = run(&settings, argc - optind, argv + optind);
    } else if (r < 0) {
        r = EXIT_DONE;
    }
    settings_deinit(&settings);
    return r;
}
