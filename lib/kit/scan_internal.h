/* SPDX-License-Identifier: MIT */
/* The plan's inside: made by scan_plan.c, read by scan.c, included by nobody else. */
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
};

/* The child of `parent` with that name, or index; 0 when there is none. */
uint32_t weir__plan_member(const weir__plan *plan, uint32_t parent, const void *name, size_t len);
uint32_t weir__plan_element(const weir__plan *plan, uint32_t parent, uint32_t index);

#endif
