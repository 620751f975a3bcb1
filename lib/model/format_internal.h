/* SPDX-License-Identifier: MIT */
/* What the files of the formats share: format.c (dispatch), format_eneco.c, eneco_shape.c. */
#ifndef WEIR_MODEL_FORMAT_INTERNAL_H
#define WEIR_MODEL_FORMAT_INTERNAL_H

#include "model/format.h"
#include "model/full_text.h"

/* A place that a format reads: its slot, or the full text. */
struct weir__format_place {
	char *name;		/* as JSON, with quotes */
	size_t name_len, slot;
	bool is_full_text;
};

#define WEIR__ENECO_LEAVES 17
#define WEIR__ENECO_ELEMENT_PATHS 8

/* The plan of kafka-connect-twitter's struct. */
struct weir__eneco {
	size_t leaves[WEIR__ENECO_LEAVES];	/* slots, by enum weir__eneco_leaf */
	weir__plan *element;			/* of an entity */
	struct weir__slot *element_slots;
	size_t element_at[WEIR__ENECO_ELEMENT_PATHS];
	struct weir__bytes schema;		/* {"schema":…,"payload": or nothing */
};

struct weir__format {
	struct weir_env env;
	struct weir_format options;	/* `fields` is not kept */
	bool has_own_key;
	struct weir__format_place *places;
	size_t place_count;
	struct weir__full_text full_text;
	struct weir__eneco eneco;
	struct weir__bytes scratch;
};

/* What a rendering reads. */
struct weir__format_input {
	weir__format *format;
	const weir_message *message;
	const char *text;
	const struct weir__slot *slots;
};

enum weir_status weir__eneco_init(weir__format *format, weir__plan *plan, struct weir_error *err);
void weir__eneco_release(weir__format *format);
enum weir_status weir__eneco_render(const struct weir__format_input *input,
				    struct weir__rendering *ret, struct weir_error *err);

/* A string's own bytes, unescaped, into `out`, in place of what is there. */
void weir__format_read_string(struct weir__bytes *out, const char *text,
			      const struct weir__slot *slot);
/* A place's string as JSON; values that need no change are copied. */
void weir__format_add_string(weir__format *format, struct weir__bytes *out, const char *text,
			     const struct weir__slot *slot);
/* The status's text: full or as it stands, with its references undone. False: it has none. */
bool weir__format_read_text(const struct weir__format_input *input, bool full, bool references,
			    size_t text_slot, struct weir__bytes *out);
enum weir_status weir__format_refuse(const struct weir__format_input *input, const char *form,
				     const char *why, struct weir_error *err);

#endif
