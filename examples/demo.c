/* SPDX-License-Identifier: MIT */
/*
 * The whole main job on this machine, with no account and no broker, and the proof that it worked:
 *
 *     stream_server ──HTTP, OAuth 1.0a──► weir: twitter → router → kafka ──► broker
 *          ▲                                                                  │
 *     what is sent ◄───────────────── compared byte by byte ◄─────────── read back
 *
 *     demo [--count N] [--stream FILE] [--brokers HOST:PORT] [--keep]
 *
 * Without --brokers the broker is librdkafka's mock cluster. --stream serves a recording (one
 * message a line) instead of a generated sample. --keep leaves the topics on a real broker.
 * Exits 0 only when every byte that was sent came back, once, from the topic of its kind.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "demo/demo.h"

#define PARTITION_BYTES (2u << 20)	/* well below the 5 MB that the mock cluster keeps */
#define JOB_MS 600000

struct options {
	uint64_t count;
	const char *stream, *brokers;
	bool keep;
};

struct server {
	char program[512];
	const char *file;
};

static bool read_options(int argc, char **argv, struct options *options)
{
	*options = (struct options){ .count = 20000 };
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!strcmp(argv[i], "--keep"))
			options->keep = true;
		else if (value && !strcmp(argv[i], "--stream"))
			options->stream = argv[++i];
		else if (value && !strcmp(argv[i], "--brokers"))
			options->brokers = argv[++i];
		else if (value && !strcmp(argv[i], "--count"))
			options->count = strtoull(argv[++i], NULL, 10);
		else
			return false;
	}
	return options->count > 0;
}

static int server_run(void *user, int out)
{
	const struct server *server = user;

	dup2(out, STDOUT_FILENO);
	execl(server->program, server->program, "--port", "0", "--file", server->file, "--then",
	      "hold", (char *)NULL);
	fprintf(stderr, "demo: cannot run '%s'; build it with make\n", server->program);
	return 127;
}

static void show_line(const struct progress *progress, uint64_t expected, bool terminal)
{
	fprintf(stderr, "%s  received %8" PRIu64 " of %" PRIu64 "   acknowledged %8" PRIu64
			"   under way %6" PRIu64 "   %5" PRIu64 " MB%s",
		terminal ? "\r" : "", (uint64_t)progress->received, expected,
		(uint64_t)progress->delivered, (uint64_t)progress->in_flight,
		(uint64_t)progress->wire_bytes >> 20, terminal ? "" : "\n");
}

static void show_progress(const struct progress *progress, uint64_t expected)
{
	const bool terminal = isatty(STDERR_FILENO);
	const struct timespec tick = { .tv_nsec = terminal ? 50000000 : 250000000 };

	for (int ticks = 0; !progress->has_ended && ticks < JOB_MS / 50; ticks++) {
		if (terminal || ticks % 4 == 0)
			show_line(progress, expected, terminal);
		nanosleep(&tick, NULL);
	}
	show_line(progress, expected, terminal);
	if (terminal)
		fputc('\n', stderr);
}

static void show_table(const struct progress *progress, const struct read_back *back,
		       const char *prefix)
{
	printf("\n%-18s %10s %10s %10s   %s\n", "kind", "received", "delivered", "read back", "topic");
	for (unsigned kind = 0; kind < WEIR_KIND_COUNT; kind++) {
		char topic[128];

		if (!progress->kind_received[kind])
			continue;
		topic_name(topic, sizeof topic, prefix, 1u << kind);
		printf("%-18s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "   %s\n",
		       weir_kind_name(1u << kind), (uint64_t)progress->kind_received[kind],
		       (uint64_t)progress->kind_delivered[kind], back->kinds[kind], topic);
	}
	printf("%-18s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n\n", "all",
	       (uint64_t)progress->received, (uint64_t)progress->delivered,
	       back->matched + back->foreign);
}

