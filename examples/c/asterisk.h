/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_ASTERISK_H
#define EXAMPLES_ASTERISK_H

/*
 * What the examples share: which Asterisk to talk to, and how to print an event.
 *
 *     ASTERISK         host or host:port, [host]:port for IPv6; 127.0.0.1 unless told
 *     ASTERISK_USER    admin unless told
 *     ASTERISK_SECRET  secret unless told
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/connection.h>

static inline const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value && *value ? value : otherwise;
}

/* The host stays in `host`, which is to live until the connection is made. */
static inline struct pyst_ami_connection_options settings(char host[256])
{
    struct pyst_ami_connection_options options = {.host = host};
    char *colon;

    snprintf(host, 256, "%s", setting("ASTERISK", "127.0.0.1"));
    colon = strrchr(host, ':');
    if (*host == '[') {
        options.host = host + 1;
        colon = strchr(host, ']');
        if (colon)
            *colon++ = '\0';
    } else if (colon != strchr(host, ':')) {
        colon = NULL; /* an IPv6 address without a port */
    }
    if (colon && *colon == ':') {
        *colon = '\0';
        options.port = (uint16_t)atoi(colon + 1);
    }
    options.session.username = pyst_text(setting("ASTERISK_USER", "admin"));
    options.session.secret = pyst_text(setting("ASTERISK_SECRET", "secret"));
    return options;
}

/* "Newchannel  Local/100@default-00000001;1", as a line of its own. */
static inline void print_event(const struct pyst_ami_message *event)
{
    struct pyst_text name = pyst_ami_message_name(event);
    struct pyst_text channel = pyst_ami_message_get(event, pyst_text("Channel"));

    printf("%-24.*s %.*s\n", (int)name.size, name.data, (int)channel.size,
           channel.size > 0 ? channel.data : "");
    fflush(stdout);
}

/* The words there are for the error of a call; `connection` may be NULL. */
static inline void print_error(const struct pyst_ami_connection *connection, int error)
{
    const char *text = connection ? pyst_ami_connection_error_text(connection) : "";

    fprintf(stderr, "%s\n", *text ? text : pyst_strerror(error));
}

/* What to say of the notices that tell how the connection fares. */
static inline void print_connection(const struct pyst_ami_connection *connection,
                                    const struct pyst_ami_notice *notice)
{
    uint64_t at;

    if (notice->type == PYST_AMI_NOTICE_READY)
        printf("-- connected\n");
    if (notice->type == PYST_AMI_NOTICE_LOST)
        printf("-- %s\n", pyst_strerror(notice->error));
    if (notice->type == PYST_AMI_NOTICE_CLOSED && notice->error < 0)
        printf("-- %s\n", pyst_ami_connection_error_text(connection));
    if (notice->type == PYST_AMI_NOTICE_CLOSED && pyst_ami_connection_retry(connection, NULL, &at))
        printf("-- trying again in %.1f s\n", (double)(at - pyst_ami_connection_now()) / 1e6);
    fflush(stdout);
}

#endif
