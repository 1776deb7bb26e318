/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>

#include "server/agi.h"

#define WORDS_SIZE 64  /* of a refusal, at most */
#define PATH_SHOWN 200 /* bytes of its path that are told */

/* ---- a call that is refused ----------------------------------------------------------------- */

static void submit(struct pyst_agi_call *call)
{
    if (pyst_agi_call_submit(call) < 0)
        pyst_agi_call_finish(call);
}

/* What such a call is told, before its path, and what AGI_SERVER_STATUS becomes. */
struct refusal {
    const char *words;
    const char *status;
};

static void refused_started(struct pyst_agi_call *call, void *user)
{
    const struct refusal *refusal = user;
    struct pyst_agi_command *command = pyst_agi_call_command(call);
    struct pyst_text path = pyst_agi_environment_path(pyst_agi_call_environment(call));
    char shown[PATH_SHOWN + 1], text[WORDS_SIZE + PATH_SHOWN];
    size_t size = 0;

    for (; size < path.size && size < PATH_SHOWN; size++) {
        const unsigned char byte = (unsigned char)path.data[size];

        shown[size] = '?';
        if (byte >= ' ' && byte != 0x7f)
            shown[size] = path.data[size];
    }
    shown[size] = '\0';
    snprintf(text, sizeof(text), "%s: \"%s\"", refusal->words, shown);
    pyst_agi_command_begin(command, "VERBOSE");
    pyst_agi_command_add(command, pyst_text(text));
    pyst_agi_command_add_number(command, 1);
    submit(call);
}

static void refused_replied(struct pyst_agi_call *call, int error,
                            const struct pyst_agi_reply *reply, void *user)
{
    const struct refusal *refusal = user;
    struct pyst_agi_command *command = pyst_agi_call_command(call);

    (void)error;
    if (!reply || pyst_agi_call_data(call)) {
        pyst_agi_call_finish(call);
        return;
    }
    pyst_agi_call_set_data(call, call);
    pyst_agi_command_begin(command, "SET VARIABLE");
    pyst_agi_command_add(command, pyst_text("AGI_SERVER_STATUS"));
    pyst_agi_command_add(command, pyst_text(refusal->status));
    submit(call);
}

/* Both commands do without a caller. */
static void refused_hung_up(struct pyst_agi_call *call, void *user)
{
    (void)call;
    (void)user;
}

static struct refusal not_found = {"No such path on the AGI server", "NOTFOUND"};
static struct refusal not_started = {"The AGI server could not start the program", "FAILED"};

static const struct route missing = {
    .evented = {refused_started, refused_replied, refused_hung_up, NULL},
    .user = &not_found,
};
static const struct route failed = {
    .evented = {refused_started, refused_replied, refused_hung_up, NULL},
    .user = &not_started,
};

static void reroute(struct pyst_agi_call *call, const struct route *route)
{
    call->route = route;
    refused_started(call, route->user);
}

void route_call_is_missing(struct pyst_agi_call *call)
{
    count(&call->loop->counters.no_route);
    reroute(call, &missing);
}

void route_call_has_failed(struct pyst_agi_call *call)
{
    reroute(call, &failed);
}

bool route_is_missing(const struct route *route)
{
    return route == &missing;
}

/* ---- the others ----------------------------------------------------------------------------- */

const struct route *route_find(const struct pyst_agi_server *server, struct pyst_text path)
{
    for (const struct route *route = server->routes; route; route = route->next) {
        if (route->is_prefix ? path.size < route->pattern.size : path.size != route->pattern.size)
            continue;
        if (route->pattern.size == 0 ||
            memcmp(path.data, route->pattern.data, route->pattern.size) == 0)
            return route;
    }
    return &missing;
}

/* Whether a call that fits both goes to the first: to the longer one, or to the whole path. */
static bool goes_before(const struct route *one, const struct route *other)
{
    if (one->is_prefix != other->is_prefix)
        return other->is_prefix;
    return one->pattern.size > other->pattern.size;
}

static int route_add(struct pyst_agi_server *server, const char *pattern,
                     const struct route *template)
{
    const bool is_prefix = *pattern && pattern[strlen(pattern) - 1] == '*';
    const char *star = strchr(pattern, '*');
    struct route *route, **at = &server->routes;
    size_t size;

    if (atomic_load(&server->running))
        return PYST_ERR_STATE;
    pattern += *pattern == '/';
    size = strlen(pattern) - is_prefix;
    if (star && (star[1] || (size > 0 && star[-1] != '/')))
        return PYST_ERR_INVALID;
    route = malloc(sizeof(*route) + size);
    if (!route)
        return PYST_ERR_NO_MEMORY;
    *route = *template;
    memcpy(route + 1, pattern, size);
    route->pattern = pyst_text_of(route + 1, size);
    route->is_prefix = is_prefix;
    while (*at && !goes_before(route, *at)) {
        if ((*at)->is_prefix == is_prefix && pyst_text_equal((*at)->pattern, route->pattern)) {
            free(route);
            return PYST_ERR_INVALID;
        }
        at = &(*at)->next;
    }
    route->next = *at;
    *at = route;
    return 0;
}

int pyst_agi_server_route_evented(struct pyst_agi_server *server, const char *pattern,
                                  const struct pyst_agi_call_handler *handler, void *user)
{
    const struct route route = {.evented = *handler, .user = user};

    return handler->started ? route_add(server, pattern, &route) : PYST_ERR_INVALID;
}

int route_add_owned(struct pyst_agi_server *server, const char *pattern,
                    const struct pyst_agi_call_handler *handler, void *user,
                    void (*free_user)(void *user))
{
    const struct route route = {.evented = *handler, .user = user, .free_user = free_user};

    return route_add(server, pattern, &route);
}

int pyst_agi_server_route(struct pyst_agi_server *server, const char *pattern,
                          pyst_agi_handler handler, void *user)
{
    const struct route route = {.blocking = handler, .user = user};

    return handler ? route_add(server, pattern, &route) : PYST_ERR_INVALID;
}

void routes_free(struct pyst_agi_server *server)
{
    while (server->routes) {
        struct route *route = server->routes;

        server->routes = route->next;
        if (route->free_user)
            route->free_user(route->user);
        free(route);
    }
}
