/* SPDX-License-Identifier: MIT */
/*
 * Answers of the rules endpoint.
 *
 *     {"data":[{"id","value","tag"},…],"meta":{"next_token":…},"errors":[{"value","title",…},…]}
 *
 * Guarantees: a failure beside success is found; whose rule it was and what the service says of it
 * is the error's text; whatever comes instead is a broken protocol, tried again. Callers:
 * x_rules.c.
 */
#include <stdio.h>
#include <string.h>

#include "connect/twitter/fields.h"
#include "connect/twitter/show.h"
#include "connect/twitter/source.h"
#include "connect/twitter/x_rules.h"
#include "ground/error.h"
#include "kit/elements.h"

enum path {
	DATA, ERRORS, NEXT_TOKEN,			/* of the answer */
	FIRST_VALUE,
	ID, VALUE, TAG, TYPE, TITLE, DETAIL, DETAILS,	/* of an element */
	PATHS
};

static const char *const paths[PATHS] = {
	[DATA] = "data",
	[ERRORS] = "errors",
	[NEXT_TOKEN] = "meta.next_token",
	[FIRST_VALUE] = "errors[0].value",
	[ID] = "id",
	[VALUE] = "value",
	[TAG] = "tag",
	[TYPE] = "type",
	[TITLE] = "title",
	[DETAIL] = "detail",
	[DETAILS] = "details[0]",
};

static struct weir__elements elements_of(const struct weir__twitter_fields *fields, enum path path)
{
	const struct weir_slice raw = weir__twitter_fields_raw(fields, path, WEIR_FIELD_ARRAY);

	return weir__elements_of(raw.data ? raw : (struct weir_slice){ "[]", 2 });
}

/* The answer's top; on failure `fields` need no release. */
static enum weir_status read_top(struct weir__x_rules *rules, struct weir__twitter_fields *fields,
				 struct weir_error *err)
{
	const struct weir_slice text = { rules->call.body.data, rules->call.body.len };

	if (weir__twitter_fields_init(fields, rules->env, paths, PATHS, err) < 0)
		return WEIR_ERR_NOMEM;
	if (text.len && weir__twitter_fields_read(fields, text))
		return WEIR_OK;
	weir__twitter_fields_release(fields, rules->env);
	return weir_error_set(err, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY,
			      "the rules' answer is not JSON");
}

/* ---- what the account has ---- */

static enum weir_status doom(struct weir__x_rules *rules, struct weir__twitter_fields *fields,
			     struct weir_error *err)
{
	struct weir__x_doomed *doomed = &rules->doomed;
	char **ids = doomed->ids;
	const size_t more = doomed->capacity ? doomed->capacity * 2 : 16;

	if (doomed->count == doomed->capacity) {
		ids = weir__resize(rules->env, ids, doomed->capacity * sizeof *ids,
				   more * sizeof *ids);
		if (!ids)
			return weir__error_no_memory(err);
		doomed->ids = ids;
		doomed->capacity = more;
	}
	ids[doomed->count] = weir__twitter_fields_copy(fields, rules->env, ID);
	if (!ids[doomed->count])
		return weir__error_no_memory(err);
	doomed->count++;
	return WEIR_OK;
}

/* Ours is what has our prefix. What is wanted as it is stays; what is not has to go. */
static enum weir_status judge_found(struct weir__x_rules *rules,
				    struct weir__twitter_fields *fields,
				    struct weir_error *err)
{
	struct weir__x_wanted *wanted;
	enum weir_status status = WEIR_OK;
	char *value, *tag;

