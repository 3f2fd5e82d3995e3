/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Counts the instructions that one sample takes from the queue through filter and burst into the ring, on a RISC-V core
   in QEMU with -icount; prints the mean and the most over many samples of every kind. */
#include "application.h"
#include "hx711.h"
#include "sample.h"
#include "scale.h"

#include <inttypes.h>
#include <stdio.h>

#define SAMPLES 20000

static struct scale scale;
static struct sample_queue queue;
static struct burst_ring ring;

static uint32_t instructions(void)
{
    uint32_t value;
    __asm__ volatile(".option push\n.option arch, +zicsr\ncsrr %0, minstret\n.option pop" : "=r"(value));
    return value;
}

/* Rest, noise, steps, spikes, saturation, gaps: whatever takes another path. */
static int32_t counts_of(uint32_t number, uint32_t random)
{
    switch (number / 500 % 8) {
    case 0: return 123456;
    case 1: return 123456 + (int32_t)(random & 255u);
    case 2: return number % 2 == 0 ? HX711_COUNTS_MIN : HX711_COUNTS_MAX;
    case 3: return (int32_t)(random & 0xFFFFFFu) - 0x800000;
    case 4: return number % 20 == 0 ? 5000000 : -654321;
    case 5: return HX711_COUNTS_MAX;
    case 6: return (int32_t)(number % 500u) * 1000;
    default: return -(int32_t)(random & 0xFFFFu);
    }
}

int main(void)
{
    const struct scale_config config = {.rate_hz = 80, .burst_samples = 10, .still_g = 20.0f, .still_counts = 4000};
    const struct calibration calibration = {.zero = 80000, .counts_per_gram = 97.3f};
    struct sample sample = {.kind = SAMPLE_COUNTS};
    uint32_t random = 1;
    uint32_t most = 0;
    uint64_t sum = 0;

    scale_init(&scale, &config);
    scale_calibrated(&scale, &calibration);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        struct burst burst;

        random = random * 1664525u + 1013904223u;
        sample.time_us += i % 997 == 0 ? 100000 : 12500;
        sample.counts = counts_of(i, random >> 8);
        sample.kind = i % 4999 == 0 ? SAMPLE_FAULT : SAMPLE_COUNTS;
        const uint32_t began = instructions();
        sample_queue_push(&queue, &sample);
        sample_queue_pop(&queue, &sample);
        if (scale_feed(&scale, &sample, &burst)) {
            burst_ring_push(&ring, &burst);
        }
        const uint32_t took = instructions() - began;
        sum += took;
        most = took > most ? took : most;
    }
    printf("{\"mean\": %" PRIu32 ", \"most\": %" PRIu32 ", \"static_bytes\": %u}\n", (uint32_t)(sum / SAMPLES), most,
           (unsigned)sizeof(struct application));
    return most == 0;
}
