/* SPDX-License-Identifier: MIT */
/* The defaults of struct weir_env, and short calls through it. Callers: everything. */
#ifndef WEIR_GROUND_ENV_H
#define WEIR_GROUND_ENV_H

#include <stdarg.h>

#include "weir/env.h"
#include "weir/error.h"

/* A complete env: what `given` (NULL is fine) leaves open is the default. */
struct weir_env weir__env_complete(const struct weir_env *given);

/* NULL when out of memory, or when the size is 0. `alloc` gives zeroed memory. */
void *weir__alloc(const struct weir_env *env, size_t size);
void *weir__alloc_array(const struct weir_env *env, size_t count, size_t size);
void *weir__resize(const struct weir_env *env, void *ptr, size_t old_size, size_t new_size);
void *weir__free(const struct weir_env *env, void *ptr, size_t size);	/* returns NULL */

/* Terminated copies; NULL text gives NULL. Free with weir__text_free. */
char *weir__text_copy(const struct weir_env *env, const char *text);
char *weir__text_copy_n(const struct weir_env *env, const void *text, size_t len);
char *weir__text_format(const struct weir_env *env, const char *format, ...) WEIR_PRINTF(2, 3);
void *weir__text_free(const struct weir_env *env, char *text);

uint64_t weir__monotonic_ms(const struct weir_env *env);
uint64_t weir__wall_ms(const struct weir_env *env);
bool weir__random(const struct weir_env *env, void *bytes, size_t len);

bool weir__log_enabled(const struct weir_env *env, enum weir_log_level level);
void weir__log(const struct weir_env *env, enum weir_log_level level, const char *component,
	       const char *format, ...) WEIR_PRINTF(4, 5);
void weir__log_v(const struct weir_env *env, enum weir_log_level level, const char *component,
		 const char *format, va_list args) WEIR_PRINTF(4, 0);

#endif
