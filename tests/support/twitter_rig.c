/* SPDX-License-Identifier: MIT */
/* The rig of the Twitter source's flow tests. */
#include "support/twitter_rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SPINS 10000

static void take_alert(void *user, const char *text)
{
	struct twitter_rig *rig = user;
	const size_t len = strlen(rig->alerts);

	rig->alert_count++;
	snprintf(rig->alerts + len, sizeof rig->alerts - len, "%s\n", text);
}

struct twitter_rig *rig_new(const struct script_answer *answers, size_t answer_count)
{
	struct twitter_rig *rig = calloc(1, sizeof *rig);

	ck_assert_ptr_nonnull(rig);
	fake_env_init(&rig->fake);
	rig->http = script_http_init(&rig->script, &rig->fake, answers, answer_count);
	rig->begun_ms = rig->fake.monotonic_ms;
	rig->options = (struct weir_twitter_source_options){
		.size = sizeof rig->options,
		.consumer_key = RIG_CONSUMER_KEY,
		.consumer_secret = RIG_CONSUMER_SECRET,
		.token = RIG_TOKEN,
		.token_secret = RIG_TOKEN_SECRET,
		.track = "a",
		.on_alert = take_alert,
		.user = rig,
		.http = &rig->http,
	};
	rig->pipeline_options = (struct weir_pipeline_options){
		.size = sizeof rig->pipeline_options,
		.env = &rig->fake.env,
	};
	return rig;
}

struct twitter_rig *rig_cut_new(const struct script_answer *answers, size_t answer_count, int way)
{
	static const size_t pieces[RIG_CUTS] = { 0, 1, 2, 3, 7, 16, 50 };
	struct twitter_rig *rig = rig_new(answers, answer_count);

	rig->script.piece = pieces[way];
	return rig;
}

static void take_report(void *user, const struct weir_x_rules_report *report)
{
	struct twitter_rig *rig = user;
	const size_t len = strlen(rig->reports);

	snprintf(rig->reports + len, sizeof rig->reports - len, "%zu %zu %zu %zu %s\n",
		 report->kept, report->added, report->removed, report->foreign,
		 report->error ? report->error->text : "ok");
}

struct twitter_rig *rig_x_new(const struct script_answer *answers, size_t answer_count)
{
	struct twitter_rig *rig = rig_new(answers, answer_count);

	rig->is_x = true;
	rig->x_options = (struct weir_x_source_options){
		.size = sizeof rig->x_options,
		.bearer_token = RIG_BEARER,
		.on_alert = take_alert,
		.on_rules = take_report,
		.user = rig,
		.http = &rig->http,
	};
	return rig;
}

void rig_x_rules(struct twitter_rig *rig, const struct weir_x_rule *rules, size_t rule_count,
		 const struct script_answer *answers, size_t answer_count)
{
	rig->rules_http = script_http_init(&rig->rules_script, &rig->fake, answers, answer_count);
	rig->x_options.rules_http = &rig->rules_http;
	rig->x_options.rule_prefix = "weir.";
	rig->x_options.rules = rules;
	rig->x_options.rule_count = rule_count;
}

void rig_start(struct twitter_rig *rig)
{
	weir_sink *sink;

	rig->pipeline = weir_pipeline_new(&rig->pipeline_options);
	if (rig->is_x)
		rig->source = weir_x_source_add(rig->pipeline, "twitter", &rig->x_options);
	else
		rig->source = weir_twitter_source_add(rig->pipeline, "twitter", &rig->options);
	sink = recorder_add(&rig->recorder, rig->pipeline, "recorder");
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "all"), sink);
}

enum weir_status rig_run(struct twitter_rig *rig, uint64_t ms)
{
	const uint64_t until_ms = rig->fake.monotonic_ms + ms;
	unsigned spins = 0;

	for (;;) {
		const enum weir_status status = weir_pipeline_step(rig->pipeline);
		const int wait_ms = weir_pipeline_timeout_ms(rig->pipeline);
		const uint64_t left_ms = until_ms - rig->fake.monotonic_ms;

		if (status != WEIR_OK)
			return status;
		if (wait_ms == 0) {
			ck_assert_msg(++spins < MOST_SPINS, "the pipeline spins");
			continue;
		}
		spins = 0;
		if (left_ms == 0)
			return WEIR_OK;
		fake_env_advance(&rig->fake, wait_ms < 0 || (uint64_t)wait_ms > left_ms ?
						     left_ms : (uint64_t)wait_ms);
	}
}

enum weir_status rig_run_until(struct twitter_rig *rig, uint64_t at_ms)
{
	return rig_run(rig, rig->begun_ms + at_ms - rig->fake.monotonic_ms);
}

