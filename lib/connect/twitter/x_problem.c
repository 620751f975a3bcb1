/* SPDX-License-Identifier: MIT */
/*
 * The problems of v2: two tables, and how a text finds its row.
 *
 *     {"errors":[{"type":"…/problems/operational-disconnect","disconnect_type":"SlowReader",…}]}
 *     {"type":"…/problems/streaming-connection","connection_issue":"TooManyConnections",…}
 *
 * Guarantees: total; what is not known is an error of the stream that ends the connection, and as a
 * refusal is what its status is. Only the last segment of a type counts, as hosts change. Callers:
 * reconnect.c through the dialect, stream.c through the notices, and the rules.
 */
#include "connect/twitter/x_problem.h"

#include <stdio.h>
#include <string.h>

#include "connect/twitter/fields.h"
#include "connect/twitter/notice.h"
#include "connect/twitter/show.h"
#include "kit/elements.h"

#define MOST_ERRORS 100	/* of one text are looked at */

/* ---- the tables ---- */

const struct weir__twitter_status weir__x_statuses[] = {
	{ 400, 400, WEIR__TWITTER_LESS, WEIR_ERR_REFUSED, "bad request",
	  "check fields, expansions and parameters" },
	{ 401, 401, WEIR__TWITTER_CLOCK, WEIR_ERR_AUTH, "unauthorized", "check the credentials" },
	{ 403, 403, WEIR__TWITTER_LESS, WEIR_ERR_AUTH, "forbidden",
	  "this app has no access to this stream" },
	{ 404, 404, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "not found", "check url and path" },
	{ 406, 406, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "not acceptable", "check parameters" },
	{ 409, 409, WEIR__TWITTER_SLOW, WEIR_ERR_REFUSED, "no rules",
	  "add rules (rule_prefix, rules)" },
	{ 410, 410, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "gone", "this stream was retired" },
	{ 413, 414, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "too long", "ask for fewer fields" },
	{ 416, 416, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "range unacceptable",
	  "check start_time and end_time" },
	{ 420, 420, WEIR__TWITTER_CALM, WEIR_ERR_REFUSED, "rate limited", "connect less often" },
	{ 429, 429, WEIR__TWITTER_CALM, WEIR_ERR_REFUSED, "too many requests",
	  "connect less often; one consumer for each app" },
	{ 300, 399, WEIR__TWITTER_FATAL, WEIR_ERR_REFUSED, "redirect",
	  "credentials are not sent on; set the url it should be" },
	{ 400, 499, WEIR__TWITTER_TRY, WEIR_ERR_REFUSED, "refused", "check url and parameters" },
	{ 500, 599, WEIR__TWITTER_RETRY, WEIR_ERR_REFUSED, "server trouble", "wait" },
	{ WEIR__TWITTER_ANY_STATUS, WEIR__TWITTER_TRY, WEIR_ERR_PROTOCOL, "unexpected status",
	  "check url and path" },
};

