/* SPDX-License-Identifier: MIT */

/* pyst ami action, list and command. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pyst/ami/catalogue.h>

#include "ami-connection.h"
#include "ami.h"
#include "cli.h"
#include "show.h"

/* What is printed: `action` prints all, `list` the events of a list only. */
enum part { PART_ALL, PART_EVENTS };

/* Adds KEY=VALUE and looks at the whole if that is wanted. 0, or an exit code with the reason said.
 */
static int fill_in(const struct settings *settings, struct pyst_ami_action *action, int argc,
                   char **argv)
{
    struct pyst_text which;
    int r;

    for (int i = 0; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        struct pyst_text name;

        if (!equals)
            return usage_error("%s: expected KEY=VALUE", argv[i]);
        name = pyst_text_of(argv[i], (size_t)(equals - argv[i]));
        r = pyst_ami_action_add(action, name, pyst_text(equals + 1));
        if (r < 0)
            return usage_error("%.*s: %s", (int)name.size, name.data, pyst_strerror(r));
    }
    r = settings->strict ? pyst_ami_catalogue_check(action, 0, &which) : 0;
    return r < 0 ? usage_error("%.*s: %s", (int)which.size, which.data, pyst_strerror(r)) : 0;
}

/* Prints what an action ended with. Gives the exit code. */
static int show_end(const struct settings *settings, const struct pyst_ami_connection *connection,
                    const struct pyst_ami_notice *done, bool is_list, enum part part)
{
    if (!done->message || (is_list && done->error < 0))
        return ami_failed(connection, done->error);
    if (is_list)
        return EXIT_DONE;
    if (part == PART_ALL) {
        show_message(done->message, settings->json);
        return ami_exit_code(done->error);
    }
    if (done->error < 0)
        return ami_refused(done->message, done->error);
    fputs("pyst: the action was done, but it answers without an event list\n", stderr);
    return EXIT_REFUSED;
}

/* Runs an action and prints what comes of it, as it comes. Gives the exit code. */
static int run(const struct settings *settings, struct pyst_ami_connection *connection,
               const struct pyst_ami_action *action, enum part part)
{
    struct pyst_ami_submission how = {.list = PYST_AMI_LIST_STREAM};
    struct pyst_ami_notice notice;
    bool is_list = false;
    uint64_t number;
    int r = pyst_ami_connection_submit(connection, action, &how, &number);

    if (r < 0)
        return ami_failed(NULL, r);
    while ((r = ami_wait(connection, UINT64_MAX, &notice)) > 0) {
        if (notice.type == PYST_AMI_NOTICE_RESPONSE)
            is_list = true;
        if (notice.type == PYST_AMI_NOTICE_ITEM ||
            (notice.type == PYST_AMI_NOTICE_RESPONSE && part == PART_ALL))
            show_message(notice.message, settings->json);
        if (notice.type == PYST_AMI_NOTICE_DONE && notice.action == number)
            return show_end(settings, connection, &notice, is_list, part);
    }
    return ami_failed(connection, r);
}

static int action_or_list(struct settings *settings, int argc, char **argv, enum part part)
{
    struct pyst_ami_connection *connection;
    struct pyst_ami_action *action = NULL;
    int r;

    if (argc < 2)
        return usage_error("%s: expected the name of an action", argv[0]);
    r = pyst_ami_action_new(&action, pyst_text(argv[1]));
    if (r < 0)
        return usage_error("%s: %s", argv[1], pyst_strerror(r));
    r = fill_in(settings, action, argc - 2, argv + 2);
    if (r == 0)
        r = ami_open(settings, "off", NULL, 0, &connection);
    if (r == 0) {
        r = run(settings, connection, action, part);
        ami_close(connection);
    }
    pyst_ami_action_free(action);
    return r;
}

int command_ami_action(struct settings *settings, int argc, char **argv)
{
    return action_or_list(settings, argc, argv, PART_ALL);
}

int command_ami_list(struct settings *settings, int argc, char **argv)
{
    return action_or_list(settings, argc, argv, PART_EVENTS);
}

static int run_command(const struct settings *settings, struct pyst_ami_connection *connection,
                       const struct pyst_ami_action *action)
{
    struct pyst_ami_notice notice;
    uint64_t number;
    int r = pyst_ami_connection_submit(connection, action, NULL, &number);

    if (r < 0)
        return ami_failed(NULL, r);
    while ((r = ami_wait(connection, UINT64_MAX, &notice)) > 0) {
        if (notice.type != PYST_AMI_NOTICE_DONE || notice.action != number)
            continue;
        if (!notice.message)
            return ami_failed(connection, notice.error);
        show_output(notice.message, settings->json);
        return notice.error < 0 ? ami_refused(notice.message, notice.error) : EXIT_DONE;
    }
    return ami_failed(connection, r);
}

int command_ami_command(struct settings *settings, int argc, char **argv)
{
    struct pyst_ami_connection *connection;
    struct pyst_ami_action *action;
    char *line;
    int r;

    if (argc < 2)
        return usage_error("command: expected a line for Asterisk's console");
    line = join_words(argc - 1, argv + 1);
    if (!line || pyst_ami_action_new(&action, pyst_text("Command")) < 0) {
        free(line);
        return out_of_memory();
    }
    r = pyst_ami_action_add(action, pyst_text("Command"), pyst_text(line));
    free(line);
    if (r < 0)
        r = usage_error("command: %s", pyst_strerror(r));
    if (r == 0)
        r = ami_open(settings, "off", NULL, 0, &connection);
    if (r == 0) {
        r = run_command(settings, connection, action);
        ami_close(connection);
    }
    pyst_ami_action_free(action);
    return r;
}
