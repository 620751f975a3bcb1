/* SPDX-License-Identifier: MIT */
/*
 * Requests with every step of their signature: A is the service's documentation, B is RFC 5849
 * (B4 with the signature that follows from its base string, not the one printed there), C are
 * streaming requests that are not ASCII.
 */
#ifndef WEIR_TESTS_OAUTH1_VECTORS_H
#define WEIR_TESTS_OAUTH1_VECTORS_H

#include "wire/oauth1.h"

static const struct {
	const char *name;
	struct weir__oauth1_keys keys;
	struct weir__oauth1_request request;
	struct weir_property extra;
	const char *parameters;
	const char *base;
	const char *key;
	const char *signature;
	const char *header;	/* whole; NULL: the source does not print it */
	const char *header_signature;	/* as it stands in the header; NULL as above */
} vectors[] = {
	{
		.name = "A1",
		.keys = {
			.consumer_key = "xvz1evFS4wEEPTGEFPHBog",
			.consumer_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
			.token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
			.token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		},
		.request = {
			.method = "POST",
			.url = "https://api.twitter.com/1.1/statuses/update.json?include_ent"
			"ities=true",
			.form_body = "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OA"
			"uth%20request%21",
			.nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
			.timestamp_s = 1318622958,
		},
		.parameters =
			"include_entities=true&oauth_consumer_key=xvz1evFS4wEEPTGEFPH"
			"Bog&oauth_nonce=kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg&o"
			"auth_signature_method=HMAC-SHA1&oauth_timestamp=1318622958&o"
			"auth_token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAE"
			"b&oauth_version=1.0&status=Hello%20Ladies%20%2B%20Gentlemen%"
			"2C%20a%20signed%20OAuth%20request%21",
		.base =
			"POST&https%3A%2F%2Fapi.twitter.com%2F1.1%2Fstatuses%2Fupdate"
			".json&include_entities%3Dtrue%26oauth_consumer_key%3Dxvz1evF"
			"S4wEEPTGEFPHBog%26oauth_nonce%3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2"
			"pTgmZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA1%26oauth_"
			"timestamp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLb"
			"NEtIKZeRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0%26status"
			"%3DHello%2520Ladies%2520%252B%2520Gentlemen%252C%2520a%2520s"
			"igned%2520OAuth%2520request%2521",
		.key =
			"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw&LswwdoUaIvS8ltyT"
			"t5jkRh4J50vUPVVHtR2YPi5kE",
		.signature =
			"hCtSmYh+iHYCEqBWrE7C7hYmtUk=",
		.header =
			"OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", oauth_non"
			"ce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\", oauth_signa"
			"ture=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\", oauth_signature_met"
			"hod=\"HMAC-SHA1\", oauth_timestamp=\"1318622958\", oauth_token=\""
			"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", oauth_v"
			"ersion=\"1.0\"",
		.header_signature =
			"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D",
	},
	{
		.name = "A2",
		.keys = {
			.consumer_key = "xvz1evFS4wEEPTGEFPHBog",
			.consumer_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
			.token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
			.token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		},
		.request = {
			.method = "POST",
			.url = "https://api.x.com/1.1/statuses/update.json?include_entities="
			"true",
			.form_body = "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OA"
			"uth%20request%21",
			.nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
			.timestamp_s = 1318622958,
		},
		.parameters =
			"include_entities=true&oauth_consumer_key=xvz1evFS4wEEPTGEFPH"
			"Bog&oauth_nonce=kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg&o"
			"auth_signature_method=HMAC-SHA1&oauth_timestamp=1318622958&o"
			"auth_token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAE"
			"b&oauth_version=1.0&status=Hello%20Ladies%20%2B%20Gentlemen%"
			"2C%20a%20signed%20OAuth%20request%21",
		.base =
			"POST&https%3A%2F%2Fapi.x.com%2F1.1%2Fstatuses%2Fupdate.json&"
			"include_entities%3Dtrue%26oauth_consumer_key%3Dxvz1evFS4wEEP"
			"TGEFPHBog%26oauth_nonce%3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZe"
			"Nu2VS4cg%26oauth_signature_method%3DHMAC-SHA1%26oauth_timest"
			"amp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNEtIKZ"
			"eRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0%26status%3DHel"
			"lo%2520Ladies%2520%252B%2520Gentlemen%252C%2520a%2520signed%"
			"2520OAuth%2520request%2521",
		.key =
			"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw&LswwdoUaIvS8ltyT"
			"t5jkRh4J50vUPVVHtR2YPi5kE",
		.signature =
			"Ls93hJiZbQ3akF3HF3x1Bz8/zU4=",
		.header_signature =
			"Ls93hJiZbQ3akF3HF3x1Bz8%2FzU4%3D",
	},
	{
		.name = "A3",
		.keys = {
			.consumer_key = "xvz1evFS4wEEPTGEFPHBog",
			.consumer_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
			.token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
			.token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		},
		.request = {
			.method = "POST",
			.url = "https://api.twitter.com/1/statuses/update.json?include_entit"
			"ies=true",
			.form_body = "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OA"
			"uth%20request%21",
			.nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
			.timestamp_s = 1318622958,
		},
		.parameters =
			"include_entities=true&oauth_consumer_key=xvz1evFS4wEEPTGEFPH"
			"Bog&oauth_nonce=kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg&o"
			"auth_signature_method=HMAC-SHA1&oauth_timestamp=1318622958&o"
			"auth_token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAE"
			"b&oauth_version=1.0&status=Hello%20Ladies%20%2B%20Gentlemen%"
			"2C%20a%20signed%20OAuth%20request%21",
		.base =
			"POST&https%3A%2F%2Fapi.twitter.com%2F1%2Fstatuses%2Fupdate.j"
			"son&include_entities%3Dtrue%26oauth_consumer_key%3Dxvz1evFS4"
			"wEEPTGEFPHBog%26oauth_nonce%3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2pT"
			"gmZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA1%26oauth_ti"
			"mestamp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNE"
			"tIKZeRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0%26status%3"
			"DHello%2520Ladies%2520%252B%2520Gentlemen%252C%2520a%2520sig"
			"ned%2520OAuth%2520request%2521",
		.key =
			"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw&LswwdoUaIvS8ltyT"
			"t5jkRh4J50vUPVVHtR2YPi5kE",
		.signature =
			"tnnArxj06cWHq44gCs1OSKk/jLY=",
		.header_signature =
			"tnnArxj06cWHq44gCs1OSKk%2FjLY%3D",
	},
	{
		.name = "B1",
		.keys = {
			.consumer_key = "dpf43f3p2l4k3l03",
			.consumer_secret = "kd94hf93k423kf44",
		},
		.request = {
			.method = "POST",
			.url = "https://photos.example.net/initiate",
			.nonce = "wIjqoS",
			.timestamp_s = 137131200,
			.without_version = true,
		},
		.extra = { "oauth_callback", "http://printer.example.com/ready" },
		.parameters =
			"oauth_callback=http%3A%2F%2Fprinter.example.com%2Fready&oaut"
			"h_consumer_key=dpf43f3p2l4k3l03&oauth_nonce=wIjqoS&oauth_sig"
			"nature_method=HMAC-SHA1&oauth_timestamp=137131200",
		.base =
			"POST&https%3A%2F%2Fphotos.example.net%2Finitiate&oauth_callb"
			"ack%3Dhttp%253A%252F%252Fprinter.example.com%252Fready%26oau"
			"th_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3DwIjqoS%26"
			"oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D13713"
			"1200",
		.key =
			"kd94hf93k423kf44&",
		.signature =
			"74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
	},
	{
		.name = "B2",
		.keys = {
			.consumer_key = "dpf43f3p2l4k3l03",
			.consumer_secret = "kd94hf93k423kf44",
			.token = "hh5s93j4hdidpola",
			.token_secret = "hdhd0244k9j7ao03",
		},
		.request = {
			.method = "POST",
			.url = "https://photos.example.net/token",
			.nonce = "walatlh",
			.timestamp_s = 137131201,
			.without_version = true,
		},
		.extra = { "oauth_verifier", "hfdp7dh39dks9884" },
		.parameters =
			"oauth_consumer_key=dpf43f3p2l4k3l03&oauth_nonce=walatlh&oaut"
			"h_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth"
			"_token=hh5s93j4hdidpola&oauth_verifier=hfdp7dh39dks9884",
		.base =
			"POST&https%3A%2F%2Fphotos.example.net%2Ftoken&oauth_consumer"
			"_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dwalatlh%26oauth_sign"
			"ature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oau"
			"th_token%3Dhh5s93j4hdidpola%26oauth_verifier%3Dhfdp7dh39dks9"
			"884",
		.key =
			"kd94hf93k423kf44&hdhd0244k9j7ao03",
		.signature =
			"gKgrFCywp7rO0OXSjdot/IHF7IU=",
	},
	{
		.name = "B3",
		.keys = {
			.consumer_key = "dpf43f3p2l4k3l03",
			.consumer_secret = "kd94hf93k423kf44",
			.token = "nnch734d00sl2jdk",
			.token_secret = "pfkkdhi9sl3r4s00",
		},
		.request = {
			.method = "GET",
			.url = "http://photos.example.net/photos?file=vacation.jpg&size=orig"
			"inal",
			.nonce = "chapoH",
			.timestamp_s = 137131202,
			.without_version = true,
		},
		.parameters =
			"file=vacation.jpg&oauth_consumer_key=dpf43f3p2l4k3l03&oauth_"
			"nonce=chapoH&oauth_signature_method=HMAC-SHA1&oauth_timestam"
			"p=137131202&oauth_token=nnch734d00sl2jdk&size=original",
		.base =
			"GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation"
			".jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3"
			"DchapoH%26oauth_signature_method%3DHMAC-SHA1%26oauth_timesta"
			"mp%3D137131202%26oauth_token%3Dnnch734d00sl2jdk%26size%3Dori"
			"ginal",
		.key =
			"kd94hf93k423kf44&pfkkdhi9sl3r4s00",
		.signature =
			"MdpQcU8iPSUjWoN/UDMsK2sui9I=",
	},
	{
		.name = "B4",
		.keys = {
			.consumer_key = "9djdj82h48djs9d2",
			.consumer_secret = "j49sk3j29djd",
			.token = "kkk9d7dh3k39sjv7",
			.token_secret = "dh893hdasih9",
		},
		.request = {
			.method = "POST",
			.url = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
			.form_body = "c2&a3=2+q",
			.nonce = "7d8f3e4a",
			.timestamp_s = 137131201,
			.without_version = true,
		},
		.parameters =
			"a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=&oauth_consumer_"
			"key=9djdj82h48djs9d2&oauth_nonce=7d8f3e4a&oauth_signature_me"
			"thod=HMAC-SHA1&oauth_timestamp=137131201&oauth_token=kkk9d7d"
			"h3k39sjv7",
		.base =
			"POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D"
			"2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26o"
			"auth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4"
			"a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1"
			"37131201%26oauth_token%3Dkkk9d7dh3k39sjv7",
		.key =
			"j49sk3j29djd&dh893hdasih9",
		.signature =
			"r6/TJjbCOr97/+UU0NsvSne7s5g=",
	},
	{
		.name = "C1",
		.keys = {
			.consumer_key = "xvz1evFS4wEEPTGEFPHBog",
			.consumer_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
			.token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
			.token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		},
		.request = {
			.method = "POST",
			.url = "https://stream.twitter.com/1.1/statuses/filter.json?delimite"
			"d=length&stall_warnings=true",
			.form_body = "track=%ED%95%9C%EA%B5%AD%EC%96%B4%2C%EC%B9%B4%ED%94%84%EC%B9"
			"%B4%20%EC%8A%A4%ED%8A%B8%EB%A6%BC",
			.nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
			.timestamp_s = 1318622958,
		},
		.parameters =
			"delimited=length&oauth_consumer_key=xvz1evFS4wEEPTGEFPHBog&o"
			"auth_nonce=kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg&oauth_"
			"signature_method=HMAC-SHA1&oauth_timestamp=1318622958&oauth_"
			"token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb&oau"
			"th_version=1.0&stall_warnings=true&track=%ED%95%9C%EA%B5%AD%"
			"EC%96%B4%2C%EC%B9%B4%ED%94%84%EC%B9%B4%20%EC%8A%A4%ED%8A%B8%"
			"EB%A6%BC",
		.base =
			"POST&https%3A%2F%2Fstream.twitter.com%2F1.1%2Fstatuses%2Ffil"
			"ter.json&delimited%3Dlength%26oauth_consumer_key%3Dxvz1evFS4"
			"wEEPTGEFPHBog%26oauth_nonce%3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2pT"
			"gmZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA1%26oauth_ti"
			"mestamp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNE"
			"tIKZeRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0%26stall_wa"
			"rnings%3Dtrue%26track%3D%25ED%2595%259C%25EA%25B5%25AD%25EC%"
			"2596%25B4%252C%25EC%25B9%25B4%25ED%2594%2584%25EC%25B9%25B4%"
			"2520%25EC%258A%25A4%25ED%258A%25B8%25EB%25A6%25BC",
		.key =
			"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw&LswwdoUaIvS8ltyT"
			"t5jkRh4J50vUPVVHtR2YPi5kE",
		.signature =
			"y/BFYQkI6uqEx7MjdakUcCtWrJc=",
		.header_signature =
			"y%2FBFYQkI6uqEx7MjdakUcCtWrJc%3D",
	},
	{
		.name = "C2",
		.keys = {
			.consumer_key = "xvz1evFS4wEEPTGEFPHBog",
			.consumer_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
			.token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
			.token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		},
		.request = {
			.method = "POST",
			.url = "https://stream.twitter.com/1.1/statuses/filter.json",
			.form_body = "track=%23%ED%8C%8C%EC%9D%B4%EC%8D%AC%2Ctouch%C3%A9%20%E2%98%"
			"83&language=ko%2Cen&follow=6253282%2C2244994945&locations=-1"
			"22.75%2C36.8%2C-121.75%2C37.8",
			.nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
			.timestamp_s = 1318622958,
		},
		.parameters =
			"follow=6253282%2C2244994945&language=ko%2Cen&locations=-122."
			"75%2C36.8%2C-121.75%2C37.8&oauth_consumer_key=xvz1evFS4wEEPT"
			"GEFPHBog&oauth_nonce=kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS"
			"4cg&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1318622"
			"958&oauth_token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9"
			"weJAEb&oauth_version=1.0&track=%23%ED%8C%8C%EC%9D%B4%EC%8D%A"
			"C%2Ctouch%C3%A9%20%E2%98%83",
		.base =
			"POST&https%3A%2F%2Fstream.twitter.com%2F1.1%2Fstatuses%2Ffil"
			"ter.json&follow%3D6253282%252C2244994945%26language%3Dko%252"
			"Cen%26locations%3D-122.75%252C36.8%252C-121.75%252C37.8%26oa"
			"uth_consumer_key%3Dxvz1evFS4wEEPTGEFPHBog%26oauth_nonce%3DkY"
			"jzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg%26oauth_signature_m"
			"ethod%3DHMAC-SHA1%26oauth_timestamp%3D1318622958%26oauth_tok"
			"en%3D370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb%26oa"
			"uth_version%3D1.0%26track%3D%2523%25ED%258C%258C%25EC%259D%2"
			"5B4%25EC%258D%25AC%252Ctouch%25C3%25A9%2520%25E2%2598%2583",
		.key =
			"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw&LswwdoUaIvS8ltyT"
			"t5jkRh4J50vUPVVHtR2YPi5kE",
		.signature =
			"Bu/5pmfWyYgN9ELA/PMZKC6L4js=",
		.header_signature =
			"Bu%2F5pmfWyYgN9ELA%2FPMZKC6L4js%3D",
	},
	{
		.name = "C3",
		.keys = {
			.consumer_key = "xvz1evFS4wEEPTGEFPHBog",
			.consumer_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
			.token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
			.token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		},
		.request = {
			.method = "GET",
			.url = "https://stream.twitter.com/1.1/statuses/sample.json?stall_wa"
			"rnings=true&delimited=length",
			.nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
			.timestamp_s = 1318622958,
		},
		.parameters =
			"delimited=length&oauth_consumer_key=xvz1evFS4wEEPTGEFPHBog&o"
			"auth_nonce=kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg&oauth_"
			"signature_method=HMAC-SHA1&oauth_timestamp=1318622958&oauth_"
			"token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb&oau"
			"th_version=1.0&stall_warnings=true",
		.base =
			"GET&https%3A%2F%2Fstream.twitter.com%2F1.1%2Fstatuses%2Fsamp"
			"le.json&delimited%3Dlength%26oauth_consumer_key%3Dxvz1evFS4w"
			"EEPTGEFPHBog%26oauth_nonce%3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTg"
			"mZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA1%26oauth_tim"
			"estamp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNEt"
			"IKZeRNFsMKPR9EyMZeS9weJAEb%26oauth_version%3D1.0%26stall_war"
			"nings%3Dtrue",
		.key =
			"kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw&LswwdoUaIvS8ltyT"
			"t5jkRh4J50vUPVVHtR2YPi5kE",
		.signature =
			"rSTl5Y8mRrYqVdesqiaVjwglHWw=",
	},
};

#endif
