/* SPDX-License-Identifier: MIT */
/* A pipeline from a push source into a recorder, on a fake clock; what the source tells is kept. */
#ifndef WEIR_TESTS_PUSH_RIG_H
#define WEIR_TESTS_PUSH_RIG_H

#include "support/drive.h"
#include "support/recorder.h"

struct push_rig {
	struct fake_env fake;
	struct recorder recorder;
	struct weir_pipeline_options pipeline_options;	/* change them before the start */
	struct weir_push_source_options options;	/* its calls write down what they are told: */
	unsigned rooms, settles;
	struct weir_position settled;
	unsigned released;	/* of what push_owned pushed */
	enum weir_status last_push;	/* for callbacks of a test's own that push */
	weir_pipeline *pipeline;
	weir_source *source;
};

/* Yours: end it with push_rig_end. */
struct push_rig *push_rig_new(void);
/* Makes the pipeline; every message goes to the recorder. */
void push_rig_start(struct push_rig *rig);
/* Frees all, and checks that nothing was left behind. */
void push_rig_end(struct push_rig *rig);

/* Pushes a text: copied, at an offset of lane 0; or lent, until it is released. */
enum weir_status push_text(struct push_rig *rig, const char *text, uint64_t offset);
enum weir_status push_owned(struct push_rig *rig, const char *text);

/* Fails the test unless this came out, a line each. */
void push_rig_check(const struct push_rig *rig, const char *want, const char *when);

#endif
