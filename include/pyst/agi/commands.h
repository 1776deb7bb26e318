/* SPDX-License-Identifier: MIT */
#ifndef PYST_AGI_COMMANDS_H
#define PYST_AGI_COMMANDS_H

/**
 * The commands that Asterisk documents, a pair of functions each:
 *
 * - pyst_agi_build_NAME() builds the command's line and sends nothing: for hosts that hold a
 *   pyst_agi_session. Results and errors are those of pyst/agi/command.h. The reply is read by the
 *   function named with the command.
 * - pyst_agi_NAME() sends the command, waits for the reply and reads it: for programs and handlers
 *   that hold a pyst_agi.
 *
 * Results of the blocking functions:
 *
 * - 0 is "done", where nothing else is said; 1 and 0 are told apart as each comment says.
 * - PYST_ERR_HANGUP: the caller is gone. Every command may give it. Those that say so below also
 *   work after a hangup; the others then give PYST_ERR_HANGUP at once.
 * - PYST_ERR_COMMAND_FAILED: what the comment says. Most commands that fail so also make AGISTATUS,
 *   which the dialplan sees afterwards, FAILURE.
 * - PYST_ERR_COMMAND_USAGE: Asterisk wants other arguments; PYST_ERR_UNKNOWN_COMMAND: its module is
 *   not loaded; and what pyst_agi_execute() may give.
 *
 * What a pointer at the end of the arguments points to is set when the result is 0 or 1, and left
 * alone else; it may be NULL. Texts that are handed out end with a NUL, which is not counted, and
 * live until the next command is sent. The whole reply: pyst_agi_reply().
 *
 * Arguments:
 *
 * - Text may hold any bytes but NUL, CR and LF. Those called optional may be NULL (in the builders:
 *   absent), and then are left out, as numbers are that are 0, where that is said.
 * - `file` is a sound without its extension, in Asterisk's folder of sounds or with a full path.
 * - `escape_digits` are the digits, of "0123456789*#", that end what the command does; NULL or "":
 *   none does.
 * - `digitp` gets the digit that ended it; the function gives 1 then, and 0 when none did.
 *
 * All follow res/res_agi.c; the function of Asterisk that answers is named with each.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pyst/agi/command.h>
#include <pyst/agi/program.h>
#include <pyst/agi/results.h>
#include <pyst/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- the call ---------------------------------------------------------------------------- */

/**
 * ANSWER (handle_answer): answers the channel, unless it is up. PYST_ERR_COMMAND_FAILED when it
 * cannot be. Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_answer(struct pyst_agi_command *command);
PYST_PUBLIC int pyst_agi_answer(struct pyst_agi *agi);

/**
 * HANGUP (handle_hangup): hangs up `channel`, by name; optional: this one, which then is as after
 * any hangup. PYST_ERR_COMMAND_FAILED: there is no such channel. Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_hangup(struct pyst_agi_command *command, struct pyst_text channel);
PYST_PUBLIC int pyst_agi_hangup(struct pyst_agi *agi, const char *channel);

/**
 * SET AUTOHANGUP (handle_autohangup): the channel is hung up `seconds` from now; 0: no longer.
 * Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_set_autohangup(struct pyst_agi_command *command, int64_t seconds);
PYST_PUBLIC int pyst_agi_set_autohangup(struct pyst_agi *agi, int64_t seconds);

/**
 * CHANNEL STATUS (handle_channelstatus): an enum pyst_agi_channel_state, of `channel` by name;
 * optional: of this one. PYST_ERR_COMMAND_FAILED: there is no such channel.
 * Reply: pyst_agi_reply_channel_state().
 */
PYST_PUBLIC int pyst_agi_build_channel_status(struct pyst_agi_command *command,
                                              struct pyst_text channel);
PYST_PUBLIC int pyst_agi_channel_status(struct pyst_agi *agi, const char *channel);

/**
 * SET CALLERID (handle_setcallerid): `caller` is a number, or a name in double quotes, a blank and
 * the number in angle brackets. Asterisk keeps 255 bytes. Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_set_callerid(struct pyst_agi_command *command,
                                            struct pyst_text caller);
PYST_PUBLIC int pyst_agi_set_callerid(struct pyst_agi *agi, const char *caller);

/**
 * SET MUSIC (handle_setmusic): music on hold begins or ends; it plays while no command plays
 * anything. `music_class` is optional. Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_set_music(struct pyst_agi_command *command, bool on,
                                         struct pyst_text music_class);
PYST_PUBLIC int pyst_agi_set_music(struct pyst_agi *agi, bool on, const char *music_class);

/**
 * TDD MODE (handle_tddmode): `mode` is "on", "off", "mate" or "tdd".
 * PYST_ERR_COMMAND_FAILED: the channel cannot do that. Reply: pyst_agi_reply_done().
 */
