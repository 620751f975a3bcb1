/* SPDX-License-Identifier: MIT */
/*
 * A histogram in the way of HdrHistogram: buckets of equal width within each power of two, so that
 * any value is known to 1.6 % and a million of them take no more memory than ten.
 *
 *     0 1 2 … 63 | 64 65 … 127 | 128 130 … 254 | 256 260 … 508 | …
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_LINEAR 64	/* buckets in each power of two */
#define HISTOGRAM_POWERS 40

struct histogram {
	uint64_t count;
	uint64_t most;
	uint64_t buckets[HISTOGRAM_POWERS * HISTOGRAM_LINEAR];
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* The value that `share` (0 to 1) of all are not above. */
uint64_t histogram_at(const struct histogram *histogram, double share);

/* NAME.p50, NAME.p99 … as figures, then lines for people, behind "# "; both in `unit` values. */
void histogram_print(const struct histogram *histogram, const char *name, double unit,
		     const char *unit_name);

#endif
