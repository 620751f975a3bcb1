/* SPDX-License-Identifier: MIT */
/*
 * The schedules of reconnecting and retrying.
 *
 * Guarantees: within a class no delay is shorter than the one before it until the reset; none is
 * above the cap; jitter only adds. Callers: live sources between attempts, the engine between the
 * attempts of a delivery.
 */
#include "kit/backoff.h"

static const struct {
	uint64_t first_ms;
	uint64_t most_ms;
	bool doubles;
} schedules[WEIR__BACKOFF_CLASSES] = {
	[WEIR__BACKOFF_NETWORK] = { 250, 16000, false },
	[WEIR__BACKOFF_HTTP] = { 5000, 320000, true },
	[WEIR__BACKOFF_RATE] = { 60000, 960000, true },
};

uint64_t weir__backoff_next(struct weir__backoff *backoff, enum weir__backoff_class class,
			    bool *ret_capped)
{
	const uint64_t first_ms = schedules[class].first_ms;
	const uint64_t most_ms = schedules[class].most_ms;
	const uint64_t last_ms = backoff->last_ms[class];
	uint64_t next_ms = schedules[class].doubles ? last_ms * 2 : last_ms + first_ms;

	if (last_ms == 0)
		next_ms = first_ms;
	if (next_ms > most_ms)
		next_ms = most_ms;
	if (ret_capped)
		*ret_capped = next_ms == most_ms && last_ms < most_ms;
	backoff->last_ms[class] = next_ms;
	return next_ms;
}

void weir__backoff_reset(struct weir__backoff *backoff)
{
	*backoff = (struct weir__backoff){ { 0 } };
}

uint64_t weir__backoff_delay(uint64_t first_ms, uint64_t most_ms, uint32_t attempt)
{
	uint64_t delay_ms = first_ms;

	for (uint32_t n = 2; n < attempt && delay_ms < most_ms; n++)
		delay_ms = delay_ms > most_ms / 2 ? most_ms : delay_ms * 2;
	return delay_ms < most_ms ? delay_ms : most_ms;
}

uint64_t weir__backoff_jitter(uint64_t delay_ms, uint32_t percent, uint32_t chance)
{
	const uint64_t most_ms = delay_ms / 100 * percent + delay_ms % 100 * percent / 100;

	return delay_ms + (most_ms ? chance % (most_ms + 1) : 0);
}
