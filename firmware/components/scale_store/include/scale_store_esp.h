/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The slots of the calibration in the ESP32's non-volatile storage. */
#ifndef SCALE_STORE_ESP_H
#define SCALE_STORE_ESP_H

#include "scale_store.h"

extern const struct store_ops STORE_ESP_OPS; /* their context is not used */

#endif
