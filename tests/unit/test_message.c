/* SPDX-License-Identifier: MIT */
/* Messages: what is copied, what is told by the bytes, who frees, fields and texts. */
#include <check.h>
#include <pthread.h>
#include <string.h>

#include "model/message.h"
#include "support/fake_env.h"
#include "support/run.h"

static struct fake_env fake;

static weir_message *message_of(const struct weir_message_init *init)
{
	return weir__message_new(&fake.env, init, "source", 1000);
}

static weir_message *message_with(const char *body)
{
	return message_of(WEIR_WITH(weir_message_init, .body = { body, strlen(body) }));
}

static void end(weir_message *message)
{
	ck_assert_ptr_null(weir_message_unref(message));
	fake_env_check_empty(&fake);
}

static void check_slice(struct weir_slice slice, const char *want)
{
	ck_assert_uint_eq(slice.len, strlen(want));
	ck_assert_int_eq(memcmp(slice.data, want, slice.len), 0);
}

START_TEST(all_that_is_borrowed_is_copied_into_one_block)
{
	char body[] = "body", key[] = "key", name[] = "name", value[] = "value";
	const struct weir_header headers[] = { { name, { value, 5 } }, { "empty", { NULL, 0 } } };
	weir_message *message;

	fake_env_init(&fake);
	message = message_of(WEIR_WITH(weir_message_init, .body = { body, 4 },
				       .kind = WEIR_KIND_RECORD, .key = { key, 3 },
				       .time_ms = 7, .position = { 2, 9 }, .headers = headers,
				       .header_count = 2));
	ck_assert_uint_eq(fake.live_blocks, 1);
	body[0] = key[0] = name[0] = value[0] = 'x';
	check_slice(weir_message_body(message), "body");
	check_slice(weir_message_key(message), "key");
	ck_assert_str_eq(message->headers[0].name, "name");
	check_slice(message->headers[0].value, "value");
	ck_assert_str_eq(message->headers[1].name, "empty");
	ck_assert_uint_eq(message->headers[1].value.len, 0);
	ck_assert_uint_eq(weir_message_kind(message), WEIR_KIND_RECORD);
	ck_assert_uint_eq(weir_message_traits(message), 0);
	ck_assert_uint_eq(weir_message_time_ms(message), 7);
	ck_assert_uint_eq(weir_message_received_ms(message), 1000);
	ck_assert_uint_eq(weir_message_position(message).lane, 2);
	ck_assert_uint_eq(weir_message_position(message).offset, 9);
	ck_assert_str_eq(weir_message_source(message), "source");
	end(message);
}
END_TEST

START_TEST(a_message_of_nothing_is_one)
{
	weir_message *message;

	fake_env_init(&fake);
	message = message_of(WEIR_WITH(weir_message_init, .time_ms = 0));
	ck_assert_uint_eq(weir_message_body(message).len, 0);
	ck_assert_ptr_null(weir_message_key(message).data);
	ck_assert_uint_eq(weir_message_time_ms(message), 1000);
	end(message);
}
END_TEST

START_TEST(an_empty_key_is_a_key)
{
	weir_message *message;

	fake_env_init(&fake);
	message = message_of(WEIR_WITH(weir_message_init, .key = { "", 0 }));
	ck_assert_ptr_nonnull(weir_message_key(message).data);
	ck_assert_uint_eq(weir_message_key(message).len, 0);
	end(message);
}
END_TEST

static void count(void *owner)
{
	++*(unsigned *)owner;
}

START_TEST(an_owner_is_released_once_with_the_last_reference)
{
	static const char body[] = "owned";
	unsigned released = 0;
	weir_message *message;

	fake_env_init(&fake);
	message = message_of(WEIR_WITH(weir_message_init, .body = { body, 5 }, .release = count,
				       .owner = &released));
	ck_assert_ptr_eq(weir_message_body(message).data, body);
	ck_assert_ptr_eq(weir_message_ref(message), message);
	weir_message_unref(message);
	ck_assert_uint_eq(released, 0);
	end(message);
	ck_assert_uint_eq(released, 1);
	ck_assert_ptr_null(weir_message_unref(NULL));
	ck_assert_ptr_null(weir_message_ref(NULL));
}
END_TEST

