/* SPDX-FileCopyrightText: 2026 The Yokota de Go authors
   SPDX-License-Identifier: Apache-2.0 */
/* The calibration in its two slots, and power cuts while it is written. */
#include "unit.h"

#include "scale_store.h"

#include <string.h>

/* A flash of two slots. A write may be cut after so many bytes: the rest keeps what it was. */
struct flash {
    uint8_t slots[STORE_SLOTS][STORE_BLOB_SIZE];
    size_t cut_after;
    bool lies;   /* says that it has written, and has not */
    bool broken; /* says that it has not */
    bool short_read;
};

static struct flash flash;
static struct store store;
static struct calibration kept;
static const struct calibration FIRST = {
    .zero = -8000, .counts_per_gram = -97.5f, .mass_g = 500.0f, .made_s = 1700000000, .cell_id = "first"};
static const struct calibration SECOND = {
    .zero = 123456, .counts_per_gram = 101.25f, .mass_g = 2000.0f, .made_s = -1, .cell_id = "second"};

static size_t read_slot(void *context, unsigned slot, uint8_t *bytes, size_t size)
{
    struct flash *f = context;
    memcpy(bytes, f->slots[slot], size);
    return f->short_read ? size - 1 : size;
}

static bool write_slot(void *context, unsigned slot, const uint8_t *bytes, size_t size)
{
    struct flash *f = context;
    if (f->broken) {
        return false;
    }
    if (!f->lies) {
        memcpy(f->slots[slot], bytes, size < f->cut_after ? size : f->cut_after);
    }
    return true;
}

static const struct store_ops OPS = {.read = read_slot, .write = write_slot};

static void power_on(void)
{
    flash.cut_after = SIZE_MAX;
    store_init(&store, &OPS, &flash);
}

static void begin(void)
{
    flash = (struct flash){0};
    power_on();
}

static void same(const struct calibration *a, const struct calibration *b)
{
    assert_int_equal(a->zero, b->zero);
    assert_float_equal(a->counts_per_gram, b->counts_per_gram, 0.0f);
    assert_float_equal(a->mass_g, b->mass_g, 0.0f);
    assert_int_equal(a->made_s, b->made_s);
    assert_string_equal(a->cell_id, b->cell_id);
}

static void the_checksum_is_the_well_known_one(void **state)
{
    (void)state;
    assert_int_equal(store_crc32((const uint8_t *)"123456789", 9), 0xCBF43926u);
    assert_int_equal(store_crc32(NULL, 0), 0);
}

static void a_new_board_has_none(void **state)
{
    (void)state;
    begin();
    assert_false(store_load(&store, &kept));
    memset(flash.slots, 0xFF, sizeof flash.slots);
    assert_false(store_load(&store, &kept));
}

static void the_newest_is_kept(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 5; i++) {
        const struct calibration *wanted = i % 2 == 0 ? &FIRST : &SECOND;
        assert_true(store_save(&store, wanted));
        power_on();
        assert_true(store_load(&store, &kept));
        same(&kept, wanted);
    }
}

static void the_generation_may_wrap_around(void **state)
{
    (void)state;
    begin();
    store.generation = UINT32_MAX - 1;
    for (int i = 0; i < 4; i++) {
        const struct calibration *wanted = i % 2 == 0 ? &FIRST : &SECOND;
        assert_true(store_save(&store, wanted));
        power_on();
        assert_true(store_load(&store, &kept));
        same(&kept, wanted);
    }
}

static void a_power_cut_leaves_the_old_one_or_the_new_one(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= STORE_BLOB_SIZE; cut++) {
        begin();
        assert_true(store_save(&store, &SECOND));
        assert_true(store_save(&store, &FIRST));
        flash.cut_after = cut;
        const bool saved = store_save(&store, &SECOND);
        power_on();
        assert_true(store_load(&store, &kept));
        same(&kept, saved ? &SECOND : &FIRST);
        assert_int_equal(saved, cut == STORE_BLOB_SIZE);
        /* And the next write still works. */
        assert_true(store_save(&store, &SECOND));
        power_on();
        assert_true(store_load(&store, &kept));
        same(&kept, &SECOND);
    }
}

static void a_flash_that_fails_is_told(void **state)
{
    (void)state;
    begin();
    assert_true(store_save(&store, &FIRST));
    flash.lies = true;
    assert_false(store_save(&store, &SECOND));
    flash.broken = true;
    assert_false(store_save(&store, &SECOND));
    flash.broken = flash.lies = false;
    flash.short_read = true;
    assert_false(store_save(&store, &SECOND));
    flash.short_read = false;
    power_on();
    assert_true(store_load(&store, &kept));
}

static void every_flipped_bit_is_noticed(void **state)
{
    uint8_t blob[STORE_BLOB_SIZE];
    uint32_t generation;
    (void)state;
    store_encode(&FIRST, 7, blob);
    assert_true(store_decode(blob, sizeof blob, &kept, &generation));
    assert_int_equal(generation, 7);
    same(&kept, &FIRST);
    for (size_t bit = 0; bit < sizeof blob * 8; bit++) {
        blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(store_decode(blob, sizeof blob, &kept, &generation));
        blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_false(store_decode(blob, sizeof blob - 1, &kept, &generation));
}

/* Changes a byte and makes the checksum right again: what another version of the firmware may have written. */
static bool decodes_with(size_t at, uint8_t value)
{
    uint8_t blob[STORE_BLOB_SIZE];
    uint32_t generation;

    store_encode(&FIRST, 7, blob);
    blob[at] = value;
    const uint32_t crc = store_crc32(blob, STORE_BLOB_SIZE - 4);
    for (unsigned i = 0; i < 4; i++) {
        blob[STORE_BLOB_SIZE - 4 + i] = (uint8_t)(crc >> 8 * i);
    }
    return store_decode(blob, sizeof blob, &kept, &generation);
}

static void other_versions_are_not_taken(void **state)
{
    (void)state;
    assert_false(decodes_with(0, 'X'));
    assert_false(decodes_with(4, STORE_VERSION + 1));
    assert_false(decodes_with(6, STORE_BLOB_SIZE + 1));
    /* A cell id without an end gets one. */
    assert_true(decodes_with(STORE_BLOB_SIZE - 5, 'x'));
    assert_int_equal(kept.cell_id[CELL_ID_SIZE - 1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_the_well_known_one),
        cmocka_unit_test(a_new_board_has_none),
        cmocka_unit_test(the_newest_is_kept),
        cmocka_unit_test(the_generation_may_wrap_around),
        cmocka_unit_test(a_power_cut_leaves_the_old_one_or_the_new_one),
        cmocka_unit_test(a_flash_that_fails_is_told),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(other_versions_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
