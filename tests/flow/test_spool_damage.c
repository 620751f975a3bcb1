/* SPDX-License-Identifier: MIT */
/*
 * Spool files after power cuts and damage: whatever the file holds, opening it never crashes, gives
 * every message that is still there, and says which are not; the spool then works on.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fake_env.h"
#include "support/mutate.h"
#include "support/run.h"
#include "support/spool_store.h"
#include "weir.h"

#define PAGE 4096
#define LIFE 500	/* commits */
#define RECORDS_A_PAGE 14	/* of 368 bytes and more, those on its edges too */

static void expect_all(struct spool_bench *bench, const struct spool_snapshot *snapshot,
		       const char *what)
{
	bool has_holes;
	size_t count;
	uint64_t *numbers = spool_bench_read(bench, &count, &has_holes);

	ck_assert_msg(!bench->store.was_salvaged && !has_holes, "%s: said to be damaged: %s", what,
		      bench->store.damage.text);
	ck_assert_msg(count == snapshot->next - snapshot->settled,
		      "%s: %zu messages, want %llu", what, count,
		      (unsigned long long)(snapshot->next - snapshot->settled));
	ck_assert_msg(count == 0 || (numbers[0] == snapshot->settled &&
				     numbers[count - 1] == snapshot->next - 1),
		      "%s: others than were stored", what);
	ck_assert_uint_eq(bench->store.state.next, snapshot->next);
	free(numbers);
}

START_TEST(after_every_commit_the_file_holds_all_that_was_committed)
{
	static const unsigned lives[] = { SPOOL_KEPT, LIFE };
	struct spool_snapshot snapshots[SPOOL_KEPT] = { { 0 } };
	struct spool_bench bench;
	struct weir_error err;

	spool_bench_live(snapshots, lives[_i]);
	for (unsigned i = 0; i < SPOOL_KEPT; i++) {
		ck_assert_msg(spool_bench_open_bytes(&bench, snapshots[i].bytes, snapshots[i].len,
						     &err) == WEIR_OK, "%s", err.text);
		expect_all(&bench, &snapshots[i], "a commit boundary");
		spool_bench_close(&bench);
		test_dir_remove(&bench.dir);
	}
	spool_snapshots_free(snapshots);
}
END_TEST

/*
 * The power goes while a commit is written: some of its pages are on the disk, in any order, or
 * parts of them; what says that they count is not.
 */
START_TEST(a_commit_that_a_power_cut_broke_leaves_the_one_before)
{
	struct spool_snapshot snapshots[SPOOL_KEPT] = { { 0 } };
	struct mutate chance = { .state = 77 };
	struct spool_bench bench;
	struct weir_error err;

	spool_bench_live(snapshots, LIFE);
	for (unsigned round = 0; round < 300; round++) {
		const size_t at = (LIFE + mutate_random(&chance, SPOOL_KEPT - 1)) % SPOOL_KEPT;
		const struct spool_snapshot *before = &snapshots[at];
		const struct spool_snapshot *after = &snapshots[(at + 1) % SPOOL_KEPT];
		size_t len = after->len > before->len ? after->len : before->len;
		char *bytes = calloc(1, len);

		memcpy(bytes, before->bytes, before->len);
		for (size_t page = 2 * PAGE; page + PAGE <= after->len; page += PAGE)
			if (mutate_random(&chance, 3) > 0)
				memcpy(bytes + page, after->bytes + page,
				       mutate_random(&chance, 2) ? PAGE : 512);
		if (mutate_random(&chance, 2))
			len = before->len;
		ck_assert_msg(spool_bench_open_bytes(&bench, bytes, len, &err) == WEIR_OK, "%s",
			      err.text);
		expect_all(&bench, before, "a broken commit");
		spool_bench_close(&bench);
		test_dir_remove(&bench.dir);
		free(bytes);
	}
	spool_snapshots_free(snapshots);
}
END_TEST

/* ---- damage ---- */

static void cut_off(struct mutate *chance, char *bytes, size_t *len)
{
	(void)bytes;
	*len = mutate_random(chance, *len);
	if (mutate_random(chance, 2))
		*len -= *len % PAGE;
}

