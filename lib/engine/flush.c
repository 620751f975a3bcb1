/* SPDX-License-Identifier: MIT */
/*
 * Flush: waiting until all that was received so far is settled.
 *
 *     epoch 0 ──────────────┐ flush asked: epoch 1 begins
 *     under way: 5, 3, 1, 0 ┴► all of epoch 0 is settled: the flush is done
 *
 * Every message counts under the epoch in which it was received, and there are two at most: a flush
 * begins when none is on, and answers all that was asked before it began. Nothing is kept for each
 * message but its epoch, however many flush.
 *
 * Who flushes turns the pipeline itself, but where it is run, or stepped by another thread: then it
 * waits for that one. Who comes to run or step it later takes it over.
 *
 * Invariants: tickets only grow; while no flush is on, only the running epoch has messages; one
 * thread at a time turns the pipeline. The lock is held for a moment only, at the start and end of
 * a flush, and where another thread than before begins to run or step.
 */
#include "engine/engine.h"

#include "ground/wait.h"

void weir__flush_init(struct weir__flush *flush)
{
	pthread_mutex_init(&flush->lock, NULL);
	weir__cond_init(&flush->moved);
	atomic_init(&flush->asked, 0);
	atomic_init(&flush->done, 0);
	atomic_init(&flush->has_runner, false);
	atomic_init(&flush->is_claimed, false);
	atomic_init(&flush->is_stepped, false);
}

void weir__flush_release(struct weir__flush *flush)
{
	pthread_cond_destroy(&flush->moved);
	pthread_mutex_destroy(&flush->lock);
}

static void tell(struct weir__flush *flush)
{
	pthread_mutex_lock(&flush->lock);
	pthread_cond_broadcast(&flush->moved);
	pthread_mutex_unlock(&flush->lock);
}

static void begin(weir_pipeline *pipeline)
{
	struct weir__flush *flush = &pipeline->flush;

	flush->upto = atomic_load(&flush->asked);
	flush->epoch ^= 1;
	flush->is_on = true;
	for (weir_sink *sink = pipeline->sinks; sink; sink = sink->next)
		sink->has_unflushed = true;
}

static void end(struct weir__flush *flush)
{
	flush->is_on = false;
	atomic_store(&flush->done, flush->upto);
	tell(flush);
}

static bool is_asked(const struct weir__flush *flush)
{
	return atomic_load_explicit(&flush->asked, memory_order_relaxed) !=
	       atomic_load_explicit(&flush->done, memory_order_relaxed);
}

static bool is_over(const struct weir__flush *flush)
{
	return flush->under_way[flush->epoch ^ 1] == 0;
}

/* One that was asked for while another was on follows it at once: nothing else may wake us. */
void weir__flush_turn(weir_pipeline *pipeline)
{
	struct weir__flush *flush = &pipeline->flush;

	while (flush->is_on || is_asked(flush)) {
		if (!flush->is_on)
			begin(pipeline);
		if (!is_over(flush))
			weir__sinks_flush(pipeline);	/* which may settle all there is */
		if (!is_over(flush))
			return;
		end(flush);
	}
}

void weir__flush_leave(weir_pipeline *pipeline)
{
	tell(&pipeline->flush);
}

/* ---- who turns the pipeline: one thread at a time */

static bool is_mine(const struct weir__flush *flush)
{
	return flush->knows_runner && pthread_equal(flush->runner, pthread_self());
}

void weir__flush_set_runner(weir_pipeline *pipeline, bool has_runner)
{
	struct weir__flush *flush = &pipeline->flush;

	pthread_mutex_lock(&flush->lock);
	atomic_store(&flush->has_runner, has_runner);
	pthread_mutex_unlock(&flush->lock);
}

/* It leaves with its next turn, for has_runner or is_claimed is set. With the lock. */
static void wait_for_stepper(weir_pipeline *pipeline)
{
	struct weir__flush *flush = &pipeline->flush;

	while (flush->has_stepper) {
		weir__poller_wake(&pipeline->poller);
		pthread_cond_wait(&flush->moved, &flush->lock);
	}
}

bool weir__flush_enter_runner(weir_pipeline *pipeline)
{
	struct weir__flush *flush = &pipeline->flush;
	bool is_free;

	pthread_mutex_lock(&flush->lock);
	is_free = !is_mine(flush);
	if (is_free) {
		atomic_store(&flush->has_runner, true);
		wait_for_stepper(pipeline);
	}
	if (is_free && pipeline->in_turn)	/* of weir_pipeline_step */
		atomic_store(&flush->has_runner, is_free = false);
	if (is_free) {
		flush->knows_runner = true;
		flush->runner = pthread_self();
	}
	pthread_mutex_unlock(&flush->lock);
	return is_free;
}

void weir__flush_leave_runner(weir_pipeline *pipeline)
{
	struct weir__flush *flush = &pipeline->flush;

	pthread_mutex_lock(&flush->lock);
	atomic_store(&flush->has_runner, false);
	flush->knows_runner = false;
	pthread_cond_broadcast(&flush->moved);
	pthread_mutex_unlock(&flush->lock);
}

