/* SPDX-License-Identifier: MIT */
/*
 * The pass over an object or array, written once over a few operations on blocks of 64 bytes;
 * a file that includes this says what these are, and which name the pass has (SCAN_FORM):
 *
 *     load_block(bytes)          struct block, 64 bytes of text
 *     match(block, byte)         which bytes are that one
 *     match_brackets(block)      which are one of [ ] { } (or of Y y _ DEL, which are looked at)
 *     match_digits(block)
 *     match_escapable(block)     which may stand behind a backslash
 *     match_hex(block)           which are hexadecimal digits
 *     has_special(block)         not 0: there are control characters, or bytes that are not ASCII
 *     split(block, planes)       what scan_bits.h calls planes
 *     prefix_xor(bits)           bit i: whether bits 0 to i have an odd number of ones
 *
 * An answer is a word with a bit for each byte (here the text is drawn from left to right). All of
 * the grammar is then a matter of such words, but for the nesting of brackets:
 *
 *     text      {"id":12,"name":"a, \"b\"","x":null}
 *     quotes    .1..1....1....1.1........1.1.1......   those without a backslash before them
 *     inside    .111.....11111..111111111..11.......   prefix_xor: from a quote up to the next
 *     tokens    1....1..1......1..........1...1....1   { } [ ] : , that are not inside
 *     scalars   ......1........................1....   what is left: numbers and literals begin
 *     values    11....1..1......1..........1...1....   strings, scalars, { and [ begin:
 *               11....1..1......1..........1...1....   that must be what follows { [ : ,
 *     names     .1.......1.................1........   what follows { and an object's commas
 *     ends      ....1.........1..............1......   of names: the sum of names and inside
 *     colons    .....1.........1..............1.....   must be what follows the ends
 *
 * Where a run of bits has to be walked (a name to its end, white space to what is behind it) a
 * sum does it: adding a bit at the run's beginning carries to its end. Of numbers that are nothing
 * but digits only leading zeros are looked for; other numbers are read one by one. Literals are
 * compared one by one, which says what bits they cover. Brackets are walked one by one too: a stack
 * of kinds says which bytes are directly inside an object. UTF-8 is checked with planes, in blocks
 * that have some.
 *
 * What crosses from block to block is a few bits, in struct carry. The last block or two are a
 * copy, filled up with at least one blank, so that whatever is not complete becomes wrong, and 8
 * bytes more can be read behind each block. scan_place.h looks at the blocks in which a place of
 * the plan can be. An answer is only yes or no.
 *
 * Sources: G. Langdale, D. Lemire, Parsing Gigabytes of JSON per Second, VLDB Journal 28, 2019
 * (quotes by carry-less multiplication); R. Cameron, K. Herdy, D. Lin, High Performance XML Parsing
 * Using Parallel Bit Stream Technology, CASCON 2008 (planes, and walking runs by sums); H. S.
 * Warren, Hacker's Delight, 7-3 (planes without vectors).
 */
#include <string.h>

#include "kit/scan_bits.h"
#include "kit/scan_internal.h"
#include "kit/scan_place.h"

#define BLOCK 64
#define SPREAD(bit) (0 - (uint64_t)(bit))
#define INLINE static inline __attribute__((always_inline))

/* What one block leaves to the next: bits that fall on its first bytes. */
struct carry {
	uint64_t escaped;	/* the first byte is */
	uint64_t hex;		/* these must be hexadecimal digits */
	uint64_t string;	/* all ones: inside a string */
	uint64_t literal;	/* the last byte, then these, are parts of null, true, false */
	uint64_t scalar;	/* the last byte was part of a number or literal */
	uint64_t zero;		/* the last byte was a zero with which a number begins */
	uint64_t objects;	/* all ones: directly inside an object */
	uint64_t value;		/* a value must come first */
	uint64_t name;		/* and a name at that */
	uint64_t inside_name;
	uint64_t colon;		/* a colon must come first */
	size_t read;		/* up to here unusual numbers are read */
	struct utf8_carry utf8;
};

struct strings {
	uint64_t inside;	/* from an opening quote up to the closing one, which is not */
	uint64_t begins;
	uint64_t ends;
	uint64_t outside;
	uint64_t backslashes;	/* inside */
};

struct tokens {
	uint64_t colons;
	uint64_t commas;
	uint64_t brackets;
	uint64_t space;
	uint64_t scalars;	/* first bytes of numbers and literals */
};

/* Where the containers of a block begin and end, and what is in them. */
struct nesting {
	uint64_t opening;
	uint64_t closing;
	uint64_t filled;	/* of the opening ones, those that do not close at once */
	uint64_t curly;		/* of these, objects */
	uint64_t objects;	/* bytes directly inside an object */
	uint32_t least;		/* the depth where it is least */
};

