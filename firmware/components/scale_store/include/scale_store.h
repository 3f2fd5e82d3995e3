/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* Keeps the calibration through restarts and power cuts: two slots, written in turn, each with its own checksum. */
#ifndef SCALE_STORE_H
#define SCALE_STORE_H

#include "calibration.h"

#include <stddef.h>

enum {
    STORE_VERSION = 1,
    STORE_SLOTS = 2,
    STORE_BLOB_SIZE = 61,
};

/* Where slots are kept. Reading gives the number of bytes, 0 when there is none. Either may fail half way. */
struct store_ops {
    size_t (*read)(void *context, unsigned slot, uint8_t *bytes, size_t size);
    bool (*write)(void *context, unsigned slot, const uint8_t *bytes, size_t size);
};

struct store {
    const struct store_ops *ops;
    void *context;
    uint32_t generation; /* of the newest calibration that was read or written */
    unsigned slot;       /* where it is */
};

void store_init(struct store *store, const struct store_ops *ops, void *context);

/* Whether there is a calibration. Of two good ones the newer. */
bool store_load(struct store *store, struct calibration *calibration);

/* Writes to the other slot and reads it back; false when what is there now is not what was written. The slot that was
   good before stays as it is, so a power cut at any moment leaves the old calibration or the new one. */
bool store_save(struct store *store, const struct calibration *calibration);

/* The blob: little endian, whatever the machine. magic "YDGC", version u16, length u16, generation u32, zero i32,
   counts per gram f32, mass f32, made i64, cell id 25 bytes, CRC-32 of all before it. */
void store_encode(const struct calibration *calibration, uint32_t generation, uint8_t blob[STORE_BLOB_SIZE]);
bool store_decode(const uint8_t *blob, size_t size, struct calibration *calibration, uint32_t *generation);

/* CRC-32 of IEEE 802.3: reflected, polynomial 0x04C11DB7. */
uint32_t store_crc32(const uint8_t *bytes, size_t size);

#endif
