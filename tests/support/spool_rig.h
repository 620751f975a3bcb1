/* SPDX-License-Identifier: MIT */
/*
 * A pipeline from a push source through a spool into a sink that settles as many as it is told to,
 * on a fake clock. A run ends, and another begins on the same folder.
 */
#ifndef WEIR_TESTS_SPOOL_RIG_H
#define WEIR_TESTS_SPOOL_RIG_H

#include "support/drive.h"
#include "support/files.h"
#include "weir.h"

#define SPOOL_MOST 200000

/* What arrived: the numbers of messages that spool_rig_push made. */
struct spool_out {
	uint64_t settles;	/* so many of what arrives are settled; the others are held */
	unsigned *numbers;
	size_t count;
	weir_delivery **held;
	size_t held_from, held_count;
	uint64_t settled;
	weir_port *port;
	char last[512];		/* "SOURCE KIND TRAITS KEY TIME HEADERS…" of the last one */
};

struct spool_rig {
	struct fake_env fake;
	struct test_dir dir;
	char folder[80];	/* the spool's, in `dir` */
	struct weir_pipeline_options pipeline_options;
	struct weir_spool_options options;
	weir_pipeline *pipeline;
	weir_source *source;
	weir_spool *spool;
	struct spool_out out;
	size_t descriptors;
	unsigned pushed;	/* in all runs */
};

/* Yours: end it with spool_rig_end. Its options are the defaults, its sink settles all. */
struct spool_rig *spool_rig_new(void);
/* Makes a pipeline; the options may have been changed. */
void spool_rig_start(struct spool_rig *rig);
/* Frees the pipeline; what arrived in this run is forgotten. */
void spool_rig_leave(struct spool_rig *rig);
/* Leaves, removes the folder, and checks that no memory and no descriptor is left. */
void spool_rig_end(struct spool_rig *rig);

/* Pushes the next numbers, each a message of so many bytes, {"n":NUMBER,"pad":"…"}. */
void spool_rig_push(struct spool_rig *rig, unsigned count, size_t bytes);
/* Settles so many in all. */
void spool_rig_settle(struct spool_rig *rig, uint64_t settles);
/* Turns, for 20 s of real time at most, while the fake clock goes on. */
enum weir_status spool_rig_turn(struct spool_rig *rig);
void spool_rig_give_up(const struct spool_rig *rig, const char *what) __attribute__((noreturn));
struct weir_spool_metrics spool_rig_metrics(const struct spool_rig *rig);
/* Ends the input, and turns until the pipeline has ended. */
enum weir_status spool_rig_finish(struct spool_rig *rig);
/* Stops it, and turns until it has ended. */
enum weir_status spool_rig_stop(struct spool_rig *rig);
/* Fails the test unless the numbers from..to-1 arrived, in order, and no others. */
void spool_rig_check(const struct spool_rig *rig, unsigned from, unsigned to);
/* The same once it is finished, and well. */
void spool_rig_check_all(struct spool_rig *rig, unsigned from, unsigned to);
/* The number in a message that spool_rig_push made. */
unsigned spool_rig_number(struct weir_slice body);

uint64_t spool_rig_real_ms(void);

#define SPOOL_UNTIL(rig, condition) \
	do { \
		const uint64_t until_ms_ = spool_rig_real_ms() + 20000; \
		while (!(condition)) { \
			ck_assert_int_ge(spool_rig_turn(rig), 0); \
			if (spool_rig_real_ms() > until_ms_) \
				spool_rig_give_up(rig, #condition); \
		} \
	} while (0)

#endif
