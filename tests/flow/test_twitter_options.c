/* SPDX-License-Identifier: MIT */
/* The options of the Twitter source: each is checked by the add, before anything is sent. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/run.h"
#include "support/twitter_rig.h"

static const struct script_answer quiet[] = { { { { .status = 200, .text = "\r\n" } } } };

#define KEYS .consumer_key = "ck", .consumer_secret = "cs", .token = "t", .token_secret = "ts"
#define S60 "123456789012345678901234567890123456789012345678901234567890"
#define HAN20 "가가가가가가가가가가가가가가가가가가가가"
#define SAMPLE .url = WEIR_TWITTER_SAMPLE_URL

static const struct weir_property no_value[] = { { "with", NULL } };
static const struct weir_property no_name[] = { { "", "x" } };
static const struct weir_property null_name[] = { { NULL, "x" } };
static const struct weir_property others[] = { { "with", "followings" }, { "oauth", "1" } };
#define SAYS(name) (const struct weir_property[]){ { "with", "user" }, { name, "1" } }
#define OWN(name) \
	{ "parameters: " name, { KEYS, .track = "a", .parameters = SAYS(name), \
	  .parameter_count = 2 }, "parameters[1]: '" name "' has an option of its own" }
#define PROXY(name, text, want) \
	{ "proxy: " name, { KEYS, .track = "a", .proxy = text }, want }
#define NO_PROXY "proxy: its host or port cannot"
#define URL(name, text, want) { "url: " name, { KEYS, .track = "a", .url = text }, want }

static const struct {
	const char *name;
	struct weir_twitter_source_options options;
	const char *want;	/* NULL: accepted */
} rows[] = {
	{ "no options", { .consumer_key = NULL },
	  "consumer_key, consumer_secret, token, token_secret" },
	{ "one credential missing", { .consumer_key = "ck", .token = "t", .token_secret = "ts",
	  .track = "a" }, "missing: consumer_secret; set all four" },
	{ "an empty one is missing", { .consumer_key = "ck", .consumer_secret = "cs", .token = "",
	  .token_secret = "ts", .track = "a" }, "missing: token;" },
	{ "a line end in one", { .consumer_key = "ck", .consumer_secret = "cs", .token = "t\n",
	  .token_secret = "ts", .track = "a" }, "token: holds white space or a line end" },
	{ "anonymous", { .track = "a", .anonymous = true }, NULL },

	{ "R1: nothing to filter by", { KEYS }, "needs track, follow or locations" },
	{ "R1: only narrowed", { KEYS, .language = "ko", .filter_level = "low" },
	  "needs track, follow or locations" },
	{ "R1: an empty track is none", { KEYS, .track = "" }, "needs track, follow or locations" },
	{ "R1: another filter URL", { KEYS, .url = "http://h/1.1/statuses/filter.json?x=1" },
	  "needs track, follow or locations" },
	{ "R1: sample needs none", { KEYS, SAMPLE }, NULL },

	{ "R2: 1 byte", { KEYS, .track = "a" }, NULL },
	{ "R2: 60 bytes", { KEYS, .track = S60 }, NULL },
	{ "R2: 61 bytes", { KEYS, .track = "ok," S60 "x" },
	  "track: phrase '" S60 "x' has 61 bytes of UTF-8, the limit is 60" },
	{ "R2: 20 Hangul syllables", { KEYS, .track = HAN20 }, NULL },
	{ "R2: 21 Hangul syllables", { KEYS, .track = HAN20 "가" },
	  "'" HAN20 "가' has 63 bytes" },
	{ "R2: an empty phrase", { KEYS, .track = "a,,b" }, "phrase 2 is empty (0 bytes)" },
	{ "R2: a comma at the end", { KEYS, .track = "a," }, "phrase 2 is empty" },
	{ "R2: a phrase of blanks", { KEYS, .track = "a,  " }, "phrase 2 is empty" },
	{ "R2: a very long one is shown in part", { KEYS, .track = HAN20 HAN20 HAN20 },
	  "…' has 180 bytes" },
	{ "R2: not UTF-8", { KEYS, .track = "\xc3(" }, "track: not UTF-8" },

	{ "follow: ids", { KEYS, .follow = "6253282,2244994945" }, NULL },
	{ "follow: a screen name", { KEYS, .follow = "12,@jack" },
	  "'@jack' is no numeric user id" },
	{ "follow: negative", { KEYS, .follow = "-1" }, "'-1' is no numeric user id" },

	{ "R4: a box", { KEYS, .locations = "-122.75,36.8,-121.75,37.8" }, NULL },
	{ "R4: two boxes", { KEYS, .locations = "-122.75,36.8,-121.75,37.8, -74,40,-73,41" },
	  NULL },
	{ "R4: the whole world", { KEYS, .locations = "-180,-90,180,90" }, NULL },
	{ "R4: three numbers", { KEYS, .locations = "1,2,3" }, "3 numbers; each box takes four" },
	{ "R4: swapped corners", { KEYS, .locations = "-121.75,37.8,-122.75,36.8" },
	  "box 1 does not begin with its south-west corner" },
	{ "R4: latitude before longitude", { KEYS, .locations = "36.8,-122.75,37.8,-121.75" },
	  "latitude beyond ±90" },
	{ "R4: a longitude too far", { KEYS, .locations = "-74,40,-73,41,179,0,181,1" },
	  "box 2 has a longitude beyond ±180" },
	{ "R4: no number", { KEYS, .locations = "a,1,2,3" }, "'a' is no number" },
	{ "R4: not a number", { KEYS, .locations = "nan,1,2,3" }, "'nan' is no number" },

	{ "language", { KEYS, .track = "a", .language = "ko,en,zh-Hant" }, NULL },
	{ "language: a blank", { KEYS, .track = "a", .language = "ko, en" }, "' en' is no BCP 47" },
	{ "filter_level", { KEYS, .track = "a", .filter_level = "medium" }, NULL },
	{ "filter_level: unknown", { KEYS, .track = "a", .filter_level = "high" },
	  "'high'; it is" },
	{ "count: the most", { KEYS, .track = "a", .count = -150000 }, NULL },
	{ "count: too much", { KEYS, .track = "a", .count = 150001 }, "count: 150001" },
	{ "parameters: no value", { KEYS, .track = "a", .parameters = no_value,
	  .parameter_count = 1 }, "'with' has no value" },
	{ "parameters: no name", { KEYS, .track = "a", .parameters = no_name,
	  .parameter_count = 1 }, "parameters[0]: has no name" },
	{ "parameters: NULL for a name", { KEYS, .track = "a", .parameters = null_name,
	  .parameter_count = 1 }, "parameters[0]: has no name" },
	{ "parameters: others", { KEYS, .track = "a", .parameters = others,
	  .parameter_count = 2 }, NULL },
	OWN("track"), OWN("follow"), OWN("locations"), OWN("language"), OWN("filter_level"),
	OWN("count"), OWN("stall_warnings"), OWN("delimited"),
	{ "parameters: of the signature", { KEYS, .track = "a", .parameters = SAYS("oauth_token"),
	  .parameter_count = 2 }, "parameters[1]: 'oauth_token': names that begin with oauth_" },
	{ "parameters: none", { KEYS, .track = "a", .parameter_count = 1 }, "parameters: NULL" },

	{ "url: https", { KEYS, .url = "https://h/s.json" }, NULL },
	{ "url: another scheme", { KEYS, .url = "ftp://h/s" },
	  "must begin with https:// or http://" },
	{ "url: no host", { KEYS, .url = "http:///s" }, "url: has no host" },
	{ "url: only a port", { KEYS, .url = "http://:80/s" }, "url: has no host" },
	{ "url: a password", { KEYS, .url = "http://u:p@h/s" }, "user name or password" },
	{ "url: a blank", { KEYS, .url = "http://h/a b" }, "url: holds white space" },
	{ "url: a fragment", { KEYS, .url = "http://h/a#b" }, "url: has a fragment" },
	URL("the highest port", "http://h:65535/s", NULL),
	URL("a port too high", "http://h:65536/s", "url: its port is not a number from 1 to"),
	URL("a port far too high", "https://h:18446744073709551617?a", "url: its port is not"),
	URL("port 0", "http://h:0/s", "url: its port is not a number from 1 to 65535"),
	URL("no number for a port", "http://h:80a/s", "url: its port is not a number"),
	URL("two ports", "http://h:80:80/s", "url: its port is not a number"),
	URL("no port behind the colon", "http://h:/s", NULL),
	URL("IPv6", "http://[::1]:8080/s", NULL),
	URL("IPv6 without a port", "http://[::1]/s", NULL),
	URL("IPv6 and a port too high", "http://[::1]:99999/s", "url: its port is not"),
	URL("IPv6 that does not end", "http://[::1/s", "url: has no host"),
	URL("IPv6 and more", "http://[::1]x/s", "url: has no host"),
	PROXY("host and port", "http://127.0.0.1:3128", NULL),
	PROXY("IPv6", "http://[::1]:3128", NULL),
	PROXY("a user", "http://me:se%40cret@p.example:3128", NULL),
	PROXY("a slash at the end", "http://p.example:3128/", NULL),
	PROXY("nonsense", "::::", "proxy: it is http://[user:password@]host:port"),
	PROXY("no scheme", "p.example:3128", "proxy: it is http://[user:password@]host:port"),
	PROXY("SOCKS", "socks5://p.example:1080", "proxy: it is http://[user:password@]host:port"),
	PROXY("https", "https://p.example:3128", "proxy: it is http://[user:password@]host:port"),
	PROXY("no port", "http://p.example", "proxy: its port is not a number from 1 to 65535"),
	PROXY("an empty port", "http://p.example:", "proxy: its port is not a number"),
	PROXY("a port too high", "http://p.example:65536", "proxy: its port is not a number"),
	PROXY("no host", "http://:3128", "proxy: has no host"),
	PROXY("colons", "http://::::", "proxy: has no host"),
	PROXY("a placeholder", "http://me:" RIG_TOKEN "@{proxy}:3128", NO_PROXY),
	PROXY("a variable", "http://me:" RIG_TOKEN "@$PROXY:3128", NO_PROXY),
	PROXY("a comma", "http://me:" RIG_TOKEN "@pro,xy:3128", NO_PROXY),
	PROXY("no address", "http://me:" RIG_TOKEN "@[zz]:3128", NO_PROXY),
	PROXY("a path", "http://p.example:3128/path", "proxy: it ends after the port"),
	PROXY("a query", "http://p.example:3128?a", "proxy: it ends after the port"),
	PROXY("a blank", "http://p.example :3128", "proxy: holds white space"),
	PROXY("a line end", "http://p.example:3128\n", "proxy: holds white space"),
	PROXY("a second @", "http://me:" RIG_TOKEN "@x@p.example:3128", "proxy: its user name and"),
	PROXY("a slash in the password", "http://me:" RIG_TOKEN "/x@p.example:3128",
	      "proxy: its user name and"),
	PROXY("a broken escape", "http://me:" RIG_TOKEN "%4@p.example:3128",
	      "proxy: its user name and"),
	PROXY("a control character", "http://me:" RIG_TOKEN "%0a@p.example:3128",
	      "proxy: its user name and"),
	PROXY("no user", "http://:" RIG_TOKEN "@p.example:3128", "proxy: its user name and"),
	PROXY("a password behind nonsense", "htp://me:" RIG_TOKEN "@p.example:3128",
	      "proxy: it is http://[user:password@]host:port"),
	PROXY("a password and a wrong port", "http://me:" RIG_TOKEN "@p.example:x",
	      "proxy: its port is not a number"),
	{ "method: another", { KEYS, .track = "a", .method = "PUT" }, "method: 'PUT'" },
	{ "user_agent: a line end", { KEYS, .track = "a", .user_agent = "x\r\nA: b" },
	  "user_agent: holds a control character" },
	{ "ca_file: not there", { KEYS, .track = "a", .ca_file = "/nowhere/ca.pem" },
	  "ca_file: cannot open '/nowhere/ca.pem': No such file" },
	{ "ca_file: a directory", { KEYS, .track = "a", .ca_file = "/" }, "Is a directory" },
	{ "ca_file: empty", { KEYS, .track = "a", .ca_file = "/dev/null" }, "is empty" },
	{ "ca_file: no certificate", { KEYS, .track = "a", .ca_file = "Makefile" },
	  "ca_file: 'Makefile' holds no PEM certificate" },
	{ "stall_ms: more than a day", { KEYS, .track = "a", .stall_ms = 86400001 }, "stall_ms:" },
	{ "connect_ms: the most", { KEYS, .track = "a", .connect_ms = UINT64_MAX }, "connect_ms:" },
	{ "jitter_percent", { KEYS, .track = "a", .jitter_percent = 26 }, "jitter_percent: 26" },
	{ "max_message_bytes", { KEYS, .track = "a", .max_message_bytes = SIZE_MAX },
	  "max_message_bytes:" },
};

