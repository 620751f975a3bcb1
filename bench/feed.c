/* SPDX-License-Identifier: MIT */
/*
 * The two ends of a pipeline without a wire: the source has always more, the sink has always room.
 * What is left is the pipeline itself. Used by the benchmarks in memory.
 */
#include "feed.h"

static void keep(void *owner)
{
	(void)owner;
}

static enum weir_status feed_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				  struct weir_error *err)
{
	struct feed *feed = self;

	(void)now_ms;
	for (; feed->count && weir_outlet_room(outlet); feed->count--) {
		const struct text *text = &feed->texts->list[feed->at];
		const struct weir_message_init init = { .size = sizeof init,
							.body = { text->bytes, text->len },
							.release = feed->copied ? NULL : keep };
		const enum weir_status status = weir_outlet_emit(outlet, &init, NULL, err);

		if (status < 0)
			return status;
		feed->bytes += text->len;
		if (++feed->at == feed->texts->count)
			feed->at = 0;
	}
	return feed->count ? WEIR_OK : WEIR_END;
}

static const struct weir_source_ops feed_ops = { .size = sizeof feed_ops, .step = feed_step };

weir_source *feed_add(weir_pipeline *pipeline, struct feed *feed)
{
	return weir_source_add(pipeline, "feed", &feed_ops, feed);
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

weir_sink *take_all_add(weir_pipeline *pipeline, weir_callback_fn *call, void *user)
{
	return weir_callback_sink_add(pipeline, "take all",
		WEIR_WITH(weir_callback_sink_options, .call = call ? call : take, .user = user));
}
