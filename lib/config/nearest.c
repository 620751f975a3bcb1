/* SPDX-License-Identifier: MIT */
/*
 * The word that was meant, perhaps: by the number of letters to change (Levenshtein's distance).
 * Called for keys that nobody knows.
 */
#include <string.h>

#include "config/internal.h"

#define MOST_BYTES 63

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
	size_t row[MOST_BYTES + 1], a_len = strlen(a), b_len = strlen(b);

	if (a_len > MOST_BYTES || b_len > MOST_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			const size_t above = row[j];

			row[j] = least(least(above, row[j - 1]) + 1,
				       diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

const char *weir__nearest(const char *word, const char *const *words, size_t count)
{
	size_t best = strlen(word) / 3 + 1;
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const size_t away = distance(word, words[i]);

		if (away < best || (away == best && !found)) {
			best = away;
			found = words[i];
		}
	}
	return found;
}
