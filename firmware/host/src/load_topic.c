/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "load_topic.h"

#include <rcl/error_handling.h>

#include <math.h>
#include <string.h>

#define SECOND_NS 1000000000ll

bool load_topic_open(struct load_topic *topic, struct host *host)
{
    const rcl_allocator_t allocator = rcl_get_default_allocator();
    rcl_node_options_t node_options = rcl_node_get_default_options();
    rcl_subscription_options_t options = rcl_subscription_get_default_options();

    node_options.enable_rosout = false;
    options.qos.depth = 1000;
    *topic = (struct load_topic){
        .host = host,
        .options = rcl_get_zero_initialized_init_options(),
        .context = rcl_get_zero_initialized_context(),
        .node = rcl_get_zero_initialized_node(),
        .subscription = rcl_get_zero_initialized_subscription(),
        .wait_set = rcl_get_zero_initialized_wait_set(),
    };
    return yokotago_msgs__msg__ShelfWeight__init(&topic->load) &&
           rcl_init_options_init(&topic->options, allocator) == RCL_RET_OK &&
           rcl_init(0, NULL, &topic->options, &topic->context) == RCL_RET_OK &&
           rcl_node_init(&topic->node, "simulated_load", "", &topic->context, &node_options) == RCL_RET_OK &&
           rcl_subscription_init(&topic->subscription, &topic->node,
                                 ROSIDL_GET_MSG_TYPE_SUPPORT(yokotago_msgs, msg, ShelfWeight), "/sim/loads",
                                 &options) == RCL_RET_OK &&
           rcl_wait_set_init(&topic->wait_set, 1, 0, 0, 0, 0, 0, &topic->context, allocator) == RCL_RET_OK;
}

static void give(const struct load_topic *topic)
{
    const yokotago_msgs__msg__ShelfWeight *load = &topic->load;
    const int64_t period_ns = llround((double)load->period * (double)SECOND_NS);
    int64_t stamp_ns = load->header.stamp.sec * SECOND_NS + load->header.stamp.nanosec;

    if (strcmp(load->scale_id.data, topic->host->config.scale_id) != 0) {
        return;
    }
    for (size_t i = 0; i < load->grams.size; i++, stamp_ns += period_ns) {
        host_load(topic->host, stamp_ns, (double)load->grams.data[i]);
    }
}

void load_topic_take(struct load_topic *topic, unsigned wait_ms)
{
    if (rcl_wait_set_clear(&topic->wait_set) != RCL_RET_OK ||
        rcl_wait_set_add_subscription(&topic->wait_set, &topic->subscription, NULL) != RCL_RET_OK ||
        rcl_wait(&topic->wait_set, RCL_MS_TO_NS((int64_t)wait_ms)) != RCL_RET_OK) {
        rcl_reset_error();
        return;
    }
    while (rcl_take(&topic->subscription, &topic->load, NULL, NULL) == RCL_RET_OK) {
        give(topic);
    }
    rcl_reset_error();
}

void load_topic_close(struct load_topic *topic)
{
    rcl_ret_t ended = rcl_wait_set_fini(&topic->wait_set);

    ended |= rcl_subscription_fini(&topic->subscription, &topic->node);
    ended |= rcl_node_fini(&topic->node);
    ended |= rcl_shutdown(&topic->context);
    ended |= rcl_context_fini(&topic->context);
    ended |= rcl_init_options_fini(&topic->options);
    if (ended != RCL_RET_OK) {
        rcl_reset_error();
    }
    yokotago_msgs__msg__ShelfWeight__fini(&topic->load);
}
