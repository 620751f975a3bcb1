/* SPDX-License-Identifier: MIT */
/* Decoding of compressed bodies: by pieces, damaged, and cut short. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/run.h"
#include "wire/inflate.h"

#define M1 "{\"limit\":{\"track\":1}}\r\n"
#define M2 "{\"text\":\"\\ud55c\\uad6d\\uc5b4\"}\r\n"
#define RUN "................................................................................"
#define BYTES_MOST 1024

struct bytes {
	uint8_t data[BYTES_MOST];
	size_t len;
};

static struct weir_env env;

static void setup(void)
{
	env = weir__env_complete(NULL);
}

static struct bytes from_hex(const char *hex)
{
	struct bytes bytes = { .len = strlen(hex) / 2 };

	for (size_t n = 0; n < bytes.len; n++) {
		const char pair[3] = { hex[2 * n], hex[2 * n + 1], '\0' };

		bytes.data[n] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return bytes;
}

/* One member by zlib; `bits` as for deflateInit2. */
static struct bytes compress_text(const char *text, int bits)
{
	struct bytes bytes = { .len = 0 };
	z_stream stream = { .zalloc = Z_NULL };

	ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (z_const Bytef *)(uintptr_t)text;
	stream.avail_in = (uInt)strlen(text);
	stream.next_out = bytes.data;
	stream.avail_out = sizeof bytes.data;
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	bytes.len = stream.total_out;
	deflateEnd(&stream);
	return bytes;
}

static void append(struct bytes *bytes, struct bytes more)
{
	ck_assert_uint_le(bytes->len + more.len, sizeof bytes->data);
	memcpy(bytes->data + bytes->len, more.data, more.len);
	bytes->len += more.len;
}

/* The sync-flushed stream of one member: M1, an empty line, M2. */
static const char *const pieces[] = {
	"1f8b0800000000000003aa56cac9cccd2c51b2aa562a294a4cce56b232acade5e502000000ffff",
	"e2e502000000ffff",
	"03f2532b80e24a31a529a6a6c931a58929662931a5c9a649264a40050076eec0b638000000",
};
static const char *const piece_texts[] = { M1, "\r\n", M2 };

static const char member1[] = "1f8b0800000000000003ab56cac9cccd2c51b2aa562a294a4cce56b232acade5e502"
			      "001a9fa89817000000";
static const char member2[] = "1f8b0800000000000003ab562a49ad2851b2528a294d31354d8e294d4c314b89294d"
			      "364d3251aae5e50200fd6afb9c1f000000";

/* Whole bodies with what they say. */
enum body_id { FLUSHED, TWO_MEMBERS, EMPTY_MEMBER, THREE_MEMBERS, ZLIB, RAW, RAW_RUN, BODY_COUNT };

static const struct {
	const char *name;
	enum weir__inflate_coding coding;
	const char *text;
} bodies[BODY_COUNT] = {
	[FLUSHED] = { "one flushed member", WEIR__INFLATE_GZIP, M1 "\r\n" M2 },
	[TWO_MEMBERS] = { "two members", WEIR__INFLATE_GZIP, M1 M2 },
	[EMPTY_MEMBER] = { "an empty member first", WEIR__INFLATE_GZIP, M1 },
	[THREE_MEMBERS] = { "three members", WEIR__INFLATE_GZIP, M2 M1 M2 },
	[ZLIB] = { "deflate in zlib's wrapper", WEIR__INFLATE_DEFLATE, M1 "\r\n" M2 },
	[RAW] = { "raw deflate", WEIR__INFLATE_DEFLATE, M1 "\r\n" M2 },
	[RAW_RUN] = { "raw deflate of much in one byte", WEIR__INFLATE_DEFLATE, RUN RUN },
};

static struct bytes body_bytes(int id)
{
	struct bytes bytes = { .len = 0 };

