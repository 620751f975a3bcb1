/* SPDX-License-Identifier: MIT */
/*
 * What weir is measured against, with the same libraries and settings and nothing else:
 *
 *     bench_bare bare URL BROKERS COUNT      libcurl, lines split at CR LF, produce without copy,
 *                                            one topic; it keeps all it reads
 *     bench_bare jansson URL BROKERS COUNT   libcurl, a jansson tree for each message, three topics
 *                                            by its members, the id as the key, produce with copy
 *
 * Stops when COUNT messages are acknowledged.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define CHUNK (64u << 20)

struct reader {
	rd_kafka_t *rk;
	rd_kafka_topic_t *all, *tweets, *retweets, *deletes;
	int with_tree;
	char *bytes;	/* the present chunk: never freed while anything refers to it */
	size_t begin, end;
	uint64_t wanted, produced, acknowledged;
	double started;
};

static void reported(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct reader *reader = opaque;

	(void)rk;
	if (!message->err)
		reader->acknowledged++;
}

static void produce(struct reader *reader, rd_kafka_topic_t *topic, const char *bytes, size_t len,
		    const char *key)
{
	const int flags = reader->with_tree ? RD_KAFKA_MSG_F_COPY : 0;

	while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, flags, (void *)(uintptr_t)bytes, len,
				key, key ? strlen(key) : 0, NULL) < 0)
		rd_kafka_poll(reader->rk, 10);
	reader->produced++;
}

static void route(struct reader *reader, const char *bytes, size_t len)
{
	json_t *tree = json_loadb(bytes, len, 0, NULL);
	json_t *status = json_object_get(json_object_get(tree, "delete"), "status");
	const char *id = json_string_value(json_object_get(status ? status : tree, "id_str"));

	if (status)
		produce(reader, reader->deletes, bytes, len, id);
	else if (json_is_object(json_object_get(tree, "retweeted_status")))
		produce(reader, reader->retweets, bytes, len, id);
	else
		produce(reader, reader->tweets, bytes, len, id);
	json_decref(tree);
}

static void split(struct reader *reader)
{
	const char *lf;

	while (reader->produced < reader->wanted &&
	       (lf = memchr(reader->bytes + reader->begin, '\n', reader->end - reader->begin))) {
		const char *line = reader->bytes + reader->begin;
		const size_t len = (size_t)(lf - line);

		reader->begin += len + 1;
		if (len < 2)
			continue;
		if (reader->with_tree)
			route(reader, line, len - 1);
		else
			produce(reader, reader->all, line, len - 1, NULL);
	}
	rd_kafka_poll(reader->rk, 0);
}

static size_t received(char *data, size_t size, size_t count, void *user)
{
	struct reader *reader = user;
	const size_t len = size * count;

	if (reader->started == 0)
		reader->started = bench_now();
	if (CHUNK - reader->end < len) {
		char *next = malloc(CHUNK);

		reader->end -= reader->begin;
		memcpy(next, reader->bytes + reader->begin, reader->end);
		if (reader->with_tree)
			free(reader->bytes);
		reader->bytes = next;
		reader->begin = 0;
	}
	memcpy(reader->bytes + reader->end, data, len);
	reader->end += len;
	split(reader);
	return reader->produced < reader->wanted ? len : 0;
}

static rd_kafka_t *producer(struct reader *reader, const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
	for (size_t i = 0; i < sizeof bench_kafka / sizeof *bench_kafka; i++)
		rd_kafka_conf_set(conf, bench_kafka[i][0], bench_kafka[i][1], NULL, 0);
	rd_kafka_conf_set_opaque(conf, reader);
	rd_kafka_conf_set_dr_msg_cb(conf, reported);
	return rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
}

int main(int argc, char **argv)
{
	struct reader reader = { 0 };
	CURL *curl = curl_easy_init();

	if (argc != 5 || !curl)
		return fprintf(stderr, "usage: %s bare|jansson URL BROKERS COUNT\n", argv[0]), 2;
	reader.with_tree = !strcmp(argv[1], "jansson");
	reader.wanted = strtoull(argv[4], NULL, 10);
	reader.bytes = malloc(CHUNK);
	reader.rk = producer(&reader, argv[3]);
	if (!reader.rk)
		return 1;
	reader.all = rd_kafka_topic_new(reader.rk, "all", NULL);
	reader.tweets = rd_kafka_topic_new(reader.rk, "tweets", NULL);
	reader.retweets = rd_kafka_topic_new(reader.rk, "retweets", NULL);
	reader.deletes = rd_kafka_topic_new(reader.rk, "deletes", NULL);
	curl_easy_setopt(curl, CURLOPT_URL, argv[2]);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "track=kpop");
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, received);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reader);
	curl_easy_perform(curl);
	while (reader.acknowledged < reader.produced)
		rd_kafka_poll(reader.rk, 10);
	bench_print(argv[1], reader.acknowledged, bench_now() - reader.started);
	return reader.acknowledged == reader.wanted ? 0 : 1;
}
