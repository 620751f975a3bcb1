/* SPDX-License-Identifier: MIT */
/*
 * Framing: every stream of the table gives its frames under every way of cutting it and with
 * segments from one byte up. Rows are named after the byte vectors (A1…) and the behaviours
 * (F1…) of the streams' test list. Check writes each assertion passed to a pipe, so what runs in
 * inner loops asks and aborts instead.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "kit/frame.h"
#include "support/memory.h"
#include "support/run.h"
#include "support/twitter_bodies.h"

#define KOREAN "{\"text\":\"\355\225\234\352\265\255\"}"
#define CRLF WEIR__FRAMING_CRLF
#define LENGTH WEIR__FRAMING_LENGTH
#define LF WEIR__FRAMING_LF
#define X10 "xxxxxxxxxx"
#define X64 X10 X10 X10 X10 X10 X10 "xxxx"
#define N64 "1111111111111111111111111111111111111111111111111111111111111111"

/* Frames as text: `M<bytes>` a message, `E` empty, `L` too large, `B<bytes>` broken, joined by |.
 * The stream's end: `-` between messages, `C<bytes>` a cut one. */
static const struct stream {
	const char *name;
	enum weir__framing framing;
	size_t max;
	const char *bytes;
	const char *want;
} streams[] = {
	{ "A1 three keep-alives", CRLF, 100, "\r\n\r\n\r\n", "E|E|E|-" },
	{ "A2 two messages", CRLF, 100, M1 "\r\n" M2 "\r\n", "M" M1 "|M" M2 "|-" },
	{ "A3 a keep-alive between", CRLF, 100, M1 "\r\n\r\n" M2 "\r\n", "M" M1 "|E|M" M2 "|-" },
	{ "A4 a bare LF", CRLF, 100, "{\"a\":\n1}\r\n", "M{\"a\":\n1}|-" },
	{ "A5 delimited", LENGTH, 100, "23\r\n" M1 "\r\n", "M" M1 "|-" },
	{ "A6 delimited with keep-alives", LENGTH, 100,
	  "\r\n\r\n23\r\n" M1 "\r\n\r\n31\r\n" M2 "\r\n", "E|E|M" M1 "|E|M" M2 "|-" },
	{ "A7 LF behind the length", LENGTH, 100, "23\n" M1 "\r\n", "M" M1 "|-" },
	{ "F1 nothing at all", CRLF, 100, "", "-" },
	{ "F1 raw UTF-8 cut anywhere", CRLF, 100, KOREAN "\r\n" KOREAN "\r\n",
	  "M" KOREAN "|M" KOREAN "|-" },
	{ "F2 a bare LF does not split", CRLF, 100, "\na\n\nb\n\r\n\n\r\n", "M\na\n\nb\n|M\n|-" },
	{ "F2 CR LF splits", CRLF, 100, "a\r\nb\r\n", "Ma|Mb|-" },
	{ "F3 a bare CR is part of the message", CRLF, 100, "a\rb\r\r\n\rc\r\n", "Ma\rb\r|M\rc|-" },
	{ "F3 CRs and LFs mixed", CRLF, 100, "\n\r\r\n\r\n\n\r\n", "M\n\r|E|M\n|-" },
	{ "F4 keep-alives around messages", CRLF, 100, "\r\na\r\n\r\n\r\nb\r\n", "E|Ma|E|E|Mb|-" },
	{ "F6 a body that holds line ends", LENGTH, 100, "8\r\na\r\nb\r\n\r\n3\r\nc\r\n",
	  "Ma\r\nb\r\n|Mc|-" },
	{ "F6 a body of its own line ends", LENGTH, 100, "9\r\na\r\n5\r\nb\r\n4\r\ncd\r\n",
	  "Ma\r\n5\r\nb|Mcd|-" },
	{ "F6 a body of nothing", LENGTH, 100, "2\r\n\r\n3\r\na\r\n", "E|Ma|-" },
	{ "F6 leading zeros", LENGTH, 100, "0003\r\na\r\n", "Ma|-" },
	{ "F6 a length that is too short", LENGTH, 100, "22\r\n" M1 "\r\n", "B" M1 "\r|B" },
	{ "F6 a length that is too long", LENGTH, 100, "24\r\n" M1 "\r\n9\r\n", "B" M1 "\r\n9|B" },
	{ "F6 a length without a line end's room", LENGTH, 100, "1\r\na\r\n", "B1|B" },
	{ "F6 length zero", LENGTH, 100, "0\r\n", "B0|B" },
	{ "F7 absurd", LENGTH, 100, "99999999999\r\n" M1 "\r\n", "B99999999999|B" },
	{ "F7 just above what is sane", LENGTH, 100, "500000001\r\n", "B500000001|B" },
	{ "F7 above 64 bits", LENGTH, 100, "18446744073709551618\r\n", "B18446744073709551618|B" },
	{ "F7 negative", LENGTH, 100, "-5\r\nabc\r\n", "B-5|B" },
	{ "F7 a sign", LENGTH, 100, "+5\r\nabc\r\n", "B+5|B" },
	{ "F7 not a number", LENGTH, 100, "abc\r\n", "Babc|B" },
	{ "F7 a blank before", LENGTH, 100, " 5\r\nabc\r\n", "B 5|B" },
	{ "F7 hexadecimal", LENGTH, 100, "0x5\r\nabc\r\n", "B0x5|B" },
	{ "F7 two CRs", LENGTH, 100, "\r\r\n", "B\r|B" },
	{ "F7 plain text", LENGTH, 100, "Exceeded connection limit for user\r\n",
	  "BExceeded connection limit for user|B" },
	{ "F7 behind good ones", LENGTH, 100, "3\r\na\r\n\r\nx\r\n3\r\nb\r\n", "Ma|E|Bx|B" },
	{ "F7 a line without end", LENGTH, 100, N64 N64 N64 N64 N64, "B" N64 N64 N64 N64 "|B" },
	{ "F7 an overlong line", LENGTH, 100, N64 N64 N64 N64 "1\r\n", "B" N64 N64 N64 N64 "|B" },
	{ "F8 at the limit", CRLF, 10, X10 "\r\nb\r\n", "M" X10 "|Mb|-" },
	{ "F8 one above the limit", CRLF, 10, X10 "x\r\nb\r\n", "L|Mb|-" },
	{ "F8 at the limit with a CR", CRLF, 10, "xxxxxxxxx\r\r\nb\r\n", "Mxxxxxxxxx\r|Mb|-" },
	{ "F8 one above by a CR", CRLF, 10, X10 "\r\r\nb\r\n", "L|Mb|-" },
	{ "F8 far above, with CRs and LFs", CRLF, 10, X64 "\r\r" X64 "\n\r" X10 "\r\n\r\nb\r\n",
	  "L|E|Mb|-" },
	{ "F8 two in a row", CRLF, 10, "a\r\n" X64 "\r\n" X64 "\r\nb\r\n", "Ma|L|L|Mb|-" },
	{ "F8 no limit but zero", CRLF, 0, "\r\na\r\n\r\n", "E|L|E|-" },
	{ "F8 delimited at the limit", LENGTH, 10, "12\r\n" X10 "\r\n3\r\nb\r\n", "M" X10 "|Mb|-" },
	{ "F8 delimited one above", LENGTH, 10, "13\r\n" X10 "x\r\n3\r\nb\r\n", "L|Mb|-" },
	{ "F8 delimited far above", LENGTH, 10, "66\r\n" X64 "\r\n\r\n3\r\nb\r\n", "L|E|Mb|-" },
	{ "F8 delimited above, out of step", LENGTH, 10, "65\r\n" X64 "\r\n", "Bx\r|B" },
	{ "F13 cut in a message", CRLF, 100, "a\r\n{\"te", "Ma|C{\"te" },
	{ "F13 cut before the LF", CRLF, 100, "a\r\nbc\r", "Ma|Cbc\r" },
	{ "F13 cut in an empty line", CRLF, 100, "a\r\n\r", "Ma|-" },
	{ "F13 cut behind a bare LF", CRLF, 100, "a\n", "Ca\n" },
	{ "F13 cut above the limit", CRLF, 10, "a\r\n" X64, "Ma|L|-" },
	{ "F13 cut at the limit", CRLF, 10, X10 "\r", "C" X10 "\r" },
	{ "F13 delimited, cut in a length", LENGTH, 100, "3\r\na\r\n2", "Ma|C2" },
	{ "F13 delimited, cut before a body", LENGTH, 100, "3\r\na\r\n23\r\n", "Ma|C23\r\n" },
	{ "F13 delimited, cut in a body", LENGTH, 100, "23\r\n" M1 "\r", "C23\r\n" M1 "\r" },
	{ "F13 delimited, cut in a large body", LENGTH, 10, "66\r\n" X10, "L|-" },
	{ "F13 delimited, cut in an empty line", LENGTH, 100, "\r", "-" },
	{ "files: LF ends a line", LF, 100, "a\nb\n", "Ma|Mb|-" },
	{ "files: a CR before LF is no part", LF, 100, "a\r\nb\r\r\n\r\n", "Ma|Mb\r|E|-" },
	{ "files: empty lines", LF, 100, "\n\na\n\n", "E|E|Ma|E|-" },
	{ "files: the last line without end", LF, 100, "a\nbc", "Ma|Mbc|-" },
	{ "files: the last line with half an end", LF, 100, "a\nbc\r", "Ma|Mbc|-" },
	{ "files: only half an end", LF, 100, "\r", "-" },
	{ "files: at the limit", LF, 10, X10 "\r\n" X10 "\n" X10, "M" X10 "|M" X10 "|M" X10 "|-" },
	{ "files: above the limit", LF, 10, X10 "x\n" X64 "\nb\n" X64, "L|L|Mb|L|-" },
	{ "files: one above, at the end", LF, 10, X10 "x", "L|-" },
};

