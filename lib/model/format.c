/* SPDX-License-Identifier: MIT */
/*
 * Formats: compiled with a route, rendered for each of its messages.
 *
 * Guarantees: nothing but the slots' bytes is looked at; a format never fails half way: what it
 * cannot be made of is refused before anything is delivered. Called by the router.
 */
#include "model/format_internal.h"

#include "ground/error.h"
#include "kit/html.h"
#include "kit/text.h"
#include "model/alias.h"
#include "model/message.h"

#define MOST_FIELDS 256

/* ---- compiling ---- */

static enum weir_status check(const struct weir_format *given, struct weir_error *err)
{
	if ((unsigned)given->form > WEIR_FORM_CUSTOM)
		return weir__error_invalid(err, "format.form is %d", (int)given->form);
	if ((unsigned)given->key_encoding > WEIR_ENCODING_JSON_SCHEMA ||
	    (unsigned)given->value_encoding > WEIR_ENCODING_JSON_SCHEMA)
		return weir__error_invalid(err, "format: an encoding is out of range");
	if ((given->form == WEIR_FORM_CUSTOM) != (given->write != NULL))
		return weir__error_invalid(err, "format: write goes with WEIR_FORM_CUSTOM");
	if ((given->form == WEIR_FORM_MEMBERS) != (given->field_count > 0))
		return weir__error_invalid(err, "format: fields go with WEIR_FORM_MEMBERS");
	if (given->field_count > MOST_FIELDS || (given->field_count && !given->fields))
		return weir__error_invalid(err, "format: fields is NULL, or more than %d",
					   MOST_FIELDS);
	return WEIR_OK;
}

static bool is_eneco(const weir__format *format)
{
	return format->options.form == WEIR_FORM_ENECO_STRING ||
	       format->options.form == WEIR_FORM_ENECO_STRUCTURED;
}

static enum weir_status add_place(weir__format *format, weir__plan *plan, const char *path,
				  struct weir_error *err)
{
	struct weir__format_place *place = &format->places[format->place_count];
	struct weir__bytes *name = &format->scratch;

	if (!path)
		return weir__error_invalid(err, "format: a field is NULL");
	if (!weir__text_is_utf8((struct weir_slice){ path, strlen(path) }))
		return weir__error_invalid(err, "format: field %zu is not UTF-8",
					   format->place_count + 1);
	weir__bytes_clear(name);
	weir__bytes_add_json(name, (struct weir_slice){ path, strlen(path) });
	if (name->has_failed)
		return weir__error_no_memory(err);
	place->name = weir__text_copy_n(&format->env, name->data, name->len);
	if (!place->name)
		return weir__error_no_memory(err);
	place->name_len = name->len;
	format->place_count++;
	place->is_full_text = strcmp(path, WEIR__ALIAS_FULL_TEXT) == 0;
	return place->is_full_text ? WEIR_OK : weir__alias_add(plan, path, &place->slot, err);
}

static enum weir_status compile_fields(weir__format *format, weir__plan *plan,
				       struct weir_error *err)
{
	const size_t count = format->options.field_count;
	enum weir_status status = WEIR_OK;

	if (!count)
		return WEIR_OK;
	format->places = weir__alloc_array(&format->env, count, sizeof *format->places);
	if (!format->places)
		return weir__error_no_memory(err);
	for (size_t i = 0; i < count && status == WEIR_OK; i++)
		status = add_place(format, plan, format->options.fields[i], err);
	return status;
}

static enum weir_status compile(weir__format *format, weir__plan *plan, struct weir_error *err)
{
	enum weir_status status = weir__full_text_init(&format->full_text, &format->env, plan, err);

	if (status == WEIR_OK)
		status = compile_fields(format, plan, err);
	if (status == WEIR_OK && is_eneco(format))
		status = weir__eneco_init(format, plan, err);
	return status;
}

enum weir_status weir__format_new(const struct weir_env *env, weir__plan *plan,
				  const struct weir_format *given, bool has_own_key,
				  weir__format **ret, struct weir_error *err)
{
	weir__format *format;

	*ret = NULL;
	if (check(given, err) < 0)
		return err->status;
	if (given->form == WEIR_FORM_RAW)
		return WEIR_OK;
	format = weir__alloc(env, sizeof *format);
	if (!format)
		return weir__error_no_memory(err);
	format->env = *env;
	format->options = *given;
	format->has_own_key = has_own_key;
	weir__bytes_init(&format->scratch, &format->env);
	if (compile(format, plan, err) < 0) {
		weir__format_free(format);
		return err->status;
	}
	*ret = format;
	return WEIR_OK;
}

weir__format *weir__format_free(weir__format *format)
{
	struct weir_env env;

	if (!format)
		return NULL;
	env = format->env;
	for (size_t i = 0; i < format->place_count; i++)
		weir__text_free(&env, format->places[i].name);
	weir__free(&env, format->places, format->options.field_count * sizeof *format->places);
	weir__full_text_release(&format->full_text);
	weir__eneco_release(format);
	weir__bytes_release(&format->scratch);
	return weir__free(&env, format, sizeof *format);
}

/* ---- rendering ---- */

enum weir_status weir__format_refuse(const struct weir__format_input *input, const char *form,
				     const char *why, struct weir_error *err)
{
	return weir_error_set(err, WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
			      "no %s can be made of this %s: %s", form,
			      weir_kind_name(weir_message_kind(input->message)), why);
}

void weir__format_read_string(struct weir__bytes *out, const char *text,
			      const struct weir__slot *slot)
{
	char *to;

	weir__bytes_clear(out);
	to = weir__bytes_reserve(out, slot->len + 1);
	if (to)
		out->len = weir__text_unescape((struct weir_slice){ text + slot->at, slot->len },
					       to, slot->len);
}

