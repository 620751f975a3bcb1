/* SPDX-License-Identifier: MIT */
/*
 * The way down of the Kafka sink: whatever its client is at, a stop ends when it was to end. Each
 * is measured in real time, and the measure printed. And threads of a client that hang. And the
 * source's, while it looks up where to begin.
 */
#include <arpa/inet.h>
#include <check.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/kafka_order.h"
#include "support/kafka_source_rig.h"
#include "support/run.h"

#define ENOUGH_MS 20000
#define DRAIN_MS 200
#define COUNT 50
#define FREE_MS 2000	/* what a free waits for the client's threads */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SLOW 1
#endif
#endif
#ifndef IS_SLOW
#define IS_SLOW 0
#endif

/* How late it may be; more where instruments make everything slow. */
static double late_ms(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return IS_SLOW || (preloaded && strstr(preloaded, "vgpreload")) ? 2000 : 100;
}

static double real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ---- names that are not found out: the client's look-ups come here ---- */

static struct {
	atomic_bool hang;
	atomic_uint asked;
	int end[2];	/* readable: they hang no more */
} names;

int getaddrinfo(const char *restrict node, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
	union {
		void *found;
		int (*call)(const char *, const char *, const struct addrinfo *,
			    struct addrinfo **);
	} real = { .found = dlsym(RTLD_NEXT, "getaddrinfo") };
	struct pollfd end = { .events = POLLIN };

	if (atomic_load(&names.hang)) {
		atomic_fetch_add(&names.asked, 1);
		end.fd = names.end[0];
		while (poll(&end, 1, -1) < 0)
			continue;
	}
	return real.call(node, service, hints, ret);
}

static void hang_names(void)
{
	ck_assert_int_eq(pipe(names.end), 0);
	atomic_store(&names.hang, true);
}

static void answer_names(void)
{
	if (atomic_exchange(&names.hang, false))
		ck_assert_int_eq(write(names.end[1], "", 1), 1);
}

/* ---- clients, seen from outside ---- */

static struct {
	rd_kafka_t *last;
	bool fail;
} clients;

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *text, size_t size)
{
	union {
		void *found;
		rd_kafka_t *(*call)(rd_kafka_type_t, rd_kafka_conf_t *, char *, size_t);
	} real = { .found = dlsym(RTLD_NEXT, "rd_kafka_new") };

	if (clients.fail) {
		snprintf(text, size, "no threads left");
		return NULL;
	}
	return clients.last = real.call(type, conf, text, size);
}

/* ---- states to stop in ---- */

static int listen_at(char address[32], int backlog)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1) };
	socklen_t size = sizeof at;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	getsockname(fd, (struct sockaddr *)&at, &size);
	snprintf(address, 32, "127.0.0.2:%d", ntohs(at.sin_port));
	return fd;
}

/* A listener whose queue is full swallows what comes after. */
static void fill(int listener)
{
	struct sockaddr_in at;
	socklen_t size = sizeof at;

	getsockname(listener, (struct sockaddr *)&at, &size);
	for (unsigned i = 0; i < 4; i++) {
		const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		connect(fd, (struct sockaddr *)&at, sizeof at);
	}
}

static void begin(struct kafka_rig *rig)
{
	kafka_rig_set(rig, "reconnect.backoff.max.ms", "100");
	kafka_rig_set(rig, "broker.address.ttl", "0");
	rig->pipeline_options.drain_ms = DRAIN_MS;
	kafka_rig_start_all(rig);
}

static void begin_at(struct kafka_rig *rig, const char *brokers)
{
	rig->options.brokers = brokers;
	begin(rig);
	kafka_order_push(rig, 0, COUNT);
	ck_assert_int_eq(kafka_rig_run(rig, 300), WEIR_OK);
}

static void closed_port(struct kafka_rig *rig)
{
	begin_at(rig, "127.0.0.1:1");
}

static void silent_listener(struct kafka_rig *rig)
{
	static char address[32];

	listen_at(address, 100);
	begin_at(rig, address);
}

static void swallowed(struct kafka_rig *rig)
{
	static char address[32];

	fill(listen_at(address, 0));
	begin_at(rig, address);
}

static void no_names(struct kafka_rig *rig)
{
	hang_names();
	begin_at(rig, "somewhere:9092");
	ck_assert_uint_gt(atomic_load(&names.asked), 0);
}

static void begin_with_one(struct kafka_rig *rig)
{
	rd_kafka_mock_topic_create(rig->cluster.mock, "tweets", 1, 1);
	begin(rig);
	kafka_order_push(rig, 0, 1);
	ck_assert_int_eq(kafka_rig_run_until(rig, 1, ENOUGH_MS), WEIR_OK);
}

static void broker_down(struct kafka_rig *rig)
{
	begin_with_one(rig);
	rd_kafka_mock_broker_set_down(rig->cluster.mock, -1);
	kafka_order_push(rig, 1, COUNT);
	ck_assert_int_eq(kafka_rig_run(rig, 300), WEIR_OK);
}

