/* SPDX-License-Identifier: MIT */
/*
 * The predicates, as a table, and the limits the service documented for them, checked before a
 * request is made.
 *
 * Guarantees: what passes here the service does not refuse for its form (406, 413); the error
 * names the phrase, id or box and the limit. Bytes are counted as they are sent, in UTF-8.
 * Callers: check.c and config.c for the options, change.c for other ones while the source runs,
 * also from other threads: nothing here is shared.
 */
#include "connect/twitter/predicate.h"

#include <stdio.h>
#include <string.h>

#include "connect/twitter/config.h"
#include "ground/error.h"
#include "kit/text.h"

#define SHOWN 90	/* of an offending item, so that the rest of the error has room */

#define ROW(member, parts) \
	{ #member, offsetof(struct weir_twitter_source_options, member), \
	  offsetof(struct weir_twitter_predicates, member), parts }

const struct weir__twitter_predicate weir__twitter_predicates[WEIR__TWITTER_PREDICATES] = {
	ROW(track, 1), ROW(follow, 1), ROW(locations, 4), ROW(language, 1), ROW(filter_level, 1),
};

/* ---- the table's rows ---- */

static const char **text_at(void *whole, size_t offset)
{
	return (const char **)(void *)((char *)whole + offset);
}

const char *weir__twitter_predicate(const struct weir_twitter_predicates *predicates,
				    size_t number)
{
	const char *text;

	memcpy(&text, (const char *)predicates + weir__twitter_predicates[number].at, sizeof text);
	return text;
}

void weir__twitter_default_predicates(struct weir_twitter_predicates *predicates)
{
	for (size_t i = 0; i < WEIR__TWITTER_PREDICATES; i++) {
		const char **text = text_at(predicates, weir__twitter_predicates[i].at);

		if (*text && !**text)
			*text = NULL;
	}
}

struct weir_twitter_predicates
weir__twitter_take_predicates(struct weir_twitter_source_options *options)
{
	struct weir_twitter_predicates taken = { .size = sizeof taken };

	for (size_t i = 0; i < WEIR__TWITTER_PREDICATES; i++) {
		const char **text = text_at(options, weir__twitter_predicates[i].in_options);

		*text_at(&taken, weir__twitter_predicates[i].at) = *text;
		*text = NULL;
	}
	weir__twitter_default_predicates(&taken);
	return taken;
}

bool weir__twitter_copy_predicates(const struct weir_env *env,
				   const struct weir_twitter_predicates *from,
				   struct weir_twitter_predicates *ret)
{
	struct weir_twitter_predicates copies = { .size = sizeof copies };

	for (size_t i = 0; i < WEIR__TWITTER_PREDICATES; i++) {
		const char *text = weir__twitter_predicate(from, i);
		char *copy = weir__text_copy(env, text);

		if (text && !copy) {
			weir__twitter_free_predicates(env, &copies);
			return false;
		}
		*text_at(&copies, weir__twitter_predicates[i].at) = copy;
	}
	*ret = copies;
	return true;
}

void weir__twitter_free_predicates(const struct weir_env *env,
				   struct weir_twitter_predicates *predicates)
{
	for (size_t i = 0; i < WEIR__TWITTER_PREDICATES; i++) {
		const char **text = text_at(predicates, weir__twitter_predicates[i].at);

		weir__text_free(env, (char *)(uintptr_t)*text);
		*text = NULL;
	}
}

/* How many there are in a list. */
static size_t count_items(const char *text, size_t parts)
{
	size_t count = text ? 1 : 0;

	for (; text && *text; text++)
		count += *text == ',';
	return count / parts;
}

bool weir__twitter_compare_predicates(const struct weir_twitter_predicates *before,
				      const struct weir_twitter_predicates *after, char *ret,
				      size_t size)
{
	size_t len = 0;

	*ret = '\0';
	for (size_t i = 0; i < WEIR__TWITTER_PREDICATES; i++) {
		const struct weir__twitter_predicate *row = &weir__twitter_predicates[i];
		const char *old = weir__twitter_predicate(before, i);
		const char *new = weir__twitter_predicate(after, i);

		if (old == new || (old && new && strcmp(old, new) == 0))
			continue;
		if (len < size)
			len += (size_t)snprintf(ret + len, size - len, "%s%s: %zu (before: %zu)",
						len ? ", " : "", row->name,
						count_items(new, row->parts),
						count_items(old, row->parts));
	}
	return len > 0;
}

