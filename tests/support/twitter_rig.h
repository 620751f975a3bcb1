/* SPDX-License-Identifier: MIT */
/* A whole pipeline around one Twitter source, of v1.1 or of v2: scripted transport, fake clock, recording sink. */
#ifndef WEIR_TESTS_TWITTER_RIG_H
#define WEIR_TESTS_TWITTER_RIG_H

#include "support/fake_env.h"
#include "support/recorder.h"
#include "support/script_http.h"
#include "weir.h"

#define NOT_GAP (WEIR_KIND_ANY & ~(unsigned)WEIR_KIND_GAP)

#define RIG_CONSUMER_KEY "xvz1evFS4wEEPTGEFPHBog"
#define RIG_CONSUMER_SECRET "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"
#define RIG_TOKEN "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"
#define RIG_TOKEN_SECRET "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"

#define RIG_BEARER "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid%2BULvsea4JtiGRiSDSJSI"

struct twitter_rig {
	struct fake_env fake;
	struct script_http script;
	struct script_http rules_script;	/* v2: of the exchanges beside the stream */
	struct recorder recorder;
	struct weir_http http, rules_http;
	struct weir_twitter_source_options options;	/* change them before rig_start */
	struct weir_x_source_options x_options;	/* of a v2 rig, instead */
	bool is_x;
	char reports[4096];	/* of rules, one a line: "kept added removed foreign error" */
	struct weir_pipeline_options pipeline_options;
	weir_pipeline *pipeline;
	weir_source *source;
	uint64_t begun_ms;
	char alerts[8192];	/* one a line */
	size_t alert_count;
};

/* Credentials, track "a", the script. Yours: end it with rig_end. */
struct twitter_rig *rig_new(const struct script_answer *answers, size_t answer_count);
#define RIG(answers) rig_new(answers, sizeof(answers) / sizeof *(answers))

/* The same with bodies that come in pieces: cut in a way of 0 (whole) to RIG_CUTS - 1. */
#define RIG_CUTS 7
struct twitter_rig *rig_cut_new(const struct script_answer *answers, size_t answer_count, int way);

/* The same with a v2 source: the bearer token, the filtered stream, the script. */
struct twitter_rig *rig_x_new(const struct script_answer *answers, size_t answer_count);
#define RIG_X(answers) rig_x_new(answers, sizeof(answers) / sizeof *(answers))
/* Rules under "weir.", and answers to what is asked of them. */
void rig_x_rules(struct twitter_rig *rig, const struct weir_x_rule *rules, size_t rule_count,
		 const struct script_answer *answers, size_t answer_count);
#define RIG_X_RULES(rig, rules, answers) \
	rig_x_rules(rig, rules, sizeof(rules) / sizeof *(rules), answers, \
		    sizeof(answers) / sizeof *(answers))

/* Makes the pipeline; every message goes to the recorder. */
void rig_start(struct twitter_rig *rig);

/*
 * Steps, moving the clock by what the pipeline asks for, for `ms` in all or until it has ended.
 * Fails the test when the pipeline spins.
 */
enum weir_status rig_run(struct twitter_rig *rig, uint64_t ms);
/* The same up to a time since rig_new. */
enum weir_status rig_run_until(struct twitter_rig *rig, uint64_t at_ms);

/* Frees all, and checks that nothing was left behind and no secret was said. */
void rig_end(struct twitter_rig *rig);

/*
 * Starts a rig and runs this (not when there is no pipeline), with each allocation failing in turn
 * until none is left to fail: it must come to WEIR_OK or WEIR_ERR_NOMEM.
 */
void rig_fail_allocations(const struct script_answer *answers, size_t answer_count,
			  enum weir_status (*run)(struct twitter_rig *rig));
#define RIG_FAIL_ALLOCATIONS(answers, run) \
	rig_fail_allocations(answers, sizeof(answers) / sizeof *(answers), run)

struct weir_source_metrics rig_metrics(const struct twitter_rig *rig);
/* The pause between the end of attempt N's script (its last event) and attempt N + 1; from 0. */
uint64_t rig_delay(const struct twitter_rig *rig, size_t attempt);
/* Fails the test unless the messages of these kinds are this, a line each. */
void rig_check_messages(const struct twitter_rig *rig, unsigned kinds, const char *want);
/* Fails the test unless the requests were these, "TIME BODY" since rig_new, a line each. */
void rig_check_requests(const struct twitter_rig *rig, const char *want);
void rig_check_no_secret(const struct twitter_rig *rig, const char *where, const char *text);

#endif
