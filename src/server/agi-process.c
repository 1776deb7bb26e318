/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pyst/error.h>

#include "server/agi-programs.h"

static void take_lines(struct process *process);

/* ---- the end -------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct process *process = handle->data;

    if (--process->handles == 0)
        free(process);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void on_exited(uv_process_t *handle, int64_t status, int signal)
{
    struct process *process = handle->data;
    const struct pyst_agi_programs_options *options = &process->programs->options;

    process->exited = true;
    list_remove(&process->link);
    if (options->exited)
        options->exited(process->path, (int)status, signal, options->user);
    close_handle((uv_handle_t *)handle);
    /* Its last commands may still be in the pipe, when it has a call. */
    if (!process->call) {
        close_handle((uv_handle_t *)&process->input);
        close_handle((uv_handle_t *)&process->output);
    }
}

void process_leave(struct process *process)
{
    process->call = NULL;
    close_handle((uv_handle_t *)&process->input);
    close_handle((uv_handle_t *)&process->output);
}

void processes_end(struct loop *loop)
{
    while (!list_is_empty(&loop->processes)) {
        struct process *process = link_object(loop->processes.next, struct process, link);

        list_remove(&process->link);
        /* A spare one has nothing to lose: the end of its standard input ends it. */
        if (!process->spare)
            uv_process_kill(&process->handle, SIGTERM);
        close_handle((uv_handle_t *)&process->handle);
        process_leave(process);
    }
}

/* ---- what the program is told --------------------------------------------------------------- */

struct writing {
    uv_write_t request;
    char data[];
};

static void on_written(uv_write_t *request, int status)
{
    (void)status; /* a program that reads no more has its reasons */
    free(request);
}

static int tell(struct process *process, const struct pyst_text *parts, size_t n_parts)
{
    struct writing *writing;
    size_t size = 0;
    uv_buf_t buffer;

    if (uv_is_closing((uv_handle_t *)&process->input))
        return 0;
    for (size_t i = 0; i < n_parts; i++)
        size += parts[i].size;
    writing = malloc(sizeof(*writing) + size);
    if (!writing)
        return PYST_ERR_NO_MEMORY;
    buffer = uv_buf_init(writing->data, (unsigned)size);
    size = 0;
    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i].size > 0)
            memcpy(writing->data + size, parts[i].data, parts[i].size);
        size += parts[i].size;
    }
    if (uv_write(&writing->request, (uv_stream_t *)&process->input, &buffer, 1, on_written) < 0)
        free(writing);
    return 0;
}

/* The environment as Asterisk gives it to a program that it starts itself. */
static int tell_environment(struct process *process, struct pyst_agi_environment *environment)
{
    const struct pyst_text all = pyst_agi_environment_text(environment);
    const struct pyst_text request = pyst_agi_environment_get(environment, "agi_request");
    const struct pyst_text path = pyst_text(process->path), end = pyst_text("\n");
    const char *behind;

    if (!request.data) {
        const struct pyst_text parts[] = {all, end};

        return tell(process, parts, 2);
    }
    behind = request.data + request.size;
    const struct pyst_text parts[] = {
        pyst_text_of(all.data, (size_t)(request.data - all.data)), path,
        pyst_text_of(behind, all.size - (size_t)(behind - all.data)), end};

    return tell(process, parts, 4);
}

void process_reply(struct process *process, struct pyst_text text)
{
    const struct pyst_text parts[] = {text, pyst_text("\n")};

    if (tell(process, parts, 2) < 0)
        pyst_agi_call_finish(process->call);
    else
        take_lines(process);
}

void process_hung_up(struct process *process)
{
    if (!process->exited)
        uv_process_kill(&process->handle, SIGHUP);
}

/* ---- what the program says ------------------------------------------------------------------ */

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct process *process = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(process->lines + process->size,
                          (unsigned)(sizeof(process->lines) - process->size));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct process *process = stream->data;

    (void)buffer;
    if (n < 0) {
        process->ended = true;
        uv_read_stop(stream);
    } else {
        process->size += (size_t)n;
    }
    take_lines(process);
}

/* A line that cannot be sent is answered in Asterisk's place. */
static void refuse(struct process *process, int error)
{
    const struct pyst_text parts[] = {pyst_text(error == PYST_ERR_HANGUP ? "511 " : "520 "),
                                      pyst_text(pyst_strerror(error)), pyst_text("\n")};

    if (tell(process, parts, 3) < 0 && process->call)
        pyst_agi_call_finish(process->call);
}

