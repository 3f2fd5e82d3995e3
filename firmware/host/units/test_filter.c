/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The filter: spikes go, steps stay as sharp as they were, noise goes down. */
#include "unit.h"

#include "filter.h"
#include "hx711.h"

static struct filter filter;

static struct filtered feed(int32_t counts)
{
    struct filtered out = {.level = INT32_MIN};
    assert_true(filter_feed(&filter, counts, &out));
    return out;
}

static void settle(int32_t counts)
{
    struct filtered out;
    filter_init(&filter, 1000);
    for (int i = 0; i < FILTER_WINDOW - 1; i++) {
        assert_false(filter_feed(&filter, counts, &out));
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(feed(counts).level, counts * LEVEL_ONE);
    }
}

static void up_to_two_spikes_disappear(void **state)
{
    (void)state;
    settle(500);
    for (int spikes = 1; spikes <= 2; spikes++) {
        int told = 0;
        for (int i = 0; i < 20; i++) {
            const struct filtered out = feed(i < spikes ? 3000000 : 500);
            assert_int_equal(out.level, 500 * LEVEL_ONE);
            told += out.spike;
        }
        assert_int_equal(told, spikes);
    }
}

static void a_step_is_one_step(void **state)
{
    (void)state;
    settle(500);
    for (int i = 0; i < FILTER_DELAY; i++) {
        assert_int_equal(feed(90000).level, 500 * LEVEL_ONE);
    }
    const struct filtered out = feed(90000);
    assert_int_equal(out.level, 90000 * LEVEL_ONE);
    assert_false(out.spike);
}

static void a_small_difference_is_smoothed(void **state)
{
    (void)state;
    settle(0);
    level_q8 before = 0;
    for (int i = 0; i < 40; i++) {
        const level_q8 level = feed(400).level;
        assert_true(level >= before && level <= 400 * LEVEL_ONE);
        before = level;
    }
    assert_true(before > 399 * LEVEL_ONE);
}

static void noise_raises_what_counts_as_a_step(void **state)
{
    uint32_t random = 1;
    (void)state;
    settle(0);
    for (int i = 0; i < 2000; i++) {
        random = random * 1664525u + 1013904223u;
        feed((int32_t)(random >> 16 & 4095u) - 2048);
    }
    assert_true(filter.noise_q8 / LEVEL_ONE > 500);
    /* Far more than step_least, and not a step: the mean goes there gradually. */
    const level_q8 before = filter.level;
    for (int i = 0; i <= FILTER_DELAY; i++) {
        feed(before / LEVEL_ONE + 3000);
    }
    assert_true(filter.level < before + 2999 * LEVEL_ONE);
}

static void the_whole_range_is_possible(void **state)
{
    (void)state;
    settle(HX711_COUNTS_MIN);
    for (int i = 0; i <= FILTER_DELAY; i++) {
        feed(HX711_COUNTS_MAX);
    }
    assert_int_equal(filter.level, HX711_COUNTS_MAX * LEVEL_ONE);
    assert_true(feed(HX711_COUNTS_MAX).saturated);
    for (int i = 0; i <= FILTER_DELAY; i++) {
        feed(HX711_COUNTS_MIN);
    }
    assert_int_equal(filter.level, HX711_COUNTS_MIN * LEVEL_ONE);
    assert_true(feed(HX711_COUNTS_MIN).saturated);
}

static void one_saturated_sample_is_a_spike(void **state)
{
    (void)state;
    settle(500);
    assert_false(feed(HX711_COUNTS_MAX).saturated);
    assert_false(feed(500).saturated);
    const struct filtered out = feed(500);
    assert_true(out.spike);
    assert_false(out.saturated);
}

static void a_restart_forgets(void **state)
{
    struct filtered out;
    (void)state;
    settle(500);
    filter_restart(&filter);
    for (int i = 0; i < FILTER_WINDOW - 1; i++) {
        assert_false(filter_feed(&filter, 510, &out));
    }
    assert_int_equal(feed(510).level, 510 * LEVEL_ONE);
}

/* Against the slow, obvious way: all windows of five of three values, in every order. */
static void the_median_is_the_median(void **state)
{
    (void)state;
    for (int code = 0; code < 3125; code++) {
        int32_t window[FILTER_WINDOW];
        int below = 0;
        int above = 0;
        struct filtered out;

        filter_init(&filter, 0);
        for (int i = 0, rest = code; i < FILTER_WINDOW; i++, rest /= 5) {
            window[i] = rest % 5 * 100;
            filter_feed(&filter, window[i], &out);
        }
        for (int i = 0; i < FILTER_WINDOW; i++) {
            below += window[i] * LEVEL_ONE < out.level;
            above += window[i] * LEVEL_ONE > out.level;
        }
        assert_true(below <= 2 && above <= 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_to_two_spikes_disappear),
        cmocka_unit_test(a_step_is_one_step),
        cmocka_unit_test(a_small_difference_is_smoothed),
        cmocka_unit_test(noise_raises_what_counts_as_a_step),
        cmocka_unit_test(the_whole_range_is_possible),
        cmocka_unit_test(one_saturated_sample_is_a_spike),
        cmocka_unit_test(a_restart_forgets),
        cmocka_unit_test(the_median_is_the_median),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
