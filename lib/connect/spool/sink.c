/* SPDX-License-Identifier: MIT */
/*
 * A spool's sink: packs what it gets into batches, and settles it when its batch is stored.
 *
 * Guarantees: a delivery is done when its batch is committed, in order, and not before; at most
 * WEIR__WRITER_BATCHES are in memory: with all of them waiting for the disk, or for room on it, it
 * takes nothing more. Caller: the engine, through the ops.
 */
#include <inttypes.h>
#include <string.h>

#include "connect/spool/internal.h"

#define SAVE_MS 1000	/* so old is the stored position at most */
#define RETRY_MS 250	/* between looks whether a full disk has room */

/* ---- batches ---- */

static struct weir__batch *filling(weir_spool *spool)
{
	return &spool->writer.batches[spool->next_fill];
}

static bool is_filling(const weir_spool *spool)
{
	return spool->commit_at != 0;
}

static void hand_over(weir_spool *spool)
{
	struct weir__batch *batch = filling(spool);
	const struct weir__batch_head head = {
		.first = batch->first,
		.count = batch->count,
		.bytes = batch->len,
		.session = spool->session,
		.seed = spool->seed,
		.stored_ms = batch->stored_ms,
	};

	weir__batch_head_pack(&head, batch->bytes);
	weir__writer_put(&spool->writer, batch);
	spool->next_fill = (spool->next_fill + 1) % WEIR__WRITER_BATCHES;
	spool->commit_at = 0;
}

static bool grow(weir_spool *spool, struct weir__batch *batch, size_t size)
{
	uint8_t *bytes = weir__resize(spool->env, batch->bytes, batch->size, size);

	if (!bytes)
		return false;
	batch->bytes = bytes;
	batch->size = size;
	return true;
}

/* Room for `len` more bytes and one more delivery. */
static bool reserve(weir_spool *spool, struct weir__batch *batch, size_t len)
{
	const size_t size = 2 * batch->deliveries_size + 256;
	weir_delivery **deliveries;

	if (batch->size < spool->commit_bytes && !grow(spool, batch, spool->commit_bytes))
		return false;
	if (batch->len + len > batch->size && !grow(spool, batch, batch->len + len))
		return false;
	if (batch->count < batch->deliveries_size)
		return true;
	deliveries = weir__resize(spool->env, batch->deliveries,
				  batch->deliveries_size * sizeof *deliveries,
				  size * sizeof *deliveries);
	if (!deliveries)
		return false;
	batch->deliveries = deliveries;
	batch->deliveries_size = size;
	return true;
}

/* A batch of no use any more is free again, and gives back what one large message made it need. */
static void reset(weir_spool *spool, struct weir__batch *batch)
{
	batch->len = 0;
	batch->count = 0;
	if (batch->size > 2 * spool->commit_bytes)
		batch->bytes = weir__free(spool->env, batch->bytes, batch->size);
	if (!batch->bytes)
		batch->size = 0;
	weir__writer_take_back(&spool->writer, batch);
}

static void begin(weir_spool *spool, struct weir__batch *batch)
{
	batch->first = spool->next_number;
	batch->len = WEIR__BATCH_HEAD;
	batch->stored_ms = weir__wall_ms(spool->env);
	spool->commit_at = weir__monotonic_ms(spool->env) + spool->commit_ms;
	weir__spool_set_deadline(spool);
}

static void settle_batch(weir_spool *spool, struct weir__batch *batch)
{
	const struct weir__spooled spooled = { .first = batch->first,
					       .count = batch->count,
					       .offset = batch->offset,
					       .len = batch->len,
					       .stored_ms = batch->stored_ms };

	weir__index_add(&spool->index, &spooled);	/* reserved before */
	weir__spool_count(&spool->counters.stored, batch->count);
	for (size_t i = 0; i < batch->count; i++)
		weir_delivery_done(batch->deliveries[i]);
	reset(spool, batch);
}

/* ---- ops ---- */

static void report_opening(const weir_spool *spool)
{
	const struct weir__store *store = &spool->store;
	const uint64_t waiting = atomic_load(&spool->counters.stored);

	if (store->was_salvaged)
		weir_port_log(spool->sink_port, WEIR_LOG_WARN,
			      "the spool's file was damaged, %.150s; it is now '%s/%s', and what "
			      "was sound of it is in place: %" PRIu64 " messages wait, %" PRIu64
			      " are missing",
			      store->damage.text, spool->dir, store->aside, waiting,
			      store->missing);
	else if (waiting)
		weir_port_log(spool->sink_port, WEIR_LOG_INFO,
			      "%" PRIu64 " messages wait in '%s', from number %" PRIu64 " on",
			      waiting, spool->dir, store->state.settled);
}

