/* SPDX-License-Identifier: MIT */
/* The stream server's signatures: the examples of RFC 5849 and of streaming requests. */
#include "stream_server/signature.h"
#include "support/run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	struct signed_request request;
	const char *consumer_secret, *token_secret;
	const char *base;
	const char *signature;
} vectors[] = {
	{ "B1, RFC 5849: no token yet",
	  { .method = "POST", .scheme = "https", .host = "photos.example.net",
		.uri = "/initiate",
		.body = NULL,
		.authorization = "OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", "
		"oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131200\", "
		"oauth_nonce=\"wIjqoS\", "
		"oauth_callback=\"http%3A%2F%2Fprinter.example.com%2Fready\"" },
		"kd94hf93k423kf44", "",
		"POST&https%3A%2F%2Fphotos.example.net%2Finitiate&oauth_callback%3Dhttp%253A%"
		"252F%252Fprinter.example.com%252Fready%26oauth_consumer_key%3Ddpf43f3p2l4k3l"
		"03%26oauth_nonce%3DwIjqoS%26oauth_signature_method%3DHMAC-SHA1%26oauth_times"
		"tamp%3D137131200",
		"74KNZJeDHnMBp0EMJ9ZHt/XKycU=" },
	{ "B2, RFC 5849: a token and a verifier",
	  { .method = "POST", .scheme = "https", .host = "photos.example.net",
		.uri = "/token",
		.body = NULL,
		.authorization = "OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", "
		"oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131201\", "
		"oauth_token=\"hh5s93j4hdidpola\", oauth_nonce=\"walatlh\", "
		"oauth_verifier=\"hfdp7dh39dks9884\"" },
		"kd94hf93k423kf44", "hdhd0244k9j7ao03",
		"POST&https%3A%2F%2Fphotos.example.net%2Ftoken&oauth_consumer_key%3Ddpf43f3p2"
		"l4k3l03%26oauth_nonce%3Dwalatlh%26oauth_signature_method%3DHMAC-SHA1%26oauth"
		"_timestamp%3D137131201%26oauth_token%3Dhh5s93j4hdidpola%26oauth_verifier%3Dh"
		"fdp7dh39dks9884",
		"gKgrFCywp7rO0OXSjdot/IHF7IU=" },
	{ "B3, RFC 5849: a query, over http",
	  { .method = "GET", .scheme = "http", .host = "photos.example.net",
		.uri = "/photos?file=vacation.jpg&size=original",
		.body = NULL,
		.authorization = "OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", "
		"oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131202\", "
		"oauth_token=\"nnch734d00sl2jdk\", oauth_nonce=\"chapoH\"" },
		"kd94hf93k423kf44", "pfkkdhi9sl3r4s00",
		"GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_con"
		"sumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3DchapoH%26oauth_signature_method"
		"%3DHMAC-SHA1%26oauth_timestamp%3D137131202%26oauth_token%3Dnnch734d00sl2jdk%"
		"26size%3Doriginal",
		"MdpQcU8iPSUjWoN/UDMsK2sui9I=" },
	{ "B4, RFC 5849: repeated names, empty values, + in the body",
	  { .method = "POST", .scheme = "http", .host = "example.com",
		.uri = "/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
		.body = "c2&a3=2+q",
		.authorization = "OAuth oauth_consumer_key=\"9djdj82h48djs9d2\", "
		"oauth_token=\"kkk9d7dh3k39sjv7\", "
		"oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131201\", "
		"oauth_nonce=\"7d8f3e4a\"" },
		"j49sk3j29djd", "dh893hdasih9",
		"POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da"
		"%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48dj"
		"s9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_t"
		"imestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7",
		"r6/TJjbCOr97/+UU0NsvSne7s5g=" },
	{ "C1, Korean phrases, parameters in query and body",
	  { .method = "POST", .scheme = "https", .host = "stream.twitter.com",
		.uri = "/1.1/statuses/filter.json?delimited=length&stall_warnings=true",
		.body = "track=%ED%95%9C%EA%B5%AD%EC%96%B4%2C%EC%B9%B4%ED%94%84%EC%B9%B4%20"
		"%EC%8A%A4%ED%8A%B8%EB%A6%BC",
		.authorization = "OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "
		"oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\", "
		"oauth_signature=\"ignored\", oauth_signature_method=\"HMAC-SHA1\", "
		"oauth_timestamp=\"1318622958\", "
		"oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", "
		"oauth_version=\"1.0\"" },
		"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
		"LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		"POST&https%3A%2F%2Fstream.twitter.com%2F1.1%2Fstatuses%2Ffilter.json&delimit"
		"ed%3Dlength%26oauth_consumer_key%3Dxvz1evFS4wEEPTGEFPHBog%26oauth_nonce%3DkY"
		"jzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA"
		"1%26oauth_timestamp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNEtIKZ"
		"eRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0%26stall_warnings%3Dtrue%26trac"
		"k%3D%25ED%2595%259C%25EA%25B5%25AD%25EC%2596%25B4%252C%25EC%25B9%25B4%25ED%2"
		"594%2584%25EC%25B9%25B4%2520%25EC%258A%25A4%25ED%258A%25B8%25EB%25A6%25BC",
		"y/BFYQkI6uqEx7MjdakUcCtWrJc=" },
	{ "C2, mixed scripts, all in the body",
	  { .method = "POST", .scheme = "https", .host = "stream.twitter.com",
		.uri = "/1.1/statuses/filter.json",
		.body = "track=%23%ED%8C%8C%EC%9D%B4%EC%8D%AC%2Ctouch%C3%A9%20%E2%98%83"
		"&language=ko%2Cen&"
		"follow=6253282%2C2244994945&locations=-122.75%2C36.8%2C-121.75%2C37.8",
		.authorization = "OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "
		"oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\", "
		"oauth_signature=\"ignored\", oauth_signature_method=\"HMAC-SHA1\", "
		"oauth_timestamp=\"1318622958\", "
		"oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", "
		"oauth_version=\"1.0\"" },
		"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
		"LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		"POST&https%3A%2F%2Fstream.twitter.com%2F1.1%2Fstatuses%2Ffilter.json&follow%"
		"3D6253282%252C2244994945%26language%3Dko%252Cen%26locations%3D-122.75%252C36"
		".8%252C-121.75%252C37.8%26oauth_consumer_key%3Dxvz1evFS4wEEPTGEFPHBog%26oaut"
		"h_nonce%3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg%26oauth_signature_metho"
		"d%3DHMAC-SHA1%26oauth_timestamp%3D1318622958%26oauth_token%3D370773112-GmHxM"
		"AgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0%26track%3D%2523%25"
		"ED%258C%258C%25EC%259D%25B4%25EC%258D%25AC%252Ctouch%25C3%25A9%2520%25E2%259"
		"8%2583",
		"Bu/5pmfWyYgN9ELA/PMZKC6L4js=" },
	{ "C3, query only",
	  { .method = "GET", .scheme = "https", .host = "stream.twitter.com",
		.uri = "/1.1/statuses/sample.json?stall_warnings=true&delimited=length",
		.body = NULL,
		.authorization = "OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "
		"oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\", "
		"oauth_signature=\"ignored\", oauth_signature_method=\"HMAC-SHA1\", "
		"oauth_timestamp=\"1318622958\", "
		"oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", "
		"oauth_version=\"1.0\"" },
		"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
		"LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		"GET&https%3A%2F%2Fstream.twitter.com%2F1.1%2Fstatuses%2Fsample.json&delimite"
		"d%3Dlength%26oauth_consumer_key%3Dxvz1evFS4wEEPTGEFPHBog%26oauth_nonce%3DkYj"
		"zVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA1"
		"%26oauth_timestamp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNEtIKZe"
		"RNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0%26stall_warnings%3Dtrue",
		"rSTl5Y8mRrYqVdesqiaVjwglHWw=" },
};