/* Every kind as the generator made it, as the library told it, and as the topics have it. */
static bool kinds_agree(const struct sent *sent, const struct progress *progress,
			const struct read_back *back)
{
	bool agree = true;

	for (unsigned kind = 0; kind < WEIR_KIND_COUNT; kind++) {
		if (back->kinds[kind] != progress->kind_delivered[kind] ||
		    (sent->knows_kinds && sent->kinds[kind] != back->kinds[kind])) {
			printf("kind %s: sent %" PRIu64 ", delivered %" PRIu64 ", read back %" PRIu64
			       "\n",
			       weir_kind_name(1u << kind), sent->kinds[kind],
			       (uint64_t)progress->kind_delivered[kind], back->kinds[kind]);
			agree = false;
		}
	}
	return agree;
}

static bool show_verdict(const struct sent *sent, const struct progress *progress,
			 const struct read_back *back)
{
	const double seconds = (double)progress->milliseconds / 1000;
	const bool whole = back->matched == sent->count && back->foreign == 0;
	const bool agree = kinds_agree(sent, progress, back);

	printf("%.0f messages/s, %.1f MB/s, peak memory %.1f MB\n",
	       seconds > 0 ? (double)sent->count / seconds : 0.0,
	       seconds > 0 ? (double)sent->size / 1e6 / seconds : 0.0,
	       (double)progress->peak_kib / 1024);
	if (sent->left_out)
		printf("%zu disconnect messages of the recording were left out: a client hangs up "
		       "on them\n",
		       sent->left_out);
	if (whole && agree)
		printf("all %zu messages came back, byte for byte\n", sent->count);
	else
		printf("FAILED: %" PRIu64 " of %zu came back, %" PRIu64 " were never sent\n",
		       back->matched, sent->count, back->foreign);
	return whole && agree;
}

static bool run(const struct options *options, struct sent *sent, struct server *server,
		struct progress *progress)
{
	struct broker_plan plan = { .partitions = (int)(sent->size / PARTITION_BYTES) + 2 };
	struct job job = { .brokers = options->brokers, .prefix = plan.prefix,
			   .expected = sent->count, .progress = progress };
	char brokers[256] = "", base[128] = "", url[256];
	struct read_back back = { 0 };
	pid_t broker = 0, stream, worker;
	bool good;

	if (options->brokers) {
		plan.partitions = 4;
		snprintf(plan.prefix, sizeof plan.prefix, "weir-demo-%ld.", (long)time(NULL));
		if (!topics_create(options->brokers, &plan))
			return false;
	} else {
		broker = child_start(broker_run, &plan, brokers, sizeof brokers);
		job.brokers = brokers;
	}
	stream = child_start(server_run, server, base, sizeof base);
	snprintf(url, sizeof url, "%s/1.1/statuses/filter.json", base);
	job.url = url;
	fprintf(stderr, "stream server %s, broker %s, %zu messages (%zu MB)\n", base, job.brokers,
		sent->count, sent->size >> 20);
	worker = broker < 0 || stream < 0 ? -1 : child_start(job_run, &job, NULL, 0);
	good = worker > 0;
	if (good) {
		show_progress(progress, sent->count);
		good = child_end(worker, 5000) == 0;
	}
	if (*progress->error)
		fprintf(stderr, "demo: %s\n", progress->error);
	fprintf(stderr, "reading every topic back\n");
	good = read_back(job.brokers, plan.prefix, progress, sent, &back) && good;
	show_table(progress, &back, plan.prefix);
	good = show_verdict(sent, progress, &back) && good;
	child_stop(stream);
	child_stop(broker);
	if (options->brokers && !options->keep)
		topics_delete(options->brokers, &plan);
	return good;
}

int main(int argc, char **argv)
{
	struct progress *progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sent sent = { 0 };
	struct server server = { .file = sent.path };
	struct options options;
	char *slash;
	bool good;

	if (!read_options(argc, argv, &options)) {
		fprintf(stderr,
			"usage: %s [--count N] [--stream FILE] [--brokers HOST:PORT] [--keep]\n",
			argv[0]);
		return 2;
	}
	snprintf(server.program, sizeof server.program, "%s", argv[0]);
	slash = strrchr(server.program, '/');
	snprintf(slash ? slash + 1 : server.program, 64, "%sstream_server", slash ? "" : "./");
	good = progress != MAP_FAILED &&
	       (options.stream ? sent_load(&sent, options.stream)
			       : sent_generate(&sent, options.count)) &&
	       run(&options, &sent, &server, progress);
	sent_free(&sent);
	return good ? 0 : 1;
}
