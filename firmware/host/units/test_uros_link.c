/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The link's state machine, the ring of bursts, and time stamps. */
#include "unit.h"

#include "burst_ring.h"
#include "stamp.h"
#include "uros_link.h"

struct agent {
    bool answers;
    bool takes;
    bool tells_time;
    unsigned pings;
    unsigned opened;
    unsigned closed;
    unsigned syncs;
};

static struct agent agent;
static struct link link;
static uint32_t now_ms;
static const struct link_config CONFIG = {
    .retry_first_ms = 250, .retry_most_ms = 8000, .ping_ms = 1000, .sync_ms = 60000, .misses = 3};

static bool ping(void *context)
{
    struct agent *a = context;
    a->pings++;
    return a->answers;
}

static bool open(void *context)
{
    struct agent *a = context;
    a->opened++;
    return a->takes;
}

static void close(void *context, bool lost)
{
    struct agent *a = context;
    assert_true(lost);
    a->closed++;
}

static bool sync(void *context)
{
    struct agent *a = context;
    a->syncs++;
    return a->tells_time;
}

static const struct link_ops OPS = {.ping = ping, .open = open, .close = close, .sync = sync};

static void begin(uint32_t start_ms)
{
    agent = (struct agent){.answers = true, .takes = true, .tells_time = true};
    link_init(&link, &CONFIG, &OPS, &agent, 42);
    link_network(&link, true);
    now_ms = start_ms;
}

static void run_ms(uint32_t duration_ms)
{
    for (uint32_t i = 0; i < duration_ms; i += 10, now_ms += 10) {
        link_step(&link, now_ms);
    }
}

static void connect(void)
{
    run_ms(40);
    assert_int_equal(link.state, LINK_CONNECTED);
}

static void it_connects_and_asks_for_the_time(void **state)
{
    (void)state;
    begin(1000);
    assert_int_equal(link_step(&link, now_ms), LINK_CONNECTING);
    assert_int_equal(link_step(&link, now_ms), LINK_CONNECTED);
    assert_int_equal(link_step(&link, now_ms), LINK_CONNECTED);
    assert_int_equal(agent.syncs, 1);
    assert_int_equal(link.sessions, 1);
}

static void without_a_network_it_does_not_knock(void **state)
{
    (void)state;
    begin(1000);
    link_network(&link, false);
    run_ms(5000);
    assert_int_equal(agent.pings, 0);
    link_network(&link, true);
    connect();
}

static void it_knocks_more_and_more_rarely_and_never_gives_up(void **state)
{
    (void)state;
    begin(1000);
    agent.answers = false;
    run_ms(8000);
    const unsigned eager = agent.pings;
    assert_true(eager >= 5 && eager <= 8);
    run_ms(160000);
    /* Every 8 s, the jitter is within that. */
    assert_true(agent.pings - eager >= 20 && agent.pings - eager <= 21);
    agent.answers = true;
    run_ms(8100);
    assert_int_equal(link.state, LINK_CONNECTED);
}

static void a_session_that_cannot_be_made_is_cleaned_up(void **state)
{
    (void)state;
    begin(1000);
    agent.takes = false;
    run_ms(3000);
    assert_true(agent.opened >= 3);
    assert_int_equal(agent.closed, agent.opened);
    assert_int_equal(link.sessions, 0);
    agent.takes = true;
    run_ms(1000);
    assert_int_equal(link.state, LINK_CONNECTED);
}

static void two_missed_pings_are_no_loss(void **state)
{
    (void)state;
    begin(1000);
    connect();
    agent.answers = false;
    run_ms(2000);
    agent.answers = true;
    run_ms(1000);
    agent.answers = false;
    run_ms(2000);
    assert_int_equal(link.state, LINK_CONNECTED);
    assert_int_equal(agent.closed, 0);
    run_ms(1000);
    assert_int_equal(agent.closed, 1);
    assert_int_equal(link.state, LINK_WAITING);
}

