/* SPDX-License-Identifier: MIT */

/* The first error sticks to the command, so only the last step's result is looked at. */

#include <inttypes.h>
#include <stdio.h>

#include <pyst/agi/commands.h>

#define SKIP_MS 3000 /* Asterisk's default */

static int add_optional(struct pyst_agi_command *command, struct pyst_text argument)
{
    return argument.data ? pyst_agi_command_add(command, argument)
                         : pyst_agi_command_error(command);
}

static int add_unless_zero(struct pyst_agi_command *command, int64_t number)
{
    return number != 0 ? pyst_agi_command_add_number(command, number)
                       : pyst_agi_command_error(command);
}

/* --- the call ---------------------------------------------------------------------------- */

int pyst_agi_build_answer(struct pyst_agi_command *command)
{
    return pyst_agi_command_begin(command, "ANSWER");
}

int pyst_agi_build_hangup(struct pyst_agi_command *command, struct pyst_text channel)
{
    pyst_agi_command_begin(command, "HANGUP");
    return add_optional(command, channel);
}

int pyst_agi_build_set_autohangup(struct pyst_agi_command *command, int64_t seconds)
{
    pyst_agi_command_begin(command, "SET AUTOHANGUP");
    return pyst_agi_command_add_number(command, seconds);
}

int pyst_agi_build_channel_status(struct pyst_agi_command *command, struct pyst_text channel)
{
    pyst_agi_command_begin(command, "CHANNEL STATUS");
    return add_optional(command, channel);
}

int pyst_agi_build_set_callerid(struct pyst_agi_command *command, struct pyst_text caller)
{
    pyst_agi_command_begin(command, "SET CALLERID");
    return pyst_agi_command_add(command, caller);
}

int pyst_agi_build_set_music(struct pyst_agi_command *command, bool on,
                             struct pyst_text music_class)
{
    pyst_agi_command_begin(command, "SET MUSIC");
    pyst_agi_command_add(command, pyst_text(on ? "on" : "off"));
    return add_optional(command, music_class);
}

int pyst_agi_build_tdd_mode(struct pyst_agi_command *command, struct pyst_text mode)
{
    pyst_agi_command_begin(command, "TDD MODE");
    return pyst_agi_command_add(command, mode);
}

/* --- playing and listening --------------------------------------------------------------- */

int pyst_agi_build_stream_file(struct pyst_agi_command *command, struct pyst_text file,
                               struct pyst_text escape_digits, int64_t offset)
{
    pyst_agi_command_begin(command, "STREAM FILE");
    pyst_agi_command_add(command, file);
    pyst_agi_command_add(command, escape_digits);
    return add_unless_zero(command, offset);
}

int pyst_agi_build_control_stream_file(struct pyst_agi_command *command, struct pyst_text file,
                                       struct pyst_text escape_digits,
                                       const struct pyst_agi_playback_control *control)
{
    static const struct pyst_agi_playback_control none;

    if (!control)
        control = &none;
    pyst_agi_command_begin(command, "CONTROL STREAM FILE");
    pyst_agi_command_add(command, file);
    pyst_agi_command_add(command, escape_digits);
    /* Each has its place, so all before the last one that is wanted are sent; an empty digit is
       the default one. */
    if (control->skip_ms == 0 && control->offset_ms == 0 && !control->forward && !control->rewind &&
        !control->pause)
        return pyst_agi_command_error(command);
    pyst_agi_command_add_number(command, control->skip_ms != 0 ? control->skip_ms : SKIP_MS);
    pyst_agi_command_add(command, pyst_text(control->forward));
    pyst_agi_command_add(command, pyst_text(control->rewind));
    pyst_agi_command_add(command, pyst_text(control->pause));
    return add_unless_zero(command, control->offset_ms);
}

