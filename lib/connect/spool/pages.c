/* SPDX-License-Identifier: MIT */
/*
 * The check of an LMDB file (version 0.9, format 1) before LMDB gets to see it.
 *
 * LMDB trusts what it maps: a page number or a length that is wrong is a crash in it. So every page
 * it would follow is looked at first, with pread: both meta pages, every branch and leaf page of
 * the two trees, the head of every run of overflow pages, the lists of free pages. Guarantees:
 * numbers lie within the file, no page is used twice, keys ascend, counts and depths are as the
 * meta page says. It costs the trees' pages and one read a batch, verified when it is read.
 *
 *     page  u64 number, u16 -, u16 flags, then u16 lower and u16 upper, or u32 pages of the run;
 *           u16 offsets of nodes
 *     node  u16 lo, u16 hi, u16 flags, u16 bytes of the key; key; data
 *           branch: the child's number is lo, hi, flags; leaf: bytes of the data are lo, hi
 *     meta  u32 magic, u32 version, u64 address, u64 map size, 2 trees (free, main), u64 last page,
 *           u64 transaction
 *     tree  u32 page size, u16 flags, u16 depth; u64 branches, leaves, overflows, entries, root
 *
 * Callers: opening a spool, the inspection, the salvage.
 */
#include "connect/spool/pages.h"

#include <inttypes.h>
#include <string.h>

#include "connect/spool/disk.h"

#define META_MAGIC 0xBEEFC0DEu
#define META_VERSION 1u
#define NO_PAGE UINT64_MAX
#define MOST_DEPTH 31
#define MOST_BEHIND (UINT64_C(64) << 20)
#define FREE_FLAGS 0x0008u	/* integer keys */
#define FILE_FLAGS 0x4000u	/* of the file, in the same place: not in a folder of LMDB's own */

enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8, NODE_BIG = 1 };
enum { TREE_FREE = 0, TREE_MAIN = 1 };

struct page_head {
	uint64_t number;
	uint16_t pad, flags, lower, upper;	/* of a run the last two together: its pages */
};

struct node_head {
	uint16_t lo, hi, flags, key_len;
};

struct tree {
	uint32_t page_size;
	uint16_t flags, depth;
	uint64_t branches, leaves, overflows, entries, root;
};

struct meta {
	uint32_t magic, version;
	uint64_t address, map_bytes;
	struct tree trees[2];
	uint64_t last_page, transaction;
};

struct weir__tree_walk {
	struct meta meta;
	uint8_t *used;		/* a bit for each page */
	size_t used_bytes;
	uint8_t *levels;	/* a page for each level of the tree */
	size_t levels_bytes;
	int tree;
	uint64_t branches, leaves, overflows, entries;
	uint64_t last_key;
	bool has_key;
};

struct node {
	uint64_t key;
	bool has_key;
	uint64_t child;		/* of a branch */
	uint64_t len;		/* of a leaf: bytes of the data */
	const uint8_t *data;	/* NULL: on pages of its own, from `child` on */
};

static enum weir_status damaged(struct weir_error *err, uint64_t page, const char *what)
{
	return weir_error_set(err, WEIR_ERR_CORRUPT, WEIR_REMEDY_STOP, "page %" PRIu64 ": %s", page,
			      what);
}

static enum weir_status use(const struct weir__pages *pages, uint64_t page, uint64_t count,
			    struct weir_error *err)
{
	const struct weir__tree_walk *walk = pages->walk;

	if (page < 2 || page > walk->meta.last_page || count > walk->meta.last_page + 1 - page)
		return damaged(err, page, "what leads there, or says it is free, is out of range");
	for (uint64_t at = page; at < page + count; at++) {
		const uint8_t bit = (uint8_t)(1u << (at & 7));

		if (walk->used[at >> 3] & bit)
			return damaged(err, at, "it is in use twice");
		walk->used[at >> 3] |= bit;
	}
	return WEIR_OK;
}

