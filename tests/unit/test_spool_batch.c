/* SPDX-License-Identifier: MIT */
/* Records and batches: read back as they were packed; anything else is refused. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "connect/spool/batch.h"
#include "support/mutate.h"
#include "support/run.h"

#define SEED 0x123456789abcdefu

static const struct weir_header some_headers[] = {
	{ "weir.kind", { "tweet", 5 } },
	{ "", { "", 0 } },
	{ "binary", { "\0\1\2", 3 } },
};

static const struct {
	const char *name;
	struct weir__record record;
} records[] = {
	{ "all there is",
	  { 7, 1600000000000, 1600000000001, 1500000000000, WEIR_KIND_TWEET,
	    WEIR_TRAIT_REPLY | WEIR_TRAIT_ENVELOPED, "twitter", { "12345", 5 }, { "{\"a\":1}", 7 },
	    some_headers, 3, NULL, 0 } },
	{ "nothing but a kind",
	  { .number = 1, .kind = WEIR_KIND_MALFORMED, .body = { "", 0 } } },
	{ "an empty key",
	  { .number = 2, .kind = WEIR_KIND_RECORD, .key = { "", 0 }, .body = { "x", 1 } } },
	{ "a key with a zero in it",
	  { .number = UINT64_MAX - 1, .kind = WEIR_KIND_GAP, .key = { "a\0b", 3 },
	    .body = { "12345678", 8 } } },
};

#define RECORDS ((int)(sizeof records / sizeof *records))

/* In a block of its exact size, so that a sanitizer sees what is read behind it. Yours: free it. */
static uint8_t *pack(const struct weir__record *record, size_t *ret_len)
{
	const size_t len = weir__record_size(record);
	uint8_t *bytes = malloc(len);

	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(len % 8, 0);
	weir__record_pack(record, SEED, bytes);
	*ret_len = len;
	return bytes;
}

static void expect_slice(struct weir_slice got, struct weir_slice want, const char *name)
{
	ck_assert_msg(got.len == want.len && (got.data == NULL) == (want.data == NULL) &&
			      (want.len == 0 || memcmp(got.data, want.data, want.len) == 0),
		      "%s: '%.*s'", name, (int)got.len, (const char *)got.data);
}

static void expect_record(const struct weir__record *got, const struct weir__record *want,
			  const char *name)
{
	ck_assert_msg(got->number == want->number && got->session == want->session &&
			      got->stored_ms == want->stored_ms && got->time_ms == want->time_ms &&
			      got->kind == want->kind && got->traits == want->traits,
		      "%s: a number is not as it was", name);
	ck_assert_msg((got->origin == NULL) == (want->origin == NULL) &&
			      (!want->origin || strcmp(got->origin, want->origin) == 0),
		      "%s: the source's name", name);
	expect_slice(got->key, want->key, name);
	expect_slice(got->body, want->body, name);
	ck_assert_uint_eq(got->header_count, want->header_count);
	for (size_t i = 0; i < want->header_count; i++) {
		ck_assert_str_eq(got->headers[i].name, want->headers[i].name);
		expect_slice(got->headers[i].value, want->headers[i].value, name);
	}
}

START_TEST(a_record_is_read_back_as_it_was)
{
	struct weir_header headers[WEIR__RECORD_HEADERS];
	struct weir__record got, peeked;
	size_t len;
	uint8_t *bytes = pack(&records[_i].record, &len);

	ck_assert_msg(weir__record_read(bytes, len, SEED, &got), "%s", records[_i].name);
	weir__record_headers(&got, headers);
	expect_record(&got, &records[_i].record, records[_i].name);
	ck_assert_uint_eq(got.len, len);
	ck_assert(weir__record_peek(bytes, SEED, &peeked));
	ck_assert_uint_eq(peeked.len, len);
	ck_assert_uint_eq(peeked.number, got.number);
	free(bytes);
}
END_TEST

START_TEST(a_record_that_is_cut_off_anywhere_is_none)
{
	struct weir__record got;
	size_t len;
	uint8_t *bytes = pack(&records[_i].record, &len);

	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *part = malloc(cut ? cut : 1);

		memcpy(part, bytes, cut);
		ck_assert_msg(!weir__record_read(part, cut, SEED, &got), "%s, cut at %zu",
			      records[_i].name, cut);
		free(part);
	}
	free(bytes);
}
END_TEST

START_TEST(a_record_with_any_bit_flipped_is_none)
{
	struct weir__record got;
	size_t len;
	uint8_t *bytes = pack(&records[_i].record, &len);

	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_msg(!weir__record_read(bytes, len, SEED, &got), "%s, bit %zu",
			      records[_i].name, bit);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert(weir__record_read(bytes, len, SEED, &got));
	free(bytes);
}
END_TEST

START_TEST(a_record_of_another_spool_is_none)
{
	struct weir__record got;
	size_t len;
	uint8_t *bytes = pack(&records[0].record, &len);

	ck_assert(!weir__record_read(bytes, len, SEED + 1, &got));
	ck_assert(!weir__record_peek(bytes, SEED + 1, &got));
	free(bytes);
}
END_TEST

static const struct {
	const char *name;
	struct weir__record record;
} too_large[] = {
	{ "a body", { .kind = 1, .body = { "", WEIR__RECORD_MOST } } },
	{ "a body of any size", { .kind = 1, .body = { "", SIZE_MAX } } },
	{ "a key", { .kind = 1, .key = { "", WEIR__RECORD_MOST } } },
	{ "a header's value",
	  { .kind = 1, .headers = &(struct weir_header){ "a", { "", SIZE_MAX - 100 } },
	    .header_count = 1 } },
	{ "too many headers", { .kind = 1, .headers = some_headers, .header_count = 65 } },
	{ "all together",
	  { .kind = 1, .key = { "", WEIR__RECORD_MOST - 10 }, .body = { "", 100 } } },
};

