/* SPDX-License-Identifier: MIT */
/* Strings, numbers and dates of the wire. */
#include <check.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/text.h"
#include "kit/utf8.h"
#include "support/run.h"

#define FFFD "\357\277\275"

static struct weir_slice slice(const char *text)
{
	return (struct weir_slice){ text, strlen(text) };
}

static const struct {
	const char *name;
	const char *text;
	const char *want;
} escaped[] = {
	{ "nothing", "", "" },
	{ "no escape", "abc", "abc" },
	{ "short ones", "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
	{ "between text", "a\\nb\\tc", "a\nb\tc" },
	{ "one byte", "\\u0041\\u007f", "A\177" },
	{ "two bytes", "\\u00e9\\u0080\\u07FF", "\303\251\302\200\337\277" },
	{ "three bytes", "\\u0800\\uFFFF\\u20ac", "\340\240\200\357\277\277\342\202\254" },
	{ "Korean", "\\ud55c\\uad6d\\uc5b4", "\355\225\234\352\265\255\354\226\264" },
	{ "a pair", "\\ud83d\\ude0e", "\360\237\230\216" },
	{ "the first pair and the last", "\\ud800\\udc00\\uDBFF\\uDFFF",
	  "\360\220\200\200\364\217\277\277" },
	{ "raw UTF-8 between",
	  "\355\225\234\\n\360\237\230\216", "\355\225\234\n\360\237\230\216" },
	{ "a lone high", "\\ud83d", FFFD },
	{ "a lone low", "\\ude0e", FFFD },
	{ "a high before text", "\\ud83dabc", FFFD "abc" },
	{ "a high before an escape", "\\ud83d\\n", FFFD "\n" },
	{ "a high before another character", "\\ud83d\\u0041", FFFD "A" },
	{ "a high before the first behind them", "\\ud83d\\ue000", FFFD "\356\200\200" },
	{ "a high before the last before lows", "\\ud83d\\udbff", FFFD FFFD },
	{ "a high before a pair", "\\ud83d\\ud83d\\ude0e", FFFD "\360\237\230\216" },
	{ "a pair the wrong way round", "\\ude0e\\ud83d", FFFD FFFD },
	{ "around the surrogates", "\\ud7ff\\ue000", "\355\237\277\356\200\200" },
	{ "a backslash and a u", "\\\\u0041", "\\u0041" },
	{ "not valid: a backslash at the end", "a\\", "a\\" },
	{ "not valid: cut digits", "\\u00", "\\u00" },
	{ "not valid: no such escape", "\\x41", "\\x41" },
	{ "not valid: a pair cut", "\\ud83d\\ude0", FFFD "\\ude0" },
};

START_TEST(escapes_are_undone)
{
	const struct weir_slice text = slice(escaped[_i].text);
	const size_t len = strlen(escaped[_i].want);
	char out[64], place[64];

	for (size_t size = 0; size <= len + 1; size++) {
		const size_t written = size < len ? size : len;

		memset(out, '#', sizeof out);
		ck_assert_msg(weir__text_unescape(text, out, size) == len, "%s", escaped[_i].name);
		ck_assert_msg(memcmp(out, escaped[_i].want, written) == 0, "%s: cut to %zu",
			      escaped[_i].name, size);
		ck_assert_msg(out[written] == '#', "%s: wrote behind", escaped[_i].name);
	}
	ck_assert_uint_eq(weir__text_unescape(text, NULL, 0), len);
	memcpy(place, text.data, text.len);
	ck_assert_uint_eq(
		weir__text_unescape((struct weir_slice){ place, text.len }, place, text.len), len);
	ck_assert_msg(memcmp(place, escaped[_i].want, len) == 0, "%s: in place", escaped[_i].name);
}
END_TEST

START_TEST(escapes_are_compared_as_what_they_spell)
{
	const struct weir_slice text = slice(escaped[_i].text);
	const struct weir_slice want = slice(escaped[_i].want);
	char longer[64], other[64];

	snprintf(longer, sizeof longer, "%s!", escaped[_i].want);
	ck_assert_msg(weir__text_equals(text, true, want), "%s", escaped[_i].name);
	ck_assert_msg(!weir__text_equals(text, true, slice(longer)), "%s", escaped[_i].name);
	ck_assert_msg(!weir__text_starts(text, true, slice(longer)), "%s", escaped[_i].name);
	for (size_t len = 0; len <= want.len; len++) {
		const struct weir_slice prefix = { want.data, len };

		ck_assert_msg(weir__text_starts(text, true, prefix), "%s", escaped[_i].name);
		ck_assert_msg(weir__text_equals(text, true, prefix) == (len == want.len), "%s: %zu",
			      escaped[_i].name, len);
		if (!len)
			continue;
		memcpy(other, want.data, len);
		other[len - 1] ^= 1;
		ck_assert(!weir__text_starts(text, true, (struct weir_slice){ other, len }));
	}
}
END_TEST

START_TEST(without_escapes_bytes_are_compared)
{
	ck_assert(weir__text_equals(slice("abc"), false, slice("abc")));
	ck_assert(!weir__text_equals(slice("abc"), false, slice("abd")));
	ck_assert(!weir__text_equals(slice("abc"), false, slice("ab")));
	ck_assert(weir__text_equals((struct weir_slice){ NULL, 0 }, false, slice("")));
	ck_assert(weir__text_starts(slice("abc"), false, slice("ab")));
	ck_assert(weir__text_starts(slice("abc"), false, (struct weir_slice){ NULL, 0 }));
	ck_assert(!weir__text_starts(slice("ab"), false, slice("abc")));
	ck_assert(!weir__text_starts(slice("abc"), false, slice("b")));
}
END_TEST

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	const char *want;
} plain[] = {
	{ "nothing", "", 0, "" },
	{ "plain", "abc /", 5, "abc /" },
	{ "quote and backslash", "\"\\", 2, "\\\"\\\\" },
	{ "controls", "\000\n\037\177", 4, "\\u0000\\u000a\\u001f\177" },
	{ "UTF-8 as it is", "\355\225\234\360\237\230\216", 7, "\355\225\234\360\237\230\216" },
	{ "a lone byte", "a\377b", 3, "a" FFFD "b" },
	{ "a cut character", "\342\202", 2, FFFD FFFD },
	{ "a surrogate", "\355\240\200", 3, FFFD FFFD FFFD },
};

