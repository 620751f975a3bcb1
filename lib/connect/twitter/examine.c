/* SPDX-License-Identifier: MIT */
/*
 * Checks of a Twitter source: the request it would make, and whether its server is there.
 *
 * Guarantees: nothing with credentials leaves the machine, nor is any of them told; bounded in
 * time. Callers: applications, the checks of configurations.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "connect/twitter/check.h"
#include "connect/twitter/predicate.h"
#include "connect/twitter/request.h"
#include "ground/error.h"
#include "ground/options.h"
#include "weir/check.h"
#include "wire/form.h"
#include "wire/probe.h"

#define PROBE_MS 5000
#define MOST_SKEW_MS 300000	/* the service's own limit for a signature's age */
#define PHRASE_BYTES 60

struct examination {
	struct weir_env env;
	const char *name;
	struct weir_twitter_source_options options;
	struct weir_twitter_predicates predicates;
	weir_check_fn *tell;
	void *user;
	struct weir_error *err;
};

static void tell(const struct examination *of, enum weir_check what, const char *format, ...)
	WEIR_PRINTF(3, 4);

static void tell(const struct examination *of, enum weir_check what, const char *format, ...)
{
	const size_t before = strlen("source : ") + strlen(of->name);
	va_list args, again;
	size_t size;
	char *text;

	va_start(args, format);
	va_copy(again, args);
	size = before + (size_t)vsnprintf(NULL, 0, format, args) + 1;
	text = weir__alloc(&of->env, size);
	if (text) {
		snprintf(text, size, "source %s: ", of->name);
		vsnprintf(text + before, size - before, format, again);
		of->tell(of->user, what, text);
	}
	weir__free(&of->env, text, size);
	va_end(again);
	va_end(args);
}

static enum weir_status begin(struct examination *of, const struct weir_env *env, const char *name,
			      const struct weir_twitter_source_options *options,
			      weir_check_fn *call, void *user, struct weir_error *err)
{
	*of = (struct examination){ .env = weir__env_complete(env),
				    .name = name ? name : "",
				    .tell = call,
				    .user = user,
				    .err = err };
	if (weir__options_read(options, &of->options, sizeof of->options,
			       "weir_twitter_source_options", err) < 0)
		return err->status;
	of->options.http = NULL;
	weir__twitter_config_default(&of->options);
	of->predicates = weir__twitter_take_predicates(&of->options);
	return WEIR_OK;
}

/* ---- the request ---- */

/* The next item of a list, without blanks around it; false behind the last. */
static bool next_item(const char **at, struct weir_slice *ret)
{
	const char *begin = *at;
	size_t len;

	if (!begin)
		return false;
	len = strcspn(begin, ",");
	*at = begin[len] ? begin + len + 1 : NULL;
	while (len > 0 && *begin == ' ') {
		begin++;
		len--;
	}
	while (len > 0 && begin[len - 1] == ' ')
		len--;
	*ret = (struct weir_slice){ begin, len };
	return true;
}

static void tell_count(const struct examination *of, const char *one, const char *many,
		       size_t count, uint32_t most)
{
	const char *what = count == 1 ? one : many;

	if (count > most)
		tell(of, WEIR_CHECK_WRONG, "%zu %s of %u; leave some out", count, what, most);
	else
		tell(of, WEIR_CHECK_PLAN, "%zu %s of %u", count, what, most);
}

static void tell_track(const struct examination *of)
{
	const char *at = of->predicates.track;
	struct weir_slice phrase;
	size_t count = 0;

	while (next_item(&at, &phrase))
		count++;
	tell_count(of, "phrase", "phrases", count, of->options.max_phrases);
	for (at = of->predicates.track; next_item(&at, &phrase);) {
		const bool fits = phrase.len > 0 && phrase.len <= PHRASE_BYTES;

		tell(of, fits ? WEIR_CHECK_PLAN : WEIR_CHECK_WRONG,
		     "phrase '%.*s': %zu bytes of %d%s", (int)phrase.len,
		     (const char *)phrase.data, phrase.len, PHRASE_BYTES,
		     fits ? "" : phrase.len ? "; shorten it" : "; leave it out");
	}
}

static void tell_predicates(const struct examination *of)
{
	const struct weir_twitter_source_options *options = &of->options;
	const struct weir_twitter_predicates *predicates = &of->predicates;
	const char *follow = predicates->follow, *box = predicates->locations;
	struct weir_slice item;
	size_t count = 0;

	if (predicates->track)
		tell_track(of);
	while (next_item(&follow, &item))
		count++;
	if (predicates->follow)
		tell_count(of, "user id", "user ids", count, options->max_follow);
	for (count = 0; next_item(&box, &item);)
		count++;
	if (predicates->locations)
		tell_count(of, "box", "boxes", count / 4, options->max_boxes);
}

/* The form's fields, decoded. */
static void tell_form(const struct examination *of, const char *form)
{
	struct weir_slice rest = { form, form ? strlen(form) : 0 };
	struct weir__form_field field;

	while (weir__form_next(&of->env, &rest, "the request", &field, of->err) == WEIR_OK) {
		tell(of, WEIR_CHECK_PLAN, "%s=%s", field.name, field.value);
		weir__form_field_release(&of->env, &field);
	}
}

static enum weir_status tell_request(const struct examination *of)
{
	const struct weir__twitter_config config = { .env = &of->env,
						     .dialect = &weir__twitter_v1,
						     .options = of->options,
						     .predicates = of->predicates };
	const struct weir_twitter_source_options *options = &of->options;
	struct weir__twitter_request request;

