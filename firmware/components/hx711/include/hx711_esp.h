/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The HX711 on two GPIOs of an ESP32, and the task that reads it. */
#ifndef HX711_ESP_H
#define HX711_ESP_H

#include "hx711.h"

#include <driver/gpio.h>
#include <stdbool.h>

struct hx711_pins {
    gpio_num_t data;
    gpio_num_t clock;
};

extern const struct hx711_ops HX711_ESP_OPS; /* their context is a struct hx711_pins */

/* Sets the pins up and notifies the calling task whenever a conversion is ready. */
void hx711_esp_init(const struct hx711_pins *pins);

/* Waits for a conversion, not longer than `wait_ms`. `edge_us` is when DOUT went low. */
bool hx711_esp_wait(const struct hx711_pins *pins, uint32_t wait_ms, int64_t *edge_us);

#endif
