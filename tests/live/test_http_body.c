/* SPDX-License-Identifier: MIT */
/*
 * Large bodies through the default HTTP transport, and consumers that do not keep up with them.
 */
#include "support/http_rig.h"
#include "support/run.h"

#define MIB (1024 * 1024)

/* ---- large bodies and backpressure ---- */

/* Sends what the kernel takes of `left` more bytes; answers how many that were. */
static size_t pour(struct rig *rig, size_t left)
{
	static char zeroes[65536];
	const int fd = rig_connection(&rig->server);
	const ssize_t sent = send(fd, zeroes, left < sizeof zeroes ? left : sizeof zeroes,
				  MSG_DONTWAIT | MSG_NOSIGNAL);

	return sent > 0 ? (size_t)sent : 0;
}

START_TEST(a_large_error_body_comes_whole)
{
	const size_t len = 5 * MIB;
	size_t sent = 0;
	struct rig rig;

	rig_init(&rig);
	rig.keep = false;
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 503 Busy\r\nContent-Length: 5242880\r\n\r\n");
	while (sent < len) {
		sent += pour(&rig, len - sent);
		rig_turn_within(&rig, 0);
	}
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.status, 503);
	ck_assert_uint_eq(rig.body_len, len);
	ck_assert(!rig.failed);
	rig_release(&rig);
}
END_TEST

#define CHUNK_BYTES 65000

/* One chunk after the other of a stream, as far as the kernel takes them. */
struct chunks {
	char bytes[CHUNK_BYTES + 16];
	size_t len;
	size_t at;
	size_t whole;	/* chunks sent */
};

static void make_chunk(struct chunks *chunks)
{
	const int head = snprintf(chunks->bytes, sizeof chunks->bytes, "%x\r\n", CHUNK_BYTES);

	memset(chunks->bytes + head, 'x', CHUNK_BYTES);
	memcpy(chunks->bytes + head + CHUNK_BYTES, "\r\n", 2);
	chunks->len = (size_t)head + CHUNK_BYTES + 2;
}

static bool send_chunks(struct rig *rig, struct chunks *chunks, size_t most)
{
	while (chunks->whole < most) {
		const ssize_t sent = send(rig_connection(&rig->server), chunks->bytes + chunks->at,
					  chunks->len - chunks->at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		chunks->at += (size_t)sent;
		if (chunks->at == chunks->len) {
			chunks->at = 0;
			chunks->whole++;
		}
	}
	return true;
}

/* Both sides go on until the kernel holds all it can and the client has nothing to do. */
static void run_dry(struct rig *rig, struct chunks *chunks, size_t most)
{
	for (int quiet = 0; quiet < 20 && !rig->ended;) {
		const size_t whole = chunks->whole, offered = rig->offered;

		send_chunks(rig, chunks, most);
		rig_turn_within(rig, 0);
		quiet = chunks->whole == whole && rig->offered == offered ? quiet + 1 : 0;
	}
}

/* 50 MB, the consumer full after every 4: the server gets no further than the kernel's buffers,
 * nothing is lost, nothing comes twice. */
START_TEST(a_full_consumer_stalls_the_server)
{
	const size_t most = 50000000 / CHUNK_BYTES;
	static struct chunks chunks;
	struct rig rig;
	size_t stalls = 0;

	rig_init(&rig);
	rig.keep = false;
	make_chunk(&chunks);
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (rig.full_at = 4 * MIB; rig.full_at < most * CHUNK_BYTES;) {
		run_dry(&rig, &chunks, most);
		ck_assert_uint_ge(rig.body_len, rig.full_at);
		ck_assert_uint_lt(rig.body_len, rig.full_at + 65536);
		ck_assert_uint_lt(chunks.whole * CHUNK_BYTES - rig.body_len, 16 * MIB);
		stalls++;
		rig.full_at += 4 * MIB;
		rig.http.ops->resume(rig.http.self);
	}
	rig.full_at = 0;
	rig.http.ops->resume(rig.http.self);
	run_dry(&rig, &chunks, most);
	rig_send(&rig, "0\r\n\r\n");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert(!rig.failed);
	ck_assert_uint_ge(stalls, 10);
	ck_assert_uint_eq(chunks.whole, most);
	ck_assert_uint_eq(rig.body_len, most * CHUNK_BYTES);
	rig_release(&rig);
}
END_TEST

/* The connection may end long before the consumer takes the rest; the end comes after it. */
START_TEST(what_was_held_back_comes_before_the_end)
{
	static const char *const texts[] = {
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
		"HTTP/1.0 200 OK\r\n\r\nabcde",
	};
	struct rig rig;

	rig_init(&rig);
	rig_ask(&rig);
	rig.full = true;
	rig_send(&rig, texts[_i]);
	rig_hang_up(&rig);
	RIG_UNTIL(&rig, rig.offered);
	for (int i = 0; i < 5; i++) {
		rig.http.ops->resume(rig.http.self);
		rig_turn_within(&rig, 0);
		ck_assert(!rig.ended);
	}
	rig.full = false;
	rig.http.ops->resume(rig.http.self);
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_str_eq(rig.body, "abcde");
	ck_assert_msg(!rig.failed, "%s", rig.error.text);
	rig_release(&rig);
}
END_TEST

START_TEST(a_paused_exchange_asks_for_no_turns)
{
	struct rig rig;
	size_t told;

	rig_init(&rig);
	rig_ask(&rig);
	rig.full = true;
	rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabcde");
	RIG_UNTIL(&rig, rig.offered);
	rig_send(&rig, "more");
	told = rig.told;
	for (int i = 0; i < 20; i++)
		rig_turn_within(&rig, 0);
	ck_assert_uint_eq(rig.told, told);
	ck_assert_uint_eq(rig.port.count, 0);
	rig_release(&rig);
}
END_TEST

static size_t left;	/* what the server has still to send */

/* The server is as fast as the client reads: what was taken is there again. */
static bool take_and_pour(void *user, struct weir_slice bytes)
{
	struct rig *rig = user;

	left -= pour(rig, left);
	return rig_on_body(rig, bytes);
}

START_TEST(a_turn_ends_however_much_there_is)
{
	size_t before = 0, most = 0;
	struct rig rig;

	rig_init(&rig);
	rig.keep = false;
	rig.events.body = take_and_pour;
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n");
	for (left = 64 * MIB; !rig.ended; before = rig.body_len) {
		left -= pour(&rig, left);
		rig_turn(&rig);
		most = rig.body_len - before > most ? rig.body_len - before : most;
	}
	ck_assert(!rig.failed);
	ck_assert_uint_eq(rig.body_len, 64 * MIB);
	ck_assert_uint_ge(most, 4 * MIB);
	ck_assert_uint_lt(most, 5 * MIB);
	rig_release(&rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("http bodies");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_large_error_body_comes_whole);
	tcase_add_test(tcase, a_full_consumer_stalls_the_server);
	tcase_add_loop_test(tcase, what_was_held_back_comes_before_the_end, 0, 3);
	tcase_add_test(tcase, a_paused_exchange_asks_for_no_turns);
	tcase_add_test(tcase, a_turn_ends_however_much_there_is);
	return run_case("http bodies", tcase);
}
