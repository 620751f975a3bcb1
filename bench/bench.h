/* SPDX-License-Identifier: MIT */
/* What every benchmark program prints: one line of figures for `bench/run` to read. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static inline double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* "NAME messages seconds cpu_seconds peak_kib"; cpu of the whole process since the line before. */
static inline void bench_print(const char *name, uint64_t messages, double seconds)
{
	static double cpu_before;
	struct rusage usage;
	double cpu;

	getrusage(RUSAGE_SELF, &usage);
	cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("%s %llu %.4f %.4f %ld\n", name, (unsigned long long)messages, seconds,
	       cpu - cpu_before, usage.ru_maxrss);
	cpu_before = cpu;
}

/* What every producer here sets, so that they do the same work. */
static const char *const bench_kafka[][2] = {
	{ "compression.codec", "lz4" },
	{ "acks", "all" },
	{ "enable.idempotence", "true" },
	{ "partitioner", "murmur2_random" },
	{ "message.timeout.ms", "0" },
};

#endif
