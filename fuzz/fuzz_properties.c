/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a properties file: read, or refused with a line; what is read is UTF-8, and says the
 * same again when it is written out with all its characters escaped.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kit/properties.h"
#include "kit/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* A backslash before each byte that could mean something, and line ends by their letters. */
static void add_escaped(struct weir__bytes *out, const char *text)
{
	for (; *text; text++) {
		const char *letter = *text == '\n' ? "n" : *text == '\r' ? "r" : *text == '\t' ? "t"
				     : *text == '\f' ? "f" : NULL;

		if (letter || strchr("\\=: #!", *text))
			weir__bytes_add(out, "\\", 1);
		weir__bytes_add(out, letter ? letter : text, 1);
	}
}

static void write_out(const struct weir__properties *properties, struct weir__bytes *out)
{
	weir__bytes_add(out, "#\n", 2);	/* a byte order mark is dropped at the beginning only */
	for (size_t i = 0; i < properties->count; i++) {
		add_escaped(out, weir__properties_key(properties, i));
		weir__bytes_add(out, "=", 1);
		add_escaped(out, weir__properties_value(properties, i));
		weir__bytes_add(out, "\n", 1);
	}
}

static void require_same(const struct weir__properties *a, const struct weir__properties *b)
{
	require(a->text.len == b->text.len && a->count == b->count, "another number");
	require(a->text.len == 0 || !memcmp(a->text.data, b->text.data, a->text.len),
		"another text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct weir_env env = weir__env_complete(NULL);
	struct weir__properties properties, again;
	struct weir__bytes out;
	struct weir_error err;

	weir__properties_init(&properties, &env);
	weir__properties_init(&again, &env);
	weir__bytes_init(&out, &env);
	if (weir__properties_parse(&properties, (struct weir_slice){ data, size }, &err) == WEIR_OK) {
		require(weir__text_is_utf8((struct weir_slice){ properties.text.data,
								properties.text.len }),
			"not UTF-8");
		write_out(&properties, &out);
		require(weir__properties_parse(&again, (struct weir_slice){ out.data, out.len },
					       &err) == WEIR_OK, "cannot be read again");
		require_same(&properties, &again);
	} else {
		require(!strncmp(err.text, "line ", 5), err.text);
	}
	weir__bytes_release(&out);
	weir__properties_release(&again);
	weir__properties_release(&properties);
	return 0;
}
