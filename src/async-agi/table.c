/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <pyst/error.h>

#include "async-agi/table.h"

#define BUCKETS_MIN 64

void table_deinit(struct table *table)
{
    free(table->buckets);
    memset(table, 0, sizeof(*table));
}

static struct node **bucket_of(const struct table *table, uint32_t hash)
{
    return &table->buckets[hash & (table->n_buckets - 1)];
}

static void put(struct table *table, struct node *node)
{
    struct node **bucket = bucket_of(table, node->hash);

    node->next = *bucket;
    *bucket = node;
}

static int grow(struct table *table)
{
    struct table larger = {.n_buckets = table->n_buckets ? 4 * table->n_buckets : BUCKETS_MIN};

    larger.buckets = calloc(larger.n_buckets, sizeof(struct node *));
    if (!larger.buckets)
        return PYST_ERR_NO_MEMORY;
    for (size_t i = 0; i < table->n_buckets; i++) {
        for (struct node *node = table->buckets[i], *next; node; node = next) {
            next = node->next;
            put(&larger, node);
        }
    }
    larger.n = table->n;
    free(table->buckets);
    *table = larger;
    return 0;
}

int table_add(struct table *table, struct node *node)
{
    /* Longer chains are only slower: without memory the first table has to do. */
    if (table->n >= table->n_buckets && grow(table) < 0 && table->n_buckets == 0)
        return PYST_ERR_NO_MEMORY;
    put(table, node);
    table->n++;
    return 0;
}

void table_remove(struct table *table, struct node *node)
{
    struct node **slot = bucket_of(table, node->hash);

    while (*slot != node)
        slot = &(*slot)->next;
    *slot = node->next;
    node->next = NULL;
    table->n--;
}

struct node *table_chain(const struct table *table, uint32_t hash)
{
    return table->n > 0 ? *bucket_of(table, hash) : NULL;
}