void weir__format_add_string(weir__format *format, struct weir__bytes *out, const char *text,
			     const struct weir__slot *slot)
{
	if (slot->type != WEIR_FIELD_STRING) {
		weir__bytes_add_text(out, "null");
	} else if (!slot->escaped) {
		weir__bytes_add(out, text + slot->at - 1, slot->len + 2);
	} else {
		weir__format_read_string(&format->scratch, text, slot);
		weir__bytes_add_json(out, (struct weir_slice){ format->scratch.data,
							       format->scratch.len });
	}
}

bool weir__format_read_text(const struct weir__format_input *input, bool full, bool references,
			    size_t text_slot, struct weir__bytes *out)
{
	const char *from = input->text;
	const struct weir__slot *slot = &input->slots[text_slot];

	if (full)
		slot = weir__full_text_find(&input->format->full_text, input->text, input->slots,
					    &from);
	if (!slot || slot->type != WEIR_FIELD_STRING)
		return false;
	weir__format_read_string(out, from, slot);
	if (!references && !out->has_failed)
		out->len = weir__html_undo(out->data, out->len);
	return true;
}

static enum weir_status render_text(const struct weir__format_input *input,
				    struct weir__rendering *ret, struct weir_error *err)
{
	if (!weir__format_read_text(input, true, input->format->options.references, 0,
				    &ret->value.bytes))
		return weir__format_refuse(input, "text", "it has none", err);
	return WEIR_OK;
}

static void add_place_value(const struct weir__format_input *input,
			    const struct weir__format_place *place, struct weir__bytes *out)
{
	const struct weir__slot *slot = &input->slots[place->slot];
	const char *from = input->text;

	if (place->is_full_text)
		slot = weir__full_text_find(&input->format->full_text, input->text, input->slots,
					    &from);
	if (!slot || slot->type == WEIR_FIELD_ABSENT)
		weir__bytes_add_text(out, "null");
	else if (slot->type == WEIR_FIELD_STRING)
		weir__bytes_add(out, from + slot->at - 1, slot->len + 2);
	else
		weir__bytes_add(out, from + slot->at, slot->len);
}

static enum weir_status render_members(const struct weir__format_input *input,
				       struct weir__rendering *ret, struct weir_error *err)
{
	const weir__format *format = input->format;
	struct weir__bytes *out = &ret->value.bytes;

	if (!atomic_load_explicit(&input->message->plan, memory_order_relaxed))
		return weir__format_refuse(input, "members", "it is not JSON", err);
	for (size_t i = 0; i < format->place_count; i++) {
		weir__bytes_add(out, i ? "," : "{", 1);
		weir__bytes_add(out, format->places[i].name, format->places[i].name_len);
		weir__bytes_add(out, ":", 1);
		add_place_value(input, &format->places[i], out);
	}
	weir__bytes_add(out, "}", 1);
	return WEIR_OK;
}

static enum weir_status render_tombstone(const struct weir__format_input *input,
					 struct weir__rendering *ret, struct weir_error *err)
{
	ret->has_value = false;
	if (!input->format->has_own_key && !weir_message_key(input->message).len)
		return weir__format_refuse(input, "tombstone", "it has no key", err);
	return WEIR_OK;
}

static enum weir_status render_custom(const struct weir__format_input *input,
				      struct weir__rendering *ret, struct weir_error *err)
{
	const struct weir_format *options = &input->format->options;
	enum weir_status status;

	weir__error_begin(err);
	status = options->write(options->user, input->message, &ret->value, &ret->key, err);
	ret->has_key = ret->key.is_written;
	return weir__error_end(err, status, "the format's write failed and gave no reason");
}

static void clear(struct weir__rendering *rendering)
{
	weir__bytes_reset(&rendering->value.bytes);
	weir__bytes_reset(&rendering->key.bytes);
	rendering->value.is_written = rendering->key.is_written = false;
	rendering->has_key = false;
	rendering->has_value = true;
	rendering->time_ms = 0;
}

enum weir_status weir__format_render(weir__format *format, const weir_message *message,
				     const struct weir__slot *slots, struct weir__rendering *ret,
				     struct weir_error *err)
{
	static enum weir_status (*const forms[])(const struct weir__format_input *input,
						 struct weir__rendering *ret,
						 struct weir_error *err) = {
		[WEIR_FORM_TEXT] = render_text,
		[WEIR_FORM_MEMBERS] = render_members,
		[WEIR_FORM_TOMBSTONE] = render_tombstone,
		[WEIR_FORM_ENECO_STRING] = weir__eneco_render,
		[WEIR_FORM_ENECO_STRUCTURED] = weir__eneco_render,
		[WEIR_FORM_CUSTOM] = render_custom,
	};
	const struct weir__format_input input = { .format = format,
						  .message = message,
						  .text = weir_message_body(message).data,
						  .slots = slots };
	enum weir_status status;

	clear(ret);
	weir__bytes_reset(&format->scratch);
	status = forms[format->options.form](&input, ret, err);
	if (ret->value.bytes.has_failed || ret->key.bytes.has_failed || format->scratch.has_failed)
		return weir__error_no_memory(err);
	return status;
}

void weir__rendering_init(struct weir__rendering *rendering, const struct weir_env *env)
{
	*rendering = (struct weir__rendering){ .has_value = true };
	weir__bytes_init(&rendering->value.bytes, env);
	weir__bytes_init(&rendering->key.bytes, env);
}

void weir__rendering_release(struct weir__rendering *rendering)
{
	weir__bytes_release(&rendering->value.bytes);
	weir__bytes_release(&rendering->key.bytes);
}

void weir_output_add(weir_output *output, const void *data, size_t len)
{
	output->is_written = true;
	weir__bytes_add(&output->bytes, data, len);
}
