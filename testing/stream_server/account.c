/* SPDX-License-Identifier: MIT */
/*
 * The only account: nonces it used, and its one standing connection.
 *
 * Guarantees: of the last 4096 signed requests no two had the same nonce, timestamp and token
 * (a repeated one is refused); `newest` is a live stream or NULL, `open` the streams there are,
 * under the lock. Called by answer.c and stream.c from the threads of all connections.
 */
#include "server.h"

#include "memory.h"

void account_init(struct account *account)
{
	pthread_mutex_init(&account->lock, NULL);
}

void account_clear(struct account *account)
{
	for (size_t i = 0; i < ACCOUNT_NONCES; i++)
		free(account->nonces[i]);
	pthread_mutex_destroy(&account->lock);
}

static bool remember(struct account *account, char *nonce)
{
	char **slot = &account->nonces[account->nonce_count % ACCOUNT_NONCES];

	for (size_t i = 0; i < ACCOUNT_NONCES && account->nonces[i]; i++)
		if (strcmp(account->nonces[i], nonce) == 0)
			return false;
	free(*slot);
	*slot = nonce;
	account->nonce_count++;
	return true;
}

bool account_nonce_is_new(struct account *account, const struct param_list *header)
{
	const struct param *nonce = params_find(header, "oauth_nonce");
	const struct param *timestamp = params_find(header, "oauth_timestamp");
	const size_t room = nonce->value_len + timestamp->value_len + 2;
	char *both = need(malloc(room));
	bool new;

	snprintf(both, room, "%s %s", timestamp->value, nonce->value);
	pthread_mutex_lock(&account->lock);
	new = remember(account, both);
	pthread_mutex_unlock(&account->lock);
	if (!new)
		free(both);
	return new;
}

/* Attempts count, also refused ones: who keeps coming too quickly is kept out. */
bool account_may_open(struct server *server)
{
	struct account *account = &server->account;
	const uint64_t now = clock_us() / 1000;
	bool may;

	pthread_mutex_lock(&account->lock);
	may = account->opened_ms == 0 ||
	      now - account->opened_ms >= server->settings.strict_rate_ms;
	account->opened_ms = now;
	pthread_mutex_unlock(&account->lock);
	return may;
}

/* With --one-connection the stream that was the newest so far is told to end. */
void account_opened(struct server *server, struct stream *stream)
{
	struct account *account = &server->account;

	pthread_mutex_lock(&account->lock);
	if (account->newest && server->settings.one_connection)
		stream_cut(account->newest);
	account->newest = stream;
	account->streams++;
	account->open++;
	if (account->open > account->most_open)
		account->most_open = account->open;
	pthread_mutex_unlock(&account->lock);
}

void account_closed(struct server *server, struct stream *stream)
{
	struct account *account = &server->account;

	pthread_mutex_lock(&account->lock);
	if (account->newest == stream)
		account->newest = NULL;
	account->open--;
	pthread_mutex_unlock(&account->lock);
}

void account_read(struct account *account, uint64_t *ret_streams, uint64_t *ret_open,
		  uint64_t *ret_most_open)
{
	pthread_mutex_lock(&account->lock);
	*ret_streams = account->streams;
	*ret_open = account->open;
	*ret_most_open = account->most_open;
	pthread_mutex_unlock(&account->lock);
}
