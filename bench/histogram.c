/* SPDX-License-Identifier: MIT */
/* See the header. A value's bucket is its power of two and the next six bits below the first. */
#include "histogram.h"

#include <math.h>

#include "bench.h"

#define BITS 6	/* HISTOGRAM_LINEAR is 1 << BITS */

static unsigned bucket_of(uint64_t value)
{
	unsigned power = 0;

	while (value >= 2 * HISTOGRAM_LINEAR) {
		value >>= 1;
		power++;
	}
	return power * HISTOGRAM_LINEAR + (unsigned)value;
}

/* The largest value of a bucket. */
static uint64_t top_of(unsigned bucket)
{
	const unsigned power = bucket < 2 * HISTOGRAM_LINEAR ? 0 : (bucket >> BITS) - 1;

	return ((uint64_t)(bucket - power * HISTOGRAM_LINEAR + 1) << power) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	const unsigned bucket = bucket_of(value);
	const unsigned last = HISTOGRAM_POWERS * HISTOGRAM_LINEAR - 1;

	histogram->buckets[bucket < last ? bucket : last]++;
	histogram->count++;
	if (value > histogram->most)
		histogram->most = value;
}

uint64_t histogram_at(const struct histogram *histogram, double share)
{
	const uint64_t wanted = (uint64_t)ceil(share * (double)histogram->count);
	uint64_t seen = 0;
	unsigned bucket = 0;

	while (bucket < HISTOGRAM_POWERS * HISTOGRAM_LINEAR - 1 &&
	       (seen += histogram->buckets[bucket]) < wanted)
		bucket++;
	return top_of(bucket) < histogram->most ? top_of(bucket) : histogram->most;
}

void histogram_print(const struct histogram *histogram, const char *name, double unit,
		     const char *unit_name)
{
	static const struct {
		const char *name;
		double share;
	} rows[] = {
		{ "p50", .5 }, { "p75", .75 }, { "p90", .9 }, { "p95", .95 }, { "p99", .99 },
		{ "p99.5", .995 }, { "p99.9", .999 }, { "p99.99", .9999 }, { "max", 1 },
	};

	printf("# %s, %llu values, %s:\n", name, (unsigned long long)histogram->count, unit_name);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const double value = (double)histogram_at(histogram, rows[i].share) / unit;

		bench_figure(name, rows[i].name, value);
		printf("#   %-8s %10.1f\n", rows[i].name, value);
	}
}
