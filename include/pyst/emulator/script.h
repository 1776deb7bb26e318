/* SPDX-License-Identifier: MIT */
#ifndef PYST_EMULATOR_SCRIPT_H
#define PYST_EMULATOR_SCRIPT_H

/**
 * Chatscripts: what an emulated Asterisk says.
 *
 * A chatscript maps the names of actions to the messages sent in answer. It is text:
 *
 *     # a comment
 *     @greeting Asterisk Call Manager/11.0.0
 *     @user demo secret
 *
 *     [Ping]
 *     Response: Success
 *     Ping: Pong
 *     Timestamp: $(.time)
 *
 *     [Originate Channel=Local/100 Async?]
 *     Response: Success
 *     Message: Originate successfully queued
 *
 *     @wait 200ms
 *     Event: Newchannel
 *     Privilege: call,all
 *     Channel: $(Channel)-$(.unique1:hex);1
 *
 * A line in brackets begins the answer to an action. Messages stand one after another as they do
 * on the wire, with an empty line between two. Line ends may be LF or CR LF; sent is CR LF. A
 * message that begins with Response gets the ActionID of the asking action as its second line
 * (unless it has such a line itself); an event gets one where the script says
 * "ActionID: $(ActionID)". The empty line at the end of a message is added.
 *
 * Which answer: the first in the text whose name (in any case) and conditions fit.
 *
 *     [NAME CONDITION ...]   NAME an action's, or .denied (an action before the login, when the
 *                            script has users), .unknown (no other answer fits), .missing (no
 *                            Action header), .too-long (a line or message over the limits)
 *     Header                 the action has that header, and its value is not empty
 *     Header?                its value says yes (pyst_text_is_true)
 *     Header=value           its value is that, in any case; "a*" fits what begins with a;
 *                            "quotes" hold blanks
 *     !...                   the opposite
 *
 * Placeholders, in the lines of messages, and as the Header of a condition:
 *
 *     $(Header)              the value of that header of the action, or nothing. A line "Name:
 *                            $(Header)" is left out when the action has no such header
 *     $(.time) $(.seconds)   seconds since 1970: now with six decimals; when the answer began
 *     $(.date)               now, as 2026-01-31T23:59:59.999+0000
 *     $(.unique1) to 9       numbers that this answer got for itself, and no other answer
 *     $(.user) $(.login)     who logged in; yes or no
 *     $(.secret)             of a Login: right or wrong, plain (Secret) or MD5 (Key)
 *     $(.challenge)          the last challenge
 *     $(.events)             On or Off, by the event mask
 *
 * and what may follow inside, any number of times:
 *
 *     :before X              what stands before the first X; all of it when there is none
 *     :after X               what stands after the first X; nothing when there is none
 *     :unquoted              without blanks and double quotes at both ends
 *     :or X                  X when it is empty so far
 *     :hex                   a number as eight hexadecimal digits
 *
 * "$$(" stands for "$(". Lines that begin with "|" are sent as they are behind it, colon or none
 * ("|" alone is an empty line inside a message), placeholders filled in.
 *
 * Steps between messages, each on a line of its own:
 *
 *     @wait 200ms            us, ms or s, decimals allowed. Before the response, the actions behind
 *                            wait as well, for Asterisk serves a session serially; what follows
 *                            the response goes on beside them
 *     @close                 closes the connection once all is sent
 *     @login                 from here on the connection is logged in, as the action's Username
 *     @challenge             makes a new challenge
 *     @events X              sets the event mask as the header Events of Login does; X empty:
 *                            nothing changes. An event that has a Privilege is sent only when the
 *                            mask has its class
 * *     @if CONDITION ...      the step or message behind it is passed over unless all of them hold
 *
 * Inside messages:
 *
 *     @headers but A B ...   all headers of the action as they came, but Action and those named
 *     @use NAME key=text ... the lines of @define NAME (up to the next empty line) with $(key)
 *                            replaced by text
 *
 * and "@let key=text" replaces $(key) in the lines up to the next answer.
 */

#include <stddef.h>
#include <stdint.h>

#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_emulator_script;

/** Where a chatscript is wrong, and why: a static sentence without a full stop. */
struct pyst_emulator_problem {
    size_t line; /* from 1 */
    const char *reason;
};

/** An empty script: greets as Asterisk 22 does and answers nothing. Errors: PYST_ERR_NO_MEMORY. */
PYST_PUBLIC int pyst_emulator_script_new(struct pyst_emulator_script **scriptp);

/**
 * The built-in script: answers as an Asterisk 22 with one call in it. Its user is "demo", the
 * secret "secret"; more may be added. Errors: PYST_ERR_NO_MEMORY.
 */
PYST_PUBLIC int pyst_emulator_script_demo(struct pyst_emulator_script **scriptp);

/** The built-in script as text, to read or to begin one's own from. */
PYST_PUBLIC struct pyst_text pyst_emulator_script_demo_text(void);

/*
 * A script is built first and shared then. The functions up to the next rule are for the building:
 * they give PYST_ERR_STATE once there is a second reference (every emulator holds one). All texts
 * are copied.
 */

/**
 * Adds what the chatscript `text` says, behind what there is. Errors: PYST_ERR_INVALID with
 * *problemp (may be NULL) filled in, PYST_ERR_NO_MEMORY; the script is then only fit to be dropped.
 */
PYST_PUBLIC int pyst_emulator_script_read(struct pyst_emulator_script *script,
                                          struct pyst_text text,
                                          struct pyst_emulator_problem *problemp);

/**
 * Adds one message to the answer to `action`: its lines as in a chatscript, sent `delay_us`
 * microseconds after what is before it. The first call for a name begins an answer without
 * conditions. Errors: as of pyst_emulator_script_read(), with lines counted in `message`.
 */
PYST_PUBLIC int pyst_emulator_script_answer(struct pyst_emulator_script *script,
                                            struct pyst_text action, struct pyst_text message,
                                            uint64_t delay_us,
                                            struct pyst_emulator_problem *problemp);

/** Adds a user; of two with one name the later counts. Errors: PYST_ERR_NO_MEMORY. */
PYST_PUBLIC int pyst_emulator_script_add_user(struct pyst_emulator_script *script,
                                              struct pyst_text name, struct pyst_text secret);

/** Replaces the greeting, given without its line end; empty: none is sent. */
PYST_PUBLIC int pyst_emulator_script_set_greeting(struct pyst_emulator_script *script,
                                                  struct pyst_text greeting);

/* ------------------------------------------------------------------------------------------- */

/** Takes a reference, in any thread, and returns the script; NULL gives NULL. */
PYST_PUBLIC struct pyst_emulator_script *
pyst_emulator_script_ref(struct pyst_emulator_script *script);

/** Drops a reference; the last one frees. Returns NULL; NULL is allowed. */
PYST_PUBLIC struct pyst_emulator_script *
pyst_emulator_script_unref(struct pyst_emulator_script *script);

#ifdef __cplusplus
}
#endif

#endif