int pyst_agi_build_get_option(struct pyst_agi_command *command, struct pyst_text file,
                              struct pyst_text escape_digits, int64_t timeout_ms)
{
    pyst_agi_command_begin(command, "GET OPTION");
    pyst_agi_command_add(command, file);
    pyst_agi_command_add(command, escape_digits);
    return add_unless_zero(command, timeout_ms);
}

int pyst_agi_build_get_data(struct pyst_agi_command *command, struct pyst_text prompt,
                            int64_t timeout_ms, int64_t max_digits)
{
    pyst_agi_command_begin(command, "GET DATA");
    pyst_agi_command_add(command, prompt);
    /* A timeout of 0 is Asterisk's default whether it is sent or not. */
    if (timeout_ms != 0 || max_digits != 0)
        pyst_agi_command_add_number(command, timeout_ms);
    return add_unless_zero(command, max_digits);
}

int pyst_agi_build_wait_for_digit(struct pyst_agi_command *command, int64_t timeout_ms)
{
    pyst_agi_command_begin(command, "WAIT FOR DIGIT");
    return pyst_agi_command_add_number(command, timeout_ms);
}

int pyst_agi_build_record_file(struct pyst_agi_command *command, struct pyst_text file,
                               struct pyst_text format, struct pyst_text escape_digits,
                               int64_t timeout_ms, int64_t offset, bool beep, int64_t silence_s)
{
    pyst_agi_command_begin(command, "RECORD FILE");
    pyst_agi_command_add(command, file);
    pyst_agi_command_add(command, format);
    pyst_agi_command_add(command, escape_digits);
    pyst_agi_command_add_number(command, timeout_ms);
    /* Asterisk guesses by their looks which of these are there; with an offset in its place there
       is nothing to guess. */
    if (offset != 0 || beep || silence_s > 0)
        pyst_agi_command_add_number(command, offset);
    if (beep)
        pyst_agi_command_add(command, pyst_text("beep"));
    if (silence_s > 0) {
        char silence[32];

        snprintf(silence, sizeof(silence), "s=%" PRId64, silence_s);
        pyst_agi_command_add(command, pyst_text(silence));
    }
    return pyst_agi_command_error(command);
}

/* --- speaking ---------------------------------------------------------------------------- */

int pyst_agi_build_say_alpha(struct pyst_agi_command *command, struct pyst_text text,
                             struct pyst_text escape_digits)
{
    pyst_agi_command_begin(command, "SAY ALPHA");
    pyst_agi_command_add(command, text);
    return pyst_agi_command_add(command, escape_digits);
}

int pyst_agi_build_say_phonetic(struct pyst_agi_command *command, struct pyst_text text,
                                struct pyst_text escape_digits)
{
    pyst_agi_command_begin(command, "SAY PHONETIC");
    pyst_agi_command_add(command, text);
    return pyst_agi_command_add(command, escape_digits);
}

int pyst_agi_build_say_digits(struct pyst_agi_command *command, struct pyst_text digits,
                              struct pyst_text escape_digits)
{
    pyst_agi_command_begin(command, "SAY DIGITS");
    pyst_agi_command_add(command, digits);
    return pyst_agi_command_add(command, escape_digits);
}

int pyst_agi_build_say_number(struct pyst_agi_command *command, int64_t number,
                              struct pyst_text escape_digits, struct pyst_text gender)
{
    pyst_agi_command_begin(command, "SAY NUMBER");
    pyst_agi_command_add_number(command, number);
    pyst_agi_command_add(command, escape_digits);
    return add_optional(command, gender);
}

int pyst_agi_build_say_date(struct pyst_agi_command *command, int64_t time,
                            struct pyst_text escape_digits)
{
    pyst_agi_command_begin(command, "SAY DATE");
    pyst_agi_command_add_number(command, time);
    return pyst_agi_command_add(command, escape_digits);
}

int pyst_agi_build_say_time(struct pyst_agi_command *command, int64_t time,
                            struct pyst_text escape_digits)
{
    pyst_agi_command_begin(command, "SAY TIME");
    pyst_agi_command_add_number(command, time);
    return pyst_agi_command_add(command, escape_digits);
}

