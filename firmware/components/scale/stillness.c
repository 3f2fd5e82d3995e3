/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "stillness.h"

#include <stddef.h>

void stillness_init(struct stillness *stillness, uint32_t half_samples)
{
    *stillness = (struct stillness){.half_samples = half_samples};
}

void stillness_restart(struct stillness *stillness)
{
    stillness_init(stillness, stillness->half_samples);
}

void stillness_feed(struct stillness *stillness, int32_t counts)
{
    struct stillness_half *now = &stillness->now;

    if (now->samples == stillness->half_samples) {
        stillness->before = *now;
        *now = (struct stillness_half){0};
    }
    now->low = now->samples == 0 || counts < now->low ? counts : now->low;
    now->high = now->samples == 0 || counts > now->high ? counts : now->high;
    now->sum += counts;
    now->samples++;
}

bool stillness_mean(const struct stillness *stillness, uint32_t spread, int32_t *mean)
{
    const struct stillness_half *a = &stillness->before;
    const struct stillness_half *b = &stillness->now;

    if (a->samples == 0) {
        return false;
    }
    const int64_t low = a->low < b->low ? a->low : b->low;
    const int64_t high = a->high > b->high ? a->high : b->high;
    if (high - low > (int64_t)spread) {
        return false;
    }
    *mean = (int32_t)((a->sum + b->sum) / ((int64_t)a->samples + b->samples));
    return true;
}
