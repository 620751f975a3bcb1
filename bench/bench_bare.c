/* SPDX-License-Identifier: MIT */
/*
 * What weir is measured against, with the same libraries and settings and nothing else:
 *
 *     bench_bare bare NAME URL BROKERS COUNT      libcurl, lines split at CR LF, produce without
 *                                                 copy, one topic; nothing looks at the messages
 *     bench_bare jansson NAME URL BROKERS COUNT   libcurl, a jansson tree for each message, three
 *                                                 topics by its members, the id as the key,
 *                                                 produce with copy
 *
 * What is read goes into chunks; a chunk is used again when all messages in it are acknowledged.
 * Stops when COUNT messages are acknowledged.
 */
#include <curl/curl.h>
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define CHUNK (4u << 20)
#define WINDOW_KB "32768"	/* under way at most; of 8 … 1,024 MB the fastest */

struct chunk {
	struct chunk *next;	/* of those that are free */
	size_t open;		/* messages in it that are not acknowledged */
	size_t begin, end;	/* what is not split yet */
	char bytes[CHUNK];
};

struct reader {
	rd_kafka_t *rk;
	rd_kafka_topic_t *all, *tweets, *retweets, *deletes;
	int with_tree;
	struct chunk *chunk, *free;
	uint64_t wanted, produced, acknowledged, bytes;
	struct bench_moment started;
};

/* ---- chunks */

static void give_back(struct reader *reader, struct chunk *chunk)
{
	if (chunk == reader->chunk || chunk->open)
		return;
	chunk->next = reader->free;
	reader->free = chunk;
}

/* The next chunk begins with the half line at the end of the present one. */
static void turn_over(struct reader *reader)
{
	struct chunk *full = reader->chunk;
	struct chunk *chunk = reader->free;

	if (chunk)
		reader->free = chunk->next;
	else
		chunk = malloc(sizeof *chunk);
	chunk->open = chunk->begin = chunk->end = 0;
	reader->chunk = chunk;
	if (!full)
		return;
	chunk->end = full->end - full->begin;
	memcpy(chunk->bytes, full->bytes + full->begin, chunk->end);
	give_back(reader, full);
}

/* ---- producing */

static void reported(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct reader *reader = opaque;
	struct chunk *chunk = message->_private;

	(void)rk;
	if (!message->err)
		reader->acknowledged++;
	if (!chunk)
		return;
	chunk->open--;
	give_back(reader, chunk);
}

static void produce(struct reader *reader, rd_kafka_topic_t *topic, const char *bytes, size_t len,
		    const char *key)
{
	const int flags = reader->with_tree ? RD_KAFKA_MSG_F_COPY : 0;
	struct chunk *chunk = reader->with_tree ? NULL : reader->chunk;

	while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, flags, (void *)(uintptr_t)bytes, len,
				key, key ? strlen(key) : 0, chunk) < 0)
		rd_kafka_poll(reader->rk, 10);
	if (chunk)
		chunk->open++;
	reader->produced++;
	reader->bytes += len;
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
	struct chunk *chunk = reader->chunk;
	const char *lf;

	while (reader->produced < reader->wanted &&
	       (lf = memchr(chunk->bytes + chunk->begin, '\n', chunk->end - chunk->begin))) {
		const char *line = chunk->bytes + chunk->begin;
		const size_t len = (size_t)(lf - line);

		chunk->begin += len + 1;
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

	if (reader->started.seconds == 0)
		reader->started.seconds = bench_now();
	if (!reader->chunk || CHUNK - reader->chunk->end < len)
		turn_over(reader);
	memcpy(reader->chunk->bytes + reader->chunk->end, data, len);
	reader->chunk->end += len;
	split(reader);
	return reader->produced < reader->wanted ? len : 0;
}

/* ---- the program */

static rd_kafka_t *producer(struct reader *reader, const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
	for (size_t i = 0; i < BENCH_KAFKA_COUNT; i++)
		rd_kafka_conf_set(conf, bench_kafka[i].name, bench_kafka[i].value, NULL, 0);
	rd_kafka_conf_set(conf, "queue.buffering.max.kbytes", WINDOW_KB, NULL, 0);
	rd_kafka_conf_set_opaque(conf, reader);
	rd_kafka_conf_set_dr_msg_cb(conf, reported);
	return rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
}

int main(int argc, char **argv)
{
	struct reader reader = { 0 };
	CURL *curl = curl_easy_init();

	if (argc != 6 || !curl)
		return fprintf(stderr, "usage: %s bare|jansson NAME URL BROKERS COUNT\n", argv[0]), 2;
	reader.with_tree = !strcmp(argv[1], "jansson");
	reader.wanted = strtoull(argv[5], NULL, 10);
	reader.rk = producer(&reader, argv[4]);
	if (!reader.rk)
		return 1;
	reader.all = rd_kafka_topic_new(reader.rk, "all", NULL);
	reader.tweets = rd_kafka_topic_new(reader.rk, "tweets", NULL);
	reader.retweets = rd_kafka_topic_new(reader.rk, "retweets", NULL);
	reader.deletes = rd_kafka_topic_new(reader.rk, "deletes", NULL);
	curl_easy_setopt(curl, CURLOPT_URL, argv[3]);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "track=kpop");
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, received);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reader);
	curl_easy_perform(curl);
	while (reader.acknowledged < reader.produced)
		rd_kafka_poll(reader.rk, 10);
	bench_print(argv[2], reader.acknowledged, reader.bytes, reader.started, bench_moment_now());
	return reader.acknowledged == reader.wanted ? 0 : 1;
}
