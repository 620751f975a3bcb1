/* SPDX-License-Identifier: MIT */
/* The demonstration's parts. See ../demo.c for how they fit together. */
#ifndef DEMO_H
#define DEMO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <weir.h>

/* ---- sample.c: what the server will send, line by line */

struct sent_line {
	uint64_t hash;
	size_t at;		/* in the file */
	uint32_t len;
	bool found;		/* read back */
};

struct sent {
	char path[256];		/* what the server serves */
	bool is_temporary;
	char *bytes;		/* the file, mapped */
	size_t size;
	struct sent_line *lines;	/* sorted by hash */
	size_t count;
	size_t left_out;	/* disconnect messages of a recording: they would end the stream */
	uint64_t kinds[WEIR_KIND_COUNT];	/* generated samples: how many of each kind */
	bool knows_kinds;
};

bool sent_generate(struct sent *sent, uint64_t count);
bool sent_load(struct sent *sent, const char *path);
/* Marks one line with exactly these bytes as found; false when none is left. */
bool sent_find(struct sent *sent, const void *bytes, size_t len);
void sent_free(struct sent *sent);

/* ---- child.c: processes of their own */

/* Runs `run(user, out)` in a child; `out` is a pipe whose first line is returned. -1: failed. */
pid_t child_start(int (*run)(void *user, int out), void *user, char *line, size_t size);
/* The exit status; kills after `timeout_ms`. */
int child_end(pid_t pid, int timeout_ms);
void child_stop(pid_t pid);

/* ---- broker.c: Kafka embedded */

struct broker_plan {
	int partitions;
	char prefix[64];
};

/* A child's main: librdkafka's mock cluster, until SIGTERM. Prints its address. */
int broker_run(void *user, int out);
/* Topics on a real broker, made and removed. */
bool topics_create(const char *brokers, const struct broker_plan *plan);
void topics_delete(const char *brokers, const struct broker_plan *plan);
/* The topic of a kind, prefix and all. */
void topic_name(char *name, size_t size, const char *prefix, unsigned kind);

/* ---- job.c: the main job */

/* Shared with the parent, which shows it. */
struct progress {
	_Atomic uint64_t received, delivered, dropped, in_flight;
	_Atomic uint64_t kind_received[WEIR_KIND_COUNT], kind_delivered[WEIR_KIND_COUNT];
	_Atomic uint64_t milliseconds;	/* from the first message to the last acknowledgement */
	_Atomic uint64_t peak_kib;
	_Atomic uint64_t wire_bytes;
	char error[256];
	_Atomic bool has_ended;
};

struct job {
	const char *url, *brokers, *prefix;
	uint64_t expected;
	struct progress *progress;
};

/* A child's main: stream → router → Kafka. */
int job_run(void *user, int out);

/* ---- readback.c: what the broker has */

struct read_back {
	uint64_t kinds[WEIR_KIND_COUNT];
	uint64_t matched, foreign;	/* messages that were sent, and that never were */
};

bool read_back(const char *brokers, const char *prefix, const struct progress *progress,
	       struct sent *sent, struct read_back *ret);

#endif