void rig_check_no_secret(const struct twitter_rig *rig, const char *where, const char *text)
{
	static const char *const secrets[] = {
		RIG_CONSUMER_KEY, RIG_CONSUMER_SECRET, RIG_TOKEN, RIG_TOKEN_SECRET,
		"oauth_signature=", "OAuth oauth_", RIG_BEARER,
	};
	char header[1024];

	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		ck_assert_msg(!strstr(text, secrets[i]), "%s shows '%s': %s", where, secrets[i],
			      text);
	for (size_t i = 0; i < rig->script.opens && i < SCRIPT_REQUESTS; i++) {
		if (!script_header(&rig->script.requests[i], "Authorization", header,
				   sizeof header))
			continue;
		ck_assert_msg(!strstr(text, header), "%s shows an Authorization header", where);
	}
}

static void check_metrics_text(const struct twitter_rig *rig)
{
	static char text[65536];

	weir_metrics_write(rig->pipeline, text, sizeof text);
	rig_check_no_secret(rig, "the metrics", text);
}

void rig_end(struct twitter_rig *rig)
{
	if (rig->pipeline) {
		check_metrics_text(rig);
		rig_check_no_secret(rig, "the error", weir_pipeline_error(rig->pipeline)->text);
	}
	rig_check_no_secret(rig, "the log", rig->fake.log);
	rig_check_no_secret(rig, "an alert", rig->alerts);
	rig_check_no_secret(rig, "a report", rig->reports);
	rig->pipeline = weir_pipeline_free(rig->pipeline);
	ck_assert_msg(rig->script.freed, "the transport was not freed");
	ck_assert_msg(!rig->rules_http.ops || rig->rules_script.freed,
		      "the rules' transport was not freed");
	fake_env_check_empty(&rig->fake);
	recorder_release(&rig->recorder);
	script_http_release(&rig->script);
	script_http_release(&rig->rules_script);
	free(rig);
}

void rig_fail_allocations(const struct script_answer *answers, size_t answer_count,
			  enum weir_status (*run)(struct twitter_rig *rig))
{
	size_t fail_at = 0;
	size_t calls;

	do {
		struct twitter_rig *rig = rig_new(answers, answer_count);
		enum weir_status status = WEIR_ERR_NOMEM;

		rig->fake.fail_at = ++fail_at;
		rig_start(rig);
		if (rig->pipeline)
			status = run(rig);
		ck_assert_msg(status == WEIR_ERR_NOMEM || status == WEIR_OK, "allocation %zu: %s",
			      fail_at, weir_status_name(status));
		calls = rig->fake.calls;
		rig_end(rig);
	} while (calls >= fail_at);
	ck_assert_uint_gt(calls, 50);
}

struct weir_source_metrics rig_metrics(const struct twitter_rig *rig)
{
	struct weir_source_metrics metrics = WEIR_METRICS(weir_source_metrics);

	weir_source_metrics(rig->source, &metrics);
	return metrics;
}

uint64_t rig_delay(const struct twitter_rig *rig, size_t attempt)
{
	const struct script_http *script = &rig->script;
	const size_t last = script->answer_count - 1;
	const struct script_event *events = script->answers[attempt < last ? attempt : last].events;
	uint64_t end_ms = script->requests[attempt].at_ms;

	ck_assert_msg(attempt + 1 < script->opens, "there was no attempt %zu", attempt + 2);
	for (size_t i = 0; i < SCRIPT_EVENTS; i++)
		if (events[i].at_ms > end_ms - script->requests[attempt].at_ms)
			end_ms = script->requests[attempt].at_ms + events[i].at_ms;
	return script->requests[attempt + 1].at_ms - end_ms;
}

void rig_check_messages(const struct twitter_rig *rig, unsigned kinds, const char *want)
{
	char *got = recorder_text(&rig->recorder, kinds);

	ck_assert_msg(strcmp(got, want) == 0, "want:\n%s\ngot:\n%s\nlog:\n%s", want, got,
		      rig->fake.log);
	free(got);
}

void rig_check_requests(const struct twitter_rig *rig, const char *want)
{
	char got[2048] = "";
	size_t len = 0;

	for (size_t i = 0; i < rig->script.opens; i++) {
		const struct script_request *request = &rig->script.requests[i];

		len += (size_t)snprintf(got + len, sizeof got - len, "%ju %s\n",
					(uintmax_t)(request->at_ms - rig->begun_ms), request->body);
		ck_assert_uint_lt(len, sizeof got);
	}
	ck_assert_msg(strcmp(got, want) == 0, "want:\n%s\ngot:\n%s\nlog:\n%s", want, got,
		      rig->fake.log);
}
