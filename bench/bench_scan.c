/* SPDX-License-Identifier: MIT */
/*
 * The scan alone against a jansson tree, on messages in memory:
 *
 *     bench_scan COUNT        generated messages; COUNT is of messages
 *     bench_scan FILE         a message a line
 *
 * prints a line for each, as bench.h says: `scan` is the form that this machine takes, then comes
 * each form by its name, then `tree`. The scan runs with the plan of a pipeline without field
 * matchers: the kinds' own paths.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "kit/scan.h"
#include "model/kind.h"
#include "sample.h"

#define ROUNDS 10
#define SLOTS 512

struct text {
	char *bytes;
	size_t len;
};

struct texts {
	struct text *list;
	size_t count;
	size_t room;
};

static void add(struct texts *texts, const char *bytes, size_t len)
{
	struct text *text;

	if (texts->count == texts->room) {
		texts->room = texts->room ? 2 * texts->room : 1024;
		texts->list = realloc(texts->list, texts->room * sizeof *texts->list);
	}
	text = &texts->list[texts->count++];
	*text = (struct text){ malloc(len), len };
	memcpy(text->bytes, bytes, len);
}

static struct texts generate(size_t count)
{
	struct sample *sample = sample_new(1);
	struct texts texts = { .count = 0 };

	while (texts.count < count) {
		const struct sample_message message = sample_next(sample);

		add(&texts, message.text, message.len);
	}
	sample_free(sample);
	return texts;
}

static struct texts read_file(const char *name)
{
	FILE *file = fopen(name, "r");
	struct texts texts = { .count = 0 };
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (file && (len = getline(&line, &size, file)) > 0)
		if (len > 1)
			add(&texts, line, (size_t)len);
	free(line);
	if (file)
		fclose(file);
	return texts;
}

static void scan(const char *name, const weir__plan *plan,
		 const struct weir__kind_slots *kind_slots, const struct texts *texts)
{
	const double started = bench_now();
	struct weir__slot slots[SLOTS];
	uint64_t good = 0;

	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < texts->count; i++) {
			const struct text *text = &texts->list[i];
			const bool valid = weir__scan(plan, text->bytes, text->len, slots, NULL);
			const struct weir__verdict verdict = weir__kind_tell(
				kind_slots, text->bytes, text->len, valid, slots);

			good += verdict.kind != WEIR_KIND_MALFORMED;
		}
	bench_print(name, good, bench_now() - started);
}

static void build_trees(const struct texts *texts)
{
	const double started = bench_now();

	for (size_t i = 0; i < texts->count; i++)
		json_decref(json_loadb(texts->list[i].bytes, texts->list[i].len, 0, NULL));
	bench_print("tree", texts->count, bench_now() - started);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "20000";
	const struct weir_env env = weir__env_complete(NULL);
	struct weir__kind_slots kind_slots;
	weir__plan *plan = weir__plan_new(&env);
	const struct texts texts = isdigit((unsigned char)*what) ? generate(strtoul(what, NULL, 10))
								  : read_file(what);

	if (!plan || weir__kind_plan(&kind_slots, plan, NULL) < 0 ||
	    weir__plan_slot_count(plan) > SLOTS)
		return 1;
	scan("scan", plan, &kind_slots, &texts);
	for (unsigned form = 0; form < WEIR__SCAN_FORMS; form++) {
		char name[40];

		snprintf(name, sizeof name, "scan-%s", weir__scan_form_name(form));
		if (weir__plan_use(plan, form))
			scan(name, plan, &kind_slots, &texts);
	}
	build_trees(&texts);
	return 0;
}