START_TEST(what_is_too_large_has_no_size)
{
	ck_assert_msg(weir__record_size(&too_large[_i].record) == 0, "%s", too_large[_i].name);
}
END_TEST

/* ---- heads and states ---- */

START_TEST(a_head_is_read_back_and_with_any_bit_flipped_refused)
{
	const struct weir__batch_head head = { 10, 5, 4096, 1600000000000, SEED, 1600000000002 };
	uint8_t bytes[WEIR__BATCH_HEAD];
	struct weir__batch_head got;

	weir__batch_head_pack(&head, bytes);
	ck_assert(weir__batch_head_read(bytes, &got));
	ck_assert_int_eq(memcmp(&got, &head, sizeof got), 0);
	for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!weir__batch_head_read(bytes, &got));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(a_state_is_read_back_and_with_any_bit_flipped_refused)
{
	const struct weir__spool_state state = { SEED, 1600000000000, 100, 42, 17 };
	uint8_t bytes[WEIR__STATE_BYTES];
	struct weir__spool_state got;

	weir__state_pack(&state, bytes);
	ck_assert(weir__state_read(bytes, &got));
	ck_assert_int_eq(memcmp(&got, &state, sizeof got), 0);
	for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!weir__state_read(bytes, &got));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

/* What has a right checksum and says what cannot be. */
START_TEST(numbers_that_cannot_be_are_refused)
{
	static const struct weir__batch_head heads[] = {
		{ .first = 0, .count = 1 },
		{ .first = 1, .count = 0 },
		{ .first = UINT64_MAX, .count = 1 },
	};
	static const struct weir__spool_state states[] = {
		{ .next = 0, .settled = 0 },
		{ .next = 1, .settled = 2 },
		{ .next = 5, .settled = 0 },
	};
	uint8_t bytes[64];
	struct weir__batch_head head;
	struct weir__spool_state state;

	weir__batch_head_pack(&heads[_i], bytes);
	ck_assert(!weir__batch_head_read(bytes, &head));
	weir__state_pack(&states[_i], bytes);
	ck_assert(!weir__state_read(bytes, &state));
}
END_TEST

/* ---- walking ---- */

#define WALKED 20

static size_t pack_batch(uint8_t *bytes)
{
	size_t len = WEIR__BATCH_HEAD;

	for (unsigned i = 0; i < WALKED; i++) {
		const struct weir__record record = { .number = 100 + i, .kind = WEIR_KIND_RECORD,
						     .body = { "0123456789012345", i % 17 } };

		weir__record_pack(&record, SEED, bytes + len);
		len += weir__record_size(&record);
	}
	return len;
}

START_TEST(a_walk_steps_over_what_is_damaged_and_finds_the_rest)
{
	struct mutate chance = { .state = 5 };
	uint8_t whole[4096] = { 0 };
	const size_t len = pack_batch(whole);

	for (unsigned round = 0; round < 2000; round++) {
		uint8_t *bytes = malloc(len);
		const size_t at = mutate_random(&chance, len);
		size_t harmed = mutate_random(&chance, 200) + 1;
		struct weir__batch_walk walk;
		struct weir__record record;
		uint64_t found = 0, last = 0;

		memcpy(bytes, whole, len);
		for (size_t i = at; i < len && harmed-- > 0; i++)
			bytes[i] = (uint8_t)mutate_random(&chance, 256);
		walk = weir__batch_walk(bytes, len, SEED, 100, 100 + WALKED);
		while (weir__batch_walk_next(&walk, &record)) {
			ck_assert_uint_gt(record.number, last);
			ck_assert_uint_eq(record.body.len, (record.number - 100) % 17);
			last = record.number;
			found++;
			weir__batch_walk_on(&walk, &record);
		}
		ck_assert_uint_ge(found, WALKED - 4);	/* 200 bytes touch four of 72 at most */
		free(bytes);
	}
}
END_TEST

START_TEST(a_walk_gives_the_asked_for_numbers_alone)
{
	uint8_t bytes[4096] = { 0 };
	const size_t len = pack_batch(bytes);
	struct weir__batch_walk walk = weir__batch_walk(bytes, len, SEED, 105, 110);
	struct weir__record record;

	for (uint64_t number = 105; number < 110; number++) {
		ck_assert(weir__batch_walk_next(&walk, &record));
		ck_assert_uint_eq(record.number, number);
		ck_assert(weir__batch_walk_next(&walk, &record));	/* until it is walked on */
		ck_assert_uint_eq(record.number, number);
		weir__batch_walk_on(&walk, &record);
	}
	ck_assert(!weir__batch_walk_next(&walk, &record));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("spool_batch");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_record_is_read_back_as_it_was, 0, RECORDS);
	tcase_add_loop_test(tcase, a_record_that_is_cut_off_anywhere_is_none, 0, RECORDS);
	tcase_add_loop_test(tcase, a_record_with_any_bit_flipped_is_none, 0, RECORDS);
	tcase_add_test(tcase, a_record_of_another_spool_is_none);
	LOOP(tcase, what_is_too_large_has_no_size, too_large);
	tcase_add_test(tcase, a_head_is_read_back_and_with_any_bit_flipped_refused);
	tcase_add_test(tcase, a_state_is_read_back_and_with_any_bit_flipped_refused);
	tcase_add_loop_test(tcase, numbers_that_cannot_be_are_refused, 0, 3);
	tcase_add_test(tcase, a_walk_steps_over_what_is_damaged_and_finds_the_rest);
	tcase_add_test(tcase, a_walk_gives_the_asked_for_numbers_alone);
	return run_case("spool_batch", tcase);
}
