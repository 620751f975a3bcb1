/* SPDX-License-Identifier: MIT */
/*
 * jansson judges the scan: on a text both must agree whether it is JSON, and on every slot of a
 * plan. All forms that this machine has must answer alike.
 *
 * Where RFC 8259 allows what jansson cannot hold, a copy of the text is judged in which
 * these few bytes are exchanged for harmless ones of the same length. And the other way round:
 * jansson overlooks a NUL byte right behind a number or literal, which no JSON text has.
 */
#ifndef WEIR_TESTS_SCAN_JUDGE_H
#define WEIR_TESTS_SCAN_JUDGE_H

#include "kit/scan.h"

enum judge_exception {
	JUDGE_NUMBER_RANGE,
	JUDGE_LONE_SURROGATE,
	JUDGE_NUL_IN_NAME,
	JUDGE_EXCEPTION_COUNT
};

struct judge {
	weir__plan *plans[WEIR__SCAN_FORMS];	/* the same in each form; NULL: not here */
	struct weir__slot *slots;
	struct weir__slot *others;	/* of the other forms */
	size_t texts;
	size_t valid;
	size_t filled;		/* slots with something in them */
	size_t exceptions[JUDGE_EXCEPTION_COUNT];
	size_t nuls_passed;	/* texts that jansson took although a NUL byte stands in them */
	char wrong[512];	/* the last disagreement */
};

void judge_init(struct judge *judge);
void judge_release(struct judge *judge);
/* False when scan and jansson disagree; `wrong` then says on what. */
bool judge_text(struct judge *judge, const void *text, size_t len);
/* One line on stdout: how many texts, valid ones, and each exception. */
void judge_report(const struct judge *judge, const char *what);

#endif