PYST_PUBLIC int pyst_agi_build_tdd_mode(struct pyst_agi_command *command, struct pyst_text mode);
PYST_PUBLIC int pyst_agi_tdd_mode(struct pyst_agi *agi, const char *mode);

/* --- playing and listening --------------------------------------------------------------- */

/**
 * STREAM FILE (handle_streamfile): plays, from `offset` samples on (0 is left out).
 * 1: a digit ended it; 0: it was played to its end. PYST_ERR_COMMAND_FAILED: no such file.
 * Reply: pyst_agi_reply_playback().
 */
PYST_PUBLIC int pyst_agi_build_stream_file(struct pyst_agi_command *command, struct pyst_text file,
                                           struct pyst_text escape_digits, int64_t offset);
PYST_PUBLIC int pyst_agi_stream_file(struct pyst_agi *agi, const char *file,
                                     const char *escape_digits, int64_t offset,
                                     struct pyst_agi_playback *playbackp);

/** What the caller may do with CONTROL STREAM FILE. All zero is Asterisk's way. */
struct pyst_agi_playback_control {
    int64_t skip_ms;     /* how far a digit skips; 0: 3000 */
    const char *forward; /* the digit that does; NULL or "": "#" */
    const char *rewind;  /* NULL or "": "*" */
    const char *pause;   /* NULL or "": none */
    int64_t offset_ms;   /* where to begin */
};

/**
 * CONTROL STREAM FILE (handle_controlstreamfile): plays while digits wind and pause. `control`
 * may be NULL. Results as of STREAM FILE, but the end position is in milliseconds, and -1 at the
 * file's end. Asterisk also sets the variables CPLAYBACKSTATUS, CPLAYBACKOFFSET and
 * CPLAYBACKSTOPKEY.
 * Reply: pyst_agi_reply_playback().
 */
PYST_PUBLIC int pyst_agi_build_control_stream_file(struct pyst_agi_command *command,
                                                   struct pyst_text file,
                                                   struct pyst_text escape_digits,
                                                   const struct pyst_agi_playback_control *control);
PYST_PUBLIC int pyst_agi_control_stream_file(struct pyst_agi *agi, const char *file,
                                             const char *escape_digits,
                                             const struct pyst_agi_playback_control *control,
                                             struct pyst_agi_playback *playbackp);

/**
 * GET OPTION (handle_getoption): plays, then waits for one of `escape_digits` for `timeout_ms`
 * milliseconds; 0 is left out: the channel's digit timeout, 5 s if nobody set it; below 0: for
 * ever. 1: a digit; 0: none in time, another one, or a hangup while it waited.
 * PYST_ERR_COMMAND_FAILED: no such file. Reply: pyst_agi_reply_playback().
 */
PYST_PUBLIC int pyst_agi_build_get_option(struct pyst_agi_command *command, struct pyst_text file,
                                          struct pyst_text escape_digits, int64_t timeout_ms);
PYST_PUBLIC int pyst_agi_get_option(struct pyst_agi *agi, const char *file,
                                    const char *escape_digits, int64_t timeout_ms,
                                    struct pyst_agi_playback *playbackp);

/**
 * GET DATA (handle_getdata): plays, and takes digits: `max_digits` of them, or up to "#", which is
 * not among them, or until `timeout_ms` milliseconds have passed without one. A timeout of 0 is
 * left out: 6 s for the first and 2 s for the others; below 0: for ever. max_digits 0 is left out:
 * as many as Asterisk keeps. `prompt` may be empty.
 * 1: complete; 0: the time was up. *digitsp is what was dialled, perhaps nothing, for both.
 * PYST_ERR_COMMAND_FAILED: no such file. Reply: pyst_agi_reply_digits().
 */
PYST_PUBLIC int pyst_agi_build_get_data(struct pyst_agi_command *command, struct pyst_text prompt,
                                        int64_t timeout_ms, int64_t max_digits);
PYST_PUBLIC int pyst_agi_get_data(struct pyst_agi *agi, const char *prompt, int64_t timeout_ms,
                                  int64_t max_digits, struct pyst_text *digitsp);

