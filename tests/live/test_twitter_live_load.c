/* SPDX-License-Identifier: MIT */
/*
 * The Twitter source against the local stream server, for long and with much: drops in a row, a
 * sink that does not keep up, and two pipelines side by side.
 */
#include <check.h>
#include <malloc.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sample.h"
#include "support/certificate.h"
#include "support/live_rig.h"
#include "support/relay.h"
#include "support/run.h"

#define MIB ((size_t)1024 * 1024)

/* ---- drops in a row ---- */

START_TEST(K11_over_30_drops_there_are_never_two_connections)
{
	static const char *const drops[] = { "cut=2", "reset=2", "disconnect-hold=4:2", "stall=2",
					     "bad-gzip=2", "cut-chunk=2" };
	char fault[1024] = "";
	struct relay relay;
	struct live *live;

	for (size_t i = 0; i < 30; i++) {
		strcat(fault, drops[i % ROWS(drops)]);
		strcat(fault, ",");
	}
	strcat(fault, "ok");
	relay_start(&relay);
	live = live_new();
	live_serve(live, LIVE_FILTER, WORDS("--generate", "20", "--rate", "200", "--then", "hold",
					    "--keep-alive-ms", "10", "--fault", fault));
	live->options.proxy = relay.url;
	live->options.proven_ms = 1;
	live->options.stall_ms = 150;
	live_start(live);
	/* Only the last one sends so many. */
	LIVE_UNTIL(live, live->gap_count > 0 &&
			 live->message_count >= live->gap_at[live->gap_count - 1] + 20);

	/* A slow machine may take one more for stalled. */
	ck_assert_uint_ge(live_requests(live), 31);
	ck_assert_uint_ge(relay.seen->accepted, 31);
	ck_assert_uint_ge(live_metrics(live).connects, 25);
	ck_assert_uint_eq(live_metrics(live).connects, live->gap_count + 1);
	ck_assert_uint_eq(relay.seen->overlapped, 0);
	live_stop(live);
	live_end(live);
	relay_stop(&relay);
}
END_TEST

/* The most of each over some time. */
struct usage {
	size_t descriptors;
	size_t ours;		/* bytes from the environment */
	size_t all;		/* bytes from malloc, those of libcurl and its TLS too */
};

static enum weir_status ignore_message(void *user, weir_message *message, const char *to,
				       struct weir_error *err)
{
	(void)user;
	(void)message;
	(void)to;
	(void)err;
	return WEIR_OK;
}

static void use(struct usage *most, const struct live *live)
{
	const struct usage now = { live_descriptors(), live->memory.now_bytes,
				   mallinfo2().uordblks };

	most->descriptors = now.descriptors > most->descriptors ? now.descriptors :
								  most->descriptors;
	most->ours = now.ours > most->ours ? now.ours : most->ours;
	most->all = now.all > most->all ? now.all : most->all;
}

static struct usage reconnect_until(struct live *live, uint64_t connects)
{
	struct usage most = { 0 };

	while (live_metrics(live).connects < connects) {
		const uint64_t before = live_metrics(live).connects;

		live->log.len = 0;	/* it is not what is measured */
		LIVE_UNTIL(live, (use(&most, live), live_metrics(live).connects > before));
	}
	return most;
}

static const struct {
	const char *name;
	bool tls;
	uint64_t reconnects;
} soaks[] = { { "plain", false, 300 }, { "TLS", true, 100 } };

