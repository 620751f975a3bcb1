/* SPDX-License-Identifier: MIT */
/*
 * Configuration files: windows of de-duplication, partitions, transactions, lists of one text a
 * key, shares of spools; what is wrong with them, with its place; what is near a key that nobody
 * knows, of ours and of converters.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/config_rig.h"
#include "support/run.h"

static struct config_rig rig;

static void setup(void)
{
	config_rig_begin(&rig, NULL);
}

static void teardown(void)
{
	config_rig_end(&rig);
}

static void put(const char *name, const char *text)
{
	file_write(test_path(&rig.dir, name), text, strlen(text));
}

/* Runs what the text says to its end; what is in the file `out` then. Yours. */
static char *run(const char *text, struct weir_metrics *ret_metrics)
{
	weir_pipeline *pipeline = config_rig_must(&rig, text);

	ck_assert_msg(weir_pipeline_run(pipeline) == WEIR_OK, "%s",
		      weir_pipeline_error(pipeline)->text);
	weir_pipeline_metrics(pipeline, ret_metrics);
	weir_pipeline_free(pipeline);
	return file_read(test_path(&rig.dir, "out"), NULL);
}

#define OUT "weir.sinks.out.type=file\nweir.sinks.out.path=DIR/out\n"
#define TWEET(id) "{\"id\":" id ",\"id_str\":\"" id "\",\"text\":\"x\",\"user\":{\"id\":1}}\n"

/* ---- windows of de-duplication */

#define TWO                                                                                        \
	"weir.sources.a.type=file\nweir.sources.a.path=DIR/a\n"                                    \
	"weir.sources.b.type=file\nweir.sources.b.path=DIR/b\n" OUT "weir.routes.1.key=\n"

static const struct {
	const char *name, *keys;
	uint64_t duplicates;
} windows[] = {
	{ "none", "", 0 },
	{ "one of every source", "weir.dedup.all.entries=10\n", 3 },
	{ "one of both", "weir.dedup.both.sources=a, b\n", 3 },
	{ "one of each", "weir.dedup.1.sources=a\nweir.dedup.2.sources=b\n", 1 },
	{ "one of the first", "weir.dedup.1.sources=a\n", 1 },
	{ "of other kinds", "weir.dedup.1.kinds=delete\n", 0 },
	{ "of one entry", "weir.dedup.1.entries=1\nweir.dedup.1.sources=a\n", 0 },
};

START_TEST(what_was_seen_is_dropped_as_the_window_says)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	char text[1024];

	put("a", TWEET("1") TWEET("2") TWEET("1"));
	put("b", TWEET("1") TWEET("2"));
	strcpy(text, TWO);
	free(run(strcat(text, windows[_i].keys), &metrics));
	ck_assert_msg(metrics.drops[WEIR_DROP_DUPLICATE] == windows[_i].duplicates,
		      "%s: %llu duplicates", windows[_i].name,
		      (unsigned long long)metrics.drops[WEIR_DROP_DUPLICATE]);
	ck_assert_str_eq(rig.notices, "");
}
END_TEST

/* ---- lists */

START_TEST(a_text_of_a_list_may_hold_commas_and_blanks)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	char *got;

	put("a", "{\"p\":\"Paris, France\"}\n{\"p\":\"Paris\"}\n{\"p\":\"Lyon\"}\n{\"p\":\"Nice\"}\n");
	got = run("weir.sources.a.type=file\nweir.sources.a.path=DIR/a\nweir.sources.a.kind=record\n"
		  OUT "weir.routes.1.where.1.path=p\nweir.routes.1.where.1.test=equals\n"
		  "weir.routes.1.where.1.any_of=Lyon, Rome\n"
		  "weir.routes.1.where.1.any_of.b=Rouen\nweir.routes.1.where.1.any_of.b=Nice\n"
		  "weir.routes.1.where.1.any_of.a=Paris, France\n", &metrics);
	ck_assert_str_eq(got, "{\"p\":\"Paris, France\"}\n{\"p\":\"Lyon\"}\n{\"p\":\"Nice\"}\n");
	ck_assert_uint_eq(metrics.drops[WEIR_DROP_UNROUTED], 1);
	free(got);
}
END_TEST

