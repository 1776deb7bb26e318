/* SPDX-License-Identifier: MIT */
#ifndef PYST_BASE_MD5_H
#define PYST_BASE_MD5_H

#include <stddef.h>

#include <pyst/text.h>

/*
 * The MD5 of the parts one after another, as 32 lower-case hexadecimal digits and a NUL. It is
 * what Asterisk's AuthType MD5 asks for (main/manager.c, authenticate); for nothing else.
 */
void pyst_md5_hex(const struct pyst_text *parts, size_t n_parts, char out[33]);

#endif
