/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Loads of the simulated store from the topic /sim/loads. Only the host has this: a board has a load cell. */
#ifndef LOAD_TOPIC_H
#define LOAD_TOPIC_H

#include "host_board.h"

#include <rcl/rcl.h>
#include <yokotago_msgs/msg/shelf_weight.h>

struct load_topic {
    struct host *host;
    rcl_init_options_t options;
    rcl_context_t context;
    rcl_node_t node;
    rcl_subscription_t subscription;
    rcl_wait_set_t wait_set;
    yokotago_msgs__msg__ShelfWeight load;
};

bool load_topic_open(struct load_topic *topic, struct host *host);

/* Waits for loads and gives those of this scale to the board. */
void load_topic_take(struct load_topic *topic, unsigned wait_ms);

void load_topic_close(struct load_topic *topic);

#endif
