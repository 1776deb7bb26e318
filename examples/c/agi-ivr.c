/* SPDX-License-Identifier: MIT */

/*
 * The IVR of ivr.c as an AGI program:
 *
 *     exten => 100,1,AGI(/path/to/agi-ivr,/folder/for/messages)
 *
 * With AGI_TRACE set, the dialogue is shown on standard error.
 */

#include <stdio.h>
#include <stdlib.h>

#include "ivr.h"

int main(int argc, char **argv)
{
    struct pyst_agi_options options = {
        .trace = getenv("AGI_TRACE") ? PYST_AGI_TRACE_TEXT : PYST_AGI_TRACE_OFF,
    };
    struct pyst_agi *agi;
    int r = pyst_agi_open(&agi, &options);

    if (r < 0) {
        fprintf(stderr, "agi-ivr: %s\n", pyst_strerror(r));
        return 1;
    }
    r = ivr(agi, argc > 1 ? argv[1] : NULL);
    pyst_agi_close(agi);
    /* What is not 0 is the FAILURE of AGISTATUS. */
    return r < 0 && r != PYST_ERR_HANGUP;
}
