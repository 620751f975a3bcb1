/* SPDX-License-Identifier: MIT */
/*
 * What templates, formats and paths must give, by jansson's tree and the words of the references:
 * none of the library's code is in it.
 */
#ifndef TESTS_SUPPORT_FORMAT_JUDGE_H
#define TESTS_SUPPORT_FORMAT_JUDGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What stands at a path that is known to be one; NULL: nothing. */
const json_t *format_judge_at(const json_t *top, const char *path);

/* What the user wrote, a string; NULL: nothing. */
const json_t *format_judge_full_text(const json_t *top);

/* Whether it is a number, or a string that holds one, of this range; -1: not judged. */
int format_judge_range(const json_t *value, double min, double max);

/*
 * A string with its references undone, a new reference. NULL: it is no string, or there is a
 * reference in it that is not judged (a name beyond the five of XML, a number of many digits).
 */
json_t *format_judge_undone(const json_t *string);

/*
 * kafka-connect-twitter's struct, without created_at; `text` is taken over, NULL or the status's. A
 * new reference.
 */
json_t *format_judge_struct(const json_t *status, json_t *text);

/*
 * What Connect's converters have written, read back, a new reference: plain text as a string. NULL
 * when it is not as they write it.
 */
json_t *format_judge_decode(const char *bytes, size_t len, bool is_plain, bool has_schema);

/* Takes created_at out; false when it is not in the form yyyy-MM-dd'T'HH:mm:ss.SSSZ. */
bool format_judge_take_time(json_t *decoded);

#endif
