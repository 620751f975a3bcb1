/* SPDX-License-Identifier: MIT */
/**
 * Kafka as a sink and as a source, through librdkafka. A route's destination is a topic.
 */
#ifndef WEIR_KAFKA_H
#define WEIR_KAFKA_H

#include "message.h"
#include "pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What became of one delivery: a delivery report. Lent for the call. Since: 0.1. */
struct weir_kafka_outcome {
	enum weir_status status;	/* WEIR_OK: acknowledged */
	const char *topic;
	int32_t partition;		/* -1: none */
	int64_t offset;			/* -1: none */
	int32_t code;			/* rd_kafka_resp_err_t */
	const char *reason;		/* "" when acknowledged */
};

/**
 * Options. `brokers` is needed (or the property bootstrap.servers); zero is the default elsewhere.
 * Strings are borrowed: copied by the add.
 *
 * Every librdkafka property can be set by its own name; one that is unknown or wrong is an error
 * that names it. The defaults that differ from librdkafka's: compression.codec=lz4, acks=all,
 * enable.idempotence=true, partitioner=murmur2_random (Java's), message.timeout.ms=0 (a message
 * waits, it is not given up), client.id=weir. Who sets acks to less than all gets
 * enable.idempotence=false, unless set. Not to be had: transactional.id (see below),
 * delivery.report.only.error=true, log.queue=false.
 *
 * A client that can go on no more (librdkafka's fatal errors) is made anew, at most once a second,
 * and what was not acknowledged is sent again. With idempotence on (the default) the same is done
 * for whatever else librdkafka gives up and is worth another attempt, so that nothing overtakes it:
 * of what a partition then holds, the first copies stand in the order of arrival. What may be there
 * twice is counted (weir_sink_metrics.possible_duplicates). Each delivery that comes back uses up
 * one of its retry_attempts. A stop gives up what is left at its deadline; librdkafka's threads are
 * then ended in the background, and the free of the pipeline waits 2 s for that: one that hangs
 * longer, in a name server that does not answer, is left, and holds what it may still read.
 *
 * Exactly once, from Kafka to Kafka. With `transactional_id` and `offsets_of` what this sink writes
 * and the offsets of that source are committed together, in Kafka's transactions: who reads with
 * isolation.level=read_committed (Java's default is read_uncommitted) finds each record of the
 * source's once for each route that leads here, in order, whatever is killed. Source and sink are
 * of one cluster; transactional_id is each process's own, and the same when it is started again.
 *
 *     weir_source *in = weir_kafka_source_add(p, "in", WEIR_WITH(weir_kafka_source_options,
 *             .brokers = brokers, .group = "copiers", .topics = topics, .topic_count = 1,
 *             .kind = WEIR_KIND_RECORD));
 *     weir_sink *out = weir_kafka_sink_add(p, "out", WEIR_WITH(weir_kafka_sink_options,
 *             .brokers = brokers, .topic = "copied-messages",
 *             .transactional_id = "copier-1", .offsets_of = in));
 *     weir_route_add(p, NULL, out);
 *
 * A transaction is committed each transaction_ms, and earlier when the source has no room, at a
 * flush, a stop, the end, and when the group takes partitions back, which has its answer when the
 * transaction is committed, or (3 s later, or when the partitions are lost) aborted. Before each
 * commit the source stands still until all it has emitted is in, or settled elsewhere: a message
 * that waits at another sink holds it up. What was acknowledged counts as delivered once it is
 * committed; on_outcome tells of it before, and again after an abort. An abort gives all back, to
 * be sent again in order, and uses up one of retry_attempts: leave that 0. What came from a
 * partition that is another process's now is not sent: it counts as dropped, WEIR_DROP_REVOKED. A
 * transaction that has lasted for three quarters of transaction.timeout.ms (60 s) is aborted. A
 * message that can go nowhere ends its transaction and becomes a dead letter; a topic that may not
 * be written to at all ends the pipeline.
 *
 * Not promised once: what the source's messages become in other sinks (at least once; dead letters,
 * too, but for a destination in this sink), what this sink is given from other sources (at least
 * once, and held until the next commit), and what is read with read_uncommitted.
 *
 * A process that was killed leaves its transaction open: readers, and who takes its partitions
 * over if it was just committing, wait until it is started again under the same id, or for
 * transaction.timeout.ms. A second process with the same id ends the first, whose pipeline fails
 * with an error that names the id; one that was held for longer than transaction.timeout.ms takes
 * the id back. With transactions message.timeout.ms is transaction.timeout.ms, idempotence cannot
 * be switched off, and WEIR_OVERFLOW_DROP_OLD drops the oldest that waits, and where none does the
 * new one: what is held is not dropped. Two such sinks of one pipeline must not each be given
 * messages of the other's source: each would wait for the other's commit. So would more of them in
 * a ring; the pipeline fails a second after it comes to that, and the error names them.
 * Since: 0.1.
 */
struct weir_kafka_sink_options {
	size_t size;
	const char *brokers;	/* "host:9092,host2:9092": bootstrap.servers */
	const struct weir_property *properties;
	size_t property_count;
	const char *topic;	/* where messages go whose route names no destination */
	/* Every outcome, before the message is settled; both are lent for the call.
	 * Thread: the pipeline's. */
	void (*on_outcome)(void *user, const weir_message *message,
			   const struct weir_kafka_outcome *outcome);
	void *user;