static enum weir_status read_page(const struct weir__pages *pages, uint64_t page, void *bytes,
				  size_t len, struct weir_error *err)
{
	if (weir__read_at(pages->fd, bytes, len, page * pages->page_size))
		return damaged(err, page, "it cannot be read");
	return WEIR_OK;
}

/* ---- nodes ---- */

static size_t node_count(const struct page_head *head)
{
	return (size_t)(head->lower - WEIR__PAGE_HEAD) / 2;
}

/* Both trees have keys of 8 bytes, the free one's this machine's way round. */
static uint64_t read_key(const uint8_t *bytes, int tree)
{
	uint64_t key = 0;

	if (tree == TREE_FREE)
		memcpy(&key, bytes, sizeof key);
	else
		for (size_t i = 0; i < sizeof key; i++)
			key = key << 8 | bytes[i];
	return key;
}

static const char *read_node(const struct weir__pages *pages, const uint8_t *page, size_t at,
			     bool is_leaf, struct node *ret)
{
	const size_t page_size = pages->page_size;
	struct page_head head;
	struct node_head node;
	uint16_t offset;
	size_t end;

	memcpy(&head, page, sizeof head);
	memcpy(&offset, page + WEIR__PAGE_HEAD + 2 * at, sizeof offset);
	if (offset < head.upper || offset % 2 || offset + sizeof node > page_size)
		return "a node is out of range";
	memcpy(&node, page + offset, sizeof node);
	end = offset + sizeof node + node.key_len;
	if (end > page_size || (node.key_len != 8 && (is_leaf || at > 0 || node.key_len != 0)))
		return "a node's key is wrong";
	*ret = (struct node){ .has_key = node.key_len == 8,
			      .len = node.lo | (uint64_t)node.hi << 16 };
	if (ret->has_key)
		ret->key = read_key(page + offset + sizeof node, pages->walk->tree);
	ret->child = ret->len | (uint64_t)node.flags << 32;
	if (!is_leaf)
		return NULL;
	if (node.flags & ~NODE_BIG)
		return "a node's flags are wrong";
	if (end + (node.flags & NODE_BIG ? sizeof ret->child : ret->len) > page_size)
		return "a node's data are out of range";
	if (node.flags & NODE_BIG)
		memcpy(&ret->child, page + end, sizeof ret->child);
	else
		ret->data = page + end;
	return NULL;
}

/* ---- what leaves hold ---- */

/* The pages of data too large for a leaf. */
static enum weir_status check_run(struct weir__pages *pages, const struct node *node,
				  struct weir_error *err)
{
	const uint64_t bytes = node->len + WEIR__PAGE_HEAD + pages->page_size - 1;
	const uint64_t count = bytes / pages->page_size;
	struct page_head head;
	enum weir_status status = use(pages, node->child, count, err);

	if (status == WEIR_OK)
		status = read_page(pages, node->child, &head, sizeof head, err);
	if (status < 0)
		return status;
	if (head.number != node->child || head.flags != PAGE_OVERFLOW ||
	    (head.lower | (uint32_t)head.upper << 16) != count)
		return damaged(err, node->child, "its head is not that of the batch it begins");
	pages->walk->overflows += count;
	return WEIR_OK;
}

/* A list of free pages: how many, then their numbers, descending. */
static enum weir_status check_free(struct weir__pages *pages, const uint8_t *data, uint64_t len,
				   uint64_t page, struct weir_error *err)
{
	uint64_t count, number, above = UINT64_MAX;
	enum weir_status status;

	if (len < sizeof count || len % sizeof count)
		return damaged(err, page, "a list of free pages has a wrong length");
	memcpy(&count, data, sizeof count);
	if (count > len / sizeof count - 1)
		return damaged(err, page, "a list of free pages is longer than its data");
	for (uint64_t i = 1; i <= count; i++) {
		memcpy(&number, data + i * sizeof number, sizeof number);
		if (number >= above)
			return damaged(err, page, "a list of free pages does not descend");
		above = number;
		status = use(pages, number, 1, err);
		if (status < 0)
			return status;
	}
	return WEIR_OK;
}

