/* SPDX-License-Identifier: MIT */
/*
 * The machine's parts as its files see them: pipeline, port, source, sink, rule, delivery.
 *
 * Everything hangs on the pipeline and is touched by its thread only; what other threads may
 * touch is atomic (stop, wake, state) or a counter.
 *
 *     source ─emit─► message ─route─► deliveries ─submit─► sink
 *        ▲                              ▲ overflow          │ done / fail
 *        └────────── ack ◄── tracker ◄── settle ◄───────────┘
 */
#ifndef WEIR_ENGINE_ENGINE_H
#define WEIR_ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "ground/recycler.h"
#include "kit/table.h"
#include "loop/poller.h"
#include "model/counters.h"
#include "model/dedup.h"
#include "model/format.h"
#include "model/match.h"
#include "model/message.h"
#include "model/template.h"
#include "model/window.h"
#include "weir/metrics.h"
#include "weir/pipeline.h"
#include "weir/router.h"
#include "weir/sink.h"
#include "weir/source.h"

#define WEIR__NEVER UINT64_MAX
/* What others rely on: no overflow drops it. */
#define WEIR__SPARED_KINDS                                                                         \
	(WEIR_KIND_DELETE | WEIR_KIND_SCRUB_GEO | WEIR_KIND_STATUS_WITHHELD |                       \
	 WEIR_KIND_USER_WITHHELD | WEIR_KIND_COMPLIANCE | WEIR_KIND_LIMIT | WEIR_KIND_DISCONNECT |  \
	 WEIR_KIND_GAP)
#define WEIR__OWN_HEADERS 16	/* most that a route and a dead letter add */

struct weir__source_counters {
	struct weir__tally all;
	weir__counter counts[WEIR_COUNT_RECONNECTS + WEIR_RECONNECT_CAUSES];
	weir__counter lag_ms;
	weir__counter settled_lane, settled_offset;
};

/* What a sink counts itself: from WEIR_COUNT_POSSIBLE_DUPLICATES on. */
#define WEIR__SINK_COUNTS 3

struct weir_port {
	weir_pipeline *pipeline;
	const char *name;
	struct weir__watch *watches;
	uint64_t deadline_ms;		/* WEIR__NEVER: none */
	bool due;			/* step is to be called */
	bool is_muted;			/* what is readable wakes nobody: there is no room for it */
	atomic_bool woken;
	bool is_ending;			/* of a source that relays: nothing more is to come */
	struct weir__source_counters *counters;	/* NULL on a sink's port */
	weir__counter *sink_counts;	/* NULL on a source's port */
};

struct weir_outlet {
	weir_source *source;
	bool is_open;		/* a step is running */
	bool had_none;		/* the last step asked for room, and there was none */
	bool has_failed;	/* an emit failed: the error is not of the source's making */
	weir_message *shown;	/* the last one it asked to see: kept until the step ends … */
	bool shown_is_over;	/* … by the pipeline, or, when that has no more of it, by this */
};

enum weir__phase {
	WEIR__CLOSED,	/* not opened yet, or closed for good */
	WEIR__OPEN,
	WEIR__REOPENING	/* closed until reopen_ms, then opened again */
};

struct weir_source {
	struct weir_port port;
	struct weir_outlet outlet;
	char *name;
	struct weir_source_ops ops;	/* what both sides know of; never given: NULL */
	const struct weir_source_ops *given;
	void *self;
	weir_source *next;
	enum weir__phase phase;
	bool starved;		/* found no room: is to be called when there is some */
	uint64_t reopen_ms;
	uint32_t reopens;	/* in a row */
	struct weir__tracker tracker;
	struct weir__window share;	/* what it emitted and is under way */
	struct weir__holding *holding;	/* of the owner it emitted last; NULL: none under way */
	struct weir__dedup_window *dedup;	/* NULL: nothing is looked for */
	weir_sink **blockers;		/* whose share a message of this source found used up */
	size_t blocker_count, blocker_capacity;
	uint64_t deliveries;	/* of what it emitted, not settled; of a message that did not get
				 * onto all its ways, one more for good: nobody may commit it */
	struct weir__source_counters counters;
};

/* A destination of a sink; made once, lives as long as the sink. */
struct weir__destination {
	const char *name;
	void *handle;
	bool prepared;
};

struct weir__queue {
	weir_delivery *head, *tail;
};

