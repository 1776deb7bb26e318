/* SPDX-License-Identifier: MIT */
#include <pyst/emulator/script.h>

#include "emulator/demo-chatscript.h"

struct pyst_text pyst_emulator_script_demo_text(void)
{
    return pyst_text_of(demo_chatscript, sizeof(demo_chatscript) - 1);
}

int pyst_emulator_script_demo(struct pyst_emulator_script **scriptp)
{
    struct pyst_emulator_script *script;
    int r = pyst_emulator_script_new(&script);

    if (r < 0)
        return r;
    r = pyst_emulator_script_read(script, pyst_emulator_script_demo_text(), NULL);
    if (r < 0) {
        pyst_emulator_script_unref(script);
        return r;
    }
    *scriptp = script;
    return 0;
}