static enum weir_status take_free(struct weir__pages *pages, const struct node *node,
				  uint64_t page, struct weir_error *err)
{
	uint8_t *bytes;
	enum weir_status status;

	if (node->key == 0 || node->key > pages->walk->meta.transaction)
		return damaged(err, page, "a list of free pages is of a transaction to come");
	if (node->data)
		return check_free(pages, node->data, node->len, page, err);
	status = check_run(pages, node, err);
	if (status < 0)
		return status;
	bytes = weir__resize(pages->env, NULL, 0, node->len);	/* no longer than the file */
	if (!bytes)
		return weir__error_no_memory(err);
	if (weir__read_at(pages->fd, bytes, node->len,
			  node->child * pages->page_size + WEIR__PAGE_HEAD))
		status = damaged(err, node->child, "it cannot be read");
	else
		status = check_free(pages, bytes, node->len, node->child, err);
	weir__free(pages->env, bytes, node->len);
	return status;
}

static enum weir_status add_batch(struct weir__pages *pages, const struct node *node,
				  struct weir_error *err)
{
	uint8_t bytes[WEIR__BATCH_HEAD];
	struct weir__batch_head head;
	struct weir__spooled spooled = {
		.first = node->key,
		.offset = node->child * pages->page_size + WEIR__PAGE_HEAD,
		.len = node->len,
	};

	if (node->len < sizeof bytes)
		return damaged(err, node->child, "a batch is too short");
	if (!weir__read_at(pages->fd, bytes, sizeof bytes, spooled.offset) &&
	    weir__batch_head_read(bytes, &head) && head.first == node->key &&
	    head.bytes <= node->len) {
		spooled.count = head.count;
		spooled.len = head.bytes;
		spooled.stored_ms = head.stored_ms;
	} else
		pages->damaged_heads++;
	return weir__index_add(pages->index, &spooled) ? WEIR_OK : weir__error_no_memory(err);
}

/* Key 0 has the state, the others are batches. */
static enum weir_status take_main(struct weir__pages *pages, const struct node *node,
				  uint64_t page, struct weir_error *err)
{
	enum weir_status status;

	if (node->key == 0) {
		if (!node->data || node->len != WEIR__STATE_BYTES ||
		    !weir__state_read(node->data, &pages->state))
			return damaged(err, page, "the spool's state is damaged");
		pages->has_state = true;
		return WEIR_OK;
	}
	if (node->data)
		return damaged(err, page, "what should be a batch is none");
	status = check_run(pages, node, err);
	return status < 0 ? status : add_batch(pages, node, err);
}

/* ---- trees ---- */

static enum weir_status walk_leaf(struct weir__pages *pages, const uint8_t *page, uint64_t number,
				  struct weir_error *err)
{
	struct weir__tree_walk *walk = pages->walk;
	struct page_head head;
	struct node node;

	memcpy(&head, page, sizeof head);
	walk->leaves++;
	for (size_t i = 0; i < node_count(&head); i++) {
		const char *wrong = read_node(pages, page, i, true, &node);
		enum weir_status status;

		if (!wrong && walk->has_key && node.key <= walk->last_key)
			wrong = "its keys do not ascend";
		if (wrong)
			return damaged(err, number, wrong);
		walk->has_key = true;
		walk->last_key = node.key;
		walk->entries++;
		status = walk->tree == TREE_FREE ? take_free(pages, &node, number, err)
						 : take_main(pages, &node, number, err);
		if (status < 0)
			return status;
	}
	return WEIR_OK;
}

