/* SPDX-License-Identifier: MIT */
/*
 * A spool's source: reads batch by batch what is stored, and keeps the position.
 *
 *     index   [ settled: dropped ] batch  batch  batch(reading)  batch  …
 *                                  ▲ position in it              ▲ next_read
 *
 * Guarantees: messages are emitted in the order of their numbers, each once; the position is the
 * first number that is not settled, and never passes one that is. A batch is read in one piece
 * into a buffer of its own, whose slices the messages are. What cannot be read is skipped,
 * counted, said once a batch, and its batch kept in a file beside the spool's. Caller: the engine,
 * through the ops.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "connect/spool/internal.h"

#define MOST_A_STEP 4096	/* messages */

/* ---- the position ---- */

/* With nothing under way it is where reading has got to: what was skipped is settled as well. */
static uint64_t position(const weir_spool *spool)
{
	if (spool->acked == spool->emitted)
		return spool->next_read;
	return spool->acked ? spool->acked + 1 : spool->writer.settled;
}

/* Forgets the batches that are wholly settled; the one being read has something left. */
static void drop_settled(weir_spool *spool, uint64_t settled)
{
	while (spool->reading > 0) {
		const struct weir__spooled *first = weir__index_at(&spool->index, 0);

		if (first->first + first->count > settled)
			return;
		spool->unsaved_bytes += first->len;
		weir__index_drop_first(&spool->index);
		spool->reading--;
	}
}

/*
 * It is stored with the next batch; without one, after a batch's worth of bytes or in a while: what
 * was settled since is emitted again after a crash.
 */
static void move_position(weir_spool *spool)
{
	const uint64_t settled = position(spool);
	bool saves;

	if (settled <= spool->writer.settled)
		return;
	drop_settled(spool, settled);
	saves = spool->unsaved_bytes >= spool->commit_bytes;
	spool->unsaved_bytes = saves ? 0 : spool->unsaved_bytes;
	if (spool->has_closed) {	/* late: there is no writer any more, nor anybody waiting */
		const struct weir__commit commit = { .settled = settled };
		struct weir_error err;
		uint64_t offset;

		spool->writer.settled = settled;
		if (spool->writer.news.status == WEIR_OK)
			weir__store_commit(&spool->store, &commit, &offset, &err);
		return;
	}
	weir__writer_settle(&spool->writer, settled, saves);
	weir__spool_save_later(spool);
}

/* ---- damage ---- */

/* The bytes as they are, in a file of their own: somebody may want to look at them. */
static void set_aside(const weir_spool *spool, const struct weir__spooled *at, char name[64])
{
	snprintf(name, 64, "damaged-%" PRIu64 ".batch", at->first);
	if (weir__file_put(&spool->store.folder, name, spool->buffer->bytes,
			   spool->buffer->size) != 0)
		snprintf(name, 64, "nowhere: no file could be written");
}

/* Numbers up to `end` are missing. */
static void skip_damaged(weir_spool *spool, uint64_t end)
{
	const struct weir__spooled *at = weir__index_at(&spool->index, spool->reading);
	char name[64];

	if (end <= spool->next_read)
		return;
	if (!spool->is_damaged) {
		set_aside(spool, at, name);
		weir_port_log(spool->source_port, WEIR_LOG_WARN,
			      "a batch on disk is damaged: messages %" PRIu64 " to %" PRIu64
			      ", and maybe more of the %" PRIu64
			      " behind them, cannot be read; it is kept in '%s/%s'",
			      spool->next_read, end - 1, at->first + at->count - end, spool->dir,
			      name);
	}
	spool->is_damaged = true;
	weir__spool_count(&spool->counters.damaged, end - spool->next_read);
	spool->next_read = end;
}

/* ---- reading ---- */

static enum weir_status read_batch(weir_spool *spool, struct weir_error *err)
{
	const struct weir__spooled *at = weir__index_at(&spool->index, spool->reading);

	spool->buffer = weir__buffer_new(spool->env, (size_t)at->len);
	if (!spool->buffer)
		return weir__error_no_memory(err);
	weir__read_most(spool->store.fd, spool->buffer->bytes, (size_t)at->len, at->offset);
	spool->is_damaged = false;
	spool->walk = weir__batch_walk(spool->buffer->bytes, spool->buffer->size,
				       spool->seed, spool->next_read,
				       at->first + at->count);
	return WEIR_OK;
}

static void finish_batch(weir_spool *spool)
{
	skip_damaged(spool, spool->walk.end);
	spool->buffer = weir__buffer_unref(spool->buffer);
	spool->reading++;
}

static void release(void *owner)
{
	weir__buffer_unref(owner);
}

static bool is_expired(const weir_spool *spool, const struct weir__record *record, uint64_t wall_ms)
{
	return spool->max_age_ms && wall_ms > record->stored_ms &&
	       wall_ms - record->stored_ms > spool->max_age_ms;
}