START_TEST(an_owner_is_released_when_there_is_no_memory)
{
	unsigned released = 0;

	fake_env_init(&fake);
	fake.fail_at = 1;
	ck_assert_ptr_null(message_of(WEIR_WITH(weir_message_init, .body = { "x", 1 },
						.release = count, .owner = &released)));
	ck_assert_uint_eq(released, 1);
	fake_env_check_empty(&fake);
}
END_TEST

static void *unref(void *message)
{
	return weir_message_unref(message);
}

START_TEST(the_last_reference_may_go_on_another_thread)
{
	unsigned released = 0;
	weir_message *message;
	pthread_t thread;

	fake_env_init(&fake);
	message = message_of(WEIR_WITH(weir_message_init, .body = { "x", 1 }, .release = count,
				       .owner = &released));
	ck_assert_int_eq(pthread_create(&thread, NULL, unref, weir_message_ref(message)), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(released, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, unref, message), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(released, 1);
	fake_env_check_empty(&fake);
}
END_TEST

static void *ref_and_unref(void *message)
{
	for (int i = 0; i < 20000; i++)
		weir_message_unref(weir_message_ref(message));
	return unref(message);
}

START_TEST(references_are_counted_on_every_thread)
{
	unsigned released = 0;
	pthread_t threads[4];
	weir_message *message;

	fake_env_init(&fake);
	message = message_of(WEIR_WITH(weir_message_init, .body = { "x", 1 }, .release = count,
				       .owner = &released));
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ref_and_unref, weir_message_ref(message));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(released, 0);
	end(message);
	ck_assert_uint_eq(released, 1);
}
END_TEST

static const struct {
	const char *body, *path;
	enum weir_status status;
	enum weir_field_type type;
	const char *raw, *text;
} fields[] = {
	{ "{\"a\":\"\\u00e9\\n\"}", "a", WEIR_OK, WEIR_FIELD_STRING, "\\u00e9\\n", "\xc3\xa9\n" },
	{ "{\"a\":\"\\ud800\"}", "a", WEIR_OK, WEIR_FIELD_STRING, "\\ud800", "\xef\xbf\xbd" },
	{ "{\"a\":\"\"}", "a", WEIR_OK, WEIR_FIELD_STRING, "", "" },
	{ "{\"a\":-1.5e3}", "a", WEIR_OK, WEIR_FIELD_NUMBER, "-1.5e3", "-1.5e3" },
	{ "{\"a\":false}", "a", WEIR_OK, WEIR_FIELD_FALSE, "false", "false" },
	{ "{\"a\":null}", "a", WEIR_OK, WEIR_FIELD_NULL, "null", "null" },
	{ "{\"a\": [1, \"\\n\"] }", "a", WEIR_OK, WEIR_FIELD_ARRAY, "[1, \"\\n\"]",
	  "[1, \"\\n\"]" },
	{ "{\"a\":{ }}", "a", WEIR_OK, WEIR_FIELD_OBJECT, "{ }", "{ }" },
	{ "{\"a\":1,\"a\":2}", "a", WEIR_OK, WEIR_FIELD_NUMBER, "2", "2" },
	{ "{\"a.b\":{\"c[0]\":1}}", "a\\.b.c\\[0\\]", WEIR_OK, WEIR_FIELD_NUMBER, "1", "1" },
	{ "[{\"a\":1}]", "[0].a", WEIR_OK, WEIR_FIELD_NUMBER, "1", "1" },
	{ "{}", "a", WEIR_OK, WEIR_FIELD_ABSENT, "", "" },
	{ "7", "a", WEIR_OK, WEIR_FIELD_ABSENT, "", "" },
	{ "{", "a", WEIR_ERR_CORRUPT, WEIR_FIELD_ABSENT, "", "" },
	{ "", "a", WEIR_ERR_CORRUPT, WEIR_FIELD_ABSENT, "", "" },
	{ "{}", "a[x]", WEIR_ERR_INVALID, WEIR_FIELD_ABSENT, "", "" },
	{ "{}", NULL, WEIR_ERR_INVALID, WEIR_FIELD_ABSENT, "", "" },
};

