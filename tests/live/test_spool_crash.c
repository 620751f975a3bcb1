/* SPDX-License-Identifier: MIT */
/*
 * A process that spools is killed, again and again, at any moment: nothing that the spool had taken
 * is lost, what comes twice is bounded by the window, and nothing comes out of order.
 */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/files.h"
#include "support/mutate.h"
#include "support/run.h"
#include "weir.h"

#define WINDOW 16384	/* messages: the default */
#define BODY 600

/* What the process says of itself, in memory that outlives it. */
struct shared {
	_Atomic uint64_t handed_over;	/* numbers below it are the spool's */
	_Atomic uint64_t stored_now;	/* of this process: it works */
};

struct feeder {
	struct shared *shared;
	weir_pipeline *pipeline;
	weir_source *source;
	uint64_t next, end;	/* pushes up to `end` */
};

static void feed(void *user)
{
	struct feeder *feeder = user;
	char text[BODY + 1];

	for (; feeder->next < feeder->end; feeder->next++) {
		const int len = snprintf(text, sizeof text, "%-*llu.", BODY - 1,
					 (unsigned long long)feeder->next);

		if (weir_push(feeder->source,
			      WEIR_WITH(weir_message_init, .body = { text, (size_t)len },
					.kind = WEIR_KIND_RECORD,
					.position = { .offset = feeder->next })) != WEIR_OK)
			return;	/* on_room follows */
	}
	weir_push_end(feeder->source);
}

static void note_settled(void *user, struct weir_position upto)
{
	struct feeder *feeder = user;

	atomic_store(&feeder->shared->handed_over, upto.offset + 1);
	atomic_store(&feeder->shared->stored_now, 1);
}

/* The process: goes on where the spool's taking had got to. Ends when `end` has been delivered. */
static int process(const struct test_dir *dir, struct shared *shared, uint64_t end,
		   uint64_t sync_ms)
{
	struct feeder feeder = { .shared = shared,
				 .next = atomic_load(&shared->handed_over),
				 .end = end };
	const struct weir_env env = { .size = sizeof env,
				      .logger = { weir_log_to_stderr, NULL, WEIR_LOG_WARN } };
	enum weir_status status;
	weir_spool *spool;
	weir_sink *file;

	feeder.pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env));
	feeder.source = weir_push_source_add(feeder.pipeline, "in",
					     WEIR_WITH(weir_push_source_options, .on_room = feed,
						       .on_settled = note_settled,
						       .user = &feeder));
	spool = weir_spool_add(feeder.pipeline, "spool",
			       WEIR_WITH(weir_spool_options, .dir = test_path(dir, "spool"),
					 .from = feeder.source, .max_bytes = 64u << 20,
					 .sync_ms = sync_ms));
	file = weir_file_sink_add(feeder.pipeline, "file",
				  WEIR_WITH(weir_file_sink_options, .path = test_path(dir, "out")));
	weir_route_add(feeder.pipeline, WEIR_WITH(weir_route, .from = weir_spool_source(spool)),
		       file);
	feed(&feeder);
	status = weir_pipeline_run(feeder.pipeline);
	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(feeder.pipeline)->text);
	weir_pipeline_free(feeder.pipeline);
	return status < 0;
}

static pid_t start(const struct test_dir *dir, struct shared *shared, uint64_t end,
		   uint64_t sync_ms)
{
	const pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(process(dir, shared, end, sync_ms));
	return pid;
}

static void wait_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* Kills it so long after it has begun to store, or before. */
static void kill_at_random(pid_t pid, struct shared *shared, struct mutate *chance)
{
	for (unsigned i = 0; !atomic_load(&shared->stored_now) && i < 5000; i++)
		if (mutate_random(chance, 40) == 0)
			break;
		else
			wait_ms(1);
	wait_ms((int)mutate_random(chance, 60));
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	atomic_store(&shared->stored_now, 0);
}

/*
 * Every number from 0 on is there, and what comes for the first time comes in order. In between
 * stretches come again after a kill: what had come out and the spool did not know it yet, and what
 * it had stored and the feeder did not know it yet; each is a window at most. A line that a kill
 * has cut comes again whole. Returns how many came twice.
 */
static uint64_t check_lines(const char *bytes, uint64_t count, unsigned kills)
{
	uint64_t next = 0, repeated = 0;

	for (const char *at = bytes; *at; at = strchr(at, '\n') + 1) {
		const uint64_t number = strtoull(at, NULL, 10);

		ck_assert_ptr_nonnull(strchr(at, '\n'));
		if (strchr(at, '\n') - at != BODY)
			continue;
		ck_assert_msg(number <= next, "%llu after %llu: lost or out of order",
			      (unsigned long long)number, (unsigned long long)next - 1);
		repeated += number < next;
		next += number == next;
	}
	ck_assert_uint_eq(next, count);
	ck_assert_msg(repeated <= (uint64_t)kills * WINDOW, "%llu came twice",
		      (unsigned long long)repeated);
	return repeated;
}

static const struct {
	const char *name;
	uint64_t sync_ms;
} modes[] = { { "synced with each batch", 0 }, { "synced every second", 1000 } };

START_TEST(a_kill_at_any_moment_loses_nothing_that_was_taken)
{
	const unsigned kills = getenv("WEIR_QUICK") ? 8 : _i == 0 ? 50 : 15;
	struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct mutate chance = { .state = 42 };
	struct test_dir dir, spool;
	uint64_t count, repeated;
	char *bytes;
	int status;

	ck_assert_ptr_ne(shared, MAP_FAILED);
	test_dir_make(&dir);
	for (unsigned i = 0; i < kills; i++)
		kill_at_random(start(&dir, shared, UINT64_MAX, modes[_i].sync_ms), shared, &chance);
	count = atomic_load(&shared->handed_over) + WINDOW;	/* beyond what is stored */
	ck_assert_int_eq(waitpid(start(&dir, shared, count, modes[_i].sync_ms), &status, 0) > 0, 1);
	ck_assert_int_eq(status, 0);
	bytes = file_read(test_path(&dir, "out"), NULL);
	repeated = check_lines(bytes, count, kills);
	printf("%s: %u kills, %llu messages, 0 lost, %llu twice\n", modes[_i].name, kills,
	       (unsigned long long)count, (unsigned long long)repeated);
	free(bytes);
	snprintf(spool.path, sizeof spool.path, "%s", test_path(&dir, "spool"));
	test_dir_remove(&spool);
	test_dir_remove(&dir);
	munmap(shared, sizeof *shared);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("spool_crash");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, a_kill_at_any_moment_loses_nothing_that_was_taken, 0, 2);
	return run_case("spool_crash", tcase);
}
