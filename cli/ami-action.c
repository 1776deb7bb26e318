/* SPDX-License-Identifier: MIT */

/* pyst ami action, list and command. */

#include <stdio.h>
#include <string.h>

#include <pyst/ami/catalogue.h>

#include "ami.h"
#include "show.h"

/* What is printed of a list: `list` prints its events, `action` the response before them. */
enum part { PART_ALL, PART_EVENTS };

static int build(const struct settings *settings, int argc, char **argv,
                 struct pyst_ami_action **actionp)
{
    struct pyst_ami_action *action = NULL;
    struct pyst_text which = pyst_text_none();
    int r = pyst_ami_action_new(&action, pyst_text(argv[0]));

    if (r < 0)
        return usage_error("%s: %s", argv[0], pyst_strerror(r));
    for (int i = 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        struct pyst_text name, value;

        if (!equals) {
            pyst_ami_action_free(action);
            return usage_error("%s: expected KEY=VALUE", argv[i]);
        }
        name = pyst_text_of(argv[i], (size_t)(equals - argv[i]));
        value = pyst_text(equals + 1);
        r = pyst_ami_action_add(action, name, value);
        if (r < 0) {
            pyst_ami_action_free(action);
            return usage_error("%.*s: %s", (int)name.size, name.data, pyst_strerror(r));
        }
    }
    if (settings->strict) {
        r = pyst_ami_catalogue_check(action, 0, &which);
        if (r < 0) {
            usage_error("%.*s: %s", (int)which.size, which.data ? which.data : "",
                        pyst_strerror(r));
            pyst_ami_action_free(action);
            return EXIT_USAGE;
        }
    }
    *actionp = action;
    return 0;
}

/* Submits and prints what comes of it, as it comes. 0 or an exit code. */
static int run(const struct settings *settings, struct pyst_ami_connection *connection,
               const struct pyst_ami_action *action, enum part part)
{
    struct pyst_ami_submission how = {.list = PYST_AMI_LIST_STREAM};
    struct pyst_ami_notice notice;
    bool is_list = false;
    uint64_t number;
    int r = pyst_ami_connection_submit(connection, action, &how, &number);

    while (r >= 0) {
        r = pyst_ami_connection_wait(connection, UINT64_MAX, &notice);
        if (r < 0)
            break;
        if (notice.type == PYST_AMI_NOTICE_RESPONSE) {
            is_list = true;
            if (part == PART_ALL)
                show_message(notice.message, settings->json);
        } else if (notice.type == PYST_AMI_NOTICE_ITEM) {
            show_message(notice.message, settings->json);
        } else if (notice.type == PYST_AMI_NOTICE_DONE && notice.action == number) {
            if (!is_list && notice.message)
                show_message(notice.message, settings->json);
            if (notice.error == 0 && !is_list && part == PART_EVENTS) {
                fprintf(stderr, "pyst: %.*s answers without an event list\n",
                        (int)pyst_ami_action_name(action).size, pyst_ami_action_name(action).data);
                return EXIT_REFUSED;
            }
            if (notice.error < 0 && !notice.message)
                return ami_failed(connection, notice.error);
            return exit_code(notice.error);
        }
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
    r = build(settings, argc - 1, argv + 1, &action);
    if (r)
        return r;
    r = settings_complete(settings);
    if (r == 0)
        r = ami_open(settings, "off", NULL, 0, &connection);
    if (r == 0) {
        r = run(settings, connection, action, part);
        ami_close(connection);
    }
    pyst_ami_action_free(action);
    return r;
}

int command_action(struct settings *settings, int argc, char **argv)
{
    return action_or_list(settings, argc, argv, PART_ALL);
}

int command_list(struct settings *settings, int argc, char **argv)
{
    return action_or_list(settings, argc, argv, PART_EVENTS);
}

static int run_command(struct settings *settings, struct pyst_ami_connection *connection,
                       const struct pyst_ami_action *action)
{
    struct pyst_ami_answer *answer;
    int r = pyst_ami_connection_run(connection, action, NULL, &answer);

    if (answer)
        show_output(answer->response, settings->json);
    r = r < 0 ? ami_failed(connection, r) : EXIT_DONE;
    pyst_ami_answer_free(answer);
    return r;
}

int command_command(struct settings *settings, int argc, char **argv)
{
    struct pyst_ami_connection *connection;
    struct pyst_ami_action *action;
    char line[PYST_AMI_ACTION_LINE_SIZE] = "";
    int r;

    if (argc < 2)
        return usage_error("command: expected a line for Asterisk's console");
    for (int i = 1; i < argc; i++) {
        if (strlen(line) + strlen(argv[i]) + 2 > sizeof(line))
            return usage_error("command: %s", pyst_strerror(PYST_ERR_LINE_TOO_LONG));
        if (i > 1)
            strcat(line, " ");
        strcat(line, argv[i]);
    }
    if (pyst_ami_action_new(&action, pyst_text("Command")) < 0)
        return usage_error("out of memory");
    r = pyst_ami_action_add(action, pyst_text("Command"), pyst_text(line));
    if (r < 0)
        r = usage_error("command: %s", pyst_strerror(r));
    if (r == 0)
        r = settings_complete(settings);
    if (r == 0)
        r = ami_open(settings, "off", NULL, 0, &connection);
    if (r == 0) {
        r = run_command(settings, connection, action);
        ami_close(connection);
    }
    pyst_ami_action_free(action);
    return r;
}
