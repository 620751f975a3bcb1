/* SPDX-License-Identifier: MIT */
/*
 * Condition variables that wait by the monotonic clock, so that a clock that is set does not make
 * a deadline early or late. Called by what threads of the application wait in.
 */
#include "ground/wait.h"

#include <errno.h>

#include "ground/env.h"

#define MOST_MS (UINT64_C(1) << 52)	/* fits every time_t, and is for ever */

uint64_t weir__real_ms(void)
{
	const struct weir_env env = weir__env_complete(NULL);

	return weir__monotonic_ms(&env);
}

uint64_t weir__real_ms_after(uint64_t delay_ms)
{
	return weir__real_ms() + (delay_ms < MOST_MS ? delay_ms : MOST_MS);
}

void weir__cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attributes);
	pthread_condattr_destroy(&attributes);
}

bool weir__cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_ms)
{
	const struct timespec until = { .tv_sec = (time_t)(until_ms / 1000),
					.tv_nsec = (long)(until_ms % 1000 * 1000000) };

	return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}
