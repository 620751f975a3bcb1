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
	const char *name;		/* the source's; default "in" */
	weir_pipeline *pipeline;
	weir_source *source;
	char state_dir[80];
	size_t descriptors;
};

/* Yours: end it with reading_rig_end. */
struct reading_rig *reading_rig_new(void);
/* Makes the pipeline, to read what options.path says. */
void reading_rig_start(struct reading_rig *rig);
/* The same, to read a file of these bytes. */
void reading_rig_start_with(struct reading_rig *rig, const char *bytes, size_t len);
/* The same, to read a pipe: its other end, which is yours to close. */
int reading_rig_open_fifo(struct reading_rig *rig);
/* Frees the pipeline and what was recorded; reading_rig_start goes on with the same files. */
void reading_rig_stop(struct reading_rig *rig);
/* Frees all, and checks that no memory, no descriptor and no file of a test is left. */
void reading_rig_end(struct reading_rig *rig);

/* Keeps the position in the rig's folder, "state". */
void reading_rig_keep(struct reading_rig *rig);
/* The offset in the position on disk; -1: there is none. */
long long reading_rig_position(const struct reading_rig *rig);

/* Steps for so much of the fake clock's time; the pipeline goes on. */
void reading_rig_drive(struct reading_rig *rig, uint64_t ms);
/* Stops the pipeline, which must end well, and reading_rig_stop. */
void reading_rig_leave(struct reading_rig *rig);
/* Fails the test unless the messages are these, a line each. */
void reading_rig_check(const struct reading_rig *rig, const char *want, const char *name);
/* The same at the end, to which it steps. */
void reading_rig_check_all(struct reading_rig *rig, const char *want, const char *name);
/* A whole run, over what there is: start, check, stop. */
void reading_rig_run(struct reading_rig *rig, const char *want, const char *name);
/* Fails the test unless options with this mistake are an error that says so, of source 'in'. */
void reading_rig_check_mistake(const struct weir_file_source_options *options, const char *want,
			       const char *name);

#endif
