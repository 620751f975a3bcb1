/* SPDX-License-Identifier: MIT */
/*
 * Predicates that change while the source runs.
 *
 *     any thread ──check, copy──► next ──note──► wanted ──adopt──► config ──200──► answered
 *                                                                    ▲ │
 *                                                                    │ ▼ 406, 413
 *                                                                   before
 *
 * What is wanted is adopted where an attempt begins, and nowhere else: so a reconnection for
 * whatever reason takes it along, and none comes earlier for it but from a stream that has stood
 * for min_reconfigure_ms.
 *
 * Guarantees: other threads read only what never changes in the config, and write only `next`; once
 * a change is accepted, no memory is needed to carry it out; what was refused is not asked for
 * twice. Callers: v1.c, source.c, reconnect.c.
 */
#include "connect/twitter/change.h"

#include "connect/twitter/predicate.h"
#include "connect/twitter/source.h"
#include "ground/error.h"
#include "ground/options.h"

#define DIFFERENCE_BYTES 256

static void free_wanted(const struct weir_env *env, struct weir_twitter_predicates *wanted)
{
	if (!wanted)
		return;
	weir__twitter_free_predicates(env, wanted);
	weir__free(env, wanted, sizeof *wanted);
}

/* ---- any thread ---- */

struct weir_twitter_predicates *
weir__twitter_wanted_new(const struct weir__twitter_config *config,
			 const struct weir_twitter_predicates *given, struct weir_error *err)
{
	struct weir_twitter_predicates read;
	struct weir_twitter_predicates *wanted;

	if (weir__options_read(given, &read, sizeof read, "weir_twitter_predicates", err) < 0)
		return NULL;
	weir__twitter_default_predicates(&read);
	if (weir__twitter_check_predicates(&read, &config->options, err) < 0)
		return NULL;
	wanted = weir__alloc(config->env, sizeof *wanted);
	if (wanted && weir__twitter_copy_predicates(config->env, &read, wanted))
		return wanted;
	weir__free(config->env, wanted, sizeof *wanted);
	weir__error_no_memory(err);
	return NULL;
}

void weir__twitter_change_hand_in(struct weir__twitter_source *source,
				  struct weir_twitter_predicates *wanted)
{
	struct weir__twitter_change *change = &source->change;
	weir_port *port;

	free_wanted(source->config.env, atomic_exchange(&change->next, wanted));
	port = atomic_load(&change->port);
	if (port)
		weir_port_wake(port);
}

/* ---- the pipeline's thread ---- */

static void say(const struct weir__twitter_source *source, const char *difference)
{
	const uint64_t due_ms = weir__twitter_change_due_ms(source);
	const uint64_t wait_ms = due_ms > source->now_ms ? due_ms - source->now_ms : 0;

	if (due_ms)
		weir_port_log(source->port, WEIR_LOG_INFO, "other predicates in %ju ms, by a new "
			      "connection: %s", (uintmax_t)wait_ms, difference);
	else
		weir_port_log(source->port, WEIR_LOG_INFO, "other predicates with the next "
			      "attempt: %s", difference);
}

void weir__twitter_change_note(struct weir__twitter_source *source)
{
	struct weir__twitter_change *change = &source->change;
	const struct weir_env *env = source->config.env;
	char difference[DIFFERENCE_BYTES];
	struct weir_twitter_predicates *next;

	if (!atomic_load(&change->next))
		return;
	next = atomic_exchange(&change->next, NULL);
	free_wanted(env, change->wanted);
	change->wanted = next;
	if (weir__twitter_compare_predicates(&source->config.predicates, next,
					     difference, sizeof difference)) {
		say(source, difference);
		return;
	}
	weir_port_log(source->port, WEIR_LOG_INFO, "the predicates stay as they are");
	free_wanted(env, next);
	change->wanted = NULL;
}

static void swap_predicates(struct weir__twitter_source *source,
			    struct weir_twitter_predicates *wanted)
{
	const struct weir_twitter_predicates old = source->config.predicates;

	source->config.predicates = *wanted;
	*wanted = old;
}

void weir__twitter_change_adopt(struct weir__twitter_source *source)
{
	struct weir__twitter_change *change = &source->change;
	struct weir_twitter_predicates *wanted;

	weir__twitter_change_note(source);
	wanted = change->wanted;
	if (!wanted)
		return;
	change->wanted = NULL;
	swap_predicates(source, wanted);
	if (change->answered)
		change->before = wanted;
	else
		free_wanted(source->config.env, wanted);
	change->answered = false;
}

void weir__twitter_change_confirm(struct weir__twitter_source *source)
{
	struct weir__twitter_change *change = &source->change;

	free_wanted(source->config.env, change->before);
	change->before = NULL;
	change->answered = true;
}

bool weir__twitter_change_undo(struct weir__twitter_source *source)
{
	struct weir__twitter_change *change = &source->change;

	if (!change->before)
		return false;
	swap_predicates(source, change->before);
	weir__twitter_change_confirm(source);
	return true;
}

uint64_t weir__twitter_change_due_ms(const struct weir__twitter_source *source)
{
	const uint64_t stands_ms = source->answered_ms + source->config.options.min_reconfigure_ms;
	const uint64_t closed_ms = source->now_ms + weir__twitter_permitted_ms(source);

	if (!source->change.wanted || source->state != WEIR__TWITTER_STREAMING)
		return 0;
	return stands_ms > closed_ms ? stands_ms : closed_ms;
}

void weir__twitter_change_release(struct weir__twitter_source *source)
{
	struct weir__twitter_change *change = &source->change;
	const struct weir_env *env = source->config.env;

	free_wanted(env, atomic_exchange(&change->next, NULL));
	free_wanted(env, change->wanted);
	free_wanted(env, change->before);
}
