/* SPDX-License-Identifier: MIT */
/* The window in bytes: memory that messages under way keep, and each buffer of it once. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/flow.h"
#include "support/run.h"

#define OWNERS 4

static struct flow flow;
static struct flow_source other;
static struct owner {
	uint64_t bytes;
	unsigned emitted, released;
} owners[OWNERS];

static void release(void *owner)
{
	((struct owner *)owner)->released++;
}

static void begin(uint64_t window_bytes)
{
	memset(owners, 0, sizeof owners);
	memset(&other, 0, sizeof other);
	flow_begin(&flow, WEIR_WITH(weir_pipeline_options, .window_bytes = window_bytes));
	weir_route_add(flow.pipeline, NULL, flow.sink);
	flow.out.then = FLOW_HOLD;
	flow.in.stays = true;
}

static struct weir_message_init *feed_to(struct flow_source *source)
{
	flow_feed_to(source, WEIR_KIND_RECORD, "12345678");
	if (source->port)
		weir_port_wake(source->port);
	return &source->items[source->count - 1];
}

/* A message whose body lies in a buffer. */
static void feed_owned(struct flow_source *source, int owner, uint64_t bytes)
{
	struct weir_message_init *item = feed_to(source);

	item->release = release;
	item->owner = &owners[owner];
	item->owner_bytes = bytes;
	owners[owner].bytes = bytes;
	owners[owner].emitted++;
}

static uint64_t bytes(void)
{
	return flow_metrics(&flow).in_flight_bytes;
}

static void step(void)
{
	ck_assert_int_eq(flow_run(&flow), WEIR_OK);
}

static void done(size_t held)
{
	flow_sink_done(&flow.out, held);
	step();
}

static void finish(void)
{
	flow.in.stays = other.stays = false;
	flow.out.then = FLOW_DONE;
	weir_port_wake(flow.in.port);
	if (other.port)
		weir_port_wake(other.port);
	while (flow_run(&flow) == WEIR_OK && flow.out.held_count)
		flow_sink_done(&flow.out, 0);
	ck_assert_int_eq(flow_step(&flow), WEIR_END);
	ck_assert_uint_eq(bytes(), 0);
	flow_end(&flow);
	for (int i = 0; i < OWNERS; i++)
		ck_assert_uint_eq(owners[i].released, owners[i].emitted);
}

/* ---- what one message counts */

static const struct weir_header two_headers[] = { { "a", { "12345", 5 } }, { "bcd", { NULL, 0 } } };
#define TWO_HEADERS_BYTES (2 * sizeof(struct weir_header) + 2 + 5 + 4)

static const struct {
	const char *name;
	struct weir_message_init init;
	uint64_t want;
} messages[] = {
	{ "a copied body", { .size = 0 }, 8 },
	{ "a key", { .key = { "key", 3 } }, 8 + 3 },
	{ "headers", { .headers = two_headers, .header_count = 2 }, 8 + TWO_HEADERS_BYTES },
	{ "an origin", { .origin = "elsewhere" }, 8 + 10 },
	{ "all of it",
	  { .key = { "key", 3 }, .headers = two_headers, .header_count = 2, .origin = "x" },
	  8 + 3 + TWO_HEADERS_BYTES + 2 },
	{ "a body that is lent", { .release = release }, 8 },
	{ "a buffer", { .release = release, .owner_bytes = 65536 }, 65536 },
	{ "a buffer and a key", { .release = release, .owner_bytes = 4096, .key = { "k", 1 } },
	  4097 },
	{ "a buffer that nobody owns", { .owner_bytes = 65536 }, 8 },
};

START_TEST(a_message_counts_all_that_it_keeps)
{
	struct weir_message_init *item;

	begin(0);
	item = feed_to(&flow.in);
	item->release = messages[_i].init.release;
	item->owner_bytes = messages[_i].init.owner_bytes;
	item->key = messages[_i].init.key;
	item->headers = messages[_i].init.headers;
	item->header_count = messages[_i].init.header_count;
	item->origin = messages[_i].init.origin;
	item->owner = &owners[0];
	owners[0].emitted = item->release != NULL;
	step();
	ck_assert_msg(bytes() == messages[_i].want, "%s: %ju bytes, not %ju", messages[_i].name,
		      (uintmax_t)bytes(), (uintmax_t)messages[_i].want);
	finish();
}
END_TEST

