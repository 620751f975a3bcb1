/* SPDX-License-Identifier: MIT */
/*
 * Every fault of v1.1 that the stream server has, and what else the scripted transport can do, 39
 * and a good connection: each alone, and in sequences of a thousand by chance. After every step the
 * accounts are even; every attempt comes when it is due and never two at once; what a good
 * connection sent arrives, once and in order, with a gap for each hole; memory is after a thousand
 * what it was after a hundred. The seeds are fixed and printed; with WEIR_QUICK set there are fewer
 * of them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/accounts.h"
#include "support/run.h"
#include "support/twitter_oracle.h"

#define LONG 1000
#define SHORT 20
#define MODES 4
#define EARLY 100		/* attempts after which memory has found its level */
#define STRETCH 50		/* attempts over which its highest is taken */
#define SLACK_BYTES 4096
#define MOST_SPINS 10000
#define JITTER_PERCENT 5

struct sequence {
	uint64_t seed;
	size_t count;
	size_t only;		/* this fault and good connections; SIZE_MAX: all */
	bool delimited;
	bool jitters;
	bool holds;		/* a small window, and a sink that settles late */
	bool changes;		/* other predicates are declared within each attempt */
	size_t piece;
};

struct run {
	const struct sequence *sequence;
	struct twitter_rig *rig;
	struct oracle oracle;
	struct trial_maker maker;
	struct trial trials[2];
	struct script_answer *answers;
	size_t begun;			/* attempts */
	size_t early_bytes, late_bytes;	/* the most that was in use, over a stretch */
	char where[160];
};

/* ---- attempts ---- */

static struct trial *trial_of(struct run *run, size_t attempt)
{
	return &run->trials[attempt % 2];
}

static void make_next(struct run *run, size_t attempt)
{
	const struct sequence *sequence = run->sequence;
	struct trial *trial = trial_of(run, attempt);
	size_t which = (size_t)trial_random(&run->maker, 0, trial_fault_count() - 1);

	if (sequence->only != SIZE_MAX)
		which = attempt % 3 ? sequence->only : 0;
	run->maker.wall_ms = run->rig->fake.wall_ms;
	trial_clear(trial);
	if (attempt + 1 < sequence->count)
		trial_make(&run->maker, trial, which);
	else
		trial_make_end(&run->maker, trial, sequence->seed % trial_end_count());
	run->answers[attempt] = trial->answer;
}

/* Never before it is due, and at most 5 % of the delay after. */
static void check_start(const struct run *run, uint64_t at_ms)
{
	const struct oracle *oracle = &run->oracle;
	const uint64_t late_ms = run->sequence->jitters ? oracle->delay_ms / 20 : 0;

	ck_assert_msg(at_ms >= oracle->due_ms && at_ms <= oracle->due_ms + late_ms,
		      "%s: begins %jd ms after it is due; the delay is %ju ms", run->where,
		      (intmax_t)(at_ms - oracle->due_ms), (uintmax_t)oracle->delay_ms);
}

static void note_memory(struct run *run)
{
	const size_t bytes = run->rig->fake.live_bytes;

	if (run->begun > EARLY - STRETCH && run->begun <= EARLY && bytes > run->early_bytes)
		run->early_bytes = bytes;
	if (run->begun > run->sequence->count - STRETCH && bytes > run->late_bytes)
		run->late_bytes = bytes;
}

/* The attempt asks for what was declared within the one before. */
static void change_predicates(const struct run *run)
{
	const struct script_http *script = &run->rig->script;
	char want[32], next[32];

	snprintf(want, sizeof want, "track=n%zu", run->begun - 1);
	if (run->begun > 1 && run->begun <= SCRIPT_REQUESTS)
		ck_assert_msg(strcmp(script->requests[run->begun - 1].body, want) == 0,
			      "%s: asks for %s", run->where,
			      script->requests[run->begun - 1].body);
	snprintf(next, sizeof next, "n%zu", run->begun);
	ck_assert_int_eq(weir_twitter_source_set_predicates(
		run->rig->source, WEIR_WITH(weir_twitter_predicates, .track = next), NULL),
			 WEIR_OK);
}

