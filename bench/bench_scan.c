/* SPDX-License-Identifier: MIT */
/*
 * The scan alone against a jansson tree, on generated messages in memory:
 *
 *     bench_scan COUNT        prints a line for each, as bench.h says
 *
 * The scan runs with the plan of a pipeline without field matchers: the kinds' own paths.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "kit/scan.h"
#include "model/kind.h"
#include "sample.h"

struct text {
	char *bytes;
	size_t len;
};

static struct text *generate(size_t count)
{
	struct sample *sample = sample_new(1);
	struct text *texts = calloc(count, sizeof *texts);

	for (size_t i = 0; i < count; i++) {
		const struct sample_message message = sample_next(sample);

		texts[i] = (struct text){ malloc(message.len), message.len };
		memcpy(texts[i].bytes, message.text, message.len);
	}
	sample_free(sample);
	return texts;
}

int main(int argc, char **argv)
{
	const size_t count = argc == 2 ? strtoul(argv[1], NULL, 10) : 20000;
	const struct weir_env env = weir__env_complete(NULL);
	struct weir__slot slots[512];
	struct weir__kind_slots kind_slots;
	weir__plan *plan = weir__plan_new(&env);
	struct text *texts = generate(count);
	uint64_t good = 0;
	double started;

	if (!plan || weir__kind_plan(&kind_slots, plan, NULL) < 0 ||
	    weir__plan_slot_count(plan) > 512)
		return 1;
	started = bench_now();
	for (int round = 0; round < 10; round++)
		for (size_t i = 0; i < count; i++) {
			const bool valid = weir__scan(plan, texts[i].bytes, texts[i].len, slots, NULL);
			const struct weir__verdict verdict = weir__kind_tell(
				&kind_slots, texts[i].bytes, texts[i].len, valid, slots);

			good += verdict.kind != WEIR_KIND_MALFORMED;
		}
	bench_print("scan", good, bench_now() - started);
	started = bench_now();
	for (size_t i = 0; i < count; i++)
		json_decref(json_loadb(texts[i].bytes, texts[i].len, 0, NULL));
	bench_print("tree", count, bench_now() - started);
	return 0;
}
