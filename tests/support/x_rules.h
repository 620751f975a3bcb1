/* SPDX-License-Identifier: MIT */
/* What a service that keeps rules answers, and the check of what it was asked. */
#ifndef WEIR_TESTS_X_RULES_H
#define WEIR_TESTS_X_RULES_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/x_answers.h"

#define RULES_URL "https://api.x.com/2/tweets/search/stream/rules"
#define LIST_URL RULES_URL "?max_results=1000"
#define DRY_URL RULES_URL "?dry_run=true"

#define SAYS(code, body) { { { .status = code, .text = body, .ends = true } } }
#define DONE SAYS(201, "{\"meta\":{\"summary\":{}}}")
#define LISTED(...) SAYS(200, "{\"data\":[" __VA_ARGS__ "],\"meta\":{\"result_count\":9}}")
#define NOTHING SAYS(200, "{\"meta\":{\"result_count\":0}}")
#define RULE(id, value, tag) \
	"{\"id\":\"" id "\",\"value\":\"" value "\",\"tag\":\"" tag "\"}"
#define FAILED(value, name, detail) \
	"{\"value\":\"" value "\",\"title\":\"" name "\",\"detail\":\"" detail "\"," X_TYPE(name) "}"

/* Fails the test unless this was asked: "METHOD URL BODY", a line each. */
static inline void check_asked(const struct twitter_rig *rig, const char *want)
{
	static char got[262144];
	size_t len = 0;

	got[0] = '\0';
	for (size_t i = 0; i < rig->rules_script.opens; i++) {
		const struct script_request *request = &rig->rules_script.requests[i];

		len += (size_t)snprintf(got + len, sizeof got - len, "%s %s%s%s\n",
					request->method, request->url, *request->body ? " " : "",
					request->body);
	}
	ck_assert_msg(strcmp(got, want) == 0, "want:\n%s\ngot:\n%s\nlog:\n%s", want, got,
		      rig->fake.log);
}

#endif
