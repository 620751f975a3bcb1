/* SPDX-License-Identifier: MIT */
/*
 * Small texts that tell one JSON parser from another. Names begin with y_ (valid), n_ (invalid),
 * or i_ (the grammar allows it, but parsers may refuse; or the other way round).
 */
#ifndef WEIR_TESTS_JSON_CASES_H
#define WEIR_TESTS_JSON_CASES_H

#include "weir/base.h"

struct json_case {
	const char *name;
	bool valid;	/* what weir says */
	const char *text;
	size_t len;
};

extern const struct json_case json_cases[];
extern const size_t json_case_count;

#endif
