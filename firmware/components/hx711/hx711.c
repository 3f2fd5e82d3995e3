/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "hx711.h"

#define DATA_BITS 24
#define ALL_ONES 0xFFFFFFu
#define HALF_PERIOD_US 1

int32_t hx711_counts(uint32_t raw)
{
    /* Flipping the sign bit turns two's complement into an offset of 2^23; no shift of a negative number is needed. */
    return (int32_t)((raw & ALL_ONES) ^ 0x800000u) - 0x800000;
}

void hx711_init(struct hx711 *chip, const struct hx711_ops *ops, void *context, enum hx711_input input)
{
    *chip = (struct hx711){.ops = ops, .context = context, .input = input};
    hx711_reset(chip);
}

void hx711_reset(struct hx711 *chip)
{
    chip->ops->set_clock(chip->context, true);
    chip->ops->delay_us(chip->context, HX711_POWER_DOWN_US + 20);
    chip->ops->set_clock(chip->context, false);
    chip->settling = HX711_SETTLING_CONVERSIONS;
}

/* One clock pulse; DOUT is read while the clock is high, when the bit is stable. Returns how long it was high. */
static uint32_t pulse(const struct hx711 *chip, bool *bit)
{
    const struct hx711_ops *ops = chip->ops;
    const uint32_t began = ops->now_us(chip->context);

    ops->set_clock(chip->context, true);
    ops->delay_us(chip->context, HALF_PERIOD_US);
    *bit = ops->data_is_high(chip->context);
    ops->set_clock(chip->context, false);
    const uint32_t high_us = ops->now_us(chip->context) - began;
    ops->delay_us(chip->context, HALF_PERIOD_US);
    return high_us;
}

enum hx711_result hx711_read(struct hx711 *chip, int32_t *counts)
{
    const struct hx711_ops *ops = chip->ops;
    uint32_t raw = 0;
    bool powered_down = false;

    if (ops->data_is_high(chip->context)) {
        return HX711_NOT_READY;
    }
    ops->enter_critical(chip->context);
    for (int i = 0; i < (int)chip->input; i++) {
        bool bit;
        powered_down |= pulse(chip, &bit) >= HX711_POWER_DOWN_US;
        if (i < DATA_BITS) {
            raw = raw << 1 | bit;
        }
    }
    const bool ended = ops->data_is_high(chip->context);
    ops->exit_critical(chip->context);

    if (powered_down || !ended) {
        hx711_reset(chip);
        return powered_down ? HX711_POWERED_DOWN : HX711_BAD_FRAME;
    }
    if (chip->settling > 0) {
        chip->settling--;
        return HX711_SETTLING;
    }
    /* A single -1 is a weight like any other. */
    chip->ones = raw != ALL_ONES ? 0 : chip->ones < HX711_STUCK_FRAMES ? (uint8_t)(chip->ones + 1) : chip->ones;
    if (chip->ones == HX711_STUCK_FRAMES) {
        return HX711_STUCK;
    }
    *counts = hx711_counts(raw);
    return HX711_OK;
}
