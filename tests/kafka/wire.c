/* SPDX-License-Identifier: MIT */
/* The pipeline that the cluster's troubles are tried on. */
#include "kafka/wire.h"

#include <check.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "support/accounts.h"
#include "support/drive.h"

#define AGAIN_MS 10000	/* before what is missing is looked for again */

static void write_log(void *user, enum weir_log_level level, const char *component,
		      const char *text)
{
	static const char *const names[] = { "", "ERROR", "WARN", "INFO", "DEBUG" };

	(void)user;
	fprintf(stderr, "%" PRIu64 " %s %s: %s\n", cluster_now_ms(),
		(size_t)level < sizeof names / sizeof *names ? names[level] : "", component, text);
}

static const struct weir_env env = {
	.size = sizeof env,
	.logger = { .write = write_log, .threshold = WEIR_LOG_INFO },
};

void wire_start(struct wire *wire, const char *topic)
{
	cluster_make_topic(topic, WIRE_PARTITIONS, CLUSTER_BROKERS, "min.insync.replicas", "2");
	wire->topic = topic;
	wire->pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env));
	wire->source = numbered_add(wire->pipeline, &wire->numbered);
	wire->sink = weir_kafka_sink_add(wire->pipeline, "kafka",
					 WEIR_WITH(weir_kafka_sink_options,
						   .brokers = cluster_address(), .topic = topic));
	if (wire->spool_dir)
		wire->spool = weir_spool_add(wire->pipeline, "spool",
					     WEIR_WITH(weir_spool_options, .dir = wire->spool_dir,
						       .from = wire->source));
	weir_route_add(wire->pipeline, WEIR_WITH(weir_route, .from = weir_spool_source(wire->spool),
						 .name = "all"), wire->sink);
	ck_assert_msg(wire->sink != NULL, "%s", weir_pipeline_error(wire->pipeline)->text);
	wire->status = weir_pipeline_step(wire->pipeline);
	wire->moved_ms = cluster_now_ms();
}

static void note_stall(struct wire *wire)
{
	const uint64_t now_ms = cluster_now_ms();

	if (wire->numbered.settled != wire->moved_to ||
	    wire->numbered.settled == wire->numbered.emitted) {
		wire->moved_to = wire->numbered.settled;
		wire->moved_ms = now_ms;
	}
	if (now_ms - wire->moved_ms > wire->stall_ms)
		wire->stall_ms = now_ms - wire->moved_ms;
}

void wire_turn(struct wire *wire, int most_ms)
{
	struct pollfd ready = { .fd = weir_pipeline_fd(wire->pipeline), .events = POLLIN };
	int wait_ms = weir_pipeline_timeout_ms(wire->pipeline);

	if (wait_ms < 0 || wait_ms > most_ms)
		wait_ms = most_ms;
	poll(&ready, 1, wait_ms);
	wire->status = weir_pipeline_step(wire->pipeline);
	wire->turns++;
	check_accounts(wire->pipeline, wire->source);
	note_stall(wire);
	ck_assert_msg(wire->status >= 0, "%s", weir_pipeline_error(wire->pipeline)->text);
	ck_assert_msg(!wire->numbered.backwards, "acknowledged backwards, or what was not emitted");
}

void wire_allow(struct wire *wire, uint64_t number)
{
	if (number <= wire->numbered.allowed)
		return;
	wire->numbered.allowed = number;
	weir_port_wake(wire->numbered.port);
}

void wire_finish(struct wire *wire, uint64_t most_ms)
{
	const uint64_t until_ms = cluster_now_ms() + most_ms;

	wire_allow(wire, wire->numbered.ends_at);
	while (wire->status != WEIR_END) {
		wire_turn(wire, 100);
		ck_assert_msg(cluster_now_ms() < until_ms,
			      "%" PRIu64 " emitted, %" PRIu64 " settled after %" PRIu64 " ms",
			      wire->numbered.emitted, wire->numbered.settled, most_ms);
	}
	ck_assert_uint_eq(wire->numbered.settled, wire->numbered.emitted);
	ck_assert_uint_eq(metrics_of(wire->pipeline).all.delivered,
			  wire->numbered.emitted * (wire->spool ? 2 : 1));
}

static struct verdict judge(const struct wire *wire)
{
	return numbered_judge(cluster_address(), wire->topic, WIRE_PARTITIONS,
			      wire->numbered.emitted, wire->numbered.body_bytes);
}

void wire_judge(const struct wire *wire, const char *what)
{
	const struct weir_sink_metrics sink = sink_metrics_of(wire->sink);
	struct verdict verdict = judge(wire);

	if (verdict.lost > 0) {	/* a broker that leads no more may not have heard of it yet */
		poll(NULL, 0, AGAIN_MS);
		verdict = judge(wire);
	}
	printf("%s: %" PRIu64 " messages emitted, %" PRIu64 " read back in %.1f s: %" PRIu64
	       " lost, %" PRIu64 " out of order within a key, %" PRIu64 " duplicates, %" PRIu64
	       " damaged; accounts even at each of %" PRIu64 " turns; %" PRIu64
	       " given back by the sink; longest pause %.1f s\n",
	       what, wire->numbered.emitted, verdict.read, (double)verdict.ms / 1e3, verdict.lost,
	       verdict.out_of_order, verdict.duplicates, verdict.damaged, wire->turns, sink.failed,
	       (double)wire->stall_ms / 1e3);
	ck_assert_uint_eq(verdict.lost, 0);
	ck_assert_uint_eq(verdict.out_of_order, 0);
	ck_assert_uint_eq(verdict.duplicates, 0);
	ck_assert_uint_eq(verdict.damaged, 0);
}

void wire_free(struct wire *wire)
{
	wire->pipeline = weir_pipeline_free(wire->pipeline);
}
