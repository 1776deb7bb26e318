/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <pyst/error.h>

#include "ami/session-internal.h"

static int copy_text(struct pyst_text *text)
{
    char *data;

    if (!text->data)
        return 0;
    data = malloc(text->size + 1);
    if (!data)
        return PYST_ERR_NO_MEMORY;
    if (text->size > 0)
        memcpy(data, text->data, text->size);
    data[text->size] = '\0';
    text->data = data;
    return 0;
}

static void free_text(struct pyst_text *text)
{
    if (text->data)
        explicit_bzero((char *)text->data, text->size); /* it may be the secret */
    free((char *)text->data);
    *text = pyst_text_none();
}

/* The settings are tried on an action, so that a login cannot fail for them later. */
static int check_sendable(const struct pyst_ami_session_options *options)
{
    struct pyst_ami_action *action;
    int r = pyst_ami_action_new(&action, pyst_text("Login"));

    if (r < 0)
        return r;
    r = pyst_ami_action_add(action, pyst_text("Username"), options->username);
    if (r >= 0)
        r = pyst_ami_action_add(action, pyst_text("Secret"), options->secret);
    if (r >= 0)
        r = pyst_ami_action_add(action, pyst_text("Events"), options->events);
    if (r >= 0)
        r = pyst_ami_action_add(action, pyst_text("ActionID"), options->action_id_prefix);
    pyst_ami_action_free(action);
    for (size_t i = 0; r >= 0 && i < options->n_filters; i++) {
        r = pyst_ami_action_new(&action, pyst_text("Filter"));
        if (r >= 0) {
            r = pyst_ami_action_add(action, pyst_text("Filter"), options->filters[i]);
            pyst_ami_action_free(action);
        }
    }
    return r;
}

static int copy_options(struct pyst_ami_session *session,
                        const struct pyst_ami_session_options *options)
{
    struct pyst_text *texts[] = {&session->options.username, &session->options.secret,
                                 &session->options.events, &session->options.action_id_prefix};
    int r = 0;

    session->options = *options;
    session->options.filters = NULL;
    session->options.n_filters = 0;
    if (!session->options.action_id_prefix.data)
        session->options.action_id_prefix = pyst_text("pyst");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (r >= 0)
            r = copy_text(texts[i]);
        if (r < 0)
            *texts[i] = pyst_text_none(); /* still the caller's: not ours to free */
    }
    if (r < 0 || options->n_filters == 0)
        return r;
    session->filters = calloc(options->n_filters, sizeof(*session->filters));
    if (!session->filters)
        return PYST_ERR_NO_MEMORY;
    session->options.filters = session->filters;
    for (size_t i = 0; i < options->n_filters; i++) {
        struct pyst_text filter = options->filters[i];

        r = copy_text(&filter);
        if (r < 0)
            return r;
        session->filters[i] = filter;
        session->options.n_filters++;
    }
    return 0;
}

/* A time that is as good as never stays one. */
static uint64_t after(uint64_t from, uint64_t us)
{
    return us < UINT64_MAX - from ? from + us : UINT64_MAX;
}

static void begin_connection(struct pyst_ami_session *session, uint64_t now)
{
    session->state = PYST_AMI_STATE_GREETING;
    session->now = session->last_received = now;
    session->login_deadline = session->options.login_timeout_us
                                  ? after(now, session->options.login_timeout_us)
                                  : UINT64_MAX;
}

int pyst_ami_session_new(struct pyst_ami_session **sessionp,
                         const struct pyst_ami_session_options *options, uint64_t now)
{
    static const struct pyst_ami_session_options none;
    struct pyst_ami_session *session;
    int r;

    if (!options)
        options = &none;
    if (options->action_id_prefix.size > ACTION_ID_PREFIX_SIZE)
        return PYST_ERR_INVALID;
    r = check_sendable(options);
    if (r < 0)
        return r;
    session = calloc(1, sizeof(*session));
    if (!session)
        return PYST_ERR_NO_MEMORY;
    r = copy_options(session, options);
    if (r >= 0)
        r = pyst_ami_parser_new(&session->parser, &options->limits, true);
    if (r < 0) {
        pyst_ami_session_free(session);
        return r;
    }
    if (session->options.output_size == 0)
        session->options.output_size = OUTPUT_SIZE_DEFAULT;
    if (session->options.actions_in_flight == 0)
        session->options.actions_in_flight = ACTIONS_IN_FLIGHT_DEFAULT;
    if (session->options.list_items == 0)
        session->options.list_items = LIST_ITEMS_DEFAULT;
    if (session->options.keepalive_timeout_us == 0)
        session->options.keepalive_timeout_us = KEEPALIVE_TIMEOUT_US;
    session->next_number = 1;
    begin_connection(session, now);
    *sessionp = session;
    return 0;
}