static void an_agent_that_confirms_nothing_is_lost_though_it_answers(void **state)
{
    (void)state;
    begin(1000);
    link_delivery(&link, false); /* before there is a session: no news */
    connect();
    link_delivery(&link, false);
    link_delivery(&link, false);
    link_delivery(&link, true);
    link_delivery(&link, false);
    link_delivery(&link, false);
    run_ms(3000);
    assert_int_equal(link.state, LINK_CONNECTED);
    link_delivery(&link, false);
    assert_int_equal(link.state, LINK_LOST);
    run_ms(10);
    assert_int_equal(agent.closed, 1);
    link_delivery(&link, false);
    run_ms(600);
    assert_int_equal(link.state, LINK_CONNECTED);
}

static void a_lost_network_is_a_loss_at_once(void **state)
{
    (void)state;
    begin(1000);
    connect();
    link_network(&link, false);
    assert_int_equal(link.state, LINK_LOST);
    link_network(&link, false);
    assert_int_equal(link.state, LINK_LOST);
    run_ms(10);
    assert_int_equal(agent.closed, 1);
    link_network(&link, true);
    run_ms(300);
    assert_int_equal(link.state, LINK_CONNECTED);
    assert_int_equal(link.sessions, 2);
    /* Before the session was made there is nothing to close. */
    begin(1000);
    link_step(&link, now_ms);
    assert_int_equal(link.state, LINK_CONNECTING);
    link_network(&link, false);
    assert_int_equal(link.state, LINK_WAITING);
    assert_int_equal(agent.closed, 0);
}

static void the_time_is_asked_for_again(void **state)
{
    (void)state;
    begin(1000);
    connect();
    assert_int_equal(agent.syncs, 1);
    run_ms(60000);
    assert_int_equal(agent.syncs, 2);
    agent.tells_time = false;
    run_ms(60000);
    agent.syncs = 0;
    run_ms(5000);
    assert_int_equal(agent.syncs, 5);
    agent.tells_time = true;
    run_ms(10000);
    assert_int_equal(agent.syncs, 6);
}

static void everything_goes_on_when_the_clock_wraps_around(void **state)
{
    (void)state;
    begin(UINT32_MAX - 30000); /* 49.7 days minus half a minute */
    connect();
    run_ms(90000);
    assert_true(now_ms < 90000);
    assert_int_equal(link.state, LINK_CONNECTED);
    assert_true(agent.pings >= 88 && agent.pings <= 92);
    assert_int_equal(agent.syncs, 2);
    begin(UINT32_MAX - 3000);
    agent.answers = false;
    run_ms(20000);
    assert_true(agent.pings >= 6 && agent.pings <= 9);
    agent.answers = true;
    run_ms(8100);
    assert_int_equal(link.state, LINK_CONNECTED);
}

static void a_hundred_reconnections_are_a_hundred_sessions(void **state)
{
    (void)state;
    begin(1000);
    for (unsigned i = 1; i <= 100; i++) {
        agent.answers = true;
        for (int j = 0; j < 1000 && link.state != LINK_CONNECTED; j++) {
            run_ms(10);
        }
        assert_int_equal(link.sessions, i);
        agent.answers = false;
        run_ms(4000);
        assert_int_equal(agent.closed, i);
    }
    assert_int_equal(agent.opened, 100);
}

static void boards_do_not_knock_together(void **state)
{
    uint32_t pauses[2];
    (void)state;
    for (int board = 0; board < 2; board++) {
        begin(1000);
        link_init(&link, &CONFIG, &OPS, &agent, 1000u * (unsigned)board + 7u);
        link_network(&link, true);
        agent.answers = false;
        run_ms(2000);
        pauses[board] = link.pause_ms;
    }
    assert_int_not_equal(pauses[0], pauses[1]);
}

static struct burst_ring ring;

static void push(uint32_t number)
{
    const struct burst burst = {.sequence = number, .time_us = number * 100000ll, .period_s = 0.01f, .samples = 10};
    burst_ring_push(&ring, &burst);
}