static void on_attempt(struct run *run)
{
	const struct trial *trial = trial_of(run, run->begun);
	const struct trial *before = run->begun ? trial_of(run, run->begun - 1) : NULL;

	run->begun++;
	snprintf(run->where, sizeof run->where, "seed %ju, attempt %zu (%s, after %s)",
		 (uintmax_t)run->sequence->seed, run->begun, trial->name,
		 before ? before->name : "nothing");
	check_start(run, run->rig->script.begun_ms);
	if (run->sequence->changes)
		change_predicates(run);
	ck_assert_msg(run->rig->recorder.count >= run->oracle.wanted_count, "%s: lost: %s",
		      run->where, run->oracle.wanted[run->rig->recorder.count]);
	oracle_play(&run->oracle, trial, run->rig->script.begun_ms);
	if (run->begun < run->sequence->count)
		make_next(run, run->begun);
}

/* ---- steps ---- */

static enum weir_status step(struct run *run)
{
	struct twitter_rig *rig = run->rig;
	const enum weir_status status = weir_pipeline_step(rig->pipeline);

	check_accounts(rig->pipeline, rig->source);
	ck_assert_uint_le(rig->script.opens, run->begun + 1);
	if (rig->script.opens > run->begun)
		on_attempt(run);
	oracle_check_messages(&run->oracle, &rig->recorder, run->where);
	note_memory(run);
	return status;
}

/* What the sink holds is settled before time goes on, so that no delay is of its making. */
static enum weir_status settle(struct run *run)
{
	struct recorder *recorder = &run->rig->recorder;
	enum weir_status status;

	recorder_let_go(recorder);
	status = step(run);
	recorder->holds = run->sequence->holds;
	return status;
}

static enum weir_status run_on(struct run *run)
{
	struct twitter_rig *rig = run->rig;
	enum weir_status status = WEIR_OK;
	unsigned spins = 0;

	while (status == WEIR_OK) {
		const int wait_ms = run->begun ? weir_pipeline_timeout_ms(rig->pipeline) : 0;

		ck_assert_msg(++spins < MOST_SPINS, "%s: it spins", run->where);
		if (wait_ms != 0 && rig->recorder.held_count) {
			status = settle(run);
			continue;
		}
		ck_assert_msg(wait_ms >= 0, "%s: it waits for ever", run->where);
		if (wait_ms > 0) {
			fake_env_advance(&rig->fake, (uint64_t)wait_ms);
			spins = 0;
		}
		status = step(run);
	}
	return status;
}

/* ---- sequences ---- */

static void run_init(struct run *run, const struct sequence *sequence)
{
	struct twitter_rig *rig;

	*run = (struct run){
		.sequence = sequence,
		.answers = calloc(sequence->count, sizeof *run->answers),
		.maker = {
			.chance = { .state = sequence->seed },
			.delimited = sequence->delimited,
			.next_id = 1000000,
		},
	};
	ck_assert_ptr_nonnull(run->answers);
	run->rig = rig = rig_new(run->answers, sequence->count);
	rig->script.piece = sequence->piece;
	rig->fake.seed = sequence->seed;
	rig->fake.env.logger.threshold = WEIR_LOG_ERROR;
	rig->options.delimited = sequence->delimited;
	rig->options.count = 100;
	rig->options.max_message_bytes = TRIAL_LARGEST;
	rig->options.jitter_percent = sequence->jitters ? JITTER_PERCENT : 0;
	rig->options.on_alert = NULL;
	if (sequence->holds)
		rig->pipeline_options.window_messages = 3;
	if (sequence->changes)
		rig->options.min_reconfigure_ms = 86400000;
	rig_start(rig);
	rig->recorder.holds = sequence->holds;
	oracle_init(&run->oracle, rig);
	make_next(run, 0);
}

