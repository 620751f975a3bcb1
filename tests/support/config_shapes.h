/* SPDX-License-Identifier: MIT */
/* Configurations that people have, and what they come to: test_config.c's table. */
#ifndef WEIR_TESTS_CONFIG_SHAPES_H
#define WEIR_TESTS_CONFIG_SHAPES_H

#define CLASS "connector.class=com.eneco.trading.kafka.connect.twitter.TwitterSourceConnector\n"
#define KEYS                                                                                       \
	"name=twitter-source\n" CLASS                                                              \
	"twitter.consumerkey=ck\ntwitter.consumersecret=cs\ntwitter.token=to\ntwitter.secret=ts\n"
#define SOURCE(type)                                                                               \
	"weir.sources.twitter.type=twitter\nweir.sources.twitter.delimited=true\n"                 \
	"weir.sources.twitter.consumer_key=(secret)\nweir.sources.twitter.consumer_secret=(secret)\n" \
	"weir.sources.twitter.token=(secret)\nweir.sources.twitter.token_secret=(secret)\n"         \
	"weir.sources.twitter.url=https://stream.twitter.com/1.1/statuses/" type ".json\n"
#define TRACK(words) "weir.sources.twitter.track=" words "\n"
#define LANGUAGE(words) "weir.sources.twitter.language=" words "\n"
#define SINK(brokers) "weir.sinks.kafka.type=kafka\nweir.sinks.kafka.brokers=" brokers "\n"
#define ROUTE(topic)                                                                               \
	"weir.routes.statuses.kinds=tweet,retweet\nweir.routes.statuses.sink=kafka\n"              \
	"weir.routes.statuses.to=" topic "\n"
#define FORMAT(form, key, value)                                                                   \
	"weir.routes.statuses.format=eneco-" form "\nweir.routes.statuses.format.key=" key "\n"     \
	"weir.routes.statuses.format.value=" value "\n"                                            \
	"weir.routes.statuses.without_traits=v2,enveloped\n"                                       \
	"weir.routes.statuses.where.1.path=user.screen_name\n"                                     \
	"weir.routes.statuses.where.1.test=exists\n"
#define NEEDS_TEXT                                                                                 \
	"weir.routes.statuses.where.2.path=text\nweir.routes.statuses.where.2.test=exists\n"
#define LOCAL SINK("localhost:9092")
#define JSON_CONVERTERS                                                                            \
	"key.converter=org.apache.kafka.connect.json.JsonConverter\n"                              \
	"value.converter=org.apache.kafka.connect.json.JsonConverter\n"                            \
	"key.converter.schemas.enable=true\nvalue.converter.schemas.enable=true\n"
#define JC_CLASS                                                                                   \
	"connector.class=com.github.jcustenborder.kafka.connect.twitter.TwitterSourceConnector\n"
#define JC_KEYS                                                                                    \
	"twitter.oauth.consumerKey=ck\ntwitter.oauth.consumerSecret=cs\n"                          \
	"twitter.oauth.accessToken=to\ntwitter.oauth.accessTokenSecret=ts\n"                       \
	"filter.keywords=a\nkafka.status.topic=st\n"
#define OF_V2 "left out: of the connector's release for v2; the credentials are v1.1's\n"
#define STRING_WORKER                                                                              \
	"bootstrap.servers=broker:9092\n"                                                          \
	"key.converter=org.apache.kafka.connect.storage.StringConverter\n"                         \
	"value.converter=org.apache.kafka.connect.storage.StringConverter\n"                       \
	"internal.key.converter=org.apache.kafka.connect.storage.StringConverter\n"                \
	"offset.storage.file.filename=/tmp/connect.offsets\noffset.flush.interval.ms=10000\n"

