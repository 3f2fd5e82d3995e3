/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "host_board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define US_NS 1000
#define SECOND_US 1000000
#define BOARD_START_US SECOND_US       /* a board has run for a while when its first conversion ends */
#define LONGEST_GAP_US (10 * SECOND_US) /* a longer hole in the curve is jumped over */

/* The board's clock: it goes as the curve goes. */
static int64_t board_us(const struct host *host, int64_t stamp_ns)
{
    return (stamp_ns - host->feed_begin_ns) / US_NS + BOARD_START_US;
}

static int64_t now_us(void *context)
{
    const struct host *host = context;
    return host->fed ? board_us(host, host->newest_ns) : 0;
}

static int64_t epoch_ns(void *context)
{
    const struct host *host = context;
    return host->fed && host->application.link.sessions > 0 ? host->newest_ns : 0;
}

/* The link's clock is real: the middleware's own time-outs are. */
static uint32_t now_ms(void *context)
{
    const struct host *host = context;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u) + host->config.start_ms;
}

static bool network_is_up(void *context)
{
    const struct host *host = context;
    return host->network;
}

static bool agent_answers(void *context)
{
    const struct host *host = context;
    return host->agent;
}

static int8_t signal_dbm(void *context)
{
    (void)context;
    return 0;
}

static void identify(void *context)
{
    const struct host *host = context;
    printf("identify %s\n", host->config.scale_id);
    fflush(stdout);
}

static const struct board_ops BOARD_OPS = {
    .now_us = now_us,
    .now_ms = now_ms,
    .network_is_up = network_is_up,
    .ping = agent_answers,
    .sync = agent_answers,
    .epoch_ns = epoch_ns,
    .signal_dbm = signal_dbm,
    .identify = identify,
};

/* A file holds the slots, one behind the other. */

static size_t read_slot(void *context, unsigned slot, uint8_t *bytes, size_t size)
{
    const struct host *host = context;
    size_t got = 0;

    if (host->config.store_path[0] == '\0') {
        return 0;
    }
    FILE *file = fopen(host->config.store_path, "rb");
    if (file != NULL) {
        if (fseek(file, (long)(slot * size), SEEK_SET) == 0) {
            got = fread(bytes, 1, size, file);
        }
        fclose(file);
    }
    return got;
}

static bool write_slot(void *context, unsigned slot, const uint8_t *bytes, size_t size)
{
    struct host *host = context;
    const bool cut = host->cut_after >= 0 && (size_t)host->cut_after < size;
    const size_t much = cut ? (size_t)host->cut_after : size;

    if (host->config.store_path[0] == '\0') {
        return false;
    }
    FILE *file = fopen(host->config.store_path, "r+b");
    if (file == NULL && errno == ENOENT) {
        file = fopen(host->config.store_path, "w+b");
    }
    if (file == NULL) {
        return false;
    }
    bool written = fseek(file, (long)(slot * size), SEEK_SET) == 0 && fwrite(bytes, 1, much, file) == much;
    written = fclose(file) == 0 && written;
    if (cut) {
        _exit(9);
    }
    return written;
}

static const struct store_ops STORE_OPS = {.read = read_slot, .write = write_slot};

void host_init(struct host *host, const struct host_config *config, const struct node_ops *node, void *node_context)
{
    *host = (struct host){.config = *config, .agent = true, .network = true, .cut_after = -1};
    hx711_model_init(&host->model, config->zero_counts, config->counts_per_gram, config->noise_counts,
                     config->application.seed);
    application_init(&host->application, &config->application, &STORE_OPS, host, &BOARD_OPS, host, node, node_context);
    hx711_init(&host->chip, &HX711_MODEL_OPS, &host->model, HX711_A_128);
    sampler_init(&host->sampler, &host->chip, &host->application.queue, BOARD_START_US);
    host->next_us = BOARD_START_US;
}

/* Runs the converter up to now, with a load that goes straight from the last one to `grams`. */
static void run(struct host *host, int64_t from_us, int64_t to_us, double grams)
{
    const double period_us = (double)SECOND_US / host->config.application.scale.rate_hz;
    const double slope = (grams - host->newest_grams) / (double)(to_us > from_us ? to_us - from_us : 1);

    while (host->next_us <= (double)to_us) {
        const int64_t at_us = (int64_t)host->next_us;
        host->model.grams = host->newest_grams + slope * (double)(at_us > from_us ? at_us - from_us : 0);
        if (hx711_model_convert(&host->model, at_us)) {
            sampler_ready(&host->sampler, at_us);
        } else {
            sampler_idle(&host->sampler, at_us);
        }
        host->next_us += period_us;
    }
}

void host_load(struct host *host, int64_t stamp_ns, double grams)
{
    if (!host->fed) {
        host->fed = true;
        host->feed_begin_ns = host->newest_ns = stamp_ns;
        host->newest_grams = grams;
    }
    if (stamp_ns < host->newest_ns) {
        return;
    }
    const int64_t from_us = board_us(host, host->newest_ns);
    const int64_t to_us = board_us(host, stamp_ns);
    if (to_us - from_us > LONGEST_GAP_US) {
        host->next_us = (double)to_us;
    }
    run(host, from_us, to_us, grams);
    host->newest_ns = stamp_ns;
    host->newest_grams = grams;
}

static bool obey_load(struct host *host, const char *at)
{
    char *end;
    int64_t stamp_ns = strtoll(at, &end, 10);
    const int64_t period_ns = strtoll(end, &end, 10);

    if (period_ns <= 0) {
        return false;
    }
    for (;;) {
        char *after;
        const double grams = strtod(end, &after);
        if (after == end) {
            return *end == '\0' || *end == '\n';
        }
        host_load(host, stamp_ns, grams);
        stamp_ns += period_ns;
        end = after;
    }
}

static bool obey_fault(struct host *host, const char *name)
{
    static const char *const NAMES[] = {
        [FAULT_NONE] = "none",         [FAULT_UNPLUGGED] = "unplugged", [FAULT_STUCK_LOW] = "stuck_low",
        [FAULT_ALL_ONES] = "all_ones", [FAULT_OPEN_CELL] = "open_cell", [FAULT_GLITCH] = "glitch",
        [FAULT_SLOW_CLOCK] = "slow_clock",
    };

    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            host->model.fault = (enum hx711_fault)i;
            return true;
        }
    }
    return false;
}

static bool obey_switch(bool *is_up, const char *word)
{
    *is_up = strcmp(word, "up") == 0;
    return *is_up || strcmp(word, "down") == 0;
}

bool host_obey(struct host *host, const char *line)
{
    char word[16] = "";
    char argument[16] = "";

    sscanf(line, "%15s %15s", word, argument);
    if (strcmp(word, "load") == 0) {
        return obey_load(host, strstr(line, word) + strlen(word));
    }
    if (strcmp(word, "fault") == 0) {
        return obey_fault(host, argument);
    }
    if (strcmp(word, "agent") == 0) {
        if (strcmp(argument, "restart") == 0) {
            host->forgotten = true;
            return true;
        }
        return obey_switch(&host->agent, argument);
    }
    if (strcmp(word, "network") == 0) {
        return obey_switch(&host->network, argument);
    }
    if (strcmp(word, "cut") == 0) {
        host->cut_after = strtol(argument, NULL, 10);
        return true;
    }
    return false;
}