struct weir_sink {
	struct weir_port port;
	char *name;
	struct weir_sink_ops ops;	/* what both sides know of; never given: NULL */
	void *self;
	weir_sink *next;
	bool is_open;
	bool is_stuck;		/* a delivery of it can go nowhere: nothing more is offered */
	bool is_broken;		/* its step failed: it is not called, nothing of it waited for */
	bool is_full;		/* it said WEIR_AGAIN since its last step */
	bool has_unflushed;	/* was given deliveries since it was last told to flush */
	bool is_retrying;	/* gave something back since it last delivered; said in the log */
	struct weir_error last_reason;	/* for giving back; status WEIR_OK: none */
	uint64_t retry_ms;	/* nothing is offered before; 0: at once */
	struct weir__queue waiting;	/* in the order of their sequence */
	weir_delivery *returned;	/* of those waiting, the one that came back last */
	weir_delivery *passed;	/* up to this one none that waits may be dropped; NULL: not known */
	struct weir__queue submitted;
	weir_delivery *offered;		/* the one inside submit; NULL when it has settled it */
	uint64_t next_sequence;
	struct weir__window share;	/* deliveries to it: waiting and submitted */
	struct weir__window offers;	/* those submitted */
	struct weir__table destinations;
	weir__counter attempts, delivered, failed, retried, in_flight, waiting_count, bytes;
	weir__counter counts[WEIR__SINK_COUNTS];
};

/* A route in place. */
struct weir_rule {
	weir_rule *next;
	weir_pipeline *pipeline;
	char *name;
	const weir_source *from;
	unsigned kinds, traits, without_traits, headers;
	struct weir__match *where;
	size_t where_count;
	weir_match_fn *match;
	void *user;
	weir_sink *sink;	/* NULL: drops */
	bool final;
	enum weir_overflow overflow;
	struct weir__destination *fixed;	/* `to` without fields */
	weir__template *to;			/* `to` with fields */
	struct weir__destination *fallback;
	size_t destinations, max_destinations;
	weir__template *key;	/* NULL: the message's own, or none */
	weir__format *format;	/* NULL: the message's bytes */
	bool without_key;
	weir__counter matched, delivered, dead_lettered, in_flight, fallbacks;
	weir__counter dropped_new, dropped_old, dropped_revoked;
};

/* Why a delivery goes to the dead letters. */
struct weir__death {
	struct weir_error reason;
	const char *sink, *destination;
};

struct weir_delivery {
	weir_delivery *prev, *next;
	weir_message *message;
	weir_sink *sink;
	weir_rule *rule;	/* NULL: no route took the message */
	struct weir__destination *to;
	struct weir_slice key, value;
	void *key_block;	/* a key that a template or format made; key.len bytes */
	void *value_block;	/* a value that a format made; value.len bytes */
	uint64_t time_ms;
	struct weir__death *death;	/* NULL: on its proper way */
	uint64_t sequence;	/* order of arrival at its sink */
	uint32_t attempt;
	void *user;
};

/* What was seen of the sources that share it. */
struct weir__dedup_window {
	struct weir__dedup_window *next;
	weir__dedup *seen;
	unsigned kinds;
};

struct weir__header_scratch {
	struct weir_header *headers;
	size_t capacity;
	char received[24], code[24], time[24];
};

/*
 * weir_pipeline_flush: messages received belong to the running epoch, a flush begins the next and
 * is over when none of the one before is under way. Before a flush begins, only one has any.
 */
struct weir__flush {
	uint64_t under_way[2];	/* messages, by epoch modulo 2 */
	uint8_t epoch;		/* modulo 2 */
	bool is_on;
	uint64_t upto;		/* the ticket that the one that is on answers */
	_Atomic uint64_t asked, done;	/* tickets */
	pthread_mutex_t lock;	/* for what follows, and for waiting on `moved` */
	pthread_cond_t moved;
	atomic_bool has_runner;	/* a thread is in weir_pipeline_run, or was started for it */
	bool has_stepper;	/* one that flushes steps the pipeline itself, where none runs it */
	bool knows_runner;	/* which thread does either */
	pthread_t runner;
	atomic_bool is_claimed;	/* the application is about to step it: who flushes is to leave */
	atomic_bool is_stepped;	/* it has stepped it, last on this thread: of those that flush … */
	_Atomic(pthread_t) stepping;	/* … no other steps */
};

struct weir_pipeline {
	struct weir_env env;		/* its allocator is the recycler's */
	struct weir_allocator allocator;	/* the application's */
	weir__recycler *recycler;
	struct weir_pipeline_options options;
	struct weir_error error;
	bool holds_words;		/* those of `error` are not logged yet (engine/words.h) */
	_Atomic(enum weir_state) state;
	atomic_bool stop_asked;
	struct weir__poller poller;
	uint64_t now_ms, wall_ms;	/* of this turn */
	uint64_t drain_until_ms;	/* WEIR__NEVER: as long as it takes */
	uint64_t trim_ms;	/* when buffers that nobody needs are next given back */

