/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "hx711_model.h"

#include <math.h>

#define OTHER_INPUT_COUNTS 12000.0 /* nothing is connected there: some offset */
#define UNSETTLED_SHARE 0.3        /* error of the first conversion after a reset, then less and less */

static double uniform(struct hx711_model *model)
{
    model->random ^= model->random << 13;
    model->random ^= model->random >> 17;
    model->random ^= model->random << 5;
    return (double)model->random / 4294967296.0;
}

/* Nearly normal, standard deviation 1: the sum of twelve uniform numbers. */
static double normal(struct hx711_model *model)
{
    double sum = -6.0;

    for (int i = 0; i < 12; i++) {
        sum += uniform(model);
    }
    return sum;
}

void hx711_model_init(struct hx711_model *model, double zero_counts, double counts_per_gram, double noise_counts,
                      uint32_t seed)
{
    *model = (struct hx711_model){
        .zero_counts = zero_counts,
        .counts_per_gram = counts_per_gram,
        .noise_counts = noise_counts,
        .random = seed | 1u,
        .input = HX711_A_128,
        .settling = HX711_SETTLING_CONVERSIONS,
        .data = true,
        .powered = true,
    };
}

static double measured(struct hx711_model *model)
{
    double counts = model->zero_counts + model->counts_per_gram * model->grams;

    if (model->settling > 0) {
        counts *= 1.0 - UNSETTLED_SHARE * model->settling;
        model->settling--;
    }
    if (model->fault == FAULT_OPEN_CELL) {
        return 1e9;
    }
    if (model->input == HX711_B_32) {
        return OTHER_INPUT_COUNTS;
    }
    return counts + model->noise_counts * normal(model);
}

bool hx711_model_convert(struct hx711_model *model, int64_t time_us)
{
    if (time_us > model->time_us) {
        model->time_us = time_us;
    }
    if (!model->powered) {
        return false;
    }
    const double counts = fmin(fmax(round(measured(model)), HX711_COUNTS_MIN), HX711_COUNTS_MAX);
    if (model->hidden > 0) {
        model->hidden--;
        return false;
    }
    model->shown = (uint32_t)((int32_t)counts) & 0xFFFFFFu;
    model->pulses = 0;
    model->data = false;
    return model->fault != FAULT_UNPLUGGED;
}

static void rise(struct hx711_model *model)
{
    model->clock = true;
    model->high_since_us = model->time_us;
    model->pulses++;
    if (model->pulses <= 24) {
        model->data = (model->shown >> (24 - model->pulses) & 1u) != 0;
        return;
    }
    const enum hx711_input wanted = (enum hx711_input)(model->pulses > 27 ? 27 : model->pulses);
    model->hidden = wanted != model->input && wanted == HX711_A_128 ? HX711_SETTLING_CONVERSIONS : 0;
    model->input = wanted;
    model->data = true;
}

static void fall(struct hx711_model *model)
{
    model->clock = false;
    if (!model->powered) {
        model->powered = true;
        model->input = HX711_A_128;
        model->settling = HX711_SETTLING_CONVERSIONS;
        model->hidden = 0;
    }
}

static void set_clock(void *context, bool high)
{
    struct hx711_model *model = context;

    if (high && !model->clock) {
        rise(model);
    } else if (!high && model->clock) {
        fall(model);
        if (model->fault == FAULT_GLITCH && model->pulses == 25) {
            model->fault = FAULT_NONE;
            rise(model);
            fall(model);
        }
    }
}

static void delay_us(void *context, uint32_t us)
{
    struct hx711_model *model = context;

    model->time_us += us;
    if (model->clock && model->fault == FAULT_SLOW_CLOCK && model->pulses == 12) {
        model->fault = FAULT_NONE;
        model->time_us += 2 * HX711_POWER_DOWN_US;
    }
    if (model->clock && model->time_us - model->high_since_us > HX711_POWER_DOWN_US) {
        model->powered = false;
        model->data = true;
    }
}

static bool data_is_high(void *context)
{
    const struct hx711_model *model = context;

    switch (model->fault) {
    case FAULT_UNPLUGGED:
        return true;
    case FAULT_STUCK_LOW:
        return false;
    case FAULT_ALL_ONES:
        return model->pulses > 0 || model->data;
    default:
        return model->data;
    }
}

static uint32_t now_us(void *context)
{
    const struct hx711_model *model = context;
    return (uint32_t)(uint64_t)model->time_us;
}

static void critical(void *context)
{
    (void)context; /* one thread: nothing interrupts it */
}

const struct hx711_ops HX711_MODEL_OPS = {
    .data_is_high = data_is_high,
    .set_clock = set_clock,
    .delay_us = delay_us,
    .now_us = now_us,
    .enter_critical = critical,
    .exit_critical = critical,
};