/* ---- the limits ---- */

/* The next item of a comma-separated list; false behind the last. */
static bool next_item(const char **at, struct weir_slice *ret)
{
	const char *begin = *at;
	const size_t len = begin ? strcspn(begin, ",") : 0;

	if (!begin)
		return false;
	*ret = (struct weir_slice){ begin, len };
	*at = begin[len] ? begin + len + 1 : NULL;
	return true;
}

static struct weir_slice trim(struct weir_slice item)
{
	const char *text = item.data;

	while (item.len && text[0] == ' ') {
		text++;
		item.len--;
	}
	while (item.len && text[item.len - 1] == ' ')
		item.len--;
	return (struct weir_slice){ text, item.len };
}

/* How much of an item to show: all, or up to a character's boundary. */
static int shown(struct weir_slice item)
{
	const uint8_t *bytes = item.data;
	size_t len = item.len;

	if (len > SHOWN)
		for (len = SHOWN; len > 0 && (bytes[len] & 0xc0) == 0x80; len--)
			;
	return (int)len;
}

static enum weir_status too_many(const char *option, const char *what, size_t count, uint32_t limit,
				 const char *limit_option, struct weir_error *err)
{
	return weir__error_invalid(err, "%s: %zu %s, the limit is %u (%s sets it)", option, count,
				   what, limit, limit_option);
}

static enum weir_status check_phrase(struct weir_slice phrase, size_t number,
				     struct weir_error *err)
{
	if (trim(phrase).len == 0)
		return weir__error_invalid(err, "track: phrase %zu is empty (0 bytes); each has 1 "
					   "to %d bytes", number, WEIR__TWITTER_PHRASE_BYTES);
	if (phrase.len > WEIR__TWITTER_PHRASE_BYTES)
		return weir__error_invalid(err, "track: phrase '%.*s%s' has %zu bytes of UTF-8, "
					   "the limit is %d", shown(phrase),
					   (const char *)phrase.data,
					   phrase.len > SHOWN ? "…" : "", phrase.len,
					   WEIR__TWITTER_PHRASE_BYTES);
	return WEIR_OK;
}

static enum weir_status check_track(const struct weir_twitter_predicates *predicates,
				    const struct weir_twitter_source_options *options,
				    struct weir_error *err)
{
	const char *at = predicates->track;
	struct weir_slice phrase;
	size_t count = 0;

	if (at && !weir__text_is_utf8((struct weir_slice){ at, strlen(at) }))
		return weir__error_invalid(err, "track: not UTF-8; the service counts and "
					   "compares bytes of UTF-8");
	while (next_item(&at, &phrase))
		if (check_phrase(phrase, ++count, err) < 0)
			return WEIR_ERR_INVALID;
	if (count > options->max_phrases)
		return too_many("track", "phrases", count, options->max_phrases, "max_phrases",
				err);
	return WEIR_OK;
}

static enum weir_status check_follow(const struct weir_twitter_predicates *predicates,
				     const struct weir_twitter_source_options *options,
				     struct weir_error *err)
{
	const char *at = predicates->follow;
	struct weir_slice id;
	size_t count = 0;
	uint64_t number;

	while (next_item(&at, &id)) {
		count++;
		if (!weir__text_to_u64(trim(id), &number))
			return weir__error_invalid(err, "follow: '%.*s' is no numeric user id "
						   "(screen names do not work here)", shown(id),
						   (const char *)id.data);
	}
	if (count > options->max_follow)
		return too_many("follow", "ids", count, options->max_follow, "max_follow", err);
	return WEIR_OK;
}

static enum weir_status check_box(const double box[4], size_t number, struct weir_error *err)
{
	const double west = box[0], south = box[1], east = box[2], north = box[3];

