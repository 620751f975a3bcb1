/* SPDX-License-Identifier: MIT */
/*
 * Secrets of configuration files: they are in no error, no line and no log, of the pipeline that
 * was made of them neither; and in no memory that went back.
 */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/config_rig.h"
#include "support/run.h"

static struct config_rig rig;

static const char *variable(void *user, const char *name)
{
	(void)user;
	if (strcmp(name, "NUMBER") == 0)
		return "77777";
	return strcmp(name, "HIDDEN") == 0 ? "a-hidden-place" : NULL;
}

static void setup(void)
{
	config_rig_begin(&rig, variable);
}

static void teardown(void)
{
	config_rig_end(&rig);
}

/* ---- what is said */

START_TEST(what_came_from_elsewhere_is_in_no_error_and_no_line)
{
	ck_assert_ptr_null(config_rig_make(&rig, "weir.sources.in.type=file\n"
					   "weir.sources.in.path=/${env:HIDDEN}\n"
					   "weir.routes.1.sink=${env:HIDDEN}\n"));
	ck_assert_msg(!strstr(rig.err.text, "hidden"), "%s", rig.err.text);
	config_rig_again(&rig);
	ck_assert_ptr_null(config_rig_make(&rig, "weir.sources.${env:HIDDEN}.type=file\n"
					   "weir.sources.in.type=${env:HIDDEN}\n"));
	ck_assert_msg(!strstr(rig.err.text, "a-hidden"), "%s", rig.err.text);
	config_rig_again(&rig);
	ck_assert_int_eq(config_rig_check(&rig, "weir.sources.in.type=file\n"
					  "weir.sources.in.path=/${env:HIDDEN}\n"
					  "weir.sinks.out.type=file\nweir.sinks.out.path=-\n"
					  "weir.routes.1.to=${env:HIDDEN}\n"), WEIR_OK);
	ck_assert_ptr_nonnull(strstr(rig.told, "wrong source in: cannot open '(secret)'"));
	ck_assert_msg(!strstr(rig.told, "hidden"), "%s", rig.told);
}
END_TEST

/* What an add says of a value, or the pipeline of its own, in whichever way it is made. */
#define TWITTER                                                                                    \
	"weir.sources.in.type=twitter\nweir.sources.in.anonymous=true\n"                           \
	"weir.sources.in.url=http://127.0.0.1:9/\n"
#define KAFKA "weir.sinks.k.type=kafka\nweir.sinks.k.brokers=127.0.0.1:9\n"

static const struct {
	const char *name, *text, *words;
} said[] = {
	{ "the pipeline's own", "weir.pipeline.retry_most_ms=5\n"
	  "weir.pipeline.retry_first_ms=${env:NUMBER}\n", "f:2: weir_pipeline_options: " },
	{ "ids", TWITTER "weir.sources.in.follow=${env:HIDDEN}\n", "f:4: source 'in': " },
	{ "ids of a file", TWITTER "weir.sources.in.follow=${file:DIR/s}\n", "f:4: source 'in': " },
	{ "a property", KAFKA "weir.sinks.k.property.security.protocol=${file:DIR/s}\n",
	  "f:3: sink 'k': " },
	{ "a template", KAFKA "weir.routes.1.to={${file:DIR/s}\n", "f:3: " },
};

#define OF_PARTS 1	/* the first row that is of a pipeline's parts */

static void put_secret(void)
{
	file_write(test_path(&rig.dir, "s"), "a-hidden-file", 13);
}

static void drop_folder(char *text)
{
	const size_t len = strlen(rig.dir.path) + 1;

	for (char *at = text; (at = strstr(at, rig.dir.path));)
		memmove(at, at + len, strlen(at + len) + 1);
}

