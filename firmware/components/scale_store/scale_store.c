/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
#include "scale_store.h"

#include <string.h>

#define MAGIC 0x43474459u /* "YDGC" */

_Static_assert(sizeof(float) == sizeof(uint32_t), "floats are stored as the 32 bits that they are");

uint32_t store_crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        }
    }
    return ~crc;
}

/* A place in a blob that moves on with what is written or read. */
struct cursor {
    uint8_t *bytes;
};

static void put(struct cursor *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        *at->bytes++ = (uint8_t)(value >> 8 * i);
    }
}

static void put_float(struct cursor *at, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put(at, bits, sizeof bits);
}

static uint64_t get(const uint8_t **at, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)*(*at)++ << 8 * i;
    }
    return value;
}

static float get_float(const uint8_t **at)
{
    const uint32_t bits = (uint32_t)get(at, sizeof bits);
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The signed number that two's complement means, without a conversion that the compiler may define. */
static int64_t get_signed(const uint8_t **at, unsigned size)
{
    const uint64_t sign = 1ull << (8 * size - 1);
    const uint64_t value = get(at, size);
    return (value & sign) != 0 ? -(int64_t)(sign - (value & (sign - 1)) - 1) - 1 : (int64_t)value;
}

void store_encode(const struct calibration *calibration, uint32_t generation, uint8_t blob[STORE_BLOB_SIZE])
{
    struct cursor at = {blob};

    put(&at, MAGIC, 4);
    put(&at, STORE_VERSION, 2);
    put(&at, STORE_BLOB_SIZE, 2);
    put(&at, generation, 4);
    put(&at, (uint32_t)calibration->zero, 4);
    put_float(&at, calibration->counts_per_gram);
    put_float(&at, calibration->mass_g);
    put(&at, (uint64_t)calibration->made_s, 8);
    memcpy(at.bytes, calibration->cell_id, CELL_ID_SIZE);
    at.bytes += CELL_ID_SIZE;
    put(&at, store_crc32(blob, STORE_BLOB_SIZE - 4), 4);
}

bool store_decode(const uint8_t *blob, size_t size, struct calibration *calibration, uint32_t *generation)
{
    const uint8_t *at = blob;
    const uint8_t *checksum = blob + STORE_BLOB_SIZE - 4;

    if (size != STORE_BLOB_SIZE || get(&checksum, 4) != store_crc32(blob, STORE_BLOB_SIZE - 4)) {
        return false;
    }
    if (get(&at, 4) != MAGIC || get(&at, 2) != STORE_VERSION || get(&at, 2) != STORE_BLOB_SIZE) {
        return false;
    }
    *generation = (uint32_t)get(&at, 4);
    calibration->zero = (int32_t)get_signed(&at, 4);
    calibration->counts_per_gram = get_float(&at);
    calibration->mass_g = get_float(&at);
    calibration->made_s = get_signed(&at, 8);
    memcpy(calibration->cell_id, at, CELL_ID_SIZE);
    calibration->cell_id[CELL_ID_SIZE - 1] = '\0';
    return true;
}

void store_init(struct store *store, const struct store_ops *ops, void *context)
{
    *store = (struct store){.ops = ops, .context = context, .slot = STORE_SLOTS - 1};
}

static bool read_slot(const struct store *store, unsigned slot, struct calibration *calibration, uint32_t *generation)
{
    uint8_t blob[STORE_BLOB_SIZE];
    const size_t size = store->ops->read(store->context, slot, blob, sizeof blob);
    return store_decode(blob, size, calibration, generation);
}

bool store_load(struct store *store, struct calibration *calibration)
{
    bool found = false;

    for (unsigned slot = 0; slot < STORE_SLOTS; slot++) {
        struct calibration kept;
        uint32_t generation;

        /* Newer also where the counter has wrapped around. */
        if (read_slot(store, slot, &kept, &generation) && (!found || generation - store->generation < UINT32_MAX / 2)) {
            *calibration = kept;
            store->generation = generation;
            store->slot = slot;
            found = true;
        }
    }
    return found;
}

bool store_save(struct store *store, const struct calibration *calibration)
{
    const unsigned slot = (store->slot + 1) % STORE_SLOTS;
    const uint32_t generation = store->generation + 1;
    uint8_t wanted[STORE_BLOB_SIZE];
    uint8_t written[STORE_BLOB_SIZE];

    store_encode(calibration, generation, wanted);
    if (!store->ops->write(store->context, slot, wanted, sizeof wanted) ||
        store->ops->read(store->context, slot, written, sizeof written) != sizeof written ||
        memcmp(wanted, written, sizeof wanted) != 0) {
        return false;
    }
    store->generation = generation;
    store->slot = slot;
    return true;
}
