/* SPDX-License-Identifier: MIT */
/* The rig of the live tests. Files for the server are descriptors that it inherits. */
#include "support/live_rig.h"

#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "sample.h"
#include "support/accounts.h"

#define MOST_WORDS 36

/* ---- text ---- */

void live_add(struct live_text *text, const void *bytes, size_t len)
{
	if (text->len + len + 1 > text->size) {
		text->size = 2 * text->size + len + 4096;
		text->data = realloc(text->data, text->size);
		ck_assert_ptr_nonnull(text->data);
	}
	memcpy(text->data + text->len, bytes, len);
	text->len += len;
	text->data[text->len] = '\0';
}

static void add_line(struct live_text *text, const void *bytes, size_t len)
{
	live_add(text, bytes, len);
	live_add(text, "\n", 1);
}

void live_clear(struct live_text *text)
{
	free(text->data);
	*text = (struct live_text){ .data = NULL };
}

void live_add_sample(struct live_text *text, uint64_t seed, size_t count)
{
	struct sample *sample = sample_new(seed);

	ck_assert_ptr_nonnull(sample);
	for (size_t i = 0; i < count; i++) {
		const struct sample_message message = sample_next(sample);

		add_line(text, message.text, message.len);
	}
	sample_free(sample);
}

void live_check_messages(const struct live *live, struct live_text *want)
{
	const struct live_text *got = &live->messages;
	size_t same = 0, line = 1;

	while (same < got->len && same < want->len && got->data[same] == want->data[same])
		line += got->data[same++] == '\n';
	ck_assert_msg(same == got->len && same == want->len,
		      "%zu bytes came, %zu were wanted; message %zu differs:\n%.100s\nnot\n%.100s",
		      got->len, want->len, line, same < got->len ? got->data + same : "(end)",
		      same < want->len ? want->data + same : "(end)");
	live_clear(want);
}

/* ---- the world ---- */

uint64_t live_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

size_t live_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

