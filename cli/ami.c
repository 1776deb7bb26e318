/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ami.h"
#include "cli.h"

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
    "  -t, --timeout SECONDS    how long to wait for the connection, the login, an answer (30)\n"
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
    OPTION_SECRET = 256,
    OPTION_STRICT,
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
    {"secret", required_argument, NULL, OPTION_SECRET}, /* or it would stand for --secret-file */
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

static const char short_options[] = "+H:p:u:s:c:t:jh";

/* argv[0] is the command's name. */
static int run(struct settings *settings, int argc, char **argv)
{
    if (!strcmp(argv[0], "catalogue"))
        return command_ami_catalogue(settings, argc, argv);
    if (!strcmp(argv[0], "action"))
        return command_ami_action(settings, argc, argv);
    if (!strcmp(argv[0], "list"))
        return command_ami_list(settings, argc, argv);
    if (!strcmp(argv[0], "command"))
        return command_ami_command(settings, argc, argv);
    if (!strcmp(argv[0], "events"))
        return command_ami_events(settings, argc, argv);
    return usage_error("%s is no command; pyst ami --help lists them", argv[0]);
}

/*
 * The file first, then the environment, then the options: the later one counts. 0, an exit code,
 * or -1 when the help was asked for and printed.
 */
static int read_settings(struct settings *settings, int argc, char **argv)
{
    const char *config = NULL;
    int option, r;

    while ((option = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
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
    while (r == 0 && (option = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
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
        case OPTION_SECRET:
            r = usage_error("a secret in the command line is in the list of processes; "
                            "--secret-file, ASTERISK_SECRET or a settings file gives it unseen");
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
            settings->tls = true;
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
            settings->skip_verification = true;
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
    } else if (r < 0) { /* the help was wanted */
        r = EXIT_DONE;
    }
    settings_deinit(&settings);
    return r;
}
