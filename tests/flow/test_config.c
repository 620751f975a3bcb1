/* SPDX-License-Identifier: MIT */
/* Configuration files: what they come to, what is refused, what runs. */
#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/config_shapes.h"
#include "support/fake_env.h"
#include "support/files.h"
#include "support/run.h"
#include "weir.h"

static struct fake_env fake;
static struct test_dir dir;
static weir_config *config;
static struct weir_error err;
static char notices[8192], visited[8192];

static void add_line(char *text, size_t size, const char *key, const char *value)
{
	const size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s%s\n", key, value ? "=" : "", value ? value : "");
}

static void notice(void *user, const char *text)
{
	(void)user;
	add_line(notices, sizeof notices, text, NULL);
}

static void visit(void *user, const char *key, const char *value)
{
	(void)user;
	add_line(visited, sizeof visited, key, value);
}

static void tell(void *user, enum weir_check what, const char *text)
{
	(void)user, (void)what, (void)text;
}

static const char *variable(void *user, const char *name)
{
	(void)user;
	return strcmp(name, "TOKEN") == 0 ? "from the environment" : NULL;
}

static void setup(void)
{
	fake_env_init(&fake);
	test_dir_make(&dir);
	notices[0] = visited[0] = '\0';
	config = weir_config_new(WEIR_WITH(weir_config_options, .env = &fake.env,
					   .variable = variable, .notice = notice));
}

static void teardown(void)
{
	config = weir_config_free(config);
	fake_env_check_empty(&fake);
	test_dir_remove(&dir);
}

static enum weir_status read_text(const char *name, const char *text)
{
	file_write(test_path(&dir, name), text, strlen(text));
	return weir_config_read(config, test_path(&dir, name), &err);
}

/* ---- files that people have */

/* The folder in front of file names is left out of the notices. */
static void drop_folder(char *text)
{
	const size_t len = strlen(dir.path) + 1;
	char *at;

	while ((at = strstr(text, dir.path)))
		memmove(at, at + len, strlen(at + len) + 1);
}

START_TEST(a_file_people_have_comes_to_this)
{
	weir_pipeline *pipeline;

	ck_assert_msg(read_text("connector", shapes[_i].connector) == WEIR_OK, "%s: %s",
		      shapes[_i].name, err.text);
	if (shapes[_i].worker)
		ck_assert_msg(read_text("worker", shapes[_i].worker) == WEIR_OK, "%s: %s",
			      shapes[_i].name, err.text);
	ck_assert_msg(weir_config_visit(config, visit, NULL, &err) == WEIR_OK, "%s: %s",
		      shapes[_i].name, err.text);
	ck_assert_msg(!strcmp(visited, shapes[_i].want), "%s: got\n%s\nwant\n%s", shapes[_i].name,
		      visited, shapes[_i].want);
	if (strstr(visited, "sasl") || strstr(visited, "/ca.pem"))
		return;		/* makes a client that needs what is not there */
	pipeline = weir_config_pipeline(config, NULL, &err);
	ck_assert_msg(pipeline, "%s: %s", shapes[_i].name, err.text);
	weir_pipeline_free(pipeline);
	drop_folder(notices);
	ck_assert_msg(!strcmp(notices, shapes[_i].notices), "%s: told\n%s\nwant\n%s",
		      shapes[_i].name, notices, shapes[_i].notices);
}
END_TEST

/* ---- what is refused, with its place */

#define FILES                                                                                      \
	"weir.sources.in.type=file\nweir.sources.in.path=/dev/null\n"                               \
	"weir.sinks.out.type=file\nweir.sinks.out.path=/dev/null\n"

