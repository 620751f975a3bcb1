/* SPDX-License-Identifier: MIT */
/*
 * The options of a v2 source, checked by the add: no request is made with wrong ones.
 *
 * Guarantees: the first thing wrong is named with its remedy; credentials, and the URL, are never
 * shown. Callers: x.c.
 */
#include "connect/twitter/x_check.h"

#include <string.h>

#include "connect/twitter/check.h"
#include "ground/error.h"
#include "kit/text.h"

#define MOST_BACKFILL 5

static const struct {
	const char *name;	/* the constant's */
	const char *path;
	uint32_t partitions;
	bool recovers;
} streams[WEIR_X_STREAM_COUNT] = {
	[WEIR_X_FILTERED] = { "WEIR_X_FILTERED", "/2/tweets/search/stream", 0, true },
	[WEIR_X_SAMPLE] = { "WEIR_X_SAMPLE", "/2/tweets/sample/stream", 0, false },
	[WEIR_X_SAMPLE10] = { "WEIR_X_SAMPLE10", "/2/tweets/sample10/stream", 2, true },
	[WEIR_X_FIREHOSE] = { "WEIR_X_FIREHOSE", "/2/tweets/firehose/stream", 20, true },
	[WEIR_X_TWEETS_COMPLIANCE] = { "WEIR_X_TWEETS_COMPLIANCE", "/2/tweets/compliance/stream",
				       4, true },
	[WEIR_X_USERS_COMPLIANCE] = { "WEIR_X_USERS_COMPLIANCE", "/2/users/compliance/stream",
				      4, true },
	[WEIR_X_LIKES_COMPLIANCE] = { "WEIR_X_LIKES_COMPLIANCE", "/2/likes/compliance/stream",
				      0, true },
	[WEIR_X_LABELS] = { "WEIR_X_LABELS", "/2/tweets/label/stream", 0, true },
	[WEIR_X_ACTIVITY] = { "WEIR_X_ACTIVITY", "/2/activity/stream", 0, true },
};

#define TEXT(member) offsetof(struct weir_x_source_options, member)

static const size_t texts[] = {
	TEXT(bearer_token), TEXT(consumer_key), TEXT(consumer_secret), TEXT(token),
	TEXT(token_secret), TEXT(url), TEXT(path), TEXT(tweet_fields), TEXT(expansions),
	TEXT(user_fields), TEXT(media_fields), TEXT(poll_fields), TEXT(place_fields),
	TEXT(start_time), TEXT(end_time), TEXT(rule_prefix), TEXT(user_agent), TEXT(ca_file),
	TEXT(proxy), TEXT(unix_socket),
};

const char *const weir__x_parameter_names[WEIR__X_PARAMETERS] = {
	"tweet.fields", "expansions", "user.fields", "media.fields", "poll.fields", "place.fields",
	"start_time", "end_time", "partition",
};
#define FIELD_LISTS 6	/* the first of them */

void weir__x_default(struct weir_x_source_options *options)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char **text = (const char **)(void *)((char *)options + texts[i]);

		if (*text && !**text)
			*text = NULL;
	}
	if (!options->url)
		options->url = WEIR_X_URL;
	if (!options->connect_ms)
		options->connect_ms = 10000;
	if (!options->stall_ms)
		options->stall_ms = 21000;
	if (!options->proven_ms)
		options->proven_ms = 5000;
	if (!options->max_message_bytes)
		options->max_message_bytes = 4u << 20;
}

const char *weir__x_path(const struct weir_x_source_options *options)
{
	if (options->path)
		return options->path;
	return (size_t)options->stream < WEIR_X_STREAM_COUNT ? streams[options->stream].path :
							       NULL;
}

void weir__x_parameter_values(const struct weir_x_source_options *options,
			      const char *ret[WEIR__X_PARAMETERS])
{
	const char *const values[WEIR__X_PARAMETERS] = {
		options->tweet_fields, options->expansions, options->user_fields,
		options->media_fields, options->poll_fields, options->place_fields,
		options->start_time, options->end_time, NULL,
	};

	memcpy(ret, values, sizeof values);
}

