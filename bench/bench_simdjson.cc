/* SPDX-License-Identifier: MIT */
/*
 * simdjson's DOM on messages in memory, for comparison with bench_scan: a full parse of each.
 *
 *     bench_simdjson NAME COUNT|FILE        prints NAME.simdjson
 *
 * Built where simdjson is installed; the library has nothing of it.
 */
#include <simdjson.h>

#include "bench.h"
#include "texts.h"

#define ROUNDS 7

static_assert(TEXT_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads behind a text");

int main(int argc, char **argv)
{
	if (argc != 3)
		return fprintf(stderr, "usage: %s NAME COUNT|FILE\n", argv[0]), 2;

	struct texts texts = texts_read(argv[2]);
	simdjson::dom::parser parser;
	struct bench_moment from = {}, to = {};
	size_t good = 0;
	char name[64];

	for (int round = 0; round < ROUNDS; round++) {
		const struct bench_moment before = bench_moment_now();

		for (size_t i = 0; i < texts.count; i++)
			good += parser.parse(texts.list[i].bytes, texts.list[i].len, false).error() ==
				simdjson::SUCCESS;

		const struct bench_moment after = bench_moment_now();

		if (round == 0 || after.cpu - before.cpu < to.cpu - from.cpu) {
			from = before;
			to = after;
		}
	}
	if (good != ROUNDS * texts.count)
		fprintf(stderr, "%s: only %zu of %zu are JSON\n", argv[0], good / ROUNDS,
			texts.count);
	snprintf(name, sizeof name, "%s.simdjson", argv[1]);
	bench_print(name, texts.count, texts.bytes, from, to);
	texts_free(&texts);
	return 0;
}
