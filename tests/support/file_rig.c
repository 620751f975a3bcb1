/* SPDX-License-Identifier: MIT */
/* The file sink's test bench. */
#include "support/file_rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file_rig *file_rig_new(void)
{
	struct file_rig *rig = calloc(1, sizeof *rig);

	ck_assert_ptr_nonnull(rig);
	rig->descriptors = open_descriptors();
	fake_env_init(&rig->fake);
	test_dir_make(&rig->dir);
	rig->pipeline_options = (struct weir_pipeline_options){
		.size = sizeof rig->pipeline_options, .env = &rig->fake.env };
	rig->options = (struct weir_file_sink_options){ .size = sizeof rig->options,
							.directory = rig->dir.path };
	return rig;
}

void file_rig_start(struct file_rig *rig, const char *to)
{
	rig->pipeline = weir_pipeline_new(&rig->pipeline_options);
	rig->source = weir_push_source_add(rig->pipeline, "in",
					   WEIR_WITH(weir_push_source_options,
						     .queue_messages = 100000,
						     .queue_bytes = 64u << 20,
						     .kind = WEIR_KIND_RECORD));
	rig->sink = weir_file_sink_add(rig->pipeline, "out", &rig->options);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .to = to, .name = "all"), rig->sink);
}

void file_rig_end(struct file_rig *rig)
{
	weir_pipeline_free(rig->pipeline);
	fake_env_check_empty(&rig->fake);
	test_dir_remove(&rig->dir);
	ck_assert_uint_eq(open_descriptors(), rig->descriptors);
	free(rig);
}

void file_rig_push_bytes(struct file_rig *rig, const char *bytes, size_t len)
{
	ck_assert_int_eq(weir_push(rig->source,
				   WEIR_WITH(weir_message_init, .body = { bytes, len })),
			 WEIR_OK);
}

void file_rig_push(struct file_rig *rig, const char *text)
{
	file_rig_push_bytes(rig, text, strlen(text));
}

void file_rig_push_numbers(struct file_rig *rig, unsigned from, unsigned to)
{
	char text[64];

	for (unsigned i = from; i < to; i++) {
		snprintf(text, sizeof text, "{\"n\":%u}", i);
		file_rig_push(rig, text);
	}
}

enum weir_status file_rig_finish(struct file_rig *rig)
{
	weir_push_end(rig->source);
	return drive(rig->pipeline, &rig->fake);
}

void file_rig_check(const struct file_rig *rig, const char *name, const char *want)
{
	char *bytes = file_read(test_path(&rig->dir, name), NULL);

	ck_assert_msg(strcmp(bytes, want) == 0, "'%s' holds '%s', want '%s'", name, bytes, want);
	free(bytes);
}

void check_numbers(char *bytes, unsigned count)
{
	const char *at = bytes;
	char want[64];

	for (unsigned i = 0; i < count; i++) {
		const int len = snprintf(want, sizeof want, "{\"n\":%u}\n", i);

		ck_assert_msg(strncmp(at, want, (size_t)len) == 0, "line %u is '%.30s'", i, at);
		at += len;
	}
	ck_assert_msg(!*at, "behind line %u: '%.30s'", count, at);
	free(bytes);
}
