/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Time stamps: the agent's time now, minus the age of the sample on the board's own clock. */
#ifndef STAMP_H
#define STAMP_H

#include <stdbool.h>
#include <stdint.h>

struct stamp {
    int64_t nanoseconds; /* since 1970; since the start of the board when not synchronised */
    bool synchronised;
};

/* epoch_ns: the agent's time at now_us, 0 when it is not known. */
struct stamp stamp_of(int64_t time_us, int64_t now_us, int64_t epoch_ns);

#endif
