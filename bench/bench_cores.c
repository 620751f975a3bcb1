/* SPDX-License-Identifier: MIT */
/*
 * Pipelines side by side: generated messages in memory, scanned, to a callback sink.
 *
 *     bench_cores COUNT        prints cores1 and cores2: one, then two, COUNT messages each
 */
#include <stdlib.h>

#include "bench.h"
#include "feed.h"

#define MOST 2

static weir_pipeline *build(struct feed *feed)
{
	weir_pipeline *p = weir_pipeline_new(NULL);

	feed_add(p, feed);
	weir_route_add(p, NULL, take_all_add(p, NULL, NULL));
	return p;
}

static int run(const char *name, const struct texts *texts, uint64_t count, size_t pipelines)
{
	weir_pipeline *running[MOST];
	struct feed feeds[MOST];
	uint64_t bytes = 0;
	int failed = 0;

	for (size_t i = 0; i < pipelines; i++) {
		feeds[i] = (struct feed){ .texts = texts, .count = count };
		running[i] = build(&feeds[i]);
	}

	const struct bench_moment started = bench_moment_now();

	for (size_t i = 0; i < pipelines; i++)
		failed |= weir_pipeline_start(running[i]) < 0;
	for (size_t i = 0; i < pipelines; i++) {
		failed |= weir_pipeline_join(running[i]) < 0;
		bytes += feeds[i].bytes;
	}
	bench_print(name, pipelines * count, bytes, started, bench_moment_now());
	for (size_t i = 0; i < pipelines; i++)
		weir_pipeline_free(running[i]);
	return failed;
}

int main(int argc, char **argv)
{
	const uint64_t count = argc == 2 ? strtoull(argv[1], NULL, 10) : 500000;
	struct texts texts = texts_read("2000");
	const int failed = run("cores1", &texts, count, 1) | run("cores2", &texts, count, 2);

	texts_free(&texts);
	return failed;
}
