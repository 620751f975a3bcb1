/* SPDX-License-Identifier: MIT */
/* What a Twitter stream is asked for: phrases, user ids, boxes, and what narrows them. */
#ifndef WEIR_TWITTER_PREDICATE_H
#define WEIR_TWITTER_PREDICATE_H

#include "weir/twitter.h"

#define WEIR__TWITTER_PHRASE_BYTES 60

/* The service's limits on track, follow, locations, language, filter_level and count. */
enum weir_status weir__twitter_check_predicates(const struct weir_twitter_source_options *options,
						struct weir_error *err);

#endif
