/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* What turns counts into grams: the counts of the empty scale, and counts per gram from one known mass. */
#ifndef SCALE_CALIBRATION_H
#define SCALE_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

enum { CELL_ID_SIZE = 25 };

struct calibration {
    int32_t zero;              /* counts of the empty scale */
    float counts_per_gram;     /* 0: not calibrated. Negative where the cell is mounted the other way round */
    float mass_g;              /* the known mass that it was made with */
    int64_t made_s;            /* when, in seconds since 1970; 0 when the board did not know the time */
    char cell_id[CELL_ID_SIZE]; /* which load cell; empty or ends with a zero byte */
};

enum calibration_result {
    CALIBRATION_DONE = 1,
    CALIBRATION_UNSTABLE,  /* the scale does not stand still: wait, and keep hands and feet away */
    CALIBRATION_FAULT,     /* there are no usable counts: see the status bits */
    CALIBRATION_BAD_MASS,  /* outside of what a shelf scale can be calibrated with */
    CALIBRATION_NO_TARE,   /* the empty scale has not been measured yet */
    CALIBRATION_SMALL_SPAN, /* the mass moves the scale too little: is it on it, and is the cell wired right? */
    CALIBRATION_NOT_KEPT,  /* it counts until the next start, but could not be written */
};

#define CALIBRATION_MASS_LEAST_G 50.0f
#define CALIBRATION_MASS_MOST_G 200000.0f
#define CALIBRATION_SPAN_LEAST 2000 /* counts: an error of one count in it is at most 0.05 % */

bool calibration_usable(const struct calibration *calibration);

/* Grams of a level in 1/256 counts. A scale that is not calibrated gives counts. */
float calibration_grams(const struct calibration *calibration, int32_t level_q8);

/* The second point: `counts` with `mass_g` on the scale. Changes the calibration only when the result is DONE. */
enum calibration_result calibration_span(struct calibration *calibration, int32_t counts, float mass_g,
                                         const char *cell_id, int64_t now_s);

#endif
