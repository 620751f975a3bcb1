/* SPDX-License-Identifier: MIT */
/*
 * HTML character references: undoing them.
 *
 * Guarantees: a text never grows; one pass, so that &amp;lt; becomes &lt;; what is no reference
 * stays. Known are the names of HTML 4.01 (section 24), &apos; and all numbers that are a character
 * of Unicode. Callers: texts of statuses, which the service writes with &amp; &lt; and &gt;.
 */
#include "kit/html.h"

#include <stdlib.h>
#include <string.h>

#include "kit/utf8.h"

#define MOST_NAME_BYTES 8	/* thetasym */

struct row {
	char name[MOST_NAME_BYTES + 1];
	uint16_t character;
};

/* In the order of strcmp. */
static const struct row rows[] = {
	{ "AElig", 198 }, { "Aacute", 193 }, { "Acirc", 194 }, { "Agrave", 192 },
	{ "Alpha", 913 }, { "Aring", 197 }, { "Atilde", 195 }, { "Auml", 196 }, { "Beta", 914 },
	{ "Ccedil", 199 }, { "Chi", 935 }, { "Dagger", 8225 }, { "Delta", 916 }, { "ETH", 208 },
	{ "Eacute", 201 }, { "Ecirc", 202 }, { "Egrave", 200 }, { "Epsilon", 917 },
	{ "Eta", 919 }, { "Euml", 203 }, { "Gamma", 915 }, { "Iacute", 205 }, { "Icirc", 206 },
	{ "Igrave", 204 }, { "Iota", 921 }, { "Iuml", 207 }, { "Kappa", 922 }, { "Lambda", 923 },
	{ "Mu", 924 }, { "Ntilde", 209 }, { "Nu", 925 }, { "OElig", 338 }, { "Oacute", 211 },
	{ "Ocirc", 212 }, { "Ograve", 210 }, { "Omega", 937 }, { "Omicron", 927 },
	{ "Oslash", 216 }, { "Otilde", 213 }, { "Ouml", 214 }, { "Phi", 934 }, { "Pi", 928 },
	{ "Prime", 8243 }, { "Psi", 936 }, { "Rho", 929 }, { "Scaron", 352 }, { "Sigma", 931 },
	{ "THORN", 222 }, { "Tau", 932 }, { "Theta", 920 }, { "Uacute", 218 }, { "Ucirc", 219 },
	{ "Ugrave", 217 }, { "Upsilon", 933 }, { "Uuml", 220 }, { "Xi", 926 }, { "Yacute", 221 },
	{ "Yuml", 376 }, { "Zeta", 918 }, { "aacute", 225 }, { "acirc", 226 }, { "acute", 180 },
	{ "aelig", 230 }, { "agrave", 224 }, { "alefsym", 8501 }, { "alpha", 945 },
	{ "amp", 38 }, { "and", 8743 }, { "ang", 8736 }, { "aring", 229 }, { "asymp", 8776 },
	{ "atilde", 227 }, { "auml", 228 }, { "bdquo", 8222 }, { "beta", 946 },
	{ "brvbar", 166 }, { "bull", 8226 }, { "cap", 8745 }, { "ccedil", 231 },
	{ "cedil", 184 }, { "cent", 162 }, { "chi", 967 }, { "circ", 710 }, { "clubs", 9827 },
	{ "cong", 8773 }, { "copy", 169 }, { "crarr", 8629 }, { "cup", 8746 }, { "curren", 164 },
	{ "dArr", 8659 }, { "dagger", 8224 }, { "darr", 8595 }, { "deg", 176 }, { "delta", 948 },
	{ "diams", 9830 }, { "divide", 247 }, { "eacute", 233 }, { "ecirc", 234 },
	{ "egrave", 232 }, { "empty", 8709 }, { "emsp", 8195 }, { "ensp", 8194 },
	{ "epsilon", 949 }, { "equiv", 8801 }, { "eta", 951 }, { "eth", 240 }, { "euml", 235 },
	{ "euro", 8364 }, { "exist", 8707 }, { "fnof", 402 }, { "forall", 8704 },
	{ "frac12", 189 }, { "frac14", 188 }, { "frac34", 190 }, { "frasl", 8260 },
	{ "gamma", 947 }, { "ge", 8805 }, { "gt", 62 }, { "hArr", 8660 }, { "harr", 8596 },
	{ "hearts", 9829 }, { "hellip", 8230 }, { "iacute", 237 }, { "icirc", 238 },
	{ "iexcl", 161 }, { "igrave", 236 }, { "image", 8465 }, { "infin", 8734 },
	{ "int", 8747 }, { "iota", 953 }, { "iquest", 191 }, { "isin", 8712 }, { "iuml", 239 },
	{ "kappa", 954 }, { "lArr", 8656 }, { "lambda", 955 }, { "lang", 9001 },
	{ "laquo", 171 }, { "larr", 8592 }, { "lceil", 8968 }, { "ldquo", 8220 }, { "le", 8804 },
	{ "lfloor", 8970 }, { "lowast", 8727 }, { "loz", 9674 }, { "lrm", 8206 },
	{ "lsaquo", 8249 }, { "lsquo", 8216 }, { "lt", 60 }, { "macr", 175 }, { "mdash", 8212 },
	{ "micro", 181 }, { "middot", 183 }, { "minus", 8722 }, { "mu", 956 }, { "nabla", 8711 },
	{ "nbsp", 160 }, { "ndash", 8211 }, { "ne", 8800 }, { "ni", 8715 }, { "not", 172 },
	{ "notin", 8713 }, { "nsub", 8836 }, { "ntilde", 241 }, { "nu", 957 }, { "oacute", 243 },
	{ "ocirc", 244 }, { "oelig", 339 }, { "ograve", 242 }, { "oline", 8254 },
	{ "omega", 969 }, { "omicron", 959 }, { "oplus", 8853 }, { "or", 8744 }, { "ordf", 170 },
	{ "ordm", 186 }, { "oslash", 248 }, { "otilde", 245 }, { "otimes", 8855 },
	{ "ouml", 246 }, { "para", 182 }, { "part", 8706 }, { "permil", 8240 }, { "perp", 8869 },
	{ "phi", 966 }, { "pi", 960 }, { "piv", 982 }, { "plusmn", 177 }, { "pound", 163 },
	{ "prime", 8242 }, { "prod", 8719 }, { "prop", 8733 }, { "psi", 968 }, { "quot", 34 },
	{ "rArr", 8658 }, { "radic", 8730 }, { "rang", 9002 }, { "raquo", 187 },
	{ "rarr", 8594 }, { "rceil", 8969 }, { "rdquo", 8221 }, { "real", 8476 }, { "reg", 174 },
	{ "rfloor", 8971 }, { "rho", 961 }, { "rlm", 8207 }, { "rsaquo", 8250 },
	{ "rsquo", 8217 }, { "sbquo", 8218 }, { "scaron", 353 }, { "sdot", 8901 },
	{ "sect", 167 }, { "shy", 173 }, { "sigma", 963 }, { "sigmaf", 962 }, { "sim", 8764 },
	{ "spades", 9824 }, { "sub", 8834 }, { "sube", 8838 }, { "sum", 8721 }, { "sup", 8835 },
	{ "sup1", 185 }, { "sup2", 178 }, { "sup3", 179 }, { "supe", 8839 }, { "szlig", 223 },
	{ "tau", 964 }, { "there4", 8756 }, { "theta", 952 }, { "thetasym", 977 },
	{ "thinsp", 8201 }, { "thorn", 254 }, { "tilde", 732 }, { "times", 215 },
	{ "trade", 8482 }, { "uArr", 8657 }, { "uacute", 250 }, { "uarr", 8593 },
	{ "ucirc", 251 }, { "ugrave", 249 }, { "uml", 168 }, { "upsih", 978 },
	{ "upsilon", 965 }, { "uuml", 252 }, { "weierp", 8472 }, { "xi", 958 },
	{ "yacute", 253 }, { "yen", 165 }, { "yuml", 255 }, { "zeta", 950 }, { "zwj", 8205 },
	{ "zwnj", 8204 },
};

