/* SPDX-License-Identifier: MIT */
/*
 * Statuses: tweets, replies, quotes, long and located ones, and retweets of any of them.
 *
 * Guarantees: (id >> 22) + 1288834974657 is timestamp_ms, and created_at its second; a retweet
 * or quote names a status older than itself; nested statuses have no timestamp_ms, as in the
 * stream. put_status writes any of them from a description.
 */
#include "internal.h"

struct status {
	uint64_t id;
	uint64_t ms;
	uint32_t author;
	bool nested;
	bool longer;				/* has extended_tweet */
	bool located;
	const struct sent *reply_to;
	const struct passage *text;
	const struct status *retweeted;
	const struct status *quoted;
};

#define LONG_POINTS 150

static void put_reply(struct sample *sample, const struct sent *to)
{
	struct out *out = &sample->out;
	struct person person;

	if (!to) {
		sample__put(out, "'in_reply_to_status_id':null,'in_reply_to_status_id_str':null,"
			"'in_reply_to_user_id':null,'in_reply_to_user_id_str':null,"
			"'in_reply_to_screen_name':null,");
		return;
	}
	person = sample__person(sample, to->user);
	sample__put(out, "'in_reply_to_status_id':%u,'in_reply_to_status_id_str':'%u',"
		"'in_reply_to_user_id':%u,'in_reply_to_user_id_str':'%u',"
		"'in_reply_to_screen_name':'%s',",
		to->id, to->id, person.id, person.id, person.screen_name);
}

/* Places of no map, written as the stream writes them: longitude first, but latitude in geo. */
static void put_place(struct sample *sample, const struct status *status)
{
	struct out *out = &sample->out;
	const uint64_t lon = 10 + status->id % 80, lat = 20 + status->id % 37;
	const uint64_t fraction = 1000 + status->id % 9000;

	if (!status->located) {
		sample__put(out, "'geo':null,'coordinates':null,'place':null,'contributors':null,");
		return;
	}
	if (status->id % 3 == 0)
		sample__put(out, "'geo':null,'coordinates':null,");
	else
		sample__put(out, "'geo':{'type':'Point','coordinates':[%u.%u,-%u.%u]},"
			"'coordinates':{'type':'Point','coordinates':[-%u.%u,%u.%u]},",
			lat, fraction, lon, fraction, lon, fraction, lat, fraction);
	sample__put(out, "'place':{'id':'01fab1ed%u',"
		"'url':'https://places.example/1.1/geo/%u.json',"
		"'place_type':'city','name':'Mossgrove','full_name':'Mossgrove, Tidewater',"
		"'country_code':'XT','country':'Tidewater','bounding_box':{'type':'Polygon',"
		"'coordinates':[[[-%u.0,%u.0],[-%u.0,%u.9999],[-%u.5,%u.9999],[-%u.5,%u.0]]]},"
		"'attributes':{}},'contributors':null,", fraction, fraction,
		lon + 1, lat, lon + 1, lat, lon, lat, lon, lat);
}

static void put_short_text(struct sample *sample, const struct status *status)
{
	const struct passage *text = status->text;
	struct out *out = &sample->out;

	sample__put(out, "'text':'");
	sample__put_bytes(out, text->bytes, status->longer ? text->cut_len : text->len);
	if (status->longer)
		sample__put(out, "\\u2026 https://t.example/L%u", status->id % 99999999);
	else if (!status->nested && !status->retweeted && text->media_count > 0)
		sample__put(out, "','display_text_range':[0,%u]", (uint64_t)text->media[0].from);
	sample__put(out, status->longer || status->nested || status->retweeted ||
			 text->media_count == 0 ? "'," : ",");
}

static void put_extended(struct sample *sample, const struct status *status)
{
	const struct passage *text = status->text;
	struct out *out = &sample->out;

	sample__put(out, "'extended_tweet':{'full_text':'");
	sample__put_bytes(out, text->bytes, text->len);
	sample__put(out, "','display_text_range':[0,%u],'entities':",
		    (uint64_t)(text->media_count > 0 ? text->media[0].from : text->points));
	sample__put_entities(sample, text, text->points, status->id);
	if (text->media_count > 0) {
		sample__put(out, ",'extended_entities':{");
		sample__put_media(sample, text, status->id);
		sample__put(out, "}");
	}
	sample__put(out, "},");
}

static void put_counts(struct sample *sample, const struct status *status)
{
	const uint32_t scale = status->nested ? 5000 : 1;
	const uint64_t quotes = sample__below(sample, scale / 40 + 1);
	const uint64_t replies = sample__below(sample, scale / 20 + 1);
	const uint64_t retweets = sample__below(sample, scale);
	const uint64_t favorites = sample__below(sample, scale);

	sample__put(&sample->out, "'quote_count':%u,'reply_count':%u,'retweet_count':%u,"
		"'favorite_count':%u,", quotes, replies, retweets, favorites);
}

