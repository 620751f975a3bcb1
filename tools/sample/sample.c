/* SPDX-License-Identifier: MIT */
/*
 * The sample generator: what comes next, and how much of each came.
 *
 * Guarantees: everything is decided by the seed (splitmix64) and the number of calls: no clock,
 * no locale, no pointer value takes part. Time advances 1 to 39 ms per message from a fixed
 * moment, so ids are unique. Called by the stream server, the benches and the sample program.
 */
#include "internal.h"

#include <stdlib.h>

#define START_MS 1609459200000u		/* 2021-01-01 00:00 UTC */
#define GOLDEN 0x9e3779b97f4a7c15u

/* Of 10,000 messages. What SAMPLE_DISCONNECT may not take goes to events, which follow it. */
static const struct {
	enum sample_kind kind;
	uint16_t share;
} shares[] = {
	{ SAMPLE_TWEET, 5400 },
	{ SAMPLE_RETWEET, 3600 },
	{ SAMPLE_DELETE, 700 },
	{ SAMPLE_LIMIT, 75 },
	{ SAMPLE_SCRUB_GEO, 30 },
	{ SAMPLE_STATUS_WITHHELD, 30 },
	{ SAMPLE_USER_WITHHELD, 25 },
	{ SAMPLE_WARNING, 20 },
	{ SAMPLE_DISCONNECT, 5 },
	{ SAMPLE_EVENT, 45 },
	{ SAMPLE_FRIENDS, 15 },
	{ SAMPLE_DIRECT_MESSAGE, 20 },
	{ SAMPLE_CONTROL, 10 },
	{ SAMPLE_COMPLIANCE, 25 },
};

uint64_t sample__mix(uint64_t value)
{
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
	value = (value ^ value >> 27) * 0x94d049bb133111ebu;
	return value ^ value >> 31;
}

uint64_t sample__random(struct sample *sample)
{
	sample->random += GOLDEN;
	return sample__mix(sample->random);
}

uint32_t sample__below(struct sample *sample, uint32_t bound)
{
	return (uint32_t)((sample__random(sample) >> 32) * bound >> 32);
}

bool sample__chance(struct sample *sample, uint32_t percent)
{
	return sample__below(sample, 100) < percent;
}

uint64_t sample__id_at(struct sample *sample, uint64_t ms)
{
	return (ms - SAMPLE_ID_EPOCH_MS) << 22 | (sample__random(sample) & 0x3fffff);
}

struct sample *sample_new(uint64_t seed)
{
	struct sample *sample = calloc(1, sizeof *sample);

	if (!sample)
		return NULL;
	sample->out.bytes = malloc(SAMPLE_ROOM);
	if (!sample->out.bytes) {
		free(sample);
		return NULL;
	}
	sample->random = seed;
	sample->now_ms = START_MS;
	sample__words_load(&sample->words);
	return sample;
}

struct sample *sample_free(struct sample *sample)
{
	if (sample)
		free(sample->out.bytes);
	free(sample);
	return NULL;
}

void sample_allow_disconnect(struct sample *sample)
{
	sample->disconnects = true;
}

static enum sample_kind choose_kind(struct sample *sample)
{
	uint32_t roll = sample__below(sample, 10000);
	unsigned at = 0;

	while (roll >= shares[at].share)
		roll -= shares[at++].share;
	if (shares[at].kind == SAMPLE_DISCONNECT && !sample->disconnects)
		return SAMPLE_EVENT;
	if (shares[at].kind == SAMPLE_DELETE && sample->history_len == 0)
		return SAMPLE_TWEET;
	return shares[at].kind;
}

static unsigned put_message(struct sample *sample, enum sample_kind kind)
{
	if (kind == SAMPLE_TWEET)
		return sample__put_tweet(sample);
	if (kind == SAMPLE_RETWEET)
		return sample__put_retweet(sample);
	sample__put_notice(sample, kind);
	return 0;
}

/* A site stream's envelope, one in 300; its address is a number or a string. */
static unsigned put_enveloped(struct sample *sample, enum sample_kind kind)
{
	const bool string = sample__chance(sample, 50);
	struct out *out = &sample->out;
	unsigned traits;

	sample__put(out, string ? "{'for_user':'%u','message':" : "{'for_user':%u,'message':",
		sample__person(sample, sample__someone(sample)).id);
	traits = put_message(sample, kind);
	sample__put(out, "}");
	return traits | SAMPLE_ENVELOPED;
}

static void count(struct sample *sample, enum sample_kind kind, unsigned traits)
{
	sample->counts[kind]++;
	sample->total++;
	for (unsigned i = 0; i < 4; i++)
		sample->traits[i] += traits >> i & 1;
}

struct sample_message sample_next(struct sample *sample)
{
	const enum sample_kind kind = choose_kind(sample);
	const bool envelope = kind != SAMPLE_CONTROL && sample__below(sample, 300) == 0;
	unsigned traits;

	sample->now_ms += 1 + sample__below(sample, 39);
	sample->out.len = 0;
	traits = envelope ? put_enveloped(sample, kind) : put_message(sample, kind);
	count(sample, kind, traits);
	return (struct sample_message){
		.text = sample->out.bytes,
		.len = sample->out.len,
		.kind = kind,
		.traits = traits,
	};
}

uint64_t sample_count(const struct sample *sample, enum sample_kind kind)
{
	return kind < SAMPLE_KINDS ? sample->counts[kind] : sample->total;
}

uint64_t sample_trait_count(const struct sample *sample, enum sample_trait trait)
{
	for (unsigned i = 0; i < 4; i++)
		if (trait == 1u << i)
			return sample->traits[i];
	return 0;
}

const char *sample_kind_name(enum sample_kind kind)
{
	static const char *const names[SAMPLE_KINDS] = {
		[SAMPLE_TWEET] = "tweet",
		[SAMPLE_RETWEET] = "retweet",
		[SAMPLE_DELETE] = "delete",
		[SAMPLE_LIMIT] = "limit",
		[SAMPLE_SCRUB_GEO] = "scrub_geo",
		[SAMPLE_STATUS_WITHHELD] = "status_withheld",
		[SAMPLE_USER_WITHHELD] = "user_withheld",
		[SAMPLE_WARNING] = "warning",
		[SAMPLE_DISCONNECT] = "disconnect",
		[SAMPLE_EVENT] = "event",
		[SAMPLE_FRIENDS] = "friends",
		[SAMPLE_DIRECT_MESSAGE] = "direct_message",
		[SAMPLE_CONTROL] = "control",
		[SAMPLE_COMPLIANCE] = "compliance",
	};

	return kind < SAMPLE_KINDS ? names[kind] : NULL;
}
