/* SPDX-License-Identifier: MIT */
/*
 * The only file that includes liboauth's header, and what it takes to live with that library.
 *
 * Guarantees: any thread may call at any time; nothing of liboauth's memory leaves this file, and
 * it is wiped before it goes back. Callers: form.c and oauth1.c.
 *
 * What version 1.0.3 gets right, and is used: oauth_url_escape and oauth_sign_hmac_sha1_raw (also
 * with an empty text and a key longer than a block). What it gets wrong, and is done in form.c,
 * oauth1.c and oauth1_url.c instead: its splitters cut a query's value at every `?`, end a value
 * at `%00` without a word, take `%3D` in a name for the `=`, pass a broken escape on, and read a
 * `+` in a form body as itself; its URLs keep the case of the host.
 *
 * Two limits remain. Its allocations do not come through the env, and one that fails ends the
 * process: they are a few times the length of the text. And while it grows a buffer, the C
 * library may leave an unwiped copy of the first part of an escaped secret behind; a secret of
 * letters and digits only, as the services give out, is never grown.
 */
#include "wire/liboauth.h"

#include <pthread.h>
#include <stddef.h>	/* oauth.h needs it and does not say so */
#include <stdlib.h>
#include <string.h>

#include <oauth.h>

#include "ground/error.h"

/*
 * liboauth wakes NSS in its first signature, without a lock: two threads that make their first one
 * together crash inside NSPR. This guards a state of theirs that is as global as it is.
 */
static pthread_once_t nss_awake = PTHREAD_ONCE_INIT;	/* theirs */

static void give_back(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);	/* theirs */
}

static void wake_nss(void)
{
	give_back(oauth_sign_hmac_sha1_raw("text", 4, "key", 3));
}

/* Takes what liboauth allocated. */
static char *take(const struct weir_env *env, char *text)
{
	char *copy = weir__text_copy(env, text);

	give_back(text);
	return copy;
}

char *weir__liboauth_escape(const struct weir_env *env, const char *text)
{
	return take(env, oauth_url_escape(text));
}

enum weir_status weir__liboauth_hmac_sha1(const struct weir_env *env, const char *key,
					  const char *text, char **ret_digest,
					  struct weir_error *err)
{
	char *digest, *copy;

	pthread_once(&nss_awake, wake_nss);
	digest = oauth_sign_hmac_sha1_raw(text, strlen(text), key, strlen(key));
	if (!digest)
		return weir_error_set(err, WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
				      "cannot sign: NSS, under liboauth, gives no HMAC-SHA1");
	copy = take(env, digest);
	if (!copy)
		return weir__error_no_memory(err);
	*ret_digest = copy;
	return WEIR_OK;
}