static const char *check_head(const struct weir__pages *pages, const struct page_head *head,
			      uint64_t number, bool is_leaf)
{
	if (head->number != number)
		return "it says it is another page";
	if (head->flags != (is_leaf ? PAGE_LEAF : PAGE_BRANCH))
		return "it is of another type than its place demands";
	if (head->lower < WEIR__PAGE_HEAD || head->lower % 2 || head->lower > head->upper ||
	    head->upper > pages->page_size)
		return "its bounds are wrong";
	return node_count(head) < (is_leaf ? 1 : 2) ? "it has too few nodes" : NULL;
}

/* Level 1 is the root's. */
static enum weir_status walk_page(struct weir__pages *pages, uint64_t number, unsigned level,
				  struct weir_error *err)
{
	struct weir__tree_walk *walk = pages->walk;
	const unsigned depth = walk->meta.trees[walk->tree].depth;
	uint8_t *page = walk->levels + (level - 1) * pages->page_size;
	struct page_head head;
	const char *wrong;
	enum weir_status status = use(pages, number, 1, err);

	if (status == WEIR_OK)
		status = read_page(pages, number, page, pages->page_size, err);
	if (status < 0)
		return status;
	memcpy(&head, page, sizeof head);
	wrong = check_head(pages, &head, number, level == depth);
	if (wrong)
		return damaged(err, number, wrong);
	if (level == depth)
		return walk_leaf(pages, page, number, err);
	walk->branches++;
	for (size_t i = 0; i < node_count(&head) && status == WEIR_OK; i++) {
		struct node node;

		wrong = read_node(pages, page, i, false, &node);
		if (!wrong && i > 0 && walk->has_key && node.key <= walk->last_key)
			wrong = "its keys do not fit the pages below";
		if (wrong)
			return damaged(err, number, wrong);
		if (i > 0) {	/* what is below begins with it, or above it */
			walk->has_key = true;
			walk->last_key = node.key - 1;
		}
		status = walk_page(pages, node.child, level + 1, err);
	}
	return status;
}

static enum weir_status walk_tree(struct weir__pages *pages, int which, struct weir_error *err)
{
	struct weir__tree_walk *walk = pages->walk;
	const struct tree *tree = &walk->meta.trees[which];
	enum weir_status status = WEIR_OK;

	walk->tree = which;
	walk->branches = walk->leaves = walk->overflows = walk->entries = 0;
	walk->has_key = false;
	if (tree->root == NO_PAGE && tree->depth != 0)
		return damaged(err, 0, "a tree has no root and a depth");
	if (tree->root != NO_PAGE) {
		walk->levels_bytes = tree->depth * pages->page_size;
		walk->levels = weir__resize(pages->env, NULL, 0, walk->levels_bytes);
		if (!walk->levels)
			return weir__error_no_memory(err);
		status = walk_page(pages, tree->root, 1, err);
		walk->levels = weir__free(pages->env, walk->levels, walk->levels_bytes);
	}
	if (status < 0)
		return status;
	if (walk->branches != tree->branches || walk->leaves != tree->leaves ||
	    walk->overflows != tree->overflows || walk->entries != tree->entries)
		return damaged(err, tree->root, "the tree is not as large as it should be");
	return WEIR_OK;
}

/* ---- meta pages ---- */

static bool is_page_size(uint64_t size)
{
	return size >= 512 && size <= 32768 && (size & (size - 1)) == 0;
}

static const char *check_meta(const struct weir__pages *pages, const struct page_head *head,
			      const struct meta *meta, uint64_t number)
{
	const struct tree *trees = meta->trees;

	if (head->number != number || head->flags != PAGE_META)
		return "it is no meta page";
	if (meta->magic != META_MAGIC || meta->version != META_VERSION)
		return "it is not of an LMDB file of format 1";
	if (trees[0].page_size != pages->page_size || trees[1].page_size != 0)
		return "its page size is wrong";
	if ((trees[0].flags & ~FILE_FLAGS) != FREE_FLAGS || trees[1].flags != 0 || meta->address)
		return "its flags are wrong";
	for (size_t i = 0; i < 2; i++)
		if (trees[i].depth > MOST_DEPTH || (trees[i].root != NO_PAGE && !trees[i].depth))
			return "a depth is wrong";
	if (meta->last_page < 1 || meta->last_page > UINT64_MAX / 4 / pages->page_size)
		return "its last page is out of range";
	return NULL;
}

