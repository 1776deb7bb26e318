/* SPDX-License-Identifier: MIT */

/* test-agi-examples PROGRAM...: the AGI examples, each run as Asterisk runs it. */

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agi-asterisk.h"

struct program {
    pid_t pid;
    int from; /* what it writes */
    int to;
    int audio;
};

static const char *programs[8];

static const char *find(const char *name)
{
    for (size_t i = 0; programs[i]; i++) {
        const char *slash = strrchr(programs[i], '/');

        if (strcmp(slash ? slash + 1 : programs[i], name) == 0)
            return programs[i];
    }
    fail_msg("%s was not built", name);
    return NULL;
}

static struct program start(const char *name, const char *environment)
{
    const char *path = find(name);
    int from[2], to[2], audio[2];
    struct program program;

    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(audio, O_CLOEXEC), 0);
    program = (struct program){fork(), from[0], to[1], audio[1]};
    assert_true(program.pid >= 0);
    if (program.pid == 0) {
        int audio_input = fcntl(audio[0], F_DUPFD, 10); /* 3 may be a pipe of ours */

        signal(SIGHUP, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
        dup2(to[0], 0);
        dup2(from[1], 1);
        dup2(audio_input, 3);
        close(audio_input);
        execl(path, path, (char *)NULL);
        _exit(127);
    }
    close(from[1]);
    close(to[0]);
    close(audio[0]);
    assert_int_equal(write(program.to, environment, strlen(environment)), strlen(environment));
    return program;
}

