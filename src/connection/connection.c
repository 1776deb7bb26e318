/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pyst/error.h>

#define SECOND ((uint64_t)1000000)

uint64_t pyst_ami_connection_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec / 1000;
}

/*
 * Making and freeing.
 */

static void default_to(uint64_t *setting, uint64_t value)
{
    if (*setting == 0)
        *setting = value;
}

static const char **texts(struct pyst_ami_connection_options *options, size_t index)
{
    const char **const all[] = {
        &options->host,
        &options->tls.ca_file,
        &options->tls.ca_path,
        &options->tls.server_name,
        &options->tls.certificate_file,
        &options->tls.key_file,
    };

    return index < sizeof(all) / sizeof(all[0]) ? all[index] : NULL;
}

static void free_options(struct pyst_ami_connection_options *options)
{
    for (size_t i = 0; texts(options, i); i++)
        free((char *)*texts(options, i));
}

static int copy_options(struct pyst_ami_connection_options *to,
                        const struct pyst_ami_connection_options *from)
{
    *to = *from;
    if (!to->host)
        to->host = "localhost";
    if (to->port == 0)
        to->port = to->tls.enabled ? PYST_AMI_PORT_TLS : PYST_AMI_PORT;
    if (to->queue_size == 0)
        to->queue_size = (size_t)16 << 20;
    default_to(&to->session.login_timeout_us, 30 * SECOND);
    default_to(&to->connect_timeout_us, 10 * SECOND);
    default_to(&to->reconnect.min_us, SECOND / 2);
    default_to(&to->reconnect.max_us, 30 * SECOND);
    for (size_t i = 0; texts(to, i); i++) {
        if (!*texts(to, i))
            continue;
        *texts(to, i) = strdup(*texts(to, i));
        if (*texts(to, i))
            continue;
        /* What follows is still the caller's. */
        while (i-- > 0)
            free((char *)*texts(to, i));
        return PYST_ERR_NO_MEMORY;
    }
    return 0;
}

/* A session without a stream: closed, so that a restart opens it once there is one. */
static int new_session(struct pyst_ami_session **sessionp,
                       const struct pyst_ami_session_options *options)
{
    struct pyst_ami_session *session;
    struct pyst_ami_notice notice;
    int r = pyst_ami_session_new(&session, options, pyst_ami_connection_now());

    if (r < 0)
        return r;
    pyst_ami_session_disconnected(session, PYST_ERR_CANCELLED);
    do {
        r = pyst_ami_session_next(session, &notice);
    } while (r > 0 && notice.type != PYST_AMI_NOTICE_CLOSED);
    if (r <= 0) {
        pyst_ami_session_free(session);
        return r < 0 ? r : PYST_ERR_STATE;
    }
    *sessionp = session;
    return 0;
}

int pyst_ami_connection_new(struct pyst_ami_connection **connectionp,
                            const struct pyst_ami_connection_options *options)
{
    struct pyst_ami_connection *c = calloc(1, sizeof(*c));
    int r;

    if (!c)
        return PYST_ERR_NO_MEMORY;
    c->dial.fd = -1;
    c->stream.fd = -1;
    c->drained = true;
    r = copy_options(&c->options, options);
    if (r < 0)
        goto free_connection;
    r = new_session(&c->session, &c->options.session);
    /* Its texts are the caller's, and not ours to keep. */
    memset(&c->options.session, 0, sizeof(c->options.session));
    if (r < 0)
        goto free_options;
    r = watch_init(&c->watch);
    if (r < 0)
        goto free_session;
    *connectionp = c;
    return 0;

free_session:
    pyst_ami_session_free(c->session);
free_options:
    free_options(&c->options);
free_connection:
    free(c);
    return r;
}

struct pyst_ami_connection *pyst_ami_connection_free(struct pyst_ami_connection *c)
{
    if (!c)
        return NULL;
    connection_release(c);
    queue_deinit(&c->queue);
    pyst_ami_message_unref(c->last_words);
    pyst_ami_session_free(c->session);
    resolution_unref(c->resolution);
    dial_deinit(&c->dial);
    stream_deinit(&c->stream);
    watch_deinit(&c->watch);
    free_options(&c->options);
    free(c);
    return NULL;
}

/*
 * Notices.
 */

void connection_release(struct pyst_ami_connection *c)
{
    c->current = kept_free(c->current);
}

static bool pauses(const struct pyst_ami_connection *c)
{
    return c->options.queue_policy == PYST_AMI_QUEUE_PAUSE;
}

bool connection_full(const struct pyst_ami_connection *c)
{
    /* What is in the session counts only when there may be a notice in it: the beginning of a
       message that is larger than the queue has to be received to its end. */
    return c->queue.size >= c->options.queue_size ||
           (!c->drained && pyst_ami_connection_queued(c) >= c->options.queue_size);
}

static void closed(struct pyst_ami_connection *c, const struct pyst_ami_notice *notice)
{
    const struct pyst_text words = notice->message
                                       ? pyst_ami_message_get(notice->message, pyst_text("Message"))
                                       : pyst_text_none();

    pyst_ami_message_unref(c->last_words);
    c->last_words = pyst_ami_message_ref(notice->message);
    /* This side found it and has words for it, or the session did. */
    if (notice->error < 0 && notice->error == c->fault.error)
        c->told = c->fault;
    else if (notice->error < 0)
        fault_set(&c->told, notice->error, "%s%s%.*s", pyst_strerror(notice->error),
                  words.size > 0 ? ": " : "", (int)words.size, words.size > 0 ? words.data : "");
    machine_closed(c, notice->error);
}

