/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "uros_node.h"

#include <rcl/error_handling.h>
#include <rosidl_runtime_c/string_functions.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND_NS 1000000000

_Static_assert((int)BURST_SAMPLES_MOST <= (int)yokotago_msgs__msg__ShelfWeight__grams__MAX_SIZE, "a burst fits");
_Static_assert(SCALE_ID_SIZE - 1 <= (int)yokotago_msgs__msg__ShelfWeight__scale_id__MAX_STRING_SIZE, "an id fits");
_Static_assert((int)COMMAND_TARE == (int)yokotago_msgs__srv__ScaleCommand_Request__TARE, "commands as in the service");
_Static_assert((int)COMMAND_IDENTIFY == (int)yokotago_msgs__srv__ScaleCommand_Request__IDENTIFY, "the last too");
_Static_assert((int)CALIBRATION_DONE == (int)yokotago_msgs__srv__ScaleCommand_Response__DONE, "results too");
_Static_assert((int)CALIBRATION_NOT_KEPT == (int)yokotago_msgs__srv__ScaleCommand_Response__NOT_KEPT, "the last too");
_Static_assert((int)ANSWER_UNKNOWN_COMMAND == (int)yokotago_msgs__srv__ScaleCommand_Response__UNKNOWN_COMMAND, "too");
_Static_assert((int)STATUS_RESENT == (int)yokotago_msgs__msg__ShelfWeight__RESENT, "status bits as in the message");

/* A string message whose memory is somebody else's. Only for messages that are sent. */
static void say(rosidl_runtime_c__String *string, char *text)
{
    string->data = text;
    string->size = strlen(text);
    string->capacity = string->size + 1;
}

/* The middleware has told what went wrong; its text must be fetched, or the next failure complains about that. */
static bool failed(rcl_ret_t code)
{
    if (code == RCL_RET_OK) {
        return false;
    }
    rcl_reset_error();
    return true;
}

static const char *const VALUE_NAMES[UROS_HEALTH_VALUES] = {
    "grams", "counts", "samples", "spikes", "dropped", "missed",
    "faults", "sessions", "lost", "uptime s", "dBm", "cell",
};

bool uros_node_init(struct uros_node *node, const struct uros_node_config *config)
{
    char id[SCALE_ID_SIZE];

    *node = (struct uros_node){.config = *config};
    snprintf(id, sizeof id, "%s", config->scale_id);
    snprintf(node->status_name, sizeof node->status_name, "scale %s", id);
    snprintf(node->hardware_id, sizeof node->hardware_id, "boot %08" PRIx32, config->boot_id);
    for (char *c = id; *c != '\0'; c++) {
        *c = (char)(isalnum((unsigned char)*c) ? *c : '_');
    }
    snprintf(node->name, sizeof node->name, "scale_%s", id);
    snprintf(node->service_name, sizeof node->service_name, "/shelves/%s/command", node->name);

    say(&node->burst.header.frame_id, node->status_name + strlen("scale "));
    say(&node->burst.scale_id, node->status_name + strlen("scale "));
    node->burst.boot_id = config->boot_id;
    node->burst.grams.data = node->grams;
    node->burst.grams.capacity = BURST_SAMPLES_MOST;

    say(&node->array.header.frame_id, node->status_name + strlen(node->status_name)); /* empty */
    node->array.status.data = &node->status;
    node->array.status.size = node->array.status.capacity = 1;
    say(&node->status.name, node->status_name);
    say(&node->status.hardware_id, node->hardware_id);
    node->status.values.data = node->values;
    node->status.values.size = node->status.values.capacity = UROS_HEALTH_VALUES;
    for (int i = 0; i < UROS_HEALTH_VALUES; i++) {
        say(&node->values[i].key, (char *)VALUE_NAMES[i]); /* never written to */
    }

    /* Room for the longest cell id. One middleware writes into it, the other one replaces it. */
    return yokotago_msgs__srv__ScaleCommand_Request__init(&node->request) &&
           rosidl_runtime_c__String__assign(&node->request.cell_id, "123456789012345678901234");
}

