/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "scale_store_esp.h"

#include <nvs.h>

#define SPACE "calibration"

static const char *const KEYS[STORE_SLOTS] = {"slot0", "slot1"};

static size_t read_slot(void *context, unsigned slot, uint8_t *bytes, size_t size)
{
    nvs_handle_t space;
    size_t length = size;

    (void)context;
    if (nvs_open(SPACE, NVS_READONLY, &space) != ESP_OK) {
        return 0;
    }
    if (nvs_get_blob(space, KEYS[slot], bytes, &length) != ESP_OK) {
        length = 0;
    }
    nvs_close(space);
    return length;
}

static bool write_slot(void *context, unsigned slot, const uint8_t *bytes, size_t size)
{
    nvs_handle_t space;

    (void)context;
    if (nvs_open(SPACE, NVS_READWRITE, &space) != ESP_OK) {
        return false;
    }
    const bool written = nvs_set_blob(space, KEYS[slot], bytes, size) == ESP_OK && nvs_commit(space) == ESP_OK;
    nvs_close(space);
    return written;
}

const struct store_ops STORE_ESP_OPS = {.read = read_slot, .write = write_slot};
