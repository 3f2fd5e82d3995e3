/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Frames of the HX711, against the model of the chip. */
#include "unit.h"

#include "hx711.h"
#include "hx711_model.h"

static struct hx711_model model;
static struct hx711 chip;

/* A chip that has settled; counts are the load. */
static void begin(enum hx711_input input)
{
    int32_t counts;

    hx711_model_init(&model, 0.0, 1.0, 0.0, 1);
    hx711_init(&chip, &HX711_MODEL_OPS, &model, input);
    for (int i = 0; i < HX711_SETTLING_CONVERSIONS; i++) {
        assert_true(hx711_model_convert(&model, model.time_us + 12500));
        assert_int_equal(hx711_read(&chip, &counts), HX711_SETTLING);
    }
}

static enum hx711_result convert(double load, int32_t *counts)
{
    model.grams = load;
    hx711_model_convert(&model, model.time_us + 12500);
    return hx711_read(&chip, counts);
}

static void counts_have_a_sign(void **state)
{
    (void)state;
    assert_int_equal(hx711_counts(0x000000), 0);
    assert_int_equal(hx711_counts(0x7FFFFF), HX711_COUNTS_MAX);
    assert_int_equal(hx711_counts(0x800000), HX711_COUNTS_MIN);
    assert_int_equal(hx711_counts(0xFFFFFF), -1);
    assert_int_equal(hx711_counts(0xFF000001), 1);
}

static void every_value_comes_through(void **state)
{
    static const int32_t VALUES[] = {0, 1, -1, 0x555555, -0x2AAAAA, 123456, -654321,
                                     HX711_COUNTS_MAX, HX711_COUNTS_MIN};
    (void)state;
    begin(HX711_A_128);
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
        int32_t counts = 7;
        assert_int_equal(convert(VALUES[i], &counts), HX711_OK);
        assert_int_equal(counts, VALUES[i]);
        assert_int_equal(model.input, HX711_A_128);
    }
}

static void nothing_is_read_before_it_is_ready(void **state)
{
    int32_t counts = 7;
    (void)state;
    begin(HX711_A_128);
    assert_int_equal(hx711_read(&chip, &counts), HX711_NOT_READY);
    assert_int_equal(convert(5.0, &counts), HX711_OK);
    assert_int_equal(hx711_read(&chip, &counts), HX711_NOT_READY);
    assert_int_equal(counts, 5);
}

static void the_number_of_pulses_selects_the_input(void **state)
{
    int32_t counts;
    (void)state;
    begin(HX711_A_64);
    assert_int_equal(model.input, HX711_A_64);
    begin(HX711_B_32);
    assert_int_equal(convert(5.0, &counts), HX711_OK);
    assert_int_equal(counts, 12000);
}

static void the_ends_of_the_range_are_no_weights(void **state)
{
    int32_t counts;
    (void)state;
    begin(HX711_A_128);
    assert_int_equal(convert(1e9, &counts), HX711_OK);
    assert_true(hx711_saturated(counts));
    assert_int_equal(convert(-1e9, &counts), HX711_OK);
    assert_true(hx711_saturated(counts));
    assert_int_equal(convert(HX711_COUNTS_MAX - 1, &counts), HX711_OK);
    assert_false(hx711_saturated(counts));
}

static void a_line_that_stays_low_is_a_bad_frame(void **state)
{
    int32_t counts = 7;
    (void)state;
    begin(HX711_A_128);
    model.fault = FAULT_STUCK_LOW;
    assert_int_equal(convert(5.0, &counts), HX711_BAD_FRAME);
    assert_int_equal(counts, 7);
    model.fault = FAULT_NONE;
    assert_int_equal(convert(5.0, &counts), HX711_SETTLING);
}

static void a_slow_clock_powers_the_chip_down(void **state)
{
    int32_t counts = 7;
    (void)state;
    begin(HX711_A_128);
    model.fault = FAULT_SLOW_CLOCK;
    assert_int_equal(convert(5.0, &counts), HX711_POWERED_DOWN);
    assert_int_equal(counts, 7);
    for (int i = 0; i < HX711_SETTLING_CONVERSIONS; i++) {
        assert_int_equal(convert(5.0, &counts), HX711_SETTLING);
    }
    assert_int_equal(convert(5.0, &counts), HX711_OK);
    assert_int_equal(counts, 5);
}

static void an_added_pulse_measures_the_other_input_once(void **state)
{
    int32_t counts;
    (void)state;
    begin(HX711_A_128);
    model.fault = FAULT_GLITCH;
    assert_int_equal(convert(5.0, &counts), HX711_OK);
    assert_int_equal(counts, 5);
    assert_int_equal(convert(5.0, &counts), HX711_OK);
    assert_int_equal(counts, 12000);
    for (int i = 0; i < HX711_SETTLING_CONVERSIONS; i++) {
        assert_int_equal(convert(5.0, &counts), HX711_NOT_READY);
    }
    assert_int_equal(convert(5.0, &counts), HX711_OK);
    assert_int_equal(counts, 5);
}

static void ones_again_and_again_are_nobody(void **state)
{
    int32_t counts = 7;
    (void)state;
    begin(HX711_A_128);
    assert_int_equal(convert(-1.0, &counts), HX711_OK);
    assert_int_equal(counts, -1);
    assert_int_equal(convert(5.0, &counts), HX711_OK);
    model.fault = FAULT_ALL_ONES;
    for (int i = 1; i < HX711_STUCK_FRAMES; i++) {
        assert_int_equal(convert(5.0, &counts), HX711_OK);
    }
    assert_int_equal(convert(5.0, &counts), HX711_STUCK);
    assert_int_equal(convert(5.0, &counts), HX711_STUCK);
    model.fault = FAULT_NONE;
    assert_int_equal(convert(5.0, &counts), HX711_OK);
    assert_int_equal(counts, 5);
}

static void an_unplugged_chip_is_never_ready(void **state)
{
    int32_t counts;
    (void)state;
    begin(HX711_A_128);
    model.fault = FAULT_UNPLUGGED;
    assert_int_equal(convert(5.0, &counts), HX711_NOT_READY);
}

static void the_clock_may_wrap_around_in_a_frame(void **state)
{
    int32_t counts;
    (void)state;
    begin(HX711_A_128);
    model.time_us = (int64_t)UINT32_MAX - 12500 - 20;
    assert_int_equal(convert(5.0, &counts), HX711_OK);
    assert_true(model.time_us > (int64_t)UINT32_MAX);
    assert_int_equal(counts, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_have_a_sign),
        cmocka_unit_test(every_value_comes_through),
        cmocka_unit_test(nothing_is_read_before_it_is_ready),
        cmocka_unit_test(the_number_of_pulses_selects_the_input),
        cmocka_unit_test(the_ends_of_the_range_are_no_weights),
        cmocka_unit_test(a_line_that_stays_low_is_a_bad_frame),
        cmocka_unit_test(a_slow_clock_powers_the_chip_down),
        cmocka_unit_test(an_added_pulse_measures_the_other_input_once),
        cmocka_unit_test(ones_again_and_again_are_nobody),
        cmocka_unit_test(an_unplugged_chip_is_never_ready),
        cmocka_unit_test(the_clock_may_wrap_around_in_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
