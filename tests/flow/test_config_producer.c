/* SPDX-License-Identifier: MIT */
/* The producer's properties of a worker's file under Java's names: what each comes to. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/config_rig.h"
#include "support/run.h"

#define CONNECTOR                                                                                  \
	"connector.class=com.eneco.trading.kafka.connect.twitter.TwitterSourceConnector\n"          \
	"twitter.consumerkey=ck\ntwitter.consumersecret=cs\ntwitter.token=to\ntwitter.secret=ts\n"  \
	"track.terms=a\nbatch.size=77\n"
#define SINK "weir.sinks.kafka."

static struct config_rig rig;
static char visited[8192];

static void visit(void *user, const char *key, const char *value)
{
	const size_t len = strlen(visited);

	(void)user;
	if (strncmp(key, SINK, strlen(SINK)) == 0)
		snprintf(visited + len, sizeof visited - len, "%s%s%s\n", key + strlen(SINK),
			 *value ? "=" : "", value);
}

static void setup(void)
{
	config_rig_begin(&rig, NULL);
	visited[0] = '\0';
}

static void teardown(void)
{
	config_rig_end(&rig);
}

static enum weir_status read_text(const char *name, const char *text)
{
	file_write(test_path(&rig.dir, name), text, strlen(text));
	return weir_config_read(rig.config, test_path(&rig.dir, name), &rig.err);
}

/* Reads the connector's file and a worker's with this line. */
static enum weir_status read_line(const char *prefix, const char *line)
{
	char text[512];

	ck_assert_int_eq(read_text("connector", CONNECTOR), WEIR_OK);
	snprintf(text, sizeof text, "%s%s\n", prefix, line);
	ck_assert_int_eq(read_text("worker", text), WEIR_OK);
	return weir_config_visit(rig.config, visit, NULL, &rig.err);
}

static const struct {
	const char *java, *want;	/* of the sink's keys; NULL: nothing of it */
	const char *said;		/* NULL: not looked at */
} rows[] = {
	{ "bootstrap.servers=b:1,c:2", "brokers=b:1,c:2", NULL },
	{ "client.id=mine", "property.client.id=mine", NULL },
	{ "acks=1", "property.acks=1", NULL },
	{ "linger.ms=7", "property.linger.ms=7", NULL },
	{ "batch.size=16384", "property.batch.size=16384", NULL },
	{ "compression.type=lz4", "property.compression.type=lz4", NULL },
	{ "enable.idempotence=false", "property.enable.idempotence=false", NULL },
	{ "security.protocol=SASL_SSL", "property.security.protocol=SASL_SSL", NULL },
	{ "max.in.flight.requests.per.connection=1",
	  "property.max.in.flight.requests.per.connection=1", NULL },
	{ "delivery.timeout.ms=9000", "property.delivery.timeout.ms=9000", NULL },
	{ "request.timeout.ms=8000", "property.request.timeout.ms=8000", NULL },
	{ "retries=3", "property.retries=3", NULL },
	{ "retry.backoff.ms=50", "property.retry.backoff.ms=50", NULL },
	{ "transactional.id=t", "property.transactional.id=t", NULL },
	{ "max.request.size=2000000", "property.message.max.bytes=2000000", NULL },
	{ "buffer.memory=33554432", "property.queue.buffering.max.kbytes=32768", NULL },
	{ "buffer.memory=1000", "property.queue.buffering.max.kbytes=1", NULL },
	{ "max.block.ms=5", NULL, "a full queue makes the stream wait" },
	{ "ssl.truststore.location=/x/ca.pem", "property.ssl.ca.location=/x/ca.pem", NULL },
	{ "ssl.truststore.password=hush", NULL, NULL },
	{ "ssl.keystore.location=/x/k.p12", "property.ssl.keystore.location=/x/k.p12", NULL },
	{ "ssl.keystore.password=hush", "property.ssl.keystore.password=(secret)", NULL },
	{ "ssl.key.password=hush", "property.ssl.key.password=(secret)", NULL },
	{ "ssl.endpoint.identification.algorithm=",
	  "property.ssl.endpoint.identification.algorithm=none", NULL },
	{ "ssl.endpoint.identification.algorithm=https",
	  "property.ssl.endpoint.identification.algorithm=https", NULL },
	{ "sasl.mechanism=SCRAM-SHA-512", "property.sasl.mechanism=SCRAM-SHA-512", NULL },
	{ "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
	  "username=\"u\" password=\"hush; hush\";", "property.sasl.username=(secret)\n"
	  "property.sasl.password=(secret)", NULL },
	{ "interceptor.classes=a.B", NULL, "interceptors are Java" },
	{ "partitioner.class=a.B", NULL, "keys are hashed as Java's default does" },
	{ "key.serializer=a.B", NULL, NULL },
	{ "what.is.this=1", NULL, "what.is.this: librdkafka has it not under that name" },
};

