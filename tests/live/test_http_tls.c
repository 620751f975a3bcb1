/* SPDX-License-Identifier: MIT */
/*
 * The default HTTP transport over TLS, against libmicrohttpd on loopback with a certificate made
 * for the test: whom it trusts, and that bodies, pauses and closes are as without TLS.
 */
#include <microhttpd.h>

#include "support/certificate.h"
#include "support/http_rig.h"
#include "support/run.h"

#define BODY_BYTES (6 * 1024 * 1024)

/* A server with a certificate of its own, and the files a client may be told to trust. */
static struct {
	char folder[32];
	char own_file[64];
	char other_file[64];
	char garbage_file[64];
	struct certificate own;
	struct certificate other;
	struct MHD_Daemon *daemon;
	int port;
} tls;

static void write_file(char *path, size_t size, const char *name, const char *text)
{
	FILE *file;

	snprintf(path, size, "%s/%s", tls.folder, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	fclose(file);
}

static unsigned char byte_at(uint64_t at)
{
	return (unsigned char)((at * 2654435761u) >> 13);
}

static ssize_t give_body(void *user, uint64_t at, char *bytes, size_t most)
{
	(void)user;
	if (at >= BODY_BYTES)
		return MHD_CONTENT_READER_END_OF_STREAM;
	most = most < BODY_BYTES - at ? most : (size_t)(BODY_BYTES - at);
	for (size_t i = 0; i < most; i++)
		bytes[i] = (char)byte_at(at + i);
	return (ssize_t)most;
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_len, void **of_request)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 50000, give_body, NULL, NULL);
	enum MHD_Result result;

	(void)user;
	(void)url;
	(void)upload;
	(void)upload_len;
	(void)of_request;
	ck_assert_str_eq(method, "GET");
	ck_assert_str_eq(version, "HTTP/1.1");
	result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

