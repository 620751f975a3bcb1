/* SPDX-License-Identifier: MIT */
/*
 * The Kafka source in a group of two, on librdkafka's mock cluster: partitions change hands, and
 * what was under way of them is settled first, or is the other's as well. At least once: a commit
 * that meets a rebalance may be refused, and its records come again; none is ever missing.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/kafka_source_rig.h"
#include "support/run.h"

#define ENOUGH_MS 60000
#define PARTITIONS 4
#define EACH 25	/* records in each of them */
#define ALL (PARTITIONS * EACH)

static struct kafka_cluster cluster;
static struct kafka_reader *a, *b;

static void set_up(void)
{
	kafka_cluster_start(&cluster, 1);
	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster.mock, "in", PARTITIONS, 1), 0);
	for (int32_t i = 0; i < PARTITIONS; i++)
		kafka_fill(&cluster, "in", i, (unsigned)i * EACH, (unsigned)(i + 1) * EACH);
	a = kafka_reader_new(&cluster);
	b = kafka_reader_new(&cluster);
}

static void tear_down(void)
{
	kafka_cluster_stop(&cluster);
}

static bool a_has_all(void *user)
{
	(void)user;
	return a->recorder.count >= ALL;
}

static bool b_reads(void *user)
{
	(void)user;
	return strstr(b->fake.log, "partitions to read") != NULL;
}

static bool b_has_some(void *user)
{
	(void)user;
	return b->recorder.count >= EACH;
}

static bool a_is_asked(void *user)
{
	(void)user;
	return strstr(a->fake.log, "asked back") != NULL;
}

static bool both_have(void *user)
{
	const size_t *count = user;

	return a->recorder.count + b->recorder.count >= *count;
}

static bool never(void *user)
{
	(void)user;
	return false;
}

static void turn_until(bool (*until)(void *user), void *user, const char *what)
{
	ck_assert_msg(kafka_readers_turn(a, b->pipeline ? b : NULL, ENOUGH_MS, until, user),
		      "%s: never; a has %zu, b has %zu records\n%s\n%s", what, a->recorder.count,
		      b->recorder.count, a->fake.log, b->fake.log);
}

/* How often each record arrived. */
static void count_each(const struct recorder *recorder, unsigned *counts, unsigned size)
{
	unsigned n;

	for (size_t i = 0; i < recorder->count; i++) {
		ck_assert_int_eq(sscanf(recorder->records[i].body, "{\"n\":%u}", &n), 1);
		ck_assert_uint_lt(n, size);
		counts[n]++;
	}
}

static void end_both(void)
{
	kafka_reader_end(a);
	kafka_reader_end(b);
}

START_TEST(a_second_member_takes_its_share_and_nothing_is_lost)
{
	unsigned counts[ALL * 2] = { 0 };
	size_t want = ALL * 2;

	kafka_reader_start(a, &cluster, NULL);
	turn_until(a_has_all, NULL, "the first reads all");
	kafka_reader_start(b, &cluster, NULL);
	turn_until(b_reads, NULL, "the second has partitions");
	for (int32_t i = 0; i < PARTITIONS; i++)
		kafka_fill(&cluster, "in", i, ALL + (unsigned)i * EACH,
			   ALL + (unsigned)(i + 1) * EACH);
	turn_until(both_have, &want, "all is read");
	count_each(&a->recorder, counts, ALL * 2);
	count_each(&b->recorder, counts, ALL * 2);
	for (unsigned n = 0; n < ALL * 2; n++)
		ck_assert_msg(counts[n] >= 1, "record %u is lost", n);
	ck_assert_uint_ge(b->recorder.count, EACH);
	end_both();
}
END_TEST

START_TEST(what_is_under_way_is_settled_before_a_partition_is_given_back)
{
	unsigned counts[ALL] = { 0 };

	kafka_reader_start(a, &cluster, NULL);
	a->recorder.holds = true;
	turn_until(a_has_all, NULL, "the first reads all");
	kafka_reader_start(b, &cluster, NULL);
	turn_until(a_is_asked, NULL, "the first is asked for partitions");
	ck_assert_ptr_null(strstr(a->fake.log, "given back"));
	recorder_let_go(&a->recorder);
	turn_until(b_reads, NULL, "the second has partitions");
	kafka_readers_turn(a, b, 500, never, NULL);
	count_each(&a->recorder, counts, ALL);
	count_each(&b->recorder, counts, ALL);
	for (unsigned n = 0; n < ALL; n++)
		ck_assert_msg(counts[n] >= 1, "record %u is lost\n%s\n%s", n, a->fake.log,
			      b->fake.log);
	for (int32_t i = 0; i < PARTITIONS; i++)
		if (counts[i * EACH] == 1)	/* settled, and not read again */
			ck_assert_int_eq(kafka_committed(&cluster, "in", i), EACH);
	end_both();
}
END_TEST

