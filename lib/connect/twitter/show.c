/* SPDX-License-Identifier: MIT */
/*
 * Excerpts of what a server said, for people.
 *
 * Guarantees: one printable line; a server that echoes the request (debugging gateways do) gets no
 * credential into a log: every one of the four is overwritten, whole or cut by the end, and from
 * the first `oauth_…=` on nothing is shown. Callers: whatever quotes the other side.
 */
#include "connect/twitter/show.h"

#include <string.h>

#include "kit/text.h"

#define READ 1024	/* how much of a text is looked at */

static void mask(char *text, size_t len, const char *secret)
{
	const size_t secret_len = secret ? strlen(secret) : 0;

	for (size_t at = 0; secret_len && at < len; at++) {
		const size_t left = len - at;
		const size_t part = left < secret_len ? left : secret_len;

		/* A short rest is a coincidence as a rule; what was cut in the middle is not. */
		if ((part == secret_len || (len == READ && part > 3)) &&
		    memcmp(text + at, secret, part) == 0)
			memset(text + at, '*', part);
	}
}

/* The length up to where OAuth values begin: `oauth_token="…`, but not `invalid oauth_token`. */
static size_t end_at_oauth(const char *text, size_t len)
{
	static const char name[] = "oauth_";

	for (size_t at = 0; at + sizeof name - 1 < len; at++) {
		size_t end = at + sizeof name - 1;

		if (memcmp(text + at, name, sizeof name - 1) != 0)
			continue;
		while (end < len && ((text[end] >= 'a' && text[end] <= 'z') || text[end] == '_'))
			end++;
		if (end < len && !strchr(" .,;)\r\n", text[end]))
			return at;
	}
	return len;
}

static size_t cut_at_character(const char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void weir__twitter_show(const struct weir__twitter_config *config, struct weir_slice text,
			char ret[WEIR__TWITTER_SHOWN])
{
	const char *secrets[WEIR__TWITTER_SECRETS];
	char work[READ];
	size_t len = text.len < READ ? text.len : READ;
	size_t out = 0;
	bool utf8;

	if (len)
		memcpy(work, text.data, len);
	weir__twitter_config_secrets(&config->options, secrets);
	for (size_t i = 0; i < WEIR__TWITTER_SECRETS; i++)
		mask(work, len, secrets[i]);
	len = end_at_oauth(work, len);
	utf8 = weir__text_is_utf8((struct weir_slice){ work, len });

	for (size_t i = 0; i < len && out < WEIR__TWITTER_SHOWN; i++) {
		const unsigned char byte = (unsigned char)work[i];

		if (byte > 0x20 && byte != 0x7f)
			ret[out++] = byte < 0x80 || utf8 ? work[i] : '?';
		else if (out > 0 && ret[out - 1] != ' ')
			ret[out++] = ' ';
	}
	if (out == WEIR__TWITTER_SHOWN)
		out = cut_at_character(ret, out - 1);
	if (out > 0 && ret[out - 1] == ' ')
		out--;
	ret[out] = '\0';
}

struct weir_slice weir__twitter_show_url(const char *url)
{
	return (struct weir_slice){ url, strcspn(url, "?") };
}
