/* SPDX-License-Identifier: MIT */
/* A source of messages in memory, and a callback sink that takes all. */
#ifndef BENCH_FEED_H
#define BENCH_FEED_H

#include <weir.h>

#include "texts.h"

/* `count` messages, those of `texts` again and again. */
struct feed {
	const struct texts *texts;
	uint64_t count;
	bool copied;		/* by the pipeline; else they are lent to it */
	size_t at;
	uint64_t bytes;		/* emitted so far */
};

weir_source *feed_add(weir_pipeline *pipeline, struct feed *feed);

/* `call` NULL: takes each message and does nothing. */
weir_sink *take_all_add(weir_pipeline *pipeline, weir_callback_fn *call, void *user);

#endif
