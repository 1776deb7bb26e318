/* SPDX-License-Identifier: MIT */

/* An error of building sticks to the command, and executing it gives it. */

#include <pyst/agi/commands.h>

#include "program/internal.h"

/* --- results, by kind -------------------------------------------------------------------- */

static int execute_plain(struct pyst_agi *agi)
{
    return pyst_agi_execute(agi, NULL);
}

static int execute_done(struct pyst_agi *agi)
{
    const struct pyst_agi_reply *reply;
    int r = pyst_agi_execute(agi, &reply);

    return r < 0 ? r : pyst_agi_reply_done(reply);
}

static int execute_digit(struct pyst_agi *agi, char *digitp)
{
    const struct pyst_agi_reply *reply;
    char digit = 0;
    int r = pyst_agi_execute(agi, &reply);

    if (r == 0)
        r = pyst_agi_reply_digit(reply, &digit);
    if (r >= 0 && digitp)
        *digitp = digit;
    return r;
}

static int execute_playback(struct pyst_agi *agi, struct pyst_agi_playback *playbackp)
{
    const struct pyst_agi_reply *reply;
    struct pyst_agi_playback playback;
    int r = pyst_agi_execute(agi, &reply);

    if (r == 0)
        r = pyst_agi_reply_playback(reply, &playback);
    if (r >= 0 && playbackp)
        *playbackp = playback;
    return r;
}

static int execute_value(struct pyst_agi *agi, struct pyst_text *valuep)
{
    const struct pyst_agi_reply *reply;
    struct pyst_text value = pyst_text_none();
    int r = pyst_agi_execute(agi, &reply);

    if (r == 0)
        r = pyst_agi_reply_value(reply, &value);
    if (r >= 0 && valuep)
        *valuep = program_terminated(agi, value);
    return r;
}

static int execute_character(struct pyst_agi *agi, int *characterp)
{
    const struct pyst_agi_reply *reply;
    int character = 0;
    int r = pyst_agi_execute(agi, &reply);

    if (r == 0)
        r = pyst_agi_reply_character(reply, &character);
    if (r >= 0 && characterp)
        *characterp = character;
    return r;
}

static int execute_state(struct pyst_agi *agi)
{
    const struct pyst_agi_reply *reply;
    int r = pyst_agi_execute(agi, &reply);

    return r < 0 ? r : pyst_agi_reply_channel_state(reply);
}

static int execute_exec(struct pyst_agi *agi, int64_t *resultp)
{
    const struct pyst_agi_reply *reply;
    int64_t result = 0;
    int r = pyst_agi_execute(agi, &reply);

    if (r == 0)
        r = pyst_agi_reply_exec(reply, &result);
    if (r >= 0 && resultp)
        *resultp = result;
    return r;
}

static int execute_gosub(struct pyst_agi *agi)
{
    const struct pyst_agi_reply *reply;
    int r = pyst_agi_execute(agi, &reply);

    return r < 0 ? r : pyst_agi_reply_gosub(reply);
}

static int execute_speech(struct pyst_agi *agi, struct pyst_agi_speech *speechp)
{
    const struct pyst_agi_reply *reply;
    struct pyst_agi_speech speech;
    int r = pyst_agi_execute(agi, &reply);

    if (r == 0)
        r = pyst_agi_reply_speech(reply, &speech);
    if (r >= 0 && speechp)
        *speechp = speech;
    return r;
}

/* --- the call ---------------------------------------------------------------------------- */

int pyst_agi_answer(struct pyst_agi *agi)
{
    pyst_agi_build_answer(pyst_agi_command(agi));
    return execute_plain(agi);
}

int pyst_agi_hangup(struct pyst_agi *agi, const char *channel)
{
    pyst_agi_build_hangup(pyst_agi_command(agi), pyst_text(channel));
    return execute_plain(agi);
}

int pyst_agi_set_autohangup(struct pyst_agi *agi, int64_t seconds)
{
    pyst_agi_build_set_autohangup(pyst_agi_command(agi), seconds);
    return execute_plain(agi);
}

int pyst_agi_channel_status(struct pyst_agi *agi, const char *channel)
{
    pyst_agi_build_channel_status(pyst_agi_command(agi), pyst_text(channel));
    return execute_state(agi);
}

