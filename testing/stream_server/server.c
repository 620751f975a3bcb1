/* SPDX-License-Identifier: MIT */
/*
 * A stream server's life: it loads, listens, serves and ends.
 *
 * Guarantees: everything is ready before server_start is true; the end comes whatever the streams
 * are doing. One thread per connection, all of them with every signal blocked; nothing is printed.
 * Called by the program and by ../stream.c.
 */
#include "server.h"

#include "memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTION_MEMORY (512 * 1024)

void settings_init(struct settings *settings)
{
	*settings = (struct settings){
		.bind = "127.0.0.1",
		.generate = 10000,
		.seed = 1,
		.keep_alive_ms = 30000,
		.credentials = { "demo-consumer-key", "demo-consumer-secret", "42-demo-token",
				 "demo-token-secret" },
		.bearer = "demo-bearer-token",
		.most_rules = 1000,
	};
}

static bool fail(char why[SERVER_WHY], const char *what, const char *name)
{
	const char *reason = strerror(errno);
	const int room = SERVER_WHY - 32 - (int)strlen(reason);

	snprintf(why, SERVER_WHY, "cannot %s '%.*s': %s", what, room, name, reason);
	return false;
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

void server_url(const struct server *server, char *ret_url, size_t size)
{
	const struct settings *settings = &server->settings;
	struct sockaddr_storage address;
	socklen_t len = sizeof address;
	char host[64] = "", port[8] = "";
	const bool v6 = strchr(settings->bind, ':') != NULL;

	*ret_url = 0;
	if (settings->unix_path)
		snprintf(ret_url, size, "unix:%s", settings->unix_path);
	else if (getsockname(server->listen_fd, (struct sockaddr *)&address, &len) == 0 &&
		 getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port,
			     sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(ret_url, size, "%s://%s%s%s:%s", settings->certificate ? "https" : "http",
			 v6 ? "[" : "", host, v6 ? "]" : "", port);
}

/* ---- starting */

static char *read_file(const char *path, char why[SERVER_WHY])
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;

	errno = file ? 0 : errno;
	if (!file || getdelim(&text, &len, 0, file) < 0) {
		errno = errno ? errno : ENODATA;
		fail(why, "read", path);
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text;
}

static bool open_log(const char *path, FILE **ret_file, char why[SERVER_WHY])
{
	if (!path)
		return true;
	*ret_file = strcmp(path, "-") == 0 ? stderr : fopen(path, "we");
	return *ret_file || fail(why, "write", path);
}

static bool load(struct server *server, char why[SERVER_WHY])
{
	const struct settings *settings = &server->settings;

	if (settings->file && !settings->filled && !pool_read(&server->pool, settings->file))
		return fail(why, "read", settings->file);
	if (!settings->file && !settings->filled)
		pool_generate(&server->pool, settings->generate, settings->seed);
	if (!open_log(settings->log_path, &server->log, why) ||
	    !open_log(settings->record_path, &server->record, why))
		return false;
	server->quit_fd = eventfd(0, EFD_CLOEXEC);
	server->done_fd = eventfd(0, EFD_CLOEXEC);
	return (server->quit_fd >= 0 && server->done_fd >= 0) || fail(why, "make", "an eventfd");
}

/*
 * libmicrohttpd closes the socket, also when it does not start. Its threads inherit the mask, so
 * they never run the program's handlers.
 */
static struct MHD_Daemon *start_daemon(struct server *server, const char *certificate,
				       const char *key)
{
	const unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			       MHD_USE_POLL | MHD_USE_ITC | (certificate ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_Daemon *daemon;
	sigset_t all, before;

	if (!certificate)
		tls[0].option = MHD_OPTION_END;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, server,
				  MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
				  MHD_OPTION_URI_LOG_CALLBACK, answer_begin, server,
				  MHD_OPTION_NOTIFY_COMPLETED, answer_end, NULL,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				  MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return daemon;
}

static bool listen_and_serve(struct server *server, const char *certificate, const char *key,
			     char why[SERVER_WHY])
{
	const struct settings *settings = &server->settings;
	const char *place = settings->unix_path ? settings->unix_path : settings->bind;

	server->listen_fd = settings->unix_path ? listen_unix(place) : listen_tcp(settings);
	if (server->listen_fd < 0)
		return fail(why, "listen on", place);
	server->bound = true;
	server->daemon = start_daemon(server, certificate, key);
	if (!server->daemon)
		snprintf(why, SERVER_WHY, "cannot start%s",
			 certificate ? ": is this a certificate with its key?" : "");
	return server->daemon != NULL;
}

static bool serve(struct server *server, char why[SERVER_WHY])
{
	const struct settings *settings = &server->settings;
	const bool tls = settings->certificate != NULL;
	char *certificate = tls ? read_file(settings->certificate, why) : NULL;
	char *key = certificate ? read_file(settings->key, why) : NULL;
	const bool good = (!tls || key) && listen_and_serve(server, certificate, key, why);

	free(certificate);
	free(key);
	return good;
}

bool server_start(struct server *server, char ret_why[SERVER_WHY])
{
	server->quit_fd = server->done_fd = -1;
	server->started_ms = clock_us() / 1000;
	pthread_mutex_init(&server->record_lock, NULL);
	account_init(&server->account);
	x_rules_init(&server->rules);
	return load(server, ret_why) && serve(server, ret_why);
}

/* ---- ending */

static void close_all(struct server *server)
{
	if (server->quit_fd >= 0)
		close(server->quit_fd);
	if (server->done_fd >= 0)
		close(server->done_fd);
	if (server->bound && server->settings.unix_path)
		unlink(server->settings.unix_path);
	if (server->record && server->record != stderr)
		fclose(server->record);
	if (server->log && server->log != stderr)
		fclose(server->log);
}

void server_stop(struct server *server)
{
	const uint64_t one = 1;

	atomic_store(&server->quitting, true);
	if (server->daemon) {
		if (write(server->quit_fd, &one, sizeof one) < 0)
			log_line(server, "the streams could not be woken");
		MHD_stop_daemon(server->daemon);
	}
	close_all(server);
	account_clear(&server->account);
	x_rules_clear(&server->rules);
	pool_clear(&server->posts_pool);
	pthread_mutex_destroy(&server->record_lock);
	fault_clear(&server->settings.faults);
	pool_clear(&server->pool);
}