	weir_source *sources, **sources_end;
	weir_source *first;	/* the one whose turn is first; NULL: the first of the list */
	weir_source *served;	/* the first one that emitted in this turn */
	weir_sink *sinks, **sinks_end;
	weir_rule *rules, **rules_end;
	size_t rule_count;
	struct weir__dedup_window *dedups;
	weir_sink *dead_sink;
	struct weir__destination *dead_destination;

	weir__plan *plan;
	struct weir__kind_slots kind_slots;
	struct weir__slot *slots;
	size_t slot_count;
	bool asks_fields;	/* some route looks at a field */

	struct weir__window window;
	struct weir__window front;	/* what sources that do not relay have of it: half is theirs */
	struct weir__header_scratch scratch;
	struct weir__rendering rendering;

	struct weir__tally all;
	struct weir__tally kinds[WEIR_KIND_COUNT];
	weir__counter in_flight_bytes, fallbacks, lag_ms;
	weir__counter drops[WEIR_DROP_CAUSES];
	struct weir__flush flush;

	bool in_turn;
	pthread_t thread;
	bool has_thread;
	enum weir_status thread_status;
};

/* pipeline.c */
void weir__pipeline_log(const weir_pipeline *pipeline, enum weir_log_level level,
			const char *format, ...) WEIR_PRINTF(3, 4);
void weir__pipeline_enter(weir_pipeline *pipeline, enum weir_state state);
/* Construction calls: whether anything may still be added; a late one fails the pipeline. */
bool weir__pipeline_is_building(weir_pipeline *pipeline, const char *what, const char *name);

/* port.c */
void weir__port_init(struct weir_port *port, weir_pipeline *pipeline, const char *name,
		     struct weir__source_counters *counters);
void weir__port_release(struct weir_port *port);
/* Takes note of time and wakes; whether step is to be called, once. */
bool weir__port_take_due(struct weir_port *port, uint64_t now_ms);
uint64_t weir__port_next_ms(const struct weir_port *port);
/* Whether readable descriptors are to be left alone for now. */
void weir__port_mute(struct weir_port *port, bool is_muted);

/* source.c */
enum weir_status weir__source_open(weir_source *source, struct weir_error *err);
enum weir_status weir__source_turn(weir_source *source, struct weir_error *err);
void weir__source_close(weir_source *source);
/* It is open, and has something to hand over before it is closed. */
bool weir__source_drains(const weir_source *source);
void weir__source_acknowledge(weir_source *source);
/* Tells a source that relays that nothing more is to come, once, when that is so. */
void weir__source_tell_ending(weir_source *source);
void weir__source_free(weir_source *source);

/* occupy.c */
/* It found no room before, and there is some now. */
bool weir__source_is_fed(const weir_source *source);
/* A message of this source enters the windows. */
enum weir_status weir__source_occupy(weir_source *source, weir_message *message,
				     const struct weir_message_init *init, struct weir_error *err);
/* It is settled: what it held in the windows is free. */
void weir__source_let_go(weir_source *source, weir_message *message);
/* It is not, and the pipeline ends: it stays in the windows, what was kept for it is freed. */
void weir__source_forget(weir_source *source, weir_message *message);

/* sink.c */
enum weir_status weir__sink_open(weir_sink *sink, struct weir_error *err);
enum weir_status weir__sink_turn(weir_sink *sink, struct weir_error *err);
void weir__sink_flush(weir_sink *sink);
/* Flushes those that were given something since. */
void weir__sinks_flush(weir_pipeline *pipeline);
/* Takes a delivery now, as far as the engine knows; a retry may still be due later. */
bool weir__sink_has_room(const weir_sink *sink);
void weir__sink_close(weir_sink *sink);
void weir__sink_free(weir_sink *sink);
bool weir__sink_is_idle(const weir_sink *sink);
bool weir__has_sink(const weir_pipeline *pipeline, const weir_sink *sink);
/* The destination of that name, made when it is new; NULL when out of memory. */
struct weir__destination *weir__sink_destination(weir_sink *sink, const char *name, size_t len,
						 bool *ret_is_new);
/* Tells the sink of a destination, once. */
enum weir_status weir__sink_prepare(weir_sink *sink, struct weir__destination *to,
				    struct weir_error *err);

/* route.c, rule.c */
/* Sends a message along every route that takes it. */
enum weir_status weir__route(weir_pipeline *pipeline, weir_message *message,
			     struct weir_error *err);
