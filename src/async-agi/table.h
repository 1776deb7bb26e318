/* SPDX-License-Identifier: MIT */
#ifndef PYST_ASYNC_AGI_TABLE_H
#define PYST_ASYNC_AGI_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* A hash table of nodes that are part of what it holds. All zero is an empty one. */
struct node {
    struct node *next;
    uint32_t hash;
};

struct table {
    struct node **buckets;
    size_t n_buckets;
    size_t n;
};

/* Forgets the nodes, which are their owners' to free. */
void table_deinit(struct table *table);

/* Adds a node whose hash is set. PYST_ERR_NO_MEMORY adds nothing. */
int table_add(struct table *table, struct node *node);

void table_remove(struct table *table, struct node *node);

/* The nodes that may have the hash, by `next`. */
struct node *table_chain(const struct table *table, uint32_t hash);

#endif
