/* SPDX-License-Identifier: MIT */
#ifndef PYST_BASE_ARRAY_H
#define PYST_BASE_ARRAY_H

#include <stddef.h>

/*
 * Makes room for one more behind the `n` elements of `size` bytes that an array holds, by doubling;
 * *roomp counts elements. PYST_ERR_NO_MEMORY leaves all as it was.
 */
int array_grow(void **arrayp, size_t *roomp, size_t n, size_t size);

#endif