START_TEST(any_bytes_become_the_inside_of_a_string)
{
	const struct weir_slice bytes = { plain[_i].bytes, plain[_i].len };
	const size_t len = strlen(plain[_i].want);
	char out[64];

	for (size_t size = 1; size <= len + 2; size++) {
		const size_t written = size - 1 < len ? size - 1 : len;

		memset(out, '#', sizeof out);
		ck_assert_msg(weir__text_escape(bytes, out, size) == len, "%s", plain[_i].name);
		ck_assert_msg(memcmp(out, plain[_i].want, written) == 0 && out[written] == '\0' &&
			      out[size] == '#', "%s: cut to %zu", plain[_i].name, size);
	}
	ck_assert_uint_eq(weir__text_escape(bytes, NULL, 0), len);
	ck_assert(weir__text_is_utf8(slice(out)));
}
END_TEST

START_TEST(utf8_is_what_rfc_3629_says)
{
	size_t valid = 0;
	size_t wrong = 0;

	for (uint32_t code = 0; code < 0x110000; code++) {
		uint8_t bytes[8] = { 0 };
		const size_t len = weir__utf8_write(code, bytes);
		const bool surrogate = code >= 0xd800 && code < 0xe000;

		wrong += weir__utf8_read(bytes, sizeof bytes) != (surrogate ? 0 : len);
		wrong += weir__utf8_read(bytes, len - 1) != 0;
	}
	ck_assert_uint_eq(wrong, 0);
	for (uint32_t word = 0; word < 0x1000000; word++) {
		const uint8_t bytes[] = { (uint8_t)(word >> 16), (uint8_t)(word >> 8),
					  (uint8_t)word };

		valid += weir__utf8_read(bytes, 3) == 3;
	}
	ck_assert_uint_eq(valid, 0x10000 - 0x800 - 0x800);
	valid = 0;
	for (uint32_t word = 0; word < 0x1000000; word++) {	/* 16 of the 64 last bytes */
		const uint8_t bytes[] = { (uint8_t)(0xf0 | word >> 20), (uint8_t)(word >> 12),
					  (uint8_t)(word >> 4), (uint8_t)(0x80 | (word & 15)) };

		valid += weir__utf8_read(bytes, 4) == 4;
	}
	ck_assert_uint_eq(valid, 0x100000 / 4);
}
END_TEST

