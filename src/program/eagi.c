/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <pyst/agi/commands.h>
#include <pyst/agi/eagi.h>

#include "program/internal.h"

#define AUDIO_FD     3
#define FRAME_MS     20
#define FRAME_MS_MAX 60000
#define READ_SIZE    16384
#define SLICE_MS     1000 /* between two looks for a SIGHUP that another thread has taken */

struct pyst_eagi {
    struct pyst_agi *agi;
    int fd;
    struct pyst_eagi_format format;
    size_t frame_size;
    uint64_t position;
    bool ended; /* the stream */
    bool over;  /* and the caller of next() knows */

    /* Bytes that were read and not given out. */
    size_t begin;
    size_t end;
    size_t size;
    char data[];
};

static const struct pyst_eagi_format formats[] = {
    {"slin", 8000, 2},    {"slin12", 12000, 2}, {"slin16", 16000, 2},   {"slin24", 24000, 2},
    {"slin32", 32000, 2}, {"slin44", 44100, 2}, {"slin48", 48000, 2},   {"slin96", 96000, 2},
    {"ulaw", 8000, 1},    {"alaw", 8000, 1},    {"slin192", 192000, 2},
};

/* --- opening and closing ----------------------------------------------------------------- */

static int find_format(struct pyst_text name, struct pyst_eagi_format *formatp)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        if (pyst_text_equal_nocase(name, pyst_text(formats[i].name))) {
            *formatp = formats[i];
            return 0;
        }
    }
    return PYST_ERR_INVALID;
}

static int choose_format(struct pyst_agi *agi, const char *wanted, struct pyst_eagi_format *formatp)
{
    struct pyst_text name = pyst_text(wanted);
    int r = 0;

    if (!wanted && agi)
        r = pyst_agi_get_variable(agi, "CHANNEL(audioreadformat)", &name);
    if (r < 0)
        return r;
    return find_format(name.size > 0 ? name : pyst_text("slin"), formatp);
}

int pyst_eagi_open(struct pyst_eagi **eagip, struct pyst_agi *agi,
                   const struct pyst_eagi_options *options)
{
    static const struct pyst_eagi_options defaults;
    struct pyst_eagi_format format;
    struct pyst_eagi *eagi;
    size_t frame_size;
    unsigned frame_ms;
    int r;

    if (!options)
        options = &defaults;
    frame_ms = options->frame_ms ? options->frame_ms : FRAME_MS;
    if (frame_ms > FRAME_MS_MAX)
        return PYST_ERR_INVALID;
    if (agi && !pyst_text_equal(pyst_agi_get(agi, "enhanced"), pyst_text("1.0")))
        return PYST_ERR_STATE;
    r = choose_format(agi, options->format, &format);
    if (r < 0)
        return r;
    frame_size = (size_t)((uint64_t)format.rate * frame_ms / 1000) * format.sample_size;
    if (frame_size == 0)
        return PYST_ERR_INVALID;

    eagi = malloc(sizeof(*eagi) + frame_size + READ_SIZE);
    if (!eagi)
        return PYST_ERR_NO_MEMORY;
    *eagi = (struct pyst_eagi){
        .agi = agi,
        .fd = options->descriptor ? options->descriptor : AUDIO_FD,
        .format = format,
        .frame_size = frame_size,
        .size = frame_size + READ_SIZE,
    };
    *eagip = eagi;
    return 0;
}

struct pyst_eagi *pyst_eagi_close(struct pyst_eagi *eagi)
{
    free(eagi);
    return NULL;
}

struct pyst_eagi_format pyst_eagi_get_format(const struct pyst_eagi *eagi)
{
    return eagi->format;
}

int pyst_eagi_get_fd(const struct pyst_eagi *eagi)
{
    return eagi->fd;
}

/* --- frames ------------------------------------------------------------------------------ */

static size_t n_read(const struct pyst_eagi *eagi)
{
    return eagi->end - eagi->begin;
}

