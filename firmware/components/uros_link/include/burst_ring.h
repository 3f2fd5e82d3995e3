/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The last seconds of bursts: what was sent while the agent may have been gone already is sent again. */
#ifndef BURST_RING_H
#define BURST_RING_H

#include "scale.h"

enum { BURST_RING_LENGTH = 128 }; /* 16 s at 8 bursts a second; a power of two, so that counting may wrap around */

struct burst_ring {
    struct burst slots[BURST_RING_LENGTH];
    uint32_t pushed; /* bursts ever put in */
    uint32_t next;   /* the one to be sent next, counted like pushed */
    uint32_t sent;   /* one more than the newest that was ever sent */
    uint32_t lost;   /* overwritten before they were sent */
};

void burst_ring_push(struct burst_ring *ring, const struct burst *burst);

/* The burst to be sent next, and whether there is one. RESENT is set where it was sent before. */
bool burst_ring_next(struct burst_ring *ring, struct burst *burst);

/* Everything with samples since `time_us` is to be sent again. */
void burst_ring_rewind(struct burst_ring *ring, int64_t time_us);

#endif
