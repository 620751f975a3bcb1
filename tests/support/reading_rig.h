/* SPDX-License-Identifier: MIT */
/* A pipeline from a file source into a recording sink, in a folder of its own, on a fake clock. */
#ifndef WEIR_TESTS_READING_RIG_H
#define WEIR_TESTS_READING_RIG_H

#include "support/drive.h"
#include "support/files.h"
#include "support/recorder.h"

struct reading_rig {
	struct fake_env fake;
	struct test_dir dir;
	struct recorder recorder;
	struct weir_pipeline_options pipeline_options;
	struct weir_file_source_options options;
	weir_pipeline *pipeline;
	weir_source *source;
	size_t descriptors;
};

/* Yours: end it with reading_rig_end. */
struct reading_rig *reading_rig_new(void);
/* Makes the pipeline, to read what options.path says. */
void reading_rig_start(struct reading_rig *rig);
/* The same, to read a file of these bytes. */
void reading_rig_start_with(struct reading_rig *rig, const char *bytes, size_t len);
/* Frees all, and checks that no memory, no descriptor and no file of a test is left. */
void reading_rig_end(struct reading_rig *rig);

/* Fails the test unless the messages are these, a line each. */
void reading_rig_check(const struct reading_rig *rig, const char *want, const char *name);

#endif
