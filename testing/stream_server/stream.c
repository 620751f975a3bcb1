/* SPDX-License-Identifier: MIT */
/*
 * The body of one stream: frames, pace, keep-alives, gzip, and the faults within it.
 *
 *	RUN ──► IDLE (only keep-alives) ──► END
 *	 │ └──► SILENT (nothing)  ── until the client or the server goes
 *	 └────► END · ABORT · RESET · CUT_CHUNK
 *
 * Guarantees: a frame (a length line, a message and its CR LF, or an injected piece) is given
 * whole before anything else happens, however it is cut into chunks; libmicrohttpd asks again
 * only when everything before is with the kernel, so a fault never overtakes a message.
 * Every stream has its own thread, which read_stream may hold up. Made by answer.c.
 */
#include "stream.h"

#include "memory.h"

#include <inttypes.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK (256 * 1024)
#define ZIP_PIECE (64 * 1024)
#define STARVED_US 50000	/* without rules: until they are looked at again */
#define FOREVER_US (3600 * (uint64_t)1000000)

/* ---- what comes next */

static uint64_t keep_alive_at(const struct stream *stream)
{
	const uint64_t ms = stream->server->settings.keep_alive_ms;

	return ms == 0 || stream->state == SILENT ? UINT64_MAX : stream->last_us + ms * 1000;
}

static uint64_t message_at(const struct stream *stream)
{
	const uint64_t rate = stream->server->settings.rate;

	if (stream->state != RUN)
		return UINT64_MAX;
	if (stream->starved_us)
		return stream->starved_us + STARVED_US;
	return rate ? stream->start_us + stream->sent * 1000000 / rate : 0;
}

static bool take_keep_alive(struct stream *stream)
{
	const uint64_t now = clock_us();

	if (now < keep_alive_at(stream))
		return false;
	stream->last_us = now;
	stream_inject_keep_alive(stream);
	return true;
}

/* A newer stream came, or a backfill is over: say so, and end. */
static bool take_end(struct stream *stream, int code, const char *reason)
{
	stream->then = END;
	stream_inject(stream, true, "{\"disconnect\":{\"code\":%d,\"stream_name\":"
	       "\"mossgrove-statuses\",\"reason\":\"%s\"}}\r\n", code, reason);
	return true;
}

/* The posts that the app may have are used up. */
static bool take_cap(struct stream *stream)
{
	char *problem = x_limit_problem("monthly");

	stream->then = END;
	stream_inject(stream, true, "{\"errors\":[%s]}\r\n", problem);
	free(problem);
	return true;
}

/* A post, with the rules that match it. False: there are none, nothing comes. */
static bool set_post(struct stream *stream, const struct pool_message *message)
{
	const char *text = stream->pool->bytes + message->at;
	char *matching = NULL;

	if (stream->filtered)
		matching = x_rules_matching(&stream->server->rules, stream->index);
	stream->starved_us = stream->filtered && !matching ? clock_us() : 0;
	if (stream->starved_us)
		return false;
	if (matching)
		stream_inject(stream, false, "%.*s%s", (int)message->len - 3, text, matching);
	else
		stream_set_frame(stream, text, message->len, false);
	free(matching);
	atomic_fetch_add(&stream->server->posts, 1);
	return true;
}

static bool take_message(struct stream *stream)
{
	const struct settings *settings = &stream->server->settings;
	const struct pool *pool = stream->pool;
	const struct pool_message *message = stream_next_message(stream);

	if (!message || (stream->index >= pool->count && !settings->repeat)) {
		stream->then = settings->hold ? IDLE : END;
		return true;
	}
	if ((settings->rate || stream->starved_us) && clock_us() < message_at(stream))
		return take_keep_alive(stream);
	if (!stream->is_x)
		stream_set_frame(stream, pool->bytes + message->at, message->len, true);
	else if (settings->usage_cap && atomic_load(&stream->server->posts) >= settings->usage_cap)
		return take_cap(stream);
	else if (!set_post(stream, message))
		return take_keep_alive(stream);
	stream_count_message(stream);
	stream->member_ends = stream->fault->kind == FAULT_GZIP_MEMBERS && stream->zip &&
			      stream->fault->number > 0 &&
			      stream->sent % (uint64_t)stream->fault->number == 0;
	return true;
}