START_TEST(utf8_is_found_wrong_at_every_place)
{
	char text[40];

	for (size_t at = 0; at < sizeof text; at++) {
		memset(text, 'x', sizeof text);
		ck_assert(weir__text_is_utf8((struct weir_slice){ text, sizeof text }));
		text[at] = '\200';
		ck_assert(!weir__text_is_utf8((struct weir_slice){ text, sizeof text }));
		if (at + 2 >= sizeof text)
			continue;
		memcpy(text + at, "\355\225\234", 3);
		ck_assert(weir__text_is_utf8((struct weir_slice){ text, sizeof text }));
		ck_assert(!weir__text_is_utf8((struct weir_slice){ text, at + 2 }));
	}
	ck_assert(weir__text_is_utf8((struct weir_slice){ NULL, 0 }));
}
END_TEST

static const struct {
	const char *text;
	bool good;
	uint64_t want;
} wholes[] = {
	{ "0", true, 0 },
	{ "007", true, 7 },
	{ "1307025659294674945", true, UINT64_C(1307025659294674945) },
	{ "18446744073709551615", true, UINT64_MAX },
	{ "18446744073709551616", false, 0 },
	{ "18446744073709551620", false, 0 },
	{ "99999999999999999999", false, 0 },
	{ "", false, 0 },
	{ "-1", false, 0 },
	{ "+1", false, 0 },
	{ " 1", false, 0 },
	{ "1 ", false, 0 },
	{ "1.0", false, 0 },
	{ "1e3", false, 0 },
	{ "a", false, 0 },
	{ "1:", false, 0 },
	{ "1/", false, 0 },
};

START_TEST(whole_numbers_are_digits_and_fit)
{
	uint64_t got = 77;

	ck_assert_msg(weir__text_to_u64(slice(wholes[_i].text), &got) == wholes[_i].good, "%s",
		      wholes[_i].text);
	ck_assert_uint_eq(got, wholes[_i].good ? wholes[_i].want : 77);
}
END_TEST

static const struct {
	const char *text;
	double want;
} numbers[] = {
	{ "0", 0.0 }, { "-0", -0.0 }, { "1", 1.0 }, { "-1.5", -1.5 }, { "0.1", 0.1 },
	{ "3.14159", 3.14159 }, { "1e22", 1e22 }, { "1E-22", 1e-22 },
	{ "123456789012345", 123456789012345.0 },
	{ "-122.75", -122.75 }, { "37.8", 37.8 }, { "1e+2", 100.0 }, { "0e999999999999", 0.0 },
	{ "0.000000000000000000000000000000000000001e39", 1.0 },
	{ "1000000000000000000000000000000000000000e-39", 1.0 },
	{ "9007199254740991", 9007199254740991.0 }, { "1e400", (double)INFINITY },
	{ "-1e400", -(double)INFINITY }, { "1e99999999999999999999", (double)INFINITY },
	{ "1e-400", 0.0 }, { "1e-99999999999999999999", 0.0 }, { "0.10000000000000000000000", 0.1 },
};

START_TEST(short_numbers_are_exact)
{
	double got = 77;

	ck_assert_msg(weir__text_to_double(slice(numbers[_i].text), &got), "%s", numbers[_i].text);
	ck_assert_msg(memcmp(&got, &numbers[_i].want, sizeof got) == 0, "%s: got %.17g",
		      numbers[_i].text, got);
}
END_TEST

static const char *const no_numbers[] = {
	"", "-", "+1", ".5", "5.", "1e", "1e+", "01", "00", "-01", "1 ", " 1", "1,5", "0x10", "NaN",
	"inf", "Infinity", "1.2.3", "1e5.5", "--1", "1a", "1e5a", "1_0",
};

START_TEST(what_json_calls_no_number_is_none)
{
	double got = 77;

	ck_assert_msg(!weir__text_to_double(slice(no_numbers[_i]), &got), "%s", no_numbers[_i]);
	ck_assert(got == 77.0);
}
END_TEST

