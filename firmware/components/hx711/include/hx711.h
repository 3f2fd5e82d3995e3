/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Frames of the HX711 load cell converter, bit by bit, over the few operations that a board must offer. */
#ifndef HX711_H
#define HX711_H

#include <stdbool.h>
#include <stdint.h>

/* What the board does for the driver. `context` is the board's own. */
struct hx711_ops {
    bool (*data_is_high)(void *context);
    void (*set_clock)(void *context, bool high);
    void (*delay_us)(void *context, uint32_t us);
    uint32_t (*now_us)(void *context); /* wraps around; only differences count */
    void (*enter_critical)(void *context);
    void (*exit_critical)(void *context);
};

/* What the next conversion measures; the value is the number of clock pulses that selects it. */
enum hx711_input {
    HX711_A_128 = 25,
    HX711_B_32 = 26,
    HX711_A_64 = 27,
};

enum hx711_result {
    HX711_OK,
    HX711_NOT_READY,    /* no conversion waits to be read */
    HX711_SETTLING,     /* read and dropped: the first conversions after a reset are not right yet */
    HX711_BAD_FRAME,    /* DOUT did not go high after the last pulse: pulses were lost or added */
    HX711_POWERED_DOWN, /* the clock was high for too long while reading: the chip has switched itself off */
    HX711_STUCK,        /* all bits are ones, again and again: nothing drives DOUT */
};

enum {
    HX711_COUNTS_MAX = 0x7FFFFF,
    HX711_COUNTS_MIN = -0x800000,
    HX711_SETTLING_CONVERSIONS = 4,
    HX711_POWER_DOWN_US = 60,
    HX711_STUCK_FRAMES = 3, /* a median of five swallows the two before */
};

struct hx711 {
    const struct hx711_ops *ops;
    void *context;
    enum hx711_input input;
    uint8_t settling; /* conversions still to be dropped */
    uint8_t ones;     /* frames of all ones in a row */
};

/* Starts with a reset: whatever the chip was left at, it is known afterwards. */
void hx711_init(struct hx711 *chip, const struct hx711_ops *ops, void *context, enum hx711_input input);

/* Powers the chip down and up again. Takes about 0.1 ms. */
void hx711_reset(struct hx711 *chip);

/* Reads a conversion if one waits. Takes about 0.1 ms, half of it with interrupts off. `counts` is written only with
   HX711_OK. After a frame that cannot be trusted the chip is reset. */
enum hx711_result hx711_read(struct hx711 *chip, int32_t *counts);

/* The value of 24 bits in two's complement. */
int32_t hx711_counts(uint32_t raw);

/* Whether the converter is at the end of its range: then the value is no weight. */
static inline bool hx711_saturated(int32_t counts)
{
    return counts == HX711_COUNTS_MAX || counts == HX711_COUNTS_MIN;
}

#endif
