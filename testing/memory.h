/* SPDX-License-Identifier: MIT */
/* Memory for the kit, which goes on with it or not at all. */
#ifndef WEIR_TESTING_MEMORY_H
#define WEIR_TESTING_MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Memory, or the end of the process: a test that has none left has nothing to say. */
static inline void *need(void *memory)
{
	if (!memory) {
		fputs("weir-testing: out of memory\n", stderr);
		abort();
	}
	return memory;
}

/* A terminated copy. Returns, free it. */
static inline char *copy_text(const char *bytes, size_t len)
{
	char *text = need(malloc(len + 1));

	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = 0;
	return text;
}

#endif
