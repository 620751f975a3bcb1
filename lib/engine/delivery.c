/* SPDX-License-Identifier: MIT */
/*
 * Deliveries: one message's way to one sink, with retries and dead letters.
 *
 *     send ─► waiting ─offer─► submitted ─done─► settled
 *               ▲  ▲               │
 *               │  └────AGAIN──────┤
 *               └───RETRY, later───┤
 *                                  └─SKIP─► waiting at the dead letters, once
 *
 * Invariants: a sink's waiting deliveries stand in the order in which they came, also those that
 * came back; none is freed but by done, or at the end of the pipeline; a failure that nothing can
 * mend leaves the delivery where it is, counted as in flight, and fails the pipeline.
 */
#include "engine/engine.h"

#include <string.h>

#include "ground/error.h"
#include "kit/backoff.h"

static void push(struct weir__queue *queue, weir_delivery *delivery)
{
	delivery->next = NULL;
	delivery->prev = queue->tail;
	if (queue->tail)
		queue->tail->next = delivery;
	else
		queue->head = delivery;
	queue->tail = delivery;
}

static void take(struct weir__queue *queue, weir_delivery *delivery)
{
	if (delivery->prev)
		delivery->prev->next = delivery->next;
	else
		queue->head = delivery->next;
	if (delivery->next)
		delivery->next->prev = delivery->prev;
	else
		queue->tail = delivery->prev;
	delivery->prev = delivery->next = NULL;
}

/*
 * To its place among the waiting: what comes back is nearly always older than all of them, or
 * just behind the one that came back before it.
 */
static void enter_waiting(weir_sink *sink, weir_delivery *delivery)
{
	struct weir__queue *queue = &sink->waiting;
	weir_delivery *after = queue->head;

	weir__counter_add(&sink->waiting_count, 1);
	if (!queue->tail || queue->tail->sequence < delivery->sequence) {
		push(queue, delivery);
		return;
	}
	if (sink->returned && sink->returned->sequence < delivery->sequence)
		after = sink->returned;
	while (after->sequence < delivery->sequence)
		after = after->next;
	sink->returned = delivery;
	if (sink->passed && sink->passed->sequence > delivery->sequence)
		sink->passed = NULL;
	delivery->next = after;
	delivery->prev = after->prev;
	if (after->prev)
		after->prev->next = delivery;
	else
		queue->head = delivery;
	after->prev = delivery;
}

static void leave_waiting(weir_sink *sink, weir_delivery *delivery)
{
	if (sink->returned == delivery)
		sink->returned = NULL;
	if (sink->passed == delivery)
		sink->passed = delivery->prev;
	take(&sink->waiting, delivery);
	weir__counter_sub(&sink->waiting_count, 1);
}

static void enter_submitted(weir_sink *sink, weir_delivery *delivery)
{
	push(&sink->submitted, delivery);
	sink->has_unflushed = true;
	weir__counter_add(&sink->in_flight, 1);
	weir__window_enter(&sink->offers, delivery->message->body.len);
}

static void leave_submitted(weir_sink *sink, weir_delivery *delivery)
{
	take(&sink->submitted, delivery);
	weir__counter_sub(&sink->in_flight, 1);
	weir__window_leave(&sink->offers, delivery->message->body.len);
}

/* It is to go to this sink, behind all others; its source waits when that is too much. */
static void address(weir_delivery *delivery, weir_sink *sink, struct weir__destination *to)
{
	delivery->sink = sink;
	delivery->to = to;
	delivery->sequence = sink->next_sequence++;
	if (weir__window_room(&sink->share) == 0)
		weir__overflow_block(delivery->message->transit.source, sink);
	weir__window_enter(&sink->share, delivery->message->body.len);
}

/* Where a delivery stands that nothing can mend: at its sink, not settled, for all to count. */
static enum weir_status give_up(weir_delivery *delivery, const struct weir_error *reason,
				struct weir_error *err, const char *because)
{
	weir_sink *sink = delivery->sink;