	switch (id) {
	case FLUSHED:
		for (int n = 0; n < ROWS(pieces); n++)
			append(&bytes, from_hex(pieces[n]));
		break;
	case THREE_MEMBERS:
		append(&bytes, from_hex(member2));
		/* fall through */
	case TWO_MEMBERS:
		append(&bytes, from_hex(member1));
		append(&bytes, from_hex(member2));
		break;
	case EMPTY_MEMBER:
		append(&bytes, compress_text("", MAX_WBITS + 16));
		append(&bytes, from_hex(member1));
		break;
	default:
		bytes = compress_text(bodies[id].text, id >= RAW ? -MAX_WBITS : MAX_WBITS);
	}
	return bytes;
}

/*
 * Feeds one piece through an output of `room` bytes; what comes is added to `got`. Here and in the
 * loops over everything a passing ck_assert, which writes to a file, would be most of the time.
 */
static enum weir_status feed(struct weir__inflate *decoder, const uint8_t *in, size_t len,
			     size_t room, struct bytes *got, struct weir_error *err)
{
	enum weir_status status;

	do {
		size_t written = 0;

		if (got->len + room > sizeof got->data)
			ck_abort_msg("more output than any body has");
		status = weir__inflate_step(decoder, &in, &len, got->data + got->len, room,
					    &written, err);
		if (written > room || (status == WEIR_OK && len > 0))
			ck_abort_msg("%zu written to %zu, %zu left", written, room, len);
		got->len += written;
	} while (status == WEIR_AGAIN);
	return status;
}

static void assert_text(const char *name, const struct bytes *got, const char *want)
{
	if (got->len != strlen(want) || memcmp(got->data, want, got->len) != 0)
		ck_abort_msg("%s: got %.*s", name, (int)got->len, (const char *)got->data);
}

START_TEST(a8_each_piece_gives_its_message_at_once)
{
	struct weir__inflate decoder;

	ck_assert_int_eq(weir__inflate_init(&decoder, &env, WEIR__INFLATE_GZIP, NULL), WEIR_OK);
	for (int n = 0; n < ROWS(pieces); n++) {
		const struct bytes piece = from_hex(pieces[n]);
		struct bytes got = { .len = 0 };

		ck_assert_int_eq(feed(&decoder, piece.data, piece.len, 512, &got, NULL), WEIR_OK);
		assert_text(pieces[n], &got, piece_texts[n]);
		ck_assert_int_eq(weir__inflate_is_whole(&decoder), n == ROWS(pieces) - 1);
	}
	weir__inflate_release(&decoder);
}
END_TEST

START_TEST(a9_a_second_member_goes_on)
{
	const struct bytes first = from_hex(member1), second = from_hex(member2);
	struct weir__inflate decoder;
	struct bytes got = { .len = 0 };

	ck_assert_int_eq(weir__inflate_init(&decoder, &env, WEIR__INFLATE_GZIP, NULL), WEIR_OK);
	ck_assert_int_eq(feed(&decoder, first.data, first.len, 512, &got, NULL), WEIR_OK);
	assert_text("member 1", &got, M1);
	ck_assert(weir__inflate_is_whole(&decoder));
	ck_assert_int_eq(feed(&decoder, second.data, 4, 512, &got, NULL), WEIR_OK);
	assert_text("half a header", &got, M1);
	ck_assert(!weir__inflate_is_whole(&decoder));
	ck_assert_int_eq(feed(&decoder, second.data + 4, second.len - 4, 512, &got, NULL), WEIR_OK);
	assert_text("member 2", &got, M1 M2);
	ck_assert(weir__inflate_is_whole(&decoder));
	weir__inflate_release(&decoder);
}
END_TEST

/* Up to `cut`, then by `step` bytes. */
static void decode_in_pieces(int id, size_t cut, size_t step, size_t room)
{
	const struct bytes body = body_bytes(id);
	struct weir__inflate decoder;
	struct bytes got = { .len = 0 };
	size_t at = 0;

	ck_assert_int_eq(weir__inflate_init(&decoder, &env, bodies[id].coding, NULL), WEIR_OK);
	while (at < body.len) {
		const size_t want = at < cut ? cut - at : step;
		const size_t len = want < body.len - at ? want : body.len - at;

		if (feed(&decoder, body.data + at, len, room, &got, NULL) != WEIR_OK)
			ck_abort_msg("%s: refused at %zu", bodies[id].name, at);
		at += len;
	}
	assert_text(bodies[id].name, &got, bodies[id].text);
	ck_assert(weir__inflate_is_whole(&decoder));
	weir__inflate_release(&decoder);
}

