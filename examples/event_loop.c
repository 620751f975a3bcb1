/* SPDX-License-Identifier: MIT */
/*
 * A pipeline inside the application's own loop: poll() on its descriptor, a timeout, and a step.
 * Here the loop also reads lines from standard input and pushes them in as records.
 *
 *     printf '{"a":1}\n{"a":2}\n' | event_loop
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weir.h>

static enum weir_status print(void *user, weir_message *message, const char *to,
			      struct weir_error *err)
{
	const struct weir_slice body = weir_message_body(message);

	(void)user;
	(void)err;
	printf("%s: %.*s\n", to, (int)body.len, (const char *)body.data);
	return WEIR_OK;
}

/* Reads what is there and pushes its whole lines. False at the end of the input. */
static bool read_lines(weir_source *source)
{
	static char buffer[65536];
	static size_t used;
	const ssize_t len = read(STDIN_FILENO, buffer + used, sizeof buffer - used);
	char *line = buffer, *end;

	if (len <= 0)
		return false;
	used += (size_t)len;
	while ((end = memchr(line, '\n', used - (size_t)(line - buffer)))) {
		const struct weir_slice body = { line, (size_t)(end - line) };

		if (weir_push(source, WEIR_WITH(weir_message_init, .body = body)) != WEIR_OK)
			fprintf(stderr, "not taken: a line of %zu bytes\n", body.len);
		line = end + 1;
	}
	used -= (size_t)(line - buffer);
	memmove(buffer, line, used);
	return used < sizeof buffer;
}

int main(void)
{
	enum weir_status status;
	bool reading = true;
	weir_pipeline *p = weir_pipeline_new(NULL);
	weir_source *lines = weir_push_source_add(p, "lines",
		WEIR_WITH(weir_push_source_options, .kind = WEIR_KIND_RECORD));
	weir_sink *out = weir_callback_sink_add(p, "print",
		WEIR_WITH(weir_callback_sink_options, .call = print));

	weir_route_add(p, WEIR_WITH(weir_route, .to = "a is {a}"), out);

	while ((status = weir_pipeline_step(p)) == WEIR_OK) {
		struct pollfd wait[] = { { .fd = weir_pipeline_fd(p), .events = POLLIN },
					 { .fd = reading ? STDIN_FILENO : -1, .events = POLLIN } };

		poll(wait, 2, weir_pipeline_timeout_ms(p));
		if (reading && wait[1].revents && !(reading = read_lines(lines)))
			weir_push_end(lines);
	}
	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(p)->text);
	weir_pipeline_free(p);
	return status < 0 ? 1 : 0;
}
