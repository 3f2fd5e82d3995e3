/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "calibration.h"

#include "filter.h"

#include <string.h>

bool calibration_usable(const struct calibration *calibration)
{
    /* Neither 0 nor not a number. */
    return calibration->counts_per_gram > 0.0f || calibration->counts_per_gram < 0.0f;
}

float calibration_grams(const struct calibration *calibration, int32_t level_q8_counts)
{
    const int64_t above = (int64_t)level_q8_counts - (int64_t)calibration->zero * LEVEL_ONE;
    const float counts = (float)above / (float)LEVEL_ONE;
    return calibration_usable(calibration) ? counts / calibration->counts_per_gram : counts;
}

enum calibration_result calibration_span(struct calibration *calibration, int32_t counts, float mass_g,
                                         const char *cell_id, int64_t now_s)
{
    const int32_t span = counts - calibration->zero;

    /* Written so that a mass that is not a number is refused too. */
    if (!(mass_g >= CALIBRATION_MASS_LEAST_G && mass_g <= CALIBRATION_MASS_MOST_G)) {
        return CALIBRATION_BAD_MASS;
    }
    if (span < CALIBRATION_SPAN_LEAST && span > -CALIBRATION_SPAN_LEAST) {
        return CALIBRATION_SMALL_SPAN;
    }
    calibration->counts_per_gram = (float)span / mass_g;
    calibration->mass_g = mass_g;
    calibration->made_s = now_s;
    memset(calibration->cell_id, 0, sizeof calibration->cell_id);
    strncpy(calibration->cell_id, cell_id, sizeof calibration->cell_id - 1);
    return CALIBRATION_DONE;
}
