/* SPDX-License-Identifier: MIT */

/*
 * An environment of any bytes: what the lookups give lies inside it and agrees with the list, and a
 * request has no more parts than it can have.
 *
 * An input is the bytes as they come.
 */

#include <string.h>

#include <pyst/agi/session.h>

#include "target.h"

static size_t count(struct pyst_text text, char c)
{
    size_t n = 0;

    for (size_t i = 0; i < text.size; i++)
        n += text.data[i] == c;
    return n;
}

static void check_inside(struct pyst_text part, struct pyst_text whole)
{
    if (part.data)
        CHECK(part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

static void check_lookup(const struct pyst_agi_environment *environment,
                         struct pyst_agi_variable variable)
{
    char name[64];

    if (variable.name.size >= sizeof(name) || variable.name.size == 0 ||
        memchr(variable.name.data, 0, variable.name.size))
        return;
    memcpy(name, variable.name.data, variable.name.size);
    name[variable.name.size] = '\0';
    if (variable.value.data && strncmp(name, "agi_", 4) == 0)
        CHECK(pyst_agi_environment_get(environment, name).data);
}

static void check(const struct pyst_agi_environment *environment)
{
    struct pyst_text text = pyst_agi_environment_text(environment);
    size_t n = pyst_agi_environment_count(environment);
    size_t n_parameters = pyst_agi_environment_parameter_count(environment);

    CHECK(n == count(text, '\n'));
    for (size_t i = 0; i < n; i++) {
        struct pyst_agi_variable variable = pyst_agi_environment_at(environment, i);

        CHECK(variable.name.data);
        check_inside(variable.name, text);
        check_inside(variable.value, text);
        CHECK(count(variable.name, ':') == 0 && count(variable.name, '\n') == 0);
        check_lookup(environment, variable);
    }
    CHECK(!pyst_agi_environment_at(environment, n).name.data);

    CHECK(pyst_agi_environment_path(environment).data);
    CHECK(n_parameters <= count(text, '&') + 1);
    for (size_t i = 0; i < n_parameters; i++)
        CHECK(pyst_agi_environment_parameter_at(environment, i).name.data);
    CHECK(!pyst_agi_environment_parameter_at(environment, n_parameters).name.data);
    pyst_agi_environment_argument(environment, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pyst_agi_session *session;
    struct pyst_agi_notice notice;

    CHECK(pyst_agi_session_new(&session, NULL) == 0);
    CHECK(pyst_agi_session_feed(session, data, size) == 0);
    if (pyst_agi_session_next(session, &notice) == 1 && notice.type == PYST_AGI_NOTICE_ENVIRONMENT)
        check(notice.environment);
    pyst_agi_session_free(session);
    return 0;
}