START_TEST(long_numbers_are_within_one_unit_in_the_last_place)
{
	uint64_t state = 20181010;

	for (int i = 0; i < 200000; i++) {
		char text[64];
		double got = 77, want;

		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		snprintf(text, sizeof text, "%s%ju.%ju%se%d", i % 2 ? "-" : "",
			 (uintmax_t)(state >> (i % 60)), (uintmax_t)(state >> 20), i % 3 ? "" : "7",
			 (int)(state >> 33) % 345);
		if (i % 5 == 0)
			snprintf(text, sizeof text, "%.17g",
				 ldexp((double)(state >> 11), -i % 1100));
		want = strtod(text, NULL);
		if (!weir__text_to_double(slice(text), &got) ||
		    got < nextafter(want, -INFINITY) || got > nextafter(want, INFINITY))
			ck_abort_msg("%s: got %.17g, not %.17g", text, got, want);
	}
}
END_TEST

typedef bool read_date(struct weir_slice text, uint64_t *ret_ms);

static const struct {
	const char *text;
	read_date *read;
	bool good;
	uint64_t want;
} dates[] = {
	{ "Wed Oct 10 20:19:24 +0000 2018", weir__text_to_created_at, true, 1539202764000 },
	{ "Mon Jan 29 21:18:31 +0000 2018", weir__text_to_created_at, true, 1517260711000 },
	{ "Thu Jan 01 00:00:00 +0000 1970", weir__text_to_created_at, true, 0 },
	{ "Mon Feb 29 12:00:00 +0000 2016", weir__text_to_created_at, true, 1456747200000 },
	{ "Tue Feb 29 12:00:00 +0000 2000", weir__text_to_created_at, true, 951825600000 },
	{ "Fri Dec 31 23:59:60 +0000 2016", weir__text_to_created_at, true, 1483228800000 },
	{ "Wed Oct 10 20:19:24 +0930 2018", weir__text_to_created_at, true, 1539168564000 },
	{ "Wed Oct 10 20:19:24 -0100 2018", weir__text_to_created_at, true, 1539206364000 },
	{ "Fri Dec 31 23:59:59 +0000 9999", weir__text_to_created_at, true, 253402300799000 },
	{ "Thu Jan 01 00:00:00 +0001 1970", weir__text_to_created_at, false, 0 },
	{ "Wed Dec 31 23:59:59 +0000 1969", weir__text_to_created_at, false, 0 },
	{ "Wed Feb 29 12:00:00 +0000 2018", weir__text_to_created_at, false, 0 },
	{ "Sun Feb 29 12:00:00 +0000 2100", weir__text_to_created_at, false, 0 },
	{ "Wed Apr 31 12:00:00 +0000 2018", weir__text_to_created_at, false, 0 },
	{ "Wed Oct 00 20:19:24 +0000 2018", weir__text_to_created_at, false, 0 },
	{ "Wed Oct 10 24:19:24 +0000 2018", weir__text_to_created_at, false, 0 },
	{ "Wed Oct 10 20:60:24 +0000 2018", weir__text_to_created_at, false, 0 },
	{ "Wed Oct 10 20:19:61 +0000 2018", weir__text_to_created_at, false, 0 },
	{ "Mit Okt 10 20:19:24 +0000 2018", weir__text_to_created_at, false, 0 },
	{ "wed oct 10 20:19:24 +0000 2018", weir__text_to_created_at, false, 0 },
	{ "Wed Oct 10 20:19:24 2018", weir__text_to_created_at, false, 0 },
	{ "Wed Oct 10 20:19:24 +0000 2018 ", weir__text_to_created_at, false, 0 },
	{ "Wed Oct 10 20:19:24 +0000 201", weir__text_to_created_at, false, 0 },
	{ "Wed Oct  1 20:19:24 +0000 2018", weir__text_to_created_at, false, 0 },
	{ "", weir__text_to_created_at, false, 0 },
	{ "2018-10-10T20:19:24.000Z", weir__text_to_rfc3339, true, 1539202764000 },
	{ "2018-10-10T20:19:24Z", weir__text_to_rfc3339, true, 1539202764000 },
	{ "2018-10-10t20:19:24z", weir__text_to_rfc3339, true, 1539202764000 },
	{ "2018-10-10T20:19:24.211Z", weir__text_to_rfc3339, true, 1539202764211 },
	{ "2018-10-10T20:19:24.2Z", weir__text_to_rfc3339, true, 1539202764200 },
	{ "2018-10-10T20:19:24.2119999999999Z", weir__text_to_rfc3339, true, 1539202764211 },
	{ "2018-10-10T20:19:24+09:00", weir__text_to_rfc3339, true, 1539170364000 },
	{ "2018-10-10T20:19:24.5-03:30", weir__text_to_rfc3339, true, 1539215364500 },
	{ "2018-10-10T20:19:24", weir__text_to_rfc3339, false, 0 },
	{ "2018-10-10T20:19:24.Z", weir__text_to_rfc3339, false, 0 },
	{ "2018-10-10T20:19:24+0900", weir__text_to_rfc3339, false, 0 },
	{ "2018-10-10T20:19:24+24:00", weir__text_to_rfc3339, false, 0 },
	{ "2018-13-10T20:19:24Z", weir__text_to_rfc3339, false, 0 },
	{ "2018-10-10", weir__text_to_rfc3339, false, 0 },
	{ "2018-10-10T20:19:24Zx", weir__text_to_rfc3339, false, 0 },
	{ "Wed, 10 Oct 2018 20:19:24 GMT", weir__text_to_http_date, true, 1539202764000 },
	{ "Sun, 06 Nov 1994 08:49:37 GMT", weir__text_to_http_date, true, 784111777000 },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", weir__text_to_http_date, false, 0 },
	{ "Wed, 10 Oct 2018 20:19:24 UTC", weir__text_to_http_date, false, 0 },
	{ "Wed, 10 Oct 2018 20:19:24", weir__text_to_http_date, false, 0 },
	{ "Wed Oct 10 20:19:24 +0000 2018", weir__text_to_http_date, false, 0 },
};