static void start_server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(tls.folder, sizeof tls.folder, "/tmp/weir-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(tls.folder));
	certificate_make(&tls.own);
	certificate_make(&tls.other);
	write_file(tls.own_file, sizeof tls.own_file, "own.pem", tls.own.certificate);
	write_file(tls.other_file, sizeof tls.other_file, "other.pem", tls.other.certificate);
	write_file(tls.garbage_file, sizeof tls.garbage_file, "garbage.pem", "no certificate\n");
	tls.daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_TLS,
				      0, NULL, NULL, answer, NULL,
				      MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
				      MHD_OPTION_HTTPS_MEM_KEY, tls.own.key,
				      MHD_OPTION_HTTPS_MEM_CERT, tls.own.certificate,
				      MHD_OPTION_END);
	ck_assert_ptr_nonnull(tls.daemon);
	tls.port = MHD_get_daemon_info(tls.daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void stop_server(void)
{
	MHD_stop_daemon(tls.daemon);
	unlink(tls.own_file);
	unlink(tls.other_file);
	unlink(tls.garbage_file);
	rmdir(tls.folder);
}

static void get(struct rig *rig, const char *host, const char *ca_file)
{
	char url[64];

	snprintf(url, sizeof url, "https://%s:%d/stream", host, tls.port);
	rig_open(rig, WEIR_WITH(weir_http_request, .method = "GET", .url = url, .ca_file = ca_file,
				.connect_ms = 10000));
}

static void check_body(const struct rig *rig)
{
	ck_assert_uint_eq(rig->body_len, BODY_BYTES);
	for (size_t i = 0; i < rig->body_len; i++)
		if ((unsigned char)rig->body[i] != byte_at(i))
			ck_abort_msg("byte %zu is another", i);
}

START_TEST(a_trusted_server_is_read_whole)
{
	struct rig rig;

	rig_init_bare(&rig, NULL);
	get(&rig, "127.0.0.1", tls.own_file);
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_msg(!rig.failed, "%s", rig.error.text);
	ck_assert_int_eq(rig.status, 200);
	check_body(&rig);
	rig_release(&rig);
}
END_TEST

/* Full after each 50 kB: records already decrypted must not be forgotten at a resume. */
START_TEST(pausing_loses_nothing)
{
	struct rig rig;
	size_t pauses = 0;

	rig_init_bare(&rig, NULL);
	rig.full_at = 50000;
	get(&rig, "127.0.0.1", tls.own_file);
	while (!rig.ended) {
		RIG_UNTIL(&rig, rig.ended || rig.body_len >= rig.full_at);
		for (int i = 0; i < 3 && !rig.ended; i++)
			rig_turn_within(&rig, 0);
		ck_assert_uint_lt(rig.body_len, rig.full_at + 50000);
		rig.full_at = rig.body_len + 50000;
		pauses++;
		rig.http.ops->resume(rig.http.self);
	}
	ck_assert_msg(!rig.failed, "%s", rig.error.text);
	ck_assert_uint_gt(pauses, 60);
	check_body(&rig);
	rig_release(&rig);
}
END_TEST

static const struct {
	const char *name;
	const char *host;
	const char *ca_file;	/* NULL: the system's */
	enum weir_status status;
	enum weir_remedy remedy;
} distrusted[] = {
	{ "another authority", "127.0.0.1", tls.other_file, WEIR_ERR_IO, WEIR_REMEDY_RETRY },
	{ "the system's authorities", "127.0.0.1", NULL, WEIR_ERR_IO, WEIR_REMEDY_RETRY },
	{ "another name", "localhost", tls.own_file, WEIR_ERR_IO, WEIR_REMEDY_RETRY },
	{ "a file without certificates", "127.0.0.1", tls.garbage_file, WEIR_ERR_IO,
	  WEIR_REMEDY_RETRY },
	{ "no such file", "127.0.0.1", "/nonexistent/ca.pem", WEIR_ERR_INVALID, WEIR_REMEDY_STOP },
};

START_TEST(an_untrusted_server_is_asked_nothing)
{
	struct rig rig;

	rig_init_bare(&rig, NULL);
	get(&rig, distrusted[_i].host, distrusted[_i].ca_file);
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_msg(rig.failed && rig.told == 1, "%s", distrusted[_i].name);
	ck_assert_msg(rig.error.status == distrusted[_i].status, "%s: %s: %s", distrusted[_i].name,
		      weir_status_name(rig.error.status), rig.error.text);
	ck_assert_int_eq(rig.error.remedy, distrusted[_i].remedy);
	ck_assert_msg(strstr(rig.error.text, "ca_file"), "%s: %s", distrusted[_i].name,
		      rig.error.text);
	rig_release(&rig);
}
END_TEST

START_TEST(closing_within_the_stream_closes_the_socket)
{
	struct rig rig;

	rig_init_bare(&rig, NULL);
	get(&rig, "127.0.0.1", tls.own_file);
	RIG_UNTIL(&rig, rig.body_len > 100000);
	ck_assert_uint_eq(rig.port.count, 1);
	rig.http.ops->close(rig.http.self);
	rig.closed = true;
	ck_assert_uint_eq(rig.port.count, 0);
	rig.http.ops->step(rig.http.self, rig_now_ms());
	rig_release(&rig);
}
END_TEST

/* Asks the rig's own server, which speaks no TLS. */
static void open_tls(struct rig *rig, uint64_t connect_ms)
{
	char url[64];

	snprintf(url, sizeof url, "https://127.0.0.1:%d/", rig->server.port);
	rig_open(rig, WEIR_WITH(weir_http_request, .method = "GET", .url = url,
				.ca_file = tls.own_file, .connect_ms = connect_ms));
}

/* The server takes the connection and says nothing to the client's hello. */
START_TEST(closing_within_the_handshake_closes_the_socket)
{
	struct rig rig;

	rig_init(&rig);
	open_tls(&rig, 0);
	RIG_UNTIL(&rig, rig.server.request_len);
	rig.http.ops->close(rig.http.self);
	rig_read(&rig.server);
	ck_assert(rig_is_gone(rig_connection(&rig.server)));
	rig_release(&rig);
}
END_TEST

START_TEST(a_handshake_that_hangs_times_out)
{
	struct rig rig;

	rig_init(&rig);
	open_tls(&rig, 150);
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(rig.error.remedy, WEIR_REMEDY_RETRY);
	rig_release(&rig);
}
END_TEST

START_TEST(a_server_that_does_not_speak_tls_is_an_error)
{
	struct rig rig;

	rig_init(&rig);
	open_tls(&rig, 0);
	RIG_UNTIL(&rig, rig.server.request_len);
	rig_send(&rig, "HTTP/1.1 400 Bad Request\r\n\r\n");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_IO);
	ck_assert_int_eq(rig.error.remedy, WEIR_REMEDY_RETRY);
	rig_release(&rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("tls");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, start_server, stop_server);
	tcase_add_test(tcase, a_trusted_server_is_read_whole);
	tcase_add_test(tcase, pausing_loses_nothing);
	LOOP(tcase, an_untrusted_server_is_asked_nothing, distrusted);
	tcase_add_test(tcase, closing_within_the_stream_closes_the_socket);
	tcase_add_test(tcase, closing_within_the_handshake_closes_the_socket);
	tcase_add_test(tcase, a_handshake_that_hangs_times_out);
	tcase_add_test(tcase, a_server_that_does_not_speak_tls_is_an_error);
	return run_case("http over TLS", tcase);
}
