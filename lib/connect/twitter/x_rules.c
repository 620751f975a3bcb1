/* SPDX-License-Identifier: MIT */
/*
 * From a declared set of rules to an account that has exactly these under our prefix.
 *
 *     IDLE ──set──► LIST ──► TRY ──► ADD ──► REMOVE ──► ADD_LATE ──► IDLE, reported
 *                    ▲ └─────────┬───────────────┘
 *                    │           └── network, 429, 5xx ──► WAIT
 *                    └───────────────────────────────────────┘
 *
 * New rules come before old ones go, so that nothing is missed in between; late are those whose
 * value one of the old ones holds, and those that a cap does not let in before. A step that has
 * nothing to do is passed over.
 *
 * Guarantees: a rule without our prefix is never named in a delete; nothing is changed before the
 * service has validated every new rule; what fails in passing begins again with a new list, so that
 * what was done counts; what fails for good is told once. Callers: x.c.
 */
#include "connect/twitter/x_rules.h"

#include <string.h>

#include "connect/twitter/notice.h"
#include "connect/twitter/show.h"
#include "connect/twitter/source.h"
#include "connect/twitter/x_problem.h"
#include "ground/error.h"
#include "wire/form.h"

#define MOST_AT_ONCE 25		/* rules in a request */
#define MOST_PAGES 1000

/* ---- the life of it ---- */

struct weir__x_rules *weir__x_rules_new(const struct weir_env *env, const char *stream_url,
					const struct weir_x_source_options *options,
					struct weir_http http, struct weir__x_set *set,
					struct weir_error *err)
{
	struct weir__x_rules *rules = weir__alloc(env, sizeof *rules);

	if (!rules) {
		weir__twitter_http_free(http);
		weir__error_no_memory(err);
		return NULL;
	}
	rules->env = env;
	rules->url = weir__text_format(env, "%s/rules", stream_url);
	rules->prefix = weir__text_copy(env, options->rule_prefix);
	rules->dry_run = options->rules_dry_run;
	rules->on_rules = options->on_rules;
	rules->user = options->user;
	weir__x_call_init(&rules->call, env, http);
	if (rules->url && rules->prefix) {
		atomic_store(&rules->next, set);
		return rules;
	}
	weir__x_rules_free(rules);
	weir__error_no_memory(err);
	return NULL;
}

static void forget_list(struct weir__x_rules *rules)
{
	for (size_t i = 0; i < rules->doomed.count; i++)
		weir__text_free(rules->env, rules->doomed.ids[i]);
	rules->doomed.count = 0;
	rules->foreign = 0;
	rules->pages = 0;
	weir__text_free(rules->env, rules->page);
	rules->page = NULL;
}

void weir__x_rules_free(struct weir__x_rules *rules)
{
	weir__x_call_release(&rules->call);
	forget_list(rules);
	weir__free(rules->env, rules->doomed.ids,
		   rules->doomed.capacity * sizeof *rules->doomed.ids);
	weir__x_set_free(rules->set);
	weir__x_set_free(atomic_exchange(&rules->next, NULL));
	weir__text_free(rules->env, rules->url);
	weir__text_free(rules->env, rules->prefix);
	weir__free(rules->env, rules, sizeof *rules);
}

void weir__x_rules_hand_in(struct weir__x_rules *rules, struct weir__x_set *set)
{
	weir_port *port;

	weir__x_set_free(atomic_exchange(&rules->next, set));
	port = atomic_load(&rules->port);
	if (port)
		weir_port_wake(port);
}

static void begin_at_list(struct weir__x_rules *rules)
{
	forget_list(rules);
	for (size_t i = 0; i < rules->set->count; i++)
		rules->set->rules[i].mark = WEIR__X_NEW;
	rules->step = WEIR__X_LIST;
	rules->at = 0;
	rules->until = 0;
}

void weir__x_rules_again(struct weir__x_rules *rules)
{
	if (rules->step != WEIR__X_IDLE || !rules->set || !rules->set->count || rules->dry_run)
		return;
	rules->removed = 0;
	for (size_t i = 0; i < rules->set->count; i++)
		rules->set->rules[i].added = false;
	begin_at_list(rules);
}