int live_file(const char *text, char path[64])
{
	const size_t len = strlen(text);
	const int fd = memfd_create("live", 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

/* ---- the rig ---- */

static void write_log(void *user, enum weir_log_level level, const char *component,
		      const char *text)
{
	struct live *live = user;

	(void)level;
	(void)component;
	add_line(&live->log, text, strlen(text));
}

static void write_alert(void *user, const char *text)
{
	struct live *live = user;

	add_line(&live->alerts, text, strlen(text));
}

static void write_gap(struct live *live, struct weir_slice body)
{
	ck_assert_uint_lt(live->gap_count, LIVE_MOST_GAPS);
	live->gap_at[live->gap_count++] = live->message_count;
	add_line(&live->gaps, body.data, body.len);
}

static enum weir_status write_message(void *user, weir_message *message, const char *to,
				      struct weir_error *err)
{
	const struct weir_slice body = weir_message_body(message);
	const unsigned kind = weir_message_kind(message);
	struct live *live = user;

	(void)to;
	(void)err;
	live->kinds[__builtin_ctz(kind)]++;
	if (kind == WEIR_KIND_GAP) {
		write_gap(live, body);
		return WEIR_OK;
	}
	live->message_count++;
	add_line(&live->messages, body.data, body.len);
	return WEIR_OK;
}

struct live *live_new(void)
{
	struct live *live = calloc(1, sizeof *live);

	ck_assert_ptr_nonnull(live);
	live->descriptors = live_descriptors();
	live->env = counted_env(&live->memory);
	live->env.logger = (struct weir_logger){ write_log, live, WEIR_LOG_DEBUG };
	live->record_fd = -1;
	live->call = write_message;
	live->options = (struct weir_twitter_source_options){
		.size = sizeof live->options,
		.consumer_key = "demo-consumer-key",
		.consumer_secret = "demo-consumer-secret",
		.token = "42-demo-token",
		.token_secret = "demo-token-secret",
		.track = "weir",
		.on_alert = write_alert,
		.user = live,
	};
	live->pipeline_options = (struct weir_pipeline_options){
		.size = sizeof live->pipeline_options,
		.env = &live->env,
	};
	return live;
}

struct live *live_x_new(void)
{
	struct live *live = live_new();

	live->is_x = true;
	live->x_options = (struct weir_x_source_options){
		.size = sizeof live->x_options,
		.bearer_token = "demo-bearer-token",
		.stream = WEIR_X_SAMPLE,
		.on_alert = write_alert,
		.user = live,
	};
	return live;
}

void live_serve(struct live *live, const char *path, const char *const *words)
{
	const char *all[MOST_WORDS + 1] = { "--port", "0", "--record" };
	size_t count = 3;
	char record[64];

	live->record_fd = live_file("", record);
	all[count++] = record;
	for (; *words; words++) {
		ck_assert_uint_lt(count, MOST_WORDS);
		all[count++] = *words;
	}
	ck_assert_int_eq(stream_server_start(&live->server, all), 0);
	snprintf(live->url, sizeof live->url, "%s%s", live->server.url, path);
	live->options.url = live->url;
	live->x_options.url = live->url;
}

void live_start(struct live *live)
{
	live->pipeline = weir_pipeline_new(&live->pipeline_options);
	if (live->is_x)
		live->source = weir_x_source_add(live->pipeline, "x", &live->x_options);
	else
		live->source = weir_twitter_source_add(live->pipeline, "twitter", &live->options);
	live->sink = weir_callback_sink_add(live->pipeline, "test",
					    WEIR_WITH(weir_callback_sink_options,
						      .call = live->call, .user = live));
	weir_route_add(live->pipeline, WEIR_WITH(weir_route, .name = "all"), live->sink);
	ck_assert_msg(live->sink, "%s", weir_pipeline_error(live->pipeline)->text);
}

void live_turn_within(struct live *live, int most_ms)
{
	struct pollfd ready = { weir_pipeline_fd(live->pipeline), POLLIN, 0 };
	int wait_ms = most_ms;

	if (live->status == WEIR_OK) {
		wait_ms = weir_pipeline_timeout_ms(live->pipeline);
		wait_ms = wait_ms < 0 || wait_ms > most_ms ? most_ms : wait_ms;
	}
	poll(&ready, live->status == WEIR_OK, wait_ms);
	if (live->status == WEIR_OK)
		live->status = weir_pipeline_step(live->pipeline);
}

void live_turn(struct live *live)
{
	live_turn_within(live, 20);
}

void live_give_up(const struct live *live, const char *what)
{
	const size_t shown = live->log.len < 1500 ? live->log.len : 1500;
	const struct weir_source_metrics metrics = live_metrics(live);

	ck_abort_msg("it did not come to '%s': status %s (%s), %zu messages, %ju connects; log:\n%s",
		     what, weir_status_name(live->status),
		     weir_pipeline_error(live->pipeline)->text, live->message_count,
		     (uintmax_t)metrics.connects,
		     live->log.data ? live->log.data + live->log.len - shown : "");
}

uint64_t live_stop(struct live *live)
{
	const uint64_t begun_ms = live_now_ms();

	weir_pipeline_stop(live->pipeline);
	LIVE_UNTIL(live, live->status != WEIR_OK);
	return live_now_ms() - begun_ms;
}

struct weir_source_metrics live_metrics(const struct live *live)
{
	struct weir_source_metrics metrics = WEIR_METRICS(weir_source_metrics);

	weir_source_metrics(live->source, &metrics);
	return metrics;
}

/* ---- the end ---- */

static void check_unsaid(const struct live *live, const char *where, const char *text)
{
	const char *const secrets[] = { live->options.consumer_secret, live->options.token,
					live->options.token_secret, live->x_options.bearer_token,
					"oauth_signature=" };

	for (size_t i = 0; text && i < sizeof secrets / sizeof *secrets; i++)
		ck_assert_msg(!secrets[i] || !strstr(text, secrets[i]), "'%s' is in the %s:\n%s",
			      secrets[i], where, text);
}

static void check_secrets(const struct live *live)
{
	const size_t size = weir_metrics_write(live->pipeline, NULL, 0) + 1;
	char *text = malloc(size);

	ck_assert_ptr_nonnull(text);
	weir_metrics_write(live->pipeline, text, size);
	check_unsaid(live, "metrics", text);
	check_unsaid(live, "log", live->log.data);
	check_unsaid(live, "alerts", live->alerts.data);
	check_unsaid(live, "gaps", live->gaps.data);
	check_unsaid(live, "error", weir_pipeline_error(live->pipeline)->text);
	free(text);
}

void live_end(struct live *live)
{
	check_secrets(live);
	check_accounts(live->pipeline, live->source);
	weir_pipeline_free(live->pipeline);
	ck_assert_uint_eq(live->memory.now_bytes, 0);
	if (live->server.pid) {
		ck_assert_int_eq(stream_server_stop(&live->server), 0);
		close(live->record_fd);
	}
	ck_assert_uint_le(live_descriptors(), live->descriptors);
	live_clear(&live->messages);
	live_clear(&live->gaps);
	live_clear(&live->log);
	live_clear(&live->alerts);
	free(live);
}

/* ---- what the server recorded ---- */

static void read_record(const struct live *live, struct live_text *ret)
{
	char piece[4096];
	ssize_t got;

	live_add(ret, "", 0);
	while ((got = pread(live->record_fd, piece, sizeof piece, (off_t)ret->len)) > 0)
		live_add(ret, piece, (size_t)got);
	ck_assert_int_eq(got, 0);
}

size_t live_requests(const struct live *live)
{
	struct live_text text = { .data = NULL };
	size_t count = 0;

	read_record(live, &text);
	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '\n';
	live_clear(&text);
	return count;
}

json_t *live_request(const struct live *live, size_t number)
{
	struct live_text text = { .data = NULL };
	const char *at;
	json_error_t error;
	json_t *request;

	read_record(live, &text);
	at = text.data;
	while (number-- > 0) {
		at = strchr(at, '\n');
		ck_assert_msg(at, "there was no such request:\n%s", text.data);
		at++;
	}
	request = json_loadb(at, strcspn(at, "\n"), 0, &error);
	ck_assert_msg(request, "%s:\n%s", error.text, at);
	live_clear(&text);
	return request;
}

const char *live_member(const json_t *request, const char *outer, const char *inner)
{
	const json_t *value = json_object_get(request, outer);

	if (inner)
		value = json_object_get(value, inner);
	return json_is_string(value) ? json_string_value(value) : "";
}