#define STREAM_COUNT ((int)(sizeof streams / sizeof *streams))

static const size_t segments[] = { 1, 2, 3, 5, 16, 40, 4096 };

struct run {
	const struct stream *stream;
	const char *cut;	/* how, for the failure's text */
	size_t segment;
	struct weir__framer framer;
	uint64_t offset;	/* where the next frame must begin */
	uint64_t written;
	char got[1024];
	size_t got_len;
};

static void note(struct run *run, char sign, const uint8_t *data, size_t len)
{
	if (run->got_len + len + 2 > sizeof run->got)
		ck_abort_msg("%s: more frames than a row can have", run->stream->name);
	if (run->got_len)
		run->got[run->got_len++] = '|';
	run->got[run->got_len++] = sign;
	if (len)
		memcpy(run->got + run->got_len, data, len);
	run->got_len += len;
}

/* Frames tile the stream, and hold what stands at their place in it. */
static void check_place(struct run *run, const struct weir__frame *frame)
{
	const char *where = run->stream->bytes + frame->offset;
	const size_t span = (size_t)(frame->end - frame->offset);

	if (frame->offset != run->offset || frame->end > run->written)
		ck_abort_msg("%s, %s, segment %zu: a frame at %ju..%ju, not at %ju",
			     run->stream->name, run->cut, run->segment, (uintmax_t)frame->offset,
			     (uintmax_t)frame->end, (uintmax_t)run->offset);
	if (frame->len > 0 && !memmem(where, span, frame->data, frame->len))
		ck_abort_msg("%s, %s, segment %zu: not what stands there", run->stream->name,
			     run->cut, run->segment);
	run->offset = frame->end;
}