/* Even ones are written to the first, odd ones to the second; both are 0 in a new file. */
static bool are_in_turn(uint64_t even, uint64_t odd)
{
	if (even == 0 && odd == 0)
		return true;
	return even % 2 == 0 && odd % 2 == 1 && (even + 1 == odd || odd + 1 == even);
}

/* Each says the size of pages itself; the second lies behind the first. */
static enum weir_status read_metas(struct weir__pages *pages, struct weir_error *err)
{
	struct { struct page_head head; struct meta meta; } read[2];
	const char *wrong;

	_Static_assert(sizeof read[0] == WEIR__PAGE_HEAD + 136, "no padding");
	if (weir__read_at(pages->fd, &read[0], sizeof read[0], 0))
		return damaged(err, 0, "it cannot be read: the file is too short");
	pages->page_size = read[0].meta.trees[0].page_size;
	if (!is_page_size(pages->page_size)) {
		pages->page_size = 0;
		return damaged(err, 0, "its page size is wrong");
	}
	if (weir__read_at(pages->fd, &read[1], sizeof read[1], pages->page_size))
		return damaged(err, 1, "it cannot be read: the file is too short");
	for (size_t i = 0; i < 2; i++) {
		wrong = check_meta(pages, &read[i].head, &read[i].meta, i);
		if (wrong)
			return damaged(err, i, wrong);
	}
	if (!are_in_turn(read[0].meta.transaction, read[1].meta.transaction))
		return damaged(err, 0, "its transaction is not next to that of page 1");
	pages->walk->meta = read[read[1].meta.transaction > read[0].meta.transaction].meta;
	return WEIR_OK;
}

/* Free pages may lie behind the end of the file, a few of them: LMDB writes before it reads. */
static enum weir_status walk_all(struct weir__pages *pages, struct weir_error *err)
{
	struct weir__tree_walk *walk = pages->walk;
	enum weir_status status = read_metas(pages, err);

	if (status < 0)
		return status;
	if ((walk->meta.last_page + 1) * pages->page_size > pages->file_bytes + MOST_BEHIND)
		return damaged(err, walk->meta.last_page, "it is far behind the end of the file");
	walk->used_bytes = (size_t)(walk->meta.last_page / 8 + 1);
	walk->used = weir__alloc(pages->env, walk->used_bytes);
	if (!walk->used)
		return weir__error_no_memory(err);
	status = walk_tree(pages, TREE_MAIN, err);
	return status < 0 ? status : walk_tree(pages, TREE_FREE, err);
}

/* Where a head is damaged, its batch is taken to reach up to the next. */
static void fill_counts(struct weir__pages *pages)
{
	const struct weir__index *index = pages->index;

	for (size_t i = 0; i < index->count; i++) {
		struct weir__spooled *at = weir__index_at(index, i);
		const uint64_t next = i + 1 < index->count ? weir__index_at(index, i + 1)->first
							   : pages->state.next;

		if (next > at->first && (at->count == 0 || at->count > next - at->first))
			at->count = next - at->first;
	}
}

enum weir_status weir__pages_check(struct weir__pages *pages, struct weir_error *err)
{
	struct weir__tree_walk walk = { .used = NULL };
	enum weir_status status;

	pages->walk = &walk;
	status = walk_all(pages, err);
	weir__free(pages->env, walk.used, walk.used_bytes);
	pages->walk = NULL;
	if (status == WEIR_OK && !pages->has_state && walk.meta.trees[TREE_MAIN].entries)
		status = damaged(err, walk.meta.trees[1].root, "the spool's state is missing");
	if (status == WEIR_OK)
		fill_counts(pages);
	return status;
}
