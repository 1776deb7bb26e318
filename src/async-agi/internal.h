/* SPDX-License-Identifier: MIT */
#ifndef PYST_ASYNC_AGI_INTERNAL_H
#define PYST_ASYNC_AGI_INTERNAL_H

/*
 * What the parts share: async-agi.c (calls, and what a host does with them), take.c (what the
 * manager session says) and next.c (what is to be done).
 */

#include <stdbool.h>

#include <pyst/async-agi.h>
#include <pyst/error.h>

#include "async-agi/assembly.h"
#include "async-agi/table.h"
#include "base/buffer.h"
#include "base/hash.h"

#define CALLS_DEFAULT       65536
#define OUTPUT_SIZE_DEFAULT 8192
#define PREFIX_SIZE         64

enum purpose {
    PURPOSE_COMMAND, /* a line of the program's */
    PURPOSE_FLUSH,   /* a NOOP, for the rest of an environment or a reply */
    PURPOSE_BREAK,   /* the end of the program */
    PURPOSE_RELEASE  /* ASYNCAGI BREAK for a channel that is no call here */
};

/* One action AGI: until its DONE, and until its AsyncAGIExec or the end of its call. */
struct submission {
    struct node node; /* of async->submissions, by address */
    uint64_t number;  /* in its CommandID */
    enum purpose purpose;
    struct pyst_async_agi_call *call; /* NULL: the event came, or the call is over */
    bool done;
    bool may_bridge; /* the command may put the channel into a bridge */
};

/* A channel that is to be sent ASYNCAGI BREAK although it is no call. */
struct release {
    struct release *next;
    size_t size;
    char channel[]; /* as the Channel of an action */
};

struct pyst_async_agi_call {
    struct node node;                      /* of async->calls, by unique ID */
    struct pyst_async_agi_call *busy_next; /* of those that next() has to look at */
    bool is_busy;

    /* The unique ID; the name where the server tells none. */
    char *id;
    size_t id_size;
    char *name;
    size_t name_size;
    bool by_name; /* actions name the channel by that: Asterisk 11 and before */
    /* The channel as actions name it; here from the beginning, for the loss of the manager session
       must not fail. */
    struct release *release;
    bool is_lost; /* keep `release` */
    void *data;   /* the host's */

    struct assembly assembly;
    struct buffer input;           /* for the program */
    struct buffer output;          /* of the program */
    struct submission *submission; /* whose event is due */

    bool environment_complete; /* and in `input` */
    bool started_given;
    bool environment_given;
    bool hung_up;
    bool hangup_given;
    bool finishing; /* pyst_async_agi_finish() was called */
    bool break_sent;
    bool over;
    int error;
};

struct pyst_async_agi {
    struct pyst_async_agi_options options; /* but for the prefix */
    char prefix[PREFIX_SIZE + 1];          /* with the dash */
    size_t prefix_size;

    struct table calls;
    struct table submissions;
    size_t n_ending; /* calls that are in the table no more and whose ENDED is due */
    uint64_t last_number;
    uint64_t refused;

    struct pyst_async_agi_call *busy_first, *busy_last;
    struct release *releases; /* due now */
    struct release *lost;     /* due when the manager session is ready again */

    /* What the last notice showed: let go by the next call. */
    struct pyst_ami_action *shown_action;
    struct pyst_async_agi_call *shown_call; /* ENDED was given */
    struct buffer *shown_input;
};

/* Finds the call of that unique ID; NULL when there is none. */
struct pyst_async_agi_call *call_find(const struct pyst_async_agi *async, struct pyst_text id);

/* Frees a call that is in no table and no list, also one that was not made whole. */
void call_free(struct pyst_async_agi_call *call);

/* Ends the dialogue: ENDED becomes due. */
void call_end(struct pyst_async_agi *async, struct pyst_async_agi_call *call, int error);

/* Has next() look at the call. */
void call_wake(struct pyst_async_agi *async, struct pyst_async_agi_call *call);

/* Does not wait for the call's AsyncAGIExec any more. */
void call_forget_submission(struct pyst_async_agi *async, struct pyst_async_agi_call *call);

/* Frees it when neither its DONE nor its event is due. */
void submission_drop(struct pyst_async_agi *async, struct submission *submission);

struct release *release_new(struct pyst_text channel);
struct release *releases_free(struct release *first);

/* Moves all of `*fromp` before those of `*top`. */
void releases_move(struct release **top, struct release **fromp);

/* Lets go of what the last notice showed. */
void async_hide(struct pyst_async_agi *async);

static inline struct pyst_text release_text(const struct release *release)
{
    return pyst_text_of(release->channel, release->size);
}

#endif
