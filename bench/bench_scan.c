/* SPDX-License-Identifier: MIT */
/*
 * The scan alone against a jansson tree, on messages in memory:
 *
 *     bench_scan NAME COUNT|FILE        COUNT generated messages, or a message a line
 *
 * The plan is that of a pipeline whose routes go by kind, as the README's program: the paths of the
 * kinds. NAME.scan is the form that this machine takes, then each form by its name; NAME.told is
 * scan and kind; NAME.tree is jansson: parsed and freed. Each takes the best of some rounds.
 */
#include <jansson.h>
#include <stdlib.h>

#include "bench.h"
#include "kit/scan.h"
#include "model/kind.h"
#include "texts.h"

#define ROUNDS 7
#define TREE_ROUNDS 2
#define SLOTS 512

struct bench {
	const char *name;
	weir__plan *plan;
	struct weir__kind_slots kind_slots;
	struct texts texts;
	struct weir__slot slots[SLOTS];
};

typedef unsigned read_fn(struct bench *bench, const struct text *text);

static unsigned scan(struct bench *bench, const struct text *text)
{
	return weir__scan(bench->plan, text->bytes, text->len, bench->slots, NULL);
}

static unsigned scan_and_tell(struct bench *bench, const struct text *text)
{
	const bool valid = weir__scan(bench->plan, text->bytes, text->len, bench->slots, NULL);

	return weir__kind_tell(&bench->kind_slots, text->bytes, text->len, valid, bench->slots)
		.kind;
}

static unsigned build_tree(struct bench *bench, const struct text *text)
{
	json_t *tree = json_loadb(text->bytes, text->len, 0, NULL);
	const unsigned good = tree != NULL;

	(void)bench;
	json_decref(tree);
	return good;
}

static void measure(struct bench *bench, const char *what, read_fn *read, int rounds)
{
	const struct texts *texts = &bench->texts;
	struct bench_moment from = { 0 }, to = { 0 };
	unsigned good = 0;
	char name[64];

	for (int round = 0; round < rounds; round++) {
		const struct bench_moment before = bench_moment_now();

		for (size_t i = 0; i < texts->count; i++)
			good |= read(bench, &texts->list[i]);

		const struct bench_moment after = bench_moment_now();

		if (round == 0 || after.cpu - before.cpu < to.cpu - from.cpu) {
			from = before;
			to = after;
		}
	}
	snprintf(name, sizeof name, "%s.%s", bench->name, what);
	if (good)
		bench_print(name, texts->count, texts->bytes, from, to);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	const struct weir_env env = weir__env_complete(NULL);

	if (argc != 3)
		return fprintf(stderr, "usage: %s NAME COUNT|FILE\n", argv[0]), 2;
	bench.name = argv[1];
	bench.texts = texts_read(argv[2]);
	bench.plan = weir__plan_new(&env);
	if (!bench.plan || weir__kind_plan(&bench.kind_slots, bench.plan, NULL) < 0 ||
	    weir__plan_slot_count(bench.plan) > SLOTS)
		return 1;
	measure(&bench, "scan", scan, ROUNDS);
	measure(&bench, "told", scan_and_tell, ROUNDS);
	measure(&bench, "tree", build_tree, TREE_ROUNDS);
	for (unsigned form = 0; form < WEIR__SCAN_FORMS; form++)
		if (weir__plan_use(bench.plan, form))
			measure(&bench, weir__scan_form_name(form), scan, ROUNDS);
	weir__plan_free(bench.plan);
	texts_free(&bench.texts);
	return 0;
}
