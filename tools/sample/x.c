/* SPDX-License-Identifier: MIT */
/*
 * Posts as X API v2 writes them: retweets, quotes, replies, long ones, some with a part missing.
 *
 * Guarantees: as those of the v1.1 messages, whose people, texts and clock these are; ids are
 * strings, nothing is null, and what a post refers to is older than itself. Called by whoever asks
 * for sample_next_x.
 */
#include "internal.h"

#include <stdio.h>
#include <time.h>

#define LONG_POINTS 300

/* What a post refers to, if anything. */
struct reference {
	const char *type;	/* NULL: nothing */
	uint64_t id;
	uint32_t author;
};

static void put_time(struct out *out, uint64_t ms)
{
	const time_t at = (time_t)(ms / 1000);
	char text[80];
	struct tm tm;

	gmtime_r(&at, &tm);
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
	sample__put(out, "'created_at':'%s'", text);
}

static struct reference choose_reference(struct sample *sample)
{
	const uint32_t roll = sample__below(sample, 100);
	const char *type = roll < 36 ? "retweeted" : roll < 42 ? "quoted" :
			   roll < 60 ? "replied_to" : NULL;
	const uint64_t then = sample->now_ms - 60000 - sample__below(sample, 172800000);

	return (struct reference){ type, sample__id_at(sample, then), sample__someone(sample) };
}

static void put_person(struct sample *sample, uint32_t number)
{
	const struct person person = sample__person(sample, number);

	sample__put(&sample->out, "{'id':'%u','name':'%p %p','username':'%s'}", person.id,
		    person.first, person.last, person.screen_name);
}

static void put_data(struct sample *sample, uint64_t id, uint32_t author,
		     const struct reference *reference, const struct passage *text)
{
	struct out *out = &sample->out;
	const bool longer = text->points > 280;

	sample__put(out, "{'data':{'id':'%u','text':'", id);
	if (reference->type && *reference->type == 'r' && reference->type[2] == 't')
		sample__put(out, "RT @%s: ", sample__person(sample, reference->author).screen_name);
	sample__put_bytes(out, text->bytes, longer ? text->cut_len : text->len);
	sample__put(out, "','edit_history_tweet_ids':['%u'],'author_id':'%u',", id,
		    sample__person(sample, author).id);
	put_time(out, sample->now_ms);
	if (longer) {
		sample__put(out, ",'note_tweet':{'text':'");
		sample__put_bytes(out, text->bytes, text->len);
		sample__put(out, "'}");
	}
	if (reference->type)
		sample__put(out, ",'referenced_tweets':[{'type':'%s','id':'%u'}]", reference->type,
			    reference->id);
	sample__put(out, ",'lang':'%s'}", sample__lang_code(text->lang));
}

static void put_includes(struct sample *sample, uint32_t author, const struct reference *reference,
			 const struct passage *text, bool missing)
{
	struct out *out = &sample->out;

	sample__put(out, ",'includes':{'users':[");
	put_person(sample, author);
	if (reference->type && !missing) {
		sample__put(out, "],'tweets':[{'id':'%u','text':'", reference->id);
		sample__put_bytes(out, text->bytes, text->len);
		sample__put(out, "','author_id':'%u'}", sample__person(sample,
								      reference->author).id);
	}
	sample__put(out, "]}");
	if (reference->type && missing)
		sample__put(out, ",'errors':[{'resource_id':'%u','resource_type':'tweet',"
			    "'parameter':'referenced_tweets.id','title':'Not Found Error',"
			    "'detail':'gone','type':"
			    "'https://api.x.example/2/problems/resource-not-found'}]",
			    reference->id);
}

struct sample_message sample_next_x(struct sample *sample)
{
	struct passage text;
	struct reference reference;
	uint64_t id;
	uint32_t author;
	bool missing;

	sample->now_ms += 1 + sample__below(sample, 39);
	sample->out.len = 0;
	id = sample__id_at(sample, sample->now_ms);
	author = sample__someone(sample);
	reference = choose_reference(sample);
	missing = sample__chance(sample, 10);
	sample__compose(sample, &text, sample__chance(sample, 8) ? LONG_POINTS : 20, NULL);
	put_data(sample, id, author, &reference, &text);
	put_includes(sample, author, &reference, &text, missing);
	sample__put(&sample->out, "}");
	return (struct sample_message){
		.text = sample->out.bytes,
		.len = sample->out.len,
		.kind = reference.type && reference.type[2] == 't' ? SAMPLE_RETWEET : SAMPLE_TWEET,
	};
}
