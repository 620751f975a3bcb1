/* SPDX-License-Identifier: MIT */
/*
 * A request as options of libcurl: every one that decides what leaves the machine stands here.
 *
 * Guarantees: what the server gets is the request line, Host, the headers given, and for a body
 * its Content-Length; nothing of curl's own (no Accept, Expect, User-Agent). No header can carry a
 * line end into the head. Redirects are told, never followed; certificates are always verified; the
 * environment's proxies do not count; a connection is used once and names are resolved each
 * time. Errors name headers, never their values, and never the proxy. Called by http.c and probe.c,
 * once per exchange.
 */
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "ground/count.h"
#include "ground/error.h"
#include "ground/options.h"
#include "wire/http.h"
#include "wire/http_internal.h"

#define BUFFER_BYTES (512L * 1024)	/* one read of the socket, and most of what curl holds back */

static const struct {
	CURLoption option;
	long value;
} fixed[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_PATH_AS_IS, 1 },		/* the signature is over the path as given */
	{ CURLOPT_HTTP_CONTENT_DECODING, 0 },
	{ CURLOPT_FRESH_CONNECT, 1 },
	{ CURLOPT_FORBID_REUSE, 1 },
	{ CURLOPT_DNS_CACHE_TIMEOUT, 0 },
	{ CURLOPT_QUICK_EXIT, 1 },		/* closing does not wait for the resolver */
	{ CURLOPT_BUFFERSIZE, BUFFER_BYTES },
	{ CURLOPT_TCP_NODELAY, 1 },
	{ CURLOPT_TCP_KEEPALIVE, 1 },
	{ CURLOPT_TCP_KEEPIDLE, 60 },
	{ CURLOPT_TCP_KEEPINTVL, 30 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	{ CURLOPT_HEADEROPT, CURLHEADER_SEPARATE },	/* ours are not for the proxy */
};

/* Headers curl would add; left out unless given. */
static const char *const unasked[] = { "Accept", "Content-Type", "Expect" };

static enum weir_status curl_failed(struct weir_error *err, const char *what, CURLcode code)
{
	if (code == CURLE_OUT_OF_MEMORY)
		return weir__error_no_memory(err);
	return weir_error_set(err, WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
			      "libcurl %s refuses %s: %s", curl_version_info(CURLVERSION_NOW)->version,
			      what, curl_easy_strerror(code));
}

static bool is_token(const char *text)
{
	return *text && text[strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

static bool was_given(const struct weir_http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcasecmp(request->headers[i].name, name) == 0)
			return true;
	return false;
}

/* Appends to `*list`; curl's way of saying "empty" is a semicolon, of saying "none" a colon. */
static bool append_header(const struct weir_env *env, struct curl_slist **list, const char *name,
			  const char *separator, const char *value)
{
	char *line = weir__text_format(env, "%s%s%s", name, separator, value);
	struct curl_slist *longer = line ? curl_slist_append(*list, line) : NULL;

	weir__text_free(env, line);
	if (longer)
		*list = longer;
	return longer != NULL;
}

static enum weir_status make_headers(const struct weir_env *env,
				     const struct weir_http_request *request,
				     struct curl_slist **list, struct weir_error *err)
{
	bool enough = true;

	for (size_t i = 0; i < request->header_count; i++) {
		const struct weir_property *header = &request->headers[i];

		if (!is_token(header->name))
			return weir__error_invalid(err, "'%s' cannot be a header's name",
						   header->name);
		if (header->value[strcspn(header->value, "\r\n")])
			return weir__error_invalid(err, "header '%s' has a line end in its value",
						   header->name);
		enough = enough && append_header(env, list, header->name,
						 *header->value ? ": " : ";", header->value);
	}
	for (size_t i = 0; i < WEIR__COUNT(unasked); i++)
		if (!was_given(request, unasked[i]))
			enough = enough && append_header(env, list, unasked[i], ":", "");
	return enough ? WEIR_OK : weir__error_no_memory(err);
}

/* `'stream.example:443'`, or `unix socket '/run/stream'`. */
static enum weir_status name_peer(const struct weir_env *env, CURLU *url,
				  const struct weir_http_request *request, char **ret,
				  struct weir_error *err)
{
	const unsigned flags = CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME;
	char *scheme = NULL, *host = NULL, *port = NULL;
	enum weir_status status = WEIR_OK;

	if (curl_url_set(url, CURLUPART_URL, request->url, flags) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") && strcmp(scheme, "https")) ||
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
		status = weir__error_invalid(err, "url must be http(s)://HOST[:PORT]/PATH, "
						  "without a user in it");
		goto out;
	}
	*ret = request->unix_socket ?
	       weir__text_format(env, WEIR__HTTP_UNIX "%s'", request->unix_socket) :
	       weir__text_format(env, "'%s:%s'", host, port);
	if (!*ret)
		status = weir__error_no_memory(err);
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return status;
}

static enum weir_status apply_fixed(CURL *easy, struct weir_error *err)
{
	CURLcode code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");

	for (size_t i = 0; i < WEIR__COUNT(fixed) && code == CURLE_OK; i++)
		code = curl_easy_setopt(easy, fixed[i].option, fixed[i].value);
	return code == CURLE_OK ? WEIR_OK : curl_failed(err, "a setting", code);
}

static enum weir_status apply_texts(CURL *easy, const struct weir_http_request *request,
				    struct weir_error *err)
{
	const struct {
		CURLoption option;
		const char *name;
		const char *value;	/* NULL: curl's default */
	} texts[] = {
		{ CURLOPT_URL, "url", request->url },
		{ CURLOPT_CAINFO, "ca_file", request->ca_file },
		{ CURLOPT_PROXY_CAINFO, "ca_file for the proxy", request->ca_file },
		{ CURLOPT_PROXY, "proxy", request->proxy ? request->proxy : "" },
		{ CURLOPT_NOPROXY, "no exceptions from the proxy", "" },
		{ CURLOPT_UNIX_SOCKET_PATH, "unix_socket", request->unix_socket },
	};

	for (size_t i = 0; i < WEIR__COUNT(texts); i++) {
		CURLcode code = CURLE_OK;

		if (texts[i].value)
			code = curl_easy_setopt(easy, texts[i].option, texts[i].value);
		if (code != CURLE_OK)
			return curl_failed(err, texts[i].name, code);
	}
	return WEIR_OK;
}

/* A POST has a Content-Length even when it has no body; other methods only with one. */
static CURLcode apply_body(CURL *easy, const struct weir_http_request *request)
{
	const struct weir_slice body = request->body;
	CURLcode code = CURLE_OK;

	if (body.data || strcmp(request->method, "POST") == 0) {
		code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
		if (code == CURLE_OK)
			code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
						(curl_off_t)body.len);
		if (code == CURLE_OK)
			code = curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS,
						body.data ? (const char *)body.data : "");
	} else if (strcmp(request->method, "HEAD") == 0) {
		code = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	}
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	return code;
}

