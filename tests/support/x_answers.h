/* SPDX-License-Identifier: MIT */
/* What X API v2 says, for scripts. */
#ifndef WEIR_TESTS_X_ANSWERS_H
#define WEIR_TESTS_X_ANSWERS_H

#include "support/twitter_answers.h"

#define X_TYPE(name) "\"type\":\"https://api.twitter.com/2/problems/" name "\""
#define X_ERRORS(...) "{\"errors\":[" __VA_ARGS__ "]}"
#define X_PROBLEM(name, ...) "{\"title\":\"T\"," __VA_ARGS__ "\"detail\":\"D\"," X_TYPE(name) "}"
#define X_PARTED(kind) \
	X_ERRORS(X_PROBLEM("operational-disconnect", "\"disconnect_type\":\"" kind "\","))
#define X_ISSUE(issue) \
	X_PROBLEM("streaming-connection", "\"connection_issue\":\"" issue "\",")
#define X_CAPPED(period) X_PROBLEM("usage-capped", "\"period\":\"" period "\",")

/* A refusal with this body. */
#define X_REFUSED(code, body) { { { .status = code, .text = body, .ends = true } } }

#endif
