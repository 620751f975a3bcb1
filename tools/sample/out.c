/* SPDX-License-Identifier: MIT */
/*
 * Writing JSON from templates that read like it.
 *
 * Guarantees: what a template and its arguments spell is appended, never more than SAMPLE_ROOM
 * bytes in one message (the shapes stay far below; asserted). Called by everything that writes.
 */
#include "internal.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

void sample__put_bytes(struct out *out, const char *bytes, size_t len)
{
	assert(len <= SAMPLE_ROOM - out->len);
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static void put_text(struct out *out, const char *text)
{
	sample__put_bytes(out, text, strlen(text));
}

static void put_number(struct out *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	sample__put_bytes(out, digits + at, sizeof digits - at);
}

static void put_two(struct out *out, uint64_t value)
{
	const char digits[2] = { (char)('0' + value / 10 % 10), (char)('0' + value % 10) };

	sample__put_bytes(out, digits, 2);
}

/* Days since 1970-01-01 to a date: years counted from March, so that the leap day comes last. */
static void put_time(struct out *out, uint64_t ms)
{
	static const char days_of_week[] = "Thu Fri Sat Sun Mon Tue Wed ";
	static const char months[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
	const uint64_t seconds = ms / 1000, day = seconds / 86400, time = seconds % 86400;
	const uint64_t since = day + 719468, era = since / 146097, of_era = since % 146097;
	const uint64_t year =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	const uint64_t shifted = (5 * of_year + 2) / 153;
	const uint64_t month = shifted < 10 ? shifted + 3 : shifted - 9;

	sample__put_bytes(out, days_of_week + day % 7 * 4, 4);
	sample__put_bytes(out, months + (month - 1) * 4, 4);
	put_two(out, of_year - (153 * shifted + 2) / 5 + 1);
	sample__put_bytes(out, " ", 1);
	put_two(out, time / 3600);
	sample__put_bytes(out, ":", 1);
	put_two(out, time / 60 % 60);
	sample__put_bytes(out, ":", 1);
	put_two(out, time % 60);
	sample__put_bytes(out, " +0000 ", 7);
	put_number(out, year + era * 400 + (month <= 2));
}

static void put_argument(struct out *out, char what, va_list *arguments)
{
	const struct phrase *phrase;

	switch (what) {
	case 'u':
		put_number(out, va_arg(*arguments, uint64_t));
		break;
	case 's':
		put_text(out, va_arg(*arguments, const char *));
		break;
	case 'p':
		phrase = va_arg(*arguments, const struct phrase *);
		sample__put_bytes(out, phrase->bytes, phrase->len);
		break;
	case 't':
		put_time(out, va_arg(*arguments, uint64_t));
		break;
	case 'b':
		put_text(out, va_arg(*arguments, int) ? "true" : "false");
		break;
	default:
		assert(false && "a format that put does not know");
	}
}

void sample__put(struct out *out, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	while (*format) {
		const size_t plain = strcspn(format, "'/%");

		sample__put_bytes(out, format, plain);
		format += plain;
		if (*format == '\'')
			sample__put_bytes(out, "\"", 1);
		else if (*format == '/')
			sample__put_bytes(out, "\\/", 2);
		else if (*format == '%')
			put_argument(out, *++format, &arguments);
		format += *format != 0;
	}
	va_end(arguments);
}