/* Half of the time one of the first: the trees are there. */
static char *some_page(struct mutate *chance, char *bytes, size_t len)
{
	const size_t pages = len / PAGE;

	return bytes + PAGE * mutate_random(chance, mutate_random(chance, 2) ? pages : 12);
}

static void garble(struct mutate *chance, char *bytes, size_t *len)
{
	char *page = some_page(chance, bytes, *len);

	for (size_t i = 0; i < PAGE; i++)
		page[i] = (char)mutate_random(chance, 256);
}

static void blank(struct mutate *chance, char *bytes, size_t *len)
{
	memset(some_page(chance, bytes, *len), 0, PAGE);
}

static void flip(struct mutate *chance, char *bytes, size_t *len)
{
	char *page = some_page(chance, bytes, *len);
	const size_t heads = mutate_random(chance, 2) ? 200 : PAGE;

	page[mutate_random(chance, heads)] ^= (char)(1 << mutate_random(chance, 8));
}

/* A field's worth of something a field might be. */
static void change_word(struct mutate *chance, char *bytes, size_t *len)
{
	static const uint64_t words[] = { 0, 1, 2, 3, 255, 4096, 65535, 1u << 31, UINT64_MAX,
					  UINT64_MAX / 8, 17, 40 };
	const size_t sizes[] = { 1, 2, 4, 8 };
	char *page = some_page(chance, bytes, *len);

	memcpy(page + 2 * mutate_random(chance, mutate_random(chance, 2) ? 76 : PAGE / 2 - 4),
	       &words[mutate_random(chance, sizeof words / sizeof *words)],
	       sizes[mutate_random(chance, 4)]);
}

static void copy_page(struct mutate *chance, char *bytes, size_t *len)
{
	char *page = some_page(chance, bytes, *len);
	const char *other = some_page(chance, bytes, *len);

	if (page != other)
		memcpy(page, other, PAGE);
}

static const struct {
	const char *name;
	void (*harm)(struct mutate *chance, char *bytes, size_t *len);
	bool is_one_page;	/* no more is lost than lies on a page */
} harms[] = {
	{ "cut off", cut_off, false },
	{ "a page of garbage", garble, true },
	{ "a page of zeroes", blank, true },
	{ "a bit flipped", flip, true },
	{ "a word changed", change_word, true },
	{ "a page copied over another", copy_page, true },
};

/* Goes on with what was opened: more commits, another opening, all in place. */
static const char *works_on(struct spool_bench *bench)
{
	const uint64_t next = bench->store.state.next;
	uint64_t *numbers;
	bool has_holes;
	size_t count;
	struct weir_error err;

	for (unsigned i = 0; i < 30; i++)
		if (spool_bench_commit(bench, 1 + i, i == 10 ? next : 0) != WEIR_OK)
			return "a commit fails";
	spool_bench_close(bench);
	if (spool_bench_open(bench, &err) < 0)
		return "it does not open again";
	if (bench->store.was_salvaged)
		return "it is damaged again";
	numbers = spool_bench_read(bench, &count, &has_holes);
	if (has_holes || count != 30 * 31 / 2 || numbers[0] != next)
		return "it does not hold what was stored afterwards";
	free(numbers);
	return NULL;
}