/**
 * WAIT FOR DIGIT (handle_waitfordigit): for `timeout_ms` milliseconds; -1: for ever.
 * 1: a digit; 0: none in time. Reply: pyst_agi_reply_digit().
 */
PYST_PUBLIC int pyst_agi_build_wait_for_digit(struct pyst_agi_command *command, int64_t timeout_ms);
PYST_PUBLIC int pyst_agi_wait_for_digit(struct pyst_agi *agi, int64_t timeout_ms, char *digitp);

/**
 * RECORD FILE (handle_recordfile): records into `file` of `format` ("wav", "gsm", ...) until a
 * digit of `escape_digits`, `timeout_ms` milliseconds (-1: no limit), or `silence_s` seconds of
 * silence (0: never). `offset` samples of an existing file are kept; 0: it is written anew. `beep`:
 * one is played first.
 *
 * Gives 0 and how it ended, also after a hangup: the recording is there then, and the next command
 * gives PYST_ERR_HANGUP. PYST_ERR_COMMAND_FAILED: the file cannot be written, or Asterisk knows no
 * such format. Reply: pyst_agi_reply_recording().
 */
PYST_PUBLIC int pyst_agi_build_record_file(struct pyst_agi_command *command, struct pyst_text file,
                                           struct pyst_text format, struct pyst_text escape_digits,
                                           int64_t timeout_ms, int64_t offset, bool beep,
                                           int64_t silence_s);
PYST_PUBLIC int pyst_agi_record_file(struct pyst_agi *agi, const char *file, const char *format,
                                     const char *escape_digits, int64_t timeout_ms, int64_t offset,
                                     bool beep, int64_t silence_s,
                                     struct pyst_agi_recording *recordingp);

/* --- speaking: 1: a digit ended it; 0: all was said. Reply: pyst_agi_reply_digit() ------- */

/** SAY ALPHA (handle_sayalpha): spells `text`. */
PYST_PUBLIC int pyst_agi_build_say_alpha(struct pyst_agi_command *command, struct pyst_text text,
                                         struct pyst_text escape_digits);
PYST_PUBLIC int pyst_agi_say_alpha(struct pyst_agi *agi, const char *text,
                                   const char *escape_digits, char *digitp);

/** SAY PHONETIC (handle_sayphonetic): spells `text` by the phonetic alphabet. */
PYST_PUBLIC int pyst_agi_build_say_phonetic(struct pyst_agi_command *command, struct pyst_text text,
                                            struct pyst_text escape_digits);
PYST_PUBLIC int pyst_agi_say_phonetic(struct pyst_agi *agi, const char *text,
                                      const char *escape_digits, char *digitp);

/**
 * SAY DIGITS (handle_saydigits): says digit by digit; `digits` is text, so that zeros in front are
 * said. Text that does not begin with a number is PYST_ERR_COMMAND_USAGE.
 */
PYST_PUBLIC int pyst_agi_build_say_digits(struct pyst_agi_command *command, struct pyst_text digits,
                                          struct pyst_text escape_digits);
PYST_PUBLIC int pyst_agi_say_digits(struct pyst_agi *agi, const char *digits,
                                    const char *escape_digits, char *digitp);

/**
 * SAY NUMBER (handle_saynumber): Asterisk reads 32 bits. `gender` is optional, for languages that
 * need one: "f", "m", "c" or "n".
 */
PYST_PUBLIC int pyst_agi_build_say_number(struct pyst_agi_command *command, int64_t number,
                                          struct pyst_text escape_digits, struct pyst_text gender);
PYST_PUBLIC int pyst_agi_say_number(struct pyst_agi *agi, int64_t number, const char *escape_digits,
                                    const char *gender, char *digitp);

/**
 * SAY DATE (handle_saydate): the date, in Asterisk's time zone, of `time`, in seconds since the
 * start of 1970 in UTC. Asterisk reads 32 bits.
 */
PYST_PUBLIC int pyst_agi_build_say_date(struct pyst_agi_command *command, int64_t time,
                                        struct pyst_text escape_digits);
PYST_PUBLIC int pyst_agi_say_date(struct pyst_agi *agi, int64_t time, const char *escape_digits,
                                  char *digitp);

/** SAY TIME (handle_saytime): the time of day, as SAY DATE. */
PYST_PUBLIC int pyst_agi_build_say_time(struct pyst_agi_command *command, int64_t time,
                                        struct pyst_text escape_digits);
PYST_PUBLIC int pyst_agi_say_time(struct pyst_agi *agi, int64_t time, const char *escape_digits,
                                  char *digitp);

