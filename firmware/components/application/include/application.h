/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The scale as an application: samples in; bursts, health and answers out, over whatever middleware it is given. */
#ifndef APPLICATION_H
#define APPLICATION_H

#include "burst_ring.h"
#include "sample.h"
#include "scale.h"
#include "scale_store.h"
#include "stamp.h"
#include "uros_link.h"

enum {
    SCALE_ID_SIZE = 33,
    HEALTH_PERIOD_MS = 1000,
    SENT_AT_ONCE = 4,       /* bursts in one step: the resent ones must not flood the agent */
    DOUBTFUL_US = 500000,   /* what was sent so long before the last confirmation may be lost too */
};

enum command_kind {
    COMMAND_TARE = 1,
    COMMAND_CALIBRATE = 2,
    COMMAND_IDENTIFY = 3,
};

/* As in yokotago_msgs/srv/ScaleCommand. */
struct command {
    uint8_t kind;
    float grams;
    char cell_id[CELL_ID_SIZE];
};

enum { ANSWER_UNKNOWN_COMMAND = 20 }; /* besides enum calibration_result */

struct answer {
    uint8_t result;
    float grams;
};

struct health {
    struct stamp stamp;
    uint16_t status;
    float grams;
    int32_t counts;
    const struct scale_counters *counters;
    const struct calibration *calibration;
    uint32_t uptime_s;
    uint32_t sessions;
    uint32_t lost_bursts;
    uint32_t overruns;
    int8_t signal_dbm; /* 0: unknown */
};

/* The node. Bursts are best effort: publishing them neither fails nor waits. */
struct node_ops {
    bool (*open)(void *context);
    void (*close)(void *context, bool lost);
    bool (*is_heard)(void *context); /* true where it cannot be known */
    void (*publish_burst)(void *context, const struct burst *burst, const struct stamp *stamp);
    bool (*publish_health)(void *context, const struct health *health); /* whether the agent has confirmed it */
    bool (*take_command)(void *context, struct command *command);
    void (*answer)(void *context, const struct answer *answer);
};

/* The board, and what only its middleware knows: whether the agent is there, and the time. */
struct board_ops {
    int64_t (*now_us)(void *context);
    uint32_t (*now_ms)(void *context); /* for the link; wraps around */
    bool (*network_is_up)(void *context);
    bool (*ping)(void *context);
    bool (*sync)(void *context);
    int64_t (*epoch_ns)(void *context); /* now; 0 when not synchronised */
    int8_t (*signal_dbm)(void *context);
    void (*identify)(void *context);
};

struct application_config {
    struct scale_config scale;
    struct link_config link;
    uint32_t settle_ms; /* after a connection nobody listens yet; bursts wait for so long at least */
    uint32_t seed;
};

/* What suits a scale: bursts of about `burst_ms`, and a patient link. seed: another number on every board. */
struct application_config application_defaults(uint16_t rate_hz, unsigned burst_ms, uint32_t seed);

struct application {
    struct application_config config;
    const struct board_ops *board;
    void *board_context;
    const struct node_ops *node;
    void *node_context;
    struct sample_queue queue;
    struct scale scale;
    struct store store;
    struct link link;
    struct burst_ring ring;
    int64_t confirmed_us; /* when the agent last confirmed a message */
    uint32_t opened_ms;
    uint32_t health_ms;
    bool had_sample;
    bool settled;
};

void application_init(struct application *app, const struct application_config *config, const struct store_ops *store,
                      void *store_context, const struct board_ops *board, void *board_context,
                      const struct node_ops *node, void *node_context);

/* Takes the samples that wait, keeps the link, sends what is due. To be called every few milliseconds, by one task. */
void application_step(struct application *app);

/* Whether the image has shown that it works: a session with the agent, and a sample. */
bool application_proven(const struct application *app);

#endif
