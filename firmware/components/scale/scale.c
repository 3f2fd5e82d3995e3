/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "scale.h"

#define SECOND_US 1000000
#define PERIOD_MEMORY 32
#define STEP_LEAST_G 4.0f
#define STEP_LEAST_COUNTS 1000u
#define UNUSABLE (STATUS_SATURATED | STATUS_NOT_CALIBRATED | STATUS_HARDWARE_FAULT)

static uint32_t counts_of(const struct scale *scale, float grams, uint32_t uncalibrated)
{
    const float counts = grams * scale->calibration.counts_per_gram;
    return calibration_usable(&scale->calibration) ? (uint32_t)(counts < 0.0f ? -counts : counts) : uncalibrated;
}

static void use_calibration(struct scale *scale)
{
    scale->filter.step_least = counts_of(scale, STEP_LEAST_G, STEP_LEAST_COUNTS);
    /* Samples before and after do not belong into one burst. */
    scale->running = false;
}

void scale_init(struct scale *scale, const struct scale_config *config)
{
    *scale = (struct scale){.config = *config, .period_us = SECOND_US / config->rate_hz, .sequence = UINT32_MAX};
    filter_init(&scale->filter, STEP_LEAST_COUNTS);
    stillness_init(&scale->stillness, config->rate_hz);
}

void scale_calibrated(struct scale *scale, const struct calibration *calibration)
{
    scale->calibration = *calibration;
    scale->tared = true;
    use_calibration(scale);
}

uint16_t scale_status(const struct scale *scale)
{
    unsigned status = 0;

    status |= scale->saturated ? STATUS_SATURATED : 0u;
    status |= calibration_usable(&scale->calibration) ? 0u : STATUS_NOT_CALIBRATED;
    status |= scale->faulty ? STATUS_HARDWARE_FAULT : 0u;
    return (uint16_t)status;
}

float scale_grams(const struct scale *scale)
{
    return calibration_grams(&scale->calibration, scale->filter.level);
}

/* Hands out what the burst holds; whether that is anything. */
static bool close_burst(struct scale *scale, struct burst *out)
{
    if (scale->burst.samples == 0) {
        return false;
    }
    *out = scale->burst;
    scale->burst.samples = 0;
    return true;
}

/* The samples that come do not follow on those that were. */
static bool interrupt(struct scale *scale, struct burst *out)
{
    filter_restart(&scale->filter);
    stillness_restart(&scale->stillness);
    scale->running = false;
    return close_burst(scale, out);
}

static bool fault(struct scale *scale, int64_t time_us, struct burst *out)
{
    const bool begins = !scale->faulty;

    if (begins) {
        scale->faulty = true;
        scale->saturated = false;
        scale->counters.faults++;
        scale->told_fault_us = time_us - SCALE_FAULT_REPEAT_US;
        if (interrupt(scale, out)) {
            return true; /* what was measured before goes out first; the next sample tells of the fault */
        }
    }
    if (time_us - scale->told_fault_us < SCALE_FAULT_REPEAT_US) {
        return false;
    }
    scale->told_fault_us = time_us;
    *out = (struct burst){
        .time_us = time_us,
        .period_s = (float)scale->period_us / SECOND_US,
        .sequence = scale->sequence + 1,
        .status = scale_status(scale),
    };
    return true;
}

/* Counts the sample and the conversions that were missed before it; whether it follows on the one before. */
static bool follows(struct scale *scale, int64_t time_us)
{
    const int64_t period_us = scale->period_us;
    const int64_t since_us = time_us - scale->newest_us;
    bool in_a_row = scale->running;

    scale->sequence++;
    if (scale->running && since_us * 2 > period_us * 3) {
        const uint32_t missed = (uint32_t)((since_us + period_us / 2) / period_us - 1);
        scale->sequence += missed;
        scale->counters.missed += missed;
        in_a_row = false;
    } else if (scale->running && since_us * 2 > period_us) {
        /* The HX711's own oscillator decides the rate; it is some percent off, and drifts. */
        scale->period_us = (uint32_t)(period_us + (since_us - period_us) / PERIOD_MEMORY);
    }
    scale->newest_us = time_us;
    scale->running = true;
    return in_a_row;
}

