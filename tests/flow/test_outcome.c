/* SPDX-License-Identifier: MIT */
/* Outcomes: the source and the application are told of each message once, whatever happens. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"

#define MESSAGES 10

static struct flow flow;

/* A source of ten messages that writes down what it is told of each. */
static struct teller {
	size_t count, next;
	bool stays, fails;
	weir_port *port;
	struct slot {
		unsigned settled, told;
		enum weir_outcome outcome;
	} slots[MESSAGES];
	size_t order[MESSAGES], told;	/* by which number each was told of */
} teller;

static enum weir_status teller_open(void *self, weir_port *port, struct weir_error *err)
{
	(void)self;
	(void)err;
	teller.port = port;
	return WEIR_OK;
}

static enum weir_status teller_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				    struct weir_error *err)
{
	(void)self;
	(void)now_ms;
	while (teller.next < teller.count && weir_outlet_room(outlet) > 0) {
		const char body[] = { (char)('0' + teller.next) };
		const size_t at = teller.next++;
		const enum weir_status status = weir_outlet_emit(
			outlet,
			WEIR_WITH(weir_message_init, .body = { body, 1 }, .kind = WEIR_KIND_TWEET,
				  .user = &teller.slots[at]),
			NULL, err);

		if (status < 0)
			return status;
	}
	if (teller.fails)
		return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "told to fail");
	return teller.next == teller.count && !teller.stays ? WEIR_END : WEIR_OK;
}

static size_t number_of(const weir_message *message)
{
	return (size_t)(*(const char *)weir_message_body(message).data - '0');
}

static void teller_settled(void *self, const weir_message *message, void *user,
			   enum weir_outcome outcome)
{
	struct slot *slot = user;

	ck_assert_ptr_eq(self, &teller);
	ck_assert_ptr_eq(slot, &teller.slots[number_of(message)]);
	slot->settled++;
	slot->outcome = outcome;
}

static const struct weir_source_ops ops = { .size = sizeof ops,
					    .open = teller_open,
					    .step = teller_step,
					    .settled = teller_settled };
static const struct weir_source_ops keeping_ops = { .size = sizeof ops,
						    .open = teller_open,
						    .step = teller_step,
						    .settled = teller_settled,
						    .keeps = true };

static void on_outcome(void *user, weir_message *message, enum weir_outcome outcome)
{
	struct slot *slot = &teller.slots[number_of(message)];

	ck_assert_ptr_eq(user, &teller);
	if (strcmp(weir_message_source(message), "teller") != 0)
		return;
	ck_assert_uint_eq(slot->settled, ++slot->told);
	ck_assert_int_eq(slot->outcome, outcome);
	teller.order[teller.told++] = number_of(message);
}

static void begin(const struct weir_pipeline_options *options, bool keeps)
{
	struct weir_pipeline_options with = options ? *options
						    : (struct weir_pipeline_options){
							      .size = sizeof with };

	memset(&teller, 0, sizeof teller);
	teller.count = MESSAGES;
	with.on_outcome = on_outcome;
	with.user = &teller;
	flow_begin(&flow, &with);
	weir_source_add(flow.pipeline, "teller", keeps ? &keeping_ops : &ops, &teller);
}

static void check_told(const char *name, size_t from, size_t upto, enum weir_outcome want)
{
	for (size_t i = from; i < upto; i++) {
		ck_assert_msg(teller.slots[i].told == 1 && teller.slots[i].settled == 1,
			      "%s: message %zu was told of %u times", name, i,
			      teller.slots[i].told);
		ck_assert_msg(teller.slots[i].outcome == want, "%s: message %zu: %s", name, i,
			      weir_outcome_name(teller.slots[i].outcome));
	}
}

/* ---- all come to the same end */

static void route(void)
{
	weir_route_add(flow.pipeline, NULL, flow.sink);
}

static void retried(void)
{
	route();
	for (int i = 0; i < 8; i++)
		flow.out.answers[i] = i % 2 ? FLOW_RETRY : FLOW_FULL;
	flow.out.answer_count = 8;
}