	enter_waiting(sink, delivery);
	sink->is_stuck = true;
	weir_error_set(err, reason->status, WEIR_REMEDY_STOP, "sink '%s': %s%s", sink->name,
		       reason->text, because);
	err->remote_code = reason->remote_code;
	err->os_error = reason->os_error;
	return err->status;
}

/*
 * Re-addresses a delivery to the dead letters, once. It waits there for their turn: this may be
 * called from inside a sink, perhaps that very one.
 */
static enum weir_status bury(weir_delivery *delivery, const struct weir_error *reason,
			     struct weir_error *err)
{
	weir_pipeline *pipeline = delivery->sink->port.pipeline;
	struct weir_error no_memory;

	if (delivery->death)
		return give_up(delivery, reason, err, "; it is where dead letters go");
	if (!pipeline->dead_sink)
		return give_up(delivery, reason, err,
			       "; no dead letters are set (weir_pipeline_set_dead_letters)");
	delivery->death = weir__alloc(&pipeline->env, sizeof *delivery->death);
	if (!delivery->death) {
		weir__error_no_memory(&no_memory);
		return give_up(delivery, &no_memory, err, " for a dead letter");
	}
	weir_port_log(&delivery->sink->port, WEIR_LOG_WARN, "dead letter: %s", reason->text);
	*delivery->death = (struct weir__death){ .reason = *reason,
						 .sink = delivery->sink->name,
						 .destination = delivery->to->name };
	weir__window_leave(&delivery->sink->share, delivery->message->body.len);
	weir__delivery_unformat(delivery);
	address(delivery, pipeline->dead_sink, pipeline->dead_destination);
	delivery->attempt = 0;
	enter_waiting(delivery->sink, delivery);
	return WEIR_OK;
}

/* Once for a run of refusals: the first reason in the log, the last in what a stop says. */
static void say_retry(weir_sink *sink, const struct weir_error *reason)
{
	if (!sink->is_retrying)
		weir_port_log(&sink->port, WEIR_LOG_WARN, "%s; tried again in %ju ms", reason->text,
			      (uintmax_t)(sink->retry_ms - sink->port.pipeline->now_ms));
	sink->is_retrying = true;
	sink->last_reason = *reason;
}

/* A sink would not have it, or gave it back. The delivery is in no queue. */
static enum weir_status refuse(weir_delivery *delivery, const struct weir_error *reason,
			       struct weir_error *err)
{
	weir_sink *sink = delivery->sink;
	const weir_pipeline *pipeline = sink->port.pipeline;
	const struct weir_pipeline_options *options = &pipeline->options;
	const uint32_t most = options->retry_attempts;
	uint64_t retry_ms;

	weir__counter_add(&sink->failed, 1);
	if (reason->remedy == WEIR_REMEDY_STOP)
		return give_up(delivery, reason, err, "");
	if (reason->remedy == WEIR_REMEDY_SKIP || (most && delivery->attempt >= most))
		return bury(delivery, reason, err);
	weir__counter_add(&sink->retried, 1);
	retry_ms = weir__later(pipeline, weir__backoff_delay(options->retry_first_ms,
							     options->retry_most_ms,
							     delivery->attempt + 1));
	if (sink->retry_ms < retry_ms)
		sink->retry_ms = retry_ms;
	say_retry(sink, reason);
	enter_waiting(sink, delivery);
	return WEIR_OK;
}

/* What the sink says; a delivery it has settled inside is gone, whatever it answers after that. */
static enum weir_status submit(weir_sink *sink, weir_delivery *delivery, struct weir_error *err)
{
	weir_delivery *const outer = sink->offered;
	enum weir_status status;
	bool is_settled;

	weir__error_begin(err);
	sink->offered = delivery;
	status = sink->ops.submit(sink->self, delivery, err);
	is_settled = sink->offered != delivery;
	sink->offered = outer;
	return is_settled ? WEIR_OK
			  : weir__error_end(err, status, "its submit failed and gave no reason");
}

