/* SPDX-License-Identifier: MIT */
/*
 * What every benchmark program prints: one figure a line, "NAME.WHAT VALUE". bench/run collects the
 * lines of all programs and rounds, bench/table.awk makes the table of them.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

/* A point of the clock, and of the CPU time of the whole process. */
struct bench_moment {
	double seconds;
	double cpu;
};

static inline double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline struct bench_moment bench_moment_now(void)
{
	struct timespec cpu;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	return (struct bench_moment){ bench_now(), (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9 };
}

static inline void bench_figure(const char *name, const char *what, double value)
{
	printf("%s.%s %.9g\n", name, what, value);
}

/* Messages and MB a second, CPU seconds per million messages, and the peak memory in MB so far. */
static inline void bench_print(const char *name, uint64_t messages, uint64_t bytes,
			       struct bench_moment from, struct bench_moment to)
{
	const double seconds = to.seconds - from.seconds;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	bench_figure(name, "rate", (double)messages / seconds);
	bench_figure(name, "mb", (double)bytes / seconds / 1e6);
	bench_figure(name, "cpu", (to.cpu - from.cpu) / (double)messages * 1e6);
	bench_figure(name, "peak", (double)usage.ru_maxrss / 1024);
}

/* What every producer here sets, so that they do the same work. */
static const struct {
	const char *name, *value;
} bench_kafka[] = {
	{ "compression.codec", "lz4" },
	{ "acks", "all" },
	{ "enable.idempotence", "true" },
	{ "partitioner", "murmur2_random" },
	{ "message.timeout.ms", "0" },
	{ "message.max.bytes", "4000000" },
};

#define BENCH_KAFKA_COUNT (sizeof bench_kafka / sizeof *bench_kafka)

#endif
