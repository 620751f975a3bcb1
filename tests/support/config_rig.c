/* SPDX-License-Identifier: MIT */
#include "support/config_rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_line(char *text, size_t size, const char *word, const char *line)
{
	const size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s\n", word, line);
}

/* "FOLDER/" is left out. */
static void drop_folder(const struct config_rig *rig, char *text)
{
	const size_t len = strlen(rig->dir.path);
	char *at;

	while ((at = strstr(text, rig->dir.path)))
		memmove(at, at + len + (at[len] == '/'), strlen(at + len + (at[len] == '/')) + 1);
}

static const char *(*rig_variable)(void *user, const char *name);

static const char *variable(void *user, const char *name)
{
	return rig_variable ? rig_variable(user, name) : NULL;
}

static void notice(void *user, const char *text)
{
	struct config_rig *rig = user;

	add_line(rig->notices, sizeof rig->notices, "", text);
	drop_folder(rig, rig->notices);
}

static void tell(void *user, enum weir_check what, const char *text)
{
	static const char *const words[] = { "plan ", "ok ", "wrong " };
	struct config_rig *rig = user;

	add_line(rig->told, sizeof rig->told, words[what], text);
	drop_folder(rig, rig->told);
}

static void begin(struct config_rig *rig)
{
	fake_env_init(&rig->fake);
	rig->notices[0] = rig->told[0] = '\0';
	rig->config = weir_config_new(WEIR_WITH(weir_config_options, .env = &rig->fake.env,
						.variable = variable, .notice = notice,
						.user = rig));
	ck_assert_ptr_nonnull(rig->config);
}

void config_rig_begin(struct config_rig *rig,
		      const char *(*given)(void *user, const char *name))
{
	memset(rig, 0, sizeof *rig);
	rig_variable = given;
	test_dir_make(&rig->dir);
	begin(rig);
}

void config_rig_again(struct config_rig *rig)
{
	rig->config = weir_config_free(rig->config);
	fake_env_check_empty(&rig->fake);
	begin(rig);
}

void config_rig_end(struct config_rig *rig)
{
	rig->config = weir_config_free(rig->config);
	fake_env_check_empty(&rig->fake);
	test_dir_remove(&rig->dir);
}

enum weir_status config_rig_read(struct config_rig *rig, const char *text)
{
	char *own;
	size_t size = 1, len = 0;

	for (const char *at = text; *at; at++)
		size += strncmp(at, "DIR", 3) == 0 ? strlen(rig->dir.path) : 1;
	own = malloc(size);
	ck_assert_ptr_nonnull(own);

	while (*text) {
		const bool is_folder = strncmp(text, "DIR", 3) == 0;
		const char *from = is_folder ? rig->dir.path : text;
		const size_t count = is_folder ? strlen(from) : 1;

		ck_assert_uint_lt(len + count, size);
		memcpy(own + len, from, count);
		len += count;
		text += is_folder ? 3 : 1;
	}
	file_write(test_path(&rig->dir, "f"), own, len);
	free(own);
	return weir_config_read(rig->config, test_path(&rig->dir, "f"), &rig->err);
}

weir_pipeline *config_rig_make(struct config_rig *rig, const char *text)
{
	weir_pipeline *pipeline = NULL;

	if (config_rig_read(rig, text) == WEIR_OK)
		pipeline = weir_config_pipeline(rig->config, NULL, &rig->err);
	if (!pipeline)
		drop_folder(rig, rig->err.text);
	return pipeline;
}

weir_pipeline *config_rig_must(struct config_rig *rig, const char *text)
{
	weir_pipeline *pipeline = config_rig_make(rig, text);

	ck_assert_msg(pipeline, "%s", rig->err.text);
	return pipeline;
}

enum weir_status config_rig_check(struct config_rig *rig, const char *text)
{
	enum weir_status status = config_rig_read(rig, text);

	if (status == WEIR_OK)
		status = weir_config_check(rig->config, tell, rig, &rig->err);
	drop_folder(rig, rig->err.text);
	return status;
}
