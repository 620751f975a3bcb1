/* SPDX-License-Identifier: MIT */
/* The file source: so many messages a second, and as they were sent; on a scripted clock. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/reading_rig.h"
#include "support/run.h"

#define MOST 4096

/* When each message came, since the start. */
struct arrivals {
	struct fake_env *fake;
	uint64_t begin_ms;
	uint64_t ms[MOST];
	size_t count;
};

static enum weir_status note_arrival(void *user, weir_message *message, const char *to,
				     struct weir_error *err)
{
	struct arrivals *arrivals = user;

	(void)message;
	(void)to;
	(void)err;
	ck_assert_uint_lt(arrivals->count, MOST);
	arrivals->ms[arrivals->count++] = arrivals->fake->monotonic_ms - arrivals->begin_ms;
	return WEIR_OK;
}

static void run(struct reading_rig *rig, struct arrivals *arrivals, const char *text)
{
	weir_sink *sink;

	*arrivals = (struct arrivals){ &rig->fake, rig->fake.monotonic_ms, { 0 }, 0 };
	rig->options.kind = 0;
	reading_rig_start_with(rig, text, strlen(text));
	sink = weir_callback_sink_add(rig->pipeline, "arrivals",
				      WEIR_WITH(weir_callback_sink_options, .call = note_arrival,
						.user = arrivals));
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "arrivals"), sink);
	ck_assert_msg(drive(rig->pipeline, &rig->fake) == WEIR_END, "%s",
		      weir_pipeline_error(rig->pipeline)->text);
}

/* ---- so many a second ---- */

static const double rates[] = { 0.5, 1, 3, 100, 999, 1000, 7000, 100000 };

START_TEST(so_many_come_each_second)
{
	struct reading_rig *rig = reading_rig_new();
	struct arrivals arrivals;
	char text[2 * 2000 + 1] = "";
	double want_ms;

	for (size_t i = 0; i < 2000; i++)
		memcpy(text + 2 * i, "1\n", 3);
	rig->options.per_second = rates[_i];
	if (rates[_i] < 10)
		text[2 * 100] = '\0';
	run(rig, &arrivals, text);
	ck_assert_uint_eq(arrivals.count, strlen(text) / 2);
	for (size_t i = 0; i < arrivals.count; i++) {
		want_ms = (double)i * 1000 / rates[_i];
		ck_assert_msg((double)arrivals.ms[i] > want_ms - 1 &&
				      (double)arrivals.ms[i] <= want_ms + 1,
			      "%g a second: message %zu came after %ju ms", rates[_i], i,
			      (uintmax_t)arrivals.ms[i]);
	}
	reading_rig_end(rig);
}
END_TEST

START_TEST(a_second_lost_is_not_made_up_for_in_a_burst)
{
	struct reading_rig *rig = reading_rig_new();
	uint64_t begin_ms;

	rig->options.per_second = 10;
	rig->pipeline_options.window_messages = 5;
	reading_rig_start_with(rig, "1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n1\n2\n3\n4\n5\n", 30);
	rig->recorder.holds = true;
	reading_rig_drive(rig, 60000);
	ck_assert_uint_eq(rig->recorder.count, 5);
	rig->recorder.holds = false;
	recorder_let_go(&rig->recorder);
	begin_ms = rig->fake.monotonic_ms;
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_uint_eq(rig->recorder.count, 15);
	ck_assert_uint_ge(rig->fake.monotonic_ms - begin_ms, 800);
	reading_rig_end(rig);
}
END_TEST

/* ---- as they were sent ---- */

#define AT(time) "{\"timestamp_ms\":\"" #time "\"}\n"
#define SECOND(n) "{\"created_at\":\"Wed Oct 10 20:19:" #n " +0000 2018\"}\n"

