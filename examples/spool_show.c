/* SPDX-License-Identifier: MIT */
/*
 * What is in a spool: how many messages, how old, the first and the last, and whether all of it is
 * sound. It changes nothing; a pipeline must not have the spool meanwhile. `make install-tools`
 * installs it as weir-spool-show.
 *
 *     spool_show DIR [--bodies]      with --bodies every message, a line each: it can be read back
 *
 * Ends with 0: sound · 1: something is damaged, and what can be read is shown all the same · 2: it
 * cannot be looked at.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <weir.h>

static void show_body(void *user, uint64_t number, uint64_t stored_ms, unsigned kind,
		      struct weir_slice body)
{
	(void)number;
	(void)stored_ms;
	(void)kind;
	fwrite(body.data, 1, body.len, user);
	fputc('\n', user);
}

static void show_end(FILE *out, const char *which, uint64_t number, uint64_t stored_ms)
{
	const time_t seconds = (time_t)(stored_ms / 1000);
	const time_t age = time(NULL) - seconds;
	struct tm parts;
	char text[32] = "";

	if (gmtime_r(&seconds, &parts))
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	fprintf(out, "%-9s number %" PRIu64 ", stored %s, %jd s ago\n", which, number, text,
		(intmax_t)age);
}

/* Beside the bodies, the report goes to stderr. */
static void show_report(FILE *out, const struct weir_spool_report *report)
{
	fprintf(out, "%-9s %" PRIu64 " messages, %" PRIu64 " bytes, in %" PRIu64 " batches\n",
		"waiting", report->messages, report->bytes, report->batches);
	if (report->messages > 0) {
		show_end(out, "first", report->first, report->first_ms);
		show_end(out, "last", report->last, report->last_ms);
	}
	if (report->damaged_batches > 0)
		fprintf(out, "%-9s %" PRIu64 " messages of %" PRIu64 " batches or more\n",
			"damaged", report->damaged_messages, report->damaged_batches);
}

int main(int argc, char **argv)
{
	const int bodies = argc == 3 && strcmp(argv[2], "--bodies") == 0;
	struct weir_spool_report report = { .size = sizeof report };
	FILE *const out = bodies ? stderr : stdout;
	struct weir_error err;
	enum weir_status status;

	if (argc != 2 && !bodies)
		return fprintf(stderr, "usage: %s DIR [--bodies]\n", argv[0]), 2;
	status = weir_spool_inspect(argv[1], bodies ? show_body : NULL, stdout, &report, &err);
	if (status == WEIR_OK || status == WEIR_ERR_CORRUPT)
		show_report(out, &report);
	if (status < 0)
		fprintf(stderr, "%s\n", err.text);
	else
		fprintf(out, "%-9s all of it is sound\n", "verified");
	if (status == WEIR_OK)
		return 0;
	return status == WEIR_ERR_CORRUPT ? 1 : 2;
}