static void append(struct scale *scale, int64_t time_us, uint16_t status)
{
    struct burst *burst = &scale->burst;

    if (burst->samples == 0) {
        *burst = (struct burst){
            .time_us = time_us,
            .sequence = scale->sequence - FILTER_DELAY,
            .period_s = (float)scale->period_us / SECOND_US,
        };
    } else {
        burst->period_s = (float)(time_us - burst->time_us) / (float)SECOND_US / (float)burst->samples;
    }
    burst->status |= status;
    burst->grams[burst->samples++] = scale_grams(scale);
}

static bool take(struct scale *scale, const struct sample *sample, struct burst *out)
{
    bool ready = false;

    if (!follows(scale, sample->time_us)) {
        filter_restart(&scale->filter);
        stillness_restart(&scale->stillness);
        ready = close_burst(scale, out);
    }
    scale->faulty = false;
    scale->counters.samples++;
    scale->newest_counts = sample->counts;
    stillness_feed(&scale->stillness, sample->counts);
    for (int i = 1; i < FILTER_WINDOW; i++) {
        scale->times_us[i - 1] = scale->times_us[i];
    }
    scale->times_us[FILTER_WINDOW - 1] = sample->time_us;

    struct filtered filtered;
    if (!filter_feed(&scale->filter, sample->counts, &filtered)) {
        return ready;
    }
    scale->counters.spikes += filtered.spike;
    scale->saturated = filtered.saturated;
    const uint16_t status = (uint16_t)(scale_status(scale) | (filtered.spike ? STATUS_SPIKE_REMOVED : 0u));
    /* Samples that are no weights would take the good ones of their burst with them. */
    if (((scale->burst.status ^ status) & UNUSABLE) != 0) {
        ready = close_burst(scale, out);
    }
    append(scale, scale->times_us[FILTER_WINDOW - 1 - FILTER_DELAY], status);
    if (scale->burst.samples == scale->config.burst_samples) {
        ready = close_burst(scale, out);
    }
    return ready;
}

bool scale_feed(struct scale *scale, const struct sample *sample, struct burst *out)
{
    if (sample->kind == SAMPLE_FAULT) {
        return fault(scale, sample->time_us, out);
    }
    if (sample->kind == SAMPLE_DROPPED) {
        /* The next good one sees the hole and counts it. */
        scale->counters.dropped++;
        return false;
    }
    return take(scale, sample, out);
}

/* The mean of the counts while the scale stands still. */
static enum calibration_result still_counts(const struct scale *scale, int32_t *counts)
{
    if (scale->faulty || scale->saturated) {
        return CALIBRATION_FAULT;
    }
    const uint32_t spread = counts_of(scale, scale->config.still_g, scale->config.still_counts);
    return stillness_mean(&scale->stillness, spread, counts) ? CALIBRATION_DONE : CALIBRATION_UNSTABLE;
}

enum calibration_result scale_tare(struct scale *scale)
{
    int32_t counts;
    const enum calibration_result result = still_counts(scale, &counts);

    if (result == CALIBRATION_DONE) {
        scale->calibration.zero = counts;
        scale->tared = true;
        use_calibration(scale);
    }
    return result;
}

enum calibration_result scale_span(struct scale *scale, float mass_g, const char *cell_id, int64_t now_s)
{
    int32_t counts;

    if (!scale->tared) {
        return CALIBRATION_NO_TARE;
    }
    enum calibration_result result = still_counts(scale, &counts);
    if (result == CALIBRATION_DONE) {
        result = calibration_span(&scale->calibration, counts, mass_g, cell_id, now_s);
    }
    if (result == CALIBRATION_DONE) {
        use_calibration(scale);
    }
    return result;
}
