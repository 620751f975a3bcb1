/* SPDX-License-Identifier: MIT */
/* What limit, warning, disconnect and notice messages tell the source beside being delivered. */
#ifndef WEIR_TWITTER_NOTICE_H
#define WEIR_TWITTER_NOTICE_H

#include "connect/twitter/stream.h"

/* Called with every message just emitted. */
void weir__twitter_notice(struct weir__twitter_stream *stream, const weir_message *message);

/* A warning in the log, and to on_alert. */
void weir__twitter_alert(const struct weir__twitter_config *config, const weir_port *port,
			 const char *text);

#endif