/* A newer set counts, where nothing of the one before is under way. */
static void take_next(struct weir__x_rules *rules)
{
	struct weir__x_set *next;

	if (rules->step != WEIR__X_IDLE && rules->step != WEIR__X_WAIT)
		return;
	next = atomic_exchange(&rules->next, NULL);
	if (!next)
		return;
	weir__x_set_free(rules->set);
	rules->set = next;
	rules->removed = 0;
	rules->failures = 0;
	begin_at_list(rules);
}

void weir__x_rules_close(struct weir__x_rules *rules)
{
	weir__x_call_close(&rules->call);
}

/* ---- requests ---- */

static void add_string(struct weir__bytes *body, const char *text)
{
	weir__bytes_add_json(body, (struct weir_slice){ text, strlen(text) });
}

/* The rules with this mark, at most MOST_AT_ONCE, from rules->at on; NULL: out of memory. */
static char *write_added(struct weir__x_rules *rules, enum weir__x_mark mark)
{
	struct weir__bytes body;
	size_t count = 0;
	size_t i = rules->at;
	char *text = NULL;

	weir__bytes_init(&body, rules->env);
	for (; i < rules->set->count && count < MOST_AT_ONCE; i++) {
		const struct weir__x_wanted *rule = &rules->set->rules[i];

		if (rule->mark != mark)
			continue;
		weir__bytes_add_text(&body, count++ ? ",{\"value\":" : "{\"add\":[{\"value\":");
		add_string(&body, rule->value);
		weir__bytes_add_text(&body, ",\"tag\":");
		add_string(&body, rule->tag);
		weir__bytes_add_text(&body, "}");
	}
	weir__bytes_add_text(&body, "]}");
	rules->until = i;
	if (!body.has_failed)
		text = weir__text_copy_n(rules->env, body.data, body.len);
	weir__bytes_release(&body);
	return text;
}

static char *write_removed(struct weir__x_rules *rules)
{
	const size_t left = rules->doomed.count - rules->at;
	struct weir__bytes body;
	char *text = NULL;

	weir__bytes_init(&body, rules->env);
	rules->until = rules->at + (left < MOST_AT_ONCE ? left : MOST_AT_ONCE);
	for (size_t i = rules->at; i < rules->until; i++) {
		weir__bytes_add_text(&body, i > rules->at ? "," : "{\"delete\":{\"ids\":[");
		add_string(&body, rules->doomed.ids[i]);
	}
	weir__bytes_add_text(&body, "]}}");
	if (!body.has_failed)
		text = weir__text_copy_n(rules->env, body.data, body.len);
	weir__bytes_release(&body);
	return text;
}

static char *list_url(const struct weir__x_rules *rules)
{
	char *query = NULL;
	char *url = NULL;

	if (weir__form_append(rules->env, &query, "max_results", "1000", NULL) == WEIR_OK &&
	    (!rules->page || weir__form_append(rules->env, &query, "pagination_token", rules->page,
					       NULL) == WEIR_OK))
		url = weir__text_format(rules->env, "%s?%s", rules->url, query);
	weir__text_free(rules->env, query);
	return url;
}

static enum weir_status begin_call(struct weir__x_rules *rules, struct weir__twitter_source *source,
				   struct weir_error *err)
{
	const bool tries = rules->step == WEIR__X_TRY;
	const bool lists = rules->step == WEIR__X_LIST;
	char *url = lists ? list_url(rules) :
			    weir__text_format(rules->env, "%s%s", rules->url,
					      tries ? "?dry_run=true" : "");
	char *body = lists ? NULL :
		     rules->step == WEIR__X_REMOVE ? write_removed(rules) :
		     write_added(rules, rules->step == WEIR__X_ADD_LATE ? WEIR__X_LATE :
									  WEIR__X_NEW);

	if (url && (lists || body))
		return weir__x_call_begin(&rules->call, source, url, body, err);
	weir__text_free(rules->env, url);
	weir__text_free(rules->env, body);
	return weir__error_no_memory(err);
}

/* ---- ends ---- */