/* Only this thread itself writes what makes this true. */
static bool is_stepping(const struct weir__flush *flush)
{
	return atomic_load_explicit(&flush->is_stepped, memory_order_relaxed) &&
	       pthread_equal(atomic_load_explicit(&flush->stepping, memory_order_relaxed),
			     pthread_self());
}

/* Not from inside what turns it already: the turn refuses that. */
void weir__flush_claim(weir_pipeline *pipeline)
{
	struct weir__flush *flush = &pipeline->flush;

	if (is_stepping(flush))
		return;
	pthread_mutex_lock(&flush->lock);
	if (!is_mine(flush) && !atomic_load(&flush->has_runner)) {
		atomic_store(&flush->stepping, pthread_self());
		atomic_store(&flush->is_stepped, true);
		atomic_store(&flush->is_claimed, true);
		wait_for_stepper(pipeline);
		atomic_store(&flush->is_claimed, false);
	}
	pthread_mutex_unlock(&flush->lock);
}

/* No other thread turns it. With the lock. */
static bool may_step(const struct weir__flush *flush)
{
	return !atomic_load(&flush->has_runner) && !flush->has_stepper &&
	       (!atomic_load(&flush->is_stepped) || is_stepping(flush));
}

/* ---- waiting */

static bool is_done(struct weir__flush *flush, uint64_t ticket)
{
	return atomic_load(&flush->done) >= ticket;
}

static enum weir_status run_until(weir_pipeline *pipeline, uint64_t ticket, uint64_t timeout_ms)
{
	const uint64_t from_ms = weir__monotonic_ms(&pipeline->env);

	weir__poller_wake(&pipeline->poller);	/* the first turn, which begins it, is at once */
	while (!is_done(&pipeline->flush, ticket) && !weir__has_ended(pipeline) &&
	       !atomic_load(&pipeline->flush.has_runner) &&
	       !atomic_load(&pipeline->flush.is_claimed)) {
		const uint64_t passed_ms = weir__monotonic_ms(&pipeline->env) - from_ms;
		const uint64_t left_ms = passed_ms < timeout_ms ? timeout_ms - passed_ms : 0;
		int wait_ms = weir__timeout_ms(pipeline);

		if (wait_ms < 0 || (uint64_t)wait_ms > left_ms)
			wait_ms = left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
		if (weir__turn(pipeline, wait_ms) == WEIR_ERR_STATE && pipeline->in_turn)
			return WEIR_ERR_STATE;	/* from inside a turn */
		if (left_ms == 0)
			return WEIR_ERR_TIMEOUT;
	}
	return WEIR_OK;
}

/* With the lock, which is given back while it steps. */
static enum weir_status step_until(weir_pipeline *pipeline, uint64_t ticket, uint64_t timeout_ms)
{
	struct weir__flush *flush = &pipeline->flush;
	enum weir_status status;

	flush->has_stepper = flush->knows_runner = true;
	flush->runner = pthread_self();
	pthread_mutex_unlock(&flush->lock);
	status = run_until(pipeline, ticket, timeout_ms);
	pthread_mutex_lock(&flush->lock);
	flush->has_stepper = flush->knows_runner = false;
	pthread_cond_broadcast(&flush->moved);
	return status;
}

/* By another thread, where one is at it; else by this one. With the lock. */
static enum weir_status wait_for(weir_pipeline *pipeline, uint64_t ticket, uint64_t timeout_ms)
{
	struct weir__flush *flush = &pipeline->flush;
	const uint64_t until_ms = weir__real_ms_after(timeout_ms);
	enum weir_status status = is_mine(flush) ? WEIR_ERR_STATE : WEIR_OK;

	weir__poller_wake(&pipeline->poller);
	while (status == WEIR_OK && !is_done(flush, ticket) && !weir__has_ended(pipeline)) {
		if (may_step(flush))
			status = step_until(pipeline, ticket, timeout_ms);
		else if (!weir__cond_wait(&flush->moved, &flush->lock, until_ms))
			status = WEIR_ERR_TIMEOUT;
	}
	return status;
}

enum weir_status weir_pipeline_flush(weir_pipeline *pipeline, uint64_t timeout_ms)
{
	struct weir__flush *flush;
	enum weir_status status;
	uint64_t ticket;

	if (!pipeline)
		return WEIR_ERR_NOMEM;
	flush = &pipeline->flush;
	pthread_mutex_lock(&flush->lock);
	ticket = atomic_fetch_add(&flush->asked, 1) + 1;
	status = wait_for(pipeline, ticket, timeout_ms);
	pthread_mutex_unlock(&flush->lock);
	if (status == WEIR_ERR_STATE)
		return status;
	if (is_done(flush, ticket))
		return WEIR_OK;
	if (!weir__has_ended(pipeline))
		return WEIR_ERR_TIMEOUT;
	return weir__counter_get(&pipeline->all.in_flight) == 0 ? WEIR_OK : WEIR_ERR_STATE;
}
