/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "async-agi/internal.h"

#define TOO_LONG "520 Command too long for AsyncAGI, or with bytes that cannot be sent\n"
#define EMPTY    "510 Invalid or unknown command\n"

/* What stands in `line` but for blanks around it, which AMI takes away. */
static struct pyst_text trimmed(struct pyst_text line)
{
    while (line.size > 0 && strchr(" \t\r", line.data[line.size - 1]) && line.data[line.size - 1])
        line.size--;
    while (line.size > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
        line.data++;
        line.size--;
    }
    return line;
}

static bool begins_with(struct pyst_text line, const char *word)
{
    size_t size = strlen(word);

    return line.size >= size &&
           pyst_text_equal_nocase(pyst_text_of(line.data, size), pyst_text(word));
}

/* Makes the action AGI. Errors: of pyst_ami_action_add(). */
static int make_action(struct pyst_async_agi *async, struct pyst_ami_action **actionp,
                       struct pyst_text channel, struct pyst_text command, uint64_t number)
{
    struct pyst_ami_action *action;
    char id[PREFIX_SIZE + 24];
    int size = snprintf(id, sizeof(id), "%.*s%llu", (int)async->prefix_size, async->prefix,
                        (unsigned long long)number);
    int r = pyst_ami_action_new(&action, pyst_text("AGI"));

    if (r < 0)
        return r;
    r = pyst_ami_action_add(action, pyst_text("Channel"), channel);
    if (r == 0)
        r = pyst_ami_action_add(action, pyst_text("Command"), command);
    if (r == 0)
        r = pyst_ami_action_add(action, pyst_text("CommandID"), pyst_text_of(id, (size_t)size));
    if (r < 0) {
        pyst_ami_action_free(action);
        return r;
    }
    *actionp = action;
    return 0;
}

/* Fills in an ACTION. Errors leave everything as it was. */
static int submit(struct pyst_async_agi *async, struct pyst_async_agi_call *call,
                  struct pyst_text channel, enum purpose purpose, struct pyst_text command,
                  struct pyst_async_agi_notice *noticep)
{
    struct submission *submission = calloc(1, sizeof(*submission));
    int r;

    if (!submission)
        return PYST_ERR_NO_MEMORY;
    submission->number = async->last_number + 1;
    submission->purpose = purpose;
    submission->call = call;
    submission->may_bridge = begins_with(command, "EXEC") || begins_with(command, "\"EXEC") ||
                             begins_with(command, "GOSUB") || begins_with(command, "\"GOSUB");
    submission->node.hash = (uint32_t)hash_text(pyst_text_of(&submission, sizeof(submission)));
    r = table_add(&async->submissions, &submission->node);
    if (r < 0) {
        free(submission);
        return r;
    }
    r = make_action(async, &async->shown_action, channel, command, submission->number);
    if (r < 0) {
        table_remove(&async->submissions, &submission->node);
        free(submission);
        return r;
    }
    async->last_number++;
    if (call)
        call->submission = submission;
    *noticep = (struct pyst_async_agi_notice){
        .type = PYST_ASYNC_AGI_ACTION,
        .call = call,
        .action = async->shown_action,
        .submission = submission,
    };
    return 0;
}

/* What act() and its like did. */
enum acted {
    ACTED_NOT,
    ACTED_SUBMITTED, /* the notice is filled in */
    ACTED_ELSE       /* the call has something else to tell now */
};

static int submit_for(struct pyst_async_agi *async, struct pyst_async_agi_call *call,
                      enum purpose purpose, struct pyst_text command,
                      struct pyst_async_agi_notice *noticep)
{
    return submit(async, call, release_text(call->release), purpose, command, noticep);
}

/* Sends the next line of the program's, or answers it. */
static int act_on_line(struct pyst_async_agi *async, struct pyst_async_agi_call *call,
                       struct pyst_text line, struct pyst_async_agi_notice *noticep)
{
    const char *answer = EMPTY;
    int r;

    if (line.size > 0) {
        r = submit_for(async, call, PURPOSE_COMMAND, line, noticep);
        if (r == 0)
            return ACTED_SUBMITTED;
        if (r == PYST_ERR_NO_MEMORY)
            return r;
        answer = TOO_LONG;
    }
    r = buffer_append(&call->input, pyst_text(answer));
    return r < 0 ? r : ACTED_ELSE;
}

