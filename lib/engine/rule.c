/* SPDX-License-Identifier: MIT */
/*
 * Rules: the routes in place, compiled once, looked at for every message.
 *
 * Guarantees: what a rule was given is copied; its fields are in the pipeline's plan before the
 * first message; a destination it gives is legal and one of at most max_destinations.
 */
#include "engine/engine.h"

#include <stdio.h>
#include <string.h>

#include "ground/error.h"
#include "ground/options.h"

#define DEFAULT_MAX_DESTINATIONS 1000
#define FILLER "other"

void weir__rule_free(weir_rule *rule)
{
	const struct weir_env *env = &rule->pipeline->env;

	weir__matches_free(env, rule->where, rule->where_count);
	weir__template_free(env, rule->to);
	weir__template_free(env, rule->key);
	weir__format_free(rule->format);
	weir__text_free(env, rule->name);
	weir__free(env, rule, sizeof *rule);
}

static struct weir__destination *destination(weir_sink *sink, const char *name,
					     struct weir_error *err)
{
	bool is_new;
	struct weir__destination *to = weir__sink_destination(sink, name, strlen(name), &is_new);

	if (!to)
		weir__error_no_memory(err);
	return to;
}

/* Where messages go that give no legal destination of their own. */
static enum weir_status compile_fallback(weir_rule *rule, const char *given, struct weir_error *err)
{
	char text[WEIR__TEMPLATE_MAX_BYTES + 1];

	if (given && strlen(given) > WEIR__TEMPLATE_MAX_BYTES)
		return weir__error_invalid(err, "%s: fallback is longer than %d bytes", rule->name,
					   WEIR__TEMPLATE_MAX_BYTES);
	if (!given && weir__template_fill(rule->to, FILLER, text, sizeof text) >= sizeof text)
		return weir__error_invalid(err, "%s: to is longer than %d bytes", rule->name,
					   WEIR__TEMPLATE_MAX_BYTES);
	rule->fallback = destination(rule->sink, given ? given : text, err);
	return rule->fallback ? WEIR_OK : WEIR_ERR_NOMEM;
}

static enum weir_status compile_to(weir_rule *rule, const struct weir_route *route,
				   struct weir_error *err)
{
	const struct weir_env *env = &rule->pipeline->env;
	weir__template *to;
	enum weir_status status;
	char text[1024];

	status = weir__template_new(env, rule->pipeline->plan, route->to ? route->to : "", &to, err);
	if (status < 0)
		return status;
	if (!weir__template_is_fixed(to)) {
		rule->to = to;
		return compile_fallback(rule, route->fallback, err);
	}
	if (weir__template_fill(to, FILLER, text, sizeof text) >= sizeof text)
		status = weir__error_invalid(err, "%s: to is longer than %zu bytes", rule->name,
					     sizeof text - 1);
	else
		rule->fixed = destination(rule->sink, text, err);
	weir__template_free(env, to);
	return status < 0 ? status : rule->fixed ? WEIR_OK : WEIR_ERR_NOMEM;
}

static enum weir_status compile_key(weir_rule *rule, const char *key, struct weir_error *err)
{
	if (!key)
		return WEIR_OK;
	rule->without_key = !*key;
	if (!*key)
		return WEIR_OK;
	return weir__template_new(&rule->pipeline->env, rule->pipeline->plan, key, &rule->key, err);
}

static enum weir_status compile_format(weir_rule *rule, const struct weir_route *route,
				       struct weir_error *err)
{
	enum weir_status status;

	if (route->format.form == WEIR_FORM_TOMBSTONE && rule->without_key)
		return weir__error_invalid(err, "%s: a tombstone needs a key", rule->name);
	status = weir__format_new(&rule->pipeline->env, rule->pipeline->plan, &route->format,
				  route->key != NULL, &rule->format, err);
	if (status < 0)
		weir__error_prefix(err, "%s: ", rule->name);
	return status;
}

static bool has_source(const weir_pipeline *pipeline, const weir_source *from)
{
	const weir_source *source = pipeline->sources;

	while (source && source != from)
		source = source->next;
	return source != NULL;
}

static enum weir_status check(const weir_rule *rule, const struct weir_route *route,
			      struct weir_error *err)
{
	if (rule->sink && !weir__has_sink(rule->pipeline, rule->sink))
		return weir__error_invalid(err, "%s: its sink is not one of this pipeline",
					   rule->name);
	if (route->from && !has_source(rule->pipeline, route->from))
		return weir__error_invalid(err, "%s: from is not a source of this pipeline",
					   rule->name);
	if (route->kinds & ~WEIR_KIND_ANY)
		return weir__error_invalid(err, "%s: kinds 0x%x has bits that are no kind",
					   rule->name, route->kinds);
	if ((route->traits | route->without_traits) & ~((1u << WEIR_TRAIT_COUNT) - 1))
		return weir__error_invalid(err, "%s: traits has bits that are no trait", rule->name);
	if (route->traits & route->without_traits)
		return weir__error_invalid(err, "%s: a trait is in traits and in without_traits: no "
					   "message has both", rule->name);
	if (route->where_count && !route->where)
		return weir__error_invalid(err, "%s: where is NULL, where_count is %zu", rule->name,
					   route->where_count);
	if (!rule->sink && (route->to || route->key || route->fallback || route->headers ||
			    route->overflow || route->format.form))
		return weir__error_invalid(err, "%s: a drop route takes no to, key, fallback, headers, "
					   "overflow, format", rule->name);
	if (weir__overflow_check(route, err) < 0) {
		weir__error_prefix(err, "%s: ", rule->name);
		return err->status;
	}
	return WEIR_OK;
}

