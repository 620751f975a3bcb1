/* SPDX-License-Identifier: MIT */
/*
 * What a real broker does to a stream, and what becomes of its messages: leaders move, replicas are
 * missing, rights are taken away, topics vanish, messages are too large, quotas hold back. Each
 * prints its row: what was sent, delivered, set aside, retried, and how long that took.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "kafka/row.h"
#include "support/drive.h"
#include "support/run.h"

#define MEGABYTES_10 10000000u

/* A test that failed may have left brokers held or dead. */
static void mend(void)
{
	cluster_do("resume", "all");
	cluster_do("start", "all");
}

/* ---- too large ---- */

static const struct {
	const char *name, *topic;
	const char *message_max_bytes;	/* of the client; NULL: the default, 1,000,000 */
	size_t len;
} too_large[] = {
	{ "10 MB, too large for the client", "large-client", NULL, MEGABYTES_10 },
	{ "10 MB, too large for the topic", "large-topic", "20000000", MEGABYTES_10 },
};

START_TEST(a_message_too_large_is_set_aside_and_the_stream_goes_on)
{
	struct row row = { .name = too_large[_i].name, .topic = too_large[_i].topic };

	cluster_make_topic(row.topic, 1, 3, NULL, NULL);
	row_new(&row, cluster_address());
	kafka_rig_set(row.rig, "compression.codec", "none");
	if (too_large[_i].message_max_bytes)
		kafka_rig_set(row.rig, "message.max.bytes", too_large[_i].message_max_bytes);
	row_start(&row);
	row_push(&row, 20, 100);
	row_push(&row, 1, too_large[_i].len);
	row_send(&row, 20, 100);
	row_check(&row, 40, 1);
	row_check_dead(&row, 1, "MSG_SIZE_TOO_LARGE");
	row_check_read(&row, 40);
	row_end(&row);
}
END_TEST

/*
 * The topic's limit is for the batch: librdkafka does not take one apart, the broker refuses it
 * whole. With batch.size at the topic's limit, a message is only refused for its own size.
 */
static const struct {
	const char *name, *topic;
	const char *batch_size;
	uint64_t least_delivered;
} batches[] = {
	{ "batch.size at max.message.bytes", "batch-fits", "10000", 200 },
	{ "batch.size above max.message.bytes", "batch-above", "1000000", 0 },
};

START_TEST(a_topics_limit_is_for_batches)
{
	struct row row = { .name = batches[_i].name, .topic = batches[_i].topic };
	uint64_t delivered;

	cluster_make_topic(row.topic, 1, 3, "max.message.bytes", "10000");
	row_new(&row, cluster_address());
	kafka_rig_set(row.rig, "compression.codec", "none");
	kafka_rig_set(row.rig, "batch.size", batches[_i].batch_size);
	row_start(&row);
	row_send(&row, 200, 1000);
	delivered = metrics_of(row.rig->pipeline).all.delivered;
	ck_assert_uint_ge(delivered, batches[_i].least_delivered);
	row_check(&row, delivered, 200 - delivered);
	row_check_dead(&row, 200 - delivered, "MSG_SIZE_TOO_LARGE");
	row_check_read(&row, delivered);
	row_end(&row);
}
END_TEST

/* ---- rights ---- */

static void be_user_weir(struct row *row)
{
	kafka_rig_set(row->rig, "security.protocol", "SASL_PLAINTEXT");
	kafka_rig_set(row->rig, "sasl.mechanism", "PLAIN");
	kafka_rig_set(row->rig, "sasl.username", "weir");
	kafka_rig_set(row->rig, "sasl.password", "weir-secret");
}

START_TEST(a_forbidden_topic_is_for_dead_letters_and_the_others_go_on)
{
	struct row row = { .name = "a topic denied from the start", .topic = "allowed" };

	row_new(&row, cluster_users_address());
	be_user_weir(&row);
	row_start(&row);
	weir_route_add(row.rig->pipeline, WEIR_WITH(weir_route, .to = "denied", .name = "denied"),
		       row.rig->sink);
	row_send(&row, 20, 100);
	row_check(&row, 0, 20);	/* a message counts as a dead letter when one of its routes is */
	row_check_dead(&row, 20, "TOPIC_AUTHORIZATION_FAILED");
	row_check_read(&row, 20);
	row_end(&row);
}
END_TEST