START_TEST(every_way_of_cutting_gives_the_same_bytes)
{
	const size_t len = body_bytes(_i).len;

	for (size_t cut = 0; cut <= len; cut++)
		decode_in_pieces(_i, cut, len, 512);
	for (size_t step = 1; step <= 8; step++)
		decode_in_pieces(_i, 0, step, 512);
}
END_TEST

START_TEST(every_size_of_output_gives_the_same_bytes)
{
	for (size_t room = 1; room <= 80; room++) {
		decode_in_pieces(_i, 0, 512, room);
		decode_in_pieces(_i, 0, 1, room);
	}
}
END_TEST

START_TEST(a_small_output_holds_nothing_back)
{
	const struct bytes body = body_bytes(_i);
	struct weir__inflate large, small;
	struct bytes want = { .len = 0 }, got = { .len = 0 };

	ck_assert_int_eq(weir__inflate_init(&large, &env, bodies[_i].coding, NULL), WEIR_OK);
	ck_assert_int_eq(weir__inflate_init(&small, &env, bodies[_i].coding, NULL), WEIR_OK);
	for (size_t at = 0; at < body.len; at++) {
		ck_assert_int_eq(feed(&large, body.data + at, 1, 512, &want, NULL), WEIR_OK);
		ck_assert_int_eq(feed(&small, body.data + at, 1, 1, &got, NULL), WEIR_OK);
		ck_assert_msg(got.len == want.len, "%s, byte %zu: %zu instead of %zu",
			      bodies[_i].name, at, got.len, want.len);
	}
	weir__inflate_release(&large);
	weir__inflate_release(&small);
}
END_TEST

START_TEST(no_input_is_no_error)
{
	const struct bytes body = body_bytes(TWO_MEMBERS);
	const size_t stops[] = { 0, 1, 5, 20, 43, 44, 60, body.len };
	struct weir__inflate decoder;
	struct bytes got = { .len = 0 };
	size_t at = 0;

	ck_assert_int_eq(weir__inflate_init(&decoder, &env, WEIR__INFLATE_GZIP, NULL), WEIR_OK);
	for (int n = 0; n < ROWS(stops); n++) {
		size_t before;

		ck_assert_int_eq(feed(&decoder, body.data + at, stops[n] - at, 512, &got, NULL),
				 WEIR_OK);
		at = stops[n];
		before = got.len;
		for (int again = 0; again < 3; again++)
			ck_assert_int_eq(feed(&decoder, NULL, 0, 512, &got, NULL), WEIR_OK);
		ck_assert_uint_eq(got.len, before);
	}
	assert_text("two members", &got, M1 M2);
	weir__inflate_release(&decoder);
}
END_TEST

/* Decodes all of it; true when neither the decoder nor the body's end shows any damage. */
static bool looks_sound(const struct bytes *body, enum weir__inflate_coding coding, size_t piece,
			struct bytes *got)
{
	struct weir__inflate decoder;
	struct weir_error err = { 0 };
	enum weir_status status = WEIR_OK;
	bool sound;

	got->len = 0;
	if (weir__inflate_init(&decoder, &env, coding, NULL) != WEIR_OK)
		ck_abort_msg("cannot begin");
	for (size_t at = 0; at < body->len && status == WEIR_OK; at += piece) {
		const size_t left = body->len - at;

		status = feed(&decoder, body->data + at, left < piece ? left : piece, 512, got,
			      &err);
	}
	if (status < 0 && (status != WEIR_ERR_CORRUPT || err.status != WEIR_ERR_CORRUPT ||
			   err.remedy != WEIR_REMEDY_RETRY || !*err.text))
		ck_abort_msg("not corrupt but %d: %s", status, err.text);
	sound = status == WEIR_OK && weir__inflate_is_whole(&decoder);
	weir__inflate_release(&decoder);
	return sound;
}

