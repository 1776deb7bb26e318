/* SPDX-License-Identifier: MIT */

/* pyst config graph. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "config.h"

static const char help[] =
    "Usage: pyst config graph [OPTION...] FILE\n"
    "\n"
    "  Prints a dialplan, FILE being an extensions.conf, as a graph for Graphviz: contexts with\n"
    "  their extensions, and what jumps, includes, calls programs or dials as arrows.\n"
    "\n"
    "  -T, --type TYPE          run Graphviz's dot, for a picture: svg, png, pdf or another that\n"
    "                           it knows\n"
    "  -o, --output FILE        write there and not to standard output\n"
    "  -d, --directory FOLDER   where included files are, unless in that of FILE\n";

struct options {
    const char *type;
    const char *output;
    const char *directory;
};

static int fail(const char *what)
{
    fprintf(stderr, "pyst: %s: %s\n", what, strerror(errno));
    return EXIT_FAILED;
}

static int write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(fd, text, size);

        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            text += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

/* Runs in the child: dot, from one descriptor to another. */
static void run_dot(const char *type, int in, int out)
{
    char option[64];

    snprintf(option, sizeof(option), "-T%s", type);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
        _exit(126);
    execlp("dot", "dot", option, (char *)NULL);
    _exit(errno == ENOENT ? 127 : 126);
}

static int draw(const char *type, const char *text, size_t size, int out)
{
    int ends[2], status, written;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail("pipe");
    signal(SIGPIPE, SIG_IGN);
    child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return fail("fork");
    }
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        run_dot(type, ends[0], out);
    }
    close(ends[0]);
    written = write_all(ends[1], text, size);
    close(ends[1]);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return fail("dot");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        fprintf(stderr, "pyst: dot is not installed; it is in the package graphviz. Without "
                        "--type, the graph is printed for it\n");
        return EXIT_FAILED;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || written < 0) {
        fprintf(stderr, "pyst: dot failed\n");
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

static int write_graph(const struct options *options, const char *text, size_t size)
{
    int out = STDOUT_FILENO, code = EXIT_DONE;

    if (options->output) {
        out = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (out < 0)
            return fail(options->output);
    }
    if (options->type)
        code = draw(options->type, text, size, out);
    else if (write_all(out, text, size) < 0 && errno != EPIPE)
        code = fail(options->output ? options->output : "standard output");
    if (options->output && close(out) < 0 && code == EXIT_DONE)
        code = fail(options->output);
    return code;
}

int command_config_graph(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"type", required_argument, NULL, 'T'},
        {"output", required_argument, NULL, 'o'},
        {"directory", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct loaded_dialplan loaded = {0};
    struct options options = {0};
    char *text;
    size_t size;
    int option, r;

    while ((option = getopt_long(argc, argv, "T:o:d:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'T':
            options.type = optarg;
            break;
        case 'o':
            options.output = optarg;
            break;
        case 'd':
            options.directory = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        default:
            return usage_error("pyst config graph --help tells the options");
        }
    }
    if (argc - optind != 1)
        return usage_error("pyst config graph wants one file");
    r = load_dialplan(&loaded, argv[optind], options.directory);
    if (r != 0)
        return r;
    r = pyst_dialplan_graph(loaded.dialplan, &text, &size);
    loaded_dialplan_deinit(&loaded);
    if (r < 0)
        return out_of_memory();
    r = write_graph(&options, text, size);
    free(text);
    return r;
}
