/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The whole application, from the converter's pins to the messages, on a board of which everything can be broken. */
#include "unit.h"

#include "application.h"
#include "hx711_model.h"
#include "sampler.h"

#include <string.h>

#define PERIOD_US 12500
#define EPOCH_NS (1700000000ll * 1000000000ll)
#define BURSTS_MOST 1024

static struct hx711_model model;
static struct hx711 chip;
static struct sampler sampler;
static struct application app;

/* The board and what it is connected to. */
static struct {
    int64_t now_us;
    bool network;
    bool agent;
    bool knows_time;
    bool flash_fails;
    uint8_t flash[STORE_SLOTS][STORE_BLOB_SIZE];
    unsigned identified;
    struct command command;
    bool commanded;
    struct answer answer;
    unsigned answers;
    struct burst bursts[BURSTS_MOST];
    struct stamp stamps[BURSTS_MOST];
    unsigned received;
    struct health health;
    unsigned healths;
    bool is_open;
    bool nobody_listens;
    bool forgotten; /* the agent was restarted and knows nothing of the session */
} board;

static int64_t now_us(void *context)
{
    (void)context;
    return board.now_us;
}

static uint32_t now_ms(void *context)
{
    (void)context;
    return (uint32_t)(board.now_us / 1000);
}

static bool network_is_up(void *context)
{
    (void)context;
    return board.network;
}

static bool agent_answers(void *context)
{
    (void)context;
    return board.agent;
}

static int64_t epoch_ns(void *context)
{
    (void)context;
    return board.knows_time ? EPOCH_NS + board.now_us * 1000 : 0;
}

static int8_t signal_dbm(void *context)
{
    (void)context;
    return -60;
}

static void identify(void *context)
{
    (void)context;
    board.identified++;
}

static const struct board_ops BOARD = {
    .now_us = now_us, .now_ms = now_ms, .network_is_up = network_is_up, .ping = agent_answers, .sync = agent_answers,
    .epoch_ns = epoch_ns, .signal_dbm = signal_dbm, .identify = identify,
};

static size_t read_slot(void *context, unsigned slot, uint8_t *bytes, size_t size)
{
    (void)context;
    memcpy(bytes, board.flash[slot], size);
    return size;
}

static bool write_slot(void *context, unsigned slot, const uint8_t *bytes, size_t size)
{
    (void)context;
    memcpy(board.flash[slot], bytes, size);
    return !board.flash_fails;
}

static const struct store_ops FLASH = {.read = read_slot, .write = write_slot};

static bool open(void *context)
{
    (void)context;
    board.is_open = board.agent;
    board.forgotten = false;
    return board.is_open;
}

static void close(void *context, bool lost)
{
    (void)context;
    (void)lost;
    board.is_open = false;
}

static bool is_heard(void *context)
{
    (void)context;
    return !board.nobody_listens;
}

static void publish_burst(void *context, const struct burst *burst, const struct stamp *stamp)
{
    (void)context;
    assert_true(board.is_open);
    if (board.agent && !board.forgotten && board.received < BURSTS_MOST) {
        board.bursts[board.received] = *burst;
        board.stamps[board.received++] = *stamp;
    }
}

static bool publish_health(void *context, const struct health *health)
{
    (void)context;
    board.health = *health;
    board.healths++;
    return board.agent && !board.forgotten;
}

static bool take_command(void *context, struct command *command)
{
    const bool commanded = board.commanded;
    (void)context;
    *command = board.command;
    board.commanded = false;
    return commanded;
}

static void answer(void *context, const struct answer *given)
{
    (void)context;
    board.answer = *given;
    board.answers++;
}

static const struct node_ops NODE = {.open = open, .close = close, .is_heard = is_heard, .publish_burst = publish_burst,
    .publish_health = publish_health, .take_command = take_command, .answer = answer};

