/* SPDX-License-Identifier: MIT */
/*
 * Routes and dead letters, from their keys.
 *
 * Guarantee: a route without a sink's name leads to the only sink there is, or is an error. Called
 * by build.c, when everything that they may name is there.
 */
#include "config/build.h"
#include "config/watch.h"
#include "weir/router.h"

/* Where a route leads: to the sink it names, or to the only one there is. */
static enum weir_status read_sink(struct weir__build *build, const struct weir__item *route,
				  const struct weir__item **ret)
{
	const struct weir__setting *sink = weir__build_take(build, "routes", route, "sink");

	if (sink) {
		*ret = weir__build_sink(build, sink->value);
		return *ret ? WEIR_OK
			    : weir__settings_wrong(build->err, sink, "there is no sink '%.40s'",
						   sink->value);
	}
	if (!build->sinks || build->sinks->next)
		return weir__settings_wrong(build->err, route->first,
					    "weir.routes.%s.sink is not set, and there are %s",
					    route->name, build->sinks ? "several" : "none");
	*ret = build->sinks;
	return WEIR_OK;
}

static enum weir_status read_drop(struct weir__build *build, const struct weir__item *item,
				  bool *ret)
{
	const struct weir__setting *drop = weir__build_take(build, "routes", item, "drop");

	*ret = false;
	return drop ? weir__value_boolean(drop, ret, build->err) : WEIR_OK;
}

enum weir_status weir__build_add_route(struct weir__build *build, struct weir__item *item)
{
	struct weir_route options = { .size = sizeof options, .name = item->name };
	const struct weir__item *from, *sink = NULL;
	void *where = NULL;
	bool drops;

	if (weir__build_fill(build, item, weir__key_table_find("routes", NULL), &options) < 0 ||
	    weir__build_read_source(build, "routes", item, "from", &from) < 0 ||
	    weir__build_parts(build, "routes", item, "where", weir__key_table_find("where", NULL),
			      &where, &options.where_count) < 0 ||
	    read_drop(build, item, &drops) < 0 || (!drops && read_sink(build, item, &sink) < 0))
		return build->err->status;
	options.where = where;
	options.from = from ? from->source : NULL;
	if (build->config->watch &&
	    weir__watch_route(build->config->watch, &options, from ? from->name : NULL,
			      sink ? sink->name : NULL, build->err) < 0)
		return build->err->status;
	if (!(drops ? weir_route_add_drop(build->pipeline, &options)
		    : weir_route_add(build->pipeline, &options, sink->sink)))
		return weir__build_failed(build, "routes", item);
	return WEIR_OK;
}

enum weir_status weir__build_set_dead_letters(struct weir__build *build)
{
	struct weir__setting *sink = weir__settings_take(build->settings, "weir.dead_letters.sink");
	struct weir__setting *to = weir__settings_take(build->settings, "weir.dead_letters.to");
	const struct weir__item item = { .name = "", .first = sink ? sink : to };
	const struct weir__item *where;

	if (!sink && !to)
		return WEIR_OK;
	if (!sink && (!build->sinks || build->sinks->next))
		return weir__settings_wrong(build->err, to, "weir.dead_letters.sink is not set");
	where = sink ? weir__build_sink(build, sink->value) : build->sinks;
	if (!where)
		return weir__settings_wrong(build->err, sink, "there is no sink '%.40s'",
					    sink->value);
	if (build->config->watch &&
	    weir__watch_dead_letters(build->config->watch, where->name, to ? to->value : NULL,
				     build->err) < 0)
		return build->err->status;
	if (weir_pipeline_set_dead_letters(build->pipeline, where->sink, to ? to->value : NULL) < 0)
		return weir__build_failed(build, "dead_letters", &item);
	return WEIR_OK;
}
