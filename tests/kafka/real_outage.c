/* SPDX-License-Identifier: MIT */
/*
 * All brokers are away for OUTAGE seconds (10) while the source has more than the window holds:
 * memory stays flat, the source is paused, nothing spins; then everything arrives in order. With a
 * spool the source is never paused.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kafka/wire.h"
#include "support/drive.h"
#include "support/files.h"
#include "support/run.h"

#define BEFORE 100000u		/* settled before the outage */
#define AFTER 100000u		/* emitted behind it */
#define PATIENCE_MS 120000
#define FULL_AFTER_MS 1000	/* no message taken for so long: the window is full */
#define MOST_GROWTH_KIB 1024
#define PACE 10000u		/* messages a second, while the spool takes them */
#define MOST_PAUSE_MS 3000	/* of a busy machine, not of a full window */
#define MOST_SPOOL_GROWTH_KIB (16u * 1024)
#define WINDOW_BYTES (16u << 20)	/* what a pipeline has by default */

static const struct {
	const char *name, *topic;
	const char *away, *back;
	size_t body_bytes;
	/* Brokers that take connections and never answer make librdkafka's own threads spin, until
	 * its socket.timeout.ms gives them up: that is printed. */
	uint64_t most_cpu_percent;
} outages[] = {
	{ "killed, small messages", "outage-killed", "kill", "start", 200, 5 },
	{ "held, messages of 2 KiB", "outage-held", "pause", "resume", 2048, 400 },
};