static const struct {
	const char *name, *text, *words;
} wrong[] = {
	{ "a class nobody stands in for", "connector.class=a.b.C\n", "f:1: connector.class: 'a.b.C'" },
	{ "a credential missing", CLASS "twitter.consumerkey=a\n", "twitter.consumersecret is not set" },
	{ "a filter without predicates", KEYS, "stream.type=filter needs one of track.terms" },
	{ "a filter of commas alone", KEYS "track.terms= , ,\n", "needs one of" },
	{ "another stream type", KEYS "stream.type=Filter\n", "f:7: stream.type: 'Filter' is neither" },
	{ "another output format", KEYS "track.terms=a\noutput.format=avro\n",
	  "f:8: output.format: 'avro' is neither structured nor string" },
	{ "Avro", KEYS "track.terms=a\nvalue.converter=io.confluent.connect.avro.AvroConverter\n",
	  "f:8: value.converter: 'io.confluent.connect.avro.AvroConverter' is not to be had" },
	{ "transformations", KEYS "track.terms=a\ntransforms=r\ntransforms.r.type=R\n",
	  "f:8: transforms: Connect's transformations do not run here; say what they do with "
	  "weir.routes.statuses.to, .key, .format or .where, and set this key to nothing" },
	{ "transformations of the other connector's", JC_KEYS "transforms=r\n", "f:7: transforms: " },
	{ "the other connector's release for v2", JC_CLASS "twitter.bearerToken=b\n", "f:2: "
	  "twitter.bearerToken: not translated (v2): drop it and connector.class; set "
	  "weir.sources.x.type=x, .bearer_token, .rule_prefix, .rules.1.value, .tag, sink, route" },
	{ "the same beside a source of weir's, and the class",
	  JC_CLASS "twitter.bearerToken=b\n" FILES, "f:2: twitter.bearerToken: not translated (v2)" },
	{ "the same beside a credential of v1.1 that is empty",
	  JC_CLASS "twitter.bearerToken=b\ntwitter.oauth.consumerKey=\n",
	  "f:2: twitter.bearerToken: not translated (v2)" },
	{ "an empty credential of v2, and none of v1.1", JC_CLASS "twitter.bearerToken=\n",
	  "twitter.oauth.consumerKey is not set" },
	{ "the same, told by its credential alone", "twitter.bearerToken=b\n",
	  "f:1: twitter.bearerToken: not translated (v2)" },
	{ "a bad number", KEYS "track.terms=a\nbatch.size=many\n", "f:8: batch.size: 'many'" },
	{ "a bad duration", KEYS "track.terms=a\nbatch.timeout=1s\n", "f:8: batch.timeout: '1s'" },
	{ "no task", KEYS "track.terms=a\ntasks.max=0\n", "f:8: tasks.max: 0 is below 1" },
	{ "an id that is none", KEYS "track.follow=bob\n", "bob" },
	{ "a box of three", KEYS "track.locations=1,2,3\n", "locations" },
	{ "a JKS truststore",
	  KEYS "track.terms=a\nproducer.ssl.truststore.location=/x/kafka.truststore.jks\n",
	  "f:8: producer.ssl.truststore.location: librdkafka reads PEM: convert it" },
	{ "a JKS keystore", KEYS "track.terms=a\nproducer.ssl.keystore.location=/x/k.jks\n",
	  "reads PKCS12" },
	{ "a JAAS line without a password", KEYS "track.terms=a\nproducer.sasl.jaas.config=a b;\n",
	  "no username" },
	{ "one whose quotes do not end",
	  KEYS "track.terms=a\nproducer.sasl.jaas.config=a b username='u' password='x;\n",
	  "f:8: producer.sasl.jaas.config: there are quotes in it that do not end" },
	{ "a source without a type", "weir.sources.a.path=x\n", "f:1: weir.sources.a.path: "
	  "weir.sources.a.type is not set; it is one of twitter, x, kafka, file" },
	{ "a source of no type", "weir.sources.a.type=rss\n", "f:1: weir.sources.a.type: 'rss' is none" },
	{ "a sink of no type", "weir.sinks.a.type=rabbit\n", "'rabbit' is none of kafka, file" },
	{ "a number that is none", FILES "weir.sources.in.max_message_bytes=4MB\n",
	  "f:5: weir.sources.in.max_message_bytes: '4MB' is no whole number" },
	{ "a boolean that is none", FILES "weir.sources.in.crlf=yes\n", "'yes' is neither true nor" },
	{ "a kind that is none", FILES "weir.routes.1.kinds=tweet,twet\n", "f:5: weir.routes.1.kinds" },
	{ "a choice that is none", FILES "weir.routes.1.overflow=drop\n",
	  "'drop' is none of block, drop_new, drop_old, spool" },
	{ "a set with a word that is none", FILES "weir.routes.1.traits=quote,loud\n",
	  "'loud' is none of quote" },
	{ "a route to a sink that is not there", FILES "weir.routes.1.sink=gone\n",
	  "f:5: weir.routes.1.sink: there is no sink 'gone'" },
	{ "a route from a source that is not there", FILES "weir.routes.1.from=gone\n",
	  "there is no source 'gone'" },
	{ "a route that could lead to two sinks",
	  FILES "weir.sinks.b.type=file\nweir.routes.1.kinds=tweet\n", "and there are several" },
	{ "a route without any sink", "weir.routes.1.kinds=tweet\n", "and there are none" },
	{ "a template that is none", FILES "weir.routes.1.to=a{b\n", "never closed" },
	{ "a range that is none", FILES "weir.routes.1.where.1.path=n\nweir.routes.1.where.1.test=range\n"
	  "weir.routes.1.where.1.min=5\n", "min" },
	{ "a range of words", FILES "weir.routes.1.where.1.min=low\n", "'low' is no number" },
	{ "dead letters to nowhere", FILES "weir.dead_letters.sink=gone\n", "there is no sink 'gone'" },
	{ "a variable that is not there", "a=${env:GONE}\n", "f:1: a: there is no variable GONE" },
	{ "a file that is not there", "a=${file:/nowhere/x}\n", "cannot open '/nowhere/x'" },
	{ "another kind of stand-in", "a=${vault:x}\n", "f:1: a: ${vault:x} is neither" },
	{ "an escape cut short", "a=b\nc=\\u12\n", "f: line 2: \\u needs four" },
	{ "a document that is none", "{\"name\":", "f: " },
	{ "a config that is no object", "{\"config\":[1]}", "\"config\" is no object" },
	{ "a member that is no value", "{\"config\":{\"a\":[1]}}", "f: a: neither a string" },
	{ "a property that librdkafka has not", "weir.sinks.k.type=kafka\n"
	  "weir.sinks.k.brokers=b:1\nweir.sinks.k.property.no.such=1\n", "no.such" },
};

