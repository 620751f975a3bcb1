/* SPDX-License-Identifier: MIT */
/*
 * The names of kinds and traits: one table each, read both ways.
 *
 * Guarantees: every bit of WEIR_KIND_ANY has a name, the names are those of the manual and never
 * change. Called by users, by routes ({kind}, weir.kind) and by the configuration.
 */
#include "weir/message.h"

#include <stdio.h>
#include <string.h>

#include "ground/error.h"
#include "model/kind.h"

/* In the order of the bits. */
static const char *const kind_names[WEIR_KIND_COUNT] = {
	"tweet", "retweet", "delete", "limit", "scrub_geo", "status_withheld", "user_withheld",
	"warning", "disconnect", "event", "friends", "direct_message", "control", "compliance",
	"notice", "gap", "record", "unknown", "malformed",
};

static const char *const trait_names[WEIR_TRAIT_COUNT] = {
	"quote", "reply", "extended", "v2", "enveloped",
};

/* The number of the only bit in a set; `count` when it is not one of the first `count`. */
static unsigned only_bit(unsigned set, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (set == 1u << i)
			return i;
	return count;
}

unsigned weir__kind_index(unsigned kind)
{
	return only_bit(kind, WEIR_KIND_COUNT);
}

const char *weir_kind_name(unsigned kind)
{
	const unsigned index = only_bit(kind, WEIR_KIND_COUNT);

	return index < WEIR_KIND_COUNT ? kind_names[index] : NULL;
}

const char *weir_trait_name(unsigned trait)
{
	const unsigned index = only_bit(trait, WEIR_TRAIT_COUNT);

	return index < WEIR_TRAIT_COUNT ? trait_names[index] : NULL;
}

static unsigned kind_of_name(const char *name, size_t len)
{
	for (unsigned i = 0; i < WEIR_KIND_COUNT; i++)
		if (strlen(kind_names[i]) == len && memcmp(kind_names[i], name, len) == 0)
			return 1u << i;
	return 0;
}

static enum weir_status refuse(const char *name, size_t len, struct weir_error *err)
{
	char known[sizeof err->text] = "";
	size_t at = 0;

	for (size_t i = 0; i < WEIR_KIND_COUNT; i++)
		at += (size_t)snprintf(known + at, sizeof known - at, " %s", kind_names[i]);
	return weir__error_invalid(err, "no kind '%.*s'; kinds:%s", (int)(len < 16 ? len : 16),
				   name, known);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

enum weir_status weir_kinds_parse(const char *names, unsigned *ret_kinds, struct weir_error *err)
{
	const char *at = names ? names : "";
	unsigned kinds = 0;

	for (;;) {
		const char *end, *next;
		unsigned kind;

		while (is_blank(*at))
			at++;
		next = at + strcspn(at, ",");
		for (end = next; end > at && is_blank(end[-1]); end--)
			;
		kind = kind_of_name(at, (size_t)(end - at));
		if (!kind)
			return refuse(at, (size_t)(end - at), err);
		kinds |= kind;
		if (*next == '\0')
			break;
		at = next + 1;
	}
	*ret_kinds = kinds;
	return WEIR_OK;
}
