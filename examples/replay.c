/* SPDX-License-Identifier: MIT */
/*
 * Reads a recording and tells what is in it: the file source, a callback sink, kinds and traits.
 *
 *     replay [--kinds] [--state DIR] [--follow] FILE|-
 *
 * Prints how many messages of each kind there are; with --kinds one line per message in the order
 * read: the kind, then the traits, separated by blanks. --state: goes on where the last run with
 * this folder ended. --follow: goes on with what is appended, until it is interrupted.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <weir.h>

static enum weir_status print_kind(void *kinds, weir_message *message, const char *to,
				   struct weir_error *err)
{
	const unsigned traits = weir_message_traits(message);

	(void)to;
	(void)err;
	if (!*(bool *)kinds)
		return WEIR_OK;	/* the metrics count by kind */
	fputs(weir_kind_name(weir_message_kind(message)), stdout);
	for (unsigned trait = 1; trait < 1u << WEIR_TRAIT_COUNT; trait <<= 1)
		if (traits & trait)
			printf(" %s", weir_trait_name(trait));
	putchar('\n');
	return WEIR_OK;
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

static weir_pipeline *p;

static void stop(int signal)
{
	(void)signal;
	weir_pipeline_stop(p);
}

int main(int argc, char **argv)
{
	struct weir_file_source_options file = { .size = sizeof file };
	bool kinds = false;

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--kinds"))
			kinds = true;
		else if (!strcmp(argv[i], "--follow"))
			file.follow = true;
		else if (!strcmp(argv[i], "--state") && i + 1 < argc)
			file.state_dir = argv[++i];
		else if (!file.path && strncmp(argv[i], "--", 2))
			file.path = argv[i];
		else
			argc = 0;
	if (!argc || !file.path) {
		fprintf(stderr, "usage: %s [--kinds] [--state DIR] [--follow] FILE|-\n", argv[0]);
		return 2;
	}

	p = weir_pipeline_new(NULL);
	signal(SIGINT, stop);
	weir_file_source_add(p, "recording", &file);
	weir_sink *sink = weir_callback_sink_add(p, "print",
		WEIR_WITH(weir_callback_sink_options, .call = print_kind, .user = &kinds));

	weir_route_add(p, WEIR_WITH(weir_route, .name = "all"), sink);

	const enum weir_status status = weir_pipeline_run(p);

	signal(SIGINT, SIG_DFL);	/* the handler's pipeline is about to go */
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
