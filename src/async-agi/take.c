/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "async-agi/internal.h"

static struct pyst_text get(const struct pyst_ami_message *event, const char *name)
{
    return pyst_ami_message_get(event, pyst_text(name));
}

/* What tells the channel apart: its unique ID; its name where a server tells none. */
static struct pyst_text id_of(const struct pyst_ami_message *event)
{
    struct pyst_text id = get(event, "Uniqueid");

    return id.size > 0 ? id : get(event, "Channel");
}

static char *copy(struct pyst_text text)
{
    char *bytes = malloc(text.size + 1);

    if (bytes && text.size > 0)
        memcpy(bytes, text.data, text.size);
    return bytes;
}

/* --- results -------------------------------------------------------------------------------- */

/* Adds what an event brought, and has it ready for the program when it is whole. */
static int add_result(struct pyst_async_agi_call *call, struct pyst_text encoded)
{
    struct assembly *assembly = &call->assembly;
    size_t size = buffer_text(&assembly->bytes).size + encoded.size + ASSEMBLY_SPARE;
    /* Room first, also for the end of the call: nothing can fail once the result was taken. */
    int r = buffer_reserve(&call->input, size);

    if (r == 0)
        r = assembly_add(assembly, encoded);
    if (r < 0 || assembly->more)
        return r;
    buffer_append(&call->input, assembly_finish(assembly));
    call->environment_complete = true;
    return 0;
}

/* The number of a CommandID that is ours, or 0. */
static uint64_t number_of(const struct pyst_async_agi *async, struct pyst_text id)
{
    uint64_t number = 0;

    if (id.size <= async->prefix_size || id.size > async->prefix_size + 19 ||
        memcmp(id.data, async->prefix, async->prefix_size) != 0)
        return 0;
    for (size_t i = async->prefix_size; i < id.size; i++) {
        if (id.data[i] < '0' || id.data[i] > '9')
            return 0;
        number = 10 * number + (uint64_t)(id.data[i] - '0');
    }
    return number;
}

static int take_exec(struct pyst_async_agi *async, const struct pyst_ami_message *event)
{
    struct pyst_async_agi_call *call = call_find(async, id_of(event));
    struct submission *submission = call ? call->submission : NULL;
    int r = 0;

    /* One of another client's, or of a dialogue that this channel had before. */
    if (!submission || submission->number != number_of(async, get(event, "CommandID")))
        return 0;
    if (submission->purpose == PURPOSE_COMMAND || submission->purpose == PURPOSE_FLUSH) {
        if (submission->purpose == PURPOSE_COMMAND)
            assembly_begin(&call->assembly, true);
        r = add_result(call, get(event, "Result"));
    }
    if (r < 0)
        return r;
    call->submission = NULL;
    submission->call = NULL;
    submission_drop(async, submission);
    call_wake(async, call);
    if (call->assembly.more && call->assembly.flushes == ASSEMBLY_FLUSHES_MAX)
        call_end(async, call, PYST_ERR_LIMIT_REPLY);
    return 0;
}

/* --- calls ---------------------------------------------------------------------------------- */

/* A channel is no longer to be released: it began another dialogue. */
static void keep(struct release **first, struct pyst_text id)
{
    while (*first) {
        struct release *release = *first;

        if (pyst_text_equal(release_text(release), id)) {
            *first = release->next;
            free(release);
        } else {
            first = &release->next;
        }
    }
}

static int refuse(struct pyst_async_agi *async, struct pyst_text channel)
{
    struct release *release = release_new(channel);

    if (!release)
        return PYST_ERR_NO_MEMORY;
    release->next = async->releases;
    async->releases = release;
    async->refused++;
    return 0;
}

static int take_start(struct pyst_async_agi *async, const struct pyst_ami_message *event,
                      bool is_old)
{
    struct pyst_text id = id_of(event);
    struct pyst_text name = get(event, "Channel");
    struct pyst_async_agi_call *call, *earlier = call_find(async, id);

    if (id.size == 0)
        return 0;
    /* The end of the dialogue before it was missed. */
    if (earlier)
        call_end(async, earlier, 0);
    keep(&async->releases, id);
    keep(&async->lost, id);
    if (async->calls.n >= async->options.calls)
        return refuse(async, is_old ? name : id);

    call = calloc(1, sizeof(*call));
    if (!call)
        return PYST_ERR_NO_MEMORY;
    call->id = copy(id);
    call->id_size = id.size;
    call->name = copy(name);
    call->name_size = name.size;
    call->by_name = is_old;
    call->release = release_new(is_old ? name : id);
    assembly_begin(&call->assembly, false);
    if (!call->id || !call->name || !call->release || add_result(call, get(event, "Env")) < 0)
        goto no_memory;
    call->node.hash = (uint32_t)hash_text(id);
    if (table_add(&async->calls, &call->node) < 0)
        goto no_memory;
    call_wake(async, call);
    return 0;

no_memory:
    call_free(call);
    return PYST_ERR_NO_MEMORY;
}

static void take_hangup(struct pyst_async_agi *async, const struct pyst_ami_message *event,
                        bool is_over)
{
    struct pyst_async_agi_call *call = call_find(async, id_of(event));

    if (!call)
        return;
    call->hung_up = true;
    call_wake(async, call);
    if (is_over)
        call_end(async, call, 0);
}