static enum weir_status apply_request(CURL *easy, const struct weir_http_request *request,
				      const struct curl_slist *headers, struct weir_error *err)
{
	const uint64_t connect_ms = request->connect_ms < INT_MAX ? request->connect_ms : INT_MAX;
	enum weir_status status = apply_fixed(easy, err);
	CURLcode code;

	if (status == WEIR_OK)
		status = apply_texts(easy, request, err);
	if (status < 0)
		return status;
	code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	if (code == CURLE_OK)
		code = apply_body(easy, request);
	return code == CURLE_OK ? WEIR_OK : curl_failed(err, "the request", code);
}

/* Read as libcurl reads it when it connects; only there would it refuse it. */
enum weir_status weir__http_check_proxy(const char *proxy, struct weir_error *err)
{
	CURLU *url = curl_url();
	char *scheme = NULL;
	CURLUcode code = CURLUE_OUT_OF_MEMORY;
	bool is_http;

	if (url)
		code = curl_url_set(url, CURLUPART_URL, proxy,
				    CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
	if (code == CURLUE_OK)
		code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
	is_http = code == CURLUE_OK && strcmp(scheme, "http") == 0;
	curl_free(scheme);
	curl_url_cleanup(url);
	if (code == CURLUE_OUT_OF_MEMORY)
		return weir__error_no_memory(err);
	if (!is_http)
		return weir__error_invalid(err, "proxy: its host or port cannot be one; it is "
					   "http://[user:password@]host:port");
	return WEIR_OK;
}

static enum weir_status check_request(const struct weir_http_request *request,
				      struct weir_error *err)
{
	if (!request->url || !request->method || !is_token(request->method))
		return weir__error_invalid(err, "a request needs a method and a url");
	if (request->unix_socket &&
	    strlen(request->unix_socket) >= sizeof ((struct sockaddr_un *)0)->sun_path)
		return weir__error_invalid(err, "unix_socket '%s' is too long a path",
					   request->unix_socket);
	return request->proxy ? weir__http_check_proxy(request->proxy, err) : WEIR_OK;
}

enum weir_status weir__http_request_apply(const struct weir_env *env, CURL *easy,
					  const struct weir_http_request *given,
					  struct curl_slist **ret_headers, char **ret_where,
					  struct weir_error *err)
{
	struct weir_http_request request;
	struct curl_slist *headers = NULL;
	CURLU *url = NULL;
	char *where = NULL;
	enum weir_status status = weir__options_read(given, &request, sizeof request,
						     "weir_http_request", err);

	if (status == WEIR_OK)
		status = check_request(&request, err);
	if (status < 0)
		return status;
	url = curl_url();
	status = url ? name_peer(env, url, &request, &where, err) : weir__error_no_memory(err);
	if (status == WEIR_OK)
		status = make_headers(env, &request, &headers, err);
	if (status == WEIR_OK)
		status = apply_request(easy, &request, headers, err);
	if (status < 0) {
		curl_slist_free_all(headers);
		headers = NULL;
		where = weir__text_free(env, where);
	}
	curl_url_cleanup(url);
	*ret_headers = headers;
	*ret_where = where;
	return status;
}
