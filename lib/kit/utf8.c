/* SPDX-License-Identifier: MIT */
/*
 * UTF-8, one character at a time.
 *
 * Guarantees: accepts exactly the sequences of RFC 3629's grammar: nothing overlong, no
 * surrogates, nothing above U+10FFFF. Reads no byte behind `len`. Callers: scan, text.
 */
#include "kit/utf8.h"

/*
 * What a character's first byte says: how long it is, and which second bytes may follow; all
 * further ones are 80..BF.
 */
struct lead {
	uint8_t len;
	uint8_t second_least;
	uint8_t second_most;
};

static struct lead read_lead(uint8_t byte)
{
	static const struct lead three[16] = {
		{ 3, 0xa0, 0xbf }, { 3, 0x80, 0xbf }, { 3, 0x80, 0xbf }, { 3, 0x80, 0xbf },
		{ 3, 0x80, 0xbf }, { 3, 0x80, 0xbf }, { 3, 0x80, 0xbf }, { 3, 0x80, 0xbf },
		{ 3, 0x80, 0xbf }, { 3, 0x80, 0xbf }, { 3, 0x80, 0xbf }, { 3, 0x80, 0xbf },
		{ 3, 0x80, 0xbf }, { 3, 0x80, 0x9f }, { 3, 0x80, 0xbf }, { 3, 0x80, 0xbf },
	};
	static const struct lead four[16] = {
		{ 4, 0x90, 0xbf }, { 4, 0x80, 0xbf }, { 4, 0x80, 0xbf }, { 4, 0x80, 0xbf },
		{ 4, 0x80, 0x8f },
	};

	if (byte < 0x80)
		return (struct lead){ .len = 1 };
	if (byte >= 0xf0)
		return four[byte & 15];
	if (byte >= 0xe0)
		return three[byte & 15];
	return byte >= 0xc2 ? (struct lead){ 2, 0x80, 0xbf } : (struct lead){ .len = 0 };
}

size_t weir__utf8_read(const uint8_t *at, size_t len)
{
	const struct lead lead = read_lead(len ? *at : 0xff);

	if (lead.len <= 1)
		return lead.len;
	if (lead.len > len || at[1] < lead.second_least || at[1] > lead.second_most)
		return 0;
	for (size_t i = 2; i < lead.len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return lead.len;
}

size_t weir__utf8_write(uint32_t code, uint8_t out[4])
{
	const size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const uint8_t marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (uint8_t)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (uint8_t)(marks[len] | code);
	return len;
}
