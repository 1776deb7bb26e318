/* SPDX-License-Identifier: MIT */

/*
 * AGI programs over descriptors, and their signals. Asterisk's end is played by the test itself:
 * between pyst_agi_begin() and pyst_agi_finish(), or in a thread or process of its own.
 */

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agi-asterisk.h"

struct call {
    int program[2];  /* the program reads from and writes to */
    int asterisk[2]; /* the other ends */
    struct pyst_agi *agi;
};

static void use_pipes(struct call *call)
{
    int to_program[2], from_program[2];

    assert_int_equal(pipe2(to_program, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from_program, O_CLOEXEC), 0);
    *call = (struct call){{to_program[0], from_program[1]}, {from_program[0], to_program[1]}, NULL};
}

static void use_sockets(struct call *call)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    *call = (struct call){{ends[0], dup(ends[0])}, {ends[1], dup(ends[1])}, NULL};
}

static void close_all(const int *descriptors)
{
    close(descriptors[0]);
    close(descriptors[1]);
}

static void write_text(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void answer_call(struct call *call, bool leave_signals)
{
    struct pyst_agi_options options = {.descriptors = call->program,
                                       .leave_signals = leave_signals};

    write_text(call->asterisk[1], ENVIRONMENT);
    assert_int_equal(pyst_agi_open(&call->agi, &options), 0);
}

static void end_call(struct call *call)
{
    call->agi = pyst_agi_close(call->agi);
    /* Descriptors stay open: these are not closed twice. */
    assert_int_equal(fcntl(call->program[0], F_GETFD) & ~FD_CLOEXEC, 0);
    assert_int_equal(fcntl(call->program[1], F_GETFD) & ~FD_CLOEXEC, 0);
    close_all(call->program);
    close_all(call->asterisk);
}

/* One line, without its LF. */
static void read_line(int fd, char *line, size_t size)
{
    size_t n = 0;

    while (n + 1 < size && read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = '\0';
}

static void begin_noop(struct call *call)
{
    char line[64];

    assert_int_equal(pyst_agi_build_noop(pyst_agi_command(call->agi)), 0);
    assert_int_equal(pyst_agi_begin(call->agi), 0);
    read_line(call->asterisk[0], line, sizeof(line));
    assert_string_equal(line, "NOOP");
}

static int exchange(struct call *call, const char *reply)
{
    begin_noop(call);
    write_text(call->asterisk[1], reply);
    return pyst_agi_finish(call->agi, NULL);
}

/* --- bytes ------------------------------------------------------------------------------- */

static void (*const carriers[])(struct call *) = {use_pipes, use_sockets};

#define EACH_CARRIER(carrier) for (size_t carrier = 0; carrier < 2; carrier++)

static void pipes_and_sockets_carry_calls(void **state)
{
    EACH_CARRIER(i)
    {
        struct call call;

        carriers[i](&call);
        answer_call(&call, false);
        assert_int_equal(pyst_agi_get_fd(call.agi), call.program[0]);
        assert_int_equal(exchange(&call, "200 result=0\n"), 0);
        assert_int_equal(exchange(&call, "200 result=-1\n"), PYST_ERR_COMMAND_FAILED);
        end_call(&call);
    }
}

static void a_poll_does_not_wait(void **state)
{
    struct call call;

    use_pipes(&call);
    answer_call(&call, false);
    begin_noop(&call);
    assert_int_equal(pyst_agi_poll(call.agi), 0);
    write_text(call.asterisk[1], "200 res");
    assert_int_equal(pyst_agi_poll(call.agi), 0);
    assert_false(pyst_agi_is_hung_up(call.agi));
    write_text(call.asterisk[1], "ult=0\n");
    assert_int_equal(pyst_agi_poll(call.agi), 1);
    assert_int_equal(pyst_agi_poll(call.agi), 1);
    assert_int_equal(pyst_agi_finish(call.agi, NULL), 0);

    /* A question between may read the reply, and does not lose it. */
    begin_noop(&call);
    write_text(call.asterisk[1], "200 result=5\n");
    assert_false(pyst_agi_is_hung_up(call.agi));
    assert_int_equal(pyst_agi_poll(call.agi), 1);
    assert_int_equal(pyst_agi_finish(call.agi, NULL), 0);
    assert_int_equal(pyst_agi_reply(call.agi)->number, 5);
    end_call(&call);
}

static void a_hangup_between_commands_is_seen_at_once(void **state)
{
    struct call call;

    use_sockets(&call);
    answer_call(&call, true);
    assert_false(pyst_agi_is_hung_up(call.agi));
    write_text(call.asterisk[1], "HANG");
    assert_false(pyst_agi_is_hung_up(call.agi));
    write_text(call.asterisk[1], "UP\n");
    assert_true(pyst_agi_is_hung_up(call.agi));
    assert_int_equal(exchange(&call, "200 result=-1\n"), PYST_ERR_HANGUP);
    end_call(&call);

    use_pipes(&call);
    answer_call(&call, true);
    close(call.asterisk[1]);
    assert_true(pyst_agi_is_hung_up(call.agi));
    assert_int_equal(pyst_agi_noop(call.agi), PYST_ERR_HANGUP);
    call.asterisk[1] = dup(call.asterisk[0]);
    end_call(&call);
}

static void a_reply_outlives_the_question_for_a_hangup(void **state)
{
    struct pyst_text value;
    struct call call;
    char line[64];

    use_sockets(&call);
    answer_call(&call, true);
    pyst_agi_build_get_variable(pyst_agi_command(call.agi), pyst_text("X"));
    assert_int_equal(pyst_agi_begin(call.agi), 0);
    read_line(call.asterisk[0], line, sizeof(line));
    write_text(call.asterisk[1], "200 result=1 (value)\nHANGUP\n");
    assert_int_equal(pyst_agi_finish(call.agi, NULL), 0);
    assert_int_equal(pyst_agi_reply_value(pyst_agi_reply(call.agi), &value), 1);
    assert_true(pyst_agi_is_hung_up(call.agi));
    assert_text(value, "value");
    assert_text(pyst_agi_reply(call.agi)->text, "200 result=1 (value)");
    end_call(&call);
}

static void descriptors_that_are_none_are_an_error(void **state)
{
    int descriptors[2] = {-1, -1};
    struct pyst_agi_options options = {.descriptors = descriptors};
    struct pyst_agi *agi = NULL;

    errno = 0;
    assert_int_equal(pyst_agi_open(&agi, &options), PYST_ERR_SYSTEM);
    assert_int_equal(errno, EBADF);
    assert_null(agi);
}

/* Answers all NOOPs, after what was in the pipe before, until the end. */
static void *answer_noops(void *user)
{
    const int *ends = user;
    char line[8192];

    for (;;) {
        read_line(ends[0], line, sizeof(line));
        if (line[0] == '\0')
            return NULL;
        if (strcmp(line + strspn(line, "x"), "NOOP") == 0)
            write_text(ends[1], "200 result=3\n");
    }
}

static void descriptors_may_be_non_blocking_and_full(void **state)
{
    char filling[4096];

    memset(filling, 'x', sizeof(filling));
    EACH_CARRIER(i)
    {
        pthread_t thread;
        struct call call;
        int size = 1;

        carriers[i](&call);
        if (i == 0)
            assert_true(fcntl(call.program[1], F_SETPIPE_SZ, (int)sizeof(filling)) > 0);
        else
            assert_int_equal(
                setsockopt(call.program[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
        answer_call(&call, true);
        assert_int_equal(fcntl(call.program[0], F_SETFL, O_NONBLOCK), 0);
        assert_int_equal(fcntl(call.program[1], F_SETFL, O_NONBLOCK), 0);
        while (write(call.program[1], filling, sizeof(filling)) > 0)
            ;
        assert_int_equal(errno, EAGAIN);
        assert_int_equal(pthread_create(&thread, NULL, answer_noops, call.asterisk), 0);
        for (int n = 0; n < 3; n++) {
            assert_int_equal(pyst_agi_noop(call.agi), 0);
            assert_int_equal(pyst_agi_reply(call.agi)->number, 3);
        }
        write_text(call.program[1], "\n");
        pthread_join(thread, NULL);
        end_call(&call);
    }
}

static void *close_reader(void *user)
{
    close(*(int *)user);
    return NULL;
}

static void a_full_pipe_whose_reader_goes_is_a_hangup(void **state)
{
    char filling[4096];
    pthread_t thread;
    struct call call;

    memset(filling, 'x', sizeof(filling));
    use_pipes(&call);
    assert_true(fcntl(call.program[1], F_SETPIPE_SZ, (int)sizeof(filling)) > 0);
    answer_call(&call, true);
    assert_int_equal(write(call.program[1], filling, sizeof(filling)), sizeof(filling));
    assert_int_equal(pthread_create(&thread, NULL, close_reader, &call.asterisk[0]), 0);
    assert_int_equal(pyst_agi_noop(call.agi), PYST_ERR_HANGUP);
    pthread_join(thread, NULL);
    call.asterisk[0] = dup(call.asterisk[1]);
    end_call(&call);
}

/* --- SIGPIPE ----------------------------------------------------------------------------- */

static volatile sig_atomic_t pipe_signals;

static void count_pipe_signal(int number)
{
    pipe_signals++;
}

static bool pipe_signal_is_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGPIPE);
}

static void lose_asterisk(size_t carrier)
{
    struct call call;

    carriers[carrier](&call);
    answer_call(&call, true);
    close_all(call.asterisk);
    assert_int_equal(pyst_agi_noop(call.agi), PYST_ERR_HANGUP);
    assert_true(pyst_agi_is_hung_up(call.agi));
    pyst_agi_close(call.agi);
    close_all(call.program);
}

static void a_write_to_nobody_raises_no_signal(void **state)
{
    struct sigaction counting = {.sa_handler = count_pipe_signal}, before, after;

    assert_int_equal(sigaction(SIGPIPE, &counting, &before), 0);
    pipe_signals = 0;
    EACH_CARRIER(i)
    {
        lose_asterisk(i);
        assert_int_equal(pipe_signals, 0);
        assert_false(pipe_signal_is_pending());
    }
    assert_int_equal(sigaction(SIGPIPE, &before, &after), 0);
    assert_ptr_equal(after.sa_handler, count_pipe_signal);
}

static void a_signal_that_was_pending_stays_so(void **state)
{
    struct sigaction counting = {.sa_handler = count_pipe_signal}, before;
    sigset_t pipe_signal, mask, unchanged;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    assert_int_equal(sigaction(SIGPIPE, &counting, &before), 0);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &mask);
    pipe_signals = 0;

    lose_asterisk(0);
    assert_false(pipe_signal_is_pending());
    pthread_kill(pthread_self(), SIGPIPE);
    lose_asterisk(0);
    assert_true(pipe_signal_is_pending());
    pthread_sigmask(SIG_SETMASK, NULL, &unchanged);
    assert_true(sigismember(&unchanged, SIGPIPE));
    assert_int_equal(pipe_signals, 0);

    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    assert_int_equal(pipe_signals, 1);
    sigaction(SIGPIPE, &before, NULL);
}

/* --- SIGHUP ------------------------------------------------------------------------------ */

static volatile sig_atomic_t own_signals;

static void count_own_signal(int number)
{
    own_signals++;
}

static void count_own_signal_with_reason(int number, siginfo_t *reason, void *context)
{
    own_signals++;
}

static struct sigaction hangup_action(void)
{
    struct sigaction action;

    assert_int_equal(sigaction(SIGHUP, NULL, &action), 0);
    return action;
}

static void set_hangup_handler(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    assert_int_equal(sigaction(SIGHUP, &action, NULL), 0);
}

static void the_default_action_is_replaced_and_restored(void **state)
{
    struct call call, later;

    set_hangup_handler(SIG_DFL);
    use_pipes(&call);
    answer_call(&call, false);
    assert_ptr_not_equal(hangup_action().sa_handler, SIG_DFL);
    assert_int_equal(exchange(&call, "200 result=-1\n"), PYST_ERR_COMMAND_FAILED);
    raise(SIGHUP);
    assert_int_equal(exchange(&call, "200 result=-1\n"), PYST_ERR_HANGUP);
    assert_true(pyst_agi_is_hung_up(call.agi));
    assert_int_equal(exchange(&call, "200 result=0\n"), 0);

    /* A hangup of before is none of this one's. */
    use_pipes(&later);
    answer_call(&later, false);
    assert_false(pyst_agi_is_hung_up(later.agi));
    end_call(&call);
    assert_ptr_not_equal(hangup_action().sa_handler, SIG_DFL);
    raise(SIGHUP);
    assert_true(pyst_agi_is_hung_up(later.agi));
    end_call(&later);
    assert_ptr_equal(hangup_action().sa_handler, SIG_DFL);
}

static void an_open_that_fails_restores_the_action(void **state)
{
    struct pyst_agi_options options = {0};
    struct pyst_agi *agi = NULL;
    struct call call;

    set_hangup_handler(SIG_DFL);
    use_pipes(&call);
    options.descriptors = call.program;
    close(call.asterisk[1]);
    assert_int_equal(pyst_agi_open(&agi, &options), PYST_ERR_NO_ENVIRONMENT);
    assert_ptr_equal(hangup_action().sa_handler, SIG_DFL);
    close(call.asterisk[0]);
    close_all(call.program);
}

static void a_handler_of_the_programs_own_is_left_alone(void **state)
{
    struct call call;

    own_signals = 0;
    set_hangup_handler(count_own_signal);
    use_pipes(&call);
    answer_call(&call, false);
    assert_ptr_equal(hangup_action().sa_handler, count_own_signal);
    raise(SIGHUP);
    assert_int_equal(own_signals, 1);
    assert_false(pyst_agi_is_hung_up(call.agi));
    pyst_agi_hung_up(call.agi);
    assert_true(pyst_agi_is_hung_up(call.agi));
    end_call(&call);
    assert_ptr_equal(hangup_action().sa_handler, count_own_signal);
    set_hangup_handler(SIG_DFL);
}

static void a_handler_that_wants_to_know_why_is_left_alone(void **state)
{
    struct sigaction own = {.sa_sigaction = count_own_signal_with_reason, .sa_flags = SA_SIGINFO};
    struct call call;

    own_signals = 0;
    assert_int_equal(sigaction(SIGHUP, &own, NULL), 0);
    use_pipes(&call);
    answer_call(&call, false);
    raise(SIGHUP);
    assert_int_equal(own_signals, 1);
    end_call(&call);
    assert_true(hangup_action().sa_flags & SA_SIGINFO);
    set_hangup_handler(SIG_DFL);
}

static void a_program_that_ignores_hangups_goes_on_doing_so(void **state)
{
    struct call call;

    set_hangup_handler(SIG_IGN);
    use_pipes(&call);
    answer_call(&call, false);
    assert_ptr_equal(hangup_action().sa_handler, SIG_IGN);
    raise(SIGHUP);
    assert_false(pyst_agi_is_hung_up(call.agi));
    end_call(&call);
    assert_ptr_equal(hangup_action().sa_handler, SIG_IGN);
    set_hangup_handler(SIG_DFL);
}

static void signals_are_left_when_that_is_asked_for(void **state)
{
    struct call call;

    set_hangup_handler(SIG_DFL);
    use_pipes(&call);
    answer_call(&call, true);
    assert_ptr_equal(hangup_action().sa_handler, SIG_DFL);
    end_call(&call);
}

static void a_handler_that_was_set_meanwhile_stays(void **state)
{
    struct call call;

    set_hangup_handler(SIG_DFL);
    use_pipes(&call);
    answer_call(&call, false);
    set_hangup_handler(count_own_signal);
    end_call(&call);
    assert_ptr_equal(hangup_action().sa_handler, count_own_signal);
    set_hangup_handler(SIG_DFL);
}

struct interruption {
    pthread_t thread;
    const int *asterisk;
    bool signal_first;
};

/* What a hangup looks like to a program: the signal, and the reply of -1, in either order. */
static void *hang_up(void *user)
{
    struct interruption *interruption = user;
    char line[64];

    read_line(interruption->asterisk[0], line, sizeof(line));
    if (interruption->signal_first)
        pthread_kill(interruption->thread, SIGHUP);
    write_text(interruption->asterisk[1], "200 result=-1\n");
    if (!interruption->signal_first) {
        read_line(interruption->asterisk[0], line, sizeof(line));
        pthread_kill(interruption->thread, SIGHUP);
        write_text(interruption->asterisk[1], "200 result=6\n");
    }
    return NULL;
}

static void a_hangup_interrupts_waiting(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct interruption interruption = {.thread = pthread_self(), .signal_first = i == 0};
        pthread_t thread;
        struct call call;

        set_hangup_handler(SIG_DFL);
        use_pipes(&call);
        answer_call(&call, false);
        interruption.asterisk = call.asterisk;
        assert_int_equal(pthread_create(&thread, NULL, hang_up, &interruption), 0);
        assert_int_equal(pyst_agi_wait_for_digit(call.agi, -1, NULL), PYST_ERR_HANGUP);
        pthread_join(thread, NULL);
        end_call(&call);
    }
}

/* --- threads and processes --------------------------------------------------------------- */

/* cmocka's assertions belong to the main thread: a problem is told in words. */
static const char *run_call(void)
{
    struct pyst_agi_options options = {0};
    struct pyst_agi *agi;
    char command[64];
    int ends[2], descriptors[2], r;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return "no sockets";
    descriptors[0] = descriptors[1] = ends[0];
    options.descriptors = descriptors;
    if (write(ends[1], ENVIRONMENT, strlen(ENVIRONMENT)) < 0 || pyst_agi_open(&agi, &options) < 0)
        return "it does not open";
    pyst_agi_build_noop(pyst_agi_command(agi));
    r = pyst_agi_begin(agi);
    read_line(ends[1], command, sizeof(command));
    if (r < 0 || strcmp(command, "NOOP") != 0 || write(ends[1], "200 result=0\n", 13) != 13 ||
        pyst_agi_finish(agi, NULL) < 0)
        return "a command fails";
    close(ends[1]);
    if (pyst_agi_noop(agi) != PYST_ERR_HANGUP)
        return "no hangup";
    pyst_agi_close(agi);
    close(ends[0]);
    return NULL;
}

static void *run_calls(void *user)
{
    const char **problemp = user;

    for (int i = 0; i < 50 && !*problemp; i++)
        *problemp = run_call();
    return NULL;
}

static void calls_go_on_in_several_threads(void **state)
{
    const char *problems[8] = {NULL};
    pthread_t threads[8];

    set_hangup_handler(SIG_DFL);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_calls, &problems[i]), 0);
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        if (problems[i])
            fail_msg("%s", problems[i]);
    }
    assert_ptr_equal(hangup_action().sa_handler, SIG_DFL);
}

