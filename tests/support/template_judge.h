/* SPDX-License-Identifier: MIT */
/* What a template must give, read once more: none of the library's code is in it. */
#ifndef TESTS_SUPPORT_TEMPLATE_JUDGE_H
#define TESTS_SUPPORT_TEMPLATE_JUDGE_H

#include <stdbool.h>

#include "weir/base.h"

#define TEMPLATE_JUDGE_BYTES 16384	/* what is longer is cut */

struct judged_text {
	char bytes[TEMPLATE_JUDGE_BYTES];
	size_t len;
	bool is_fixed;
	bool is_gone;		/* a field gives no text */
	bool is_illegal;	/* for a destination */
	bool is_dotted;		/* a field gives dots alone */
};

/* What stands between the braces, as text; NULL data: none. */
typedef struct weir_slice template_judge_field_fn(void *user, const char *field);

/* A template that is known to be one. */
void template_judge_fill(const char *source, template_judge_field_fn *field_of, void *user,
			 struct judged_text *ret);
bool template_judge_is_destination(const struct judged_text *text);

#endif