static void check_date(int row)
{
	uint64_t got = 77;

	ck_assert_msg(dates[row].read(slice(dates[row].text), &got) == dates[row].good, "%s",
		      dates[row].text);
	ck_assert_msg(got == (dates[row].good ? dates[row].want : 77), "%s: got %ju",
		      dates[row].text, (uintmax_t)got);
}

START_TEST(dates_are_read)
{
	check_date(_i);
}
END_TEST

START_TEST(t5_no_locale_and_no_time_zone_changes_an_answer)
{
	static const char *const locales[] = { "ko_KR.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8" };
	double got;

	setenv("TZ", "Asia/Seoul", 1);
	tzset();
	for (int i = 0; i < ROWS(locales); i++) {
		if (!setlocale(LC_ALL, locales[i]))
			printf("no locale %s here: only the time zone is tested\n", locales[i]);
		for (int row = 0; row < ROWS(dates); row++)
			check_date(row);
		ck_assert(weir__text_to_double(slice("1.5"), &got) && got == 1.5);
		ck_assert(!weir__text_to_double(slice("1,5"), &got));
	}
}
END_TEST

START_TEST(every_day_of_four_centuries_is_the_c_librarys)
{
	for (int64_t day = 0; day < 146097; day++) {
		const time_t at = (time_t)(day * 86400 + day % 86400);
		char text[40];
		struct tm parts;
		uint64_t got = 77;

		gmtime_r(&at, &parts);
		strftime(text, sizeof text, "%a %b %d %H:%M:%S +0000 %Y", &parts);
		if (!weir__text_to_created_at(slice(text), &got) || got != (uint64_t)at * 1000)
			ck_abort_msg("%s: got %ju", text, (uintmax_t)got);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("text");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, escapes_are_undone, escaped);
	LOOP(tcase, escapes_are_compared_as_what_they_spell, escaped);
	tcase_add_test(tcase, without_escapes_bytes_are_compared);
	LOOP(tcase, any_bytes_become_the_inside_of_a_string, plain);
	tcase_add_test(tcase, utf8_is_what_rfc_3629_says);
	tcase_add_test(tcase, utf8_is_found_wrong_at_every_place);
	LOOP(tcase, whole_numbers_are_digits_and_fit, wholes);
	LOOP(tcase, short_numbers_are_exact, numbers);
	LOOP(tcase, what_json_calls_no_number_is_none, no_numbers);
	tcase_add_test(tcase, long_numbers_are_within_one_unit_in_the_last_place);
	LOOP(tcase, dates_are_read, dates);
	tcase_add_test(tcase, t5_no_locale_and_no_time_zone_changes_an_answer);
	tcase_add_test(tcase, every_day_of_four_centuries_is_the_c_librarys);
	return run_case("text", tcase);
}
