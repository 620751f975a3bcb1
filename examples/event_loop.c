/* SPDX-License-Identifier: MIT */
/*
 * A pipeline inside the application's own loop: poll() on its descriptor, a timeout, and a step.
 * Here the loop also reads lines from standard input and pushes them in as records; while the
 * pipeline has no room, it does not read. A line above 64 KiB goes in as several.
 *
 *     printf '{"a":1}\n{"a":2}\n' | event_loop
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weir.h>

struct input {
	weir_source *source;
	char buffer[65536];
	size_t used;
	bool is_full;	/* a push found no room: on_room follows */
	bool has_ended;
};

static enum weir_status print(void *user, weir_message *message, const char *to,
			      struct weir_error *err)
{
	const struct weir_slice body = weir_message_body(message);

	(void)user, (void)err;
	printf("%s: %.*s\n", to, (int)body.len, (const char *)body.data);
	return WEIR_OK;
}

static void have_room(void *input)
{
	((struct input *)input)->is_full = false;
}

/* Pushes the whole lines there are, at the end what is left. What is not taken stays. */
static enum weir_status push_lines(struct input *input)
{
	char *line = input->buffer, *const end = input->buffer + input->used;
	enum weir_status pushed = WEIR_OK;

	while (line < end && !input->is_full && pushed == WEIR_OK) {
		char *lf = memchr(line, '\n', (size_t)(end - line));
		const struct weir_slice body = { line, (size_t)((lf ? lf : end) - line) };

		if (!lf && !input->has_ended && (size_t)(end - line) < sizeof input->buffer)
			break;
		pushed = weir_push(input->source, WEIR_WITH(weir_message_init, .body = body));
		input->is_full = pushed == WEIR_AGAIN;
		if (pushed == WEIR_OK)
			line = lf ? lf + 1 : end;
	}
	input->used = (size_t)(end - line);
	memmove(input->buffer, line, input->used);
	if (input->has_ended && !input->used)
		weir_push_end(input->source);
	return pushed == WEIR_ERR_NOMEM ? pushed : WEIR_OK;
}

static void read_input(struct input *input)
{
	const ssize_t len = read(STDIN_FILENO, input->buffer + input->used,
				 sizeof input->buffer - input->used);

	if (len < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	input->has_ended = len <= 0;
	input->used += len > 0 ? (size_t)len : 0;
}

int main(void)
{
	static struct input input;
	enum weir_status status;
	weir_pipeline *p = weir_pipeline_new(NULL);
	weir_sink *out = weir_callback_sink_add(p, "print",
		WEIR_WITH(weir_callback_sink_options, .call = print));

	input.source = weir_push_source_add(p, "lines", WEIR_WITH(weir_push_source_options,
		.kind = WEIR_KIND_RECORD, .on_room = have_room, .user = &input));
	weir_route_add(p, WEIR_WITH(weir_route, .to = "a is {a}"), out);

	while ((status = weir_pipeline_step(p)) == WEIR_OK &&
	       (status = push_lines(&input)) == WEIR_OK) {
		struct pollfd wait[] = { { .fd = weir_pipeline_fd(p), .events = POLLIN },
					 { .fd = STDIN_FILENO, .events = POLLIN } };

		poll(wait, input.has_ended || input.is_full ? 1 : 2, weir_pipeline_timeout_ms(p));
		if (wait[1].revents)
			read_input(&input);
	}
	if (status < 0)
		fprintf(stderr, "%s %s\n", weir_status_name(status), weir_pipeline_error(p)->text);
	weir_pipeline_free(p);
	return status < 0 || fflush(stdout) ? 1 : 0;
}
