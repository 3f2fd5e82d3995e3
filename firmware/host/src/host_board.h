/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* A board that is a process: its clock is that of the load's curve, its flash a file, its agent a switch. */
#ifndef HOST_BOARD_H
#define HOST_BOARD_H

#include "application.h"
#include "hx711_model.h"
#include "sampler.h"

#include <stdio.h>

struct host_config {
    const char *scale_id;
    const char *store_path; /* empty: nothing is kept */
    double zero_counts;
    double counts_per_gram;
    double noise_counts;
    uint32_t boot_id;
    uint32_t start_ms; /* where the link's clock begins */
    struct application_config application;
};

struct host {
    struct host_config config;
    struct hx711_model model;
    struct hx711 chip;
    struct sampler sampler;
    struct application application;

    int64_t feed_begin_ns; /* stamp of the first load */
    int64_t newest_ns;     /* of the newest load */
    double newest_grams;
    double next_us; /* when the next conversion ends */
    bool fed;
    bool agent;
    bool forgotten; /* the agent was restarted: it answers, and knows nothing of the session */
    bool network;
    long cut_after; /* the next write to the store ends after so many bytes, and so does the process; -1: it does not */
};

/* node: what the application publishes with. */
void host_init(struct host *host, const struct host_config *config, const struct node_ops *node, void *node_context);

/* The load was `grams` at `stamp_ns`; between two loads it goes on a straight line. Older ones are dropped. */
void host_load(struct host *host, int64_t stamp_ns, double grams);

/* One line of the feed: `load STAMP_NS PERIOD_NS GRAMS...`, `fault NAME`, `agent up|down|restart`, `network up|down`,
   `cut BYTES`. False when it is none of these. */
bool host_obey(struct host *host, const char *line);

#endif
