/* SPDX-License-Identifier: MIT */
/*
 * How far the Kafka source is with its partitions: what is to be committed, also after librdkafka
 * has begun anew on a partition, at a lower offset.
 */
#include <check.h>

#include "connect/kafka/source_lane.h"
#include "support/memory.h"
#include "support/run.h"

#define FAR 1000

static struct counted_memory memory;
static struct weir_env env;
static struct weir__kafka_lanes lanes;
static struct weir__kafka_lane *lane;

static void init(void)
{
	memory = (struct counted_memory){ 0 };
	env = counted_env(&memory);
	ck_assert(weir__kafka_lane_take(&lanes, &env, "in", 7));
	lane = weir__kafka_lane_find(&lanes, "in", 7);
	ck_assert_ptr_nonnull(lane);
}

static void release(void)
{
	weir__kafka_lanes_release(&lanes, &env);
	ck_assert_uint_eq(memory.now_bytes, 0);
}

/* Up to that offset all is emitted and settled. */
static void deliver(uint64_t upto)
{
	lane->emitted = upto;
	weir__kafka_lane_settle(&lanes, 0, upto - 1);
}

/* The offset that goes with a transaction; -1: none does. */
static int64_t send_one(void)
{
	rd_kafka_topic_partition_list_t *list;
	int64_t offset = -1;

	weir__kafka_lanes_send(&lanes);
	list = weir__kafka_lanes_list_sent(&lanes);
	ck_assert_int_le(list->cnt, 1);
	if (list->cnt)
		offset = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return offset;
}

static const struct {
	const char *name;
	uint64_t committed, delivered;
	bool is_new;
} places[] = {
	{ "nothing was read", 0, 0, false },
	{ "the first was read", 0, 1, true },
	{ "more was read", FAR, FAR + 1, true },
	{ "nothing more was read", FAR, FAR, false },
	{ "the first again, after a reset", FAR, 1, true },
	{ "nearly as far again", FAR, FAR - 1, true },
};

START_TEST(what_was_delivered_is_to_be_committed_unless_it_is_already)
{
	const char *name = places[_i].name;

	if (places[_i].delivered)
		deliver(places[_i].delivered);
	lane->committed = places[_i].committed;
	ck_assert_msg(weir__kafka_lane_is_dirty(lane) == places[_i].is_new, "%s", name);
	ck_assert_msg(weir__kafka_lanes_are_dirty(&lanes) == places[_i].is_new, "%s", name);
}
END_TEST

START_TEST(what_was_emitted_goes_with_a_transaction_unless_it_did_already)
{
	const int64_t want = places[_i].is_new ? (int64_t)places[_i].delivered : -1;
	const char *name = places[_i].name;
	int64_t sent;

	lane->emitted = places[_i].delivered;
	lane->committed = places[_i].committed;
	ck_assert_msg(weir__kafka_lanes_have_new(&lanes) == places[_i].is_new, "%s", name);
	sent = send_one();
	ck_assert_msg(sent == want, "%s: %d", name, (int)sent);
	weir__kafka_lanes_commit_sent(&lanes);
	weir__kafka_lanes_forget_sent(&lanes);
	ck_assert_msg(!weir__kafka_lanes_have_new(&lanes), "%s", name);
	ck_assert_msg(send_one() < 0, "%s", name);
}
END_TEST

START_TEST(nothing_is_to_be_committed_of_a_partition_that_is_not_ours)
{
	deliver(FAR);
	weir__kafka_lane_leave(lane);
	ck_assert(!weir__kafka_lane_is_dirty(lane));
	ck_assert(!weir__kafka_lanes_have_new(&lanes));
	ck_assert_int_lt(send_one(), 0);
}
END_TEST

START_TEST(who_has_a_lane_next_begins_with_nothing)
{
	deliver(FAR);
	lane->committed = lane->sent = FAR / 2;
	weir__kafka_lane_leave(lane);
	ck_assert(weir__kafka_lane_take(&lanes, &env, "in", 7));
	ck_assert_uint_eq(lanes.count, 1);
	ck_assert(!weir__kafka_lane_is_dirty(lane));
	ck_assert_uint_eq(lane->sent, 0);
	ck_assert(!weir__kafka_lanes_have_new(&lanes));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("kafka lane");

	tcase_add_checked_fixture(tcase, init, release);
	LOOP(tcase, what_was_delivered_is_to_be_committed_unless_it_is_already, places);
	LOOP(tcase, what_was_emitted_goes_with_a_transaction_unless_it_did_already, places);
	tcase_add_test(tcase, nothing_is_to_be_committed_of_a_partition_that_is_not_ours);
	tcase_add_test(tcase, who_has_a_lane_next_begins_with_nothing);
	return run_case("kafka lane", tcase);
}