/* What is there from the position on; batches before it wait for their deletion, no more. */
static void count_found(weir_spool *spool)
{
	const uint64_t settled = spool->store.state.settled;

	while (spool->index.count > 0) {
		const struct weir__spooled *first = weir__index_at(&spool->index, 0);

		if (first->first + first->count > settled)
			break;
		weir__index_drop_first(&spool->index);
	}
	for (size_t i = 0; i < spool->index.count; i++) {
		const struct weir__spooled *at = weir__index_at(&spool->index, i);
		const uint64_t end = at->first + at->count;
		const uint64_t from = at->first > settled ? at->first : settled;

		if (end > from)
			weir__spool_count(&spool->counters.stored, end - from);
	}
	weir__spool_count(&spool->counters.damaged, spool->store.missing);
	weir__spool_count(&spool->counters.stored, spool->store.missing);
	spool->next_read = settled;
	spool->next_number = spool->store.state.next;
	spool->seed = spool->store.state.seed;
	spool->session = spool->store.state.session;
	spool->writer.settled = settled;
}

static enum weir_status spool_open(void *self, weir_port *port, struct weir_error *err)
{
	weir_spool *spool = self;
	enum weir_status status;

	spool->sink_port = port;
	spool->writer.port = port;
	status = weir__store_open(&spool->store, &spool->index, err);
	if (status < 0)
		return status;
	spool->is_open = true;
	count_found(spool);
	report_opening(spool);
	weir__spool_gauge(spool);
	return weir__writer_start(&spool->writer, err);
}

static enum weir_status too_large(const weir_spool *spool, size_t len, struct weir_error *err)
{
	return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_SKIP,
			      "a message of %zu bytes with its headers is too large for the spool, "
			      "which takes %zu: raise max_bytes",
			      len, spool->most_bytes);
}

/* Everything that may wait in the index has its place there before it is taken. */
static enum weir_status take(weir_spool *spool, struct weir__batch *batch,
			     const struct weir__record *record, size_t len,
			     weir_delivery *delivery, struct weir_error *err)
{
	if (!reserve(spool, batch, (batch->len ? 0 : WEIR__BATCH_HEAD) + len) ||
	    !weir__index_reserve(&spool->index, WEIR__WRITER_BATCHES))
		return weir__error_no_memory(err);
	if (batch->count == 0)
		begin(spool, batch);
	weir__record_pack(record, spool->seed, batch->bytes + batch->len);
	batch->len += len;
	batch->deliveries[batch->count++] = delivery;
	spool->next_number++;
	if (batch->len >= spool->commit_bytes)
		hand_over(spool);
	return WEIR_OK;
}

static struct weir__record record_of(const weir_spool *spool, weir_delivery *delivery)
{
	weir_message *message = weir_delivery_message(delivery);
	struct weir__record record = {
		.number = spool->next_number,
		.session = spool->session,
		.time_ms = weir_message_time_ms(message),
		.kind = weir_message_kind(message),
		.traits = weir_message_traits(message),
		.origin = weir_message_source(message),
		.key = weir_delivery_key(delivery),
		.body = weir_delivery_value(delivery),
	};

	record.headers = weir_delivery_headers(delivery, &record.header_count);
	return record;
}

static enum weir_status spool_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	weir_spool *spool = self;
	struct weir__batch *batch = filling(spool);
	struct weir__record record = record_of(spool, delivery);
	const size_t len = weir__record_size(&record);

	if (record.header_count > WEIR__RECORD_HEADERS)
		return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_SKIP,
				      "a message of %zu headers; the spool takes %d",
				      record.header_count, WEIR__RECORD_HEADERS);
	if (len == 0 || len > spool->most_bytes)
		return too_large(spool, len ? len : record.body.len, err);
	if (is_filling(spool) && batch->len + len > spool->commit_bytes) {
		hand_over(spool);
		batch = filling(spool);
	}
	if (weir__writer_phase(&spool->writer, batch) != WEIR__BATCH_FREE)
		return WEIR_AGAIN;	/* it is free again after a step */
	record.stored_ms = batch->count ? batch->stored_ms : weir__wall_ms(spool->env);
	return take(spool, batch, &record, len, delivery, err);
}

