/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "base/md5.h"
#include "emulator/ami.h"

const struct user *emulator_login_user(const struct pyst_emulator_ami *emulator,
                                       const struct pyst_ami_message *action)
{
    struct pyst_text name = speech_header(action, pyst_text("Username"));
    const struct user *user = emulator->script->users;

    while (user && !pyst_text_equal(user->name, name))
        user = user->next;
    return user;
}

/* Follows main/manager.c, authenticate. */
bool emulator_login_is_right(const struct pyst_emulator_ami *emulator,
                             const struct pyst_ami_message *action)
{
    const struct user *user = emulator_login_user(emulator, action);
    struct pyst_text type = speech_header(action, pyst_text("AuthType"));
    struct pyst_text secret = speech_header(action, pyst_text("Secret"));
    struct pyst_text key = speech_header(action, pyst_text("Key"));
    char digest[33];

    if (!emulator->script->users)
        return true;
    if (!user)
        return false;
    if (!pyst_text_equal_nocase(type, pyst_text("MD5")))
        return secret.data && pyst_text_equal(secret, user->secret);
    if (!emulator->challenge[0])
        return false;
    pyst_md5_hex((struct pyst_text[]){pyst_text(emulator->challenge), user->secret}, 2, digest);
    return pyst_text_equal(key, pyst_text(digest));
}

/* Follows main/manager.c, process_message. */
bool emulator_login_is_missing(const struct pyst_emulator_ami *emulator, struct pyst_text name)
{
    static const char *const open[] = {"Login", "Challenge", "Logoff"};

    if (emulator->logged_in || !emulator->script->users)
        return false;
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        if (pyst_text_equal_nocase(name, pyst_text(open[i])))
            return false;
    return true;
}

/* A number of nine digits, as Asterisk gives; the same seed gives the same numbers (splitmix64). */
void emulator_login_new_challenge(struct pyst_emulator_ami *emulator)
{
    uint64_t mixed = emulator->seed += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    mixed ^= mixed >> 31;
    snprintf(emulator->challenge, sizeof(emulator->challenge), "%" PRIu64,
             UINT64_C(100000000) + mixed % UINT64_C(900000000));
}
