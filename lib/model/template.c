/* SPDX-License-Identifier: MIT */
/*
 * Templates: "tweets.{lang}" → text, from the slots of one message.
 *
 *     template = { literal | field }        {{ and }} are braces in a literal
 *     field    = "{" path "}"               {kind} and {source} are the message's own
 *
 * Guarantees: a destination is made only of the literals and of letters, digits, `.`, `_`, `-`,
 * and a field never makes a path segment "." or ".."; filling never allocates and never writes
 * past its buffer. A member whose name holds a brace cannot be named. Invariant: literals stand in
 * `text` one behind the other, in the order of their parts. Called by the engine's routes.
 */
#include "model/template.h"

#include <stdio.h>
#include <string.h>

#include "ground/error.h"
#include "kit/text.h"
#include "model/alias.h"
#include "model/full_text.h"

#define SHOWN_BYTES 80	/* most of a template that an error repeats */

enum part_type { PART_LITERAL, PART_FIELD, PART_FULL_TEXT, PART_KIND, PART_SOURCE };

struct part {
	enum part_type type;
	size_t slot;	/* FIELD */
	size_t at, len;	/* LITERAL: in text */
};

struct weir__template {
	size_t size;	/* of the allocation */
	size_t part_count;
	char *text;	/* of all literals, behind the parts */
	size_t text_len;
	struct weir__full_text *full_text;	/* NULL: there is no such part */
	struct part parts[];
};

/* Bytes of a destination or key under construction. */
struct out {
	char *bytes;
	size_t size, len;
};

/* As much of a template as fits an error, not cut inside a character. */
static int shown_len(const char *text)
{
	size_t len = strlen(text);

	if (len > SHOWN_BYTES)
		for (len = SHOWN_BYTES; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	return (int)len;
}

static enum weir_status refuse(const char *text, const char *at, const char *reason,
			       struct weir_error *err)
{
	return weir__error_invalid(err, "template '%.*s' at byte %zu: %s", shown_len(text), text,
				   (size_t)(at - text), reason);
}

static void add_literal(weir__template *made, char byte)
{
	struct part *last = made->part_count ? &made->parts[made->part_count - 1] : NULL;

	if (!last || last->type != PART_LITERAL) {
		last = &made->parts[made->part_count++];
		*last = (struct part){ .type = PART_LITERAL, .at = made->text_len };
	}
	made->text[made->text_len++] = byte;
	last->len++;
}

static enum weir_status add_path(const struct weir_env *env, weir__plan *plan, const char *text,
				 const char *at, size_t len, size_t *ret_slot,
				 struct weir_error *err)
{
	struct weir_error why = { .status = WEIR_OK };
	char *path = weir__text_copy_n(env, at, len);
	enum weir_status status;

	if (!path)
		return weir__error_no_memory(err);
	status = weir__alias_add(plan, path, ret_slot, &why);
	weir__text_free(env, path);
	if (status == WEIR_ERR_INVALID)
		return refuse(text, at, why.text, err);
	if (status < 0 && err)
		*err = why;
	return status;
}

static enum weir_status add_full_text(const struct weir_env *env, weir__plan *plan,
				      weir__template *made, struct weir_error *err)
{
	if (made->full_text)
		return WEIR_OK;
	made->full_text = weir__alloc(env, sizeof *made->full_text);
	if (!made->full_text)
		return weir__error_no_memory(err);
	return weir__full_text_init(made->full_text, env, plan, err);
}

static bool is_named(const char *name, size_t len, const char *what)
{
	return strlen(what) == len && memcmp(name, what, len) == 0;
}

/* `*at` stands on the opening brace; moves it behind the closing one. */
static enum weir_status add_field(const struct weir_env *env, weir__plan *plan, const char *text,
				  const char **at, weir__template *made, struct weir_error *err)
{
	const char *name = *at + 1;
	const size_t len = strcspn(name, "{}");
	struct part part = { .type = PART_FIELD };
	enum weir_status status = WEIR_OK;

	if (name[len] != '}')
		return refuse(text, *at, "the brace is never closed; write {{ for a brace", err);
	if (len == 0)
		return refuse(text, *at, "the braces are empty; name a field, as {lang}", err);
	if (is_named(name, len, "kind"))
		part.type = PART_KIND;
	else if (is_named(name, len, "source"))
		part.type = PART_SOURCE;
	else if (is_named(name, len, WEIR__ALIAS_FULL_TEXT))
		part.type = PART_FULL_TEXT;
	if (part.type == PART_FULL_TEXT)
		status = add_full_text(env, plan, made, err);
	else if (part.type == PART_FIELD)
		status = add_path(env, plan, text, name, len, &part.slot, err);
	if (status < 0)
		return status;
	made->parts[made->part_count++] = part;
	*at = name + len + 1;
	return WEIR_OK;
}

static enum weir_status parse(const struct weir_env *env, weir__plan *plan, const char *text,
			      weir__template *made, struct weir_error *err)
{
	const char *at = text;

	while (*at) {
		enum weir_status status;

		if (*at != '{' && *at != '}') {
			add_literal(made, *at++);
			continue;
		}
		if (at[1] == at[0]) {
			add_literal(made, *at);
			at += 2;
			continue;
		}
		if (*at == '}')
			return refuse(text, at, "the brace closes nothing; write }} for a brace",
				      err);
		status = add_field(env, plan, text, &at, made, err);
		if (status < 0)
			return status;
	}
	return WEIR_OK;
}

enum weir_status weir__template_new(const struct weir_env *env, weir__plan *plan, const char *text,
				    weir__template **ret, struct weir_error *err)
{
	const size_t len = strlen(text);
	size_t most_parts = 1, size;
	weir__template *made;
	enum weir_status status;

	*ret = NULL;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '{')
			most_parts += 2;	/* a field and a literal behind it */
	size = sizeof *made + most_parts * sizeof *made->parts + len;
	made = weir__alloc(env, size);
	if (!made)
		return weir__error_no_memory(err);
	made->size = size;
	made->text = (char *)&made->parts[most_parts];
	status = parse(env, plan, text, made, err);
	if (status < 0) {
		weir__template_free(env, made);
		return status;
	}
	*ret = made;
	return WEIR_OK;
}

