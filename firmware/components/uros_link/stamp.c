/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "stamp.h"

#define US_NS 1000
#define LEAST_EPOCH_NS (1577836800ll * 1000000000ll) /* 2020: an agent whose own clock was never set */

struct stamp stamp_of(int64_t time_us, int64_t now_us, int64_t epoch_ns)
{
    if (epoch_ns < LEAST_EPOCH_NS) {
        return (struct stamp){.nanoseconds = time_us * US_NS};
    }
    return (struct stamp){.nanoseconds = epoch_ns - (now_us - time_us) * US_NS, .synchronised = true};
}
