/* SPDX-License-Identifier: MIT */
/*
 * A broker in a process of its own for the other benchmarks: librdkafka's mock cluster with the
 * topics "tweets", "retweets", "deletes" and "all". Prints its address, ends on SIGTERM.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdio.h>

int main(void)
{
	static const char *const topics[] = { "tweets", "retweets", "deletes", "all" };
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_mock_cluster_t *cluster;
	sigset_t signals;
	char why[256];
	rd_kafka_t *rk;
	int got;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	cluster = rk ? rd_kafka_mock_cluster_new(rk, 1) : NULL;
	if (!cluster)
		return 1;
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
		rd_kafka_mock_topic_create(cluster, topics[i], 4, 1);
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	sigwait(&signals, &got);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(rk);
	return 0;
}
