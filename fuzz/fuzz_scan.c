/* SPDX-License-Identifier: MIT */
/*
 * Any bytes: all forms of the scan answer alike, and as jansson does (support/scan_judge.h).
 *
 *     make fuzz                 with clang's libFuzzer
 *     test_scan [FILE…]         the corpus again, without it
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/scan_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct judge judge;

	if (!judge.slots)
		judge_init(&judge);
	if (!judge_text(&judge, data, size)) {
		fprintf(stderr, "%s\n", judge.wrong);
		abort();
	}
	return 0;
}
