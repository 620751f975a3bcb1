/* SPDX-License-Identifier: MIT */
/*
 * The rules of the filtered stream, as the v2 service keeps them.
 *
 *	GET  rules?max_results=N&pagination_token=T
 *	POST rules?dry_run=true   {"add":[{"value":…,"tag":…},…]}
 *	                          {"delete":{"ids":[…]}} or {"delete":{"values":[…]}}
 *
 * Guarantees: failures stand beside successes, in `errors`, with the value or id they are about; no
 * value is there twice; ids are never used again. A value that holds "bad:" is not in the language.
 * Called by answer.c, and by stream.c for what matches.
 */
#include "server.h"

#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdarg.h>

#define FIRST_ID 1165037377523306497u
#define LONGEST_VALUE 1024

/* A text that grows. */
struct text {
	char *bytes;
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
put(struct text *text, const char *format, ...)
{
	va_list arguments;
	char *piece;
	int len;

	va_start(arguments, format);
	len = vasprintf(&piece, format, arguments);
	va_end(arguments);
	if (len < 0)
		need(NULL);
	text->bytes = need(realloc(text->bytes, text->len + (size_t)len + 1));
	memcpy(text->bytes + text->len, piece, (size_t)len + 1);
	text->len += (size_t)len;
	free(piece);
}

static void put_string(struct text *text, const char *string)
{
	put(text, "\"");
	for (; *string; string++) {
		if (*string == '"' || *string == '\\')
			put(text, "\\%c", *string);
		else if ((unsigned char)*string < 0x20)
			put(text, "\\u%04x", *string);
		else
			put(text, "%c", *string);
	}
	put(text, "\"");
}

/* ---- the rules */

void x_rules_init(struct x_rules *rules)
{
	pthread_mutex_init(&rules->lock, NULL);
	rules->next_id = FIRST_ID;
}

static void clear_rule(struct x_rule *rule)
{
	free(rule->id);
	free(rule->value);
	free(rule->tag);
}

void x_rules_clear(struct x_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		clear_rule(&rules->rules[i]);
	free(rules->rules);
	pthread_mutex_destroy(&rules->lock);
}

size_t x_rules_count(struct x_rules *rules)
{
	size_t count;

	pthread_mutex_lock(&rules->lock);
	count = rules->count;
	pthread_mutex_unlock(&rules->lock);
	return count;
}

static void put_rule(struct text *text, const struct x_rule *rule)
{
	put(text, "{\"id\":\"%s\",\"value\":", rule->id);
	put_string(text, rule->value);
	if (rule->tag) {
		put(text, ",\"tag\":");
		put_string(text, rule->tag);
	}
	put(text, "}");
}

/* The index of a rule by its value or id; the count: there is none. */
static size_t find(const struct x_rules *rules, const char *value, const char *id)
{
	size_t i = 0;

	while (i < rules->count && !(value && strcmp(rules->rules[i].value, value) == 0) &&
	       !(id && strcmp(rules->rules[i].id, id) == 0))
		i++;
	return i;
}

/* ---- one request */

struct change {
	struct x_rules *rules;
	bool dry_run;
	size_t most_rules;
	struct text data, errors;
	size_t good, bad;
	size_t would;		/* a dry run adds nothing, but the cap counts */
};

static void put_error(struct change *change, const char *value, const char *type,
		      const char *title, const char *detail)
{
	char *problem = x_problem(type, title, "");

	put(&change->errors, "%s{\"value\":", change->bad++ ? "," : "");
	put_string(&change->errors, value);
	put(&change->errors, ",\"details\":[");
	put_string(&change->errors, detail);
	put(&change->errors, "],%s", problem + 1);
	free(problem);
}

static bool may_add(struct change *change, const struct x_rule *rule)
{
	const struct x_rules *rules = change->rules;

	if (!*rule->value || strlen(rule->value) > LONGEST_VALUE || strstr(rule->value, "bad:"))
		put_error(change, rule->value, "invalid-rules", "UnprocessableEntity",
			  "no viable alternative in this value");
	else if (find(rules, rule->value, NULL) < rules->count)
		put_error(change, rule->value, "duplicate-rules", "DuplicateRule",
			  "it is there already");
	else if (rules->count + change->would >= change->most_rules)
		put_error(change, rule->value, "rule-cap", "RulesCapExceeded",
			  "there are too many");
	else
		return true;
	return false;
}

/* Takes the rule's texts. */
static void add_rule(struct change *change, struct x_rule *rule)
{
	struct x_rules *rules = change->rules;

	if (!may_add(change, rule)) {
		clear_rule(rule);
		return;
	}
	if (asprintf(&rule->id, "%" PRIu64, rules->next_id++) < 0)
		need(NULL);
	put(&change->data, "%s", change->good++ ? "," : "");
	put_rule(&change->data, rule);
	if (change->dry_run) {
		change->would++;
		clear_rule(rule);
		return;
	}
	rules->rules = need(realloc(rules->rules, (rules->count + 1) * sizeof *rules->rules));
	rules->rules[rules->count++] = *rule;
}

static bool read_rule(struct json_reader *reader, struct x_rule *ret_rule)
{
	*ret_rule = (struct x_rule){ NULL, NULL, NULL };
	if (!json_take(reader, '{'))
		return false;
	do {
		char *name = json_read_string(reader);
		char **to = name && strcmp(name, "value") == 0 ? &ret_rule->value :
			    name && strcmp(name, "tag") == 0 ? &ret_rule->tag : NULL;

		free(name);
		if (!json_take(reader, ':'))
			break;
		if (to && !*to)
			*to = json_read_string(reader);
		else
			json_skip(reader);
	} while (json_take(reader, ','));
	if (json_take(reader, '}') && ret_rule->value)
		return true;
	clear_rule(ret_rule);
	return false;
}

static bool add_all(struct change *change, struct json_reader *reader)
{
	struct x_rule rule;

	if (!json_take(reader, '['))
		return false;
	do {
		if (!read_rule(reader, &rule))
			return false;
		add_rule(change, &rule);
	} while (json_take(reader, ','));
	return json_take(reader, ']');
}

static void remove_rule(struct change *change, const char *value, const char *id)
{
	struct x_rules *rules = change->rules;
	const size_t at = find(rules, value, id);

	if (at == rules->count) {
		put_error(change, value ? value : id, "resource-not-found", "Not Found Error",
			  "there is no such rule");
		return;
	}
	change->good++;
	if (change->dry_run)
		return;
	clear_rule(&rules->rules[at]);
	rules->rules[at] = rules->rules[--rules->count];
}

static bool remove_all(struct change *change, struct json_reader *reader)
{
	char *what, *text;
	bool ids;

	if (!json_take(reader, '{') || !(what = json_read_string(reader)))
		return false;
	ids = strcmp(what, "ids") == 0;
	free(what);
	if (!json_take(reader, ':') || !json_take(reader, '['))
		return false;
	do {
		text = json_read_string(reader);
		if (!text)
			return false;
		remove_rule(change, ids ? NULL : text, ids ? text : NULL);
		free(text);
	} while (json_take(reader, ','));
	return json_take(reader, ']') && json_take(reader, '}');
}

static struct x_answer bad_request(void)
{
	return (struct x_answer){ 400, x_problem("invalid-request", "Invalid Request",
						 "\"errors\":[{\"message\":\"the body is neither "
						 "add nor delete\",\"parameters\":{}}],") };
}

/* `adds`: else it deletes. Takes what the change has. */
static struct x_answer close_change(struct change *change, bool adds)
{
	struct text text = { NULL, 0 };

