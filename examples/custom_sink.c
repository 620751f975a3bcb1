/* SPDX-License-Identifier: MIT */
/*
 * A sink of one's own, with the same calls the library's sinks use: it sends each tweet and retweet
 * as one datagram to a unix socket, waits for the socket when it is full, settles what was sent.
 *
 *     custom_sink FILE SOCKET        in another terminal (package socat): socat UNIX-RECV:SOCKET -
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <weir.h>

struct datagrams {
	const char *path;
	weir_port *port;
	int fd;
};

static enum weir_status datagrams_open(void *self, weir_port *port, struct weir_error *err)
{
	struct datagrams *sink = self;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(sink->path) >= sizeof address.sun_path)
		return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_STOP,
				      "'%s' is too long for a unix socket's name", sink->path);
	strcpy(address.sun_path, sink->path);
	sink->port = port;
	if (connect(sink->fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return WEIR_OK;
	return weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, "cannot connect to '%s': %s",
			      sink->path, strerror(errno));
}

/* OK: taken, and done at once. AGAIN: the engine keeps it, and offers it after the next step. */
static enum weir_status datagrams_submit(void *self, weir_delivery *delivery,
					 struct weir_error *err)
{
	struct datagrams *sink = self;
	const struct weir_slice value = weir_delivery_value(delivery);

	if (send(sink->fd, value.data, value.len, MSG_NOSIGNAL) >= 0) {
		weir_delivery_done(delivery);
		return WEIR_OK;
	}
	if (errno == EAGAIN && weir_port_watch(sink->port, sink->fd, WEIR_WRITABLE, err) == WEIR_OK)
		return WEIR_AGAIN;
	return weir_error_set(err, WEIR_ERR_IO,
			      errno == EMSGSIZE ? WEIR_REMEDY_SKIP : WEIR_REMEDY_STOP,
			      "cannot send to '%s': %s", sink->path, strerror(errno));
}

/* The socket is writable again: nothing to watch for until the next AGAIN. */
static enum weir_status datagrams_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct datagrams *sink = self;

	(void)now_ms;
	(void)err;
	weir_port_unwatch(sink->port, sink->fd);
	return WEIR_OK;
}

static void datagrams_free(void *self)
{
	struct datagrams *sink = self;

	close(sink->fd);
}

static const struct weir_sink_ops datagrams_ops = {
	.size = sizeof datagrams_ops,
	.open = datagrams_open,
	.submit = datagrams_submit,
	.step = datagrams_step,
	.free = datagrams_free,
};

int main(int argc, char **argv)
{
	struct datagrams datagrams = { .path = argc == 3 ? argv[2] : "" };

	if (argc != 3)
		return fprintf(stderr, "usage: %s FILE SOCKET\n", argv[0]), 2;
	datagrams.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	weir_pipeline *p = weir_pipeline_new(NULL);
	weir_file_source_add(p, "file", WEIR_WITH(weir_file_source_options, .path = argv[1]));
	weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_TWEET | WEIR_KIND_RETWEET),
		       weir_sink_add(p, "datagrams", &datagrams_ops, &datagrams));
	const enum weir_status status = weir_pipeline_run(p);

	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(p)->text);
	weir_pipeline_free(p);
	return status < 0 ? 1 : 0;
}