START_TEST(a_field_is_found_by_its_path)
{
	struct weir_field field = { .type = WEIR_FIELD_ABSENT };
	weir_message *message;
	char text[64];

	fake_env_init(&fake);
	message = message_with(fields[_i].body);
	ck_assert_msg(weir_message_field(message, fields[_i].path, &field) == fields[_i].status,
		      "%s", fields[_i].body);
	ck_assert_msg(field.type == fields[_i].type, "%s", fields[_i].body);
	ck_assert_uint_eq(field.raw.len, strlen(fields[_i].raw));
	ck_assert(!field.raw.len || !memcmp(field.raw.data, fields[_i].raw, field.raw.len));
	memset(text, 'x', sizeof text);
	ck_assert_uint_eq(weir_field_text(&field, text, sizeof text), strlen(fields[_i].text));
	ck_assert_str_eq(text, fields[_i].text);
	end(message);
}
END_TEST

START_TEST(a_text_is_cut_to_what_there_is_room_for)
{
	const size_t size = (size_t)_i % 6;
	const struct weir_field plain = { WEIR_FIELD_STRING, false, { "abcd", 4 } };
	const struct weir_field escaped = { WEIR_FIELD_STRING, true, { "a\\u0062cd", 9 } };
	char text[8];

	memset(text, 'x', sizeof text);
	ck_assert_uint_eq(weir_field_text(_i / 6 ? &escaped : &plain, size ? text : NULL, size), 4);
	ck_assert_int_eq(text[size], 'x');
	if (size) {
		ck_assert_uint_eq(strlen(text), size - 1 < 4 ? size - 1 : 4);
		ck_assert_int_eq(strncmp(text, "abcd", strlen(text)), 0);
	}
}
END_TEST

START_TEST(a_field_is_not_found_without_memory_and_nothing_leaks)
{
	enum weir_status status = WEIR_ERR_NOMEM;
	struct weir_field field;
	weir_message *message;

	fake_env_init(&fake);
	message = message_with("{\"a\":{\"b\":1}}");
	for (size_t n = 1; status == WEIR_ERR_NOMEM; n++) {
		fake.fail_at = fake.calls + n;
		status = weir_message_field(message, "a.b", &field);
		ck_assert_uint_eq(fake.live_blocks, 1);
	}
	ck_assert_int_eq(status, WEIR_OK);
	ck_assert_uint_gt(fake.calls, 5);
	fake.fail_at = 0;
	end(message);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("unit");

	tcase_add_test(t, all_that_is_borrowed_is_copied_into_one_block);
	tcase_add_test(t, a_message_of_nothing_is_one);
	tcase_add_test(t, an_empty_key_is_a_key);
	tcase_add_test(t, an_owner_is_released_once_with_the_last_reference);
	tcase_add_test(t, an_owner_is_released_when_there_is_no_memory);
	tcase_add_test(t, the_last_reference_may_go_on_another_thread);
	tcase_add_test(t, references_are_counted_on_every_thread);
	LOOP(t, a_field_is_found_by_its_path, fields);
	tcase_add_loop_test(t, a_text_is_cut_to_what_there_is_room_for, 0, 12);
	tcase_add_test(t, a_field_is_not_found_without_memory_and_nothing_leaks);
	return run_case("message", t);
}
