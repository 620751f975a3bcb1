/* SPDX-License-Identifier: MIT */
/*
 * What an answer said.
 *
 * Guarantees: bounded, whatever is sent; header names in any case; nonsense values count as absent.
 * Callers: source.c, from the transport's events.
 */
#include "connect/twitter/answer.h"

#include <string.h>

#include "kit/text.h"

#define LONGEST_WAIT_MS WEIR__DAY_MS

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool equals(struct weir_slice text, const char *want)
{
	const char *at = text.data;

	if (text.len != strlen(want))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (lower(at[i]) != want[i])
			return false;
	return true;
}

static void read_coding(struct weir__twitter_answer *answer, struct weir_slice value)
{
	const bool deflate = equals(value, "deflate");

	answer->coding = deflate ? WEIR__INFLATE_DEFLATE : WEIR__INFLATE_GZIP;
	answer->compressed = deflate || equals(value, "gzip") || equals(value, "x-gzip");
	answer->unknown_coding = !answer->compressed && value.len && !equals(value, "identity");
}

static void read_date(struct weir__twitter_answer *answer, struct weir_slice value)
{
	uint64_t ms;

	if (weir__text_to_http_date(value, &ms))
		answer->date_ms = ms;
}

static uint64_t seconds(struct weir_slice value)
{
	uint64_t number;

	return weir__text_to_u64(value, &number) && number < UINT64_MAX / 1000 ? number * 1000 : 0;
}

static void read_reset(struct weir__twitter_answer *answer, struct weir_slice value)
{
	answer->reset_ms = seconds(value);
}

static void read_remaining(struct weir__twitter_answer *answer, struct weir_slice value)
{
	answer->none_left = equals(value, "0");
}

static void read_retry_after(struct weir__twitter_answer *answer, struct weir_slice value)
{
	uint64_t ms;

	answer->wait_ms = seconds(value);
	if (weir__text_to_http_date(value, &ms) && ms > answer->reset_ms)
		answer->reset_ms = ms;
}

static const struct {
	const char *name;
	void (*read)(struct weir__twitter_answer *answer, struct weir_slice value);
} headers[] = {
	{ "content-encoding", read_coding },
	{ "date", read_date },
	{ "x-rate-limit-reset", read_reset },
	{ "x-rate-limit-remaining", read_remaining },
	{ "retry-after", read_retry_after },
};

void weir__twitter_answer_header(struct weir__twitter_answer *answer, struct weir_slice name,
				 struct weir_slice value)
{
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (equals(name, headers[i].name))
			headers[i].read(answer, value);
}

static void inflate_text(struct weir__twitter_answer *answer, const struct weir_env *env,
			 struct weir_slice bytes)
{
	const uint8_t *from = bytes.data;
	size_t made = 0;

	if (!answer->inflating &&
	    weir__inflate_init(&answer->inflate, env, answer->coding, NULL) < 0)
		return;
	answer->inflating = true;
	if (weir__inflate_step(&answer->inflate, &from, &bytes.len,
			       (uint8_t *)answer->text + answer->text_len,
			       sizeof answer->text - answer->text_len, &made, NULL) >= 0)
		answer->text_len += made;
}

void weir__twitter_answer_text(struct weir__twitter_answer *answer, const struct weir_env *env,
			       struct weir_slice bytes)
{
	const size_t room = sizeof answer->text - answer->text_len;
	const size_t len = bytes.len < room ? bytes.len : room;

	if (len == 0 || answer->unknown_coding)
		return;
	if (answer->compressed) {
		inflate_text(answer, env, bytes);
		return;
	}
	memcpy(answer->text + answer->text_len, bytes.data, len);
	answer->text_len += len;
}

bool weir__twitter_answer_is_full(const struct weir__twitter_answer *answer)
{
	return answer->text_len == sizeof answer->text;
}

void weir__twitter_answer_clear(struct weir__twitter_answer *answer)
{
	if (answer->inflating)
		weir__inflate_release(&answer->inflate);
	*answer = (struct weir__twitter_answer){ .status = 0 };
}

/* The server's own clock counts where it told its time. */
uint64_t weir__twitter_answer_wait_ms(const struct weir__twitter_answer *answer, uint64_t wall_ms)
{
	const uint64_t now_ms = answer->date_ms ? answer->date_ms : wall_ms;
	uint64_t wait_ms = answer->wait_ms;

	if (answer->reset_ms > now_ms && answer->reset_ms - now_ms > wait_ms)
		wait_ms = answer->reset_ms - now_ms;
	return wait_ms < LONGEST_WAIT_MS ? wait_ms : LONGEST_WAIT_MS;
}