/* What is wrong with how this file is taken; NULL: nothing. In a process of its own. */
static const char *judge(const char *bytes, size_t len, const struct spool_snapshot *snapshot,
			 bool is_one_page)
{
	struct weir_spool_report report = { .size = sizeof report };
	struct spool_bench bench;
	struct weir_error err;
	enum weir_status status;
	uint64_t *numbers, found = 0, wanted = snapshot->next - snapshot->settled;
	const char *wrong;
	bool has_holes;
	size_t count;

	spool_bench_begin(&bench);
	file_write(test_path(&bench.dir, WEIR__SPOOL_FILE), bytes, len);
	file_write(test_path(&bench.dir, "lock"), "", 0);
	status = weir_spool_inspect(bench.dir.path, NULL, NULL, &report, &err);
	if (status < 0 && (status != WEIR_ERR_CORRUPT || !*err.text))
		return "the inspection says something else";
	status = spool_bench_open(&bench, &err);
	if (status < 0) {	/* refused as a whole: then nothing of it can be read */
		wrong = status != WEIR_ERR_CORRUPT || !*err.text || report.messages || is_one_page
				? "refused with something in it" : NULL;
		test_dir_remove(&bench.dir);
		return wrong;
	}
	numbers = spool_bench_read(&bench, &count, &has_holes);
	for (size_t i = 0; i < count; i++)
		found += numbers[i] >= snapshot->settled && numbers[i] < snapshot->next;
	free(numbers);
	if (found < wanted && !has_holes && !bench.store.was_salvaged && len > 0)
		return "messages are missing, and nobody says so";
	if (found < wanted && report.messages > count)
		return "the inspection showed more";
	if (is_one_page && wanted - found > RECORDS_A_PAGE)
		return "more is lost than lies on a page";
	wrong = works_on(&bench);
	spool_bench_close(&bench);
	test_dir_remove(&bench.dir);
	return wrong;
}

#define ROUNDS 300

START_TEST(no_damage_crashes_or_hides_a_loss)
{
	const unsigned rounds = getenv("WEIR_QUICK") ? ROUNDS / 10 : ROUNDS;
	struct spool_snapshot snapshots[SPOOL_KEPT] = { { 0 } };
	struct mutate chance = { .state = 1000 + (uint64_t)_i };

	spool_bench_live(snapshots, LIFE);
	for (unsigned round = 0; round < rounds; round++) {
		const struct spool_snapshot *snapshot =
			&snapshots[mutate_random(&chance, SPOOL_KEPT)];
		size_t len = snapshot->len;
		char *bytes = malloc(len);
		int status;
		pid_t pid;

		memcpy(bytes, snapshot->bytes, len);
		harms[_i].harm(&chance, bytes, &len);
		pid = fork();
		if (pid == 0) {
			const char *wrong = judge(bytes, len, snapshot, harms[_i].is_one_page);

			if (wrong)
				fprintf(stderr, "%s, round %u: %s\n", harms[_i].name, round, wrong);
			free(bytes);
			spool_snapshots_free(snapshots);
			_exit(wrong != NULL);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (status != 0 && getenv("KEEP_DAMAGED"))
			file_write(getenv("KEEP_DAMAGED"), bytes, len);
		ck_assert_msg(status == 0, "%s, round %u: the child ended with %x", harms[_i].name,
			      round, (unsigned)status);
		free(bytes);
	}
	spool_snapshots_free(snapshots);
}
END_TEST

/* ---- what it says ---- */

START_TEST(a_damaged_file_is_kept_and_the_log_says_what_is_missing)
{
	struct spool_snapshot snapshots[SPOOL_KEPT] = { { 0 } };
	const struct spool_snapshot *last = &snapshots[SPOOL_KEPT - 1];
	struct weir_spool_report report = { .size = sizeof report };
	struct spool_bench bench;
	struct weir_error err;
	char *kept;
	size_t len;

	spool_bench_live(snapshots, SPOOL_KEPT);
	memset(last->bytes + PAGE, 7, PAGE);	/* the second meta page */
	ck_assert_int_eq(spool_bench_open_bytes(&bench, last->bytes, last->len, &err), WEIR_OK);
	ck_assert(bench.store.was_salvaged);
	ck_assert_uint_eq(bench.store.missing, 0);
	ck_assert_ptr_nonnull(strstr(bench.store.damage.text, "page 1:"));
	kept = file_read(test_path(&bench.dir, bench.store.aside), &len);
	ck_assert_uint_eq(len, last->len);
	ck_assert_int_eq(memcmp(kept, last->bytes, len), 0);
	free(kept);
	spool_bench_close(&bench);
	ck_assert_int_eq(weir_spool_inspect(bench.dir.path, NULL, NULL, &report, &err), WEIR_OK);
	ck_assert_uint_eq(report.messages, last->next - last->settled);
	test_dir_remove(&bench.dir);
	spool_snapshots_free(snapshots);
}
END_TEST

/* Of a file that cannot have two names, and that was damaged in this millisecond before. */
static bool has_no_links;

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	if (has_no_links) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

START_TEST(an_earlier_damaged_file_is_not_overwritten)
{
	struct spool_snapshot snapshots[SPOOL_KEPT] = { { 0 } };
	const struct spool_snapshot *last = &snapshots[SPOOL_KEPT - 1];
	struct fake_env *fake = malloc(sizeof *fake);
	struct spool_bench bench;
	struct weir_error err;
	char name[64], *kept;
	size_t len;

	ck_assert_ptr_nonnull(fake);
	spool_bench_live(snapshots, SPOOL_KEPT);
	memset(last->bytes + PAGE, 7, PAGE);	/* the second meta page */
	fake_env_init(fake);
	spool_bench_begin(&bench);
	bench.env = fake->env;
	has_no_links = _i;
	snprintf(name, sizeof name, "damaged-%llu.mdb", (unsigned long long)fake->wall_ms);
	file_write(test_path(&bench.dir, name), "earlier", 7);
	file_write(test_path(&bench.dir, WEIR__SPOOL_FILE), last->bytes, last->len);
	ck_assert_msg(spool_bench_open(&bench, &err) == WEIR_OK, "%s", err.text);
	ck_assert(bench.store.was_salvaged);
	kept = file_read(test_path(&bench.dir, name), NULL);
	ck_assert_str_eq(kept, "earlier");
	free(kept);
	kept = file_read(test_path(&bench.dir, bench.store.aside), &len);
	ck_assert_uint_eq(len, last->len);
	ck_assert_int_eq(memcmp(kept, last->bytes, len), 0);
	free(kept);
	spool_bench_close(&bench);
	fake_env_check_empty(fake);
	test_dir_remove(&bench.dir);
	spool_snapshots_free(snapshots);
	free(fake);
}
END_TEST

START_TEST(a_file_that_is_no_spools_is_refused_and_stays)
{
	char bytes[3 * PAGE];
	struct spool_bench bench;
	struct weir_error err;
	char *kept;
	size_t len;

	memset(bytes, 'x', sizeof bytes);
	ck_assert_int_eq(spool_bench_open_bytes(&bench, bytes, sizeof bytes, &err),
			 WEIR_ERR_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.text, "move it away"));
	kept = file_read(test_path(&bench.dir, WEIR__SPOOL_FILE), &len);
	ck_assert_uint_eq(len, sizeof bytes);
	ck_assert_int_eq(memcmp(kept, bytes, len), 0);
	free(kept);
	test_dir_remove(&bench.dir);
}
END_TEST