	/* Exactly once, see above: both or neither. */
	const char *transactional_id;	/* NULL: no transactions */
	weir_source *offsets_of;	/* a Kafka source of this pipeline, with a group; one sink for
					 * each; its isolation.level stays read_committed */
	uint64_t transaction_ms;	/* commits so often; default 1,000; at most half of
					 * transaction.timeout.ms */
};

/**
 * Adds a Kafka producer. Values are produced without copying: a message is held until its delivery
 * report. Its record time is the message's; its key the route's.
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sinks
 * @param options   borrows
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed, its error names the
 *         option or property and the reason
 * Source: librdkafka's CONFIGURATION.md for the properties.
 * Since: 0.1.
 */
WEIR_API weir_sink *weir_kafka_sink_add(weir_pipeline *pipeline, const char *name,
					const struct weir_kafka_sink_options *options);

/** Where to begin on a partition of which the group has committed nothing. Since: 0.1. */
enum weir_kafka_start {
	WEIR_KAFKA_START_EARLIEST = 0,	/* with the oldest record there is */
	WEIR_KAFKA_START_LATEST = 1,	/* with what comes from now on */
	WEIR_KAFKA_START_TIME = 2	/* with the first record of start_time_ms or later; where
					 * there is none, with what comes from now on */
};

/** A partition to read. Since: 0.1. */
struct weir_kafka_partition {
	const char *topic;
	int32_t partition;
	uint64_t offset;	/* from 1 on: begin there, whatever is committed. 0: where the group
				 * stands, else where `start` says; for the oldest record, whatever
				 * is committed: no group, WEIR_KAFKA_START_EARLIEST */
};

/**
 * Options. `brokers` is needed (or the property bootstrap.servers), and one of `topics`, with
 * `group`, and `partitions`; zero is the default elsewhere. Strings and arrays are borrowed: copied
 * by the add.
 *
 * Either `topics` and a group, whose members share the partitions, or `partitions`, with a group or
 * without one: then nothing is committed, each run begins where `start` says, and what a stop
 * leaves undelivered counts as lost.
 *
 * Every librdkafka property can be set by its own name; one that is unknown or wrong is an error
 * that names it. The defaults that differ from librdkafka's: client.id=weir,
 * partition.assignment.strategy=cooperative-sticky, auto.offset.reset by `start`,
 * queued.max.messages.kbytes=32768: so much is read ahead, and kept while the sinks stand still.
 * With less, librdkafka before 2.2 is slow: a queue that was full is filled again only a second
 * later.
 * Not to be had: enable.auto.commit=true, enable.auto.offset.store=true, log.queue=false.
 * Since: 0.1.
 */
struct weir_kafka_source_options {
	size_t size;
	const char *brokers;	/* "host:9092,host2:9092": bootstrap.servers */
	const struct weir_property *properties;
	size_t property_count;
	const char *group;	/* group.id */
	const char *const *topics;	/* to subscribe to; one that begins with ^ is a regular
					 * expression, and topics made later are found, too */
	size_t topic_count;
	const struct weir_kafka_partition *partitions;	/* in the place of topics */
	size_t partition_count;
	enum weir_kafka_start start;
	uint64_t start_time_ms;	/* of WEIR_KAFKA_START_TIME: ms since 1970 UTC */
	bool until_end;		/* ends when all partitions it has are read up to where their ends
				 * were when it began with them; without any, after 10 s */
	unsigned kind;		/* as in weir_message_init; WEIR_KIND_RECORD for what is not
				 * Twitter's */
	uint64_t commit_ms;	/* offsets are committed so often; default 1,000 */
	bool place_headers;	/* adds headers, decimal: weir.topic, weir.partition, weir.offset */
};

/**
 * Adds a Kafka consumer. A record's value is the message's body and is not copied, its key, headers
 * and time are the message's; weir_message_position has its offset, and a lane of its partition's.
 * A record without a value (a tombstone) is a message of WEIR_KIND_RECORD with an empty body whose
 * data is NULL: a route with WEIR_FORM_RAW into a Kafka sink makes a tombstone of it again.
 *
 * At least once: only what is settled is committed, each commit_ms, before a partition is given up,
 * and at a stop, which waits for what is under way as long as drain_ms says. A partition that the
 * group takes back is read no further at once; it is given up when what is under way of it is
 * settled, or after 3 s, and then nothing of it is committed any more: what was under way still,
 * its next owner delivers as well. Nothing is committed while the group is being joined, which
 * takes until all its members have come, or were missed for their session.timeout.ms (45 s): so
 * long a process that was killed and started again may wait for its first record. While there
 * is no room nothing is read, but the group is heeded: a sink that stands still, however long,
 * costs no membership. Freeing the pipeline leaves the group.
 *
 * Exactly once, into Kafka: a sink commits in the source's place, and commit_ms means nothing; see
 * weir_kafka_sink_options.
 *
 * A message keeps the whole answer of the broker it came in (up to fetch.max.bytes), and a client
 * cannot be ended before all of its messages are freed: one that the application has kept
 * (weir_message_ref) beyond the free of the pipeline holds threads and memory of librdkafka's until
 * it is given back, and that free waits 2 s for it; as it does for a look-up of start_time_ms that
 * no broker answers, which ends some seconds later.
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sources
 * @param options   borrows
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed, its error names the
 *         option or property and the reason
 * Source: librdkafka's CONFIGURATION.md for the properties.
 * Since: 0.1.
 */
WEIR_API weir_source *weir_kafka_source_add(weir_pipeline *pipeline, const char *name,
					    const struct weir_kafka_source_options *options);

#ifdef __cplusplus
}
#endif

#endif
