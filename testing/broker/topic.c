/* SPDX-License-Identifier: MIT */
/*
 * Topics of the embedded cluster: made, spoilt, counted and read.
 *
 * Guarantees: reading is done by a client of its own, which is gone when the call returns, so it
 * neither keeps connections nor meets codes between calls; it ends at the latest when the cluster's
 * patience is over. Called by tests.
 */
#include "broker.h"

#include "ground.h"

#include <time.h>

#define MOST_PARTITIONS 1000
#define MOST_NAME 249

/* ---- making and spoiling */

static bool topic_is_legal(const char *topic)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	const size_t len = topic ? strnlen(topic, MOST_NAME + 1) : 0;

	return len > 0 && len <= MOST_NAME && strspn(topic, letters) == len &&
	       strcmp(topic, ".") != 0 && strcmp(topic, "..") != 0;
}

enum weir_status weir_test_topic_add(weir_test_broker *broker, const char *topic,
				     uint32_t partitions)
{
	rd_kafka_resp_err_t code;

	if (!broker || !topic_is_legal(topic) || partitions == 0 || partitions > MOST_PARTITIONS)
		return WEIR_ERR_INVALID;
	cluster_lock(broker);
	code = rd_kafka_mock_topic_create(broker->cluster, topic, (int)partitions,
					  broker->broker_count < 3 ? broker->broker_count : 3);
	cluster_unlock(broker);
	if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return WEIR_ERR_STATE;
	return code ? WEIR_ERR_INVALID : WEIR_OK;
}

enum weir_status weir_test_topic_set_leader(weir_test_broker *broker, const char *topic,
					    uint32_t partition, uint32_t id)
{
	rd_kafka_resp_err_t code;

	if (!broker || !topic_is_legal(topic) || partition >= MOST_PARTITIONS ||
	    id > (uint32_t)broker->broker_count)
		return WEIR_ERR_INVALID;
	cluster_lock(broker);
	code = rd_kafka_mock_partition_set_leader(broker->cluster, topic, (int32_t)partition,
						  id ? (int32_t)id : -1);
	cluster_unlock(broker);
	return code ? WEIR_ERR_INVALID : WEIR_OK;
}

enum weir_status weir_test_topic_set_error(weir_test_broker *broker, const char *topic,
					   int32_t code)
{
	if (!broker || !topic_is_legal(topic) || code < 0 || code > INT16_MAX)
		return WEIR_ERR_INVALID;
	cluster_lock(broker);
	rd_kafka_mock_topic_set_error(broker->cluster, topic, (rd_kafka_resp_err_t)code);
	cluster_unlock(broker);
	return WEIR_OK;
}

/* ---- asking */

/* One question to the cluster: who asks, about what, and until when. */
struct question {
	rd_kafka_t *client;
	const char *topic;
	int32_t partition_count;
	int64_t until_ms;
};

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int left_ms(const struct question *question)
{
	const int64_t left = question->until_ms - clock_ms();

	return left > 0 ? (int)left : 0;
}

/* What librdkafka's own codes mean is that nobody answered. */
static enum weir_status fail_to(const char *what, const struct question *question,
				rd_kafka_resp_err_t code, struct weir_error *err)
{
	const enum weir_status status = code < 0 ? WEIR_ERR_TIMEOUT : WEIR_ERR_REFUSED;

	fail_with(err, status, "cannot %s topic '%s': %s", what, question->topic,
		  rd_kafka_err2str(code));
	if (err && code > 0)
		err->remote_code = code;
	return status;
}

static rd_kafka_resp_err_t find_topic(struct question *question,
				      const struct rd_kafka_metadata *metadata)
{
	for (int i = 0; i < metadata->topic_cnt; i++) {
		if (strcmp(metadata->topics[i].topic, question->topic) != 0)
			continue;
		question->partition_count = metadata->topics[i].partition_cnt;
		return metadata->topics[i].err;
	}
	return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

/* Asks for every topic there is: asking for one would make it. */
static enum weir_status count_partitions(struct question *question, const char *what,
					 struct weir_error *err)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t code = rd_kafka_metadata(question->client, 1, NULL, &metadata,
						     left_ms(question));

	if (!code) {
		code = find_topic(question, metadata);
		rd_kafka_metadata_destroy(metadata);
	}
	return code ? fail_to(what, question, code, err) : WEIR_OK;
}

static enum weir_status ask(struct question *question, weir_test_broker *broker,
			    const char *topic, const char *what, struct weir_error *err)
{
	*question = (struct question){ .topic = topic };
	if (!broker || !topic_is_legal(topic))
		return fail_with(err, WEIR_ERR_INVALID, "cannot %s a topic: no broker, or a name "
				 "that no topic has", what);
	question->until_ms = clock_ms() + broker->patience_ms;
	question->client = client_new(RD_KAFKA_CONSUMER, weir_test_broker_addresses(broker), err);
	if (!question->client)
		return WEIR_ERR_IO;
	return count_partitions(question, what, err);
}

static void ask_no_more(struct question *question)
{
	if (question->client)
		rd_kafka_destroy(question->client);
}