/* What SAY DATETIME says in most languages when no format is given. */
#define PYST_AGI_DATETIME_FORMAT "ABdY 'digits/at' IMp"

/**
 * SAY DATETIME (handle_saydatetime): date and time. `format` is one of voicemail.conf's, optional:
 * the language's own; `zone`, such as "Europe/Vienna", is optional: Asterisk's. A zone without a
 * format takes PYST_AGI_DATETIME_FORMAT, for a place must stand before it.
 */
PYST_PUBLIC int pyst_agi_build_say_datetime(struct pyst_agi_command *command, int64_t time,
                                            struct pyst_text escape_digits, struct pyst_text format,
                                            struct pyst_text zone);
PYST_PUBLIC int pyst_agi_say_datetime(struct pyst_agi *agi, int64_t time, const char *escape_digits,
                                      const char *format, const char *zone, char *digitp);

/* --- variables and the database: these work after a hangup ------------------------------- */

/**
 * GET VARIABLE (handle_getvariable): a variable, or a function that is read, such as
 * "CALLERID(num)", of which Asterisk gives 1023 bytes at most.
 * 1: it is set, perhaps to nothing; 0: it is not. Reply: pyst_agi_reply_value().
 */
PYST_PUBLIC int pyst_agi_build_get_variable(struct pyst_agi_command *command,
                                            struct pyst_text name);
PYST_PUBLIC int pyst_agi_get_variable(struct pyst_agi *agi, const char *name,
                                      struct pyst_text *valuep);

/**
 * GET FULL VARIABLE (handle_getvariablefull): `expression` with its "${NAME}" and
 * "${FUNCTION(...)}" replaced, as in the dialplan, on `channel` by name; optional: this one.
 * 1: the value; a variable that is not set is nothing. 0: there is no such channel.
 * Reply: pyst_agi_reply_value().
 */
PYST_PUBLIC int pyst_agi_build_get_full_variable(struct pyst_agi_command *command,
                                                 struct pyst_text expression,
                                                 struct pyst_text channel);
PYST_PUBLIC int pyst_agi_get_full_variable(struct pyst_agi *agi, const char *expression,
                                           const char *channel, struct pyst_text *valuep);

/**
 * SET VARIABLE (handle_setvariable): a variable, or a function that is written, such as
 * "CALLERID(name)". Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_set_variable(struct pyst_agi_command *command, struct pyst_text name,
                                            struct pyst_text value);
PYST_PUBLIC int pyst_agi_set_variable(struct pyst_agi *agi, const char *name, const char *value);

/**
 * DATABASE GET (handle_dbget): an entry of Asterisk's own database.
 * 1: there is one, perhaps empty; 0: there is none. Reply: pyst_agi_reply_value().
 */
PYST_PUBLIC int pyst_agi_build_database_get(struct pyst_agi_command *command,
                                            struct pyst_text family, struct pyst_text key);
PYST_PUBLIC int pyst_agi_database_get(struct pyst_agi *agi, const char *family, const char *key,
                                      struct pyst_text *valuep);

/** DATABASE PUT (handle_dbput). Reply: pyst_agi_reply_done(). */
PYST_PUBLIC int pyst_agi_build_database_put(struct pyst_agi_command *command,
                                            struct pyst_text family, struct pyst_text key,
                                            struct pyst_text value);
PYST_PUBLIC int pyst_agi_database_put(struct pyst_agi *agi, const char *family, const char *key,
                                      const char *value);

/** DATABASE DEL (handle_dbdel); also done when there was none. Reply: pyst_agi_reply_done(). */
PYST_PUBLIC int pyst_agi_build_database_del(struct pyst_agi_command *command,
                                            struct pyst_text family, struct pyst_text key);
PYST_PUBLIC int pyst_agi_database_del(struct pyst_agi *agi, const char *family, const char *key);

/**
 * DATABASE DELTREE (handle_dbdeltree): deletes all keys of `family`, or those at and below
 * `keytree`, optional. 0 whether or not there were any: Asterisk's result means the contrary of
 * what its documentation says (0: something was deleted), so nothing is made of it.
 * Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_database_deltree(struct pyst_agi_command *command,
                                                struct pyst_text family, struct pyst_text keytree);
PYST_PUBLIC int pyst_agi_database_deltree(struct pyst_agi *agi, const char *family,
                                          const char *keytree);

/* --- the dialplan ------------------------------------------------------------------------ */

