/* SPDX-License-Identifier: MIT */
/*
 * Latency: from the socket to the produce call, through the whole pipeline.
 *
 *     bench_latency BROKERS COUNT        COUNT messages, 1,000 a second
 *
 * A thread plays the stream's server: each message of 3 KB is one HTTP chunk and one send(). The
 * clock (CLOCK_MONOTONIC, the same for both) is read just before that send() and again where the
 * sink enters rd_kafka_produceva: this file has one of its own, which notes the time and calls
 * librdkafka's. So the copy into the socket, the wake-up of the pipeline, libcurl, the scan, the
 * routes and the key all count; what librdkafka does then does not. The first messages, while
 * librdkafka connects, are left out.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <weir.h>

#include "bench.h"
#include "histogram.h"
#include "texts.h"

#define INTERVAL_NS 1000000
#define WARM_UP 500

struct server {
	int listener;
	struct texts texts;
	size_t count;
	uint64_t *sent_ns;
};

typedef rd_kafka_error_t *produceva_fn(rd_kafka_t *rk, const rd_kafka_vu_t *parts, size_t count);

static struct {
	produceva_fn *librdkafka;
	uint64_t *called_ns;
	size_t count, wanted;
	weir_pipeline *pipeline;
} calls;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* In librdkafka's place; on the pipeline's thread. Messages come in the order they were sent. */
rd_kafka_error_t *rd_kafka_produceva(rd_kafka_t *rk, const rd_kafka_vu_t *parts, size_t count)
{
	if (calls.count < calls.wanted)
		calls.called_ns[calls.count++] = now_ns();
	if (calls.count == calls.wanted)
		weir_pipeline_stop(calls.pipeline);
	return calls.librdkafka(rk, parts, count);
}

/* ---- the server */

static int listen_anywhere(int *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return -1;
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* Behind "track=kpop" the request is over: it has nothing else for a body. */
static void read_request(int fd)
{
	char request[8192] = "";
	size_t len = 0;
	ssize_t got;

	while (!strstr(request, "\r\n\r\ntrack=kpop") &&
	       (got = recv(fd, request + len, sizeof request - 1 - len, 0)) > 0)
		len += (size_t)got;
}

static size_t make_chunk(char *chunk, const struct text *text)
{
	size_t len = (size_t)sprintf(chunk, "%zx\r\n", text->len + 2);

	memcpy(chunk + len, text->bytes, text->len);
	memcpy(chunk + len + text->len, "\r\n\r\n", 4);
	return len + text->len + 4;
}

static void *serve(void *user)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";
	static char chunk[65536];
	struct server *server = user;
	const int fd = accept(server->listener, NULL, NULL);
	uint64_t next = now_ns();

	read_request(fd);
	send(fd, head, sizeof head - 1, MSG_NOSIGNAL);
	for (size_t i = 0; i < server->count; i++) {
		const size_t len = make_chunk(chunk, &server->texts.list[i % server->texts.count]);
		const struct timespec at = { (time_t)(next / 1000000000),
					     (long)(next % 1000000000) };

		next += INTERVAL_NS;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		server->sent_ns[i] = now_ns();
		send(fd, chunk, len, MSG_NOSIGNAL);
	}
	read_request(fd);	/* until the client goes */
	close(fd);
	return NULL;
}

/* ---- the pipeline */

static int run(const char *brokers, int port)
{
	char url[64];
	weir_pipeline *p = weir_pipeline_new(NULL);
	weir_sink *kafka = weir_kafka_sink_add(p, "kafka",
		WEIR_WITH(weir_kafka_sink_options, .brokers = brokers));
	int failed;

	snprintf(url, sizeof url, "http://127.0.0.1:%d/1.1/statuses/filter.json", port);
	weir_twitter_source_add(p, "twitter",
		WEIR_WITH(weir_twitter_source_options, .track = "kpop", .url = url,
			  .uncompressed = true, .anonymous = true));
	weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_RETWEET, .to = "retweets",
				    .final = true), kafka);
	weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_DELETE, .to = "deletes",
				    .final = true), kafka);
	weir_route_add(p, WEIR_WITH(weir_route, .to = "tweets"), kafka);
	calls.pipeline = p;
	failed = weir_pipeline_run(p) < 0;
	if (failed)
		fprintf(stderr, "%s\n", weir_pipeline_error(p)->text);
	weir_pipeline_free(p);
	return failed;
}

static void print(const struct server *server)
{
	static struct histogram histogram;

	for (size_t i = WARM_UP; i < calls.count; i++)
		histogram_add(&histogram, calls.called_ns[i] - server->sent_ns[i]);
	histogram_print(&histogram, "latency", 1000, "microseconds from send() to the produce call");
}

int main(int argc, char **argv)
{
	struct server server = { .texts = texts_read("2000") };
	pthread_t thread;
	int port, failed;

	if (argc != 3)
		return fprintf(stderr, "usage: %s BROKERS COUNT\n", argv[0]), 2;
	server.count = calls.wanted = strtoull(argv[2], NULL, 10) + WARM_UP;
	server.sent_ns = calloc(server.count, sizeof *server.sent_ns);
	calls.called_ns = calloc(server.count, sizeof *calls.called_ns);
	*(void **)&calls.librdkafka = dlsym(RTLD_NEXT, "rd_kafka_produceva");
	server.listener = listen_anywhere(&port);
	if (server.listener < 0 || pthread_create(&thread, NULL, serve, &server))
		return 1;
	failed = run(argv[1], port);
	pthread_join(thread, NULL);
	print(&server);
	return failed;
}