enum weir_status weir_test_topic_count(weir_test_broker *broker, const char *topic,
				       uint64_t *ret_count, struct weir_error *err)
{
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	struct question question;
	enum weir_status status;
	uint64_t count = 0;

	if (!ret_count)
		return fail_with(err, WEIR_ERR_INVALID, "nowhere to write the count");
	status = ask(&question, broker, topic, "count", err);
	for (int32_t i = 0; status == WEIR_OK && !code && i < question.partition_count; i++) {
		int64_t low = 0, high = 0;

		code = rd_kafka_query_watermark_offsets(question.client, topic, i, &low, &high,
							left_ms(&question));
		count += (uint64_t)high;
	}
	if (code)
		status = fail_to("count", &question, code, err);
	ask_no_more(&question);
	if (status == WEIR_OK)
		*ret_count = count;
	return status;
}

/* ---- reading */

/* Everything read so far. */
struct pile {
	rd_kafka_message_t **records;
	size_t count;
	size_t room;
};

static void pile_add(struct pile *pile, rd_kafka_message_t *record)
{
	if (pile->count == pile->room) {
		pile->room = pile->room ? 2 * pile->room : 256;
		pile->records = need(realloc(pile->records, pile->room * sizeof *pile->records));
	}
	pile->records[pile->count++] = record;
}

static void pile_clear(struct pile *pile)
{
	for (size_t i = 0; i < pile->count; i++)
		rd_kafka_message_destroy(pile->records[i]);
	free(pile->records);
}

static int by_place(const void *left, const void *right)
{
	const rd_kafka_message_t *a = *(rd_kafka_message_t *const *)left;
	const rd_kafka_message_t *b = *(rd_kafka_message_t *const *)right;

	if (a->partition != b->partition)
		return a->partition < b->partition ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* From the first record kept of every partition on. */
static void assign_all(const struct question *question)
{
	rd_kafka_topic_partition_list_t *list =
		need(rd_kafka_topic_partition_list_new(question->partition_count));

	rd_kafka_poll_set_consumer(question->client);
	for (int32_t i = 0; i < question->partition_count; i++)
		rd_kafka_topic_partition_list_add(list, question->topic, i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(question->client, list);
	rd_kafka_topic_partition_list_destroy(list);
}

/* Each partition's end is told once more whenever something was added behind it. */
static enum weir_status collect(const struct question *question, struct pile *pile,
				struct weir_error *err)
{
	bool *ended = need(calloc((size_t)question->partition_count, sizeof *ended));
	rd_kafka_resp_err_t last = RD_KAFKA_RESP_ERR__TIMED_OUT;
	int32_t left = question->partition_count;

	assign_all(question);
	while (left > 0 && left_ms(question) > 0) {
		rd_kafka_message_t *record = rd_kafka_consumer_poll(question->client, 50);

		if (!record)
			continue;
		if (!record->err) {
			pile_add(pile, record);
			continue;
		}
		if (record->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
			last = record->err;
		} else if (!ended[record->partition]) {
			ended[record->partition] = true;
			left--;
		}
		rd_kafka_message_destroy(record);
	}
	free(ended);
	return left > 0 ? fail_to("read", question, last, err) : WEIR_OK;
}

/* The record's headers. Returns, free it; NULL: none. */
static struct weir_test_header *list_headers(const rd_kafka_message_t *record, size_t *ret_count)
{
	rd_kafka_headers_t *headers = NULL;
	struct weir_test_header *list;
	size_t count;

	*ret_count = 0;
	if (rd_kafka_message_headers(record, &headers) || !headers)
		return NULL;
	count = rd_kafka_header_cnt(headers);
	list = need(calloc(count + 1, sizeof *list));
	for (size_t i = 0; i < count; i++)
		rd_kafka_header_get_all(headers, i, &list[i].name, &list[i].value.data,
					&list[i].value.len);
	*ret_count = count;
	return list;
}

static bool tell(const rd_kafka_message_t *record, weir_test_record_fn *call, void *user)
{
	size_t header_count;
	struct weir_test_header *headers = list_headers(record, &header_count);
	const struct weir_test_record told = {
		.key = { record->key, record->key_len },
		.value = { record->payload, record->len },
		.headers = headers,
		.header_count = header_count,
		.partition = (uint32_t)record->partition,
		.offset = (uint64_t)record->offset,
		.time_ms = rd_kafka_message_timestamp(record, NULL),
	};
	const bool more = call(user, &told);

	free(headers);
	return more;
}

enum weir_status weir_test_topic_read(weir_test_broker *broker, const char *topic,
				      weir_test_record_fn *call, void *user, struct weir_error *err)
{
	struct pile pile = { 0 };
	struct question question = { 0 };
	enum weir_status status;

	if (!call)
		return fail_with(err, WEIR_ERR_INVALID, "nobody to tell the records to");
	status = ask(&question, broker, topic, "read", err);
	if (status == WEIR_OK)
		status = collect(&question, &pile, err);
	if (status == WEIR_OK && pile.count > 0)
		qsort(pile.records, pile.count, sizeof *pile.records, by_place);
	for (size_t i = 0; status == WEIR_OK && i < pile.count; i++)
		if (!tell(pile.records[i], call, user))
			break;
	pile_clear(&pile);
	ask_no_more(&question);
	return status;
}
