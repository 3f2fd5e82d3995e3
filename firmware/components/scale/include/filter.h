/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Counts to clean counts: spikes out, noise down, steps as sharp as they were. Pure; integers only. */
#ifndef SCALE_FILTER_H
#define SCALE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    FILTER_WINDOW = 5,                  /* median of five: up to two spikes in a row disappear */
    FILTER_DELAY = FILTER_WINDOW / 2,   /* the output is that of so many samples ago */
    FILTER_SMOOTHING = 4,               /* at rest the output is the mean of about so many medians */
};

/* A level in 1/256 counts. 24 bits and eight more are exactly an int32_t. */
typedef int32_t level_q8;
#define LEVEL_ONE 256

struct filter {
    int32_t window[FILTER_WINDOW]; /* newest last */
    uint8_t filled;
    uint8_t quiet;      /* medians in the mean so far */
    level_q8 level;
    uint32_t noise_q8;  /* mean distance of a raw sample from its median */
    uint32_t step_least; /* a smaller difference is never a step [counts] */
};

struct filtered {
    level_q8 level;
    bool spike;     /* the raw sample stood out and was replaced */
    bool saturated; /* the median itself is at the end of the converter's range */
};

void filter_init(struct filter *filter, uint32_t step_least);

/* Forgets all samples: what comes next does not follow on them. */
void filter_restart(struct filter *filter);

/* Takes the newest sample; whether there is an output, which belongs to the sample FILTER_DELAY before it. */
bool filter_feed(struct filter *filter, int32_t counts, struct filtered *out);

#endif
