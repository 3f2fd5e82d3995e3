/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Declarations of what the ESP32 side uses of ESP-IDF 5 and of micro-ROS, so that a compiler can check its types where
   neither is installed. Nothing is linked against this; bodies and values are none of ours. */
#ifndef ESP_IDF_DECLARATIONS_H
#define ESP_IDF_DECLARATIONS_H

#include <rcl/rcl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sdkconfig.h, from Kconfig.projbuild */
#define CONFIG_SCALE_GPIO_DATA 4
#define CONFIG_SCALE_GPIO_CLOCK 5
#define CONFIG_SCALE_GPIO_LED 2
#define CONFIG_SCALE_BURST_MS 125
#define CONFIG_SCALE_UPDATE_HOURS 24
#define CONFIG_SCALE_PROOF_MINUTES 10

/* esp_err.h, esp_attr.h, esp_log.h, esp_system.h, esp_random.h, esp_mac.h, esp_rom_sys.h */
typedef int esp_err_t;
#define ESP_OK 0
#define ESP_ERROR_CHECK(call)                                                                                         \
    do {                                                                                                              \
        const esp_err_t result_of_check = (call);                                                                     \
        (void)result_of_check;                                                                                        \
    } while (0)
#define IRAM_ATTR
void esp_log(const char *tag, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define ESP_LOGE(tag, ...) esp_log(tag, __VA_ARGS__)
#define ESP_LOGW(tag, ...) esp_log(tag, __VA_ARGS__)
#define ESP_LOGI(tag, ...) esp_log(tag, __VA_ARGS__)
void esp_restart(void) __attribute__((noreturn));
uint32_t esp_random(void);
typedef enum { ESP_MAC_WIFI_STA } esp_mac_type_t;
esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type);
void esp_rom_delay_us(uint32_t us);

/* FreeRTOS */
typedef int BaseType_t;
typedef unsigned UBaseType_t;
typedef uint32_t TickType_t;
typedef struct task *TaskHandle_t;
typedef struct {
    uint32_t owner;
} portMUX_TYPE;
#define portMUX_INITIALIZER_UNLOCKED {0}
#define portNUM_PROCESSORS 2
#define configMAX_PRIORITIES 25
#define pdFALSE 0
#define pdTRUE 1
#define pdPASS 1
#define pdMS_TO_TICKS(ms) ((TickType_t)(ms))
#define portYIELD_FROM_ISR(woken) ((void)(woken))
void taskENTER_CRITICAL(portMUX_TYPE *lock);
void taskEXIT_CRITICAL(portMUX_TYPE *lock);
void vTaskDelay(TickType_t ticks);
TaskHandle_t xTaskGetCurrentTaskHandle(void);
void vTaskNotifyGiveFromISR(TaskHandle_t task, BaseType_t *woken);
uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t wait);
BaseType_t xTaskCreate(void (*function)(void *), const char *name, uint32_t stack, void *parameters,
                       UBaseType_t priority, TaskHandle_t *task);
BaseType_t xTaskCreatePinnedToCore(void (*function)(void *), const char *name, uint32_t stack, void *parameters,
                                   UBaseType_t priority, TaskHandle_t *task, BaseType_t core);

/* driver/gpio.h */
typedef int gpio_num_t;
typedef enum { GPIO_MODE_INPUT = 1, GPIO_MODE_OUTPUT = 2 } gpio_mode_t;
typedef enum { GPIO_PULLUP_DISABLE, GPIO_PULLUP_ENABLE } gpio_pullup_t;
typedef enum { GPIO_INTR_DISABLE, GPIO_INTR_POSEDGE, GPIO_INTR_NEGEDGE } gpio_int_type_t;
typedef struct {
    uint64_t pin_bit_mask;
    gpio_mode_t mode;
    gpio_pullup_t pull_up_en;
    int pull_down_en;
    gpio_int_type_t intr_type;
} gpio_config_t;
#define ESP_INTR_FLAG_IRAM (1 << 10)
int gpio_get_level(gpio_num_t pin);
esp_err_t gpio_set_level(gpio_num_t pin, uint32_t level);
esp_err_t gpio_config(const gpio_config_t *config);
esp_err_t gpio_set_direction(gpio_num_t pin, gpio_mode_t mode);
esp_err_t gpio_intr_enable(gpio_num_t pin);
esp_err_t gpio_intr_disable(gpio_num_t pin);
esp_err_t gpio_install_isr_service(int flags);
esp_err_t gpio_isr_handler_add(gpio_num_t pin, void (*handler)(void *), void *context);

