/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_REPLY_H
#define PYST_AGI_REPLY_H

/**
 * Asterisk's reply to one command.
 *
 *     200 result=1 (some value)            result, value
 *     200 result=50 endpos=16000           result, end position
 *     200 result=0 (timeout) endpos=8000   result, value, end position
 *     510 Invalid or unknown command
 *     511 Command Not Permitted on a dead channel or intercept routine
 *     520-Invalid command syntax.  Proper usage follows:
 *     (usage, on any number of lines)
 *     520 End of proper usage.
 *
 * A value may hold any bytes, parentheses and line ends among them. In the values of GET VARIABLE,
 * GET FULL VARIABLE, DATABASE GET and RECEIVE TEXT a ")" before a line end ends the reply: a value
 * that holds these two bytes itself is cut there, for nothing tells it apart. (Have Asterisk encode
 * such values: GET FULL VARIABLE ${BASE64_ENCODE(${NAME})}.)
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/error.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_agi_reply {
    int code;                /* 200, 503, 510, 511, 520; else what Asterisk said */
    struct pyst_text text;   /* the whole, lines as they came, without the last line end */
    struct pyst_text result; /* behind "result="; empty in "result= (timeout)"; absent: none */
    bool is_number;          /* result is one, and it is in */
    int64_t number;
    struct pyst_text value; /* inside the parentheses; absent when there are none */
    int64_t end_position;   /* behind "endpos=", in samples; -1 when there is none */
};

/**
 * What the reply says of its command's success:
 * - 0: code 200, and the result is not -1.
 * - PYST_ERR_HANGUP: 511, or a recording that ended with "(hangup)".
 * - PYST_ERR_COMMAND_FAILED: the result is -1, which of most commands means that the file is not
 *   there, that something failed, or that the call was hung up and Asterisk has not said so yet.
 *   Also 503 and unknown codes.
 * - PYST_ERR_UNKNOWN_COMMAND (510), PYST_ERR_COMMAND_USAGE (520; text tells the usage).
 */
PYST_PUBLIC int pyst_agi_reply_error(const struct pyst_agi_reply *reply);

/**
 * The field `name` of those behind result and value, such as score0 or text0 of SPEECH RECOGNIZE,
 * without double quotes around it; absent when there is none.
 */
PYST_PUBLIC struct pyst_text pyst_agi_reply_field(const struct pyst_agi_reply *reply,
                                                  const char *name);

/*
 * Results by kind. `reply` is what came, and each gives the error of pyst_agi_reply_error() first.
 */

/** Of commands that a digit can end: 1 and *digitp ('0' to '9', '*', '#'), or 0 when none came. */
PYST_PUBLIC int pyst_agi_reply_digit(const struct pyst_agi_reply *reply, char *digitp);

/**
 * Of GET DATA: 1 when the digits are complete (as many as asked for, or ended by "#"), 0 when the
 * time was up; *digitsp is what was dialled, perhaps nothing.
 */
PYST_PUBLIC int pyst_agi_reply_digits(const struct pyst_agi_reply *reply,
                                      struct pyst_text *digitsp);

/** Of commands that read a value: 1 and *valuep, perhaps empty; 0 when it is not set. */
PYST_PUBLIC int pyst_agi_reply_value(const struct pyst_agi_reply *reply, struct pyst_text *valuep);

/** How a recording ended. */
enum pyst_agi_recording_end {
    PYST_AGI_RECORDING_DIGIT, /* a digit that was to end it; during the beep nothing is recorded */
    PYST_AGI_RECORDING_TIMEOUT, /* the time or the silence asked for */
    PYST_AGI_RECORDING_HANGUP,  /* the caller hung up: the recording is kept */
    PYST_AGI_RECORDING_FAILED /* the file could not be written, or the channel could not be read */
};

struct pyst_agi_recording {
    enum pyst_agi_recording_end end;
    char digit;           /* 0 when none ended it */
    int64_t end_position; /* its length in samples; -1 when Asterisk did not say */
};

/** Of RECORD FILE: 0, also after a hangup; PYST_ERR_COMMAND_FAILED when nothing was recorded. */
PYST_PUBLIC int pyst_agi_reply_recording(const struct pyst_agi_reply *reply,
                                         struct pyst_agi_recording *recordingp);

/** Of CHANNEL STATUS: enum ast_channel_state of include/asterisk/channelstate.h. */
enum pyst_agi_channel_state {
    PYST_AGI_CHANNEL_DOWN,
    PYST_AGI_CHANNEL_RESERVED,
    PYST_AGI_CHANNEL_OFF_HOOK,
    PYST_AGI_CHANNEL_DIALING,
    PYST_AGI_CHANNEL_RING,
    PYST_AGI_CHANNEL_RINGING,
    PYST_AGI_CHANNEL_UP,
    PYST_AGI_CHANNEL_BUSY,
    PYST_AGI_CHANNEL_DIALING_OFF_HOOK,
    PYST_AGI_CHANNEL_PRERING
};

#ifdef __cplusplus
}
#endif

#endif
