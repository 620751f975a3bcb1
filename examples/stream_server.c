/* SPDX-License-Identifier: MIT */
/*
 * A server that speaks the v1.1 stream protocol on this machine: for tests, demonstrations and
 * benchmarks of whatever reads such streams. It uses nothing of libweir, so that it can judge it.
 *
 *	stream_server --rate 50                      invented messages of every kind, 50 a second
 *	stream_server --file recorded.jsonl --repeat --gzip
 *	stream_server --fault status=503,cut=20,ok   a bad answer, a broken stream, a good one
 *
 * `stream_server --help` is the manual: every option, and every step of a fault script. The
 * parts are in stream_server/:
 *
 *	options.c      the command line and the usage text
 *	pool.c         the messages, all in memory
 *	answer.c       a request and what is answered
 *	signature.c    OAuth 1.0a, checked (params.c: percent coding and parameter lists)
 *	predicates.c   track, follow, locations, count: what the service would refuse
 *	account.c      nonces, one connection per account, connecting too often
 *	stream.c       the body of a stream (zip.c: gzip)
 *	fault.c        the script
 *	record.c       what came in, for tests to look at
 *
 * Guarantees: everything is ready before the URL is printed; SIGTERM and SIGINT end it with 0,
 * whatever its streams are doing. One thread per connection.
 */
#include "stream_server/memory.h"
#include "stream_server/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTION_MEMORY (512 * 1024)

static int fail(const char *what, const char *name)
{
	fprintf(stderr, "stream_server: cannot %s '%s': %s\n", what, name, strerror(errno));
	return -1;
}

/* ---- listening */

static int listen_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
			listen(fd, 64) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int listen_at(const struct addrinfo *address)
{
	const int yes = 1;
	const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, 64) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int listen_tcp(const struct settings *settings)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *address;
	char port[8];
	int fd;

	snprintf(port, sizeof port, "%" PRIu64, settings->port);
	if (getaddrinfo(settings->bind, port, &hints, &address) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = listen_at(address);
	freeaddrinfo(address);
	return fd;
}

static void print_url(const struct settings *settings, int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;
	char host[64] = "", port[8] = "";
	const bool v6 = strchr(settings->bind, ':') != NULL;

	if (settings->unix_path) {
		printf("unix:%s\n", settings->unix_path);
	} else if (getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
		   getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port,
			       sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
		printf("%s://%s%s%s:%s\n", settings->certificate ? "https" : "http",
		       v6 ? "[" : "", host, v6 ? "]" : "", port);
	}
	fflush(stdout);
}

/* ---- starting */

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t len = 0;

	if (!file || getdelim(&text, &len, 0, file) < 0) {
		fail("read", path);
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text;
}

static int open_log(const char *path, FILE **ret_file)
{
	if (!path)
		return 0;
	*ret_file = strcmp(path, "-") == 0 ? stderr : fopen(path, "we");
	return *ret_file ? 0 : fail("write", path);
}

static int load(struct server *server)
{
	const struct settings *settings = &server->settings;

	if (!settings->file)
		pool_generate(&server->pool, settings->generate, settings->seed);
	else if (!pool_read(&server->pool, settings->file))
		return fail("read", settings->file);
	if (open_log(settings->log_path, &server->log) < 0 ||
	    open_log(settings->record_path, &server->record) < 0)
		return -1;
	server->quit_fd = eventfd(0, EFD_CLOEXEC);
	server->done_fd = eventfd(0, EFD_CLOEXEC);
	server->started_ms = clock_us() / 1000;
	pthread_mutex_init(&server->record_lock, NULL);
	account_init(&server->account);
	return server->quit_fd < 0 || server->done_fd < 0 ? fail("make", "an eventfd") : 0;
}

static struct MHD_Daemon *start(struct server *server, int fd, const char *certificate,
				const char *key)
{
	const unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			       MHD_USE_POLL | MHD_USE_ITC | (certificate ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (!certificate)
		tls[0].option = MHD_OPTION_END;
	return MHD_start_daemon(flags, 0, NULL, NULL, answer, server,
				MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_URI_LOG_CALLBACK, answer_begin, server,
				MHD_OPTION_NOTIFY_COMPLETED, answer_end, NULL,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

/* ---- running and ending */

/* Blocked before any thread begins, so that only the descriptor sees them. */
static int catch_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

static void wait_for_end(const struct server *server, int signals)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = server->done_fd, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
}

static void stop(struct server *server, struct MHD_Daemon *daemon)
{
	const uint64_t one = 1;

	atomic_store(&server->quitting, true);
	if (write(server->quit_fd, &one, sizeof one) < 0)
		fail("stop", "the streams");
	MHD_stop_daemon(daemon);
}

static void clear(struct server *server)
{
	if (server->record)
		fclose(server->record);
	if (server->log && server->log != stderr)
		fclose(server->log);
	if (server->settings.unix_path)
		unlink(server->settings.unix_path);
	close(server->quit_fd);
	close(server->done_fd);
	account_clear(&server->account);
	pthread_mutex_destroy(&server->record_lock);
}

static int serve(struct server *server, int signals)
{
	const struct settings *settings = &server->settings;
	char *certificate = settings->certificate ? read_file(settings->certificate) : NULL;
	char *key = settings->key ? read_file(settings->key) : NULL;
	const int fd = settings->unix_path ? listen_unix(settings->unix_path) :
					     listen_tcp(settings);
	struct MHD_Daemon *daemon = NULL;

	if (fd < 0)
		fail("listen on", settings->unix_path ? settings->unix_path : settings->bind);
	else if (!settings->certificate || (certificate && key))
		daemon = start(server, fd, certificate, key);
	if (daemon) {
		print_url(settings, fd);
		wait_for_end(server, signals);
		stop(server, daemon);
	} else if (fd >= 0) {
		fputs("stream_server: cannot start\n", stderr);
		close(fd);
	}
	free(certificate);
	free(key);
	return daemon ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct server *server = need(calloc(1, sizeof *server));
	const int signals = catch_signals();
	int result = 1;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(options_usage, stdout);
		result = 0;
	} else if (!options_read(argc, argv, &server->settings)) {
		fputs("stream_server: see --help\n", stderr);
		result = 2;
	} else if (load(server) == 0) {
		result = serve(server, signals);
		clear(server);
	}
	close(signals);
	fault_clear(&server->settings.faults);
	pool_clear(&server->pool);
	free(server);
	return result;
}