/* The error has its words and not the value, and it is all that the log has. */
static void expect_said(int row)
{
	const char *name = said[row].name;
	char line[sizeof rig.err.text + 64];

	drop_folder(rig.err.text);
	drop_folder(rig.fake.log);
	ck_assert_msg(strstr(rig.err.text, said[row].words) == rig.err.text, "%s: '%s'", name,
		      rig.err.text);
	ck_assert_msg(strstr(rig.err.text, "(secret)"), "%s: '%s'", name, rig.err.text);
	ck_assert_msg(!strstr(rig.err.text, "hidden") && !strstr(rig.err.text, "77777"), "%s: '%s'",
		      name, rig.err.text);
	snprintf(line, sizeof line, "ERROR pipeline: %s\n", rig.err.text);
	ck_assert_msg(strcmp(rig.fake.log, line) == 0, "%s: logged '%s'", name, rig.fake.log);
}

START_TEST(what_came_from_elsewhere_is_not_in_the_log)
{
	put_secret();
	ck_assert_ptr_null(config_rig_make(&rig, said[_i].text));
	expect_said(_i);
}
END_TEST

START_TEST(nor_in_that_of_a_check)
{
	put_secret();
	ck_assert_int_lt(config_rig_check(&rig, said[_i].text), WEIR_OK);
	expect_said(_i);
	ck_assert_msg(!strstr(rig.told, "hidden"), "%s: %s", said[_i].name, rig.told);
}
END_TEST

START_TEST(nor_in_what_a_pipeline_failed_with)
{
	weir_pipeline *pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options,
							      .env = &rig.fake.env));

	put_secret();
	ck_assert_int_eq(config_rig_read(&rig, said[_i].text), WEIR_OK);
	ck_assert_int_lt(weir_config_apply(rig.config, pipeline, &rig.err), WEIR_OK);
	ck_assert_str_eq(weir_pipeline_error(pipeline)->text, rig.err.text);
	weir_pipeline_free(pipeline);
	expect_said(_i);
}
END_TEST

START_TEST(nor_when_it_loads_the_files_itself)
{
	weir_pipeline *pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options,
							      .env = &rig.fake.env));
	const char *const paths[] = { test_path(&rig.dir, "f") };

	put_secret();
	ck_assert_int_eq(config_rig_read(&rig, said[2].text), WEIR_OK);	/* only to write it */
	ck_assert_int_lt(weir_config_load(pipeline, paths, 1, &rig.err), WEIR_OK);
	ck_assert_str_eq(weir_pipeline_error(pipeline)->text, rig.err.text);
	weir_pipeline_free(pipeline);
	expect_said(2);
}
END_TEST

START_TEST(a_pipeline_that_failed_before_has_said_it_already)
{
	weir_pipeline *pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options,
							      .env = &rig.fake.env));

	ck_assert_ptr_null(weir_file_source_add(pipeline, "mine", NULL));
	ck_assert_int_eq(config_rig_read(&rig, KAFKA), WEIR_OK);
	ck_assert_int_lt(weir_config_apply(rig.config, pipeline, &rig.err), WEIR_OK);
	ck_assert_ptr_nonnull(strstr(rig.fake.log, "ERROR pipeline: source 'mine': "));
	ck_assert_str_eq(strchr(rig.fake.log, '\n'), "\n");
	ck_assert_ptr_eq(strstr(weir_pipeline_error(pipeline)->text, "source 'mine': "),
			 weir_pipeline_error(pipeline)->text);
	weir_pipeline_free(pipeline);
}
END_TEST

START_TEST(a_pipeline_that_is_built_logs_what_it_fails_with_later)
{
	weir_pipeline *pipeline = config_rig_must(&rig, KAFKA);
	struct weir_error later;

	weir_error_set(&later, WEIR_ERR_STATE, WEIR_REMEDY_STOP, "later");
	weir_pipeline_fail(pipeline, &later);
	weir_pipeline_free(pipeline);
	ck_assert_str_eq(rig.fake.log, "ERROR pipeline: later\n");
}
END_TEST

/* ---- what is left in memory */

#define SECRET "hush-hush-12345"

/* Behind it the rig's own allocator; what goes back with the secret in it is counted. */
static struct weir_allocator own;
static size_t unwiped;
#define SIZE_BYTES 16	/* in front of a block, aligned */

static void *watch_resize(void *user, void *block, size_t old_size, size_t new_size)
{
	if (block && memmem(block, old_size, SECRET, strlen(SECRET)))
		unwiped++;
	return own.resize(user, block, old_size, new_size);
}

