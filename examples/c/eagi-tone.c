/* SPDX-License-Identifier: MIT */

/*
 * Finds the frequency of a tone that the caller sends while a file is played, by default two
 * seconds of silence, and sets the channel variables TONE (Hz, 0 for none) and PEAK (0 to 32767):
 *
 *     exten => 100,1,EAGI(/path/to/eagi-tone,silence/2)
 */

#include <stdio.h>

#include <pyst/agi/commands.h>
#include <pyst/agi/eagi.h>

/* A tone crosses zero upwards once a period; what is quieter than this is none. */
#define QUIET 500

struct tone {
    int peak;
    bool below;
    uint64_t now; /* samples */
    uint64_t first;
    uint64_t last;
    uint64_t crossings;
};

static void listen(struct tone *tone, const struct pyst_eagi_frame *frame)
{
    for (size_t i = 0; i < frame->n_samples; i++, tone->now++) {
        int sample = frame->samples[i];

        if (sample > tone->peak)
            tone->peak = sample;
        if (sample < -QUIET) {
            tone->below = true;
        } else if (sample > QUIET && tone->below) {
            tone->below = false;
            if (tone->crossings++ == 0)
                tone->first = tone->now;
            tone->last = tone->now;
        }
    }
}

static int measure(struct pyst_agi *agi, struct pyst_eagi *eagi, struct tone *tone)
{
    struct pyst_text file = pyst_agi_environment_argument(pyst_agi_environment(agi), 1);
    struct pyst_eagi_frame frame;
    int r;

    pyst_agi_build_stream_file(pyst_agi_command(agi), file.size ? file : pyst_text("silence/2"),
                               pyst_text(""), 0);
    r = pyst_agi_begin(agi);
    while (r == 0 && pyst_agi_poll(agi) == 0) {
        pyst_eagi_wait(eagi, -1);
        while (pyst_eagi_next(eagi, &frame) == 1)
            listen(tone, &frame);
    }
    /* What came with the reply. */
    while (pyst_eagi_next(eagi, &frame) == 1)
        listen(tone, &frame);
    return r < 0 ? r : pyst_agi_finish(agi, NULL);
}

static int set_number(struct pyst_agi *agi, const char *name, unsigned long long number)
{
    char text[32];

    snprintf(text, sizeof(text), "%llu", number);
    return pyst_agi_set_variable(agi, name, text);
}

int main(void)
{
    struct pyst_agi *agi;
    struct pyst_eagi *eagi;
    struct tone tone = {0};
    unsigned rate;
    int r = pyst_agi_open(&agi, NULL);

    if (r < 0)
        return 1;
    r = pyst_eagi_open(&eagi, agi, NULL);
    if (r == 0 && pyst_eagi_get_format(eagi).sample_size == 2) {
        rate = pyst_eagi_get_format(eagi).rate;
        r = measure(agi, eagi, &tone);
        if (tone.last > tone.first)
            set_number(agi, "TONE",
                       ((tone.crossings - 1) * rate + (tone.last - tone.first) / 2) /
                           (tone.last - tone.first));
        else
            set_number(agi, "TONE", 0);
        set_number(agi, "PEAK", (unsigned)tone.peak);
        pyst_eagi_close(eagi);
    }
    pyst_agi_close(agi);
    return r < 0;
}
