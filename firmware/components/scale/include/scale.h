/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Samples to bursts of grams: filter, calibration, status bits and the numbers that tell what is missing. */
#ifndef SCALE_H
#define SCALE_H

#include "calibration.h"
#include "filter.h"
#include "sample.h"
#include "stillness.h"

enum {
    BURST_SAMPLES_MOST = 16,
    SCALE_FAULT_REPEAT_US = 1000000, /* a scale without samples says so once a second */
};

/* The bits of yokotago_msgs/ShelfWeight.status. */
enum scale_status {
    STATUS_SATURATED = 1,
    STATUS_NOT_CALIBRATED = 2,
    STATUS_CLOCK_UNSYNCED = 4,
    STATUS_SPIKE_REMOVED = 8,
    STATUS_HARDWARE_FAULT = 16,
    STATUS_RESENT = 32,
};

/* Consecutive samples. None at all: the scale has nothing to say but its status. */
struct burst {
    int64_t time_us; /* of the first sample, on the board's own clock */
    float period_s;
    uint32_t sequence; /* number of the first sample since the start, lost ones counted; wraps around */
    uint16_t status;
    uint8_t samples;
    float grams[BURST_SAMPLES_MOST];
};

struct scale_config {
    uint16_t rate_hz;         /* 10 or 80, as the RATE pin of the HX711 is wired */
    uint8_t burst_samples;    /* 1 .. BURST_SAMPLES_MOST */
    float still_g;            /* tare and calibration want all counts of a second within this */
    uint32_t still_counts;    /* the same before the first calibration */
};

/* How things went since the start; all wrap around. */
struct scale_counters {
    uint32_t samples;
    uint32_t spikes;
    uint32_t dropped; /* conversions whose frame was dropped */
    uint32_t missed;  /* conversions that were not read in time */
    uint32_t faults;  /* spells without samples */
};

struct scale {
    struct scale_config config;
    struct calibration calibration;
    bool tared; /* zero is that of an empty scale */
    struct filter filter;
    struct stillness stillness;
    struct scale_counters counters;
    struct burst burst;
    uint32_t sequence; /* of the newest raw sample */
    int64_t times_us[FILTER_WINDOW];
    int64_t newest_us;
    int64_t told_fault_us;
    uint32_t period_us;
    int32_t newest_counts;
    bool running; /* newest_us is that of a sample right before */
    bool faulty;
    bool saturated;
};

void scale_init(struct scale *scale, const struct scale_config *config);

/* Uses a calibration that was kept. */
void scale_calibrated(struct scale *scale, const struct calibration *calibration);

/* Takes a sample; whether a burst is complete, which is then in `out`. */
bool scale_feed(struct scale *scale, const struct sample *sample, struct burst *out);

/* The empty scale is zero from now on. */
enum calibration_result scale_tare(struct scale *scale);

/* `mass_g` is on the scale now. */
enum calibration_result scale_span(struct scale *scale, float mass_g, const char *cell_id, int64_t now_s);

/* Newest weight [g]; counts when not calibrated. */
float scale_grams(const struct scale *scale);

/* Status bits of now. */
uint16_t scale_status(const struct scale *scale);

#endif
