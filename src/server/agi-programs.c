/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pyst/error.h>

#include "server/agi-programs.h"

#define ARGUMENTS_MAX 128 /* as many as Asterisk gives a program (res/res_agi.c, MAX_ARGS) */

/* ---- which program -------------------------------------------------------------------------- */

/*
 * The program of a call: its path in `path`, of PATH_MAX bytes. 0, PYST_ERR_INVALID when there is
 * none, or PYST_ERR_SYSTEM (errno) when it cannot be run.
 */
static int find_program(const struct programs *programs, struct pyst_text name, char *path,
                        struct stat *programp)
{
    const size_t size = strlen(programs->directory);
    char wanted[PATH_MAX];

    name = pyst_text_of(name.data + programs->prefix, name.size - programs->prefix);
    if (name.size == 0 || name.size >= sizeof(wanted) - size - 1 || memchr(name.data, 0, name.size))
        return PYST_ERR_INVALID;
    memcpy(wanted, programs->directory, size);
    wanted[size] = '/';
    memcpy(wanted + size + 1, name.data, name.size);
    wanted[size + 1 + name.size] = '\0';
    if (!realpath(wanted, path) || strncmp(path, programs->directory, size) != 0 ||
        path[size] != '/' || stat(path, programp) < 0 || !S_ISREG(programp->st_mode))
        return PYST_ERR_INVALID;
    return access(path, X_OK) < 0 ? PYST_ERR_SYSTEM : 0;
}

static bool is_same(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino &&
           one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
           one->st_mtim.tv_nsec == other->st_mtim.tv_nsec;
}

/* ---- which process -------------------------------------------------------------------------- */

/* The oldest spare process of a program; those of an older program of that path end. */
static struct process *take_spare(struct loop *loop, const char *path, const struct stat *program,
                                  unsigned *leftp)
{
    struct process *found = NULL;
    struct link *next;

    *leftp = 0;
    for (struct link *link = loop->processes.next; link != &loop->processes; link = next) {
        struct process *process = link_object(link, struct process, link);

        next = link->next;
        if (!process->spare || strcmp(process->path, path) != 0)
            continue;
        if (!is_same(&process->program, program)) {
            process->spare = false;
            process_leave(process);
        } else if (found) {
            ++*leftp;
        } else {
            found = process;
        }
    }
    return found;
}

static void start_spares(struct loop *loop, const struct programs *programs, const char *path,
                         const struct stat *program, unsigned n)
{
    char *argv[] = {(char *)path, NULL};

    for (; n < programs->options.spare; n++) {
        struct process *process;

        if (process_start(&process, loop, programs, path, program, argv) < 0)
            return;
        process->spare = true;
    }
}

static int start_with_arguments(struct process **processp, struct pyst_agi_call *call,
                                const struct programs *programs, const char *path,
                                const struct stat *program)
{
    struct pyst_agi_environment *environment = pyst_agi_call_environment(call);
    char *argv[ARGUMENTS_MAX + 1] = {(char *)path};
    int argc = 1, r = 0;

    for (; argc < ARGUMENTS_MAX; argc++) {
        struct pyst_text argument = pyst_agi_environment_argument(environment, (size_t)argc);

        if (!argument.data)
            break;
        argv[argc] = strndup(argument.data, argument.size);
        if (!argv[argc]) {
            r = PYST_ERR_NO_MEMORY;
            break;
        }
    }
    if (r == 0)
        r = process_start(processp, call->loop, programs, path, program, argv);
    for (int i = 1, saved = errno; i < argc; i++) {
        free(argv[i]);
        errno = saved;
    }
    return r;
}

static int run_program(struct pyst_agi_call *call, const struct programs *programs,
                       const char *path, const struct stat *program)
{
    struct process *process = NULL;
    unsigned spares = 0;
    int r;

    if (!pyst_agi_environment_argument(pyst_agi_call_environment(call), 1).data)
        process = take_spare(call->loop, path, program, &spares);
    if (!process) {
        r = start_with_arguments(&process, call, programs, path, program);
        if (r < 0)
            return r;
    }
    r = process_give(process, call);
    if (r < 0)
        process_leave(process);
    start_spares(call->loop, programs, path, program, spares);
    return r;
}

/* ---- the route ------------------------------------------------------------------------------ */

static void started(struct pyst_agi_call *call, void *user)
{
    const struct programs *programs = user;
    char path[PATH_MAX];
    struct stat program;
    int r;

    r = find_program(programs, pyst_agi_environment_path(pyst_agi_call_environment(call)), path,
                     &program);
    if (r == PYST_ERR_INVALID) {
        route_call_is_missing(call);
        return;
    }
    if (r == 0)
        r = run_program(call, programs, path, &program);
    if (r < 0)
        route_call_has_failed(call);
}

static void replied(struct pyst_agi_call *call, int error, const struct pyst_agi_reply *reply,
                    void *user)
{
    (void)error;
    (void)user;
    if (reply)
        process_reply(pyst_agi_call_data(call), reply->text);
}

static void hung_up(struct pyst_agi_call *call, void *user)
{
    (void)user;
    process_hung_up(pyst_agi_call_data(call));
}

static void ended(struct pyst_agi_call *call, int error, void *user)
{
    (void)error;
    (void)user;
    if (pyst_agi_call_data(call))
        process_leave(pyst_agi_call_data(call));
}

void programs_free(void *programs)
{
    free(programs);
}

int pyst_agi_server_route_programs(struct pyst_agi_server *server, const char *pattern,
                                   const struct pyst_agi_programs_options *options)
{
    static const struct pyst_agi_call_handler handler = {started, replied, hung_up, ended};
    const char *star = strchr(pattern, '*');
    struct programs *programs;
    char directory[PATH_MAX];
    size_t size;
    int r;

    if (!star || !options->directory)
        return PYST_ERR_INVALID;
    if (!realpath(options->directory, directory))
        return PYST_ERR_SYSTEM;
    size = strlen(directory);
    if (size == 1)
        size = 0; /* "/": a program's path begins with it */
    programs = malloc(sizeof(*programs) + size + 1);
    if (!programs)
        return PYST_ERR_NO_MEMORY;
    programs->options = *options;
    programs->options.directory = NULL;
    programs->prefix = (size_t)(star - pattern) - (*pattern == '/');
    memcpy(programs->directory, directory, size);
    programs->directory[size] = '\0';
    r = route_add_owned(server, pattern, &handler, programs, programs_free);
    if (r < 0)
        free(programs);
    return r;
}
