/* SPDX-License-Identifier: MIT */
/*
 * Percent coding and parameter lists, written from RFC 5849 (3.4.1.3 and 3.6).
 *
 * Guarantees: values may hold any byte, zero too; a stray % stands for itself; sorting comes
 * after encoding, by name and then by value. Called for the signature and for the predicates.
 */
#include "params.h"

#include "memory.h"

void params_clear(struct param_list *params)
{
	for (size_t i = 0; i < params->count; i++) {
		free(params->items[i].name);
		free(params->items[i].value);
	}
	free(params->items);
	*params = (struct param_list){ 0 };
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static char *decode(const char *bytes, size_t len, bool plus, size_t *ret_len)
{
	char *text = need(malloc(len + 1));
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		const int high = len - i > 2 ? hex_digit(bytes[i + 1]) : -1;
		const int low = len - i > 2 ? hex_digit(bytes[i + 2]) : -1;

		if (bytes[i] == '%' && high >= 0 && low >= 0) {
			text[used++] = (char)(high * 16 + low);
			i += 2;
		} else {
			text[used++] = plus && bytes[i] == '+' ? ' ' : bytes[i];
		}
	}
	text[used] = 0;
	*ret_len = used;
	return text;
}

/* Room grows by doubling: a count that is a power of two is full. */
static struct param *append(struct param_list *params)
{
	const size_t count = params->count;

	if ((count & (count - 1)) == 0)
		params->items = need(realloc(params->items,
					     (count ? 2 * count : 1) * sizeof *params->items));
	return &params->items[params->count++];
}

void params_add(struct param_list *params, const char *name, size_t name_len, const char *value,
		size_t value_len, bool plus)
{
	struct param *param = append(params);

	param->name = decode(name, name_len, plus, &param->name_len);
	param->value = decode(value, value_len, plus, &param->value_len);
}

void params_add_form(struct param_list *params, const char *form, size_t len)
{
	while (len > 0) {
		const char *end = memchr(form, '&', len);
		const size_t pair = end ? (size_t)(end - form) : len;
		const char *equals = memchr(form, '=', pair);
		const size_t name = equals ? (size_t)(equals - form) : pair;
		const size_t past = equals ? name + 1 : pair;

		if (pair > 0)
			params_add(params, form, name, form + past, pair - past, true);
		form += pair + (end != NULL);
		len -= pair + (end != NULL);
	}
}

void params_add_all(struct param_list *params, const struct param_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		*append(params) = (struct param){
			.name = copy_text(from->items[i].name, from->items[i].name_len),
			.name_len = from->items[i].name_len,
			.value = copy_text(from->items[i].value, from->items[i].value_len),
			.value_len = from->items[i].value_len,
		};
}

const struct param *params_find(const struct param_list *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++)
		if (strcmp(params->items[i].name, name) == 0)
			return &params->items[i];
	return NULL;
}

static bool unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

char *percent_encode(const char *bytes, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	char *text = need(malloc(3 * len + 1));
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)bytes[i];

		if (unreserved(bytes[i])) {
			text[used++] = bytes[i];
			continue;
		}
		text[used++] = '%';
		text[used++] = digits[c >> 4];
		text[used++] = digits[c & 15];
	}
	text[used] = 0;
	return text;
}

struct pair {
	char *name;
	char *value;
};

static int compare_pairs(const void *left, const void *right)
{
	const struct pair *a = left, *b = right;
	const int names = strcmp(a->name, b->name);

	return names ? names : strcmp(a->value, b->value);
}

static char *join_pairs(const struct pair *pairs, size_t count)
{
	size_t room = 1, used = 0;
	char *text;

	for (size_t i = 0; i < count; i++)
		room += strlen(pairs[i].name) + strlen(pairs[i].value) + 2;
	text = need(malloc(room));
	text[0] = 0;
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, room - used, "%s%s=%s", i ? "&" : "",
					 pairs[i].name, pairs[i].value);
	return text;
}

char *params_normalize(const struct param_list *params, const char *skip)
{
	struct pair *pairs = need(calloc(params->count + 1, sizeof *pairs));
	size_t count = 0;
	char *text;

	for (size_t i = 0; i < params->count; i++) {
		const struct param *param = &params->items[i];

		if (strcmp(param->name, skip) == 0)
			continue;
		pairs[count++] = (struct pair){
			.name = percent_encode(param->name, param->name_len),
			.value = percent_encode(param->value, param->value_len),
		};
	}
	qsort(pairs, count, sizeof *pairs, compare_pairs);
	text = join_pairs(pairs, count);
	for (size_t i = 0; i < count; i++) {
		free(pairs[i].name);
		free(pairs[i].value);
	}
	free(pairs);
	return text;
}
