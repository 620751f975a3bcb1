/* SPDX-License-Identifier: MIT */
/* Text from the other side, made fit for logs and errors. */
#ifndef WEIR_TWITTER_SHOW_H
#define WEIR_TWITTER_SHOW_H

#include "connect/twitter/config.h"

#define WEIR__TWITTER_SHOWN 91	/* with the final zero: whose words they are fits in front */

/*
 * What there is to see in `text`: one line, printable, at most WEIR__TWITTER_SHOWN - 1 bytes, cut
 * at a character; credentials and OAuth values in it are masked.
 */
void weir__twitter_show(const struct weir__twitter_config *config, struct weir_slice text,
			char ret[WEIR__TWITTER_SHOWN]);

/* The scheme, host and path of a URL, without its query. */
struct weir_slice weir__twitter_show_url(const char *url);

#endif
