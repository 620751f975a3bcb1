/* SPDX-License-Identifier: MIT */
/* What the files of the sample generator share; only they include it. */
#ifndef SAMPLE_INTERNAL_H
#define SAMPLE_INTERNAL_H

#include "sample.h"

#include <stdbool.h>

#define SAMPLE_ROOM (256 * 1024)	/* far above the longest message these shapes allow */
#define SAMPLE_HISTORY 2048
#define SAMPLE_ID_EPOCH_MS 1288834974657u	/* ids count their milliseconds from here */

enum lang { LANG_KO, LANG_EN, LANG_JA, LANG_ES, LANGS };

/* A piece of text as it stands in JSON: escaped, with its length in code points. */
struct phrase {
	const char *bytes;
	size_t len;
	unsigned points;
};

/* A table of phrases: escaped once by words_load. */
struct phrases {
	struct phrase items[32];
	unsigned count;
};

struct vocabulary {
	struct phrases text[LANGS];
	struct phrases tags[LANGS];
	struct phrases first_names;
	struct phrases last_names;
	struct phrases bios;
	struct phrases homes;
	struct phrases emoji;
	struct phrases sources;
	char arena[48 * 1024];
	size_t used;
};

/* The message being written. */
struct out {
	char *bytes;
	size_t len;
};

/* A status that was sent: what replies answer and deletes name. */
struct sent {
	uint64_t id;
	uint32_t user;
};

struct sample {
	uint64_t random;
	uint64_t now_ms;
	uint64_t limited;
	bool disconnects;
	uint64_t counts[SAMPLE_KINDS];
	uint64_t traits[4];
	uint64_t total;
	struct sent history[SAMPLE_HISTORY];
	unsigned history_len;
	struct out out;
	struct vocabulary words;
};

/* An entity of a text: where it stands, in code points. */
struct mark {
	unsigned from;
	unsigned to;
	const struct phrase *tag;	/* hashtags */
	uint32_t user;			/* mentions */
	char code[12];			/* links and media */
};

#define PASSAGE_MARKS 4

/* A text being composed, with its entities. */
struct passage {
	char bytes[8 * 1024];
	size_t len;
	unsigned points;
	size_t cut_len;		/* the last phrase end that fits the short form */
	unsigned cut_points;
	enum lang lang;
	struct mark tags[PASSAGE_MARKS];
	unsigned tag_count;
	struct mark mentions[PASSAGE_MARKS];
	unsigned mention_count;
	struct mark links[PASSAGE_MARKS];
	unsigned link_count;
	struct mark media[1];
	unsigned media_count;
};

/* A person, always the same for the same number. */
struct person {
	uint64_t id;
	uint64_t created_ms;
	const struct phrase *first;
	const struct phrase *last;
	char screen_name[24];
	uint64_t hash;
};

/* sample.c: chance */
uint64_t sample__random(struct sample *sample);
uint32_t sample__below(struct sample *sample, uint32_t bound);
bool sample__chance(struct sample *sample, uint32_t percent);
uint64_t sample__mix(uint64_t value);
uint64_t sample__id_at(struct sample *sample, uint64_t ms);

/*
 * out.c: appends to the message. In the format ' stands for " and / for \/, and
 * %u is a uint64_t, %s a string, %p a const struct phrase *, %t a time of uint64_t milliseconds
 * as the stream writes dates, %b an int as true or false. Nothing else.
 */
void sample__put(struct out *out, const char *format, ...);
void sample__put_bytes(struct out *out, const char *bytes, size_t len);

/* words.c: phrases and texts */
void sample__words_load(struct vocabulary *words);
const struct phrase *sample__pick(struct sample *sample, const struct phrases *from);
const char *sample__lang_code(enum lang lang);
void sample__compose(struct sample *sample, struct passage *text, unsigned want_points,
		     const uint32_t *mention);
void sample__compose_retweet(struct passage *text, const struct passage *of, uint32_t author,
			     const struct sample *sample);

/* people.c */
uint32_t sample__someone(struct sample *sample);
struct person sample__person(const struct sample *sample, uint32_t number);
void sample__put_user(struct sample *sample, uint32_t number);

/* entities.c */
void sample__put_entities(struct sample *sample, const struct passage *text, unsigned points,
			  uint64_t status_id);
void sample__put_media(struct sample *sample, const struct passage *text, uint64_t status_id);

/* status.c: whole statuses; each says what traits it has */
unsigned sample__put_tweet(struct sample *sample);
unsigned sample__put_retweet(struct sample *sample);
void sample__put_plain_tweet(struct sample *sample, uint64_t ms, uint32_t author);

/* notice.c: everything else, by kind */
void sample__put_notice(struct sample *sample, enum sample_kind kind);

#endif
