/* SPDX-License-Identifier: MIT */
/* A pipeline from a push source into a file sink in a folder of its own, on a fake clock. */
#ifndef WEIR_TESTS_FILE_RIG_H
#define WEIR_TESTS_FILE_RIG_H

#include "support/drive.h"
#include "support/files.h"

struct file_rig {
	struct fake_env fake;
	struct test_dir dir;
	struct weir_pipeline_options pipeline_options;	/* change them before the start */
	struct weir_file_sink_options options;		/* its directory is the rig's own */
	weir_pipeline *pipeline;
	weir_source *source;
	weir_sink *sink;
	size_t descriptors;
};

/* Yours: end it with file_rig_end. */
struct file_rig *file_rig_new(void);
/* Makes the pipeline, with one route to `to` (NULL: none named). */
void file_rig_start(struct file_rig *rig, const char *to);
/* Frees all, and checks that no memory, no descriptor and no file of a test is left. */
void file_rig_end(struct file_rig *rig);

void file_rig_push(struct file_rig *rig, const char *text);
void file_rig_push_bytes(struct file_rig *rig, const char *bytes, size_t len);
/* {"n":FROM} … {"n":TO - 1} */
void file_rig_push_numbers(struct file_rig *rig, unsigned from, unsigned to);
/* No more is pushed; until the pipeline has ended. */
enum weir_status file_rig_finish(struct file_rig *rig);

/* Fails the test unless a file of the folder holds just this. */
void file_rig_check(const struct file_rig *rig, const char *name, const char *want);
/* The numbers from 0 on, one a line, and nothing else. Frees `bytes`. */
void check_numbers(char *bytes, unsigned count);

#endif