static enum weir_status compile(weir_rule *rule, const struct weir_route *route,
				struct weir_error *err)
{
	weir_pipeline *pipeline = rule->pipeline;
	enum weir_status status = check(rule, route, err);

	if (status == WEIR_OK && route->where_count)
		status = weir__matches_new(&pipeline->env, pipeline->plan, route->where,
					   route->where_count, &rule->where, err);
	if (status < 0)
		return status;
	rule->where_count = route->where_count;
	if (rule->sink)
		status = compile_to(rule, route, err);
	if (status == WEIR_OK)
		status = compile_key(rule, route->key, err);
	if (status == WEIR_OK)
		status = compile_format(rule, route, err);
	pipeline->asks_fields |= rule->where_count || rule->to || rule->key || rule->format;
	return status;
}

static weir_rule *rule_new(weir_pipeline *pipeline, const struct weir_route *route, weir_sink *sink)
{
	const struct weir_env *env = &pipeline->env;
	weir_rule *rule = weir__alloc(env, sizeof *rule);

	if (!rule)
		return NULL;
	rule->pipeline = pipeline;
	rule->name = route->name ? weir__text_copy(env, route->name)
				 : weir__text_format(env, "route %zu", pipeline->rule_count + 1);
	if (!rule->name)
		return weir__free(env, rule, sizeof *rule);
	rule->from = route->from;
	rule->kinds = route->kinds ? route->kinds : WEIR_KIND_ANY;
	rule->traits = route->traits;
	rule->without_traits = route->without_traits;
	rule->headers = route->headers;
	rule->match = route->match;
	rule->user = route->user;
	rule->sink = sink;
	rule->overflow = route->overflow;
	rule->final = route->final || !sink;
	rule->max_destinations =
		route->max_destinations ? route->max_destinations : DEFAULT_MAX_DESTINATIONS;
	return rule;
}

static weir_rule *add(weir_pipeline *pipeline, const struct weir_route *given, weir_sink *sink)
{
	struct weir_route route;
	struct weir_error err;
	weir_rule *rule = NULL;

	if (weir__options_read(given, &route, sizeof route, "weir_route", &err) < 0)
		goto fail;
	rule = rule_new(pipeline, &route, sink);
	if (!rule) {
		weir__error_no_memory(&err);
		goto fail;
	}
	if (compile(rule, &route, &err) < 0) {
		weir__error_prefix(&err, "%s: ", rule->name);
		goto fail;
	}
	*pipeline->rules_end = rule;
	pipeline->rules_end = &rule->next;
	pipeline->rule_count++;
	return rule;
fail:
	if (rule)
		weir__rule_free(rule);
	weir_pipeline_fail(pipeline, &err);
	return NULL;
}

static const char *name_of(const struct weir_route *route)
{
	return route && route->size >= sizeof *route ? route->name : NULL;
}

weir_rule *weir_route_add(weir_pipeline *pipeline, const struct weir_route *route, weir_sink *sink)
{
	const char *name = name_of(route);
	struct weir_error err;

	if (!weir__pipeline_is_building(pipeline, "route", name))
		return NULL;
	if (sink)
		return add(pipeline, route, sink);
	if (name)
		weir__error_invalid(&err, "%s: it has no sink; give it one, or use "
				    "weir_route_add_drop", name);
	else
		weir__error_invalid(&err, "route %zu: it has no sink; give it one, or use "
				    "weir_route_add_drop", pipeline->rule_count + 1);
	weir_pipeline_fail(pipeline, &err);
	return NULL;
}

weir_rule *weir_route_add_drop(weir_pipeline *pipeline, const struct weir_route *route)
{
	return weir__pipeline_is_building(pipeline, "route", name_of(route))
		       ? add(pipeline, route, NULL)
		       : NULL;
}

bool weir__rule_takes(const weir_rule *rule, const weir_message *message,
		      const struct weir__slot *slots)
{
	if (!(rule->kinds & message->kind) || (rule->from && rule->from != message->transit.source))
		return false;
	if ((message->traits & rule->traits) != rule->traits ||
	    (message->traits & rule->without_traits))
		return false;
	if (rule->where_count &&
	    !weir__matches_hold(rule->where, rule->where_count, message->body.data, slots))
		return false;
	return !rule->match || rule->match(rule->user, message);
}

static struct weir__destination *fall_back(weir_rule *rule)
{
	weir__counter_add(&rule->fallbacks, 1);
	weir__counter_add(&rule->pipeline->fallbacks, 1);
	return rule->fallback;
}

struct weir__destination *weir__rule_destination(weir_rule *rule, const weir_message *message,
						 const struct weir__slot *slots)
{
	const struct weir__template_source from = { .text = message->body.data,
						    .slots = slots,
						    .kind = weir_kind_name(message->kind),
						    .source = message->source };
	char name[WEIR__TEMPLATE_MAX_BYTES + 1];
	const struct weir__table_entry *entry;
	struct weir__destination *to;
	size_t len;
	bool is_new;

	if (rule->fixed)
		return rule->fixed;
	if (!weir__template_destination(rule->to, &from, name, &len))
		return fall_back(rule);
	entry = weir__table_find(&rule->sink->destinations, name, len);
	if (entry)
		return entry->value;
	if (rule->destinations >= rule->max_destinations)
		return fall_back(rule);
	to = weir__sink_destination(rule->sink, name, len, &is_new);
	rule->destinations += to && is_new;
	return to;
}