static void two_routes(void)
{
	route();
	weir_route_add(flow.pipeline, NULL, flow.dead_sink);
}

static void refused(void)
{
	two_routes();
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
	flow.out.then = FLOW_SKIP;
}

static void unrouted_to_dead_letters(void)
{
	weir_pipeline_set_dead_letters(flow.pipeline, flow.dead_sink, "graves");
}

static void drop_route(void)
{
	weir_route_add_drop(flow.pipeline, NULL);
}

static void unrouted(void)
{
	weir_route_add(flow.pipeline, WEIR_WITH(weir_route, .kinds = WEIR_KIND_DELETE), flow.sink);
}

static void dead(void)
{
	flow.out.then = FLOW_HOLD;
	teller.stays = true;
	route();
}

static void waits(void)
{
	dead();
	flow.out.then = FLOW_RETRY;
}

static void half_dead(void)
{
	dead();
	weir_route_add(flow.pipeline, NULL, flow.dead_sink);
}

static void stop(void)
{
	flow_step(&flow);
	flow_step(&flow);
	weir_pipeline_stop(flow.pipeline);
	flow_run(&flow);
}

static void run(void)
{
	flow_run(&flow);
}

static void fail_source(void)
{
	flow_step(&flow);
	teller.fails = true;
	weir_port_wake(teller.port);
	flow_run(&flow);
}

static void fail_sink(void)
{
	flow_step(&flow);
	flow.out.fail_step = WEIR_ERR_IO;
	weir_port_wake(flow.out.port);
	flow_run(&flow);
}

static void leave(void)		/* freed while it is under way */
{
	flow_step(&flow);
	flow_step(&flow);
}

static const struct {
	const char *name;
	void (*build)(void);
	void (*play)(void);
	enum weir_unrouted unrouted;
	bool keeps;
	enum weir_status status;
	enum weir_outcome want;
} ends[] = {
	{ "delivered", route, run, 0, false, WEIR_END, WEIR_OUTCOME_DELIVERED },
	{ "delivered in the end", retried, run, 0, false, WEIR_END, WEIR_OUTCOME_DELIVERED },
	{ "delivered twice", two_routes, run, 0, false, WEIR_END, WEIR_OUTCOME_DELIVERED },
	{ "dead letters", refused, run, 0, false, WEIR_END, WEIR_OUTCOME_DEAD_LETTERED },
	{ "unrouted to dead letters", unrouted_to_dead_letters, run, WEIR_UNROUTED_DEAD_LETTER,
	  false, WEIR_END, WEIR_OUTCOME_DEAD_LETTERED },
	{ "drop route", drop_route, run, 0, false, WEIR_END, WEIR_OUTCOME_DROPPED },
	{ "unrouted", unrouted, run, 0, false, WEIR_END, WEIR_OUTCOME_DROPPED },
	{ "left by a stop", dead, stop, 0, false, WEIR_ERR_TIMEOUT, WEIR_OUTCOME_LEFT },
	{ "left waiting by a stop", waits, stop, 0, false, WEIR_ERR_TIMEOUT, WEIR_OUTCOME_LEFT },
	{ "half left by a stop", half_dead, stop, 0, false, WEIR_ERR_TIMEOUT, WEIR_OUTCOME_LEFT },
	{ "left by a failing source", dead, fail_source, 0, false, WEIR_ERR_IO, WEIR_OUTCOME_LEFT },
	{ "left by a failing sink", dead, fail_sink, 0, false, WEIR_ERR_IO, WEIR_OUTCOME_LEFT },
	{ "left by a free", dead, leave, 0, false, WEIR_OK, WEIR_OUTCOME_LEFT },
	{ "kept at a stop", dead, stop, 0, true, WEIR_END, WEIR_OUTCOME_KEPT },
	{ "kept waiting at a stop", waits, stop, 0, true, WEIR_END, WEIR_OUTCOME_KEPT },
	{ "half kept at a stop", half_dead, stop, 0, true, WEIR_END, WEIR_OUTCOME_KEPT },
	{ "kept at a failure", dead, fail_source, 0, true, WEIR_ERR_IO, WEIR_OUTCOME_KEPT },
	{ "kept at a free", dead, leave, 0, true, WEIR_OK, WEIR_OUTCOME_KEPT },
	{ "delivered, though its source keeps", route, run, 0, true, WEIR_END,
	  WEIR_OUTCOME_DELIVERED },
};