START_TEST(files_of_a_list_are_read_in_the_order_of_their_keys)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	char *got;

	put("a,1", "1\n");
	put("b", "2\n");
	put("c", "3\n");
	got = run("weir.sources.a.type=file\nweir.sources.a.paths.2=DIR/a,1\n"
		  "weir.sources.a.paths.1=DIR/b\nweir.sources.a.paths=DIR/c\n"
		  "weir.sources.a.kind=record\n" OUT "weir.routes.1.key=\n", &metrics);
	ck_assert_str_eq(got, "3\n1\n2\n");
	free(got);
}
END_TEST

/* ---- all parts together */

START_TEST(the_order_of_the_file_is_not_that_of_the_parts)
{
	weir_pipeline *pipeline = config_rig_must(&rig,
		"weir.routes.1.from=spool\nweir.routes.1.to=t\n"
		"weir.dead_letters.sink=spool\n"
		"weir.dedup.d.sources=raw\n"
		"weir.sinks.copy.offsets_of=raw\nweir.sinks.copy.transactional_id=copier\n"
		"weir.sinks.copy.transaction_ms=250\nweir.sinks.copy.type=kafka\n"
		"weir.sinks.copy.brokers=127.0.0.1:9\nweir.sinks.copy.share.messages=10\n"
		"weir.spools.spool.dir=DIR/spool\nweir.spools.spool.share.bytes=1000000\n"
		"weir.sources.raw.partitions=a:0, b:11@7 ,a:1@9223372036854775807\n"
		"weir.sources.raw.group=g\nweir.sources.raw.brokers=127.0.0.1:9\n"
		"weir.sources.raw.type=kafka\n"
		"weir.sources.live.type=twitter\nweir.sources.live.anonymous=true\n"
		"weir.sources.live.track=a\nweir.sources.live.min_reconfigure_ms=1000\n"
		"weir.sources.live.parameter.x=1\nweir.sources.live.parameter.x=2\n");

	ck_assert_str_eq(rig.notices, "f:22: weir.sources.live.parameter.x: given twice; this one "
				      "counts\n");
	weir_pipeline_free(pipeline);
}
END_TEST

/* ---- what is refused, with its place */

#define KAFKA "weir.sources.k.type=kafka\nweir.sources.k.brokers=b:1\nweir.sources.k.partitions="
#define NO_PLACE "is neither TOPIC:PARTITION nor TOPIC:PARTITION@OFFSET"
#define FILE_IN "weir.sources.in.type=file\nweir.sources.in.path=/dev/null\n"
#define COPY "weir.sinks.k.type=kafka\nweir.sinks.k.brokers=b:1\n"