struct pyst_ami_session *pyst_ami_session_free(struct pyst_ami_session *session)
{
    if (!session)
        return NULL;
    while (session->ended_first) {
        struct pending *pending = session->ended_first;

        session->ended_first = pending->later;
        pending_free(pending);
    }
    pending_free(session->shown_pending);
    pyst_ami_message_unref(session->shown_message);
    pyst_ami_message_unref(session->over_message);
    pyst_ami_message_unref(session->login_response);
    in_flight_deinit(&session->in_flight);
    pyst_ami_parser_free(session->parser);
    if (session->output.data)
        explicit_bzero(session->output.data, session->output.size); /* it may hold a secret */
    buffer_deinit(&session->output);
    free_text(&session->options.username);
    free_text(&session->options.secret);
    free_text(&session->options.events);
    free_text(&session->options.action_id_prefix);
    for (size_t i = 0; i < session->options.n_filters; i++)
        free_text(&session->filters[i]);
    free(session->filters);
    free(session);
    return NULL;
}

int pyst_ami_session_restart(struct pyst_ami_session *session, uint64_t now)
{
    if (!session->closed_given)
        return PYST_ERR_STATE;
    pyst_ami_parser_reset(session->parser, true);
    buffer_clear(&session->output);
    session->position = session->sent = 0;
    session->over = session->all_failed = session->closed_given = false;
    session->shutdown_seen = session->ids_seen = false;
    session->over_error = 0;
    session->filters_left = 0;
    session->ping_sent = 0;
    begin_connection(session, now);
    return 0;
}

enum pyst_ami_state pyst_ami_session_state(const struct pyst_ami_session *session)
{
    return session->state;
}

/* --- bytes in ------------------------------------------------------------------------------ */

static void note_received(struct pyst_ami_session *session, size_t size, uint64_t now)
{
    session->now = now;
    if (size > 0) {
        session->last_received = now;
        session->ping_sent = 0; /* the peer lives, whatever it says */
    }
}

int pyst_ami_session_feed(struct pyst_ami_session *session, const void *data, size_t size,
                          uint64_t now)
{
    int r = 0;

    if (!session->over)
        r = pyst_ami_parser_feed(session->parser, data, size);
    if (r >= 0)
        note_received(session, size, now);
    return r;
}

int pyst_ami_session_reserve(struct pyst_ami_session *session, size_t minimum, void **datap,
                             size_t *sizep)
{
    return pyst_ami_parser_reserve(session->parser, minimum, datap, sizep);
}

void pyst_ami_session_commit(struct pyst_ami_session *session, size_t size, uint64_t now)
{
    if (!session->over)
        pyst_ami_parser_commit(session->parser, size);
    note_received(session, size, now);
}

size_t pyst_ami_session_pending(const struct pyst_ami_session *session)
{
    return pyst_ami_parser_pending(session->parser);
}

void pyst_ami_session_disconnected(struct pyst_ami_session *session, int error)
{
    if (session->over)
        return;
    session->over = true;
    session->over_error = error < 0 ? error : 0;
}

void session_end(struct pyst_ami_session *session, int error, struct pyst_ami_message *message)
{
    session->over = true;
    session->over_error = error;
    pyst_ami_message_unref(session->over_message);
    session->over_message = pyst_ami_message_ref(message);
    session->state = PYST_AMI_STATE_CLOSING;
    pyst_ami_parser_reset(session->parser, false);
}

/* --- bytes out ----------------------------------------------------------------------------- */

