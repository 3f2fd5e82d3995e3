/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* One conversion on its way from the sampling task to the application, and the queue between the two. */
#ifndef SCALE_SAMPLE_H
#define SCALE_SAMPLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum sample_kind {
    SAMPLE_COUNTS,  /* a conversion */
    SAMPLE_DROPPED, /* a conversion whose frame was dropped */
    SAMPLE_FAULT,   /* no conversion for too long, or a line that nothing drives */
};

struct sample {
    int64_t time_us; /* when DOUT went low, on the board's own clock */
    int32_t counts;
    enum sample_kind kind;
};

enum { SAMPLE_QUEUE_LENGTH = 256 }; /* 3.2 s at 80 samples/s: longer than any call of the middleware; a power of two */

/* One writer, one reader, no locks. */
struct sample_queue {
    struct sample slots[SAMPLE_QUEUE_LENGTH];
    atomic_uint written;
    atomic_uint read;
    atomic_uint overruns; /* samples that found it full */
};

/* Whether there was room; without it the sample is dropped, and counted. */
bool sample_queue_push(struct sample_queue *queue, const struct sample *sample);
bool sample_queue_pop(struct sample_queue *queue, struct sample *sample);

#endif
