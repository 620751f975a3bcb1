/* SPDX-License-Identifier: MIT */
/* Just enough JSON to read what is asked of the rules: values are skipped or taken, never built. */
#ifndef WEIR_TESTING_JSON_H
#define WEIR_TESTING_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* A place in a terminated text. `at` is NULL once something was not JSON. */
struct json_reader {
	const char *at;
};

/* Whether the next character, behind white space, is this one; it is then passed. */
bool json_take(struct json_reader *reader, char character);
/* A string, its escapes undone. Returns, free it; NULL: it is none, and the text no JSON. */
char *json_read_string(struct json_reader *reader);
/* Passes any value, 64 deep at most. */
void json_skip(struct json_reader *reader);

#endif