START_TEST(nothing_of_a_partition_that_was_given_back_is_committed_afterwards)
{
	unsigned counts[ALL] = { 0 };
	unsigned taken = 0;

	kafka_reader_start(a, &cluster, NULL);
	a->recorder.holds = true;
	turn_until(a_has_all, NULL, "the first reads all");
	kafka_reader_start(b, &cluster, NULL);
	b->recorder.holds = true;
	turn_until(b_has_some, NULL, "the second reads again what the first had under way");
	ck_assert_ptr_nonnull(strstr(a->fake.log, "given back"));
	recorder_let_go(&a->recorder);
	kafka_readers_turn(a, b, 1000, never, NULL);	/* commits, each 50 ms, what is its own */
	count_each(&b->recorder, counts, ALL);
	for (unsigned i = 0; i < PARTITIONS; i++) {
		const int64_t committed = kafka_committed(&cluster, "in", (int32_t)i);

		taken += counts[i * EACH];
		if (counts[i * EACH])
			ck_assert_msg(committed < 0, "partition %u: %d committed", i,
				      (int)committed);
		else
			ck_assert_int_eq(committed, EACH);
	}
	ck_assert_uint_ge(taken, 1);
	ck_assert_uint_lt(taken, PARTITIONS);
	end_both();
}
END_TEST

/* The eager protocol takes all partitions back at every change. */
START_TEST(other_assignment_strategies_lose_nothing_either)
{
	unsigned counts[ALL * 2] = { 0 };
	size_t want = ALL * 2;

	kafka_reader_set(a, "partition.assignment.strategy", "range");
	kafka_reader_set(b, "partition.assignment.strategy", "range");
	kafka_reader_start(a, &cluster, NULL);
	turn_until(a_has_all, NULL, "the first reads all");
	kafka_reader_start(b, &cluster, NULL);
	turn_until(b_reads, NULL, "the second has partitions");
	for (int32_t i = 0; i < PARTITIONS; i++)
		kafka_fill(&cluster, "in", i, ALL + (unsigned)i * EACH,
			   ALL + (unsigned)(i + 1) * EACH);
	turn_until(both_have, &want, "all is read");
	count_each(&a->recorder, counts, ALL * 2);
	count_each(&b->recorder, counts, ALL * 2);
	for (unsigned n = 0; n < ALL * 2; n++)
		ck_assert_msg(counts[n] >= 1, "record %u is lost", n);
	end_both();
}
END_TEST

START_TEST(the_partitions_of_a_member_that_ends_are_taken_over)
{
	unsigned counts[ALL * 2] = { 0 };
	size_t want = ALL * 2;

	kafka_reader_start(a, &cluster, NULL);
	turn_until(a_has_all, NULL, "the first reads all");
	kafka_reader_start(b, &cluster, NULL);
	turn_until(b_reads, NULL, "the second has partitions");
	weir_pipeline_stop(b->pipeline);
	kafka_readers_turn(a, b, 500, never, NULL);
	ck_assert_int_eq(b->status, WEIR_END);
	b->pipeline = weir_pipeline_free(b->pipeline);
	for (int32_t i = 0; i < PARTITIONS; i++)
		kafka_fill(&cluster, "in", i, ALL + (unsigned)i * EACH,
			   ALL + (unsigned)(i + 1) * EACH);
	turn_until(both_have, &want, "all is read");
	count_each(&a->recorder, counts, ALL * 2);
	for (unsigned n = 0; n < ALL * 2; n++)
		ck_assert_msg(counts[n] >= 1, "record %u is lost", n);
	end_both();
}
END_TEST

static bool b_has_ended(void *user)
{
	(void)user;
	return b->status != WEIR_OK;
}