/* The next frame, perhaps an empty one that only brings another state; false: not yet. */
static bool next_frame(struct stream *stream)
{
	stream->body_len = stream->prefix_len = stream->at = 0;
	if (atomic_load_explicit(&stream->cut, memory_order_relaxed) && stream->state < END)
		return take_end(stream, 7, "admin logout");
	if (stream_fault_due(stream))
		return stream_take_fault(stream);
	if (stream->state == IDLE)
		return take_keep_alive(stream);
	if (stream->state != RUN)
		return false;
	if (stream->backfill > 0 && stream->sent == stream->backfill)
		return take_end(stream, 9, "the backfill is over");
	return take_message(stream);
}

static size_t copy_frame(struct stream *stream, char *to, size_t room)
{
	const bool prefix = stream->at < stream->prefix_len;
	const char *from = prefix ? stream->prefix + stream->at :
				    stream->body + (stream->at - stream->prefix_len);
	const size_t left = prefix ? stream->prefix_len - stream->at :
				     stream->prefix_len + stream->body_len - stream->at;
	const size_t len = left < room ? left : room;

	memcpy(to, from, len);
	stream->at += len;
	return len;
}

static bool frame_over(const struct stream *stream)
{
	return stream->at == stream->prefix_len + stream->body_len;
}

/* Plain bytes, as many as there are now and room is for. */
static size_t fill_plain(struct stream *stream, char *to, size_t room)
{
	size_t used = 0;

	while (used < room && !(stream->member_ends && frame_over(stream))) {
		if (frame_over(stream) && !next_frame(stream))
			break;
		while (used < room && !frame_over(stream))
			used += copy_frame(stream, to + used, room - used);
		if (frame_over(stream))
			stream->state = stream->then;
	}
	return used;
}

/* The next piece into gzip: messages, then what ends or spoils it. False: nothing now. */
static bool feed_zip(struct stream *stream)
{
	static const char garbage[32] = "\xff\xff\xff\xff not deflate";
	const size_t len = fill_plain(stream, stream->piece, ZIP_PIECE);
	const bool last = stream->state == END && !stream->zip_ended;
	const bool end = last || (stream->member_ends && frame_over(stream));
	const bool garbage_due = stream->garbage;

	if (len > 0 || end)
		zip_write(stream->zip, stream->piece, len, end);
	if (garbage_due)
		zip_write_raw(stream->zip, garbage, sizeof garbage);
	stream->zip_ended |= last;
	stream->member_ends &= !end;
	stream->garbage = false;
	return len > 0 || end || garbage_due;
}

static size_t fill_zip(struct stream *stream, char *to, size_t room)
{
	size_t got = zip_read(stream->zip, to, room);

	while (got == 0 && feed_zip(stream))
		got = zip_read(stream->zip, to, room);
	return got;
}

/* ---- for libmicrohttpd */

/* A chunk that promises more than comes. */
static void cut_chunk(const struct stream *stream)
{
	static const char part[] = "1000\r\n{\"delete\":{\"sta";

	send(stream->client_fd, part, sizeof part - 1, MSG_NOSIGNAL);
}

/* Connecting a TCP socket to nothing resets it. */
static void reset(const struct stream *stream)
{
	const struct sockaddr nothing = { .sa_family = AF_UNSPEC };

	connect(stream->client_fd, &nothing, sizeof nothing);
}

static ssize_t finish(struct stream *stream)
{
	if (stream->state == CUT_CHUNK)
		cut_chunk(stream);
	if (stream->state == RESET)
		reset(stream);
	return stream->state == END ? MHD_CONTENT_READER_END_OF_STREAM :
				      MHD_CONTENT_READER_END_WITH_ERROR;
}

