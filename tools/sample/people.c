/* SPDX-License-Identifier: MIT */
/*
 * Invented people.
 *
 * Guarantees: a person is a number, and the same number has the same id, names and age in every
 * message and for every seed; only the counts move. A third of them have ids above 2^53.
 * Called by statuses and notices.
 */
#include "internal.h"

#include <stdio.h>

#define PEOPLE 60000u
#define FIRST_OLD_ACCOUNT_MS 1230768000000u	/* 2009 */
#define FIRST_NEW_ACCOUNT_MS 1451606400000u	/* 2016 */
#define YEAR_MS 31536000000u

uint32_t sample__someone(struct sample *sample)
{
	/* the lower of two: some people write often, most seldom */
	const uint32_t a = sample__below(sample, PEOPLE), b = sample__below(sample, PEOPLE);

	return a < b ? a : b;
}

static void name_screen(struct person *person, uint32_t number)
{
	static const char *const stems[] = {
		"tidewater", "lantern", "mossgrove", "kettle",	"pebble", "driftkite",
		"wrenhollow", "saltmoth", "duskmoor", "fernpost", "oarsong", "quillbay",
	};
	const size_t stem = person->hash % (sizeof stems / sizeof stems[0]);

	snprintf(person->screen_name, sizeof person->screen_name, "%s_%u", stems[stem], number);
}

struct person sample__person(const struct sample *sample, uint32_t number)
{
	const struct vocabulary *words = &sample->words;
	const uint64_t hash = sample__mix(number + 0x5eed);
	struct person person = {
		.id = 1000000 + hash % 3000000000u,
		.created_ms = FIRST_OLD_ACCOUNT_MS + (hash >> 20) % (7u * (uint64_t)YEAR_MS),
		.first = &words->first_names.items[(hash >> 8) % words->first_names.count],
		.last = &words->last_names.items[(hash >> 16) % words->last_names.count],
		.hash = hash,
	};

	if (number % 3 == 0) {
		person.created_ms =
			FIRST_NEW_ACCOUNT_MS + (hash >> 20) % (4u * (uint64_t)YEAR_MS);
		person.id = (person.created_ms - SAMPLE_ID_EPOCH_MS) << 22 | (hash & 0x3fffff);
	}
	name_screen(&person, number);
	return person;
}

static void put_profile(struct out *out, const struct person *person)
{
	const uint64_t theme = person->hash % 19 + 1;

	sample__put(out, "'contributors_enabled':false,'is_translator':false,"
		"'profile_background_color':'F5F8FA',");
	if (person->hash % 3 != 0)
		sample__put(out, "'profile_background_image_url':'',"
			"'profile_background_image_url_https':'',");
	else
		sample__put(out, "'profile_background_image_url':"
			"'http://images.example/themes/theme%u/bg.png',"
			"'profile_background_image_url_https':"
			"'https://images.example/themes/theme%u/bg.png',", theme, theme);
	sample__put(out, "'profile_background_tile':false,'profile_link_color':'1DA1F2',"
		"'profile_sidebar_border_color':'C0DEED','profile_sidebar_fill_color':'DDEEF6',"
		"'profile_text_color':'333333','profile_use_background_image':true,");
}

static void put_pictures(struct out *out, const struct person *person)
{
	sample__put(out,
		"'profile_image_url':'http://images.example/profile_images/%u/%s_normal.jpg',"
		"'profile_image_url_https':"
		"'https://images.example/profile_images/%u/%s_normal.jpg',",
		person->id, person->screen_name, person->id, person->screen_name);
	if (person->hash % 2 == 0)
		sample__put(out, "'profile_banner_url':"
			"'https://images.example/profile_banners/%u/%u',",
			person->id, person->created_ms / 1000 + 86400);
	sample__put(out, "'default_profile':%b,'default_profile_image':false,'following':null,"
		"'follow_request_sent':null,'notifications':null}", person->hash % 3 == 0);
}

static void put_who(struct sample *sample, const struct person *person)
{
	struct out *out = &sample->out;

	sample__put(out, "{'id':%u,'id_str':'%u','name':'%p %p','screen_name':'%s',",
		person->id, person->id, person->first, person->last, person->screen_name);
	if (person->hash % 5 == 0)
		sample__put(out, "'location':null,");
	else
		sample__put(out, "'location':'%p',",
			&sample->words.homes.items[person->hash % sample->words.homes.count]);
	if (person->hash % 4 == 0)
		sample__put(out, "'url':'https://%s.example/',", person->screen_name);
	else
		sample__put(out, "'url':null,");
	if (person->hash % 7 == 0)
		sample__put(out, "'description':null,");
	else
		sample__put(out, "'description':'%p',",
			&sample->words.bios.items[(person->hash >> 4) % sample->words.bios.count]);
}

void sample__put_user(struct sample *sample, uint32_t number)
{
	const struct person person = sample__person(sample, number);
	struct out *out = &sample->out;
	const uint64_t followers = sample__below(sample, 4000);
	const uint64_t friends = sample__below(sample, 2000);
	const uint64_t listed = sample__below(sample, 60);
	const uint64_t favourites = sample__below(sample, 30000);
	const uint64_t statuses = sample__below(sample, 90000);

	put_who(sample, &person);
	sample__put(out, "'translator_type':'none','protected':false,'verified':%b,"
		"'followers_count':%u,'friends_count':%u,'listed_count':%u,"
		"'favourites_count':%u,'statuses_count':%u,'created_at':'%t',"
		"'utc_offset':null,'time_zone':null,'geo_enabled':%b,'lang':null,",
		person.hash % 97 == 0, followers, friends, listed, favourites, statuses,
		person.created_ms, person.hash % 2 == 0);
	put_profile(out, &person);
	put_pictures(out, &person);
}