static void power_on(void)
{
    const struct application_config config = application_defaults(80, 125, 3);
    application_init(&app, &config, &FLASH, NULL, &BOARD, NULL, &NODE, NULL);
    hx711_init(&chip, &HX711_MODEL_OPS, &model, HX711_A_128);
    sampler_init(&sampler, &chip, &app.queue, board.now_us);
}

/* The scale with 100 counts per gram, 8000 when empty. */
static void begin(bool calibrated)
{
    memset(&board, 0, sizeof board);
    board.network = board.agent = board.knows_time = true;
    board.now_us = 1000000;
    hx711_model_init(&model, 8000.0, 100.0, 0.0, 1);
    if (calibrated) {
        struct calibration right = {.zero = 8000, .counts_per_gram = 100.0f, .cell_id = "cell-7"};
        store_encode(&right, 1, board.flash[0]);
    }
    power_on();
}

static void run_s(double seconds)
{
    for (int i = 0; i < (int)(seconds * 80.0); i++) {
        board.now_us += PERIOD_US;
        if (hx711_model_convert(&model, board.now_us)) {
            sampler_ready(&sampler, board.now_us);
        } else {
            sampler_idle(&sampler, board.now_us);
        }
        application_step(&app);
    }
}

static void command(uint8_t kind, float grams)
{
    board.command = (struct command){.kind = kind, .grams = grams, .cell_id = "cell-8"};
    board.commanded = true;
    run_s(0.1);
}

/* Bursts follow each other without a hole, those sent again aside. */
static void nothing_is_missing(unsigned from)
{
    uint32_t next = board.bursts[from].sequence;
    for (unsigned i = from; i < board.received; i++) {
        const struct burst *burst = &board.bursts[i];
        if ((burst->status & STATUS_RESENT) == 0) {
            assert_int_equal(burst->sequence, next);
            next += burst->samples;
        } else {
            assert_true(burst->sequence - next >= UINT32_MAX / 2); /* known already */
        }
    }
}

static void a_burst_fits_its_message_at_any_rate(void **state)
{
    (void)state;
    assert_int_equal(application_defaults(80, 125, 1).scale.burst_samples, 10);
    assert_int_equal(application_defaults(80, 1000, 1).scale.burst_samples, BURST_SAMPLES_MOST);
    assert_int_equal(application_defaults(10, 125, 1).scale.burst_samples, 2);
}

static void weights_arrive_with_their_time(void **state)
{
    (void)state;
    begin(true);
    model.grams = 750.0;
    run_s(10.0);
    nothing_is_missing(0);
    assert_true(board.received >= 76);
    for (unsigned i = 0; i < board.received; i++) {
        assert_int_equal(board.bursts[i].status, 0);
        assert_float_equal(board.bursts[i].grams[0], 750.0f, 0.01f);
        assert_true(board.stamps[i].synchronised);
        assert_int_equal(board.stamps[i].nanoseconds, EPOCH_NS + board.bursts[i].time_us * 1000);
    }
    assert_true(application_proven(&app));
    assert_true(board.healths >= 9 && board.healths <= 10);
    assert_int_equal(board.health.status, 0);
    assert_string_equal(board.health.calibration->cell_id, "cell-7");
}

static void an_image_without_agent_or_samples_is_not_proven(void **state)
{
    (void)state;
    begin(true);
    assert_false(application_proven(&app));
    board.agent = false;
    run_s(1.0);
    assert_false(application_proven(&app));
    begin(true);
    model.fault = FAULT_UNPLUGGED;
    run_s(1.0);
    assert_false(application_proven(&app));
}

static void a_step_keeps_its_moment(void **state)
{
    (void)state;
    begin(true);
    model.grams = 1000.0;
    run_s(5.0);
    const int64_t step_us = board.now_us;
    model.grams = 500.0;
    run_s(1.0);
    for (unsigned i = 0; i < board.received; i++) {
        for (int j = 0; j < board.bursts[i].samples; j++) {
            const int64_t at_us = board.bursts[i].time_us + j * PERIOD_US;
            assert_float_equal(board.bursts[i].grams[j], at_us > step_us ? 500.0f : 1000.0f, 0.01f);
        }
    }
}