/*
 * Every other byte at every place: what looks sound is right. That is for the checksum to tell, so
 * raw deflate promises only to survive, and so does a first byte that makes `deflate` raw.
 */
START_TEST(f10_a_changed_byte_never_gives_wrong_bytes_unnoticed)
{
	const struct bytes body = body_bytes(_i);
	unsigned noticed = 0;

	for (size_t at = 0; at < body.len; at++) {
		for (unsigned change = 1; change < 256; change++) {
			struct bytes changed = body;
			const size_t piece = change % 8 == 0 ? 1 : body.len;
			struct bytes got;

			changed.data[at] ^= (uint8_t)change;
			if (!looks_sound(&changed, bodies[_i].coding, piece, &got))
				noticed++;
			else if (_i < RAW && (_i != ZLIB || at > 0))
				assert_text(bodies[_i].name, &got, bodies[_i].text);
		}
	}
	ck_assert_uint_gt(noticed, 255 * body.len / 3);
}
END_TEST

START_TEST(a_body_cut_short_is_no_damage_but_not_whole)
{
	const struct bytes body = body_bytes(_i);

	for (size_t len = 0; len <= body.len; len++) {
		struct bytes shorter = body;
		struct bytes got;
		const bool at_end = len == 0 || len == body.len;
		const bool at_border = (_i == TWO_MEMBERS && len == sizeof member1 / 2) ||
				       (_i == THREE_MEMBERS && (len == sizeof member2 / 2 ||
					len == (sizeof member1 + sizeof member2 - 2) / 2)) ||
				       (_i == EMPTY_MEMBER && len == 20);

		shorter.len = len;
		ck_assert_msg(looks_sound(&shorter, bodies[_i].coding, 512, &got) ==
			      (at_end || at_border), "%s, %zu bytes", bodies[_i].name, len);
		ck_assert_uint_le(got.len, strlen(bodies[_i].text));
		ck_assert(memcmp(got.data, bodies[_i].text, got.len) == 0);
	}
}
END_TEST

static const struct {
	const char *name;
	enum weir__inflate_coding coding;
	const char *hex;
} damaged[] = {
	{ "text for gzip", WEIR__INFLATE_GZIP, "7b226c696d697422" },
	{ "an empty line for gzip", WEIR__INFLATE_GZIP, "0d0a" },
	{ "zlib's format for gzip", WEIR__INFLATE_GZIP, "789c030000000001" },
	{ "a method that is not deflate", WEIR__INFLATE_GZIP, "1f8b0900000000000003" },
	{ "a reserved flag", WEIR__INFLATE_GZIP, "1f8b08e0000000000003" },
	{ "zeros after all", WEIR__INFLATE_GZIP, "1f8b0800000000000003030000000000000000000000" },
	{ "a wrong checksum", WEIR__INFLATE_GZIP, "1f8b080000000000000303000100000000000000" },
	{ "a wrong length", WEIR__INFLATE_GZIP, "1f8b080000000000000303000000000001000000" },
	{ "a reserved block", WEIR__INFLATE_GZIP, "1f8b080000000000000307" },
	{ "a dictionary", WEIR__INFLATE_DEFLATE, "78bb00000001" },
	{ "a wrong zlib header", WEIR__INFLATE_DEFLATE, "789d" },
	{ "a reserved raw block", WEIR__INFLATE_DEFLATE, "07" },
};