/* A program: standard input and output, and the default actions of its signals. */
static int run_program(void)
{
    struct pyst_text digits;
    struct pyst_agi *agi;

    if (pyst_agi_open(&agi, NULL) < 0)
        return 1;
    if (pyst_agi_get_data(agi, "enter", 5000, 4, &digits) != 1 || strcmp(digits.data, "4711") != 0)
        return 2;
    if (pyst_agi_wait_for_digit(agi, -1, NULL) != PYST_ERR_HANGUP || !pyst_agi_is_hung_up(agi))
        return 3;
    if (pyst_agi_verbose(agi, "gone", 1) != 0)
        return 4;
    if (pyst_agi_noop(agi) != PYST_ERR_HANGUP)
        return 5;
    pyst_agi_close(agi);
    return 0;
}

static void a_process_lives_through_a_hangup_and_a_broken_pipe(void **state)
{
    struct call call;
    char line[64];
    int status;
    pid_t pid;

    use_pipes(&call);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGHUP, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
        dup2(call.program[0], 0);
        dup2(call.program[1], 1);
        close_all(call.program);
        close_all(call.asterisk);
        _exit(run_program());
    }
    close_all(call.program);
    write_text(call.asterisk[1], ENVIRONMENT);
    read_line(call.asterisk[0], line, sizeof(line));
    assert_string_equal(line, "GET DATA \"enter\" 5000 4");
    write_text(call.asterisk[1], "200 result=4711\n");
    read_line(call.asterisk[0], line, sizeof(line));
    assert_string_equal(line, "WAIT FOR DIGIT -1");
    kill(pid, SIGHUP);
    write_text(call.asterisk[1], "200 result=-1\n");
    read_line(call.asterisk[0], line, sizeof(line));
    assert_string_equal(line, "VERBOSE \"gone\" 1");
    close(call.asterisk[0]);
    write_text(call.asterisk[1], "200 result=1\n");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(call.asterisk[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes_and_sockets_carry_calls),
        cmocka_unit_test(a_poll_does_not_wait),
        cmocka_unit_test(a_hangup_between_commands_is_seen_at_once),
        cmocka_unit_test(a_reply_outlives_the_question_for_a_hangup),
        cmocka_unit_test(descriptors_that_are_none_are_an_error),
        cmocka_unit_test(descriptors_may_be_non_blocking_and_full),
        cmocka_unit_test(a_full_pipe_whose_reader_goes_is_a_hangup),
        cmocka_unit_test(a_write_to_nobody_raises_no_signal),
        cmocka_unit_test(a_signal_that_was_pending_stays_so),
        cmocka_unit_test(the_default_action_is_replaced_and_restored),
        cmocka_unit_test(an_open_that_fails_restores_the_action),
        cmocka_unit_test(a_handler_of_the_programs_own_is_left_alone),
        cmocka_unit_test(a_handler_that_wants_to_know_why_is_left_alone),
        cmocka_unit_test(a_program_that_ignores_hangups_goes_on_doing_so),
        cmocka_unit_test(signals_are_left_when_that_is_asked_for),
        cmocka_unit_test(a_handler_that_was_set_meanwhile_stays),
        cmocka_unit_test(a_hangup_interrupts_waiting),
        cmocka_unit_test(calls_go_on_in_several_threads),
        cmocka_unit_test(a_process_lives_through_a_hangup_and_a_broken_pipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
