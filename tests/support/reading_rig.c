/* SPDX-License-Identifier: MIT */
/* A pipeline from a file source into a recording sink. */
#include "support/reading_rig.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct reading_rig *reading_rig_new(void)
{
	struct reading_rig *rig = calloc(1, sizeof *rig);

	ck_assert_ptr_nonnull(rig);
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
	rig->source = weir_file_source_add(rig->pipeline, "in", &rig->options);
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

void reading_rig_end(struct reading_rig *rig)
{
	weir_pipeline_free(rig->pipeline);
	recorder_release(&rig->recorder);
	fake_env_check_empty(&rig->fake);
	test_dir_remove(&rig->dir);
	ck_assert_uint_eq(open_descriptors(), rig->descriptors);
	free(rig);
}

void reading_rig_check(const struct reading_rig *rig, const char *want, const char *name)
{
	char *text = recorder_text(&rig->recorder, WEIR_KIND_ANY);

	ck_assert_msg(strcmp(text, want) == 0, "%s: got '%s', want '%s'", name, text, want);
	free(text);
}
