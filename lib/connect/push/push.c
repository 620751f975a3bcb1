/* SPDX-License-Identifier: MIT */
/*
 * The application's side of the push source: any thread.
 *
 * Guarantees: WEIR_OK means that the source has the message, any other answer that it has taken
 * nothing; a wait ends by its deadline, by what it waits for, or by the end of the pipeline. The
 * lock is never held while somebody else's code runs but for the allocator.
 */
#include <string.h>

#include "connect/push/internal.h"
#include "ground/options.h"
#include "ground/wait.h"

#define LOOK_MS 50	/* how often one that nobody would wake looks whether all is over */

static bool is_somewhere(struct weir_slice slice)
{
	return slice.data || !slice.len;
}

static bool is_valid(const struct weir_message_init *init)
{
	if (!is_somewhere(init->body) || !is_somewhere(init->key) ||
	    (init->header_count && !init->headers))
		return false;
	if ((init->kind && !weir_kind_name(init->kind)) || init->traits >> WEIR_TRAIT_COUNT)
		return false;
	for (size_t i = 0; i < init->header_count; i++)
		if (!init->headers[i].name || !is_somewhere(init->headers[i].value))
			return false;
	return init->body.len < UINT32_MAX;
}

/* The source that a push is for, and the push itself; NULL: WEIR_ERR_INVALID. */
static struct weir__push_source *read_push(weir_source *handle,
					   const struct weir_message_init *given,
					   struct weir_message_init *ret_init)
{
	struct weir__push_source *source = weir_source_self(handle, &weir__push_ops);

	if (!source || !given ||
	    weir__options_read(given, ret_init, sizeof *ret_init, "weir_message_init", NULL) < 0)
		return NULL;
	ret_init->user = NULL;
	return is_valid(ret_init) ? source : NULL;
}

static bool has_ended(const struct weir__push_source *source)
{
	const enum weir_state state = weir_pipeline_state(source->pipeline);

	return source->phase != WEIR__PUSH_TAKING || state == WEIR_STATE_FINISHED ||
	       state == WEIR_STATE_FAILED ||
	       (source->port && weir_port_is_stopping(source->port));
}

static void append(struct weir__push_source *source, struct weir__entry *entry)
{
	*source->end = entry;
	source->end = &entry->next;
	source->messages++;
	source->bytes += entry->init.body.len;
	source->pushed++;
	if (source->port)
		weir_port_wake(source->port);
}

/* With the lock, as all below that has a source and does not take it. */
static enum weir_status push(struct weir__push_source *source, const struct weir_message_init *init)
{
	struct weir__entry *entry;

	if (has_ended(source))
		return WEIR_ERR_STATE;
	if (weir__push_is_full(source, init->body.len))
		return WEIR_AGAIN;
	entry = weir__entry_new(source, init);
	if (!entry)
		return WEIR_ERR_NOMEM;
	append(source, entry);
	return WEIR_OK;
}

enum weir_status weir_push(weir_source *handle, const struct weir_message_init *given)
{
	struct weir_message_init init;
	struct weir__push_source *source = read_push(handle, given, &init);
	enum weir_status status;

	if (!source)
		return WEIR_ERR_INVALID;
	pthread_mutex_lock(&source->lock);
	status = push(source, &init);
	if (status == WEIR_AGAIN)
		source->is_awaited = true;
	pthread_mutex_unlock(&source->lock);
	return status;
}

static bool is_pipelines_thread(const struct weir__push_source *source)
{
	return source->knows_thread && pthread_equal(source->thread, pthread_self());
}

static bool was_never_open(const struct weir__push_source *source)
{
	return !source->port && source->phase != WEIR__PUSH_CLOSED;
}

/* The pipeline ended, and this source has not been told: it was never open. */
static bool is_forgotten(const struct weir__push_source *source)
{
	const enum weir_state state = weir_pipeline_state(source->pipeline);

	return was_never_open(source) &&
	       (state == WEIR_STATE_FINISHED || state == WEIR_STATE_FAILED);
}