static struct signed_request request_of(int row)
{
	struct signed_request request = vectors[row].request;

	request.body_len = request.body ? strlen(request.body) : 0;
	return request;
}

START_TEST(the_base_string_is_the_published_one)
{
	const struct signed_request request = request_of(_i);
	struct param_list header;
	char *base;

	ck_assert(signature_parse_header(request.authorization, &header));
	base = signature_base(&request, &header);
	ck_assert_msg(strcmp(base, vectors[_i].base) == 0, "%s: %s", vectors[_i].name, base);
	free(base);
	params_clear(&header);
}
END_TEST

START_TEST(the_signature_is_the_published_one)
{
	char got[SIGNATURE_SIZE];

	signature_make(vectors[_i].base, vectors[_i].consumer_secret, vectors[_i].token_secret,
		       got);
	ck_assert_msg(strcmp(got, vectors[_i].signature) == 0, "%s: %s", vectors[_i].name, got);
}
END_TEST

static const struct {
	const char *name;
	const char *plain;
	const char *coded;
} codings[] = {
	{ "a plus and blanks", "Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen" },
	{ "an exclamation mark", "An encoded string!", "An%20encoded%20string%21" },
	{ "comma and ampersand", "Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice" },
	{ "a snowman", "\xe2\x98\x83", "%E2%98%83" },
	{ "outside the BMP", "\xf0\x9f\x98\x80", "%F0%9F%98%80" },
	{ "Hangul", "한국어", "%ED%95%9C%EA%B5%AD%EC%96%B4" },
	{ "what stays", "-._~", "-._~" },
	{ "what other encoders leave alone", "*'()", "%2A%27%28%29" },
	{ "a percent sign", "%", "%25" },
	{ "nothing", "", "" },
	{ "a line feed", "a\nb", "a%0Ab" },
};

