/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* An HX711 with its load cell, as its pins show it: pulses, power-down, settling, noise, saturation, faults. */
#ifndef HX711_MODEL_H
#define HX711_MODEL_H

#include "hx711.h"

enum hx711_fault {
    FAULT_NONE,
    FAULT_UNPLUGGED,  /* the board's cable: DOUT is pulled high */
    FAULT_STUCK_LOW,  /* DOUT is shorted to ground */
    FAULT_ALL_ONES,   /* DOUT falls when a conversion is due, but nothing drives the bits */
    FAULT_OPEN_CELL,  /* a wire of the cell is broken: the amplifier runs to the end of its range */
    FAULT_GLITCH,     /* the next read has one pulse too many: the conversion after it measures the other input */
    FAULT_SLOW_CLOCK, /* the next read is delayed while the clock is high: the chip powers down */
};

struct hx711_model {
    double zero_counts;
    double counts_per_gram;
    double noise_counts;
    double grams; /* the load now */
    int64_t time_us;
    enum hx711_fault fault;

    uint32_t random;
    uint32_t shown;    /* what is being shifted out */
    unsigned pulses;   /* since the conversion became ready */
    unsigned settling; /* conversions until the value is right */
    unsigned hidden;   /* conversions that are not shown after a change of the input */
    enum hx711_input input;
    int64_t high_since_us;
    bool clock;
    bool data;
    bool powered;
};

/* The driver's operations; their context is a struct hx711_model. They let the model's time pass. */
extern const struct hx711_ops HX711_MODEL_OPS;

void hx711_model_init(struct hx711_model *model, double zero_counts, double counts_per_gram, double noise_counts,
                      uint32_t seed);

/* A conversion ends at `time_us`; whether DOUT has gone low. */
bool hx711_model_convert(struct hx711_model *model, int64_t time_us);

#endif