struct pyst_text pyst_ami_session_output(const struct pyst_ami_session *session)
{
    return session->over ? pyst_text_of("", 0) : buffer_text(&session->output);
}

void pyst_ami_session_sent(struct pyst_ami_session *session, size_t size)
{
    size_t waiting = session->output.end - session->output.begin;

    if (size > waiting)
        size = waiting;
    session->sent += size;
    buffer_consume(&session->output, size);
}

/* Gives the bytes of an action out for sending. */
static int give_out(struct pyst_ami_session *session, struct pyst_text bytes)
{
    int r = buffer_append(&session->output, bytes);

    if (r >= 0)
        session->position += bytes.size;
    return r;
}

int session_release_held(struct pyst_ami_session *session)
{
    struct pending *pending;

    for (pending = session->in_flight.first; pending; pending = pending->later) {
        int r;

        if (pending->progress != PROGRESS_HELD)
            continue;
        pending->position = session->position;
        r = give_out(session, pyst_text_of(pending->bytes, pending->bytes_size));
        if (r < 0)
            return r;
        session->held_size -= pending->bytes_size;
        explicit_bzero(pending->bytes, pending->bytes_size);
        free(pending->bytes);
        pending->bytes = NULL;
        pending->bytes_size = 0;
        in_flight_advance(&session->in_flight, pending, PROGRESS_SENT);
        if (pending->logoff)
            session->state = PYST_AMI_STATE_CLOSING;
    }
    return 0;
}

/*
 * Event lists that Asterisk before 13 sent without EventList headers, by the event that ends them.
 * Newer ones announce all of these, and then this is not looked at.
 */
static const char *old_final_event(struct pyst_text action)
{
    static const char *const ends[][2] = {
        {"Agents", "AgentsComplete"},
        {"CoreShowChannels", "CoreShowChannelsComplete"},
        {"DAHDIShowChannels", "DAHDIShowChannelsComplete"},
        {"DBGet", "DBGetResponse"},
        {"IAXpeerlist", "PeerlistComplete"},
        {"IAXregistry", "RegistrationsComplete"},
        {"ListDialplan", "ShowDialPlanComplete"},
        {"MeetmeList", "MeetmeListComplete"},
        {"ParkedCalls", "ParkedCallsComplete"},
        {"QueueStatus", "QueueStatusComplete"},
        {"QueueSummary", "QueueSummaryComplete"},
        {"SIPpeers", "PeerlistComplete"},
        {"SIPshowregistry", "RegistrationsComplete"},
        {"ShowDialPlan", "ShowDialPlanComplete"},
        {"Status", "StatusComplete"},
        {"VoicemailUsersList", "VoicemailUserEntryComplete"},
        {"ZapShowChannels", "ZapShowChannelsComplete"},
    };

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (pyst_text_equal_nocase(action, pyst_text(ends[i][0])))
            return ends[i][1];
    return NULL;
}

/* The bytes that are sent for an action: its own, an ActionID if it has none, the empty line. */
static int write_action(struct buffer *bytes, const struct pyst_ami_action *action,
                        struct pyst_text generated_id)
{
    int r = buffer_append(bytes, pyst_ami_action_bytes(action));

    if (r >= 0 && generated_id.size > 0) {
        r = buffer_append(bytes, pyst_text("ActionID: "));
        if (r >= 0)
            r = buffer_append(bytes, generated_id);
        if (r >= 0)
            r = buffer_append(bytes, pyst_text("\r\n"));
    }
    return r < 0 ? r : buffer_append(bytes, pyst_text("\r\n"));
}

/* An Originate is answered when the called party answered, unless Async is set (action_originate).
 */
static bool is_synchronous(const struct pyst_ami_action *action)
{
    return pyst_text_equal_nocase(pyst_ami_action_name(action), pyst_text("Originate")) &&
           !pyst_text_is_true(pyst_ami_action_get(action, pyst_text("Async")));
}

