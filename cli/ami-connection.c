/* SPDX-License-Identifier: MIT */
#include "ami-connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "interrupt.h"
#include "show.h"

#define LOGOFF_SECONDS 2

static int output_error; /* the errno of standard output's failure */

bool ami_was_left(void)
{
    return interrupt_came() || output_error == EPIPE;
}

int ami_exit_code(int error)
{
    switch (error) {
    case PYST_OK:
        return EXIT_DONE;
    case PYST_ERR_PERMISSION:
    case PYST_ERR_UNKNOWN_ACTION:
    case PYST_ERR_REFUSED:
    case PYST_ERR_CANCELLED_LIST:
        return EXIT_REFUSED;
    case PYST_ERR_INVALID:
    case PYST_ERR_BAD_NAME:
    case PYST_ERR_BAD_VALUE:
    case PYST_ERR_LINE_TOO_LONG:
    case PYST_ERR_TOO_MANY_HEADERS:
    case PYST_ERR_NOT_IN_CATALOGUE:
    case PYST_ERR_MISSING_PARAMETER:
        return EXIT_USAGE;
    case PYST_ERR_GREETING:
    case PYST_ERR_TRUNCATED:
    case PYST_ERR_CLOSED:
    case PYST_ERR_SHUTDOWN:
    case PYST_ERR_NOT_SENT:
    case PYST_ERR_UNKNOWN_OUTCOME:
    case PYST_ERR_RESOLVE:
    case PYST_ERR_CONNECT:
    case PYST_ERR_TLS:
    case PYST_ERR_TLS_CERTIFICATE:
        return EXIT_CONNECTION;
    case PYST_ERR_AUTHENTICATION:
        return EXIT_LOGIN;
    case PYST_ERR_TIMED_OUT:
        return EXIT_TIMED_OUT;
    default:
        return EXIT_FAILED;
    }
}

int ami_failed(const struct pyst_ami_connection *connection, int error)
{
    const char *detail = connection ? pyst_ami_connection_error_text(connection) : "";
    const char *sentence = pyst_strerror(error);

    if (interrupt_came())
        return EXIT_INTERRUPTED;
    if (output_error == EPIPE)
        return EXIT_FAILED;
    if (output_error) {
        fprintf(stderr, "pyst: standard output: %s\n", strerror(output_error));
        return EXIT_FAILED;
    }
    if (error == PYST_ERR_CONNECT && *detail)
        sentence = "cannot connect";
    fputs("pyst: ", stderr);
    if (!*detail || strncmp(detail, sentence, strlen(sentence)) != 0)
        fprintf(stderr, "%s%s", sentence, *detail ? ": " : "");
    show_text(stderr, pyst_text(detail));
    fputc('\n', stderr);
    return ami_exit_code(error);
}

int ami_refused(const struct pyst_ami_message *response, int error)
{
    struct pyst_text words = pyst_ami_message_get(response, pyst_text("Message"));

    fprintf(stderr, "pyst: %s%s", pyst_strerror(error), words.size > 0 ? ": " : "");
    show_text(stderr, words);
    fputc('\n', stderr);
    return ami_exit_code(error);
}

static int poll_until(struct pyst_ami_connection *connection, uint64_t until)
{
    struct pollfd watched[] = {
        {.fd = pyst_ami_connection_get_fd(connection), .events = POLLIN},
        {.fd = interrupt_fd(), .events = POLLIN},
        {.fd = STDOUT_FILENO}, /* to hear that a pipe has lost its reader */
    };
    const uint64_t now = pyst_ami_connection_now();
    const uint64_t left = until > now ? until - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / 1000000),
                               .tv_nsec = (long)(left % 1000000) * 1000};
    int r = ppoll(watched, 3, until == UINT64_MAX ? NULL : &timeout, NULL);

    if (r < 0)
        return errno == EINTR ? 1 : PYST_ERR_SYSTEM;
    if (watched[2].revents & POLLERR) {
        output_error = EPIPE;
        return PYST_ERR_CANCELLED;
    }
    return r;
}