	if (weir__twitter_fields_type(fields, ID) != WEIR_FIELD_STRING ||
	    weir__twitter_fields_type(fields, VALUE) != WEIR_FIELD_STRING)
		return weir_error_set(err, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY,
				      "the rules' answer has a rule without id or value");
	if (weir__twitter_fields_type(fields, TAG) != WEIR_FIELD_STRING) {
		rules->foreign++;
		return WEIR_OK;
	}
	value = weir__twitter_fields_copy(fields, rules->env, VALUE);
	tag = weir__twitter_fields_copy(fields, rules->env, TAG);
	wanted = value ? weir__x_set_find(rules->set, value) : NULL;
	if (!value || !tag) {
		status = weir__error_no_memory(err);
	} else if (strncmp(tag, rules->prefix, strlen(rules->prefix)) != 0) {
		rules->foreign++;
	} else if (wanted && wanted->mark != WEIR__X_THERE && strcmp(wanted->tag, tag) == 0) {
		wanted->mark = WEIR__X_THERE;
	} else {
		status = doom(rules, fields, err);
		if (wanted && wanted->mark == WEIR__X_NEW)
			wanted->mark = WEIR__X_LATE;
	}
	weir__text_free(rules->env, value);
	weir__text_free(rules->env, tag);
	return status;
}

enum weir_status weir__x_rules_read_page(struct weir__x_rules *rules, bool *ret_more,
					 struct weir_error *err)
{
	struct weir__twitter_fields fields;
	struct weir__elements elements;
	struct weir_slice element;
	enum weir_status status = read_top(rules, &fields, err);
	char *page;

	if (status < 0)
		return status;
	elements = elements_of(&fields, DATA);
	page = weir__twitter_fields_copy(&fields, rules->env, NEXT_TOKEN);
	*ret_more = weir__twitter_fields_type(&fields, NEXT_TOKEN) == WEIR_FIELD_STRING;
	if (*ret_more && !page)
		status = weir__error_no_memory(err);
	while (status == WEIR_OK && weir__elements_next(&elements, &element)) {
		weir__twitter_fields_read(&fields, element);
		status = judge_found(rules, &fields, err);
	}
	weir__text_free(rules->env, rules->page);
	rules->page = page;
	weir__twitter_fields_release(&fields, rules->env);
	return status;
}

/* ---- what became of a change ---- */

static bool has_type(const struct weir__twitter_fields *fields, const char *want)
{
	char type[256];
	const char *last;

	weir__twitter_fields_text(fields, TYPE, type, sizeof type);
	last = strrchr(type, '/');
	return strcmp(last ? last + 1 : type, want) == 0;
}

static void show(const struct weir__twitter_source *source, const char *text,
		 char ret[WEIR__TWITTER_SHOWN])
{
	weir__twitter_show(&source->config, (struct weir_slice){ text, strlen(text) }, ret);
}

/* "the service refuses rule 'weir.cats': UnprocessableEntity: no viable alternative …" */
static void explain(const struct weir__x_rules *rules, const struct weir__twitter_source *source,
		    const struct weir__twitter_fields *fields, const char *what,
		    struct weir_error *err)
{
	char title[128], detail[256], shown[WEIR__TWITTER_SHOWN], whose[WEIR__TWITTER_SHOWN];
	char words[400];

	weir__twitter_fields_text(fields, TITLE, title, sizeof title);
	if (!weir__twitter_fields_text(fields, DETAILS, detail, sizeof detail))
		weir__twitter_fields_text(fields, DETAIL, detail, sizeof detail);
	snprintf(words, sizeof words, "%s%s%s", title, *title && *detail ? ": " : "", detail);
	show(source, words, shown);
	show(source, what, whose);
	weir_error_set(err, WEIR_ERR_REFUSED, WEIR_REMEDY_STOP, "the service refuses %.80s: %s",
		       whose, *shown ? shown : "it does not say why");
	err->remote_code = rules->call.answer.status;
}

/* The element is an error. A cap that something of ours still fills is no refusal yet. */
static bool is_refusal(struct weir__x_rules *rules, const struct weir__twitter_source *source,
		       struct weir__twitter_fields *fields, struct weir_error *err)
{
	char *value = weir__twitter_fields_copy(fields, rules->env, VALUE);
	struct weir__x_wanted *wanted = value ? weir__x_set_find(rules->set, value) : NULL;
	const bool may_wait = rules->step != WEIR__X_ADD_LATE && rules->doomed.count > 0;
	char what[160];