START_TEST(what_is_wrong_is_refused_with_its_place)
{
	weir_pipeline *pipeline = NULL;

	if (read_text("f", wrong[_i].text) == WEIR_OK)
		pipeline = weir_config_pipeline(config, NULL, &err);
	ck_assert_msg(!pipeline, "%s: taken", wrong[_i].name);
	drop_folder(err.text);
	ck_assert_msg(strstr(err.text, wrong[_i].words), "%s: '%s' is not in '%s'", wrong[_i].name,
		      wrong[_i].words, err.text);
}
END_TEST

START_TEST(numbers_of_a_document_are_the_same_in_every_locale)
{
	static const char *const locales[] = { "C", "de_DE.UTF-8", "fr_FR.UTF-8" };

	if (!setlocale(LC_ALL, locales[_i])) {
		printf("no locale %s here: not tested\n", locales[_i]);
		return;
	}
	ck_assert_int_eq(read_text("f", "{\"weir.a\":-1.5,\"weir.b\":5.0,\"weir.c\":1e300,"
				   "\"weir.d\":2.5e-7,\"weir.e\":7}"), WEIR_OK);
	ck_assert_int_eq(weir_config_visit(config, visit, NULL, &err), WEIR_OK);
	ck_assert_str_eq(visited, "weir.a=-1.5\nweir.b=5\nweir.c=1.0000000000000001e+300\n"
			 "weir.d=2.4999999999999999e-07\nweir.e=7\n");
}
END_TEST

START_TEST(what_cannot_be_a_configuration_is_said)
{
	char *large = malloc(5u << 20);

	ck_assert_int_eq(weir_config_read(config, dir.path, &err), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "is a folder"));
	ck_assert_int_eq(weir_config_read(config, test_path(&dir, "gone"), &err), WEIR_ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "gone"));
	ck_assert_int_eq(weir_config_read(config, "/dev/zero", &err), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "larger than"));
	memset(large, 'a', 5u << 20);
	file_write(test_path(&dir, "line"), large, 5u << 20);
	ck_assert_int_eq(weir_config_read(config, test_path(&dir, "line"), &err), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "larger than"));
	free(large);
}
END_TEST