static void in_flight(struct kafka_rig *rig)
{
	begin_with_one(rig);
	rd_kafka_mock_broker_set_rtt(rig->cluster.mock, 1, 20000);
	kafka_order_push(rig, 1, COUNT);
	ck_assert_int_eq(kafka_rig_run(rig, 300), WEIR_OK);
	ck_assert_uint_eq(kafka_rig_metrics(rig).in_flight, COUNT);
}

static void recalling(struct kafka_rig *rig)
{
	in_flight(rig);
	rd_kafka_test_fatal_error(clients.last, RD_KAFKA_RESP_ERR__INCONSISTENT, "for a test");
	ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
	ck_assert_uint_eq(kafka_rig_metrics(rig).in_flight, COUNT);
}

static void between_clients(struct kafka_rig *rig)
{
	begin_with_one(rig);
	clients.fail = true;
	rd_kafka_test_fatal_error(clients.last, RD_KAFKA_RESP_ERR__INCONSISTENT, "for a test");
	kafka_order_push(rig, 1, COUNT);
	while (!strstr(rig->fake.log, "no threads left"))
		ck_assert_int_eq(kafka_rig_run(rig, 20), WEIR_OK);
}

/* The thread that would have to let go of the messages waits for a name. */
static void thread_hangs(struct kafka_rig *rig)
{
	kafka_rig_set(rig, "max.in.flight", "1");
	kafka_rig_set(rig, "batch.num.messages", "1");
	kafka_rig_set(rig, "linger.ms", "20");
	begin_with_one(rig);
	rd_kafka_mock_broker_set_rtt(rig->cluster.mock, 1, 20000);
	kafka_order_push(rig, 1, COUNT);
	ck_assert_int_eq(kafka_rig_run(rig, 300), WEIR_OK);
	hang_names();
	rd_kafka_mock_broker_set_down(rig->cluster.mock, -1);
	while (atomic_load(&names.asked) == 0)
		ck_assert_int_eq(kafka_rig_run(rig, 10), WEIR_OK);
	ck_assert_int_eq(kafka_rig_run(rig, 100), WEIR_OK);
}

static const struct {
	const char *name;
	void (*come_to)(struct kafka_rig *rig);
} states[] = {
	{ "the port is closed", closed_port },
	{ "who listens never answers", silent_listener },
	{ "the address swallows all", swallowed },
	{ "the name server never answers", no_names },
	{ "the broker is down", broker_down },
	{ "all is in flight", in_flight },
	{ "the client is being recalled", recalling },
	{ "there is no client", between_clients },
	{ "a thread of the client's hangs", thread_hangs },
};

START_TEST(a_stop_ends_in_time_whatever_the_client_is_at)
{
	struct kafka_rig *rig = kafka_rig_new();
	uint64_t pushed;
	double began_ms, took_ms;
	enum weir_status status;

	states[_i].come_to(rig);
	began_ms = real_ms();
	weir_pipeline_stop(rig->pipeline);
	status = kafka_rig_run(rig, ENOUGH_MS);
	took_ms = real_ms() - began_ms;
	printf("%-34s stopped %.1f ms after its deadline\n", states[_i].name, took_ms - DRAIN_MS);
	ck_assert_msg(status == WEIR_ERR_TIMEOUT, "%s: %s", states[_i].name,
		      weir_status_name(status));
	ck_assert_msg(took_ms < DRAIN_MS + late_ms(), "%s: %.1f ms", states[_i].name, took_ms);
	ck_assert_msg(strstr(weir_pipeline_error(rig->pipeline)->text, "50 not acknowledged"),
		      "%s: %s", states[_i].name, weir_pipeline_error(rig->pipeline)->text);
	pushed = COUNT + rig->outcomes.delivered;
	if (states[_i].come_to != between_clients)
		ck_assert_msg(rig->outcomes.delivered + rig->outcomes.failed == pushed,
			      "%s: %zu outcomes", states[_i].name,
			      rig->outcomes.delivered + rig->outcomes.failed);
	answer_names();
	kafka_rig_end(rig);
}
END_TEST

static const struct {
	const char *name, *group;
} lookups[] = {
	{ "a time is looked up", NULL },
	{ "the group's offset is looked up", "readers" },
};

