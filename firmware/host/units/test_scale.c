/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Samples to bursts: numbers, times, status bits, tare and calibration. */
#include "unit.h"

#include "hx711.h"
#include "scale.h"

#include <math.h>
#include <string.h>

#define PERIOD_US 12500

static struct scale scale;
static struct burst burst;
static int64_t now_us;
static const struct scale_config CONFIG = {.rate_hz = 80, .burst_samples = 10, .still_g = 5.0f, .still_counts = 500};
static const struct calibration RIGHT = {.zero = 8000, .counts_per_gram = 100.0f, .cell_id = "cell"};

static void begin(const struct calibration *calibration)
{
    scale_init(&scale, &CONFIG);
    if (calibration != NULL) {
        scale_calibrated(&scale, calibration);
    }
    now_us = 5000000;
}

static bool feed(enum sample_kind kind, int32_t counts)
{
    const struct sample sample = {.time_us = now_us, .counts = counts, .kind = kind};
    now_us += PERIOD_US;
    return scale_feed(&scale, &sample, &burst);
}

/* Feeds until a burst comes. */
static void until_burst(int32_t counts)
{
    for (int i = 0; i < 40; i++) {
        if (feed(SAMPLE_COUNTS, counts)) {
            return;
        }
    }
    assert_true(false);
}

static void rest(int32_t counts, int samples)
{
    for (int i = 0; i < samples; i++) {
        feed(SAMPLE_COUNTS, counts);
    }
}

static void a_burst_says_when_and_which(void **state)
{
    (void)state;
    begin(&RIGHT);
    until_burst(58000);
    /* The window's first two samples never were its middle. */
    assert_int_equal(burst.sequence, FILTER_DELAY);
    assert_int_equal(burst.time_us, 5000000 + FILTER_DELAY * PERIOD_US);
    assert_int_equal(burst.samples, 10);
    assert_int_equal(burst.status, 0);
    assert_float_equal(burst.period_s, 0.0125f, 1e-6f);
    for (int i = 0; i < burst.samples; i++) {
        assert_float_equal(burst.grams[i], 500.0f, 1e-3f);
    }
    until_burst(58000);
    assert_int_equal(burst.sequence, FILTER_DELAY + 10);
    assert_int_equal(burst.time_us, 5000000 + (FILTER_DELAY + 10) * PERIOD_US);
}

static void the_period_is_the_measured_one(void **state)
{
    (void)state;
    begin(&RIGHT);
    for (int i = 0; i < 100; i++) {
        now_us -= 500; /* an HX711 that is 4 % fast */
        feed(SAMPLE_COUNTS, 8000);
    }
    assert_float_equal(burst.period_s, 0.012f, 1e-6f);
    assert_true(scale.period_us < 12100);
}

static void missed_conversions_leave_a_hole(void **state)
{
    (void)state;
    begin(&RIGHT);
    until_burst(8000);
    rest(8000, 3);
    now_us += 5 * PERIOD_US;
    assert_true(feed(SAMPLE_COUNTS, 8000));
    assert_int_equal(burst.samples, 3);
    assert_int_equal(scale.counters.missed, 5);
    until_burst(8000);
    /* 14 samples before the hole and three up to it, five missed, two that were no middle. */
    assert_int_equal(burst.sequence, 14 + 3 + 5 + 2);
    assert_int_equal(burst.time_us, 5000000 + (int64_t)burst.sequence * PERIOD_US);
}

static void a_dropped_frame_is_a_hole_of_one(void **state)
{
    (void)state;
    begin(&RIGHT);
    until_burst(8000);
    assert_false(feed(SAMPLE_DROPPED, 0));
    assert_int_equal(scale.counters.dropped, 1);
    assert_false(feed(SAMPLE_COUNTS, 8000));
    assert_int_equal(scale.counters.missed, 1);
}

static void a_short_interval_is_no_measure_of_the_period(void **state)
{
    (void)state;
    begin(&RIGHT);
    rest(8000, 3);
    now_us -= PERIOD_US * 3 / 4;
    feed(SAMPLE_COUNTS, 8000);
    assert_int_equal(scale.period_us, PERIOD_US);
}

static void the_number_wraps_around(void **state)
{
    (void)state;
    begin(&RIGHT);
    scale.sequence = UINT32_MAX - 7;
    until_burst(8000);
    assert_int_equal(burst.sequence, UINT32_MAX - 4);
    until_burst(8000);
    assert_int_equal(burst.sequence, 5);
}

