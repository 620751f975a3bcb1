/* SPDX-License-Identifier: MIT */
/*
 * kafka-connect-twitter's records: the string format, and the structured one as Kafka Connect's
 * JsonConverter writes it, with and without its schema.
 *
 * Guarantees: the bytes are those the connector gave its consumers, member for member (its own
 * reference: TwitterStatusReader and the schemas beside it; JsonConverter of Apache Kafka), but for
 * numbers that do not fit their type, which count as unknown, -1. Called by format.c only.
 */
#include "model/format_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "ground/error.h"
#include "kit/elements.h"
#include "kit/text.h"
#include "model/eneco_shape.h"

#define PAIR_BYTES 12	/* of \uD83C\uDF89 */

/* Where the members of one struct are read. */
struct places {
	const char *text;
	const struct weir__slot *slots;
	const size_t *at;
};

static const struct weir__slot *slot_of(const struct places *places, unsigned place)
{
	return &places->slots[places->at[place]];
}

/* ---- the schema ---- */

static void add_type(struct weir__bytes *out, const char *type, bool is_optional)
{
	weir__bytes_add_text(out, "{\"type\":\"");
	weir__bytes_add_text(out, type);
	weir__bytes_add_text(out, is_optional ? "\",\"optional\":true" : "\",\"optional\":false");
}

static void add_shape(struct weir__bytes *out, const struct weir__eneco_shape *shape);

/* Everything but the brace that closes it. */
static void add_member_schema(struct weir__bytes *out, const struct weir__eneco_member *member)
{
	static const char *const types[] = {
		[ENECO_INT64] = "int64",     [ENECO_INT32] = "int32",	  [ENECO_STRING] = "string",
		[ENECO_BOOLEAN] = "boolean", [ENECO_PRESENCE] = "boolean", [ENECO_TIME] = "string",
		[ENECO_TEXT] = "string",     [ENECO_URL] = "string",
	};

	if (member->type == ENECO_STRUCT) {
		add_shape(out, member->shape);
	} else if (member->type == ENECO_ARRAY) {
		weir__bytes_add_text(out, "{\"type\":\"array\",\"items\":");
		add_shape(out, member->shape);
		weir__bytes_add_text(out, "},\"optional\":true");
	} else {
		add_type(out, types[member->type], member->is_optional);
	}
}

/* The same: its depth is the tables', three. */
static void add_shape(struct weir__bytes *out, const struct weir__eneco_shape *shape)
{
	weir__bytes_add_text(out, "{\"type\":\"struct\",\"fields\":[");
	for (size_t i = 0; i < shape->count; i++) {
		if (i)
			weir__bytes_add(out, ",", 1);
		add_member_schema(out, &shape->members[i]);
		weir__bytes_add_text(out, ",\"field\":\"");
		weir__bytes_add_text(out, shape->members[i].name);
		weir__bytes_add_text(out, "\"}");
	}
	weir__bytes_add_text(out, "],\"optional\":false,\"name\":\"");
	weir__bytes_add_text(out, shape->name);
	weir__bytes_add_text(out, "\"");
}

static void add_string_schema(struct weir__bytes *out)
{
	add_type(out, "string", false);
	weir__bytes_add_text(out, "}");
}

static void make_schema(const weir__format *format, struct weir__bytes *out)
{
	if (format->options.value_encoding != WEIR_ENCODING_JSON_SCHEMA)
		return;
	weir__bytes_add_text(out, "{\"schema\":");
	if (format->options.form == WEIR_FORM_ENECO_STRING) {
		add_string_schema(out);
	} else {
		add_shape(out, &weir__eneco_tweet);
		weir__bytes_add_text(out, "}");
	}
	weir__bytes_add_text(out, ",\"payload\":");
}

/* ---- compiling ---- */

static enum weir_status plan_places(weir__plan *plan, const char *const *paths, size_t count,
				    size_t *ret_at, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	for (size_t i = 0; i < count && status == WEIR_OK; i++)
		status = weir__plan_add(plan, paths[i], &ret_at[i], err);
	return status;
}

enum weir_status weir__eneco_init(weir__format *format, weir__plan *plan, struct weir_error *err)
{
	struct weir__eneco *eneco = &format->eneco;

