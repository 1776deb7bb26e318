/* SPDX-License-Identifier: MIT */

/*
 * An IVR: 1 tells what a customer's account holds, 2 takes a message. The handler does not know
 * what carries its call: agi-ivr.c runs it as an AGI program.
 */

#include <stdio.h>

#include <pyst/agi/commands.h>

#include "ivr.h"

/* Asterisk's own database has the accounts: database put account 4711 250 */
static int tell_account(struct pyst_agi *agi)
{
    struct pyst_text number, account;
    int r = pyst_agi_get_data(agi, "vm-extension", 5000, 4, &number);

    if (r >= 0)
        r = pyst_agi_database_get(agi, "account", number.data, &account);
    if (r == 0)
        return pyst_agi_stream_file(agi, "pbx-invalid", "", 0, NULL);
    if (r == 1)
        r = pyst_agi_say_digits(agi, account.data, "#", NULL);
    return r;
}

/* A recording that a hangup ends is kept, and the database still works then. */
static int take_message(struct pyst_agi *agi, const char *folder)
{
    struct pyst_text call = pyst_agi_get(agi, "uniqueid");
    struct pyst_agi_recording recording;
    char file[256], name[64], length[32];
    int r = pyst_agi_stream_file(agi, "vm-intro", "#", 0, NULL);

    snprintf(name, sizeof(name), "%.*s", (int)call.size, call.data);
    snprintf(file, sizeof(file), "%s/message-%s", folder, name);
    if (r >= 0)
        r = pyst_agi_record_file(agi, file, "wav", "#", 60000, 0, true, 5, &recording);
    if (r < 0)
        return r;
    snprintf(length, sizeof(length), "%lld", (long long)recording.end_position);
    return pyst_agi_database_put(agi, "message", name, length);
}

int ivr(struct pyst_agi *agi, void *user)
{
    struct pyst_agi_playback choice;
    int r = pyst_agi_answer(agi);

    if (r == 0)
        r = pyst_agi_stream_file(agi, "hello-world", "", 0, NULL);
    while (r >= 0) {
        r = pyst_agi_get_option(agi, "vm-options", "12", 5000, &choice);
        if (r == 1 && choice.digit == '1')
            r = tell_account(agi);
        else if (r == 1)
            r = take_message(agi, user ? user : "/tmp");
        else if (r == 0)
            break;
    }
    if (r == 0)
        r = pyst_agi_stream_file(agi, "vm-goodbye", "", 0, NULL);
    if (r == PYST_ERR_HANGUP)
        pyst_agi_verbose(agi, "The caller has hung up", 1);
    else if (r < 0)
        pyst_agi_verbose(agi, pyst_strerror(r), 1);
    return r < 0 ? r : pyst_agi_hangup(agi, NULL);
}
