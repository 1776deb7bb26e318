/* SPDX-License-Identifier: MIT */

/* An AGI program, whose start agi-start.c measures. */

#include <pyst/agi/commands.h>

int main(void)
{
    struct pyst_agi *agi;
    int r;

    if (pyst_agi_open(&agi, NULL) < 0) {
        return 1;
    }
    r = pyst_agi_noop(agi);
    pyst_agi_close(agi);
    return r < 0;
}