/* As the store host sees it: nothing is missing when doubles are dropped. Returns how many were sent again. */
static unsigned nothing_is_missing_without_doubles(void)
{
    uint32_t next = board.bursts[0].sequence;
    unsigned resent = 0;

    for (unsigned i = 0; i < board.received; i++) {
        const struct burst *burst = &board.bursts[i];
        resent += (burst->status & STATUS_RESENT) != 0;
        if ((int32_t)(burst->sequence - next) >= 0) {
            assert_int_equal(burst->sequence, next);
            next += burst->samples;
        }
    }
    return resent;
}

static void a_lost_agent_costs_nothing_that_the_ring_holds(void **state)
{
    (void)state;
    begin(true);
    model.grams = 750.0;
    run_s(5.3);
    board.agent = false; /* in the middle between two pings: what is sent now goes nowhere */
    run_s(6.0);
    assert_int_equal(app.link.state, LINK_WAITING);
    board.agent = true;
    run_s(8.0);
    assert_int_equal(app.link.sessions, 2);
    const unsigned resent = nothing_is_missing_without_doubles();
    assert_true(resent > 0 && resent < 60);
    assert_int_equal(app.ring.lost, 0);
    assert_int_equal(board.health.sessions, 2);
}

static void an_agent_that_restarts_between_two_pings_costs_nothing(void **state)
{
    (void)state;
    begin(true);
    run_s(5.3);
    board.forgotten = true; /* it answers pings all the time */
    run_s(10.0);
    assert_int_equal(app.link.sessions, 2);
    assert_false(board.forgotten);
    const unsigned resent = nothing_is_missing_without_doubles();
    assert_true(resent > 0 && resent < 40);
}

static void a_long_loss_is_counted(void **state)
{
    (void)state;
    begin(true);
    run_s(5.0);
    board.network = false;
    run_s(60.0);
    board.network = true;
    run_s(20.0);
    assert_int_equal(app.link.state, LINK_CONNECTED);
    assert_true(board.health.lost_bursts > 300);
    assert_float_equal(board.bursts[board.received - 1].grams[0], 0.0f, 0.01f);
}

static void bursts_wait_until_somebody_listens(void **state)
{
    (void)state;
    begin(true);
    board.nobody_listens = true;
    run_s(6.0);
    assert_int_equal(board.received, 0);
    board.nobody_listens = false;
    run_s(2.0);
    assert_int_equal(board.bursts[0].sequence, FILTER_DELAY);
    nothing_is_missing(0);
}

static void without_the_time_it_says_so(void **state)
{
    (void)state;
    begin(true);
    board.knows_time = false;
    run_s(4.0);
    assert_int_equal(board.bursts[0].status, STATUS_CLOCK_UNSYNCED);
    assert_false(board.stamps[0].synchronised);
    assert_int_equal(board.stamps[0].nanoseconds, board.bursts[0].time_us * 1000);
    assert_int_equal(board.health.status, STATUS_CLOCK_UNSYNCED);
}

static void an_unplugged_chip_is_told_and_comes_back(void **state)
{
    (void)state;
    begin(true);
    run_s(4.0);
    model.fault = FAULT_UNPLUGGED;
    run_s(5.0);
    assert_int_equal(board.bursts[board.received - 1].status, STATUS_HARDWARE_FAULT);
    assert_int_equal(board.health.status, STATUS_HARDWARE_FAULT);
    model.fault = FAULT_NONE;
    run_s(2.0);
    assert_int_equal(board.bursts[board.received - 1].status, 0);
    assert_int_equal(board.health.counters->faults, 1);
}