/* False when the time is over. */
static bool wait_for(struct weir__push_source *source, pthread_cond_t *cond, uint64_t until_ms)
{
	const uint64_t look_ms = weir__real_ms_after(LOOK_MS);

	if (!was_never_open(source) || until_ms < look_ms)
		return weir__cond_wait(cond, &source->lock, until_ms);
	weir__cond_wait(cond, &source->lock, look_ms);
	return true;
}

static bool sleep_until_moved(struct weir__push_source *source, uint64_t until_ms)
{
	bool in_time;

	source->sleepers++;
	in_time = wait_for(source, &source->moved, until_ms);
	source->sleepers--;
	return in_time;
}

static enum weir_status push_until(struct weir__push_source *source,
				   const struct weir_message_init *init, uint64_t until_ms)
{
	enum weir_status status = push(source, init);

	while (status == WEIR_AGAIN && sleep_until_moved(source, until_ms))
		status = push(source, init);
	return status;
}

static enum weir_status push_with_ticket(struct weir__push_source *source,
					 struct weir_message_init *init, uint64_t until_ms,
					 enum weir_outcome *ret_outcome)
{
	struct weir__ticket *ticket = weir__ticket_new(source->env);
	enum weir_status status;

	if (!ticket)
		return WEIR_ERR_NOMEM;
	init->user = ticket;
	status = push_until(source, init, until_ms);
	if (status != WEIR_OK)
		weir__ticket_let_go(ticket);	/* no message has it */
	while (status == WEIR_OK && !ticket->is_settled && !is_forgotten(source))
		if (!wait_for(source, &ticket->settled, until_ms))
			break;
	if (status == WEIR_OK && !ticket->is_settled && !is_forgotten(source))
		status = WEIR_ERR_TIMEOUT;
	if (status == WEIR_OK && ret_outcome)
		*ret_outcome = ticket->is_settled ? ticket->outcome : WEIR_OUTCOME_LEFT;
	weir__ticket_let_go(ticket);
	return status;
}

enum weir_status weir_push_wait(weir_source *handle, const struct weir_message_init *given,
				uint64_t timeout_ms, enum weir_outcome *ret_outcome)
{
	struct weir_message_init init;
	struct weir__push_source *source = read_push(handle, given, &init);
	enum weir_status status = WEIR_ERR_STATE;

	if (!source)
		return WEIR_ERR_INVALID;
	pthread_mutex_lock(&source->lock);
	if (!is_pipelines_thread(source))
		status = push_with_ticket(source, &init, weir__real_ms_after(timeout_ms),
					  ret_outcome);
	pthread_mutex_unlock(&source->lock);
	return status;
}

enum weir_status weir_push_flush(weir_source *handle, uint64_t timeout_ms)
{
	struct weir__push_source *source = weir_source_self(handle, &weir__push_ops);
	const uint64_t until_ms = weir__real_ms_after(timeout_ms);
	enum weir_status status = WEIR_OK;
	uint64_t mark, now_ms;

	if (!source)
		return WEIR_ERR_INVALID;
	pthread_mutex_lock(&source->lock);
	mark = source->pushed;
	if (is_pipelines_thread(source))
		status = WEIR_ERR_STATE;
	while (status == WEIR_OK && source->emitted < mark) {
		if (source->phase == WEIR__PUSH_CLOSED || is_forgotten(source))
			status = WEIR_ERR_STATE;
		else if (!sleep_until_moved(source, until_ms))
			status = WEIR_ERR_TIMEOUT;
	}
	pthread_mutex_unlock(&source->lock);
	if (status < 0)
		return status;
	now_ms = weir__real_ms();
	return weir_pipeline_flush(source->pipeline, now_ms < until_ms ? until_ms - now_ms : 0);
}

void weir_push_end(weir_source *handle)
{
	struct weir__push_source *source = weir_source_self(handle, &weir__push_ops);

	if (!source)
		return;
	pthread_mutex_lock(&source->lock);
	if (source->phase == WEIR__PUSH_TAKING)
		source->phase = WEIR__PUSH_ENDED;
	if (source->port)
		weir_port_wake(source->port);
	pthread_cond_broadcast(&source->moved);
	pthread_mutex_unlock(&source->lock);
}
