/* SPDX-License-Identifier: MIT */
/* Forms, `name=value&name=value`: bodies of application/x-www-form-urlencoded, and queries. */
#ifndef WEIR_WIRE_FORM_H
#define WEIR_WIRE_FORM_H

#include "ground/env.h"

/* One field, decoded. */
struct weir__form_field {
	char *name;
	char *value;
};

/* Percent-encodes as OAuth wants it; NULL when out of memory; free with weir__text_free. */
char *weir__form_escape(const struct weir_env *env, const char *text);

/*
 * Adds `name=value`, both encoded, to a form; `*form` NULL begins one. Free it with
 * weir__text_free. Out of memory leaves it as it was.
 */
enum weir_status weir__form_append(const struct weir_env *env, char **form, const char *name,
				   const char *value, struct weir_error *err);

/*
 * Decodes the first field of `rest` and moves `rest` behind it; WEIR_END: there is none. A `+` is
 * a space, a missing `=` an empty value, empty fields (`a&&b`) do not count. `what` names the form
 * in the error: WEIR_ERR_INVALID for a broken escape and for a zero byte.
 */
enum weir_status weir__form_next(const struct weir_env *env, struct weir_slice *rest,
				 const char *what, struct weir__form_field *ret_field,
				 struct weir_error *err);

/* Wipes and frees both texts. */
void weir__form_field_release(const struct weir_env *env, struct weir__form_field *field);

/* Wipes a text and frees it; NULL is fine; returns NULL. */
char *weir__form_forget(const struct weir_env *env, char *text);

#endif
