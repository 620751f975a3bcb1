/* SPDX-License-Identifier: MIT */
/*
 * The tables of v1.1: what each HTTP status, and each disconnect code, means and leads to.
 *
 * Guarantee: total; every number has a row. Callers: reconnect.c decides by them, and by nothing
 * else.
 */
#include "connect/twitter/reaction.h"

const struct weir__twitter_status weir__twitter_v1_statuses[] = {
	{ 400, 400, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "bad request",
	  "check parameters and credentials" },
	{ 401, 401, WEIR__TWITTER_CLOCK, WEIR_ERR_AUTH, "unauthorized",
	  "check the four credentials and this machine's clock" },
	{ 403, 403, WEIR__TWITTER_FATAL, WEIR_ERR_AUTH, "forbidden",
	  "these credentials have no access to this stream" },
	{ 404, 404, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "not found", "check the url" },
	{ 406, 406, WEIR__TWITTER_BACK, WEIR_ERR_REFUSED, "not acceptable",
	  "check track, follow and locations" },
	{ 410, 410, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "gone",
	  "this stream was retired; set url" },
	{ 413, 413, WEIR__TWITTER_BACK, WEIR_ERR_REFUSED, "too long",
	  "fewer phrases, ids or boxes" },
	{ 416, 416, WEIR__TWITTER_LESS, WEIR_ERR_REFUSED, "range unacceptable",
	  "these credentials may not use count" },
	{ 420, 420, WEIR__TWITTER_CALM, WEIR_ERR_REFUSED, "rate limited",
	  "connect less often; one consumer for each account" },
	{ 429, 429, WEIR__TWITTER_CALM, WEIR_ERR_REFUSED, "too many requests",
	  "connect less often; one consumer for each account" },
	{ 300, 399, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "redirect",
	  "credentials are not sent on; set the url it should be" },
	{ 400, 499, WEIR__TWITTER_TRY, WEIR_ERR_REFUSED, "refused", "check url and parameters" },
	{ 500, 599, WEIR__TWITTER_RETRY, WEIR_ERR_REFUSED, "server trouble", "wait" },
	{ WEIR__TWITTER_ANY_STATUS, WEIR__TWITTER_TRY, WEIR_ERR_PROTOCOL, "unexpected status",
	  "check the url" },
};

#define DEAD .status = WEIR_ERR_AUTH, .remedy = "other credentials are needed"
#define FIGHT .status = WEIR_ERR_REFUSED, \
	      .remedy = "stop the other consumer of these credentials"

static const struct weir__twitter_disconnect codes[] = {
	{ 1, WEIR__TWITTER_PART_DROP, .meaning = "the feed was shut down" },
	{ 2, WEIR__TWITTER_PART_TAKEOVER, "the same stream was opened too often",
	  "another consumer uses these credentials (disconnect code 2)", FIGHT },
	{ 3, WEIR__TWITTER_PART_END, .meaning = "closed by a control request" },
	{ 4, WEIR__TWITTER_PART_DROP, "this client read too slowly",
	  .alert = "this consumer is too slow (disconnect code 4)" },
	{ 5, WEIR__TWITTER_PART_DROP, .meaning = "the client seemed to have closed" },
	{ 6, WEIR__TWITTER_PART_FATAL, .meaning = "the token was revoked", DEAD },
	{ 7, WEIR__TWITTER_PART_TAKEOVER, "a newer stream was opened with these credentials",
	  "another consumer uses these credentials (disconnect code 7)", FIGHT },
	{ 9, WEIR__TWITTER_PART_END, .meaning = "the backfill that count asked for is complete" },
	{ 10, WEIR__TWITTER_PART_BACKOFF, .meaning = "internal fault of the service" },
	{ 11, WEIR__TWITTER_PART_BACKOFF, .meaning = "internal stall of the service" },
	{ 12, WEIR__TWITTER_PART_DROP, .meaning = "the service shed load" },
	{ 13, WEIR__TWITTER_PART_FATAL, .meaning = "the user was deleted", DEAD },
	{ 14, WEIR__TWITTER_PART_FATAL, .meaning = "the user was suspended", DEAD },
};

static const struct weir__twitter_disconnect other_code = {
	0, WEIR__TWITTER_PART_BACKOFF, "a code that is not known", NULL, WEIR_OK, NULL
};

const struct weir__twitter_status *weir__twitter_status(const struct weir__twitter_status *rows,
							int http_status)
{
	while (http_status < rows->first || http_status > rows->last)
		rows++;
	return rows;
}

const struct weir__twitter_disconnect *weir__twitter_disconnect(uint64_t code)
{
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].code == code)
			return &codes[i];
	return &other_code;
}
