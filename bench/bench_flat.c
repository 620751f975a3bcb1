/* SPDX-License-Identifier: MIT */
/*
 * Whether memory grows: COUNT generated messages in memory, copied into the pipeline, to a callback
 * sink.
 *
 *     bench_flat NAME COUNT        a million at least; prints NAME.mean_1e5, NAME.peak_1e5 …
 */
#include <stdlib.h>

#include "bench.h"
#include "feed.h"
#include "marks.h"

static enum weir_status pass(void *user, weir_message *message, const char *to,
			     struct weir_error *err)
{
	(void)message;
	(void)to;
	(void)err;
	marks_pass(user);
	return WEIR_OK;
}

int main(int argc, char **argv)
{
	struct texts texts = texts_read("2000");
	struct feed feed = { .texts = &texts, .copied = true };
	weir_pipeline *p = weir_pipeline_new(NULL);
	struct marks marks;
	int failed;

	if (argc != 3)
		return fprintf(stderr, "usage: %s NAME COUNT\n", argv[0]), 2;
	feed.count = strtoull(argv[2], NULL, 10);
	marks = marks_new(argv[1], feed.count);
	feed_add(p, &feed);
	weir_route_add(p, NULL, take_all_add(p, pass, &marks));

	const struct bench_moment started = bench_moment_now();

	failed = weir_pipeline_run(p) < 0;
	bench_print(argv[1], marks.passed, feed.bytes, started, bench_moment_now());
	weir_pipeline_free(p);
	texts_free(&texts);
	return failed;
}
