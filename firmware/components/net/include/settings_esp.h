/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* What the store wrote for this board: who it is, its network and where the agent is. */
#ifndef SETTINGS_ESP_H
#define SETTINGS_ESP_H

#include <stdbool.h>
#include <stdint.h>

/* Keys and sizes as `yokotago provision-scale` writes them. */
struct settings {
    char scale_id[33];
    char wifi_ssid[33];
    char wifi_password[65];
    char agent_address[46]; /* empty: it is looked for in the network */
    char agent_port[6];
    char update_url[161]; /* empty: no updates */
    uint16_t rate_hz;
};

/* Reads the partition `provision`; false when the board was not provisioned. Nothing of it is ever logged. */
bool settings_load(struct settings *settings);

#endif