static void ignore(void *user, const char *key, const char *value)
{
	(void)user, (void)key, (void)value;
}

/* Larger than any first block, so that what holds it grows, and is copied by those that do. */
START_TEST(a_secret_of_a_file_is_wiped_wherever_it_was)
{
	char large[20000];

	memset(large, 'x', sizeof large);
	memcpy(large, SECRET, strlen(SECRET));
	file_write(test_path(&rig.dir, "secret"), large, sizeof large);
	rig.config = weir_config_free(rig.config);
	own = rig.fake.env.allocator;
	rig.fake.env.allocator.resize = watch_resize;
	rig.config = weir_config_new(WEIR_WITH(weir_config_options, .env = &rig.fake.env));
	unwiped = 0;
	ck_assert_int_eq(config_rig_read(&rig, "a=b\nc=<${file:DIR/secret}>\nd=" SECRET "\n"
					 "twitter.consumerkey=a\ntwitter.consumersecret=b\n"
					 "twitter.token=c\ntwitter.secret=" SECRET "\n"
					 "track.terms=a, ${file:DIR/secret}\n"), WEIR_OK);
	ck_assert_int_eq(weir_config_visit(rig.config, ignore, NULL, &rig.err), WEIR_OK);
	rig.config = weir_config_free(rig.config);
	ck_assert_uint_eq(unwiped, 0);
	rig.fake.env.allocator = own;
}
END_TEST

/* What jansson frees, likewise: it is told no sizes, so each block has its own in front; and zeros,
 * because what jansson leaves unwritten is read here.
 */
static void *watched_malloc(size_t size)
{
	size_t *block = calloc(1, SIZE_BYTES + size);

	if (!block)
		return NULL;
	*block = size;
	return (char *)block + SIZE_BYTES;
}

static void watched_free(void *data)
{
	char *block = data ? (char *)data - SIZE_BYTES : NULL;

	if (block && memmem(data, *(size_t *)(void *)block, SECRET, strlen(SECRET)))
		unwiped++;
	free(block);
}

/* The other members make jansson's own buffer large before, and write over it behind. */
#define LONG "123456789-123456789-123456789-123456789-123456789-123456789"

static const char *const documents[] = {
	"{\"config\":{\"weir.a\":\"" LONG "\",\"weir.b\":\"" SECRET "\",\"weir.c\":\"" LONG "\"}}",
	"{\"weir.a\":\"" LONG "\",\"weir.b\":\"<" SECRET ">\",\"weir.c\":\"" LONG "\"}",
	"{\"weir.a\":\"" LONG "\",\"weir.b\":[{\"weir.c\":\"" SECRET "\"}],\"weir.d\":\"" LONG "\"}",
};

START_TEST(a_secret_of_a_document_is_wiped_with_its_tree)
{
	json_malloc_t malloc_before;
	json_free_t free_before;

	json_get_alloc_funcs(&malloc_before, &free_before);
	json_set_alloc_funcs(watched_malloc, watched_free);
	unwiped = 0;
	ck_assert_int_eq(config_rig_read(&rig, documents[_i]), _i < 2 ? WEIR_OK : WEIR_ERR_INVALID);
	json_set_alloc_funcs(malloc_before, free_before);
	ck_assert_uint_eq(unwiped, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("secrets");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_came_from_elsewhere_is_in_no_error_and_no_line);
	LOOP(tcase, what_came_from_elsewhere_is_not_in_the_log, said);
	LOOP(tcase, nor_in_that_of_a_check, said);
	tcase_add_loop_test(tcase, nor_in_what_a_pipeline_failed_with, OF_PARTS, ROWS(said));
	tcase_add_test(tcase, nor_when_it_loads_the_files_itself);
	tcase_add_test(tcase, a_pipeline_that_failed_before_has_said_it_already);
	tcase_add_test(tcase, a_pipeline_that_is_built_logs_what_it_fails_with_later);
	tcase_add_test(tcase, a_secret_of_a_file_is_wiped_wherever_it_was);
	LOOP(tcase, a_secret_of_a_document_is_wiped_with_its_tree, documents);
	return run_case("config secrets", tcase);
}