/* The program sends `command`, and gets `reply`. */
static void hear(struct program *program, const char *command, const char *reply)
{
    char line[512];
    size_t n = 0;

    while (n + 1 < sizeof(line) && read(program->from, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = '\0';
    assert_string_equal(line, command);
    assert_int_equal(write(program->to, reply, strlen(reply)), strlen(reply));
    assert_int_equal(write(program->to, "\n", 1), 1);
}

/* The program says nothing more; its exit status. */
static int finish(struct program *program)
{
    char byte;
    int status;

    assert_int_equal(read(program->from, &byte, 1), 0);
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    close(program->from);
    close(program->to);
    close(program->audio);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void hello_says_the_digits(void **state)
{
    struct program program = start("agi-hello", ENVIRONMENT);

    hear(&program, "ANSWER", "200 result=0");
    hear(&program, "GET DATA \"vm-extension\" 5000 4", "200 result=0123");
    hear(&program, "SAY DIGITS \"0123\" \"\"", "200 result=0");
    assert_int_equal(finish(&program), 0);
}

#define IVR_ENVIRONMENT "agi_request: ivr\nagi_uniqueid: 1700000000.1\n\n"
#define MENU            "GET OPTION \"vm-options\" \"12\" 5000"

static struct program enter_ivr(void)
{
    struct program program = start("agi-ivr", IVR_ENVIRONMENT);

    hear(&program, "ANSWER", "200 result=0");
    hear(&program, "STREAM FILE \"hello-world\" \"\"", "200 result=0 endpos=9600");
    return program;
}

static void the_ivr_tells_accounts_and_takes_messages(void **state)
{
    struct program program = enter_ivr();

    hear(&program, MENU, "200 result=49 endpos=100");
    hear(&program, "GET DATA \"vm-extension\" 5000 4", "200 result=4711");
    hear(&program, "DATABASE GET \"account\" \"4711\"", "200 result=1 (250)");
    hear(&program, "SAY DIGITS \"250\" \"#\"", "200 result=0");
    hear(&program, MENU, "200 result=49 endpos=100");
    hear(&program, "GET DATA \"vm-extension\" 5000 4", "200 result=1 (timeout)");
    hear(&program, "DATABASE GET \"account\" \"1\"", "200 result=0");
    hear(&program, "STREAM FILE \"pbx-invalid\" \"\"", "200 result=0 endpos=1");
    hear(&program, MENU, "200 result=50 endpos=100");
    hear(&program, "STREAM FILE \"vm-intro\" \"#\"", "200 result=35 endpos=1");
    hear(&program,
         "RECORD FILE \"/tmp/message-1700000000.1\" \"wav\" \"#\" 60000 0 \"beep\" \"s=5\"",
         "200 result=35 (dtmf) endpos=16000");
    hear(&program, "DATABASE PUT \"message\" \"1700000000.1\" \"16000\"", "200 result=1");
    hear(&program, MENU, "200 result=0 endpos=100");
    hear(&program, "STREAM FILE \"vm-goodbye\" \"\"", "200 result=0 endpos=1");
    hear(&program, "HANGUP", "200 result=1");
    assert_int_equal(finish(&program), 0);
}

static void the_ivr_keeps_the_message_of_a_caller_who_hangs_up(void **state)
{
    struct program program = enter_ivr();

    hear(&program, MENU, "200 result=50 endpos=100");
    hear(&program, "STREAM FILE \"vm-intro\" \"#\"", "200 result=0 endpos=1");
    hear(&program,
         "RECORD FILE \"/tmp/message-1700000000.1\" \"wav\" \"#\" 60000 0 \"beep\" \"s=5\"",
         "200 result=-1 (hangup) endpos=8160");
    hear(&program, "DATABASE PUT \"message\" \"1700000000.1\" \"8160\"", "200 result=1");
    hear(&program, MENU, "511 Command Not Permitted on a dead channel");
    hear(&program, "VERBOSE \"The caller has hung up\" 1", "200 result=1");
    assert_int_equal(finish(&program), 0);
}

static void the_ivr_survives_the_signal_of_a_hangup(void **state)
{
    struct program program = enter_ivr();

    assert_int_equal(kill(program.pid, SIGHUP), 0);
    hear(&program, MENU, "200 result=-1 endpos=0");
    hear(&program, "VERBOSE \"The caller has hung up\" 1", "200 result=1");
    assert_int_equal(finish(&program), 0);
}

static void the_ivr_says_what_fails(void **state)
{
    struct program program = start("agi-ivr", IVR_ENVIRONMENT);

    hear(&program, "ANSWER", "510 Invalid or unknown command");
    hear(&program, "VERBOSE \"Asterisk knows no such AGI command, or its module is not loaded\" 1",
         "200 result=1");
    assert_int_equal(finish(&program), 1);
}

static void a_program_that_asterisk_did_not_start_says_so(void **state)
{
    struct program program = start("agi-hello", "");

    close(program.to);
    program.to = dup(program.from);
    assert_int_equal(finish(&program), 1);
}

/* A second of a square wave of 400 Hz at 16 kHz: 40 samples a period. */
static void write_tone(int fd)
{
    int16_t samples[16000];

    for (size_t i = 0; i < 16000; i++)
        samples[i] = i % 40 < 20 ? 10000 : -9000;
    assert_int_equal(write(fd, samples, sizeof(samples)), sizeof(samples));
}

static void the_listener_finds_the_frequency(void **state)
{
    struct program program =
        start("eagi-tone", "agi_request: x\nagi_enhanced: 1.0\nagi_arg_1: a file\n\n");
    char line[] = "STREAM FILE \"a file\" \"\"\n", heard[sizeof(line)] = "";

    hear(&program, "GET VARIABLE \"CHANNEL(audioreadformat)\"", "200 result=1 (slin16)");
    assert_int_equal(read(program.from, heard, sizeof(line) - 1), sizeof(line) - 1);
    assert_string_equal(heard, line);
    write_tone(program.audio);
    assert_int_equal(close(program.audio), 0);
    program.audio = dup(program.to);
    assert_int_equal(write(program.to, "200 result=0 endpos=1\n", 22), 22);
    hear(&program, "SET VARIABLE \"TONE\" \"400\"", "200 result=1");
    hear(&program, "SET VARIABLE \"PEAK\" \"10000\"", "200 result=1");
    assert_int_equal(finish(&program), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_says_the_digits),
        cmocka_unit_test(the_ivr_tells_accounts_and_takes_messages),
        cmocka_unit_test(the_ivr_keeps_the_message_of_a_caller_who_hangs_up),
        cmocka_unit_test(the_ivr_survives_the_signal_of_a_hangup),
        cmocka_unit_test(the_ivr_says_what_fails),
        cmocka_unit_test(a_program_that_asterisk_did_not_start_says_so),
        cmocka_unit_test(the_listener_finds_the_frequency),
    };

    for (int i = 1; i < argc && i < 8; i++)
        programs[i - 1] = argv[i];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
