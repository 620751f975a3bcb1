/* SPDX-License-Identifier: MIT */
/* Making a sound spool of a damaged one. */
#ifndef WEIR_CONNECT_SPOOL_SALVAGE_H
#define WEIR_CONNECT_SPOOL_SALVAGE_H

#include "connect/spool/pages.h"
#include "connect/spool/store.h"

/*
 * After a check of these pages failed with `err`: WEIR_AGAIN: a sound file has taken its place, the
 * damaged one is aside, what happened is in the store · WEIR_END: there was nothing in it · below
 * zero: nothing was changed; `err` then says what the check had said, or what failed here.
 */
enum weir_status weir__salvage(struct weir__store *store, const struct weir__pages *pages,
			       struct weir_error *err);

#endif
