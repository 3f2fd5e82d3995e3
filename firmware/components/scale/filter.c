/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include "hx711.h"

#include <string.h>

#define NOISE_MEMORY 64
#define STEP_NOISES 8 /* mean deviations; six standard deviations of a normal distribution */

void filter_init(struct filter *filter, uint32_t step_least)
{
    *filter = (struct filter){.step_least = step_least};
}

void filter_restart(struct filter *filter)
{
    filter->filled = 0;
    filter->quiet = 0;
}

static void order(int32_t *low, int32_t *high)
{
    if (*low > *high) {
        const int32_t kept = *low;
        *low = *high;
        *high = kept;
    }
}

/* Median of five by seven comparisons (Devillard, Fast median search, 1998). */
static int32_t median(const int32_t window[FILTER_WINDOW])
{
    int32_t v[FILTER_WINDOW];

    memcpy(v, window, sizeof v);
    order(&v[0], &v[1]);
    order(&v[3], &v[4]);
    order(&v[0], &v[3]);
    order(&v[1], &v[4]);
    order(&v[1], &v[2]);
    order(&v[2], &v[3]);
    order(&v[1], &v[2]);
    return v[2];
}

static int64_t distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

/* What is certainly more than noise [counts]. */
static int64_t step(const struct filter *filter)
{
    const int64_t noisy = (int64_t)filter->noise_q8 * STEP_NOISES / LEVEL_ONE;
    return noisy > (int64_t)filter->step_least ? noisy : (int64_t)filter->step_least;
}

bool filter_feed(struct filter *filter, int32_t counts, struct filtered *out)
{
    memmove(filter->window, filter->window + 1, sizeof filter->window - sizeof filter->window[0]);
    filter->window[FILTER_WINDOW - 1] = counts;
    if (filter->filled < FILTER_WINDOW) {
        filter->filled++;
    }
    if (filter->filled < FILTER_WINDOW) {
        return false;
    }

    const int32_t middle = median(filter->window);
    const int64_t stray = distance(filter->window[FILTER_DELAY], middle);
    const int64_t least = step(filter);
    const int64_t off = (int64_t)middle * LEVEL_ONE - filter->level;

    /* A median has left its level only when this sample and two later ones did, so the step is certain: go there at
       once, and begin the mean anew. */
    if (filter->quiet == 0 || distance(off, 0) > least * LEVEL_ONE) {
        filter->level = middle * LEVEL_ONE;
        filter->quiet = 1;
    } else {
        if (filter->quiet < FILTER_SMOOTHING) {
            filter->quiet++;
        }
        filter->level = (level_q8)(filter->level + off / filter->quiet);
    }
    const int64_t heard = stray < least ? stray : least;
    filter->noise_q8 = (uint32_t)(filter->noise_q8 + (heard * LEVEL_ONE - filter->noise_q8) / NOISE_MEMORY);
    *out = (struct filtered){
        .level = filter->level,
        .spike = stray > least,
        .saturated = hx711_saturated(middle),
    };
    return true;
}