static void take_frames(struct run *run)
{
	static const char signs[] = { [WEIR__FRAME_MESSAGE] = 'M', [WEIR__FRAME_EMPTY] = 'E',
				      [WEIR__FRAME_TOO_LARGE] = 'L', [WEIR__FRAME_BROKEN] = 'B' };
	struct weir__frame frame;

	while (weir__framer_next(&run->framer, &frame) != WEIR__FRAME_MORE) {
		if (frame.type == WEIR__FRAME_BROKEN && !frame.data)
			return;
		check_place(run, &frame);
		note(run, signs[frame.type], frame.data, frame.len);
	}
	if (frame.data || frame.offset != run->offset)
		ck_abort_msg("%s, %s, segment %zu: MORE with data, or at %ju", run->stream->name,
			     run->cut, run->segment, (uintmax_t)frame.offset);
}

static void finish(struct run *run)
{
	struct weir__frame frame;

	for (;;) {
		switch (weir__framer_finish(&run->framer, &frame)) {
		case WEIR__FRAME_MESSAGE:
			check_place(run, &frame);
			note(run, 'M', frame.data, frame.len);
			break;
		case WEIR__FRAME_TOO_LARGE:
			note(run, 'L', NULL, 0);
			break;
		case WEIR__FRAME_BROKEN:
			ck_assert_ptr_null(frame.data);
			note(run, 'B', NULL, 0);
			return;
		default:
			note(run, frame.len ? 'C' : '-', frame.data, frame.len);
			return;
		}
	}
}