weir__template *weir__template_free(const struct weir_env *env, weir__template *template_)
{
	if (template_ && template_->full_text) {
		weir__full_text_release(template_->full_text);
		weir__free(env, template_->full_text, sizeof *template_->full_text);
	}
	return template_ ? weir__free(env, template_, template_->size) : NULL;
}

bool weir__template_is_fixed(const weir__template *template_)
{
	for (size_t i = 0; i < template_->part_count; i++)
		if (template_->parts[i].type != PART_LITERAL)
			return false;
	return true;
}

/* As snprintf: `len` counts what does not fit, too. */
static void put(struct out *out, const void *bytes, size_t len)
{
	const size_t room = out->len < out->size ? out->size - out->len : 0;

	if (room && len)
		memcpy(out->bytes + out->len, bytes, len < room ? len : room);
	out->len += len;
}

size_t weir__template_fill(const weir__template *template_, const char *filler, char *out,
			   size_t size)
{
	struct out to = { .bytes = out, .size = size ? size - 1 : 0 };

	for (size_t i = 0; i < template_->part_count; i++) {
		const struct part *part = &template_->parts[i];

		if (part->type == PART_LITERAL)
			put(&to, template_->text + part->at, part->len);
		else
			put(&to, filler, strlen(filler));
	}
	if (size)
		out[to.len < to.size ? to.len : to.size] = '\0';
	return to.len;
}

/* Puts what a field gives; false when it gives no text. What does not fit is counted only. */
static bool put_field(struct out *out, const weir__template *template_, const struct part *part,
		      const struct weir__template_source *from)
{
	const struct weir__slot *slot;
	const char *text = from->text;
	struct weir_slice raw;

	if (part->type == PART_KIND || part->type == PART_SOURCE) {
		const char *own = part->type == PART_KIND ? from->kind : from->source;

		if (own)
			put(out, own, strlen(own));
		return own != NULL;
	}
	slot = part->type == PART_FIELD ? &from->slots[part->slot]
					: weir__full_text_find(template_->full_text, from->text,
							       from->slots, &text);
	if (!slot || slot->type < WEIR_FIELD_FALSE || slot->type > WEIR_FIELD_STRING)
		return false;
	raw = (struct weir_slice){ text + slot->at, slot->len };
	if (slot->escaped && out->len < out->size)
		out->len += weir__text_unescape(raw, out->bytes + out->len, out->size - out->len);
	else
		put(out, raw.data, raw.len);	/* escaped, no room: its length only adds up */
	return true;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static bool is_plain_field(const char *bytes, size_t len)
{
	if (len == 0 || len > WEIR__TEMPLATE_FIELD_BYTES)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_plain(bytes[i]))
			return false;
	return true;
}

static bool is_dots(const char *bytes, size_t len)
{
	return (len == 1 || len == 2) && bytes[0] == '.' && bytes[len - 1] == '.';
}

static bool has_dots_segment(const char *bytes, size_t len)
{
	for (size_t begin = 0, end; begin <= len; begin = end + 1) {
		for (end = begin; end < len && bytes[end] != '/'; end++)
			;
		if (is_dots(bytes + begin, end - begin))
			return true;
	}
	return false;
}

bool weir__template_destination(const weir__template *template_,
				const struct weir__template_source *from, char *out,
				size_t *ret_len)
{
	struct out to = { .bytes = out, .size = WEIR__TEMPLATE_MAX_BYTES };
	bool dotted = false;	/* a field gave dots only: look what they ended up as */

	for (size_t i = 0; i < template_->part_count; i++) {
		const struct part *part = &template_->parts[i];
		const size_t begin = to.len;

		if (part->type == PART_LITERAL)
			put(&to, template_->text + part->at, part->len);
		else if (!put_field(&to, template_, part, from))
			return false;
		if (to.len > to.size)
			return false;
		if (part->type == PART_LITERAL)
			continue;
		if (!is_plain_field(out + begin, to.len - begin))
			return false;
		dotted |= is_dots(out + begin, to.len - begin);
	}
	if (to.len == 0 || is_dots(out, to.len) || (dotted && has_dots_segment(out, to.len)))
		return false;
	out[to.len] = '\0';
	*ret_len = to.len;
	return true;
}

bool weir__template_key(const weir__template *template_, const struct weir__template_source *from,
			char *out, size_t size, size_t *ret_len)
{
	struct out to = { .bytes = out, .size = size };

	for (size_t i = 0; i < template_->part_count; i++) {
		const struct part *part = &template_->parts[i];

		if (part->type == PART_LITERAL)
			put(&to, template_->text + part->at, part->len);
		else if (!put_field(&to, template_, part, from))
			return false;
		if (to.len > to.size)
			return false;
	}
	*ret_len = to.len;
	return true;
}