static enum weir_status emit(weir_spool *spool, weir_outlet *outlet, struct weir__record *record,
			     struct weir_error *err)
{
	struct weir_header headers[WEIR__RECORD_HEADERS];
	struct weir_message_init init = {
		.size = sizeof init,
		.body = record->body,
		.release = release,
		.owner = weir__buffer_ref(spool->buffer),
		.kind = record->kind,
		.key = record->key,
		.time_ms = record->time_ms,
		.position = { .offset = record->number },
		.header_count = record->header_count,
		.owner_bytes = spool->buffer->size,
		.traits = record->traits,
		.origin = record->origin,
	};
	enum weir_status status;

	weir__record_headers(record, headers);
	init.headers = record->headers;
	status = weir_outlet_emit(outlet, &init, NULL, err);
	if (status == WEIR_AGAIN)
		weir__buffer_unref(spool->buffer);
	return status;
}

/* The next message of the batch being read. WEIR_END: it has no more. */
static enum weir_status emit_next(weir_spool *spool, weir_outlet *outlet, uint64_t wall_ms,
				  struct weir_error *err)
{
	struct weir__record record;
	enum weir_status status;

	if (!weir__batch_walk_next(&spool->walk, &record)) {
		finish_batch(spool);
		return WEIR_END;
	}
	skip_damaged(spool, record.number);
	if (is_expired(spool, &record, wall_ms)) {
		weir__spool_count(&spool->counters.expired, 1);
	} else {
		status = emit(spool, outlet, &record, err);
		if (status != WEIR_OK)
			return status;
		spool->emitted = record.number;
	}
	spool->next_read = record.number + 1;
	weir__batch_walk_on(&spool->walk, &record);
	return WEIR_OK;
}

/* Batches may begin behind a hole that a salvage has left: it has been counted there. */
static enum weir_status begin_batch(weir_spool *spool, struct weir_error *err)
{
	const struct weir__spooled *at = weir__index_at(&spool->index, spool->reading);

	if (at->first > spool->next_read)
		spool->next_read = at->first;
	return read_batch(spool, err);
}

static bool has_more(const weir_spool *spool)
{
	return spool->buffer || spool->reading < spool->index.count;
}

/* WEIR_AGAIN: no room for it, or enough for one step. */
static enum weir_status emit_all(weir_spool *spool, weir_outlet *outlet, struct weir_error *err)
{
	const uint64_t wall_ms = weir__wall_ms(spool->env);

	for (unsigned i = 0; i < MOST_A_STEP && has_more(spool); i++) {
		enum weir_status status = spool->buffer ? WEIR_OK : begin_batch(spool, err);

		if (status == WEIR_OK)
			status = emit_next(spool, outlet, wall_ms, err);
		if (status == WEIR_AGAIN || status < 0)
			return status;
	}
	if (has_more(spool))
		weir_port_wake(spool->source_port);
	return WEIR_OK;
}

/* ---- ops ---- */

static enum weir_status spool_open(void *self, weir_port *port, struct weir_error *err)
{
	weir_spool *spool = self;

	(void)err;
	spool->source_port = port;
	weir_port_wake(port);
	return WEIR_OK;
}

static enum weir_status spool_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				   struct weir_error *err)
{
	weir_spool *spool = self;
	enum weir_status status;

	(void)now_ms;
	if (weir_port_is_stopping(spool->source_port))
		return WEIR_END;
	status = emit_all(spool, outlet, err);
	move_position(spool);	/* what is expired or damaged moves it without an ack */
	if (status == WEIR_OK && !has_more(spool) && weir_port_is_ending(spool->source_port))
		return WEIR_END;
	return status < 0 ? status : WEIR_OK;
}

static void spool_ack(void *self, struct weir_position upto)
{
	weir_spool *spool = self;

	spool->acked = upto.offset;
	move_position(spool);
	weir__spool_gauge(spool);
}

static void spool_settled(void *self, const weir_message *message, void *user,
			  enum weir_outcome outcome)
{
	weir_spool *spool = self;

	(void)message;
	(void)user;
	if (outcome != WEIR_OUTCOME_KEPT && outcome != WEIR_OUTCOME_LEFT)
		weir__spool_count(&spool->counters.settled, 1);
}

static void spool_close(void *self)
{
	weir_spool *spool = self;

	spool->source_port = NULL;
	spool->buffer = weir__buffer_unref(spool->buffer);
}

static void spool_free(void *self)
{
	weir__spool_unref(self);
}

const struct weir_source_ops weir__spool_source_ops = {
	.size = sizeof weir__spool_source_ops,
	.open = spool_open,
	.step = spool_step,
	.ack = spool_ack,
	.close = spool_close,
	.free = spool_free,
	.settled = spool_settled,
	.keeps = true,
	.relays = true,
};

void weir__spool_wake_source(weir_spool *spool)
{
	if (spool->source_port)
		weir_port_wake(spool->source_port);
}
