/* SPDX-License-Identifier: MIT */
/* The sample generator: valid, reproducible, in its stated shares, and consistent with itself. */
#include "../../tools/sample/sample.h"
#include "support/run.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MANY 20000

static bool is_printable(const struct sample_message *m)
{
	for (size_t at = 0; at < m->len; at++)
		if (m->text[at] < 0x20 || m->text[at] > 0x7e)
			return false;
	return true;
}

START_TEST(every_message_is_ascii_json)
{
	struct sample *sample = sample_new(11);

	sample_allow_disconnect(sample);
	for (int i = 0; i < MANY; i++) {
		const struct sample_message m = sample_next(sample);
		json_error_t error;
		json_t *json = json_loadb(m.text, m.len, JSON_REJECT_DUPLICATES, &error);

		ck_assert_msg(json_is_object(json), "message %d: %s", i, error.text);
		ck_assert_msg(is_printable(&m), "message %d", i);
		json_decref(json);
	}
	sample_free(sample);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_bytes)
{
	struct sample *a = sample_new(5), *b = sample_new(5), *c = sample_new(6);
	int others = 0;

	for (int i = 0; i < 2000; i++) {
		const struct sample_message one = sample_next(a), two = sample_next(b);
		const struct sample_message other = sample_next(c);

		ck_assert_uint_eq(one.len, two.len);
		ck_assert_mem_eq(one.text, two.text, one.len);
		others += other.len != one.len || memcmp(other.text, one.text, one.len) != 0;
	}
	ck_assert_int_gt(others, 1900);
	sample_free(a);
	sample_free(b);
	sample_free(c);
}
END_TEST

/* FNV-1a over 3000 messages. A change of the generator changes it; a compiler must not. */
START_TEST(the_bytes_are_the_same_on_every_machine)
{
	struct sample *sample = sample_new(1);
	uint64_t hash = 0xcbf29ce484222325u;

	for (int i = 0; i < 3000; i++) {
		const struct sample_message m = sample_next(sample);

		for (size_t at = 0; at < m.len; at++)
			hash = (hash ^ (unsigned char)m.text[at]) * 0x100000001b3u;
	}
	ck_assert_msg(hash == 0xa1c146826d0e7d27u, "the hash is %#" PRIx64, hash);
	sample_free(sample);
}
END_TEST

static const struct {
	enum sample_kind kind;
	double low, high;	/* percent */
} shares[] = {
	{ SAMPLE_TWEET, 52.5, 55.5 },
	{ SAMPLE_RETWEET, 34.5, 37.5 },
	{ SAMPLE_DELETE, 6.3, 7.7 },
	{ SAMPLE_LIMIT, 0.4, 1.2 },
	{ SAMPLE_SCRUB_GEO, 0.05, 0.8 },
	{ SAMPLE_STATUS_WITHHELD, 0.05, 0.8 },
	{ SAMPLE_USER_WITHHELD, 0.05, 0.8 },
	{ SAMPLE_WARNING, 0.05, 0.8 },
	{ SAMPLE_DISCONNECT, 0, 0 },
	{ SAMPLE_EVENT, 0.05, 1.2 },
	{ SAMPLE_FRIENDS, 0.02, 0.8 },
	{ SAMPLE_DIRECT_MESSAGE, 0.02, 0.8 },
	{ SAMPLE_CONTROL, 0.01, 0.5 },
	{ SAMPLE_COMPLIANCE, 0.05, 0.8 },
};

START_TEST(a_kind_has_its_share)
{
	const enum sample_kind kind = shares[_i].kind;
	struct sample *sample = sample_new(1);
	double percent;

	for (int i = 0; i < MANY; i++)
		sample_next(sample);
	percent = 100.0 * (double)sample_count(sample, kind) / MANY;
	ck_assert_uint_eq(sample_count(sample, SAMPLE_KINDS), MANY);
	ck_assert_msg(percent >= shares[_i].low && percent <= shares[_i].high, "%s: %.2f %%",
		      sample_kind_name(kind), percent);
	sample_free(sample);
}
END_TEST

START_TEST(the_mean_is_about_three_kilobytes)
{
	struct sample *sample = sample_new(2);
	size_t bytes = 0;

	for (int i = 0; i < MANY; i++)
		bytes += sample_next(sample).len;
	ck_assert_uint_ge(bytes / MANY, 2700);
	ck_assert_uint_le(bytes / MANY, 3600);
	for (unsigned trait = SAMPLE_REPLY; trait <= SAMPLE_ENVELOPED; trait <<= 1)
		ck_assert_uint_gt(sample_trait_count(sample, trait), 10);
	sample_free(sample);
}
END_TEST

START_TEST(disconnects_come_only_when_allowed)
{
	struct sample *sample = sample_new(3);

	sample_allow_disconnect(sample);
	for (int i = 0; i < MANY; i++)
		sample_next(sample);
	ck_assert_uint_gt(sample_count(sample, SAMPLE_DISCONNECT), 0);
	sample_free(sample);
}
END_TEST

static uint64_t number(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? strtoull(text, NULL, 10) : 0;
}