/* Starts a rig with these options; what it says, or NULL when it is accepted. */
static const char *refusal(struct twitter_rig *rig,
			   const struct weir_twitter_source_options *options)
{
	const struct weir_error *err;

	rig->options = *options;
	rig->options.size = sizeof rig->options;
	rig->options.http = &rig->http;
	rig_start(rig);
	err = weir_pipeline_error(rig->pipeline);
	ck_assert((rig->source == NULL) == (err->status < 0));
	return err->status < 0 ? err->text : NULL;
}

/* ---- ca_file ---- */

#define BEGIN "-----BEGIN CERTIFICATE-----\n"

static const struct {
	const char *name;
	size_t before;		/* bytes of binary junk in front */
	const char *text;
	bool good;
} ca_files[] = {
	{ "a certificate", 0, BEGIN "MIIB\n", true },
	{ "a comment first", 0, "# ours\n" BEGIN, true },
	{ "an old label", 0, "-----BEGIN X509 CERTIFICATE-----\n", true },
	{ "with trust", 0, "-----BEGIN TRUSTED CERTIFICATE-----\n", true },
	{ "across a read's edge", 4090, BEGIN, true },
	{ "across a later one", 16 * 1024 - 9, BEGIN, true },
	{ "far behind, within the limit", 60 * 1024, BEGIN, true },
	{ "too far behind", 64 * 1024 + 1, BEGIN, false },
	{ "binary junk", 5000, "", false },
	{ "DER", 0, "\x30\x82\x01\x0a", false },
	{ "a key", 0, "-----BEGIN PRIVATE KEY-----\n", false },
	{ "a begin without an end", 0, "-----BEGIN CERTIFICAT", false },
};

