/* SPDX-License-Identifier: MIT */
/* The real cluster. Every wait is bounded. */
#include "kafka/cluster.h"

#include <check.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOOL "tools/kafka"
#define MOST_WORDS 12
#define PATIENCE_MS 60000
#define ANSWERS 20	/* in a row, that know a topic that was just made */

uint64_t cluster_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t cluster_setting(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 10) : otherwise;
}

/* ---- tools/kafka ---- */

pid_t cluster_begin_words(const char *const *words)
{
	const char *all[MOST_WORDS + 2] = { TOOL };
	size_t count = 1;
	pid_t pid;

	for (; *words; words++) {
		ck_assert_uint_le(count, MOST_WORDS);
		all[count++] = *words;
	}
	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		union {
			const char **in;
			char *const *out;
		} arguments = { .in = all };

		dup2(STDERR_FILENO, STDOUT_FILENO);	/* figures alone go to ours */
		execv(TOOL, arguments.out);
		_exit(127);
	}
	return pid;
}

static void check_end(int status)
{
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      TOOL " failed: status %d; what it said is above", status);
}

bool cluster_has_ended(pid_t pid)
{
	int status;
	const pid_t got = waitpid(pid, &status, WNOHANG);

	ck_assert_int_ge(got, 0);
	if (got == 0)
		return false;
	check_end(status);
	return true;
}

void cluster_do_words(const char *const *words)
{
	const pid_t pid = cluster_begin_words(words);
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	check_end(status);
}

static const char *read_address(const char *command, char *text, int size)
{
	FILE *pipe = popen(command, "r");

	ck_assert_ptr_nonnull(pipe);
	ck_assert_msg(fgets(text, size, pipe) != NULL, "no cluster: KAFKA_NAME says which");
	pclose(pipe);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

const char *cluster_address(void)
{
	static char text[256];

	return *text ? text : read_address(TOOL " address", text, sizeof text);
}

const char *cluster_users_address(void)
{
	static char text[256];

	return *text ? text : read_address(TOOL " address users", text, sizeof text);
}

/* ---- the admin client ---- */

struct admin {
	rd_kafka_t *client;
	rd_kafka_queue_t *queue;
	rd_kafka_AdminOptions_t *options;
};

static struct admin admin_open(rd_kafka_admin_op_t what)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct admin admin;
	char text[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", cluster_address(), text, sizeof text);
	rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
	admin.client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	ck_assert_msg(admin.client != NULL, "%s", text);
	admin.queue = rd_kafka_queue_new(admin.client);
	admin.options = rd_kafka_AdminOptions_new(admin.client, what);
	rd_kafka_AdminOptions_set_request_timeout(admin.options, PATIENCE_MS, text, sizeof text);
	if (what != RD_KAFKA_ADMIN_OP_CREATEACLS && what != RD_KAFKA_ADMIN_OP_DELETEACLS)
		rd_kafka_AdminOptions_set_operation_timeout(admin.options, PATIENCE_MS / 2, text,
							    sizeof text);
	return admin;
}

static rd_kafka_event_t *admin_answer(const struct admin *admin)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, PATIENCE_MS);

	ck_assert_msg(event != NULL, "the cluster did not answer its administrator");
	ck_assert_msg(!rd_kafka_event_error(event), "%s", rd_kafka_event_error_string(event));
	return event;
}

static void admin_close(struct admin *admin, rd_kafka_event_t *event)
{
	rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(admin->options);
	rd_kafka_queue_destroy(admin->queue);
	rd_kafka_destroy(admin->client);
}

static void check_topics(const rd_kafka_topic_result_t **results, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(!rd_kafka_topic_result_error(results[i]), "topic '%s': %s",
			      rd_kafka_topic_result_name(results[i]),
			      rd_kafka_topic_result_error_string(results[i]));
}

/* ---- what the cluster says of a topic ---- */

static const struct rd_kafka_metadata *ask(rd_kafka_t *client, const char *topic,
					   rd_kafka_topic_t **ret_topic)
{
	const struct rd_kafka_metadata *metadata = NULL;

	*ret_topic = rd_kafka_topic_new(client, topic, NULL);
	rd_kafka_metadata(client, 0, *ret_topic, &metadata, PATIENCE_MS);
	return metadata;
}

static bool is_in_sync(const struct rd_kafka_metadata *metadata, int partitions, int replicas)
{
	const rd_kafka_metadata_topic_t *topic;

	if (!metadata || metadata->topic_cnt != 1)
		return false;
	topic = &metadata->topics[0];
	if (topic->err || topic->partition_cnt != partitions)
		return false;
	for (int i = 0; i < partitions; i++)
		if (topic->partitions[i].err || topic->partitions[i].leader < 0 ||
		    topic->partitions[i].isr_cnt != replicas)
			return false;
	return true;
}

/* Any broker answers, and one may not have heard of it yet: they are asked until none has not. */
static void wait_for_topic(rd_kafka_t *client, const char *name, int partitions, int replicas)
{
	const uint64_t until_ms = cluster_now_ms() + PATIENCE_MS;
	int fits = 0;

	while (fits < ANSWERS && cluster_now_ms() < until_ms) {
		rd_kafka_topic_t *topic;
		const struct rd_kafka_metadata *metadata = ask(client, name, &topic);

		fits = is_in_sync(metadata, partitions, replicas) ? fits + 1 : 0;
		rd_kafka_metadata_destroy(metadata);
		rd_kafka_topic_destroy(topic);
		poll(NULL, 0, 20);
	}
	ck_assert_msg(fits == ANSWERS, "topic '%s' did not come to be", name);
}