static const struct {
	const char *name, *text, *words;
} wrong[] = {
	{ "a topic alone", KAFKA "a\n", "f:3: weir.sources.k.partitions: 'a' " NO_PLACE },
	{ "no topic", KAFKA ":1\n", "':1' " NO_PLACE },
	{ "no partition", KAFKA "a:\n", "'a:' " NO_PLACE },
	{ "a partition below zero", KAFKA "a:-1\n", "'a:-1' " NO_PLACE },
	{ "a partition beyond all", KAFKA "a:2147483648\n", "'a:2147483648' " NO_PLACE },
	{ "a partition of 40 digits", KAFKA "a:1234567890123456789012345678901234567890\n", NO_PLACE },
	{ "an offset that is none", KAFKA "a:1@x\n", "'a:1@x' " NO_PLACE },
	{ "an offset cut short", KAFKA "a:1@\n", "'a:1@' " NO_PLACE },
	{ "an offset of zero", KAFKA "b:2,a:1@0\n", "'a:1@0': an offset is from 1 to" },
	{ "an offset beyond all", KAFKA "a:1@9223372036854775808\n", "an offset is from 1 to" },
	{ "an empty item", KAFKA "a:1,,b:1\n", "'' " NO_PLACE },
	{ "blanks inside", KAFKA "a : 1\n", "'a : 1' " NO_PLACE },
	{ "an illegal topic", KAFKA "a/b:1\n", "f:3: " },
	{ "nothing", KAFKA "\n", "set .topics or .partitions" },
	{ "a window of no source", FILE_IN "weir.dedup.d.sources=\n",
	  "f:3: weir.dedup.d.sources: it names no source" },
	{ "a window of a source that is not there", FILE_IN "weir.dedup.d.sources=in,gone\n",
	  "f:3: weir.dedup.d.sources: there is no source 'gone'" },
	{ "a window of too many", FILE_IN "weir.dedup.d.age_ms=1\nweir.dedup.d.entries=99999999\n",
	  "f:4: " },
	{ "a window of a kind that is none", FILE_IN "weir.dedup.d.kinds=twet\n", "f:3: weir.dedup" },
	{ "two windows of a source", FILE_IN "weir.dedup.a.entries=1\nweir.dedup.b.entries=1\n",
	  "f:4: " },
	{ "a window of a spool", FILE_IN "weir.spools.s.dir=DIR/s\nweir.dedup.d.sources=s\n"
	  "weir.dedup.d.entries=5\nweir.dedup.e.sources=in,s\n", "f:" },
	{ "transactions alone", COPY "weir.sinks.k.transactional_id=t\n",
	  "f:3: sink 'k': transactional_id" },
	{ "offsets alone", FILE_IN COPY "weir.sinks.k.offsets_of=in\n", "f:5: sink 'k': " },
	{ "offsets of a source that is not there", COPY "weir.sinks.k.offsets_of=gone\n",
	  "f:3: weir.sinks.k.offsets_of: there is no source 'gone'" },
	{ "offsets of a file", FILE_IN COPY "weir.sinks.k.transactional_id=t\n"
	  "weir.sinks.k.offsets_of=in\n", "offsets_of is not a Kafka source with a group" },
	{ "a spool's share that is no number", "weir.spools.s.dir=DIR/s\n"
	  "weir.spools.s.share.bytes=all\n", "f:2: weir.spools.s.share.bytes: 'all' is no whole" },
	{ "an option that is wrong, by its line", FILE_IN "weir.sources.in.crlf=true\n"
	  "weir.sources.in.delimited=true\nweir.sources.in.follow_ms=3\n", "f:4: " },
	{ "a rule twice", "weir.sources.x.type=x\nweir.sources.x.bearer_token=b\n"
	  "weir.sources.x.rule_prefix=w\nweir.sources.x.rules.1.value=cat\n"
	  "weir.sources.x.rules.1.tag=w1\nweir.sources.x.rules.2.value=cat\n"
	  "weir.sources.x.rules.2.tag=w2\n", "f:6: source 'x': rules[1]: its value is there" },
	{ "a rule of another prefix", "weir.sources.x.type=x\nweir.sources.x.bearer_token=b\n"
	  "weir.sources.x.rule_prefix=w\nweir.sources.x.rules.1.value=cat\n"
	  "weir.sources.x.rules.1.tag=z\n", "f:" },
	{ "a pipeline's option", "weir.pipeline.window_messages=1\n"
	  "weir.pipeline.retry_most_ms=1\nweir.pipeline.retry_first_ms=5000\n",
	  "f:3: weir_pipeline_options: retry_first_ms is above" },
};

START_TEST(what_is_wrong_is_refused_with_its_place)
{
	weir_pipeline *pipeline = config_rig_make(&rig, wrong[_i].text);

	ck_assert_msg(!pipeline, "%s: taken", wrong[_i].name);
	ck_assert_msg(strstr(rig.err.text, wrong[_i].words), "%s: '%s' is not in '%s'",
		      wrong[_i].name, wrong[_i].words, rig.err.text);
	ck_assert_msg(!strncmp(rig.err.text, "f:", 2), "%s: '%s'", wrong[_i].name, rig.err.text);
}
END_TEST

/* ---- keys that nobody knows */

