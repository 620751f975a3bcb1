/* SPDX-License-Identifier: MIT */
/*
 * Reads a recording and tells what is in it: the file source, a callback sink, kinds and traits.
 *
 *     replay [--kinds] FILE|-
 *
 * Prints how many messages of each kind there are; with --kinds one line per message in the order
 * read: the kind, then the traits, separated by blanks.
 */
#include <stdio.h>
#include <string.h>
#include <weir.h>

static enum weir_status print_kind(void *user, weir_message *message, const char *to,
				   struct weir_error *err)
{
	const unsigned traits = weir_message_traits(message);

	(void)user;
	(void)to;
	(void)err;
	fputs(weir_kind_name(weir_message_kind(message)), stdout);
	for (unsigned trait = 1; trait < 1u << WEIR_TRAIT_COUNT; trait <<= 1)
		if (traits & trait)
			printf(" %s", weir_trait_name(trait));
	putchar('\n');
	return WEIR_OK;
}

static enum weir_status count_only(void *user, weir_message *message, const char *to,
				   struct weir_error *err)
{
	(void)user;
	(void)message;
	(void)to;
	(void)err;
	return WEIR_OK;	/* the metrics count by kind */
}

static void print_counts(const weir_pipeline *pipeline)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	weir_pipeline_metrics(pipeline, &metrics);
	for (unsigned kind = 0; kind < WEIR_KIND_COUNT; kind++)
		if (metrics.kinds[kind].received)
			printf("%-16s %10llu messages %14llu bytes\n", weir_kind_name(1u << kind),
			       (unsigned long long)metrics.kinds[kind].received,
			       (unsigned long long)metrics.kinds[kind].bytes);
	printf("%-16s %10llu messages %14llu bytes\n", "all",
	       (unsigned long long)metrics.all.received, (unsigned long long)metrics.all.bytes);
}

int main(int argc, char **argv)
{
	const bool kinds = argc == 3 && !strcmp(argv[1], "--kinds");

	if (argc != 2 && !kinds) {
		fprintf(stderr, "usage: %s [--kinds] FILE|-\n", argv[0]);
		return 2;
	}

	weir_pipeline *p = weir_pipeline_new(NULL);

	weir_file_source_add(p, "recording",
			     WEIR_WITH(weir_file_source_options, .path = argv[argc - 1]));
	weir_sink *sink = weir_callback_sink_add(p, "print",
		WEIR_WITH(weir_callback_sink_options, .call = kinds ? print_kind : count_only));

	weir_route_add(p, WEIR_WITH(weir_route, .name = "all"), sink);

	const enum weir_status status = weir_pipeline_run(p);

	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(p)->text);
	else if (!kinds)
		print_counts(p);
	weir_pipeline_free(p);
	if (fflush(stdout) || ferror(stdout)) {
		perror("standard output");
		return 1;
	}
	return status < 0 ? 1 : 0;
}