int ami_wait(struct pyst_ami_connection *connection, uint64_t until,
             struct pyst_ami_notice *noticep)
{
    bool late = false;

    for (;;) {
        int r =
            interrupt_came() ? PYST_ERR_CANCELLED : pyst_ami_connection_next(connection, noticep);

        if (r > 0 && noticep->type == PYST_AMI_NOTICE_LOST) {
            fprintf(stderr, "pyst: %s: it was skipped\n", pyst_strerror(noticep->error));
            continue;
        }
        if (r != 0 || late)
            return r;
        if (pyst_ami_connection_state(connection) == PYST_AMI_CONNECTION_IDLE)
            return PYST_ERR_CLOSED;
        if (fflush(stdout) != 0) {
            output_error = errno;
            return PYST_ERR_CANCELLED;
        }
        r = poll_until(connection, until);
        late = r == 0;
        if (r >= 0)
            r = pyst_ami_connection_process(connection);
        if (r < 0)
            return r;
    }
}

static int wait_until_ready(struct pyst_ami_connection *connection)
{
    struct pyst_ami_notice notice;
    int r;

    while ((r = ami_wait(connection, UINT64_MAX, &notice)) > 0) {
        if (notice.type == PYST_AMI_NOTICE_READY)
            return 0;
        if (notice.type == PYST_AMI_NOTICE_CLOSED)
            return notice.error < 0 ? notice.error : PYST_ERR_CLOSED;
    }
    return r;
}

int ami_open(struct settings *settings, const char *events, const struct pyst_text *filters,
             size_t n_filters, struct pyst_ami_connection **connectionp)
{
    const uint64_t timeout_us = (uint64_t)(settings->timeout * 1e6);
    struct pyst_ami_connection_options options = {
        .connect_timeout_us = timeout_us,
        .session = {.events = pyst_text(events),
                    .filters = filters,
                    .n_filters = n_filters,
                    .login_timeout_us = timeout_us,
                    .action_timeout_us = timeout_us},
    };
    struct pyst_ami_connection *connection = NULL;
    int r;

    if (interrupt_catch() < 0)
        return ami_failed(NULL, PYST_ERR_SYSTEM);
    r = settings_complete(settings);
    if (r)
        return r;
    options.host = settings->host;
    options.port = (uint16_t)(settings->port ? settings->port : settings->host_port);
    options.tls.enabled = settings->tls;
    options.tls.skip_verification = settings->skip_verification;
    options.tls.ca_file = settings->ca_file;
    options.tls.server_name = settings->server_name;
    options.tls.certificate_file = settings->certificate_file;
    options.tls.key_file = settings->key_file;
    options.session.username = pyst_text(settings->user);
    options.session.secret = pyst_text(settings->secret);
    r = pyst_ami_connection_new(&connection, &options);
    if (r == 0)
        r = pyst_ami_connection_start(connection);
    if (r == 0)
        r = wait_until_ready(connection);
    if (r < 0) {
        r = ami_failed(connection, r);
        pyst_ami_connection_free(connection);
        return r;
    }
    *connectionp = connection;
    return 0;
}

void ami_close(struct pyst_ami_connection *connection)
{
    struct pyst_ami_submission how = {.timeout_us = LOGOFF_SECONDS * UINT64_C(1000000)};
    struct pyst_ami_action *logoff;

    /* Asterisk serves one action after another: behind one that hangs, a Logoff would hang too. */
    if (pyst_ami_connection_state(connection) == PYST_AMI_CONNECTION_OPEN &&
        pyst_ami_session_in_flight(pyst_ami_connection_session(connection)) == 0 &&
        pyst_ami_action_new(&logoff, pyst_text("Logoff")) == 0) {
        pyst_ami_connection_run(connection, logoff, &how, NULL);
        pyst_ami_action_free(logoff);
    }
    pyst_ami_connection_free(connection);
}
