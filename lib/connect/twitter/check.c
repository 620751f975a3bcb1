/* SPDX-License-Identifier: MIT */
/*
 * The options of a Twitter source, checked by the add: no request is made with wrong ones.
 *
 * Guarantees: the first thing wrong is named with its remedy; values of credentials are never
 * shown, also not in part. Callers: v1.c, x_check.c and examine.c.
 */
#include "connect/twitter/check.h"

#include <stdio.h>
#include <string.h>

#include "connect/twitter/config.h"
#include "connect/twitter/predicate.h"
#include "ground/error.h"
#include "kit/text.h"

static enum weir_status name_missing(const char *const secrets[WEIR__TWITTER_SECRETS],
				     struct weir_error *err)
{
	char names[80] = "";
	size_t len = 0;

	for (size_t i = 0; i < WEIR__TWITTER_SECRETS; i++)
		if (!secrets[i])
			len += (size_t)snprintf(names + len, sizeof names - len, "%s%s",
						len ? ", " : "", weir__twitter_secret_names[i]);
	return weir__error_invalid(err, "missing: %s; set all four OAuth credentials, or "
				   "'anonymous' for a gateway that wants none", names);
}

/* Credentials read from a file often bring its line end along: the signature would be wrong. */
bool weir__twitter_has_blank(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= 0x20 || *text == 0x7f)
			return true;
	return false;
}

static enum weir_status check_credentials(const struct weir_twitter_source_options *options,
					  struct weir_error *err)
{
	const char *secrets[WEIR__TWITTER_SECRETS];

	weir__twitter_config_secrets(options, secrets);
	if (options->anonymous)
		return WEIR_OK;
	for (size_t i = 0; i < WEIR__TWITTER_SECRETS; i++)
		if (!secrets[i])
			return name_missing(secrets, err);
	for (size_t i = 0; i < WEIR__TWITTER_SECRETS; i++)
		if (weir__twitter_has_blank(secrets[i]))
			return weir__error_invalid(err, "%s: holds white space or a line end; "
						   "remove it", weir__twitter_secret_names[i]);
	return WEIR_OK;
}

/* What the source sends itself: twice, it would be ambiguous, and here it would not be checked. */
static bool has_own_option(const char *name, const char *const *own)
{
	for (; *own; own++)
		if (strcmp(name, *own) == 0)
			return true;
	return false;
}

static enum weir_status check_parameter(const struct weir_property *parameter, size_t index,
					const char *const *own, struct weir_error *err)
{
	const char *name = parameter->name;

	if (!name || !*name)
		return weir__error_invalid(err, "parameters[%zu]: has no name", index);
	if (has_own_option(name, own))
		return weir__error_invalid(err, "parameters[%zu]: '%s' has an option of its own; "
					   "set that", index, name);
	if (strncmp(name, "oauth_", 6) == 0)
		return weir__error_invalid(err, "parameters[%zu]: '%.60s': names that begin with "
					   "oauth_ belong to the signature; remove it", index,
					   name);
	if (!parameter->value)
		return weir__error_invalid(err, "parameters[%zu]: '%.60s' has no value", index,
					   name);
	return WEIR_OK;
}

enum weir_status weir__twitter_check_parameters(const struct weir_property *parameters,
						size_t count, const char *const *own,
						struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (count && !parameters)
		return weir__error_invalid(err, "parameters: NULL, but parameter_count is %zu",
					   count);
	for (size_t i = 0; status == WEIR_OK && i < count; i++)
		status = check_parameter(&parameters[i], i, own, err);
	return status;
}

static enum weir_status check_parameters(const struct weir_twitter_source_options *options,
					 struct weir_error *err)
{
	static const char *const own[] = {
		"track", "follow", "locations", "language", "filter_level", "count",
		"stall_warnings", "delimited", NULL
	};

	return weir__twitter_check_parameters(options->parameters, options->parameter_count, own,
					      err);
}

static enum weir_status check_time(const char *option, uint64_t value_ms, struct weir_error *err)
{
	if (value_ms > WEIR__DAY_MS)
		return weir__error_invalid(err, "%s: %ju; at most %u (a day)", option,
					   (uintmax_t)value_ms, WEIR__DAY_MS);
	return WEIR_OK;
}

enum weir_status weir__twitter_check_numbers(const struct weir_twitter_source_options *options,
					     struct weir_error *err)
{
	if (check_time("connect_ms", options->connect_ms, err) < 0 ||
	    check_time("stall_ms", options->stall_ms, err) < 0 ||
	    check_time("proven_ms", options->proven_ms, err) < 0 ||
	    check_time("min_reconfigure_ms", options->min_reconfigure_ms, err) < 0)
		return WEIR_ERR_INVALID;
	if (options->count > 150000 || options->count < -150000)
		return weir__error_invalid(err, "count: %d; it goes from 1 to 150000, or from -1 "
					   "to -150000", options->count);
	if (options->jitter_percent > 25)
		return weir__error_invalid(err, "jitter_percent: %u; at most 25",
					   options->jitter_percent);
	if (options->max_message_bytes > UINT32_MAX - 1)
		return weir__error_invalid(err, "max_message_bytes: %zu; at most %u",
					   options->max_message_bytes, UINT32_MAX - 1);
	return WEIR_OK;
}

enum weir_status weir__twitter_check_http(const struct weir_http *http, const char *option,
					  struct weir_error *err)
{
	const struct weir_http_ops *ops = http ? http->ops : NULL;

	if (!http)
		return WEIR_OK;
	if (!ops || !ops->open || !ops->step || !ops->resume || !ops->close)
		return weir__error_invalid(err, "%s: a transport needs open, step, resume and "
					   "close", option);
	return WEIR_OK;
}

static enum weir_status check_http(const struct weir_twitter_source_options *options,
				   struct weir_error *err)
{
	return weir__twitter_check_http(options->http, "http", err);
}

enum weir_status weir__twitter_check(const struct weir_twitter_source_options *options,
				     const struct weir_twitter_predicates *predicates,
				     struct weir_error *err)
{
	enum weir_status (*const checks[])(const struct weir_twitter_source_options *,
					   struct weir_error *) = {
		check_http, weir__twitter_check_connection, check_credentials, check_parameters,
	};
	enum weir_status status = WEIR_OK;

	for (size_t i = 0; status == WEIR_OK && i < sizeof checks / sizeof *checks; i++)
		status = checks[i](options, err);
	if (status == WEIR_OK)
		status = weir__twitter_check_predicates(predicates, options, err);
	return status == WEIR_OK ? weir__twitter_check_numbers(options, err) : status;
}
