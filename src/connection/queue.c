/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <stdlib.h>

#include <pyst/error.h>

struct kept *kept_free(struct kept *kept)
{
    if (!kept)
        return NULL;
    pyst_ami_message_unref(kept->notice.message);
    for (size_t i = 0; i < kept->notice.n_items; i++)
        pyst_ami_message_unref(kept->items[i]);
    free(kept);
    return NULL;
}

void queue_deinit(struct queue *queue)
{
    for (struct kept *kept = queue->first; kept;) {
        struct kept *next = kept->next;

        kept_free(kept);
        kept = next;
    }
}

static size_t message_size(const struct pyst_ami_message *message)
{
    return message ? pyst_ami_message_raw(message).size : 0;
}

int queue_push(struct queue *queue, const struct pyst_ami_notice *notice)
{
    const size_t items_size = notice->n_items * sizeof(notice->items[0]);
    struct kept *kept = malloc(sizeof(*kept) + items_size);

    if (!kept)
        return PYST_ERR_NO_MEMORY;
    kept->notice = *notice;
    kept->notice.message = pyst_ami_message_ref(notice->message);
    kept->notice.items = kept->items;
    kept->size = sizeof(*kept) + items_size + message_size(notice->message);
    for (size_t i = 0; i < notice->n_items; i++) {
        kept->items[i] = pyst_ami_message_ref(notice->items[i]);
        kept->size += message_size(notice->items[i]);
    }
    kept->previous = queue->last;
    kept->next = NULL;
    if (queue->last)
        queue->last->next = kept;
    else
        queue->first = kept;
    queue->last = kept;
    queue->size += kept->size;
    if (!queue->event && notice->type == PYST_AMI_NOTICE_EVENT)
        queue->event = kept;
    return 0;
}

static void take_out(struct queue *queue, struct kept *kept)
{
    if (kept->previous)
        kept->previous->next = kept->next;
    else
        queue->first = kept->next;
    if (kept->next)
        kept->next->previous = kept->previous;
    else
        queue->last = kept->previous;
    if (queue->event == kept)
        queue->event = kept->next;
    queue->size -= kept->size;
}

struct kept *queue_pop(struct queue *queue)
{
    struct kept *kept = queue->first;

    if (kept)
        take_out(queue, kept);
    return kept;
}

uint64_t queue_drop_events(struct queue *queue, size_t size)
{
    uint64_t n = 0;

    while (queue->size >= size && queue->event) {
        struct kept *kept = queue->event;

        if (kept->notice.type != PYST_AMI_NOTICE_EVENT) {
            queue->event = kept->next;
            continue;
        }
        take_out(queue, kept);
        kept_free(kept);
        n++;
    }
    return n;
}