START_TEST(a_right_that_is_withdrawn_makes_dead_letters_until_it_is_given_back)
{
	struct row row = { .name = "the right to write withdrawn, given back", .topic = "rights" };
	uint64_t dead;

	cluster_make_topic(row.topic, 1, 3, NULL, NULL);
	row_new(&row, cluster_users_address());
	be_user_weir(&row);
	row_start(&row);
	row_send(&row, 20, 100);
	row_check(&row, 20, 0);
	cluster_deny(row.topic);
	row_pass(&row, 1000);	/* until the brokers know */
	row_send(&row, 20, 100);
	row_check(&row, 20, 20);
	row_check_dead(&row, 20, "TOPIC_AUTHORIZATION_FAILED");
	cluster_allow(row.topic);
	dead = row_push_until_delivered(&row);
	row_send(&row, 20, 100);
	row_check(&row, 41, 20 + dead);
	row_check_read(&row, 41);
	row_end(&row);
}
END_TEST

/* ---- brokers and replicas ---- */

START_TEST(too_few_replicas_in_sync_are_waited_for)
{
	struct row row = { .name = "min.insync.replicas not met", .topic = "in-sync" };
	char follower[2] = "";

	cluster_make_topic(row.topic, 1, 3, "min.insync.replicas", "3");
	row_new(&row, cluster_address());
	row_start(&row);
	row_send(&row, 50, 100);
	follower[0] = (char)('1' + cluster_leader(row.topic, 0) % CLUSTER_BROKERS);
	cluster_do("kill", follower);
	row_push(&row, 50, 100);
	row_pass(&row, 8000);
	ck_assert_uint_eq(kafka_rig_metrics(row.rig).delivered, 50);
	ck_assert_uint_eq(metrics_of(row.rig->pipeline).all.in_flight, 50);
	cluster_do("start", follower);
	row_settle(&row);
	row_check(&row, 100, 0);
	row_check_read(&row, 100);
	row_end(&row);
}
END_TEST

START_TEST(a_leader_that_dies_is_followed_by_another)
{
	struct row row = { .name = "the leader killed", .topic = "leader" };
	char leader[2] = "";

	cluster_make_topic(row.topic, 1, 3, "min.insync.replicas", "2");
	row_new(&row, cluster_address());
	row_start(&row);
	row_send(&row, 100, 100);
	leader[0] = (char)('0' + cluster_leader(row.topic, 0));
	cluster_do("kill", leader);
	row_send(&row, 100, 100);
	ck_assert_int_ne(cluster_leader(row.topic, 0), leader[0] - '0');
	cluster_do("start", leader);
	row_send(&row, 100, 100);
	row_check(&row, 300, 0);
	row_check_read(&row, 300);
	row_end(&row);
}
END_TEST

/* A burst of a few seconds' worth is let through first, so it is sent to until it is felt. */
static void push_until_slow(struct row *row)
{
	for (unsigned rounds = 0; row->slowest_ms < 2000; rounds++) {
		ck_assert_msg(rounds < 40, "20 MB went through within 2 s each 500 KB");
		row_send(row, 20, 25000);
	}
}

START_TEST(a_quota_slows_the_stream_and_loses_nothing)
{
	struct row row = { .name = "a quota of 250,000 bytes/s", .topic = "quota" };
	const char *const address = cluster_address();

	cluster_make_topic(row.topic, 1, 3, NULL, NULL);
	row_new(&row, address);
	kafka_rig_set(row.rig, "compression.codec", "none");
	kafka_rig_set(row.rig, "client.id", "slow");
	row_start(&row);
	cluster_do("tool", "ConfigCommand", "--bootstrap-server", address, "--alter",
		   "--add-config", "producer_byte_rate=250000", "--entity-type", "clients",
		   "--entity-name", "slow");
	row_pass(&row, 1000);	/* until the brokers know */
	push_until_slow(&row);
	row_send(&row, 20, 25000);
	cluster_do("tool", "ConfigCommand", "--bootstrap-server", address, "--alter",
		   "--delete-config", "producer_byte_rate", "--entity-type", "clients",
		   "--entity-name", "slow");
	row_check(&row, row.sent, 0);
	row_check_read(&row, row.sent);
	row_end(&row);
}
END_TEST

