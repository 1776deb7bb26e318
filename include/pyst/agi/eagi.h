/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_EAGI_H
#define PYST_AGI_EAGI_H

/**
 * The caller's voice, for programs that the dialplan starts by EAGI().
 *
 *     pyst_agi_open(&agi, NULL);
 *     pyst_eagi_open(&eagi, agi, NULL);
 *     while (pyst_eagi_read(eagi, -1, &frame) == 1)
 *         look_at(frame.samples, frame.n_samples);
 *
 * And while a command goes on:
 *
 *     pyst_agi_build_stream_file(pyst_agi_command(agi), pyst_text("welcome"), pyst_text(""), 0);
 *     pyst_agi_begin(agi);
 *     while (pyst_agi_poll(agi) == 0) {
 *         pyst_eagi_wait(eagi, -1);
 *         while (pyst_eagi_next(eagi, &frame) == 1)
 *             look_at(frame.samples, frame.n_samples);
 *     }
 *     pyst_agi_finish(agi, NULL);
 *
 * Asterisk writes the voice that it hears to a pipe, descriptor 3 of the program (res/res_agi.c,
 * launch_script and run_agi). What it writes:
 *
 * - Signed 16-bit samples of one channel at 8 kHz, in the processor's byte order ("slin"). When
 *   the dialplan has set the channel variable EAGI_AUDIO_FORMAT before EAGI() to the name of
 *   another format that Asterisk knows, it writes that (eagi_exec): "slin16" is 16 kHz. Which it
 *   is, the function CHANNEL(audioreadformat) tells.
 * - Nothing while the caller sends nothing (silence that is not sent, a channel on hold). Positions
 *   count what came, not the time that passed.
 * - Nothing while RECORD FILE, CONTROL STREAM FILE, SAY DATE, SAY TIME, SAY DATETIME, RECEIVE CHAR,
 *   RECEIVE TEXT, SPEECH RECOGNIZE, EXEC or GOSUB run: they take the voice themselves.
 * - Nothing after a hangup.
 * - It does not wait: what comes while the pipe is full (64 KiB, 4 s of slin) is lost, so a program
 *   that does not want to lose any reads also while commands go on.
 *
 * An object belongs to one thread at a time, and to that of its pyst_agi.
 */

#include <stddef.h>
#include <stdint.h>

#include <pyst/agi/program.h>
#include <pyst/error.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pyst_eagi;

/** A format of audio whose frames have a size that is known from their duration. */
struct pyst_eagi_format {
    const char *name;     /* Asterisk's: "slin", "slin12" to "slin192", "ulaw", "alaw" */
    unsigned rate;        /* samples a second */
    unsigned sample_size; /* bytes: 2 for the slin ones, 1 for ulaw and alaw */
};

/** Settings. All zero: descriptor 3, the format that Asterisk writes, frames of 20 ms. */
struct pyst_eagi_options {
    int descriptor;     /* 0: 3 */
    const char *format; /* its name; NULL: Asterisk is asked */
    unsigned frame_ms;  /* a frame's duration, to 60000; 0: 20 */
};

/** Audio. Valid until the next call. */
struct pyst_eagi_frame {
    struct pyst_text data;
    const int16_t *samples; /* the same for the slin formats; NULL for others */
    size_t n_samples;
    uint64_t position; /* of the first sample: how many came before it */
};

/**
 * Begins. `agi` tells of hangups, and is asked for the format by GET VARIABLE; it must live longer.
 * It may be NULL, for audio from elsewhere, which is slin when options->format does not say else.
 * Errors: PYST_ERR_NO_MEMORY; PYST_ERR_STATE: `agi` was not started by EAGI(); PYST_ERR_INVALID: a
 * format that is not one of struct pyst_eagi_format, or a frame of no sample or above 60 s; those
 * of pyst_agi_get_variable().
 */
PYST_PUBLIC int pyst_eagi_open(struct pyst_eagi **eagip, struct pyst_agi *agi,
                               const struct pyst_eagi_options *options);

/** Returns NULL; NULL is allowed. The descriptor stays open. */
PYST_PUBLIC struct pyst_eagi *pyst_eagi_close(struct pyst_eagi *eagi);

PYST_PUBLIC struct pyst_eagi_format pyst_eagi_get_format(const struct pyst_eagi *eagi);

/** The descriptor to poll for POLLIN, beside pyst_agi_get_fd(), in a loop of your own. */
PYST_PUBLIC int pyst_eagi_get_fd(const struct pyst_eagi *eagi);

/**
 * The next frame that is there, without waiting: 1 and *framep, or 0 when none is complete. When
 * the audio has ended, what is left is given as a shorter frame, and then PYST_ERR_HANGUP. Other
 * errors: PYST_ERR_SYSTEM.
 */
PYST_PUBLIC int pyst_eagi_next(struct pyst_eagi *eagi, struct pyst_eagi_frame *framep);

/**
 * The same, and waits for it, at most `timeout_ms` milliseconds; below 0: for ever. 0: the time is
 * up.
 */
PYST_PUBLIC int pyst_eagi_read(struct pyst_eagi *eagi, int timeout_ms,
                               struct pyst_eagi_frame *framep);

/**
 * Waits until there is audio, the reply to a command that was begun, or a hangup: 1; at most
 * `timeout_ms` milliseconds, below 0: for ever. 0: the time is up.
 */
PYST_PUBLIC int pyst_eagi_wait(struct pyst_eagi *eagi, int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