static int act(struct pyst_async_agi *async, struct pyst_async_agi_call *call,
               struct pyst_async_agi_notice *noticep)
{
    struct pyst_text output = buffer_text(&call->output);
    const char *end;
    int r;

    /* Nobody waits for the replies any more, so Asterisk may as well have all of it at once. */
    if (call->finishing && !call->break_sent)
        call_forget_submission(async, call);
    if (call->submission)
        return ACTED_NOT;
    if (call->assembly.more && !call->finishing) {
        r = submit_for(async, call, PURPOSE_FLUSH, pyst_text("NOOP"), noticep);
        call->assembly.flushes += r == 0;
    } else if ((end = memchr(output.data, '\n', output.size))) {
        size_t size = (size_t)(end - output.data);

        r = act_on_line(async, call, trimmed(pyst_text_of(output.data, size)), noticep);
        if (r >= 0)
            buffer_consume(&call->output, size + 1);
        return r;
    } else if (call->finishing && !call->break_sent) {
        r = submit_for(async, call, PURPOSE_BREAK, pyst_text("ASYNCAGI BREAK"), noticep);
        call->break_sent = r == 0;
    } else {
        return ACTED_NOT;
    }
    if (r == PYST_ERR_NO_MEMORY)
        return r;
    if (r == 0)
        return ACTED_SUBMITTED;
    /* A channel that no action can name. */
    call_end(async, call, r);
    return ACTED_ELSE;
}

/* The bytes for the program that are due: 1, or 0 when there are none. */
static int receive(struct pyst_async_agi *async, struct pyst_async_agi_call *call,
                   struct pyst_async_agi_notice *noticep)
{
    if (call->finishing)
        buffer_clear(&call->input);
    noticep->type = PYST_ASYNC_AGI_RECEIVED;
    if (call->hung_up && call->environment_given && !call->hangup_given && !call->finishing) {
        call->hangup_given = true;
        noticep->data = pyst_text("HANGUP\n");
        return 1;
    }
    noticep->data = buffer_text(&call->input);
    if (noticep->data.size == 0)
        return 0;
    call->environment_given = true;
    async->shown_input = &call->input;
    return 1;
}

/* The next notice of the call: 1, or 0 when there is none now. */
static int next_of(struct pyst_async_agi *async, struct pyst_async_agi_call *call,
                   struct pyst_async_agi_notice *noticep)
{
    int r;

    do {
        *noticep = (struct pyst_async_agi_notice){.call = call};
        if (call->environment_complete && !call->started_given) {
            call->started_given = true;
            noticep->type = PYST_ASYNC_AGI_STARTED;
            return 1;
        }
        if (call->started_given && receive(async, call, noticep))
            return 1;
        if (call->over) {
            noticep->type = PYST_ASYNC_AGI_ENDED;
            noticep->error = call->error;
            async->shown_call = call;
            async->n_ending--;
            return 1;
        }
        r = act(async, call, noticep);
    } while (r == ACTED_ELSE);
    return r < 0 ? r : r == ACTED_SUBMITTED;
}

static void pop_busy(struct pyst_async_agi *async)
{
    struct pyst_async_agi_call *call = async->busy_first;

    async->busy_first = call->busy_next;
    if (!async->busy_first)
        async->busy_last = NULL;
    call->busy_next = NULL;
    call->is_busy = false;
}

static int next_release(struct pyst_async_agi *async, struct pyst_async_agi_notice *noticep)
{
    while (async->releases) {
        struct release *release = async->releases;
        int r = submit(async, NULL, release_text(release), PURPOSE_RELEASE,
                       pyst_text("ASYNCAGI BREAK"), noticep);

        if (r == PYST_ERR_NO_MEMORY)
            return r;
        async->releases = release->next;
        free(release);
        if (r == 0)
            return 1;
    }
    return 0;
}

int pyst_async_agi_next(struct pyst_async_agi *async, struct pyst_async_agi_notice *noticep)
{
    struct pyst_async_agi_notice notice;
    int r = 0;

    async_hide(async);
    while (r == 0 && async->busy_first) {
        r = next_of(async, async->busy_first, &notice);
        if (r == 0 || (r > 0 && notice.type == PYST_ASYNC_AGI_ENDED))
            pop_busy(async);
    }
    if (r == 0)
        r = next_release(async, &notice);
    if (r > 0)
        *noticep = notice;
    return r;
}