START_TEST(who_wants_no_error_gets_the_status_alone)
{
	weir_pipeline *pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options,
							      .env = &fake.env));
	const char *const paths[] = { test_path(&dir, "gone") };

	ck_assert_int_eq(weir_config_read(config, paths[0], NULL), WEIR_ERR_IO);
	ck_assert_int_eq(weir_config_set(config, "a", "${file:/nowhere/x}", NULL), WEIR_ERR_IO);
	ck_assert_int_eq(weir_config_set(config, "connector.class", "a.b.C", NULL), WEIR_OK);
	ck_assert_int_eq(weir_config_visit(config, visit, NULL, NULL), WEIR_ERR_INVALID);
	ck_assert_int_eq(weir_config_check(config, tell, NULL, NULL), WEIR_ERR_INVALID);
	ck_assert_int_eq(weir_config_apply(config, pipeline, NULL), WEIR_ERR_INVALID);
	ck_assert_ptr_null(weir_config_pipeline(config, NULL, NULL));
	ck_assert_int_eq(weir_config_load(pipeline, paths, 1, NULL), WEIR_ERR_IO);
	weir_pipeline_free(pipeline);
}
END_TEST

/* ---- stand-ins and secrets */

START_TEST(stand_ins_come_from_the_environment_and_from_files_and_stay_secret)
{
	char text[512];

	file_write(test_path(&dir, "inner"), "from a file\r\n", 13);
	snprintf(text, sizeof text, "${file:%s}", test_path(&dir, "inner"));
	file_write(test_path(&dir, "outer"), text, strlen(text));
	snprintf(text, sizeof text, "weir.a=${env:TOKEN}\nweir.b=<${file:%s}>\nweir.c=$ {a} ${\n"
		 "weir.sources.x.consumer_secret=plain\n", test_path(&dir, "outer"));
	ck_assert_int_eq(read_text("f", text), WEIR_OK);
	ck_assert_int_eq(weir_config_visit(config, visit, NULL, &err), WEIR_OK);
	ck_assert_str_eq(visited, "weir.a=(secret)\nweir.b=(secret)\nweir.c=$ {a} ${\n"
				  "weir.sources.x.consumer_secret=(secret)\n");
}
END_TEST

START_TEST(a_file_that_names_itself_ends)
{
	char text[512];

	snprintf(text, sizeof text, "${file:%s}", test_path(&dir, "self"));
	file_write(test_path(&dir, "self"), text, strlen(text));
	snprintf(text, sizeof text, "a=${file:%s}\n", test_path(&dir, "self"));
	ck_assert_int_eq(read_text("f", text), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "does a file name itself?"));
}
END_TEST

START_TEST(errors_show_no_secret)
{
	ck_assert_int_eq(read_text("f", "weir.sources.in.type=file\nweir.sources.in.path=x\n"
				   "weir.sources.in.crlf=${env:TOKEN}\n"), WEIR_OK);
	ck_assert_ptr_null(weir_config_pipeline(config, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "'(secret)' is neither"));
	ck_assert_ptr_null(strstr(err.text, "from the environment"));
}
END_TEST

/* ---- own keys, run */

static char *run_files(const char *more, const char *input, const char *output)
{
	weir_pipeline *pipeline;
	char text[4096];

	file_write(test_path(&dir, "in.jsonl"), input, strlen(input));
	snprintf(text, sizeof text, "weir.sources.in.type=file\nweir.sources.in.path=%s\n"
		 "weir.sources.in.kind=record\nweir.sinks.out.type=file\nweir.sinks.out.directory=%s\n"
		 "%s", test_path(&dir, "in.jsonl"), dir.path, more);
	ck_assert_msg(read_text("f", text) == WEIR_OK, "%s", err.text);
	pipeline = weir_config_pipeline(config, NULL, &err);
	ck_assert_msg(pipeline, "%s", err.text);
	ck_assert_msg(weir_pipeline_run(pipeline) == WEIR_OK, "%s",
		      weir_pipeline_error(pipeline)->text);
	weir_pipeline_free(pipeline);
	return file_read(test_path(&dir, output), NULL);
}

