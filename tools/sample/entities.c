/* SPDX-License-Identifier: MIT */
/*
 * The entities of a text: tags, links, mentions and media, with their positions.
 *
 * Guarantees: only what ends within the given number of code points is listed, so that a
 * shortened text has the entities it still shows. Called by statuses and direct messages.
 */
#include "internal.h"

static void separate(struct out *out, bool *first)
{
	if (!*first)
		sample__put(out, ",");
	*first = false;
}

static void put_indices(struct out *out, const struct mark *mark)
{
	sample__put(out, "'indices':[%u,%u]", (uint64_t)mark->from, (uint64_t)mark->to);
}

static void put_tags(struct out *out, const struct passage *text, unsigned points)
{
	bool first = true;

	for (unsigned i = 0; i < text->tag_count && text->tags[i].to <= points; i++) {
		separate(out, &first);
		sample__put(out, "{'text':'%p',", text->tags[i].tag);
		put_indices(out, &text->tags[i]);
		sample__put(out, "}");
	}
}

static void put_links(struct out *out, const struct passage *text, unsigned points)
{
	bool first = true;

	for (unsigned i = 0; i < text->link_count && text->links[i].to <= points; i++) {
		const char *code = text->links[i].code;

		separate(out, &first);
		sample__put(out, "{'url':'https://t.example/%s',"
			"'expanded_url':'https://news.example/harbour/%s/a-very-slow-letter.html',"
			"'display_url':'news.example/harbour/%s\\u2026',", code, code, code);
		put_indices(out, &text->links[i]);
		sample__put(out, "}");
	}
}

static void put_mentions(struct sample *sample, const struct passage *text, unsigned points)
{
	struct out *out = &sample->out;
	bool first = true;

	for (unsigned i = 0; i < text->mention_count && text->mentions[i].to <= points; i++) {
		const struct person person = sample__person(sample, text->mentions[i].user);

		separate(out, &first);
		sample__put(out, "{'screen_name':'%s','name':'%p %p','id':%u,'id_str':'%u',",
			person.screen_name, person.first, person.last, person.id, person.id);
		put_indices(out, &text->mentions[i]);
		sample__put(out, "}");
	}
}

void sample__put_media(struct sample *sample, const struct passage *text, uint64_t status_id)
{
	struct out *out = &sample->out;
	const struct mark *mark = &text->media[0];
	const uint64_t id = status_id - (4242u << 12);

	sample__put(out, "'media':[{'id':%u,'id_str':'%u',", id, id);
	put_indices(out, mark);
	sample__put(out, ",'media_url':'http://images.example/media/%s.jpg',"
		"'media_url_https':'https://images.example/media/%s.jpg',"
		"'url':'https://t.example/%s','display_url':'pic.example/%s',"
		"'expanded_url':'https://pic.example/status/%u/photo/1','type':'photo',"
		"'sizes':{'thumb':{'w':150,'h':150,'resize':'crop'},"
		"'medium':{'w':900,'h':1200,'resize':'fit'},"
		"'small':{'w':510,'h':680,'resize':'fit'},"
		"'large':{'w':1536,'h':2048,'resize':'fit'}}}]",
		mark->code, mark->code, mark->code, mark->code, status_id);
}

void sample__put_entities(struct sample *sample, const struct passage *text, unsigned points,
			  uint64_t status_id)
{
	struct out *out = &sample->out;

	sample__put(out, "{'hashtags':[");
	put_tags(out, text, points);
	sample__put(out, "],'urls':[");
	put_links(out, text, points);
	sample__put(out, "],'user_mentions':[");
	put_mentions(sample, text, points);
	sample__put(out, "],'symbols':[]");
	if (text->media_count > 0 && text->media[0].to <= points) {
		sample__put(out, ",");
		sample__put_media(sample, text, status_id);
	}
	sample__put(out, "}");
}