START_TEST(a_pushed_copy_counts_its_body_whatever_it_says_of_an_owner)
{
	weir_source *push;

	begin(0);
	push = weir_push_source_add(flow.pipeline, "push", NULL);
	ck_assert_int_eq(weir_push(push, WEIR_WITH(weir_message_init, .body = { "12345678", 8 },
						   .owner_bytes = 1u << 20)),
			 WEIR_OK);
	weir_push_end(push);
	step();
	ck_assert_uint_eq(flow.out.held_count, 1);
	ck_assert_uint_eq(bytes(), 8);
	finish();
}
END_TEST

/* ---- what several count */

START_TEST(many_messages_of_one_buffer_count_it_once)
{
	begin(0);
	for (int i = 0; i < 50; i++)
		feed_owned(&flow.in, 0, 65536);
	step();
	ck_assert_uint_eq(bytes(), 65536);
	finish();
}
END_TEST

START_TEST(buffers_count_each)
{
	begin(0);
	for (int i = 0; i < 20; i++)
		feed_owned(&flow.in, i / 5, (size_t)1000 << (i / 5));
	step();
	ck_assert_uint_eq(bytes(), 15000);
	for (int i = 0; i < 5; i++)
		done(5);	/* the second buffer's */
	ck_assert_uint_eq(bytes(), 13000);
	finish();
}
END_TEST

START_TEST(buffers_that_alternate_count_each_time)
{
	begin(0);
	for (int i = 0; i < 6; i++)
		feed_owned(&flow.in, i % 2, 1000);
	step();
	ck_assert_uint_eq(bytes(), 6000);
	done(0);
	ck_assert_uint_eq(bytes(), 5000);
	finish();
}
END_TEST

START_TEST(copies_in_between_do_not_make_a_buffer_count_again)
{
	begin(0);
	for (int i = 0; i < 5; i++) {
		feed_owned(&flow.in, 0, 1000);
		feed_to(&flow.in);
	}
	step();
	ck_assert_uint_eq(bytes(), 1000 + 5 * 8);
	finish();
}
END_TEST

START_TEST(sources_count_each_for_itself)
{
	begin(0);
	flow_source_add(&flow, "other", &other);
	for (int i = 0; i < 5; i++) {
		feed_owned(&flow.in, 0, 1000);
		feed_owned(&other, 0, 1000);
	}
	step();
	ck_assert_uint_eq(bytes(), 2000);
	finish();
}
END_TEST

static const int orders[][4] = {
	{ 0, 0, 0, 0 }, { 3, 2, 1, 0 }, { 1, 0, 1, 0 }, { 2, 2, 0, 0 }, { 0, 2, 1, 0 },
};

START_TEST(a_buffer_is_kept_until_the_last_of_its_messages_is_settled)
{
	begin(0);
	for (int i = 0; i < 4; i++)
		feed_owned(&flow.in, 0, 1000);
	step();
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(bytes(), 1000);
		done((size_t)orders[_i][i]);
	}
	ck_assert_uint_eq(bytes(), 0);
	feed_owned(&flow.in, 0, 500);	/* the same owner, anew */
	step();
	ck_assert_uint_eq(bytes(), 500);
	finish();
}
END_TEST

/* ---- the window */

START_TEST(what_is_larger_than_the_window_goes_alone)
{
	begin(1000);
	for (int i = 0; i < 4; i++)
		feed_owned(&flow.in, i, 1000000);
	feed_to(&flow.in);
	for (int i = 0; i < 4; i++) {
		step();
		ck_assert_uint_eq(flow.out.held_count, 1);
		ck_assert_uint_eq(bytes(), 1000000);
		flow_sink_done(&flow.out, 0);
	}
	step();
	ck_assert_uint_eq(bytes(), 8);
	finish();
}
END_TEST

START_TEST(the_window_is_full_when_the_memory_kept_is)
{
	begin(64 << 10);
	for (int i = 0; i < 40; i++)
		feed_owned(&flow.in, i / 10, 24 << 10);
	step();
	ck_assert_uint_eq(flow.in.next, 21);	/* the third buffer is beyond it */
	ck_assert_uint_eq(bytes(), 72 << 10);
	for (int i = 0; i < 9; i++)
		done(0);
	ck_assert_uint_eq(flow.in.next, 21);
	done(0);
	ck_assert_uint_eq(flow.in.next, 30 + 1);
	finish();
}
END_TEST