static void a_line_that_is_low_for_good_is_told(void **state)
{
    (void)state;
    begin(true);
    run_s(4.0);
    model.fault = FAULT_STUCK_LOW;
    run_s(3.0);
    assert_int_equal(board.health.status, STATUS_HARDWARE_FAULT);
    assert_true(board.health.counters->dropped > 100);
    model.fault = FAULT_ALL_ONES;
    run_s(3.0);
    assert_int_equal(board.health.status, STATUS_HARDWARE_FAULT);
}

static void an_open_cell_is_saturated(void **state)
{
    (void)state;
    begin(true);
    run_s(4.0);
    model.fault = FAULT_OPEN_CELL;
    run_s(2.0);
    assert_int_equal(board.bursts[board.received - 1].status, STATUS_SATURATED);
}

static void a_wrong_input_and_a_slow_clock_leave_no_wrong_weight(void **state)
{
    static const enum hx711_fault FAULTS[] = {FAULT_GLITCH, FAULT_SLOW_CLOCK};
    (void)state;
    begin(true);
    model.grams = 750.0;
    run_s(4.0);
    for (int round = 0; round < 10; round++) {
        model.fault = FAULTS[round % 2];
        run_s(1.0);
    }
    for (unsigned i = 0; i < board.received; i++) {
        for (int j = 0; j < board.bursts[i].samples; j++) {
            assert_float_equal(board.bursts[i].grams[j], 750.0f, 0.01f);
        }
    }
    assert_true(board.health.counters->missed >= 30);
}

/* A cell that is cut off runs to the end of the range in one conversion, as a broken wire does. */
static void whatever_breaks_there_is_no_wrong_weight(void **state)
{
    uint32_t random = 7;
    unsigned good = 0;

    (void)state;
    begin(true);
    model.grams = 750.0;
    run_s(4.0);
    for (int round = 0; round < 400; round++) {
        random = random * 1664525u + 1013904223u;
        model.fault = (enum hx711_fault)(random >> 16) % (FAULT_SLOW_CLOCK + 1);
        board.received = 0;
        run_s(0.0125 * (double)(1 + (random >> 8) % 150));
        if (random % 3 == 0) {
            model.fault = FAULT_NONE;
            run_s(1.0);
        }
        for (unsigned i = 0; i < board.received; i++) {
            const bool usable = (board.bursts[i].status & (STATUS_SATURATED | STATUS_HARDWARE_FAULT)) == 0;
            for (int j = 0; usable && j < board.bursts[i].samples; j++) {
                assert_float_equal(board.bursts[i].grams[j], 750.0f, 0.01f);
                good++;
            }
        }
    }
    assert_true(good > 5000);
}

static void a_calibration_outlives_the_power(void **state)
{
    (void)state;
    begin(false);
    run_s(4.0);
    assert_int_equal(board.health.status, STATUS_NOT_CALIBRATED);
    command(COMMAND_TARE, 0.0f);
    assert_int_equal(board.answer.result, CALIBRATION_DONE);
    model.grams = 500.0;
    command(COMMAND_CALIBRATE, 500.0f);
    assert_int_equal(board.answer.result, CALIBRATION_UNSTABLE); /* it was put there a moment ago */
    run_s(3.0);
    command(COMMAND_CALIBRATE, 500.0f);
    assert_int_equal(board.answer.result, CALIBRATION_DONE);
    assert_float_equal(board.answer.grams, 500.0f, 0.01f);
    assert_int_equal(app.scale.calibration.made_s, (EPOCH_NS + board.now_us * 1000) / 1000000000);
    board.received = 0;
    power_on();
    model.grams = 200.0;
    run_s(4.0);
    assert_int_equal(board.bursts[board.received - 1].status, 0);
    assert_float_equal(board.bursts[board.received - 1].grams[0], 200.0f, 0.01f);
    assert_string_equal(board.health.calibration->cell_id, "cell-8");
}

