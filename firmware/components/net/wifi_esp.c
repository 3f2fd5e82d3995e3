/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "wifi_esp.h"

#include <esp_event.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <esp_timer.h>
#include <esp_wifi.h>
#include <stdatomic.h>
#include <string.h>

#define RETRY_FIRST_US 500000u
#define RETRY_MOST_US 10000000u

static const char TAG[] = "wifi";
static atomic_bool up;
static esp_timer_handle_t retry;
static uint64_t pause_us = RETRY_FIRST_US;

static void try_again(void *context)
{
    (void)context;
    esp_wifi_connect();
}

static void on_wifi(void *context, esp_event_base_t base, int32_t id, void *data)
{
    (void)context;
    (void)base;
    if (id == WIFI_EVENT_STA_START) {
        esp_wifi_connect();
    } else if (id == WIFI_EVENT_STA_DISCONNECTED) {
        const wifi_event_sta_disconnected_t *event = data;
        atomic_store(&up, false);
        ESP_LOGW(TAG, "not connected, reason %d; again in %u ms", event->reason, (unsigned)(pause_us / 1000));
        esp_timer_start_once(retry, pause_us);
        pause_us = pause_us * 2 < RETRY_MOST_US ? pause_us * 2 : RETRY_MOST_US;
    }
}

static void on_address(void *context, esp_event_base_t base, int32_t id, void *data)
{
    const ip_event_got_ip_t *event = data;
    (void)context;
    (void)base;
    (void)id;
    ESP_LOGI(TAG, "connected as " IPSTR, IP2STR(&event->ip_info.ip));
    pause_us = RETRY_FIRST_US;
    atomic_store(&up, true);
}

void wifi_start(const struct settings *settings)
{
    const wifi_init_config_t defaults = WIFI_INIT_CONFIG_DEFAULT();
    const esp_timer_create_args_t timer = {.callback = try_again, .name = "wifi"};
    wifi_config_t station = {.sta = {.threshold.authmode = WIFI_AUTH_WPA2_PSK}};

    _Static_assert(sizeof station.sta.ssid == sizeof settings->wifi_ssid - 1, "a name fits, without its last zero");
    _Static_assert(sizeof station.sta.password == sizeof settings->wifi_password - 1, "a password too");
    memcpy(station.sta.ssid, settings->wifi_ssid, sizeof station.sta.ssid);
    memcpy(station.sta.password, settings->wifi_password, sizeof station.sta.password);

    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    esp_netif_create_default_wifi_sta();
    ESP_ERROR_CHECK(esp_timer_create(&timer, &retry));
    ESP_ERROR_CHECK(esp_wifi_init(&defaults));
    ESP_ERROR_CHECK(esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_wifi, NULL));
    ESP_ERROR_CHECK(esp_event_handler_register(IP_EVENT, IP_EVENT_STA_GOT_IP, on_address, NULL));
    ESP_ERROR_CHECK(esp_wifi_set_storage(WIFI_STORAGE_RAM));
    ESP_ERROR_CHECK(esp_wifi_set_mode(WIFI_MODE_STA));
    ESP_ERROR_CHECK(esp_wifi_set_config(WIFI_IF_STA, &station));
    ESP_ERROR_CHECK(esp_wifi_start());
    /* With modem sleep a ping takes 100 to 1000 ms. */
    ESP_ERROR_CHECK(esp_wifi_set_ps(WIFI_PS_NONE));
}

bool wifi_is_up(void)
{
    return atomic_load(&up);
}

int8_t wifi_signal_dbm(void)
{
    wifi_ap_record_t point;
    return wifi_is_up() && esp_wifi_sta_get_ap_info(&point) == ESP_OK ? point.rssi : 0;
}
