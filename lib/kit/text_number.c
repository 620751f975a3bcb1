/* SPDX-License-Identifier: MIT */
/*
 * Numbers as text.
 *
 * Guarantees: no locale is asked. Decimal to double: exact (the nearest double) when the number
 * has at most 15 significant digits and its power of ten is within ±22, which covers what
 * messages hold; else by long double with at most 19 significant digits, within one unit in the
 * last place where long double has 64 bits or more of precision (x86, and aarch64 Linux), a few
 * units where it does not. Too large becomes infinity, too small becomes zero: comparisons stay
 * right. Callers: matchers, times, the file and Kafka sources' settings.
 */
#include <float.h>
#include <math.h>

#include "kit/text.h"

#define FITTING_DIGITS 19	/* so many fit into 64 bits whatever they are */
#define EXACT_MANTISSA (UINT64_C(1) << 53)
#define EXACT_POWER 22
#define MANTISSA_DIGITS 19
#define EXPONENT_MOST 100000	/* beyond any double; keeps sums from overflowing */

/* A number taken apart: mantissa × 10^exponent. */
struct decimal {
	uint64_t mantissa;
	int64_t exponent;
	unsigned digits;	/* significant ones in the mantissa */
	bool negative;
};

static bool is_digit(const char *at, const char *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

bool weir__text_to_u64(struct weir_slice digits, uint64_t *ret)
{
	const char *at = digits.data;
	uint64_t value = 0;
	size_t i = 0;

	if (!digits.len)
		return false;
	for (; i < digits.len && i < FITTING_DIGITS; i++) {
		const uint64_t digit = (uint64_t)(uint8_t)at[i] - '0';

		if (digit > 9)
			return false;
		value = value * 10 + digit;
	}
	for (; i < digits.len; i++) {
		const uint64_t digit = (uint64_t)(uint8_t)at[i] - '0';

		if (digit > 9 || value > UINT64_MAX / 10 || value * 10 > UINT64_MAX - digit)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

/* Digits before or behind the point; those that the mantissa has no room for only count. */
static const char *read_digits(const char *at, const char *end, int place, struct decimal *number)
{
	for (; is_digit(at, end); at++) {
		const bool room = number->digits < MANTISSA_DIGITS;

		if (room) {
			number->mantissa = number->mantissa * 10 + (uint64_t)(*at - '0');
			number->digits += number->mantissa != 0;
		}
		number->exponent += place - (room ? 1 : 0) + 1;
	}
	return at;
}

static const char *read_exponent(const char *at, const char *end, struct decimal *number)
{
	const bool negative = at < end && *at == '-';
	int64_t exponent = 0;

	if (at < end && (*at == '-' || *at == '+'))
		at++;
	if (!is_digit(at, end))
		return NULL;
	for (; is_digit(at, end); at++)
		if (exponent < EXPONENT_MOST)
			exponent = exponent * 10 + (*at - '0');
	number->exponent += negative ? -exponent : exponent;
	return at;
}

/* RFC 8259, section 6, and nothing behind it. */
static bool read_decimal(struct weir_slice text, struct decimal *number)
{
	const char *at = text.data;
	const char *end = text.len ? at + text.len : at;

	*number = (struct decimal){ .negative = at < end && *at == '-' };
	at += number->negative;
	if (!is_digit(at, end) || (*at == '0' && is_digit(at + 1, end)))
		return false;
	at = read_digits(at, end, 0, number);
	if (at < end && *at == '.') {
		if (!is_digit(++at, end))
			return false;
		at = read_digits(at, end, -1, number);
	}
	if (at < end && (*at == 'e' || *at == 'E'))
		at = read_exponent(at + 1, end, number);
	return at == end;
}

/* By squaring: few roundings, each of a long double. */
static long double power_of_ten(unsigned exponent)
{
	long double power = 1;

	for (long double square = 10; exponent; exponent >>= 1, square *= square)
		if (exponent & 1)
			power *= square;
	return power;
}

static double scale(const struct decimal *number)
{
	const unsigned size = (unsigned)(number->exponent < 0 ? -number->exponent
							      : number->exponent);
	const long double mantissa = (long double)number->mantissa;

	if (number->mantissa < EXACT_MANTISSA && size <= EXACT_POWER) {
		const double power = (double)power_of_ten(size);

		return number->exponent < 0 ? (double)number->mantissa / power
					    : (double)number->mantissa * power;
	}
	if (number->exponent >= 0)
		return (double)(mantissa * power_of_ten(size));
	if (size <= DBL_MAX_10_EXP)
		return (double)(mantissa / power_of_ten(size));
	return (double)(mantissa / power_of_ten(DBL_MAX_10_EXP) /
			power_of_ten(size - DBL_MAX_10_EXP));
}

bool weir__text_to_double(struct weir_slice number, double *ret)
{
	struct decimal decimal;
	double value;

	if (!read_decimal(number, &decimal))
		return false;
	if (!decimal.mantissa || decimal.exponent < -DBL_MAX_10_EXP - 60)
		value = 0;
	else if (decimal.exponent > DBL_MAX_10_EXP)
		value = (double)INFINITY;
	else
		value = scale(&decimal);
	*ret = decimal.negative ? -value : value;
	return true;
}
