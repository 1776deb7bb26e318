/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <pyst/error.h>

#include "ami/in-flight.h"
#include "base/hash.h"

#define BUCKETS_MIN 64

struct pending *pending_new(struct pyst_text id)
{
    struct pending *pending = calloc(1, sizeof(*pending) + id.size);

    if (!pending)
        return NULL;
    pending->heap_index = HEAP_NONE;
    pending->deadline = UINT64_MAX;
    pending->id_size = id.size;
    if (id.size > 0)
        memcpy(pending->id, id.data, id.size);
    pending->hash = (uint32_t)hash_text(id);
    return pending;
}

struct pending *pending_free(struct pending *pending)
{
    if (!pending)
        return NULL;
    for (size_t i = 0; i < pending->n_items; i++)
        pyst_ami_message_unref(pending->items[i]);
    pyst_ami_message_unref(pending->response);
    if (pending->bytes)
        explicit_bzero(pending->bytes, pending->bytes_size); /* it may hold a secret */
    free(pending->bytes);
    free(pending->items);
    free(pending->final_event);
    free(pending);
    return NULL;
}

void in_flight_deinit(struct in_flight *table)
{
    while (table->first) {
        struct pending *pending = table->first;

        in_flight_remove(table, pending);
        pending_free(pending);
    }
    free(table->buckets);
    free(table->heap);
    memset(table, 0, sizeof(*table));
}

static struct pending **bucket_of(const struct in_flight *table, uint32_t hash)
{
    return &table->buckets[hash & (table->n_buckets - 1)];
}

/* Appends, so that of two with the same ActionID the earlier one is found first. */
static void bucket_append(struct in_flight *table, struct pending *pending)
{
    struct pending **slot = bucket_of(table, pending->hash);

    while (*slot)
        slot = &(*slot)->bucket_next;
    pending->bucket_next = NULL;
    *slot = pending;
}

static int grow_buckets(struct in_flight *table)
{
    size_t n = table->n_buckets ? 4 * table->n_buckets : BUCKETS_MIN;
    struct pending **buckets = calloc(n, sizeof(struct pending *));

    if (!buckets)
        return PYST_ERR_NO_MEMORY;
    free(table->buckets);
    table->buckets = buckets;
    table->n_buckets = n;
    for (struct pending *pending = table->first; pending; pending = pending->later)
        bucket_append(table, pending);
    return 0;
}

static void heap_put(struct in_flight *table, size_t index, struct pending *pending)
{
    table->heap[index] = pending;
    pending->heap_index = index;
}

static void heap_up(struct in_flight *table, size_t index)
{
    struct pending *pending = table->heap[index];

    while (index > 0) {
        size_t parent = (index - 1) / 2;

        if (table->heap[parent]->deadline <= pending->deadline)
            break;
        heap_put(table, index, table->heap[parent]);
        index = parent;
    }
    heap_put(table, index, pending);
}

static void heap_down(struct in_flight *table, size_t index)
{
    struct pending *pending = table->heap[index];

    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= table->n_heap)
            break;
        if (child + 1 < table->n_heap &&
            table->heap[child + 1]->deadline < table->heap[child]->deadline)
            child++;
        if (pending->deadline <= table->heap[child]->deadline)
            break;
        heap_put(table, index, table->heap[child]);
        index = child;
    }
    heap_put(table, index, pending);
}

static void heap_remove(struct in_flight *table, struct pending *pending)
{
    size_t index = pending->heap_index;
    struct pending *last;

    if (index == HEAP_NONE)
        return;
    pending->heap_index = HEAP_NONE;
    last = table->heap[--table->n_heap];
    if (last == pending)
        return;
    heap_put(table, index, last);
    heap_up(table, index);
    heap_down(table, last->heap_index);
}

