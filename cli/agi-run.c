/* SPDX-License-Identifier: MIT */

/* pyst agi run: plays Asterisk to an AGI program, as res/res_agi.c does: pipes and SIGHUP. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pyst/emulator/agi.h>
#include <pyst/error.h>

#include "agi.h"
#include "cli.h"
#include "interrupt.h"
#include "settings.h"
#include "show.h"

static const char help[] =
    "Usage: pyst agi run [OPTION...] PROGRAM [ARGUMENT...]\n"
    "\n"
    "Runs an AGI program without an Asterisk and plays one to it: says the environment, answers\n"
    "its commands and prints both, \"<\" what Asterisk says and \">\" what the program does. No\n"
    "time passes: what waits for keys ends at once, with those that --digits has or without.\n"
    "\n"
    "  -d, --digits KEYS         the keys that the caller presses; w among them is a pause, in\n"
    "                            which the command that listens gives up\n"
    "  -t, --text TEXT           text that the caller sends; several times for several\n"
    "  -c, --callerid CALLER     a number, or NAME <NUMBER>\n"
    "  -e, --extension EXTEN     what was dialled\n"
    "      --set NAME=VALUE      any line of the environment: language=de\n"
    "  -v, --variable NAME=VALUE\n"
    "                            a variable of the channel\n"
    "      --database FAMILY/KEY=VALUE\n"
    "      --reply COMMAND=REPLY what to answer to commands that begin so:\n"
    "                            'EXEC Dial=200 result=-1'\n"
    "      --hangup-after N      the caller hangs up when N commands were answered\n"
    "      --hangup-during N     the caller hangs up while command N runs\n"
    "  -q, --quiet               print nothing\n"
    "\n"
    "The exit code is the program's, 128 and the signal's number when a signal ended it, 127 when\n"
    "it could not be started.\n";

enum { OPTION_SET = 256, OPTION_DATABASE, OPTION_REPLY, OPTION_HANGUP_AFTER, OPTION_HANGUP_DURING };

static const struct option options[] = {
    {"digits", required_argument, NULL, 'd'},
    {"text", required_argument, NULL, 't'},
    {"callerid", required_argument, NULL, 'c'},
    {"extension", required_argument, NULL, 'e'},
    {"set", required_argument, NULL, OPTION_SET},
    {"variable", required_argument, NULL, 'v'},
    {"database", required_argument, NULL, OPTION_DATABASE},
    {"reply", required_argument, NULL, OPTION_REPLY},
    {"hangup-after", required_argument, NULL, OPTION_HANGUP_AFTER},
    {"hangup-during", required_argument, NULL, OPTION_HANGUP_DURING},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char short_options[] = "+d:t:c:e:v:qh";

#define COMMANDS_MAX 1000000
#define CANNOT_START 127
#define SIGNAL_ENDED 128
#define READ_SIZE    4096
#define THE_HELP     (-1) /* of read_options(): it was wanted, and printed */

/* The program while it runs. Descriptors are -1 once closed. */
struct call {
    struct pyst_emulator_agi *emulator;
    pid_t program;
    int to;   /* its standard input */
    int from; /* its standard output */
    size_t n_commands;
    unsigned long hangup_after; /* 0: never */
    bool told_hangup;
    bool is_quiet;
};

/* 0, or an exit code with the reason said. */
static int check(int r)
{
    if (r >= 0)
        return 0;
    if (r == PYST_ERR_NO_MEMORY)
        return out_of_memory();
    fprintf(stderr, "pyst: %s\n", pyst_strerror(r));
    return EXIT_FAILED;
}

/* ---- what the options say ------------------------------------------------------------------- */

/* Puts an end to what stands before the first `c`; NULL, with the reason said, when there is none.
 */
static char *split(char *text, char c, const char *option, const char *form)
{
    char *at = strchr(text, c);

    if (!at || at == text) {
        usage_error("--%s: %s is not %s", option, text, form);
        return NULL;
    }
    *at = '\0';
    return at + 1;
}

static int set_caller(struct pyst_emulator_agi *emulator, const char *caller)
{
    const char *open = strchr(caller, '<');
    struct pyst_text name, number = pyst_text(caller);
    int r = 0;

    if (open) {
        name = pyst_text_of(caller, (size_t)(open - caller));
        while (name.size > 0 && name.data[name.size - 1] == ' ')
            name.size--;
        number = pyst_text_of(open + 1, strcspn(open + 1, ">"));
        r = pyst_emulator_agi_set(emulator, "calleridname", name);
    }
    return r < 0 ? r : pyst_emulator_agi_set(emulator, "callerid", number);
}