struct weir_twitter_source_options weir__x_shared(const struct weir_x_source_options *options,
						  const char *url)
{
	return (struct weir_twitter_source_options){
		.size = sizeof(struct weir_twitter_source_options),
		.consumer_key = options->consumer_key,
		.consumer_secret = options->consumer_secret,
		.token = options->bearer_token ? options->bearer_token : options->token,
		.token_secret = options->token_secret,
		.url = url,
		.method = "GET",
		.uncompressed = options->uncompressed,
		.anonymous = options->anonymous,
		.user_agent = options->user_agent,
		.ca_file = options->ca_file,
		.proxy = options->proxy,
		.unix_socket = options->unix_socket,
		.connect_ms = options->connect_ms,
		.stall_ms = options->stall_ms,
		.proven_ms = options->proven_ms,
		.jitter_percent = options->jitter_percent,
		.most_attempts = options->most_attempts,
		.max_message_bytes = options->max_message_bytes,
		.on_alert = options->on_alert,
		.user = options->user,
	};
}

/* ---- the checks ---- */

static enum weir_status check_credentials(const struct weir_x_source_options *options,
					  struct weir_error *err)
{
	const char *const four[] = { options->consumer_key, options->consumer_secret,
				     options->token, options->token_secret };
	const size_t count = sizeof four / sizeof *four;
	size_t given = 0;

	for (size_t i = 0; i < count; i++)
		given += four[i] != NULL;
	if (options->anonymous && (options->bearer_token || given))
		return weir__error_invalid(err, "anonymous: there are credentials, too; set one of "
					   "them");
	if (options->anonymous)
		return WEIR_OK;
	if (options->bearer_token && given)
		return weir__error_invalid(err, "bearer_token: there are OAuth 1.0a credentials, "
					   "too; set one of them");
	if (!options->bearer_token && given < count)
		return weir__error_invalid(err, "bearer_token: missing; set it, or all four of "
					   "OAuth 1.0a, or 'anonymous' for a gateway that wants "
					   "none");
	if (options->bearer_token && weir__twitter_has_blank(options->bearer_token))
		return weir__error_invalid(err, "bearer_token: holds white space or a line end; "
					   "remove it");
	for (size_t i = 0; given && i < count; i++)
		if (weir__twitter_has_blank(four[i]))
			return weir__error_invalid(err, "a credential holds white space or a line "
						   "end; remove it");
	return WEIR_OK;
}

static enum weir_status check_stream(const struct weir_x_source_options *options,
				     struct weir_error *err)
{
	uint32_t partitions;

	if (options->path && (*options->path != '/' || strpbrk(options->path, "?#") ||
			      weir__twitter_has_blank(options->path)))
		return weir__error_invalid(err, "path: it is '/2/…/stream', without a query");
	if (strpbrk(options->url, "?#"))
		return weir__error_invalid(err, "url: scheme and host, without a query; set "
					   "parameters");
	if ((size_t)options->stream >= WEIR_X_STREAM_COUNT)
		return weir__error_invalid(err, "stream: %d; it is one of enum weir_x_stream",
					   (int)options->stream);
	partitions = streams[options->stream].partitions;
	if (options->path || (options->partition >= 1 && options->partition <= partitions) ||
	    (!partitions && !options->partition))
		return WEIR_OK;
	if (!partitions)
		return weir__error_invalid(err, "partition: %s has none",
					   streams[options->stream].name);
	return weir__error_invalid(err, "partition: %u; %s has 1 to %u", options->partition,
				   streams[options->stream].name, partitions);
}

static enum weir_status check_fields(const struct weir_x_source_options *options,
				     struct weir_error *err)
{
	const char *values[WEIR__X_PARAMETERS];

