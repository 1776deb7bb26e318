/* SPDX-License-Identifier: MIT */
#ifndef PYST_ERROR_H
#define PYST_ERROR_H

/**
 * Errors.
 *
 * Functions of libpyst return 0 or a positive, documented answer, or one of the negative numbers
 * below. The numbers are part of the ABI and are never used again for something else. After an
 * error the output parameters of the call are as they were before.
 */

#include <pyst/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, number, sentence for a person, without a full stop) */
#define PYST_ERRORS(X)                                                                             \
    /* the caller */                                                                               \
    X(NO_MEMORY, -1, "out of memory")                                                              \
    X(INVALID, -2, "an argument is not valid")                                                     \
    X(STATE, -3, "the object is not in a state that allows this call")                             \
    X(SYSTEM, -4, "a system call failed; errno says why")                                          \
    /* what is about to be sent */                                                                 \
    X(BAD_NAME, -10, "a header name is empty or contains a colon, CR, LF or NUL")                  \
    X(BAD_VALUE, -11, "a header value contains CR, LF or NUL, which would start a new header")     \
    X(LINE_TOO_LONG, -12, "a line is longer than Asterisk reads (1024 bytes with its CR LF)")      \
    X(TOO_MANY_HEADERS, -13, "an action has more headers than Asterisk reads (128)")               \
    X(NOT_IN_CATALOGUE, -14, "Asterisk documents no such name")                                    \
    X(MISSING_PARAMETER, -15, "a parameter that Asterisk requires is missing")                     \
    X(BAD_ARGUMENT, -16, "an AGI argument contains CR, LF or NUL, which would end the command")    \
    X(COMMAND_TOO_LONG, -17, "an AGI command is longer than the limit command_size")               \
    X(TOO_MANY_ARGUMENTS, -18, "an AGI command has more arguments than Asterisk can take (120)")   \
    /* limits: each names the setting that was exceeded */                                         \
    X(LIMIT_MESSAGE, -20, "a message is larger than the limit message_size")                       \
    X(LIMIT_HEADERS, -21, "a message has more lines than the limit header_count")                  \
    X(LIMIT_LINE, -22, "a line is longer than the limit line_size")                                \
    X(LIMIT_OUTPUT, -23, "unsent actions exceed the limit output_size")                            \
    X(LIMIT_IN_FLIGHT, -24, "unanswered actions exceed the limit actions_in_flight")               \
    X(LIMIT_LIST, -25, "an event list has more items than the limit list_items")                   \
    X(LIMIT_QUEUE, -26, "undelivered events exceed the limit queue_size")                          \
    X(LIMIT_ENVIRONMENT, -27, "an AGI environment is larger than the limit environment_size")      \
    X(LIMIT_REPLY, -28, "an AGI reply is larger than the limit reply_size")                        \
    X(LIMIT_CONFIG, -29, "a configuration has more sections or items than its limits")             \
    /* the peer's words */                                                                         \
    X(GREETING, -30, "the peer did not greet as an Asterisk manager does")                         \
    X(TRUNCATED, -31, "the connection ended inside a message")                                     \
    X(AUTHENTICATION, -32, "Asterisk refused the user name or secret")                             \
    X(PERMISSION, -33, "Asterisk refused the action: permission denied")                           \
    X(UNKNOWN_ACTION, -34, "Asterisk knows no such action, or its module is not loaded")           \
    X(REFUSED, -35, "Asterisk answered with an error; its Message says why")                       \
    X(CANCELLED_LIST, -36, "Asterisk cancelled the event list before its end")                     \
    X(NO_ENVIRONMENT, -60, "the stream ended before an AGI environment: not started by Asterisk?") \
    X(BAD_REPLY, -61, "what came is not a reply to an AGI command")                                \
    X(COMMAND_FAILED, -62, "Asterisk could not do the AGI command, or the call was hung up")       \
    X(UNKNOWN_COMMAND, -63, "Asterisk knows no such AGI command, or its module is not loaded")     \
    X(COMMAND_USAGE, -64, "Asterisk wants other arguments for the AGI command; its reply says so") \
    X(HANGUP, -65, "the call was hung up")                                                         \
    X(NO_APPLICATION, -66, "Asterisk knows no such dialplan application")                          \
    /* call files */                                                                               \
    X(CALL_FILE_KEY, -80, "Asterisk knows no such key of a call file")                             \
    X(CALL_FILE_VALUE, -81, "Asterisk would read another value in the call file, or none")         \
    X(CALL_FILE_LINE, -82, "a line of a call file is longer than Asterisk reads (1023 bytes)")     \
    X(CALL_FILE_INCOMPLETE, -83, "a call file wants a channel and an application or extension")    \
    /* configuration files */                                                                      \
    X(BAD_CONFIG_TEXT, -70,                                                                        \
      "Asterisk could not read such a name or value back: a line end, blanks at an end, = or ] "   \
      "in a name, or the like")                                                                    \
    X(CONFIG_LINE_TOO_LONG, -71, "a configuration line is longer than Asterisk reads (8190)")      \
    X(CHANGED, -72, "the file was changed by somebody else since it was read")                     \
    /* time and connection */                                                                      \
    X(TIMED_OUT, -40, "no answer came in time")                                                    \
    X(KEEPALIVE, -41, "the peer answered no ping and is taken for dead")                           \
    X(CLOSED, -42, "the peer closed the connection")                                               \
    X(SHUTDOWN, -43, "Asterisk is shutting down")                                                  \
    X(NOT_SENT, -44, "the connection was lost before the action was sent")                         \
    X(UNKNOWN_OUTCOME, -45, "the connection was lost after the action was sent: it may have run")  \
    X(CANCELLED, -46, "the caller withdrew the action")                                            \
    X(RESOLVE, -50, "the host name could not be resolved")                                         \
    X(CONNECT, -51, "the connection could not be made; errno says why")                            \
    X(TLS, -52, "TLS failed")                                                                      \
    X(TLS_CERTIFICATE, -53, "the peer's certificate could not be verified")

enum pyst_error {
#define PYST_ERROR_ENUM(name, number, sentence) PYST_ERR_##name = (number),
    PYST_ERRORS(PYST_ERROR_ENUM)
#undef PYST_ERROR_ENUM
        PYST_OK = 0
};

/** A sentence for a person, never NULL, static. Positive numbers and 0 give "no error". */
PYST_PUBLIC const char *pyst_strerror(int error);

/** The name without its prefix, such as "LIMIT_LINE"; "OK" for 0 and up; "UNKNOWN" else. */
PYST_PUBLIC const char *pyst_error_name(int error);

#ifdef __cplusplus
}
#endif

#endif