int pyst_agi_build_say_datetime(struct pyst_agi_command *command, int64_t time,
                                struct pyst_text escape_digits, struct pyst_text format,
                                struct pyst_text zone)
{
    if (!format.data && zone.data)
        format = pyst_text(PYST_AGI_DATETIME_FORMAT);
    pyst_agi_command_begin(command, "SAY DATETIME");
    pyst_agi_command_add_number(command, time);
    pyst_agi_command_add(command, escape_digits);
    add_optional(command, format);
    return add_optional(command, zone);
}

/* --- variables and the database ---------------------------------------------------------- */

int pyst_agi_build_get_variable(struct pyst_agi_command *command, struct pyst_text name)
{
    pyst_agi_command_begin(command, "GET VARIABLE");
    return pyst_agi_command_add(command, name);
}

int pyst_agi_build_get_full_variable(struct pyst_agi_command *command, struct pyst_text expression,
                                     struct pyst_text channel)
{
    pyst_agi_command_begin(command, "GET FULL VARIABLE");
    pyst_agi_command_add(command, expression);
    return add_optional(command, channel);
}

int pyst_agi_build_set_variable(struct pyst_agi_command *command, struct pyst_text name,
                                struct pyst_text value)
{
    pyst_agi_command_begin(command, "SET VARIABLE");
    pyst_agi_command_add(command, name);
    return pyst_agi_command_add(command, value);
}

int pyst_agi_build_database_get(struct pyst_agi_command *command, struct pyst_text family,
                                struct pyst_text key)
{
    pyst_agi_command_begin(command, "DATABASE GET");
    pyst_agi_command_add(command, family);
    return pyst_agi_command_add(command, key);
}

int pyst_agi_build_database_put(struct pyst_agi_command *command, struct pyst_text family,
                                struct pyst_text key, struct pyst_text value)
{
    pyst_agi_command_begin(command, "DATABASE PUT");
    pyst_agi_command_add(command, family);
    pyst_agi_command_add(command, key);
    return pyst_agi_command_add(command, value);
}

int pyst_agi_build_database_del(struct pyst_agi_command *command, struct pyst_text family,
                                struct pyst_text key)
{
    pyst_agi_command_begin(command, "DATABASE DEL");
    pyst_agi_command_add(command, family);
    return pyst_agi_command_add(command, key);
}

int pyst_agi_build_database_deltree(struct pyst_agi_command *command, struct pyst_text family,
                                    struct pyst_text keytree)
{
    pyst_agi_command_begin(command, "DATABASE DELTREE");
    pyst_agi_command_add(command, family);
    return add_optional(command, keytree);
}

/* --- the dialplan ------------------------------------------------------------------------ */

int pyst_agi_build_exec(struct pyst_agi_command *command, struct pyst_text application,
                        struct pyst_text options)
{
    pyst_agi_command_begin(command, "EXEC");
    pyst_agi_command_add(command, application);
    return add_optional(command, options);
}

int pyst_agi_build_gosub(struct pyst_agi_command *command, struct pyst_text context,
                         struct pyst_text extension, struct pyst_text priority,
                         struct pyst_text arguments)
{
    pyst_agi_command_begin(command, "GOSUB");
    pyst_agi_command_add(command, context);
    pyst_agi_command_add(command, extension);
    pyst_agi_command_add(command, priority);
    return add_optional(command, arguments);
}

int pyst_agi_build_set_context(struct pyst_agi_command *command, struct pyst_text context)
{
    pyst_agi_command_begin(command, "SET CONTEXT");
    return pyst_agi_command_add(command, context);
}

int pyst_agi_build_set_extension(struct pyst_agi_command *command, struct pyst_text extension)
{
    pyst_agi_command_begin(command, "SET EXTENSION");
    return pyst_agi_command_add(command, extension);
}

int pyst_agi_build_set_priority(struct pyst_agi_command *command, struct pyst_text priority)
{
    pyst_agi_command_begin(command, "SET PRIORITY");
    return pyst_agi_command_add(command, priority);
}

