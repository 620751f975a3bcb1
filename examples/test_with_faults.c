/* SPDX-License-Identifier: MIT */
/*
 * How to test your own program where nothing is well (weir/testing.h): a stream that breaks off and
 * falls silent, and a Kafka that errs, goes away and comes back. Nothing may be lost. The pipeline
 * in `build` is the program, the rest is the test.
 *
 *     cc test_with_faults.c $(pkg-config --cflags --libs weir-testing weir) && ./a.out
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir.h>
#include <weir/testing.h>

#define MESSAGES 400

/* What the program would do with the real ones, but for two addresses and its patience. */
static weir_pipeline *build(const char *url, const char *brokers, weir_sink **ret_sink)
{
	weir_pipeline *p = weir_pipeline_new(NULL);

	weir_twitter_source_add(p, "twitter", WEIR_WITH(weir_twitter_source_options,
		.anonymous = true, .url = url, .stall_ms = 1500, .track = "weir"));
	*ret_sink = weir_kafka_sink_add(p, "kafka", WEIR_WITH(weir_kafka_sink_options,
		.brokers = brokers, .property_count = 1,
		.properties = &(struct weir_property){ "reconnect.backoff.max.ms", "200" }));
	weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_TWEET, .to = "tweets"), *ret_sink);
	return p;
}

static bool note(void *user, const struct weir_test_record *record)
{
	const char *id = (const char *)record->value.data + strlen("{\"id_str\":\"");

	((unsigned *)user)[strtoul(id, NULL, 10) % MESSAGES]++;
	return true;
}

static int stop_with(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	return 1;
}

int main(void)
{
	static char texts[MESSAGES][64];
	static unsigned times[MESSAGES];
	struct weir_slice messages[MESSAGES];
	struct weir_error err;
	struct weir_sink_metrics sent = WEIR_METRICS(weir_sink_metrics);
	struct weir_test_stream_metrics seen = WEIR_METRICS(weir_test_stream_metrics);
	const uint64_t want = 100 + 50 + MESSAGES;	/* two streams that break off, a whole one */
	bool away = false, back = false;
	unsigned missing = 0;
	weir_sink *sink;

	for (int i = 0; i < MESSAGES; i++)
		messages[i] = (struct weir_slice){ texts[i], (size_t)snprintf(texts[i], 64,
			"{\"id_str\":\"%d\",\"user\":{},\"text\":\"weir\"}", i) };

	weir_test_broker *kafka = weir_test_broker_new(NULL, &err);
	weir_test_stream *twitter = weir_test_stream_new(WEIR_WITH(weir_test_stream_options,
		.messages = messages, .message_count = MESSAGES, .rate = 400, .hold = true,
		.faults = "cut=100,drop,stall=50,ok", .anonymous = true), &err);

	if (!kafka || !twitter)
		return stop_with("cannot begin", err.text);
	weir_test_broker_push_codes(kafka, WEIR_TEST_PRODUCE,
		(const int32_t[]){ WEIR_TEST_CUT, WEIR_TEST_NOT_ENOUGH_REPLICAS }, 2);
	weir_pipeline *p = build(weir_test_stream_filter_url(twitter),
				 weir_test_broker_addresses(kafka), &sink);
	alarm(30);	/* what is lost would be waited for */
	while (weir_pipeline_step(p) == WEIR_OK) {
		poll(&(struct pollfd){ weir_pipeline_fd(p), POLLIN, 0 }, 1, 10);
		weir_sink_metrics(sink, &sent);
		weir_test_stream_metrics(twitter, &seen);
		if (!away && sent.delivered >= 200)
			away = weir_test_broker_set_down(kafka, 0) == WEIR_OK;
		if (away && !back && seen.messages >= want)
			back = weir_test_broker_set_up(kafka, 0) == WEIR_OK;
		if (sent.delivered >= want)
			weir_pipeline_stop(p);
	}
	if (weir_pipeline_error(p)->status < 0)
		return stop_with("the pipeline", weir_pipeline_error(p)->text);
	if (weir_test_topic_read(kafka, "tweets", note, times, &err) < 0)
		return stop_with("reading", err.text);
	for (int i = 0; i < MESSAGES; i++)
		missing += times[i] == 0;
	printf("%ju requests, %ju messages sent, %ju acknowledged, %u of %u missing\n",
	       seen.requests, seen.messages, sent.delivered, missing, MESSAGES);
	weir_pipeline_free(p);
	weir_test_stream_free(twitter);
	weir_test_broker_free(kafka);
	return missing > 0;
}
