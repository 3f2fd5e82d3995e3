/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

bool sample_queue_push(struct sample_queue *queue, const struct sample *sample)
{
    const unsigned written = atomic_load_explicit(&queue->written, memory_order_relaxed);

    if (written - atomic_load_explicit(&queue->read, memory_order_acquire) == SAMPLE_QUEUE_LENGTH) {
        atomic_fetch_add_explicit(&queue->overruns, 1, memory_order_relaxed);
        return false;
    }
    queue->slots[written % SAMPLE_QUEUE_LENGTH] = *sample;
    atomic_store_explicit(&queue->written, written + 1, memory_order_release);
    return true;
}

bool sample_queue_pop(struct sample_queue *queue, struct sample *sample)
{
    const unsigned read = atomic_load_explicit(&queue->read, memory_order_relaxed);

    if (read == atomic_load_explicit(&queue->written, memory_order_acquire)) {
        return false;
    }
    *sample = queue->slots[read % SAMPLE_QUEUE_LENGTH];
    atomic_store_explicit(&queue->read, read + 1, memory_order_release);
    return true;
}
