/* SPDX-License-Identifier: MIT */
/*
 * Messages in memory: each has a block of its own, so that they lie as those of a stream do not,
 * one behind the other. Called by the benchmarks before they begin to measure.
 */
#include "texts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

static void add(struct texts *texts, const char *bytes, size_t len)
{
	struct text *text;

	if ((texts->count & (texts->count - 1)) == 0)	/* 0, 1, 2, 4, 8 … */
		texts->list = realloc(texts->list, (2 * texts->count + 1) * sizeof *texts->list);
	text = &texts->list[texts->count++];
	*text = (struct text){ calloc(1, len + TEXT_PADDING), len };
	memcpy(text->bytes, bytes, len);
	texts->bytes += len;
}

static void generate(struct texts *texts, size_t count)
{
	struct sample *sample = sample_new(1);

	while (texts->count < count) {
		const struct sample_message message = sample_next(sample);

		add(texts, message.text, message.len);
	}
	sample_free(sample);
}

static void read_lines(struct texts *texts, const char *name)
{
	FILE *file = fopen(name, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (file && (len = getline(&line, &size, file)) > 0)
		if (len > 1)
			add(texts, line, (size_t)len);
	free(line);
	if (file)
		fclose(file);
}

struct texts texts_read(const char *what)
{
	struct texts texts = { 0 };

	if (isdigit((unsigned char)*what))
		generate(&texts, strtoul(what, NULL, 10));
	else
		read_lines(&texts, what);
	if (texts.count)
		return texts;
	fprintf(stderr, "bench: no messages in '%s'\n", what);
	exit(1);
}

void texts_free(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->list[i].bytes);
	free(texts->list);
}
