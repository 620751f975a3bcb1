/* SPDX-License-Identifier: MIT */
/* What is compared: validity; each slot's presence, type, place, and value. */
#include "support/scan_judge.h"

#include <jansson.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/text.h"

#define FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL)

/* A path twice: as the plan reads it, and as steps to walk jansson's tree. `#N` is an element. */
static const struct {
	const char *path;
	const char *steps[6];
} paths[] = {
	{ "id", { "id" } },
	{ "id_str", { "id_str" } },
	{ "text", { "text" } },
	{ "user", { "user" } },
	{ "user.id", { "user", "id" } },
	{ "user.screen_name", { "user", "screen_name" } },
	{ "user.lang", { "user", "lang" } },
	{ "retweeted_status.id_str", { "retweeted_status", "id_str" } },
	{ "retweeted_status.user.name", { "retweeted_status", "user", "name" } },
	{ "timestamp_ms", { "timestamp_ms" } },
	{ "lang", { "lang" } },
	{ "delete.status.id_str", { "delete", "status", "id_str" } },
	{ "limit.track", { "limit", "track" } },
	{ "entities.hashtags[0].text", { "entities", "hashtags", "#0", "text" } },
	{ "entities.hashtags[1]", { "entities", "hashtags", "#1" } },
	{ "entities.urls[0].indices[1]", { "entities", "urls", "#0", "indices", "#1" } },
	{ "coordinates.coordinates[0]", { "coordinates", "coordinates", "#0" } },
	{ "data.id", { "data", "id" } },
	{ "data.text", { "data", "text" } },
	{ "data.referenced_tweets[0].type", { "data", "referenced_tweets", "#0", "type" } },
	{ "[0]", { "#0" } },
	{ "[1]", { "#1" } },
	{ "[0][0]", { "#0", "#0" } },
	{ "a", { "a" } },
	{ "a.b", { "a", "b" } },
	{ "a[0]", { "a", "#0" } },
	{ "a[1].b", { "a", "#1", "b" } },
	{ "a\\.b", { "a.b" } },
	{ "a\\[0\\]", { "a[0]" } },
	{ "\355\225\234\352\270\200", { "\355\225\234\352\270\200" } },
};

#define PATH_COUNT (sizeof paths / sizeof *paths)

/* Where RFC 8259 allows what jansson cannot hold, and how jansson says so. */
static const struct {
	const char *name;
	enum json_error_code code;
	const char *text;	/* how the error begins */
} exceptions[JUDGE_EXCEPTION_COUNT] = {
	[JUDGE_NUMBER_RANGE] = { "numbers beyond its range", json_error_numeric_overflow, "" },
	[JUDGE_LONE_SURROGATE] = { "lone surrogates", json_error_invalid_syntax,
				   "invalid Unicode '\\u" },
	[JUDGE_NUL_IN_NAME] = { "NUL in a name", json_error_null_byte_in_key, "" },
};

static weir__plan *new_plan(enum weir__scan_form form)
{
	const struct weir_env env = weir__env_complete(NULL);
	weir__plan *plan = weir__plan_new(&env);

	for (size_t i = 0; i < PATH_COUNT; i++) {
		struct weir_error err;
		size_t slot;

		if (weir__plan_add(plan, paths[i].path, &slot, &err) < 0)
			abort();
	}
	return weir__plan_use(plan, form) ? plan : weir__plan_free(plan);
}

void judge_init(struct judge *judge)
{
	size_t count;

	*judge = (struct judge){ .texts = 0 };
	for (unsigned form = 0; form < WEIR__SCAN_FORMS; form++)
		judge->plans[form] = new_plan(form);
	count = weir__plan_slot_count(judge->plans[WEIR__SCAN_PORTABLE]);
	judge->slots = calloc(count, sizeof *judge->slots);
	judge->others = calloc(count, sizeof *judge->others);
}

void judge_release(struct judge *judge)
{
	free(judge->slots);
	free(judge->others);
	for (unsigned form = 0; form < WEIR__SCAN_FORMS; form++)
		weir__plan_free(judge->plans[form]);
}

/* ---- the harmless copy ---- */

static unsigned read_surrogate(const char *at, const char *end)
{
	char digits[5] = "";

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return 0;
	memcpy(digits, at + 2, 4);
	return strspn(digits, "0123456789abcdefABCDEF") == 4 ? (unsigned)strtoul(digits, NULL, 16)
							      : 0;
}

/* The bytes of the escape at `at`; a lone surrogate or a NUL there is exchanged. */
static size_t tame_escape(char *at, const char *end)
{
	const unsigned high = read_surrogate(at, end);
	const unsigned low = end - at >= 6 ? read_surrogate(at + 6, end) : 0;

	if (high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000)
		return 12;
	if (high >= 0xd800 && high < 0xe000)
		memcpy(at, "\\ufffd", 6);
	else if (end - at >= 6 && memcmp(at, "\\u0000", 6) == 0)
		memcpy(at, "\\u0001", 6);
	return end - at >= 2 ? 2 : 1;
}