static void run_release(struct run *run)
{
	trial_clear(&run->trials[0]);
	trial_clear(&run->trials[1]);
	oracle_release(&run->oracle);
	rig_end(run->rig);
	free(run->answers);
}

static void run_sequence(const struct sequence *sequence)
{
	enum weir_status status, want;
	struct run run;

	run_init(&run, sequence);
	status = run_on(&run);
	want = trial_of(&run, sequence->count - 1)->ends;
	ck_assert_msg(status == want, "%s: %s, not %s", run.where, weir_status_name(status),
		      weir_status_name(want));
	ck_assert_uint_eq(run.begun, sequence->count);
	oracle_check_end(&run.oracle, run.rig, run.where);
	if (sequence->count >= 10 * EARLY)
		ck_assert_msg(run.late_bytes <= run.early_bytes + SLACK_BYTES,
			      "seed %ju: %zu bytes, and %zu early", (uintmax_t)sequence->seed,
			      run.late_bytes, run.early_bytes);
	run_release(&run);
}

static const size_t pieces[] = { 0, 1, 5, 100 };

/* The seed decides how the messages are framed and cut, and what the sink is like. */
static struct sequence sequence_of(uint64_t seed, size_t count, size_t only)
{
	return (struct sequence){
		.seed = seed,
		.count = count,
		.only = only,
		.delimited = seed & 1,
		.jitters = seed & 2,
		.holds = seed & 4,
		.piece = pieces[seed / 8 % 4],
	};
}

START_TEST(each_fault_alone)
{
	const uint64_t modes = getenv("WEIR_QUICK") ? 2 : MODES;

	for (uint64_t mode = 0; mode < modes; mode++) {
		const uint64_t seed = (uint64_t)(_i + 1) * 1000003 + mode * 11;
		const struct sequence sequence = sequence_of(seed, SHORT, (size_t)_i);

		run_sequence(&sequence);
	}
}
END_TEST

/* Their last bits are of every kind. */
static const uint64_t seeds[] = {
	20120816, 86028121, 424242, 618033988, 1597334677, 31343,
};
#define QUICK_SEEDS 2

START_TEST(a_thousand_faults_by_chance)
{
	const struct sequence sequence = sequence_of(seeds[_i], LONG, SIZE_MAX);

	printf("seed %ju%s%s%s, pieces of %zu\n", (uintmax_t)sequence.seed,
	       sequence.delimited ? ", delimited" : "", sequence.jitters ? ", jitter" : "",
	       sequence.holds ? ", a slow sink" : "", sequence.piece);
	fflush(stdout);
	run_sequence(&sequence);
}
END_TEST

/* They hasten no attempt and delay none. */
START_TEST(predicates_that_change_come_with_the_next_attempt_whatever_it_is_for)
{
	const bool is_long = _i == (int)trial_fault_count();
	struct sequence sequence = sequence_of(seeds[0] + (uint64_t)_i, is_long ? LONG : SHORT,
					       is_long ? SIZE_MAX : (size_t)_i);

	sequence.changes = true;
	run_sequence(&sequence);
}
END_TEST

int main(void)
{
	const int all_seeds = (int)(sizeof seeds / sizeof *seeds);
	const int seed_count = getenv("WEIR_QUICK") ? QUICK_SEEDS : all_seeds;
	TCase *tcase = tcase_create("twitter_fault_sequences");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, each_fault_alone, 0, (int)trial_fault_count());
	tcase_add_loop_test(tcase, a_thousand_faults_by_chance, 0, seed_count);
	tcase_add_loop_test(tcase,
			    predicates_that_change_come_with_the_next_attempt_whatever_it_is_for,
			    0, (int)trial_fault_count() + 1);
	return run_case("twitter_fault_sequences", tcase);
}
