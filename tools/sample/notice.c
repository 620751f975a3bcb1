/* SPDX-License-Identifier: MIT */
/*
 * Everything that is not a status: deletes, limits, withheld content, warnings, events, …
 *
 * Guarantees: a delete names a status that was sent before, and only once; limit.track never
 * shrinks; the rarer shapes of a kind occur too. Called for one kind at a time.
 */
#include "internal.h"

typedef void put_fn(struct sample *sample, struct out *out);

static uint64_t user_id(struct sample *sample)
{
	return sample__person(sample, sample__someone(sample)).id;
}

static void put_delete(struct sample *sample, struct out *out)
{
	const unsigned at = sample__below(sample, sample->history_len);
	const struct sent sent = sample->history[at];
	const uint64_t user = sample__person(sample, sent.user).id;

	sample->history[at] = sample->history[--sample->history_len];
	sample__put(out, "{'delete':{'status':{'id':%u,'id_str':'%u','user_id':%u,"
		"'user_id_str':'%u'},'timestamp_ms':'%u'}}",
		sent.id, sent.id, user, user, sample->now_ms);
}

static void put_limit(struct sample *sample, struct out *out)
{
	sample->limited += 1 + sample__below(sample, 40);
	sample__put(out, "{'limit':{'track':%u,'timestamp_ms':'%u'}}", sample->limited,
		sample->now_ms);
}

static void put_scrub_geo(struct sample *sample, struct out *out)
{
	const uint64_t user = user_id(sample);
	const uint64_t id = sample__id_at(sample, sample->now_ms - 86400000);

	sample__put(out, "{'scrub_geo':{'user_id':%u,'user_id_str':'%u','up_to_status_id':%u,"
		"'up_to_status_id_str':'%u'},'timestamp_ms':'%u'}",
		user, user, id, id, sample->now_ms);
}

static const char *countries(struct sample *sample)
{
	static const char *const lists[] = { "'DE','AR'", "'XX'", "'XY'", "'TR'" };

	return lists[sample__below(sample, 4)];
}

/* The public stream's shape, or the compliance feed's, one level deeper. */
static void put_status_withheld(struct sample *sample, struct out *out)
{
	const uint64_t user = user_id(sample);
	const uint64_t id = sample__id_at(sample, sample->now_ms - 3600000);

	if (sample__chance(sample, 60))
		sample__put(out, "{'status_withheld':{'id':%u,'user_id':%u,", id, user);
	else
		sample__put(out, "{'status_withheld':{'status':{'id':%u,'id_str':'%u',"
			"'user_id':%u,'user_id_str':'%u'},", id, id, user, user);
	sample__put(out, "'withheld_in_countries':[");
	sample__put(out, countries(sample));
	sample__put(out, "],'timestamp_ms':'%u'}}", sample->now_ms);
}

static void put_user_withheld(struct sample *sample, struct out *out)
{
	const uint64_t user = user_id(sample);

	if (sample__chance(sample, 60))
		sample__put(out, "{'user_withheld':{'id':%u,", user);
	else
		sample__put(out, "{'user_withheld':{'user':{'id':%u,'id_str':'%u'},", user, user);
	sample__put(out, "'withheld_in_countries':[");
	sample__put(out, countries(sample));
	sample__put(out, "],'timestamp_ms':'%u'}}", sample->now_ms);
}

static void put_warning(struct sample *sample, struct out *out)
{
	if (sample__chance(sample, 75))
		sample__put(out, "{'warning':{'code':'FALLING_BEHIND','message':'Messages for this "
			"connection wait at the pier. The boat leaves when the queue is full.',"
			"'percent_full':%u,'timestamp_ms':'%u'}}",
			(uint64_t)60 + sample__below(sample, 40), sample->now_ms);
	else
		sample__put(out, "{'warning':{'code':'FOLLOWS_OVER_LIMIT','message':'This account "
			"follows more people than one ferry carries.','user_id':%u,"
			"'timestamp_ms':'%u'}}", user_id(sample), sample->now_ms);
}

static void put_disconnect(struct sample *sample, struct out *out)
{
	static const struct {
		uint64_t code;
		const char *reason;
	} reasons[] = {
		{ 1, "the feed shuts down" },	{ 4, "the client reads too slowly" },
		{ 7, "admin logout" },		{ 10, "stream exception" },
		{ 12, "shed load" },
	};
	const unsigned at = sample__below(sample, sizeof reasons / sizeof reasons[0]);

	sample__put(out, "{'disconnect':{'code':%u,'stream_name':'mossgrove-statuses%u',"
		"'reason':'%s'}}", reasons[at].code, (uint64_t)sample__below(sample, 999999),
		reasons[at].reason);
}

enum target { TARGET_NONE, TARGET_TWEET, TARGET_LIST };

static void put_list(struct sample *sample, struct out *out, uint32_t owner)
{
	const uint64_t id = 100000 + sample__below(sample, 900000);

	sample__put(out, "{'id':%u,'id_str':'%u','name':'slow boats','slug':'slow-boats',"
		"'uri':'/lists/slow-boats','mode':'public','description':'','following':false,"
		"'member_count':%u,'subscriber_count':0,'user':",
		id, id, (uint64_t)sample__below(sample, 200));
	sample__put_user(sample, owner);
	sample__put(out, "}");
}

