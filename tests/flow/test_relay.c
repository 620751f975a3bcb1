/* SPDX-License-Identifier: MIT */
/* Sources that relay: what came in through a sink of the same pipeline goes on before it ends. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/drive.h"
#include "support/flow.h"
#include "support/run.h"

#define MOST 256
#define MESSAGES 200

/* A queue in memory, both ends of it: a spool that forgets. */
struct queue {
	char bodies[MOST][8];
	bool settled[MOST];
	size_t count;		/* stored */
	size_t next;		/* to be emitted */
	bool is_slow;		/* holds what it is given until told */
	size_t most;		/* messages that it has room for; 0: no bound */
	uint64_t keeps_bytes;	/* memory that what it emits keeps; 0: its body */
	weir_port *sink_port;
	weir_delivery *held[MOST];
	size_t held_count;
	weir_port *port;	/* the source's */
	weir_source *source;
	weir_sink *sink;
	unsigned closes;
	bool ended, was_ending;	/* at its last step */
	size_t told[WEIR_OUTCOME_COUNT];
};

static void queue_store(struct queue *queue, weir_delivery *delivery)
{
	const struct weir_slice body = weir_delivery_value(delivery);

	ck_assert_uint_lt(queue->count, MOST);
	ck_assert_uint_lt(body.len, sizeof queue->bodies[0]);
	memcpy(queue->bodies[queue->count++], body.data, body.len);
	weir_delivery_done(delivery);
	if (queue->port)
		weir_port_wake(queue->port);
}

static enum weir_status queue_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct queue *queue = self;

	(void)err;
	if (queue->most && queue->count - queue->told[WEIR_OUTCOME_DELIVERED] >= queue->most)
		return WEIR_AGAIN;
	if (queue->is_slow)
		queue->held[queue->held_count++] = delivery;
	else
		queue_store(queue, delivery);
	return WEIR_OK;
}

static enum weir_status queue_open(void *self, weir_port *port, struct weir_error *err)
{
	(void)err;
	((struct queue *)self)->port = port;
	return WEIR_OK;
}

static void let_go(void *owner)
{
	(void)owner;
}

static enum weir_status queue_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				   struct weir_error *err)
{
	struct queue *queue = self;

	(void)now_ms;
	queue->was_ending = weir_port_is_ending(queue->port);
	while (queue->next < queue->count && weir_outlet_room(outlet) > 0) {
		const char *body = queue->bodies[queue->next];
		const enum weir_status status = weir_outlet_emit(
			outlet,
			WEIR_WITH(weir_message_init, .body = { body, strlen(body) },
				  .kind = WEIR_KIND_TWEET, .origin = "in",
				  .release = queue->keeps_bytes ? let_go : NULL, .owner = queue,
				  .owner_bytes = queue->keeps_bytes,
				  .user = &queue->settled[queue->next]),
			NULL, err);

		if (status != WEIR_OK)
			return status;
		queue->next++;
	}
	if (!queue->was_ending || queue->next < queue->count)
		return WEIR_OK;
	queue->ended = true;
	return WEIR_END;
}

static void queue_settled(void *self, const weir_message *message, void *user,
			  enum weir_outcome outcome)
{
	(void)message;
	((struct queue *)self)->told[outcome]++;
	*(bool *)user = outcome <= WEIR_OUTCOME_DROPPED;
	weir_port_wake(((struct queue *)self)->sink_port);
}

static enum weir_status queue_open_sink(void *self, weir_port *port, struct weir_error *err)
{
	(void)err;
	((struct queue *)self)->sink_port = port;
	return WEIR_OK;
}

static void queue_close(void *self)
{
	((struct queue *)self)->closes++;
}

static const struct weir_source_ops source_ops = { .size = sizeof source_ops,
						   .open = queue_open,
						   .step = queue_step,
						   .close = queue_close,
						   .settled = queue_settled,
						   .keeps = true,
						   .relays = true };
static const struct weir_sink_ops sink_ops = { .size = sizeof sink_ops,
					       .open = queue_open_sink,
					       .submit = queue_submit };

static struct flow flow;
static struct queue queues[2];

static void queue_add(struct queue *queue, const char *name)
{
	queue->sink = weir_sink_add(flow.pipeline, name, &sink_ops, queue);
	queue->source = weir_source_add(flow.pipeline, name, &source_ops, queue);
}

/* in ─► queue ─► … ─► out; a window of sixteen messages. */
static void begin(int count, enum weir_overflow overflow)
{
	const weir_source *from;

	memset(queues, 0, sizeof queues);
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_messages = 16));
	from = flow.source;
	for (int i = 0; i < count; i++) {
		queue_add(&queues[i], i ? "second" : "first");
		weir_route_add(flow.pipeline,
			       WEIR_WITH(weir_route, .from = from, .final = true),
			       queues[i].sink);
		from = queues[i].source;
	}
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .from = from, .overflow = overflow),
		       flow.sink);
}

