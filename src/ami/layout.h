/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_LAYOUT_H
#define PYST_AMI_LAYOUT_H

/*
 * How a message lies in memory: one block of the struct, the lines, the bytes. The parser fills it
 * in, message.c reads it. Offsets count from the first byte of the message and are 32 bits wide,
 * which bounds message_size to PYST_AMI_MESSAGE_SIZE_MAX.
 */

#include <stdatomic.h>
#include <stdint.h>

#include <pyst/ami/message.h>

#define PYST_AMI_MESSAGE_SIZE_MAX ((size_t)UINT32_MAX - 1)

#define LINE_NAMELESS UINT32_MAX /* as name_size: a line without a colon */
#define LINE_NONE     UINT32_MAX /* as an index: there is no such line */

struct line {
    uint32_t name; /* where the line begins */
    uint32_t name_size;
    uint32_t value;
    uint32_t value_size;
};

struct pyst_ami_message {
    atomic_uint references;
    uint8_t kind;
    uint32_t n_lines;
    uint32_t size;
    uint32_t named_by;  /* the line whose value names the message */
    uint32_t action_id; /* the line with the ActionID */
    uint32_t data;      /* of the first line that is no header; LINE_NONE */
    uint32_t data_size;
    struct line lines[];
};

/* The bytes follow the lines. */
static inline const char *message_bytes(const struct pyst_ami_message *message)
{
    return (const char *)(message->lines + message->n_lines);
}

#endif