	weir__bytes_init(&eneco->schema, &format->env);
	make_schema(format, &eneco->schema);
	eneco->element = weir__plan_new(&format->env);
	if (!eneco->element || eneco->schema.has_failed)
		return weir__error_no_memory(err);
	if (plan_places(plan, weir__eneco_leaf_paths, WEIR__ENECO_LEAVES, eneco->leaves, err) < 0 ||
	    plan_places(eneco->element, weir__eneco_element_paths, WEIR__ENECO_ELEMENT_PATHS,
			eneco->element_at, err) < 0)
		return err->status;
	eneco->element_slots = weir__alloc_array(&format->env,
						 weir__plan_slot_count(eneco->element),
						 sizeof *eneco->element_slots);
	return eneco->element_slots ? WEIR_OK : weir__error_no_memory(err);
}

void weir__eneco_release(weir__format *format)
{
	struct weir__eneco *eneco = &format->eneco;

	if (eneco->element_slots)
		weir__free(&format->env, eneco->element_slots,
			   weir__plan_slot_count(eneco->element) * sizeof *eneco->element_slots);
	weir__plan_free(eneco->element);
	if (eneco->schema.env)
		weir__bytes_release(&eneco->schema);
}

/* ---- members ---- */

static void add_integer(struct weir__bytes *out, const char *text, const struct weir__slot *slot,
			uint64_t most)
{
	const char *digits = text + slot->at;
	const bool is_negative = slot->type == WEIR_FIELD_NUMBER && *digits == '-';
	uint64_t value;

	if (slot->type == WEIR_FIELD_NUMBER &&
	    weir__text_to_u64((struct weir_slice){ digits + is_negative, slot->len - is_negative },
			      &value) &&
	    value <= most)
		weir__bytes_add(out, digits, slot->len);
	else
		weir__bytes_add_text(out, "-1");
}