static size_t tame_string(char *at, char *end)
{
	char *begin = at++;

	while (at < end && *at != '"')
		at += *at == '\\' ? tame_escape(at, end) : 1;
	return (size_t)(at < end ? at + 1 - begin : end - begin);
}

/* A run of a number's characters; false when it is none, which no valid text has. */
static bool tame_number(const regex_t *number, char *at, size_t len)
{
	char copy[4096];

	if (len == 1 && (*at == 'e' || *at == 'E'))	/* of true, of false */
		return true;
	if (len >= sizeof copy)
		return false;
	memcpy(copy, at, len);
	copy[len] = '\0';
	if (regexec(number, copy, 0, NULL, 0) != 0)
		return false;
	if (len >= 5) {
		memset(at, '0', len);
		at[1] = '.';
	}
	return true;
}

/* False when the text cannot be valid. */
static bool tame(char *at, char *end)
{
	bool good = true;
	regex_t number;

	if (regcomp(&number, "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?$",
		    REG_EXTENDED | REG_NOSUB) != 0)
		abort();
	while (good && at < end) {
		size_t len = 1;

		if (*at == '"') {
			len = tame_string(at, end);
		} else if (*at && strchr("0123456789+-.eE", *at)) {
			while (at + len < end && at[len] && strchr("0123456789+-.eE", at[len]))
				len++;
			good = tame_number(&number, at, len);
		}
		at += len;
	}
	regfree(&number);
	return good;
}

/* ---- the comparison ---- */

static bool disagree(struct judge *judge, const char *path, const char *what)
{
	snprintf(judge->wrong, sizeof judge->wrong, "'%s': %s", path, what);
	return false;
}

static json_t *walk(json_t *at, const char *const *steps)
{
	for (; at && *steps; steps++)
		at = **steps == '#' ? json_array_get(at, (size_t)atoi(*steps + 1))
				    : json_object_get(at, *steps);
	return at;
}

static enum weir_field_type type_of(const json_t *value)
{
	static const enum weir_field_type types[] = {
		[JSON_OBJECT] = WEIR_FIELD_OBJECT, [JSON_ARRAY] = WEIR_FIELD_ARRAY,
		[JSON_STRING] = WEIR_FIELD_STRING, [JSON_INTEGER] = WEIR_FIELD_NUMBER,
		[JSON_REAL] = WEIR_FIELD_NUMBER,   [JSON_TRUE] = WEIR_FIELD_TRUE,
		[JSON_FALSE] = WEIR_FIELD_FALSE,   [JSON_NULL] = WEIR_FIELD_NULL,
	};

	return value ? types[json_typeof(value)] : WEIR_FIELD_ABSENT;
}

static const char *compare_string(const struct weir__slot *slot, const char *text,
				  const json_t *want)
{
	const struct weir_slice raw = { text + slot->at, slot->len };
	const struct weir_slice spelled = { json_string_value(want), json_string_length(want) };
	char *copy = malloc(spelled.len + 1);
	bool same;

	if (text[slot->at - 1] != '"' || text[slot->at + slot->len] != '"')
		same = false;
	else
		same = weir__text_unescape(raw, copy, spelled.len + 1) == spelled.len &&
		       memcmp(copy, spelled.data, spelled.len) == 0;
	free(copy);
	if (!same)
		return "another string";
	if ((memchr(raw.data, '\\', raw.len) != NULL) != slot->escaped)
		return "escaped is wrong";
	return weir__text_equals(raw, slot->escaped, spelled) ? NULL : "text_equals says no";
}

static const char *compare_number(struct weir_slice raw, const json_t *want)
{
	char copy[512];
	double value, nearest;

	if (raw.len >= sizeof copy)
		return json_is_real(want) ? NULL : "an integer of that length";
	memcpy(copy, raw.data, raw.len);
	copy[raw.len] = '\0';
	if (json_is_integer(want)) {
		if (strcspn(copy, ".eE") != raw.len)
			return "not an integer";
		return strtoll(copy, NULL, 10) == json_integer_value(want) ? NULL
									   : "another integer";
	}
	nearest = strtod(copy, NULL);
	if (memcmp(&nearest, &(double){ json_real_value(want) }, sizeof nearest) != 0)
		return "another number";
	if (!weir__text_to_double(raw, &value) || value < nextafter(nearest, -INFINITY) ||
	    value > nextafter(nearest, INFINITY))
		return "text_to_double is off";
	return NULL;
}

static const char *compare_container(struct weir_slice raw, json_t *want)
{
	json_t *again = json_loadb(raw.data, raw.len, FLAGS, NULL);
	const bool same = again && json_equal(again, want);

	json_decref(again);
	return same ? NULL : "another array or object";
}