START_TEST(a_stop_does_not_wait_until_an_offset_is_looked_up)
{
	static const struct kafka_cluster nowhere = { .brokers = "127.0.0.1:1" };
	static const struct weir_kafka_partition partition = { .topic = "in" };
	struct kafka_reader *reader = kafka_reader_new(&nowhere);
	double began_ms, took_ms;

	reader->options.group = lookups[_i].group;
	reader->options.topics = NULL;
	reader->options.topic_count = 0;
	reader->options.partitions = &partition;
	reader->options.partition_count = 1;
	reader->options.start = WEIR_KAFKA_START_TIME;
	reader->options.start_time_ms = 1500000000000;
	reader->pipeline_options.drain_ms = DRAIN_MS;
	kafka_reader_start(reader, &nowhere, NULL);
	ck_assert_int_eq(kafka_reader_run(reader, 100), WEIR_OK);
	began_ms = real_ms();
	weir_pipeline_stop(reader->pipeline);
	kafka_reader_run(reader, ENOUGH_MS);
	took_ms = real_ms() - began_ms;
	printf("%-34s stopped %.1f ms after it was told\n", lookups[_i].name, took_ms);
	ck_assert_msg(reader->status == WEIR_END, "%s: %s", lookups[_i].name,
		      weir_status_name(reader->status));
	ck_assert_msg(took_ms < DRAIN_MS + late_ms(), "%s: %.1f ms", lookups[_i].name, took_ms);
	began_ms = real_ms();
	reader->pipeline = weir_pipeline_free(reader->pipeline);
	took_ms = real_ms() - began_ms;
	ck_assert_msg(took_ms < FREE_MS + late_ms(), "%s: %.1f ms", lookups[_i].name, took_ms);
	kafka_reader_end(reader);
}
END_TEST

/* ---- what is held after the end ---- */

static atomic_size_t live_blocks;

static void *counting_resize(void *user, void *block, size_t old_size, size_t new_size)
{
	void *made;

	(void)user;
	(void)old_size;
	if (new_size == 0) {
		if (block)
			atomic_fetch_sub(&live_blocks, 1);
		free(block);
		return NULL;
	}
	made = realloc(block, new_size);
	if (made && !block)
		atomic_fetch_add(&live_blocks, 1);
	return made;
}

START_TEST(what_a_hanging_thread_may_still_read_is_held_until_it_is_gone)
{
	struct kafka_rig *rig = kafka_rig_new();
	double began_ms, took_ms;

	rig->fake.env.allocator = (struct weir_allocator){ .resize = counting_resize };
	thread_hangs(rig);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_ERR_TIMEOUT);
	began_ms = real_ms();
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	took_ms = real_ms() - began_ms;
	printf("with a thread that hangs a free takes %.1f ms; %zu blocks are held then\n", took_ms,
	       atomic_load(&live_blocks));
	ck_assert_msg(took_ms < FREE_MS + late_ms(), "%.1f ms", took_ms);
	ck_assert_uint_gt(atomic_load(&live_blocks), COUNT / 2);

	answer_names();
	for (began_ms = real_ms(); atomic_load(&live_blocks) && real_ms() < began_ms + ENOUGH_MS;)
		poll(NULL, 0, 1);
	ck_assert_uint_eq(atomic_load(&live_blocks), 0);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_client_that_lets_go_is_gone_when_the_free_returns)
{
	struct kafka_rig *rig = kafka_rig_new();
	double began_ms, took_ms;

	rig->fake.env.allocator = (struct weir_allocator){ .resize = counting_resize };
	in_flight(rig);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_ERR_TIMEOUT);
	began_ms = real_ms();
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	took_ms = real_ms() - began_ms;
	printf("with all in flight a free takes %.1f ms\n", took_ms);
	ck_assert_msg(took_ms < late_ms(), "%.1f ms", took_ms);
	ck_assert_uint_eq(atomic_load(&live_blocks), 0);
	kafka_rig_end(rig);
}
END_TEST

START_TEST(a_client_whose_thread_hangs_is_replaced_and_nothing_is_lost)
{
	struct kafka_rig *rig = kafka_rig_new();
	double began_ms;

	thread_hangs(rig);
	rd_kafka_test_fatal_error(clients.last, RD_KAFKA_RESP_ERR__INCONSISTENT, "for a test");
	began_ms = real_ms();
	while (!strstr(rig->fake.log, "was made anew"))
		ck_assert_int_eq(kafka_rig_run(rig, 20), WEIR_OK);
	printf("with a thread that hangs there is another client after %.0f ms\n",
	       real_ms() - began_ms);
	ck_assert_uint_gt(kafka_rig_metrics(rig).possible_duplicates, COUNT / 2);

	rd_kafka_mock_broker_set_rtt(rig->cluster.mock, 1, 0);
	rd_kafka_mock_broker_set_up(rig->cluster.mock, -1);
	answer_names();
	weir_push_end(rig->source);
	ck_assert_int_eq(kafka_rig_run(rig, ENOUGH_MS), WEIR_END);
	ck_assert_uint_eq(kafka_rig_metrics(rig).delivered, COUNT + 1);
	ck_assert_uint_le(kafka_order_check(rig, "tweets", 1, COUNT + 1),
			  kafka_rig_metrics(rig).possible_duplicates);
	kafka_rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mock cluster");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, a_stop_ends_in_time_whatever_the_client_is_at, states);
	LOOP(tcase, a_stop_does_not_wait_until_an_offset_is_looked_up, lookups);
	tcase_add_test(tcase, what_a_hanging_thread_may_still_read_is_held_until_it_is_gone);
	tcase_add_test(tcase, a_client_that_lets_go_is_gone_when_the_free_returns);
	tcase_add_test(tcase, a_client_whose_thread_hangs_is_replaced_and_nothing_is_lost);
	return run_case("kafka sink, the way down", tcase);
}
