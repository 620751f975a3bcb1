/* SPDX-License-Identifier: MIT */
/*
 * Running: `run` is a loop of turns that wait; `start` is `run` on a thread of its own.
 *
 * Guarantee: the thread takes no signals, so an application's handlers run where they did before.
 */
#include "engine/engine.h"

#include <signal.h>

#include "ground/error.h"

static enum weir_status run(weir_pipeline *pipeline)
{
	enum weir_status status;

	if (!weir__flush_enter_runner(pipeline))
		return WEIR_ERR_STATE;
	do
		status = weir__turn(pipeline, weir__timeout_ms(pipeline));
	while (status == WEIR_OK);
	weir__flush_leave_runner(pipeline);
	return status < 0 ? status : WEIR_OK;
}

enum weir_status weir_pipeline_run(weir_pipeline *pipeline)
{
	if (!pipeline)
		return WEIR_ERR_NOMEM;
	return pipeline->has_thread ? WEIR_ERR_STATE : run(pipeline);
}

static void *run_on_thread(void *user)
{
	weir_pipeline *pipeline = user;

	pipeline->thread_status = run(pipeline);
	return NULL;
}

enum weir_status weir_pipeline_start(weir_pipeline *pipeline)
{
	struct weir_error err;
	sigset_t all, before;
	int os_error;

	if (!pipeline)
		return WEIR_ERR_NOMEM;
	if (pipeline->error.status < 0)
		return pipeline->error.status;
	if (pipeline->has_thread || weir_pipeline_state(pipeline) != WEIR_STATE_IDLE)
		return WEIR_ERR_STATE;
	weir__flush_set_runner(pipeline, true);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	os_error = pthread_create(&pipeline->thread, NULL, run_on_thread, pipeline);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (os_error) {
		weir__flush_set_runner(pipeline, false);
		weir__error_os(&err, os_error, "cannot start a thread");
		weir_pipeline_fail(pipeline, &err);
		return err.status;
	}
	pipeline->has_thread = true;
	return WEIR_OK;
}

enum weir_status weir_pipeline_join(weir_pipeline *pipeline)
{
	if (!pipeline)
		return WEIR_ERR_NOMEM;
	if (!pipeline->has_thread)
		return WEIR_ERR_STATE;
	pthread_join(pipeline->thread, NULL);
	pipeline->has_thread = false;
	return pipeline->thread_status;
}
