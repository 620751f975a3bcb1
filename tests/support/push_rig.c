/* SPDX-License-Identifier: MIT */
/* The push source's test bench. */
#include "support/push_rig.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void note_room(void *user)
{
	((struct push_rig *)user)->rooms++;
}

static void note_settled(void *user, struct weir_position upto)
{
	struct push_rig *rig = user;

	ck_assert(upto.lane != rig->settled.lane || upto.offset >= rig->settled.offset);
	rig->settled = upto;
	rig->settles++;
}

static void note_release(void *owner)
{
	((struct push_rig *)owner)->released++;
}

struct push_rig *push_rig_new(void)
{
	struct push_rig *rig = calloc(1, sizeof *rig);

	ck_assert_ptr_nonnull(rig);
	fake_env_init(&rig->fake);
	rig->pipeline_options = (struct weir_pipeline_options){
		.size = sizeof rig->pipeline_options, .env = &rig->fake.env };
	rig->options = (struct weir_push_source_options){ .size = sizeof rig->options,
							  .kind = WEIR_KIND_RECORD,
							  .on_room = note_room,
							  .on_settled = note_settled,
							  .user = rig };
	return rig;
}

void push_rig_start(struct push_rig *rig)
{
	weir_sink *sink;

	rig->pipeline = weir_pipeline_new(&rig->pipeline_options);
	rig->source = weir_push_source_add(rig->pipeline, "in", &rig->options);
	sink = recorder_add(&rig->recorder, rig->pipeline, "out");
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "all"), sink);
}

void push_rig_end(struct push_rig *rig)
{
	weir_pipeline_free(rig->pipeline);
	recorder_release(&rig->recorder);
	fake_env_check_empty(&rig->fake);
	free(rig);
}

enum weir_status push_text(struct push_rig *rig, const char *text, uint64_t offset)
{
	return weir_push(rig->source, WEIR_WITH(weir_message_init, .body = { text, strlen(text) },
						.position = { 0, offset }));
}

enum weir_status push_owned(struct push_rig *rig, const char *text)
{
	return weir_push(rig->source, WEIR_WITH(weir_message_init, .body = { text, strlen(text) },
						.release = note_release, .owner = rig));
}

void push_rig_check(const struct push_rig *rig, const char *want, const char *when)
{
	char *text = recorder_text(&rig->recorder, WEIR_KIND_ANY);

	ck_assert_msg(strcmp(text, want) == 0, "%s: '%s', not '%s'", when, text, want);
	free(text);
}