/* The characters with a backslash before them. Mostly no two backslashes follow one another. */
INLINE uint64_t read_escapes(const struct block *block, uint64_t backslashes, struct carry *carry,
			     uint64_t *wrong)
{
	uint64_t escaped = backslashes << 1 | carry->escaped;
	uint64_t unicode;

	if (backslashes & escaped)
		escaped = find_escaped(backslashes, &carry->escaped);
	else
		carry->escaped = backslashes >> 63;
	if (!(escaped | carry->hex))
		return 0;
	*wrong |= escaped & ~match_escapable(block);
	unicode = escaped & match(block, 'u');
	if (unicode | carry->hex)
		*wrong |= next_four(unicode, &carry->hex) & ~match_hex(block);
	return escaped;
}

INLINE struct strings read_strings(const struct block *block, struct carry *carry, uint64_t *wrong)
{
	const uint64_t backslashes = match(block, '\\');
	const uint64_t escaped = read_escapes(block, backslashes, carry, wrong);
	const uint64_t quotes = match(block, '"') & ~escaped;
	const uint64_t inside = prefix_xor(quotes) ^ carry->string;

	carry->string = SPREAD(inside >> 63);
	return (struct strings){
		.inside = inside,
		.begins = quotes & inside,
		.ends = quotes & ~inside,
		.outside = ~(quotes | inside),
		.backslashes = backslashes & inside,
	};
}

/* Bytes that are not ASCII, and control characters; answers white space other than blanks. */
INLINE uint64_t read_special(const struct block *block, uint64_t inside, struct utf8_carry *carry,
			     uint64_t *wrong)
{
	uint64_t planes[8];

	split(block, planes);
	if (planes[7] | carry->continuation)
		*wrong |= check_utf8(planes, carry);
	*wrong |= ~(planes[7] | planes[6] | planes[5]) & inside;
	return find_other_space(planes);
}

/*
 * Which bytes are null, true, false, of what `begins`. Which it is nobody can predict, so there is
 * no branch: three bits of the first byte say what it can be. A minus is none, and covers nothing.
 */
INLINE uint64_t read_literals(const uint8_t *bytes, uint64_t begins, uint64_t rest,
			      uint64_t *carry, uint64_t *wrong)
{
	static const struct {
		uint64_t text, mask, span;
	} literals[8] = {
		['n' >> 1 & 7] = { 0x6c6c756e, 0xffffffff, 0xf },
		['t' >> 1 & 7] = { 0x65757274, 0xffffffff, 0xf },
		['f' >> 1 & 7] = { 0x65736c6166, 0xffffffffff, 0x1f },
	};
	uint64_t covered = *carry >> 1;
	uint64_t next = 0;

	for (; begins; begins &= begins - 1) {
		const unsigned at = (unsigned)__builtin_ctzll(begins);
		const uint64_t word = load_word(bytes + at);
		const unsigned which = word >> 1 & 7;

		*wrong |= (word ^ literals[which].text) & literals[which].mask;
		covered |= literals[which].span << at;
		next |= literals[which].span >> 1 >> (63 - at);
	}
	*wrong |= (covered << 1 | (*carry & 1)) & ~covered & rest;
	*carry = next << 1 | covered >> 63;
	return covered;
}

/* Numbers that have anything but digits: that is `odd`. */
INLINE bool read_numbers(const struct weir__scanner *scan, size_t at, uint64_t odd, size_t *read)
{
	if (*read > at)
		odd &= *read - at < BLOCK ? UINT64_MAX << (*read - at) : 0;
	while (odd) {
		const uint8_t *from = scan->text + at + (unsigned)__builtin_ctzll(odd);
		const uint8_t *end;

		while (from > scan->text && (uint8_t)(from[-1] - '0') < 10)
			from--;
		end = weir__number_read(from, scan->end);
		if (!end)
			return false;
		*read = (size_t)(end - scan->text);
		if (*read - at >= BLOCK)
			break;
		odd &= UINT64_MAX << (*read - at);
	}
	return true;
}

/* Digits behind a zero with which a number begins. */
INLINE uint64_t find_leading_zeros(const struct block *block, uint64_t scalars, uint64_t digits,
				   uint64_t *carry)
{
	const uint64_t zeros = scalars & match(block, '0');
	const uint64_t behind = (zeros << 1 | *carry) & digits;

	*carry = zeros >> 63;
	return behind;
}

INLINE struct tokens read_tokens(const struct weir__scanner *scan, const struct block *block,
				 const uint8_t *bytes, size_t at, const struct strings *strings,
				 struct carry *carry, uint64_t *wrong)
{
	struct tokens tokens = {
		.colons = match(block, ':') & strings->outside,
		.commas = match(block, ',') & strings->outside,
		.brackets = match_brackets(block) & strings->outside,
	};
	const uint64_t digits = match_digits(block);
	uint64_t rest = strings->outside & ~(tokens.colons | tokens.commas | tokens.brackets);
	uint64_t odd = rest & ~digits;

