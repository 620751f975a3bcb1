/* SPDX-License-Identifier: MIT */
/*
 * The options of a Twitter source that say where to connect and whom to trust.
 *
 * Guarantees: the first thing wrong is named with its remedy. Neither the URL, whose query may hold
 * a gateway's key, nor the proxy, which may hold a password, is ever shown. Nothing here blocks: a
 * ca_file is a file of certificates, and what is none is not waited for. Callers: check.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "connect/twitter/check.h"
#include "ground/error.h"
#include "kit/text.h"
#include "wire/http.h"

#define UNIX_PATH_BYTES 107
#define CA_BYTES 65536u		/* of a ca_file, in which a certificate must begin */
#define PIECE_BYTES 4096u

static bool has_blank_or_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* ---- host and port, of the url and of the proxy ---- */

/* The length of `host`, `[address]`; 0: there is none. */
static size_t host_length(const char *text, size_t len)
{
	const char *end = text[0] == '[' ? memchr(text, ']', len) : memchr(text, ':', len);

	if (text[0] != '[')
		return end ? (size_t)(end - text) : len;
	if (!end || end - text < 2 || (end + 1 < text + len && end[1] != ':'))
		return 0;
	return (size_t)(end + 1 - text);
}

/* `text` is `host` or `host:port`; an empty port counts as none. */
static enum weir_status check_authority(const char *option, const char *text, size_t len,
					bool needs_port, struct weir_error *err)
{
	const size_t host_len = len ? host_length(text, len) : 0;
	struct weir_slice digits = { text + host_len, 0 };
	uint64_t port;

	if (host_len == 0)
		return weir__error_invalid(err, "%s: has no host", option);
	if (host_len + 1 < len)
		digits = (struct weir_slice){ text + host_len + 1, len - host_len - 1 };
	if (digits.len == 0 && !needs_port)
		return WEIR_OK;
	if (!weir__text_to_u64(digits, &port) || port < 1 || port > 65535)
		return weir__error_invalid(err, "%s: its port is not a number from 1 to 65535",
					   option);
	return WEIR_OK;
}

static enum weir_status check_url(const char *url, struct weir_error *err)
{
	const size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 :
			      strncmp(url, "http://", 7) == 0 ? 7 : 0;
	const char *host = url + scheme;
	const size_t host_len = strcspn(host, "/?#");

	if (!scheme)
		return weir__error_invalid(err, "url: must begin with https:// or http://");
	if (memchr(host, '@', host_len))
		return weir__error_invalid(err, "url: holds a user name or password; take it out");
	if (has_blank_or_control(url))
		return weir__error_invalid(err, "url: holds white space; write %%20");
	if (strchr(url, '#'))
		return weir__error_invalid(err, "url: has a fragment (#…); take it out");
	return check_authority("url", host, host_len, false, err);
}

/* ---- the proxy ---- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* `user` or `user:password`, in which everything special is percent-encoded. */
static bool is_user(const char *text, size_t len)
{
	if (len == 0 || text[0] == ':')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (strchr("@/?#[]", text[i]))
			return false;
		if (text[i] == '%' && (i + 2 >= len || !is_hex(text[i + 1]) ||
				       !is_hex(text[i + 2]) || text[i + 1] < '2'))
			return false;
	}
	return true;
}

static enum weir_status check_proxy(const char *proxy, struct weir_error *err)
{
	static const char scheme[] = "http://";
	enum weir_status status;
	const char *at, *host;
	size_t len;

	if (!proxy)
		return WEIR_OK;
	if (has_blank_or_control(proxy))
		return weir__error_invalid(err, "proxy: holds white space or a line end; remove "
					   "it");
	if (strncmp(proxy, scheme, sizeof scheme - 1) != 0)
		return weir__error_invalid(err, "proxy: it is http://[user:password@]host:port; "
					   "no other kind is supported");
	host = proxy + sizeof scheme - 1;
	at = strrchr(host, '@');
	if (at && !is_user(host, (size_t)(at - host)))
		return weir__error_invalid(err, "proxy: its user name and password must be "
					   "percent-encoded: write %%40 for @, %%2F for /");
	host = at ? at + 1 : host;
	len = strcspn(host, "/?#");
	if (host[len] && strcmp(host + len, "/") != 0)
		return weir__error_invalid(err, "proxy: it ends after the port; remove what "
					   "follows");
	status = check_authority("proxy", host, len, true, err);
	return status < 0 ? status : weir__http_check_proxy(proxy, err);
}

/* ---- ca_file ---- */

static bool holds_certificate(const char *text, size_t len)
{
	static const char *const labels[] = {
		"-----BEGIN CERTIFICATE-----",
		"-----BEGIN X509 CERTIFICATE-----",
		"-----BEGIN TRUSTED CERTIFICATE-----",
	};

	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (memmem(text, len, labels[i], strlen(labels[i])))
			return true;
	return false;
}

/* More than zero: found · 0: not, in so many bytes · below zero: errno. */
static int find_certificate(int fd, size_t *ret_read)
{
	char window[64 + PIECE_BYTES];	/* the end of what was read before, and the next piece */
	size_t len = 0;
	ssize_t got = 1;

	*ret_read = 0;
	while (got > 0 && *ret_read < CA_BYTES) {
		const size_t kept = len < 64 ? len : 64;

		memmove(window, window + len - kept, kept);
		do
			got = read(fd, window + kept, PIECE_BYTES);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return -errno;
		len = kept + (size_t)got;
		*ret_read += (size_t)got;
		if (holds_certificate(window, len))
			return 1;
	}
	return 0;
}

static enum weir_status check_ca_file(const char *path, struct weir_error *err)
{
	const int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	size_t len;
	int found;

	if (!path)
		return WEIR_OK;
	if (fd < 0)
		return weir__error_os(err, errno, "ca_file: cannot open '%.140s'", path);
	found = find_certificate(fd, &len);
	close(fd);
	if (found > 0)
		return WEIR_OK;
	if (found < 0)
		return weir__error_os(err, -found, "ca_file: cannot read '%.140s'", path);
	if (len == 0)
		return weir__error_invalid(err, "ca_file: '%.140s' is empty", path);
	return weir__error_invalid(err, "ca_file: '%.100s' holds no PEM certificate; it must be a "
				   "file with '-----BEGIN CERTIFICATE-----'", path);
}

/* ---- all of them ---- */

static bool has_control(const char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

enum weir_status weir__twitter_check_connection(const struct weir_twitter_source_options *options,
						struct weir_error *err)
{
	enum weir_status status = check_url(options->url, err);

	if (status < 0)
		return status;
	if (strcmp(options->method, "GET") && strcmp(options->method, "POST"))
		return weir__error_invalid(err, "method: '%.20s'; it is GET or POST",
					   options->method);
	if (has_control(options->user_agent))
		return weir__error_invalid(err, "user_agent: holds a control character");
	if (options->unix_socket && strlen(options->unix_socket) > UNIX_PATH_BYTES)
		return weir__error_invalid(err, "unix_socket: longer than %d bytes",
					   UNIX_PATH_BYTES);
	status = check_proxy(options->proxy, err);
	return status < 0 ? status : check_ca_file(options->ca_file, err);
}
