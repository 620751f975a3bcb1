/* SPDX-License-Identifier: MIT */
/*
 * What routes cost: generated messages in memory through a pipeline to a sink that takes all.
 *
 *     bench_routes COUNT        prints a line for 1, 100 and 1,000 routes
 *
 * The routes are by kind and by equality on a field (`lang`), a different value each; the last
 * takes what none before it did.
 */
#include <stdlib.h>
#include <string.h>
#include <weir.h>

#include "bench.h"
#include "sample.h"

#define POOL 2000

struct feed {
	struct weir_message_init items[POOL];
	uint64_t left;
	size_t at;
};

static void keep(void *owner)
{
	(void)owner;
}

static enum weir_status feed_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				  struct weir_error *err)
{
	struct feed *feed = self;

	(void)now_ms;
	for (; feed->left && weir_outlet_room(outlet); feed->left--) {
		const enum weir_status status =
			weir_outlet_emit(outlet, &feed->items[feed->at], NULL, err);

		if (status < 0)
			return status;
		feed->at = (feed->at + 1) % POOL;
	}
	return feed->left ? WEIR_OK : WEIR_END;
}

static enum weir_status take(void *self, weir_delivery *delivery, struct weir_error *err)
{
	(void)self;
	(void)err;
	weir_delivery_done(delivery);
	return WEIR_OK;
}

static const struct weir_source_ops feed_ops = { .size = sizeof feed_ops, .step = feed_step };
static const struct weir_sink_ops take_ops = { .size = sizeof take_ops, .submit = take };

static void fill(struct feed *feed)
{
	struct sample *sample = sample_new(1);

	for (size_t i = 0; i < POOL; i++) {
		const struct sample_message message = sample_next(sample);
		char *copy = malloc(message.len);

		memcpy(copy, message.text, message.len);
		feed->items[i] = (struct weir_message_init){ .size = sizeof feed->items[i],
							     .body = { copy, message.len },
							     .release = keep };
	}
	sample_free(sample);
}

static int run(struct feed *feed, uint64_t count, size_t routes)
{
	weir_pipeline *p = weir_pipeline_new(NULL);
	weir_sink *sink = weir_sink_add(p, "sink", &take_ops, NULL);
	char name[32], lang[32];
	double started;
	int failed;

	feed->left = count;
	weir_source_add(p, "feed", &feed_ops, feed);
	for (size_t i = 1; i < routes; i++) {
		const char *const any_of[] = { lang };
		const struct weir_field_match where = { .path = "lang", .test = WEIR_TEST_EQUALS,
							.any_of = any_of, .any_of_count = 1 };

		if (i < 4)
			snprintf(lang, sizeof lang, "%.2s", &"enkoja"[2 * (i - 1)]);
		else
			snprintf(lang, sizeof lang, "x%zu", i);
		weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_TWEET | WEIR_KIND_RETWEET,
					    .where = &where, .where_count = 1, .to = "t",
					    .final = true), sink);
	}
	weir_route_add(p, WEIR_WITH(weir_route, .to = "rest"), sink);
	snprintf(name, sizeof name, "routes%zu", routes);
	started = bench_now();
	failed = weir_pipeline_run(p) < 0;
	bench_print(name, count, bench_now() - started);
	weir_pipeline_free(p);
	return failed;
}

int main(int argc, char **argv)
{
	const uint64_t count = argc == 2 ? strtoull(argv[1], NULL, 10) : 500000;
	static struct feed feed;

	fill(&feed);
	return run(&feed, count, 1) | run(&feed, count, 100) | run(&feed, count, 1000);
}