/* Submits one line. Gives true when the next one may be looked at. */
static bool submit(struct process *process, struct pyst_text line)
{
    struct pyst_agi_command *command = pyst_agi_call_command(process->call);
    int r;

    if (line.size == 0)
        return true;
    pyst_agi_command_set_line(command, line);
    r = pyst_agi_call_submit(process->call);
    if (r < 0)
        refuse(process, r);
    return r < 0;
}

/* Commands go one at a time: the next one when the one before is answered. */
static void take_lines(struct process *process)
{
    while (process->call && !pyst_agi_session_busy(process->call->session)) {
        const char *end = memchr(process->lines, '\n', process->size);
        char line[PROCESS_LINE_SIZE];
        size_t size;

        if (!end && process->size == sizeof(process->lines)) {
            if (!process->skipping)
                refuse(process, PYST_ERR_COMMAND_TOO_LONG);
            process->skipping = true;
            process->size = 0;
        }
        if (!end)
            break;
        /* Out of the way: what is behind it moves up, and a call may end while it is submitted. */
        size = (size_t)(end - process->lines);
        memcpy(line, process->lines, size);
        process->size -= size + 1;
        memmove(process->lines, end + 1, process->size);
        if (process->skipping)
            process->skipping = false;
        else if (!submit(process, pyst_text_of(line, size)))
            break;
    }
    if (!process->call)
        return;
    if (process->ended && !memchr(process->lines, '\n', process->size) &&
        !pyst_agi_session_busy(process->call->session))
        pyst_agi_call_finish(process->call);
    else if (!process->ended && process->size < sizeof(process->lines))
        uv_read_start((uv_stream_t *)&process->output, allocate, on_read);
    else
        uv_read_stop((uv_stream_t *)&process->output);
}

/* ---- the beginning -------------------------------------------------------------------------- */

static void close_descriptor(uv_file fd)
{
    if (fd >= 0)
        close(fd);
}

/*
 * Pipes as Asterisk makes them, not the sockets that libuv would: those cannot be opened as
 * /dev/stdin. The program's ends are in `fds`.
 */
static int open_pipes(struct process *process, uv_file *fds)
{
    uv_file input[2], output[2];
    int r = uv_pipe(input, 0, UV_NONBLOCK_PIPE);

    if (r < 0)
        return r;
    fds[0] = input[0];
    r = uv_pipe_open(&process->input, input[1]);
    if (r < 0) {
        close(input[1]);
        return r;
    }
    r = uv_pipe(output, UV_NONBLOCK_PIPE, 0);
    if (r < 0)
        return r;
    fds[1] = output[1];
    r = uv_pipe_open(&process->output, output[0]);
    if (r < 0)
        close(output[0]);
    return r;
}

int process_start(struct process **processp, struct loop *loop, const struct programs *programs,
                  const char *path, const struct stat *program, char **argv)
{
    struct process *process = calloc(1, sizeof(*process) + strlen(path) + 1);
    uv_stdio_container_t streams[3];
    uv_file fds[3] = {-1, -1, 2};
    uv_process_options_t options = {.exit_cb = on_exited, .file = path, .args = argv};
    int r;

    if (!process)
        return PYST_ERR_NO_MEMORY;
    memcpy(process->path, path, strlen(path) + 1);
    process->loop = loop;
    process->programs = programs;
    process->program = *program;
    list_init(&process->link);
    uv_pipe_init(&loop->uv, &process->input, 0);
    uv_pipe_init(&loop->uv, &process->output, 0);
    process->handle.data = process->input.data = process->output.data = process;
    process->handles = 3;

    options.stdio = streams;
    options.stdio_count = 3;
    r = open_pipes(process, fds);
    for (int i = 0; i < 3; i++) {
        streams[i].flags = UV_INHERIT_FD;
        streams[i].data.fd = fds[i];
    }
    if (r == 0)
        r = uv_spawn(&loop->uv, &process->handle, &options);
    close_descriptor(fds[0]);
    close_descriptor(fds[1]);
    if (r < 0) {
        process->exited = true;
        process->handles--; /* never a handle of the loop */
        process_leave(process);
        errno = -r;
        return r == UV_ENOMEM ? PYST_ERR_NO_MEMORY : PYST_ERR_SYSTEM;
    }
    list_append(&loop->processes, &process->link);
    *processp = process;
    return 0;
}

int process_give(struct process *process, struct pyst_agi_call *call)
{
    int r = tell_environment(process, pyst_agi_call_environment(call));

    if (r < 0)
        return r;
    process->call = call;
    process->spare = false;
    pyst_agi_call_set_data(call, process);
    take_lines(process);
    return 0;
}
