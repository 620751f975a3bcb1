/* SPDX-License-Identifier: MIT */
/*
 * What happened, for tests (--record, a JSON object per request) and for people (--log).
 *
 * Guarantees: a record is written and flushed before its answer begins. It holds the request as
 * it came, so the Authorization header too: use invented credentials. The log never holds it.
 */
#include "server.h"

#include "memory.h"

#include <inttypes.h>
#include <stdarg.h>

/* How many bytes of well-formed UTF-8 begin here; 0 when none do. */
static size_t utf8_length(const char *bytes, size_t room)
{
	const uint8_t first = (uint8_t)bytes[0];
	const size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 :
			   first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
	const uint8_t second = room > 1 ? (uint8_t)bytes[1] : 0;

	if (len == 0 || len > room)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((uint8_t)bytes[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
	    (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
		return 0;
	return len;
}

/* What is no UTF-8 becomes U+FFFD. */
static void write_string(FILE *to, const char *bytes, size_t len)
{
	fputc('"', to);
	for (size_t i = 0; i < len;) {
		const size_t step = utf8_length(bytes + i, len - i);

		if (step == 0)
			fputs("\\ufffd", to);
		else if (step == 1 && (bytes[i] == '"' || bytes[i] == '\\'))
			fprintf(to, "\\%c", bytes[i]);
		else if (step == 1 && (uint8_t)bytes[i] < 0x20)
			fprintf(to, "\\u%04x", bytes[i]);
		else
			fwrite(bytes + i, 1, step, to);
		i += step ? step : 1;
	}
	fputc('"', to);
}

static void write_member(FILE *to, const char *name, const char *text)
{
	fprintf(to, ",\"%s\":", name);
	write_string(to, text, strlen(text));
}

struct headers {
	FILE *to;
	unsigned count;
};

static enum MHD_Result write_header(void *user, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	struct headers *headers = user;

	(void)kind;
	fputs(headers->count++ ? "," : "", headers->to);
	write_string(headers->to, name, strlen(name));
	fputc(':', headers->to);
	write_string(headers->to, value ? value : "", value ? strlen(value) : 0);
	return MHD_YES;
}

static void write_params(FILE *to, const struct param_list *params)
{
	for (size_t i = 0; i < params->count; i++) {
		fputs(i ? "," : "", to);
		write_string(to, params->items[i].name, params->items[i].name_len);
		fputc(':', to);
		write_string(to, params->items[i].value, params->items[i].value_len);
	}
}

/* The phrases of `track`, decoded and split. */
static void write_track(FILE *to, const struct param_list *params)
{
	const struct param *track = params_find(params, "track");
	const char *at = track ? track->value : NULL;
	const char *end = track ? at + track->value_len : NULL;

	while (at) {
		const char *comma = memchr(at, ',', (size_t)(end - at));

		write_string(to, at, (size_t)((comma ? comma : end) - at));
		fputs(comma ? "," : "", to);
		at = comma ? comma + 1 : NULL;
	}
}

static void write_record(FILE *to, struct request *request, unsigned status)
{
	struct headers headers = { .to = to };

	fprintf(to, "{\"connection\":%" PRIu64 ",\"at_ms\":%" PRIu64 ",\"status\":%u",
		request->number, clock_us() / 1000 - request->server->started_ms, status);
	write_member(to, "method", request->method);
	write_member(to, "url", request->uri);
	fputs(",\"headers\":{", to);
	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, write_header, &headers);
	fputs("},\"body\":", to);
	write_string(to, request->body ? request->body : "", request->body_len);
	fputs(",\"params\":{", to);
	write_params(to, &request->params);
	fputs("},\"track\":[", to);
	write_track(to, &request->params);
	fputs("]}\n", to);
	fflush(to);
}

void record_request(struct request *request, unsigned status)
{
	struct server *server = request->server;

	log_line(server, "request %" PRIu64 ": %s %.*s: %u", request->number, request->method,
		 (int)strcspn(request->uri, "?"), request->uri, status);
	if (!server->record)
		return;
	pthread_mutex_lock(&server->record_lock);
	write_record(server->record, request, status);
	pthread_mutex_unlock(&server->record_lock);
}

void log_line(struct server *server, const char *format, ...)
{
	char line[512];
	va_list arguments;

	if (!server->log)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	fprintf(server->log, "%8" PRIu64 " ms %s\n", clock_us() / 1000 - server->started_ms, line);
	fflush(server->log);
}