/* Gives out `size` bytes, which are there. */
static int give(struct pyst_eagi *eagi, size_t size, struct pyst_eagi_frame *framep)
{
    const char *data = eagi->data + eagi->begin;

    framep->data = pyst_text_of(data, size);
    /* Frames have an even size, and what they are taken from is aligned. */
    framep->samples = eagi->format.sample_size == 2 ? (const int16_t *)(const void *)data : NULL;
    framep->n_samples = size / eagi->format.sample_size;
    framep->position = eagi->position;
    eagi->position += framep->n_samples;
    eagi->begin += size;
    return 1;
}

/* Reads what is there, once. 1: something, or the end; 0: nothing. */
static int fill(struct pyst_eagi *eagi)
{
    ssize_t n;

    if (eagi->ended || !descriptor_wait(eagi->fd, POLLIN, 0))
        return 0;
    if (eagi->begin > 0) {
        memmove(eagi->data, eagi->data + eagi->begin, n_read(eagi));
        eagi->end = n_read(eagi);
        eagi->begin = 0;
    }
    n = read(eagi->fd, eagi->data + eagi->end, eagi->size - eagi->end);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : PYST_ERR_SYSTEM;
    eagi->end += (size_t)n;
    eagi->ended = n == 0;
    return 1;
}

int pyst_eagi_next(struct pyst_eagi *eagi, struct pyst_eagi_frame *framep)
{
    size_t rest;
    int r = 1;

    while (r > 0 && n_read(eagi) < eagi->frame_size)
        r = fill(eagi);
    if (r < 0)
        return r;
    if (n_read(eagi) >= eagi->frame_size)
        return give(eagi, eagi->frame_size, framep);
    if (!eagi->ended && !(eagi->agi && pyst_agi_is_hung_up(eagi->agi)))
        return 0;
    /* Half a sample is none. */
    rest = n_read(eagi) - n_read(eagi) % eagi->format.sample_size;
    if (rest > 0)
        return give(eagi, rest, framep);
    eagi->over = true;
    return PYST_ERR_HANGUP;
}

/* --- waiting ----------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Waits once, for a slice of the time until `deadline` (below 0: none), for audio and for what
 * Asterisk says. 1: there is something; 0: nothing yet; PYST_ERR_TIMED_OUT.
 */
static int wait_once(struct pyst_eagi *eagi, int64_t deadline)
{
    struct pollfd pollfds[2] = {
        {.fd = eagi->over ? -1 : eagi->fd, .events = POLLIN},
        {.fd = eagi->agi ? pyst_agi_get_fd(eagi->agi) : -1, .events = POLLIN},
    };
    int64_t left = deadline < 0 ? SLICE_MS : deadline - now_ms();

    if (left <= 0)
        return PYST_ERR_TIMED_OUT;
    return poll(pollfds, 2, (int)(left < SLICE_MS ? left : SLICE_MS)) > 0;
}

static bool audio_is_there(const struct pyst_eagi *eagi)
{
    return !eagi->over && (eagi->ended || descriptor_wait(eagi->fd, POLLIN, 0));
}

int pyst_eagi_read(struct pyst_eagi *eagi, int timeout_ms, struct pyst_eagi_frame *framep)
{
    int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    int r;

    /* next() takes what Asterisk has said, too, or poll() would not wait. */
    while (r = pyst_eagi_next(eagi, framep), r == 0)
        if (wait_once(eagi, deadline) < 0)
            return 0;
    return r;
}

int pyst_eagi_wait(struct pyst_eagi *eagi, int timeout_ms)
{
    int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;

    for (;;) {
        int reply = eagi->agi ? pyst_agi_poll(eagi->agi) : PYST_ERR_STATE;
        bool hung_up = eagi->agi && pyst_agi_is_hung_up(eagi->agi);

        if (reply == 1 || audio_is_there(eagi))
            return 1;
        /* Who knows of the hangup waits for the reply, or for nothing. */
        if (eagi->over ? reply < 0 : hung_up)
            return 1;
        if (wait_once(eagi, deadline) < 0)
            return 0;
    }
}