START_TEST(each_message_is_told_of_once_with_what_became_of_it)
{
	const char *name = ends[_i].name;

	begin(WEIR_WITH(weir_pipeline_options, .unrouted = ends[_i].unrouted), ends[_i].keeps);
	ends[_i].build();
	ends[_i].play();
	ck_assert_msg(weir_pipeline_step(flow.pipeline) == ends[_i].status, "%s: %s", name,
		      weir_pipeline_error(flow.pipeline)->text);
	flow_end(&flow);
	check_told(name, 0, MESSAGES, ends[_i].want);
	for (size_t i = 0; i < MESSAGES; i++)
		ck_assert_msg(teller.order[i] == i, "%s: in order", name);
}
END_TEST

/* ---- some come to another end */

START_TEST(what_overflows_is_told_of_as_dropped)
{
	begin(NULL, false);
	weir_sink_set_share(flow.sink, 4, 0);
	weir_route_add(flow.pipeline,
		       WEIR_WITH(weir_route, .overflow = _i ? WEIR_OVERFLOW_DROP_OLD
							    : WEIR_OVERFLOW_DROP_NEW),
		       flow.sink);
	flow.out.then = FLOW_HOLD;
	flow_step(&flow);
	flow_step(&flow);
	ck_assert_uint_eq(teller.told, 6);
	if (_i)
		check_told("old", 2, 8, WEIR_OUTCOME_DROPPED);
	else
		check_told("new", 4, 10, WEIR_OUTCOME_DROPPED);
	weir_pipeline_stop(flow.pipeline);
	flow_run(&flow);
	flow_end(&flow);
	check_told("stop", 0, 2, WEIR_OUTCOME_LEFT);
	check_told("stop", _i ? 8 : 2, _i ? 10 : 4, WEIR_OUTCOME_LEFT);
	ck_assert_uint_eq(teller.told, MESSAGES);
}
END_TEST

START_TEST(outcomes_come_in_the_order_in_which_they_are_known)
{
	static const size_t want[] = { 3, 0, 9, 1, 2, 4, 5, 6, 7, 8 };

	begin(NULL, false);
	dead();
	flow_step(&flow);
	flow_step(&flow);
	flow_sink_done(&flow.out, 3);
	flow_sink_done(&flow.out, 0);
	flow_sink_done(&flow.out, 7);
	weir_pipeline_stop(flow.pipeline);
	flow_run(&flow);
	flow_end(&flow);
	ck_assert_mem_eq(teller.order, want, sizeof want);
	check_told("left", 4, 9, WEIR_OUTCOME_LEFT);
	ck_assert_int_eq(teller.slots[9].outcome, WEIR_OUTCOME_DELIVERED);
}
END_TEST

START_TEST(a_message_whose_route_failed_is_left_also_when_another_delivers_it)
{
	begin(WEIR_WITH(weir_pipeline_options, .retry_attempts = 1), false);
	weir_route_add(flow.pipeline, NULL, flow.dead_sink);
	route();
	flow.dead.then = FLOW_HOLD;
	flow.out.then = FLOW_STOP;
	flow_step(&flow);
	ck_assert_uint_eq(flow.dead.held_count, 1);
	flow_sink_done(&flow.dead, 0);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_IO);
	ck_assert_uint_eq(flow_metrics(&flow).all.delivered, 0);
	flow_end(&flow);
	check_told("failed", 0, 1, WEIR_OUTCOME_LEFT);
	ck_assert_uint_eq(teller.told, 1);
}
END_TEST