bool weir__rule_takes(const weir_rule *rule, const weir_message *message,
		      const struct weir__slot *slots);
/* The destination of a message on this rule; NULL when out of memory. */
struct weir__destination *weir__rule_destination(weir_rule *rule, const weir_message *message,
						 const struct weir__slot *slots);
void weir__rule_free(weir_rule *rule);

/* dedup.c */
/* Whether a source's message came before; it is then dropped. */
bool weir__dedup_drops(weir_source *source, weir_message *message);
/* What another process is to deliver may come back to this one, and is no duplicate then. */
void weir__dedup_forgets(weir_source *source, const weir_message *message);
void weir__dedup_free_all(weir_pipeline *pipeline);

/* overflow.c */
/* Whether a message goes on to the sink of this route; false: it was dropped here. */
bool weir__overflow_admits(weir_rule *rule, weir_message *message);
/* Whether such a route may be; in a route's words. */
enum weir_status weir__overflow_check(const struct weir_route *route, struct weir_error *err);
/* Gives sinks that need one their share, and sources a place for what blocks them. */
enum weir_status weir__overflow_prepare(weir_pipeline *pipeline, struct weir_error *err);
/* A message of it found the share of this sink used up. */
void weir__overflow_block(weir_source *source, weir_sink *sink);
/* Whether such a share has not eased yet. */
bool weir__overflow_blocks(const weir_source *source);
/* Forgets those that have. */
void weir__overflow_unblock(weir_source *source);

/* flush.c */
void weir__flush_init(struct weir__flush *flush);
void weir__flush_release(struct weir__flush *flush);
/* Begins and ends flushes: once a turn. */
void weir__flush_turn(weir_pipeline *pipeline);
/* The pipeline has ended: whoever waits is to look. */
void weir__flush_leave(weir_pipeline *pipeline);
/* A thread was started to run the pipeline, or could not be. */
void weir__flush_set_runner(weir_pipeline *pipeline, bool has_runner);
/* This thread runs the pipeline from here on; false: it does already, this is a call from inside. */
bool weir__flush_enter_runner(weir_pipeline *pipeline);
void weir__flush_leave_runner(weir_pipeline *pipeline);
/* The application steps it on this thread: when this returns, and from then on, no other does. */
void weir__flush_claim(weir_pipeline *pipeline);

/* delivery.c */
/* A new delivery on its way; it may be settled when this returns. */
enum weir_status weir__delivery_send(weir_pipeline *pipeline, weir_message *message,
				     weir_rule *rule, weir_sink *sink,
				     struct weir__destination *to, struct weir_error *err);
/* A message that no route takes, to the dead letters. */
enum weir_status weir__delivery_send_unrouted(weir_pipeline *pipeline, weir_message *message,
					      struct weir_error *err);
/* Offers what waits, until the sink is full or a retry is due later. */
enum weir_status weir__delivery_offer_waiting(weir_sink *sink, struct weir_error *err);
/* delivery_content.c */
enum weir_status weir__delivery_make_key(weir_delivery *delivery, const weir_rule *rule,
					 struct weir_error *err);
/* What the route's format makes of it: below zero with remedy SKIP when that is nothing. */
enum weir_status weir__delivery_make_value(weir_delivery *delivery, const weir_rule *rule,
					   struct weir_error *err);
/* The message's own bytes again: a dead letter is the message as it came. */
void weir__delivery_unformat(weir_delivery *delivery);
void weir__delivery_free(weir_pipeline *pipeline, weir_delivery *delivery);

/* delivery.c, too */
/* Drops the oldest waiting delivery that may be; false: there is none. */
bool weir__delivery_drop_oldest(weir_sink *sink);
/* Frees without settling: the end of the pipeline. */
void weir__delivery_discard_all(weir_sink *sink);

/* settle.c */
/* One pending thing less; the last settles the message. */
void weir__message_release(weir_message *message);
/* The same at the end: it is not settled, and its outcome is told. */
void weir__message_abandon(weir_message *message);

/* step.c */
bool weir__has_ended(const weir_pipeline *pipeline);
/* This long after this turn's time; never as far as WEIR__NEVER. */
uint64_t weir__later(const weir_pipeline *pipeline, uint64_t delay_ms);
/* Closes all, then frees what was under way: what is closed may still give something back. */
void weir__close_all(weir_pipeline *pipeline);
enum weir_status weir__turn(weir_pipeline *pipeline, int timeout_ms);
/* weir_pipeline_timeout_ms, by whoever turns it. */
int weir__timeout_ms(const weir_pipeline *pipeline);

#endif