static enum wait_result wait_for_more(struct stream *stream)
{
	const uint64_t message = message_at(stream), keep_alive = keep_alive_at(stream);
	const uint64_t next = message < keep_alive ? message : keep_alive;
	const uint64_t now = clock_us();
	const uint64_t us = next == UINT64_MAX ? FOREVER_US : next > now ? next - now : 0;

	return wait_for(stream->server, stream->client_fd, stream->poke_fd, us);
}

static bool dripping(const struct stream *stream)
{
	return stream->fault->kind == FAULT_DRIP && stream->fault->number >= 0 &&
	       stream->bytes < (uint64_t)stream->fault->number;
}

static ssize_t read_stream(void *user, uint64_t position, char *to, size_t room)
{
	struct stream *stream = user;
	struct server *server = stream->server;

	(void)position;
	if (server->settings.chunk && server->settings.chunk < room)
		room = server->settings.chunk;
	if (dripping(stream)) {
		room = 1;
		if (stream->bytes > 0)
			wait_for(server, stream->client_fd, -1,
				 (uint64_t)stream->fault->second * 1000);
	}
	while (!atomic_load_explicit(&server->quitting, memory_order_relaxed)) {
		const size_t got = stream->zip ? fill_zip(stream, to, room) :
						 fill_plain(stream, to, room);

		if (got > 0) {
			stream->last_us = clock_us();
			stream->bytes += got;
			atomic_fetch_add_explicit(&server->bytes, got, memory_order_relaxed);
			return (ssize_t)got;
		}
		if (stream->state >= END)
			return finish(stream);
		if (wait_for_more(stream) == WAIT_GONE)
			break;
	}
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

void stream_cut(struct stream *stream)
{
	const uint64_t one = 1;

	atomic_store(&stream->cut, true);
	if (write(stream->poke_fd, &one, sizeof one) < 0)
		log_line(stream->server, "a stream could not be woken");
}

/* --once wants a stream whose messages all went out. */
static bool complete(const struct stream *stream)
{
	return stream->state == END &&
	       (stream->index >= stream->pool->count || stream->backfill > 0);
}

static void stream_free(void *user)
{
	struct stream *stream = user;
	struct server *server = stream->server;
	const uint64_t one = 1;

	account_closed(server, stream);
	log_line(server, "request %" PRIu64 ": over, %" PRIu64 " messages, %" PRIu64 " bytes",
		 stream->number, stream->sent, stream->bytes);
	if (server->settings.once && complete(stream) &&
	    write(server->done_fd, &one, sizeof one) < 0)
		log_line(server, "the end could not be told");
	close(stream->poke_fd);
	zip_free(stream->zip);
	free(stream->piece);
	free(stream->injected);
	free(stream);
}

static uint64_t read_backfill(const struct request *request)
{
	const struct param *count = params_find(&request->params, "count");
	const int64_t value = count ? strtoll(count->value, NULL, 10) : 0;

	return value < 0 ? (uint64_t)-value : 0;
}

struct MHD_Response *stream_new(struct request *request, enum stream_sort sort, bool gzip)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	const struct param *delimited = params_find(&request->params, "delimited");
	struct stream *stream = need(calloc(1, sizeof *stream));

	*stream = (struct stream){
		.server = request->server,
		.pool = sort == STREAM_V1 ? &request->server->pool : x_pool(request->server),
		.is_x = sort != STREAM_V1,
		.filtered = sort == STREAM_X_FILTERED,
		.fault = request->fault,
		.number = request->number,
		.client_fd = info->connect_fd,
		.poke_fd = eventfd(0, EFD_CLOEXEC),
		.delimited = sort == STREAM_V1 && delimited &&
			     strcmp(delimited->value, "length") == 0,
		.zip = gzip ? zip_new() : NULL,
		.piece = gzip ? need(malloc(ZIP_PIECE)) : NULL,
		.backfill = read_backfill(request),
		.start_us = clock_us(),
		.last_us = clock_us(),
	};
	account_opened(request->server, stream);
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream,
						 stream_free);
}