static int put(struct pyst_emulator_agi *emulator, char *entry)
{
    static const char form[] = "FAMILY/KEY=VALUE";
    char *value = split(entry, '=', "database", form);
    char *key = value ? split(entry, '/', "database", form) : NULL;

    return key ? check(pyst_emulator_agi_database_put(emulator, entry, key, pyst_text(value)))
               : EXIT_USAGE;
}

static int read_option(struct pyst_emulator_agi *emulator, int option, char *argument)
{
    char *value;

    switch (option) {
    case 'd':
        return check(pyst_emulator_agi_press(emulator, argument));
    case 't':
        return check(pyst_emulator_agi_send_text(emulator, pyst_text(argument)));
    case 'c':
        return check(set_caller(emulator, argument));
    case 'e':
        return check(pyst_emulator_agi_set(emulator, "extension", pyst_text(argument)));
    case OPTION_SET:
        value = split(argument, '=', "set", "NAME=VALUE");
        return value ? check(pyst_emulator_agi_set(emulator, argument, pyst_text(value)))
                     : EXIT_USAGE;
    case 'v':
        value = split(argument, '=', "variable", "NAME=VALUE");
        return value ? check(pyst_emulator_agi_set_variable(emulator, argument, pyst_text(value)))
                     : EXIT_USAGE;
    case OPTION_DATABASE:
        return put(emulator, argument);
    case OPTION_REPLY:
        value = split(argument, '=', "reply", "COMMAND=REPLY");
        return value ? check(pyst_emulator_agi_answer(emulator, argument, pyst_text(value), 0))
                     : EXIT_USAGE;
    default:
        return 0;
    }
}

/* What the emulator is made with, and what needs none. 0, an exit code, or THE_HELP. */
static int read_first(struct call *call, struct pyst_emulator_agi_options *first, int argc,
                      char **argv)
{
    unsigned long number;
    int option, r = 0;

    while (r == 0 && (option = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
        switch (option) {
        case OPTION_HANGUP_AFTER:
            r = settings_number("--hangup-after", optarg, COMMANDS_MAX, &call->hangup_after);
            break;
        case OPTION_HANGUP_DURING:
            r = settings_number("--hangup-during", optarg, COMMANDS_MAX, &number);
            first->hang_up_at = r == 0 ? number : 0;
            break;
        case 'q':
            call->is_quiet = true;
            break;
        case 'h':
            fputs(help, stdout);
            return THE_HELP;
        case '?':
            return usage_error("pyst agi run --help tells the options");
        default:
            break;
        }
    }
    if (r == 0 && optind == argc)
        r = usage_error("which program? pyst agi run --help tells more");
    return r;
}

static int read_options(struct call *call, int argc, char **argv)
{
    struct pyst_emulator_agi_options first = {0};
    int option;
    int r = read_first(call, &first, argc, argv);

    if (r != 0)
        return r;
    r = check(pyst_emulator_agi_new(&call->emulator, &first));
    if (r == 0)
        r = check(pyst_emulator_agi_set(call->emulator, "request", pyst_text(argv[optind])));
    for (int i = optind + 1; r == 0 && i < argc; i++) {
        char name[32];

        snprintf(name, sizeof(name), "arg_%d", i - optind);
        r = check(pyst_emulator_agi_set(call->emulator, name, pyst_text(argv[i])));
    }
    /* Last, so that they count. */
    optind = 1;
    while (r == 0 && (option = getopt_long(argc, argv, short_options, options, NULL)) != -1)
        r = read_option(call->emulator, option, optarg);
    return r == 0 ? check(pyst_emulator_agi_start(call->emulator)) : r;
}

/* ---- the program ---------------------------------------------------------------------------- */

static int start(struct call *call, char **argv)
{
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) < 0)
        goto failed;
    if (pipe2(out, O_CLOEXEC) < 0) {
        close(in[0]);
        close(in[1]);
        goto failed;
    }
    fflush(stdout);
    call->program = fork();
    if (call->program == 0) {
        signal(SIGPIPE, SIG_DFL);
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execv(argv[0], argv);
        fprintf(stderr, "pyst: %s: %s\n", argv[0], strerror(errno));
        _exit(CANNOT_START);
    }
    close(in[0]);
    close(out[1]);
    call->to = in[1];
    call->from = out[0];
    if (call->program < 0)
        goto failed;
    fcntl(call->to, F_SETFL, O_NONBLOCK);
    fcntl(call->from, F_SETFL, O_NONBLOCK);
    return 0;
failed:
    fprintf(stderr, "pyst: %s: %s\n", argv[0], strerror(errno));
    return EXIT_FAILED;
}

static void close_end(int *fdp)
{
    if (*fdp >= 0)
        close(*fdp);
    *fdp = -1;
}

static void print_line(const struct call *call, const char *mark, struct pyst_text line)
{
    if (call->is_quiet)
        return;
    fputs(mark, stdout);
    show_text(stdout, line);
    putchar('\n');
}