static const struct {
	const char *name;
	const char *text;
	double speed;
	uint64_t most_gap_ms;
	size_t count;
	uint64_t want[5];
} timings[] = {
	{ "as they were", AT(1000000) AT(1000100) AT(1007000), 0, 0, 3, { 0, 100, 7000 } },
	{ "twice as fast", AT(1000000) AT(1000100) AT(1007000), 2, 0, 3, { 0, 50, 3500 } },
	{ "ten times slower", AT(1000000) AT(1000100), 0.1, 0, 2, { 0, 1000 } },
	{ "long pauses cut", AT(1000000) AT(1000100) AT(9000000) AT(9000200), 0, 500, 4,
	  { 0, 100, 600, 800 } },
	{ "pauses are cut of the messages' time", AT(1000000) AT(9000000), 5, 500, 2, { 0, 100 } },
	{ "without a time: with the one before", AT(1000000) AT(1000300) "{}\nx\n" AT(1000400), 0,
	  0, 5, { 0, 300, 300, 300, 400 } },
	{ "the first have no time", "{}\n{}\n" AT(5000) AT(6000), 0, 0, 4, { 0, 0, 0, 1000 } },
	{ "back in time: with the one before", AT(1000000) AT(1000300) AT(1000100) AT(1000400), 0,
	  0, 4, { 0, 300, 300, 400 } },
	{ "created_at", SECOND(24) SECOND(24) SECOND(27), 0, 0, 3, { 0, 0, 3000 } },
	{ "v2", "{\"data\":{\"created_at\":\"2018-10-10T20:19:24.000Z\"}}\n"
	  "{\"data\":{\"created_at\":\"2018-10-10T20:19:25.250Z\"}}\n", 0, 0, 2, { 0, 1250 } },
	{ "a delete's", AT(5000) "{\"delete\":{\"timestamp_ms\":\"5700\"}}\n", 0, 0, 2,
	  { 0, 700 } },
	{ "no time at all that year", AT(5000) AT(18446744073709551615) AT(6000), 0, 0, 3,
	  { 0, 0, 1000 } },
};

START_TEST(messages_come_as_they_were_sent)
{
	struct reading_rig *rig = reading_rig_new();
	struct arrivals arrivals;

	rig->options.original_timing = true;
	rig->options.speed = timings[_i].speed;
	rig->options.most_gap_ms = timings[_i].most_gap_ms;
	run(rig, &arrivals, timings[_i].text);
	ck_assert_uint_eq(arrivals.count, timings[_i].count);
	for (size_t i = 0; i < arrivals.count; i++)
		ck_assert_msg(arrivals.ms[i] == timings[_i].want[i],
			      "%s: message %zu came after %ju ms", timings[_i].name, i,
			      (uintmax_t)arrivals.ms[i]);
	reading_rig_end(rig);
}
END_TEST

/* 1,000 messages of half an hour at any speed: the whole and each message within 5 %. */
START_TEST(half_an_hour_is_replayed_within_five_percent)
{
	static const double speeds[] = { 0.6, 1, 3.7, 60, 3600 };
	struct reading_rig *rig = reading_rig_new();
	char text[40 * 1000], *at = text;
	struct arrivals arrivals;
	uint64_t noise = 7, times[1000], time_ms = 1600000000000;

	for (size_t i = 0; i < 1000; i++) {
		noise = noise * 6364136223846793005u + 1442695040888963407u;
		times[i] = time_ms += (noise >> 40) % 3600;
		at += sprintf(at, "{\"timestamp_ms\":\"%ju\"}\n", (uintmax_t)time_ms);
	}
	rig->options.original_timing = true;
	rig->options.speed = speeds[_i];
	run(rig, &arrivals, text);
	ck_assert_uint_eq(arrivals.count, 1000);
	for (size_t i = 0; i < 1000; i++) {
		const double want = (double)(times[i] - times[0]) / speeds[_i];
		const double off = (double)arrivals.ms[i] - want;

		ck_assert_msg(off >= -want * 0.05 - 1 && off <= want * 0.05 + 1,
			      "speed %g: message %zu at %ju ms, want %g", speeds[_i], i,
			      (uintmax_t)arrivals.ms[i], want);
	}
	reading_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("pace");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, so_many_come_each_second, rates);
	tcase_add_test(tcase, a_second_lost_is_not_made_up_for_in_a_burst);
	LOOP(tcase, messages_come_as_they_were_sent, timings);
	tcase_add_loop_test(tcase, half_an_hour_is_replayed_within_five_percent, 0, 5);
	return run_case("file source: pace", tcase);
}
