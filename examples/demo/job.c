/* SPDX-License-Identifier: MIT */
/*
 * The main job, as an application would write it: a Twitter source, five routes, a Kafka sink.
 * Everything else here only reports to the parent.
 */
#include "demo.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void add_route(weir_pipeline *pipeline, weir_sink *kafka, const char *prefix, unsigned kind)
{
	char topic[128];

	topic_name(topic, sizeof topic, prefix, kind);
	weir_route_add(pipeline,
		       WEIR_WITH(weir_route, .kinds = kind, .to = topic,
				 .headers = WEIR_HEADER_KIND, .final = true),
		       kafka);
}

static weir_pipeline *build(const struct job *job, weir_source **ret_stream)
{
	static const struct weir_env env = { .size = sizeof env,
					     .logger = { .write = weir_log_to_stderr,
							 .threshold = WEIR_LOG_ERROR } };
	weir_pipeline *p = weir_pipeline_new(
		WEIR_WITH(weir_pipeline_options, .env = &env, .drain_ms = 60000));
	weir_sink *kafka = weir_kafka_sink_add(p, "kafka",
		WEIR_WITH(weir_kafka_sink_options, .brokers = job->brokers));
	char others[80];

	*ret_stream = weir_twitter_source_add(p, "twitter",
		WEIR_WITH(weir_twitter_source_options, .consumer_key = "demo-consumer-key",
			  .consumer_secret = "demo-consumer-secret", .token = "42-demo-token",
			  .token_secret = "demo-token-secret", .track = "한글,kpop,정국 생일",
			  .url = job->url));
	add_route(p, kafka, job->prefix, WEIR_KIND_TWEET);
	add_route(p, kafka, job->prefix, WEIR_KIND_RETWEET);
	add_route(p, kafka, job->prefix, WEIR_KIND_DELETE);
	add_route(p, kafka, job->prefix, WEIR_KIND_LIMIT);
	snprintf(others, sizeof others, "%s{kind}", job->prefix);
	weir_route_add(p, WEIR_WITH(weir_route, .to = others, .headers = WEIR_HEADER_KIND), kafka);
	return p;
}

static void report(const weir_pipeline *pipeline, const weir_source *stream,
		   struct progress *progress)
{
	struct weir_source_metrics source = WEIR_METRICS(weir_source_metrics);
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	struct rusage usage;

	weir_pipeline_metrics(pipeline, &metrics);
	weir_source_metrics(stream, &source);
	getrusage(RUSAGE_SELF, &usage);
	progress->received = metrics.all.received;
	progress->delivered = metrics.all.delivered;
	progress->dropped = metrics.all.dropped + metrics.all.dead_lettered;
	progress->in_flight = metrics.all.in_flight;
	progress->wire_bytes = source.wire_bytes;
	progress->peak_kib = (uint64_t)usage.ru_maxrss;
	for (unsigned i = 0; i < WEIR_KIND_COUNT; i++) {
		progress->kind_received[i] = metrics.kinds[i].received;
		progress->kind_delivered[i] = metrics.kinds[i].delivered;
	}
}

/* The stream would go on for ever: it is stopped when all that was sent has come. */
static void watch(weir_pipeline *pipeline, const weir_source *stream, const struct job *job)
{
	const struct timespec tick = { .tv_nsec = 2 * 1000 * 1000 };
	uint64_t begin_ms = 0;

	while (weir_pipeline_state(pipeline) < WEIR_STATE_FINISHED) {
		report(pipeline, stream, job->progress);
		if (!begin_ms && job->progress->received)
			begin_ms = now_ms();
		if (job->progress->received >= job->expected)
			weir_pipeline_stop(pipeline);
		nanosleep(&tick, NULL);
	}
	job->progress->milliseconds = begin_ms ? now_ms() - begin_ms : 0;
}

int job_run(void *user, int out)
{
	const struct job *job = user;
	weir_source *stream;
	weir_pipeline *pipeline = build(job, &stream);
	enum weir_status status = weir_pipeline_start(pipeline);

	(void)out;
	if (status == WEIR_OK) {
		watch(pipeline, stream, job);
		status = weir_pipeline_join(pipeline);
	}
	report(pipeline, stream, job->progress);
	snprintf(job->progress->error, sizeof job->progress->error, "%s",
		 weir_pipeline_error(pipeline)->text);
	weir_pipeline_free(pipeline);
	job->progress->has_ended = true;
	return status < 0 ? 1 : 0;
}