int in_flight_add(struct in_flight *table, struct pending *pending)
{
    /* Longer chains are only slower: without memory the first table has to do. */
    if (table->n >= table->n_buckets && grow_buckets(table) < 0 && table->n_buckets == 0)
        return PYST_ERR_NO_MEMORY;
    if (pending->deadline != UINT64_MAX) {
        if (table->n_heap == table->heap_size) {
            size_t size = table->heap_size ? 2 * table->heap_size : BUCKETS_MIN;
            struct pending **heap = realloc(table->heap, size * sizeof(struct pending *));

            if (!heap)
                return PYST_ERR_NO_MEMORY;
            table->heap = heap;
            table->heap_size = size;
        }
        heap_put(table, table->n_heap++, pending);
        heap_up(table, pending->heap_index);
    }
    bucket_append(table, pending);
    pending->earlier = table->last;
    pending->later = NULL;
    if (table->last)
        table->last->later = pending;
    else
        table->first = pending;
    table->last = pending;
    table->n++;
    table->n_user += pending->role == ROLE_USER;
    if (pending->progress == PROGRESS_SENT)
        table->n_synchronous += pending->synchronous;
    return 0;
}

void in_flight_remove(struct in_flight *table, struct pending *pending)
{
    struct pending **slot = bucket_of(table, pending->hash);

    in_flight_advance(table, pending, PROGRESS_ENDED);
    while (*slot != pending)
        slot = &(*slot)->bucket_next;
    *slot = pending->bucket_next;
    if (pending->earlier)
        pending->earlier->later = pending->later;
    else
        table->first = pending->later;
    if (pending->later)
        pending->later->earlier = pending->earlier;
    else
        table->last = pending->earlier;
    pending->earlier = pending->later = NULL;
    heap_remove(table, pending);
    table->n--;
    if (pending->abandoned)
        table->n_abandoned--;
    else
        table->n_user -= pending->role == ROLE_USER;
}

void in_flight_replace(struct in_flight *table, struct pending *pending, struct pending *shell)
{
    struct pending **slot = bucket_of(table, pending->hash);

    heap_remove(table, pending);
    while (*slot != pending)
        slot = &(*slot)->bucket_next;
    *slot = shell;
    shell->bucket_next = pending->bucket_next;
    shell->earlier = pending->earlier;
    shell->later = pending->later;
    *(shell->earlier ? &shell->earlier->later : &table->first) = shell;
    *(shell->later ? &shell->later->earlier : &table->last) = shell;
    pending->earlier = pending->later = NULL;
    pending->progress = PROGRESS_ENDED;
    table->n_user--;
    table->n_abandoned++;
}

struct pending *in_flight_find(const struct in_flight *table, struct pyst_text id,
                               enum progress progress)
{
    struct pending *pending;
    uint32_t hash;

    if (table->n == 0)
        return NULL;
    hash = (uint32_t)hash_text(id);
    for (pending = *bucket_of(table, hash); pending; pending = pending->bucket_next)
        if (pending->hash == hash && pending->progress == progress &&
            pyst_text_equal(pyst_text_of(pending->id, pending->id_size), id))
            return pending;
    return NULL;
}

struct pending *in_flight_oldest_sent(const struct in_flight *table)
{
    struct pending *pending = table->first;

    while (pending && pending->progress != PROGRESS_SENT)
        pending = pending->later;
    return pending;
}

struct pending *in_flight_by_number(const struct in_flight *table, uint64_t number)
{
    struct pending *pending = table->last;

    /* Numbers rise from first to last; a caller mostly asks for a late one. */
    while (pending && pending->number > number)
        pending = pending->earlier;
    return pending && pending->number == number ? pending : NULL;
}

void in_flight_advance(struct in_flight *table, struct pending *pending, enum progress progress)
{
    if (pending->progress == PROGRESS_SENT)
        table->n_synchronous -= pending->synchronous;
    if (pending->progress == PROGRESS_LISTING)
        table->n_listing--;
    pending->progress = progress;
    if (progress == PROGRESS_SENT)
        table->n_synchronous += pending->synchronous;
    if (progress == PROGRESS_LISTING)
        table->n_listing++;
}

uint64_t in_flight_deadline(const struct in_flight *table)
{
    return table->n_heap ? table->heap[0]->deadline : UINT64_MAX;
}