/* Days since 1970 to year, month and day (H. Hinnant, chrono-compatible date algorithms). */
static void split_days(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
	const uint64_t shifted = days + 719468;
	const uint64_t era = shifted / 146097;
	const uint64_t in_era = shifted % 146097;
	const uint64_t year_of_era =
		(in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	const uint64_t in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const uint64_t from_march = (5 * in_year + 2) / 153;

	*day = (unsigned)(in_year - (153 * from_march + 2) / 5 + 1);
	*month = (unsigned)(from_march < 10 ? from_march + 3 : from_march - 9);
	*year = (unsigned)(year_of_era + era * 400 + (*month <= 2));
}

static uint64_t created_ms(const struct weir__format_input *input)
{
	const struct weir__slot *slot =
		&input->slots[input->format->eneco.leaves[ENECO_LEAF_CREATED_AT]];
	uint64_t ms;

	if (slot->type == WEIR_FIELD_STRING &&
	    weir__text_to_created_at((struct weir_slice){ input->text + slot->at, slot->len }, &ms))
		return ms;
	return weir_message_received_ms(input->message);
}

static void add_time(struct weir__bytes *out, uint64_t ms)
{
	const unsigned of_day = (unsigned)(ms % WEIR__DAY_MS);
	unsigned year, month, day;
	char text[64];

	split_days(ms / WEIR__DAY_MS, &year, &month, &day);
	snprintf(text, sizeof text, "\"%04u-%02u-%02uT%02u:%02u:%02u.%03u+0000\"", year, month, day,
		 of_day / 3600000, of_day / 60000 % 60, of_day / 1000 % 60, of_day % 1000);
	weir__bytes_add_text(out, text);
}

static void add_status_text(const struct weir__format_input *input, struct weir__bytes *out)
{
	weir__format *format = input->format;
	struct weir__bytes *scratch = &format->scratch;

	if (weir__format_read_text(input, format->options.full_text, false,
				   format->eneco.leaves[ENECO_LEAF_TEXT], scratch))
		weir__bytes_add_json(out, (struct weir_slice){ scratch->data, scratch->len });
	else
		weir__bytes_add_text(out, "null");
}

static void add_struct(const struct weir__format_input *input,
		       const struct weir__eneco_shape *shape, const struct places *places,
		       struct weir__bytes *out);

static void add_array(const struct weir__format_input *input,
		      const struct weir__eneco_shape *shape, const struct weir__slot *array,
		      struct weir__bytes *out)
{
	const struct weir__eneco *eneco = &input->format->eneco;
	struct weir__elements elements = { 0 };
	struct weir_slice element;
	bool is_first = true;

	if (array->type == WEIR_FIELD_ARRAY)
		elements = weir__elements_of(
			(struct weir_slice){ input->text + array->at, array->len });
	weir__bytes_add(out, "[", 1);
	while (weir__elements_next(&elements, &element)) {
		const struct places places = { element.data, eneco->element_slots,
					       eneco->element_at };

		if (!weir__scan(eneco->element, element.data, element.len, eneco->element_slots,
				NULL))
			continue;	/* not: the whole was found valid */
		if (!is_first)
			weir__bytes_add(out, ",", 1);
		add_struct(input, shape, &places, out);
		is_first = false;
	}
	weir__bytes_add(out, "]", 1);
}

static void add_member(const struct weir__format_input *input,
		       const struct weir__eneco_member *member, const struct places *places,
		       struct weir__bytes *out)
{
	const struct weir__slot *slot = slot_of(places, member->place);

	switch (member->type) {
	case ENECO_INT64:
		add_integer(out, places->text, slot, INT64_MAX);
		break;
	case ENECO_INT32:
		add_integer(out, places->text, slot, INT32_MAX);
		break;
	case ENECO_URL:
		if (slot->type != WEIR_FIELD_STRING)
			slot = slot_of(places, ENECO_ELEMENT_URL);
		/* fall through */
	case ENECO_STRING:
		weir__format_add_string(input->format, out, places->text, slot);
		break;
	case ENECO_BOOLEAN:
		weir__bytes_add_text(out, slot->type == WEIR_FIELD_TRUE ? "true" : "false");
		break;
	case ENECO_PRESENCE:
		weir__bytes_add_text(out, slot->type == WEIR_FIELD_OBJECT ? "true" : "false");
		break;
	case ENECO_TIME:
		add_time(out, created_ms(input));
		break;
	case ENECO_TEXT:
		add_status_text(input, out);
		break;
	case ENECO_ARRAY:
		add_array(input, member->shape, slot, out);
		break;
	case ENECO_STRUCT:
		add_struct(input, member->shape, places, out);
		break;
	}
}

static void add_struct(const struct weir__format_input *input,
		       const struct weir__eneco_shape *shape, const struct places *places,
		       struct weir__bytes *out)
{
	for (size_t i = 0; i < shape->count; i++) {
		weir__bytes_add(out, i ? ",\"" : "{\"", 2);
		weir__bytes_add_text(out, shape->members[i].name);
		weir__bytes_add(out, "\":", 2);
		add_member(input, &shape->members[i], places, out);
	}
	weir__bytes_add(out, "}", 1);
}

/* ---- records ---- */

/* A character beyond U+FFFF at `at`: four bytes, as UTF-8 has them. */
static bool is_beyond(const uint8_t *at)
{
	return at[0] >= 0xf0 && at[0] < 0xf5 && at[1] >> 6 == 2 && at[2] >> 6 == 2 && at[3] >> 6 == 2;
}

static size_t count_beyond(const uint8_t *text, size_t len)
{
	size_t leads = 0, count = 0;

	for (size_t i = 0; i < len; i++)
		leads += text[i] >= 0xf0;
	for (size_t i = 0; leads > 0 && i + 4 <= len; i++)
		count += is_beyond(text + i);
	return count;
}

static void write_pair(char *to, const uint8_t *from)
{
	static const char digits[] = "0123456789ABCDEF";
	const uint32_t code = ((from[0] & 7u) << 18 | (from[1] & 63u) << 12 | (from[2] & 63u) << 6 |
			       (from[3] & 63u)) - 0x10000;
	const uint32_t halves[2] = { 0xd800 + (code >> 10 & 0x3ff), 0xdc00 + (code & 0x3ff) };

	for (int i = 0; i < 2; i++, to += PAIR_BYTES / 2) {
		to[0] = '\\';
		to[1] = 'u';
		for (int digit = 0; digit < 4; digit++)
			to[2 + digit] = digits[halves[i] >> (12 - 4 * digit) & 15];
	}
}

/*
 * Jackson, which writes for JsonConverter, writes a character beyond U+FFFF as two escapes. What
 * stands from `from` on is JSON: such characters are in strings.
 */
static void escape_beyond(struct weir__bytes *out, size_t from)
{
	const size_t count = out->has_failed ? 0 : count_beyond((uint8_t *)out->data + from,
								out->len - from);
	char *read, *to;

	if (count == 0 || !weir__bytes_reserve(out, count * (PAIR_BYTES - 4)))
		return;
	read = out->data + out->len;
	out->len += count * (PAIR_BYTES - 4);
	for (to = out->data + out->len; to > read;) {	/* from the end, in place */
		if (read - 4 >= out->data + from && is_beyond((uint8_t *)read - 4)) {
			to -= PAIR_BYTES;
			read -= 4;
			write_pair(to, (const uint8_t[4]){ (uint8_t)read[0], (uint8_t)read[1],
							   (uint8_t)read[2], (uint8_t)read[3] });
		} else {
			*--to = *--read;
		}
	}
}

static void add_encoded(struct weir__bytes *out, struct weir_slice text, enum weir_encoding encoding)
{
	if (encoding == WEIR_ENCODING_PLAIN) {
		weir__bytes_add(out, text.data, text.len);
		return;
	}
	if (encoding == WEIR_ENCODING_JSON_SCHEMA) {
		weir__bytes_add_text(out, "{\"schema\":");
		add_string_schema(out);
		weir__bytes_add_text(out, ",\"payload\":");
	}
	weir__bytes_add_json(out, text);
	if (encoding == WEIR_ENCODING_JSON_SCHEMA)
		weir__bytes_add_text(out, "}");
	escape_beyond(out, 0);
}

/* The author's name; a route with a key of its own keeps that. */
static bool render_key(const struct weir__format_input *input, struct weir__rendering *ret)
{
	weir__format *format = input->format;
	const struct weir__slot *name = &input->slots[format->eneco.leaves[ENECO_LEAF_SCREEN_NAME]];

	if (name->type != WEIR_FIELD_STRING)
		return false;
	if (format->has_own_key)
		return true;
	weir__format_read_string(&format->scratch, input->text, name);
	add_encoded(&ret->key.bytes, (struct weir_slice){ format->scratch.data, format->scratch.len },
		    format->options.key_encoding);
	ret->has_key = true;
	return true;
}

static bool render_string(const struct weir__format_input *input, struct weir__bytes *out)
{
	weir__format *format = input->format;

	if (!weir__format_read_text(input, format->options.full_text, false,
				    format->eneco.leaves[ENECO_LEAF_TEXT], &format->scratch))
		return false;
	add_encoded(out, (struct weir_slice){ format->scratch.data, format->scratch.len },
		    format->options.value_encoding);
	return true;
}

static void render_struct(const struct weir__format_input *input, struct weir__bytes *out)
{
	const struct weir__eneco *eneco = &input->format->eneco;
	const struct places places = { input->text, input->slots, eneco->leaves };

	weir__bytes_add(out, eneco->schema.data, eneco->schema.len);
	add_struct(input, &weir__eneco_tweet, &places, out);
	if (eneco->schema.len)
		weir__bytes_add(out, "}", 1);
	escape_beyond(out, eneco->schema.len);
}

enum weir_status weir__eneco_render(const struct weir__format_input *input,
				    struct weir__rendering *ret, struct weir_error *err)
{
	const unsigned statuses = WEIR_KIND_TWEET | WEIR_KIND_RETWEET;

	if (!(weir_message_kind(input->message) & statuses) ||
	    weir_message_traits(input->message) & (WEIR_TRAIT_V2 | WEIR_TRAIT_ENVELOPED))
		return weir__format_refuse(input, "kafka-connect-twitter record",
					   "it is no v1.1 status", err);
	if (!render_key(input, ret))
		return weir__format_refuse(input, "kafka-connect-twitter record",
					   "user.screen_name is no string", err);
	ret->time_ms = created_ms(input);
	if (input->format->options.form == WEIR_FORM_ENECO_STRUCTURED)
		render_struct(input, &ret->value.bytes);
	else if (!render_string(input, &ret->value.bytes))
		return weir__format_refuse(input, "kafka-connect-twitter record",
					   "text is no string", err);
	return WEIR_OK;
}
