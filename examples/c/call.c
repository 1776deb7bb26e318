/* SPDX-License-Identifier: MIT */
/* Call a channel and print what happens: call HOST PORT USER SECRET CHANNEL. */
#include <stdio.h>
#include <stdlib.h>

#include <pyst/connection.h>

static void print(struct pyst_text text)
{
    printf("%.*s ", (int)text.size, text.data);
}

int main(int argc, char **argv)
{
    struct pyst_ami_connection_options options = {0};
    struct pyst_ami_connection *connection = NULL;
    struct pyst_ami_action *call = NULL;
    struct pyst_ami_notice notice;
    int r;

    if (argc != 6)
        return 2;
    options.host = argv[1];
    options.port = (uint16_t)atoi(argv[2]);
    options.session.username = pyst_text(argv[3]);
    options.session.secret = pyst_text(argv[4]);
    options.session.events = pyst_text("on");

    if ((r = pyst_ami_connection_new(&connection, &options)) == 0 &&
        (r = pyst_ami_connection_open(connection, UINT64_MAX)) == 0 &&
        (r = pyst_ami_action_new(&call, pyst_text("Originate"))) == 0 &&
        (r = pyst_ami_action_add(call, pyst_text("Channel"), pyst_text(argv[5]))) == 0 &&
        (r = pyst_ami_action_add(call, pyst_text("Application"), pyst_text("Wait"))) == 0 &&
        (r = pyst_ami_action_add(call, pyst_text("Data"), pyst_text("1"))) == 0)
        r = pyst_ami_connection_run(connection, call, NULL, NULL);

    while (r == 0 && pyst_ami_connection_wait(connection, UINT64_MAX, &notice) == 1) {
        if (notice.type != PYST_AMI_NOTICE_EVENT)
            continue;
        print(pyst_ami_message_name(notice.message));
        print(pyst_ami_message_get(notice.message, pyst_text("Channel")));
        putchar('\n');
        if (pyst_text_equal(pyst_ami_message_name(notice.message), pyst_text("Hangup")))
            break;
    }
    if (r < 0)
        fprintf(stderr, "%s\n", pyst_strerror(r));
    pyst_ami_action_free(call);
    pyst_ami_connection_free(connection);
    return r < 0;
}
