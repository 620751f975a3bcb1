/* SPDX-License-Identifier: MIT */
/*
 * A declared set of rules. Guarantees: nothing of the caller's is referred to; no two rules have
 * the same value, which the service would not take. Callers: x.c, from any thread, and x_rules.c.
 */
#include "connect/twitter/x_set.h"

#include <string.h>

#include "ground/error.h"
#include "kit/text.h"

static enum weir_status check(const char *prefix, const struct weir_x_rule *rule, size_t index,
			      struct weir_error *err)
{
	if (!rule->value || !*rule->value)
		return weir__error_invalid(err, "rules[%zu]: has no value", index);
	if (!rule->tag || strncmp(rule->tag, prefix, strlen(prefix)) != 0)
		return weir__error_invalid(err, "rules[%zu]: its tag '%.40s' must begin with "
					   "'%.40s' (rule_prefix): only such rules are ever "
					   "removed", index, rule->tag ? rule->tag : "", prefix);
	if (!weir__text_is_utf8((struct weir_slice){ rule->value, strlen(rule->value) }) ||
	    !weir__text_is_utf8((struct weir_slice){ rule->tag, strlen(rule->tag) }))
		return weir__error_invalid(err, "rules[%zu]: is not UTF-8", index);
	return WEIR_OK;
}

static enum weir_status add(struct weir__x_set *set, const struct weir_x_rule *rule, size_t index,
			    struct weir_error *err)
{
	struct weir__x_wanted *wanted = &set->rules[index];

	if (weir__x_set_find(set, rule->value))
		return weir__error_invalid(err, "rules[%zu]: its value is there already, and the "
					   "service takes none twice: '%.60s'", index, rule->value);
	wanted->value = weir__text_copy(set->env, rule->value);
	wanted->tag = weir__text_copy(set->env, rule->tag);
	if (!wanted->value || !wanted->tag ||
	    !weir__table_add(&set->by_value, rule->value, strlen(rule->value), wanted))
		return weir__error_no_memory(err);
	return WEIR_OK;
}

struct weir__x_set *weir__x_set_new(const struct weir_env *env, const char *prefix,
				    const struct weir_x_rule *rules, size_t count,
				    struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	struct weir__x_set *set;

	if (count && !rules) {
		weir__error_invalid(err, "rules: NULL, but there are %zu", count);
		return NULL;
	}
	set = count < SIZE_MAX / (2 * sizeof *set->rules) ?
		      weir__alloc(env, sizeof *set + count * sizeof *set->rules) : NULL;
	if (!set) {
		weir__error_no_memory(err);
		return NULL;
	}
	set->env = env;
	set->count = count;
	weir__table_init(&set->by_value, env);
	for (size_t i = 0; status == WEIR_OK && i < count; i++) {
		status = check(prefix, &rules[i], i, err);
		if (status == WEIR_OK)
			status = add(set, &rules[i], i, err);
	}
	return status < 0 ? weir__x_set_free(set) : set;
}

struct weir__x_set *weir__x_set_free(struct weir__x_set *set)
{
	if (!set)
		return NULL;
	for (size_t i = 0; i < set->count; i++) {
		weir__text_free(set->env, set->rules[i].value);
		weir__text_free(set->env, set->rules[i].tag);
	}
	weir__table_release(&set->by_value);
	return weir__free(set->env, set, sizeof *set + set->count * sizeof *set->rules);
}

struct weir__x_wanted *weir__x_set_find(const struct weir__x_set *set, const char *value)
{
	const struct weir__table_entry *entry =
		weir__table_find(&set->by_value, value, strlen(value));

	return entry ? entry->value : NULL;
}

size_t weir__x_set_count(const struct weir__x_set *set, enum weir__x_mark mark)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += set->rules[i].mark == mark;
	return count;
}