START_TEST(a_file_of_zeroes_is_a_new_spool)
{
	static const char bytes[5 * PAGE];
	struct spool_bench bench;
	struct weir_error err;

	ck_assert_int_eq(spool_bench_open_bytes(&bench, bytes, _i ? sizeof bytes : 0, &err),
			 WEIR_OK);
	ck_assert_uint_eq(bench.store.state.next, 1);
	ck_assert_int_eq(spool_bench_commit(&bench, 3, 0), WEIR_OK);
	spool_bench_close(&bench);
	test_dir_remove(&bench.dir);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("spool_damage");

	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, after_every_commit_the_file_holds_all_that_was_committed, 0, 2);
	tcase_add_test(tcase, a_commit_that_a_power_cut_broke_leaves_the_one_before);
	LOOP(tcase, no_damage_crashes_or_hides_a_loss, harms);
	tcase_add_test(tcase, a_damaged_file_is_kept_and_the_log_says_what_is_missing);
	tcase_add_loop_test(tcase, an_earlier_damaged_file_is_not_overwritten, 0, 2);
	tcase_add_test(tcase, a_file_that_is_no_spools_is_refused_and_stays);
	tcase_add_loop_test(tcase, a_file_of_zeroes_is_a_new_spool, 0, 2);
	return run_case("spool_damage", tcase);
}