static int describe(struct pending *pending, const struct pyst_ami_action *action,
                    const struct pyst_ami_submission *how)
{
    struct pyst_text final = how->final_event;

    pending->user = how->user;
    pending->list = how->list;
    pending->synchronous = is_synchronous(action);
    pending->logoff = pyst_text_equal_nocase(pyst_ami_action_name(action), pyst_text("Logoff"));
    if (!final.data) {
        final = pyst_text(old_final_event(pyst_ami_action_name(action)));
        pending->final_event_presumed = true;
    }
    if (final.size == 0)
        return 0;
    pending->final_event = strndup(final.data, final.size);
    return pending->final_event ? 0 : PYST_ERR_NO_MEMORY;
}

static int submit(struct pyst_ami_session *session, const struct pyst_ami_action *action,
                  const struct pyst_ami_submission *how, enum role role, uint64_t *numberp)
{
    char generated[GENERATED_ID_SIZE + 1];
    struct pyst_text id = pyst_ami_action_get(action, pyst_text("ActionID"));
    struct pyst_text add = pyst_text_none();
    bool held = role == ROLE_USER && (session->state != PYST_AMI_STATE_READY || session->over);
    struct buffer bytes = {NULL, 0, 0, 0};
    struct pending *pending;
    uint64_t timeout = how->timeout_us ? how->timeout_us : session->options.action_timeout_us;
    int r;

    if (id.size == 0) {
        int n = snprintf(
            generated, sizeof(generated), "%.*s-%llu", (int)session->options.action_id_prefix.size,
            session->options.action_id_prefix.data, (unsigned long long)session->next_number);

        if (pyst_ami_action_n_headers(action) >= PYST_AMI_ACTION_HEADERS)
            return PYST_ERR_TOO_MANY_HEADERS;
        id = add = pyst_text_of(generated, (size_t)n);
    }

    pending = pending_new(id);
    if (!pending)
        return PYST_ERR_NO_MEMORY;
    pending->number = session->next_number;
    pending->role = role;
    pending->position = session->position;
    pending->progress = held ? PROGRESS_HELD : PROGRESS_SENT;
    if (role == ROLE_USER && timeout)
        pending->deadline = after(session->now, timeout);
    r = describe(pending, action, how);
    if (r >= 0)
        r = write_action(&bytes, action, add);
    if (r >= 0 && role == ROLE_USER &&
        bytes.end + session->held_size + session->output.end - session->output.begin >
            session->options.output_size)
        r = PYST_ERR_LIMIT_OUTPUT;
    if (r >= 0 && !held)
        r = buffer_reserve(&session->output, bytes.end);
    if (r >= 0)
        r = in_flight_add(&session->in_flight, pending);
    if (r < 0) {
        buffer_deinit(&bytes);
        pending_free(pending);
        return r;
    }

    if (held) {
        pending->bytes = bytes.data;
        pending->bytes_size = bytes.end;
        session->held_size += bytes.end;
    } else {
        give_out(session, buffer_text(&bytes)); /* there is room: it cannot fail */
        explicit_bzero(bytes.data, bytes.end);  /* it may hold a secret */
        buffer_deinit(&bytes);
        if (pending->logoff)
            session->state = PYST_AMI_STATE_CLOSING;
    }
    session->next_number++;
    if (numberp)
        *numberp = pending->number;
    return 0;
}

int session_submit_own(struct pyst_ami_session *session, const struct pyst_ami_action *action,
                       enum role role)
{
    static const struct pyst_ami_submission plain = {.list = PYST_AMI_LIST_IGNORE};

    return submit(session, action, &plain, role, NULL);
}

int pyst_ami_session_submit(struct pyst_ami_session *session, const struct pyst_ami_action *action,
                            const struct pyst_ami_submission *how, uint64_t now, uint64_t *actionp)
{
    static const struct pyst_ami_submission plain;

    if (!how)
        how = &plain;
    if (how->final_event.size > PYST_AMI_ACTION_LINE_SIZE)
        return PYST_ERR_INVALID;
    if (session->state == PYST_AMI_STATE_CLOSING)
        return PYST_ERR_STATE;
    if (session->in_flight.n_user >= session->options.actions_in_flight)
        return PYST_ERR_LIMIT_IN_FLIGHT;
    session->now = now;
    return submit(session, action, how, ROLE_USER, actionp);
}

/* --- ending actions ------------------------------------------------------------------------ */