	weir__x_parameter_values(options, values);
	for (size_t i = 0; i < FIELD_LISTS; i++)
		if (values[i] && weir__twitter_has_blank(values[i]))
			return weir__error_invalid(err, "%s: holds white space; names are joined "
						   "by commas alone", weir__x_parameter_names[i]);
	return WEIR_OK;
}

static enum weir_status check_parameters(const struct weir_x_source_options *options,
					 struct weir_error *err)
{
	const char *own[WEIR__X_PARAMETERS + 2] = { "backfill_minutes" };

	memcpy(own + 1, weir__x_parameter_names, sizeof weir__x_parameter_names);
	return weir__twitter_check_parameters(options->parameters, options->parameter_count, own,
					      err);
}

/* YYYY-MM-DDTHH:mm:ssZ and nothing else. */
static bool read_time(const char *text, uint64_t *ret_ms)
{
	const size_t len = strlen(text);

	return len == 20 && text[10] == 'T' && text[19] == 'Z' &&
	       weir__text_to_rfc3339((struct weir_slice){ text, len }, ret_ms);
}

static enum weir_status check_recovery(const struct weir_x_source_options *options,
				       struct weir_error *err)
{
	uint64_t start_ms, end_ms;

	if (options->backfill_minutes > MOST_BACKFILL)
		return weir__error_invalid(err, "backfill_minutes: %u; at most %d",
					   options->backfill_minutes, MOST_BACKFILL);
	if (!options->start_time && !options->end_time)
		return WEIR_OK;
	if (!options->start_time || !options->end_time)
		return weir__error_invalid(err, "start_time, end_time: a recovery needs both");
	if (!read_time(options->start_time, &start_ms))
		return weir__error_invalid(err, "start_time: '%.30s'; it is 2024-01-15T10:30:00Z",
					   options->start_time);
	if (!read_time(options->end_time, &end_ms))
		return weir__error_invalid(err, "end_time: '%.30s'; it is 2024-01-15T10:30:00Z",
					   options->end_time);
	if (start_ms >= end_ms)
		return weir__error_invalid(err, "start_time: is not before end_time");
	if (options->backfill_minutes)
		return weir__error_invalid(err, "backfill_minutes: a recovery has none; it begins "
					   "at start_time");
	if (!options->path && !streams[options->stream].recovers)
		return weir__error_invalid(err, "start_time: %s has no recovery",
					   streams[options->stream].name);
	return WEIR_OK;
}

static enum weir_status check_rules(const struct weir_x_source_options *options,
				    struct weir_error *err)
{
	if (!options->rule_prefix && (options->rules || options->rule_count ||
				      options->rules_dry_run || options->rules_http))
		return weir__error_invalid(err, "rule_prefix: missing; rules are told by it from "
					   "those of others, which are never touched");
	if (options->rule_prefix && !options->path && options->stream != WEIR_X_FILTERED)
		return weir__error_invalid(err, "rule_prefix: %s has no rules",
					   streams[options->stream].name);
	return WEIR_OK;
}

enum weir_status weir__x_check(const struct weir_x_source_options *options, const char *url,
			       struct weir_error *err)
{
	enum weir_status (*const checks[])(const struct weir_x_source_options *,
					   struct weir_error *) = {
		check_credentials, check_stream, check_fields, check_parameters, check_recovery,
		check_rules,
	};
	const struct weir_twitter_source_options shared = weir__x_shared(options, url);
	enum weir_status status = weir__twitter_check_http(options->http, "http", err);

	if (status == WEIR_OK)
		status = weir__twitter_check_http(options->rules_http, "rules_http", err);
	for (size_t i = 0; status == WEIR_OK && i < sizeof checks / sizeof *checks; i++)
		status = checks[i](options, err);
	if (status == WEIR_OK)
		status = weir__twitter_check_connection(&shared, err);
	return status < 0 ? status : weir__twitter_check_numbers(&shared, err);
}