/* esp_timer.h, esp_task_wdt.h */
typedef struct esp_timer *esp_timer_handle_t;
typedef struct {
    void (*callback)(void *context);
    void *arg;
    int dispatch_method;
    const char *name;
    bool skip_unhandled_events;
} esp_timer_create_args_t;
int64_t esp_timer_get_time(void);
esp_err_t esp_timer_create(const esp_timer_create_args_t *arguments, esp_timer_handle_t *timer);
esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t us);
esp_err_t esp_task_wdt_add(TaskHandle_t task);
esp_err_t esp_task_wdt_reset(void);

/* nvs.h, nvs_flash.h */
typedef uint32_t nvs_handle_t;
typedef enum { NVS_READONLY, NVS_READWRITE } nvs_open_mode_t;
#define ESP_ERR_NVS_NO_FREE_PAGES 0x110d
#define ESP_ERR_NVS_NEW_VERSION_FOUND 0x1110
esp_err_t nvs_flash_init(void);
esp_err_t nvs_flash_erase(void);
esp_err_t nvs_flash_init_partition(const char *partition);
esp_err_t nvs_open(const char *space, nvs_open_mode_t mode, nvs_handle_t *handle);
esp_err_t nvs_open_from_partition(const char *partition, const char *space, nvs_open_mode_t mode, nvs_handle_t *handle);
esp_err_t nvs_get_blob(nvs_handle_t handle, const char *key, void *value, size_t *length);
esp_err_t nvs_set_blob(nvs_handle_t handle, const char *key, const void *value, size_t length);
esp_err_t nvs_get_str(nvs_handle_t handle, const char *key, char *value, size_t *length);
esp_err_t nvs_get_u16(nvs_handle_t handle, const char *key, uint16_t *value);
esp_err_t nvs_commit(nvs_handle_t handle);
void nvs_close(nvs_handle_t handle);

/* esp_event.h, esp_netif.h, esp_wifi.h */
typedef const char *esp_event_base_t;
typedef void (*esp_event_handler_t)(void *context, esp_event_base_t base, int32_t id, void *data);
extern esp_event_base_t const WIFI_EVENT;
extern esp_event_base_t const IP_EVENT;
#define ESP_EVENT_ANY_ID (-1)
enum { WIFI_EVENT_STA_START = 2, WIFI_EVENT_STA_DISCONNECTED = 5, IP_EVENT_STA_GOT_IP = 0 };
typedef struct {
    uint8_t ssid[32];
    uint8_t ssid_len;
    uint8_t bssid[6];
    uint8_t reason;
    int8_t rssi;
} wifi_event_sta_disconnected_t;
typedef struct {
    uint32_t addr;
} esp_ip4_addr_t;
typedef struct {
    struct {
        esp_ip4_addr_t ip;
    } ip_info;
} ip_event_got_ip_t;
#define IPSTR "%d.%d.%d.%d"
#define IP2STR(ip) \
    (int)((ip)->addr & 255u), (int)((ip)->addr >> 8 & 255u), (int)((ip)->addr >> 16 & 255u), (int)((ip)->addr >> 24)