int pyst_agi_set_callerid(struct pyst_agi *agi, const char *caller)
{
    pyst_agi_build_set_callerid(pyst_agi_command(agi), pyst_text(caller));
    return execute_plain(agi);
}

int pyst_agi_set_music(struct pyst_agi *agi, bool on, const char *music_class)
{
    pyst_agi_build_set_music(pyst_agi_command(agi), on, pyst_text(music_class));
    return execute_plain(agi);
}

int pyst_agi_tdd_mode(struct pyst_agi *agi, const char *mode)
{
    pyst_agi_build_tdd_mode(pyst_agi_command(agi), pyst_text(mode));
    return execute_done(agi);
}

/* --- playing and listening --------------------------------------------------------------- */

int pyst_agi_stream_file(struct pyst_agi *agi, const char *file, const char *escape_digits,
                         int64_t offset, struct pyst_agi_playback *playbackp)
{
    pyst_agi_build_stream_file(pyst_agi_command(agi), pyst_text(file), pyst_text(escape_digits),
                               offset);
    return execute_playback(agi, playbackp);
}

int pyst_agi_control_stream_file(struct pyst_agi *agi, const char *file, const char *escape_digits,
                                 const struct pyst_agi_playback_control *control,
                                 struct pyst_agi_playback *playbackp)
{
    pyst_agi_build_control_stream_file(pyst_agi_command(agi), pyst_text(file),
                                       pyst_text(escape_digits), control);
    return execute_playback(agi, playbackp);
}

int pyst_agi_get_option(struct pyst_agi *agi, const char *file, const char *escape_digits,
                        int64_t timeout_ms, struct pyst_agi_playback *playbackp)
{
    pyst_agi_build_get_option(pyst_agi_command(agi), pyst_text(file), pyst_text(escape_digits),
                              timeout_ms);
    return execute_playback(agi, playbackp);
}

int pyst_agi_get_data(struct pyst_agi *agi, const char *prompt, int64_t timeout_ms,
                      int64_t max_digits, struct pyst_text *digitsp)
{
    const struct pyst_agi_reply *reply;
    struct pyst_text digits = pyst_text_none();
    int r;

    pyst_agi_build_get_data(pyst_agi_command(agi), pyst_text(prompt), timeout_ms, max_digits);
    r = pyst_agi_execute(agi, &reply);
    if (r == 0)
        r = pyst_agi_reply_digits(reply, &digits);
    if (r >= 0 && digitsp)
        *digitsp = program_terminated(agi, digits);
    return r;
}

int pyst_agi_wait_for_digit(struct pyst_agi *agi, int64_t timeout_ms, char *digitp)
{
    pyst_agi_build_wait_for_digit(pyst_agi_command(agi), timeout_ms);
    return execute_digit(agi, digitp);
}

int pyst_agi_record_file(struct pyst_agi *agi, const char *file, const char *format,
                         const char *escape_digits, int64_t timeout_ms, int64_t offset, bool beep,
                         int64_t silence_s, struct pyst_agi_recording *recordingp)
{
    const struct pyst_agi_reply *reply;
    struct pyst_agi_recording recording;
    int error, r;

    pyst_agi_build_record_file(pyst_agi_command(agi), pyst_text(file), pyst_text(format),
                               pyst_text(escape_digits), timeout_ms, offset, beep, silence_s);
    error = pyst_agi_execute(agi, &reply);
    if (!reply)
        return error;
    /* Of a hangup the reply knows whether anything was recorded before. */
    r = pyst_agi_reply_recording(reply, &recording);
    if (r < 0)
        return error < 0 ? error : r;
    if (recordingp)
        *recordingp = recording;
    return 0;
}

/* --- speaking ---------------------------------------------------------------------------- */

int pyst_agi_say_alpha(struct pyst_agi *agi, const char *text, const char *escape_digits,
                       char *digitp)
{
    pyst_agi_build_say_alpha(pyst_agi_command(agi), pyst_text(text), pyst_text(escape_digits));
    return execute_digit(agi, digitp);
}

int pyst_agi_say_phonetic(struct pyst_agi *agi, const char *text, const char *escape_digits,
                          char *digitp)
{
    pyst_agi_build_say_phonetic(pyst_agi_command(agi), pyst_text(text), pyst_text(escape_digits));
    return execute_digit(agi, digitp);
}