START_TEST(routes_run_in_the_order_of_their_numbers)
{
	char *got = run_files("weir.routes.10.to=rest\nweir.routes.9.to=high\n"
			      "weir.routes.9.final=true\nweir.routes.9.where.1.path=n\n"
			      "weir.routes.9.where.1.test=range\nweir.routes.9.where.1.min=5\n"
			      "weir.routes.9.where.1.max=inf\n",
			      "{\"n\":3}\n{\"n\":7}\n{\"n\":\"x\"}\n{}\n", "rest");

	ck_assert_str_eq(got, "{\"n\":3}\n{\"n\":\"x\"}\n{}\n");
	ck_assert_str_eq(notices, "");
	free(got);
	got = file_read(test_path(&dir, "high"), NULL);
	ck_assert_str_eq(got, "{\"n\":7}\n");
	free(got);
}
END_TEST

START_TEST(a_whole_set_of_keys_runs)
{
	char *got = run_files("weir.pipeline.window_messages=7\nweir.pipeline.drain_ms=500\n"
			      "weir.pipeline.unrouted=dead_letter\nweir.dead_letters.to=dead\n"
			      "weir.sinks.out.share.messages=3\nweir.sinks.out.sync=true\n"
			      "weir.routes.some.to=n{n}\nweir.routes.some.fallback=other\n"
			      "weir.routes.some.where.1.path=n\nweir.routes.some.format=members\n"
			      "weir.routes.some.format.fields=n, text\nweir.routes.some.headers=kind\n"
			      "weir.routes.nothing.drop=true\nweir.routes.nothing.where.1.path=x\n",
			      "{\"n\":1,\"text\":\"a\"}\n{\"x\":1}\n{\"y\":2}\n", "n1");

	ck_assert_str_eq(got, "{\"n\":1,\"text\":\"a\"}\n");
	ck_assert_str_eq(notices, "");
	free(got);
	got = file_read(test_path(&dir, "dead"), NULL);
	ck_assert_str_eq(got, "{\"y\":2}\n");
	free(got);
}
END_TEST

START_TEST(sources_of_v2_and_of_kafka_are_made_with_all_their_parts)
{
	weir_pipeline *pipeline;

	ck_assert_int_eq(read_text("f", "weir.sources.x.type=x\nweir.sources.x.bearer_token=b\n"
		"weir.sources.x.tweet_fields=author_id\nweir.sources.x.rule_prefix=w.\n"
		"weir.sources.x.rules.2.value=cat\nweir.sources.x.rules.2.tag=w.cat\n"
		"weir.sources.x.rules.1.value=dog\nweir.sources.x.rules.1.tag=w.dog\n"
		"weir.sources.k.type=kafka\nweir.sources.k.brokers=127.0.0.1:9\n"
		"weir.sources.k.group=g\nweir.sources.k.topics=a, ^b.*\nweir.sources.k.start=latest\n"
		"weir.sources.k.until_end=true\nweir.sources.k.property.fetch.wait.max.ms=7\n"
		"weir.sinks.out.type=file\nweir.sinks.out.path=/dev/null\nweir.routes.1.from=k\n"
		"weir.routes.2.from=x\n"), WEIR_OK);
	pipeline = weir_config_pipeline(config, NULL, &err);
	ck_assert_msg(pipeline, "%s", err.text);
	ck_assert_str_eq(notices, "");
	weir_pipeline_free(pipeline);
	ck_assert_int_eq(weir_config_set(config, "weir.sources.x.rules.2.tag", "cat", &err), WEIR_OK);
	ck_assert_ptr_null(weir_config_pipeline(config, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "rule"));
}
END_TEST

static void count_key(void *user, const char *key, const char *value, const char *help)
{
	(void)value;
	ck_assert(*help);
	*(size_t *)user += strcmp(key, "weir.sources.NAME.track") == 0 ||
			   strcmp(key, "weir.sources.NAME.rules.N.tag") == 0 ||
			   strcmp(key, "weir.routes.NAME.where.N.path") == 0 ||
			   strcmp(key, "weir.pipeline.window_bytes") == 0;
}

START_TEST(every_key_is_told)
{
	size_t count = 0;

	weir_config_keys(count_key, &count);
	ck_assert_uint_eq(count, 4);
}
END_TEST