	if (west < -180 || west > 180 || east < -180 || east > 180)
		return weir__error_invalid(err, "locations: box %zu has a longitude beyond ±180 "
					   "(the order is west,south,east,north)", number);
	if (south < -90 || south > 90 || north < -90 || north > 90)
		return weir__error_invalid(err, "locations: box %zu has a latitude beyond ±90 "
					   "(the order is west,south,east,north)", number);
	if (west >= east || south >= north)
		return weir__error_invalid(err, "locations: box %zu does not begin with its "
					   "south-west corner (west,south,east,north)", number);
	return WEIR_OK;
}

static enum weir_status check_locations(const struct weir_twitter_predicates *predicates,
					const struct weir_twitter_source_options *options,
					struct weir_error *err)
{
	const char *at = predicates->locations;
	struct weir_slice item;
	double box[4];
	size_t count = 0;

	while (next_item(&at, &item)) {
		if (!weir__text_to_double(trim(item), &box[count % 4]))
			return weir__error_invalid(err, "locations: '%.*s' is no number",
						   shown(item), (const char *)item.data);
		if (++count % 4 == 0 && check_box(box, count / 4, err) < 0)
			return WEIR_ERR_INVALID;
	}
	if (count % 4)
		return weir__error_invalid(err, "locations: %zu numbers; each box takes four: "
					   "west,south,east,north", count);
	if (count / 4 > options->max_boxes)
		return too_many("locations", "boxes", count / 4, options->max_boxes, "max_boxes",
				err);
	return WEIR_OK;
}

static bool is_language(struct weir_slice code)
{
	const char *text = code.data;

	for (size_t i = 0; i < code.len; i++) {
		const char c = text[i] | 0x20;

		if (!(c >= 'a' && c <= 'z') && text[i] != '-' &&
		    !(text[i] >= '0' && text[i] <= '9'))
			return false;
	}
	return code.len >= 2 && code.len <= 35;
}

static enum weir_status check_language(const struct weir_twitter_predicates *predicates,
				       const struct weir_twitter_source_options *options,
				       struct weir_error *err)
{
	const char *at = predicates->language;
	struct weir_slice code;

	(void)options;
	while (next_item(&at, &code))
		if (!is_language(code))
			return weir__error_invalid(err, "language: '%.*s' is no BCP 47 code; "
						   "write 'ko,en'", shown(code),
						   (const char *)code.data);
	return WEIR_OK;
}

static enum weir_status check_level(const struct weir_twitter_predicates *predicates,
				    const struct weir_twitter_source_options *options,
				    struct weir_error *err)
{
	static const char *const levels[] = { "none", "low", "medium" };
	const char *level = predicates->filter_level;

	(void)options;
	for (size_t i = 0; level && i < sizeof levels / sizeof *levels; i++)
		if (strcmp(level, levels[i]) == 0)
			level = NULL;
	if (level)
		return weir__error_invalid(err, "filter_level: '%.40s'; it is none, low or medium",
					   level);
	return WEIR_OK;
}

/* Of another URL's stream we do not know what it needs. */
static enum weir_status check_any(const struct weir_twitter_predicates *predicates,
				  const struct weir_twitter_source_options *options,
				  struct weir_error *err)
{
	if (!weir__twitter_is_filter(options->url) || predicates->track || predicates->follow ||
	    predicates->locations)
		return WEIR_OK;
	return weir__error_invalid(err, "a filter stream needs track, follow or locations; the "
				   "sample stream (url = WEIR_TWITTER_SAMPLE_URL) does not");
}

enum weir_status weir__twitter_check_predicates(const struct weir_twitter_predicates *predicates,
						const struct weir_twitter_source_options *options,
						struct weir_error *err)
{
	enum weir_status (*const checks[])(const struct weir_twitter_predicates *,
					   const struct weir_twitter_source_options *,
					   struct weir_error *) = {
		check_any, check_track, check_follow, check_locations, check_language, check_level,
	};
	enum weir_status status = WEIR_OK;

	for (size_t i = 0; status == WEIR_OK && i < sizeof checks / sizeof *checks; i++)
		status = checks[i](predicates, options, err);
	return status;
}
