/* SPDX-License-Identifier: MIT */
/*
 * Reading Java properties.
 *
 * Guarantees: any bytes are read or refused with their line; one pass, memory in proportion to the
 * text. A logical line is read character by character: continuations and escapes are undone below
 * everything else, so that keys, separators and values know nothing of them. Callers: config.
 *
 * Source: java.util.Properties.load, its documentation.
 */
#include "kit/properties.h"

#include "ground/error.h"
#include "kit/text.h"
#include "kit/utf8.h"

#define END (-1)

struct reader {
	const uint8_t *at, *end;
	bool is_latin1;
	unsigned line;
	struct weir_error *err;
	bool has_failed;
};

/* One character of a logical line; END behind its last. */
struct character {
	int32_t code;
	bool is_escaped;
};

void weir__properties_init(struct weir__properties *properties, const struct weir_env *env)
{
	*properties = (struct weir__properties){ .env = env };
	weir__bytes_init_secret(&properties->text, env);
}

void weir__properties_release(struct weir__properties *properties)
{
	weir__free(properties->env, properties->list,
		   properties->capacity * sizeof *properties->list);
	weir__bytes_release(&properties->text);
	weir__properties_init(properties, properties->env);
}

static int32_t fail(struct reader *in, const char *why)
{
	if (!in->has_failed)
		weir__error_invalid(in->err, "line %u: %s", in->line, why);
	in->has_failed = true;
	return END;
}

static bool is_blank(int32_t code)
{
	return code == ' ' || code == '\t' || code == '\f';
}

static bool is_line_end(uint8_t byte)
{
	return byte == '\n' || byte == '\r';
}

/* Past one end of line, CR LF being one. */
static void pass_line_end(struct reader *in)
{
	in->at += in->end - in->at >= 2 && in->at[0] == '\r' && in->at[1] == '\n' ? 2 : 1;
	in->line++;
}

static void pass_blanks(struct reader *in)
{
	while (in->at < in->end && is_blank(*in->at))
		in->at++;
}

static bool is_continuation(const struct reader *in)
{
	return in->end - in->at >= 2 && *in->at == '\\' && is_line_end(in->at[1]);
}

static int32_t read_raw(struct reader *in)
{
	const uint8_t first = *in->at;
	int32_t code;
	size_t len;

	if (in->is_latin1 || first < 0x80) {
		in->at++;
		return first ? first : fail(in, "a zero byte: this is no text");
	}
	len = weir__utf8_read(in->at, (size_t)(in->end - in->at));
	code = first & (0xff >> (len + 1));
	for (size_t i = 1; i < len; i++)
		code = code << 6 | (in->at[i] & 0x3f);
	in->at += len;
	return code;
}

static int32_t read_hex(struct reader *in)
{
	int32_t value = 0;

	for (unsigned i = 0; i < 4; i++) {
		const int c = in->at < in->end ? *in->at | 0x20 : 0;

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10);
		else
			return fail(in, "\\u needs four hexadecimal digits");
		in->at++;
	}
	return value;
}

/* Behind \u. Characters above U+FFFF are a pair of surrogates. */
static int32_t read_unicode(struct reader *in)
{
	const int32_t high = read_hex(in);
	int32_t low;

	if (high == 0)
		return fail(in, "\\u0000 cannot be part of a text");
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || in->end - in->at < 6 || in->at[0] != '\\' || in->at[1] != 'u')
		return fail(in, "half of a pair of surrogates");
	in->at += 2;
	low = read_hex(in);
	if (low < 0xdc00 || low > 0xdfff)
		return fail(in, "half of a pair of surrogates");
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* Behind a backslash. */
static int32_t read_escape(struct reader *in)
{
	const int32_t code = read_raw(in);

	switch (code) {
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 'f':
		return '\f';
	case 'u':
		return read_unicode(in);
	default:
		return code;
	}
}