START_TEST(what_a_stop_leaves_under_way_leaks_no_buffer)
{
	begin(0);
	for (int i = 0; i < 10; i++)
		feed_owned(&flow.in, i / 5, 1000);
	step();
	flow_sink_done(&flow.out, 7);
	weir_pipeline_stop(flow.pipeline);
	ck_assert_int_eq(flow_run(&flow), WEIR_ERR_TIMEOUT);
	flow_end(&flow);
	ck_assert_uint_eq(owners[0].released, 5);
	ck_assert_uint_eq(owners[1].released, 5);
}
END_TEST

/* ---- against a model */

struct holding {
	int owner;	/* -1: a copy */
	unsigned under_way;
	uint64_t bytes;
};

struct model {
	struct holding holdings[FLOW_MOST * 2];
	size_t count;
	size_t last[2];			/* of each source, + 1; 0: none */
	size_t of[FLOW_MOST * 2];	/* of the deliveries held, as flow_sink.held */
	size_t held;
};

static uint64_t seed;

static unsigned roll(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static void model_emit(struct model *model, unsigned source, int owner, uint64_t owner_bytes)
{
	size_t at = model->last[source] ? model->last[source] - 1 : 0;

	if (owner < 0 || !model->last[source] || model->holdings[at].owner != owner ||
	    model->holdings[at].under_way == 0) {
		at = model->count++;
		model->holdings[at] = (struct holding){ .owner = owner, .bytes = owner_bytes };
	}
	if (owner >= 0)
		model->last[source] = at + 1;
	model->holdings[at].under_way++;
	model->of[model->held++] = at;
}

static void model_settle(struct model *model, size_t held)
{
	model->holdings[model->of[held]].under_way--;
	memmove(model->of + held, model->of + held + 1,
		(--model->held - held) * sizeof *model->of);
}

static uint64_t model_bytes(const struct model *model)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < model->count; i++)
		if (model->holdings[i].under_way)
			sum += model->holdings[i].bytes;
	return sum;
}

static void emit_one(struct model *model)
{
	const unsigned source = roll(2);
	struct flow_source *from = source ? &other : &flow.in;
	const int owner = roll(3) ? (int)roll(OWNERS) : -1;
	const uint64_t size = 1 + roll(5000);

	if (from->count == FLOW_MOST || model->held == FLOW_MOST - 1)
		return;
	if (owner < 0)
		feed_to(from);
	else
		feed_owned(from, owner, size);
	model_emit(model, source, owner, owner < 0 ? 8 : size);
}

START_TEST(bytes_are_those_of_a_simple_model)
{
	static struct model model;

	memset(&model, 0, sizeof model);
	seed = (uint64_t)_i;
	begin(1u << 30);
	other.stays = true;
	flow_source_add(&flow, "other", &other);
	for (int i = 0; i < 800; i++) {
		if (model.held && roll(2)) {
			const size_t held = roll((unsigned)model.held);

			model_settle(&model, held);
			flow_sink_done(&flow.out, held);
		} else {
			emit_one(&model);
		}
		step();
		ck_assert_uint_eq(flow.out.held_count, model.held);
		ck_assert_msg(bytes() == model_bytes(&model), "seed %d, step %d: %ju, not %ju", _i,
			      i, (uintmax_t)bytes(), (uintmax_t)model_bytes(&model));
	}
	finish();
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("flow");

	LOOP(t, a_message_counts_all_that_it_keeps, messages);
	tcase_add_test(t, a_pushed_copy_counts_its_body_whatever_it_says_of_an_owner);
	tcase_add_test(t, many_messages_of_one_buffer_count_it_once);
	tcase_add_test(t, buffers_count_each);
	tcase_add_test(t, buffers_that_alternate_count_each_time);
	tcase_add_test(t, copies_in_between_do_not_make_a_buffer_count_again);
	tcase_add_test(t, sources_count_each_for_itself);
	LOOP(t, a_buffer_is_kept_until_the_last_of_its_messages_is_settled, orders);
	tcase_add_test(t, what_is_larger_than_the_window_goes_alone);
	tcase_add_test(t, the_window_is_full_when_the_memory_kept_is);
	tcase_add_test(t, what_a_stop_leaves_under_way_leaks_no_buffer);
	tcase_add_loop_test(t, bytes_are_those_of_a_simple_model, 0, 20);
	return run_case("window bytes", t);
}
