/* SPDX-License-Identifier: MIT */
/*
 * The invented words and the texts made of them.
 *
 * Guarantees: everything outside ASCII is written as \uXXXX, astral characters as a surrogate
 * pair, / as \/, < and > as \u003c and \u003e; entity positions count code points and point at
 * what they name. words_load runs once per sample, so that composing only copies.
 */
#include "internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const korean[] = {
	"오늘은 안개 항구에서 종이배를 접었다",		"달빛 주전자가 또 노래를 시작했어요",
	"이끼 언덕 기차는 언제나 3분 늦는다",		"물수제비 대회 결승전 보러 가는 중",
	"등대지기의 고양이가 우체국장이 되었다고 합니다", "파도 도서관 새 책장이 정말 예쁘다",
	"구름빵 만들기 실패, 그래도 맛은 좋았음",	"조약돌 시장에서 바람개비를 샀다",
	"느린 우체통에 편지를 넣고 왔어요",		"새벽 나루터에는 아무도 없었다",
	"고래 시계탑이 열세 번 울렸다",			"소금나방 축제는 다음 주 토요일",
};

static const char *const english[] = {
	"The lantern ferry left Mossgrove pier without its whistle again",
	"Kettle orchestra rehearsal moved to the boathouse",
	"Nobody told the lighthouse cat that today is a holiday",
	"Folded forty paper boats and only one of them leaked",
	"Saltmoth season starts early on the north shore",
	"Tea, rope &amp; candle shop is open until the tide turns",
	"Our clock tower counts to thirteen and we are fine with it",
	"Slow post office: letters arrive when they are ready",
	"Found a map of Duskmoor drawn on the back of a recipe",
	"The pebble market has run out of pebbles",
	"Third place in the skipping stone final, my best yet",
	"Somebody repainted the harbour bell in a very brave yellow",
};

static const char *const japanese[] = {
	"霧の港で紙の舟を折った",		"月のやかんがまた歌っている",
	"苔の丘の列車は今日も三分おくれ",	"灯台の猫が郵便局長になりました",
	"石切り大会の決勝は来週です",		"夜明けの渡し場には誰もいなかった",
};

static const char *const spanish[] = {
	"El faro de Musgoverde cambió de color y nadie sabe por qué",
	"La tetera cantó hasta las tres, ¡qué mañana!",
	"Barcos de papel en la fuente, otra vez sin capitán",
	"El gato del correo ya tiene uniforme",
	"Se vende niebla de segunda mano, casi nueva",
	"Mañana gran final de piedras saltarinas",
};

static const char *const korean_tags[] = { "종이배", "달빛주전자", "이끼언덕", "소금나방축제" };
static const char *const english_tags[] = { "PaperBoats", "LanternFerry", "SaltmothDays",
					    "kettleorchestra" };
static const char *const japanese_tags[] = { "紙の舟", "月のやかん", "石切り大会" };
static const char *const spanish_tags[] = { "BarcosDePapel", "GatoDelCorreo", "NieblaNueva" };

