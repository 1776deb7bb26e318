/* SPDX-License-Identifier: MIT */

/*
 * How long an AGI program takes from its start to its first command. Usage:
 *
 *     agi-start COUNT first|end PROGRAM [ARGUMENT...]
 *
 * Starts the program so often, one after another, as Asterisk does: the environment comes on its
 * standard input, and its commands, each answered with success, go to its standard output. Prints a
 * line of JSON for each start; `wall` is from the fork to the first byte that the program wrote, or
 * with "end" to its end.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "environment.h"

extern char **environ;

static const char environment[] = "agi_request: start\n" CALL_ENVIRONMENT "\n";

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void must_write(int fd, const char *data, size_t size)
{
    /* A program that has ended needs nothing more. */
    if (write(fd, data, size) != (ssize_t)size && errno != EPIPE) {
        die("write");
    }
}

/* Answers until the program closes its output; gives whether it wrote anything, and when. */
static bool serve(int in, int out, double *first)
{
    static const char answer[] = "200 result=0\n";
    bool any = false;
    char data[4096];
    ssize_t size;

    while ((size = read(out, data, sizeof(data))) > 0) {
        if (!any) {
            *first = bench_wall();
            any = true;
        }
        if (data[size - 1] == '\n') {
            must_write(in, answer, sizeof(answer) - 1);
        }
    }
    return any;
}

static double start(char **command, bool to_end)
{
    posix_spawn_file_actions_t actions;
    double begin;
    double first = 0;
    double end;
    int in[2];
    int out[2];
    int status;
    int error;
    bool any;
    pid_t pid;

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
        die("pipe");
    }
    must_write(in[1], environment, sizeof(environment) - 1);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    begin = bench_wall();
    error = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
    if (error) {
        errno = error;
        die(command[0]);
    }
    close(in[0]);
    close(out[1]);
    any = serve(in[1], out[0], &first);
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            die("waitpid");
        }
    }
    end = bench_wall();
    close(in[1]);
    close(out[0]);
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0 || (!any && !to_end)) {
        fprintf(stderr, "%s: %s\n", command[0], any ? "failed" : "sent no command");
        exit(1);
    }
    return (to_end ? end : first) - begin;
}

int main(int argc, char **argv)
{
    if (argc < 4 || (strcmp(argv[2], "first") != 0 && strcmp(argv[2], "end") != 0)) {
        fprintf(stderr, "usage: agi-start COUNT first|end PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    for (unsigned long i = strtoul(argv[1], NULL, 10); i > 0; i--) {
        printf("{\"count\": 1, \"wall\": %.9f}\n", start(argv + 3, strcmp(argv[2], "end") == 0));
    }
    return 0;
}
