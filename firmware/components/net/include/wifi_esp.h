/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The network: a Wi-Fi station that never gives up. */
#ifndef WIFI_ESP_H
#define WIFI_ESP_H

#include "settings_esp.h"

void wifi_start(const struct settings *settings);
bool wifi_is_up(void);

/* Signal of the access point [dBm]; 0 when not connected. */
int8_t wifi_signal_dbm(void);

#endif
