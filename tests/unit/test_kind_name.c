/* SPDX-License-Identifier: MIT */
/* The names of kinds and traits, and lists of them. */
#include <check.h>
#include <string.h>

#include "model/kind.h"
#include "support/run.h"

START_TEST(every_kind_has_a_name_that_reads_back)
{
	for (unsigned i = 0; i < WEIR_KIND_COUNT; i++) {
		unsigned kinds = 0;

		ck_assert_ptr_nonnull(weir_kind_name(1u << i));
		ck_assert_int_eq(weir_kinds_parse(weir_kind_name(1u << i), &kinds, NULL), WEIR_OK);
		ck_assert_uint_eq(kinds, 1u << i);
		ck_assert_uint_eq(weir__kind_index(1u << i), i);
	}
	ck_assert_str_eq(weir_kind_name(WEIR_KIND_TWEET), "tweet");
	ck_assert_str_eq(weir_kind_name(WEIR_KIND_DIRECT_MESSAGE), "direct_message");
	ck_assert_str_eq(weir_kind_name(WEIR_KIND_MALFORMED), "malformed");
	ck_assert_ptr_null(weir_kind_name(0));
	ck_assert_ptr_null(weir_kind_name(WEIR_KIND_TWEET | WEIR_KIND_LIMIT));
	ck_assert_ptr_null(weir_kind_name(1u << WEIR_KIND_COUNT));
}
END_TEST

START_TEST(every_trait_has_a_name)
{
	ck_assert_str_eq(weir_trait_name(WEIR_TRAIT_QUOTE), "quote");
	ck_assert_str_eq(weir_trait_name(WEIR_TRAIT_REPLY), "reply");
	ck_assert_str_eq(weir_trait_name(WEIR_TRAIT_EXTENDED), "extended");
	ck_assert_str_eq(weir_trait_name(WEIR_TRAIT_V2), "v2");
	ck_assert_str_eq(weir_trait_name(WEIR_TRAIT_ENVELOPED), "enveloped");
	ck_assert_ptr_null(weir_trait_name(0));
	ck_assert_ptr_null(weir_trait_name(3));
	ck_assert_ptr_null(weir_trait_name(1u << WEIR_TRAIT_COUNT));
}
END_TEST

static const struct {
	const char *name, *names;
	unsigned kinds;		/* 0: refused */
	const char *says;	/* in the error */
} lists[] = {
	{ "one", "tweet", WEIR_KIND_TWEET, NULL },
	{ "some", "tweet,retweet,limit", WEIR_KIND_TWEET | WEIR_KIND_RETWEET | WEIR_KIND_LIMIT,
	  NULL },
	{ "blanks around names", "  tweet ,\tgap ", WEIR_KIND_TWEET | WEIR_KIND_GAP, NULL },
	{ "twice the same", "gap,gap", WEIR_KIND_GAP, NULL },
	{ "an unknown name", "tweet, tweets", 0, "'tweets'" },
	{ "part of a name", "twee", 0, "'twee'" },
	{ "another case", "Tweet", 0, "'Tweet'" },
	{ "an empty name", "tweet,,gap", 0, "''" },
	{ "a comma at the end", "tweet,", 0, "''" },
	{ "nothing", "", 0, "''" },
	{ "NULL", NULL, 0, "''" },
	{ "the error lists the names", "x", 0, "kinds: tweet retweet" },
	{ "all of them fit", "a name that is much too long", 0, "unknown malformed" },
};

START_TEST(kinds_are_read_from_a_list)
{
	unsigned kinds = 77;
	struct weir_error err = { .status = WEIR_OK };
	const enum weir_status status = weir_kinds_parse(lists[_i].names, &kinds, &err);

	if (lists[_i].kinds) {
		ck_assert_msg(status == WEIR_OK, "%s: %s", lists[_i].name, err.text);
		ck_assert_msg(kinds == lists[_i].kinds, "%s: got %x", lists[_i].name, kinds);
		return;
	}
	ck_assert_msg(status == WEIR_ERR_INVALID, "%s", lists[_i].name);
	ck_assert_msg(kinds == 77, "%s: was written", lists[_i].name);
	ck_assert_msg(strstr(err.text, lists[_i].says) != NULL, "%s: %s", lists[_i].name, err.text);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("names");

	tcase_add_test(tcase, every_kind_has_a_name_that_reads_back);
	tcase_add_test(tcase, every_trait_has_a_name);
	LOOP(tcase, kinds_are_read_from_a_list, lists);
	return run_case("kind_name", tcase);
}