static void write_ca_file(char *path, int row)
{
	const int fd = mkstemp(path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	ck_assert_ptr_nonnull(file);
	for (size_t i = 0; i < ca_files[row].before; i++)
		fputc((int)(i * 7 % 251), file);
	fputs(ca_files[row].text, file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_ca_file_without_a_certificate_is_refused_by_name)
{
	char path[] = "/tmp/weir-ca-XXXXXX";
	const struct weir_twitter_source_options options = { KEYS, .track = "a", .ca_file = path };
	struct twitter_rig *rig = RIG(quiet);
	const char *text;

	write_ca_file(path, _i);
	text = refusal(rig, &options);
	ck_assert_msg(!text == ca_files[_i].good, "%s: %s", ca_files[_i].name,
		      text ? text : "accepted");
	if (text)
		ck_assert_msg(strstr(text, path) && strstr(text, "no PEM certificate"), "%s", text);
	rig_end(rig);
	unlink(path);
}
END_TEST

START_TEST(a_ca_file_that_is_a_pipe_is_not_waited_for)
{
	char path[] = "/tmp/weir-ca-XXXXXX", pipe_path[64];
	const struct weir_twitter_source_options options = {
		KEYS, .track = "a", .ca_file = pipe_path
	};
	struct twitter_rig *rig = RIG(quiet);

	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(pipe_path, sizeof pipe_path, "%s/pipe", path);
	ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
	ck_assert_ptr_nonnull(refusal(rig, &options));
	rig_end(rig);
	unlink(pipe_path);
	rmdir(path);
}
END_TEST

START_TEST(options_are_checked_before_anything_is_sent)
{
	struct twitter_rig *rig = RIG(quiet);
	const char *text = refusal(rig, &rows[_i].options);
	const char *want = rows[_i].want;

	ck_assert_msg(!want == !text && (!want || strstr(text, want)), "%s: %s", rows[_i].name,
		      text ? text : "accepted");
	if (want) {
		ck_assert_ptr_nonnull(strstr(text, "source 'twitter': "));
		ck_assert_int_lt(rig_run(rig, 100), 0);
		ck_assert_uint_eq(rig->script.opens, 0);
	}
	rig_end(rig);
}
END_TEST

/* `item` so many times, joined by commas. Yours: free it. */
static char *repeat(const char *item, size_t count)
{
	const size_t len = strlen(item) + 1;
	char *list = malloc(count * len + 1);

	ck_assert_ptr_nonnull(list);
	for (size_t i = 0; i < count; i++)
		sprintf(list + i * len, "%s,", item);
	list[count * len - 1] = '\0';
	return list;
}

static const struct {
	const char *name;
	size_t phrases, ids, boxes;
	uint32_t most;		/* 0: the default limits */
	const char *want;
} counts[] = {
	{ "400 phrases", 400, 1, 1, 0, NULL },
	{ "401 phrases", 401, 1, 1, 0, "track: 401 phrases, the limit is 400 (max_phrases" },
	{ "5,000 ids", 1, 5000, 1, 0, NULL },
	{ "5,001 ids", 1, 5001, 1, 0, "follow: 5001 ids, the limit is 5000 (max_follow" },
	{ "25 boxes", 1, 1, 25, 0, NULL },
	{ "26 boxes", 1, 1, 26, 0, "locations: 26 boxes, the limit is 25 (max_boxes" },
	{ "other limits: enough", 6000, 6000, 6000, 6000, NULL },
	{ "other limits: phrases", 3, 2, 2, 2, "track: 3 phrases, the limit is 2" },
	{ "other limits: ids", 2, 3, 2, 2, "follow: 3 ids, the limit is 2" },
	{ "other limits: boxes", 2, 2, 3, 2, "locations: 3 boxes, the limit is 2" },
};

START_TEST(R3_counts_above_the_limits_are_refused)
{
	struct twitter_rig *rig = RIG(quiet);
	char *phrases = repeat("a b", counts[_i].phrases);
	char *ids = repeat("12", counts[_i].ids);
	char *boxes = repeat("-74,40,-73,41", counts[_i].boxes);
	const struct weir_twitter_source_options options = {
		KEYS, .track = phrases, .follow = ids, .locations = boxes,
		.max_phrases = counts[_i].most, .max_follow = counts[_i].most,
		.max_boxes = counts[_i].most,
	};
	const char *text = refusal(rig, &options);
	const char *want = counts[_i].want;

	ck_assert_msg(!want == !text && (!want || strstr(text, want)), "%s: %s", counts[_i].name,
		      text ? text : "accepted");
	rig_end(rig);
	free(phrases);
	free(ids);
	free(boxes);
}
END_TEST

START_TEST(a_failed_pipeline_still_takes_the_transport)
{
	struct twitter_rig *rig = RIG(quiet);
	weir_source *second;

	rig_start(rig);
	second = weir_twitter_source_add(NULL, "x", &rig->options);
	ck_assert_ptr_null(second);
	ck_assert(rig->script.freed);
	rig->script.freed = false;	/* the rig's own source still has it */
	rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("twitter_options");

	LOOP(tcase, options_are_checked_before_anything_is_sent, rows);
	LOOP(tcase, a_ca_file_without_a_certificate_is_refused_by_name, ca_files);
	tcase_add_test(tcase, a_ca_file_that_is_a_pipe_is_not_waited_for);
	LOOP(tcase, R3_counts_above_the_limits_are_refused, counts);
	tcase_add_test(tcase, a_failed_pipeline_still_takes_the_transport);
	return run_case("twitter_options", tcase);
}
