/* SPDX-License-Identifier: MIT */
/*
 * A port on poll(), for tests of what stands on ports alone. It defines the port's own functions,
 * so it is included by one file of a program, and that program uses nothing of the engine.
 */
#ifndef TESTS_FAKE_PORT_H
#define TESTS_FAKE_PORT_H

#include <check.h>
#include <poll.h>

#include "weir/port.h"

#define FAKE_PORT_MOST 16

struct weir_port {
	struct pollfd watched[FAKE_PORT_MOST];
	size_t count;
	bool refuse;		/* the next watch fails */
};

static struct pollfd *fake_port_find(const weir_port *port, int fd)
{
	for (size_t i = 0; i < port->count; i++)
		if (port->watched[i].fd == fd)
			return (struct pollfd *)&port->watched[i];
	return NULL;
}

enum weir_status weir_port_watch(weir_port *port, int fd, unsigned events, struct weir_error *err)
{
	struct pollfd *entry = fake_port_find(port, fd);

	if (port->refuse)
		return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "cannot watch");
	if (!entry) {
		ck_assert_uint_lt(port->count, FAKE_PORT_MOST);
		entry = &port->watched[port->count++];
	}
	*entry = (struct pollfd){ .fd = fd };
	entry->events = (short)((events & WEIR_READABLE ? POLLIN : 0) |
				(events & WEIR_WRITABLE ? POLLOUT : 0));
	return WEIR_OK;
}

void weir_port_unwatch(weir_port *port, int fd)
{
	struct pollfd *entry = fake_port_find(port, fd);

	if (entry)
		*entry = port->watched[--port->count];
}

unsigned weir_port_events(const weir_port *port, int fd)
{
	const struct pollfd *entry = fake_port_find(port, fd);
	const int ready = entry ? entry->revents : 0;
	const bool trouble = ready & (POLLERR | POLLHUP);

	ck_assert_msg(!(ready & POLLNVAL), "descriptor %d was closed while it was watched", fd);
	return (ready & POLLIN || trouble ? (unsigned)WEIR_READABLE : 0) |
	       (ready & POLLOUT || trouble ? (unsigned)WEIR_WRITABLE : 0);
}

#endif
