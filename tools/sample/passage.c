/* SPDX-License-Identifier: MIT */
/*
 * Texts put together from phrases, mentions, tags, emoji and links, with their entities.
 *
 * Guarantees: a mark's positions are the code points of what it names; a text longer than the
 * short form knows where its last whole phrase within it ends (cut_len, cut_points).
 */
#include "internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define SHORT_POINTS 116	/* what is left of 140 beside the ellipsis and the link */
#define LINK_POINTS 27		/* https://t.example/ and 9 more */

static void append(struct passage *text, const char *bytes, size_t len, unsigned points)
{
	assert(len < sizeof text->bytes - text->len);
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->points += points;
	if (text->points <= SHORT_POINTS) {
		text->cut_len = text->len;
		text->cut_points = text->points;
	}
}

/* A blank before every part but the first; parts are never cut. */
static void append_part(struct passage *text, const char *prefix, const char *bytes, size_t len,
			unsigned points, struct mark *mark)
{
	char part[512];
	const size_t blank = text->len > 0, before = strlen(prefix);
	const unsigned all = points + (unsigned)(before + blank);

	assert(len + before + blank <= sizeof part);
	part[0] = ' ';
	memcpy(part + blank, prefix, before);
	memcpy(part + blank + before, bytes, len);
	if (mark) {
		mark->from = text->points + (unsigned)blank;
		mark->to = text->points + all;
	}
	append(text, part, len + before + blank, all);
}

static void append_phrase(struct passage *text, const char *prefix, const struct phrase *phrase,
			  struct mark *mark)
{
	append_part(text, prefix, phrase->bytes, phrase->len, phrase->points, mark);
}

static void append_mention(const struct sample *sample, struct passage *text, uint32_t user)
{
	struct mark *mark = &text->mentions[text->mention_count++];
	const struct person person = sample__person(sample, user);
	const size_t len = strlen(person.screen_name);

	mark->user = user;
	append_part(text, "@", person.screen_name, len, (unsigned)len, mark);
}

static void append_link(struct sample *sample, struct passage *text, struct mark *mark)
{
	static const char digits[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
	uint64_t random = sample__random(sample);
	char link[48];

	for (unsigned i = 0; i < 9; i++, random /= 56)
		mark->code[i] = digits[random % 56];
	mark->code[9] = 0;
	snprintf(link, sizeof link, "https:\\/\\/t.example\\/%s", mark->code);
	append_part(text, "", link, strlen(link), LINK_POINTS, mark);
}

static enum lang choose_lang(struct sample *sample)
{
	const uint32_t roll = sample__below(sample, 100);

	return roll < 38 ? LANG_KO : roll < 80 ? LANG_EN : roll < 91 ? LANG_JA : LANG_ES;
}

static void append_tags(struct sample *sample, struct passage *text)
{
	const uint32_t roll = sample__below(sample, 100);
	const unsigned count = roll < 62 ? 0 : roll < 88 ? 1 : roll < 96 ? 2 : 3;

	for (unsigned i = 0; i < count; i++) {
		struct mark *mark = &text->tags[text->tag_count++];

		mark->tag = sample__pick(sample, &sample->words.tags[text->lang]);
		append_phrase(text, "#", mark->tag, mark);
	}
}

void sample__compose(struct sample *sample, struct passage *text, unsigned want_points,
		     const uint32_t *mention)
{
	text->len = text->cut_len = 0;
	text->points = text->cut_points = 0;
	text->tag_count = text->mention_count = text->link_count = text->media_count = 0;
	text->lang = choose_lang(sample);
	if (mention)
		append_mention(sample, text, *mention);
	do {
		append_phrase(text, "", sample__pick(sample, &sample->words.text[text->lang]),
			      NULL);
	} while (text->points < want_points);
	if (text->points < 60 || want_points > 60)
		append_tags(sample, text);
	if (sample__chance(sample, 30))
		append_phrase(text, "", sample__pick(sample, &sample->words.emoji), NULL);
	if (sample__chance(sample, 20))
		append_link(sample, text, &text->links[text->link_count++]);
	if (sample__chance(sample, 10))
		append_link(sample, text, &text->media[text->media_count++]);
}

/* Copies the marks that end within `limit`, moved by `shift`. */
static unsigned move_marks(struct mark *to, unsigned count, const struct mark *from,
			   unsigned from_count, unsigned limit, unsigned shift)
{
	for (unsigned i = 0; i < from_count && count < PASSAGE_MARKS; i++) {
		if (from[i].to > limit)
			continue;
		to[count] = from[i];
		to[count].from += shift;
		to[count++].to += shift;
	}
	return count;
}

/* "RT @name: " and the original, cut at its short form when it is longer than that. */
void sample__compose_retweet(struct passage *text, const struct passage *of, uint32_t author,
			     const struct sample *sample)
{
	const bool whole = of->points <= SHORT_POINTS || of->cut_len == 0;
	const unsigned limit = whole ? of->points : of->cut_points;
	unsigned shift;

	text->len = text->cut_len = 0;
	text->points = text->cut_points = 0;
	text->mention_count = text->media_count = 0;
	text->lang = of->lang;
	append(text, "RT", 2, 2);
	append_mention(sample, text, author);
	append(text, ": ", 2, 2);
	shift = text->points;
	append(text, of->bytes, whole ? of->len : of->cut_len, limit);
	if (!whole)
		append(text, "\\u2026", 6, 1);
	text->tag_count = move_marks(text->tags, 0, of->tags, of->tag_count, limit, shift);
	text->link_count = move_marks(text->links, 0, of->links, of->link_count, limit, shift);
	text->mention_count = move_marks(text->mentions, text->mention_count, of->mentions,
					 of->mention_count, limit, shift);
}
