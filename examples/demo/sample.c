/* SPDX-License-Identifier: MIT */
/*
 * What is sent: a generated sample or a recording, as a file for the server and as a table to
 * compare against. Bytes are compared, not counts: each line that comes back is looked up by its
 * hash, compared byte by byte, and can be found once.
 */
#include "demo.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample.h"

static uint64_t hash_of(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t hash = 0xcbf29ce484222325u;	/* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

static int by_hash(const void *a, const void *b)
{
	const struct sent_line *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static bool map(struct sent *sent, const char *name)
{
	struct stat status;
	const int fd = open(sent->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) < 0 || status.st_size == 0) {
		fprintf(stderr, "demo: '%s' has no messages to send\n", name);
		if (fd >= 0)
			close(fd);
		return false;
	}
	sent->size = (size_t)status.st_size;
	sent->bytes = mmap(NULL, sent->size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return sent->bytes != MAP_FAILED;
}

static bool add_line(struct sent *sent, size_t at, size_t len, size_t *capacity)
{
	if (sent->count == *capacity) {
		struct sent_line *lines;

		*capacity = *capacity ? *capacity * 2 : 4096;
		lines = realloc(sent->lines, *capacity * sizeof *lines);
		if (!lines)
			return false;
		sent->lines = lines;
	}
	sent->lines[sent->count++] = (struct sent_line){ .hash = hash_of(sent->bytes + at, len),
							 .at = at,
							 .len = (uint32_t)len };
	return true;
}

static bool index_lines(struct sent *sent)
{
	size_t capacity = 0;

	for (size_t at = 0; at < sent->size;) {
		const char *end = memchr(sent->bytes + at, '\n', sent->size - at);
		const size_t next = end ? (size_t)(end - sent->bytes) + 1 : sent->size;
		size_t len = end ? next - 1 - at : next - at;

		while (len && sent->bytes[at + len - 1] == '\r')
			len--;
		if (len && !add_line(sent, at, len, &capacity))
			return false;
		at = next;
	}
	qsort(sent->lines, sent->count, sizeof *sent->lines, by_hash);
	return sent->count > 0;
}

static FILE *temporary(struct sent *sent)
{
	const char *directory = getenv("TMPDIR");
	int fd;

	snprintf(sent->path, sizeof sent->path, "%s/weir-demo-XXXXXX",
		 directory && *directory ? directory : "/tmp");
	fd = mkstemp(sent->path);
	sent->is_temporary = fd >= 0;
	return fd < 0 ? NULL : fdopen(fd, "w");
}

bool sent_generate(struct sent *sent, uint64_t count)
{
	struct sample *sample = sample_new(1);
	FILE *file = temporary(sent);
	bool good = sample && file;

	for (uint64_t i = 0; good && i < count; i++) {
		const struct sample_message message = sample_next(sample);
		unsigned kinds;

		good = fwrite(message.text, 1, message.len, file) == message.len &&
		       putc('\n', file) == '\n' &&
		       weir_kinds_parse(sample_kind_name(message.kind), &kinds, NULL) == WEIR_OK;
		if (good)
			sent->kinds[__builtin_ctz(kinds)]++;
	}
	sent->knows_kinds = true;
	if (file && fclose(file) != 0)
		good = false;
	sample_free(sample);
	return good && map(sent, sent->path) && index_lines(sent);
}

static bool is_disconnect(const char *line, size_t len)
{
	json_t *tree;
	bool is;

	if (!memmem(line, len, "\"disconnect\"", 12))
		return false;
	tree = json_loadb(line, len, 0, NULL);
	is = json_is_object(json_object_get(tree, "disconnect")) ||
	     json_is_object(json_object_get(json_object_get(tree, "message"), "disconnect"));
	json_decref(tree);
	return is;
}

/* A recording's lines, without those that would make a client hang up. */
bool sent_load(struct sent *sent, const char *path)
{
	FILE *from = fopen(path, "r");
	FILE *to = temporary(sent);
	char *line = NULL;
	size_t capacity = 0;
	bool good = from && to;
	ssize_t len;

	if (!from)
		fprintf(stderr, "demo: cannot read '%s'\n", path);
	while (good && (len = getline(&line, &capacity, from)) > 0) {
		if (is_disconnect(line, (size_t)len))
			sent->left_out++;
		else
			good = fwrite(line, 1, (size_t)len, to) == (size_t)len;
	}
	free(line);
	if (from)
		fclose(from);
	if (to && fclose(to) != 0)
		good = false;
	return good && map(sent, path) && index_lines(sent);
}

bool sent_find(struct sent *sent, const void *bytes, size_t len)
{
	const uint64_t hash = hash_of(bytes, len);
	size_t low = 0, high = sent->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (sent->lines[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < sent->count && sent->lines[low].hash == hash; low++) {
		struct sent_line *line = &sent->lines[low];

		if (line->found || line->len != len ||
		    memcmp(sent->bytes + line->at, bytes, len) != 0)
			continue;
		line->found = true;
		return true;
	}
	return false;
}

void sent_free(struct sent *sent)
{
	if (sent->bytes && sent->bytes != MAP_FAILED)
		munmap(sent->bytes, sent->size);
	free(sent->lines);
	if (sent->is_temporary)
		unlink(sent->path);
}
