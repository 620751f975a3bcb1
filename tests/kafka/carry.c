/* SPDX-License-Identifier: MIT */
/* Carriers. Every wait is bounded. */
#include "kafka/carry.h"

#include <check.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kafka/cluster.h"
#include "kafka/numbered.h"

#define PATIENCE_MS 240000

/* ---- the worker ---- */

static weir_pipeline *pipeline;

static void stop(int signal_number)
{
	(void)signal_number;
	weir_pipeline_stop(pipeline);
}

static void write_log(void *user, enum weir_log_level level, const char *component,
		      const char *text)
{
	static const char *const names[] = { "", "ERROR", "WARN", "INFO", "DEBUG" };

	(void)user;
	fprintf(stderr, "%" PRIu64 " %d %s %s: %s\n", cluster_now_ms(), (int)getpid(),
		(size_t)level < sizeof names / sizeof *names ? names[level] : "", component, text);
}

static int work(const char *brokers, const char *from, const char *to, const char *id)
{
	static const struct weir_env env = {
		.size = sizeof env,
		.logger = { .write = write_log, .threshold = WEIR_LOG_INFO },
	};
	static const struct weir_property properties[] = {
		{ "session.timeout.ms", "6000" },
		{ "heartbeat.interval.ms", "500" },
	};
	weir_source *source;
	weir_sink *sink;
	enum weir_status status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env));
	signal(SIGTERM, stop);
	source = weir_kafka_source_add(
		pipeline, "from",
		WEIR_WITH(weir_kafka_source_options, .brokers = brokers,
			  .properties = properties, .property_count = 2, .group = CARRY_GROUP,
			  .topics = &from, .topic_count = 1, .kind = WEIR_KIND_RECORD));
	sink = weir_kafka_sink_add(pipeline, "to",
				   WEIR_WITH(weir_kafka_sink_options, .brokers = brokers,
					     .topic = to, .transactional_id = id,
					     .offsets_of = id ? source : NULL));
	weir_route_add(pipeline, NULL, sink);
	status = weir_pipeline_run(pipeline);
	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(pipeline)->text);
	weir_pipeline_free(pipeline);
	return status < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

bool carry_is_worker(int argc, char **argv)
{
	return argc == 6 && strcmp(argv[1], "worker") == 0;
}

int carry_work(char **argv)
{
	return work(argv[2], argv[3], argv[4], *argv[5] ? argv[5] : NULL);
}

/* Check's handler, inherited, would end the whole group: no signal meets it between fork and exec. */
pid_t carry_start(const char *from, const char *to, const char *id)
{
	sigset_t term, before;
	pid_t pid;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	pid = fork();
	if (pid == 0)
		signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl("/proc/self/exe", "carrier", "worker", cluster_address(), from, to,
		      id ? id : "", (char *)NULL);
		_exit(127);
	}
	return pid;
}

void carry_end(pid_t pid, int signal_number)
{
	int status;

	kill(pid, signal_number);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (signal_number == SIGTERM && !WIFSIGNALED(status))	/* else it had hardly begun */
		ck_assert_msg(WEXITSTATUS(status) == 0,
			      "a worker that was stopped ended with status %d", status);
}

/* ---- the topics ---- */

rd_kafka_t *carry_client(rd_kafka_type_t type, const char *group)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;
	char text[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", cluster_address(), text, sizeof text);
	rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
	if (group)
		rd_kafka_conf_set(conf, "group.id", group, text, sizeof text);
	if (type == RD_KAFKA_PRODUCER)
		rd_kafka_conf_set(conf, "linger.ms", "20", text, sizeof text);
	client = rd_kafka_new(type, conf, text, sizeof text);
	ck_assert_msg(client != NULL, "%s", text);
	return client;
}

void carry_fill(const char *topic, uint64_t from, uint64_t to)
{
	rd_kafka_t *client = carry_client(RD_KAFKA_PRODUCER, NULL);
	char body[NUMBERED_MOST_BYTES], key[16];

	for (uint64_t n = from; n < to;) {
		const size_t key_len = numbered_write(body, CARRY_BYTES, key, n);
		const rd_kafka_resp_err_t code = rd_kafka_producev(
			client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_VALUE(body, CARRY_BYTES),
			RD_KAFKA_V_KEY(key, key_len), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
			RD_KAFKA_V_END);

		rd_kafka_poll(client, code ? 20 : 0);
		n += code == RD_KAFKA_RESP_ERR_NO_ERROR;
		ck_assert_msg(!code || code == RD_KAFKA_RESP_ERR__QUEUE_FULL, "%s",
			      rd_kafka_err2str(code));
	}
	ck_assert_int_eq(rd_kafka_flush(client, 60000), 0);
	rd_kafka_destroy(client);
}

/* How many records the group has behind it. */
uint64_t carry_count(rd_kafka_t *client, const char *topic)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(CARRY_PARTITIONS);
	uint64_t count = 0;

	for (int i = 0; i < CARRY_PARTITIONS; i++)
		rd_kafka_topic_partition_list_add(list, topic, i);
	if (rd_kafka_committed(client, list, 10000) == RD_KAFKA_RESP_ERR_NO_ERROR)
		for (int i = 0; i < CARRY_PARTITIONS; i++)
			count += list->elems[i].offset > 0 ? (uint64_t)list->elems[i].offset : 0;
	rd_kafka_topic_partition_list_destroy(list);
	return count;
}

/* Waits until the group has so many behind it. */
void carry_await(rd_kafka_t *client, const char *topic, uint64_t count)
{
	const uint64_t until_ms = cluster_now_ms() + PATIENCE_MS;
	uint64_t now;

	while ((now = carry_count(client, topic)) < count) {
		ck_assert_msg(cluster_now_ms() < until_ms,
			      "%" PRIu64 " of %" PRIu64 " are committed, and no more", now, count);
		poll(NULL, 0, 50);
	}
}
