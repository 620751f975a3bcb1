/* SPDX-License-Identifier: MIT */
/*
 * The planned scan's entrance.
 *
 * Guarantees: answers true for exactly the texts of RFC 8259 that are UTF-8, no deeper than
 * WEIR__SCAN_DEPTH and no longer than WEIR__SCAN_MAX_BYTES; reads no byte outside the text; no
 * recursion and no allocation; linear in the text but for duplicates of planned members, each of
 * which costs up to the number of planned places below it.
 *
 * Objects and arrays are read by one of the forms of scan_core.h. What is neither has no place but
 * its own and is read byte by byte, as is a text that is not JSON when the caller asks for the
 * reason. Callers: messages, once each; weir_message_field for paths nobody planned.
 */
#include <string.h>

#include "kit/scan_internal.h"

static const struct {
	const char *name;
	bool (*read)(struct weir__scanner *scan);
} forms[WEIR__SCAN_FORMS] = {
	[WEIR__SCAN_PORTABLE] = { "portable", weir__scan_portable },
#ifdef __x86_64__
	[WEIR__SCAN_SSE2] = { "sse2", weir__scan_sse2 },
	[WEIR__SCAN_AVX2] = { "avx2", weir__scan_avx2 },
#else
	[WEIR__SCAN_SSE2] = { "sse2", NULL },
	[WEIR__SCAN_AVX2] = { "avx2", NULL },
#endif
};

static bool has_avx2(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul");
#else
	return false;
#endif
}

static bool has_form(enum weir__scan_form form)
{
	return forms[form].read && (form != WEIR__SCAN_AVX2 || has_avx2());
}

enum weir__scan_form weir__scan_best_form(void)
{
	unsigned form = WEIR__SCAN_FORMS - 1;

	while (!has_form(form))
		form--;
	return form;
}

bool weir__plan_use(weir__plan *plan, enum weir__scan_form form)
{
	if (!has_form(form))
		return false;
	plan->form = form;
	return true;
}

const char *weir__scan_form_name(enum weir__scan_form form)
{
	return forms[form].name;
}

/* A text that is no object or array; it begins at `at`. */
static bool scan_scalar(const struct weir__scanner *scan, const uint8_t *at)
{
	static const uint8_t types[256] = {
		['"'] = WEIR_FIELD_STRING, ['n'] = WEIR_FIELD_NULL, ['t'] = WEIR_FIELD_TRUE,
		['f'] = WEIR_FIELD_FALSE,
	};
	const uint8_t *end = scan->end;
	uint32_t len;

	if (!weir__scan_careful(scan->text, (size_t)(scan->end - scan->text), NULL))
		return false;
	while (end[-1] <= ' ')
		end--;
	len = (uint32_t)(end - at);
	scan->slots[0].at = (uint32_t)(at - scan->text);
	scan->slots[0].len = len;
	scan->slots[0].type = types[*at] ? types[*at] : WEIR_FIELD_NUMBER;
	if (*at == '"') {
		scan->slots[0].at++;
		scan->slots[0].len -= 2;
		scan->slots[0].escaped = memchr(at, '\\', len) != NULL;
	}
	return true;
}

static bool scan_text(const weir__plan *plan, const uint8_t *text, size_t len,
		      struct weir__slot *slots)
{
	struct weir__scanner scan;
	const uint8_t *at;

	scan.plan = plan;
	scan.text = text;
	scan.end = text + len;
	scan.slots = slots;
	at = weir__skip_space(text, scan.end);
	if (at == scan.end || (*at != '{' && *at != '['))
		return scan_scalar(&scan, at);
	scan.depth = 0;
	scan.kinds[0] = WEIR__OUTSIDE;
	weir__places_begin(&scan);
	return forms[plan->form].read(&scan);
}

/* What the scan before has filled stands in a list, which begins at slots[0]; new slots are 0. */
void weir__slots_empty(struct weir__slot *slots)
{
	uint16_t at = slots[0].next;

	while (at && at != WEIR__LAST_SLOT) {
		const uint16_t next = slots[at].next;

		slots[at] = (struct weir__slot){ .type = WEIR_FIELD_ABSENT };
		at = next;
	}
	slots[0] = (struct weir__slot){ .next = WEIR__LAST_SLOT };
}

bool weir__scan(const weir__plan *plan, const void *text, size_t len, struct weir__slot *slots,
		struct weir__scan_error *ret_error)
{
	const uint8_t *bytes = len ? text : (const uint8_t *)"";

	weir__slots_empty(slots);
	if (len > WEIR__SCAN_MAX_BYTES) {
		if (ret_error)
			*ret_error = (struct weir__scan_error){ 0, "longer than 4 GiB" };
		return false;
	}
	if (scan_text(plan, bytes, len, slots))
		return true;
	if (ret_error)
		weir__scan_careful(bytes, len, ret_error);
	return false;
}
