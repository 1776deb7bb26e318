/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_RESULTS_H
#define PYST_AGI_RESULTS_H

/**
 * What a reply means, for the kinds of commands that pyst/agi/reply.h does not know. Which function
 * reads the reply to which command is said in pyst/agi/commands.h, whose blocking functions use
 * them.
 *
 * Each gives the error of pyst_agi_reply_error() first. Texts are views into the reply.
 */

#include <stddef.h>
#include <stdint.h>

#include <pyst/agi/reply.h>
#include <pyst/error.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Of commands that succeed with 1 and fail with 0 (DATABASE PUT, TDD MODE, SPEECH SET and others):
 * 0, or PYST_ERR_COMMAND_FAILED.
 */
PYST_PUBLIC int pyst_agi_reply_done(const struct pyst_agi_reply *reply);

/** How a file was played. */
struct pyst_agi_playback {
    char digit; /* that ended it; 0 when none did */
    int64_t
        end_position; /* samples, of CONTROL STREAM FILE milliseconds; -1: Asterisk did not say */
};

/**
 * Of STREAM FILE, CONTROL STREAM FILE and GET OPTION: 1 when a digit ended it, 0 when none did.
 * *playbackp is filled in for both.
 */
PYST_PUBLIC int pyst_agi_reply_playback(const struct pyst_agi_reply *reply,
                                        struct pyst_agi_playback *playbackp);

/** Of RECEIVE CHAR: 1 and *characterp, or 0 when none came. */
PYST_PUBLIC int pyst_agi_reply_character(const struct pyst_agi_reply *reply, int *characterp);

/**
 * Of EXEC: 0 and *resultp, what the application gave, which may be anything but -1 and -2.
 * PYST_ERR_NO_APPLICATION (-2) when Asterisk has none of that name, PYST_ERR_COMMAND_FAILED (-1)
 * when it failed, or ended by a hangup.
 */
PYST_PUBLIC int pyst_agi_reply_exec(const struct pyst_agi_reply *reply, int64_t *resultp);

/**
 * Of GOSUB: 0 when the subroutine returned, 1 when it was left in another way, such as a hangup
 * (Asterisk calls that an abnormal exit); PYST_ERR_COMMAND_FAILED when there is no such place in
 * the dialplan.
 */
PYST_PUBLIC int pyst_agi_reply_gosub(const struct pyst_agi_reply *reply);

/** Of CHANNEL STATUS: an enum pyst_agi_channel_state; PYST_ERR_COMMAND_FAILED: no such channel. */
PYST_PUBLIC int pyst_agi_reply_channel_state(const struct pyst_agi_reply *reply);

/** What SPEECH RECOGNIZE heard. */
enum pyst_agi_speech_end {
    PYST_AGI_SPEECH_TIMEOUT, /* nothing */
    PYST_AGI_SPEECH_SPEECH,  /* words: n_results, and pyst_agi_reply_speech_result() */
    PYST_AGI_SPEECH_DIGIT    /* a digit */
};

struct pyst_agi_speech {
    enum pyst_agi_speech_end end;
    char digit;           /* 0 when none was pressed */
    int64_t end_position; /* where the prompt was interrupted, in samples; 0 when it was not */
    size_t n_results;     /* may be 0 although there was speech */
};

struct pyst_agi_speech_result {
    int64_t score; /* the engine's confidence */
    struct pyst_text text;
    struct pyst_text grammar;
};

/**
 * Of SPEECH RECOGNIZE: 1 when something was heard, 0 when the time was up; PYST_ERR_COMMAND_FAILED
 * without a speech object (SPEECH CREATE).
 */
PYST_PUBLIC int pyst_agi_reply_speech(const struct pyst_agi_reply *reply,
                                      struct pyst_agi_speech *speechp);

/** Result `i`, from 0, the best one first: 1, or 0 when there is none. */
PYST_PUBLIC int pyst_agi_reply_speech_result(const struct pyst_agi_reply *reply, size_t i,
                                             struct pyst_agi_speech_result *resultp);

#ifdef __cplusplus
}
#endif

#endif
