/* SPDX-License-Identifier: MIT */
/* Kinds of recorded messages agree with the types that stand beside the recordings. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/kind.h"
#include "support/recorded.h"
#include "support/run.h"

#define STATUS (WEIR_KIND_TWEET | WEIR_KIND_RETWEET)

struct teller {
	struct weir_env env;
	weir__plan *plan;
	struct weir__kind_slots kind_slots;
	struct weir__slot *slots;
};

static void teller_init(struct teller *teller)
{
	struct weir_error err;

	teller->env = weir__env_complete(NULL);
	teller->plan = weir__plan_new(&teller->env);
	ck_assert_ptr_nonnull(teller->plan);
	ck_assert_int_eq(weir__kind_plan(&teller->kind_slots, teller->plan, &err), WEIR_OK);
	teller->slots = calloc(weir__plan_slot_count(teller->plan), sizeof *teller->slots);
	ck_assert_ptr_nonnull(teller->slots);
}

static void teller_release(struct teller *teller)
{
	free(teller->slots);
	weir__plan_free(teller->plan);
}

static struct weir__verdict tell(struct teller *teller, struct weir_slice line)
{
	const bool valid = weir__scan(teller->plan, line.data, line.len, teller->slots, NULL);

	return weir__kind_tell(&teller->kind_slots, line.data, line.len, valid, teller->slots);
}

/* Every recorded status has an id and, by one way or another, a time. */
static void check_status(const char *file, size_t number, struct weir__verdict got)
{
	if (!(got.kind & STATUS))
		return;
	ck_assert_msg(got.key.len >= 1 && got.key.len <= 19, "%s:%zu: key of %zu digits", file,
		      number, got.key.len);
	ck_assert_msg(got.time_ms == 0 || (got.time_ms > 1230768000000u &&
					   got.time_ms < 1893456000000u),
		      "%s:%zu: time %ju", file, number, (uintmax_t)got.time_ms);
	ck_assert_msg(got.time_ms || got.traits & WEIR_TRAIT_V2, "%s:%zu: no time", file, number);
}

START_TEST(recorded_messages_are_told_as_their_types_say)
{
	struct recorded recorded;
	struct teller teller;

	if (!recorded_read((size_t)_i, &recorded))
		return;
	teller_init(&teller);
	for (size_t i = 0; i < recorded.messages.line_count; i++) {
		const struct weir__verdict got = tell(&teller, recorded.messages.lines[i]);

		recorded_check(&recorded, i, got.kind, got.traits);
		check_status(recorded.file, i + 1, got);
	}
	teller_release(&teller);
	recorded_release(&recorded);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("corpus");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, recorded_messages_are_told_as_their_types_say, 0,
			    RECORDED_FILES);
	return run_case("kind_corpus", tcase);
}
