/* SPDX-License-Identifier: MIT */
/*
 * What a spool costs: the same messages in memory, through the same routes, without one, with one
 * that waits for the disk with each batch, and with one that does so every second.
 *
 *     bench_spool COUNT [DIR]        DIR: where the spools are made, a disk to be measured; /tmp
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir.h>

#include "bench.h"
#include "sample.h"

#define TEXTS 1000

struct feeder {
	weir_source *source;
	struct weir_slice texts[TEXTS];
	uint64_t next, count, bytes;
};

static void feed(void *user)
{
	struct feeder *feeder = user;

	for (; feeder->next < feeder->count; feeder->next++) {
		const struct weir_slice text = feeder->texts[feeder->next % TEXTS];

		if (weir_push(feeder->source, WEIR_WITH(weir_message_init, .body = text)) != WEIR_OK)
			return;
		feeder->bytes += text.len;
	}
	weir_push_end(feeder->source);
}

static enum weir_status take(void *user, weir_message *message, const char *to,
			     struct weir_error *err)
{
	(void)user;
	(void)message;
	(void)to;
	(void)err;
	return WEIR_OK;
}

/* One run; `dir` NULL: without a spool. */
static double run(const char *name, struct feeder *feeder, const char *dir, uint64_t sync_ms)
{
	struct bench_moment from, to;
	weir_pipeline *p = weir_pipeline_new(NULL);
	const weir_source *last;
	weir_sink *sink;

	feeder->next = feeder->bytes = 0;
	feeder->source = weir_push_source_add(p, "in", WEIR_WITH(weir_push_source_options,
								 .on_room = feed, .user = feeder));
	last = feeder->source;
	if (dir)
		last = weir_spool_source(weir_spool_add(p, "spool",
			WEIR_WITH(weir_spool_options, .dir = dir, .from = feeder->source,
				  .sync_ms = sync_ms)));
	sink = weir_callback_sink_add(p, "out", WEIR_WITH(weir_callback_sink_options, .call = take));
	weir_route_add(p, WEIR_WITH(weir_route, .from = last, .kinds = WEIR_KIND_RETWEET,
				    .to = "retweets", .final = true), sink);
	weir_route_add(p, WEIR_WITH(weir_route, .from = last, .to = "tweets"), sink);
	from = bench_moment();
	feed(feeder);
	if (weir_pipeline_run(p) < 0) {
		fprintf(stderr, "%s\n", weir_pipeline_error(p)->text);
		exit(1);
	}
	to = bench_moment();
	weir_pipeline_free(p);
	bench_print(name, feeder->count, feeder->bytes, from, to);
	return (double)feeder->count / (to.seconds - from.seconds);
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

static double run_with_spool(const char *name, struct feeder *feeder, const char *parent,
			     uint64_t sync_ms)
{
	char dir[200];
	double rate;

	snprintf(dir, sizeof dir, "%.150s/weir-bench-XXXXXX", parent);
	if (!mkdtemp(dir)) {
		perror(dir);
		exit(1);
	}
	rate = run(name, feeder, dir, sync_ms);
	remove_spool(dir);
	return rate;
}

int main(int argc, char **argv)
{
	struct feeder feeder = { .next = 0 };
	const char *parent = argc > 2 ? argv[2] : "/tmp";
	double without, synced;

	if (argc < 2 || argc > 3)
		return fprintf(stderr, "usage: %s COUNT [DIR]\n", argv[0]), 2;
	SAMPLE_FILL
	feeder.count = strtoull(argv[1], NULL, 10);
	without = run("spool_without", &feeder, NULL, 0);
	synced = run_with_spool("spool_synced", &feeder, parent, 0);
	run_with_spool("spool_sync_1s", &feeder, parent, 1000);
	bench_figure("spool_synced", "ratio", synced / without);
	return 0;
}
