/* SPDX-License-Identifier: MIT */
/*
 * Two tables: what each HTTP status, and each disconnect code, means and leads to.
 *
 * Guarantee: total; every number has a row. Callers: source.c decides by them, and by nothing
 * else.
 */
#include "connect/twitter/reaction.h"

/* The first row that fits counts. */
static const struct weir__twitter_status statuses[] = {
	{ 400, 400, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "bad request",
	  "check parameters and credentials" },
	{ 401, 401, WEIR__TWITTER_CLOCK, WEIR_ERR_AUTH, "unauthorized",
	  "check the four credentials and this machine's clock" },
	{ 403, 403, WEIR__TWITTER_FATAL, WEIR_ERR_AUTH, "forbidden",
	  "these credentials have no access to this stream" },
	{ 404, 404, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "not found", "check the url" },
	{ 406, 406, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "not acceptable",
	  "check track, follow and locations" },
	{ 410, 410, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "gone",
	  "this stream was retired; set url" },
	{ 413, 413, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "too long",
	  "fewer phrases, ids or boxes" },
	{ 416, 416, WEIR__TWITTER_COUNT, WEIR_ERR_REFUSED, "range unacceptable",
	  "these credentials may not use count" },
	{ 420, 420, WEIR__TWITTER_CALM, WEIR_ERR_REFUSED, "rate limited",
	  "connect less often; one consumer for each account" },
	{ 429, 429, WEIR__TWITTER_CALM, WEIR_ERR_REFUSED, "too many requests",
	  "connect less often; one consumer for each account" },
	{ 300, 399, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "redirect",
	  "credentials are not sent on; set the url it should be" },
	{ 400, 499, WEIR__TWITTER_TRY, WEIR_ERR_REFUSED, "refused", "check url and parameters" },
	{ 500, 599, WEIR__TWITTER_RETRY, WEIR_ERR_REFUSED, "server trouble", "wait" },
};

static const struct weir__twitter_status other_status = {
	0, 0, WEIR__TWITTER_TRY, WEIR_ERR_PROTOCOL, "unexpected status", "check the url"
};

static const struct weir__twitter_disconnect codes[] = {
	{ 1, WEIR__TWITTER_PART_DROP, "the feed was shut down", NULL },
	{ 2, WEIR__TWITTER_PART_TAKEOVER, "the same stream was opened too often",
	  "another consumer uses these credentials (disconnect code 2)" },
	{ 3, WEIR__TWITTER_PART_END, "closed by a control request", NULL },
	{ 4, WEIR__TWITTER_PART_DROP, "this client read too slowly",
	  "this consumer is too slow (disconnect code 4)" },
	{ 5, WEIR__TWITTER_PART_DROP, "the client seemed to have closed", NULL },
	{ 6, WEIR__TWITTER_PART_FATAL, "the token was revoked", NULL },
	{ 7, WEIR__TWITTER_PART_TAKEOVER, "a newer stream was opened with these credentials",
	  "another consumer uses these credentials (disconnect code 7)" },
	{ 9, WEIR__TWITTER_PART_END, "the backfill that count asked for is complete", NULL },
	{ 10, WEIR__TWITTER_PART_BACKOFF, "internal fault of the service", NULL },
	{ 11, WEIR__TWITTER_PART_BACKOFF, "internal stall of the service", NULL },
	{ 12, WEIR__TWITTER_PART_DROP, "the service shed load", NULL },
	{ 13, WEIR__TWITTER_PART_FATAL, "the user was deleted", NULL },
	{ 14, WEIR__TWITTER_PART_FATAL, "the user was suspended", NULL },
};

static const struct weir__twitter_disconnect other_code = {
	0, WEIR__TWITTER_PART_BACKOFF, "a code that is not known", NULL
};

const struct weir__twitter_status *weir__twitter_status(int http_status)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (http_status >= statuses[i].first && http_status <= statuses[i].last)
			return &statuses[i];
	return &other_status;
}

const struct weir__twitter_disconnect *weir__twitter_disconnect(uint64_t code)
{
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].code == code)
			return &codes[i];
	return &other_code;
}
