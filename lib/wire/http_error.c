/* SPDX-License-Identifier: MIT */
/*
 * Results of libcurl as errors of ours: a status, a remedy, and a line that names the peer.
 *
 * Guarantees: what a network can do to an exchange has the remedy RETRY, also a certificate that
 * is not trusted (it may be renewed); only memory and an unusable ca_file have STOP. The text is
 * one printable line without headers, bodies or URLs, which may hold secrets: what happened, the
 * peer's name, and curl's own words (of a unix socket the system's: curl speaks of the URL's host
 * there, which was not asked).
 * Called by http.c when a transfer has failed.
 */
#include <string.h>

#include "ground/error.h"
#include "wire/http_internal.h"

struct meaning {
	CURLcode code;
	enum weir_status status;
	enum weir_remedy remedy;
	const char *what;	/* stands before the peer's name */
	const char *hint;	/* stands behind it */
};

static const char connecting[] = "cannot connect to";
static const char reading[] = "cannot understand";
static const char trusting[] = "cannot trust";

/* The last row is for all others. */
static const struct meaning meanings[] = {
	{ CURLE_COULDNT_RESOLVE_PROXY, WEIR_ERR_IO, WEIR_REMEDY_RETRY, connecting, "" },
	{ CURLE_COULDNT_RESOLVE_HOST, WEIR_ERR_IO, WEIR_REMEDY_RETRY, connecting, "" },
	{ CURLE_COULDNT_CONNECT, WEIR_ERR_IO, WEIR_REMEDY_RETRY, connecting, "" },
	{ CURLE_PROXY, WEIR_ERR_IO, WEIR_REMEDY_RETRY, connecting, "" },
	{ CURLE_SSL_CONNECT_ERROR, WEIR_ERR_IO, WEIR_REMEDY_RETRY, connecting,
	  " (the TLS handshake failed)" },
	{ CURLE_OPERATION_TIMEDOUT, WEIR_ERR_TIMEOUT, WEIR_REMEDY_RETRY, connecting, "" },
	{ CURLE_PEER_FAILED_VERIFICATION, WEIR_ERR_IO, WEIR_REMEDY_RETRY, trusting,
	  " (ca_file names the authorities to trust)" },
	{ CURLE_SSL_CACERT_BADFILE, WEIR_ERR_INVALID, WEIR_REMEDY_STOP, trusting,
	  " (ca_file cannot be used)" },
	{ CURLE_WEIRD_SERVER_REPLY, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY, reading, "" },
	{ CURLE_UNSUPPORTED_PROTOCOL, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY, reading, "" },
	{ CURLE_BAD_CONTENT_ENCODING, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY, reading, "" },
	{ CURLE_OK, WEIR_ERR_IO, WEIR_REMEDY_RETRY, "lost the connection to", "" },
};

static const struct meaning *find_meaning(CURLcode code)
{
	const struct meaning *meaning = meanings;

	while (meaning->code != code && meaning->code != CURLE_OK)
		meaning++;
	return meaning;
}

/* Pieces of the answer may be in curl's text. */
static const char *printable(char *text)
{
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return text;
}

/* Why it was, in words that fit to the peer. */
static const char *give_reason(CURLcode code, const char *where, int os_error, char *curl_text)
{
	static const char unix_socket[] = WEIR__HTTP_UNIX;

	if (os_error && code == CURLE_COULDNT_CONNECT &&
	    strncmp(where, unix_socket, sizeof unix_socket - 1) == 0)
		return strerror(os_error);
	if (!*curl_text || strstr(curl_text, "://"))
		return curl_easy_strerror(code);
	return printable(curl_text);
}

void weir__http_explain(CURL *easy, CURLcode code, const char *where, char *curl_text,
			struct weir_error *err)
{
	const struct meaning *meaning = find_meaning(code);
	long os_error = 0;

	if (code == CURLE_OUT_OF_MEMORY) {
		weir__error_no_memory(err);
		return;
	}
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
	weir_error_set(err, meaning->status, meaning->remedy, "%s %s%s: %s", meaning->what, where,
		       meaning->hint, give_reason(code, where, (int)os_error, curl_text));
	err->os_error = (int32_t)os_error;
}