int connection_pull(struct pyst_ami_connection *c, struct pyst_ami_notice *notice)
{
    int r;

    if (c->is_held) {
        *notice = c->held;
        c->is_held = false;
        return 1;
    }
    r = pyst_ami_session_next(c->session, notice);
    if (r == 0)
        c->drained = true;
    if (r <= 0)
        return r;
    if (notice->type == PYST_AMI_NOTICE_READY)
        c->ready_since = pyst_ami_connection_now();
    else if (notice->type == PYST_AMI_NOTICE_CLOSED)
        closed(c, notice);
    return 1;
}

int connection_keep(struct pyst_ami_connection *c, const struct pyst_ami_notice *notice)
{
    const int r = queue_push(&c->queue, notice);

    if (r < 0) {
        c->held = *notice;
        c->is_held = true;
        return r;
    }
    if (!pauses(c))
        c->n_dropped += queue_drop_events(&c->queue, c->options.queue_size);
    return 0;
}

/* Moves all notices to the queue. */
static int gather(struct pyst_ami_connection *c)
{
    struct pyst_ami_notice notice;
    int r;

    while ((r = connection_pull(c, &notice)) > 0) {
        r = connection_keep(c, &notice);
        if (r < 0)
            return r;
    }
    return r;
}

/* After notices were taken: receive again if there is room, send what the session has to say. */
static int taken(struct pyst_ami_connection *c)
{
    if (c->paused && !connection_full(c)) {
        c->paused = false;
        /* TLS may hold bytes of which the socket does not tell. */
        c->kicked |= c->stream.tls != NULL;
    }
    return machine_watch(c, pyst_ami_connection_now());
}

int pyst_ami_connection_next(struct pyst_ami_connection *c, struct pyst_ami_notice *noticep)
{
    int r;

    connection_release(c);
    if (!pauses(c)) {
        r = gather(c);
        if (r < 0)
            return r;
    }
    c->current = queue_pop(&c->queue);
    if (c->current) {
        *noticep = c->current->notice;
        r = 1;
    } else {
        r = connection_pull(c, noticep);
    }
    if (r == 0)
        return taken(c);
    if (r > 0 && (c->paused || noticep->type == PYST_AMI_NOTICE_CLOSED))
        taken(c);
    return r;
}

/*
 * What the host asks for. It may be outside of the host's process-and-next round, so the
 * descriptor is made readable for what is there to be sent or taken.
 */

int pyst_ami_connection_start(struct pyst_ami_connection *c)
{
    if (c->state != PYST_AMI_CONNECTION_IDLE && c->state != PYST_AMI_CONNECTION_WAITING)
        return PYST_ERR_STATE;
    if (c->state == PYST_AMI_CONNECTION_IDLE)
        c->attempts = 0;
    c->final = false;
    machine_begin(c, pyst_ami_connection_now());
    machine_kick(c);
    return 0;
}

void pyst_ami_connection_close(struct pyst_ami_connection *c)
{
    if (c->state == PYST_AMI_CONNECTION_IDLE)
        return;
    c->final = true;
    if (c->state != PYST_AMI_CONNECTION_ENDED) {
        fault_set(&c->fault, PYST_ERR_CANCELLED, "closed by this side");
        machine_end(c, PYST_ERR_CANCELLED);
    }
    machine_kick(c);
}

int pyst_ami_connection_submit(struct pyst_ami_connection *c, const struct pyst_ami_action *action,
                               const struct pyst_ami_submission *how, uint64_t *actionp)
{
    const uint64_t now = pyst_ami_connection_now();
    const int r = pyst_ami_session_submit(c->session, action, how, now, actionp);

    if (r >= 0)
        machine_watch(c, now);
    return r;
}

int pyst_ami_connection_cancel(struct pyst_ami_connection *c, uint64_t action)
{
    const int r = pyst_ami_session_cancel(c->session, action);

    if (r > 0)
        machine_kick(c);
    return r;
}

/*
 * The event loop.
 */

int pyst_ami_connection_get_fd(const struct pyst_ami_connection *c)
{
    return c->watch.epoll;
}

int pyst_ami_connection_get_events(const struct pyst_ami_connection *c)
{
    (void)c;
    return POLLIN;
}

uint64_t pyst_ami_connection_get_timeout(const struct pyst_ami_connection *c)
{
    return machine_deadline(c);
}

int pyst_ami_connection_process(struct pyst_ami_connection *c)
{
    const int did = machine_process(c);
    int r;

    if (did < 0 || pauses(c))
        return did;
    r = gather(c);
    if (r >= 0)
        r = taken(c);
    return r < 0 ? r : did;
}

/*
 * Questions.
 */

enum pyst_ami_connection_state pyst_ami_connection_state(const struct pyst_ami_connection *c)
{
    return c->state;
}

const struct pyst_ami_session *pyst_ami_connection_session(const struct pyst_ami_connection *c)
{
    return c->session;
}

int pyst_ami_connection_retry(const struct pyst_ami_connection *c, unsigned *attemptp,
                              uint64_t *atp)
{
    if (c->state != PYST_AMI_CONNECTION_WAITING)
        return 0;
    if (attemptp)
        *attemptp = c->attempts;
    if (atp)
        *atp = c->retry_at;
    return 1;
}

const char *pyst_ami_connection_error_text(const struct pyst_ami_connection *c)
{
    return c->told.text;
}

size_t pyst_ami_connection_queued(const struct pyst_ami_connection *c)
{
    return c->queue.size + pyst_ami_session_pending(c->session);
}

uint64_t pyst_ami_connection_dropped(const struct pyst_ami_connection *c)
{
    return c->n_dropped;
}