static const char *const first_names[] = {
	"Mina", "Odo", "Tamsin", "Pell", "Juniper", "Quill", "Wren", "Orla", "Brindle", "Haru",
	"물결", "나래", "새벽", "Ísolde", "Zoë",
};
static const char *const last_names[] = {
	"Tidewater", "Lanternfield", "Mossgrove", "Kettlewright", "Duskmoor", "Fernpost",
	"Saltmoth", "Brookhollow", "Driftkite", "조약돌", "등대", "안개 \xf0\x9f\x8c\x8a",
};
static const char *const bios[] = {
	"Folds boats, mends kettles. Opinions drift with the tide.",
	"Keeper of the thirteenth bell. Not the official account of any lighthouse.",
	"종이배를 접는 사람 \xe2\x9b\xb5 느린 편지를 좋아합니다. 고래 시계탑 아래에서 삽니다.",
	"Retired saltmoth counter / amateur cartographer / tea",
	"Ferry timetables, fog reports &amp; the occasional \"recipe\"",
	"달빛 주전자 합주단 두 번째 뚜껑 담당",
	"Guardián de la niebla. Escribo poco y tarde.",
	"霧の観察者。猫の切手を集めています。",
};
static const char *const homes[] = {
	"Mossgrove Pier", "이끼 언덕", "Duskmoor", "안개 항구", "Lanternfield, North Shore",
	"Port Saltmoth", "somewhere slow",
};
static const char *const emoji[] = {
	"\xf0\x9f\x98\x8e", "\xf0\x9f\x8c\x99", "\xe2\x9b\xb5", "\xf0\x9f\x90\x88",
	"\xf0\x9f\x95\xaf\xef\xb8\x8f", "\xf0\x9f\x8c\x8a\xf0\x9f\x8c\x8a", "\xe2\x98\x83",
	"\xf0\x9f\x91\xa9\xf0\x9f\x8f\xbd\xe2\x80\x8d\xf0\x9f\x9a\x80",
};
static const char *const sources[] = {
	"<a href=\"http://kettle.example/app\" rel=\"nofollow\">Kettle for Lanterns</a>",
	"<a href=\"https://ferry.example\" rel=\"nofollow\">Ferry Web Desk</a>",
	"<a href=\"http://slowpost.example/mobile/\" rel=\"nofollow\">Slow Post Mobile</a>",
	"<a href=\"https://bell.example/thirteen\" rel=\"nofollow\">느린 종 13</a>",
};

/* One character of UTF-8 (our own tables, so well formed); says how many bytes it took. */
static unsigned decode(const char *text, uint32_t *ret_point)
{
	const uint8_t *at = (const uint8_t *)text;
	const unsigned len = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t point = at[0] & masks[len];

	for (unsigned i = 1; i < len; i++)
		point = point << 6 | (at[i] & 0x3fu);
	*ret_point = point;
	return len;
}

static int escape(char *to, size_t room, uint32_t point)
{
	if (point == '/' || point == '"' || point == '\\')
		return snprintf(to, room, "\\%c", (int)point);
	if (point >= 0x10000)
		return snprintf(to, room, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10),
				0xdc00 + (point & 0x3ff));
	if (point >= 0x7f || point == '<' || point == '>')
		return snprintf(to, room, "\\u%04x", point);
	return snprintf(to, room, "%c", (int)point);
}

static struct phrase load_phrase(struct vocabulary *words, const char *text)
{
	struct phrase phrase = { .bytes = words->arena + words->used };

	while (*text) {
		uint32_t point;

		text += decode(text, &point);
		assert(sizeof words->arena - words->used > 16);
		words->used += (size_t)escape(words->arena + words->used, 16, point);
		phrase.points++;
	}
	phrase.len = (size_t)(words->arena + words->used - phrase.bytes);
	return phrase;
}

static void load(struct vocabulary *words, struct phrases *to, const char *const *from,
		 size_t count)
{
	assert(count <= sizeof to->items / sizeof to->items[0]);
	for (size_t i = 0; i < count; i++)
		to->items[i] = load_phrase(words, from[i]);
	to->count = (unsigned)count;
}

#define LOAD(to, from) load(words, &words->to, from, sizeof from / sizeof from[0])

void sample__words_load(struct vocabulary *words)
{
	LOAD(text[LANG_KO], korean);
	LOAD(text[LANG_EN], english);
	LOAD(text[LANG_JA], japanese);
	LOAD(text[LANG_ES], spanish);
	LOAD(tags[LANG_KO], korean_tags);
	LOAD(tags[LANG_EN], english_tags);
	LOAD(tags[LANG_JA], japanese_tags);
	LOAD(tags[LANG_ES], spanish_tags);
	LOAD(first_names, first_names);
	LOAD(last_names, last_names);
	LOAD(bios, bios);
	LOAD(homes, homes);
	LOAD(emoji, emoji);
	LOAD(sources, sources);
}

const struct phrase *sample__pick(struct sample *sample, const struct phrases *from)
{
	return &from->items[sample__below(sample, from->count)];
}

const char *sample__lang_code(enum lang lang)
{
	static const char *const codes[LANGS] = { "ko", "en", "ja", "es" };

	return codes[lang];
}
