/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <pyst/error.h>

#include "base/array.h"

#define ROOM_MIN 4

int array_grow(void **arrayp, size_t *roomp, size_t n, size_t size)
{
    const size_t room = *roomp < ROOM_MIN ? ROOM_MIN : 2 * *roomp;
    void *array;

    if (n < *roomp)
        return 0;
    array = realloc(*arrayp, room * size);
    if (!array)
        return PYST_ERR_NO_MEMORY;
    *arrayp = array;
    *roomp = room;
    return 0;
}
