/* SPDX-License-Identifier: MIT */
/* What every test program has: a main that hangs up its tests, runs them and returns the result. */
#ifndef WEIR_TESTS_RUN_H
#define WEIR_TESTS_RUN_H

#include <check.h>

#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))
/* Runs a test once for each row of a table: _i is the row. */
#define LOOP(tcase, test, table) tcase_add_loop_test(tcase, test, 0, ROWS(table))

/* Runs and frees it, prints what failed and Check's summary; 0 when nothing failed. */
int run_suite(Suite *suite);
/* The same of a suite that is this one case. */
int run_case(const char *suite_name, TCase *tcase);

#endif
