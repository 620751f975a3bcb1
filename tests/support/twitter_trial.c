/* SPDX-License-Identifier: MIT */
/* Attempts by chance: how they are made. The faults: twitter_faults.c, twitter_refusals.c. */
#include "support/twitter_trial.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/twitter_trial_internal.h"

#define BATCH_BYTES 65536

uint64_t trial_random(struct trial_maker *maker, uint64_t from, uint64_t to)
{
	return from + mutate_random(&maker->chance, (size_t)(to - from + 1));
}

static char *keep(struct trial *trial, size_t size)
{
	char *block = malloc(size);

	ck_assert_ptr_nonnull(block);
	ck_assert_uint_lt(trial->block_count, TRIAL_BLOCKS);
	trial->blocks[trial->block_count++] = block;
	return block;
}

char *trial_text(struct trial *trial, const char *text)
{
	const size_t size = strlen(text) + 1;

	return memcpy(keep(trial, size), text, size);
}

void trial_clear(struct trial *trial)
{
	for (size_t i = 0; i < trial->block_count; i++)
		free(trial->blocks[i]);
	free(trial->batch);
	if (trial->coding)
		deflateEnd(&trial->zip);
	*trial = (struct trial){ .name = "" };
}

/* ---- events ---- */

struct script_event *trial_event(struct trial *trial, uint64_t at_ms)
{
	struct script_event *event = &trial->answer.events[trial->event_count];

	ck_assert_uint_lt(trial->event_count, SCRIPT_EVENTS);
	trial->event_count++;
	*event = (struct script_event){ .at_ms = at_ms };
	trial->over_ms = at_ms;
	return event;
}

