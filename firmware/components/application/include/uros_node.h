/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The ROS 2 node of a scale, on rcl only: the same source on micro-ROS and on the store host's own middleware. */
#ifndef UROS_NODE_H
#define UROS_NODE_H

#include "application.h"

#include <rcl/rcl.h>
#include <yokotago_msgs/msg/shelf_weight.h>
#include <yokotago_msgs/srv/scale_command.h>
#include <diagnostic_msgs/msg/diagnostic_array.h>

enum {
    UROS_HEALTH_VALUES = 12,
    UROS_TEXT_SIZE = 64,
    UROS_NAME_SIZE = 64,
};

/* What differs between the middlewares. Each may be NULL. */
struct uros_ops {
    bool (*configure)(void *context, rcl_init_options_t *options); /* before a session */
    void (*opened)(void *context, rcl_publisher_t *reliable);     /* after one was made */
    void (*abandon)(void *context, rcl_context_t *session);       /* before ending one whose agent is gone */
    bool (*is_heard)(void *context, const rcl_publisher_t *weights); /* whether anybody listens, where that is known */
};

struct uros_node_config {
    const char *scale_id;
    uint32_t boot_id;
    rcl_allocator_t allocator;
    int64_t wait_ns; /* how long to listen for a command in one step */
    const struct uros_ops *ops;
    void *ops_context;
};

struct uros_node {
    struct uros_node_config config;
    char name[UROS_NAME_SIZE];
    char service_name[UROS_NAME_SIZE + 32];

    /* A session. */
    rcl_init_options_t options;
    rcl_context_t context;
    rcl_node_t node;
    rcl_publisher_t weights;
    rcl_publisher_t diagnostics;
    rcl_service_t service;
    rcl_wait_set_t wait_set;
    rmw_request_id_t request_id;

    /* Messages, whose memory is this struct. Only what is received has memory of its own, made once. */
    yokotago_msgs__msg__ShelfWeight burst;
    float grams[BURST_SAMPLES_MOST];
    diagnostic_msgs__msg__DiagnosticArray array;
    diagnostic_msgs__msg__DiagnosticStatus status;
    diagnostic_msgs__msg__KeyValue values[UROS_HEALTH_VALUES];
    char texts[UROS_HEALTH_VALUES][16];
    char hardware_id[16];
    char status_name[UROS_TEXT_SIZE];
    char status_text[UROS_TEXT_SIZE];
    yokotago_msgs__srv__ScaleCommand_Request request;
    yokotago_msgs__srv__ScaleCommand_Response response;
};

extern const struct node_ops UROS_NODE_OPS; /* their context is a struct uros_node */

/* False when there is no memory for the one message that is received. */
bool uros_node_init(struct uros_node *node, const struct uros_node_config *config);

#endif
