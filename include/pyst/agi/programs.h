/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_PROGRAMS_H
#define PYST_AGI_PROGRAMS_H

/**
 * AGI programs behind a server (pyst/agi/server.h): whatever runs under Asterisk's own AGI(), in
 * any language, runs unchanged on another machine, over FastAGI.
 *
 * A call whose path names a program of the folder starts it as Asterisk would (res/res_agi.c,
 * launch_script): environment and replies on standard input, commands from standard output, the
 * call's arguments as argv, SIGHUP when the caller is gone. Standard error is the server's own.
 * What differs: agi_request is the program's path on this machine, agi_network is there, and there
 * is no audio (EAGI).
 *
 * The call ends when the program closes its standard output. A program that stays alive after the
 * end of its call is left alone until the server ends, which sends it SIGTERM.
 *
 * A program that stops reading raises SIGPIPE in the server when it is written to: the host ignores
 * that signal, as every program on libuv does.
 *
 * A path that names no program of the folder is answered as one that no route fits. One that is
 * not executable, or cannot be started, is told by VERBOSE, and the channel variable
 * AGI_SERVER_STATUS is FAILED.
 */

#include <pyst/agi/server.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Settings; a field of 0 is its default. Texts are copied. */
struct pyst_agi_programs_options {
    /* The folder, with those below it. A link that leads out of it names no program. */
    const char *directory;
    /*
     * Processes of each program, a loop, that are started before their call comes, once a call has
     * asked for the program; 0: none. Only for calls without arguments, for a process cannot be
     * told its arguments later; a process older than its program is not used.
     */
    unsigned spare;
    /*
     * Told when a process has ended: its path, its exit status, and the signal that ended it or 0.
     * In the thread of a loop; it must not wait. May be NULL.
     */
    void (*exited)(const char *program, int status, int signal, void *user);
    void *user;
};

/**
 * Serves the programs of a folder under `pattern`, whose "*" stands for a program's path in it: "*"
 * or "scripts/\*". Errors: those of pyst_agi_server_route_evented(); PYST_ERR_INVALID also for a
 * pattern without "*"; PYST_ERR_SYSTEM (errno) for a folder that is not there.
 */
PYST_PUBLIC int pyst_agi_server_route_programs(struct pyst_agi_server *server, const char *pattern,
                                               const struct pyst_agi_programs_options *options);

#ifdef __cplusplus
}
#endif

#endif