static void put_event(struct sample *sample, struct out *out)
{
	static const struct {
		const char *name;
		enum target target;
	} events[] = {
		{ "favorite", TARGET_TWEET },	    { "unfavorite", TARGET_TWEET },
		{ "follow", TARGET_NONE },	    { "block", TARGET_NONE },
		{ "list_member_added", TARGET_LIST }, { "quoted_tweet", TARGET_TWEET },
		{ "user_update", TARGET_NONE },	    { "favorited_retweet", TARGET_TWEET },
	};
	const unsigned at = sample__below(sample, sizeof events / sizeof events[0]);
	const uint32_t source = sample__someone(sample);
	const uint32_t target = at == 6 ? source : sample__someone(sample);

	sample__put(out, "{'event':'%s','created_at':'%t','source':", events[at].name,
		sample->now_ms);
	sample__put_user(sample, source);
	sample__put(out, ",'target':");
	sample__put_user(sample, target);
	if (events[at].target != TARGET_NONE)
		sample__put(out, ",'target_object':");
	if (events[at].target == TARGET_TWEET)
		sample__put_plain_tweet(sample, sample->now_ms, target);
	else if (events[at].target == TARGET_LIST)
		put_list(sample, out, source);
	sample__put(out, "}");
}

static void put_friends(struct sample *sample, struct out *out)
{
	const bool strings = sample__chance(sample, 30);
	const unsigned count = sample__below(sample, 300);

	sample__put(out, strings ? "{'friends_str':[" : "{'friends':[");
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			sample__put(out, ",");
		sample__put(out, strings ? "'%u'" : "%u", user_id(sample));
	}
	sample__put(out, "]}");
}

static void put_direct_message(struct sample *sample, struct out *out)
{
	const uint64_t id = sample__id_at(sample, sample->now_ms);
	const uint32_t sender = sample__someone(sample), recipient = sample__someone(sample);
	struct passage text;

	sample__compose(sample, &text, 20, NULL);
	sample__put(out, "{'direct_message':{'id':%u,'id_str':'%u','text':'", id, id);
	sample__put_bytes(out, text.bytes, text.len);
	sample__put(out, "','created_at':'%t','sender_id':%u,'sender_screen_name':'%s',"
		"'sender':", sample->now_ms, sample__person(sample, sender).id,
		sample__person(sample, sender).screen_name);
	sample__put_user(sample, sender);
	sample__put(out, ",'recipient_id':%u,'recipient_screen_name':'%s','recipient':",
		sample__person(sample, recipient).id,
		sample__person(sample, recipient).screen_name);
	sample__put_user(sample, recipient);
	sample__put(out, ",'entities':");
	sample__put_entities(sample, &text, text.points, id);
	sample__put(out, "}}");
}

static void put_control(struct sample *sample, struct out *out)
{
	const uint64_t site = sample__below(sample, 999999), key = sample__random(sample);

	sample__put(out, "{'control':{'control_uri':'/1.1/site/c/01_%u_%u'}}", site, key);
}

/* Changes of an account, a post hidden or shown again, an edited one. */
static void put_compliance(struct sample *sample, struct out *out)
{
	static const char *const changes[] = {
		"user_delete",	  "user_undelete", "user_protect",
		"user_unprotect", "user_suspend",  "user_unsuspend",
	};
	const uint64_t user = user_id(sample);
	const uint64_t id = sample__id_at(sample, sample->now_ms - 7200000);
	const unsigned roll = sample__below(sample, 9);

	if (roll < 6)
		sample__put(out, "{'%s':{'id':%u,'timestamp_ms':'%u'}}", changes[roll], user,
			sample->now_ms);
	else if (roll < 8)
		sample__put(out, "{'%s':{'status':{'id':%u,'id_str':'%u','user_id':%u,"
			"'user_id_str':'%u'},'timestamp_ms':'%u'}}",
			roll == 6 ? "drop" : "undrop", id, id, user, user, sample->now_ms);
	else
		sample__put(out, "{'tweet_edit':{'id':'%u','initial_tweet_id':'%u',"
			"'edit_tweet_ids':['%u','%u'],'timestamp_ms':'%u'}}",
			id, id - 4194304, id - 4194304, id, sample->now_ms);
}

void sample__put_notice(struct sample *sample, enum sample_kind kind)
{
	static put_fn *const puts[SAMPLE_KINDS] = {
		[SAMPLE_DELETE] = put_delete,
		[SAMPLE_LIMIT] = put_limit,
		[SAMPLE_SCRUB_GEO] = put_scrub_geo,
		[SAMPLE_STATUS_WITHHELD] = put_status_withheld,
		[SAMPLE_USER_WITHHELD] = put_user_withheld,
		[SAMPLE_WARNING] = put_warning,
		[SAMPLE_DISCONNECT] = put_disconnect,
		[SAMPLE_EVENT] = put_event,
		[SAMPLE_FRIENDS] = put_friends,
		[SAMPLE_DIRECT_MESSAGE] = put_direct_message,
		[SAMPLE_CONTROL] = put_control,
		[SAMPLE_COMPLIANCE] = put_compliance,
	};

	puts[kind](sample, &sample->out);
}