static uint64_t resident_kib(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%*u %lu", &pages), 1);
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static uint64_t cpu_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Turns until the source was told of so many, or the window has been full for a while. */
static void turn_until_settled(struct wire *wire, uint64_t settled)
{
	const uint64_t until_ms = cluster_now_ms() + PATIENCE_MS;

	while (wire->numbered.settled < settled) {
		wire_turn(wire, 100);
		ck_assert_msg(cluster_now_ms() < until_ms, "%" PRIu64 " of %" PRIu64 " settled",
			      wire->numbered.settled, settled);
	}
}

/* The same of the cluster, with a spool: a source is told then when its messages are stored. */
static uint64_t turn_until_arrived(struct wire *wire, uint64_t arrived)
{
	struct weir_spool_metrics metrics = WEIR_METRICS(weir_spool_metrics);
	const uint64_t until_ms = cluster_now_ms() + PATIENCE_MS;

	while (metrics.settled < arrived) {
		wire_turn(wire, 100);
		weir_spool_metrics(wire->spool, &metrics);
		ck_assert_msg(cluster_now_ms() < until_ms, "%" PRIu64 " of %" PRIu64 " arrived",
			      metrics.settled, arrived);
	}
	return metrics.settled;
}

static void turn_until_full(struct wire *wire)
{
	const uint64_t until_ms = cluster_now_ms() + PATIENCE_MS;
	uint64_t emitted = 0, since_ms = 0;

	while (emitted != wire->numbered.emitted || cluster_now_ms() - since_ms < FULL_AFTER_MS) {
		if (emitted != wire->numbered.emitted)
			since_ms = cluster_now_ms();
		emitted = wire->numbered.emitted;
		wire_turn(wire, 50);
		ck_assert_msg(cluster_now_ms() < until_ms, "the window is never full");
	}
}

struct figures {
	uint64_t first_kib, most_kib;
	uint64_t cpu_ms, ms;
	uint64_t turns;
};

static struct figures sit_out(struct wire *wire, uint64_t ms)
{
	const uint64_t began_ms = cluster_now_ms(), cpu_began_ms = cpu_ms();
	const uint64_t emitted = wire->numbered.emitted, turns = wire->turns;
	struct figures ret = { .first_kib = resident_kib(), .ms = ms };

	ret.most_kib = ret.first_kib;
	while (cluster_now_ms() - began_ms < ms) {
		uint64_t kib;

		wire_turn(wire, 200);
		kib = resident_kib();
		if (kib > ret.most_kib)
			ret.most_kib = kib;
		ck_assert_uint_eq(wire->numbered.emitted, emitted);
	}
	ret.cpu_ms = cpu_ms() - cpu_began_ms;
	ret.turns = wire->turns - turns;
	return ret;
}

static void check_figures(int row, const struct wire *wire, const struct figures *got)
{
	const struct weir_metrics metrics = metrics_of(wire->pipeline);

	printf("outage, %s: %.0f s with %" PRIu64 " messages and %" PRIu64
	       " bytes under way; resident %" PRIu64 " KiB, at most %" PRIu64 " KiB; %" PRIu64
	       " ms of CPU in %" PRIu64 " turns\n",
	       outages[row].name, (double)got->ms / 1e3, metrics.all.in_flight,
	       metrics.in_flight_bytes,
	       got->first_kib, got->most_kib, got->cpu_ms, got->turns);
	fflush(stdout);
	ck_assert_uint_gt(metrics.all.in_flight, 0);
	ck_assert_uint_le(metrics.all.in_flight, 16384);
	ck_assert_uint_le(metrics.in_flight_bytes, WINDOW_BYTES + 2048);
	ck_assert_uint_le(got->most_kib, got->first_kib + MOST_GROWTH_KIB);
	ck_assert_uint_le(got->cpu_ms, got->ms * outages[row].most_cpu_percent / 100 + 200);
}

START_TEST(with_every_broker_away_memory_is_flat_and_nothing_is_lost)
{
	struct wire wire = {
		.numbered = { .body_bytes = outages[_i].body_bytes, .allowed = UINT64_MAX,
			      .ends_at = UINT64_MAX },
	};
	struct figures figures;
	pid_t back;

	wire_start(&wire, outages[_i].topic);
	turn_until_settled(&wire, BEFORE);
	cluster_do(outages[_i].away, "all");
	turn_until_full(&wire);
	figures = sit_out(&wire, cluster_setting("OUTAGE", 10) * 1000);
	check_figures(_i, &wire, &figures);
	back = cluster_begin(outages[_i].back, "all");
	turn_until_settled(&wire, wire.numbered.settled + 1);
	wire.numbered.ends_at = wire.numbered.emitted + AFTER;
	wire_finish(&wire, PATIENCE_MS);
	while (!cluster_has_ended(back))
		usleep(10000);
	wire_judge(&wire, "outage");
	wire_free(&wire);
}
END_TEST

/* Emits at its pace, whatever the brokers do; the longest time in which nothing was taken. */
static struct figures go_on(struct wire *wire, uint64_t ms, uint64_t *ret_pause_ms)
{
	const uint64_t began_ms = cluster_now_ms(), allowed = wire->numbered.allowed;
	struct figures ret = { .first_kib = resident_kib(), .ms = ms };
	uint64_t taken = wire->numbered.emitted, taken_ms = began_ms, now_ms;

	*ret_pause_ms = 0;
	while ((now_ms = cluster_now_ms()) - began_ms < ms) {
		const uint64_t kib = resident_kib();

		wire_allow(wire, allowed + (now_ms - began_ms) * PACE / 1000);
		wire_turn(wire, 20);
		if (wire->numbered.emitted > taken)
			taken_ms = now_ms;
		taken = wire->numbered.emitted;
		if (now_ms - taken_ms > *ret_pause_ms)
			*ret_pause_ms = now_ms - taken_ms;
		if (kib > ret.most_kib)
			ret.most_kib = kib;
	}
	return ret;
}

START_TEST(with_a_spool_the_source_is_never_paused)
{
	struct weir_spool_metrics metrics = WEIR_METRICS(weir_spool_metrics);
	struct wire wire = {
		.numbered = { .body_bytes = 200, .allowed = BEFORE, .ends_at = UINT64_MAX },
	};
	struct test_dir dir;
	struct figures figures;
	uint64_t arrived, emitted, pause_ms;
	pid_t back;

	test_dir_make(&dir);
	wire.spool_dir = test_path(&dir, "spool");
	wire_start(&wire, "outage-spooled");
	arrived = turn_until_arrived(&wire, BEFORE / 2);
	emitted = wire.numbered.emitted;
	ck_assert_uint_lt(arrived, BEFORE);	/* in the middle of delivering */
	cluster_do("kill", "all");
	figures = go_on(&wire, cluster_setting("OUTAGE", 10) * 1000, &pause_ms);
	weir_spool_metrics(wire.spool, &metrics);
	printf("outage, killed, with a spool, when %" PRIu64 " of %" PRIu64 " messages had "
	       "arrived: %.0f s in which %" PRIu64 " messages were taken, %" PRIu64 " wait on disk; "
	       "longest pause %" PRIu64 " ms; resident %" PRIu64 " KiB, at most %" PRIu64 " KiB\n", arrived,
	       emitted, (double)figures.ms / 1e3, wire.numbered.emitted - emitted, metrics.waiting,
	       pause_ms, figures.first_kib, figures.most_kib);
	ck_assert_uint_le(pause_ms, MOST_PAUSE_MS);
	ck_assert_uint_gt(metrics.waiting, 16384);
	ck_assert_uint_le(figures.most_kib, figures.first_kib + MOST_SPOOL_GROWTH_KIB);
	back = cluster_begin("start", "all");
	wire.numbered.ends_at = wire.numbered.emitted + 1;
	wire_finish(&wire, PATIENCE_MS);
	while (!cluster_has_ended(back))
		usleep(10000);
	wire_judge(&wire, "outage with a spool");
	wire_free(&wire);
	test_dir_remove(&dir);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("real cluster");

	tcase_set_timeout(tcase, 3600);	/* its own waits are all bounded */
	LOOP(tcase, with_every_broker_away_memory_is_flat_and_nothing_is_lost, outages);
	tcase_add_test(tcase, with_a_spool_the_source_is_never_paused);
	return run_case("all brokers away", tcase);
}
