/* SPDX-License-Identifier: MIT */
/* The driver of flow tests. */
#include "support/drive.h"

#include <check.h>
#include <poll.h>
#include <time.h>

#include "support/accounts.h"

static bool is_ready(weir_pipeline *pipeline)
{
	struct pollfd wait = { .fd = weir_pipeline_fd(pipeline), .events = POLLIN };

	return poll(&wait, 1, 0) > 0;
}

enum weir_status drive_for(weir_pipeline *pipeline, struct fake_env *fake, uint64_t most_ms,
			   size_t most_steps)
{
	const uint64_t until_ms = fake->monotonic_ms + most_ms;

	for (size_t steps = 0; steps < most_steps; steps++) {
		const enum weir_status status = weir_pipeline_step(pipeline);
		int timeout_ms;

		check_accounts(pipeline, NULL);
		if (status != WEIR_OK)
			return status;
		if (is_ready(pipeline))
			continue;
		timeout_ms = weir_pipeline_timeout_ms(pipeline);
		if (timeout_ms < 0)
			return WEIR_OK;
		if (fake->monotonic_ms + (uint64_t)timeout_ms > until_ms)
			return WEIR_OK;
		fake_env_advance(fake, (uint64_t)timeout_ms);
	}
	ck_abort_msg("the pipeline spins: %zu steps", most_steps);
	return WEIR_OK;
}

enum weir_status drive(weir_pipeline *pipeline, struct fake_env *fake)
{
	return drive_for(pipeline, fake, 3600000, 100000);
}

static int64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum weir_status drive_real(weir_pipeline *pipeline, int most_ms)
{
	const int64_t until_ms = real_ms() + most_ms;
	int64_t left_ms = most_ms;

	while (left_ms > 0) {
		const enum weir_status status = weir_pipeline_step(pipeline);
		struct pollfd wait = { .fd = weir_pipeline_fd(pipeline), .events = POLLIN };
		const int timeout_ms = weir_pipeline_timeout_ms(pipeline);

		check_accounts(pipeline, NULL);
		if (status != WEIR_OK)
			return status;
		poll(&wait, 1, timeout_ms < 0 || timeout_ms > left_ms ? (int)left_ms : timeout_ms);
		left_ms = until_ms - real_ms();
	}
	return WEIR_OK;
}

struct weir_metrics metrics_of(const weir_pipeline *pipeline)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	weir_pipeline_metrics(pipeline, &metrics);
	return metrics;
}

struct weir_source_metrics source_metrics_of(const weir_source *source)
{
	struct weir_source_metrics metrics = WEIR_METRICS(weir_source_metrics);

	weir_source_metrics(source, &metrics);
	return metrics;
}

struct weir_sink_metrics sink_metrics_of(const weir_sink *sink)
{
	struct weir_sink_metrics metrics = WEIR_METRICS(weir_sink_metrics);

	weir_sink_metrics(sink, &metrics);
	return metrics;
}