START_TEST(P4_hundreds_of_reconnects_leave_neither_descriptors_nor_memory_behind)
{
	char key_file[64], certificate_file[64];
	struct certificate certificate;
	struct usage early, late;
	struct live *live;
	int fds[2];

	certificate_make(&certificate);
	fds[0] = live_file(certificate.key, key_file);
	fds[1] = live_file(certificate.certificate, certificate_file);
	live = live_new();
	live_serve(live, LIVE_FILTER, WORDS("--generate", "3", "--rate", "500", "--fault", "cut=2",
					    "--gzip", soaks[_i].tls ? "--tls" : NULL,
					    certificate_file, key_file));
	live->options.ca_file = soaks[_i].tls ? certificate_file : NULL;
	live->options.proven_ms = 1;
	live->call = ignore_message;
	live_start(live);

	early = reconnect_until(live, soaks[_i].reconnects / 3);
	late = reconnect_until(live, soaks[_i].reconnects);
	ck_assert_uint_le(late.descriptors, early.descriptors);
	ck_assert_msg(late.ours <= early.ours + 1024, "%s: %zu bytes, then %zu", soaks[_i].name,
		      early.ours, late.ours);
	ck_assert_msg(late.all <= early.all + 65536, "%s: %zu bytes, then %zu", soaks[_i].name,
		      early.all, late.all);
	live_stop(live);
	live_end(live);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* ---- a sink that does not keep up ---- */

#define FLOOD "15500"	/* messages: more than 50 MB */
#define FLOOD_COUNT 15500

static struct {
	struct sample *sample;	/* what must come next */
	uint64_t until_ms;	/* the sink takes nothing before */
	size_t count;
	size_t bytes;
	size_t refused;
} flood;

static enum weir_status take_late(void *user, weir_message *message, const char *to,
				  struct weir_error *err)
{
	const struct weir_slice body = weir_message_body(message);
	struct sample_message want;

	(void)user;
	(void)to;
	(void)err;
	if (live_now_ms() < flood.until_ms) {
		flood.refused++;
		return WEIR_AGAIN;
	}
	want = sample_next(flood.sample);
	ck_assert_msg(body.len == want.len && memcmp(body.data, want.text, want.len) == 0,
		      "message %zu is another", flood.count);
	flood.count++;
	flood.bytes += body.len;
	return WEIR_OK;
}

/* A line of /proc/self/status, in bytes. */
static size_t memory_of(const char *name)
{
	FILE *file = fopen("/proc/self/status", "re");
	size_t kib = 0;
	char line[256];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof line, file))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtoul(line + strlen(name) + 1, NULL, 10);
	fclose(file);
	ck_assert_uint_gt(kib, 0);
	return kib * 1024;
}

static const struct {
	const char *name;
	const char *words[3];
	bool delimited;
} floods[] = {
	{ "plain", { NULL }, false },
	{ "lengths in gzip", { "--gzip" }, true },
};

START_TEST(P1_a_stalled_sink_holds_the_server_back_in_bounded_memory_and_gets_all)
{
	struct live *live = live_new();
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	uint64_t held_bytes;
	size_t before;

	flood.sample = sample_new(7);
	live_serve(live, LIVE_FILTER, WORDS("--seed", "7", "--then", "hold", "--generate", FLOOD,
					    floods[_i].words[0]));
	live->options.delimited = floods[_i].delimited;
	live->pipeline_options.window_bytes = 4 * MIB;
	live->call = take_late;
	flood.until_ms = UINT64_MAX;
	live_start(live);
	before = memory_of("VmRSS:");
	LIVE_UNTIL(live, flood.refused > 0);

	/* 300 ms of a server that could send it all. */
	flood.until_ms = live_now_ms() + 300;
	LIVE_UNTIL(live, live_now_ms() + 20 >= flood.until_ms);
	held_bytes = live_metrics(live).wire_bytes;
	weir_pipeline_metrics(live->pipeline, &metrics);
	ck_assert_uint_eq(flood.count, 0);
	ck_assert_uint_gt(metrics.in_flight_bytes, 4 * MIB - MIB / 2);
	ck_assert_uint_lt(metrics.in_flight_bytes, 4 * MIB + MIB / 2);
	ck_assert_uint_lt(held_bytes, 6 * MIB);

	LIVE_UNTIL(live, flood.count == FLOOD_COUNT);
	ck_assert_uint_gt(flood.bytes, 50 * 1000 * 1000);
	ck_assert_uint_eq(live_metrics(live).connects, 1);
	ck_assert_msg(live->memory.most_bytes < 8 * MIB, "%s: %zu bytes at once", floods[_i].name,
		      live->memory.most_bytes);
	if (!LIVE_SANITIZED)
		ck_assert_msg(memory_of("VmHWM:") < before + 16 * MIB, "%s: from %zu to %zu",
			      floods[_i].name, before, memory_of("VmHWM:"));
	live_stop(live);
	live_end(live);
	sample_free(flood.sample);
}
END_TEST