void cluster_make_topic(const char *topic, int partitions, int replicas, const char *setting,
			const char *value)
{
	struct admin admin = admin_open(RD_KAFKA_ADMIN_OP_CREATETOPICS);
	char text[256] = "";
	rd_kafka_NewTopic_t *made =
		rd_kafka_NewTopic_new(topic, partitions, replicas, text, sizeof text);
	const rd_kafka_topic_result_t **results;
	rd_kafka_event_t *event;
	size_t count;

	ck_assert_msg(made != NULL, "%s", text);
	if (setting)
		rd_kafka_NewTopic_set_config(made, setting, value);
	rd_kafka_CreateTopics(admin.client, &made, 1, admin.options, admin.queue);
	event = admin_answer(&admin);
	results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
						      &count);
	check_topics(results, count);
	rd_kafka_NewTopic_destroy(made);
	wait_for_topic(admin.client, topic, partitions, replicas);
	admin_close(&admin, event);
}

void cluster_remove_topic(const char *topic)
{
	struct admin admin = admin_open(RD_KAFKA_ADMIN_OP_DELETETOPICS);
	rd_kafka_DeleteTopic_t *removed = rd_kafka_DeleteTopic_new(topic);
	const rd_kafka_topic_result_t **results;
	rd_kafka_event_t *event;
	size_t count;

	rd_kafka_DeleteTopics(admin.client, &removed, 1, admin.options, admin.queue);
	event = admin_answer(&admin);
	results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event),
						      &count);
	check_topics(results, count);
	rd_kafka_DeleteTopic_destroy(removed);
	admin_close(&admin, event);
}

static int leader_of(rd_kafka_t *client, const char *name, int partition)
{
	rd_kafka_topic_t *topic;
	const struct rd_kafka_metadata *metadata = ask(client, name, &topic);
	int leader = 0;

	if (metadata && metadata->topic_cnt == 1 &&
	    partition < metadata->topics[0].partition_cnt &&
	    metadata->topics[0].partitions[partition].leader > 0)
		leader = metadata->topics[0].partitions[partition].leader;
	rd_kafka_metadata_destroy(metadata);
	rd_kafka_topic_destroy(topic);
	return leader;
}

int cluster_leader_after(const char *topic, int partition, int leader)
{
	const uint64_t until_ms = cluster_now_ms() + PATIENCE_MS;
	struct admin admin = admin_open(RD_KAFKA_ADMIN_OP_ANY);
	int now = leader;

	while ((now == leader || now == 0) && cluster_now_ms() < until_ms) {
		now = leader_of(admin.client, topic, partition);
		poll(NULL, 0, 50);
	}
	ck_assert_msg(now != leader && now > 0, "topic '%s' is still led by %d", topic, leader);
	rd_kafka_AdminOptions_destroy(admin.options);
	rd_kafka_queue_destroy(admin.queue);
	rd_kafka_destroy(admin.client);
	return now;
}

int cluster_leader(const char *topic, int partition)
{
	return cluster_leader_after(topic, partition, 0);
}

/* ---- rights ---- */

static rd_kafka_AclBinding_t *denial(const char *topic, bool filter)
{
	char text[256] = "";
	rd_kafka_AclBinding_t *binding =
		filter ? rd_kafka_AclBindingFilter_new(
				 RD_KAFKA_RESOURCE_TOPIC, topic, RD_KAFKA_RESOURCE_PATTERN_LITERAL,
				 "User:weir", "*", RD_KAFKA_ACL_OPERATION_WRITE,
				 RD_KAFKA_ACL_PERMISSION_TYPE_DENY, text, sizeof text) :
			 rd_kafka_AclBinding_new(
				 RD_KAFKA_RESOURCE_TOPIC, topic, RD_KAFKA_RESOURCE_PATTERN_LITERAL,
				 "User:weir", "*", RD_KAFKA_ACL_OPERATION_WRITE,
				 RD_KAFKA_ACL_PERMISSION_TYPE_DENY, text, sizeof text);

	ck_assert_msg(binding != NULL, "%s", text);
	return binding;
}

void cluster_deny(const char *topic)
{
	struct admin admin = admin_open(RD_KAFKA_ADMIN_OP_CREATEACLS);
	rd_kafka_AclBinding_t *binding = denial(topic, false);

	rd_kafka_CreateAcls(admin.client, &binding, 1, admin.options, admin.queue);
	admin_close(&admin, admin_answer(&admin));
	rd_kafka_AclBinding_destroy(binding);
}

void cluster_allow(const char *topic)
{
	struct admin admin = admin_open(RD_KAFKA_ADMIN_OP_DELETEACLS);
	rd_kafka_AclBinding_t *binding = denial(topic, true);

	rd_kafka_DeleteAcls(admin.client, &binding, 1, admin.options, admin.queue);
	admin_close(&admin, admin_answer(&admin));
	rd_kafka_AclBinding_destroy(binding);
}
