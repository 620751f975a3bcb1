/* SPDX-License-Identifier: MIT */
/* Reads corpus files; zlib passes through what is not compressed. Out of memory aborts the test. */
#include "support/corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

const char *const corpus_files[] = {
	"v11-messages.jsonl", "v2-messages.jsonl", "other-messages.jsonl", "malformed-lines.txt",
	"v11-bulk.jsonl.gz",  NULL,
};

static void *resize(void *ptr, size_t size)
{
	ptr = realloc(ptr, size);
	if (!ptr)
		abort();
	return ptr;
}

static void read_all(gzFile file, struct corpus *corpus)
{
	size_t room = 1 << 20;
	int got;

	corpus->bytes = resize(NULL, room);
	do {
		if (room - corpus->len < 1 << 19)
			corpus->bytes = resize(corpus->bytes, room *= 2);
		got = gzread(file, corpus->bytes + corpus->len, 1 << 19);
		corpus->len += got > 0 ? (size_t)got : 0;
	} while (got > 0);
}

static void split_lines(struct corpus *corpus)
{
	const char *at = corpus->bytes;
	const char *end = at + corpus->len;
	size_t room = 0;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *next = lf ? lf + 1 : end;

		if (corpus->line_count == room) {
			room = room ? 2 * room : 256;
			corpus->lines = resize(corpus->lines, room * sizeof *corpus->lines);
		}
		if (lf != at)
			corpus->lines[corpus->line_count++] =
				(struct weir_slice){ at, (size_t)((lf ? lf : end) - at) };
		at = next;
	}
}

bool corpus_read(const char *name, struct corpus *ret)
{
	const char *folder = getenv("WEIR_CORPUS");
	char path[1024];
	gzFile file;

	snprintf(path, sizeof path, "%s/%s", folder ? folder : "../shared/corpus", name);
	file = gzopen(path, "rb");
	if (!file) {
		printf("skipped: no corpus file '%s'\n", path);
		return false;
	}
	*ret = (struct corpus){ .len = 0 };
	read_all(file, ret);
	gzclose(file);
	split_lines(ret);
	return true;
}

void corpus_release(struct corpus *corpus)
{
	free(corpus->lines);
	free(corpus->bytes);
	*corpus = (struct corpus){ .len = 0 };
}