	if (weir__twitter_request_init(&request, &config, weir__wall_ms(&of->env), options->count,
				       of->err) < 0)
		return of->err->status;
	tell(of, WEIR_CHECK_PLAN, "%s %s", options->method, request.url);
	tell(of, WEIR_CHECK_PLAN, "%s%s%s",
	     options->anonymous ? "without authorization" : "signed by OAuth 1.0a (secret)",
	     options->proxy ? ", through a proxy (secret)" : "",
	     options->uncompressed ? "" : ", gzip accepted");
	if (request.body) {
		tell_form(of, request.body);
		tell(of, WEIR_CHECK_PLAN, "%zu bytes of form", strlen(request.body));
	}
	weir__twitter_request_release(&request, &of->env);
	return WEIR_OK;
}

enum weir_status weir_twitter_check_request(const struct weir_env *env, const char *name,
					    const struct weir_twitter_source_options *options,
					    weir_check_fn *call, void *user, struct weir_error *err)
{
	struct weir_error reason;
	struct examination of;
	enum weir_status status = begin(&of, env, name, options, call, user, &reason);

	if (status == WEIR_OK) {
		tell_predicates(&of);
		status = weir__twitter_check(&of.options, &of.predicates, &reason);
	}
	if (status == WEIR_OK)
		status = tell_request(&of);
	if (status < 0 && err)
		*err = reason;
	return status;
}

/* ---- the server ---- */

/* "scheme://host:port" of a URL, with a slash. */
static char *root_of(const struct weir_env *env, const char *url)
{
	const char *host = strstr(url, "://");
	const size_t scheme = host ? (size_t)(host - url) + 3 : 0;

	return weir__text_format(env, "%.*s/", (int)(scheme + strcspn(url + scheme, "/?#")), url);
}

static void tell_clock(const struct examination *of, const struct weir__probe *probe)
{
	const uint64_t now_ms = weir__wall_ms(&of->env);
	const bool is_ahead = now_ms > probe->date_ms;
	const uint64_t skew_ms = is_ahead ? now_ms - probe->date_ms : probe->date_ms - now_ms;

	if (!probe->date_ms)
		tell(of, WEIR_CHECK_OK, "the answer has no Date: the clock cannot be compared");
	else if (skew_ms > MOST_SKEW_MS)
		tell(of, WEIR_CHECK_WRONG, "the clock here is %" PRIu64 " s %s the server's; set it "
		     "(NTP): signatures count for 300 s", skew_ms / 1000,
		     is_ahead ? "ahead of" : "behind");
	else
		tell(of, WEIR_CHECK_OK, "the clock here is that of the server, within %" PRIu64 " s",
		     skew_ms / 1000 + 1);
}

static void tell_stages(const struct examination *of, const struct weir__probe *probe)
{
	static const struct {
		const char *good, *advice;
	} stages[] = {
		[WEIR__PROBE_NAME] = { "the server's name is known", "look at the URL and at DNS" },
		[WEIR__PROBE_CONNECTION] = { "connected",
					     "look at the port, at the firewall, at the proxy" },
		[WEIR__PROBE_TLS] = { "TLS, the certificate is good",
				      "look at the URL's scheme, or name a ca_file" },
		[WEIR__PROBE_ANSWER] = { "answered", "look at what listens there" },
	};

	for (int stage = WEIR__PROBE_NAME; stage < WEIR__PROBE_ALL; stage++) {
		if (stage == (int)probe->failed) {
			tell(of, WEIR_CHECK_WRONG, "%s; %s", probe->err.text, stages[stage].advice);
			return;
		}
		if (stage == WEIR__PROBE_CONNECTION && *probe->address)
			tell(of, WEIR_CHECK_OK, "connected to %s", probe->address);
		else if (stage == WEIR__PROBE_ANSWER)
			tell(of, WEIR_CHECK_OK, "answered (%d to HEAD /, which is well)",
			     probe->status);
		else if (stage != WEIR__PROBE_TLS || probe->has_tls)
			tell(of, WEIR_CHECK_OK, "%s", stages[stage].good);
	}
	tell_clock(of, probe);
}

static enum weir_status ask(const struct examination *of)
{
	const struct weir_twitter_source_options *options = &of->options;
	const struct weir_property agent = { "User-Agent",
					     options->user_agent ? options->user_agent : "weir" };
	char *url = root_of(&of->env, options->url);
	const struct weir_http_request request = { .size = sizeof request,
						   .method = "HEAD",
						   .url = url,
						   .headers = &agent,
						   .header_count = 1,
						   .ca_file = options->ca_file,
						   .proxy = options->proxy,
						   .unix_socket = options->unix_socket,
						   .connect_ms = PROBE_MS };
	struct weir__probe probe;
	enum weir_status status;

	if (!url)
		return weir__error_no_memory(of->err);
	status = weir__probe_run(&of->env, &request, PROBE_MS, &probe, of->err);
	if (status == WEIR_OK)
		tell_stages(of, &probe);
	weir__text_free(&of->env, url);
	return status;
}

enum weir_status weir_twitter_check_server(const struct weir_env *env, const char *name,
					   const struct weir_twitter_source_options *options,
					   weir_check_fn *call, void *user, struct weir_error *err)
{
	struct weir_error reason;
	struct examination of;
	enum weir_status status = begin(&of, env, name, options, call, user, &reason);

	if (status == WEIR_OK)
		status = weir__twitter_check_connection(&of.options, &reason);
	if (status == WEIR_OK)
		status = ask(&of);
	if (status < 0 && err)
		*err = reason;
	return status;
}