START_TEST(damage_is_corrupt_for_good_and_nothing_is_used)
{
	const struct bytes body = from_hex(damaged[_i].hex);
	struct weir__inflate decoder;

	ck_assert_int_eq(weir__inflate_init(&decoder, &env, damaged[_i].coding, NULL), WEIR_OK);
	for (int again = 0; again < 3; again++) {
		struct weir_error err = { 0 };
		const uint8_t *in = body.data;
		size_t len = body.len;
		uint8_t out[16];
		size_t written = 77;

		ck_assert_msg(weir__inflate_step(&decoder, &in, &len, out, sizeof out, &written,
						 &err) == WEIR_ERR_CORRUPT, "%s", damaged[_i].name);
		ck_assert_int_eq(err.remedy, WEIR_REMEDY_RETRY);
		ck_assert_ptr_eq(in, body.data);
		ck_assert_uint_eq(len, body.len);
		ck_assert_uint_eq(written, 77);
		ck_assert(!weir__inflate_is_whole(&decoder));
	}
	weir__inflate_release(&decoder);
}
END_TEST

START_TEST(many_members_need_no_more_memory_than_one)
{
	const struct bytes member = from_hex(member1);
	struct counted_memory memory = { 0 };
	const struct weir_env counted = counted_env(&memory);
	struct weir__inflate decoder;
	size_t after_one = 0;

	ck_assert_int_eq(weir__inflate_init(&decoder, &counted, WEIR__INFLATE_GZIP, NULL), WEIR_OK);
	for (int n = 0; n < 1000; n++) {
		struct bytes got = { .len = 0 };

		ck_assert_int_eq(feed(&decoder, member.data, member.len, 512, &got, NULL), WEIR_OK);
		assert_text("member", &got, M1);
		after_one = n ? after_one : memory.now_bytes;
	}
	ck_assert_uint_eq(memory.now_bytes, after_one);
	weir__inflate_release(&decoder);
	ck_assert_uint_eq(memory.now_bytes, 0);
}
END_TEST

START_TEST(every_failed_allocation_is_out_of_memory_and_nothing_else)
{
	const struct bytes body = body_bytes(_i);
	enum weir_status status = WEIR_ERR_NOMEM;
	size_t failures = 0;

	for (size_t n = 1; status == WEIR_ERR_NOMEM; n++) {
		struct counted_memory memory = { .fail_at = n };
		const struct weir_env counted = counted_env(&memory);
		struct weir_error err = { 0 };
		struct weir__inflate decoder;
		struct bytes got = { .len = 0 };

		status = weir__inflate_init(&decoder, &counted, bodies[_i].coding, &err);
		for (size_t at = 0; at < body.len && status == WEIR_OK; at++)
			status = feed(&decoder, body.data + at, 1, 512, &got, &err);
		weir__inflate_release(&decoder);
		ck_assert_uint_eq(memory.now_bytes, 0);
		ck_assert_int_eq(err.status, status);
		failures += status == WEIR_ERR_NOMEM;
	}
	ck_assert_int_eq(status, WEIR_OK);
	ck_assert_uint_ge(failures, 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("inflate");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a8_each_piece_gives_its_message_at_once);
	tcase_add_test(tcase, a9_a_second_member_goes_on);
	tcase_add_loop_test(tcase, every_way_of_cutting_gives_the_same_bytes, 0, BODY_COUNT);
	tcase_add_loop_test(tcase, every_size_of_output_gives_the_same_bytes, 0, BODY_COUNT);
	tcase_add_loop_test(tcase, a_small_output_holds_nothing_back, 0, BODY_COUNT);
	tcase_add_test(tcase, no_input_is_no_error);
	tcase_add_loop_test(tcase, f10_a_changed_byte_never_gives_wrong_bytes_unnoticed, 0,
			    BODY_COUNT);
	tcase_add_loop_test(tcase, a_body_cut_short_is_no_damage_but_not_whole, 0, BODY_COUNT);
	LOOP(tcase, damage_is_corrupt_for_good_and_nothing_is_used, damaged);
	tcase_add_test(tcase, many_members_need_no_more_memory_than_one);
	tcase_add_loop_test(tcase, every_failed_allocation_is_out_of_memory_and_nothing_else, 0,
			    BODY_COUNT);
	return run_case("inflate", tcase);
}
