/* SPDX-License-Identifier: MIT */
/* Sources: room, ownership of bodies, what they count. */
#include <check.h>
#include <string.h>

#include "support/flow.h"
#include "support/probe.h"
#include "support/run.h"

static struct flow flow;

static const char two[] = "22";

static struct probe probe;
static weir_source *source;

static void release(void *owner)
{
	((struct probe *)owner)->released++;
}

static void begin(const struct weir_pipeline_options *options,
		  enum weir_status (*step)(struct probe *, weir_outlet *, struct weir_error *))
{
	flow_begin(&flow, options);
	probe = (struct probe){ .step = step, .remedy = WEIR_REMEDY_RETRY };
	source = probe_add(flow.pipeline, "probe", &probe);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .to = "t"), flow.sink);
}

static void end(void)
{
	flow_end(&flow);
	ck_assert_uint_eq(probe.frees, 1);
	ck_assert_uint_eq(probe.released, probe.emitted);
}

static void stop(enum weir_status want)
{
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), want);
	end();
}

static struct weir_message_init owned(struct probe *at, size_t len)
{
	static const char many[256] = "\"";

	return (struct weir_message_init){ .size = sizeof(struct weir_message_init),
					   .body = { many, len },
					   .release = release,
					   .owner = at,
					   .kind = WEIR_KIND_RECORD };
}

static enum weir_status emit_one(struct probe *at, weir_outlet *outlet, size_t len,
				 struct weir_error *err)
{
	const struct weir_message_init init = owned(at, len);
	const enum weir_status status = weir_outlet_emit(outlet, &init, NULL, err);

	at->emitted += status != WEIR_AGAIN;
	return status;
}

/* ---- room */

static enum weir_status fill_ten_bytes_each(struct probe *at, weir_outlet *outlet,
					    struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	while (status == WEIR_OK && weir_outlet_room(outlet) > 0)
		status = emit_one(at, outlet, 10, err);
	if (status == WEIR_OK)	/* without asking for room */
		ck_assert_int_eq(emit_one(at, outlet, 10, err), WEIR_AGAIN);
	return status;
}

static const struct {
	const char *name;
	uint64_t messages, bytes;
	unsigned want;	/* under way */
	unsigned done;	/* to be settled until the source is called again */
} windows[] = {
	{ "in messages", 8, 0, 8, 2 },
	{ "one message", 1, 0, 1, 1 },
	{ "in bytes", 0, 80, 8, 2 },
	{ "in bytes, the last over the end", 0, 75, 8, 3 },
	{ "less than one message", 0, 1, 1, 1 },
};