static void print_lines(const struct call *call, const char *mark, struct pyst_text lines)
{
    while (lines.size > 0) {
        const char *end = memchr(lines.data, '\n', lines.size);
        size_t size = end ? (size_t)(end - lines.data) : lines.size;

        print_line(call, mark, pyst_text_of(lines.data, size));
        size += end != NULL;
        lines = pyst_text_of(lines.data + size, lines.size - size);
    }
    fflush(stdout);
}

/* Writes what there is to write, as much as the pipe takes. */
static void write_output(struct call *call)
{
    struct pyst_text output;

    while ((output = pyst_emulator_agi_output(call->emulator)).size > 0) {
        ssize_t n = call->to < 0 ? (ssize_t)output.size : write(call->to, output.data, output.size);

        if (n >= 0)
            pyst_emulator_agi_sent(call->emulator, (size_t)n);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            close_end(&call->to); /* it reads no more */
    }
}

/* Asterisk's word for a hangup. */
static void tell_hangup(struct call *call)
{
    if (call->told_hangup || !pyst_emulator_agi_is_hung_up(call->emulator))
        return;
    call->told_hangup = true;
    if (!call->is_quiet)
        puts("* hung up: SIGHUP");
    fflush(stdout);
    kill(call->program, SIGHUP);
}

static int answer_commands(struct call *call)
{
    struct pyst_emulator_agi_exchange exchange;
    int r;

    while ((r = pyst_emulator_agi_next(call->emulator, &exchange)) == 1) {
        print_line(call, "> ", exchange.command);
        print_lines(call, "< ", exchange.reply);
        if (++call->n_commands == call->hangup_after)
            pyst_emulator_agi_hang_up(call->emulator);
        /* The reply before the signal, as far as the pipe takes it. */
        write_output(call);
        tell_hangup(call);
    }
    return check(r);
}

static int read_input(struct call *call)
{
    char data[READ_SIZE];
    ssize_t n = read(call->from, data, sizeof(data));

    if (n > 0)
        return check(pyst_emulator_agi_feed(call->emulator, data, (size_t)n));
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_end(&call->from);
    return 0;
}

static bool has_output(const struct call *call)
{
    return call->to >= 0 && pyst_emulator_agi_output(call->emulator).size > 0;
}

/* Until the program closes its output and has read, or left, all that was said. */
static int converse(struct call *call)
{
    int r = 0;

    print_lines(call, "< ", pyst_emulator_agi_output(call->emulator));
    while (r == 0) {
        /* Who plays Asterisk leaves: that ends the call. */
        bool leaves = interrupt_came();
        struct pollfd ends[] = {
            {.fd = call->from, .events = POLLIN},
            {.fd = leaves ? -1 : interrupt_fd(), .events = POLLIN},
            {.fd = -1, .events = POLLOUT},
        };

        if (leaves)
            pyst_emulator_agi_hang_up(call->emulator);
        write_output(call);
        tell_hangup(call);
        if (has_output(call))
            ends[2].fd = call->to;
        else if (call->from < 0)
            break;
        if (poll(ends, 3, -1) < 0) {
            if (errno == EINTR)
                continue;
            fprintf(stderr, "pyst: poll: %s\n", strerror(errno));
            return EXIT_FAILED;
        }
        if (ends[0].revents)
            r = read_input(call);
        if (r == 0)
            r = answer_commands(call);
    }
    return r;
}

/* The exit code that the program's end stands for. */
static int wait_for_end(const struct call *call)
{
    int status;

    while (waitpid(call->program, &status, 0) < 0) {
        if (errno != EINTR)
            return EXIT_FAILED;
    }
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    fprintf(stderr, "pyst: ended by signal %d (%s)\n", WTERMSIG(status),
            strsignal(WTERMSIG(status)));
    return SIGNAL_ENDED + WTERMSIG(status);
}

int command_agi_run(int argc, char **argv)
{
    struct call call = {.to = -1, .from = -1};
    int r = read_options(&call, argc, argv);

    if (r == 0 && interrupt_catch() < 0) {
        fprintf(stderr, "pyst: signals: %s\n", strerror(errno));
        r = EXIT_FAILED;
    }
    if (r == 0)
        r = start(&call, argv + optind);
    if (r == 0) {
        int code;

        r = converse(&call);
        close_end(&call.to);
        close_end(&call.from);
        code = wait_for_end(&call);
        if (r == 0)
            r = interrupt_came() ? EXIT_INTERRUPTED : code;
    }
    close_end(&call.to);
    close_end(&call.from);
    pyst_emulator_agi_free(call.emulator);
    return r == THE_HELP ? EXIT_DONE : r;
}
