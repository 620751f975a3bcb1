/* SPDX-License-Identifier: MIT */
/* A configuration, and a folder for its files; memory counted; what it says, kept. */
#ifndef WEIR_TESTS_CONFIG_RIG_H
#define WEIR_TESTS_CONFIG_RIG_H

#include "support/fake_env.h"
#include "support/files.h"
#include "weir.h"

struct config_rig {
	struct fake_env fake;
	struct test_dir dir;
	weir_config *config;
	struct weir_error err;
	char notices[1 << 16];	/* a line each, terminated */
	char told[1 << 16];	/* of a check: "plan text" … */
};

/* `variable`: of ${env:NAME}; NULL: there are none. Yours: end it with config_rig_end. */
void config_rig_begin(struct config_rig *rig,
		      const char *(*variable)(void *user, const char *name));
/* Frees all and checks that nothing is left. */
void config_rig_end(struct config_rig *rig);
/* The same with memory that was used before, and a new configuration; the folder stays. */
void config_rig_again(struct config_rig *rig);

/* Reads the text as a file "f" of the folder; DIR in it is the folder. */
enum weir_status config_rig_read(struct config_rig *rig, const char *text);
/* Reads it and makes a pipeline of it; NULL: `err` says why, without the folder. */
weir_pipeline *config_rig_make(struct config_rig *rig, const char *text);
/* The same, which must be well. */
weir_pipeline *config_rig_must(struct config_rig *rig, const char *text);
/* Reads it and checks it, into `told`, without the folder. */
enum weir_status config_rig_check(struct config_rig *rig, const char *text);

#endif