	put(&text, "{");
	if (change->data.len)
		put(&text, "\"data\":[%s],", change->data.bytes);
	put(&text, "\"meta\":{\"sent\":\"2024-01-15T10:30:00.000Z\",\"summary\":{\"%s\":%zu,"
	    "\"not_%s\":%zu}}", adds ? "created" : "deleted", change->good,
	    adds ? "created" : "deleted", change->bad);
	if (change->errors.len)
		put(&text, ",\"errors\":[%s]", change->errors.bytes);
	put(&text, "}");
	free(change->data.bytes);
	free(change->errors.bytes);
	return (struct x_answer){ adds ? 201 : 200, text.bytes };
}

static bool is_true(const struct request *request, const char *name)
{
	const struct param *param = params_find(&request->params, name);

	return param && strcmp(param->value, "true") == 0;
}

static struct x_answer change_rules(struct request *request, size_t most_rules)
{
	struct json_reader reader = { request->body };
	struct change change = {
		.rules = &request->server->rules,
		.dry_run = is_true(request, "dry_run"),
		.most_rules = most_rules,
	};
	char *what = json_take(&reader, '{') ? json_read_string(&reader) : NULL;
	const bool adds = what && strcmp(what, "add") == 0;
	bool good = what && json_take(&reader, ':');

