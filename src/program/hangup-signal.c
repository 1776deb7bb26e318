/* SPDX-License-Identifier: MIT */

/*
 * SIGHUP belongs to the process, not to an object: the one place of the library with state that is
 * not in an object. Each object that looks after signals compares the count with what it was.
 */

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "program/internal.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned watchers;
static struct sigaction replaced;
static atomic_uint count;

static void count_hangup(int signal_number)
{
    (void)signal_number;
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

bool hangup_signal_watch(void)
{
    struct sigaction action;
    bool watching = true;

    pthread_mutex_lock(&lock);
    if (sigaction(SIGHUP, NULL, &action) < 0) {
        watching = false;
    } else if (action.sa_handler != count_hangup) {
        watching = action.sa_handler == SIG_DFL;
        if (watching) {
            /* Without SA_RESTART: what waits is to look. */
            struct sigaction ours = {.sa_handler = count_hangup};

            sigemptyset(&ours.sa_mask);
            replaced = action;
            sigaction(SIGHUP, &ours, NULL);
        }
    }
    watchers += watching;
    pthread_mutex_unlock(&lock);
    return watching;
}

void hangup_signal_unwatch(void)
{
    struct sigaction action;

    pthread_mutex_lock(&lock);
    /* Unless the program has set an action of its own meanwhile. */
    if (--watchers == 0 && sigaction(SIGHUP, NULL, &action) == 0 &&
        action.sa_handler == count_hangup)
        sigaction(SIGHUP, &replaced, NULL);
    pthread_mutex_unlock(&lock);
}

unsigned hangup_signal_count(void)
{
    return atomic_load_explicit(&count, memory_order_relaxed);
}
