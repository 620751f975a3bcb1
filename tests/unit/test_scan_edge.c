/* SPDX-License-Identifier: MIT */
/*
 * No form of the scan reads a byte outside of the text: it begins right behind a page that nobody
 * may touch, or ends right before one, or up to 63 bytes away. And wherever it stands, and wherever
 * in it a block begins, the answer is the same.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/json_cases.h"
#include "support/mutate.h"
#include "support/run.h"
#include "support/scan_judge.h"

#define ROOM_PAGES 4

static const char message[] =
	" {\"id\":1307025659294674945,\"id_str\":\"1307025659294674945\",\"text\":\"\\ud55c\\uad6d "
	"\355\225\234\352\270\200 \360\237\230\216 http:\\/\\/weir.test\\/\\\\\",\"user\":{"
	"\"id\":-12,\"screen_name\":\"weir\",\"lang\":\"ko\"},"
	"\"coordinates\":{\"coordinates\":[-122.75,3.68e1]},"
	"\"entities\":{\"hashtags\":[],\"urls\":[{\"indices\":[7,30]}]},\"retweeted\":false,\n"
	"\"lang\" : null , \"truncated\":true } ";

static struct judge judge;
static char *room;	/* between two guards */
static size_t room_bytes;

static void setup(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages;

	room_bytes = ROOM_PAGES * page;
	pages = mmap(NULL, room_bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(pages, MAP_FAILED);
	room = pages + page;
	ck_assert_int_eq(mprotect(room, room_bytes, PROT_READ | PROT_WRITE), 0);
	judge_init(&judge);
}

static void teardown(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	munmap(room - page, room_bytes + 2 * page);
	judge_release(&judge);
}

static bool scan(enum weir__scan_form form, const char *text, size_t len)
{
	return weir__scan(judge.plans[form], text, len, judge.others, NULL);
}

/* What surrounds the text is not blank, so that whoever looks at it notices. */
static void place_everywhere(const char *name, const void *text, size_t len)
{
	const bool valid = scan(WEIR__SCAN_PORTABLE, text, len);

	for (unsigned form = 0; form < WEIR__SCAN_FORMS; form++) {
		if (!judge.plans[form])
			continue;
		for (size_t away = 0; away < 64; away++) {
			char *early = room + away, *late = room + room_bytes - len - away;

			memset(room, '"', room_bytes);
			memcpy(early, text, len);
			memcpy(late, text, len);
			ck_assert_msg(scan(form, early, len) == valid, "%s: %s, %zu from the begin",
				      name, weir__scan_form_name(form), away);
			ck_assert_msg(scan(form, late, len) == valid, "%s: %s, %zu from the end",
				      name, weir__scan_form_name(form), away);
		}
	}
}

START_TEST(beginnings_of_a_message_are_read_and_no_more)
{
	for (size_t len = 0; len < sizeof message; len++)
		place_everywhere("message", message, len);
}
END_TEST

START_TEST(ends_of_a_message_are_read_and_no_more)
{
	for (size_t from = 0; from < sizeof message; from++)
		place_everywhere("message", message + from, sizeof message - 1 - from);
}
END_TEST

START_TEST(cases_are_read_and_no_more)
{
	for (size_t i = 0; i < json_case_count; i++)
		if (json_cases[i].len < 1000)
			place_everywhere(json_cases[i].name, json_cases[i].text, json_cases[i].len);
}
END_TEST

/* White space in front moves where blocks begin in the text. */
START_TEST(cases_are_judged_alike_wherever_blocks_begin)
{
	static char text[10000];

	for (size_t i = 0; i < json_case_count; i++) {
		const struct json_case *row = &json_cases[i];

		if (row->len > sizeof text - 64)
			continue;
		for (size_t blanks = 1; blanks < 64; blanks++) {
			memset(text, ' ', blanks);
			memcpy(text + blanks, row->text, row->len);
			for (unsigned form = 0; form < WEIR__SCAN_FORMS; form++)
				ck_assert_msg(!judge.plans[form] ||
						      scan(form, text, blanks + row->len) ==
							      row->valid,
					      "%s: %s, %zu blanks", row->name,
					      weir__scan_form_name(form), blanks);
		}
	}
}
END_TEST

START_TEST(random_changes_are_judged_alike_wherever_blocks_begin)
{
	const size_t count = getenv("WEIR_QUICK") ? 20000 : 200000;
	struct mutate mutate = { .state = 64 };
	static char text[MUTATE_BYTES + 128];

	for (size_t i = 0; i < count; i++) {
		const size_t blanks = mutate_random(&mutate, 128);

		mutate_next(&mutate);
		memset(text, i % 2 ? ' ' : '[', blanks);
		memcpy(text + blanks, mutate.text, mutate.len);
		ck_assert_msg(judge_text(&judge, text, blanks + mutate.len), "%zu: %s", i,
			      judge.wrong);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("the scan's edges");

	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, beginnings_of_a_message_are_read_and_no_more);
	tcase_add_test(tcase, ends_of_a_message_are_read_and_no_more);
	tcase_add_test(tcase, cases_are_read_and_no_more);
	tcase_add_test(tcase, cases_are_judged_alike_wherever_blocks_begin);
	tcase_add_test(tcase, random_changes_are_judged_alike_wherever_blocks_begin);
	return run_case("the scan's edges", tcase);
}
