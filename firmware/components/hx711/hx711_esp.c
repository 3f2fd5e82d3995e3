/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "hx711_esp.h"

#include <esp_attr.h>
#include <esp_rom_sys.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

static portMUX_TYPE lock = portMUX_INITIALIZER_UNLOCKED;
static TaskHandle_t reader;
static volatile int64_t edge;

static IRAM_ATTR bool data_is_high(void *context)
{
    const struct hx711_pins *pins = context;
    return gpio_get_level(pins->data) != 0;
}

static IRAM_ATTR void set_clock(void *context, bool high)
{
    const struct hx711_pins *pins = context;
    gpio_set_level(pins->clock, high);
}

static IRAM_ATTR void delay_us(void *context, uint32_t us)
{
    (void)context;
    esp_rom_delay_us(us);
}

static IRAM_ATTR uint32_t now_us(void *context)
{
    (void)context;
    return (uint32_t)(uint64_t)esp_timer_get_time();
}

static void enter_critical(void *context)
{
    (void)context;
    taskENTER_CRITICAL(&lock);
}

static void exit_critical(void *context)
{
    (void)context;
    taskEXIT_CRITICAL(&lock);
}

const struct hx711_ops HX711_ESP_OPS = {
    .data_is_high = data_is_high,
    .set_clock = set_clock,
    .delay_us = delay_us,
    .now_us = now_us,
    .enter_critical = enter_critical,
    .exit_critical = exit_critical,
};

/* The bits of the frame make edges too: the interrupt stays off until the frame has been read. */
static IRAM_ATTR void on_edge(void *context)
{
    const struct hx711_pins *pins = context;
    BaseType_t woken = pdFALSE;

    edge = esp_timer_get_time();
    gpio_intr_disable(pins->data);
    vTaskNotifyGiveFromISR(reader, &woken);
    portYIELD_FROM_ISR(woken);
}

void hx711_esp_init(const struct hx711_pins *pins)
{
    const gpio_config_t clock = {.pin_bit_mask = 1ull << pins->clock, .mode = GPIO_MODE_OUTPUT};
    const gpio_config_t data = {
        .pin_bit_mask = 1ull << pins->data,
        .mode = GPIO_MODE_INPUT,
        .pull_up_en = GPIO_PULLUP_ENABLE, /* a cable that is not there reads as never ready */
        .intr_type = GPIO_INTR_NEGEDGE,
    };

    reader = xTaskGetCurrentTaskHandle();
    ESP_ERROR_CHECK(gpio_config(&clock));
    ESP_ERROR_CHECK(gpio_config(&data));
    ESP_ERROR_CHECK(gpio_install_isr_service(ESP_INTR_FLAG_IRAM));
    ESP_ERROR_CHECK(gpio_isr_handler_add(pins->data, on_edge, (void *)pins));
}

bool hx711_esp_wait(const struct hx711_pins *pins, uint32_t wait_ms, int64_t *edge_us)
{
    /* What is left of the frame before is forgotten. */
    ulTaskNotifyTake(pdTRUE, 0);
    gpio_intr_enable(pins->data);
    const bool notified = ulTaskNotifyTake(pdTRUE, pdMS_TO_TICKS(wait_ms)) > 0;
    gpio_intr_disable(pins->data);
    if (notified) {
        *edge_us = edge;
    } else if (gpio_get_level(pins->data) == 0) {
        *edge_us = esp_timer_get_time(); /* it went low before the interrupt was on */
    } else {
        return false;
    }
    return true;
}