int pyst_agi_say_digits(struct pyst_agi *agi, const char *digits, const char *escape_digits,
                        char *digitp)
{
    pyst_agi_build_say_digits(pyst_agi_command(agi), pyst_text(digits), pyst_text(escape_digits));
    return execute_digit(agi, digitp);
}

int pyst_agi_say_number(struct pyst_agi *agi, int64_t number, const char *escape_digits,
                        const char *gender, char *digitp)
{
    pyst_agi_build_say_number(pyst_agi_command(agi), number, pyst_text(escape_digits),
                              pyst_text(gender));
    return execute_digit(agi, digitp);
}

int pyst_agi_say_date(struct pyst_agi *agi, int64_t time, const char *escape_digits, char *digitp)
{
    pyst_agi_build_say_date(pyst_agi_command(agi), time, pyst_text(escape_digits));
    return execute_digit(agi, digitp);
}

int pyst_agi_say_time(struct pyst_agi *agi, int64_t time, const char *escape_digits, char *digitp)
{
    pyst_agi_build_say_time(pyst_agi_command(agi), time, pyst_text(escape_digits));
    return execute_digit(agi, digitp);
}

int pyst_agi_say_datetime(struct pyst_agi *agi, int64_t time, const char *escape_digits,
                          const char *format, const char *zone, char *digitp)
{
    pyst_agi_build_say_datetime(pyst_agi_command(agi), time, pyst_text(escape_digits),
                                pyst_text(format), pyst_text(zone));
    return execute_digit(agi, digitp);
}

/* --- variables and the database ---------------------------------------------------------- */

int pyst_agi_get_variable(struct pyst_agi *agi, const char *name, struct pyst_text *valuep)
{
    pyst_agi_build_get_variable(pyst_agi_command(agi), pyst_text(name));
    return execute_value(agi, valuep);
}

int pyst_agi_get_full_variable(struct pyst_agi *agi, const char *expression, const char *channel,
                               struct pyst_text *valuep)
{
    pyst_agi_build_get_full_variable(pyst_agi_command(agi), pyst_text(expression),
                                     pyst_text(channel));
    return execute_value(agi, valuep);
}

int pyst_agi_set_variable(struct pyst_agi *agi, const char *name, const char *value)
{
    pyst_agi_build_set_variable(pyst_agi_command(agi), pyst_text(name), pyst_text(value));
    return execute_plain(agi);
}

int pyst_agi_database_get(struct pyst_agi *agi, const char *family, const char *key,
                          struct pyst_text *valuep)
{
    pyst_agi_build_database_get(pyst_agi_command(agi), pyst_text(family), pyst_text(key));
    return execute_value(agi, valuep);
}

int pyst_agi_database_put(struct pyst_agi *agi, const char *family, const char *key,
                          const char *value)
{
    pyst_agi_build_database_put(pyst_agi_command(agi), pyst_text(family), pyst_text(key),
                                pyst_text(value));
    return execute_done(agi);
}

int pyst_agi_database_del(struct pyst_agi *agi, const char *family, const char *key)
{
    pyst_agi_build_database_del(pyst_agi_command(agi), pyst_text(family), pyst_text(key));
    return execute_done(agi);
}

int pyst_agi_database_deltree(struct pyst_agi *agi, const char *family, const char *keytree)
{
    pyst_agi_build_database_deltree(pyst_agi_command(agi), pyst_text(family), pyst_text(keytree));
    return execute_plain(agi);
}

/* --- the dialplan ------------------------------------------------------------------------ */

int pyst_agi_exec(struct pyst_agi *agi, const char *application, const char *options,
                  int64_t *resultp)
{
    pyst_agi_build_exec(pyst_agi_command(agi), pyst_text(application), pyst_text(options));
    return execute_exec(agi, resultp);
}

int pyst_agi_gosub(struct pyst_agi *agi, const char *context, const char *extension,
                   const char *priority, const char *arguments)
{
    pyst_agi_build_gosub(pyst_agi_command(agi), pyst_text(context), pyst_text(extension),
                         pyst_text(priority), pyst_text(arguments));
    return execute_gosub(agi);
}

