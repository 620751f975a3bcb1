/* SPDX-License-Identifier: MIT */
/*
 * The planned scan.
 *
 * Guarantees: answers true for exactly the texts of RFC 8259 that are UTF-8, no deeper than
 * WEIR__SCAN_DEPTH and no longer than WEIR__SCAN_MAX_BYTES; reads no byte outside the text; no
 * recursion and no allocation; linear in the text but for duplicates of planned members, each of
 * which costs up to the number of planned places below it.
 *
 * How it goes. One loop reads value after value. Behind each, next_value closes what ends there
 * and finds where the next begins. Containers that are open are two stacks, both of fixed size:
 *
 *     text      {"user":{"lang":"ko","a":[[7▲         plan   [0]─┬─ id_str [1]
 *                                                                └─ user [2] ── lang [3]
 *     objects   1 1 0 0            a bit for each open container: is it an object?
 *     levels    [0] [2]            the outermost of them, as long as they are places of the plan
 *
 * Only where both stacks are equally high can a name lead to a place of the plan; below that a
 * text costs only its validation. A place's slot is filled when its value begins, so a filled slot
 * tells a duplicate, and an empty slot has nothing but empty slots below it.
 *
 * Where the time goes: through strings it runs eight bytes at a time. read_marks sets the top bit
 * of each byte that is a quote, a backslash, a control character or not ASCII; bytes above the
 * first such byte may be marked wrongly (a borrow), the first is always right.
 *
 * Functions that read take the place they read from and answer the place behind, or NULL after
 * fail(). Callers: messages, once each; weir_message_field for paths nobody planned.
 */
#include "kit/scan.h"

#include <string.h>

#include "kit/scan_internal.h"
#include "kit/text.h"
#include "kit/utf8.h"

#define UNPLANNED UINT32_MAX

#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FIRST_MARK(marks) (__builtin_ctzll(marks) >> 3)
#endif

struct level {
	uint32_t node;
	uint32_t elements;	/* of an array: how many have begun */
};

struct scanner {
	const weir__plan *plan;
	const uint8_t *text;
	const uint8_t *end;
	struct weir__slot *slots;
	const uint8_t *wrong_at;
	const char *wrong;
	uint32_t depth;		/* open containers */
	uint32_t planned;	/* of these, from the outside, places of the plan */
	uint64_t objects[WEIR__SCAN_DEPTH / 64];
	struct level levels[WEIR__PLAN_STEPS + 1];
};

