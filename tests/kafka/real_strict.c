/* SPDX-License-Identifier: MIT */
/*
 * A cluster where nobody makes topics but the administrator, and where a broker is missing that
 * comes later: topics that are not there, topics that are deleted, partitions that move to the new
 * broker. Each prints its row.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kafka/row.h"
#include "support/drive.h"
#include "support/run.h"

START_TEST(a_topic_that_is_not_there_is_for_dead_letters)
{
	struct row row = { .name = "an unknown topic, brokers make none", .topic = "unknown" };

	row_new(&row, cluster_address());
	kafka_rig_set(row.rig, "topic.metadata.propagation.max.ms", "3000");
	row_start(&row);
	row_send(&row, 20, 100);
	row_check(&row, 0, 20);
	row_check_dead(&row, 20, "UNKNOWN_TOPIC");
	row_end(&row);
}
END_TEST

START_TEST(a_topic_that_is_made_late_is_waited_for)
{
	struct row row = { .name = "a topic made 2 s after the first message", .topic = "late" };

	row_new(&row, cluster_address());
	row_start(&row);
	row_push(&row, 20, 100);
	row_pass(&row, 2000);
	ck_assert_uint_eq(metrics_of(row.rig->pipeline).all.in_flight, 20);
	cluster_make_topic(row.topic, 1, 1, NULL, NULL);
	row_settle(&row);
	row_check(&row, 20, 0);
	row_check_read(&row, 20);
	row_end(&row);
}
END_TEST

START_TEST(a_deleted_topic_is_for_dead_letters_until_it_is_made_again)
{
	struct row row = { .name = "the topic deleted, brokers make none", .topic = "deleted" };
	uint64_t dead;

	cluster_make_topic(row.topic, 1, 1, NULL, NULL);
	row_new(&row, cluster_address());
	kafka_rig_set(row.rig, "topic.metadata.propagation.max.ms", "3000");
	row_start(&row);
	row_send(&row, 50, 100);
	cluster_remove_topic(row.topic);
	row_pass(&row, 2000);	/* what comes sooner may be acknowledged, and deleted with it */
	row_send(&row, 50, 100);
	row_check(&row, 50, 50);
	row_check_dead(&row, 50, "UNKNOWN_");
	cluster_make_topic(row.topic, 1, 1, NULL, NULL);
	dead = row_push_until_delivered(&row);
	row_send(&row, 50, 100);
	row_check(&row, 101, 50 + dead);
	row_check_read(&row, 51);
	row_end(&row);
}
END_TEST

static void write_plan(const char *path, const char *topic, int broker)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "{\"version\":1,\"partitions\":[{\"topic\":\"%s\",\"partition\":0,"
		      "\"replicas\":[%d]}]}", topic, broker);
	fclose(file);
}

START_TEST(a_broker_that_is_added_takes_partitions_over)
{
	struct row row = { .name = "a broker added, the partition moved to it", .topic = "moved" };
	char plan[] = "/tmp/weir-plan-XXXXXX";
	const int fd = mkstemp(plan);

	ck_assert_int_ge(fd, 0);
	close(fd);
	cluster_make_topic(row.topic, 1, 1, NULL, NULL);
	row_new(&row, cluster_address());
	row_start(&row);
	row_send(&row, 100, 100);
	cluster_do("start", "3");
	write_plan(plan, row.topic, 3);
	cluster_do("tool", "ReassignPartitionsCommand", "--bootstrap-server", cluster_address(),
		   "--reassignment-json-file", plan, "--execute");
	row_send(&row, 100, 100);
	while (cluster_leader(row.topic, 0) != 3)
		row_pass(&row, 100);
	row_send(&row, 100, 100);
	row_check(&row, 300, 0);
	row_check_read(&row, 300);
	row_end(&row);
	unlink(plan);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("a cluster that makes no topics");
	TCase *topics = tcase_create("topics"), *brokers = tcase_create("brokers");

	tcase_set_timeout(topics, 600);	/* its own waits are all bounded */
	tcase_set_timeout(brokers, 600);
	tcase_add_test(topics, a_topic_that_is_not_there_is_for_dead_letters);
	tcase_add_test(topics, a_topic_that_is_made_late_is_waited_for);
	tcase_add_test(topics, a_deleted_topic_is_for_dead_letters_until_it_is_made_again);
	tcase_add_test(brokers, a_broker_that_is_added_takes_partitions_over);
	suite_add_tcase(suite, topics);
	suite_add_tcase(suite, brokers);
	return run_suite(suite);
}
