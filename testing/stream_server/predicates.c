/* SPDX-License-Identifier: MIT */
/*
 * What a request may ask for: the limits of the v1.1 streams.
 *
 * Guarantees: says the status the service would have answered: 406 for what cannot be matched,
 * 413 for too much of it, 416 for a count without permission or out of range. Texts are our own.
 */
#include "server.h"

#include "memory.h"

#define MAX_PHRASES 400
#define MAX_FOLLOW 5000
#define MAX_BOXES 25
#define MAX_PHRASE_BYTES 60
#define MAX_COUNT 150000

/* What is wrong with one parameter; status 200 when nothing is. */
struct verdict {
	unsigned status;
	const char *text;
};

static const struct verdict fine = { 200, "" };

typedef bool item_fn(const char *item, size_t len);

/* Every comma-separated item is tested, and they are counted. */
static bool each(const struct param *param, item_fn *good, size_t *ret_count)
{
	const char *at = param->value, *end = param->value + param->value_len;

	*ret_count = 0;
	for (;;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));

		if (!good(at, (size_t)((comma ? comma : end) - at)))
			return false;
		++*ret_count;
		if (!comma)
			return true;
		at = comma + 1;
	}
}

static bool is_phrase(const char *item, size_t len)
{
	(void)item;
	return len >= 1 && len <= MAX_PHRASE_BYTES;
}

static bool is_user_id(const char *item, size_t len)
{
	return len > 0 && len < 20 && strspn(item, "0123456789") >= len;
}

static bool is_number(const char *item, size_t len)
{
	char copy[32], *end;

	if (len == 0 || len >= sizeof copy || strspn(item, "+-.0123456789") < len)
		return false;
	memcpy(copy, item, len);
	copy[len] = 0;
	strtod(copy, &end);
	return *end == 0;
}

static struct verdict check_track(const struct param *param)
{
	size_t count;

	if (!each(param, is_phrase, &count))
		return (struct verdict){ 406, "A track phrase has 1 to 60 bytes.\r\n" };
	if (count > MAX_PHRASES)
		return (struct verdict){ 413, "There are more than 400 track phrases.\r\n" };
	return fine;
}

static struct verdict check_follow(const struct param *param)
{
	size_t count;

	if (!each(param, is_user_id, &count))
		return (struct verdict){ 406, "A follow id is a number.\r\n" };
	if (count > MAX_FOLLOW)
		return (struct verdict){ 413, "There are more than 5000 follow ids.\r\n" };
	return fine;
}

/* South-west corner first, longitude before latitude. */
static bool box_is_sound(const char **at)
{
	double box[4];
	char *end;

	for (int i = 0; i < 4; i++) {
		box[i] = strtod(*at, &end);
		*at = *end == ',' ? end + 1 : end;
	}
	return box[0] >= -180 && box[2] <= 180 && box[1] >= -90 && box[3] <= 90 &&
	       box[0] < box[2] && box[1] < box[3];
}

static struct verdict check_locations(const struct param *param)
{
	const char *at = param->value;
	size_t count;

	if (!each(param, is_number, &count) || count % 4 != 0)
		return (struct verdict){ 406, "A location box is four numbers.\r\n" };
	for (size_t i = 0; i < count / 4; i++)
		if (!box_is_sound(&at))
			return (struct verdict){ 406, "A location box is out of range, or its "
						      "south-west corner is not first.\r\n" };
	if (count / 4 > MAX_BOXES)
		return (struct verdict){ 413, "There are more than 25 location boxes.\r\n" };
	return fine;
}

static struct verdict check_filter_level(const struct param *param)
{
	if (strcmp(param->value, "none") == 0 || strcmp(param->value, "low") == 0 ||
	    strcmp(param->value, "medium") == 0)
		return fine;
	return (struct verdict){ 406, "filter_level is none, low or medium.\r\n" };
}

static struct verdict check_count(const struct param *param)
{
	char *end;
	const int64_t count = strtoll(param->value, &end, 10);

	if (param->value_len == 0 || *end || count == 0 || count > MAX_COUNT || count < -MAX_COUNT)
		return (struct verdict){ 416, "count is 1 to 150000, or negative.\r\n" };
	return fine;
}

static const struct {
	const char *name;
	struct verdict (*check)(const struct param *param);
	bool predicate;
} checks[] = {
	{ "track", check_track, true },
	{ "follow", check_follow, true },
	{ "locations", check_locations, true },
	{ "filter_level", check_filter_level, false },
	{ "count", check_count, false },
};

unsigned predicates_check(const struct request *request, bool filter, const char **ret_text)
{
	struct verdict verdict = fine;
	bool any = false;

	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		const struct param *param = params_find(&request->params, checks[i].name);

		if (!param || (checks[i].predicate && !filter))
			continue;
		any |= checks[i].predicate;
		if (verdict.status == 200)
			verdict = checks[i].check(param);
	}
	if (filter && !any)
		verdict = (struct verdict){ 406, "At least one parameter of track, follow and "
						 "locations is needed.\r\n" };
	if (verdict.status == 200 && params_find(&request->params, "count") &&
	    !request->server->settings.allow_count)
		verdict = (struct verdict){ 416, "This account may not use count.\r\n" };
	*ret_text = verdict.text;
	return verdict.status;
}