static int take_rename(struct pyst_async_agi *async, const struct pyst_ami_message *event)
{
    struct pyst_async_agi_call *call = call_find(async, get(event, "Uniqueid"));
    struct pyst_text name = get(event, "Newname");
    char *bytes;

    if (!call || name.size == 0)
        return 0;
    bytes = copy(name);
    if (!bytes)
        return PYST_ERR_NO_MEMORY;
    if (call->by_name) {
        struct release *release = release_new(name);

        if (!release) {
            free(bytes);
            return PYST_ERR_NO_MEMORY;
        }
        free(call->release);
        call->release = release;
    }
    free(call->name);
    call->name = bytes;
    call->name_size = name.size;
    return 0;
}

/*
 * A channel in AsyncAGI is in no bridge, but for a command that puts it there. Else it was taken
 * away (main/channel.c, ast_channel_yank), and Asterisk does not say that the dialogue ended.
 */
static void take_bridge(struct pyst_async_agi *async, const struct pyst_ami_message *event)
{
    struct pyst_async_agi_call *call = call_find(async, id_of(event));

    if (call && !(call->submission && call->submission->may_bridge))
        call_end(async, call, 0);
}

static void take_lost(struct pyst_async_agi *async, int error)
{
    for (size_t i = 0; i < async->calls.n_buckets; i++) {
        while (async->calls.buckets[i]) {
            struct pyst_async_agi_call *call =
                (struct pyst_async_agi_call *)async->calls.buckets[i];

            call->is_lost = true;
            call_end(async, call, error == 0 ? PYST_ERR_CLOSED : error);
        }
    }
    releases_move(&async->lost, &async->releases);
}

/* --- notices -------------------------------------------------------------------------------- */

static int take_event(struct pyst_async_agi *async, const struct pyst_ami_message *event)
{
    struct pyst_text name = pyst_ami_message_name(event);
    bool is_old = pyst_text_equal_nocase(name, pyst_text("AsyncAGI"));
    struct pyst_text what;
    int r = 0;

    if (name.size >= 8 &&
        pyst_text_equal_nocase(pyst_text_of(name.data, 8), pyst_text("AsyncAGI"))) {
        what = is_old ? get(event, "SubEvent") : pyst_text_of(name.data + 8, name.size - 8);
        if (pyst_text_equal_nocase(what, pyst_text("Start")))
            r = take_start(async, event, is_old);
        else if (pyst_text_equal_nocase(what, pyst_text("Exec")))
            r = take_exec(async, event);
        else if (pyst_text_equal_nocase(what, pyst_text("End")) && call_find(async, id_of(event)))
            call_end(async, call_find(async, id_of(event)), 0);
        return r < 0 ? r : 1;
    }
    if (async->calls.n == 0)
        return 0;
    if (pyst_text_equal_nocase(name, pyst_text("Hangup")))
        take_hangup(async, event, true);
    else if (pyst_text_equal_nocase(name, pyst_text("HangupRequest")) ||
             pyst_text_equal_nocase(name, pyst_text("SoftHangupRequest")))
        take_hangup(async, event, false);
    else if (pyst_text_equal_nocase(name, pyst_text("Rename")))
        r = take_rename(async, event);
    else if (pyst_text_equal_nocase(name, pyst_text("BridgeEnter")))
        take_bridge(async, event);
    return r;
}

static struct submission *find_submission(const struct pyst_async_agi *async, const void *user)
{
    struct node *node =
        table_chain(&async->submissions, (uint32_t)hash_text(pyst_text_of(&user, sizeof(user))));

    while (node && node != user)
        node = node->next;
    return (struct submission *)node;
}

static void submission_failed(struct pyst_async_agi *async, struct submission *submission,
                              int error)
{
    if (submission->call)
        call_end(async, submission->call, error);
}

static int take_done(struct pyst_async_agi *async, const struct pyst_ami_notice *notice)
{
    struct submission *submission = find_submission(async, notice->user);

    if (!submission)
        return 0;
    switch (notice->error) {
    case 0:
    case PYST_ERR_TIMED_OUT: /* its event may still come; so may it after these: */
    case PYST_ERR_CANCELLED:
    case PYST_ERR_NOT_SENT: /* CLOSED comes next */
    case PYST_ERR_UNKNOWN_OUTCOME:
        break;
    case PYST_ERR_REFUSED: /* the channel is no more, or is not in AsyncAGI any more */
        submission_failed(async, submission, 0);
        break;
    default:
        submission_failed(async, submission, notice->error);
    }
    submission->done = true;
    submission_drop(async, submission);
    return 1;
}

int pyst_async_agi_take(struct pyst_async_agi *async, const struct pyst_ami_notice *notice)
{
    async_hide(async);
    switch (notice->type) {
    case PYST_AMI_NOTICE_EVENT:
        return take_event(async, notice->message);
    case PYST_AMI_NOTICE_DONE:
        return take_done(async, notice);
    case PYST_AMI_NOTICE_READY:
        releases_move(&async->releases, &async->lost);
        return 0;
    case PYST_AMI_NOTICE_CLOSED:
        take_lost(async, notice->error);
        return 0;
    default:
        return 0;
    }
}

void pyst_async_agi_not_submitted(struct pyst_async_agi *async, void *submission, int error)
{
    struct submission *failed = find_submission(async, submission);

    if (!failed)
        return;
    /* CLOSED is on its way: as with it. */
    if (failed->call && (error == PYST_ERR_STATE || error == PYST_ERR_NOT_SENT))
        failed->call->is_lost = true;
    submission_failed(async, failed, error);
    failed->done = true;
    submission_drop(async, failed);
}