static void check(const char *prefix, int row)
{
	const char *name = rows[row].java, *want = rows[row].want;
	char text[256];

	ck_assert_msg(read_line(prefix, name) == WEIR_OK, "%s: %s", name, rig.err.text);
	if (want) {
		snprintf(text, sizeof text, "%s\n", want);
		ck_assert_msg(strstr(visited, text), "%s: no '%s' in\n%s", name, want, visited);
	}
	if (!want || strncmp(want, "brokers", 7) == 0)
		ck_assert_msg(!strstr(visited, "property."), "%s: more in\n%s", name, visited);
	ck_assert_msg(!strstr(visited, "77"), "%s: the connector's batch.size: %s", name, visited);
	ck_assert_msg(!strstr(visited, "hush"), "%s: a secret in\n%s", name, visited);
	if (!rows[row].said)
		return;
	/* what is told, it tells */
	weir_pipeline_free(weir_config_pipeline(rig.config, NULL, &rig.err));
	ck_assert_msg(strstr(rig.notices, rows[row].said), "%s: said '%s'", name, rig.notices);
}

START_TEST(a_property_of_the_worker_comes_to_this)
{
	check("producer.", _i);
}
END_TEST

START_TEST(one_of_the_connector_comes_to_the_same)
{
	check("producer.override.", _i);
}
END_TEST

START_TEST(the_connectors_counts_over_the_workers)
{
	ck_assert_int_eq(read_text("worker", "producer.linger.ms=1\n"), WEIR_OK);
	ck_assert_int_eq(read_line("producer.", "override.linger.ms=2\nproducer.linger.ms=1"),
			 WEIR_OK);
	ck_assert_msg(strstr(visited, "property.linger.ms=2\n"), "%s", visited);
	ck_assert_msg(!strstr(visited, "linger.ms=1"), "%s", visited);
}
END_TEST

/* ---- what has to be converted */

static const struct {
	const char *java, *words;
} stores[] = {
	{ "ssl.truststore.location=/x/store.jks", "keytool -list -rfc -keystore FILE > ca.pem" },
	{ "ssl.truststore.location=/x/store.p12", "keytool -list -rfc -keystore FILE > ca.pem" },
	{ "ssl.truststore.location=/x/store", "keytool -list -rfc -keystore FILE > ca.pem" },
	{ "ssl.keystore.location=/x/keystore.jks", "keytool -importkeystore -srckeystore FILE "
	  "-destkeystore client.p12 -deststoretype PKCS12" },
};

START_TEST(a_store_that_java_alone_reads_says_how_to_convert_it)
{
	ck_assert_int_eq(read_line("producer.", stores[_i].java), WEIR_ERR_INVALID);
	ck_assert_msg(strstr(rig.err.text, stores[_i].words), "%s: %s", stores[_i].java,
		      rig.err.text);
	ck_assert_msg(strstr(rig.err.text, "worker:1: producer.ssl."), "%s", rig.err.text);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("the producer");

	tcase_add_checked_fixture(tcase, setup, teardown);
	LOOP(tcase, a_property_of_the_worker_comes_to_this, rows);
	LOOP(tcase, one_of_the_connector_comes_to_the_same, rows);
	tcase_add_test(tcase, the_connectors_counts_over_the_workers);
	LOOP(tcase, a_store_that_java_alone_reads_says_how_to_convert_it, stores);
	return run_case("configuration: the producer", tcase);
}
