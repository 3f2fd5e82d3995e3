/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "burst_ring.h"

void burst_ring_push(struct burst_ring *ring, const struct burst *burst)
{
    if (ring->pushed - ring->next == BURST_RING_LENGTH) {
        /* Not lost when it was sent once and only its repetition is given up. */
        ring->lost += ring->next == ring->sent;
        ring->sent += ring->next == ring->sent;
        ring->next++;
    }
    ring->slots[ring->pushed++ % BURST_RING_LENGTH] = *burst;
}

bool burst_ring_next(struct burst_ring *ring, struct burst *burst)
{
    if (ring->next == ring->pushed) {
        return false;
    }
    *burst = ring->slots[ring->next % BURST_RING_LENGTH];
    if (ring->next == ring->sent) {
        ring->sent++;
    } else {
        burst->status |= STATUS_RESENT;
    }
    ring->next++;
    return true;
}

void burst_ring_rewind(struct burst_ring *ring, int64_t time_us)
{
    const uint32_t kept = ring->pushed < BURST_RING_LENGTH ? ring->pushed : BURST_RING_LENGTH;

    while (ring->pushed - ring->next < kept) {
        const struct burst *before = &ring->slots[(ring->next - 1) % BURST_RING_LENGTH];
        if (before->time_us + (int64_t)(before->period_s * 1e6f) * before->samples < time_us) {
            break;
        }
        ring->next--;
    }
}