static void open_zip(struct trial *trial)
{
	const int bits = strcmp(trial->coding, "gzip") == 0 ? 31 : 15;

	ck_assert_int_eq(deflateInit2(&trial->zip, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
}

void trial_answer(struct trial *trial, uint64_t at_ms, const char *coding)
{
	struct script_event *event = trial_event(trial, at_ms);

	event->status = 200;
	trial->answered = true;
	trial->answered_ms = trial->heard_ms = at_ms;
	trial->cause = WEIR_RECONNECT_DROPPED;
	trial->coding = coding;
	if (!coding)
		return;
	event->name = "Content-Encoding";
	event->value = coding;
	open_zip(trial);
}

static char *zip(struct trial *trial, const char *bytes, size_t len, int flush, size_t *ret_len)
{
	const size_t size = compressBound(len) + 256;
	char *out = keep(trial, size);

	trial->zip.next_in = (Bytef *)(uintptr_t)bytes;
	trial->zip.avail_in = (uInt)len;
	trial->zip.next_out = (Bytef *)out;
	trial->zip.avail_out = (uInt)size;
	deflate(&trial->zip, flush);
	ck_assert_uint_eq(trial->zip.avail_in, 0);
	ck_assert_uint_gt(trial->zip.avail_out, 0);
	*ret_len = size - trial->zip.avail_out;
	return out;
}

struct script_event *trial_raw(struct trial *trial, uint64_t at_ms, const char *bytes, size_t len)
{
	struct script_event *event = trial_event(trial, at_ms);

	event->text = memcpy(keep(trial, len), bytes, len);
	event->len = len;
	trial->heard = true;
	trial->heard_ms = at_ms;
	return event;
}

static void send_batch(struct trial *trial, uint64_t at_ms, int flush)
{
	size_t len = trial->batch_len;
	const char *bytes = trial->batch;

	if (len == 0)
		return;
	if (trial->coding)
		bytes = zip(trial, trial->batch, trial->batch_len, flush, &len);
	trial_raw(trial, at_ms, bytes, len);
	trial->batch_len = 0;
}

void trial_send(struct trial *trial, uint64_t at_ms)
{
	send_batch(trial, at_ms, Z_SYNC_FLUSH);
}

void trial_send_member(struct trial *trial, uint64_t at_ms)
{
	send_batch(trial, at_ms, Z_FINISH);
	deflateReset(&trial->zip);
}

void trial_end(struct trial_maker *maker, struct trial *trial, uint64_t at_ms)
{
	static const enum weir_status ways[] = {
		WEIR_OK, WEIR_ERR_IO, WEIR_ERR_TIMEOUT, WEIR_ERR_PROTOCOL, WEIR_ERR_AUTH
	};
	const size_t way = (size_t)trial_random(maker, 0, sizeof ways / sizeof *ways - 1);
	struct script_event *event = trial_event(trial, at_ms);

	event->ends = ways[way] == WEIR_OK;
	event->fails = ways[way];
}

/* ---- bytes ---- */

void trial_add(struct trial *trial, const char *bytes, size_t len)
{
	if (!trial->batch)
		trial->batch = malloc(BATCH_BYTES);
	ck_assert_ptr_nonnull(trial->batch);
	ck_assert_uint_le(trial->batch_len + len, BATCH_BYTES);
	memcpy(trial->batch + trial->batch_len, bytes, len);
	trial->batch_len += len;
}

void trial_add_keep_alive(struct trial *trial)
{
	trial_add(trial, "\r\n", 2);
}

void trial_add_frame(const struct trial_maker *maker, struct trial *trial, const char *body,
		     size_t extra)
{
	char length[32];

	if (maker->delimited)
		trial_add(trial, length, (size_t)snprintf(length, sizeof length, "%zu\r\n",
							  strlen(body) + 2 + extra));
	trial_add(trial, body, strlen(body));
	trial_add_keep_alive(trial);
}

void trial_expect(struct trial *trial, uint64_t at_ms, const char *body, const char *id)
{
	struct trial_message *message = &trial->messages[trial->message_count++];

	ck_assert_uint_le(trial->message_count, TRIAL_MESSAGES);
	*message = (struct trial_message){ .at_ms = at_ms, .body = trial_text(trial, body) };
	snprintf(message->id, sizeof message->id, "%s", id);
}

/* ---- messages ---- */

enum shape {
	TWEET, RETWEET, ENVELOPE,	/* statuses */
	DELETE, LIMIT, WARNING, MALFORMED, BARE_LF, UNKNOWN,
	SHAPES
};

static const char *const shapes[SHAPES] = {
	[TWEET] = "{\"id\":%ju,\"id_str\":\"%ju\",\"user\":{\"id\":1},\"text\":\"t\"}",
	[RETWEET] = "{\"retweeted_status\":{\"id\":1},\"user\":{},\"full_text\":\"\",\"id\":%ju}",
	[ENVELOPE] = "{\"for_user\":\"5\",\"message\":{\"user\":{},\"text\":\"\",\"id\":%ju}}",
	[DELETE] = "{\"delete\":{\"status\":{\"id\":%ju,\"id_str\":\"%ju\"}}}",
	[LIMIT] = "{\"limit\":{\"track\":%ju,\"n\":%ju}}",
	[WARNING] = "{\"warning\":{\"code\":\"FALLING_BEHIND\",\"percent_full\":60,\"n\":%ju}}",
	[MALFORMED] = "{\"a\":%ju",
	[BARE_LF] = "{\"limit\":\n{\"n\":\n%ju}}",
	[UNKNOWN] = "{\"n\":[%ju,\"\\u00e4\"]}",
};

void trial_add_message(struct trial_maker *maker, struct trial *trial, uint64_t at_ms)
{
	/* Every other one is a tweet. */
	const size_t shape = (size_t)trial_random(maker, 0, 1) ?
			     TWEET : (size_t)trial_random(maker, 0, SHAPES - 1);
	const uint64_t number = maker->next_id++;
	uint64_t first = number;
	char body[256], id[TRIAL_ID_BYTES];

	if (shape == LIMIT) {
		first = trial_random(maker, 0, trial->missed + 20);
		trial->missed = first > trial->missed ? first : trial->missed;
	}
	snprintf(id, sizeof id, "%ju", (uintmax_t)number);
	snprintf(body, sizeof body, shapes[shape], (uintmax_t)first, (uintmax_t)number);
	trial_add_frame(maker, trial, body, 0);
	trial_expect(trial, at_ms, body, shape <= ENVELOPE ? id : "");
}

void trial_burst(struct trial_maker *maker, struct trial *trial, uint64_t at_ms)
{
	const uint64_t count = trial_random(maker, 0, 4);

	if (count == 0)
		trial_add_keep_alive(trial);
	for (uint64_t i = 0; i < count; i++)
		trial_add_message(maker, trial, at_ms);
	trial_send(trial, at_ms);
}

/* Some bursts from the answer on; answers when the last of them came. */
uint64_t trial_live(struct trial_maker *maker, struct trial *trial, uint64_t least_ms,
		    uint64_t most_ms)
{
	const uint64_t bursts = trial_random(maker, 1, 4);
	uint64_t at_ms = trial->answered_ms;

	for (uint64_t i = 0; i < bursts; i++) {
		at_ms += trial_random(maker, least_ms / bursts, most_ms / bursts);
		trial_burst(maker, trial, at_ms);
	}
	return at_ms;
}

void trial_add_half(struct trial_maker *maker, struct trial *trial)
{
	const size_t before = trial->batch_len;

	trial_add_frame(maker, trial, "{\"id\":5,\"user\":{},\"text\":\"half\"}", 0);
	trial->batch_len = before + (trial->batch_len - before) / 2 + 2;
	trial->truncated = 1;
}

/* ---- which ---- */

size_t trial_fault_count(void)
{
	return trial_stream_count + trial_refusal_count;
}

size_t trial_end_count(void)
{
	return trial_stream_end_count + trial_refusal_end_count;
}

static void make(struct trial_maker *maker, struct trial *trial, const struct trial_fault *fault)
{
	trial->name = fault->name;
	fault->make(maker, trial);
	if (trial->answered && trial->heard &&
	    trial->over_ms - trial->answered_ms >= TRIAL_PROVEN_MS) {
		maker->tries = 0;
		maker->clock_corrected = false;
	}
}

void trial_make(struct trial_maker *maker, struct trial *trial, size_t which)
{
	const struct trial_fault *fault = which < trial_stream_count ?
		&trial_streams[which] : &trial_refusals[which - trial_stream_count];

	make(maker, trial, fault->is_allowed && !fault->is_allowed(maker) ? trial_streams : fault);
}

void trial_make_end(struct trial_maker *maker, struct trial *trial, size_t which)
{
	make(maker, trial, which < trial_stream_end_count ?
				   &trial_stream_ends[which] :
				   &trial_refusal_ends[which - trial_stream_end_count]);
}
