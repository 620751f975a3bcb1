/* SPDX-License-Identifier: MIT */
/*
 * Runs the tests of a program. Every test program ends here, so all print what tools/run-tests
 * reads and obey Check's own variables in one way: CK_FORK, CK_VERBOSITY, CK_RUN_CASE.
 */
#include "support/run.h"

int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

int run_case(const char *suite_name, TCase *tcase)
{
	Suite *suite = suite_create(suite_name);

	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
