/* SPDX-License-Identifier: MIT */
/*
 * Whole flows, run again with allocation 1, 2, 3 … failing until a run needs none that fails: each
 * ends with success or out of memory, says the truth in its counters, and leaves nothing behind.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "support/flow.h"
#include "support/probe.h"
#include "support/run.h"

#define MESSAGES 20

static struct flow flow;
static struct probe probe;
static unsigned called;
static unsigned told;	/* of so many messages it was told what became of them */

static void feed(void)
{
	static char bodies[MESSAGES][64];
	static const struct weir_header header = { "own", { "x", 1 } };

	for (int i = 0; i < MESSAGES; i++) {
		snprintf(bodies[i], sizeof bodies[i], "{\"n\":\"%d\",\"k\":\"a\\u0041%d\"}", i % 7,
			 i);
		flow_feed(&flow, bodies[i]);
		flow.in.items[i].headers = &header;
		flow.in.items[i].header_count = i % 3 == 0;
		flow.in.items[i].position.lane = (uint32_t)i % 6;
	}
}

static void plain(void)
{
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
}

static void templates_and_dead_letters(void)
{
	static const char *const three[] = { "3", "4" };
	static const struct weir_field_match where = { .path = "n", .test = WEIR_TEST_EQUALS,
						       .any_of = three, .any_of_count = 2 };

	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	weir_route_add_drop(flow.pipeline,
			    WEIR_WITH(weir_route, .where = &where, .where_count = 1));
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .to = "t.{n}", .key = "{k}", .headers = 31,
				 .max_destinations = 3, .name = "named"),
		       flow.sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "copy", .key = "{n}"),
		       flow.dead_sink);
	for (size_t i = 0; i < 40; i++)
		flow.out.answers[i] = i % 5 == 1   ? FLOW_RETRY
				      : i % 5 == 3 ? FLOW_SKIP
				      : i % 5 == 4 ? FLOW_FULL
						   : FLOW_DONE;
	flow.out.answer_count = 40;
}

static void unrouted_to_dead_letters(void)
{
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, NULL);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .to = "t", .kinds = WEIR_KIND_TWEET), flow.sink);
}

static enum weir_status call(void *user, weir_message *message, const char *to,
			     struct weir_error *err)
{
	struct weir_field field;
	enum weir_status status = weir_message_field(message, "not.named", &field);

	(void)user;
	(void)to;
	if (status < 0)
		return weir_error_set(err, status, WEIR_REMEDY_STOP, "out of memory");
	called++;
	return WEIR_OK;
}

static void push_and_callback(void)
{
	weir_source *push = weir_push_source_add(flow.pipeline, "push", NULL);
	weir_sink *sink = weir_callback_sink_add(
		flow.pipeline, "call", WEIR_WITH(weir_callback_sink_options, .call = call));

	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "{k}", .from = push), sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "{n}"), flow.sink);
	for (int i = 0; push && i < 5; i++) {
		const enum weir_status status = weir_push(
			push, WEIR_WITH(weir_message_init, .body = { "{\"k\":5}", 7 },
					.position = { 1, (uint64_t)i }));

		ck_assert(status == WEIR_OK || status == WEIR_ERR_NOMEM);
	}
	weir_push_end(push);
}

static void on_outcome(void *user, weir_message *message, enum weir_outcome outcome)
{
	(void)user;
	(void)message;
	(void)outcome;
	told++;
}

static void release(void *owner)
{
	((struct probe *)owner)->released++;
}

static uint64_t owner_bytes;	/* of each message's buffer; 0: its body counts */

static enum weir_status emit_owned(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	struct weir_message_init init = { .size = sizeof init,
					  .body = { "{\"n\":9}", 7 },
					  .release = release,
					  .owner = at,
					  .owner_bytes = owner_bytes };

	if (at->steps == 1 && weir_port_watch(at->port, at->fd, WEIR_READABLE, err) < 0)
		return err->status;
	while (at->emitted < 9 && weir_outlet_room(outlet) > 0) {
		const weir_message *shown;
		enum weir_status status;

		init.position = (struct weir_position){ at->emitted % 3, at->emitted };
		status = weir_outlet_emit(outlet, &init, &shown, err);
		at->emitted += status != WEIR_AGAIN;
		if (status != WEIR_OK)
			return status;
	}
	return at->emitted == 9 ? WEIR_END : WEIR_OK;
}

static void owned_bodies(void)
{
	probe.fd = eventfd(0, EFD_CLOEXEC);
	probe.step = emit_owned;
	probe_add(flow.pipeline, "probe", &probe);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "{n}", .key = "{n}{n}"),
		       flow.sink);
}