/* Settles what was stored; whether there was any. */
static bool settle(weir_spool *spool)
{
	bool any = false;

	for (;;) {
		struct weir__batch *batch = &spool->writer.batches[spool->next_settle];

		if (weir__writer_phase(&spool->writer, batch) != WEIR__BATCH_STORED)
			return any;
		settle_batch(spool, batch);
		spool->next_settle = (spool->next_settle + 1) % WEIR__WRITER_BATCHES;
		any = true;
	}
}

static void note_fullness(weir_spool *spool, const struct weir__writer_news *news, uint64_t now_ms)
{
	if (spool->full_since) {
		weir__spool_count(&spool->counters.full_ms, now_ms - spool->full_since);
		spool->full_since = news->is_full ? now_ms : 0;
	} else if (news->is_full)
		spool->full_since = now_ms;
	if (news->is_full && !spool->sees_full)
		weir_port_log(spool->sink_port, WEIR_LOG_WARN, "%s; nothing is taken until then",
			      news->why.text);
	if (!news->is_full && spool->sees_full)
		weir_port_log(spool->sink_port, WEIR_LOG_INFO, "there is room again");
	spool->sees_full = news->is_full;
	if (!news->is_full)
		spool->retry_at = 0;
	else if (!spool->retry_at)
		spool->retry_at = now_ms + RETRY_MS;
}

/* Does what is due at this time; whether the time had come. */
static bool is_due(uint64_t *at_ms, uint64_t now_ms)
{
	if (*at_ms == 0 || *at_ms > now_ms)
		return false;
	*at_ms = 0;
	return true;
}

static void do_due(weir_spool *spool, uint64_t now_ms)
{
	if (is_due(&spool->commit_at, now_ms))
		hand_over(spool);
	if (is_due(&spool->save_at, now_ms))
		weir__writer_settle(&spool->writer, spool->writer.settled, true);
	if (is_due(&spool->sync_at, now_ms))
		weir__writer_sync(&spool->writer);
	if (is_due(&spool->retry_at, now_ms)) {
		weir__writer_retry(&spool->writer);
		spool->retry_at = now_ms + RETRY_MS;
	}
}

static enum weir_status spool_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	weir_spool *spool = self;
	const struct weir__writer_news news = weir__writer_look(&spool->writer);

	if (settle(spool)) {
		if (spool->sync_ms && !spool->sync_at)
			spool->sync_at = now_ms + spool->sync_ms;
		weir__spool_wake_source(spool);
	}
	weir__spool_set(&spool->counters.commits, news.commits);
	weir__spool_gauge(spool);
	if (news.status < 0) {
		*err = news.why;
		return news.status;
	}
	note_fullness(spool, &news, now_ms);
	do_due(spool, now_ms);
	weir__spool_set_deadline(spool);
	return WEIR_OK;
}

static void spool_flush(void *self)
{
	weir_spool *spool = self;

	if (is_filling(spool))
		hand_over(spool);
}

/* What was stored is settled; what was not is given up, and the position is stored. */
static void spool_close(void *self)
{
	weir_spool *spool = self;

	weir__writer_end(&spool->writer);
	spool->has_closed = true;
	for (unsigned i = 0; i < WEIR__WRITER_BATCHES; i++) {
		struct weir__batch *batch = &spool->writer.batches[spool->next_settle];

		if (batch->phase == WEIR__BATCH_STORED)
			settle_batch(spool, batch);
		spool->next_settle = (spool->next_settle + 1) % WEIR__WRITER_BATCHES;
	}
	weir__spool_gauge(spool);
}

static void spool_free(void *self)
{
	weir__spool_unref(self);
}

const struct weir_sink_ops weir__spool_sink_ops = {
	.size = sizeof weir__spool_sink_ops,
	.open = spool_open,
	.submit = spool_submit,
	.step = spool_step,
	.flush = spool_flush,
	.close = spool_close,
	.free = spool_free,
};

static uint64_t first_of(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a ? a : b;
	return a < b ? a : b;
}

void weir__spool_set_deadline(weir_spool *spool)
{
	weir_port_deadline(spool->sink_port, first_of(first_of(spool->commit_at, spool->sync_at),
						      first_of(spool->save_at, spool->retry_at)));
}

void weir__spool_save_later(weir_spool *spool)
{
	if (spool->save_at)
		return;
	spool->save_at = weir__monotonic_ms(spool->env) + SAVE_MS;
	weir__spool_set_deadline(spool);
}
