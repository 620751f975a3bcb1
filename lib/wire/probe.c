/* SPDX-License-Identifier: MIT */
/*
 * One request, waited for.
 *
 * Guarantees: made by the same options of libcurl as a stream's, so that what it meets, that would
 * meet; bounded in time, the name server's included; no body is kept. Called by the connectors'
 * checks.
 */
#include "wire/probe.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ground/error.h"
#include "kit/text.h"
#include "wire/http.h"
#include "wire/http_internal.h"

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
	struct weir__probe *probe = user;
	size_t len = size * count, at = 5;

	if (len < at || strncasecmp(line, "Date:", at) != 0)
		return len;
	while (at < len && line[at] == ' ')
		at++;
	while (len > at && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (!weir__text_to_http_date((struct weir_slice){ line + at, len - at }, &probe->date_ms))
		probe->date_ms = 0;
	return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	(void)bytes;
	(void)user;
	return size * count;
}

static bool took_time(CURL *easy, CURLINFO what)
{
	curl_off_t us = 0;

	return curl_easy_getinfo(easy, what, &us) == CURLE_OK && us > 0;
}

/* Some codes say where it ended; of the rest, of a timeout, the times do. */
static enum weir__probe_stage find_stage(CURL *easy, CURLcode code, bool has_tls)
{
	switch (code) {
	case CURLE_OK:
		return WEIR__PROBE_ALL;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return WEIR__PROBE_NAME;
	case CURLE_COULDNT_CONNECT:
		return WEIR__PROBE_CONNECTION;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
		return WEIR__PROBE_TLS;
	default:
		if (!took_time(easy, CURLINFO_NAMELOOKUP_TIME_T))
			return WEIR__PROBE_NAME;
		if (!took_time(easy, CURLINFO_CONNECT_TIME_T))
			return WEIR__PROBE_CONNECTION;
		return has_tls && !took_time(easy, CURLINFO_APPCONNECT_TIME_T) ? WEIR__PROBE_TLS
									       : WEIR__PROBE_ANSWER;
	}
}

static void read_address(CURL *easy, struct weir__probe *probe)
{
	const char *address = NULL;
	long port = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
	curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
	if (address && *address)
		snprintf(probe->address, sizeof probe->address,
			 strchr(address, ':') ? "[%s]:%ld" : "%s:%ld", address, port);
}

static void perform(CURL *easy, const char *where, uint64_t most_ms, struct weir__probe *probe)
{
	char text[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)most_ms);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, text);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, probe);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	code = curl_easy_perform(easy);
	probe->failed = find_stage(easy, code, probe->has_tls);
	read_address(easy, probe);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	probe->status = (int)status;
	if (code != CURLE_OK)
		weir__http_explain(easy, code, where, text, &probe->err);
}

/* libcurl made ready as for a stream. */
static enum weir_status prepare(const struct weir_env *env, struct weir_error *err)
{
	struct weir_http http;

	if (weir__http_curl_new(env, &http, err) < 0)
		return err->status;
	http.ops->free(http.self);
	return WEIR_OK;
}

enum weir_status weir__probe_run(const struct weir_env *env,
				 const struct weir_http_request *request, uint64_t most_ms,
				 struct weir__probe *ret, struct weir_error *err)
{
	struct curl_slist *headers = NULL;
	char *where = NULL;
	enum weir_status status = prepare(env, err);
	CURL *easy = status == WEIR_OK ? curl_easy_init() : NULL;

	if (status == WEIR_OK && !easy)
		status = weir__error_no_memory(err);
	if (status == WEIR_OK)
		status = weir__http_request_apply(env, easy, request, &headers, &where, err);
	if (status == WEIR_OK) {
		*ret = (struct weir__probe){ .has_tls = strncasecmp(request->url, "https:", 6) == 0 };
		perform(easy, where, most_ms, ret);
	}
	weir__text_free(env, where);
	curl_easy_cleanup(easy);
	curl_slist_free_all(headers);
	return status;
}
