/* SPDX-License-Identifier: MIT */
/* A source whose steps the test writes. */
#include "support/probe.h"

#include <check.h>

static enum weir_status probe_open(void *self, weir_port *port, struct weir_error *err)
{
	struct probe *probe = self;

	probe->opens++;
	probe->port = port;
	return probe->fail_open < 0
		       ? weir_error_set(err, probe->fail_open, probe->remedy, "no")
		       : WEIR_OK;
}

static enum weir_status probe_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				   struct weir_error *err)
{
	struct probe *probe = self;

	(void)now_ms;
	probe->steps++;
	probe->outlet = outlet;
	return probe->step(probe, outlet, err);
}

static void probe_ack(void *self, struct weir_position upto)
{
	struct probe *probe = self;

	ck_assert_uint_lt(probe->ack_count, PROBE_MOST);
	probe->acks[probe->ack_count++] = upto;
}

static void probe_close(void *self)
{
	((struct probe *)self)->closes++;
}

static void probe_free(void *self)
{
	((struct probe *)self)->frees++;
}

static const struct weir_source_ops probe_ops = {
	.size = sizeof probe_ops,
	.open = probe_open,
	.step = probe_step,
	.ack = probe_ack,
	.close = probe_close,
	.free = probe_free,
};

weir_source *probe_add(weir_pipeline *pipeline, const char *name, struct probe *probe)
{
	return weir_source_add(pipeline, name, &probe_ops, probe);
}
