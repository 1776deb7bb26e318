/* SPDX-License-Identifier: MIT */
#ifndef PYST_TESTS_DIALPLAN_HOST_H
#define PYST_TESTS_DIALPLAN_HOST_H

/* A dialplan from a text, for the tests of dialplans. */

#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pyst/dialplan.h>

struct host {
    struct pyst_config_document *document;
    struct pyst_config *config;
    struct pyst_dialplan *dialplan;
};

/* A single-file dialplan; an error is given, and nothing is left then. */
static inline int host_try(struct host *host, struct pyst_text text)
{
    int r;

    *host = (struct host){0};
    r = pyst_config_document_new(&host->document, pyst_text("extensions.conf"), text);
    if (r == 0)
        r = pyst_config_new(&host->config, host->document, NULL, NULL);
    if (r == 0)
        r = pyst_dialplan_new(&host->dialplan, host->config);
    if (r < 0) {
        pyst_config_free(host->config);
        pyst_config_document_unref(host->document);
    }
    return r;
}

static inline void host_free(struct host *host)
{
    pyst_dialplan_free(host->dialplan);
    pyst_config_free(host->config);
    pyst_config_document_unref(host->document);
}

static inline struct host host_of(const char *text)
{
    struct host host;

    assert_int_equal(host_try(&host, pyst_text(text)), 0);
    return host;
}

#endif