START_TEST(a_key_of_ours_misspelt_is_told_with_the_nearest)
{
	char *got = run_files("weir.routes.1.to=o\nweir.routes.1.kidns=tweet\nweir.nonsense=1\n",
			      "1\n", "o");

	free(got);
	drop_folder(notices);
	ck_assert_str_eq(notices, "f:7: weir.routes.1.kidns: no such key; is it meant to end in "
				  "kinds?\nf:8: weir.nonsense: no such key\n");
}
END_TEST

START_TEST(load_adds_to_a_pipeline_that_is_there)
{
	weir_pipeline *pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options,
							      .env = &fake.env));
	const char *const paths[] = { test_path(&dir, "f") };

	file_write(paths[0], FILES "weir.routes.1.kidns=x\n", sizeof FILES "weir.routes.1.kidns=x\n" - 1);
	ck_assert_int_eq(weir_config_load(pipeline, paths, 1, &err), WEIR_OK);
	ck_assert_ptr_nonnull(strstr(fake.log, "WARN config: "));
	ck_assert_int_eq(weir_pipeline_run(pipeline), WEIR_OK);
	weir_pipeline_free(pipeline);
	pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &fake.env));
	file_write(paths[0], "weir.pipeline.drain_ms=1\n", 25);
	ck_assert_int_eq(weir_config_load(pipeline, paths, 1, &err), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "weir_config_pipeline"));
	ck_assert_int_eq(weir_pipeline_error(pipeline)->status, WEIR_ERR_INVALID);
	weir_pipeline_free(pipeline);
}
END_TEST

/* ---- hostile */

START_TEST(every_beginning_of_a_file_is_taken_or_refused_and_leaks_nothing)
{
	static const char text[] = KEYS "track.terms=a,b\nproducer.acks=1\nweir.routes.x.kinds=delete\n"
				   "weir.routes.x.to=d{lang}\nweir.routes.x.where.1.path=a\n" FILES;

	for (size_t len = 0; len < sizeof text; len += 3) {
		teardown();
		setup();
		file_write(test_path(&dir, "f"), text, len);
		if (weir_config_read(config, test_path(&dir, "f"), &err) == WEIR_OK)
			weir_pipeline_free(weir_config_pipeline(config, NULL, &err));
	}
}
END_TEST

START_TEST(out_of_memory_is_an_error_and_leaks_nothing)
{
	for (size_t fail_at = 1; fail_at < 480; fail_at++) {
		weir_pipeline *pipeline = NULL;

		teardown();
		setup();
		fake.fail_at = fake.calls + fail_at;
		if (read_text("f", KEYS "track.terms=a,b\nweir.routes.x.kinds=delete\n"
				   "weir.routes.x.format=members\nweir.routes.x.format.fields=a,b\n"
				   "weir.routes.x.where.1.path=a\n") == WEIR_OK)
			pipeline = weir_config_pipeline(config, NULL, &err);
		if (!pipeline)
			ck_assert_int_lt(err.status, WEIR_OK);
		weir_pipeline_free(pipeline);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("config");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	LOOP(tcase, a_file_people_have_comes_to_this, shapes);
	LOOP(tcase, what_is_wrong_is_refused_with_its_place, wrong);
	tcase_add_loop_test(tcase, numbers_of_a_document_are_the_same_in_every_locale, 0, 3);
	tcase_add_test(tcase, what_cannot_be_a_configuration_is_said);
	tcase_add_test(tcase, who_wants_no_error_gets_the_status_alone);
	tcase_add_test(tcase, stand_ins_come_from_the_environment_and_from_files_and_stay_secret);
	tcase_add_test(tcase, a_file_that_names_itself_ends);
	tcase_add_test(tcase, errors_show_no_secret);
	tcase_add_test(tcase, routes_run_in_the_order_of_their_numbers);
	tcase_add_test(tcase, a_whole_set_of_keys_runs);
	tcase_add_test(tcase, sources_of_v2_and_of_kafka_are_made_with_all_their_parts);
	tcase_add_test(tcase, every_key_is_told);
	tcase_add_test(tcase, a_key_of_ours_misspelt_is_told_with_the_nearest);
	tcase_add_test(tcase, load_adds_to_a_pipeline_that_is_there);
	tcase_add_test(tcase, every_beginning_of_a_file_is_taken_or_refused_and_leaks_nothing);
	tcase_add_test(tcase, out_of_memory_is_an_error_and_leaks_nothing);
	return run_case("config", tcase);
}
