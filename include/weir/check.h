/* SPDX-License-Identifier: MIT */
/**
 * Checks before a run: what would happen, said and not done, and whether the others are there.
 *
 * weir_config_check (weir/config.h) checks a configuration: all of it is built and told, with what
 * its routes can never do; tried are the servers of Twitter and X sources (without credentials), the
 * brokers, groups and topics of Kafka sources and sinks, files, and the folders of spools. The calls
 * here are its parts, for programs that have their options in C. Each question to a server or
 * cluster takes 5 s at most; they block, and leave nothing behind. `err` may be NULL everywhere.
 *
 * Of an X source the server is tried with weir_twitter_check_server, too: `.url` as in
 * weir_x_source_options (where that is NULL: WEIR_X_URL), `.anonymous = true`, and its
 * `user_agent`, `ca_file`, `proxy` and `unix_socket`.
 *
 * These calls belong to no pipeline. Thread: any.
 */
#ifndef WEIR_CHECK_H
#define WEIR_CHECK_H

#include "file.h"
#include "kafka.h"
#include "spool.h"
#include "twitter.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a line of a check is. Since: 0.1. */
enum weir_check {
	WEIR_CHECK_PLAN = 0,	/* what would happen */
	WEIR_CHECK_OK = 1,	/* tried, and well */
	WEIR_CHECK_WRONG = 2	/* not well: the line ends in what to do */
};

/**
 * Gets one line, lent for the call; secrets are not in it. Called from inside the check, by its
 * thread. Since: 0.1.
 */
typedef void weir_check_fn(void *user, enum weir_check what, const char *text);

/**
 * Tells the request that a Twitter source would make: method, URL, each parameter, and its size
 * against the service's limits, phrase by phrase. Sends nothing.
 *
 * @param env      borrows; NULL: every default
 * @param name     borrows; what the lines call the source
 * @param options  borrows; `http` is not looked at, nor taken
 * @param user     the first argument of `tell`
 * @return WEIR_OK · WEIR_ERR_INVALID: such a source could not be added; what can be told is
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_twitter_check_request(
	const struct weir_env *env, const char *name,
	const struct weir_twitter_source_options *options, weir_check_fn *tell, void *user,
	struct weir_error *err);

/**
 * Tries a Twitter source's server: its name, a connection, TLS, an answer (to HEAD /, without
 * credentials), and the clock here against the answer's Date.
 *
 * @param env, name, options, tell, user  as weir_twitter_check_request
 * @return WEIR_OK, whatever was told · WEIR_ERR_INVALID, WEIR_ERR_NOMEM: nothing was tried
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_twitter_check_server(
	const struct weir_env *env, const char *name,
	const struct weir_twitter_source_options *options, weir_check_fn *tell, void *user,
	struct weir_error *err);

/**
 * Tries a Kafka sink's brokers, and topics: whether they are there, with how many partitions, and
 * whether they may be written to. That is asked with an empty record and a kind of acknowledgement
 * that Kafka refuses (acks=2), so that it is not stored; topics are not made by asking. A
 * transactional_id is not tried: to ask for it would end the transactions of who has it.
 *
 * @param env         borrows; NULL: every default
 * @param name        borrows; what the lines call the sink
 * @param options     borrows
 * @param topics      borrows; `topic_count` of them
 * @param tell, user  as weir_twitter_check_request
 * @return WEIR_OK, whatever was told · WEIR_ERR_INVALID, WEIR_ERR_NOMEM: nothing was tried
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_kafka_check(const struct weir_env *env, const char *name,
					   const struct weir_kafka_sink_options *options,
					   const char *const *topics, size_t topic_count,
					   weir_check_fn *tell, void *user, struct weir_error *err);

/**
 * Tries a Kafka source's brokers, its group (whether this client may ask for it, and of how many
 * partitions it has committed offsets), and its topics: whether they are there, with how many
 * partitions, and whether they may be read. That is asked at the end of a partition, where nothing
 * comes: no record is read, the group is not joined, nothing is committed. Of a regular expression
 * the topics that fit are tried; of named partitions, whether they are there and hold their offset.
 *
 * @param env         borrows; NULL: every default
 * @param name        borrows; what the lines call the source
 * @param options     borrows
 * @param tell, user  as weir_twitter_check_request
 * @return WEIR_OK, whatever was told · WEIR_ERR_INVALID: such a source could not be added ·
 *         WEIR_ERR_NOMEM
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_kafka_check_source(const struct weir_env *env, const char *name,
						  const struct weir_kafka_source_options *options,
						  weir_check_fn *tell, void *user,
						  struct weir_error *err);

/**
 * Looks at a file source's files: whether they are there and can be read, what they are packed in;
 * and at the folder of its position. Nothing is made, and no more than a first block is read.
 *
 * @param env, name, options, tell, user  as weir_kafka_check_source
 * @return WEIR_OK, whatever was told · WEIR_ERR_INVALID, WEIR_ERR_NOMEM: nothing was tried
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_file_check_source(const struct weir_env *env, const char *name,
						 const struct weir_file_source_options *options,
						 weir_check_fn *tell, void *user,
						 struct weir_error *err);

/**
 * Looks at where a file sink would write: the files of .path and of destinations, and their folders.
 * Nothing is made that stays: a folder is tried with a file that has no name (O_TMPFILE), where the
 * file system has such.
 *
 * @param env, name, options, tell, user  as weir_kafka_check_source
 * @param names       borrows: destinations; `name_count` of them
 * @return WEIR_OK, whatever was told · WEIR_ERR_INVALID, WEIR_ERR_NOMEM: nothing was tried
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_file_check_sink(const struct weir_env *env, const char *name,
					       const struct weir_file_sink_options *options,
					       const char *const *names, size_t name_count,
					       weir_check_fn *tell, void *user,
					       struct weir_error *err);

/**
 * Looks at a spool's folder: whether it is there or can be made, can be written to, is free, and
 * whether the disk has room for max_bytes. Nothing is made, and no message is read:
 * weir_spool_inspect does that.
 *
 * @param env, name, options, tell, user  as weir_kafka_check_source
 * @return WEIR_OK, whatever was told · WEIR_ERR_INVALID, WEIR_ERR_NOMEM: nothing was tried
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_spool_check(const struct weir_env *env, const char *name,
					   const struct weir_spool_options *options,
					   weir_check_fn *tell, void *user, struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