static const struct {
	const char *name, *connector, *worker, *want, *notices;
} shapes[] = {
	{ "plain words, one topic, English", KEYS "tasks.max=1\ntopic=twitter\nlanguage=en\n"
	  "track.terms=news,music,hadoop,clojure,scala,fp,golang,python\n" JSON_CONVERTERS, NULL,
	  SOURCE("filter") TRACK("news,music,hadoop,clojure,scala,fp,golang,python") LANGUAGE("en")
	  LOCAL ROUTE("twitter") FORMAT("structured", "json-schema", "json-schema"), "" },
	{ "topic and topics", KEYS "tasks.max=1\ntopic=demo-3-twitter\ntopics=demo-3-twitter\n"
	  "track.terms=programming,java\nlanguage=en\n" JSON_CONVERTERS, NULL,
	  SOURCE("filter") TRACK("programming,java") LANGUAGE("en") LOCAL ROUTE("demo-3-twitter")
	  FORMAT("structured", "json-schema", "json-schema"), "" },
	{ "topics alone", KEYS "topics=twitter-data\ntrack.terms=a b\n", NULL,
	  SOURCE("filter") TRACK("a b") LOCAL ROUTE("twitter-data")
	  FORMAT("structured", "json-schema", "json-schema"), "" },
	{ "no topic", KEYS "track.terms=a\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("tweets")
	  FORMAT("structured", "json-schema", "json-schema"), "" },
	{ "a sample", KEYS "stream.type=sample\ntopic=t\nlanguage=en, ko\n", NULL,
	  SOURCE("sample") LANGUAGE("en,ko") LOCAL ROUTE("t")
	  FORMAT("structured", "json-schema", "json-schema"), "" },
	{ "a sample with terms that nobody reads", KEYS "stream.type=sample\ntrack.terms=x\n", NULL,
	  SOURCE("sample") LOCAL ROUTE("tweets") FORMAT("structured", "json-schema", "json-schema"),
	  "track.terms: stream.type=sample has no predicates: it is not looked at\n" },
	{ "strings, with the worker's file and its stray letter",
	  KEYS "topic=t\ntrack.terms=a\noutput.format=string\n", STRING_WORKER "o\n",
	  SOURCE("filter") TRACK("a") SINK("broker:9092") ROUTE("t")
	  FORMAT("string", "plain", "plain") NEEDS_TEXT, "worker:7: o: no such key\n" },
	{ "everything of the example", KEYS "stream.type=filter\ntrack.terms= a , b c ,\n"
	  "track.follow=1, 2\ntrack.locations=-74,40,-73,41\nbatch.size=100\nbatch.timeout=0.1\n"
	  "twitter.app.name=mine\noutput.format=structured\ntasks.max=2\n", NULL,
	  SOURCE("filter") TRACK("a,b c") "weir.sources.twitter.follow=1,2\n"
	  "weir.sources.twitter.locations=-74,40,-73,41\n" LOCAL ROUTE("tweets")
	  FORMAT("structured", "json-schema", "json-schema"),
	  "tasks.max: every task would get every tweet: one runs\n" },
	{ "Korean, as UTF-8 and by escapes",
	  KEYS "track.terms=\ud55c\uae00,\\uc815\\uad6d \\uc0dd\\uc77c,\\uD83C\\uDF89\n", NULL,
	  SOURCE("filter") TRACK("\ud55c\uae00,\uc815\uad6d \uc0dd\uc77c,\U0001f389") LOCAL
	  ROUTE("tweets") FORMAT("structured", "json-schema", "json-schema"), "" },
	{ "a producer's properties under Java's names", KEYS "track.terms=a\n"
	  "producer.override.linger.ms=7\n",
	  "producer.linger.ms=5\nproducer.max.request.size=2000000\nproducer.buffer.memory=1048576\n"
	  "producer.ssl.truststore.location=/ca.pem\nproducer.ssl.truststore.password=x\n"
	  "producer.ssl.endpoint.identification.algorithm=\nproducer.interceptor.classes=a.B\n"
	  "producer.sasl.jaas.config=x required username=\"u\" password=\"p w\";\n"
	  "producer.what.is.this=1\n",
	  SOURCE("filter") TRACK("a") LOCAL "weir.sinks.kafka.property.linger.ms=7\n"
	  "weir.sinks.kafka.property.message.max.bytes=2000000\n"
	  "weir.sinks.kafka.property.queue.buffering.max.kbytes=1024\n"
	  "weir.sinks.kafka.property.ssl.ca.location=/ca.pem\n"
	  "weir.sinks.kafka.property.ssl.endpoint.identification.algorithm=none\n"
	  "weir.sinks.kafka.property.sasl.username=(secret)\n"
	  "weir.sinks.kafka.property.sasl.password=(secret)\n"
	  ROUTE("tweets") FORMAT("structured", "json-schema", "json-schema"),
	  "producer.interceptor.classes: interceptors are Java: they do not run\n"
	  "producer.what.is.this: librdkafka has it not under that name; set "
	  "weir.sinks.kafka.property.…\n" },
	{ "jcustenborder's names",
	  "connector.class=com.github.jcustenborder.kafka.connect.twitter.TwitterSourceConnector\n"
	  "twitter.oauth.consumerKey=ck\ntwitter.oauth.consumerSecret=cs\n"
	  "twitter.oauth.accessToken=to\ntwitter.oauth.accessTokenSecret=ts\n"
	  "filter.keywords=a,b\nfilter.userIds=7\nkafka.status.topic=st\nprocess.deletes=true\n",
	  NULL,
	  SOURCE("filter") TRACK("a,b") "weir.sources.twitter.follow=7\n" LOCAL ROUTE("st")
	  "weir.routes.deletes.kinds=delete\nweir.routes.deletes.sink=kafka\n"
	  "weir.routes.deletes.format=tombstone\nweir.routes.deletes.to=st\n", "" },
	{ "what jcustenborder's connector no longer reads, or hands on",
	  JC_KEYS "kafka.delete.topic=gone\ntwitter.http.proxyHost=p\n"
	  "twitter.oauth.restBaseURL=u\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("st"),
	  "connector:7: kafka.delete.topic: left out: the connector has not used it since 2017: "
	  "deletes go to kafka.status.topic; with process.deletes=true another topic is "
	  "weir.routes.deletes.to\n"
	  "connector:8: twitter.http.proxyHost: left out: Twitter4J's, which is not here; a proxy is "
	  "weir.sources.twitter.proxy\n"
	  "connector:9: twitter.oauth.restBaseURL: left out: Twitter4J's, which is not here; a proxy "
	  "is weir.sources.twitter.proxy\n" },
	{ "keys of jcustenborder's release for v2 beside the credentials of v1.1",
	  JC_CLASS JC_KEYS "twitter.bearerToken=b\nfilter.rule=cat\ntweet.fields=id\n"
	  "kafka.tweets.topic=t\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("st"),
	  "connector:8: twitter.bearerToken: " OF_V2 "connector:9: filter.rule: " OF_V2
	  "connector:10: tweet.fields: " OF_V2 "connector:11: kafka.tweets.topic: " OF_V2 },
	{ "an empty credential of v2 beside those of v1.1",
	  JC_CLASS JC_KEYS "twitter.bearerToken=\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("st"),
	  "connector:8: twitter.bearerToken: " OF_V2 },
	{ "a credential of v2 told by the names of v1.1 alone",
	  "twitter.bearerToken=b\n" JC_KEYS, NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("st"),
	  "connector:1: twitter.bearerToken: " OF_V2 },
	{ "keys of v2 left beside a source of weir's own",
	  "twitter.bearerToken=b\nfilter.rule=cat\nweir.sources.x.type=x\n"
	  "weir.sources.x.bearer_token=b\nweir.sources.x.rule_prefix=w\n"
	  "weir.sources.x.rules.1.value=cat\nweir.sources.x.rules.1.tag=w\n", NULL,
	  "weir.sources.x.type=x\nweir.sources.x.bearer_token=(secret)\n"
	  "weir.sources.x.rule_prefix=w\nweir.sources.x.rules.1.value=cat\n"
	  "weir.sources.x.rules.1.tag=w\n",
	  "connector:1: twitter.bearerToken: it is for a connector, and there is none\n"
	  "connector:2: filter.rule: it is for a connector, and there is none\n" },
	{ "keys of jcustenborder's connector beside Eneco's", KEYS "track.terms=a\n"
	  "kafka.delete.topic=x\nkafka.status.topic=y\ntwitter.bearerToken=z\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("tweets")
	  FORMAT("structured", "json-schema", "json-schema"),
	  "connector:8: kafka.delete.topic: it is another connector's\n"
	  "connector:9: kafka.status.topic: it is another connector's\n"
	  "connector:10: twitter.bearerToken: it is another connector's\n" },
	{ "a key of Eneco's connector beside jcustenborder's", JC_KEYS "track.terms=a\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("st"),
	  "connector:7: track.terms: it is another connector's\n" },
	{ "jcustenborder's deletes in a topic of their own",
	  JC_KEYS "process.deletes=true\nweir.routes.deletes.to=gone\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("st")
	  "weir.routes.deletes.kinds=delete\nweir.routes.deletes.sink=kafka\n"
	  "weir.routes.deletes.format=tombstone\nweir.routes.deletes.to=gone\n", "" },
	{ "Connect's ways with errors, and transformations that are none",
	  KEYS "track.terms=a\nerrors.tolerance=all\ntransforms=\ntransforms.r.type=R\n"
	  "predicates=p\npredicates.p.type=P\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("tweets")
	  FORMAT("structured", "json-schema", "json-schema"),
	  "connector:8: errors.tolerance: left out: of Connect's: here what fails is tried again, or "
	  "goes to weir.dead_letters.to\n" },
	{ "a key of the other connector's, and transformations, beside no connector",
	  "kafka.delete.topic=d\ntransforms=r\n", NULL, "",
	  "connector:1: kafka.delete.topic: it is for a connector, and there is none\n"
	  "connector:2: transforms: it is for a connector, and there is none\n" },
	{ "jcustenborder's deletes, with topics alone",
	  "twitter.oauth.consumerKey=ck\ntwitter.oauth.consumerSecret=cs\n"
	  "twitter.oauth.accessToken=to\ntwitter.oauth.accessTokenSecret=ts\n"
	  "filter.keywords=a\ntopics=st\nprocess.deletes=true\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("st")
	  "weir.routes.deletes.kinds=delete\nweir.routes.deletes.sink=kafka\n"
	  "weir.routes.deletes.format=tombstone\nweir.routes.deletes.to=st\n", "" },
	{ "the connector's converters over the worker's, read later",
	  KEYS "track.terms=a\n" JSON_CONVERTERS, STRING_WORKER,
	  SOURCE("filter") TRACK("a") SINK("broker:9092") ROUTE("tweets")
	  FORMAT("structured", "json-schema", "json-schema"), "" },
	{ "a converter of the worker's, and beside the connector what is not for it",
	  KEYS "track.terms=a\nvalue.converter.schemas.enable=true\n",
	  "key.converter=org.apache.kafka.connect.json.JsonConverter\n"
	  "value.converter=org.apache.kafka.connect.json.JsonConverter\n"
	  "value.converter.schemas.enable=false\n",
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("tweets")
	  FORMAT("structured", "json-schema", "json"), "value.converter.schemas.enable: it is not "
	  "looked at beside the connector: the converter is the worker's\n" },
	{ "blanks around values", KEYS "track.terms= a \t\ntopic=\\  t \n"
	  "stream.type=filter \n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("t")
	  FORMAT("structured", "json-schema", "json-schema"), "" },
	{ "own keys beside theirs", KEYS "track.terms=a\nweir.routes.deletes.kinds=delete\n"
	  "weir.routes.deletes.to=gone\nweir.routes.statuses.to=mine\n"
	  "weir.base_url=http://127.0.0.1:80/\n", NULL,
	  "weir.sources.twitter.type=twitter\nweir.sources.twitter.delimited=true\n"
	  "weir.sources.twitter.consumer_key=(secret)\nweir.sources.twitter.consumer_secret=(secret)\n"
	  "weir.sources.twitter.token=(secret)\nweir.sources.twitter.token_secret=(secret)\n"
	  "weir.sources.twitter.url=http://127.0.0.1:80/1.1/statuses/filter.json\n" TRACK("a") LOCAL
	  ROUTE("mine") FORMAT("structured", "json-schema", "json-schema")
	  "weir.routes.deletes.kinds=delete\nweir.routes.deletes.to=gone\n", "" },
	{ "a key misspelt", KEYS "track.terms=a\ntrak.terms=b\n", NULL,
	  SOURCE("filter") TRACK("a") LOCAL ROUTE("tweets")
	  FORMAT("structured", "json-schema", "json-schema"),
	  "connector:8: trak.terms: no such key; is it meant to be track.terms?\n" },
	{ "a key given twice", KEYS "track.terms=a\ntrack.terms=b\n", NULL,
	  SOURCE("filter") TRACK("b") LOCAL ROUTE("tweets")
	  FORMAT("structured", "json-schema", "json-schema"),
	  "connector:8: track.terms: given twice; this one counts\n" },
	{ "distributed mode's document",
	  "{\"name\":\"n\",\"config\":{\"connector.class\":\"com.eneco.trading.kafka.connect.twitter."
	  "TwitterSourceConnector\",\"tasks.max\":1,\"twitter.consumerkey\":\"ck\","
	  "\"twitter.consumersecret\":\"cs\",\"twitter.token\":\"to\",\"twitter.secret\":\"ts\","
	  "\"track.terms\":\"\ud55c\uae00\",\"value.converter.schemas.enable\":false}}", NULL,
	  SOURCE("filter") TRACK("\ud55c\uae00") LOCAL ROUTE("tweets")
	  FORMAT("structured", "json-schema", "json"), "" },
};

#endif