static bool make_entities(struct uros_node *node)
{
    const rcl_allocator_t allocator = node->config.allocator;
    rcl_node_options_t node_options = rcl_node_get_default_options();
    rcl_publisher_options_t best_effort = rcl_publisher_get_default_options();
    rcl_publisher_options_t reliable = rcl_publisher_get_default_options();
    rcl_service_options_t service_options = rcl_service_get_default_options();

    node_options.allocator = allocator;
    node_options.enable_rosout = false;
    best_effort.allocator = reliable.allocator = service_options.allocator = allocator;
    best_effort.qos = rmw_qos_profile_sensor_data;
    best_effort.qos.depth = 2 * SENT_AT_ONCE;
    return !failed(rcl_node_init(&node->node, node->name, "", &node->context, &node_options)) &&
           !failed(rcl_publisher_init(&node->weights, &node->node,
                                      ROSIDL_GET_MSG_TYPE_SUPPORT(yokotago_msgs, msg, ShelfWeight), "/shelves/weights",
                                      &best_effort)) &&
           !failed(rcl_publisher_init(&node->diagnostics, &node->node,
                                      ROSIDL_GET_MSG_TYPE_SUPPORT(diagnostic_msgs, msg, DiagnosticArray),
                                      "/diagnostics", &reliable)) &&
           !failed(rcl_service_init(&node->service, &node->node,
                                    ROSIDL_GET_SRV_TYPE_SUPPORT(yokotago_msgs, srv, ScaleCommand), node->service_name,
                                    &service_options)) &&
           !failed(rcl_wait_set_init(&node->wait_set, 0, 0, 0, 0, 1, 0, &node->context, allocator));
}

static bool uros_open(void *context)
{
    struct uros_node *node = context;
    const struct uros_ops *ops = node->config.ops;

    node->options = rcl_get_zero_initialized_init_options();
    node->context = rcl_get_zero_initialized_context();
    node->node = rcl_get_zero_initialized_node();
    node->weights = node->diagnostics = rcl_get_zero_initialized_publisher();
    node->service = rcl_get_zero_initialized_service();
    node->wait_set = rcl_get_zero_initialized_wait_set();
    if (failed(rcl_init_options_init(&node->options, node->config.allocator))) {
        return false;
    }
    if (ops->configure != NULL && !ops->configure(node->config.ops_context, &node->options)) {
        return false;
    }
    if (failed(rcl_init(0, NULL, &node->options, &node->context)) || !make_entities(node)) {
        return false;
    }
    if (ops->opened != NULL) {
        ops->opened(node->config.ops_context, &node->diagnostics);
    }
    return true;
}

/* Everything, in the order opposite to its making, however far that came: what stays would be missing next time. */
static void uros_close(void *context, bool lost)
{
    struct uros_node *node = context;
    const struct uros_ops *ops = node->config.ops;

    if (lost && ops->abandon != NULL && rcl_context_is_valid(&node->context)) {
        ops->abandon(node->config.ops_context, &node->context);
    }
    failed(rcl_wait_set_fini(&node->wait_set));
    if (rcl_node_is_valid(&node->node)) {
        failed(rcl_service_fini(&node->service, &node->node));
        failed(rcl_publisher_fini(&node->diagnostics, &node->node));
        failed(rcl_publisher_fini(&node->weights, &node->node));
        failed(rcl_node_fini(&node->node));
    }
    rcl_reset_error();
    if (rcl_context_is_valid(&node->context)) {
        failed(rcl_shutdown(&node->context));
        failed(rcl_context_fini(&node->context));
    }
    rcl_reset_error();
    if (node->options.impl != NULL) {
        failed(rcl_init_options_fini(&node->options));
    }
}

static bool uros_is_heard(void *context)
{
    const struct uros_node *node = context;
    const struct uros_ops *ops = node->config.ops;
    return ops->is_heard == NULL || ops->is_heard(node->config.ops_context, &node->weights);
}

static builtin_interfaces__msg__Time time_of(const struct stamp *stamp)
{
    return (builtin_interfaces__msg__Time){
        .sec = (int32_t)(stamp->nanoseconds / SECOND_NS),
        .nanosec = (uint32_t)(stamp->nanoseconds % SECOND_NS),
    };
}

