/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "settings_esp.h"

#include <nvs.h>
#include <nvs_flash.h>
#include <stddef.h>

#define PARTITION "provision"
#define SPACE "scale"

static bool text(nvs_handle_t space, const char *key, char *value, size_t size)
{
    value[0] = '\0';
    return nvs_get_str(space, key, value, &size) == ESP_OK;
}

bool settings_load(struct settings *settings)
{
    nvs_handle_t space;

    *settings = (struct settings){.rate_hz = 80};
    if (nvs_flash_init_partition(PARTITION) != ESP_OK ||
        nvs_open_from_partition(PARTITION, SPACE, NVS_READONLY, &space) != ESP_OK) {
        return false;
    }
    const bool complete = text(space, "scale_id", settings->scale_id, sizeof settings->scale_id) &&
                          text(space, "ssid", settings->wifi_ssid, sizeof settings->wifi_ssid) &&
                          text(space, "password", settings->wifi_password, sizeof settings->wifi_password) &&
                          text(space, "agent_port", settings->agent_port, sizeof settings->agent_port) &&
                          nvs_get_u16(space, "rate_hz", &settings->rate_hz) == ESP_OK &&
                          (settings->rate_hz == 10 || settings->rate_hz == 80);
    text(space, "agent", settings->agent_address, sizeof settings->agent_address);
    text(space, "update_url", settings->update_url, sizeof settings->update_url);
    nvs_close(space);
    return complete;
}