esp_err_t esp_event_loop_create_default(void);
esp_err_t esp_event_handler_register(esp_event_base_t base, int32_t id, esp_event_handler_t handler, void *context);
esp_err_t esp_netif_init(void);
struct esp_netif *esp_netif_create_default_wifi_sta(void);
typedef struct {
    int magic;
} wifi_init_config_t;
#define WIFI_INIT_CONFIG_DEFAULT() {.magic = 1}
typedef enum { WIFI_AUTH_OPEN, WIFI_AUTH_WPA2_PSK = 3 } wifi_auth_mode_t;
typedef union {
    struct {
        uint8_t ssid[32];
        uint8_t password[64];
        struct {
            int8_t rssi;
            wifi_auth_mode_t authmode;
        } threshold;
    } sta;
} wifi_config_t;
typedef struct {
    uint8_t bssid[6];
    uint8_t ssid[33];
    int8_t rssi;
} wifi_ap_record_t;
typedef enum { WIFI_STORAGE_FLASH, WIFI_STORAGE_RAM } wifi_storage_t;
typedef enum { WIFI_MODE_NULL, WIFI_MODE_STA } wifi_mode_t;
typedef enum { WIFI_IF_STA } wifi_interface_t;
typedef enum { WIFI_PS_NONE } wifi_ps_type_t;
esp_err_t esp_wifi_init(const wifi_init_config_t *config);
esp_err_t esp_wifi_set_storage(wifi_storage_t storage);
esp_err_t esp_wifi_set_mode(wifi_mode_t mode);
esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *config);
esp_err_t esp_wifi_set_ps(wifi_ps_type_t type);
esp_err_t esp_wifi_start(void);
esp_err_t esp_wifi_connect(void);
esp_err_t esp_wifi_sta_get_ap_info(wifi_ap_record_t *record);

/* esp_app_desc.h, esp_crt_bundle.h, esp_https_ota.h, esp_ota_ops.h */
typedef struct {
    char version[32];
} esp_app_desc_t;
const esp_app_desc_t *esp_app_get_description(void);
esp_err_t esp_crt_bundle_attach(void *config);
typedef struct {
    const char *url;
    esp_err_t (*crt_bundle_attach)(void *config);
    int timeout_ms;
    bool keep_alive_enable;
} esp_http_client_config_t;
typedef struct {
    const esp_http_client_config_t *http_config;
} esp_https_ota_config_t;
typedef void *esp_https_ota_handle_t;
#define ESP_ERR_HTTPS_OTA_IN_PROGRESS 0x9001
esp_err_t esp_https_ota_begin(const esp_https_ota_config_t *config, esp_https_ota_handle_t *handle);
esp_err_t esp_https_ota_get_img_desc(esp_https_ota_handle_t handle, esp_app_desc_t *description);
esp_err_t esp_https_ota_perform(esp_https_ota_handle_t handle);
bool esp_https_ota_is_complete_data_received(esp_https_ota_handle_t handle);
esp_err_t esp_https_ota_finish(esp_https_ota_handle_t handle);
esp_err_t esp_https_ota_abort(esp_https_ota_handle_t handle);
typedef enum { ESP_OTA_IMG_NEW, ESP_OTA_IMG_PENDING_VERIFY } esp_ota_img_states_t;
typedef struct esp_partition esp_partition_t;
const esp_partition_t *esp_ota_get_running_partition(void);
esp_err_t esp_ota_get_state_partition(const esp_partition_t *partition, esp_ota_img_states_t *state);
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void);
esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void);

/* rmw_microros/rmw_microros.h */
rmw_ret_t rmw_uros_options_set_client_key(uint32_t client_key, rmw_init_options_t *options);
rmw_ret_t rmw_uros_options_set_udp_address(const char *ip, const char *port, rmw_init_options_t *options);
rmw_ret_t rmw_uros_discover_agent(rmw_init_options_t *options);
rmw_ret_t rmw_uros_ping_agent(const int timeout_ms, const uint8_t attempts);
rmw_ret_t rmw_uros_ping_agent_options(const int timeout_ms, const uint8_t attempts, rmw_init_options_t *options);
rmw_ret_t rmw_uros_sync_session(const int timeout_ms);
bool rmw_uros_epoch_synchronized(void);
int64_t rmw_uros_epoch_nanos(void);
void rmw_uros_set_publisher_session_timeout(rmw_publisher_t *publisher, int session_timeout);
rmw_ret_t rmw_uros_set_context_entity_destroy_session_timeout(rmw_context_t *context, int timeout);

#endif
