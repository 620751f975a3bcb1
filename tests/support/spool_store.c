/* SPDX-License-Identifier: MIT */
/* A spool's store without a pipeline. */
#include "support/spool_store.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void spool_bench_begin(struct spool_bench *bench)
{
	*bench = (struct spool_bench){ .env = weir__env_complete(NULL) };
	test_dir_make(&bench->dir);
}

enum weir_status spool_bench_open(struct spool_bench *bench, struct weir_error *err)
{
	bench->index = (struct weir__index){ .env = &bench->env };
	bench->store = (struct weir__store){ .env = &bench->env,
					     .dir = bench->dir.path,
					     .name = WEIR__SPOOL_FILE,
					     .max_bytes = 16u << 20 };
	return weir__store_open(&bench->store, &bench->index, err);
}

void spool_bench_close(struct spool_bench *bench)
{
	weir__store_close(&bench->store);
	weir__index_release(&bench->index);
}

static size_t body_of(uint64_t number, char body[2000])
{
	const size_t len = (size_t)sprintf(body, "%llu:", (unsigned long long)number);
	const size_t whole = 280 + number % 97;

	memset(body + len, 'a' + (int)(number % 26), whole - len);
	return whole;
}

/* One batch of `count` messages; the position moves to `settled`. */
enum weir_status spool_bench_commit(struct spool_bench *bench, unsigned count, uint64_t settled)
{
	static uint8_t bytes[1 << 20];
	char body[2000];
	struct weir__commit commit = { .bytes = bytes,
				       .len = WEIR__BATCH_HEAD,
				       .first = bench->store.state.next,
				       .count = count,
				       .settled = settled };
	struct weir__batch_head head = { .first = commit.first,
					 .count = count,
					 .session = bench->store.state.session,
					 .seed = bench->store.state.seed,
					 .stored_ms = 1 };
	struct weir_error err;
	uint64_t offset;

	for (uint64_t number = commit.first; number < commit.first + count; number++) {
		const struct weir__record record = { .number = number,
						     .session = head.session,
						     .kind = WEIR_KIND_RECORD,
						     .origin = "here",
						     .body = { body, body_of(number, body) } };

		weir__record_pack(&record, head.seed, bytes + commit.len);
		commit.len += weir__record_size(&record);
	}
	head.bytes = commit.len;
	weir__batch_head_pack(&head, bytes);
	if (count == 0)
		commit.bytes = NULL;
	return weir__store_commit(&bench->store, &commit, &offset, &err);
}

uint64_t *spool_bench_read(const struct spool_bench *bench, size_t *ret_count, bool *ret_has_holes)
{
	const struct weir__spool_state *state = &bench->store.state;
	uint64_t *numbers = malloc(100000 * sizeof *numbers);
	size_t count = 0;
	bool has_holes = false;

	for (size_t i = 0; i < bench->index.count; i++) {
		const struct weir__spooled *at = weir__index_at(&bench->index, i);
		const uint64_t first = at->first > state->settled ? at->first : state->settled;
		uint8_t *bytes = malloc(at->len);
		struct weir__batch_walk walk;
		struct weir__record record;
		char want[2000];

		weir__read_most(bench->store.fd, bytes, at->len, at->offset);
		walk = weir__batch_walk(bytes, at->len, state->seed, first, at->first + at->count);
		while (weir__batch_walk_next(&walk, &record)) {
			if (record.body.len != body_of(record.number, want) ||
			    memcmp(record.body.data, want, record.body.len) != 0 ||
			    (count && record.number <= numbers[count - 1]))
				abort();
			has_holes |= record.number > walk.expected;
			numbers[count++] = record.number;
			weir__batch_walk_on(&walk, &record);
		}
		has_holes |= walk.expected < walk.end && walk.end > first;
		free(bytes);
	}
	*ret_count = count;
	*ret_has_holes = has_holes;
	return numbers;
}

/*
 * A spool's life: batches of every size, the position following in leaps, so that the file has
 * trees of several levels, long lists of free pages, and old batches on them. The file after the
 * last commits, each.
 */
void spool_bench_live(struct spool_snapshot snapshots[SPOOL_KEPT], unsigned commits)
{
	struct spool_bench bench;
	struct weir_error err;
	uint64_t settled = 1;

	spool_bench_begin(&bench);
	ck_assert_int_eq(spool_bench_open(&bench, &err), WEIR_OK);
	for (unsigned i = 0; i < commits; i++) {
		struct spool_snapshot *snapshot = &snapshots[i % SPOOL_KEPT];

		if (i % 50 == 49 || i > commits - SPOOL_KEPT)
			settled = bench.store.state.next - bench.store.state.next / (2 + i % 3);
		ck_assert_int_eq(spool_bench_commit(&bench, i % 7 == 6 ? 40 : 1 + i % 5, settled),
				 WEIR_OK);
		if (i % 90 == 80) {
			spool_bench_close(&bench);
			ck_assert_int_eq(spool_bench_open(&bench, &err), WEIR_OK);
		}
		if (commits - i > SPOOL_KEPT)
			continue;
		free(snapshot->bytes);
		snapshot->bytes = file_read(test_path(&bench.dir, WEIR__SPOOL_FILE),
					    &snapshot->len);
		snapshot->settled = bench.store.state.settled;
		snapshot->next = bench.store.state.next;
	}
	spool_bench_close(&bench);
	test_dir_remove(&bench.dir);
}

void spool_snapshots_free(struct spool_snapshot snapshots[SPOOL_KEPT])
{
	for (unsigned i = 0; i < SPOOL_KEPT; i++)
		free(snapshots[i].bytes);
}

/* In a fresh folder; opens it. */
enum weir_status spool_bench_open_bytes(struct spool_bench *bench, const char *bytes, size_t len,
				   struct weir_error *err)
{
	spool_bench_begin(bench);
	file_write(test_path(&bench->dir, WEIR__SPOOL_FILE), bytes, len);
	return spool_bench_open(bench, err);
}
