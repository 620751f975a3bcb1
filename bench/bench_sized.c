/* SPDX-License-Identifier: MIT */
/*
 * Tweets of one size, a line each, for the stream server to repeat:
 *
 *     bench_sized BYTES        BYTES of 100 at least; 4 MB of them, but 8 at least
 *
 * Half of a tweet is hashtags, so that large ones have much structure, too; a text fills the rest.
 * Both are of invented words, of which there are 256: they compress about as tweets do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOTAL 4000000
#define LONGEST_TAG 48

static unsigned chance(unsigned most)
{
	static unsigned long long state = 1;

	state = state * 6364136223846793005 + 1442695040888963407;
	return (unsigned)(state >> 33) % most;
}

/* The word of a number is always the same: 2 to 9 letters. */
static size_t put_word(char *at, unsigned number)
{
	const size_t len = 2 + number % 8;

	for (size_t i = 0; i < len; i++, number = number * 75 + 74)
		at[i] = (char)('a' + number % 65537 % 26);
	return len;
}

static size_t put_tag(char *at, const char *before)
{
	const unsigned begin = chance(140);
	char word[16] = "";

	put_word(word, chance(256));
	return (size_t)sprintf(at, "%s{\"text\":\"%s\",\"indices\":[%u,%u]}", before, word, begin,
			       begin + 5);
}

static void put_text(char *at, const char *end)
{
	char word[16] = " ";
	size_t len;

	for (; at < end; at += len) {
		len = put_word(word + 1, chance(256)) + 1;
		if (len > (size_t)(end - at))
			len = (size_t)(end - at);
		memcpy(at, word, len);
	}
}

static void put_tweet(char *line, size_t bytes, unsigned number)
{
	static const char middle[] = "]},\"user\":{\"id_str\":\"42\"},\"text\":\"";
	char *at = line + sprintf(line, "{\"id_str\":\"14%08u\",\"entities\":{\"hashtags\":[",
				  number);
	const char *end = line + bytes - 2;
	const char *comma = "";

	for (; (size_t)(at - line) + sizeof middle + LONGEST_TAG < bytes / 2; comma = ",")
		at += put_tag(at, comma);
	at += sprintf(at, "%s", middle);
	put_text(at, end);
	memcpy(line + bytes - 2, "\"}", 2);
}

int main(int argc, char **argv)
{
	const size_t bytes = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	const size_t count = bytes ? TOTAL / bytes : 0;
	char *line = bytes >= 100 ? malloc(bytes) : NULL;

	if (!line)
		return fprintf(stderr, "usage: %s BYTES\n", argv[0]), 2;
	for (unsigned i = 0; i < (count > 8 ? count : 8); i++) {
		put_tweet(line, bytes, i);
		fwrite(line, 1, bytes, stdout);
		putchar('\n');
	}
	free(line);
	return fflush(stdout) ? 1 : 0;
}
