/* SPDX-License-Identifier: MIT */
/* Answers that scripts of the Twitter source's tests are made of. */
#ifndef WEIR_TESTS_TWITTER_ANSWERS_H
#define WEIR_TESTS_TWITTER_ANSWERS_H

#include "support/twitter_rig.h"

#define HOUR_MS 3600000u
#define KEEP_ALIVE "\r\n"

/* A connection that was answered well, sent a keep-alive and lived for a minute. */
#define PROVEN { { { .status = 200, .text = KEEP_ALIVE }, { .at_ms = 60000, .ends = true } } }
#define QUIET { { { .status = 200, .text = KEEP_ALIVE } } }
#define NO_ANSWER { { { .at_ms = 1, .fails = WEIR_ERR_IO } } }
#define REFUSED { { { .refused = true, .fails = WEIR_ERR_IO } } }
#define STATUS(code) { { { .status = code, .text = "no", .ends = true } } }

#endif
