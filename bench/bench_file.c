/* SPDX-License-Identifier: MIT */
/*
 * Replaying a file to a callback sink, against `wc -l` on the same file:
 *
 *     bench_file FILE [PACKED…]       prints replay: as Twitter's messages, scanned; records: not
 *                                     looked at; wc; and the same of FILE packed, each named by its
 *                                     ending (replay.gz), with the bytes of FILE
 *
 * Files are read once before, so that all find them in memory.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "feed.h"

static uint64_t size_of(const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
}

static int count_lines(const char *path)
{
	const pid_t child = fork();
	int status = -1;

	if (child == 0) {
		const int nowhere = open("/dev/null", O_WRONLY);

		dup2(nowhere, STDOUT_FILENO);
		execlp("wc", "wc", "-l", path, (char *)NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	return status;
}

static int replay(const char *name, const char *path, unsigned kind, uint64_t bytes,
		  uint64_t *ret_messages)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	weir_pipeline *p = weir_pipeline_new(NULL);
	struct bench_moment started;
	int failed;

	weir_file_source_add(p, "recording",
			     WEIR_WITH(weir_file_source_options, .path = path, .kind = kind));
	weir_route_add(p, NULL, take_all_add(p, NULL, NULL));
	started = bench_moment_now();
	failed = weir_pipeline_run(p) < 0;
	weir_pipeline_metrics(p, &metrics);
	*ret_messages = metrics.all.delivered;
	bench_print(name, metrics.all.delivered, bytes, started, bench_moment_now());
	weir_pipeline_free(p);
	return failed;
}

static int replay_packed(const char *path, uint64_t bytes)
{
	const char *ending = strrchr(path, '.');
	uint64_t messages;
	char name[32];

	snprintf(name, sizeof name, "replay%s", ending ? ending : "");
	return count_lines(path) | replay(name, path, 0, bytes, &messages);
}

int main(int argc, char **argv)
{
	struct bench_moment started;
	uint64_t bytes, messages;
	int failed;

	if (argc < 2)
		return fprintf(stderr, "usage: %s FILE [PACKED…]\n", argv[0]), 2;
	bytes = size_of(argv[1]);
	failed = count_lines(argv[1]);
	failed |= replay("replay", argv[1], 0, bytes, &messages);
	failed |= replay("records", argv[1], WEIR_KIND_RECORD, bytes, &messages);
	started = bench_moment_now();
	failed |= count_lines(argv[1]);
	bench_print("wc", messages, bytes, started, bench_moment_now());
	for (int i = 2; i < argc; i++)
		failed |= replay_packed(argv[i], bytes);
	return failed != 0;
}