/* The next character, continuations undone. */
static struct character next(struct reader *in)
{
	while (is_continuation(in)) {
		in->at++;
		pass_line_end(in);
		pass_blanks(in);
	}
	if (in->has_failed || in->at == in->end || is_line_end(*in->at))
		return (struct character){ .code = END };
	if (*in->at != '\\')
		return (struct character){ .code = read_raw(in) };
	in->at++;
	if (in->at == in->end)
		return (struct character){ .code = END };	/* a last backslash is dropped */
	return (struct character){ .code = read_escape(in), .is_escaped = true };
}

static void add_character(struct weir__bytes *text, int32_t code)
{
	uint8_t bytes[4];

	weir__bytes_add(text, bytes, weir__utf8_write((uint32_t)code, bytes));
}

/* Up to the separator, and past it; the answer is the first character of the value. */
static struct character read_key(struct reader *in, struct weir__bytes *text)
{
	struct character c = next(in);

	while (c.code != END &&
	       (c.is_escaped || !(is_blank(c.code) || c.code == '=' || c.code == ':'))) {
		add_character(text, c.code);
		c = next(in);
	}
	while (!c.is_escaped && is_blank(c.code))
		c = next(in);
	if (!c.is_escaped && (c.code == '=' || c.code == ':')) {
		do
			c = next(in);
		while (!c.is_escaped && is_blank(c.code));
	}
	return c;
}

static void read_value(struct reader *in, struct character first, struct weir__bytes *text)
{
	for (struct character c = first; c.code != END; c = next(in))
		add_character(text, c.code);
}

static struct weir__property *add_property(struct weir__properties *properties)
{
	const size_t capacity = properties->capacity ? 2 * properties->capacity : 32;
	struct weir__property *list = properties->list;

	if (properties->count == properties->capacity) {
		list = weir__resize(properties->env, list, properties->capacity * sizeof *list,
				    capacity * sizeof *list);
		if (!list)
			return NULL;
		properties->list = list;
		properties->capacity = capacity;
	}
	return &list[properties->count++];
}

static enum weir_status read_property(struct weir__properties *properties, struct reader *in)
{
	struct weir__property *property = add_property(properties);
	struct character first;

	if (!property)
		return weir__error_no_memory(in->err);
	property->line = in->line;
	property->key = properties->text.len;
	first = read_key(in, &properties->text);
	weir__bytes_add(&properties->text, "", 1);
	property->value = properties->text.len;
	read_value(in, first, &properties->text);
	weir__bytes_add(&properties->text, "", 1);
	if (in->has_failed)
		return WEIR_ERR_INVALID;
	return properties->text.has_failed ? weir__error_no_memory(in->err) : WEIR_OK;
}

/* Past white space and comments, to where a property begins. */
static bool find_property(struct reader *in)
{
	while (in->at < in->end) {
		pass_blanks(in);
		if (is_continuation(in))
			in->at++;	/* of nothing */
		else if (in->at < in->end && (*in->at == '#' || *in->at == '!'))
			while (in->at < in->end && !is_line_end(*in->at))
				in->at++;
		else if (in->at < in->end && !is_line_end(*in->at))
			return true;
		if (in->at < in->end)
			pass_line_end(in);
	}
	return false;
}

enum weir_status weir__properties_parse(struct weir__properties *properties,
					struct weir_slice bytes, struct weir_error *err)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };	/* of UTF-8, as some editors write */
	struct reader in = { .at = bytes.data, .line = 1, .err = err };
	enum weir_status status = WEIR_OK;

	if (!bytes.len)
		return WEIR_OK;
	in.end = in.at + bytes.len;
	in.is_latin1 = !weir__text_is_utf8(bytes);
	properties->is_latin1 |= in.is_latin1;
	if (!in.is_latin1 && bytes.len >= sizeof mark && memcmp(in.at, mark, sizeof mark) == 0)
		in.at += sizeof mark;
	while (status == WEIR_OK && find_property(&in))
		status = read_property(properties, &in);
	return status;
}

const char *weir__properties_key(const struct weir__properties *properties, size_t index)
{
	return properties->text.data + properties->list[index].key;
}

const char *weir__properties_value(const struct weir__properties *properties, size_t index)
{
	return properties->text.data + properties->list[index].value;
}
