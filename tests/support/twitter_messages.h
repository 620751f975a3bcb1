/* SPDX-License-Identifier: MIT */
/* The smallest messages of each kind that matters to gaps. Ids and numbers are string literals. */
#ifndef WEIR_TESTS_TWITTER_MESSAGES_H
#define WEIR_TESTS_TWITTER_MESSAGES_H

#define TWEET(id) \
	"{\"id\":" id ",\"id_str\":\"" id "\",\"user\":{\"id\":1},\"text\":\"t\"}"
#define RETWEET(id) \
	"{\"id\":" id ",\"user\":{\"id\":1},\"text\":\"t\",\"retweeted_status\":" TWEET("1") "}"
#define V2_POST(id) "{\"data\":{\"id\":\"" id "\",\"text\":\"t\"}}"
#define ENVELOPED(message) "{\"for_user\":1,\"message\":" message "}"
#define DELETE(id) "{\"delete\":{\"status\":{\"id\":" id ",\"id_str\":\"" id "\"}}}"
#define LIMIT(track) "{\"limit\":{\"track\":" track "}}"
#define DISCONNECT(code) "{\"disconnect\":{\"code\":" code "}}"

/* As it stands in the stream, and as the recorder writes it. */
#define SENT(message) message "\r\n"
#define GOT(message) message "\n"

/*
 * A gap of the rig's source. `from` and `to` are the last six digits of the times: the rig begins
 * at 800000 and must be done before it has run for 200 s.
 */
#define GAP(from, to, cause, missed, last, first) \
	"{\"gap\":{\"source\":\"twitter\",\"from_ms\":1577836" from ",\"to_ms\":1577836" to \
	",\"cause\":\"" cause "\",\"missed\":" missed ",\"last_before\":" last \
	",\"first_after\":" first "}}"
#define ID(id) "\"" id "\""

#endif