#define REFUSED(reaction, meaning, remedy) \
	{ WEIR__TWITTER_ANY_STATUS, WEIR__TWITTER_##reaction, WEIR_ERR_REFUSED, meaning, remedy }
#define BY_STATUS REFUSED(BY_STATUS, NULL, NULL)
#define PART(how, meaning, alert) \
	{ 0, WEIR__TWITTER_PART_##how, meaning, alert, WEIR_ERR_REFUSED, NULL }
#define PART_FATAL(status, meaning, remedy) \
	{ 0, WEIR__TWITTER_PART_FATAL, meaning, NULL, status, remedy }
#define PART_NOT PART(NOT, NULL, NULL)

#define TOO_SLOW "this consumer is too slow"
#define NO_RULES "the account has no valid rules"
#define TOO_MANY "too many connections"
#define KILL_THEM "stop the other one; DELETE /2/connections/all frees a dead one"
#define WAIT_A_DAY "waiting until the next midnight UTC"

/* The first row that fits counts. */
static const struct weir__x_problem problems[] = {
	{ "operational-disconnect", "SlowReader", BY_STATUS,
	  PART(DROP, "this client reads too slowly", TOO_SLOW " (SlowReader)") },
	{ "operational-disconnect", "ForceDisconnect", BY_STATUS,
	  PART(DROP, "this client was cut off", TOO_SLOW " (ForceDisconnect)") },
	{ "operational-disconnect", "InvalidRules", BY_STATUS,
	  PART(SLOW, NO_RULES, NO_RULES " (InvalidRules)") },
	{ "operational-disconnect", "ClientApplicationStateDegraded", BY_STATUS,
	  PART(SLOW, "the app's state is degraded",
	       "the app's state is degraded (ClientApplicationStateDegraded)") },
	{ "operational-disconnect", NULL, BY_STATUS,
	  PART(DROP, "the service closes connections", NULL) },
	{ "streaming-connection", "TooManyConnections", REFUSED(CALM, TOO_MANY, KILL_THEM),
	  PART(SLOW, TOO_MANY, TOO_MANY " (TooManyConnections); " KILL_THEM) },
	{ "streaming-connection", "RuleConfigurationIssue",
	  REFUSED(SLOW, "no rules", "add rules (rule_prefix, rules)"),
	  PART(SLOW, NO_RULES, NO_RULES " (RuleConfigurationIssue)") },
	{ "streaming-connection", "RulesInvalidIssue",
	  REFUSED(SLOW, "invalid rules", "correct the account's rules"),
	  PART(SLOW, NO_RULES, NO_RULES " (RulesInvalidIssue)") },
	{ "streaming-connection", "ProvisioningSubscription",
	  REFUSED(SLOW, "the subscription is being provisioned", "wait"),
	  PART(SLOW, "the subscription is being provisioned",
	       "the subscription is being provisioned (ProvisioningSubscription)") },
	{ "streaming-connection", NULL, BY_STATUS,
	  PART(BACKOFF, "trouble with the connection", NULL) },
	{ "client-disconnected", NULL, BY_STATUS,
	  PART(DROP, "the client seemed to have closed", NULL) },
	{ "usage-capped", "Monthly", REFUSED(CAPPED, "monthly usage cap", WAIT_A_DAY),
	  PART(CAPPED, "monthly usage cap", "the monthly usage cap is reached; " WAIT_A_DAY) },
	{ "usage-capped", NULL, REFUSED(CAPPED, "usage cap", WAIT_A_DAY),
	  PART(CAPPED, "usage cap", "the usage cap is reached; " WAIT_A_DAY) },
	{ "rate-limit-exceeded", NULL,
	  REFUSED(CALM, "rate limit exceeded", "connect less often"),
	  PART(SLOW, "rate limit exceeded", "rate limit exceeded: connect less often") },
	{ "client-forbidden", NULL, BY_STATUS,
	  PART_FATAL(WEIR_ERR_AUTH, "the app is forbidden", "enroll it for this stream") },
	{ "unsupported-authentication", NULL,
	  { WEIR__TWITTER_ANY_STATUS, WEIR__TWITTER_FATAL, WEIR_ERR_AUTH,
	    "unsupported authentication", "use the app's bearer token" },
	  PART_FATAL(WEIR_ERR_AUTH, "unsupported authentication", "use the app's bearer token") },
	{ "invalid-request", NULL, BY_STATUS,
	  PART_FATAL(WEIR_ERR_REFUSED, "the request was invalid", "check the parameters") },
	{ "resource-not-found", NULL, BY_STATUS, PART_NOT },
	{ "resource-unavailable", NULL, BY_STATUS, PART_NOT },
	{ "not-authorized-for-resource", NULL, BY_STATUS, PART_NOT },
	{ "not-authorized-for-field", NULL, BY_STATUS, PART_NOT },
	{ "disallowed-resource", NULL, BY_STATUS, PART_NOT },
	{ "field-", NULL, BY_STATUS, PART_NOT },
	{ "about:blank", "400", BY_STATUS,
	  PART_FATAL(WEIR_ERR_REFUSED, "bad request", "check the parameters") },
	{ "about:blank", "401", BY_STATUS,
	  PART_FATAL(WEIR_ERR_AUTH, "unauthorized", "check the credentials") },
	{ "about:blank", "403", BY_STATUS,
	  PART_FATAL(WEIR_ERR_AUTH, "forbidden", "this app has no access to this stream") },
	{ "about:blank", "429", BY_STATUS,
	  PART(SLOW, "too many requests", "too many requests: connect less often") },
	{ "", NULL, BY_STATUS, PART(BACKOFF, "an error of the stream", NULL) },
};

/* ---- a text's row ---- */

enum path {
	TYPE, TITLE, DETAIL, ERRORS, MESSAGE, FIRST_MESSAGE, STATUS,
	DISCONNECT_TYPE, CONNECTION_ISSUE, PERIOD, REASON,
	PATHS
};

static const char *const paths[PATHS] = {
	[TYPE] = "type",
	[TITLE] = "title",
	[DETAIL] = "detail",
	[ERRORS] = "errors",
	[MESSAGE] = "message",
	[FIRST_MESSAGE] = "errors[0].message",
	[STATUS] = "status",
	[DISCONNECT_TYPE] = "disconnect_type",
	[CONNECTION_ISSUE] = "connection_issue",
	[PERIOD] = "period",
	[REASON] = "reason",
};

static bool is_type(const char *want, const char *type)
{
	const size_t len = strlen(want);

	if (len && want[len - 1] == '-')
		return strncmp(type, want, len) == 0;
	return len == 0 || strcmp(type, want) == 0;
}

static const struct weir__x_problem *find(const char *type, const char *kind)
{
	const struct weir__x_problem *row = problems;

	while (!is_type(row->type, type) || (row->kind && strcmp(row->kind, kind) != 0))
		row++;
	return row;
}

static void read_kind(const struct weir__twitter_fields *fields, char *ret, size_t size)
{
	static const enum path kinds[] = { DISCONNECT_TYPE, CONNECTION_ISSUE, PERIOD, REASON };
	const struct weir_slice status =
		weir__twitter_fields_raw(fields, STATUS, WEIR_FIELD_NUMBER);

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (weir__twitter_fields_text(fields, kinds[i], ret, size))
			return;
	snprintf(ret, size, "%.*s", (int)(status.len < size ? status.len : size - 1),
		 status.data ? (const char *)status.data : "");
}

static void read_words(const struct weir__twitter_fields *fields, char *ret, size_t size)
{
	static const enum path places[] = { TITLE, DETAIL, MESSAGE, FIRST_MESSAGE };
	char text[256];
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places && len < size; i++)
		if (weir__twitter_fields_text(fields, places[i], text, sizeof text) && *text)
			len += (size_t)snprintf(ret + len, size - len, "%s%s", len ? ": " : "",
						text);
}

/* What was read last, as a problem. */
static void say(const struct weir__twitter_fields *fields, struct weir__x_said *ret)
{
	char type[256], kind[64];
	const char *last;

	weir__twitter_fields_text(fields, TYPE, type, sizeof type);
	last = strrchr(type, '/');
	last = last ? last + 1 : type;
	read_kind(fields, kind, sizeof kind);
	ret->problem = find(last, kind);
	snprintf(ret->name, sizeof ret->name, "%.63s", *kind ? kind : *last ? last : "error");
	read_words(fields, ret->words, sizeof ret->words);
}

/* The first that ends the connection, else the first. */
static bool say_first(struct weir__twitter_fields *fields, struct weir_slice errors,
		      struct weir__x_said *ret)
{
	struct weir__elements elements = weir__elements_of(errors);
	struct weir_slice element;
	struct weir__x_said said;
	bool found = false;

	for (int i = 0; i < MOST_ERRORS && weir__elements_next(&elements, &element); i++) {
		if (!weir__twitter_fields_read(fields, element))
			continue;
		say(fields, &said);
		if (!found || said.problem->parting.parting != WEIR__TWITTER_PART_NOT)
			*ret = said;
		found = true;
		if (ret->problem->parting.parting != WEIR__TWITTER_PART_NOT)
			break;
	}
	return found;
}

static bool read_problem(struct weir__twitter_fields *fields, struct weir_slice text,
			 struct weir__x_said *ret)
{
	struct weir_slice errors;

	if (!weir__twitter_fields_read(fields, text))
		return false;
	if (weir__twitter_fields_type(fields, TYPE) == WEIR_FIELD_STRING) {
		say(fields, ret);
		return true;
	}
	errors = weir__twitter_fields_raw(fields, ERRORS, WEIR_FIELD_ARRAY);
	return errors.data && say_first(fields, errors, ret);
}

bool weir__x_problem_read(const struct weir_env *env, struct weir_slice text,
			  struct weir__x_said *ret)
{
	struct weir__twitter_fields fields;
	bool found;

	if (weir__twitter_fields_init(&fields, env, paths, PATHS, NULL) < 0)
		return false;
	found = read_problem(&fields, text, ret);
	weir__twitter_fields_release(&fields, env);
	return found;
}

void weir__x_problem_explain(const struct weir_env *env, struct weir_slice text, char *buffer,
			     size_t size, struct weir__twitter_refusal *ret)
{
	struct weir__x_said said;

	if (!weir__x_problem_read(env, text, &said))
		return;
	if (said.problem->refused.reaction != WEIR__TWITTER_BY_STATUS)
		ret->row = &said.problem->refused;
	if (!*said.words)
		return;
	snprintf(buffer, size, "%s", said.words);
	ret->words = (struct weir_slice){ buffer, strlen(buffer) };
}

/* ---- in the stream ---- */

static void show(const struct weir__twitter_stream *stream, const char *text, char *ret,
		 size_t size)
{
	char line[WEIR__TWITTER_SHOWN];

	weir__twitter_show(stream->config, (struct weir_slice){ text, strlen(text) }, line);
	snprintf(ret, size, "%.*s", (int)(size - 1), line);
}

/* Plain text, or a problem that ends the connection, or one that does not. */
static void on_notice(struct weir__twitter_stream *stream, const weir_message *message)
{
	struct weir__x_said said;

	if (!(weir_message_traits(message) & WEIR_TRAIT_V2) ||
	    !weir__x_problem_read(stream->config->env, weir_message_body(message), &said) ||
	    said.problem->parting.parting == WEIR__TWITTER_PART_NOT) {
		weir__twitter_say_notice(stream, message);
		return;
	}
	stream->parting = &said.problem->parting;
	stream->parting_code = 0;
	show(stream, said.name, stream->parting_name, sizeof stream->parting_name);
	show(stream, said.words, stream->parting_reason, sizeof stream->parting_reason);
}

const struct weir__twitter_notice_row weir__x_notices[WEIR__X_NOTICES] = {
	{ WEIR_KIND_NOTICE, on_notice },
};
