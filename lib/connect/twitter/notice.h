/* SPDX-License-Identifier: MIT */
/* What messages about the stream tell the source beside being delivered. */
#ifndef WEIR_TWITTER_NOTICE_H
#define WEIR_TWITTER_NOTICE_H

#include "connect/twitter/dialect.h"
#include "connect/twitter/stream.h"

/* Called with every message just emitted. */
void weir__twitter_notice(struct weir__twitter_stream *stream, const weir_message *message);

#define WEIR__TWITTER_V1_NOTICES 4
extern const struct weir__twitter_notice_row weir__twitter_v1_notices[WEIR__TWITTER_V1_NOTICES];
/* A line that is no message: for the log. */
void weir__twitter_say_notice(struct weir__twitter_stream *stream, const weir_message *message);

/* A warning in the log, and to on_alert. */
void weir__twitter_alert(const struct weir__twitter_config *config, const weir_port *port,
			 const char *text);

#define WEIR__TWITTER_MORE 32

/*
 * For what a peer can cause at any rate: the first of a kind at once, then one a minute. `ret_more`
 * goes behind what is said: " (12 more)", or nothing when nothing was held back.
 */
bool weir__twitter_may_say(struct weir__twitter_stream *stream, const char *kind,
			   char ret_more[WEIR__TWITTER_MORE]);
/* An alert, if it may be said. */
void weir__twitter_alert_seldom(struct weir__twitter_stream *stream, const char *kind,
				const char *text);

#endif
