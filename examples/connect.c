/* SPDX-License-Identifier: MIT */
/*
 * A pipeline from configuration files: kafka-connect-twitter's, unchanged, or weir's own keys.
 *
 *     connect twitter-source.properties connect-standalone.properties
 *     connect --url http://127.0.0.1:8080 --check twitter-source.properties
 *     connect --set weir.routes.deletes.kinds=delete --set … FILE…
 *     connect --keys                           every key of weir's own, as docs/config.md has them
 *     connect --help                           these words
 *
 * `make install-tools` installs it as weir-connect.
 *
 * --check says what the files come to, in weir's keys, and what would happen, tries servers, brokers
 * and topics, and runs nothing. --url is the server in the place of stream.twitter.com, whose v1.1
 * streams the service switched off in 2023. While it runs: a line every 10 s (or --progress
 * SECONDS), all metrics on SIGUSR1, a stop on SIGTERM and SIGINT.
 *
 * Exit status: 0 all well · 1 the run failed, or a check found something wrong · 2 the files or the
 * words are wrong.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir.h>

static weir_pipeline *pipeline;
static double progress_s = 10;

static const char *variable(void *user, const char *name)
{
	(void)user;
	return getenv(name);
}

static void notice(void *user, const char *text)
{
	fprintf(user, "connect: %s\n", text);
}

static void show(void *user, const char *key, const char *value)
{
	fprintf(user, "%s=%s\n", key, value);
}

static void tell(void *user, enum weir_check what, const char *text)
{
	static const char *const words[] = { "plan", "ok", "wrong" };

	*(bool *)user |= what == WEIR_CHECK_WRONG;
	printf("%-6s %s\n", words[what], text);
	fflush(stdout);
}

static int check(weir_config *config)
{
	struct weir_error err;
	bool is_wrong = false;
	const bool is_shown = weir_config_visit(config, show, stdout, &err) == WEIR_OK;

	if (weir_config_check(config, tell, &is_wrong, &err) < 0 || !is_shown) {
		fprintf(stderr, "connect: %s\n", err.text);
		return 2;
	}
	puts(is_wrong ? "connect: look at what is wrong above" : "connect: this can run");
	return is_wrong;
}

/*
 * Metrics are read from any thread: this one waits for signals, the pipeline has one of its own.
 * Standard output is left to a sink with path "-".
 */
static void report(bool everything)
{
	struct weir_metrics m = WEIR_METRICS(weir_metrics);
	static char text[1 << 18];

	weir_pipeline_metrics(pipeline, &m);
	if (everything && weir_metrics_write(pipeline, text, sizeof text))
		fputs(text, stderr);
	fprintf(stderr,
		"connect: %ju received, %ju delivered, %ju dead letters, %ju dropped, %ju under way\n",
		(uintmax_t)m.all.received, (uintmax_t)m.all.delivered,
		(uintmax_t)m.all.dead_lettered, (uintmax_t)m.all.dropped, (uintmax_t)m.all.in_flight);
}

static void on_state(void *user, weir_pipeline *self, enum weir_state state)
{
	(void)user;
	(void)self;
	if (state >= WEIR_STATE_FINISHED)
		kill(getpid(), SIGALRM);
}

static int run(const sigset_t *signals)
{
	const time_t whole_s = (time_t)progress_s;
	const struct timespec wait = { whole_s, (long)((progress_s - (double)whole_s) * 1e9) };
	enum weir_status status = weir_pipeline_start(pipeline);

	while (status == WEIR_OK && weir_pipeline_state(pipeline) < WEIR_STATE_FINISHED) {
		const int got = sigtimedwait(signals, NULL, &wait);

		if (got == SIGTERM || got == SIGINT)
			weir_pipeline_stop(pipeline);
		else if (got != SIGALRM)
			report(got == SIGUSR1);
	}
	if (status == WEIR_OK)
		status = weir_pipeline_join(pipeline);
	report(false);
	if (status < 0)
		fprintf(stderr, "connect: %s\n", weir_pipeline_error(pipeline)->text);
	return status < 0;
}

static const char usage[] =
	"usage: connect [--check] [--progress SECONDS] [--url BASE] [--set KEY=VALUE] FILE… | "
	"connect --keys | connect --help";

static void print_key(void *user, const char *key, const char *value, const char *help)
{
	(void)user;
	if (value)
		printf("| `%s` | %s | %s |\n", key, value, help);
	else
		printf("\n## `%s`\n\n%c%s.\n\n| key | value | |\n|---|---|---|\n", key,
		       help[0] - 'a' + 'A', help + 1);
}

static enum weir_status set(weir_config *config, char *pair, struct weir_error *err)
{
	char *value = strchr(pair, '=');

	if (!value)
		return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_STOP, usage);
	*value = '\0';
	return weir_config_set(config, pair, value + 1, err);
}

static enum weir_status set_progress(const char *text, struct weir_error *err)
{
	char *end;

	progress_s = strtod(text, &end);
	return *end == '\0' && progress_s >= 0.001 && progress_s <= 86400
		       ? WEIR_OK
		       : weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_STOP, usage);
}

/* The files, and then what is set beside them: that counts over the files, wherever it stands. */
static enum weir_status read_words(weir_config *config, char **words, bool *ret_checks,
				   struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	size_t files = 0;

	for (int round = 0; round < 2; round++) {
		for (char **at = words; *at && status == WEIR_OK; at++) {
			const bool is_url = !strcmp(*at, "--url"), is_set = !strcmp(*at, "--set");
			const bool is_progress = !strcmp(*at, "--progress");

			if (is_progress && at[1])
				status = set_progress(*++at, err);
			else if ((is_url || is_set) && at[1] && ++at && round == 1)
				status = is_set ? set(config, *at, err)
						: weir_config_set(config, "weir.base_url", *at, err);
			else if (!strcmp(*at, "--check"))
				*ret_checks = true;
			else if (!is_url && !is_set && !is_progress && round == 0 && ++files)
				status = weir_config_read(config, *at, err);
		}
	}
	return status < 0 || files ? status
				   : weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_STOP, usage);
}

/* What needs no file; false: it is not asked for. */
static bool tell_words(const char *word)
{
	if (!strcmp(word, "--keys"))
		weir_config_keys(print_key, NULL);
	else if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		puts(usage);
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	const struct weir_env env = { .size = sizeof env,
				      .logger = { .write = weir_log_to_stderr,
						  .threshold = WEIR_LOG_INFO } };
	struct weir_error err = { 0 };
	enum weir_status status;
	weir_config *config;
	bool checks = false;
	int result = 2;
	sigset_t signals;

	if (argc == 2 && tell_words(argv[1]))
		return 0;
	config = weir_config_new(WEIR_WITH(weir_config_options, .variable = variable,
					   .notice = notice, .user = stderr));
	if (!config) {
		fprintf(stderr, "connect: out of memory\n");
		return 1;
	}
	sigemptyset(&signals);
	for (size_t i = 0; i < 4; i++)
		sigaddset(&signals, (int[]){ SIGTERM, SIGINT, SIGUSR1, SIGALRM }[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	status = read_words(config, argv + 1, &checks, &err);
	if (status == WEIR_OK && checks) {
		result = check(config);
	} else if (status == WEIR_OK) {
		pipeline = weir_config_pipeline(config, WEIR_WITH(weir_pipeline_options, .env = &env,
								  .on_state = on_state), &err);
		result = pipeline ? run(&signals) : 2;
	}
	if (status < 0 || (!checks && !pipeline))
		fprintf(stderr, "connect: %s\n", err.text);
	weir_pipeline_free(pipeline);
	weir_config_free(config);
	return result;
}
