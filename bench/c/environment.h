/* SPDX-License-Identifier: MIT */
#ifndef PYST_BENCH_ENVIRONMENT_H
#define PYST_BENCH_ENVIRONMENT_H

/* What Asterisk 22 writes of a call behind agi_request, all of it but arguments. */
#define CALL_ENVIRONMENT                                                                           \
    "agi_channel: PJSIP/operator-0000002a\n"                                                       \
    "agi_language: en\n"                                                                           \
    "agi_type: PJSIP\n"                                                                            \
    "agi_uniqueid: 1700000000.1042\n"                                                              \
    "agi_version: 22.0.0\n"                                                                        \
    "agi_callerid: 5551234567\n"                                                                   \
    "agi_calleridname: Jane Caller\n"                                                              \
    "agi_callingpres: 0\n"                                                                         \
    "agi_callingani2: 0\n"                                                                         \
    "agi_callington: 0\n"                                                                          \
    "agi_callingtns: 0\n"                                                                          \
    "agi_dnid: 5559876543\n"                                                                       \
    "agi_rdnis: unknown\n"                                                                         \
    "agi_context: from-trunk\n"                                                                    \
    "agi_extension: 100\n"                                                                         \
    "agi_priority: 3\n"                                                                            \
    "agi_enhanced: 0.0\n"                                                                          \
    "agi_accountcode: \n"                                                                          \
    "agi_threadid: 139872345679616\n"

#endif
