/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "uros_link.h"

/* Differences of clocks that wrap around are right as long as they are unsigned. */
static bool passed(uint32_t now_ms, uint32_t since_ms, uint32_t wait_ms)
{
    return now_ms - since_ms >= wait_ms;
}

/* Up to a quarter more than the pause (Marsaglia, Xorshift RNGs, 2003). */
static uint32_t with_jitter(struct link *link, uint32_t pause_ms)
{
    link->random ^= link->random << 13;
    link->random ^= link->random >> 17;
    link->random ^= link->random << 5;
    return pause_ms + link->random % (pause_ms / 4 + 1);
}

static void wait(struct link *link, uint32_t now_ms, uint32_t pause_ms)
{
    link->state = LINK_WAITING;
    link->since_ms = now_ms;
    link->pause_ms = pause_ms < link->config.retry_most_ms ? pause_ms : link->config.retry_most_ms;
}

void link_init(struct link *link, const struct link_config *config, const struct link_ops *ops, void *context,
               uint32_t seed)
{
    *link = (struct link){.config = *config, .ops = ops, .context = context, .random = seed | 1u};
}

void link_network(struct link *link, bool up)
{
    link->network = up;
    if (!up && (link->state == LINK_CONNECTED || link->state == LINK_CONNECTING)) {
        link->state = link->state == LINK_CONNECTED ? LINK_LOST : LINK_WAITING;
    }
}

void link_delivery(struct link *link, bool confirmed)
{
    link->unconfirmed = confirmed ? 0 : (uint8_t)(link->unconfirmed + 1);
    if (link->state == LINK_CONNECTED && link->unconfirmed >= link->config.misses) {
        link->state = LINK_LOST;
    }
}

static void knock(struct link *link, uint32_t now_ms)
{
    if (!link->network || !passed(now_ms, link->since_ms, link->pause_ms)) {
        return;
    }
    if (link->ops->ping(link->context)) {
        link->state = LINK_CONNECTING;
        return;
    }
    const uint32_t least_ms = link->config.retry_first_ms;
    const uint32_t pause_ms = link->pause_ms * 2 > least_ms ? link->pause_ms * 2 : least_ms;
    wait(link, now_ms, with_jitter(link, pause_ms));
}

static void connect(struct link *link, uint32_t now_ms)
{
    if (!link->ops->open(link->context)) {
        link->ops->close(link->context, true);
        wait(link, now_ms, with_jitter(link, link->config.retry_first_ms));
        return;
    }
    link->state = LINK_CONNECTED;
    link->since_ms = now_ms;
    link->missed = 0;
    link->unconfirmed = 0;
    link->sessions++;
    /* The time is asked for in the next step. */
    link->synced_ms = now_ms - link->config.sync_ms;
}

static void hold(struct link *link, uint32_t now_ms)
{
    if (passed(now_ms, link->synced_ms, link->config.sync_ms)) {
        link->synced_ms = now_ms;
        if (!link->ops->sync(link->context)) {
            /* Soon again, but not at once: each try takes a while. */
            link->synced_ms -= link->config.sync_ms - link->config.ping_ms;
        }
        return;
    }
    if (!passed(now_ms, link->since_ms, link->config.ping_ms)) {
        return;
    }
    link->since_ms = now_ms;
    if (link->ops->ping(link->context)) {
            link->missed = 0;
    } else if (++link->missed >= link->config.misses) {
        link->state = LINK_LOST;
    }
}

enum link_state link_step(struct link *link, uint32_t now_ms)
{
    switch (link->state) {
    case LINK_WAITING:
        knock(link, now_ms);
        break;
    case LINK_CONNECTING:
        connect(link, now_ms);
        break;
    case LINK_CONNECTED:
        hold(link, now_ms);
        break;
    case LINK_LOST:
        link->ops->close(link->context, true);
        wait(link, now_ms, link->config.retry_first_ms);
        break;
    }
    return link->state;
}