static void write_bytes(struct run *run, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t room;
		uint8_t *to = weir__framer_reserve(&run->framer, &room);
		size_t piece;

		if (!to || !room)
			ck_abort_msg("%s: no room", run->stream->name);
		piece = len < room ? len : room;
		memcpy(to, bytes, piece);
		weir__framer_commit(&run->framer, piece);
		run->written += piece;
		take_frames(run);
		bytes += piece;
		len -= piece;
	}
}

/* Writes the stream cut at `cuts` (ascending), and compares. */
static void run_cut(const struct stream *stream, const char *cut, size_t segment,
		    const size_t *cuts, size_t cut_count)
{
	struct counted_memory memory = { .calls = 0 };
	struct weir_env env = counted_env(&memory);
	struct run run = { .stream = stream, .cut = cut, .segment = segment };
	const size_t len = strlen(stream->bytes);
	size_t at = 0;

	weir__framer_init(&run.framer, &env, stream->framing, stream->max, segment);
	for (size_t i = 0; i <= cut_count; i++) {
		const size_t to = i < cut_count ? cuts[i] : len;

		write_bytes(&run, stream->bytes + at, to - at);
		at = to;
	}
	finish(&run);
	if (run.got_len != strlen(stream->want) ||
	    memcmp(run.got, stream->want, run.got_len) != 0)
		ck_abort_msg("%s, %s, segment %zu:\n got %.*s\nwant %s", stream->name, cut, segment,
			     (int)run.got_len, run.got, stream->want);
	weir__framer_release(&run.framer);
	if (memory.now_bytes)
		ck_abort_msg("%s, %s: %zu bytes left over", stream->name, cut, memory.now_bytes);
}

START_TEST(every_way_of_cutting_gives_the_same_frames)
{
	const struct stream *stream = &streams[_i];
	const size_t len = strlen(stream->bytes);
	size_t each[1024];

	ck_assert_uint_lt(len, 1024);
	for (size_t i = 0; i < len; i++)
		each[i] = i;
	for (size_t s = 0; s < sizeof segments / sizeof *segments; s++) {
		run_cut(stream, "whole", segments[s], NULL, 0);
		run_cut(stream, "byte by byte", segments[s], each, len);
		for (size_t i = 1; i < len; i++)
			run_cut(stream, "in two", segments[s], &i, 1);
		for (size_t i = 1; len <= 100 && i < len; i++)
			for (size_t j = i + 1; j < len; j++)
				run_cut(stream, "in three", segments[s],
					(const size_t[]){ i, j }, 2);
	}
}
END_TEST

static void write_text(struct weir__framer *framer, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		size_t room;
		uint8_t *to = weir__framer_reserve(framer, &room);
		const size_t piece = len < room ? len : room;

		memcpy(to, text, piece);
		weir__framer_commit(framer, piece);
		text += piece;
		len -= piece;
	}
}

