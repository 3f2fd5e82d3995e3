/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The link to the agent as a state machine: when to look for it, when to connect, when to believe that it is gone. */
#ifndef UROS_LINK_H
#define UROS_LINK_H

#include <stdbool.h>
#include <stdint.h>

enum link_state {
    LINK_WAITING,    /* for the network, or for the agent to answer a ping */
    LINK_CONNECTING, /* the agent answers; the session is being made */
    LINK_CONNECTED,
    LINK_LOST, /* the session must be ended before another one */
};

/* What the middleware does for it. Calls may take as long as they must; the sampling does not wait for them. */
struct link_ops {
    bool (*ping)(void *context);
    bool (*open)(void *context);
    void (*close)(void *context, bool lost); /* lost: do not wait for an agent that does not answer */
    bool (*sync)(void *context);             /* asks the agent for the time */
};

struct link_config {
    uint32_t retry_first_ms;
    uint32_t retry_most_ms; /* the pause doubles up to this */
    uint32_t ping_ms;       /* between two pings of a session */
    uint32_t sync_ms;       /* between two looks at the agent's clock */
    uint8_t misses;         /* pings without an answer, or messages without a confirmation, before a loss is believed */
};

struct link {
    struct link_config config;
    const struct link_ops *ops;
    void *context;
    enum link_state state;
    bool network;
    uint8_t missed;      /* pings in a row */
    uint8_t unconfirmed; /* reliable messages in a row */
    uint32_t since_ms; /* of the last try, ping or loss */
    uint32_t synced_ms;
    uint32_t pause_ms;
    uint32_t random;
    uint32_t sessions; /* made so far */
};

/* seed: another number on every board, so that a hundred of them do not all knock at once. */
void link_init(struct link *link, const struct link_config *config, const struct link_ops *ops, void *context,
               uint32_t seed);

/* Tells whether there is a network. Without one a session is lost at once. */
void link_network(struct link *link, bool up);

/* Tells whether a reliable message was confirmed. An agent that was restarted answers pings as before, but knows
   nothing of the session: only this shows it. */
void link_delivery(struct link *link, bool confirmed);

/* Does what is due; at most one call of the middleware. now_ms wraps around after 49.7 days. Returns the new state. */
enum link_state link_step(struct link *link, uint32_t now_ms);

#endif
