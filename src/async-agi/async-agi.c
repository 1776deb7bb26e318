/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "async-agi/internal.h"
#include "base/hash.h"

int pyst_async_agi_new(struct pyst_async_agi **asyncp, const struct pyst_async_agi_options *options)
{
    static const struct pyst_async_agi_options none;
    struct pyst_async_agi *async;
    struct pyst_text prefix;

    if (!options)
        options = &none;
    prefix = options->command_id_prefix.data ? options->command_id_prefix : pyst_text("pyst");
    if (prefix.size >= PREFIX_SIZE)
        return PYST_ERR_INVALID;
    for (size_t i = 0; i < prefix.size; i++)
        if ((unsigned char)prefix.data[i] < ' ')
            return PYST_ERR_INVALID;

    async = calloc(1, sizeof(*async));
    if (!async)
        return PYST_ERR_NO_MEMORY;
    async->options = *options;
    async->options.command_id_prefix = pyst_text_none();
    if (!async->options.calls)
        async->options.calls = CALLS_DEFAULT;
    if (!async->options.output_size)
        async->options.output_size = OUTPUT_SIZE_DEFAULT;
    if (prefix.size > 0)
        memcpy(async->prefix, prefix.data, prefix.size);
    async->prefix[prefix.size] = '-';
    async->prefix_size = prefix.size + 1;
    *asyncp = async;
    return 0;
}

static void free_nodes(struct table *table, void (*free_node)(struct node *node))
{
    for (size_t i = 0; i < table->n_buckets; i++) {
        for (struct node *node = table->buckets[i], *next; node; node = next) {
            next = node->next;
            free_node(node);
        }
    }
    table_deinit(table);
}

static void free_submission(struct node *node)
{
    free((struct submission *)node);
}

static void free_call(struct node *node)
{
    call_free((struct pyst_async_agi_call *)node);
}

struct pyst_async_agi *pyst_async_agi_free(struct pyst_async_agi *async)
{
    if (!async)
        return NULL;
    async_hide(async);
    for (struct pyst_async_agi_call *call = async->busy_first, *next; call; call = next) {
        next = call->busy_next;
        if (call->over) /* the others are in the table */
            call_free(call);
    }
    free_nodes(&async->calls, free_call);
    free_nodes(&async->submissions, free_submission);
    releases_free(async->releases);
    releases_free(async->lost);
    free(async);
    return NULL;
}

struct pyst_async_agi_call *call_find(const struct pyst_async_agi *async, struct pyst_text id)
{
    uint32_t hash = (uint32_t)hash_text(id);

    for (struct node *node = table_chain(&async->calls, hash); node; node = node->next) {
        struct pyst_async_agi_call *call = (struct pyst_async_agi_call *)node;

        if (node->hash == hash && pyst_text_equal(pyst_async_agi_call_unique_id(call), id))
            return call;
    }
    return NULL;
}

void call_free(struct pyst_async_agi_call *call)
{
    free(call->id);
    free(call->name);
    free(call->release);
    assembly_deinit(&call->assembly);
    buffer_deinit(&call->input);
    buffer_deinit(&call->output);
    free(call);
}

void call_wake(struct pyst_async_agi *async, struct pyst_async_agi_call *call)
{
    if (call->is_busy)
        return;
    call->is_busy = true;
    call->busy_next = NULL;
    if (async->busy_last)
        async->busy_last->busy_next = call;
    else
        async->busy_first = call;
    async->busy_last = call;
}

void call_forget_submission(struct pyst_async_agi *async, struct pyst_async_agi_call *call)
{
    struct submission *submission = call->submission;

    call->submission = NULL;
    if (submission) {
        submission->call = NULL;
        submission_drop(async, submission);
    }
}

