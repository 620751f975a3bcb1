/* SPDX-License-Identifier: MIT */
/*
 * The scan against jansson: recorded messages, all their beginnings, the texts that parsers
 * stumble over, and random changes. With WEIR_QUICK set there are fewer random ones.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/text.h"
#include "support/corpus.h"
#include "support/json_cases.h"
#include "support/mutate.h"
#include "support/run.h"
#include "support/scan_judge.h"

#define PREFIX_MESSAGES 50
#define PREFIX_BYTES 6144

static void agree(struct judge *judge, const char *what, size_t number, struct weir_slice text)
{
	char readable[4000];

	if (judge_text(judge, text.data, text.len))
		return;
	weir__text_escape(text, readable, sizeof readable);
	ck_abort_msg("%s %zu: %s\n%s", what, number, judge->wrong, readable);
}

START_TEST(on_recorded_messages)
{
	const char *name = corpus_files[_i];
	struct corpus corpus;
	struct judge judge;

	if (!corpus_read(name, &corpus))
		return;
	judge_init(&judge);
	for (size_t i = 0; i < corpus.line_count; i++)
		agree(&judge, name, i + 1, corpus.lines[i]);
	judge_report(&judge, name);
	ck_assert_uint_gt(judge.texts, 0);
	ck_assert(strcmp(name, "malformed-lines.txt") == 0 || judge.valid == judge.texts);
	judge_release(&judge);
	corpus_release(&corpus);
}
END_TEST

START_TEST(on_every_beginning_of_recorded_messages)
{
	const size_t step = getenv("WEIR_QUICK") ? 7 : 1;
	struct corpus corpus;
	struct judge judge;
	size_t taken = 0;

	if (!corpus_read("v11-messages.jsonl", &corpus))
		return;
	judge_init(&judge);
	for (size_t i = 0; i < corpus.line_count && taken < PREFIX_MESSAGES; i += 13) {
		const struct weir_slice line = corpus.lines[i];

		if (line.len > PREFIX_BYTES)
			continue;
		taken++;
		for (size_t len = 0; len <= line.len; len += step)
			agree(&judge, "line", i + 1, (struct weir_slice){ line.data, len });
	}
	judge_report(&judge, "beginnings");
	ck_assert_uint_eq(taken, PREFIX_MESSAGES);
	judge_release(&judge);
	corpus_release(&corpus);
}
END_TEST

START_TEST(on_texts_that_parsers_stumble_over)
{
	struct judge judge;

	judge_init(&judge);
	for (size_t i = 0; i < json_case_count; i++) {
		const struct json_case *row = &json_cases[i];
		const size_t valid = judge.valid;

		agree(&judge, row->name, i, (struct weir_slice){ row->text, row->len });
		ck_assert_msg((judge.valid > valid) == row->valid, "%s: not what is expected",
			      row->name);
		ck_assert_msg(strncmp(row->name, "y_", 2) != 0 || row->valid, "%s", row->name);
		ck_assert_msg(strncmp(row->name, "n_", 2) != 0 || !row->valid, "%s", row->name);
	}
	judge_report(&judge, "cases");
	ck_assert_uint_ge(json_case_count, 250);
	for (size_t i = 0; i < JUDGE_EXCEPTION_COUNT; i++)
		ck_assert_uint_gt(judge.exceptions[i], 0);
	judge_release(&judge);
}
END_TEST

START_TEST(on_every_beginning_of_texts_that_parsers_stumble_over)
{
	struct judge judge;

	judge_init(&judge);
	for (size_t i = 0; i < json_case_count; i++)
		for (size_t len = 0; len < json_cases[i].len; len++)
			agree(&judge, json_cases[i].name, len,
			      (struct weir_slice){ json_cases[i].text, len });
	judge_release(&judge);
}
END_TEST

START_TEST(on_random_changes)
{
	const size_t count = getenv("WEIR_QUICK") ? 100000 : 1000000;
	struct mutate mutate = { .state = 20180129 };
	struct judge judge;

	judge_init(&judge);
	for (size_t i = 0; i < count; i++) {
		mutate_next(&mutate);
		agree(&judge, "change", i, (struct weir_slice){ mutate.text, mutate.len });
	}
	judge_report(&judge, "random changes");
	ck_assert_msg(judge.valid > count / 5 && judge.valid < count * 4 / 5, "%zu valid",
		      judge.valid);
	for (size_t i = 0; i < JUDGE_EXCEPTION_COUNT; i++)
		ck_assert_uint_gt(judge.exceptions[i], 100);
	judge_release(&judge);
}
END_TEST

/* `[[[…` with `inside` in the middle. */
static void judge_nested(struct judge *judge, size_t arrays, const char *inside, bool valid)
{
	const size_t inside_len = strlen(inside);
	const size_t len = 2 * arrays + inside_len;
	char *text = malloc(len + 1);
	const size_t before = judge->valid;

	memset(text, '[', arrays);
	memcpy(text + arrays, inside, inside_len);
	memset(text + arrays + inside_len, ']', arrays);
	agree(judge, "arrays", arrays, (struct weir_slice){ text, len });
	ck_assert_msg((judge->valid > before) == valid, "%zu arrays around '%s'", arrays, inside);
	free(text);
}

START_TEST(on_deep_texts)
{
	struct judge judge;

	judge_init(&judge);
	judge_nested(&judge, 2047, "1", true);
	judge_nested(&judge, 2048, "", true);
	judge_nested(&judge, 2048, "1", false);
	judge_nested(&judge, 2049, "", false);
	judge_nested(&judge, 2047, "{}", true);
	judge_nested(&judge, 2046, "{\"a\":1}", true);
	judge_nested(&judge, 2047, "{\"a\":1}", false);
	judge_nested(&judge, 1000, "[],{\"a\":[{}]},[[]]", true);
	judge_nested(&judge, 500000, "", false);
	judge_release(&judge);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("scan and jansson agree");
	int files = 0;

	while (corpus_files[files])
		files++;
	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, on_recorded_messages, 0, files);
	tcase_add_test(tcase, on_every_beginning_of_recorded_messages);
	tcase_add_test(tcase, on_texts_that_parsers_stumble_over);
	tcase_add_test(tcase, on_every_beginning_of_texts_that_parsers_stumble_over);
	tcase_add_test(tcase, on_random_changes);
	tcase_add_test(tcase, on_deep_texts);
	return run_case("scan and jansson agree", tcase);
}