static void feed(size_t count)
{
	static char texts[MESSAGES][8];

	for (size_t i = 0; i < count; i++) {
		snprintf(texts[i], sizeof texts[i], "%03zu", i % 1000);
		flow_feed_to(&flow.in, WEIR_KIND_TWEET, texts[i]);
	}
}

/* Everything came out, in order. */
static void check_out(size_t from, size_t upto)
{
	const char *line = flow.out.log;
	char want[16];

	for (size_t i = from; i < upto; i++, line += strlen(want)) {
		snprintf(want, sizeof want, " - %03zu\n", i);
		ck_assert_msg(strncmp(line, want, strlen(want)) == 0, "message %zu: %.8s", i, line);
	}
	ck_assert_str_eq(line, "");
}

static uint64_t in_flight(const weir_source *source)
{
	return source_metrics_of(source).all.in_flight;
}

/* ---- the end */

START_TEST(a_pipeline_ends_when_its_input_has_and_the_relay_is_empty)
{
	begin(_i, WEIR_OVERFLOW_SPOOL);
	feed(MESSAGES);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_out(0, MESSAGES);
	for (int i = 0; i < _i; i++) {
		ck_assert(queues[i].ended && queues[i].closes == 1);
		ck_assert_uint_eq(queues[i].told[WEIR_OUTCOME_DELIVERED], MESSAGES);
	}
	ck_assert_uint_eq(flow_metrics(&flow).all.received, MESSAGES * (1 + (uint64_t)_i));
	flow_end(&flow);
}
END_TEST

/* A batch that is larger than the window: its messages wait for a sink that takes nothing. */
START_TEST(the_input_goes_on_whatever_the_relay_keeps)
{
	begin(1, WEIR_OVERFLOW_SPOOL);
	queues[0].keeps_bytes = UINT64_C(1) << 40;
	flow.out.then = FLOW_HOLD;
	flow.in.stays = true;
	feed(MESSAGES);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_uint_gt(flow.out.held_count, 0);
	ck_assert_uint_eq(queues[0].count, MESSAGES);
	flow.out.then = FLOW_DONE;
	while (flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	flow.in.stays = false;
	weir_port_wake(flow.in.port);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_out(0, MESSAGES);
	flow_end(&flow);
}
END_TEST

START_TEST(a_relay_goes_on_while_its_input_does)
{
	begin(1, WEIR_OVERFLOW_BLOCK);
	flow.in.stays = true;
	feed(5);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	check_out(0, 5);
	ck_assert(!queues[0].was_ending && queues[0].closes == 0);
	flow.in.stays = false;
	weir_port_wake(flow.in.port);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

START_TEST(a_relay_waits_for_what_is_still_on_its_way_to_it)
{
	begin(1, WEIR_OVERFLOW_BLOCK);
	queues[0].is_slow = true;
	feed(3);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_uint_eq(flow.in.closes, 1);
	ck_assert_uint_eq(queues[0].held_count, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert(!queues[0].was_ending);
		queue_store(&queues[0], queues[0].held[i]);
		ck_assert_int_eq(flow_run(&flow), i < 2 ? WEIR_OK : WEIR_END);
	}
	check_out(0, 3);
	flow_end(&flow);
}
END_TEST

START_TEST(a_chain_ends_in_its_order)
{
	begin(2, WEIR_OVERFLOW_BLOCK);
	queues[1].is_slow = true;
	feed(3);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert(queues[0].ended && !queues[1].was_ending);
	for (size_t i = 0; i < 3; i++)
		queue_store(&queues[1], queues[1].held[i]);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_out(0, 3);
	flow_end(&flow);
}
END_TEST

START_TEST(a_relay_alone_hands_on_what_it_has_and_ends)
{
	begin(1, WEIR_OVERFLOW_BLOCK);
	for (size_t i = 0; i < 40; i++)
		snprintf(queues[0].bodies[i], sizeof queues[0].bodies[i], "%03zu", i % 1000);
	queues[0].count = 40;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_out(0, 40);
	flow_end(&flow);
}
END_TEST

/* ---- the window */

START_TEST(what_a_relay_cannot_hand_on_leaves_its_input_room)
{
	begin(_i, WEIR_OVERFLOW_SPOOL);
	flow.in.stays = true;
	flow.out.then = FLOW_HOLD;
	feed(MESSAGES);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), -1);
	ck_assert_uint_eq(flow.in.next, MESSAGES);
	ck_assert_uint_eq(queues[_i - 1].count, MESSAGES);
	ck_assert_uint_eq(in_flight(queues[_i - 1].source), 8);
	flow.in.stays = false;
	flow.out.then = FLOW_DONE;
	weir_port_wake(flow.in.port);
	while (flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_out(0, MESSAGES);
	flow_end(&flow);
}
END_TEST

START_TEST(what_waits_for_a_full_relay_does_not_keep_it_from_handing_on)
{
	begin(1, WEIR_OVERFLOW_SPOOL);
	queues[0].most = 4;
	flow.in.stays = true;
	flow.out.then = FLOW_HOLD;
	feed(MESSAGES);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_uint_eq(in_flight(flow.source), 16);	/* all of the window */
	ck_assert_uint_eq(in_flight(queues[0].source), 4);
	for (int i = 0; i < 40; i++) {
		flow_sink_done(&flow.out, 0);
		ck_assert_int_eq(flow_run(&flow), WEIR_OK);
		ck_assert_int_eq(weir_pipeline_timeout_ms(flow.pipeline), -1);
	}
	flow.out.then = FLOW_DONE;
	flow.in.stays = false;
	while (flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_out(0, MESSAGES);
	flow_end(&flow);
}
END_TEST

START_TEST(a_relay_has_half_of_the_bytes_too)
{
	memset(queues, 0, sizeof queues);
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_bytes = 70));
	queue_add(&queues[0], "first");
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .from = flow.source), queues[0].sink);
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .from = queues[0].source), flow.sink);
	flow.out.then = FLOW_HOLD;
	flow.in.stays = true;
	feed(MESSAGES);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_uint_eq(flow.in.next, MESSAGES);
	/* "000" and its origin are six bytes: six of them are the first that are above 35 */
	ck_assert_uint_eq(in_flight(queues[0].source), 6);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

