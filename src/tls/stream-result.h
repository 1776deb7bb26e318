/* SPDX-License-Identifier: MIT */
#ifndef PYST_TLS_STREAM_RESULT_H
#define PYST_TLS_STREAM_RESULT_H

/** How receiving or sending went. */
enum stream_result {
    STREAM_DONE,
    STREAM_AGAIN, /* when the socket is ready: see tls_wants_write() */
    STREAM_END,   /* the peer said goodbye and ended */
    STREAM_CUT,   /* the stream ended without a goodbye */
    STREAM_FAILED /* the reason is in the fault */
};

#endif