static const uint8_t hex_digits[256] = {
	['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
	['8'] = 1, ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1,
	['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1,
};

static const uint8_t short_escapes[256] = {
	['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1,
};

static const uint8_t *fail(struct scanner *scan, const uint8_t *at, const char *reason)
{
	scan->wrong_at = at;
	scan->wrong = reason;
	return NULL;
}

/* The byte at `at`; behind the text a zero, which begins and continues nothing. */
static uint8_t peek(const struct scanner *scan, const uint8_t *at)
{
	return at < scan->end ? *at : 0;
}

static const uint8_t *skip_space(const struct scanner *scan, const uint8_t *at)
{
	while (at < scan->end && *at <= ' ' &&
	       (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	return at;
}

static bool is_digit(uint8_t byte)
{
	return (uint8_t)(byte - '0') < 10;
}

static const uint8_t *skip_digits(const struct scanner *scan, const uint8_t *at)
{
	while (at < scan->end && is_digit(*at))
		at++;
	return at;
}

static uint64_t read_marks(const uint8_t *at)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t word;

	memcpy(&word, at, sizeof word);
	return ((word - ones * ' ') | ((word ^ ones * '"') - ones) |
		((word ^ ones * '\\') - ones) | word) & ones * 0x80;
}

/* To the first byte of a string that is not itself and nothing else. */
static const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
	while (end - at >= 8) {
		const uint64_t marks = read_marks(at);

		if (marks) {
#ifdef FIRST_MARK
			return at + FIRST_MARK(marks);
#else
			break;
#endif
		}
		at += 8;
	}
	while (at < end && *at >= ' ' && *at < 0x80 && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* One escape or several in a row. */
static const uint8_t *read_escapes(struct scanner *scan, const uint8_t *at)
{
	do {
		if (scan->end - at < 2)
			return fail(scan, scan->end, "the text ends inside an escape");
		if (at[1] != 'u') {
			if (!short_escapes[at[1]])
				return fail(scan, at, "an escape that is none");
			at += 2;
			continue;
		}
		if (scan->end - at < 6)
			return fail(scan, scan->end, "the text ends inside an escape");
		if (!(hex_digits[at[2]] & hex_digits[at[3]] & hex_digits[at[4]] &
		      hex_digits[at[5]]))
			return fail(scan, at, "a \\u without four hexadecimal digits");
		at += 6;
	} while (peek(scan, at) == '\\');
	return at;
}

static const uint8_t *read_wide_characters(struct scanner *scan, const uint8_t *at)
{
	do {
		const size_t len = weir__utf8_read(at, (size_t)(scan->end - at));

		if (!len)
			return fail(scan, at, "bytes that are not UTF-8");
		at += len;
	} while (peek(scan, at) >= 0x80);
	return at;
}

/* From behind a string's opening quote to its closing one. */
static const uint8_t *read_string(struct scanner *scan, const uint8_t *at, bool *ret_escaped)
{
	*ret_escaped = false;
	while (at) {
		at = skip_plain(at, scan->end);
		if (at == scan->end)
			return fail(scan, at, "the text ends inside a string");
		if (*at == '"')
			return at;
		if (*at == '\\') {
			*ret_escaped = true;
			at = read_escapes(scan, at);
		} else if (*at >= 0x80) {
			at = read_wide_characters(scan, at);
		} else {
			return fail(scan, at, "a control character in a string");
		}
	}
	return NULL;
}

static const uint8_t *read_number(struct scanner *scan, const uint8_t *at)
{
	if (*at == '-')
		at++;
	if (!is_digit(peek(scan, at)))
		return fail(scan, at, "a '-' without a digit behind it");
	at = *at == '0' ? at + 1 : skip_digits(scan, at);
	if (peek(scan, at) == '.') {
		at++;
		if (!is_digit(peek(scan, at)))
			return fail(scan, at, "a number's '.' without a digit behind it");
		at = skip_digits(scan, at);
	}
	if (peek(scan, at) == 'e' || peek(scan, at) == 'E') {
		at++;
		if (peek(scan, at) == '+' || peek(scan, at) == '-')
			at++;
		if (!is_digit(peek(scan, at)))
			return fail(scan, at, "a number's exponent without a digit");
		at = skip_digits(scan, at);
	}
	return at;
}

static const uint8_t *read_literal(struct scanner *scan, const uint8_t *at, const char *literal,
				   size_t len)
{
	if ((size_t)(scan->end - at) < len || memcmp(at, literal, len) != 0)
		return fail(scan, at, "neither a value nor an end of one");
	return at + len;
}

static void fill_slot(struct scanner *scan, uint32_t node, enum weir_field_type type,
		      const uint8_t *at, const uint8_t *end)
{
	if (node != UNPLANNED)
		scan->slots[node] = (struct weir__slot){ .at = (uint32_t)(at - scan->text),
							 .len = (uint32_t)(end - at),
							 .type = (uint8_t)type };
}

static const uint8_t *read_string_value(struct scanner *scan, const uint8_t *at, uint32_t node)
{
	bool escaped;
	const uint8_t *end = read_string(scan, at + 1, &escaped);

	if (!end)
		return NULL;
	fill_slot(scan, node, WEIR_FIELD_STRING, at + 1, end);
	if (node != UNPLANNED)
		scan->slots[node].escaped = escaped;
	return end + 1;
}

/* A value that is no container. */
static const uint8_t *read_scalar(struct scanner *scan, const uint8_t *at, uint32_t node)
{
	enum weir_field_type type = WEIR_FIELD_NUMBER;
	const uint8_t *end;

	switch (peek(scan, at)) {
	case '"':
		return read_string_value(scan, at, node);
	case 'n':
		type = WEIR_FIELD_NULL;
		end = read_literal(scan, at, "null", 4);
		break;
	case 't':
		type = WEIR_FIELD_TRUE;
		end = read_literal(scan, at, "true", 4);
		break;
	case 'f':
		type = WEIR_FIELD_FALSE;
		end = read_literal(scan, at, "false", 5);
		break;
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		end = read_number(scan, at);
		break;
	default:
		return fail(scan, at, at < scan->end ? "no value where one must stand"
						     : "the text ends where a value must stand");
	}
	if (end)
		fill_slot(scan, node, type, at, end);
	return end;
}

static bool is_in_object(const struct scanner *scan)
{
	const uint32_t top = scan->depth - 1;

	return scan->objects[top / 64] >> (top % 64) & 1;
}

static void open_container(struct scanner *scan, const uint8_t *at, uint32_t node, bool object)
{
	const uint64_t bit = (uint64_t)1 << (scan->depth % 64);
	uint64_t *word = &scan->objects[scan->depth / 64];

	*word = object ? *word | bit : *word & ~bit;
	scan->depth++;
	if (node == UNPLANNED)
		return;
	fill_slot(scan, node, object ? WEIR_FIELD_OBJECT : WEIR_FIELD_ARRAY, at, at);
	scan->levels[scan->planned++] = (struct level){ .node = node };
}

/* `at` is behind the closing bracket. */
static void close_container(struct scanner *scan, const uint8_t *at)
{
	if (scan->planned == scan->depth) {
		struct weir__slot *slot = &scan->slots[scan->levels[--scan->planned].node];

		slot->len = (uint32_t)(at - scan->text) - slot->at;
	}
	scan->depth--;
}

/* Empties the slots below `top`. Nothing is filled below what is not filled. */
static void clear_below(struct scanner *scan, uint32_t top)
{
	const struct weir__node *nodes = scan->plan->nodes;
	uint32_t at = nodes[top].first_child;

	while (at) {
		const bool filled = scan->slots[at].type != WEIR_FIELD_ABSENT;

		scan->slots[at] = (struct weir__slot){ .type = WEIR_FIELD_ABSENT };
		if (filled && nodes[at].first_child) {
			at = nodes[at].first_child;
			continue;
		}
		while (!nodes[at].next_sibling && nodes[at].parent != top)
			at = nodes[at].parent;
		at = nodes[at].next_sibling;
	}
}

/* The place of a member of the innermost container, which is a place of the plan. */
static uint32_t find_member(struct scanner *scan, const uint8_t *name, size_t len, bool escaped)
{
	const uint32_t parent = scan->levels[scan->planned - 1].node;
	char spelled[WEIR__PLAN_NAME_BYTES];
	uint32_t node;

	if (!scan->plan->nodes[parent].has_members)
		return UNPLANNED;
	if (escaped) {
		len = weir__text_unescape((struct weir_slice){ name, len }, spelled,
					  sizeof spelled);
		if (len > sizeof spelled)
			return UNPLANNED;
		name = (const uint8_t *)spelled;
	}
	node = weir__plan_member(scan->plan, parent, name, len);
	if (!node)
		return UNPLANNED;
	if (scan->slots[node].type >= WEIR_FIELD_ARRAY)
		clear_below(scan, node);
	return node;
}

/* A member's name and colon; behind them its value stands. */
static const uint8_t *read_name(struct scanner *scan, const uint8_t *at, uint32_t *ret_node)
{
	const uint8_t *name;
	bool escaped;

	at = skip_space(scan, at);
	if (peek(scan, at) != '"')
		return fail(scan, at, "no member's name where one must stand");
	name = at + 1;
	at = read_string(scan, name, &escaped);
	if (!at)
		return NULL;
	*ret_node = UNPLANNED;
	if (scan->planned == scan->depth)
		*ret_node = find_member(scan, name, (size_t)(at - name), escaped);
	at = skip_space(scan, at + 1);
	if (peek(scan, at) != ':')
		return fail(scan, at, "no ':' behind a member's name");
	return at + 1;
}

/* The place of the array's element that begins here. */
static uint32_t find_element(struct scanner *scan)
{
	struct level *level;
	uint32_t node;

	if (scan->planned != scan->depth)
		return UNPLANNED;
	level = &scan->levels[scan->planned - 1];
	if (!scan->plan->nodes[level->node].has_elements)
		return UNPLANNED;
	node = weir__plan_element(scan->plan, level->node, level->elements++);
	return node ? node : UNPLANNED;
}

/* From behind a '[', '{' or ',' to the value that follows. */
static const uint8_t *enter_value(struct scanner *scan, const uint8_t *at, bool object,
				  uint32_t *ret_node)
{
	if (object)
		return read_name(scan, at, ret_node);
	*ret_node = find_element(scan);
	return at;
}

/* From behind a value to the next one; depth 0 says that there is none. */
static const uint8_t *next_value(struct scanner *scan, const uint8_t *at, uint32_t *ret_node)
{
	while (scan->depth > 0) {
		const bool object = is_in_object(scan);
		uint8_t byte;

		at = skip_space(scan, at);
		byte = peek(scan, at);
		if (byte == ',')
			return enter_value(scan, at + 1, object, ret_node);
		if (byte != (object ? '}' : ']'))
			return fail(scan, at, object ? "neither ',' nor '}' behind a member"
						     : "neither ',' nor ']' behind an element");
		close_container(scan, ++at);
	}
	return at;
}

static const uint8_t *read_values(struct scanner *scan, const uint8_t *at)
{
	uint32_t node = 0;

	do {
		uint8_t byte;

		at = skip_space(scan, at);
		byte = peek(scan, at);
		if (scan->depth == WEIR__SCAN_DEPTH)
			return fail(scan, at, "values nested too deep");
		if (byte == '{' || byte == '[') {
			open_container(scan, at, node, byte == '{');
			at = skip_space(scan, at + 1);
			if (peek(scan, at) != (byte == '{' ? '}' : ']')) {
				at = enter_value(scan, at, byte == '{', &node);
				continue;
			}
		} else {
			at = read_scalar(scan, at, node);
		}
		if (at)
			at = next_value(scan, at, &node);
	} while (at && scan->depth > 0);
	return at;
}

bool weir__scan(const weir__plan *plan, const void *text, size_t len, struct weir__slot *slots,
		struct weir__scan_error *ret_error)
{
	struct scanner scan;
	const uint8_t *at;

	scan.plan = plan;
	scan.text = len ? text : (const uint8_t *)"";
	scan.slots = slots;
	scan.depth = 0;
	scan.planned = 0;
	memset(slots, 0, plan->node_count * sizeof *slots);
	if (len > WEIR__SCAN_MAX_BYTES) {
		scan.end = scan.text;
		at = fail(&scan, scan.text, "longer than 4 GiB");
	} else {
		scan.end = scan.text + len;
		at = read_values(&scan, scan.text);
	}
	if (at)
		at = skip_space(&scan, at);
	if (at && at != scan.end)
		at = fail(&scan, at, "something stands behind the value");
	if (!at && ret_error)
		*ret_error = (struct weir__scan_error){ .at = (size_t)(scan.wrong_at - scan.text),
							.reason = scan.wrong };
	return at;
}