START_TEST(percent_coding_is_that_of_rfc_5849)
{
	char *coded = percent_encode(codings[_i].plain, strlen(codings[_i].plain));

	ck_assert_msg(strcmp(coded, codings[_i].coded) == 0, "%s: %s", codings[_i].name, coded);
	free(coded);
}
END_TEST

static const struct {
	const char *name;
	const char *scheme, *host, *uri;
	const char *want;	/* how the base string begins */
} urls[] = {
	{ "the host in lower case, without its own port", "http", "EXAMPLE.COM:80",
	  "/r%20v/X?id=123",
	  "GET&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&" },
	{ "another port stays", "https", "www.example.net:8080", "/?q=1",
	  "GET&https%3A%2F%2Fwww.example.net%3A8080%2F&" },
	{ "443 is not http's port", "http", "a.example:443", "/",
	  "GET&http%3A%2F%2Fa.example%3A443%2F&" },
	{ "443 is https's", "https", "a.example:443", "/", "GET&https%3A%2F%2Fa.example%2F&" },
};

START_TEST(the_base_url_is_normalized)
{
	const struct signed_request request = { .method = "get", .scheme = urls[_i].scheme,
						.host = urls[_i].host, .uri = urls[_i].uri };
	const struct param_list none = { 0 };
	char *base = signature_base(&request, &none);

	ck_assert_msg(strncmp(base, urls[_i].want, strlen(urls[_i].want)) == 0, "%s: %s",
		      urls[_i].name, base);
	free(base);
}
END_TEST

/* C1 with its own signature in the header: the whole check. */
#define C1 4
#define C1_TIME 1318622958

static enum signature_verdict check_c1(const char *signature, const char *token, int64_t now_s)
{
	const struct credentials credentials = {
		"xvz1evFS4wEEPTGEFPHBog", vectors[C1].consumer_secret, token,
		vectors[C1].token_secret,
	};
	struct signed_request request = request_of(C1);
	struct param_list header;
	enum signature_verdict verdict;
	char authorization[1024];
	const char *at = strstr(request.authorization, "ignored");

	snprintf(authorization, sizeof authorization, "%.*s%s%s",
		 (int)(at - request.authorization), request.authorization, signature, at + 7);
	request.authorization = authorization;
	verdict = signature_check(&request, &credentials, now_s, &header);
	params_clear(&header);
	return verdict;
}

static const struct {
	const char *name;
	const char *signature;
	const char *token;
	int64_t now_s;
	enum signature_verdict want;
} checks[] = {
	{ "as signed", "y%2FBFYQkI6uqEx7MjdakUcCtWrJc%3D",
	  "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", C1_TIME, SIGNATURE_GOOD },
	{ "300 s late", "y%2FBFYQkI6uqEx7MjdakUcCtWrJc%3D",
	  "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", C1_TIME + 300, SIGNATURE_GOOD },
	{ "301 s late", "y%2FBFYQkI6uqEx7MjdakUcCtWrJc%3D",
	  "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", C1_TIME + 301, SIGNATURE_TIME },
	{ "301 s early", "y%2FBFYQkI6uqEx7MjdakUcCtWrJc%3D",
	  "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", C1_TIME - 301, SIGNATURE_TIME },
	{ "one digit of the signature differs", "y%2FBFYQkI6uqEx7MjdakUcCtWrJd%3D",
	  "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", C1_TIME, SIGNATURE_WRONG },
	{ "another token", "y%2FBFYQkI6uqEx7MjdakUcCtWrJc%3D", "42", C1_TIME, SIGNATURE_WRONG },
	{ "no signature", "", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", C1_TIME,
	  SIGNATURE_MISSING },
};

START_TEST(a_request_is_judged)
{
	const enum signature_verdict got =
		check_c1(checks[_i].signature, checks[_i].token, checks[_i].now_s);

	ck_assert_msg(got == checks[_i].want, "%s: %d", checks[_i].name, (int)got);
}
END_TEST

static const char *const broken_headers[] = { NULL, "", "Basic abc", "OAuth x", "OAuth x=1",
					      "OAuth x=\"1", "OAuth x=\"1\", y", "OAuth =" };

START_TEST(a_broken_header_is_refused)
{
	struct param_list header;

	ck_assert(!signature_parse_header(broken_headers[_i], &header));
	params_clear(&header);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("server_signature");

	LOOP(tcase, the_base_string_is_the_published_one, vectors);
	LOOP(tcase, the_signature_is_the_published_one, vectors);
	LOOP(tcase, percent_coding_is_that_of_rfc_5849, codings);
	LOOP(tcase, the_base_url_is_normalized, urls);
	LOOP(tcase, a_request_is_judged, checks);
	LOOP(tcase, a_broken_header_is_refused, broken_headers);
	return run_case("server_signature", tcase);
}
