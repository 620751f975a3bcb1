/* SPDX-License-Identifier: MIT */
/*
 * From a request to its answer: the script first, then signature, method, parameters and rate,
 * in that order, as the service would refuse; what passes becomes a stream.
 *
 * Guarantees: every request to a stream path is recorded once, with the status it got, before
 * the answer begins. Runs in the thread of its connection, so it may wait.
 */
#include "server.h"

#include "memory.h"

#include <stdint.h>
#include <strings.h>
#include <time.h>

#define MAX_BODY (1024 * 1024)

/* An answer without a stream. */
struct refusal {
	unsigned status;
	const char *type;
	const char *text;
};

static const char json[] = "application/json; charset=utf-8";
static const char plain[] = "text/plain; charset=utf-8";

enum path { PATH_UNKNOWN, PATH_FILTER, PATH_OTHER, PATH_X_FILTERED, PATH_X, PATH_X_RULES };

/* ---- requests arriving */

void *answer_begin(void *user, const char *uri, struct MHD_Connection *connection)
{
	struct request *request = need(calloc(1, sizeof *request));

	*request = (struct request){
		.server = user,
		.connection = connection,
		.uri = copy_text(uri, strlen(uri)),
	};
	return request;
}

void answer_end(void *user, struct MHD_Connection *connection, void **context,
		enum MHD_RequestTerminationCode why)
{
	struct request *request = *context;

	(void)user;
	(void)connection;
	(void)why;
	if (!request)
		return;
	params_clear(&request->params);
	free(request->uri);
	free(request->method);
	free(request->body);
	free(request);
	*context = NULL;
}

static void add_body(struct request *request, const char *bytes, size_t len)
{
	if (request->body_len + len > MAX_BODY) {
		request->body_too_long = true;
		return;
	}
	request->body = need(realloc(request->body, request->body_len + len + 1));
	memcpy(request->body + request->body_len, bytes, len);
	request->body_len += len;
	request->body[request->body_len] = 0;
}

static const char *header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static void read_params(struct request *request)
{
	const char *type = header(request, "Content-Type");
	const char *query = strchr(request->uri, '?');

	if (query)
		params_add_form(&request->params, query + 1, strlen(query + 1));
	request->is_form = request->body && type &&
			   strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0;
	if (request->is_form)
		params_add_form(&request->params, request->body, request->body_len);
}

static enum path find_path(const struct request *request)
{
	static const struct {
		const char *path;
		enum path is;
	} known[] = {
		{ "/1.1/statuses/filter.json", PATH_FILTER },
		{ "/1.1/statuses/sample.json", PATH_OTHER },
		{ "/1.1/statuses/firehose.json", PATH_OTHER },
		{ "/2/tweets/search/stream", PATH_X_FILTERED },
		{ "/2/tweets/search/stream/rules", PATH_X_RULES },
		{ "/2/tweets/sample/stream", PATH_X },
	};
	const struct settings *settings = &request->server->settings;
	const size_t len = strcspn(request->uri, "?");

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strlen(known[i].path) == len && memcmp(known[i].path, request->uri, len) == 0)
			return known[i].is;
	for (unsigned i = 0; i < settings->path_count; i++)
		if (strlen(settings->paths[i]) == len &&
		    memcmp(settings->paths[i], request->uri, len) == 0)
			return PATH_OTHER;
	return PATH_UNKNOWN;
}

/* ---- answers */

/* A wrong clock shows in the Date of everything it says. */
static void add_date(struct MHD_Response *response, int64_t shift)
{
	static const char days[] = "Sun\0Mon\0Tue\0Wed\0Thu\0Fri\0Sat";
	static const char months[] = "Jan\0Feb\0Mar\0Apr\0May\0Jun\0Jul\0Aug\0Sep\0Oct\0Nov\0Dec";
	const time_t at = clock_wall_s() + shift;
	char text[64];
	struct tm tm;

	if (shift == 0 || !gmtime_r(&at, &tm))
		return;
	snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days + 4 * tm.tm_wday,
		 tm.tm_mday, months + 4 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		 tm.tm_sec);
	MHD_add_response_header(response, "Date", text);
}

static enum MHD_Result send_response(struct request *request, unsigned status,
				     struct MHD_Response *response)
{
	enum MHD_Result result;