static void commands_are_answered(void **state)
{
    (void)state;
    begin(true);
    board.knows_time = false;
    run_s(4.0);
    command(COMMAND_IDENTIFY, 0.0f);
    assert_int_equal(board.identified, 1);
    assert_int_equal(board.answer.result, CALIBRATION_DONE);
    command(77, 0.0f);
    assert_int_equal(board.answer.result, ANSWER_UNKNOWN_COMMAND);
    board.flash_fails = true;
    command(COMMAND_TARE, 0.0f);
    assert_int_equal(board.answer.result, CALIBRATION_NOT_KEPT);
    model.grams = 500.0;
    run_s(3.0);
    board.flash_fails = false;
    command(COMMAND_CALIBRATE, 500.0f);
    assert_int_equal(board.answer.result, CALIBRATION_DONE);
    assert_int_equal(app.scale.calibration.made_s, 0); /* the date is not known */
    assert_int_equal(board.answers, 4);
}

static void an_agent_that_goes_while_connecting_is_met_again(void **state)
{
    (void)state;
    begin(true);
    application_step(&app);
    assert_int_equal(app.link.state, LINK_CONNECTING);
    board.agent = false;
    run_s(2.0);
    assert_int_equal(app.link.state, LINK_WAITING);
    board.agent = true;
    run_s(5.0);
    assert_int_equal(app.link.state, LINK_CONNECTED);
}

static void samples_that_do_not_fit_are_counted(void **state)
{
    (void)state;
    begin(true);
    run_s(4.0);
    for (int i = 0; i < SAMPLE_QUEUE_LENGTH + 20; i++) {
        board.now_us += PERIOD_US;
        hx711_model_convert(&model, board.now_us);
        sampler_ready(&sampler, board.now_us); /* while the application waits for its middleware */
    }
    run_s(2.0);
    assert_int_equal(board.health.overruns, 21); /* one more before the application has its turn */
    assert_true(board.health.counters->missed >= 20);
}

static void a_day_of_small_steps_does_not_wander(void **state)
{
    (void)state;
    begin(true);
    board.now_us = (int64_t)UINT32_MAX * 1000 - 5000000; /* the 32-bit milliseconds wrap around in it */
    power_on();
    model.grams = 1000.0;
    run_s(10.0);
    for (int i = 0; i < 40; i++) {
        model.grams -= 20.0;
        run_s(0.5);
    }
    run_s(1.0);
    assert_int_equal(app.link.sessions, 1);
    assert_float_equal(board.bursts[board.received - 1].grams[0], 200.0f, 0.01f);
    nothing_is_missing(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_fits_its_message_at_any_rate),
        cmocka_unit_test(weights_arrive_with_their_time),
        cmocka_unit_test(an_image_without_agent_or_samples_is_not_proven),
        cmocka_unit_test(a_step_keeps_its_moment),
        cmocka_unit_test(a_lost_agent_costs_nothing_that_the_ring_holds),
        cmocka_unit_test(an_agent_that_restarts_between_two_pings_costs_nothing),
        cmocka_unit_test(a_long_loss_is_counted),
        cmocka_unit_test(bursts_wait_until_somebody_listens),
        cmocka_unit_test(without_the_time_it_says_so),
        cmocka_unit_test(an_unplugged_chip_is_told_and_comes_back),
        cmocka_unit_test(a_line_that_is_low_for_good_is_told),
        cmocka_unit_test(an_open_cell_is_saturated),
        cmocka_unit_test(a_wrong_input_and_a_slow_clock_leave_no_wrong_weight),
        cmocka_unit_test(whatever_breaks_there_is_no_wrong_weight),
        cmocka_unit_test(a_calibration_outlives_the_power),
        cmocka_unit_test(commands_are_answered),
        cmocka_unit_test(an_agent_that_goes_while_connecting_is_met_again),
        cmocka_unit_test(samples_that_do_not_fit_are_counted),
        cmocka_unit_test(a_day_of_small_steps_does_not_wander),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