/* Hands it to its sink. The delivery is in no queue before, and in one or gone afterwards. */
static enum weir_status offer(weir_delivery *delivery, struct weir_error *err)
{
	weir_sink *sink = delivery->sink;
	struct weir_error reason;
	enum weir_status status;

	status = weir__sink_prepare(sink, delivery->to, &reason);
	if (status < 0) {
		delivery->attempt++;
		return refuse(delivery, &reason, err);
	}
	enter_submitted(sink, delivery);
	delivery->attempt++;
	weir__counter_add(&sink->attempts, 1);
	status = submit(sink, delivery, &reason);
	if (status == WEIR_OK)
		return WEIR_OK;
	leave_submitted(sink, delivery);
	if (status < 0)
		return refuse(delivery, &reason, err);
	delivery->attempt--;
	weir__counter_sub(&sink->attempts, 1);
	sink->is_full = true;
	enter_waiting(sink, delivery);
	return WEIR_OK;
}

static bool accepts(const weir_sink *sink)
{
	return weir__sink_has_room(sink) && sink->retry_ms <= sink->port.pipeline->now_ms;
}

static enum weir_status start(weir_delivery *delivery, struct weir_error *err)
{
	weir_sink *sink = delivery->sink;

	if (!sink->waiting.head && accepts(sink))
		return offer(delivery, err);
	enter_waiting(sink, delivery);
	return WEIR_OK;
}

enum weir_status weir__delivery_offer_waiting(weir_sink *sink, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	while (status == WEIR_OK && sink->waiting.head && accepts(sink)) {
		weir_delivery *delivery = sink->waiting.head;

		leave_waiting(sink, delivery);
		status = offer(delivery, err);
	}
	return status;
}

/* Takes back one that was added and has gone nowhere yet. */
static enum weir_status undo(weir_delivery *delivery, struct weir_error *err)
{
	weir_pipeline *pipeline = delivery->sink->port.pipeline;

	weir__window_leave(&delivery->sink->share, delivery->message->body.len);
	delivery->message->transit.pending--;
	delivery->message->transit.source->deliveries--;
	weir__delivery_free(pipeline, delivery);
	return weir__error_no_memory(err);
}

static weir_delivery *add(weir_pipeline *pipeline, weir_message *message, weir_sink *sink,
			  struct weir__destination *to)
{
	weir_delivery *delivery = weir__alloc(&pipeline->env, sizeof *delivery);

	if (!delivery)
		return NULL;
	delivery->message = message;
	delivery->value = message->body;
	delivery->time_ms = weir_message_time_ms(message);
	address(delivery, sink, to);
	message->transit.pending++;
	message->transit.source->deliveries++;
	return delivery;
}

enum weir_status weir__delivery_send(weir_pipeline *pipeline, weir_message *message,
				     weir_rule *rule, weir_sink *sink, struct weir__destination *to,
				     struct weir_error *err)
{
	weir_delivery *delivery = add(pipeline, message, sink, to);
	struct weir_error reason;

	if (!delivery)
		return weir__error_no_memory(err);
	if (weir__delivery_make_key(delivery, rule, err) < 0)
		return undo(delivery, err);
	delivery->rule = rule;
	weir__counter_add(&rule->in_flight, 1);
	if (rule->format && weir__delivery_make_value(delivery, rule, &reason) < 0)
		return reason.remedy == WEIR_REMEDY_SKIP ? bury(delivery, &reason, err)
							 : give_up(delivery, &reason, err, "");
	return start(delivery, err);
}

enum weir_status weir__delivery_send_unrouted(weir_pipeline *pipeline, weir_message *message,
					      struct weir_error *err)
{
	weir_delivery *delivery =
		add(pipeline, message, pipeline->dead_sink, pipeline->dead_destination);

	if (!delivery)
		return weir__error_no_memory(err);
	delivery->key = message->key;
	delivery->death = weir__alloc(&pipeline->env, sizeof *delivery->death);
	if (!delivery->death)
		return undo(delivery, err);
	*delivery->death = (struct weir__death){ .sink = "", .destination = "" };
	weir_error_set(&delivery->death->reason, WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
		       "no route takes a %s of source '%s'", weir_kind_name(message->kind),
		       message->source);
	return start(delivery, err);
}