static void put_end(struct sample *sample, const struct status *status)
{
	const struct passage *text = status->text;
	struct out *out = &sample->out;

	put_counts(sample, status);
	sample__put(out, "'entities':");
	sample__put_entities(sample, text, status->longer ? text->cut_points : text->points,
			     status->id);
	if (!status->longer && text->media_count > 0) {
		sample__put(out, ",'extended_entities':{");
		sample__put_media(sample, text, status->id);
		sample__put(out, "}");
	}
	sample__put(out, ",'favorited':false,'retweeted':false,");
	if (text->link_count + text->media_count > 0)
		sample__put(out, "'possibly_sensitive':%b,", status->id % 41 == 0);
	sample__put(out, "'filter_level':'low','lang':'%s'", sample__lang_code(text->lang));
	if (!status->nested)
		sample__put(out, ",'timestamp_ms':'%u'", status->ms);
	sample__put(out, "}");
}

static void put_status(struct sample *sample, const struct status *status);

static void put_quoted(struct sample *sample, const struct status *status)
{
	struct out *out = &sample->out;
	const struct status *quoted = status->quoted;

	sample__put(out, "'quoted_status_id':%u,'quoted_status_id_str':'%u','quoted_status':",
		quoted->id, quoted->id);
	put_status(sample, quoted);
	sample__put(out, ",'quoted_status_permalink':{'url':'https://t.example/Q%u',"
		"'expanded':'https://pic.example/status/%u','display':'pic.example/status/1\\u2026'"
		"},", quoted->id % 99999999, quoted->id);
}

/* Recursion: a retweet of a quote is three levels deep, never more. */
static void put_status(struct sample *sample, const struct status *status)
{
	struct out *out = &sample->out;

	sample__put(out, "{'created_at':'%t','id':%u,'id_str':'%u',", status->ms, status->id,
		status->id);
	put_short_text(sample, status);
	sample__put(out, "'source':'%p','truncated':%b,",
		sample__pick(sample, &sample->words.sources), status->longer);
	put_reply(sample, status->reply_to);
	sample__put(out, "'user':");
	sample__put_user(sample, status->author);
	sample__put(out, ",");
	put_place(sample, status);
	if (status->retweeted) {
		sample__put(out, "'retweeted_status':");
		put_status(sample, status->retweeted);
		sample__put(out, ",");
	}
	if (status->quoted)
		put_quoted(sample, status);
	sample__put(out, "'is_quote_status':%b,", status->quoted != NULL);
	if (status->longer)
		put_extended(sample, status);
	put_end(sample, status);
}

/* One call of chance after another: compilers may take those of one expression in any order. */
static struct status make_status(struct sample *sample, uint64_t ms)
{
	struct status status = { .ms = ms };

	status.id = sample__id_at(sample, ms);
	status.author = sample__someone(sample);
	return status;
}

/* Some minutes to two days before `ms`. */
static struct status older(struct sample *sample, uint64_t ms, struct passage *text)
{
	const uint64_t then = ms - 60000 - sample__below(sample, 172800000);
	struct status status = make_status(sample, then);

	status.text = text;
	status.nested = true;
	status.longer = sample__chance(sample, 18);
	sample__compose(sample, text, status.longer ? LONG_POINTS : 20, NULL);
	return status;
}

static void remember(struct sample *sample, const struct status *status)
{
	const struct sent sent = { .id = status->id, .user = status->author };

	if (sample->history_len < SAMPLE_HISTORY)
		sample->history[sample->history_len++] = sent;
	else
		sample->history[sample__below(sample, SAMPLE_HISTORY)] = sent;
}

unsigned sample__put_tweet(struct sample *sample)
{
	struct passage text, quoted_text;
	struct status quoted, status = make_status(sample, sample->now_ms);

	status.text = &text;
	status.longer = sample__chance(sample, 14);
	status.located = sample__chance(sample, 5);
	if (sample->history_len > 0 && sample__chance(sample, 27))
		status.reply_to = &sample->history[sample__below(sample, sample->history_len)];
	if (sample__chance(sample, 5)) {
		quoted = older(sample, status.ms, &quoted_text);
		status.quoted = &quoted;
	}
	sample__compose(sample, &text, status.longer ? LONG_POINTS : 20,
			status.reply_to ? &status.reply_to->user : NULL);
	put_status(sample, &status);
	remember(sample, &status);
	return (status.reply_to ? SAMPLE_REPLY : 0u) | (status.quoted ? SAMPLE_QUOTE : 0u) |
	       (status.longer ? SAMPLE_EXTENDED : 0u);
}

unsigned sample__put_retweet(struct sample *sample)
{
	struct passage text, original_text, quoted_text;
	struct status original = older(sample, sample->now_ms, &original_text), quoted;
	struct status status = make_status(sample, sample->now_ms);

	status.text = &text;
	status.retweeted = &original;
	if (sample__chance(sample, 4)) {
		quoted = older(sample, original.ms, &quoted_text);
		original.quoted = &quoted;
		status.quoted = &quoted;	/* the outer one repeats it */
	}
	sample__compose_retweet(&text, &original_text, original.author, sample);
	put_status(sample, &status);
	remember(sample, &status);
	return original.longer ? SAMPLE_EXTENDED : 0u;
}

/* A nested tweet for envelopes of other kinds: events. */
void sample__put_plain_tweet(struct sample *sample, uint64_t ms, uint32_t author)
{
	struct passage text;
	struct status status = older(sample, ms, &text);

	status.author = author;
	put_status(sample, &status);
}
