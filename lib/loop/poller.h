/* SPDX-License-Identifier: MIT */
/*
 * Waiting: one descriptor that becomes readable when any watched one is, or when it was woken.
 * Over epoll and eventfd; the only place that knows them.
 */
#ifndef WEIR_LOOP_POLLER_H
#define WEIR_LOOP_POLLER_H

#include "ground/env.h"

/* A watched descriptor. Lives from watch to unwatch. */
struct weir__watch {
	struct weir__watch *next;	/* of the same owner */
	int fd;
	unsigned events;		/* a set of enum weir_io that is waited for */
	unsigned ready;			/* what the last poll found */
	bool is_muted;			/* READABLE is not waited for at present */
	bool *owner_ready;		/* set to true when it found something */
};

struct weir__poller {
	int poll_fd;
	int wake_fd;
};

/* Both descriptors closed on exec. On failure nothing stays open. */
enum weir_status weir__poller_open(struct weir__poller *poller, struct weir_error *err);
void weir__poller_close(struct weir__poller *poller);

enum weir_status weir__poller_watch(struct weir__poller *poller, struct weir__watch *watch,
				    bool is_new, struct weir_error *err);
void weir__poller_unwatch(struct weir__poller *poller, struct weir__watch *watch);

/*
 * Waits up to `timeout_ms` (-1: without end, 0: not at all), then marks every ready watch and its
 * owner. A wake ends the wait. Returns early on signals.
 */
void weir__poller_poll(struct weir__poller *poller, int timeout_ms);

/* Ends a wait, or the next one. Thread: any, and signal handlers. */
void weir__poller_wake(const struct weir__poller *poller);

#endif
