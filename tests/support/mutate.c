/* SPDX-License-Identifier: MIT */
/*
 * Changes are of two kinds: blind ones (flip, insert, delete, repeat), most of which make a text
 * invalid, and ones that know some JSON (a digit for a digit, white space, one more member), most
 * of which leave it valid.
 */
#include "support/mutate.h"

#include <string.h>

static const char *const bases[] = {
	"{\"id\":1307025659294674945,\"id_str\":\"1307025659294674945\",\"text\":\"\\ud55c\\uad6d "
	"\\ud83d\\ude0e\",\"user\":{\"id\":12,\"screen_name\":\"weir\",\"lang\":\"ko\"},"
	"\"lang\":\"ko\",\"timestamp_ms\":\"1517260711664\"}",
	"{\"text\":\"\355\225\234\352\270\200 \360\237\230\216 a\\/b\",\"entities\":{\"hashtags\":"
	"[{\"text\":\"kpop\",\"indices\":[0,5]},{\"text\":\"b\"}],\"urls\":[{\"indices\":[7,30]}]}"
	",\"user\":{\"id\":null,\"lang\":\"en\"}}",
	"{\"delete\":{\"status\":{\"id\":1234,\"id_str\":\"1234\",\"user_id\":3}}}",
	"{\"limit\":{\"track\":1234,\"timestamp_ms\":\"1400000000000\"}}",
	"{\"retweeted_status\":{\"id_str\":\"9\",\"user\":{\"name\":\"\\u30c6\\u30b9\\u30c8\"}},"
	"\"id\":10,\"coordinates\":{\"coordinates\":[-122.75,3.68e1]}}",
	"{\"data\":{\"id\":\"1\",\"text\":\"t\",\"referenced_tweets\":[{\"type\":\"retweeted\","
	"\"id\":\"2\"}]}}",
	"{\"a\":{\"b\":[1,2.5e-3,true]},\"a.b\":false,\"a[0]\":null,"
	"\"\355\225\234\352\270\200\":\"\"}",
	"{\"a\":[0,{\"b\":\"\\u0041\\n\\t\\\"\"},[[]]],\"a\":[-0.5,{\"b\":{}}]}",
	"[[1,2],[3,{}],\"x\\\\\",\"\303\251\342\202\254\",1E400,\"\\ud800\"]",
	" [ {\"\\u0069d\" : 12.50 , \"\\u0000\":[ ] } , \"\" ]\r\n",
	"\"just a string with \\u00e9 and \360\235\204\236\"",
	"{\"user\":{\"screen_name\":\"abcdefghijklmnopqrstuvwxyz0123456789\",\"id\":-0,"
	"\"lang\":[true,false,null]},\"text\":\"01234567\"}",
};

/* What is put into a text anywhere. */
static const char *const pieces[] = {
	"{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\n", "\\\"", "\\\\", "\\/", "\\u0000",
	"\\ud83d\\ude0e", "\\ud800", "\\udc00", "\\uD7FF", "\\u12", "0", "-", "1", ".", "e", "E+9",
	"1e400", "99999999999999999999", "true", "false", "null", " ", "\t", "\n", "\r", "\f",
	"\037", "\177", "\200", "\300\200", "\303\251", "\342\202\254", "\342\202", "\355\240\200",
	"\360\237\230\216", "\364\220\200\200", "\357\273\277", "\377", "{}", "[]", "\"\"", "/",
	"//",
};

/* What is put behind a '{'. */
static const char *const members[] = {
	"\"id\":1,", "\"user\":{\"id\":\"x\"},", "\"user\":7,", "\"a\":[{\"b\":1},{\"b\":[]}],",
	"\"\\u0061\":{\"b\":\"\\ud55c\"},", "\"user\":{\"l\\u0061ng\":{}},", "\"entities\":{},",
	"\"lang\":null,", "\"x\":[[[[]]]],", "\"entities\":{\"hashtags\":[{\"text\":true}]},",
	"\"\\u0000\":1,", "\"text\":\"\\udead\",", "\"a.b\":1e999,", "\"delete\":{\"status\":0},",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

size_t mutate_random(struct mutate *mutate, size_t below)
{
	mutate->state ^= mutate->state << 13;
	mutate->state ^= mutate->state >> 7;
	mutate->state ^= mutate->state << 17;
	return (size_t)((mutate->state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static void put(struct mutate *mutate, size_t at, const char *bytes, size_t len)
{
	if (mutate->len + len > sizeof mutate->text)
		return;
	memmove(mutate->text + at + len, mutate->text + at, mutate->len - at);
	memcpy(mutate->text + at, bytes, len);
	mutate->len += len;
}

static void flip(struct mutate *mutate, size_t at)
{
	mutate->text[at] = (char)(mutate->text[at] ^ 1 << mutate_random(mutate, 8));
}

static void insert(struct mutate *mutate, size_t at)
{
	const char *piece = pieces[mutate_random(mutate, COUNT(pieces))];

	put(mutate, at, piece, strlen(piece));
}

static void delete_span(struct mutate *mutate, size_t at)
{
	size_t len = 1 + mutate_random(mutate, mutate_random(mutate, 4) ? 2 : 16);

	len = len < mutate->len - at ? len : mutate->len - at;
	memmove(mutate->text + at, mutate->text + at + len, mutate->len - at - len);
	mutate->len -= len;
}

static void repeat_span(struct mutate *mutate, size_t at)
{
	const size_t left = mutate->len - at;
	const size_t len = 1 + mutate_random(mutate, left < 64 ? left : 64);
	char copy[64];

	memcpy(copy, mutate->text + at, len);
	put(mutate, at, copy, len);
}

static void overwrite(struct mutate *mutate, size_t at)
{
	const char *piece = pieces[mutate_random(mutate, COUNT(pieces))];
	const size_t len = strlen(piece);

	if (at + len <= mutate->len)
		memcpy(mutate->text + at, piece, len);
}

static void exchange_alike(struct mutate *mutate, size_t at)
{
	char *byte = &mutate->text[at];

	if (*byte >= '0' && *byte <= '9')
		*byte = (char)('0' + mutate_random(mutate, 10));
	else if (*byte >= 'a' && *byte <= 'z')
		*byte = (char)('a' + mutate_random(mutate, 26));
}

static void insert_space(struct mutate *mutate, size_t at)
{
	const char *near = memchr(mutate->text + at, ',', mutate->len - at);

	put(mutate, near ? (size_t)(near - mutate->text) : at, &" \t\n\r"[mutate_random(mutate, 4)],
	    1);
}

static void insert_member(struct mutate *mutate, size_t at)
{
	const char *member = members[mutate_random(mutate, COUNT(members))];
	const char *near = memchr(mutate->text + at, '{', mutate->len - at);

	if (near)
		put(mutate, (size_t)(near - mutate->text) + 1, member, strlen(member));
}

void mutate_next(struct mutate *mutate)
{
	static void (*const changes[])(struct mutate *mutate, size_t at) = {
		flip,	       insert,	     delete_span,   repeat_span,   overwrite,
		exchange_alike, exchange_alike, insert_space, insert_member, insert_member,
	};
	const char *base = bases[mutate_random(mutate, COUNT(bases))];
	size_t times = 1 + mutate_random(mutate, 3);

	mutate->len = strlen(base);
	memcpy(mutate->text, base, mutate->len);
	for (; times && mutate->len; times--)
		changes[mutate_random(mutate, COUNT(changes))](
			mutate, mutate_random(mutate, mutate->len));
}