static const struct {
	const char *key, *near;
} unknown[] = {
	{ "weir.sources.in.pathh", "; is it meant to end in path?" },
	{ "weir.sources.in.folow", "; is it meant to end in follow?" },
	{ "weir.spools.s.max_byte", "; is it meant to end in max_bytes?" },
	{ "weir.spools.s.share.message", "; is it meant to end in share.messages?" },
	{ "weir.sinks.out.offset_of", "; is it meant to end in offsets_of?" },
	{ "weir.dedup.d.entrys", "; is it meant to end in entries?" },
	{ "weir.routes.1.where.1.anyof", "; is it meant to end in any_of?" },
	{ "weir.routes.1.frm", "; is it meant to end in from?" },
	{ "weir.pipeline.drain_m", "; is it meant to end in drain_ms?" },
	{ "weir.route.1.to", "; is it meant to begin with weir.routes?" },
	{ "weir.dedupe.1.to", "; is it meant to begin with weir.dedup?" },
	{ "weir.nothing.like.it", "" },
	{ "weir.sources.in.group", NULL },
	{ "weir.sinks.out.transactional_id", NULL },
	{ "weir.sinks.out.offsets_of", NULL },
	{ "weir.pipeline", "" },
	{ "weir.", "" },
	{ "weir.routes.", "" },
	{ "weir.routes.1", "" },
	{ "weir.routes.1.where", "" },
};

START_TEST(a_key_that_nobody_knows_is_told_with_the_nearest)
{
	char text[1024], want[256];

	snprintf(text, sizeof text, FILE_IN "weir.spools.s.dir=DIR/s\nweir.dedup.d.sources=in\n"
		 "weir.sinks.out.type=file\nweir.sinks.out.path=/dev/null\n"
		 "weir.routes.1.where.1.path=a\n%s=1\n", unknown[_i].key);
	weir_pipeline_free(config_rig_must(&rig, text));
	snprintf(want, sizeof want, unknown[_i].near ? "f:8: %s: no such key%s\n"
		 : "f:8: %s: it means nothing here: what it belongs to is of another type, or set up "
		   "otherwise\n", unknown[_i].key, unknown[_i].near);
	ck_assert_str_eq(rig.notices, want);
}
END_TEST

/* The error first, then what of it is misspelt; what was only not read yet is not told. */
static const struct {
	const char *name, *text, *words, *notices;
} hidden[] = {
	{ "half a pair", "weir.sources.in.type=kafka\nweir.sources.in.brokers=b:1\n"
	  "weir.sources.in.group=g\nweir.sources.in.topics.1=t\n" COPY "weir.sinks.k.offsets_of=in\n"
	  "weir.sinks.k.transactional_ip=t\nweir.sinks.k.share.bytes=1\nweir.routes.1.from=in\n"
	  "weir.routes.1.where.1.path=a\nweir.routes.1.format.fields.1=a\n"
	  "weir.sinks.k.property.linger.ms=1\nweir.sinks.z.type=file\nweir.dedup.d.sources=in\n"
	  "weir.dead_letters.to=x\n", "go together",
	  "f:8: weir.sinks.k.transactional_ip: no such key; is it meant to end in "
	  "transactional_id?\n" },
	{ "a type", "weir.sources.in.typ=file\n", "weir.sources.in.type is not set",
	  "f:1: weir.sources.in.typ: no such key; is it meant to end in type?\n" },
	{ "a pipeline's", "weir.pipeline.drain_ms=x\nweir.pipeline.retry_atempts=1\n", "drain_ms",
	  "f:2: weir.pipeline.retry_atempts: no such key; is it meant to end in retry_attempts?\n" },
	{ "within a route", FILE_IN COPY "weir.routes.1.where.1.paht=a\nweir.routes.1.sink=z\n",
	  "'z'", "f:5: weir.routes.1.where.1.paht: no such key; is it meant to end in path?\n" },
	{ "dead letters", FILE_IN COPY "weir.dead_letters.snk=k\nweir.dead_letters.sink=z\n",
	  "'z'", "f:5: weir.dead_letters.snk: no such key; is it meant to end in sink?\n" },
	{ "a connector's", "twitter.consumerkey=a\ntwitter.consumersecrett=b\ntwitter.token=c\n"
	  "twitter.secret=d\ntrack.terms=x\nproducer.linger.ms=1\nweir.pipeline.drain_ms=1\n"
	  "weir.sinks.kafka.brokrs=b\n", "twitter.consumersecret is not set",
	  "f:8: weir.sinks.kafka.brokrs: no such key; is it meant to end in brokers?\n"
	  "f:2: twitter.consumersecrett: no such key; is it meant to be twitter.consumersecret?\n" },
	{ "v2, of the other connector's class", "connector.class=com.github.jcustenborder.kafka."
	  "connect.twitter.TwitterSourceConnector\ntwitter.bearerToken=b\nfilter.rule=cat\n"
	  "tweet.fields=id\nkafka.tweets.topic=t\nfilter.rules=cat\n", "not translated (v2)", "" },
	{ "v2, by its credential", "twitter.bearerToken=b\nfilter.rule=cat\ntweet.field=id\n",
	  "not translated (v2)", "" },
	{ "another class", "name=s3\nconnector.class=io.confluent.connect.s3.S3SinkConnector\n"
	  "flush.size=3\ntopics=a,b\ns3.bucket.name=b\nstream.typ=x\n", "is no connector", "" },
	{ "another class, beside a key of ours", "connector.class=a.b.C\nflush.size=3\n"
	  "weir.sinks.k.brokrs=b\n", "is no connector", "f:3: weir.sinks.k.brokrs: no such key; is it "
	  "meant to end in brokers?\n" },
};

