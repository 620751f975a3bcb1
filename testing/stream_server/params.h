/* SPDX-License-Identifier: MIT */
/* Names and values of a request, decoded, as a signature needs them. */
#ifndef WEIR_TESTING_PARAMS_H
#define WEIR_TESTING_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

struct param {
	char *name;	/* decoded, each with a final zero beyond its length */
	size_t name_len;
	char *value;
	size_t value_len;
};

struct param_list {
	struct param *items;
	size_t count;
};

void params_clear(struct param_list *params);

/* Adds one pair; both are percent-decoded first, and `+` is a space when asked for. */
void params_add(struct param_list *params, const char *name, size_t name_len, const char *value,
		size_t value_len, bool plus);

/* Adds every pair of an application/x-www-form-urlencoded text, a query or a body. */
void params_add_form(struct param_list *params, const char *form, size_t len);

/* Adds all of `from`. */
void params_add_all(struct param_list *params, const struct param_list *from);

/* The first parameter of that name, or NULL. Lends. */
const struct param *params_find(const struct param_list *params, const char *name);

/* RFC 5849 3.6: everything but letters, digits and -._~ becomes %XX. Returns, free it. */
char *percent_encode(const char *bytes, size_t len);

/* RFC 5849 3.4.1.3.2: encoded, sorted, joined; `skip` is a name to leave out. Returns, free it. */
char *params_normalize(const struct param_list *params, const char *skip);

#endif
