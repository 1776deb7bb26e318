/* SPDX-License-Identifier: MIT */

/*
 * An AGI program: asks for four digits and says them.
 *
 *     exten => 100,1,AGI(/path/to/agi-hello)
 */

#include <pyst/agi/commands.h>

int main(void)
{
    struct pyst_agi *agi;
    struct pyst_text digits;

    if (pyst_agi_open(&agi, NULL) < 0)
        return 1;
    pyst_agi_answer(agi);
    if (pyst_agi_get_data(agi, "vm-extension", 5000, 4, &digits) >= 0 && digits.size > 0)
        pyst_agi_say_digits(agi, digits.data, "", NULL);
    pyst_agi_close(agi);
    return 0;
}
