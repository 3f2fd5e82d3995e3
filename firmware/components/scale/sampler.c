/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "sampler.h"

static void push(const struct sampler *sampler, enum sample_kind kind, int64_t time_us, int32_t counts)
{
    const struct sample sample = {.time_us = time_us, .counts = counts, .kind = kind};
    sample_queue_push(sampler->queue, &sample);
}

void sampler_init(struct sampler *sampler, struct hx711 *chip, struct sample_queue *queue, int64_t now_us)
{
    *sampler = (struct sampler){.chip = chip, .queue = queue, .newest_us = now_us};
}

void sampler_ready(struct sampler *sampler, int64_t now_us)
{
    int32_t counts = 0;

    switch (hx711_read(sampler->chip, &counts)) {
    case HX711_OK:
        sampler->newest_us = now_us;
        push(sampler, SAMPLE_COUNTS, now_us, counts);
        break;
    case HX711_SETTLING:
        sampler->newest_us = now_us;
        break;
    case HX711_BAD_FRAME:
    case HX711_POWERED_DOWN:
        push(sampler, SAMPLE_DROPPED, now_us, 0);
        sampler_idle(sampler, now_us);
        break;
    case HX711_STUCK:
    case HX711_NOT_READY:
        sampler_idle(sampler, now_us);
        break;
    }
}

void sampler_idle(struct sampler *sampler, int64_t now_us)
{
    if (now_us - sampler->newest_us < SAMPLER_SILENCE_US) {
        return;
    }
    push(sampler, SAMPLE_FAULT, now_us, 0);
    hx711_reset(sampler->chip);
    sampler->newest_us = now_us;
}
