/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The scale on an ESP32: two tasks. One reads the HX711 and must not be late; this one does everything else. */
#include "hx711_esp.h"
#include "sampler.h"
#include "scale_store_esp.h"
#include "uros_esp.h"
#include "update_esp.h"
#include "wifi_esp.h"

#include <esp_log.h>
#include <esp_random.h>
#include <esp_task_wdt.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <nvs_flash.h>
#include <sdkconfig.h>
#include <stdlib.h>

#define SAMPLER_STACK_BYTES 4096
#define SAMPLER_PRIORITY (configMAX_PRIORITIES - 2)
#define SAMPLER_WAIT_MS 200
#define STEP_MS 5
#define BLINK_US 200000

static const char TAG[] = "scale";
static const struct hx711_pins PINS = {.data = CONFIG_SCALE_GPIO_DATA, .clock = CONFIG_SCALE_GPIO_CLOCK};

/* All memory of the application, taken when the image is linked. */
static struct settings settings;
static struct hx711 chip;
static struct sampler sampler;
static struct application application;
static struct uros_node node;
static struct uros_esp board;

static void sample(void *context)
{
    int64_t edge_us;

    (void)context;
    ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
    hx711_esp_init(&PINS);
    hx711_init(&chip, &HX711_ESP_OPS, (void *)&PINS, HX711_A_128);
    sampler_init(&sampler, &chip, &application.queue, esp_timer_get_time());
    for (;;) {
        if (hx711_esp_wait(&PINS, SAMPLER_WAIT_MS, &edge_us)) {
            sampler_ready(&sampler, edge_us);
        } else {
            sampler_idle(&sampler, esp_timer_get_time());
        }
        esp_task_wdt_reset();
    }
}

static void blink(void)
{
#if CONFIG_SCALE_GPIO_LED >= 0
    const int64_t now_us = esp_timer_get_time();
    gpio_set_level(CONFIG_SCALE_GPIO_LED, now_us < board.identify_until_us && now_us / BLINK_US % 2 == 0);
#endif
}

static void start_storage(void)
{
    esp_err_t result = nvs_flash_init();

    if (result == ESP_ERR_NVS_NO_FREE_PAGES || result == ESP_ERR_NVS_NEW_VERSION_FOUND) {
        ESP_LOGE(TAG, "the storage cannot be read; it is begun anew, and the scale must be calibrated again");
        ESP_ERROR_CHECK(nvs_flash_erase());
        result = nvs_flash_init();
    }
    ESP_ERROR_CHECK(result);
}

void app_main(void)
{
    start_storage();
    if (!settings_load(&settings)) {
        /* It cannot know its network. Whoever flashes it sees why. */
        for (;;) {
            ESP_LOGE(TAG, "not provisioned: make an image with `yokotago provision-scale` and flash it");
            vTaskDelay(pdMS_TO_TICKS(5000));
        }
    }
#if CONFIG_SCALE_GPIO_LED >= 0
    ESP_ERROR_CHECK(gpio_set_direction(CONFIG_SCALE_GPIO_LED, GPIO_MODE_OUTPUT));
#endif
    const uint32_t boot_id = esp_random();
    const struct application_config config = application_defaults(settings.rate_hz, CONFIG_SCALE_BURST_MS, boot_id);
    const struct uros_node_config node_config = {
        .scale_id = settings.scale_id,
        .boot_id = boot_id,
        .allocator = rcl_get_default_allocator(),
        .wait_ns = RCL_MS_TO_NS(1),
        .ops = &UROS_ESP_OPS,
        .ops_context = &board,
    };
    if (!uros_esp_init(&board, &settings, &application) || !uros_node_init(&node, &node_config)) {
        ESP_LOGE(TAG, "no memory");
        abort();
    }
    application_init(&application, &config, &STORE_ESP_OPS, NULL, &BOARD_ESP_OPS, &board, &UROS_NODE_OPS, &node);

    /* Away from the Wi-Fi's core where there are two. */
    const BaseType_t core = portNUM_PROCESSORS > 1 ? 1 : 0;
    if (xTaskCreatePinnedToCore(sample, "sampler", SAMPLER_STACK_BYTES, NULL, SAMPLER_PRIORITY, NULL, core) != pdPASS) {
        ESP_LOGE(TAG, "no memory");
        abort();
    }
    wifi_start(&settings);
    update_start(settings.update_url);
    ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
    ESP_LOGI(TAG, "scale %s, boot %08lx", settings.scale_id, (unsigned long)boot_id);
    for (;;) {
        application_step(&application);
        update_judge(application_proven(&application));
        blink();
        esp_task_wdt_reset();
        vTaskDelay(pdMS_TO_TICKS(STEP_MS));
    }
}