/* Calls `visit` with each message, out of its envelope. */
static void each_message(uint64_t seed, void (*visit)(const struct sample_message *m,
						      const json_t *json, void *user),
			 void *user)
{
	struct sample *sample = sample_new(seed);

	for (int i = 0; i < 5000; i++) {
		const struct sample_message m = sample_next(sample);
		json_t *json = json_loadb(m.text, m.len, 0, NULL);
		const json_t *inner = json_object_get(json, "message");

		ck_assert_int_eq(inner != NULL, (m.traits & SAMPLE_ENVELOPED) != 0);
		visit(&m, inner ? inner : json, user);
		json_decref(json);
	}
	sample_free(sample);
}

static void check_status(const struct sample_message *m, const json_t *json, void *user)
{
	const uint64_t id = number(json, "id_str");

	(void)user;
	if (m->kind != SAMPLE_TWEET && m->kind != SAMPLE_RETWEET)
		return;
	ck_assert_uint_gt(id, (uint64_t)1 << 53);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "id")), (json_int_t)id);
	ck_assert_uint_eq((id >> 22) + 1288834974657u, number(json, "timestamp_ms"));
	ck_assert_int_eq(json_is_object(json_object_get(json, "retweeted_status")),
			 m->kind == SAMPLE_RETWEET);
	if (m->kind == SAMPLE_RETWEET)
		return;
	ck_assert_int_eq(json_is_string(json_object_get(json, "in_reply_to_status_id_str")),
			 (m->traits & SAMPLE_REPLY) != 0);
	ck_assert_int_eq(json_is_true(json_object_get(json, "is_quote_status")),
			 (m->traits & SAMPLE_QUOTE) != 0);
	ck_assert_int_eq(json_is_object(json_object_get(json, "extended_tweet")),
			 (m->traits & SAMPLE_EXTENDED) != 0);
}

START_TEST(ids_times_and_traits_agree)
{
	each_message(4, check_status, NULL);
}
END_TEST

struct seen {
	uint64_t ids[5000];
	size_t count;
	unsigned deletes;
};

static void check_delete(const struct sample_message *m, const json_t *json, void *user)
{
	struct seen *seen = user;
	uint64_t id;

	if (m->kind == SAMPLE_TWEET || m->kind == SAMPLE_RETWEET)
		seen->ids[seen->count++] = number(json, "id_str");
	if (m->kind != SAMPLE_DELETE)
		return;
	seen->deletes++;
	id = number(json_object_get(json_object_get(json, "delete"), "status"), "id_str");
	for (size_t i = 0; i < seen->count; i++) {
		if (seen->ids[i] != id)
			continue;
		seen->ids[i] = 0;	/* a second delete of it would fail */
		return;
	}
	ck_abort_msg("a delete names %" PRIu64 ", which was not sent", id);
}

START_TEST(a_delete_names_a_status_sent_before)
{
	struct seen *seen = calloc(1, sizeof *seen);

	each_message(7, check_delete, seen);
	ck_assert_uint_gt(seen->deletes, 200);
	free(seen);
}
END_TEST

/* The code points from..to of a text. */
static void cut_points(const char *text, json_int_t from, json_int_t to, char *ret_piece)
{
	json_int_t point = -1;

	for (; *text; text++) {
		point += ((unsigned char)*text & 0xc0) != 0x80;
		if (point >= from && point < to)
			*ret_piece++ = *text;
	}
	*ret_piece = 0;
}

static void check_marks(const char *text, const json_t *list, const char *prefix, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item) {
		const json_t *indices = json_object_get(item, "indices");
		char piece[512], want[512];

		cut_points(text, json_integer_value(json_array_get(indices, 0)),
			   json_integer_value(json_array_get(indices, 1)), piece);
		snprintf(want, sizeof want, "%s%s", prefix,
			 json_string_value(json_object_get(item, name)));
		ck_assert_str_eq(piece, want);
	}
}

static void check_entities(const char *text, const json_t *entities)
{
	check_marks(text, json_object_get(entities, "hashtags"), "#", "text");
	check_marks(text, json_object_get(entities, "urls"), "", "url");
	check_marks(text, json_object_get(entities, "user_mentions"), "@", "screen_name");
	check_marks(text, json_object_get(entities, "media"), "", "url");
}

static void check_positions(const struct sample_message *m, const json_t *json, void *user)
{
	const json_t *extended = json_object_get(json, "extended_tweet");

	(void)user;
	if (m->kind != SAMPLE_TWEET && m->kind != SAMPLE_RETWEET)
		return;
	check_entities(json_string_value(json_object_get(json, "text")),
		       json_object_get(json, "entities"));
	if (extended)
		check_entities(json_string_value(json_object_get(extended, "full_text")),
			       json_object_get(extended, "entities"));
}

START_TEST(entities_stand_where_they_say)
{
	each_message(9, check_positions, NULL);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sample");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_message_is_ascii_json);
	tcase_add_test(tcase, the_same_seed_gives_the_same_bytes);
	tcase_add_test(tcase, the_bytes_are_the_same_on_every_machine);
	LOOP(tcase, a_kind_has_its_share, shares);
	tcase_add_test(tcase, the_mean_is_about_three_kilobytes);
	tcase_add_test(tcase, disconnects_come_only_when_allowed);
	tcase_add_test(tcase, ids_times_and_traits_agree);
	tcase_add_test(tcase, a_delete_names_a_status_sent_before);
	tcase_add_test(tcase, entities_stand_where_they_say);
	return run_case("sample", tcase);
}
