/* SPDX-License-Identifier: MIT */
/*
 * weir_test_broker: librdkafka's mock cluster with its calls checked, named and in one place.
 *
 * Guarantees: whatever is not in range is WEIR_ERR_INVALID and does not reach the cluster, not even
 * in part; nothing is ever printed. Called by tests; topic.c has the calls that name a topic.
 */
#include "broker.h"

#include "ground.h"

#include <time.h>

#define MOST_BROKERS 32
#define MOST_RTT_MS 3600000
#define MOST_PATIENCE_MS 3600000

/* ---- its life */

static bool set_property(rd_kafka_conf_t *conf, const char *name, const char *value,
			 struct weir_error *err)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
		return true;
	fail_with(err, WEIR_ERR_UNSUPPORTED, "librdkafka: %s", why);
	return false;
}

rd_kafka_t *client_new(rd_kafka_type_t type, const char *addresses, struct weir_error *err)
{
	static const struct weir_property reading[] = {
		{ "group.id", "weir-testing" },
		{ "enable.partition.eof", "true" },
		{ "enable.auto.commit", "false" },
		{ "fetch.wait.max.ms", "10" },
		{ "reconnect.backoff.max.ms", "200" },
	};
	rd_kafka_conf_t *conf = need(rd_kafka_conf_new());
	bool good = !addresses || set_property(conf, "bootstrap.servers", addresses, err);
	rd_kafka_t *client = NULL;
	char why[256];

	rd_kafka_conf_set_log_cb(conf, NULL);
	for (size_t i = 0; type == RD_KAFKA_CONSUMER && i < sizeof reading / sizeof *reading; i++)
		good = good && set_property(conf, reading[i].name, reading[i].value, err);
	if (good)
		client = rd_kafka_new(type, conf, why, sizeof why);
	if (good && !client)
		fail_with(err, WEIR_ERR_IO, "cannot make a Kafka client: %s", why);
	if (!client)
		rd_kafka_conf_destroy(conf);
	return client;
}

weir_test_broker *weir_test_broker_new(const struct weir_test_broker_options *options,
				       struct weir_error *err)
{
	struct weir_test_broker_options known = { 0 };
	weir_test_broker *broker;

	if (!read_options(options, &known, sizeof known) || known.broker_count > MOST_BROKERS ||
	    known.patience_ms > MOST_PATIENCE_MS) {
		fail_with(err, WEIR_ERR_INVALID, "a cluster has 1 to %d brokers, and patience_ms "
			  "is up to %d; size has to be set", MOST_BROKERS, MOST_PATIENCE_MS);
		return NULL;
	}
	broker = need(calloc(1, sizeof *broker));
	pthread_mutex_init(&broker->turn, NULL);
	broker->broker_count = known.broker_count ? (int)known.broker_count : 1;
	broker->patience_ms = known.patience_ms ? (int)known.patience_ms : 10000;
	broker->owner = client_new(RD_KAFKA_PRODUCER, NULL, err);
	if (!broker->owner)
		return weir_test_broker_free(broker);
	broker->cluster = rd_kafka_mock_cluster_new(broker->owner, broker->broker_count);
	if (broker->cluster)
		return broker;
	fail_with(err, WEIR_ERR_IO, "cannot start a cluster of %d brokers", broker->broker_count);
	return weir_test_broker_free(broker);
}

weir_test_broker *weir_test_broker_free(weir_test_broker *broker)
{
	if (!broker)
		return NULL;
	cluster_lock(broker);
	if (broker->cluster)
		rd_kafka_mock_cluster_destroy(broker->cluster);
	cluster_unlock(broker);
	if (broker->owner)
		rd_kafka_destroy(broker->owner);
	pthread_mutex_destroy(&broker->turn);
	free(broker);
	return NULL;
}

const char *weir_test_broker_addresses(const weir_test_broker *broker)
{
	return broker ? rd_kafka_mock_cluster_bootstraps(broker->cluster) : "";
}

void cluster_lock(weir_test_broker *broker)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	pthread_mutex_lock(&broker->turn);
	nanosleep(&moment, NULL);
}

void cluster_unlock(weir_test_broker *broker)
{
	pthread_mutex_unlock(&broker->turn);
}

/* ---- brokers */

/* The cluster's own number: -1 is all of them. */
static int32_t number_of(uint32_t id)
{
	return id == 0 ? -1 : (int32_t)id;
}

static bool is_broker(const weir_test_broker *broker, uint32_t id)
{
	return broker && id <= (uint32_t)broker->broker_count;
}

static enum weir_status set_up(weir_test_broker *broker, uint32_t id, bool up)
{
	rd_kafka_resp_err_t code;

