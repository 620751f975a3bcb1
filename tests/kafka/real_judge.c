/* SPDX-License-Identifier: MIT */
/*
 * The judge of the other programs is put to the test: a topic is written, by librdkafka alone, with
 * one message missing, one twice, one too late, one damaged, and one without its key.
 */
#include <check.h>
#include <librdkafka/rdkafka.h>

#include "kafka/cluster.h"
#include "kafka/numbered.h"
#include "support/run.h"

#define BODY_BYTES 100

enum flaw { GOOD, DAMAGED, NO_KEY };

static const struct {
	uint64_t n;
	enum flaw flaw;
} written[] = {
	{ 0, GOOD }, { 1, GOOD },	/* 2 is missing */
	{ 3, GOOD }, { 3, GOOD },	/* twice */
	{ 4, DAMAGED }, { 5, NO_KEY },
	{ 1006, GOOD }, { 6, GOOD },	/* too late: both have the key k006 */
	{ 7, GOOD }, { 7, GOOD }, { 7, GOOD },
};

static rd_kafka_t *open_producer(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *producer;
	char text[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", cluster_address(), text, sizeof text);
	rd_kafka_conf_set(conf, "enable.idempotence", "true", text, sizeof text);
	producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	ck_assert_msg(producer != NULL, "%s", text);
	return producer;
}

static void write_all(const char *topic)
{
	rd_kafka_t *producer = open_producer();

	for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
		char body[BODY_BYTES], key[16];
		const size_t key_len = numbered_write(body, BODY_BYTES, key, written[i].n);

		if (written[i].flaw == DAMAGED)
			body[BODY_BYTES / 2] ^= 1;
		ck_assert_int_eq(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic),
						   RD_KAFKA_V_PARTITION(0),
						   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
						   RD_KAFKA_V_VALUE(body, BODY_BYTES),
						   RD_KAFKA_V_KEY(key, written[i].flaw == NO_KEY ?
									       0 : key_len),
						   RD_KAFKA_V_END),
				 0);
	}
	ck_assert_int_eq(rd_kafka_flush(producer, 20000), 0);
	rd_kafka_destroy(producer);
}

START_TEST(the_judge_finds_what_is_wrong)
{
	struct verdict verdict;

	cluster_make_topic("judged", 1, CLUSTER_BROKERS, NULL, NULL);
	write_all("judged");
	verdict = numbered_judge(cluster_address(), "judged", 1, 1007, BODY_BYTES);
	ck_assert_uint_eq(verdict.read, 11);
	ck_assert_uint_eq(verdict.lost, 1007 - 7);	/* there: 0, 1, 3, 4, 6, 7, 1006 */
	ck_assert_uint_eq(verdict.duplicates, 3);
	ck_assert_uint_eq(verdict.out_of_order, 1);
	ck_assert_uint_eq(verdict.damaged, 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("real cluster");

	tcase_set_timeout(tcase, 300);	/* its own waits are all bounded */
	tcase_add_test(tcase, the_judge_finds_what_is_wrong);
	return run_case("the judge", tcase);
}