/* The second member is given none at first: the other has to give some back before. */
START_TEST(a_member_that_reads_to_the_end_waits_for_its_share)
{
	static struct fake_env clock;
	unsigned counts[ALL] = { 0 };
	unsigned shares = 0;

	fake_env_init(&clock);
	b->fake.env.clock = clock.env.clock;	/* stands still: b waits as long as it takes */
	b->options.until_end = true;
	kafka_reader_start(a, &cluster, NULL);
	a->recorder.holds = true;	/* so that nothing is committed */
	turn_until(a_has_all, NULL, "the first reads all");
	kafka_reader_start(b, &cluster, NULL);
	turn_until(b_has_ended, NULL, "the second ends");
	ck_assert_msg(b->status == WEIR_END, "%s", b->fake.log);
	count_each(&b->recorder, counts, ALL);
	for (unsigned n = 0; n < ALL; n++) {
		ck_assert_uint_eq(counts[n], counts[n / EACH * EACH]);
		shares += n % EACH == 0 && counts[n];
	}
	ck_assert_msg(shares >= 1, "%s\n%s", a->fake.log, b->fake.log);
	end_both();
}
END_TEST

/* The first has the only partition and keeps it; the second's clock is in its hands here. */
START_TEST(a_member_that_gets_no_share_ends_after_a_while)
{
	static const char *const topics[] = { "one" };
	static struct fake_env clock;
	unsigned waited_ms = 0;

	ck_assert_int_eq(rd_kafka_mock_topic_create(cluster.mock, "one", 1, 1), 0);
	kafka_fill(&cluster, "one", 0, 0, ALL);
	fake_env_init(&clock);
	b->fake.env.clock = clock.env.clock;
	a->options.topics = b->options.topics = topics;
	b->options.until_end = true;
	kafka_reader_start(a, &cluster, NULL);
	turn_until(a_has_all, NULL, "the first reads all");
	kafka_reader_start(b, &cluster, NULL);
	ck_assert(!kafka_readers_turn(a, b, 5000, b_has_ended, NULL));
	for (; b->status == WEIR_OK && waited_ms < ENOUGH_MS * 10; waited_ms += 500) {
		fake_env_advance(&clock, 500);
		kafka_readers_turn(a, b, 50, b_has_ended, NULL);
	}
	ck_assert_msg(b->status == WEIR_END, "%s\n%s", a->fake.log, b->fake.log);
	ck_assert_uint_ge(waited_ms, 10000);
	ck_assert_uint_eq(b->recorder.count, 0);
	ck_assert_ptr_null(strstr(a->fake.log, "asked back"));
	end_both();
}
END_TEST

static size_t count_waits(void)
{
	static const char words[] = "INFO in: group 'readers' has shared out no partitions for ";
	size_t count = 0;

	for (const char *at = a->fake.log; (at = strstr(at, words)); at += sizeof words)
		count++;
	return count;
}

/* The pipeline's clock goes on by so much, in one step; the source wants one each second. */
static const struct {
	uint64_t ms;
	size_t said;	/* by then */
} waits[] = { { 0, 0 }, { 9000, 0 }, { 1000, 1 }, { 20000, 1 }, { 39000, 1 }, { 1000, 2 }, { 60000, 3 } };

START_TEST(a_group_that_does_not_form_is_said_once_in_a_while)
{
	static struct fake_env clock;

	fake_env_init(&clock);
	a->fake.env.clock = clock.env.clock;
	a->options.brokers = "127.0.0.1:1";	/* nobody is there */
	kafka_reader_start(a, &cluster, NULL);
	kafka_readers_turn(a, NULL, 100, never, NULL);
	for (int i = 0; i < ROWS(waits); i++) {
		fake_env_advance(&clock, waits[i].ms);
		weir_pipeline_step(a->pipeline);
		ck_assert_msg(count_waits() == waits[i].said, "row %d: said %zu times\n%s", i,
			      count_waits(), a->fake.log);
	}
	ck_assert_msg(strstr(a->fake.log, "for 130 s"), "%s", a->fake.log);
	end_both();
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 240);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_second_member_takes_its_share_and_nothing_is_lost);
	tcase_add_test(tcase, what_is_under_way_is_settled_before_a_partition_is_given_back);
	tcase_add_test(tcase, nothing_of_a_partition_that_was_given_back_is_committed_afterwards);
	tcase_add_test(tcase, other_assignment_strategies_lose_nothing_either);
	tcase_add_test(tcase, the_partitions_of_a_member_that_ends_are_taken_over);
	tcase_add_test(tcase, a_member_that_reads_to_the_end_waits_for_its_share);
	tcase_add_test(tcase, a_member_that_gets_no_share_ends_after_a_while);
	tcase_add_test(tcase, a_group_that_does_not_form_is_said_once_in_a_while);
	return run_case("Kafka source in a group", tcase);
}