	add_date(response, request->clock_shift_s);
	record_request(request, status);
	result = MHD_queue_response(request->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static struct MHD_Response *make_response(const char *type, const char *text, size_t len)
{
	struct MHD_Response *response = need(MHD_create_response_from_buffer(
		len, copy_text(text, len), MHD_RESPMEM_MUST_FREE));

	MHD_add_response_header(response, "Content-Type", type);
	return response;
}

static enum MHD_Result refuse(struct request *request, const struct refusal *refusal)
{
	return send_response(request, refusal->status,
			     make_response(refusal->type, refusal->text, strlen(refusal->text)));
}

/* "name=value;name=value"; a value "now+N" is that many seconds from now, since 1970. */
static void add_headers(struct MHD_Response *response, const char *headers)
{
	while (headers && *headers) {
		const size_t len = strcspn(headers, ";");
		char *name = copy_text(headers, len);
		char *value = strchr(name, '=');
		char number[24];

		if (value)
			*value++ = 0;
		if (value && strncmp(value, "now+", 4) == 0) {
			snprintf(number, sizeof number, "%jd",
				 (intmax_t)(clock_wall_s() + strtoll(value + 4, NULL, 10)));
			value = number;
		}
		MHD_add_response_header(response, name, value ? value : "");
		free(name);
		headers += len + (headers[len] == ';');
	}
}

/* ---- the script's answers */

static enum MHD_Result answer_status(struct request *request)
{
	const struct fault *fault = request->fault;
	const char *text = fault->text ? fault->text : "As the script says.\r\n";
	struct MHD_Response *response = make_response(plain, text, strlen(text));

	add_headers(response, fault->headers);
	return send_response(request, (unsigned)fault->number, response);
}

static enum MHD_Result answer_html(struct request *request)
{
	static const char start[] = "<html><head><title>Error</title></head><body>";
	const size_t size = (size_t)request->fault->number;
	char *text = need(malloc(size + sizeof start));
	struct MHD_Response *response;

	memset(text, '.', size + sizeof start);
	memcpy(text, start, sizeof start - 1);
	response = make_response("text/html; charset=utf-8", text, size);
	free(text);
	return send_response(request, (unsigned)request->fault->second, response);
}

static enum MHD_Result answer_redirect(struct request *request)
{
	struct MHD_Response *response = make_response(plain, "", 0);

	MHD_add_response_header(response, "Location", request->fault->text);
	return send_response(request, MHD_HTTP_FOUND, response);
}

static enum MHD_Result answer_drop(struct request *request)
{
	record_request(request, 0);
	return MHD_NO;
}

/* Waits before the answer; without a number for as long as the client does. */
static bool stay_silent(struct request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	const int64_t ms = request->fault->number;
	const uint64_t us = ms > 0 ? (uint64_t)ms * 1000 : 86400 * (uint64_t)1000000;

	return wait_for(request->server, info->connect_fd, -1, us) == WAIT_TIMEOUT;
}

/* ---- refusals, in the order in which the service finds them */

static bool check_signature(struct request *request, struct refusal *ret_refusal)
{
	static const struct refusal refusals[] = {
		[SIGNATURE_MISSING] = { 401, json, "{\"errors\":[{\"code\":32,\"message\":"
					"\"Could not authenticate you: no OAuth header.\"}]}" },
		[SIGNATURE_WRONG] = { 401, json, "{\"errors\":[{\"code\":32,\"message\":"
				      "\"Could not authenticate you.\"}]}" },
		[SIGNATURE_TIME] = { 401, json, "{\"errors\":[{\"code\":135,\"message\":"
				     "\"Timestamp out of bounds.\"}]}" },
	};
	static const struct refusal repeated = { 401, json, "{\"errors\":[{\"code\":32,\"message\":"
					"\"Could not authenticate you: nonce used before.\"}]}" };
	const struct settings *settings = &request->server->settings;
	const char *host = header(request, "Host");
	const struct signed_request signed_request = {
		.method = request->method,
		.scheme = settings->certificate ? "https" : "http",
		.host = host ? host : "",
		.uri = request->uri,
		.body = request->is_form ? request->body : NULL,
		.body_len = request->body_len,
		.authorization = header(request, "Authorization"),
	};
	struct param_list oauth = { 0 };
	const enum signature_verdict verdict =
		signature_check(&signed_request, &settings->credentials,
				clock_wall_s() + request->clock_shift_s, &oauth);

	if (verdict != SIGNATURE_GOOD)
		*ret_refusal = refusals[verdict];
	else if (!account_nonce_is_new(&request->server->account, &oauth))
		*ret_refusal = repeated;
	params_clear(&oauth);
	return ret_refusal->status == 0;
}

bool request_is_signed(struct request *request)
{
	struct refusal refusal = { .status = 0 };

	return check_signature(request, &refusal);
}

static bool check_method(const struct request *request, struct refusal *ret_refusal)
{
	if (strcmp(request->method, "GET") == 0 || strcmp(request->method, "POST") == 0)
		return true;
	*ret_refusal = (struct refusal){ 405, plain, "GET or POST.\r\n" };
	return false;
}

static bool check_request(struct request *request, enum path path, struct refusal *ret_refusal)
{
	const struct settings *settings = &request->server->settings;
	const char *text;
	unsigned status;

	if (request->body_too_long) {
		*ret_refusal = (struct refusal){ 413, plain, "The body is above 1 MB.\r\n" };
		return false;
	}
	if (!check_method(request, ret_refusal) ||
	    (!settings->no_auth && !check_signature(request, ret_refusal)))
		return false;
	status = predicates_check(request, path == PATH_FILTER, &text);
	*ret_refusal = (struct refusal){ status, plain, text };
	if (status == 200 && settings->strict_rate_ms && !account_may_open(request->server))
		*ret_refusal = (struct refusal){ 420, plain,
			"Exceeded connection limit for user. Enhance your calm.\r\n" };
	return ret_refusal->status == 200;
}

/* ---- streams */

/* Takes the answer's text. */
static enum MHD_Result send_x(struct request *request, struct x_answer answer, const char *headers)
{
	struct MHD_Response *response = make_response(json, answer.text, strlen(answer.text));

	free(answer.text);
	if (answer.status == 429)
		add_headers(response, headers);
	return send_response(request, answer.status, response);
}

static bool wants_gzip(const struct request *request)
{
	const char *accepted = header(request, "Accept-Encoding");
	const bool on = request->server->settings.gzip ||
			request->fault->kind == FAULT_BAD_GZIP ||
			request->fault->kind == FAULT_GZIP_MEMBERS;

	return on && accepted && strstr(accepted, "gzip");
}

static enum MHD_Result answer_stream(struct request *request, enum path path)
{
	const bool gzip = wants_gzip(request);
	const enum stream_sort sort = path == PATH_X_FILTERED ? STREAM_X_FILTERED :
				      path == PATH_X ? STREAM_X : STREAM_V1;
	struct MHD_Response *response = need(stream_new(request, sort, gzip));

	MHD_add_response_header(response, "Content-Type", "application/json");
	MHD_add_response_header(response, "Connection", "close");
	if (gzip)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	return send_response(request, MHD_HTTP_OK, response);
}

static enum MHD_Result check_and_stream(struct request *request, enum path path)
{
	struct refusal refusal = { 0 };
	struct x_answer answer;

	if (path == PATH_X_FILTERED || path == PATH_X)
		return x_check(request, path == PATH_X_FILTERED, &answer) ?
			       answer_stream(request, path) :
			       send_x(request, answer, "x-rate-limit-reset=now+1");
	if (!check_request(request, path, &refusal))
		return refuse(request, &refusal);
	return answer_stream(request, path);
}

/* A 429 of one of the three kinds; the number is that of seconds until the reset. */
static enum MHD_Result answer_limited(struct request *request)
{
	const struct fault *fault = request->fault;
	const struct x_answer answer = { 429, x_limit_problem(fault->text) };
	char headers[80];

	snprintf(headers, sizeof headers, "x-rate-limit-remaining=0;x-rate-limit-reset=now+%jd",
		 (intmax_t)fault->second);
	if (answer.text)
		return send_x(request, answer, headers);
	return send_x(request, (struct x_answer){ 429, x_limit_problem("rate") }, headers);
}

static enum MHD_Result decide(struct request *request)
{
	static const struct refusal unknown = { 404, plain, "There is no such stream.\r\n" };
	const enum path path = find_path(request);
	struct server *server = request->server;

	read_params(request);
	if (path == PATH_UNKNOWN)
		return refuse(request, &unknown);
	if (path == PATH_X_RULES)
		return send_x(request, x_rules_request(request), NULL);
	request->number = atomic_fetch_add(&server->connections, 1) + 1;
	request->fault = fault_for(&server->settings.faults, request->number - 1);
	switch (request->fault->kind) {
	case FAULT_DROP:
		return answer_drop(request);
	case FAULT_STATUS:
		return answer_status(request);
	case FAULT_HTML:
		return answer_html(request);
	case FAULT_REDIRECT:
		return answer_redirect(request);
	case FAULT_LIMITED:
		return answer_limited(request);
	case FAULT_SILENT:
		return stay_silent(request) ? check_and_stream(request, path) :
					      answer_drop(request);
	case FAULT_DATE:
		request->clock_shift_s = request->fault->number;
		return check_and_stream(request, path);
	default:
		return check_and_stream(request, path);
	}
}

enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url,
		       const char *method, const char *version, const char *upload,
		       size_t *upload_len, void **context)
{
	struct request *request = *context;

	(void)user;
	(void)connection;
	(void)url;
	(void)version;
	if (!request->started) {
		request->started = true;
		request->method = copy_text(method, strlen(method));
		return MHD_YES;
	}
	if (*upload_len > 0) {
		add_body(request, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	return decide(request);
}
