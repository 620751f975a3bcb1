/* SPDX-License-Identifier: MIT */
/*
 * The memory of a long run between each two powers of ten: at most, and in the mean of the looks in
 * the second half before the mark.
 */
#ifndef BENCH_MARKS_H
#define BENCH_MARKS_H

#include <stdint.h>

#define MARKS_EVERY 2000	/* messages between two looks */

/* `name` is what the figures are called: NAME.mean_1e5, NAME.peak_1e5, NAME.mean_1e6 … */
struct marks {
	const char *name;
	uint64_t passed;
	uint64_t look;		/* when this many have passed */
	uint64_t mark;
	int power;
	double sum_mb;
	uint64_t looks;
};

/* A run of less than a million messages has no marks: they hide its peak as a whole. */
static inline struct marks marks_new(const char *name, uint64_t messages)
{
	return (struct marks){ .name = name, .look = messages < 1000000 ? UINT64_MAX : MARKS_EVERY,
			       .mark = 100000, .power = 5 };
}

void marks_look(struct marks *marks);

/* One more message. */
static inline void marks_pass(struct marks *marks)
{
	if (++marks->passed == marks->look)
		marks_look(marks);
}

#endif