int pyst_agi_set_context(struct pyst_agi *agi, const char *context)
{
    pyst_agi_build_set_context(pyst_agi_command(agi), pyst_text(context));
    return execute_plain(agi);
}

int pyst_agi_set_extension(struct pyst_agi *agi, const char *extension)
{
    pyst_agi_build_set_extension(pyst_agi_command(agi), pyst_text(extension));
    return execute_plain(agi);
}

int pyst_agi_set_priority(struct pyst_agi *agi, const char *priority)
{
    pyst_agi_build_set_priority(pyst_agi_command(agi), pyst_text(priority));
    return execute_plain(agi);
}

int pyst_agi_verbose(struct pyst_agi *agi, const char *message, int64_t level)
{
    pyst_agi_build_verbose(pyst_agi_command(agi), pyst_text(message), level);
    return execute_plain(agi);
}

int pyst_agi_noop(struct pyst_agi *agi)
{
    pyst_agi_build_noop(pyst_agi_command(agi));
    return execute_plain(agi);
}

int pyst_agi_asyncagi_break(struct pyst_agi *agi)
{
    pyst_agi_build_asyncagi_break(pyst_agi_command(agi));
    return execute_plain(agi);
}

/* --- text and pictures ------------------------------------------------------------------- */

int pyst_agi_send_text(struct pyst_agi *agi, const char *text)
{
    pyst_agi_build_send_text(pyst_agi_command(agi), pyst_text(text));
    return execute_plain(agi);
}

int pyst_agi_send_image(struct pyst_agi *agi, const char *image)
{
    pyst_agi_build_send_image(pyst_agi_command(agi), pyst_text(image));
    return execute_plain(agi);
}

int pyst_agi_receive_char(struct pyst_agi *agi, int64_t timeout_ms, int *characterp)
{
    pyst_agi_build_receive_char(pyst_agi_command(agi), timeout_ms);
    return execute_character(agi, characterp);
}

int pyst_agi_receive_text(struct pyst_agi *agi, int64_t timeout_ms, struct pyst_text *textp)
{
    pyst_agi_build_receive_text(pyst_agi_command(agi), timeout_ms);
    return execute_value(agi, textp);
}

/* --- recognizing speech ------------------------------------------------------------------ */

int pyst_agi_speech_create(struct pyst_agi *agi, const char *engine)
{
    pyst_agi_build_speech_create(pyst_agi_command(agi), pyst_text(engine));
    return execute_done(agi);
}

int pyst_agi_speech_set(struct pyst_agi *agi, const char *name, const char *value)
{
    pyst_agi_build_speech_set(pyst_agi_command(agi), pyst_text(name), pyst_text(value));
    return execute_done(agi);
}

int pyst_agi_speech_destroy(struct pyst_agi *agi)
{
    pyst_agi_build_speech_destroy(pyst_agi_command(agi));
    return execute_done(agi);
}

int pyst_agi_speech_load_grammar(struct pyst_agi *agi, const char *grammar, const char *path)
{
    pyst_agi_build_speech_load_grammar(pyst_agi_command(agi), pyst_text(grammar), pyst_text(path));
    return execute_done(agi);
}

int pyst_agi_speech_unload_grammar(struct pyst_agi *agi, const char *grammar)
{
    pyst_agi_build_speech_unload_grammar(pyst_agi_command(agi), pyst_text(grammar));
    return execute_done(agi);
}

int pyst_agi_speech_activate_grammar(struct pyst_agi *agi, const char *grammar)
{
    pyst_agi_build_speech_activate_grammar(pyst_agi_command(agi), pyst_text(grammar));
    return execute_done(agi);
}

int pyst_agi_speech_deactivate_grammar(struct pyst_agi *agi, const char *grammar)
{
    pyst_agi_build_speech_deactivate_grammar(pyst_agi_command(agi), pyst_text(grammar));
    return execute_done(agi);
}

int pyst_agi_speech_recognize(struct pyst_agi *agi, const char *prompt, int64_t timeout_s,
                              int64_t offset, struct pyst_agi_speech *speechp)
{
    pyst_agi_build_speech_recognize(pyst_agi_command(agi), pyst_text(prompt), timeout_s, offset);
    return execute_speech(agi, speechp);
}
