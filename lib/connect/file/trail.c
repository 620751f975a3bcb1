/* SPDX-License-Identifier: MIT */
/*
 * The trail.
 *
 * Guarantees: a stretch is kept until it was left and all of it is settled; the place never lies
 * before what is not settled. A file that grew after it was left is said when it is let go.
 *
 * Invariants: settled <= emitted <= passed; settled_count never exceeds the messages before
 * `settled`. Which of them that are is known at marks, one every mark_every messages: between two
 * it is too low by so many at most. Called by the reader and the file source.
 */
#include "connect/file/trail.h"

#include <unistd.h>

#include "ground/error.h"

void weir__trail_init(struct weir__trail *trail, const struct weir_env *env)
{
	*trail = (struct weir__trail){ .env = env, .mark_every = 1 };
}

static void free_stretch(struct weir__trail *trail, struct weir__stretch *stretch)
{
	if (stretch->fd >= 0)
		close(stretch->fd);
	weir__text_free(trail->env, stretch->path);
	weir__free(trail->env, stretch, sizeof *stretch);
}

static void drop_first(struct weir__trail *trail)
{
	struct weir__stretch *stretch = trail->first;

	trail->first = stretch->next;
	if (!trail->first)
		trail->last = NULL;
	trail->count--;
	free_stretch(trail, stretch);
}

void weir__trail_release(struct weir__trail *trail)
{
	while (trail->first)
		drop_first(trail);
}

/* What came to it too late is lost: say so. */
static void look_back(const struct weir__trail *trail, const struct weir__stretch *stretch)
{
	const uint64_t read = stretch->is_packed ? stretch->raw_end : stretch->end - stretch->base;
	struct stat stat;

	if (stretch->fd < 0 || fstat(stretch->fd, &stat) < 0 || !S_ISREG(stat.st_mode) ||
	    (uint64_t)stat.st_size <= read ||
	    !weir__identity_fits(&stretch->identity, stretch->fd, read))
		return;
	weir_port_log(trail->port, WEIR_LOG_WARN,
		      "'%s' grew after it was read to its end: bytes %llu to %llu are not read",
		      stretch->path, (unsigned long long)read, (unsigned long long)stat.st_size);
}

/* A last stretch that was left stays, to say where the place is; until there is a next. */
static void drop_settled(struct weir__trail *trail)
{
	while (trail->first && trail->first->next && trail->settled >= trail->first->end) {
		look_back(trail, trail->first);
		drop_first(trail);
	}
}

enum weir_status weir__trail_begin(struct weir__trail *trail, int fd, char *path, uint64_t offset,
				   uint64_t *ret_at, struct weir_error *err)
{
	struct weir__stretch *stretch = path ? weir__alloc(trail->env, sizeof *stretch) : NULL;

	if (!stretch) {
		close(fd);
		weir__text_free(trail->env, path);
		return weir__error_no_memory(err);
	}
	weir__trail_leave(trail);
	if (trail->passed < offset) {
		if (weir__trail_is_settled(trail))
			trail->settled = trail->emitted = offset;
		trail->passed = offset;
	}
	*stretch = (struct weir__stretch){
		.path = path,
		.fd = fd,
		.base = trail->passed - offset,
		.end = UINT64_MAX,
		.item = trail->item,
		.raw_begin = offset,
		.raw_end = offset,
	};
	if (trail->last)
		trail->last->next = stretch;
	else
		trail->first = stretch;
	trail->last = stretch;
	trail->count++;
	drop_settled(trail);
	*ret_at = trail->passed;
	return WEIR_OK;
}

/* Up to where a packed file was read: what is ahead in our own buffers is nothing at its end. */
static uint64_t raw_offset(const struct weir__stretch *stretch)
{
	const off_t at = lseek(stretch->fd, 0, SEEK_CUR);

	return at < 0 ? stretch->raw_begin : (uint64_t)at;
}

void weir__trail_leave(struct weir__trail *trail)
{
	struct weir__stretch *stretch = weir__trail_reading(trail);

	if (stretch)
		stretch->end = trail->passed;
}

void weir__trail_note_packed(struct weir__trail *trail)
{
	trail->last->is_packed = true;
}

void weir__trail_note_end(struct weir__trail *trail)
{
	struct weir__stretch *stretch = weir__trail_reading(trail);

	if (stretch && stretch->is_packed)
		stretch->raw_end = raw_offset(stretch);
}

struct weir__stretch *weir__trail_reading(const struct weir__trail *trail)
{
	return trail->last && trail->last->end == UINT64_MAX ? trail->last : NULL;
}

uint64_t weir__trail_offset(const struct weir__trail *trail)
{
	if (trail->last && trail->last->is_packed)
		return raw_offset(trail->last);
	return trail->last ? trail->passed - trail->last->base : 0;
}

/* ---- what is emitted and settled ---- */

static void add_mark(struct weir__trail *trail)
{
	const size_t at = (trail->mark_first + trail->mark_count) % WEIR__TRAIL_MARKS;

	if (trail->mark_count == WEIR__TRAIL_MARKS)
		return;
	trail->marks[at] = (struct weir__mark){ trail->emitted, trail->emitted_count };
	trail->mark_count++;
}

void weir__trail_emit(struct weir__trail *trail, uint64_t end)
{
	trail->emitted = trail->passed = end;
	if (++trail->emitted_count % trail->mark_every == 0)
		add_mark(trail);
}

bool weir__trail_is_settled(const struct weir__trail *trail)
{
	return trail->settled >= trail->emitted;
}

void weir__trail_skip(struct weir__trail *trail, uint64_t end)
{
	const bool is_settled = weir__trail_is_settled(trail);

	trail->passed = end;
	if (is_settled)
		trail->settled = trail->emitted = end;
	drop_settled(trail);
}

void weir__trail_settle(struct weir__trail *trail, uint64_t upto)
{
	trail->settled = upto;
	while (trail->mark_count && trail->marks[trail->mark_first].offset <= upto) {
		trail->settled_count = trail->marks[trail->mark_first].count;
		trail->mark_first = (trail->mark_first + 1) % WEIR__TRAIL_MARKS;
		trail->mark_count--;
	}
	if (weir__trail_is_settled(trail)) {
		trail->settled_count = trail->emitted_count;
		trail->settled = trail->emitted = trail->passed;
	}
	drop_settled(trail);
}

/* ---- the place ---- */

/* A file that was changed in place by now keeps the print that was taken before. */
bool weir__trail_place(struct weir__trail *trail, struct weir__place *ret)
{
	const struct weir__stretch *stretch = trail->first;

	if (!stretch)
		return false;
	*ret = (struct weir__place){ stretch->identity, trail->settled - stretch->base,
				     stretch->item };
	if (stretch->is_packed)
		ret->offset = stretch->end != UINT64_MAX && trail->settled >= stretch->end
				      ? stretch->raw_end
				      : stretch->raw_begin;
	if (stretch->fd >= 0)
		weir__identity_renew(&ret->identity, stretch->fd, ret->offset);
	return true;
}

void weir__trail_note_saved(struct weir__trail *trail)
{
	trail->saved_count = trail->settled_count;
}
