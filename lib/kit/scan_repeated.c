/* SPDX-License-Identifier: MIT */
/*
 * Bytes that the pass looks for, 32 times each.
 *
 * Called by nobody, read by scan_avx2.c, from another file on purpose: what the compiler sees it
 * makes anew in each block, with three instructions, as there are more bytes than registers.
 */
#include "kit/scan_internal.h"

#define FOUR(byte) (byte), (byte), (byte), (byte)
#define ROW(byte)                                                                                  \
	{                                                                                          \
		FOUR(byte), FOUR(byte), FOUR(byte), FOUR(byte), FOUR(byte), FOUR(byte),            \
			FOUR(byte), FOUR(byte)                                                     \
	}
#define ROWS4(byte) ROW(byte), ROW((byte) + 1), ROW((byte) + 2), ROW((byte) + 3)
#define ROWS16(byte) ROWS4(byte), ROWS4((byte) + 4), ROWS4((byte) + 8), ROWS4((byte) + 12)
#define ROWS64(byte) ROWS16(byte), ROWS16((byte) + 16), ROWS16((byte) + 32), ROWS16((byte) + 48)

_Alignas(32) const uint8_t weir__scan_repeated[128][32] = { ROWS64(0), ROWS64(64) };