void call_end(struct pyst_async_agi *async, struct pyst_async_agi_call *call, int error)
{
    if (call->over)
        return;
    if (!call->environment_complete) {
        struct pyst_text environment = assembly_finish(&call->assembly);

        buffer_append(&call->input, environment); /* there is room, see add_result() */
        call->environment_complete = true;
    }
    call_forget_submission(async, call);
    table_remove(&async->calls, &call->node);
    async->n_ending++;
    call->over = true;
    call->error = error;
    call_wake(async, call);
}

void submission_drop(struct pyst_async_agi *async, struct submission *submission)
{
    if (submission->call || !submission->done)
        return;
    table_remove(&async->submissions, &submission->node);
    free(submission);
}

struct release *release_new(struct pyst_text channel)
{
    struct release *release = malloc(sizeof(*release) + channel.size);

    if (!release)
        return NULL;
    release->next = NULL;
    release->size = channel.size;
    if (channel.size > 0)
        memcpy(release->channel, channel.data, channel.size);
    return release;
}

struct release *releases_free(struct release *first)
{
    while (first) {
        struct release *next = first->next;

        free(first);
        first = next;
    }
    return NULL;
}

void releases_move(struct release **top, struct release **fromp)
{
    while (*fromp) {
        struct release *release = *fromp;

        *fromp = release->next;
        release->next = *top;
        *top = release;
    }
}

void async_hide(struct pyst_async_agi *async)
{
    async->shown_action = pyst_ami_action_free(async->shown_action);
    if (async->shown_input)
        buffer_clear(async->shown_input);
    async->shown_input = NULL;
    if (async->shown_call) {
        if (async->shown_call->is_lost)
            releases_move(&async->lost, &async->shown_call->release);
        call_free(async->shown_call);
    }
    async->shown_call = NULL;
}

int pyst_async_agi_send(struct pyst_async_agi *async, struct pyst_async_agi_call *call,
                        struct pyst_text bytes)
{
    int r;

    if (call->over)
        return PYST_ERR_HANGUP;
    if (call->finishing)
        return PYST_ERR_STATE;
    if (bytes.size > async->options.output_size - buffer_text(&call->output).size)
        return PYST_ERR_LIMIT_OUTPUT;
    r = buffer_append(&call->output, bytes);
    if (r < 0)
        return r;
    call_wake(async, call);
    return 0;
}

void pyst_async_agi_finish(struct pyst_async_agi *async, struct pyst_async_agi_call *call)
{
    call->finishing = true;
    if (!call->over)
        call_wake(async, call);
}

void pyst_async_agi_leave(struct pyst_async_agi *async, struct pyst_async_agi_call *call)
{
    struct pyst_async_agi_call **slot = &async->busy_first;

    if (call == async->shown_call) /* its ENDED was given */
        return;
    if (async->shown_input == &call->input)
        async->shown_input = NULL;
    if (call->is_busy) {
        struct pyst_async_agi_call *before = NULL;

        for (; *slot != call; slot = &before->busy_next)
            before = *slot;
        *slot = call->busy_next;
        if (async->busy_last == call)
            async->busy_last = before;
    }
    if (call->over) {
        async->n_ending--;
    } else {
        call_forget_submission(async, call);
        table_remove(&async->calls, &call->node);
    }
    call_free(call);
}

size_t pyst_async_agi_count(const struct pyst_async_agi *async)
{
    return async->calls.n + async->n_ending;
}

uint64_t pyst_async_agi_refused(const struct pyst_async_agi *async)
{
    return async->refused;
}

void pyst_async_agi_call_set_data(struct pyst_async_agi_call *call, void *data)
{
    call->data = data;
}

void *pyst_async_agi_call_data(const struct pyst_async_agi_call *call)
{
    return call->data;
}

struct pyst_text pyst_async_agi_call_channel(const struct pyst_async_agi_call *call)
{
    return pyst_text_of(call->name, call->name_size);
}

struct pyst_text pyst_async_agi_call_unique_id(const struct pyst_async_agi_call *call)
{
    return pyst_text_of(call->id, call->id_size);
}
