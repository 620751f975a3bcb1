/* SPDX-License-Identifier: MIT */
/*
 * Dates of the wire, by a small strptime of our own.
 *
 * Guarantees: the same answer under every locale and time zone; only days that the calendar has;
 * a leap second counts as the second behind it; fractions are cut to milliseconds; nothing before
 * 1970. A weekday must be a name of one, whether it fits the date is not looked at. Callers:
 * message times, the Date of an answer.
 */
#include <string.h>

#include "kit/text.h"

struct reader {
	const char *at;
	const char *end;
};

struct date {
	unsigned year, month, day, hour, minute, second, ms;
	int zone_minutes;	/* east of UTC */
};

static bool read_number(struct reader *in, unsigned digits, unsigned least, unsigned most,
			unsigned *ret)
{
	unsigned value = 0;

	if ((size_t)(in->end - in->at) < digits)
		return false;
	for (; digits; digits--, in->at++) {
		if (*in->at < '0' || *in->at > '9')
			return false;
		value = value * 10 + (unsigned)(*in->at - '0');
	}
	*ret = value;
	return value >= least && value <= most;
}

/* One of `count` names of three letters each; counts from 1. */
static bool read_name(struct reader *in, const char *names, unsigned count, unsigned *ret)
{
	if (in->end - in->at < 3)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (memcmp(in->at, names + (size_t)3 * i, 3) != 0)
			continue;
		in->at += 3;
		*ret = i + 1;
		return true;
	}
	return false;
}

static bool read_char(struct reader *in, const char *any_of)
{
	if (in->at == in->end || !*in->at || !strchr(any_of, *in->at))
		return false;
	in->at++;
	return true;
}

/* `+hhmm` or, with a colon, `+hh:mm`. */
static bool read_offset(struct reader *in, const char *colon, struct date *date)
{
	const bool west = in->at < in->end && *in->at == '-';
	unsigned hours, minutes;

	if (!read_char(in, "+-") || !read_number(in, 2, 0, 23, &hours) ||
	    (*colon && !read_char(in, colon)) || !read_number(in, 2, 0, 59, &minutes))
		return false;
	date->zone_minutes = (int)(hours * 60 + minutes) * (west ? -1 : 1);
	return true;
}

/* An optional `.` with digits, any number of them. */
static bool read_fraction(struct reader *in, struct date *date)
{
	unsigned weight = 100;
	unsigned digit;

	if (!read_char(in, "."))
		return true;
	if (!read_number(in, 1, 0, 9, &digit))
		return false;
	do {
		date->ms += digit * weight;
		weight /= 10;
	} while (read_number(in, 1, 0, 9, &digit));
	return true;
}

/* What a letter behind % reads; those of strptime where it has one. */
static bool read_part(struct reader *in, char part, struct date *date)
{
	unsigned ignored;

	switch (part) {
	case 'a': return read_name(in, "MonTueWedThuFriSatSun", 7, &ignored);
	case 'b': return read_name(in, "JanFebMarAprMayJunJulAugSepOctNovDec", 12, &date->month);
	case 'Y': return read_number(in, 4, 1970, 9999, &date->year);
	case 'm': return read_number(in, 2, 1, 12, &date->month);
	case 'd': return read_number(in, 2, 1, 31, &date->day);
	case 'H': return read_number(in, 2, 0, 23, &date->hour);
	case 'M': return read_number(in, 2, 0, 59, &date->minute);
	case 'S': return read_number(in, 2, 0, 60, &date->second);
	case 'T': return read_char(in, "Tt");
	case 'f': return read_fraction(in, date);
	case 'z': return read_offset(in, "", date);
	case 'Z': return read_char(in, "Zz") || read_offset(in, ":", date);
	default: return false;
	}
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Days from 1970-01-01 to the first day of a year. */
static uint64_t days_before_year(unsigned year)
{
	const uint64_t past = year - 1;

	return past * 365 + past / 4 - past / 100 + past / 400 - 719162;
}

static bool date_to_ms(const struct date *date, uint64_t *ret_ms)
{
	uint64_t days = days_before_year(date->year);
	int64_t minutes;

	if (date->day > days_in_month(date->year, date->month))
		return false;
	for (unsigned month = 1; month < date->month; month++)
		days += days_in_month(date->year, month);
	days += date->day - 1;
	minutes = (int64_t)(days * 1440 + date->hour * 60 + date->minute) - date->zone_minutes;
	if (minutes < 0)
		return false;
	*ret_ms = ((uint64_t)minutes * 60 + date->second) * 1000 + date->ms;
	return true;
}

static bool read_date(struct weir_slice text, const char *pattern, uint64_t *ret_ms)
{
	struct reader in = { .at = text.data };
	struct date date = { .year = 0 };

	in.end = text.len ? in.at + text.len : in.at;
	for (; *pattern; pattern++) {
		const char literal[2] = { *pattern };

		if (*pattern == '%' ? !read_part(&in, *++pattern, &date)
				    : !read_char(&in, literal))
			return false;
	}
	return in.at == in.end && date_to_ms(&date, ret_ms);
}

bool weir__text_to_created_at(struct weir_slice text, uint64_t *ret_ms)
{
	return read_date(text, "%a %b %d %H:%M:%S %z %Y", ret_ms);
}

bool weir__text_to_rfc3339(struct weir_slice text, uint64_t *ret_ms)
{
	return read_date(text, "%Y-%m-%d%T%H:%M:%S%f%Z", ret_ms);
}

bool weir__text_to_http_date(struct weir_slice text, uint64_t *ret_ms)
{
	return read_date(text, "%a, %d %b %Y %H:%M:%S GMT", ret_ms);
}
