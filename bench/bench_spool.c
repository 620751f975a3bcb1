/* SPDX-License-Identifier: MIT */
/*
 * What a spool costs: the same messages in memory, through the same routes, without one, with one
 * that waits for the disk with each batch, and with one that does so every second.
 *
 *     bench_spool [COUNT [DIR]]       DIR: where the spools are made, a disk to be measured; /tmp
 */
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "feed.h"

/* One run; `dir` NULL: without a spool. Messages a second. */
static double run(const char *name, const struct texts *texts, uint64_t count, const char *dir,
		  uint64_t sync_ms)
{
	struct feed feed = { .texts = texts, .count = count };
	struct bench_moment from, to;
	weir_pipeline *p = weir_pipeline_new(NULL);
	const weir_source *last = feed_add(p, &feed);
	weir_sink *sink;

	if (dir)
		last = weir_spool_source(weir_spool_add(p, "spool",
			WEIR_WITH(weir_spool_options, .dir = dir, .from = last,
				  .sync_ms = sync_ms)));
	sink = take_all_add(p, NULL, NULL);
	weir_route_add(p, WEIR_WITH(weir_route, .from = last, .kinds = WEIR_KIND_RETWEET,
				    .to = "retweets", .final = true), sink);
	weir_route_add(p, WEIR_WITH(weir_route, .from = last, .to = "tweets"), sink);
	from = bench_moment_now();
	if (weir_pipeline_run(p) < 0) {
		fprintf(stderr, "%s\n", weir_pipeline_error(p)->text);
		exit(1);
	}
	to = bench_moment_now();
	weir_pipeline_free(p);
	bench_print(name, count, feed.bytes, from, to);
	return (double)count / (to.seconds - from.seconds);
}

static void remove_spool(const char *dir)
{
	char path[300];

	snprintf(path, sizeof path, "%s/queue.mdb", dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/lock", dir);
	unlink(path);
	rmdir(dir);
}

static double run_with_spool(const char *name, const struct texts *texts, uint64_t count,
			     const char *parent, uint64_t sync_ms)
{
	char dir[200];
	double rate;

	snprintf(dir, sizeof dir, "%.150s/weir-bench-XXXXXX", parent);
	if (!mkdtemp(dir)) {
		perror(dir);
		exit(1);
	}
	rate = run(name, texts, count, dir, sync_ms);
	remove_spool(dir);
	return rate;
}

int main(int argc, char **argv)
{
	const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 500000;
	const char *parent = argc > 2 ? argv[2] : "/tmp";
	struct texts texts = texts_read("2000");
	const double without = run("spool_without", &texts, count, NULL, 0);
	const double synced = run_with_spool("spool_synced", &texts, count, parent, 0);

	run_with_spool("spool_sync_1s", &texts, count, parent, 1000);
	bench_figure("spool_synced", "ratio", synced / without);
	texts_free(&texts);
	return 0;
}