static void free_settled(weir_delivery *delivery)
{
	weir_message *message = delivery->message;

	message->transit.source->deliveries--;
	weir__delivery_free(delivery->sink->port.pipeline, delivery);
	weir__message_release(message);
}

static void count_done(weir_delivery *delivery)
{
	weir_sink *sink = delivery->sink;
	weir_rule *rule = delivery->rule;
	weir_message *message = delivery->message;

	sink->is_retrying = false;
	weir__counter_add(&sink->delivered, 1);
	weir__counter_add(&sink->bytes, message->body.len);
	if (delivery->death)
		message->transit.dead_lettered = true;
	else
		message->transit.delivered = true;
	if (!rule)
		return;
	weir__counter_sub(&rule->in_flight, 1);
	weir__counter_add(delivery->death ? &rule->dead_lettered : &rule->delivered, 1);
}

void weir_delivery_done(weir_delivery *delivery)
{
	weir_sink *sink = delivery->sink;
	weir_message *message = delivery->message;

	if (sink->offered == delivery)
		sink->offered = NULL;
	leave_submitted(sink, delivery);
	weir__window_leave(&sink->share, message->body.len);
	count_done(delivery);
	free_settled(delivery);
}

void weir_delivery_fail(weir_delivery *delivery, const struct weir_error *reason)
{
	weir_sink *sink = delivery->sink;
	struct weir_error err;

	if (sink->offered == delivery)
		sink->offered = NULL;
	leave_submitted(sink, delivery);
	if (refuse(delivery, reason, &err) < 0)
		weir_pipeline_fail(sink->port.pipeline, &err);
}

void weir_delivery_drop(weir_delivery *delivery)
{
	weir_sink *sink = delivery->sink;
	weir_message *message = delivery->message;

	if (sink->offered == delivery)
		sink->offered = NULL;
	leave_submitted(sink, delivery);
	weir__window_leave(&sink->share, message->body.len);
	if (delivery->rule) {
		weir__counter_sub(&delivery->rule->in_flight, 1);
		weir__counter_add(&delivery->rule->dropped_revoked, 1);
	}
	message->transit.drop_cause = WEIR_DROP_REVOKED;
	weir__dedup_forgets(message->transit.source, message);
	free_settled(delivery);
}

static bool may_be_dropped(const weir_delivery *delivery)
{
	return delivery->rule && delivery->rule->overflow == WEIR_OVERFLOW_DROP_OLD &&
	       !delivery->death && !(delivery->message->kind & WEIR__SPARED_KINDS);
}

bool weir__delivery_drop_oldest(weir_sink *sink)
{
	weir_delivery *delivery = sink->passed ? sink->passed->next : sink->waiting.head;
	weir_message *message;

	for (; delivery && !may_be_dropped(delivery); delivery = delivery->next)
		sink->passed = delivery;
	if (!delivery)
		return false;
	message = delivery->message;
	leave_waiting(sink, delivery);
	weir__window_leave(&sink->share, message->body.len);
	weir__counter_sub(&delivery->rule->in_flight, 1);
	weir__counter_add(&delivery->rule->dropped_old, 1);
	message->transit.drop_cause = WEIR_DROP_OVERFLOW_OLD;
	free_settled(delivery);
	return true;
}

void weir__delivery_discard_all(weir_sink *sink)
{
	struct weir__queue *const queues[] = { &sink->waiting, &sink->submitted };

	sink->returned = sink->passed = NULL;
	for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
		while (queues[i]->head) {
			weir_delivery *delivery = queues[i]->head;

			take(queues[i], delivery);
			delivery->message->transit.source->deliveries--;
			weir__message_abandon(delivery->message);
			weir__delivery_free(sink->port.pipeline, delivery);
		}
	}
}