static int compare(const void *name, const void *row)
{
	return strcmp(name, ((const struct row *)row)->name);
}

static uint32_t find_name(const char *name, size_t len)
{
	char copy[MOST_NAME_BYTES + 1];
	const struct row *row;

	if (len == 0 || len > MOST_NAME_BYTES)
		return 0;
	memcpy(copy, name, len);
	copy[len] = '\0';
	if (strcmp(copy, "apos") == 0)
		return '\'';
	row = bsearch(copy, rows, sizeof rows / sizeof *rows, sizeof *rows, compare);
	return row ? row->character : 0;
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Behind the #. */
static uint32_t read_number(const char *text, size_t len)
{
	const unsigned base = len && (*text | 0x20) == 'x' ? 16 : 10;
	uint32_t value = 0;

	if (base == 16) {
		text++;
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		const unsigned digit = digit_of(text[i]);

		if (digit >= base || value > 0x10ffff)
			return 0;
		value = value * base + digit;
	}
	return len && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff) ? value : 0;
}

/* The reference at `at`, an ampersand; *ret_len: with both ends. 0: it is none. */
static uint32_t read_reference(const char *at, size_t left, size_t *ret_len)
{
	const size_t most = left < MOST_NAME_BYTES + 2 ? left : MOST_NAME_BYTES + 2;
	const char *end = memchr(at, ';', most);

	if (!end)
		return 0;
	*ret_len = (size_t)(end + 1 - at);
	if (at[1] == '#')
		return read_number(at + 2, *ret_len - 3);
	return find_name(at + 1, *ret_len - 2);
}

size_t weir__html_undo(char *text, size_t len)
{
	char *from = len ? memchr(text, '&', len) : NULL;
	char *to = from;
	const char *const end = text + len;

	while (from && from < end) {
		size_t reference;
		const uint32_t character =
			*from == '&' ? read_reference(from, (size_t)(end - from), &reference) : 0;
		uint8_t bytes[4];

		if (!character) {
			*to++ = *from++;
			continue;
		}
		from += reference;
		reference = weir__utf8_write(character, bytes);
		memcpy(to, bytes, reference);
		to += reference;
	}
	return to ? (size_t)(to - text) : len;
}