static void buffers(void)
{
	owner_bytes = 4096;
	owned_bodies();
	flow.out.then = FLOW_HOLD;
	flow.in.stays = true;	/* a stop ends it, with some under way */
}

static void overflows(void)
{
	weir_sink_set_share(flow.sink, 3, 0);
	weir_sink_set_share(flow.dead_sink, 2, 0);
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .to = "{n}", .key = "{k}",
				 .overflow = WEIR_OVERFLOW_DROP_OLD),
		       flow.sink);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .to = "copy", .overflow = WEIR_OVERFLOW_DROP_NEW),
		       flow.sink);
	weir_route_add(flow.pipeline, NULL, flow.dead_sink);
	for (size_t i = 0; i < 60; i++)
		flow.out.answers[i] = i % 3 == 0 ? FLOW_RETRY : i % 3 == 1 ? FLOW_SKIP : FLOW_DONE;
	flow.out.answer_count = 60;
}

static const struct {
	const char *name;
	void (*build)(void);
	enum weir_unrouted unrouted;
} flows[] = {
	{ "plain", plain, WEIR_UNROUTED_DROP },
	{ "templates and dead letters", templates_and_dead_letters, WEIR_UNROUTED_DROP },
	{ "unrouted", unrouted_to_dead_letters, WEIR_UNROUTED_DEAD_LETTER },
	{ "push and callback", push_and_callback, WEIR_UNROUTED_DROP },
	{ "owned bodies", owned_bodies, WEIR_UNROUTED_DROP },
	{ "buffers", buffers, WEIR_UNROUTED_DROP },
	{ "overflows", overflows, WEIR_UNROUTED_DROP },
};

static size_t lines(const char *log)
{
	size_t count = 0;

	while (*log)
		count += *log++ == '\n';
	return count;
}

/* It ended well or for want of memory, and counts nothing as settled that no sink has seen. */
static void check_truth(int row, size_t fail_at, enum weir_status status)
{
	const char *name = flows[row].name;
	const struct weir_metrics metrics = flow_metrics(&flow);
	const size_t seen = lines(flow.out.log) + lines(flow.dead.log) + called;

	ck_assert_msg(status == (flows[row].build == buffers ? WEIR_ERR_TIMEOUT : WEIR_END) ||
			      status == WEIR_ERR_NOMEM,
		      "%s: call %zu fails: %s: %s", name, fail_at, weir_status_name(status),
		      weir_pipeline_error(flow.pipeline)->text);
	ck_assert_msg(metrics.all.delivered + metrics.all.dead_lettered <= seen,
		      "%s: call %zu fails: more is counted than was seen", name, fail_at);
	ck_assert_msg(status < 0 || metrics.all.in_flight == 0, "%s: call %zu", name, fail_at);
	if (flows[row].build == templates_and_dead_letters)	/* none goes under a wrong key */
		ck_assert_msg(!strstr(flow.out.log, " - {"), "call %zu: no key", fail_at);
}

/* What is held is settled, last one first, but for what is left to a stop. */
static enum weir_status run_on(void)
{
	enum weir_status status = flow_run(&flow);

	for (int i = 0; i < 20 && status == WEIR_OK; i++) {
		flow_sink_done(&flow.out, flow.out.held_count - 1);
		status = flow_run(&flow);
	}
	if (status != WEIR_OK)
		return status;
	weir_pipeline_stop(flow.pipeline);
	return flow_run(&flow);
}

static bool run_once(int row, size_t fail_at)
{
	enum weir_status status;
	uint64_t received;
	bool failed;

	probe = (struct probe){ .remedy = WEIR_REMEDY_STOP, .fd = -1 };
	called = told = 0;
	owner_bytes = 0;
	flow_begin_failing(&flow,
			   WEIR_WITH(weir_pipeline_options, .unrouted = flows[row].unrouted,
				     .window_messages = 5, .on_outcome = on_outcome),
			   fail_at);
	feed();
	flows[row].build();
	status = run_on();
	check_truth(row, fail_at, status);
	failed = flow.fake.calls >= fail_at;
	received = flow_metrics(&flow).all.received;
	flow_end(&flow);
	ck_assert_msg(told == received, "%s: call %zu fails: told of %u", flows[row].name, fail_at,
		      told);
	ck_assert_uint_eq(probe.released, probe.emitted);
	if (probe.fd >= 0)
		close(probe.fd);
	return failed;
}

START_TEST(a_flow_survives_any_one_allocation_that_fails)
{
	size_t fail_at = 1;

	while (run_once(_i, fail_at))
		fail_at++;
	ck_assert_uint_gt(fail_at, 30);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	LOOP(t, a_flow_survives_any_one_allocation_that_fails, flows);
	return run_case("no memory", t);
}