static void uros_publish_burst(void *context, const struct burst *burst, const struct stamp *stamp)
{
    struct uros_node *node = context;

    node->burst.header.stamp = time_of(stamp);
    node->burst.sequence = burst->sequence;
    node->burst.period = burst->period_s;
    node->burst.status = burst->status;
    node->burst.grams.size = burst->samples;
    memcpy(node->grams, burst->grams, sizeof node->grams);
    failed(rcl_publish(&node->weights, &node->burst, NULL));
}

/* Status bits in words, the gravest first. */
static uint8_t describe(uint16_t status, char *text, size_t size)
{
    static const struct {
        uint16_t bit;
        uint8_t level;
        const char *words;
    } TROUBLES[] = {
        {STATUS_HARDWARE_FAULT, diagnostic_msgs__msg__DiagnosticStatus__ERROR, "no samples: cell or wiring"},
        {STATUS_SATURATED, diagnostic_msgs__msg__DiagnosticStatus__ERROR, "saturated"},
        {STATUS_NOT_CALIBRATED, diagnostic_msgs__msg__DiagnosticStatus__ERROR, "not calibrated"},
        {STATUS_CLOCK_UNSYNCED, diagnostic_msgs__msg__DiagnosticStatus__WARN, "clock not synchronised"},
    };

    for (size_t i = 0; i < sizeof TROUBLES / sizeof TROUBLES[0]; i++) {
        if ((status & TROUBLES[i].bit) != 0) {
            snprintf(text, size, "%s", TROUBLES[i].words);
            return TROUBLES[i].level;
        }
    }
    snprintf(text, size, "weighing");
    return diagnostic_msgs__msg__DiagnosticStatus__OK;
}

static bool uros_publish_health(void *context, const struct health *health)
{
    struct uros_node *node = context;
    const struct scale_counters *counters = health->counters;
    const uint32_t numbers[] = {
        counters->samples, counters->spikes,   counters->dropped, counters->missed + health->overruns,
        counters->faults,  health->sessions,   health->lost_bursts, health->uptime_s,
    };
    int at = 0;

    snprintf(node->texts[at++], sizeof node->texts[0], "%.1f", (double)health->grams);
    snprintf(node->texts[at++], sizeof node->texts[0], "%" PRId32, health->counts);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        snprintf(node->texts[at++], sizeof node->texts[0], "%" PRIu32, numbers[i]);
    }
    snprintf(node->texts[at++], sizeof node->texts[0], "%d", health->signal_dbm);
    snprintf(node->texts[at], sizeof node->texts[0], "%.15s", health->calibration->cell_id);
    for (int i = 0; i < UROS_HEALTH_VALUES; i++) {
        say(&node->values[i].value, node->texts[i]);
    }
    node->array.header.stamp = time_of(&health->stamp);
    node->status.level = describe(health->status, node->status_text, sizeof node->status_text);
    say(&node->status.message, node->status_text);
    return !failed(rcl_publish(&node->diagnostics, &node->array, NULL));
}

static bool uros_take_command(void *context, struct command *command)
{
    struct uros_node *node = context;

    if (failed(rcl_wait_set_clear(&node->wait_set)) ||
        failed(rcl_wait_set_add_service(&node->wait_set, &node->service, NULL)) ||
        failed(rcl_wait(&node->wait_set, node->config.wait_ns)) ||
        failed(rcl_take_request(&node->service, &node->request_id, &node->request))) {
        return false;
    }
    *command = (struct command){.kind = node->request.command, .grams = node->request.grams};
    snprintf(command->cell_id, sizeof command->cell_id, "%s", node->request.cell_id.data);
    return true;
}

static void uros_answer(void *context, const struct answer *answer)
{
    struct uros_node *node = context;

    node->response.result = answer->result;
    node->response.grams = answer->grams;
    failed(rcl_send_response(&node->service, &node->request_id, &node->response));
}

const struct node_ops UROS_NODE_OPS = {
    .open = uros_open,
    .close = uros_close,
    .is_heard = uros_is_heard,
    .publish_burst = uros_publish_burst,
    .publish_health = uros_publish_health,
    .take_command = uros_take_command,
    .answer = uros_answer,
};