	snprintf(what, sizeof what, "rule '%s'", wanted ? wanted->tag : value ? value : "");
	weir__text_free(rules->env, value);
	if (may_wait && has_type(fields, "rule-cap")) {
		if (wanted && wanted->mark == WEIR__X_NEW)
			wanted->mark = WEIR__X_LATE;
		return false;
	}
	explain(rules, source, fields, what, err);
	return true;
}

bool weir__x_rules_is_about_rules(struct weir__x_rules *rules)
{
	struct weir__twitter_fields fields;
	bool is_it;

	if (read_top(rules, &fields, NULL) < 0)
		return false;
	is_it = weir__twitter_fields_type(&fields, FIRST_VALUE) == WEIR_FIELD_STRING;
	weir__twitter_fields_release(&fields, rules->env);
	return is_it;
}

/* Those that are in `data` are there now. */
static void mark_created(struct weir__x_rules *rules, struct weir__twitter_fields *fields,
			 struct weir__elements elements)
{
	struct weir_slice element;

	while (weir__elements_next(&elements, &element)) {
		struct weir__x_wanted *wanted;
		char *value;

		weir__twitter_fields_read(fields, element);
		value = weir__twitter_fields_copy(fields, rules->env, VALUE);
		wanted = value ? weir__x_set_find(rules->set, value) : NULL;
		weir__text_free(rules->env, value);
		if (!wanted)
			continue;
		wanted->mark = WEIR__X_THERE;
		wanted->added = true;
	}
}

/* Every one of the call, when there is no error beside. */
static void mark_all(struct weir__x_rules *rules, enum weir__x_mark from, enum weir__x_mark to)
{
	for (size_t i = rules->at; i < rules->until; i++) {
		struct weir__x_wanted *wanted = &rules->set->rules[i];

		if (wanted->mark != from)
			continue;
		wanted->mark = to;
		wanted->added = to == WEIR__X_THERE;
	}
}

enum weir_status weir__x_rules_read_added(struct weir__x_rules *rules,
					  const struct weir__twitter_source *source,
					  struct weir_error *err)
{
	const enum weir__x_mark mark =
		rules->step == WEIR__X_ADD_LATE ? WEIR__X_LATE : WEIR__X_NEW;
	struct weir__twitter_fields fields;
	struct weir__elements errors, data;
	struct weir_slice element;
	enum weir_status status = read_top(rules, &fields, err);
	size_t failed = 0;

	if (status < 0)
		return status;
	errors = elements_of(&fields, ERRORS);
	data = elements_of(&fields, DATA);
	if (rules->step != WEIR__X_TRY)
		mark_created(rules, &fields, data);
	for (; weir__elements_next(&errors, &element); failed++) {
		weir__twitter_fields_read(&fields, element);
		if (status == WEIR_OK && is_refusal(rules, source, &fields, err))
			status = err->status;
	}
	if (rules->step != WEIR__X_TRY && status == WEIR_OK)
		mark_all(rules, mark, failed ? WEIR__X_LATE : WEIR__X_THERE);
	weir__twitter_fields_release(&fields, rules->env);
	return status;
}

/* One that is not there any more was to go anyway. */
enum weir_status weir__x_rules_read_removed(struct weir__x_rules *rules,
					    const struct weir__twitter_source *source,
					    struct weir_error *err)
{
	struct weir__twitter_fields fields;
	struct weir__elements errors;
	struct weir_slice element;
	enum weir_status status = read_top(rules, &fields, err);
	size_t failed = 0;

	if (status < 0)
		return status;
	errors = elements_of(&fields, ERRORS);
	for (; weir__elements_next(&errors, &element); failed++) {
		weir__twitter_fields_read(&fields, element);
		if (status < 0 || has_type(&fields, "resource-not-found"))
			continue;
		explain(rules, source, &fields, "to remove a rule", err);
		status = err->status;
	}
	if (failed < rules->until - rules->at)
		rules->removed += rules->until - rules->at - failed;
	weir__twitter_fields_release(&fields, rules->env);
	return status;
}
