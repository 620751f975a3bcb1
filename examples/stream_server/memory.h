/* SPDX-License-Identifier: MIT */
/* Memory for the stream server: a test server that has none left says so and ends. */
#ifndef STREAM_SERVER_MEMORY_H
#define STREAM_SERVER_MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void *need(void *memory)
{
	if (!memory) {
		fputs("stream_server: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

static inline char *copy_text(const char *bytes, size_t len)
{
	char *text = need(malloc(len + 1));

	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = 0;
	return text;
}

#endif
