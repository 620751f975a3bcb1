/* SPDX-License-Identifier: MIT */
/*
 * Tickets: how a thread learns what became of the one message it pushed.
 *
 * Invariant: two hold a ticket, the thread that waits and the message; either may let go first (a
 * deadline, an end), the second frees it. All under the source's lock.
 */
#include "connect/push/internal.h"
#include "ground/wait.h"

struct weir__ticket *weir__ticket_new(const struct weir_env *env)
{
	struct weir__ticket *ticket = weir__alloc(env, sizeof *ticket);

	if (!ticket)
		return NULL;
	ticket->env = env;
	ticket->holders = 2;
	weir__cond_init(&ticket->settled);
	return ticket;
}

void weir__ticket_tell(struct weir__ticket *ticket, enum weir_outcome outcome)
{
	ticket->is_settled = true;
	ticket->outcome = outcome;
	pthread_cond_signal(&ticket->settled);
}

void weir__ticket_settle(struct weir__ticket *ticket, enum weir_outcome outcome)
{
	if (!ticket)
		return;
	weir__ticket_tell(ticket, outcome);
	weir__ticket_let_go(ticket);
}

void weir__ticket_let_go(struct weir__ticket *ticket)
{
	if (--ticket->holders > 0)
		return;
	pthread_cond_destroy(&ticket->settled);
	weir__free(ticket->env, ticket, sizeof *ticket);
}