	if (!is_broker(broker, id))
		return WEIR_ERR_INVALID;
	cluster_lock(broker);
	code = (up ? rd_kafka_mock_broker_set_up : rd_kafka_mock_broker_set_down)(
		broker->cluster, number_of(id));
	cluster_unlock(broker);
	return code ? WEIR_ERR_INVALID : WEIR_OK;
}

enum weir_status weir_test_broker_set_down(weir_test_broker *broker, uint32_t id)
{
	return set_up(broker, id, false);
}

enum weir_status weir_test_broker_set_up(weir_test_broker *broker, uint32_t id)
{
	return set_up(broker, id, true);
}

enum weir_status weir_test_broker_set_rtt(weir_test_broker *broker, uint32_t id, uint32_t rtt_ms)
{
	rd_kafka_resp_err_t code;

	if (!is_broker(broker, id) || rtt_ms > MOST_RTT_MS)
		return WEIR_ERR_INVALID;
	cluster_lock(broker);
	code = rd_kafka_mock_broker_set_rtt(broker->cluster, number_of(id), (int)rtt_ms);
	cluster_unlock(broker);
	return code ? WEIR_ERR_INVALID : WEIR_OK;
}

/* ---- answers */

static bool is_request(enum weir_test_request request)
{
	static const enum weir_test_request requests[] = {
		WEIR_TEST_PRODUCE, WEIR_TEST_FETCH, WEIR_TEST_LIST_OFFSETS,
		WEIR_TEST_OFFSET_COMMIT, WEIR_TEST_OFFSET_FETCH, WEIR_TEST_FIND_COORDINATOR,
		WEIR_TEST_JOIN_GROUP, WEIR_TEST_HEARTBEAT, WEIR_TEST_LEAVE_GROUP,
		WEIR_TEST_SYNC_GROUP, WEIR_TEST_API_VERSIONS, WEIR_TEST_INIT_PRODUCER_ID,
		WEIR_TEST_ADD_PARTITIONS_TO_TXN, WEIR_TEST_END_TXN,
	};

	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		if (requests[i] == request)
			return true;
	return false;
}

static bool is_code(int32_t code)
{
	return code == WEIR_TEST_CUT || (code >= 0 && code <= INT16_MAX);
}

enum weir_status weir_test_broker_push_codes(weir_test_broker *broker,
					     enum weir_test_request request,
					     const int32_t *codes, size_t count)
{
	rd_kafka_resp_err_t *errors;

	if (!broker || !is_request(request) || (count > 0 && !codes))
		return WEIR_ERR_INVALID;
	for (size_t i = 0; i < count; i++)
		if (!is_code(codes[i]))
			return WEIR_ERR_INVALID;
	if (count == 0)
		return WEIR_OK;
	errors = need(calloc(count, sizeof *errors));
	for (size_t i = 0; i < count; i++)
		errors[i] = (rd_kafka_resp_err_t)codes[i];
	rd_kafka_mock_push_request_errors_array(broker->cluster, (int16_t)request, count, errors);
	free(errors);
	return WEIR_OK;
}

enum weir_status weir_test_broker_clear_codes(weir_test_broker *broker,
					      enum weir_test_request request)
{
	if (!broker || !is_request(request))
		return WEIR_ERR_INVALID;
	rd_kafka_mock_clear_request_errors(broker->cluster, (int16_t)request);
	return WEIR_OK;
}

enum weir_status weir_test_broker_push_answers(weir_test_broker *broker, uint32_t id,
					       enum weir_test_request request,
					       const struct weir_test_answer *answers, size_t count)
{
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

	if (!is_broker(broker, id) || id == 0 || !is_request(request) || (count > 0 && !answers))
		return WEIR_ERR_INVALID;
	for (size_t i = 0; i < count; i++)
		if (!is_code(answers[i].code) || answers[i].rtt_ms > MOST_RTT_MS)
			return WEIR_ERR_INVALID;
	for (size_t i = 0; i < count && !code; i++)
		code = rd_kafka_mock_broker_push_request_error_rtts(
			broker->cluster, (int32_t)id, (int16_t)request, 1,
			(rd_kafka_resp_err_t)answers[i].code, (int)answers[i].rtt_ms);
	return code ? WEIR_ERR_INVALID : WEIR_OK;
}

size_t weir_test_broker_answers_left(weir_test_broker *broker, uint32_t id,
				     enum weir_test_request request)
{
	size_t count = 0;

	if (!is_broker(broker, id) || id == 0 || !is_request(request) ||
	    rd_kafka_mock_broker_error_stack_cnt(broker->cluster, (int32_t)id, (int16_t)request,
						 &count))
		return 0;
	return count;
}