static const struct {
	const char *name;
	enum weir__framing framing;
} framings[] = { { "CRLF", CRLF }, { "LENGTH", LENGTH }, { "LF", LF } };

/* Sends `total` bytes of one line, or one body, and keeps taking frames. */
static void send_large(struct weir__framer *framer, size_t total)
{
	struct weir__frame frame;
	char length[32];
	size_t room;

	if (framer->framing == LENGTH) {
		snprintf(length, sizeof length, "%zu\r\n", total + 2);
		write_text(framer, length);
	}
	for (size_t sent = 0; sent < total; sent += room) {
		uint8_t *to = weir__framer_reserve(framer, &room);

		room = room < total - sent ? room : total - sent;
		memset(to, 'x', room);
		weir__framer_commit(framer, room);
		if (weir__framer_next(framer, &frame) != WEIR__FRAME_MORE)
			ck_abort_msg("a frame before its end");
	}
	write_text(framer, "\r\n");
}

START_TEST(f8_a_message_of_ten_megabytes_is_skipped_in_bounded_memory)
{
	const size_t max = 100000, segment = 4096;
	struct counted_memory memory = { .calls = 0 };
	struct weir_env env = counted_env(&memory);
	struct weir__framer framer;
	struct weir__frame frame;

	weir__framer_init(&framer, &env, framings[_i].framing, max, segment);
	send_large(&framer, 10 << 20);
	ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_TOO_LARGE);
	ck_assert_uint_eq(frame.offset, 0);
	ck_assert_uint_ge(frame.end, (10 << 20) + 2);
	ck_assert_msg(memory.most_bytes <= max + segment + 512, "%s: %zu bytes", framings[_i].name,
		      memory.most_bytes);
	weir__framer_release(&framer);
	ck_assert_uint_eq(memory.now_bytes, 0);
}
END_TEST

START_TEST(a_large_message_gets_a_large_buffer_and_the_next_a_normal_one)
{
	const size_t max = 100000, segment = 4096;
	struct counted_memory memory = { .calls = 0 };
	struct weir_env env = counted_env(&memory);
	struct weir__framer framer;
	struct weir__frame frame;
	size_t room;

	weir__framer_init(&framer, &env, framings[_i].framing, max, segment);
	send_large(&framer, max);
	ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_MESSAGE);
	ck_assert_uint_eq(frame.len, max);
	ck_assert_msg(memory.most_bytes <= max + segment + 512, "%s: %zu bytes", framings[_i].name,
		      memory.most_bytes);
	weir__framer_reserve(&framer, &room);
	ck_assert_uint_eq(room, segment);
	ck_assert_uint_le(memory.now_bytes, segment + 128);
	weir__framer_release(&framer);
	ck_assert_uint_eq(memory.now_bytes, 0);
}
END_TEST

START_TEST(a_segment_is_256_kib_unless_said)
{
	struct weir_env env = weir__env_complete(NULL);
	struct weir__framer framer;
	size_t room;

	weir__framer_init(&framer, &env, CRLF, 100, 0);
	ck_assert_ptr_nonnull(weir__framer_reserve(&framer, &room));
	ck_assert_uint_eq(room, 256 * 1024);
	weir__framer_release(&framer);
}
END_TEST

START_TEST(a_buffer_that_no_message_holds_is_used_again)
{
	struct counted_memory memory = { .calls = 0 };
	struct weir_env env = counted_env(&memory);
	struct weir__framer framer;
	struct weir__frame frame;

	weir__framer_init(&framer, &env, CRLF, 100, 256);
	for (int i = 0; i < 1000; i++) {
		write_text(&framer, M1 "\r\n" M2 "\r\n{\"cut\":");
		ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_MESSAGE);
		ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_MESSAGE);
		ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_MORE);
		write_text(&framer, "1}\r\n");
		ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_MESSAGE);
		ck_assert_uint_eq(frame.len, 9);
		ck_assert_mem_eq(frame.data, "{\"cut\":1}", 9);
	}
	ck_assert_uint_eq(memory.calls, 1);
	weir__framer_release(&framer);
}
END_TEST