/**
 * EXEC (handle_exec): runs a dialplan application. `options`, optional, is what would stand between
 * the parentheses in the dialplan; Asterisk replaces no variables in it, unless the variable
 * AGIEXECFULL says yes. Works after a hangup, as far as the application does.
 *
 * Gives 0 and *resultp as pyst_agi_reply_exec() does. An application that gives 1 has Asterisk send
 * a usage message as well, which is dropped. Whether the application did what it should is mostly
 * in a variable of its own, such as DIALSTATUS. Reply: pyst_agi_reply_exec().
 */
PYST_PUBLIC int pyst_agi_build_exec(struct pyst_agi_command *command, struct pyst_text application,
                                    struct pyst_text options);
PYST_PUBLIC int pyst_agi_exec(struct pyst_agi *agi, const char *application, const char *options,
                              int64_t *resultp);

/**
 * GOSUB (apps/app_stack.c, handle_gosub): runs a subroutine of the dialplan until it returns.
 * `priority` is a number or a label; `arguments`, optional, are ARG1 and so on, split at commas.
 * Results as of pyst_agi_reply_gosub(), which reads the reply.
 */
PYST_PUBLIC int pyst_agi_build_gosub(struct pyst_agi_command *command, struct pyst_text context,
                                     struct pyst_text extension, struct pyst_text priority,
                                     struct pyst_text arguments);
PYST_PUBLIC int pyst_agi_gosub(struct pyst_agi *agi, const char *context, const char *extension,
                               const char *priority, const char *arguments);

/**
 * SET CONTEXT, SET EXTENSION, SET PRIORITY (handle_setcontext, handle_setextension,
 * handle_setpriority): where the dialplan goes on after this AGI. A priority is a number or a
 * label, which is looked for at the place that is set then; none such is PYST_ERR_COMMAND_USAGE.
 * Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_set_context(struct pyst_agi_command *command,
                                           struct pyst_text context);
PYST_PUBLIC int pyst_agi_set_context(struct pyst_agi *agi, const char *context);
PYST_PUBLIC int pyst_agi_build_set_extension(struct pyst_agi_command *command,
                                             struct pyst_text extension);
PYST_PUBLIC int pyst_agi_set_extension(struct pyst_agi *agi, const char *extension);
PYST_PUBLIC int pyst_agi_build_set_priority(struct pyst_agi_command *command,
                                            struct pyst_text priority);
PYST_PUBLIC int pyst_agi_set_priority(struct pyst_agi *agi, const char *priority);

/**
 * VERBOSE (handle_verbose): writes `message` to Asterisk's console, for those that watch at verbose
 * level `level` (0 to 4) or above. Works after a hangup. Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_verbose(struct pyst_agi_command *command, struct pyst_text message,
                                       int64_t level);
PYST_PUBLIC int pyst_agi_verbose(struct pyst_agi *agi, const char *message, int64_t level);

/** NOOP (handle_noop): nothing. Works after a hangup. Reply: pyst_agi_reply_error(). */
PYST_PUBLIC int pyst_agi_build_noop(struct pyst_agi_command *command);
PYST_PUBLIC int pyst_agi_noop(struct pyst_agi *agi);

/**
 * ASYNCAGI BREAK (handle_asyncagi_break): ends an AsyncAGI, and does nothing in others. Works after
 * a hangup. Reply: pyst_agi_reply_error().
 */
PYST_PUBLIC int pyst_agi_build_asyncagi_break(struct pyst_agi_command *command);
PYST_PUBLIC int pyst_agi_asyncagi_break(struct pyst_agi *agi);

/* --- text and pictures, for the few channels that have them ------------------------------ */

/** SEND TEXT (handle_sendtext). Reply: pyst_agi_reply_error(). */
PYST_PUBLIC int pyst_agi_build_send_text(struct pyst_agi_command *command, struct pyst_text text);
PYST_PUBLIC int pyst_agi_send_text(struct pyst_agi *agi, const char *text);

/** SEND IMAGE (handle_sendimage): a file without its extension. Reply: pyst_agi_reply_error(). */
PYST_PUBLIC int pyst_agi_build_send_image(struct pyst_agi_command *command, struct pyst_text image);
PYST_PUBLIC int pyst_agi_send_image(struct pyst_agi *agi, const char *image);

/**
 * RECEIVE CHAR (handle_recvchar): the first character of a text, within `timeout_ms` milliseconds;
 * 0: however long it takes. The rest of the text is lost. 1: *characterp; 0 or
 * PYST_ERR_COMMAND_FAILED: none in time.
 * Reply: pyst_agi_reply_character().
 */