/* ---- sources that keep */

START_TEST(a_stop_with_a_dead_sink_is_no_failure_for_what_is_kept)
{
	begin(NULL, true);
	dead();
	flow_step(&flow);
	flow_step(&flow);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_int_eq(weir_pipeline_run(flow.pipeline), WEIR_OK);
	ck_assert_int_eq(weir_pipeline_state(flow.pipeline), WEIR_STATE_FINISHED);
	ck_assert_ptr_nonnull(strstr(flow.fake.log, "INFO pipeline: 10 messages not acknowledged: "
						    "their sources keep them"));
	ck_assert_ptr_null(strstr(flow.fake.log, "WARN"));
	flow_end(&flow);
}
END_TEST

START_TEST(what_is_not_kept_fails_a_stop_though_other_is)
{
	begin(NULL, true);
	dead();
	flow.in.stays = true;
	flow_feed_to(&flow.in, WEIR_KIND_TWEET, "0");
	flow_step(&flow);
	flow_step(&flow);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(flow.pipeline)->text,
				     "0 messages delivered, 1 not acknowledged"));
	ck_assert_ptr_nonnull(strstr(flow.fake.log, "10 messages not acknowledged"));
	flow_end(&flow);
	check_told("kept", 0, MESSAGES, WEIR_OUTCOME_KEPT);
}
END_TEST

/* ---- nothing to tell, and what a callback may do */

START_TEST(a_pipeline_that_never_ran_tells_of_nothing)
{
	begin(NULL, _i);
	route();
	flow_end(&flow);
	ck_assert_uint_eq(teller.told, 0);
}
END_TEST

START_TEST(a_stop_before_the_run_tells_of_nothing)
{
	begin(NULL, false);
	dead();
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	flow_end(&flow);
	ck_assert_uint_eq(teller.told, 0);
}
END_TEST

static struct {
	weir_message *kept;
	weir_source *push;
	unsigned told;
} guest;

static void stop_and_push(void *user, weir_message *message, enum weir_outcome outcome)
{
	(void)user;
	(void)outcome;
	if (guest.told++ == 0) {
		guest.kept = weir_message_ref(message);
		ck_assert_int_eq(weir_push(guest.push,
					   WEIR_WITH(weir_message_init, .body = { "z", 1 })),
				 WEIR_OK);
		weir_pipeline_stop(flow.pipeline);
	}
}

START_TEST(told_of_an_outcome_one_may_push_stop_and_keep_the_message)
{
	memset(&guest, 0, sizeof guest);
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .on_outcome = stop_and_push));
	guest.push = weir_push_source_add(flow.pipeline, "push", NULL);
	route();
	flow_feed(&flow, "a");
	ck_assert_int_eq(flow_run(&flow), WEIR_END);
	ck_assert_uint_eq(guest.told, 2);
	weir_pipeline_free(flow.pipeline);
	ck_assert_int_eq(*(const char *)weir_message_body(guest.kept).data, 'a');
	weir_message_unref(guest.kept);
	fake_env_check_empty(&flow.fake);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	LOOP(t, each_message_is_told_of_once_with_what_became_of_it, ends);
	tcase_add_loop_test(t, what_overflows_is_told_of_as_dropped, 0, 2);
	tcase_add_test(t, outcomes_come_in_the_order_in_which_they_are_known);
	tcase_add_test(t, a_message_whose_route_failed_is_left_also_when_another_delivers_it);
	tcase_add_test(t, a_stop_with_a_dead_sink_is_no_failure_for_what_is_kept);
	tcase_add_test(t, what_is_not_kept_fails_a_stop_though_other_is);
	tcase_add_loop_test(t, a_pipeline_that_never_ran_tells_of_nothing, 0, 2);
	tcase_add_test(t, a_stop_before_the_run_tells_of_nothing);
	tcase_add_test(t, told_of_an_outcome_one_may_push_stop_and_keep_the_message);
	return run_case("outcome", t);
}
