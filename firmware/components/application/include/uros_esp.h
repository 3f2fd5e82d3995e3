/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* What the application needs of micro-ROS beyond rcl, and of the board. */
#ifndef UROS_ESP_H
#define UROS_ESP_H

#include "settings_esp.h"
#include "uros_node.h"

struct uros_esp {
    const struct settings *settings;
    struct application *application;
    rcl_init_options_t knocking; /* for pings before there is a session */
    uint32_t client_key;
    int64_t identify_until_us;
    bool found; /* an address to knock at is known */
};

extern const struct uros_ops UROS_ESP_OPS;   /* their context is a struct uros_esp */
extern const struct board_ops BOARD_ESP_OPS; /* so is theirs */

/* False when there is no memory. */
bool uros_esp_init(struct uros_esp *board, const struct settings *settings, struct application *application);

#endif
