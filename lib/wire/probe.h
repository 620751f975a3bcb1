/* SPDX-License-Identifier: MIT */
/* One request, waited for, to learn how far it gets. For checks, not for streams. */
#ifndef WEIR_WIRE_PROBE_H
#define WEIR_WIRE_PROBE_H

#include "weir/http.h"

enum weir__probe_stage {
	WEIR__PROBE_NAME,	/* of the host, or of the proxy */
	WEIR__PROBE_CONNECTION,
	WEIR__PROBE_TLS,
	WEIR__PROBE_ANSWER,
	WEIR__PROBE_ALL
};

struct weir__probe {
	enum weir__probe_stage failed;	/* where it ended; ALL: there is an answer */
	struct weir_error err;		/* why */
	bool has_tls;
	char address[64];		/* "" until there is a connection */
	int status;
	uint64_t date_ms;		/* of the answer; 0: it has no Date */
};

/*
 * Blocks, at most `most_ms`. WEIR_OK, wherever it ended · below zero: no request could be made.
 */
enum weir_status weir__probe_run(const struct weir_env *env,
				 const struct weir_http_request *request, uint64_t most_ms,
				 struct weir__probe *ret, struct weir_error *err);

#endif
