/* SPDX-License-Identifier: MIT */
/* The accounting identity, for every flow test to assert after every step. */
#ifndef WEIR_TESTS_ACCOUNTS_H
#define WEIR_TESTS_ACCOUNTS_H

#include "weir.h"

/*
 * Fails the test unless received = delivered + dead-lettered + dropped + in flight, for the
 * pipeline, each kind, and the source (NULL is fine), the kinds add up to the whole,
 * and so do the causes of drops.
 */
void check_accounts(const weir_pipeline *pipeline, const weir_source *source);

#endif