static void queue_ended(struct pyst_ami_session *session, struct pending *pending)
{
    pending->later = NULL;
    if (session->ended_last)
        session->ended_last->later = pending;
    else
        session->ended_first = pending;
    session->ended_last = pending;
}

void session_finish(struct pyst_ami_session *session, struct pending *pending, int error)
{
    if (pending->progress == PROGRESS_HELD)
        session->held_size -= pending->bytes_size;
    in_flight_remove(&session->in_flight, pending);
    if (pending->abandoned || pending->role != ROLE_USER) {
        pending_free(pending);
        return;
    }
    pending->error = error;
    queue_ended(session, pending);
}

/* Forgets the earliest of those that are only remembered for their late answers. */
static void forget_abandoned(struct pyst_ami_session *session)
{
    struct pending *pending = session->in_flight.first;

    while (pending && !pending->abandoned)
        pending = pending->later;
    if (pending)
        session_finish(session, pending, 0);
}

void session_abandon(struct pyst_ami_session *session, struct pending *pending, int error)
{
    struct pending *shell;

    if (pending->progress == PROGRESS_HELD) {
        session_finish(session, pending, error); /* nothing can come for it */
        return;
    }
    /* What is shown to the host leaves the table; a shell with its ActionID stays. */
    shell = pending_new(pyst_text_of(pending->id, pending->id_size));
    if (shell) {
        shell->number = pending->number;
        shell->role = pending->role;
        shell->progress = pending->progress;
        shell->list = pending->list;
        shell->synchronous = pending->synchronous;
        shell->logoff = pending->logoff;
        shell->position = pending->position;
        shell->final_event = pending->final_event;
        shell->final_event_presumed = pending->final_event_presumed;
        pending->final_event = NULL;
        shell->abandoned = true;
        in_flight_replace(&session->in_flight, pending, shell);
        pending->error = error;
        queue_ended(session, pending);
        if (session->in_flight.n_abandoned > ABANDONED_MAX)
            forget_abandoned(session);
        return;
    }
    /* Without memory for the shell a late answer will be shown as a stray one: no worse. */
    session_finish(session, pending, error);
}

int pyst_ami_session_cancel(struct pyst_ami_session *session, uint64_t action)
{
    struct pending *pending = in_flight_by_number(&session->in_flight, action);

    if (!pending || pending->role != ROLE_USER || pending->abandoned)
        return 0;
    session_abandon(session, pending, PYST_ERR_CANCELLED);
    return 1;
}

size_t pyst_ami_session_in_flight(const struct pyst_ami_session *session)
{
    return session->in_flight.n_user;
}

/* --- time ---------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool keeps_alive(const struct pyst_ami_session *session)
{
    return session->options.keepalive_us > 0 && session->state == PYST_AMI_STATE_READY &&
           session->in_flight.n_synchronous == 0 && !session->over;
}

uint64_t pyst_ami_session_deadline(const struct pyst_ami_session *session)
{
    uint64_t deadline = in_flight_deadline(&session->in_flight);

    if (!session->over)
        deadline = earlier(deadline, session->login_deadline);
    if (keeps_alive(session))
        deadline =
            earlier(deadline, session->ping_sent
                                  ? after(session->ping_sent, session->options.keepalive_timeout_us)
                                  : after(session->last_received, session->options.keepalive_us));
    return deadline;
}

static void keep_alive(struct pyst_ami_session *session)
{
    struct pyst_ami_action *ping;

    if (session->ping_sent) {
        if (session->now >= after(session->ping_sent, session->options.keepalive_timeout_us))
            pyst_ami_session_disconnected(session, PYST_ERR_KEEPALIVE);
        return;
    }
    if (session->now < after(session->last_received, session->options.keepalive_us))
        return;
    /* Without memory the ping goes out at the next tick. */
    if (pyst_ami_action_new(&ping, pyst_text("Ping")) < 0)
        return;
    if (session_submit_own(session, ping, ROLE_PING) >= 0)
        session->ping_sent = session->now;
    pyst_ami_action_free(ping);
}

void pyst_ami_session_tick(struct pyst_ami_session *session, uint64_t now)
{
    session->now = now;
    if (keeps_alive(session))
        keep_alive(session);
}
