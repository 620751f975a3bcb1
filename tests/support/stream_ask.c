/* SPDX-License-Identifier: MIT */
/*
 * The stream server's client in tests: libcurl alone, nothing of the library's.
 *
 * Guarantees: whatever came is in the answer, also when the transfer failed.
 */
#include "support/stream_ask.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
	struct stream_answer *answer = user;
	char *body = realloc(answer->body, answer->len + count + 1);

	(void)size;
	if (!body)
		return 0;
	answer->body = body;
	memcpy(answer->body + answer->len, bytes, count);
	answer->len += count;
	answer->body[answer->len] = 0;
	return answer->stop_at && answer->len >= answer->stop_at ? 0 : count;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *user)
{
	struct stream_answer *answer = user;

	(void)size;
	if (count > 8 && strncasecmp(bytes, "Date: ", 6) == 0)
		snprintf(answer->date, sizeof answer->date, "%.*s", (int)count - 8, bytes + 6);
	return count;
}

static void set_options(CURL *curl, const struct stream_ask *ask, struct stream_answer *answer)
{
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
	if (ask->body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body);
	if (ask->gzip)
		curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (ask->unix_path)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ask->unix_path);
}

CURL *stream_ask_begin(const struct stream_server *server, const struct stream_ask *ask,
		       struct stream_answer *ret_answer, struct curl_slist **ret_headers)
{
	CURL *curl = curl_easy_init();
	char text[2048];

	*ret_answer = (struct stream_answer){ .stop_at = ask->stop_at };
	*ret_headers = NULL;
	snprintf(text, sizeof text, "%s%s", ask->unix_path ? "http://localhost" : server->url,
		 ask->path);
	curl_easy_setopt(curl, CURLOPT_URL, text);
	set_options(curl, ask, ret_answer);
	if (ask->authorization) {
		snprintf(text, sizeof text, "Authorization: %s", ask->authorization);
		*ret_headers = curl_slist_append(NULL, text);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *ret_headers);
	}
	return curl;
}

struct stream_answer stream_ask(const struct stream_server *server, const struct stream_ask *ask)
{
	struct stream_answer answer;
	struct curl_slist *headers;
	CURL *curl = stream_ask_begin(server, ask, &answer, &headers);
	long status = 0;

	answer.code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	answer.status = (int)status;
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	return answer;
}

static bool is_json(const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, 0, NULL);

	json_decref(json);
	return json != NULL;
}

int stream_count_messages(const char *body, size_t len)
{
	int count = 0;

	while (len > 0) {
		const char *end = memmem(body, len, "\r\n", 2);

		if (!end || (end > body && !is_json(body, (size_t)(end - body))))
			return -1;
		count += end > body;
		len -= (size_t)(end + 2 - body);
		body = end + 2;
	}
	return count;
}
