/* SPDX-License-Identifier: MIT */
#ifndef PYST_TLS_FAULT_H
#define PYST_TLS_FAULT_H

/**
 * What went wrong: an error number for a program and a sentence for a person.
 */

#include <stdarg.h>
#include <stdio.h>

struct fault {
    int error; /* PYST_ERR_* */
    char text[512];
};

/** Fills in both and returns the error. */
__attribute__((format(printf, 3, 4))) static inline int fault_set(struct fault *fault, int error,
                                                                  const char *format, ...)
{
    va_list arguments;

    fault->error = error;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof(fault->text), format, arguments);
    va_end(arguments);
    return error;
}

#endif
