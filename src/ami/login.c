/* SPDX-License-Identifier: MIT */

/*
 * From the greeting to ready: Challenge and Login, or Login alone, then the filters. Follows
 * main/manager.c: action_challenge, authenticate, action_filter.
 */

#include <pyst/error.h>

#include "ami/session-internal.h"
#include "base/md5.h"

static int submit(struct pyst_ami_session *session, enum role role, const char *name,
                  const struct pyst_text (*headers)[2], size_t n_headers)
{
    struct pyst_ami_action *action = NULL;
    int r = pyst_ami_action_new(&action, pyst_text(name));

    for (size_t i = 0; r >= 0 && i < n_headers; i++)
        if (headers[i][1].data)
            r = pyst_ami_action_add(action, headers[i][0], headers[i][1]);
    if (r >= 0)
        r = session_submit_own(session, action, role);
    pyst_ami_action_free(action);
    return r;
}

static int submit_login(struct pyst_ami_session *session, struct pyst_text challenge)
{
    const struct pyst_ami_session_options *options = &session->options;

    if (challenge.data) {
        struct pyst_text parts[2] = {challenge, options->secret};
        char key[33];

        pyst_md5_hex(parts, 2, key);
        const struct pyst_text headers[][2] = {
            {pyst_text("AuthType"), pyst_text("MD5")},
            {pyst_text("Username"), options->username},
            {pyst_text("Key"), pyst_text(key)},
            {pyst_text("Events"), options->events},
        };
        return submit(session, ROLE_LOGIN, "Login", headers, 4);
    }
    const struct pyst_text headers[][2] = {
        {pyst_text("Username"), options->username},
        {pyst_text("Secret"), options->secret},
        {pyst_text("Events"), options->events},
    };
    return submit(session, ROLE_LOGIN, "Login", headers, 3);
}

static int become_ready(struct pyst_ami_session *session)
{
    session->state = PYST_AMI_STATE_READY;
    session->login_deadline = UINT64_MAX;
    return session_release_held(session);
}

int login_greeted(struct pyst_ami_session *session, struct pyst_ami_message *greeting)
{
    session->state = PYST_AMI_STATE_LOGIN;
    if (!session->options.username.data) {
        session->login_response = pyst_ami_message_ref(greeting);
        return become_ready(session);
    }
    if (session->options.authentication == PYST_AMI_AUTHENTICATION_MD5) {
        const struct pyst_text headers[][2] = {{pyst_text("AuthType"), pyst_text("MD5")}};

        return submit(session, ROLE_CHALLENGE, "Challenge", headers, 1);
    }
    return submit_login(session, pyst_text_none());
}

static int submit_filters(struct pyst_ami_session *session)
{
    for (size_t i = 0; i < session->options.n_filters; i++) {
        const struct pyst_text headers[][2] = {
            {pyst_text("Operation"), pyst_text("Add")},
            {pyst_text("Filter"), session->options.filters[i]},
        };
        int r = submit(session, ROLE_FILTER, "Filter", headers, 2);

        if (r < 0)
            return r;
    }
    session->filters_left = session->options.n_filters;
    return session->filters_left == 0 ? become_ready(session) : 0;
}

int login_answered(struct pyst_ami_session *session, enum role role,
                   struct pyst_ami_message *response)
{
    int error = pyst_ami_message_error(response);
    struct pyst_text challenge;

    if (role == ROLE_PING)
        return 0;
    if (error < 0) {
        /* "Login Already In Use" and their like are refusals too; the message says which. */
        session_end(session, error, response);
        return 0;
    }
    switch (role) {
    case ROLE_CHALLENGE:
        challenge = pyst_ami_message_get(response, pyst_text("Challenge"));
        if (!challenge.data) {
            session_end(session, PYST_ERR_REFUSED, response);
            return 0;
        }
        return submit_login(session, challenge);
    case ROLE_LOGIN:
        session->login_response = pyst_ami_message_ref(response);
        return submit_filters(session);
    case ROLE_FILTER:
        return --session->filters_left == 0 ? become_ready(session) : 0;
    default:
        return 0;
    }
}
