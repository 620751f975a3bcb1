/* SPDX-License-Identifier: MIT */
/*
 * weir_test_stream: the stream server of stream_server/, inside the process that tests.
 *
 * Guarantees: the options' text is copied before the server starts and outlives it; a server that
 * did not start leaves nothing behind. Called by tests.
 */
#include "weir/testing.h"

#include "ground.h"
#include "stream_server/server.h"

#define TEXTS 16

static const char *const paths[] = { "", "/1.1/statuses/filter.json", "/1.1/statuses/sample.json" };

#define URLS (sizeof paths / sizeof *paths)

struct weir_test_stream {
	struct server server;
	char urls[URLS][160];
	char *texts[TEXTS];	/* what settings point into */
	size_t text_count;
};

/* ---- options to settings */

static void keep(weir_test_stream *stream, const char **at, const char *text)
{
	if (!text)
		return;
	stream->texts[stream->text_count] = copy_text(text, strlen(text));
	*at = stream->texts[stream->text_count++];
}

static void keep_texts(weir_test_stream *stream, const struct weir_test_stream_options *options)
{
	struct settings *settings = &stream->server.settings;

	keep(stream, &settings->file, options->file);
	keep(stream, &settings->credentials.consumer_key, options->consumer_key);
	keep(stream, &settings->credentials.consumer_secret, options->consumer_secret);
	keep(stream, &settings->credentials.token, options->token);
	keep(stream, &settings->credentials.token_secret, options->token_secret);
	keep(stream, &settings->unix_path, options->unix_socket);
	keep(stream, &settings->certificate, options->certificate_file);
	keep(stream, &settings->key, options->key_file);
	keep(stream, &settings->paths[0], options->path);
	settings->path_count = options->path ? 1 : 0;
	keep(stream, &settings->log_path, options->log_file);
	keep(stream, &settings->record_path, options->record_file);
	keep(stream, &settings->bearer, options->bearer_token);
}

static void set_numbers(struct settings *settings, const struct weir_test_stream_options *options)
{
	settings->generate = options->generate ? options->generate : settings->generate;
	settings->seed = options->seed ? options->seed : settings->seed;
	settings->repeat = options->repeat;
	settings->rate = options->rate;
	settings->gzip = options->gzip;
	settings->chunk = options->chunk_bytes;
	if (options->keep_alive_ms)
		settings->keep_alive_ms = options->keep_alive_ms;
	settings->hold = options->hold;
	settings->no_auth = options->anonymous;
	settings->allow_count = options->allow_count;
	settings->one_connection = options->one_connection;
	settings->strict_rate_ms = options->strict_rate_ms;
	settings->port = options->port;
	settings->allow_backfill = options->allow_backfill;
	settings->usage_cap = options->usage_cap;
	settings->most_rules = options->most_rules ? options->most_rules : settings->most_rules;
}

static void fill_pool(struct server *server, const struct weir_test_stream_options *options)
{
	server->settings.filled = options->messages != NULL;
	for (size_t i = 0; options->messages && i < options->message_count; i++)
		pool_add(&server->pool, options->messages[i].data, options->messages[i].len);
}

/* ---- what cannot be */

static bool has_message_without_bytes(const struct weir_test_stream_options *options)
{
	for (size_t i = 0; options->messages && i < options->message_count; i++)
		if (!options->messages[i].data && options->messages[i].len > 0)
			return true;
	return false;
}

/* The rows of what may not be asked for; NULL: nothing is wrong. */
static const char *find_mistake(const struct weir_test_stream_options *options)
{
	const struct {
		bool wrong;
		const char *text;
	} rows[] = {
		{ options->message_count > 0 && !options->messages,
		  "message_count without messages" },
		{ has_message_without_bytes(options), "a message has a length, but no bytes" },
		{ options->messages && options->file, "messages and file: one of them" },
		{ !options->certificate_file != !options->key_file,
		  "certificate_file and key_file: both or none" },
		{ options->unix_socket && options->port, "unix_socket and port: one of them" },
		{ options->unix_socket && !*options->unix_socket, "unix_socket is empty" },
		{ options->path && *options->path != '/', "path does not begin with '/'" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].wrong)
			return rows[i].text;
	return NULL;
}

