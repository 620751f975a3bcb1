/* SPDX-License-Identifier: MIT */
/* A pipeline from a file source into a recording sink. */
#include "support/reading_rig.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading_rig *reading_rig_new(void)
{
	struct reading_rig *rig = calloc(1, sizeof *rig);

	ck_assert_ptr_nonnull(rig);
	rig->name = "in";
	rig->descriptors = open_descriptors();
	fake_env_init(&rig->fake);
	test_dir_make(&rig->dir);
	rig->pipeline_options = (struct weir_pipeline_options){
		.size = sizeof rig->pipeline_options, .env = &rig->fake.env };
	rig->options = (struct weir_file_source_options){ .size = sizeof rig->options,
							  .kind = WEIR_KIND_RECORD };
	return rig;
}

void reading_rig_start(struct reading_rig *rig)
{
	weir_sink *sink;

	rig->pipeline = weir_pipeline_new(&rig->pipeline_options);
	rig->source = weir_file_source_add(rig->pipeline, rig->name, &rig->options);
	sink = recorder_add(&rig->recorder, rig->pipeline, "out");
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "all"), sink);
}

void reading_rig_start_with(struct reading_rig *rig, const char *bytes, size_t len)
{
	const char *path = test_path(&rig->dir, "in");

	file_write(path, bytes, len);
	rig->options.path = path;
	reading_rig_start(rig);
}

int reading_rig_open_fifo(struct reading_rig *rig)
{
	const char *path = test_path(&rig->dir, "fifo");

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	rig->options.path = path;
	reading_rig_start(rig);
	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, 10000, 10), WEIR_OK);
	return open(path, O_WRONLY | O_CLOEXEC);
}

void reading_rig_stop(struct reading_rig *rig)
{
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	recorder_release(&rig->recorder);
}

void reading_rig_end(struct reading_rig *rig)
{
	reading_rig_stop(rig);
	fake_env_check_empty(&rig->fake);
	test_dir_remove(&rig->dir);
	ck_assert_uint_eq(open_descriptors(), rig->descriptors);
	free(rig);
}

void reading_rig_keep(struct reading_rig *rig)
{
	snprintf(rig->state_dir, sizeof rig->state_dir, "%s/state", rig->dir.path);
	rig->options.state_dir = rig->state_dir;
}

long long reading_rig_position(const struct reading_rig *rig)
{
	const char *path = test_path(&rig->dir, "state/in.position");
	long long offset = -1;
	char *text;

	if (access(path, F_OK) < 0)
		return -1;
	text = file_read(path, NULL);
	ck_assert_int_eq(sscanf(strstr(text, "\noffset "), " offset %lld", &offset), 1);
	free(text);
	return offset;
}

void reading_rig_drive(struct reading_rig *rig, uint64_t ms)
{
	const uint64_t until_ms = rig->fake.monotonic_ms + ms;

	ck_assert_int_eq(drive_for(rig->pipeline, &rig->fake, ms, 10000), WEIR_OK);
	if (rig->fake.monotonic_ms < until_ms)
		fake_env_advance(&rig->fake, until_ms - rig->fake.monotonic_ms);
}

void reading_rig_leave(struct reading_rig *rig)
{
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(drive(rig->pipeline, &rig->fake), WEIR_END);
	ck_assert_int_eq(weir_pipeline_error(rig->pipeline)->status, WEIR_OK);
	reading_rig_stop(rig);
}

void reading_rig_check(const struct reading_rig *rig, const char *want, const char *name)
{
	char *text = recorder_text(&rig->recorder, WEIR_KIND_ANY);

	ck_assert_msg(strcmp(text, want) == 0, "%s: got '%s', want '%s'", name, text, want);
	free(text);
}

void reading_rig_check_all(struct reading_rig *rig, const char *want, const char *name)
{
	ck_assert_msg(drive(rig->pipeline, &rig->fake) == WEIR_END, "%s: %s", name,
		      weir_pipeline_error(rig->pipeline)->text);
	reading_rig_check(rig, want, name);
}

void reading_rig_run(struct reading_rig *rig, const char *want, const char *name)
{
	reading_rig_start(rig);
	reading_rig_check_all(rig, want, name);
	reading_rig_stop(rig);
}

void reading_rig_check_mistake(const struct weir_file_source_options *options, const char *want,
			       const char *name)
{
	struct reading_rig *rig = reading_rig_new();
	const struct weir_error *err;

	rig->options = *options;
	rig->options.size = sizeof rig->options;
	reading_rig_start(rig);
	ck_assert_ptr_null(rig->source);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert_int_eq(err->status, WEIR_ERR_INVALID);
	ck_assert_msg(strstr(err->text, want) && strstr(err->text, "'in'"), "%s: %s", name,
		      err->text);
	ck_assert_ptr_null(weir_file_source_add(NULL, "in", &rig->options));
	reading_rig_end(rig);
}
