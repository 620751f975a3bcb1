/* SPDX-License-Identifier: MIT */
/*
 * What routes cost: generated messages in memory through a pipeline to a sink that takes all.
 *
 *     bench_routes COUNT        prints routes1, routes100 and routes1000
 *
 * The routes are by kind and by equality on a field (`lang`), a different value each; the last
 * takes what none before it did.
 */
#include <stdlib.h>

#include "bench.h"
#include "feed.h"

static void add_routes(weir_pipeline *p, weir_sink *sink, size_t count)
{
	char lang[32];

	for (size_t i = 1; i < count; i++) {
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
}

static int run(const struct texts *texts, uint64_t count, size_t routes)
{
	struct feed feed = { .texts = texts, .count = count };
	weir_pipeline *p = weir_pipeline_new(NULL);
	char name[32];
	int failed;

	feed_add(p, &feed);
	add_routes(p, take_all_add(p, NULL, NULL), routes);
	snprintf(name, sizeof name, "routes%zu", routes);

	const struct bench_moment started = bench_moment_now();

	failed = weir_pipeline_run(p) < 0;
	bench_print(name, count, feed.bytes, started, bench_moment_now());
	weir_pipeline_free(p);
	return failed;
}

int main(int argc, char **argv)
{
	const uint64_t count = argc == 2 ? strtoull(argv[1], NULL, 10) : 500000;
	struct texts texts = texts_read("2000");
	const int failed = run(&texts, count, 1) | run(&texts, count, 100) |
			   run(&texts, count, 1000);

	texts_free(&texts);
	return failed;
}