static bool read_faults(struct server *server, const char *script, struct weir_error *err)
{
	struct fault_script *faults = &server->settings.faults;

	if (!script || fault_parse(script, faults))
		return true;
	fail_with(err, WEIR_ERR_INVALID, "step %zu of the faults '%.120s' is none, or lacks its "
		  "number", faults->count, script);
	fault_clear(faults);
	return false;
}

/* ---- its life */

/* A URL has a host also where the connection does not need it. */
static void write_urls(weir_test_stream *stream)
{
	const struct settings *settings = &stream->server.settings;
	char base[128];

	if (settings->unix_path)
		snprintf(base, sizeof base, "%s://localhost",
			 settings->certificate ? "https" : "http");
	else
		server_url(&stream->server, base, sizeof base);
	for (size_t i = 0; i < URLS; i++)
		snprintf(stream->urls[i], sizeof stream->urls[i], "%s%s", base, paths[i]);
}

static void release(weir_test_stream *stream)
{
	for (size_t i = 0; i < stream->text_count; i++)
		free(stream->texts[i]);
	free(stream);
}

weir_test_stream *weir_test_stream_new(const struct weir_test_stream_options *options,
				       struct weir_error *err)
{
	struct weir_test_stream_options known = { 0 };
	const bool readable = read_options(options, &known, sizeof known);
	const char *mistake = readable ? find_mistake(&known) :
				"the size is 0, or something is set that this release does not know";
	weir_test_stream *stream;
	char why[SERVER_WHY];

	if (mistake) {
		fail_with(err, WEIR_ERR_INVALID, "the stream server's options: %s", mistake);
		return NULL;
	}
	stream = need(calloc(1, sizeof *stream));
	settings_init(&stream->server.settings);
	if (!read_faults(&stream->server, known.faults, err)) {
		release(stream);
		return NULL;
	}
	set_numbers(&stream->server.settings, &known);
	keep_texts(stream, &known);
	fill_pool(&stream->server, &known);
	if (server_start(&stream->server, why)) {
		write_urls(stream);
		return stream;
	}
	fail_with(err, WEIR_ERR_IO, "%s", why);
	return weir_test_stream_free(stream);
}

weir_test_stream *weir_test_stream_free(weir_test_stream *stream)
{
	if (!stream)
		return NULL;
	server_stop(&stream->server);
	release(stream);
	return NULL;
}

/* ---- what it says */

const char *weir_test_stream_url(const weir_test_stream *stream)
{
	return stream ? stream->urls[0] : "";
}

const char *weir_test_stream_filter_url(const weir_test_stream *stream)
{
	return stream ? stream->urls[1] : "";
}

const char *weir_test_stream_sample_url(const weir_test_stream *stream)
{
	return stream ? stream->urls[2] : "";
}

enum weir_status weir_test_stream_metrics(weir_test_stream *stream,
					  struct weir_test_stream_metrics *ret_metrics)
{
	struct weir_test_stream_metrics known = { 0 };
	const size_t size = ret_metrics ? ret_metrics->size : 0;

	if (!stream || size < sizeof size)
		return WEIR_ERR_INVALID;
	known.size = size;
	known.requests = atomic_load(&stream->server.connections);
	known.messages = atomic_load(&stream->server.messages);
	known.bytes = atomic_load(&stream->server.bytes);
	account_read(&stream->server.account, &known.streams, &known.open, &known.most_open);
	memset(ret_metrics, 0, size);
	memcpy(ret_metrics, &known, size < sizeof known ? size : sizeof known);
	return WEIR_OK;
}
