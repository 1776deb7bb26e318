/* SPDX-License-Identifier: MIT */
#ifndef PYST_SERVER_AGI_PROGRAMS_H
#define PYST_SERVER_AGI_PROGRAMS_H

/*
 * Processes that serve calls: agi-programs.c finds the program of a call and gives it a process,
 * agi-process.c carries the bytes between the two.
 */

#include <sys/stat.h>

#include <pyst/agi/programs.h>

#include "server/agi.h"

/* The longest line of a program, as of Asterisk's own buffer. */
#define PROCESS_LINE_SIZE 8192

struct programs {
    struct pyst_agi_programs_options options;
    size_t prefix;    /* bytes of a call's path that stand before the program's */
    char directory[]; /* as realpath() gives it */
};

struct process {
    uv_process_t handle;
    uv_pipe_t input;  /* its standard input, which we write */
    uv_pipe_t output; /* its standard output, which we read */
    unsigned handles; /* not closed yet */
    struct loop *loop;
    struct link link; /* in the loop's list */
    const struct programs *programs;
    struct pyst_agi_call *call; /* NULL: a spare one, or its call is over */
    bool spare;
    bool ended;    /* no more commands come */
    bool exited;   /* of itself */
    bool skipping; /* a line that is too long, to its end */
    size_t size;   /* of the line that has begun, and what is behind it */
    char lines[PROCESS_LINE_SIZE];
    struct stat program; /* as it was at the start */
    char path[];
};

/* Starts a process; `argv` ends with NULL. Errors: PYST_ERR_NO_MEMORY, PYST_ERR_SYSTEM (errno). */
int process_start(struct process **processp, struct loop *loop, const struct programs *programs,
                  const char *path, const struct stat *program, char **argv);

/* Gives it a call, whose environment it gets. The call's data is the process from now on. */
int process_give(struct process *process, struct pyst_agi_call *call);

/* What a call's functions pass on. */
void process_reply(struct process *process, struct pyst_text text);
void process_hung_up(struct process *process);
void process_leave(struct process *process);

/* Ends all of a loop's: the handles close in the loop's last turns. */
void processes_end(struct loop *loop);

void programs_free(void *programs);

#endif
