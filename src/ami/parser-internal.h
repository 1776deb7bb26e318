/* SPDX-License-Identifier: MIT */
#ifndef PYST_AMI_PARSER_INTERNAL_H
#define PYST_AMI_PARSER_INTERNAL_H

#include <pyst/ami/parser.h>

/* More than Asterisk reads of a line, so no ActionID is longer. */
#define LOST_ACTION_ID_SIZE 1024

/*
 * After next() answered PYST_ERR_LIMIT_*: the ActionID of the message that is skipped, absent when
 * it had not come before the limit was passed. Valid until the next error.
 */
struct pyst_text parser_lost_action_id(const struct pyst_ami_parser *parser);

/* Of the same message: whether it is known to be a response. */
bool parser_lost_response(const struct pyst_ami_parser *parser);

#endif