/* ---- two at once ---- */

struct side {
	struct live *live;
	weir_callback_fn *write_down;
	size_t want;
};

#define SIGNERS 4

static struct side sides[SIGNERS];

static struct side *side_of(const struct live *live)
{
	size_t i = 0;

	while (sides[i].live != live)
		i++;
	return &sides[i];
}

static enum weir_status write_until_enough(void *user, weir_message *message, const char *to,
					   struct weir_error *err)
{
	struct side *side = side_of(user);
	const enum weir_status status = side->write_down(user, message, to, err);

	if (side->live->message_count == side->want)
		weir_pipeline_stop(side->live->pipeline);
	return status;
}

START_TEST(two_pipelines_in_two_threads_do_not_meet)
{
	static const char *const seeds[] = { "7", "8" };
	const size_t descriptors = live_descriptors();

	for (size_t i = 0; i < 2; i++) {
		struct live *live = live_new();

		live_serve(live, LIVE_FILTER, WORDS("--seed", seeds[i], "--generate", "3000",
						    "--then", "hold", "--gzip"));
		sides[i] = (struct side){ live, live->call, 3000 };
		live->call = write_until_enough;
		live_start(live);
	}
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(weir_pipeline_start(sides[i].live->pipeline), WEIR_OK);
	for (size_t i = 0; i < 2; i++) {
		struct live_text want = { .data = NULL };

		ck_assert_int_eq(weir_pipeline_join(sides[i].live->pipeline), WEIR_OK);
		live_add_sample(&want, 7 + i, 3000);
		live_check_messages(sides[i].live, &want);
	}
	live_end(sides[1].live);
	live_end(sides[0].live);
	ck_assert_uint_eq(live_descriptors(), descriptors);
}
END_TEST

/* Those that have their nonce, and sign next. They spin: waking up takes longer than signing. */
static atomic_uint before_signing;

static bool fill_together(void *user, void *bytes, size_t len)
{
	const bool good = getrandom(bytes, len, 0) == (ssize_t)len;

	(void)user;
	atomic_fetch_add(&before_signing, 1);
	while (atomic_load(&before_signing) < SIGNERS)
		sched_yield();
	return good;
}

/* Each turn of this test is a process of its own, in which nobody has signed before. */
START_TEST(first_signatures_at_the_same_moment_are_all_good)
{
	for (size_t i = 0; i < SIGNERS; i++) {
		struct live *live = live_new();

		live->env.random = (struct weir_random){ fill_together, live };
		if (i == 0)
			live_serve(live, LIVE_FILTER, WORDS("--generate", "3", "--then", "hold"));
		live->options.url = i == 0 ? live->url : sides[0].live->url;
		sides[i] = (struct side){ live, live->call, 3 };
		live->call = write_until_enough;
		live_start(live);
	}
	for (size_t i = 0; i < SIGNERS; i++)
		ck_assert_int_eq(weir_pipeline_start(sides[i].live->pipeline), WEIR_OK);
	for (size_t i = 0; i < SIGNERS; i++)
		ck_assert_int_eq(weir_pipeline_join(sides[i].live->pipeline), WEIR_OK);
	ck_assert_uint_eq(live_requests(sides[0].live), SIGNERS);
	for (size_t i = SIGNERS; i > 0; i--)
		live_end(sides[i - 1].live);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("load");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, K11_over_30_drops_there_are_never_two_connections);
	LOOP(tcase, P4_hundreds_of_reconnects_leave_neither_descriptors_nor_memory_behind, soaks);
	LOOP(tcase, P1_a_stalled_sink_holds_the_server_back_in_bounded_memory_and_gets_all, floods);
	tcase_add_test(tcase, two_pipelines_in_two_threads_do_not_meet);
	tcase_add_loop_test(tcase, first_signatures_at_the_same_moment_are_all_good, 0, 20);
	return run_case("twitter, live, load", tcase);
}
