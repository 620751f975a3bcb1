/* SPDX-License-Identifier: MIT */
/*
 * Incremental decoding of gzip, zlib and raw deflate.
 *
 * Guarantees: never waits for more input than it needs to give the next byte of output; memory is
 * bounded, whatever the input (zlib's state and window, about 40 KiB, through the env); damage
 * is an error as soon as it can be told, and stays one. Members may follow each other, as a server
 * that restarts its compressor sends them. Callers: connectors that read HTTP bodies.
 *
 *            first byte                last byte
 *   at start ──────────▶ in a member ───────────▶ at start        damage, anywhere ──▶ corrupt
 *
 * `deflate` means zlib's format, but some servers send raw deflate. The first byte tells them
 * apart: zlib's has 8 in its low half, which in raw deflate would be a stored block whose padding
 * is not zero, and no compressor writes that.
 */
#include "wire/inflate.h"

#include <assert.h>
#include <limits.h>

#include "ground/error.h"

#define GZIP_BITS (MAX_WBITS + 16)

/* zlib frees without a size, the env wants one: it stands in front of each block. */
union block {
	size_t size;
	max_align_t align;
};

static voidpf allocate(voidpf env, uInt count, uInt size)
{
	const size_t bytes = (size_t)count * size;	/* may wrap where size_t is small */
	union block *block;

	if (size && bytes / size != count)
		return Z_NULL;
	if (bytes > SIZE_MAX - sizeof *block)
		return Z_NULL;
	block = weir__alloc(env, sizeof *block + bytes);
	if (!block)
		return Z_NULL;
	block->size = sizeof *block + bytes;
	return block + 1;
}

static void give_back(voidpf env, voidpf ptr)
{
	union block *block = ptr;

	if (block)
		weir__free(env, block - 1, block[-1].size);
}

static enum weir_status fail(const z_stream *stream, int result, struct weir_error *err)
{
	if (result == Z_MEM_ERROR)
		return weir__error_no_memory(err);
	return weir_error_set(err, WEIR_ERR_CORRUPT, WEIR_REMEDY_RETRY,
			      "cannot decompress the body: %s",
			      result == Z_NEED_DICT ? "it wants a dictionary" :
			      stream->msg ? stream->msg : "zlib is in a wrong state");
}

enum weir_status weir__inflate_init(struct weir__inflate *decoder, const struct weir_env *env,
				    enum weir__inflate_coding coding, struct weir_error *err)
{
	const int bits = coding == WEIR__INFLATE_GZIP ? GZIP_BITS : MAX_WBITS;
	int result;

	*decoder = (struct weir__inflate){
		.stream = { .zalloc = allocate, .zfree = give_back,
			    .opaque = (void *)(uintptr_t)env },
		.coding = coding,
		.at_start = true,
	};
	result = inflateInit2(&decoder->stream, bits);
	return result == Z_OK ? WEIR_OK : fail(&decoder->stream, result, err);
}

void weir__inflate_release(struct weir__inflate *decoder)
{
	inflateEnd(&decoder->stream);
}

/* With the first byte of a member in hand. */
static int begin_member(struct weir__inflate *decoder)
{
	const bool wrapped = (*decoder->stream.next_in & 15) == Z_DEFLATED;

	decoder->at_start = false;
	if (decoder->coding == WEIR__INFLATE_GZIP)
		return inflateReset2(&decoder->stream, GZIP_BITS);
	return inflateReset2(&decoder->stream, wrapped ? MAX_WBITS : -MAX_WBITS);
}

/* One call of zlib; Z_BUF_ERROR is its word for "nothing to do". */
static int decode(struct weir__inflate *decoder)
{
	int result = Z_OK;

	if (decoder->at_start && decoder->stream.avail_in > 0)
		result = begin_member(decoder);
	if (result == Z_OK && !decoder->at_start)
		result = inflate(&decoder->stream, Z_SYNC_FLUSH);
	if (result == Z_STREAM_END)
		decoder->at_start = true;
	return result == Z_STREAM_END || result == Z_BUF_ERROR ? Z_OK : result;
}

static uInt clamp(size_t len)
{
	return len < UINT_MAX ? (uInt)len : UINT_MAX;
}

enum weir_status weir__inflate_step(struct weir__inflate *decoder, const uint8_t **in,
				    size_t *in_len, uint8_t *out, size_t out_size,
				    size_t *ret_written, struct weir_error *err)
{
	z_stream *stream = &decoder->stream;
	const uint8_t *from = *in;
	size_t left = *in_len;
	size_t written = 0;
	bool damaged = false;

	assert(out_size > 0);
	do {
		const uInt room = clamp(out_size - written);
		const uInt given = clamp(left);
		int result;

		stream->next_in = (z_const Bytef *)(uintptr_t)from;
		stream->avail_in = given;
		stream->next_out = out + written;
		stream->avail_out = room;
		result = decode(decoder);
		if (result != Z_OK && written == 0 && stream->avail_out == room)
			return fail(stream, result, err);
		from += given - stream->avail_in;
		left -= given - stream->avail_in;
		written += room - stream->avail_out;
		damaged = result != Z_OK;	/* zlib says so again next time */
	} while (!damaged && left > 0 && written < out_size);
	*in = from;
	*in_len = left;
	*ret_written = written;
	return damaged || written == out_size ? WEIR_AGAIN : WEIR_OK;
}

bool weir__inflate_is_whole(const struct weir__inflate *decoder)
{
	return decoder->at_start;
}
