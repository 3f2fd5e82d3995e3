/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "application.h"

#define SECOND_US 1000000
#define SECOND_NS 1000000000

static bool ping(void *context)
{
    struct application *app = context;
    return app->board->ping(app->board_context);
}

static bool open(void *context)
{
    struct application *app = context;

    if (!app->node->open(app->node_context)) {
        return false;
    }
    burst_ring_rewind(&app->ring, app->confirmed_us - DOUBTFUL_US);
    app->opened_ms = app->board->now_ms(app->board_context);
    app->settled = false;
    return true;
}

static void close(void *context, bool lost)
{
    struct application *app = context;
    app->node->close(app->node_context, lost);
}

static bool sync(void *context)
{
    struct application *app = context;
    return app->board->sync(app->board_context);
}

static const struct link_ops LINK_OPS = {.ping = ping, .open = open, .close = close, .sync = sync};

struct application_config application_defaults(uint16_t rate_hz, unsigned burst_ms, uint32_t seed)
{
    const unsigned samples = rate_hz * burst_ms / 1000u;

    return (struct application_config){
        .scale = {
            .rate_hz = rate_hz,
            .burst_samples = (uint8_t)(samples < 2u ? 2u : samples > BURST_SAMPLES_MOST ? BURST_SAMPLES_MOST : samples),
            .still_g = 20.0f,
            .still_counts = 4000,
        },
        .link = {.retry_first_ms = 250, .retry_most_ms = 8000, .ping_ms = 1000, .sync_ms = 60000, .misses = 3},
        .settle_ms = 2000,
        .seed = seed,
    };
}

void application_init(struct application *app, const struct application_config *config, const struct store_ops *store,
                      void *store_context, const struct board_ops *board, void *board_context,
                      const struct node_ops *node, void *node_context)
{
    struct calibration kept;

    *app = (struct application){
        .config = *config,
        .board = board,
        .board_context = board_context,
        .node = node,
        .node_context = node_context,
        .confirmed_us = INT64_MIN / 2,
    };
    scale_init(&app->scale, &config->scale);
    link_init(&app->link, &config->link, &LINK_OPS, app, config->seed);
    store_init(&app->store, store, store_context);
    if (store_load(&app->store, &kept)) {
        scale_calibrated(&app->scale, &kept);
    }
}

static struct stamp stamp_at(const struct application *app, int64_t time_us)
{
    const int64_t epoch_ns = app->board->epoch_ns(app->board_context);
    return stamp_of(time_us, app->board->now_us(app->board_context), epoch_ns);
}

static void take_samples(struct application *app)
{
    struct sample sample;
    struct burst burst;

    while (sample_queue_pop(&app->queue, &sample)) {
        app->had_sample |= sample.kind == SAMPLE_COUNTS;
        if (scale_feed(&app->scale, &sample, &burst)) {
            burst_ring_push(&app->ring, &burst);
        }
    }
}

static void send_bursts(struct application *app, uint32_t now_ms)
{
    struct burst burst;

    if (!app->settled) {
        const bool waited = now_ms - app->opened_ms >= app->config.settle_ms;
        app->settled = waited && app->node->is_heard(app->node_context);
    }
    for (int i = 0; app->settled && i < SENT_AT_ONCE && burst_ring_next(&app->ring, &burst); i++) {
        const struct stamp stamp = stamp_at(app, burst.time_us);
        burst.status = (uint16_t)(burst.status | (stamp.synchronised ? 0u : STATUS_CLOCK_UNSYNCED));
        app->node->publish_burst(app->node_context, &burst, &stamp);
    }
}

static void send_health(struct application *app, uint32_t now_ms)
{
    if (now_ms - app->health_ms < HEALTH_PERIOD_MS) {
        return;
    }
    const int64_t now_us = app->board->now_us(app->board_context);
    const struct stamp stamp = stamp_at(app, now_us);
    const struct health health = {
        .stamp = stamp,
        .status = (uint16_t)(scale_status(&app->scale) | (stamp.synchronised ? 0u : STATUS_CLOCK_UNSYNCED)),
        .grams = scale_grams(&app->scale),
        .counts = app->scale.newest_counts,
        .counters = &app->scale.counters,
        .calibration = &app->scale.calibration,
        .uptime_s = (uint32_t)(now_us / SECOND_US),
        .sessions = app->link.sessions,
        .lost_bursts = app->ring.lost,
        .overruns = atomic_load(&app->queue.overruns),
        .signal_dbm = app->board->signal_dbm(app->board_context),
    };
    app->health_ms = now_ms;
    const bool confirmed = app->node->publish_health(app->node_context, &health);
    if (confirmed) {
        app->confirmed_us = now_us;
    }
    link_delivery(&app->link, confirmed);
}

static enum calibration_result kept(struct application *app, enum calibration_result result)
{
    if (result != CALIBRATION_DONE || store_save(&app->store, &app->scale.calibration)) {
        return result;
    }
    return CALIBRATION_NOT_KEPT;
}

static uint8_t obey(struct application *app, const struct command *command)
{
    const struct stamp now = stamp_at(app, app->board->now_us(app->board_context));

    switch (command->kind) {
    case COMMAND_TARE:
        return (uint8_t)kept(app, scale_tare(&app->scale));
    case COMMAND_CALIBRATE: {
        const int64_t now_s = now.synchronised ? now.nanoseconds / SECOND_NS : 0;
        return (uint8_t)kept(app, scale_span(&app->scale, command->grams, command->cell_id, now_s));
    }
    case COMMAND_IDENTIFY:
        app->board->identify(app->board_context);
        return CALIBRATION_DONE;
    default:
        return ANSWER_UNKNOWN_COMMAND;
    }
}

static void obey_command(struct application *app)
{
    struct command command;

    if (app->node->take_command(app->node_context, &command)) {
        const uint8_t result = obey(app, &command);
        const struct answer answer = {.result = result, .grams = scale_grams(&app->scale)};
        app->node->answer(app->node_context, &answer);
    }
}

void application_step(struct application *app)
{
    const uint32_t now_ms = app->board->now_ms(app->board_context);

    take_samples(app);
    link_network(&app->link, app->board->network_is_up(app->board_context));
    if (link_step(&app->link, now_ms) != LINK_CONNECTED) {
        return;
    }
    send_bursts(app, now_ms);
    send_health(app, now_ms);
    obey_command(app);
}

bool application_proven(const struct application *app)
{
    return app->link.sessions > 0 && app->had_sample;
}