/* ---- topics ---- */

/*
 * While the topic is gone its partition is unknown: what comes then is set aside, or waits for
 * the new topic when the client knew already. Either way each message is in one place, and counted.
 */
START_TEST(a_deleted_topic_is_made_again_where_brokers_make_topics)
{
	struct row row = { .name = "the topic deleted, brokers make topics",
			   .topic = "deleted-made" };
	uint64_t dead;

	cluster_make_topic(row.topic, 1, 3, NULL, NULL);
	row_new(&row, cluster_address());
	row_start(&row);
	row_send(&row, 50, 100);
	cluster_remove_topic(row.topic);
	row_pass(&row, 2000);	/* what comes sooner may be acknowledged, and deleted with it */
	row_send(&row, 50, 100);
	row_push_until_delivered(&row);
	row_send(&row, 50, 100);
	dead = metrics_of(row.rig->pipeline).all.dead_lettered;
	row_check(&row, row.sent - dead, dead);
	row_check_dead(&row, dead, "UNKNOWN");
	row_check_read(&row, row.sent - dead - 50);	/* the topic took the first 50 with it */
	row_end(&row);
}
END_TEST

#define BYTES_100 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name, *topic, *to, *fallback;
	const char *lang;
} names[] = {
	{ "a field 'no/such' in a topic's name", "names-0", "by-{lang}", "by-other", "no/such" },
	{ "a field '..' as a topic's name", "names-1", "{lang}", "other", ".." },
	{ "a topic's name of 300 bytes", "names-2", "{lang}{lang}{lang}", "otherotherother",
	  BYTES_100 },
};

START_TEST(what_would_be_an_illegal_name_goes_to_the_fallback)
{
	struct row row = { .name = names[_i].name, .topic = names[_i].topic };
	char body[128];
	const int len = snprintf(body, sizeof body, "{\"n\":0,\"lang\":\"%s\"}", names[_i].lang);

	row_new(&row, cluster_address());
	row.to = names[_i].to;
	row_start(&row);
	ck_assert_int_eq(weir_push(row.rig->source, WEIR_WITH(weir_message_init,
							      .body = { body, (size_t)len })),
			 WEIR_OK);
	row.sent++;
	row_settle(&row);
	row_check(&row, 1, 0);
	ck_assert_uint_eq(metrics_of(row.rig->pipeline).fallbacks, 1);
	row.topic = names[_i].fallback;
	row_check_read(&row, 1);
	row_end(&row);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 600);	/* its own waits are all bounded */
	tcase_add_checked_fixture(tcase, mend, NULL);
	suite_add_tcase(suite, tcase);
	return tcase;
}

/* CK_RUN_CASE=topics runs one of them. */
int main(void)
{
	Suite *suite = suite_create("a real broker's troubles");
	TCase *sizes = add_case(suite, "sizes"), *rights = add_case(suite, "rights");
	TCase *brokers = add_case(suite, "brokers"), *topics = add_case(suite, "topics");

	LOOP(sizes, a_message_too_large_is_set_aside_and_the_stream_goes_on, too_large);
	LOOP(sizes, a_topics_limit_is_for_batches, batches);
	tcase_add_test(rights, a_forbidden_topic_is_for_dead_letters_and_the_others_go_on);
	tcase_add_test(rights, a_right_that_is_withdrawn_makes_dead_letters_until_it_is_given_back);
	tcase_add_test(brokers, too_few_replicas_in_sync_are_waited_for);
	tcase_add_test(brokers, a_leader_that_dies_is_followed_by_another);
	tcase_add_test(brokers, a_quota_slows_the_stream_and_loses_nothing);
	tcase_add_test(topics, a_deleted_topic_is_made_again_where_brokers_make_topics);
	LOOP(topics, what_would_be_an_illegal_name_goes_to_the_fallback, names);
	return run_suite(suite);
}
