/* SPDX-License-Identifier: MIT */
/*
 * The scan's inside, included by scan*.c and nobody else.
 *
 *     scan.c           the entrance: chooses the form, does what is the same in all
 *     scan_core.h      the pass over the text, written over a few operations on 64 bytes;
 *     scan_avx2.c  scan_sse2.c  scan_portable.c      the operations, and so the forms
 *     scan_repeated.c  bytes to compare with
 *     scan_bits.h      what is computed with the bits that they find
 *     scan_place.c  scan_place.h     which values are places of the plan
 *     scan_number.c    unusual numbers
 *     scan_careful.c   all of it byte by byte: where and why a text is not JSON
 *     scan_plan.c      the plan
 */
#ifndef WEIR_KIT_SCAN_INTERNAL_H
#define WEIR_KIT_SCAN_INTERNAL_H

#include "kit/scan.h"

#define WEIR__PLAN_STEPS 64
#define WEIR__PLAN_SLOTS 4096
#define WEIR__PLAN_NAME_BYTES 1024

/* A place in the trie. Its number is its slot's; number 0 is the whole text and nobody's child. */
struct weir__node {
	char *name;		/* as it is spelled, not terminated; NULL: an array's element */
	uint32_t name_len;	/* of an element: its index */
	uint16_t parent;
	uint16_t first_child;	/* 0: none */
	uint16_t next_sibling;	/* 0: none */
	bool has_members;
	bool has_elements;
};

struct weir__plan {
	struct weir_env env;
	struct weir__node *nodes;
	size_t node_count;
	size_t node_room;
	uint16_t *buckets;	/* children of all nodes, by hash, open addressing; 0: empty */
	unsigned bucket_bits;
	enum weir__scan_form form;
};

uint32_t weir__plan_element(const weir__plan *plan, uint32_t parent, uint32_t index);
uint32_t weir__plan_probe(const weir__plan *plan, uint32_t at, uint32_t parent, const void *name,
			  size_t len);

static inline uint32_t weir__plan_hash(const weir__plan *plan, uint32_t parent, uint32_t key)
{
	return ((key ^ parent * 0x9e3779b1u) * 0x85ebca6bu) >> (32 - plan->bucket_bits);
}

static inline uint32_t weir__plan_key(const uint8_t *name, size_t len)
{
	const uint32_t ends = len ? name[0] | (uint32_t)name[len - 1] << 8 : 0;

	return ends | (uint32_t)len << 16;
}

/* The child of `parent` with that name, 0 when there is none; as for elements. */
static inline uint32_t weir__plan_member(const weir__plan *plan, uint32_t parent, const void *name,
					 size_t len)
{
	const uint32_t at = weir__plan_hash(plan, parent, weir__plan_key(name, len));

	return plan->buckets[at] ? weir__plan_probe(plan, at, parent, name, len) : 0;
}

static inline const uint8_t *weir__skip_space(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at <= ' ' &&
	       (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	return at;
}

/* One container that is a place of the plan. */
struct weir__level {
	uint32_t node;
	uint32_t elements;	/* of an array: how many have begun */
	bool has_members;	/* an object, and some of its members are places */
	bool has_elements;	/* an array, and some of its elements are places */
};

/* One text while it is read. */
struct weir__scanner {
	const weir__plan *plan;
	const uint8_t *text;
	const uint8_t *end;
	struct weir__slot *slots;
	uint32_t depth;		/* open containers */
	uint32_t planned;	/* of these, from the outside, places of the plan */
	uint32_t watched;	/* the least depth at which something matters to the plan */
	uint32_t container;	/* the place of the container that opens next, or UNPLANNED */
	uint32_t string;	/* the place of the string that is open, or UNPLANNED */
	size_t name_at;		/* where the last name began */
	bool name_escaped;	/* a name is open that has a backslash */
	struct weir__level levels[WEIR__PLAN_STEPS + 2];	/* [planned]: the innermost */
	uint8_t kinds[WEIR__SCAN_DEPTH + 2];	/* [depth]: 1 inside an object, or WEIR__OUTSIDE */
};

#define WEIR__UNPLANNED UINT32_MAX
#define WEIR__LAST_SLOT UINT16_MAX	/* the end of a list of slots */
#define WEIR__OUTSIDE 2		/* of all containers */

/* What the pass knows of 64 bytes, a bit for each byte. */
struct weir__marks {
	size_t at;		/* of the first byte, in the text */
	uint64_t opening;	/* { and [ */
	uint64_t closing;	/* } and ] */
	uint64_t values;	/* first bytes of values and names */
	uint64_t names;		/* opening quotes of names */
	uint64_t name_ends;	/* closing quotes of names */
	uint64_t string_ends;	/* closing quotes */
	uint64_t backslashes;	/* inside strings */
};

/* Where the last of some marks stands in the text; there are some. */
static inline size_t weir__mark_last(const struct weir__marks *marks, uint64_t bits)
{
	return marks->at + 63 - (unsigned)__builtin_clzll(bits);
}

/* The text's own value begins. */
void weir__places_begin(struct weir__scanner *scan);
/* The rest is called by scan_place.h. A member of the innermost level: a name ends at bit `end`. */
void weir__place_member(struct weir__scanner *scan, const struct weir__marks *marks, unsigned end,
			uint32_t node);
/* The member of the innermost level with a name that is spelled with escapes; 0: none. */
uint32_t weir__place_escaped(const struct weir__scanner *scan, const uint8_t *name, size_t len);
/* Elements of the innermost level begin. */
void weir__place_elements(struct weir__scanner *scan, const struct weir__marks *marks,
			  uint64_t values);
/* The end of a string that is a place, if it is in this block; its escapes in any case. */
void weir__place_end_string(struct weir__scanner *scan, const struct weir__marks *marks);
/* The container that is a place begins: a level. */
void weir__place_open(struct weir__scanner *scan);
/* The innermost level ends at the first of `brackets`. */
void weir__place_close(struct weir__scanner *scan, const struct weir__marks *marks,
		       uint64_t brackets);

/* Behind the number that begins at `at`; NULL when it is none. */
const uint8_t *weir__number_read(const uint8_t *at, const uint8_t *end);

/* [b]: 32 times b. */
extern const uint8_t weir__scan_repeated[128][32];

/* The forms of the pass: whether a text that begins as object or array is JSON; fills slots. */
bool weir__scan_portable(struct weir__scanner *scan);
bool weir__scan_sse2(struct weir__scanner *scan);
bool weir__scan_avx2(struct weir__scanner *scan);
enum weir__scan_form weir__scan_best_form(void);

/* The same for any text and without slots; if it is not JSON, where and why. */
bool weir__scan_careful(const uint8_t *text, size_t len, struct weir__scan_error *ret_error);

#endif
