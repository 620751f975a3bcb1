/* SPDX-License-Identifier: MIT */
/*
 * The writer.
 *
 * Guarantees: batches are stored in the order in which they were handed over; one that found no
 * room stays, and nothing is tried before somebody says that it may help; after a failure that is
 * not for want of room nothing is written any more. The lock is held for moments only, never over
 * a write. The thread calls LMDB and weir_port_wake, and nothing of the env's: those are the
 * pipeline's. Callers: the sink and the source, on the pipeline's thread.
 */
#include "connect/spool/writer.h"

#include <signal.h>

/* The batch whose turn it is, when it is to be stored now. */
static struct weir__batch *take(struct weir__writer *writer)
{
	struct weir__batch *batch = &writer->batches[writer->next];

	if (batch->phase != WEIR__BATCH_QUEUED || (writer->news.is_full && !writer->must_retry))
		return NULL;
	return batch;
}

static bool has_work(struct weir__writer *writer)
{
	return writer->news.status == WEIR_OK &&
	       (take(writer) || writer->must_save || writer->must_sync);
}

static void publish(struct weir__writer *writer, struct weir__batch *batch,
		    enum weir_status status, const struct weir_error *err)
{
	if (status < 0) {
		writer->news.status = status;
		writer->news.why = *err;
	} else if (batch && status == WEIR_OK) {
		batch->phase = WEIR__BATCH_STORED;
		writer->next = (writer->next + 1) % WEIR__WRITER_BATCHES;
		writer->news.is_full = false;
		writer->news.commits++;
	} else if (batch) {
		writer->news.is_full = true;
		writer->news.why = *err;
	}
}

/* One round, the lock given back for the while. */
static void work(struct weir__writer *writer)
{
	struct weir__batch *batch = take(writer);
	const bool syncs = writer->must_sync;
	struct weir__commit commit = { .settled = writer->settled };
	struct weir_error err;
	uint64_t offset = 0;
	enum weir_status status;

	writer->must_save = writer->must_sync = writer->must_retry = false;
	if (batch) {
		commit.bytes = batch->bytes;
		commit.len = batch->len;
		commit.first = batch->first;
		commit.count = batch->count;
	}
	pthread_mutex_unlock(&writer->lock);
	status = weir__store_commit(writer->store, &commit, &offset, &err);
	if (batch)
		batch->offset = offset;
	if (status >= 0 && syncs && weir__store_sync(writer->store, &err) < 0)
		status = err.status;
	pthread_mutex_lock(&writer->lock);
	publish(writer, batch, status, &err);
	if (batch || status < 0)
		weir_port_wake(writer->port);
}

static void *run(void *user)
{
	struct weir__writer *writer = user;

	pthread_mutex_lock(&writer->lock);
	for (;;) {
		if (has_work(writer))
			work(writer);
		else if (writer->must_end)
			break;
		else
			pthread_cond_wait(&writer->work, &writer->lock);
	}
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

enum weir_status weir__writer_start(struct weir__writer *writer, struct weir_error *err)
{
	sigset_t all, before;
	int os_error;

	pthread_mutex_init(&writer->lock, NULL);
	pthread_cond_init(&writer->work, NULL);
	writer->has_lock = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	os_error = pthread_create(&writer->thread, NULL, run, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (os_error)
		return weir__error_os(err, os_error, "cannot start a thread");
	writer->has_thread = true;
	return WEIR_OK;
}

static void tell(struct weir__writer *writer, bool *what)
{
	pthread_mutex_lock(&writer->lock);
	*what = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
}

static void set_phase(struct weir__writer *writer, struct weir__batch *batch,
		      enum weir__batch_phase phase)
{
	pthread_mutex_lock(&writer->lock);
	batch->phase = phase;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
}

void weir__writer_put(struct weir__writer *writer, struct weir__batch *batch)
{
	set_phase(writer, batch, WEIR__BATCH_QUEUED);
}

void weir__writer_take_back(struct weir__writer *writer, struct weir__batch *batch)
{
	set_phase(writer, batch, WEIR__BATCH_FREE);
}

enum weir__batch_phase weir__writer_phase(struct weir__writer *writer,
					  const struct weir__batch *batch)
{
	enum weir__batch_phase phase;

	pthread_mutex_lock(&writer->lock);
	phase = batch->phase;
	pthread_mutex_unlock(&writer->lock);
	return phase;
}

void weir__writer_settle(struct weir__writer *writer, uint64_t settled, bool saves)
{
	pthread_mutex_lock(&writer->lock);
	writer->settled = settled;
	writer->must_save |= saves;
	writer->must_retry |= writer->news.is_full;	/* some of it may be deleted now */
	if (writer->must_save || writer->must_retry)
		pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
}

void weir__writer_sync(struct weir__writer *writer)
{
	tell(writer, &writer->must_sync);
}

void weir__writer_retry(struct weir__writer *writer)
{
	tell(writer, &writer->must_retry);
}

struct weir__writer_news weir__writer_look(struct weir__writer *writer)
{
	struct weir__writer_news news;

	pthread_mutex_lock(&writer->lock);
	news = writer->news;
	pthread_mutex_unlock(&writer->lock);
	return news;
}

void weir__writer_end(struct weir__writer *writer)
{
	if (!writer->has_thread)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->must_save = writer->must_sync = writer->must_end = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
	writer->has_thread = false;
}

void weir__writer_release(struct weir__writer *writer)
{
	weir__writer_end(writer);
	if (!writer->has_lock)
		return;
	pthread_cond_destroy(&writer->work);
	pthread_mutex_destroy(&writer->lock);
	writer->has_lock = false;
}
