/* SPDX-License-Identifier: MIT */
/*
 * Recorded messages in every form in which a recording may be kept: each way of ending or preceding
 * a message, packed in each way, alone and as the second file of a tar. The bytes are the same.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/corpus.h"
#include "support/packer.h"
#include "support/reading_rig.h"
#include "support/run.h"

#define MOST_LINES 250	/* of a file: the long ones are long enough */

struct framing {
	const char *name;
	const char *between;	/* messages: empty lines, keep-alives */
	const char *end;
	bool has_length, crlf, delimited;
};

static const struct framing framings[] = {
	{ "LF", "", "\n", false, false, false },
	{ "CRLF", "", "\r\n", false, false, false },
	{ "LF and empty lines", "\n\r\n\n", "\n", false, false, false },
	{ "CRLF alone, and keep-alives", "\r\n\r\n", "\r\n", false, true, false },
	{ "lengths and keep-alives", "\r\n", "\r\n", true, false, true },
};

#define FRAMINGS ((int)(sizeof framings / sizeof *framings))

static const char *const captures[] = {
	"malformed-lines.txt", "other-messages.jsonl", "v11-messages.jsonl", "v2-messages.jsonl",
};

#define CAPTURES ((int)(sizeof captures / sizeof *captures))

/* A message without the CR that may stand before its line's end. */
static struct weir_slice message_of(const struct corpus *corpus, size_t line)
{
	struct weir_slice message = corpus->lines[line];

	while (message.len && ((const char *)message.data)[message.len - 1] == '\r')
		message.len--;
	return message;
}

static size_t count_of(const struct corpus *corpus)
{
	return corpus->line_count < MOST_LINES ? corpus->line_count : MOST_LINES;
}

/* As a stream would have sent them. Yours: free it. */
static char *frame(const struct corpus *corpus, const struct framing *framing, size_t *ret_len)
{
	char *bytes = malloc(corpus->len + corpus->line_count * 64), *at = bytes;

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < count_of(corpus); i++) {
		const struct weir_slice message = message_of(corpus, i);

		at = stpcpy(at, framing->between);
		if (framing->has_length)
			at += sprintf(at, "%zu\r\n", message.len + strlen(framing->end));
		memcpy(at, message.data, message.len);
		at = stpcpy(at + message.len, framing->end);
	}
	*ret_len = (size_t)(at - bytes);
	return bytes;
}

/* In a tar behind a file with one message. */
static char *pack_second(enum packer packer, const struct framing *framing, const char *bytes,
			 size_t len, size_t *ret_len)
{
	const struct packed_member members[] = {
		{ "first", framing->has_length ? "3\r\n1\r\n" : "1\r\n",
		  framing->has_length ? 6 : 3 },
		{ "second", bytes, len },
	};

	return pack_tar(packer, members, 2, ret_len);
}

static void check(const struct reading_rig *rig, const struct corpus *corpus, size_t first,
		  const char *what)
{
	ck_assert_msg(rig->recorder.count == first + count_of(corpus), "%s: %zu messages, not %zu",
		      what, rig->recorder.count, first + count_of(corpus));
	for (size_t i = 0; i < count_of(corpus); i++) {
		const struct weir_slice want = message_of(corpus, i);
		const struct record *record = &rig->recorder.records[first + i];

		ck_assert_msg(record->len == want.len &&
				      memcmp(record->body, want.data, want.len) == 0,
			      "%s: message %zu", what, i);
	}
}

static void run(const struct corpus *corpus, const struct framing *framing, enum packer packer,
		bool in_tar, const char *name)
{
	struct reading_rig *rig = reading_rig_new();
	size_t len, packed_len;
	char *bytes = frame(corpus, framing, &len), *packed;
	char what[128];

	snprintf(what, sizeof what, "%s, %s, %s%s", name, framing->name, packer_name(packer),
		 in_tar ? ", in a tar" : "");
	packed = in_tar ? pack_second(packer, framing, bytes, len, &packed_len)
			: pack_bytes(packer, bytes, len, &packed_len);
	rig->options.kind = 0;
	rig->options.crlf = framing->crlf;
	rig->options.delimited = framing->delimited;
	reading_rig_start_with(rig, packed, packed_len);
	ck_assert_msg(drive(rig->pipeline, &rig->fake) == WEIR_END, "%s: %s", what,
		      weir_pipeline_error(rig->pipeline)->text);
	check(rig, corpus, in_tar, what);
	free(packed);
	free(bytes);
	reading_rig_end(rig);
}

START_TEST(recorded_messages_come_whole_however_they_are_framed_and_packed)
{
	const char *name = captures[_i / FRAMINGS];
	struct corpus corpus;

	if (!corpus_read(name, &corpus))
		return;
	ck_assert_uint_gt(corpus.line_count, 0);
	for (enum packer packer = PACK_PLAIN; packer < PACKERS; packer++) {
		run(&corpus, &framings[_i % FRAMINGS], packer, false, name);
		run(&corpus, &framings[_i % FRAMINGS], packer, true, name);
	}
	corpus_release(&corpus);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("recorded messages");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, recorded_messages_come_whole_however_they_are_framed_and_packed,
			    0, CAPTURES * FRAMINGS);
	return run_case("file source: recorded messages", tcase);
}