static void report(struct weir__x_rules *rules, const struct weir__twitter_source *source,
		   const struct weir_error *error)
{
	struct weir_x_rules_report told = {
		.size = sizeof told,
		.removed = rules->dry_run ? rules->doomed.count : rules->removed,
		.foreign = rules->foreign,
		.error = error,
	};

	for (size_t i = 0; i < rules->set->count; i++) {
		const struct weir__x_wanted *rule = &rules->set->rules[i];

		told.kept += rule->mark == WEIR__X_THERE && !rule->added;
		told.added += rule->added || (rules->dry_run && rule->mark != WEIR__X_THERE);
	}
	if (!error)
		weir_port_log(source->port, WEIR_LOG_INFO, "rules%s: %zu kept, %zu added, %zu "
			      "removed, %zu foreign", rules->dry_run ? " (dry run)" : "",
			      told.kept, told.added, told.removed, told.foreign);
	if (rules->on_rules)
		rules->on_rules(rules->user, &told);
}

static enum weir_status give_up(struct weir__x_rules *rules, struct weir__twitter_source *source,
				struct weir_error *err)
{
	const struct weir_error why = *err;

	rules->step = WEIR__X_IDLE;
	weir_error_set(err, why.status, WEIR_REMEDY_STOP, "rules: %s", why.text);
	err->remote_code = why.remote_code;
	report(rules, source, err);
	if (!rules->ready && !rules->dry_run)
		return err->status;
	rules->ready = true;
	weir__twitter_alert(&source->config, source->port, err->text);
	return WEIR_OK;
}

static void wait_for(struct weir__x_rules *rules, struct weir__twitter_source *source,
		     enum weir__backoff_class class, uint64_t least_ms, const char *why)
{
	const bool news = rules->failures++ == 0;
	uint64_t delay_ms = weir__backoff_next(&rules->backoff, class, NULL);

	if (delay_ms < least_ms)
		delay_ms = least_ms;
	weir_port_log(source->port, news ? WEIR_LOG_WARN : WEIR_LOG_INFO,
		      "rules: %s; next attempt in %ju ms", why, (uintmax_t)delay_ms);
	rules->step = WEIR__X_WAIT;
	rules->due_ms = source->now_ms + delay_ms;
}

/* Begins again later, unless it has failed too often. */
static enum weir_status retry(struct weir__x_rules *rules, struct weir__twitter_source *source,
			      enum weir__backoff_class class, uint64_t least_ms,
			      struct weir_error *err)
{
	const uint32_t most = source->config.options.most_attempts;

	if (most && rules->failures + 1 >= most)
		return give_up(rules, source, err);
	wait_for(rules, source, class, least_ms, err->text);
	return WEIR_OK;
}

/* ---- answers ---- */

static enum weir_status on_status(struct weir__x_rules *rules, struct weir__twitter_source *source,
				  struct weir_error *err)
{
	const struct weir__twitter_answer *answer = &rules->call.answer;
	struct weir__twitter_refusal refusal = { NULL, { NULL, 0 } };
	char buffer[WEIR__TWITTER_WORDS], words[WEIR__TWITTER_SHOWN];
	const struct weir_slice body = { rules->call.body.data, rules->call.body.len };
	const uint64_t least_ms =
		weir__twitter_answer_wait_ms(answer, weir__wall_ms(rules->env));

	weir__x_problem_explain(rules->env, body, buffer, sizeof buffer, &refusal);
	if (!refusal.row)
		refusal.row = weir__twitter_status(weir__x_statuses, answer->status);
	weir__twitter_show(&source->config, refusal.words.data ? refusal.words : body, words);
	weir_error_set(err, refusal.row->status, WEIR_REMEDY_STOP, "HTTP %d (%s): %s%s%s%s",
		       answer->status, refusal.row->meaning, refusal.row->remedy,
		       *words ? "; it says: '" : "", words, *words ? "'" : "");
	err->remote_code = answer->status;
	switch (refusal.row->reaction) {
	case WEIR__TWITTER_CALM:
	case WEIR__TWITTER_SLOW:
	case WEIR__TWITTER_CAPPED:
		return retry(rules, source, WEIR__BACKOFF_RATE, least_ms, err);
	case WEIR__TWITTER_RETRY:
		return retry(rules, source, WEIR__BACKOFF_HTTP, least_ms, err);
	case WEIR__TWITTER_BY_STATUS:
	case WEIR__TWITTER_FATAL:
	case WEIR__TWITTER_TRY:
	case WEIR__TWITTER_CLOCK:
	case WEIR__TWITTER_LESS:
	case WEIR__TWITTER_BACK:
		break;
	}
	return give_up(rules, source, err);
}