START_TEST(bytes_of_a_held_message_never_change)
{
	struct counted_memory memory = { .calls = 0 };
	struct weir_env env = counted_env(&memory);
	struct weir__framer framer;
	struct weir__frame frames[300];
	char text[32];

	weir__framer_init(&framer, &env, CRLF, 100, 64);
	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof text, "{\"number\":%d}\r\n", i);
		write_text(&framer, text);
		ck_assert_int_eq(weir__framer_next(&framer, &frames[i]), WEIR__FRAME_MESSAGE);
		weir__buffer_ref(frames[i].buffer);
	}
	weir__framer_release(&framer);
	for (int i = 0; i < 300; i++) {
		const int len = snprintf(text, sizeof text, "{\"number\":%d}", i);

		ck_assert_uint_eq(frames[i].len, (size_t)len);
		ck_assert_mem_eq(frames[i].data, text, (size_t)len);
		weir__buffer_unref(frames[i].buffer);
	}
	ck_assert_uint_eq(memory.now_bytes, 0);
}
END_TEST

START_TEST(a_cleared_framer_begins_a_new_stream)
{
	struct weir_env env = weir__env_complete(NULL);
	struct weir__framer framer;
	struct weir__frame frame;

	weir__framer_init(&framer, &env, framings[_i].framing, 10, 64);
	write_text(&framer, framings[_i].framing == LENGTH ? "x\r\nhalf" : "half of a large one");
	weir__framer_next(&framer, &frame);
	weir__framer_clear(&framer, 5000);
	ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_MORE);
	write_text(&framer, framings[_i].framing == LENGTH ? "3\r\na\r\n" : "a\r\n");
	ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_MESSAGE);
	ck_assert_uint_eq(frame.len, 1);
	ck_assert_uint_eq(frame.offset, 5000);
	ck_assert_uint_eq(frame.end, framings[_i].framing == LENGTH ? 5006 : 5003);
	weir__framer_release(&framer);
}
END_TEST

START_TEST(out_of_memory_loses_nothing)
{
	struct counted_memory memory = { .fail_at = 1 };
	struct weir_env env = counted_env(&memory);
	struct weir__framer framer;
	struct weir__frame frame;
	size_t room;

	weir__framer_init(&framer, &env, CRLF, 100, 16);
	ck_assert_ptr_null(weir__framer_reserve(&framer, &room));
	memory.fail_at = 0;
	write_text(&framer, "0123456789abcde");
	ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_MORE);
	memory.fail_at = 1;
	ck_assert_ptr_null(weir__framer_reserve(&framer, &room));
	memory.fail_at = 0;
	write_text(&framer, "f\r\n");
	ck_assert_int_eq(weir__framer_next(&framer, &frame), WEIR__FRAME_MESSAGE);
	ck_assert_uint_eq(frame.len, 16);
	ck_assert_mem_eq(frame.data, "0123456789abcdef", 16);
	weir__framer_release(&framer);
	ck_assert_uint_eq(memory.now_bytes, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("frame");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, every_way_of_cutting_gives_the_same_frames, 0, STREAM_COUNT);
	tcase_add_loop_test(tcase, f8_a_message_of_ten_megabytes_is_skipped_in_bounded_memory, 0,
			    3);
	tcase_add_loop_test(tcase, a_large_message_gets_a_large_buffer_and_the_next_a_normal_one, 0,
			    3);
	tcase_add_test(tcase, a_segment_is_256_kib_unless_said);
	tcase_add_test(tcase, a_buffer_that_no_message_holds_is_used_again);
	tcase_add_test(tcase, bytes_of_a_held_message_never_change);
	tcase_add_loop_test(tcase, a_cleared_framer_begins_a_new_stream, 0, 3);
	tcase_add_test(tcase, out_of_memory_loses_nothing);
	return run_case("frame", tcase);
}