START_TEST(a_share_behind_a_relay_holds_up_the_relay_alone)
{
	begin(1, WEIR_OVERFLOW_SPOOL);
	weir_sink_set_share(flow.sink, 3, 0);
	flow.in.stays = true;
	flow.out.then = FLOW_HOLD;
	feed(MESSAGES);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert_uint_eq(flow.in.next, MESSAGES);
	ck_assert_uint_eq(in_flight(queues[0].source), 4);
	ck_assert_uint_eq(flow_metrics(&flow).all.dropped, 0);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

/* ---- a stop */

static size_t count_settled(const struct queue *queue)
{
	size_t count = 0;

	for (size_t i = 0; i < queue->count; i++)
		count += queue->settled[i];
	return count;
}

START_TEST(what_a_stop_leaves_in_a_relay_is_kept_and_emitted_by_the_next_run)
{
	struct queue kept;

	begin(1, WEIR_OVERFLOW_SPOOL);
	flow.in.stays = true;
	flow.out.answers[0] = flow.out.answers[1] = FLOW_DONE;
	flow.out.answer_count = 2;
	flow.out.then = FLOW_HOLD;
	feed(50);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(queues[0].closes, 1);
	ck_assert_ptr_nonnull(strstr(flow.fake.log, "8 messages not acknowledged: their sources"));
	flow_end(&flow);
	ck_assert_uint_eq(queues[0].told[WEIR_OUTCOME_KEPT], 8);
	ck_assert_uint_eq(count_settled(&queues[0]), 2);

	kept = queues[0];
	begin(1, WEIR_OVERFLOW_SPOOL);
	memcpy(queues[0].bodies, kept.bodies, sizeof kept.bodies);
	queues[0].count = 50;
	queues[0].next = 2;
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	check_out(2, 50);
	flow_end(&flow);
}
END_TEST

START_TEST(a_stop_tells_a_relay_that_it_is_ending)
{
	begin(1, WEIR_OVERFLOW_BLOCK);
	flow.in.stays = true;
	feed(1);
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
	ck_assert(!weir_port_is_ending(queues[0].port) && !weir_port_is_ending(flow.in.port));
	weir_pipeline_stop(flow.pipeline);
	ck_assert(weir_port_is_ending(queues[0].port) && weir_port_is_ending(flow.in.port));
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	tcase_add_loop_test(t, a_pipeline_ends_when_its_input_has_and_the_relay_is_empty, 1, 3);
	tcase_add_test(t, the_input_goes_on_whatever_the_relay_keeps);
	tcase_add_test(t, a_relay_goes_on_while_its_input_does);
	tcase_add_test(t, a_relay_waits_for_what_is_still_on_its_way_to_it);
	tcase_add_test(t, a_chain_ends_in_its_order);
	tcase_add_test(t, a_relay_alone_hands_on_what_it_has_and_ends);
	tcase_add_loop_test(t, what_a_relay_cannot_hand_on_leaves_its_input_room, 1, 3);
	tcase_add_test(t, what_waits_for_a_full_relay_does_not_keep_it_from_handing_on);
	tcase_add_test(t, a_relay_has_half_of_the_bytes_too);
	tcase_add_test(t, a_share_behind_a_relay_holds_up_the_relay_alone);
	tcase_add_test(t, what_a_stop_leaves_in_a_relay_is_kept_and_emitted_by_the_next_run);
	tcase_add_test(t, a_stop_tells_a_relay_that_it_is_ending);
	return run_case("relay", t);
}
