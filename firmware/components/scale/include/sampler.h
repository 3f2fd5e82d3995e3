/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Reads the HX711 whenever it is ready, and notices when it no longer is. Runs in the task that nothing may delay. */
#ifndef SAMPLER_H
#define SAMPLER_H

#include "hx711.h"
#include "sample.h"

enum { SAMPLER_SILENCE_US = 600000 }; /* no conversion for so long is a fault: 10 samples/s and settling take less */

struct sampler {
    struct hx711 *chip;
    struct sample_queue *queue;
    int64_t newest_us; /* of the last frame that could be trusted, or of the last try to revive the chip */
};

void sampler_init(struct sampler *sampler, struct hx711 *chip, struct sample_queue *queue, int64_t now_us);

/* DOUT went low at `now_us`. */
void sampler_ready(struct sampler *sampler, int64_t now_us);

/* To be called every now and then while DOUT stays high: after a silence it reports the fault and resets the chip. */
void sampler_idle(struct sampler *sampler, int64_t now_us);

#endif