static void saturation_spoils_only_its_own_burst(void **state)
{
    (void)state;
    begin(&RIGHT);
    until_burst(58000);
    rest(58000, 5);
    bool came = false;
    for (int i = 0; i < 5 && !came; i++) {
        came = feed(SAMPLE_COUNTS, HX711_COUNTS_MAX);
    }
    assert_true(came);
    assert_int_equal(burst.status, 0);
    assert_int_equal(burst.samples, 5 + FILTER_DELAY);
    until_burst(HX711_COUNTS_MAX);
    assert_int_equal(burst.status, STATUS_SATURATED);
    assert_int_equal(scale_status(&scale), STATUS_SATURATED);
    until_burst(58000);
    assert_int_equal(burst.status, STATUS_SATURATED);
    until_burst(58000);
    assert_int_equal(burst.status, 0);
}

static void a_spike_is_told(void **state)
{
    (void)state;
    begin(&RIGHT);
    until_burst(58000);
    feed(SAMPLE_COUNTS, 4000000);
    until_burst(58000);
    assert_int_equal(burst.status, STATUS_SPIKE_REMOVED);
    assert_float_equal(burst.grams[2], 500.0f, 0.5f);
    assert_int_equal(scale.counters.spikes, 1);
}

static void a_scale_without_samples_says_so_once_a_second(void **state)
{
    int told = 0;
    (void)state;
    begin(&RIGHT);
    until_burst(58000);
    rest(58000, 4);
    assert_true(feed(SAMPLE_FAULT, 0));
    assert_int_equal(burst.samples, 4); /* what was measured goes out first */
    assert_int_equal(burst.status, 0);
    for (int i = 0; i < 200; i++) {
        if (feed(SAMPLE_FAULT, 0)) {
            told++;
            assert_int_equal(burst.samples, 0);
            assert_int_equal(burst.status, STATUS_HARDWARE_FAULT);
        }
    }
    assert_int_equal(told, 3); /* in 2.5 s */
    assert_int_equal(scale.counters.faults, 1);
    assert_int_equal(scale_status(&scale), STATUS_HARDWARE_FAULT);
    until_burst(58000);
    assert_int_equal(burst.status, 0);
    assert_int_equal(burst.samples, 10);
}

static void a_fault_at_the_start_is_told_at_once(void **state)
{
    (void)state;
    begin(&RIGHT);
    assert_true(feed(SAMPLE_FAULT, 0));
    assert_int_equal(burst.samples, 0);
    assert_int_equal(burst.sequence, 0);
}

static void without_calibration_there_are_counts(void **state)
{
    (void)state;
    begin(NULL);
    until_burst(58000);
    assert_int_equal(burst.status, STATUS_NOT_CALIBRATED);
    assert_float_equal(burst.grams[0], 58000.0f, 0.1f);
}

static void two_points_calibrate(void **state)
{
    (void)state;
    begin(NULL);
    rest(8000, 200);
    assert_int_equal(scale_span(&scale, 500.0f, "c", 5), CALIBRATION_NO_TARE);
    assert_int_equal(scale_tare(&scale), CALIBRATION_DONE);
    assert_int_equal(scale.calibration.zero, 8000);
    rest(58000, 200);
    assert_int_equal(scale_span(&scale, 500.0f, "a-cell-with-a-name-that-is-too-long", 1700000000), CALIBRATION_DONE);
    assert_float_equal(scale.calibration.counts_per_gram, 100.0f, 1e-3f);
    assert_float_equal(scale.calibration.mass_g, 500.0f, 1e-3f);
    assert_int_equal(scale.calibration.made_s, 1700000000);
    assert_string_equal(scale.calibration.cell_id, "a-cell-with-a-name-that-");
    rest(33000, 10);
    until_burst(33000);
    assert_int_equal(burst.status, 0);
    assert_float_equal(burst.grams[9], 250.0f, 0.01f);
}

static void a_cell_may_be_mounted_the_other_way_round(void **state)
{
    (void)state;
    begin(NULL);
    rest(8000, 200);
    assert_int_equal(scale_tare(&scale), CALIBRATION_DONE);
    rest(-42000, 200);
    assert_int_equal(scale_span(&scale, 500.0f, "", 0), CALIBRATION_DONE);
    assert_float_equal(scale_grams(&scale), 500.0f, 0.01f);
    rest(-42000, 200);
    /* Still within still_g, whose counts are positive all the same. */
    assert_int_equal(scale_tare(&scale), CALIBRATION_DONE);
}

