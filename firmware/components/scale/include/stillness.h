/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Whether the scale stands still, and its mean since it does: tare and calibration must not measure a hand. */
#ifndef SCALE_STILLNESS_H
#define SCALE_STILLNESS_H

#include <stdbool.h>
#include <stdint.h>

/* Two halves that take turns, so that the last half to whole span is always covered. */
struct stillness_half {
    int32_t low;
    int32_t high;
    int64_t sum;
    uint32_t samples;
};

struct stillness {
    struct stillness_half before;
    struct stillness_half now;
    uint32_t half_samples;
};

void stillness_init(struct stillness *stillness, uint32_t half_samples);
void stillness_restart(struct stillness *stillness);
void stillness_feed(struct stillness *stillness, int32_t counts);

/* Whether all counts since at least `half_samples` lie within `spread`; then `mean` is theirs. */
bool stillness_mean(const struct stillness *stillness, uint32_t spread, int32_t *mean);

#endif
