/* SPDX-License-Identifier: MIT */
#include <pyst/error.h>

const char *pyst_strerror(int error)
{
    switch (error) {
#define CASE(name, number, sentence)                                                               \
    case number:                                                                                   \
        return sentence;
        PYST_ERRORS(CASE)
#undef CASE
    default:
        return error >= 0 ? "no error" : "an error without a name";
    }
}

const char *pyst_error_name(int error)
{
    switch (error) {
#define CASE(name, number, sentence)                                                               \
    case number:                                                                                   \
        return #name;
        PYST_ERRORS(CASE)
#undef CASE
    default:
        return error >= 0 ? "OK" : "UNKNOWN";
    }
}
