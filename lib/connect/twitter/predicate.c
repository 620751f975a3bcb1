/* SPDX-License-Identifier: MIT */
/*
 * The limits the service documented for its predicates, checked before a request is made.
 *
 * Guarantees: what passes here the service does not refuse for its form (406, 413); the error
 * names the phrase, id or box and the limit. Bytes are counted as they are sent, in UTF-8.
 * Callers: check.c.
 */
#include "connect/twitter/predicate.h"

#include <string.h>

#include "ground/error.h"
#include "kit/text.h"

#define SHOWN 90	/* of an offending item, so that the rest of the error has room */

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

static enum weir_status check_track(const struct weir_twitter_source_options *options,
				    struct weir_error *err)
{
	const char *at = options->track;
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

static enum weir_status check_follow(const struct weir_twitter_source_options *options,
				     struct weir_error *err)
{
	const char *at = options->follow;
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

static enum weir_status check_locations(const struct weir_twitter_source_options *options,
					struct weir_error *err)
{
	const char *at = options->locations;
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

static enum weir_status check_narrowing(const struct weir_twitter_source_options *options,
					struct weir_error *err)
{
	static const char *const levels[] = { "none", "low", "medium" };
	const char *at = options->language;
	const char *level = options->filter_level;
	struct weir_slice code;

	while (next_item(&at, &code))
		if (!is_language(code))
			return weir__error_invalid(err, "language: '%.*s' is no BCP 47 code; "
						   "write 'ko,en'", shown(code),
						   (const char *)code.data);
	if (options->count > 150000 || options->count < -150000)
		return weir__error_invalid(err, "count: %d; it goes from 1 to 150000, or from -1 "
					   "to -150000", options->count);
	for (size_t i = 0; level && i < sizeof levels / sizeof *levels; i++)
		if (strcmp(level, levels[i]) == 0)
			level = NULL;
	if (level)
		return weir__error_invalid(err, "filter_level: '%.40s'; it is none, low or medium",
					   level);
	return WEIR_OK;
}

enum weir_status weir__twitter_check_predicates(const struct weir_twitter_source_options *options,
						struct weir_error *err)
{
	if (check_track(options, err) < 0 || check_follow(options, err) < 0 ||
	    check_locations(options, err) < 0 || check_narrowing(options, err) < 0)
		return WEIR_ERR_INVALID;
	return WEIR_OK;
}