START_TEST(a_key_that_nobody_knows_is_told_when_an_error_comes_first)
{
	ck_assert_msg(!config_rig_make(&rig, hidden[_i].text), "%s: taken", hidden[_i].name);
	ck_assert_msg(strstr(rig.err.text, hidden[_i].words), "%s: %s", hidden[_i].name,
		      rig.err.text);
	ck_assert_msg(strcmp(rig.notices, hidden[_i].notices) == 0, "%s: %s", hidden[_i].name,
		      rig.notices);
}
END_TEST

/* ---- keys of converters */

#define ENECO                                                                                      \
	"twitter.consumerkey=a\ntwitter.consumersecret=b\ntwitter.token=c\ntwitter.secret=d\n"       \
	"track.terms=x\n"
#define JSON "value.converter=org.apache.kafka.connect.json.JsonConverter\n"
#define STRING "value.converter=org.apache.kafka.connect.storage.StringConverter\n"
#define AVRO "converter=io.confluent.connect.avro.AvroConverter\n"
#define NOBODYS ": no such key: neither JsonConverter nor StringConverter has it\n"
#define SCHEMAS ": no such key; is it meant to be value.converter.schemas.enable?\n"

static const struct {
	const char *name, *connector, *worker, *notices;
} of_converters[] = {
	{ "misspelt", ENECO JSON "value.converter.schemas.enabled=false\n", NULL,
	  "f:7: value.converter.schemas.enabled" SCHEMAS },
	{ "misspelt, of the key", ENECO "key.converter.schema.enable=false\n", NULL, "f:6: "
	  "key.converter.schema.enable: no such key; is it meant to be "
	  "key.converter.schemas.enable?\n" },
	{ "misspelt, beside a string", ENECO "output.format=string\n" STRING
	  "value.converter.schemas.enabl=false\n", NULL,
	  "f:8: value.converter.schemas.enabl" SCHEMAS },
	{ "misspelt, and the converter is the worker's", ENECO
	  "value.converter.schemas.enabled=false\n", JSON,
	  "f:6: value.converter.schemas.enabled" SCHEMAS },
	{ "misspelt in the worker", ENECO, JSON "value.converter.schemas.enabled=false\n",
	  "w:2: value.converter.schemas.enabled" SCHEMAS },
	{ "the converter itself", ENECO "value.converterr=x\n", NULL,
	  "f:6: value.converterr: no such key; is it meant to be value.converter?\n" },
	{ "another converter's", ENECO JSON "value.converter.schema.registry.url=http://r\n", NULL,
	  "f:7: value.converter.schema.registry.url" NOBODYS },
	{ "nobody's", ENECO "key.converter.x=1\n", NULL, "f:6: key.converter.x" NOBODYS },
	{ "known, without a meaning here", ENECO JSON "value.converter.schemas.cache.size=10\n"
	  "value.converter.decimal.format=BASE64\nvalue.converter.converter.encoding=UTF-8\n"
	  "value.converter.schemas.enable=true\nheader.converter.x=y\n", NULL, "" },
	{ "of a converter that does not count", ENECO JSON, "value." AVRO
	  "value.converter.schema.registry.url=http://r\n", "" },
	{ "of a converter that is not to be had", ENECO "key." AVRO
	  "key.converter.schema.registry.url=http://r\n", NULL, "" },
	{ "beside the other connector, which has none", "twitter.oauth.consumerKey=a\n"
	  "twitter.oauth.consumerSecret=b\ntwitter.oauth.accessToken=c\n"
	  "twitter.oauth.accessTokenSecret=d\nkafka.status.topic=t\nfilter.keywords=x\n"
	  "value.converter.schemas.enabled=false\n", NULL, "" },
};

