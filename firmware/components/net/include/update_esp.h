/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Newer firmware over HTTPS, and the way back to the old one. */
#ifndef UPDATE_ESP_H
#define UPDATE_ESP_H

#include <stdbool.h>

/* Looks for another version at `url` every few hours, in a task of its own. Does nothing without a url. */
void update_start(const char *url);

/* To be called again and again. A new image is kept once it is `proven`; when that does not come in time, the board
   goes back to the image before. */
void update_judge(bool proven);

#endif
