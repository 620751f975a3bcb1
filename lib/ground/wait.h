/* SPDX-License-Identifier: MIT */
/*
 * Waiting for another thread, with a time limit.
 *
 * Real time, whatever clock the env has: the one that waits is a thread of the application's.
 */
#ifndef WEIR_GROUND_WAIT_H
#define WEIR_GROUND_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of the system's monotonic clock. */
uint64_t weir__real_ms(void);
/* This long after now; never wraps. */
uint64_t weir__real_ms_after(uint64_t delay_ms);
void weir__cond_init(pthread_cond_t *cond);
/* With `lock` held. False when that time of weir__real_ms has come. */
bool weir__cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_ms);

#endif
