/* SPDX-License-Identifier: MIT */

/*
 * events [COUNT]: prints the events of an Asterisk as they come, COUNT of them or until it is
 * interrupted. When the connection is lost it comes back by itself. asterisk.h says which Asterisk.
 */

#include "asterisk.h"

int main(int argc, char **argv)
{
    char host[256];
    struct pyst_ami_connection_options options = settings(host);
    struct pyst_ami_connection *connection = NULL;
    struct pyst_ami_notice notice;
    long left = argc > 1 ? atol(argv[1]) : -1;
    int r;

    options.session.events = pyst_text("on");
    options.session.keepalive_us = 15000000;
    options.reconnect.enabled = true;

    r = pyst_ami_connection_new(&connection, &options);
    if (r == 0)
        r = pyst_ami_connection_open(connection, UINT64_MAX);
    if (r == 0)
        printf("-- connected\n");
    while (r >= 0 && left != 0) {
        r = pyst_ami_connection_wait(connection, UINT64_MAX, &notice);
        if (r > 0 && notice.type == PYST_AMI_NOTICE_EVENT) {
            print_event(notice.message);
            left--;
        } else if (r > 0) {
            print_connection(connection, &notice);
        }
    }
    if (r < 0)
        print_error(connection, r);
    pyst_ami_connection_free(connection);
    return r < 0;
}
