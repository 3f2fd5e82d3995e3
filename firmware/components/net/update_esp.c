/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "update_esp.h"

#include <esp_app_desc.h>
#include <esp_crt_bundle.h>
#include <esp_https_ota.h>
#include <esp_log.h>
#include <esp_ota_ops.h>
#include <esp_system.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <sdkconfig.h>
#include <string.h>

#define STACK_BYTES 8192
#define FIRST_LOOK_MS 60000u
#define HOUR_MS 3600000u
#define MINUTE_US 60000000ll

static const char TAG[] = "update";

/* Whether another version was installed. */
static bool update(const char *url)
{
    const esp_http_client_config_t http = {
        .url = url, .crt_bundle_attach = esp_crt_bundle_attach, .timeout_ms = 10000, .keep_alive_enable = true};
    const esp_https_ota_config_t config = {.http_config = &http};
    esp_https_ota_handle_t transfer = NULL;
    esp_app_desc_t offered;
    esp_err_t result;

    if (esp_https_ota_begin(&config, &transfer) != ESP_OK) {
        ESP_LOGW(TAG, "the server does not answer");
        return false;
    }
    if (esp_https_ota_get_img_desc(transfer, &offered) != ESP_OK ||
        strncmp(offered.version, esp_app_get_description()->version, sizeof offered.version) == 0) {
        esp_https_ota_abort(transfer);
        return false;
    }
    do {
        result = esp_https_ota_perform(transfer);
    } while (result == ESP_ERR_HTTPS_OTA_IN_PROGRESS);
    if (result != ESP_OK || !esp_https_ota_is_complete_data_received(transfer)) {
        esp_https_ota_abort(transfer);
        return false;
    }
    return esp_https_ota_finish(transfer) == ESP_OK;
}

static void look(void *context)
{
    const char *url = context;

    vTaskDelay(pdMS_TO_TICKS(FIRST_LOOK_MS));
    for (;;) {
        if (update(url)) {
            esp_restart();
        }
        for (int hour = 0; hour < CONFIG_SCALE_UPDATE_HOURS; hour++) {
            vTaskDelay(pdMS_TO_TICKS(HOUR_MS));
        }
    }
}

void update_start(const char *url)
{
    if (url[0] != '\0' && xTaskCreate(look, "update", STACK_BYTES, (void *)url, 2, NULL) != pdPASS) {
        ESP_LOGE(TAG, "no memory for the task");
    }
}

void update_judge(bool proven)
{
    static bool judged;
    esp_ota_img_states_t state;

    if (judged) {
        return;
    }
    if (esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) != ESP_OK ||
        state != ESP_OTA_IMG_PENDING_VERIFY) {
        judged = true;
    } else if (proven) {
        ESP_ERROR_CHECK(esp_ota_mark_app_valid_cancel_rollback());
        judged = true;
    } else if (esp_timer_get_time() > CONFIG_SCALE_PROOF_MINUTES * MINUTE_US) {
        ESP_LOGE(TAG, "no session and no sample in %d minutes: back to the image before", CONFIG_SCALE_PROOF_MINUTES);
        esp_ota_mark_app_invalid_rollback_and_reboot();
    }
}
