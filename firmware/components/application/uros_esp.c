/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "uros_esp.h"

#include "wifi_esp.h"

#include <esp_mac.h>
#include <esp_timer.h>
#include <rmw_microros/rmw_microros.h>
#include <string.h>

#define PING_MS 100
#define SYNC_MS 200
#define RELIABLE_MS 300 /* how long a reliable message may hold the task up when the agent is gone */
#define IDENTIFY_US 10000000

/* Where the agent is and who we are. Without a configured address the agent is asked for with a multicast, once. */
static bool address(struct uros_esp *board, rmw_init_options_t *options)
{
    const struct settings *settings = board->settings;

    if (rmw_uros_options_set_client_key(board->client_key, options) != RMW_RET_OK) {
        return false;
    }
    if (settings->agent_address[0] == '\0') {
        return rmw_uros_discover_agent(options) == RMW_RET_OK;
    }
    return rmw_uros_options_set_udp_address(settings->agent_address, settings->agent_port, options) == RMW_RET_OK;
}

bool uros_esp_init(struct uros_esp *board, const struct settings *settings, struct application *application)
{
    uint8_t mac[6];

    *board = (struct uros_esp){.settings = settings, .application = application};
    ESP_ERROR_CHECK(esp_read_mac(mac, ESP_MAC_WIFI_STA));
    /* The last four bytes differ from board to board. */
    memcpy(&board->client_key, mac + 2, sizeof board->client_key);
    board->knocking = rcl_get_zero_initialized_init_options();
    return rcl_init_options_init(&board->knocking, rcl_get_default_allocator()) == RCL_RET_OK;
}

static bool ping(void *context)
{
    struct uros_esp *board = context;
    rmw_init_options_t *options = rcl_init_options_get_rmw_init_options(&board->knocking);

    if (board->application->link.state == LINK_CONNECTED) {
        return rmw_uros_ping_agent(PING_MS, 1) == RMW_RET_OK;
    }
    /* Before a session the plain ping would go to the address of compile time. */
    board->found = board->found || address(board, options);
    if (board->found && rmw_uros_ping_agent_options(PING_MS, 1, options) == RMW_RET_OK) {
        return true;
    }
    board->found = false; /* the agent may have moved */
    return false;
}

static bool sync(void *context)
{
    (void)context;
    return rmw_uros_sync_session(SYNC_MS) == RMW_RET_OK;
}

static int64_t epoch_ns(void *context)
{
    (void)context;
    return rmw_uros_epoch_synchronized() ? rmw_uros_epoch_nanos() : 0;
}

static int64_t now_us(void *context)
{
    (void)context;
    return esp_timer_get_time();
}

static uint32_t now_ms(void *context)
{
    (void)context;
    return (uint32_t)(uint64_t)(esp_timer_get_time() / 1000);
}

static bool network_is_up(void *context)
{
    (void)context;
    return wifi_is_up();
}

static int8_t signal_dbm(void *context)
{
    (void)context;
    return wifi_signal_dbm();
}

static void identify(void *context)
{
    struct uros_esp *board = context;
    board->identify_until_us = esp_timer_get_time() + IDENTIFY_US;
}

const struct board_ops BOARD_ESP_OPS = {
    .now_us = now_us,
    .now_ms = now_ms,
    .network_is_up = network_is_up,
    .ping = ping,
    .sync = sync,
    .epoch_ns = epoch_ns,
    .signal_dbm = signal_dbm,
    .identify = identify,
};

static bool configure(void *context, rcl_init_options_t *options)
{
    return address(context, rcl_init_options_get_rmw_init_options(options));
}

static void opened(void *context, rcl_publisher_t *reliable)
{
    (void)context;
    rmw_uros_set_publisher_session_timeout(rcl_publisher_get_rmw_handle(reliable), RELIABLE_MS);
}

static void abandon(void *context, rcl_context_t *session)
{
    (void)context;
    (void)rmw_uros_set_context_entity_destroy_session_timeout(rcl_context_get_rmw_context(session), 0);
}

const struct uros_ops UROS_ESP_OPS = {.configure = configure, .opened = opened, .abandon = abandon};