static bool is_good(int status)
{
	return status == 200 || status == 201;
}

static bool refuses_rules(struct weir__x_rules *rules)
{
	const int status = rules->call.answer.status;

	return (status == 400 || status == 409 || status == 422) && rules->step > WEIR__X_LIST &&
	       weir__x_rules_is_about_rules(rules);
}

/* The end of a step's call: `ret_more` when the step goes on with the next. */
static enum weir_status read_answer(struct weir__x_rules *rules,
				    struct weir__twitter_source *source, bool *ret_more,
				    struct weir_error *err)
{
	enum weir_status status;

	if (rules->step == WEIR__X_LIST) {
		status = weir__x_rules_read_page(rules, ret_more, err);
		if (status == WEIR_OK && *ret_more && ++rules->pages == MOST_PAGES)
			return weir_error_set(err, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY,
					      "the list of rules has no end");
		return status;
	}
	if (rules->step == WEIR__X_REMOVE)
		status = weir__x_rules_read_removed(rules, source, err);
	else
		status = weir__x_rules_read_added(rules, source, err);
	rules->at = rules->until;
	*ret_more = true;
	return status;
}

/* Whether the step has anything (left) to ask for. */
static bool has_work(struct weir__x_rules *rules)
{
	const enum weir__x_mark mark =
		rules->step == WEIR__X_ADD_LATE ? WEIR__X_LATE : WEIR__X_NEW;

	if (rules->step == WEIR__X_REMOVE)
		return !rules->dry_run && rules->at < rules->doomed.count;
	if (rules->dry_run && rules->step != WEIR__X_TRY)
		return false;
	for (size_t i = rules->at; i < rules->set->count; i++)
		if (rules->set->rules[i].mark == mark)
			return true;
	return false;
}

/* To the next step that has something to do; IDLE: there is none, all is done. */
static void advance(struct weir__x_rules *rules, struct weir__twitter_source *source, bool more)
{
	if (rules->step == WEIR__X_LIST && more)
		return;
	do {
		if (rules->step != WEIR__X_LIST && has_work(rules))
			return;
		rules->step++;
		rules->at = 0;
	} while (rules->step < WEIR__X_STEPS);
	rules->step = WEIR__X_IDLE;
	rules->ready = true;
	weir__backoff_reset(&rules->backoff);
	rules->failures = 0;
	report(rules, source, NULL);
}

static enum weir_status on_answer(struct weir__x_rules *rules, struct weir__twitter_source *source,
				  struct weir_error *err)
{
	const struct weir__x_call *call = &rules->call;
	enum weir_status status;
	bool more = false;

	if (call->end.status == WEIR_ERR_NOMEM)
		return weir__error_no_memory(err);
	if (call->end.status < 0) {
		*err = call->end;
		return retry(rules, source, WEIR__BACKOFF_NETWORK, 0, err);
	}
	if (!is_good(call->answer.status) && !refuses_rules(rules))
		return on_status(rules, source, err);
	status = read_answer(rules, source, &more, err);
	if (status == WEIR_ERR_PROTOCOL)
		return retry(rules, source, WEIR__BACKOFF_NETWORK, 0, err);
	if (status == WEIR_ERR_REFUSED)
		return give_up(rules, source, err);
	if (status < 0)
		return status;
	advance(rules, source, more);
	return WEIR_OK;
}

enum weir_status weir__x_rules_turn(struct weir__x_rules *rules,
				    struct weir__twitter_source *source, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	while (status == WEIR_OK) {
		if (rules->call.is_open) {
			if (!weir__x_call_turn(&rules->call, source->now_ms))
				return WEIR_OK;
			status = on_answer(rules, source, err);
			continue;
		}
		take_next(rules);
		if (rules->step == WEIR__X_WAIT && source->now_ms >= rules->due_ms)
			begin_at_list(rules);
		if (rules->step == WEIR__X_IDLE || rules->step == WEIR__X_WAIT)
			return WEIR_OK;
		status = begin_call(rules, source, err);
	}
	return status;
}

uint64_t weir__x_rules_deadline_ms(const struct weir__x_rules *rules)
{
	if (rules->call.is_open)
		return weir__x_call_deadline_ms(&rules->call);
	return rules->step == WEIR__X_WAIT ? rules->due_ms : 0;
}