static const char *compare_slot(const struct weir__slot *slot, const char *text, json_t *want)
{
	const struct weir_slice raw = { text + slot->at, slot->len };

	if (slot->type != type_of(want))
		return "another type";
	switch (slot->type) {
	case WEIR_FIELD_ABSENT: return NULL;
	case WEIR_FIELD_STRING: return compare_string(slot, text, want);
	case WEIR_FIELD_NUMBER: return compare_number(raw, want);
	case WEIR_FIELD_NULL:
	case WEIR_FIELD_TRUE: return raw.len == 4 ? NULL : "another length";
	case WEIR_FIELD_FALSE: return raw.len == 5 ? NULL : "another length";
	default: return compare_container(raw, want);
	}
}

static bool compare_slots(struct judge *judge, const char *text, json_t *root)
{
	const char *wrong = compare_slot(&judge->slots[0], text, root);

	if (wrong)
		return disagree(judge, "", wrong);
	for (size_t i = 0; i < PATH_COUNT; i++) {
		size_t slot;

		if (!weir__plan_find(judge->plans[WEIR__SCAN_PORTABLE], paths[i].path, &slot))
			return disagree(judge, paths[i].path, "not in the plan");
		wrong = compare_slot(&judge->slots[slot], text, walk(root, paths[i].steps));
		if (wrong)
			return disagree(judge, paths[i].path, wrong);
		judge->filled += judge->slots[slot].type != WEIR_FIELD_ABSENT;
	}
	return true;
}

static int find_exception(const json_error_t *err)
{
	for (int i = 0; i < JUDGE_EXCEPTION_COUNT; i++)
		if (json_error_code(err) == exceptions[i].code &&
		    strncmp(err->text, exceptions[i].text, strlen(exceptions[i].text)) == 0)
			return i;
	return -1;
}

static bool judge_copy(struct judge *judge, char *copy, size_t len, bool valid)
{
	json_error_t err = { .text = "" };
	json_t *root = json_loadb(copy, len, FLAGS, &err);
	const int exception = root ? -1 : find_exception(&err);
	bool good;

	if (exception >= 0) {
		judge->exceptions[exception]++;
		if (!tame(copy, copy + len))
			return !valid || disagree(judge, "", "valid for the scan, with no number");
		root = json_loadb(copy, len, FLAGS, &err);
		if (!root && find_exception(&err) >= 0)
			return disagree(judge, "", err.text);
	}
	if (root && memchr(copy, '\0', len)) {
		judge->nuls_passed++;
		good = !valid || disagree(judge, "", "valid for the scan, with a NUL in it");
	} else if (!root) {
		good = !valid || disagree(judge, "valid for the scan, not for jansson", err.text);
	} else {
		good = valid ? compare_slots(judge, copy, root)
			     : disagree(judge, "", "valid for jansson, not for the scan");
	}
	json_decref(root);
	return good;
}

static bool same_slots(const struct judge *judge, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct weir__slot *a = &judge->slots[i], *b = &judge->others[i];

		if (a->at != b->at || a->len != b->len || a->type != b->type ||
		    a->escaped != b->escaped)
			return false;
	}
	return true;
}

/* Whether all other forms answer as the portable one. */
static bool judge_forms(struct judge *judge, const void *text, size_t len, bool valid)
{
	for (unsigned form = WEIR__SCAN_PORTABLE + 1; form < WEIR__SCAN_FORMS; form++) {
		const weir__plan *plan = judge->plans[form];

		if (!plan)
			continue;
		if (weir__scan(plan, text, len, judge->others, NULL) != valid)
			return disagree(judge, weir__scan_form_name(form), "another validity");
		if (valid && !same_slots(judge, weir__plan_slot_count(plan)))
			return disagree(judge, weir__scan_form_name(form), "other slots");
	}
	return true;
}

bool judge_text(struct judge *judge, const void *text, size_t len)
{
	struct weir__scan_error err = { .reason = NULL };
	char *copy = malloc(len + 1);	/* exactly the text: sanitizers see every step behind it */
	bool valid, good;

	memcpy(copy + 1, text, len);
	valid = weir__scan(judge->plans[WEIR__SCAN_PORTABLE], copy + 1, len, judge->slots, &err);
	judge->texts++;
	judge->valid += valid;
	if (!valid && (!err.reason || err.at > len))
		good = disagree(judge, "", "no reason, or a place outside the text");
	else
		good = judge_forms(judge, copy + 1, len, valid) &&
		       judge_copy(judge, copy + 1, len, valid);
	free(copy);
	return good;
}

void judge_report(const struct judge *judge, const char *what)
{
	printf("%s: %zu texts, %zu valid (%.1f %%), %zu slots filled; beyond jansson:", what,
	       judge->texts, judge->valid,
	       judge->texts ? 100.0 * (double)judge->valid / (double)judge->texts : 0.0,
	       judge->filled);
	for (int i = 0; i < JUDGE_EXCEPTION_COUNT; i++)
		printf(" %s %zu,", exceptions[i].name, judge->exceptions[i]);
	printf(" a NUL passed by it %zu\n", judge->nuls_passed);
}
