/* SPDX-License-Identifier: MIT */
#ifndef PYST_SERVER_LIST_H
#define PYST_SERVER_LIST_H

/*
 * A list through the objects themselves: each has a link, the list is a link of its own. What is
 * linked last stands last.
 */

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next, *previous;
};

/* The object of `type` whose `member` the link is. */
#define link_object(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

static inline void list_init(struct link *list)
{
    list->next = list->previous = list;
}

static inline bool list_is_empty(const struct link *list)
{
    return list->next == list;
}

static inline void list_append(struct link *list, struct link *link)
{
    link->next = list;
    link->previous = list->previous;
    list->previous->next = link;
    list->previous = link;
}

static inline void list_remove(struct link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

#endif
