/* SPDX-License-Identifier: MIT */
#ifndef PYST_VISIBILITY_H
#define PYST_VISIBILITY_H

/** Marks what the shared libraries export; everything else is hidden. */
#if defined(__GNUC__) || defined(__clang__)
#define PYST_PUBLIC __attribute__((visibility("default")))
#else
#define PYST_PUBLIC
#endif

#endif
