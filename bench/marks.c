/* SPDX-License-Identifier: MIT */
/*
 * Resident memory as the kernel tells it. Its high-water mark is set back at each power of ten: so
 * the peak of the messages up to 10^7 is not hidden by one among the first thousand.
 */
#include "marks.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Of /proc/self/status, "VmRSS:" say, in MB. */
static double status_mb(const char *name)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	double kb = 0;

	while (status && fgets(line, sizeof line, status))
		if (!strncmp(line, name, strlen(name)))
			kb = strtod(line + strlen(name), NULL);
	if (status)
		fclose(status);
	return kb / 1024;
}

static void set_back(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "w");

	if (!file)
		return;
	fputs("5\n", file);
	fclose(file);
}

static void print(struct marks *marks)
{
	char what[16];

	snprintf(what, sizeof what, "mean_1e%d", marks->power);
	bench_figure(marks->name, what, marks->sum_mb / (double)marks->looks);
	snprintf(what, sizeof what, "peak_1e%d", marks->power++);
	bench_figure(marks->name, what, status_mb("VmHWM:"));
	set_back();
	marks->sum_mb = 0;
	marks->looks = 0;
	marks->mark *= 10;
}

void marks_look(struct marks *marks)
{
	marks->sum_mb += status_mb("VmRSS:");
	marks->looks++;
	if (marks->passed == marks->mark / 2) {	/* the mean is of the half before a mark */
		marks->sum_mb = 0;
		marks->looks = 0;
	}
	if (marks->passed == marks->mark)
		print(marks);
	marks->look += MARKS_EVERY;
}
