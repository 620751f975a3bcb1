/* SPDX-License-Identifier: MIT */
/*
 * The text of a gap message. Guarantee: it is valid JSON whatever the source is called. Callers:
 * stream.c.
 */
#include "connect/twitter/gap.h"

#include <stdio.h>
#include <string.h>

#include "kit/text.h"

void weir__twitter_id_set(char ret_id[WEIR__TWITTER_ID_BYTES], struct weir_slice id)
{
	const size_t len = id.data && id.len < WEIR__TWITTER_ID_BYTES ? id.len : 0;

	if (len)
		memcpy(ret_id, id.data, len);
	ret_id[len] = '\0';
}

/* A string, or null. */
struct value {
	const char *quote, *text;
};

static struct value id_value(const char *id)
{
	return *id ? (struct value){ "\"", id } : (struct value){ "", "null" };
}

char *weir__twitter_gap_write(const struct weir__twitter_gap *gap, const struct weir_env *env,
			      const char *source)
{
	const struct weir_slice name = { source, strlen(source) };
	const size_t size = weir__text_escape(name, NULL, 0) + 1;
	const struct value last = id_value(gap->last_before);
	const struct value first = id_value(gap->first_after);
	char *escaped = weir__alloc(env, size);
	char backfill[40] = "";
	char *text;

	if (!escaped)
		return NULL;
	weir__text_escape(name, escaped, size);
	if (gap->backfill_minutes)
		snprintf(backfill, sizeof backfill, ",\"backfill_minutes\":%d",
			 gap->backfill_minutes);
	text = weir__text_format(env, "{\"gap\":{\"source\":\"%s\",\"from_ms\":%ju,\"to_ms\":%ju,"
				 "\"cause\":\"%s\",\"missed\":%ju,\"last_before\":%s%s%s,"
				 "\"first_after\":%s%s%s%s}}", escaped, (uintmax_t)gap->from_ms,
				 (uintmax_t)gap->to_ms, weir_reconnect_cause_name(gap->cause),
				 (uintmax_t)gap->missed, last.quote, last.text, last.quote,
				 first.quote, first.text, first.quote, backfill);
	weir__free(env, escaped, size);
	return text;
}
