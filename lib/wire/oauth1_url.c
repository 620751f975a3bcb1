/* SPDX-License-Identifier: MIT */
/*
 * The base URL of an OAuth 1.0a signature (RFC 5849, 3.4.1.2).
 *
 *     HTTPS://Stream.Example.COM:443/1.1/a%20b.json?x=1#end
 *     scheme  host               port path         query fragment
 *     https://stream.example.com     /1.1/a%20b.json
 *
 * Guarantees: either the URL as the server will see it, or an error; never a guess. An error does
 * not quote the URL, as it may hold a password. Caller: oauth1.c.
 */
#include <string.h>
#include <strings.h>

#include "ground/error.h"
#include "wire/oauth1.h"

struct parts {
	const char *scheme;		/* ends in :// */
	unsigned default_port;
	struct weir_slice host;		/* an IPv6 address with its brackets */
	unsigned port;
	struct weir_slice path;
	struct weir_slice query;
};

static const struct {
	const char *prefix;
	unsigned default_port;
} schemes[] = {
	{ "http://", 80 },
	{ "https://", 443 },
};

static enum weir_status refuse(struct weir_error *err, const char *why)
{
	return weir__error_invalid(err, "cannot sign a request to this URL: %s", why);
}

static const char *read_scheme(const char *url, struct parts *parts)
{
	for (size_t n = 0; n < sizeof schemes / sizeof *schemes; n++) {
		const size_t len = strlen(schemes[n].prefix);

		if (strncasecmp(url, schemes[n].prefix, len) != 0)
			continue;
		parts->scheme = schemes[n].prefix;
		parts->default_port = schemes[n].default_port;
		return url + len;
	}
	return NULL;
}

/* Only bytes that go over the wire as they stand. */
static bool is_sendable(const char *url)
{
	for (; *url; url++) {
		if ((unsigned char)*url <= ' ' || *url == 0x7f)
			return false;
	}
	return true;
}

static bool is_host(struct weir_slice host)
{
	const char *chars = host.data;
	const bool is_address = host.len > 2 && chars[0] == '[' && chars[host.len - 1] == ']';
	const size_t edge = is_address ? 1 : 0;

	for (size_t n = edge; n < host.len - edge; n++) {
		const char c = chars[n];
		const bool is_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				     (c >= '0' && c <= '9') || strchr("-._~", c);

		if (!is_name && !(is_address && c == ':'))
			return false;
	}
	return true;
}

/* Digits of 1 to 65535; none at all, `http://host:/`, are the default port. */
static bool read_port(struct weir_slice digits, unsigned *ret)
{
	const char *chars = digits.data;
	unsigned port = 0;

	if (digits.len == 0)
		return true;
	for (size_t n = 0; n < digits.len; n++) {
		if (chars[n] < '0' || chars[n] > '9' || port > 65535)
			return false;
		port = port * 10 + (unsigned)(chars[n] - '0');
	}
	*ret = port;
	return port >= 1 && port <= 65535;
}

static enum weir_status read_authority(struct weir_slice authority, struct parts *parts,
				       struct weir_error *err)
{
	const char *start = authority.data;
	const char *end = start + authority.len;
	const char *bracket = memchr(start, ']', authority.len);
	const char *after = bracket ? bracket : start;
	const char *colon = memchr(after, ':', (size_t)(end - after));
	const char *host_end = colon ? colon : end;
	struct weir_slice digits = { .data = end, .len = 0 };

	if (memchr(start, '@', authority.len))
		return refuse(err, "it has a user name in it");
	if (colon)
		digits = (struct weir_slice){ .data = colon + 1, .len = (size_t)(end - colon - 1) };
	parts->host = (struct weir_slice){ .data = start, .len = (size_t)(host_end - start) };
	parts->port = parts->default_port;
	if (parts->host.len == 0)
		return refuse(err, "it has no host");
	if (!is_host(parts->host))
		return refuse(err, "its host has other characters than letters, digits and '-._~'; "
			      "write an international name in its 'xn--' form");
	if (!read_port(digits, &parts->port))
		return refuse(err, "its port is not a number from 1 to 65535");
	return WEIR_OK;
}

static enum weir_status split(const char *url, struct parts *parts, struct weir_error *err)
{
	const char *at = read_scheme(url, parts);
	const size_t authority_len = at ? strcspn(at, "/?#") : 0;
	enum weir_status status;

	if (!at)
		return refuse(err, "it does not begin with 'http://' or 'https://'");
	if (!is_sendable(url))
		return refuse(err, "it has a space or a control character in it");
	status = read_authority((struct weir_slice){ .data = at, .len = authority_len }, parts,
				err);
	if (status < 0)
		return status;
	at += authority_len;
	parts->path = (struct weir_slice){ .data = at, .len = strcspn(at, "?#") };
	at += parts->path.len;
	at += *at == '?';
	parts->query = (struct weir_slice){ .data = at, .len = strcspn(at, "#") };
	if (parts->path.len == 0)
		parts->path = (struct weir_slice){ .data = "/", .len = 1 };
	return WEIR_OK;
}

static char *join(const struct weir_env *env, const struct parts *parts)
{
	char *host = weir__text_copy_n(env, parts->host.data, parts->host.len);
	char *path = weir__text_copy_n(env, parts->path.data, parts->path.len);
	char *base = NULL;

	for (char *c = host; c && *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	if (host && path && parts->port == parts->default_port)
		base = weir__text_format(env, "%s%s%s", parts->scheme, host, path);
	else if (host && path)
		base = weir__text_format(env, "%s%s:%u%s", parts->scheme, host, parts->port, path);
	weir__text_free(env, host);
	weir__text_free(env, path);
	return base;
}

enum weir_status weir__oauth1_base_url(const struct weir_env *env, const char *url, char **ret_base,
				       struct weir_slice *ret_query, struct weir_error *err)
{
	struct parts parts = { 0 };
	enum weir_status status = split(url, &parts, err);
	char *base;

	if (status < 0)
		return status;
	base = join(env, &parts);
	if (!base)
		return weir__error_no_memory(err);
	*ret_base = base;
	*ret_query = parts.query;
	return WEIR_OK;
}