START_TEST(a_full_window_stops_the_source_until_a_quarter_is_free)
{
	begin(WEIR_WITH(weir_pipeline_options, .window_messages = windows[_i].messages,
			.window_bytes = windows[_i].bytes),
	      fill_ten_bytes_each);
	flow.out.then = FLOW_HOLD;
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_msg(flow.out.held_count == windows[_i].want, "%s: %zu", windows[_i].name,
		      flow.out.held_count);
	ck_assert_uint_eq(flow_metrics(&flow).in_flight_bytes, windows[_i].want * 10);
	for (unsigned i = 1; i <= windows[_i].done; i++) {
		ck_assert_msg(probe.steps == 1, "%s: %u done", windows[_i].name, i - 1);
		flow_sink_done(&flow.out, 0);
		flow_run(&flow);
	}
	ck_assert_msg(probe.steps == 2, "%s: it starves", windows[_i].name);
	ck_assert_uint_eq(flow.out.held_count, windows[_i].want);
	while (flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	flow.out.then = FLOW_DONE;
	stop(WEIR_END);
}
END_TEST

static enum weir_status emit_at_most_one(struct probe *at, weir_outlet *outlet,
					 struct weir_error *err)
{
	weir_port_wake(at->port);
	return weir_outlet_room(outlet) ? emit_one(at, outlet, 10, err) : WEIR_OK;
}

START_TEST(room_is_what_the_window_has_left)
{
	begin(WEIR_WITH(weir_pipeline_options, .window_messages = 3), emit_at_most_one);
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	ck_assert_uint_eq(probe.emitted, 1);
	ck_assert_uint_eq(weir_outlet_room(probe.outlet), 0);
	flow_step(&flow);
	flow_step(&flow);
	flow_step(&flow);
	ck_assert_uint_eq(probe.emitted, 3);
	while (flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	stop(WEIR_END);
}
END_TEST

START_TEST(two_greedy_sources_take_turns)
{
	static struct probe other;

	begin(WEIR_WITH(weir_pipeline_options, .window_messages = 4), fill_ten_bytes_each);
	other = (struct probe){ .step = fill_ten_bytes_each };
	probe_add(flow.pipeline, "other", &other);
	flow.out.then = FLOW_HOLD;
	for (int i = 0; i < 8; i++) {
		flow_run(&flow);
		while (flow.out.held_count)
			flow_sink_done(&flow.out, 0);
	}
	ck_assert_uint_gt(probe.emitted, 8);
	ck_assert_uint_gt(other.emitted, 8);
	flow.out.then = FLOW_DONE;
	stop(WEIR_END);
	ck_assert_uint_eq(other.released, other.emitted);
}
END_TEST

/* ---- ownership */

static enum weir_status emit_two_and_end(struct probe *at, weir_outlet *outlet,
					 struct weir_error *err)
{
	enum weir_status status = emit_one(at, outlet, 10, err);

	if (status == WEIR_OK)
		status = emit_one(at, outlet, 10, err);
	return status < 0 ? status : WEIR_END;
}

START_TEST(an_owned_body_is_not_copied_and_released_when_it_is_delivered)
{
	begin(NULL, emit_two_and_end);
	flow.out.then = FLOW_HOLD;
	flow_run(&flow);
	ck_assert_ptr_eq(weir_delivery_value(flow.out.held[0]).data, owned(&probe, 1).body.data);
	flow_sink_done(&flow.out, 0);
	ck_assert_uint_eq(probe.released, 1);
	flow_sink_done(&flow.out, 0);
	ck_assert_uint_eq(probe.released, 2);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	end();
}
END_TEST

START_TEST(an_owned_body_lives_as_long_as_a_reference)
{
	weir_message *kept;

	begin(NULL, emit_two_and_end);
	flow.out.then = FLOW_HOLD;
	flow_run(&flow);
	kept = weir_message_ref(weir_delivery_message(flow.out.held[0]));
	flow_sink_done(&flow.out, 0);
	flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(probe.released, 1);
	ck_assert_ptr_null(weir_message_unref(kept));
	end();
}
END_TEST

START_TEST(what_is_under_way_is_released_when_the_pipeline_is_freed)
{
	begin(NULL, emit_two_and_end);
	flow.out.then = _i ? FLOW_HOLD : FLOW_FULL;
	flow_step(&flow);
	ck_assert_uint_eq(probe.released, 0);
	end();
	ck_assert_uint_eq(probe.emitted, 2);
}
END_TEST

static enum weir_status emit_wrong(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	struct weir_message_init init = owned(at, 10);

	init.kind = WEIR_KIND_TWEET | WEIR_KIND_RETWEET;
	at->emitted++;
	ck_assert_int_eq(weir_outlet_emit(outlet, &init, NULL, err), WEIR_ERR_INVALID);
	return err->status;
}

START_TEST(a_wrong_kind_is_the_pipelines_failure_and_the_body_is_released)
{
	begin(NULL, emit_wrong);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(
		strstr(weir_pipeline_error(flow.pipeline)->text, "source 'probe': 3 is not"));
	ck_assert_uint_eq(flow_metrics(&flow).all.received, 0);
	ck_assert_uint_eq(probe.closes, 1);
	end();
}
END_TEST

START_TEST(a_body_is_released_when_memory_runs_out)
{
	begin(NULL, emit_two_and_end);
	probe.fail_open = WEIR_ERR_IO;	/* so that the emits are all that allocates */
	flow_step(&flow);
	probe.fail_open = WEIR_OK;
	flow.fake.fail_at = flow.fake.calls + 1;
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_NOMEM);
	ck_assert_uint_eq(flow_metrics(&flow).all.received, 0);
	ck_assert_uint_eq(probe.released, 1);
	end();
}
END_TEST

static enum weir_status keep_outlet(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	(void)at;
	(void)outlet;
	(void)err;
	return WEIR_OK;
}

START_TEST(an_emit_outside_of_the_step_is_refused_and_takes_the_body)
{
	struct weir_error err;

	begin(NULL, keep_outlet);
	flow_step(&flow);
	ck_assert_uint_eq(weir_outlet_room(probe.outlet), 0);
	ck_assert_int_eq(emit_one(&probe, probe.outlet, 10, &err), WEIR_ERR_STATE);
	ck_assert_ptr_nonnull(strstr(err.text, "'probe'"));
	ck_assert_uint_eq(probe.released, 1);
	stop(WEIR_END);
}
END_TEST

static enum weir_status emit_borrowed(struct probe *at, weir_outlet *outlet,
				      struct weir_error *err)
{
	char body[] = "{\"id_str\":\"5\"}", key[] = "key", name[] = "name", value[] = "value";
	const struct weir_header header = { name, { value, 5 } };
	const struct weir_message_init init = { .size = sizeof init,
						.body = { body, sizeof body - 1 },
						.kind = WEIR_KIND_RECORD,
						.key = { key, 3 },
						.time_ms = 77,
						.headers = &header,
						.header_count = 1 };
	const weir_message *shown = NULL;

	(void)at;
	ck_assert_int_eq(weir_outlet_emit(outlet, &init, &shown, err), WEIR_OK);
	memset(body, 'x', sizeof body - 1);
	memset(key, 'x', 3);
	memset(name, 'x', 4);
	memset(value, 'x', 5);
	ck_assert_int_eq(weir_message_kind(shown), WEIR_KIND_RECORD);
	ck_assert_uint_eq(weir_message_time_ms(shown), 77);
	ck_assert_uint_eq(weir_message_received_ms(shown), flow.fake.wall_ms);
	ck_assert_str_eq(weir_message_source(shown), "probe");
	return WEIR_END;
}

START_TEST(borrowed_bytes_are_copied_and_a_given_kind_is_kept)
{
	begin(NULL, emit_borrowed);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_str_eq(flow.out.log, "t key {\"id_str\":\"5\"}\n");
	ck_assert_str_eq(flow.out.headers, "name=value\n");
	ck_assert_uint_eq(flow_metrics(&flow).lag_ms, flow.fake.wall_ms - 77);
	end();
}
END_TEST

static enum weir_status look_twice(struct probe *at, weir_outlet *outlet, struct weir_error *err)
{
	const struct weir_message_init init = { .size = sizeof init, .body = { two, 2 } };
	const weir_message *first, *second;

	(void)at;
	ck_assert_int_eq(weir_outlet_emit(outlet, &init, &first, err), WEIR_OK);
	ck_assert_int_eq(weir_message_kind(first), WEIR_KIND_UNKNOWN);
	ck_assert_int_eq(weir_outlet_emit(outlet, &init, NULL, err), WEIR_OK);
	ck_assert_uint_eq(weir_message_body(first).len, 2);
	ck_assert_int_eq(weir_outlet_emit(outlet, &init, &second, err), WEIR_OK);
	ck_assert_uint_eq(weir_message_body(second).len, 2);
	return WEIR_END;
}

START_TEST(a_message_that_is_settled_at_once_can_still_be_looked_at)
{
	begin(NULL, look_twice);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 3);
	end();
}
END_TEST