	if (has_special(block) | carry->utf8.continuation)
		tokens.space = read_special(block, strings->inside, &carry->utf8, wrong) & rest;
	if (odd)
		tokens.space |= match(block, ' ') & odd;
	rest &= ~tokens.space;
	odd &= ~tokens.space;
	tokens.scalars = rest & ~(rest << 1 | carry->scalar);
	if (odd | carry->literal)
		odd &= ~read_literals(bytes, odd & tokens.scalars, rest, &carry->literal, wrong);
	if (odd)
		*wrong |= !read_numbers(scan, at, odd, &carry->read);
	if ((tokens.scalars & digits) | carry->zero)
		*wrong |= find_leading_zeros(block, tokens.scalars, digits, &carry->zero);
	carry->scalar = rest >> 63;
	return tokens;
}

INLINE bool is_empty(const struct weir__scanner *scan, const uint8_t *at)
{
	const uint8_t *next = weir__skip_space(at + 1, scan->end);

	return next < scan->end && *next == *at + 2;	/* {} and [] */
}

/* Opens and closes containers; `text` is where the block is. False: they are wrongly nested. */
INLINE bool read_brackets(struct weir__scanner *scan, const uint8_t *text, uint64_t brackets,
			  struct nesting *nesting)
{
	uint32_t depth = scan->depth;
	uint8_t kind = scan->kinds[depth];

	for (; brackets; brackets &= brackets - 1) {
		const uint8_t *at = text + (unsigned)__builtin_ctzll(brackets);
		const uint64_t mark = brackets & -brackets;
		const uint8_t before = kind;

		if (*at == '{' || *at == '[') {
			const bool filled = !is_empty(scan, at);

			if (depth + filled >= WEIR__SCAN_DEPTH)
				return false;
			kind = *at == '{';
			nesting->opening |= mark;
			nesting->filled |= mark & SPREAD(filled);
			nesting->curly |= mark & SPREAD(filled & kind);
			scan->kinds[++depth] = kind;
		} else {
			if (!depth || *at != (kind ? '}' : ']'))
				return false;
			nesting->closing |= mark;
			kind = scan->kinds[--depth];
			nesting->least = depth < nesting->least ? depth : nesting->least;
			if (!depth && weir__skip_space(at + 1, scan->end) < scan->end)
				return false;
		}
		nesting->objects ^= SPREAD((before ^ kind) & 1) & ~(mark ^ (mark - 1));
	}
	scan->depth = depth;
	return true;
}

INLINE bool read_block(struct weir__scanner *scan, const uint8_t *bytes, size_t at,
		       struct carry *carry)
{
	const struct block block = load_block(bytes);
	const uint32_t depth = scan->depth;
	struct nesting nesting = { .objects = carry->objects, .least = depth };
	uint64_t wrong = 0, values, names, name_ends;
	const struct strings strings = read_strings(&block, carry, &wrong);
	const struct tokens tokens = read_tokens(scan, &block, bytes, at, &strings, carry,
						&wrong);

	if (tokens.brackets) {
		if (!read_brackets(scan, scan->text + at, tokens.brackets, &nesting))
			return false;
		carry->objects = SPREAD(scan->kinds[scan->depth] & 1);
	}
	values = strings.begins | tokens.scalars | nesting.opening;
	wrong |= values ^ follow(nesting.filled | tokens.colons | tokens.commas, tokens.space,
				 &carry->value);
	names = follow(nesting.curly | (tokens.commas & nesting.objects), tokens.space,
		       &carry->name);
	wrong |= names & ~strings.begins;
	name_ends = pass(names | carry->inside_name, strings.inside, &carry->inside_name);
	wrong |= tokens.colons ^ follow(name_ends, tokens.space, &carry->colon);
	if (wrong)
		return false;
	if (nesting.least <= scan->watched)
		read_places(scan, &(struct weir__marks){
			.at = at,
			.opening = nesting.opening,
			.closing = nesting.closing,
			.values = values,
			.names = names,
			.name_ends = name_ends,
			.string_ends = strings.ends,
			.backslashes = strings.backslashes,
		}, depth);
	return true;
}

static bool read_blocks(struct weir__scanner *scan, const uint8_t *bytes, size_t at, size_t len,
			struct carry *state)
{
	struct carry carry = *state;

	for (const uint8_t *end = bytes + len; bytes < end; bytes += BLOCK, at += BLOCK)
		if (!read_block(scan, bytes, at, &carry))
			return false;
	*state = carry;
	return true;
}

bool SCAN_FORM(struct weir__scanner *scan)
{
	const size_t len = (size_t)(scan->end - scan->text);
	const size_t whole = len > 8 ? (len - 8) / BLOCK * BLOCK : 0;
	const size_t left = len - whole;
	struct carry carry = { .value = 1 };
	uint8_t last[2 * BLOCK + 8];

	if (!read_blocks(scan, scan->text, 0, whole, &carry))
		return false;
	memset(last, ' ', sizeof last);
	memcpy(last, scan->text + whole, left);
	return read_blocks(scan, last, whole, left < BLOCK ? BLOCK : 2 * BLOCK, &carry) &&
	       !scan->depth;
}