static void nothing_is_calibrated_while_it_moves(void **state)
{
    (void)state;
    begin(&RIGHT);
    assert_int_equal(scale_tare(&scale), CALIBRATION_UNSTABLE); /* nothing measured yet */
    for (int i = 0; i < 200; i++) {
        feed(SAMPLE_COUNTS, 8000 + i % 2 * 600);
    }
    assert_int_equal(scale_tare(&scale), CALIBRATION_UNSTABLE);
    assert_int_equal(scale_span(&scale, 500.0f, "", 0), CALIBRATION_UNSTABLE);
    assert_int_equal(scale.calibration.zero, 8000);
    rest(8600, 200);
    rest(9200, 1);
    assert_int_equal(scale_tare(&scale), CALIBRATION_UNSTABLE);
    /* Falling is moving too. */
    rest(9200, 200);
    rest(8000, 1);
    assert_int_equal(scale_tare(&scale), CALIBRATION_UNSTABLE);
}

static void nothing_is_calibrated_without_usable_counts(void **state)
{
    (void)state;
    begin(&RIGHT);
    rest(HX711_COUNTS_MAX, 200);
    assert_int_equal(scale_tare(&scale), CALIBRATION_FAULT);
    feed(SAMPLE_FAULT, 0);
    assert_int_equal(scale_tare(&scale), CALIBRATION_FAULT);
    assert_int_equal(scale_span(&scale, 500.0f, "", 0), CALIBRATION_FAULT);
}

static void masses_that_make_no_sense_are_refused(void **state)
{
    static const float MASSES[] = {0.0f, -500.0f, 49.0f, 300000.0f, NAN, INFINITY};
    (void)state;
    begin(&RIGHT);
    rest(58000, 200);
    for (size_t i = 0; i < sizeof MASSES / sizeof MASSES[0]; i++) {
        assert_int_equal(scale_span(&scale, MASSES[i], "", 0), CALIBRATION_BAD_MASS);
    }
    rest(8000, 200);
    assert_int_equal(scale_span(&scale, 500.0f, "", 0), CALIBRATION_SMALL_SPAN);
    rest(8000 - 1999, 200);
    assert_int_equal(scale_span(&scale, 500.0f, "", 0), CALIBRATION_SMALL_SPAN);
    assert_float_equal(scale.calibration.counts_per_gram, 100.0f, 0.0f);
}

static void the_whole_range_has_a_mean(void **state)
{
    struct stillness stillness;
    int32_t mean;
    (void)state;
    stillness_init(&stillness, 4);
    for (int i = 0; i < 20; i++) {
        stillness_feed(&stillness, i % 2 == 0 ? HX711_COUNTS_MIN : HX711_COUNTS_MAX);
    }
    assert_false(stillness_mean(&stillness, UINT32_MAX / 1024, &mean));
    assert_true(stillness_mean(&stillness, UINT32_MAX, &mean));
    assert_int_equal(mean, 0);
}

static void the_queue_drops_what_does_not_fit(void **state)
{
    static struct sample_queue queue;
    struct sample sample = {.kind = SAMPLE_COUNTS};
    (void)state;
    /* Also where the counters wrap around. */
    queue.written = queue.read = UINT32_MAX - 10;
    for (int i = 0; i < SAMPLE_QUEUE_LENGTH; i++) {
        sample.counts = i;
        assert_true(sample_queue_push(&queue, &sample));
    }
    assert_false(sample_queue_push(&queue, &sample));
    assert_int_equal(queue.overruns, 1);
    for (int i = 0; i < SAMPLE_QUEUE_LENGTH; i++) {
        assert_true(sample_queue_pop(&queue, &sample));
        assert_int_equal(sample.counts, i);
    }
    assert_false(sample_queue_pop(&queue, &sample));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_says_when_and_which),
        cmocka_unit_test(the_period_is_the_measured_one),
        cmocka_unit_test(missed_conversions_leave_a_hole),
        cmocka_unit_test(a_dropped_frame_is_a_hole_of_one),
        cmocka_unit_test(a_short_interval_is_no_measure_of_the_period),
        cmocka_unit_test(the_number_wraps_around),
        cmocka_unit_test(saturation_spoils_only_its_own_burst),
        cmocka_unit_test(a_spike_is_told),
        cmocka_unit_test(a_scale_without_samples_says_so_once_a_second),
        cmocka_unit_test(a_fault_at_the_start_is_told_at_once),
        cmocka_unit_test(without_calibration_there_are_counts),
        cmocka_unit_test(two_points_calibrate),
        cmocka_unit_test(a_cell_may_be_mounted_the_other_way_round),
        cmocka_unit_test(nothing_is_calibrated_while_it_moves),
        cmocka_unit_test(nothing_is_calibrated_without_usable_counts),
        cmocka_unit_test(masses_that_make_no_sense_are_refused),
        cmocka_unit_test(the_whole_range_has_a_mean),
        cmocka_unit_test(the_queue_drops_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
