/* SPDX-License-Identifier: MIT */
/*
 * Waiting over epoll and eventfd.
 *
 * Invariant: no code of anybody else runs between the system's answer and the marking of watches,
 * so a watch named in the answer always still exists.
 */
#include "loop/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ground/error.h"
#include "weir/port.h"

#define MOST_EVENTS 64

/*
 * Descriptors 0 to 2 are somebody else's also when they are closed: what is written to "standard
 * output" must never end in one of ours.
 */
static int beyond_standard(int fd)
{
	int moved = fd;

	if (fd >= 0 && fd <= STDERR_FILENO) {
		moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(fd);
	}
	return moved;
}

enum weir_status weir__poller_open(struct weir__poller *poller, struct weir_error *err)
{
	struct epoll_event event = { .events = EPOLLIN };

	*poller = (struct weir__poller){ .poll_fd = -1, .wake_fd = -1 };
	poller->poll_fd = beyond_standard(epoll_create1(EPOLL_CLOEXEC));
	if (poller->poll_fd < 0)
		return weir__error_os(err, errno, "cannot create a poll descriptor");
	poller->wake_fd = beyond_standard(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (poller->wake_fd < 0 ||
	    epoll_ctl(poller->poll_fd, EPOLL_CTL_ADD, poller->wake_fd, &event) < 0) {
		const int os_error = errno;

		weir__poller_close(poller);
		return weir__error_os(err, os_error, "cannot create a wake descriptor");
	}
	return WEIR_OK;
}

void weir__poller_close(struct weir__poller *poller)
{
	if (poller->wake_fd >= 0)
		close(poller->wake_fd);
	if (poller->poll_fd >= 0)
		close(poller->poll_fd);
	*poller = (struct weir__poller){ .poll_fd = -1, .wake_fd = -1 };
}

enum weir_status weir__poller_watch(struct weir__poller *poller, struct weir__watch *watch,
				    bool is_new, struct weir_error *err)
{
	struct epoll_event event = { .data.ptr = watch };

	if ((watch->events & WEIR_READABLE) && !watch->is_muted)
		event.events |= EPOLLIN | EPOLLRDHUP;
	if (watch->events & WEIR_WRITABLE)
		event.events |= EPOLLOUT;
	if (!event.events)	/* hang-ups come unasked: once is enough */
		event.events = EPOLLONESHOT;
	if (epoll_ctl(poller->poll_fd, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, watch->fd, &event) < 0)
		return weir__error_os(err, errno, "cannot watch descriptor %d", watch->fd);
	return WEIR_OK;
}

void weir__poller_unwatch(struct weir__poller *poller, struct weir__watch *watch)
{
	epoll_ctl(poller->poll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
}

static void mark(const struct epoll_event *event)
{
	struct weir__watch *watch = event->data.ptr;

	if (event->events & (EPOLLIN | EPOLLRDHUP))
		watch->ready |= WEIR_READABLE;
	if (event->events & EPOLLOUT)
		watch->ready |= WEIR_WRITABLE;
	if (event->events & (EPOLLERR | EPOLLHUP))
		watch->ready |= WEIR_READABLE | WEIR_WRITABLE;
	*watch->owner_ready = true;
}

void weir__poller_poll(struct weir__poller *poller, int timeout_ms)
{
	struct epoll_event events[MOST_EVENTS];
	const int count = epoll_wait(poller->poll_fd, events, MOST_EVENTS, timeout_ms);
	uint64_t wakes;

	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr)
			mark(&events[i]);
		else if (read(poller->wake_fd, &wakes, sizeof wakes) < 0)
			continue;	/* somebody else's turn has emptied it */
	}
}

void weir__poller_wake(const struct weir__poller *poller)
{
	const uint64_t one = 1;
	const int os_error = errno;	/* signal handlers must leave it alone */

	if (write(poller->wake_fd, &one, sizeof one) < 0)
		errno = os_error;	/* the counter is full: a wake is pending already */
	errno = os_error;
}