	if (good && adds)
		good = add_all(&change, &reader);
	else if (good)
		good = strcmp(what, "delete") == 0 && remove_all(&change, &reader);
	free(what);
	if (good && json_take(&reader, '}'))
		return close_change(&change, adds);
	free(change.data.bytes);
	free(change.errors.bytes);
	return bad_request();
}

static size_t read_size(const struct request *request, const char *name, size_t otherwise)
{
	const struct param *param = params_find(&request->params, name);

	return param ? (size_t)strtoull(param->value, NULL, 10) : otherwise;
}

/* The token of a page is the number of its first rule. */
static struct x_answer list_rules(const struct request *request)
{
	const struct x_rules *rules = &request->server->rules;
	const size_t most = read_size(request, "max_results", 1000);
	const size_t first = read_size(request, "pagination_token", 0);
	struct text text = { NULL, 0 };
	size_t count = 0;

	put(&text, "{");
	for (size_t i = first; i < rules->count && count < most; i++) {
		put(&text, count++ ? "," : "\"data\":[");
		put_rule(&text, &rules->rules[i]);
	}
	put(&text, "%s\"meta\":{\"sent\":\"2024-01-15T10:30:00.000Z\",\"result_count\":%zu",
	    count ? "]," : "", count);
	if (first + count < rules->count)
		put(&text, ",\"next_token\":\"%zu\"", first + count);
	put(&text, "}}");
	return (struct x_answer){ 200, text.bytes };
}

struct x_answer x_rules_answer(struct request *request, size_t most_rules)
{
	struct x_rules *rules = &request->server->rules;
	struct x_answer answer;

	pthread_mutex_lock(&rules->lock);
	answer = strcmp(request->method, "GET") == 0 ? list_rules(request) :
						       change_rules(request, most_rules);
	pthread_mutex_unlock(&rules->lock);
	return answer;
}

static void put_match(struct text *text, const struct x_rule *rule)
{
	put(text, "{\"id\":\"%s\"", rule->id);
	if (rule->tag) {
		put(text, ",\"tag\":");
		put_string(text, rule->tag);
	}
	put(text, "}");
}

char *x_rules_matching(struct x_rules *rules, uint64_t number)
{
	struct text text = { NULL, 0 };

	pthread_mutex_lock(&rules->lock);
	if (rules->count) {
		put(&text, ",\"matching_rules\":[");
		put_match(&text, &rules->rules[number % rules->count]);
		if (number % 7 == 6 && rules->count > 1) {
			put(&text, ",");
			put_match(&text, &rules->rules[(number + 1) % rules->count]);
		}
		put(&text, "]}\r\n");
	}
	pthread_mutex_unlock(&rules->lock);
	return text.bytes;
}

/* ---- problems */

char *x_problem(const char *type, const char *title, const char *extra)
{
	char *text;

	if (asprintf(&text, "{\"title\":\"%s\",\"detail\":\"as the script or the state says\",%s"
		     "\"type\":\"https://api.x.com/2/problems/%s\"}", title, extra, type) < 0)
		need(NULL);
	return text;
}

char *x_limit_problem(const char *kind)
{
	static const struct {
		const char *kind, *type, *title, *extra;
	} kinds[] = {
		{ "rate", "rate-limit-exceeded", "Too Many Requests", "" },
		{ "connections", "streaming-connection", "ConnectionException",
		  "\"connection_issue\":\"TooManyConnections\"," },
		{ "daily", "usage-capped", "UsageCapExceeded",
		  "\"period\":\"Daily\",\"scope\":\"Product\"," },
		{ "monthly", "usage-capped", "UsageCapExceeded",
		  "\"period\":\"Monthly\",\"scope\":\"Product\"," },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i].kind) == 0)
			return x_problem(kinds[i].type, kinds[i].title, kinds[i].extra);
	return NULL;
}
