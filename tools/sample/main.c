/* SPDX-License-Identifier: MIT */
/*
 * sample: invented stream messages on standard output, for pipes, files and benchmarks.
 *
 *	sample --count 1000 --seed 7 > messages.jsonl
 *	sample --count 1000 --framing length | head
 *	sample --count 100000 --counts > /dev/null
 */
#include "sample.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: sample [--count N] [--seed S] [--framing lf|crlf|length]\n"
	"              [--disconnects] [--counts] [--x]\n"
	"  --count N      how many messages (1000)\n"
	"  --seed S       the same seed gives the same bytes (1)\n"
	"  --framing F    lf: a line each (default); crlf: as on the wire;\n"
	"                 length: as on the wire with delimited=length\n"
	"  --disconnects  let disconnect messages occur\n"
	"  --x            posts as X API v2 writes them; they are not counted\n"
	"  --counts       say how many of each kind there were, on standard error\n";

struct options {
	uint64_t count;
	uint64_t seed;
	const char *framing;
	bool disconnects;
	bool counts;
	bool x;
};

static void write_message(const struct options *options, const struct sample_message *m)
{
	if (strcmp(options->framing, "length") == 0)
		printf("%zu\r\n", m->len + 2);
	fwrite(m->text, 1, m->len, stdout);
	fputs(strcmp(options->framing, "lf") == 0 ? "\n" : "\r\n", stdout);
}

static void report(const struct sample *sample)
{
	for (enum sample_kind kind = 0; kind < SAMPLE_KINDS; kind++)
		fprintf(stderr, "%-16s %" PRIu64 "\n", sample_kind_name(kind),
			sample_count(sample, kind));
	fprintf(stderr, "%-16s %" PRIu64 "\n", "enveloped",
		sample_trait_count(sample, SAMPLE_ENVELOPED));
}

static int run(const struct options *options)
{
	struct sample *sample = sample_new(options->seed);

	if (!sample) {
		fputs("sample: no memory\n", stderr);
		return 1;
	}
	if (options->disconnects)
		sample_allow_disconnect(sample);
	for (uint64_t i = 0; i < options->count && !ferror(stdout); i++) {
		const struct sample_message m =
			options->x ? sample_next_x(sample) : sample_next(sample);

		write_message(options, &m);
	}
	if (options->counts)
		report(sample);
	sample_free(sample);
	if (fflush(stdout) != 0) {
		perror("sample");
		return 1;
	}
	return 0;
}

static int read_number(const char *text, uint64_t *ret_value)
{
	char *end;

	*ret_value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == 0 ? 0 : -1;
}

static int read_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ "framing", required_argument, NULL, 'f' },
		{ "disconnects", no_argument, NULL, 'd' },
		{ "counts", no_argument, NULL, 'n' },
		{ "x", no_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 },
	};
	int option, bad = 0;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'c')
			bad |= read_number(optarg, &options->count);
		else if (option == 's')
			bad |= read_number(optarg, &options->seed);
		else if (option == 'f')
			options->framing = optarg;
		else if (option == 'd')
			options->disconnects = true;
		else if (option == 'n')
			options->counts = true;
		else if (option == 'x')
			options->x = true;
		else
			bad = -1;
	}
	return bad || optind < argc ? -1 : 0;
}

static bool framing_known(const char *framing)
{
	return strcmp(framing, "lf") == 0 || strcmp(framing, "crlf") == 0 ||
	       strcmp(framing, "length") == 0;
}

int main(int argc, char **argv)
{
	struct options options = { .count = 1000, .seed = 1, .framing = "lf" };

	if (read_options(argc, argv, &options) < 0 || !framing_known(options.framing)) {
		fputs(usage, stderr);
		return 2;
	}
	return run(&options);
}