PYST_PUBLIC int pyst_agi_build_receive_char(struct pyst_agi_command *command, int64_t timeout_ms);
PYST_PUBLIC int pyst_agi_receive_char(struct pyst_agi *agi, int64_t timeout_ms, int *characterp);

/**
 * RECEIVE TEXT (handle_recvtext): within `timeout_ms` milliseconds; 0: however long it takes.
 * 1: the text. PYST_ERR_COMMAND_FAILED: none in time. Reply: pyst_agi_reply_value().
 */
PYST_PUBLIC int pyst_agi_build_receive_text(struct pyst_agi_command *command, int64_t timeout_ms);
PYST_PUBLIC int pyst_agi_receive_text(struct pyst_agi *agi, int64_t timeout_ms,
                                      struct pyst_text *textp);

/* --- recognizing speech: needs an engine in Asterisk ------------------------------------- */

/**
 * SPEECH CREATE (handle_speechcreate): a speech object, which the following use. `engine` may be
 * empty: the default one. PYST_ERR_COMMAND_FAILED: no such engine, or the AGI has an object
 * already. Reply: pyst_agi_reply_done().
 */
PYST_PUBLIC int pyst_agi_build_speech_create(struct pyst_agi_command *command,
                                             struct pyst_text engine);
PYST_PUBLIC int pyst_agi_speech_create(struct pyst_agi *agi, const char *engine);

/*
 * PYST_ERR_COMMAND_FAILED of the following: there is no speech object, or the engine refused.
 * Replies: pyst_agi_reply_done().
 */

/** SPEECH SET (handle_speechset): a setting of the engine. */
PYST_PUBLIC int pyst_agi_build_speech_set(struct pyst_agi_command *command, struct pyst_text name,
                                          struct pyst_text value);
PYST_PUBLIC int pyst_agi_speech_set(struct pyst_agi *agi, const char *name, const char *value);

/** SPEECH DESTROY (handle_speechdestroy). Works after a hangup. */
PYST_PUBLIC int pyst_agi_build_speech_destroy(struct pyst_agi_command *command);
PYST_PUBLIC int pyst_agi_speech_destroy(struct pyst_agi *agi);

/** SPEECH LOAD GRAMMAR (handle_speechloadgrammar): `grammar` is its name from then on. */
PYST_PUBLIC int pyst_agi_build_speech_load_grammar(struct pyst_agi_command *command,
                                                   struct pyst_text grammar, struct pyst_text path);
PYST_PUBLIC int pyst_agi_speech_load_grammar(struct pyst_agi *agi, const char *grammar,
                                             const char *path);

/** SPEECH UNLOAD GRAMMAR (handle_speechunloadgrammar). Works after a hangup. */
PYST_PUBLIC int pyst_agi_build_speech_unload_grammar(struct pyst_agi_command *command,
                                                     struct pyst_text grammar);
PYST_PUBLIC int pyst_agi_speech_unload_grammar(struct pyst_agi *agi, const char *grammar);

/** SPEECH ACTIVATE GRAMMAR (handle_speechactivategrammar). */
PYST_PUBLIC int pyst_agi_build_speech_activate_grammar(struct pyst_agi_command *command,
                                                       struct pyst_text grammar);
PYST_PUBLIC int pyst_agi_speech_activate_grammar(struct pyst_agi *agi, const char *grammar);

/** SPEECH DEACTIVATE GRAMMAR (handle_speechdeactivategrammar). */
PYST_PUBLIC int pyst_agi_build_speech_deactivate_grammar(struct pyst_agi_command *command,
                                                         struct pyst_text grammar);
PYST_PUBLIC int pyst_agi_speech_deactivate_grammar(struct pyst_agi *agi, const char *grammar);

/**
 * SPEECH RECOGNIZE (handle_speechrecognize): plays `prompt` from `offset` samples on (0 is left
 * out) and listens, `timeout_s` seconds from the prompt's end. Results as of
 * pyst_agi_reply_speech(), which reads the reply; the words are in
 * pyst_agi_reply_speech_result(pyst_agi_reply(agi), ...).
 */
PYST_PUBLIC int pyst_agi_build_speech_recognize(struct pyst_agi_command *command,
                                                struct pyst_text prompt, int64_t timeout_s,
                                                int64_t offset);
PYST_PUBLIC int pyst_agi_speech_recognize(struct pyst_agi *agi, const char *prompt,
                                          int64_t timeout_s, int64_t offset,
                                          struct pyst_agi_speech *speechp);

#ifdef __cplusplus
}
#endif

#endif
