/* SPDX-License-Identifier: MIT */
/*
 * What the translators of foreign keys share: eneco.c (connectors), worker.c (Kafka Connect),
 * jaas.c (its login modules).
 */
#ifndef WEIR_CONFIG_FOREIGN_H
#define WEIR_CONFIG_FOREIGN_H

#include "config/internal.h"

struct weir__foreign {
	weir_config *config;
	struct weir__settings *ret;
	struct weir_error *err;
	const char *file;	/* the connector's own; NULL: set by calls */
	bool has_connector;	/* whose other keys are known, too */
	bool is_eneco;
};

/* One weir.… setting; `like` lends its place and secrecy, NULL: none. */
enum weir_status weir__foreign_add(struct weir__foreign *from, const struct weir__setting *like,
				   const char *key, const char *value);

/* The encoding of key.converter or value.converter, in weir's words. */
enum weir_status weir__worker_converter(struct weir__foreign *from, const char *role,
					const char **ret);
/* The sink "kafka", from bootstrap.servers, producer.… and producer.override.… */
enum weir_status weir__worker_sink(struct weir__foreign *from);
/* A key of the worker's that has no meaning here, or of a converter's that it has. */
bool weir__worker_is_idle(const struct weir__foreign *from, const struct weir__setting *setting);
/* A key that sets up a converter, "value.converter.schemas.enable". */
bool weir__worker_is_converter_key(const char *key);
/* Of such keys the one that was meant; NULL: none is near. */
const char *weir__worker_near(const char *key);

/* config/jaas.c */
/*
 * The value of an option in sasl.jaas.config; yours, forget it with weir__form_forget. NULL, and
 * well: it is not there. WEIR_ERR_INVALID: the line cannot be read.
 */
enum weir_status weir__jaas_option(const struct weir_env *env, const char *text, const char *name,
				   char **ret, struct weir_error *err);

/* config/unknown.c */
/*
 * What nothing took, each with a notice. `is_early`, beside a connector alone: an error ended it
 * before all was looked at, and only what nobody knows is told.
 */
void weir__foreign_tell_unknown(const struct weir__foreign *from, bool is_early);

#endif