int pyst_agi_build_verbose(struct pyst_agi_command *command, struct pyst_text message,
                           int64_t level)
{
    pyst_agi_command_begin(command, "VERBOSE");
    pyst_agi_command_add(command, message);
    return pyst_agi_command_add_number(command, level);
}

int pyst_agi_build_noop(struct pyst_agi_command *command)
{
    return pyst_agi_command_begin(command, "NOOP");
}

int pyst_agi_build_asyncagi_break(struct pyst_agi_command *command)
{
    return pyst_agi_command_begin(command, "ASYNCAGI BREAK");
}

/* --- text and pictures ------------------------------------------------------------------- */

int pyst_agi_build_send_text(struct pyst_agi_command *command, struct pyst_text text)
{
    pyst_agi_command_begin(command, "SEND TEXT");
    return pyst_agi_command_add(command, text);
}

int pyst_agi_build_send_image(struct pyst_agi_command *command, struct pyst_text image)
{
    pyst_agi_command_begin(command, "SEND IMAGE");
    return pyst_agi_command_add(command, image);
}

int pyst_agi_build_receive_char(struct pyst_agi_command *command, int64_t timeout_ms)
{
    pyst_agi_command_begin(command, "RECEIVE CHAR");
    return pyst_agi_command_add_number(command, timeout_ms);
}

int pyst_agi_build_receive_text(struct pyst_agi_command *command, int64_t timeout_ms)
{
    pyst_agi_command_begin(command, "RECEIVE TEXT");
    return pyst_agi_command_add_number(command, timeout_ms);
}

/* --- recognizing speech ------------------------------------------------------------------ */

int pyst_agi_build_speech_create(struct pyst_agi_command *command, struct pyst_text engine)
{
    pyst_agi_command_begin(command, "SPEECH CREATE");
    return pyst_agi_command_add(command, engine);
}

int pyst_agi_build_speech_set(struct pyst_agi_command *command, struct pyst_text name,
                              struct pyst_text value)
{
    pyst_agi_command_begin(command, "SPEECH SET");
    pyst_agi_command_add(command, name);
    return pyst_agi_command_add(command, value);
}

int pyst_agi_build_speech_destroy(struct pyst_agi_command *command)
{
    return pyst_agi_command_begin(command, "SPEECH DESTROY");
}

int pyst_agi_build_speech_load_grammar(struct pyst_agi_command *command, struct pyst_text grammar,
                                       struct pyst_text path)
{
    pyst_agi_command_begin(command, "SPEECH LOAD GRAMMAR");
    pyst_agi_command_add(command, grammar);
    return pyst_agi_command_add(command, path);
}

int pyst_agi_build_speech_unload_grammar(struct pyst_agi_command *command, struct pyst_text grammar)
{
    pyst_agi_command_begin(command, "SPEECH UNLOAD GRAMMAR");
    return pyst_agi_command_add(command, grammar);
}

int pyst_agi_build_speech_activate_grammar(struct pyst_agi_command *command,
                                           struct pyst_text grammar)
{
    pyst_agi_command_begin(command, "SPEECH ACTIVATE GRAMMAR");
    return pyst_agi_command_add(command, grammar);
}

int pyst_agi_build_speech_deactivate_grammar(struct pyst_agi_command *command,
                                             struct pyst_text grammar)
{
    pyst_agi_command_begin(command, "SPEECH DEACTIVATE GRAMMAR");
    return pyst_agi_command_add(command, grammar);
}

int pyst_agi_build_speech_recognize(struct pyst_agi_command *command, struct pyst_text prompt,
                                    int64_t timeout_s, int64_t offset)
{
    pyst_agi_command_begin(command, "SPEECH RECOGNIZE");
    pyst_agi_command_add(command, prompt);
    pyst_agi_command_add_number(command, timeout_s);
    return add_unless_zero(command, offset);
}