static void take(uint32_t number, bool resent)
{
    struct burst burst;
    assert_true(burst_ring_next(&ring, &burst));
    assert_int_equal(burst.sequence, number);
    assert_int_equal(burst.status, resent ? STATUS_RESENT : 0);
}

static void the_ring_gives_each_once(void **state)
{
    struct burst burst;
    (void)state;
    ring = (struct burst_ring){0};
    assert_false(burst_ring_next(&ring, &burst));
    push(0);
    push(1);
    take(0, false);
    take(1, false);
    assert_false(burst_ring_next(&ring, &burst));
}

static void a_rewound_ring_marks_what_was_sent(void **state)
{
    struct burst burst;
    (void)state;
    ring = (struct burst_ring){0};
    for (uint32_t i = 0; i < 10; i++) {
        push(i);
        take(i, false);
    }
    push(10);
    push(11);
    burst_ring_rewind(&ring, 850000); /* in the middle of burst 8 */
    take(8, true);
    take(9, true);
    take(10, false);
    take(11, false);
    assert_false(burst_ring_next(&ring, &burst));
    burst_ring_rewind(&ring, INT64_MIN / 4);
    take(0, true);
}

static void a_full_ring_drops_the_oldest(void **state)
{
    (void)state;
    ring = (struct burst_ring){0};
    for (uint32_t i = 0; i < BURST_RING_LENGTH + 5; i++) {
        push(i);
    }
    assert_int_equal(ring.lost, 5);
    take(5, false);
    for (uint32_t i = 6; i < BURST_RING_LENGTH + 5; i++) {
        take(i, false);
    }
    burst_ring_rewind(&ring, INT64_MIN / 4);
    take(5, true);
    /* A repetition that is given up is no loss. */
    burst_ring_rewind(&ring, INT64_MIN / 4);
    push(BURST_RING_LENGTH + 5);
    assert_int_equal(ring.lost, 5);
    take(6, true);
}

static void the_ring_counts_around(void **state)
{
    (void)state;
    ring = (struct burst_ring){.pushed = UINT32_MAX - 2, .next = UINT32_MAX - 2, .sent = UINT32_MAX - 2};
    for (uint32_t i = 0; i < 6; i++) {
        push(i);
        take(i, false);
    }
    burst_ring_rewind(&ring, 400000);
    take(3, true);
}

static void stamps_count_back_from_now(void **state)
{
    const int64_t epoch_ns = 1700000000ll * 1000000000ll;
    (void)state;
    struct stamp stamp = stamp_of(7000000, 7500000, epoch_ns);
    assert_true(stamp.synchronised);
    assert_int_equal(stamp.nanoseconds, epoch_ns - 500000000);
    stamp = stamp_of(7000000, 7500000, 0);
    assert_false(stamp.synchronised);
    assert_int_equal(stamp.nanoseconds, 7000000000);
    /* An agent on a machine whose clock was never set. */
    assert_false(stamp_of(7000000, 7500000, 12345).synchronised);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_connects_and_asks_for_the_time),
        cmocka_unit_test(without_a_network_it_does_not_knock),
        cmocka_unit_test(it_knocks_more_and_more_rarely_and_never_gives_up),
        cmocka_unit_test(a_session_that_cannot_be_made_is_cleaned_up),
        cmocka_unit_test(two_missed_pings_are_no_loss),
        cmocka_unit_test(an_agent_that_confirms_nothing_is_lost_though_it_answers),
        cmocka_unit_test(a_lost_network_is_a_loss_at_once),
        cmocka_unit_test(the_time_is_asked_for_again),
        cmocka_unit_test(everything_goes_on_when_the_clock_wraps_around),
        cmocka_unit_test(a_hundred_reconnections_are_a_hundred_sessions),
        cmocka_unit_test(boards_do_not_knock_together),
        cmocka_unit_test(the_ring_gives_each_once),
        cmocka_unit_test(a_rewound_ring_marks_what_was_sent),
        cmocka_unit_test(a_full_ring_drops_the_oldest),
        cmocka_unit_test(the_ring_counts_around),
        cmocka_unit_test(stamps_count_back_from_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