static enum weir_status emit_without_body(struct probe *at, weir_outlet *outlet,
					  struct weir_error *err)
{
	struct weir_message_init init = { .size = sizeof init };

	ck_assert_int_eq(weir_outlet_emit(outlet, &init, NULL, err), WEIR_OK);
	if (at->steps)
		init.body.len = 1;
	return weir_outlet_emit(outlet, &init, NULL, err);
}

START_TEST(a_body_of_nothing_is_malformed_and_bytes_that_are_nowhere_are_refused)
{
	begin(NULL, emit_without_body);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_INVALID);
	ck_assert_str_eq(flow.out.log, "t - \n");
	ck_assert_uint_eq(flow_metrics(&flow).kinds[18].delivered, 1);
	end();
}
END_TEST

START_TEST(what_a_source_counts_is_in_its_metrics)
{
	struct weir_source_metrics metrics = WEIR_METRICS(weir_source_metrics);

	begin(NULL, keep_outlet);
	flow_step(&flow);
	for (unsigned i = 0; i < WEIR_COUNT_RECONNECTS + WEIR_RECONNECT_CAUSES; i++)
		weir_port_count(probe.port, i, i + 1);
	weir_port_count(probe.port, WEIR_COUNT_CONNECTS, 10);
	weir_port_count(probe.port, WEIR_GAUGE_PERCENT_FULL, 60);
	weir_port_count(probe.port, WEIR_COUNT_RECONNECTS + WEIR_RECONNECT_CAUSES, 1000);
	weir_port_count(flow.out.port, WEIR_COUNT_CONNECTS, 1000);
	weir_source_metrics(source, &metrics);
	ck_assert_uint_eq(metrics.connects, WEIR_COUNT_CONNECTS + 11);
	ck_assert_uint_eq(metrics.missed, WEIR_COUNT_MISSED + 1);
	ck_assert_uint_eq(metrics.wire_bytes, WEIR_COUNT_WIRE_BYTES + 1);
	ck_assert_uint_eq(metrics.percent_full, 60);
	for (unsigned i = 0; i < WEIR_RECONNECT_CAUSES; i++)
		ck_assert_uint_eq(metrics.reconnects[i], WEIR_COUNT_RECONNECTS + i + 1);
	ck_assert_str_eq(weir_port_name(probe.port), "probe");
	ck_assert_ptr_eq(weir_port_env(probe.port), weir_pipeline_env(flow.pipeline));
	stop(WEIR_END);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	LOOP(t, a_full_window_stops_the_source_until_a_quarter_is_free, windows);
	tcase_add_test(t, room_is_what_the_window_has_left);
	tcase_add_test(t, two_greedy_sources_take_turns);
	tcase_add_test(t, an_owned_body_is_not_copied_and_released_when_it_is_delivered);
	tcase_add_test(t, an_owned_body_lives_as_long_as_a_reference);
	tcase_add_loop_test(t, what_is_under_way_is_released_when_the_pipeline_is_freed, 0, 2);
	tcase_add_test(t, a_wrong_kind_is_the_pipelines_failure_and_the_body_is_released);
	tcase_add_test(t, a_body_is_released_when_memory_runs_out);
	tcase_add_test(t, an_emit_outside_of_the_step_is_refused_and_takes_the_body);
	tcase_add_test(t, borrowed_bytes_are_copied_and_a_given_kind_is_kept);
	tcase_add_test(t, a_message_that_is_settled_at_once_can_still_be_looked_at);
	tcase_add_test(t, a_body_of_nothing_is_malformed_and_bytes_that_are_nowhere_are_refused);
	tcase_add_test(t, what_a_source_counts_is_in_its_metrics);
	return run_case("source", t);
}