START_TEST(a_converters_key_is_known_or_told)
{
	weir_pipeline *pipeline;

	put("w", of_converters[_i].worker ? of_converters[_i].worker : "");
	ck_assert_int_eq(weir_config_read(rig.config, test_path(&rig.dir, "w"), &rig.err), WEIR_OK);
	pipeline = config_rig_make(&rig, of_converters[_i].connector);
	ck_assert_msg(pipeline || strstr(rig.err.text, "is not to be had"), "%s: %s",
		      of_converters[_i].name, rig.err.text);
	ck_assert_msg(strcmp(rig.notices, of_converters[_i].notices) == 0, "%s: %s",
		      of_converters[_i].name, rig.notices);
	weir_pipeline_free(pipeline);
}
END_TEST

/* ---- a check */

START_TEST(a_route_into_a_spool_may_have_a_name_there)
{
	ck_assert_msg(config_rig_check(&rig, FILE_IN "weir.spools.q.dir=DIR/q\n"
				       "weir.routes.1.sink=q\nweir.routes.1.from=in\n"
				       "weir.routes.1.to=t\n" OUT "weir.routes.2.from=q\n"
				       "weir.routes.2.sink=out\n") == WEIR_OK, "%s", rig.err.text);
	ck_assert_msg(strstr(rig.told, "plan spool q: ") && !strstr(rig.told, "wrong "), "%s",
		      rig.told);
}
END_TEST

START_TEST(attempts_that_transactions_use_up_are_wrong)
{
	static const char text[] =
		"weir.sources.in.type=kafka\nweir.sources.in.brokers=127.0.0.1:1\n"
		"weir.sources.in.group=g\nweir.sources.in.topics=t\nweir.sinks.k.type=kafka\n"
		"weir.sinks.k.brokers=127.0.0.1:1\nweir.sinks.k.topic=u\nweir.routes.1.sink=k\n"
		"weir.sinks.k.transactional_id=t\nweir.sinks.k.offsets_of=in\n"
		"weir.pipeline.retry_attempts=";
	char whole[600];

	snprintf(whole, sizeof whole, "%s%d\n", text, _i);
	ck_assert_msg(config_rig_check(&rig, whole) == WEIR_OK, "%s", rig.err.text);
	ck_assert_msg((strstr(rig.told, "wrong sink k: weir.pipeline.retry_attempts is 1") != NULL) ==
			      (_i == 1), "%d: %s", _i, rig.told);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("parts");

	tcase_add_checked_fixture(tcase, setup, teardown);
	LOOP(tcase, what_was_seen_is_dropped_as_the_window_says, windows);
	tcase_add_test(tcase, a_text_of_a_list_may_hold_commas_and_blanks);
	tcase_add_test(tcase, files_of_a_list_are_read_in_the_order_of_their_keys);
	tcase_add_test(tcase, the_order_of_the_file_is_not_that_of_the_parts);
	LOOP(tcase, what_is_wrong_is_refused_with_its_place, wrong);
	LOOP(tcase, a_key_that_nobody_knows_is_told_with_the_nearest, unknown);
	LOOP(tcase, a_key_that_nobody_knows_is_told_when_an_error_comes_first, hidden);
	LOOP(tcase, a_converters_key_is_known_or_told, of_converters);
	tcase_add_test(tcase, a_route_into_a_spool_may_have_a_name_there);
	tcase_add_loop_test(tcase, attempts_that_transactions_use_up_are_wrong, 0, 2);
	return run_case("config parts", tcase);
}
