/* SPDX-License-Identifier: MIT */

/* test-agi-server-example PROGRAM: the example of a server, from its start to Ctrl-C. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <signal.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agi-client.h"

static const char *program;

/* The port is told on its standard output, which is left in *outputp. */
static pid_t start(int *portp, FILE **outputp)
{
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(2 * WAIT_S);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        unsetenv("ASTERISK");
        execl(program, program, "agi://127.0.0.1:0", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *outputp = fdopen(ends[0], "r");
    assert_non_null(*outputp);
    assert_int_equal(fscanf(*outputp, "agi://127.0.0.1:0 %d", portp), 1);
    return pid;
}

static void hear(int fd, const char *command, const char *reply)
{
    client_expect(fd, command);
    client_say(fd, reply);
}

static void serves_both_routes_until_ctrl_c(void **state)
{
    unsigned long long calls, commands;
    int port, hold, ivr, status;
    FILE *output;
    pid_t pid;

    (void)state;
    pid = start(&port, &output);
    hold = client_call(port, "hold?sound=queue-thankyou");
    hear(hold, "ANSWER", "200 result=0\n");
    hear(hold, "WAIT FOR DIGIT 30000", "200 result=0\n");
    hear(hold, "STREAM FILE \"queue-thankyou\" \"\"", "200 result=0 endpos=8000\n");
    client_expect(hold, "WAIT FOR DIGIT 30000");

    ivr = client_call(port, "ivr");
    hear(ivr, "ANSWER", "200 result=0\n");
    hear(ivr, "STREAM FILE \"hello-world\" \"\"", "200 result=0 endpos=9600\n");
    client_expect(ivr, "GET OPTION \"vm-options\" \"12\" 5000");

    /* The calls may end by themselves. */
    assert_int_equal(kill(pid, SIGINT), 0);
    client_say(ivr, "200 result=0 endpos=100\n");
    hear(ivr, "STREAM FILE \"vm-goodbye\" \"\"", "200 result=0 endpos=1\n");
    hear(ivr, "HANGUP", "200 result=1\n");
    client_expect_end(ivr);
    client_say(hold, "200 result=53\n");
    client_expect_end(hold);
    assert_int_equal(fscanf(output, " %llu calls, %llu commands", &calls, &commands), 2);
    assert_int_equal(calls, 2);
    assert_int_equal(commands, 9);
    fclose(output);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(serves_both_routes_until_ctrl_c)};

    if (argc != 2)
        return 2;
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
