/* SPDX-License-Identifier: MIT */
/*
 * Files into settings.
 *
 * Guarantees: a file is read as a whole or not at all, at most MOST_BYTES of it; a folder, a device
 * without end, one enormous line are errors that say so; `${file:…}` goes MOST_DEPTH deep, so a
 * file that names itself is an error, and one value reads MOST_FILES of them, so that files which
 * name each other many times end, too. Everything read through `${…}` is marked as a secret, and
 * what is read at all is wiped before its memory goes; but of a JSON document not what jansson frees
 * by itself: the letters of the text it is at, the first of a member given twice, a broken tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/internal.h"
#include "ground/error.h"
#include "kit/bytes.h"
#include "kit/json.h"
#include "kit/properties.h"
#include "weir/json.h"
#include "wire/form.h"

#define MOST_BYTES (4u << 20)
#define MOST_DEPTH 8
#define MOST_FILES 1000
#define MOST_SETTINGS 65536	/* of all files, */
#define MOST_VALUE_BYTES (16u << 20)	/* and of their values */

/* ---- bytes ---- */

/* `name`: what errors call it, here and below. */
static enum weir_status read_all(int fd, const char *name, struct weir__bytes *out,
				 struct weir_error *err)
{
	for (;;) {
		char *to = weir__bytes_reserve(out, 4096);
		ssize_t len;

		if (!to)
			return weir__error_no_memory(err);
		len = read(fd, to, 4096);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return weir__error_os(err, errno, "cannot read '%s'", name);
		if (len == 0)
			return WEIR_OK;
		out->len += (size_t)len;
		if (out->len > MOST_BYTES)
			return weir__error_invalid(err, "'%s' is larger than %u bytes: is it a "
						   "configuration?", name, MOST_BYTES);
	}
}

static enum weir_status load(const char *path, const char *name, struct weir__bytes *out,
			     struct weir_error *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum weir_status status;
	struct stat about;

	if (fd < 0)
		return weir__error_os(err, errno, "cannot open '%s'", name);
	if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode))
		status = weir__error_invalid(err, "'%s' is a folder; name a file in it", name);
	else
		status = read_all(fd, name, out, err);
	close(fd);
	return status;
}

/* ---- ${…} ---- */

struct expansion {
	const weir_config *config;
	const struct weir__setting *setting;	/* for errors */
	struct weir__bytes out;
	unsigned files;		/* read for it so far */
	bool is_secret;
	struct weir_error *err;
};

static enum weir_status expand(struct expansion *to, const char *text, unsigned depth);

/* What is wrong with another file, with the place that names it. */
static void prefix_place(const struct expansion *to)
{
	char place[WEIR__PLACE_BYTES];

	weir__settings_place(to->setting, place, sizeof place);
	weir__error_prefix(to->err, "%s: ", place);
}

/* What stands in a file is a secret, also when it looks like the name of another. */
static const char *shown(const char *name, unsigned depth)
{
	return depth && *name ? "(secret)" : name;
}

static enum weir_status expand_file(struct expansion *to, const char *path, unsigned depth)
{
	struct weir__bytes bytes;
	enum weir_status status;

	if (++to->files > MOST_FILES)
		return weir__settings_wrong(to->err, to->setting, "more than %d ${file:…} in one "
					    "value; do files name each other?", MOST_FILES);
	weir__bytes_init_secret(&bytes, &to->config->env);
	status = load(path, shown(path, depth), &bytes, to->err);
	if (status < 0)
		prefix_place(to);
	while (bytes.len && strchr("\r\n", bytes.data[bytes.len - 1]))
		bytes.len--;
	weir__bytes_add(&bytes, "", 1);
	if (status == WEIR_OK && bytes.has_failed)
		status = weir__error_no_memory(to->err);
	if (status == WEIR_OK && strlen(bytes.data) + 1 < bytes.len)
		status = weir__settings_wrong(to->err, to->setting, "there is a zero byte in "
					      "'%.80s': it is no text", shown(path, depth));
	if (status == WEIR_OK)
		status = expand(to, bytes.data, depth + 1);
	weir__bytes_release(&bytes);
	return status;
}

static enum weir_status expand_variable(struct expansion *to, const char *name, unsigned depth)
{
	const struct weir_config_options *options = &to->config->options;
	const char *value = options->variable ? options->variable(options->user, name) : NULL;

	if (!value)
		return weir__settings_wrong(to->err, to->setting, "there is no variable %.60s%s",
					    shown(name, depth), options->variable ? "" : ": none are given");
	weir__bytes_add_text(&to->out, value);
	return WEIR_OK;
}

/* What stands between ${ and }. */
static enum weir_status expand_name(struct expansion *to, const char *name, unsigned depth)
{
	to->is_secret = true;
	if (strncmp(name, "env:", 4) == 0)
		return expand_variable(to, name + 4, depth);
	if (strncmp(name, "file:", 5) == 0)
		return expand_file(to, name + 5, depth);
	return weir__settings_wrong(to->err, to->setting, "${%.60s} is neither ${env:NAME} nor "
				    "${file:PATH}", shown(name, depth));
}

static enum weir_status expand(struct expansion *to, const char *text, unsigned depth)
{
	enum weir_status status = WEIR_OK;

	if (depth > MOST_DEPTH)
		return weir__settings_wrong(to->err, to->setting,
					    "${file:…} more than %d deep: does a file name itself?",
					    MOST_DEPTH);
	while (*text && status == WEIR_OK) {
		const char *begin = strstr(text, "${");
		const char *end = begin ? strchr(begin, '}') : NULL;
		char *name;

		if (!end) {
			weir__bytes_add_text(&to->out, text);
			break;
		}
		weir__bytes_add(&to->out, text, (size_t)(begin - text));
		name = weir__text_copy_n(&to->config->env, begin + 2, (size_t)(end - begin) - 2);
		status = name ? expand_name(to, name, depth) : weir__error_no_memory(to->err);
		weir__form_forget(&to->config->env, name);
		text = end + 1;
		if (to->out.len > MOST_BYTES)
			status = weir__settings_wrong(to->err, to->setting, "its value is larger "
						      "than %u bytes", MOST_BYTES);
	}
	return status;
}

/* ---- settings ---- */

static bool is_blank(char byte)
{
	return (unsigned char)byte <= ' ';
}

/* As Connect reads values: without blanks around them. The text ends in its zero. */
static void trim(struct weir__bytes *text)
{
	size_t at = 0, end = text->len - 1;

	while (end > 0 && is_blank(text->data[end - 1]))
		end--;
	while (at < end && is_blank(text->data[at]))
		at++;
	memmove(text->data, text->data + at, end - at);
	text->data[end - at] = '\0';
	text->len = end - at + 1;
}

static enum weir_status check_room(const weir_config *config, const struct weir__setting *setting,
				   size_t len, struct weir_error *err)
{
	if (config->given.count >= MOST_SETTINGS)
		return weir__settings_wrong(err, setting, "more than %d settings", MOST_SETTINGS);
	if (config->given.bytes + len > MOST_VALUE_BYTES)
		return weir__settings_wrong(err, setting, "all values together are larger than %u "
					    "bytes", MOST_VALUE_BYTES);
	return WEIR_OK;
}

static enum weir_status add(weir_config *config, const char *key, const char *value,
			    const char *file, unsigned line, struct weir_error *err)
{
	struct weir__setting like = { .file = file, .line = line };
	struct expansion to = { .config = config, .setting = &like, .err = err };
	enum weir_status status;

	like.key = weir__text_copy(&config->env, key);
	if (!like.key)
		return weir__error_no_memory(err);
	weir__bytes_init_secret(&to.out, &config->env);
	status = expand(&to, value, 0);
	weir__bytes_add(&to.out, "", 1);
	if (!to.out.has_failed)
		trim(&to.out);
	like.is_secret = to.is_secret || weir__key_is_secret(key);
	if (status == WEIR_OK && to.out.has_failed)
		status = weir__error_no_memory(err);
	if (status == WEIR_OK)
		status = check_room(config, &like, to.out.len, err);
	if (status == WEIR_OK && !weir__settings_add(&config->given, key, to.out.data, &like))
		status = weir__error_no_memory(err);
	weir__bytes_release(&to.out);
	weir__text_free(&config->env, like.key);
	return status;
}

enum weir_status weir_config_set(weir_config *config, const char *key, const char *value,
				 struct weir_error *err)
{
	struct weir_error ignored;

	return add(config, key, value, NULL, 0, err ? err : &ignored);
}

/* ---- properties ---- */

static enum weir_status add_properties(weir_config *config, const char *file,
				       const struct weir__properties *properties,
				       struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (properties->is_latin1)
		weir__config_notice(config, "%s: it is not UTF-8, and was read as Latin-1", file);
	for (size_t i = 0; i < properties->count && status == WEIR_OK; i++) {
		const char *key = weir__properties_key(properties, i);
		const unsigned line = properties->list[i].line;
		const struct weir__setting *before = weir__settings_find(&config->given, key);

		if (before && before->file == file)
			weir__config_notice(config, "%s:%u: %s: given twice; this one counts", file,
					    line, key);
		status = add(config, key, weir__properties_value(properties, i), file, line, err);
	}
	return status;
}

static enum weir_status read_properties(weir_config *config, const char *file,
					const struct weir__bytes *bytes, struct weir_error *err)
{
	struct weir__properties properties;
	enum weir_status status;

	weir__properties_init(&properties, &config->env);
	status = weir__properties_parse(&properties, (struct weir_slice){ bytes->data, bytes->len },
					err);
	if (status < 0)
		weir__error_prefix(err, "%s: ", file);
	else
		status = add_properties(config, file, &properties, err);
	weir__properties_release(&properties);
	return status;
}

/* ---- {"name":…,"config":{…}} ---- */

/* With a point, whatever stands there in the program's locale. */
static void write_real(double real, char *out, size_t size)
{
	char *point, *behind;

	snprintf(out, size, "%.17g", real);
	point = out + strspn(out, "-0123456789");
	behind = point + strcspn(point, "0123456789e");
	if (behind == point)
		return;
	*point = '.';
	memmove(point + 1, behind, strlen(behind) + 1);
}

static enum weir_status add_member(weir_config *config, const char *file, const char *key,
				   const json_t *value, struct weir_error *err)
{
	char number[64];

	switch (json_typeof(value)) {
	case JSON_STRING:
		return add(config, key, json_string_value(value), file, 1, err);
	case JSON_INTEGER:
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return add(config, key, number, file, 1, err);
	case JSON_REAL:
		write_real(json_real_value(value), number, sizeof number);
		return add(config, key, number, file, 1, err);
	case JSON_TRUE:
	case JSON_FALSE:
		return add(config, key, json_is_true(value) ? "true" : "false", file, 1, err);
	default:
		return weir__error_invalid(err, "%s: %s: neither a string nor a number nor a "
					   "boolean", file, key);
	}
}

static enum weir_status add_document(weir_config *config, const char *file, json_t *document,
				     struct weir_error *err)
{
	json_t *members = json_object_get(document, "config"), *value;
	json_t *name = json_object_get(document, "name");
	enum weir_status status = WEIR_OK;
	const char *key;

	if (!members)
		members = document;	/* the config alone, as PUT …/config takes it */
	if (!json_is_object(members))
		return weir__error_invalid(err, "%s: \"config\" is no object", file);
	if (name && members != document)
		status = add_member(config, file, "name", name, err);
	json_object_foreach(members, key, value) {
		if (status == WEIR_OK)
			status = add_member(config, file, key, value, err);
	}
	return status;
}

/* All strings of the tree, which is not used any more. jansson goes no deeper than 2048. */
static void wipe(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_string(value))
		explicit_bzero((void *)(uintptr_t)json_string_value(value),
			       json_string_length(value));
	json_object_foreach(value, key, member)
		wipe(member);
	json_array_foreach(value, i, member)
		wipe(member);
}

static enum weir_status read_document(weir_config *config, const char *file,
				      const struct weir__bytes *bytes, struct weir_error *err)
{
	json_t *document = weir__json_parse((struct weir_slice){ bytes->data, bytes->len }, err);
	enum weir_status status;

	if (!document) {
		weir__error_prefix(err, "%s: ", file);
		return err->status;
	}
	status = add_document(config, file, document, err);
	wipe(document);
	weir__json_unref(document);
	return status;
}

/* ---- */

static bool is_document(const struct weir__bytes *bytes)
{
	size_t at = 0;

	while (at < bytes->len && strchr(" \t\r\n", bytes->data[at]) && bytes->data[at])
		at++;
	return at < bytes->len && bytes->data[at] == '{';
}

enum weir_status weir__config_read_file(weir_config *config, const char *path,
					struct weir_error *err)
{
	const char *file = weir__arena_copy(&config->files, path, strlen(path));
	struct weir__bytes bytes;
	enum weir_status status;

	if (!file)
		return weir__error_no_memory(err);
	weir__bytes_init_secret(&bytes, &config->env);
	status = load(path, path, &bytes, err);
	if (status == WEIR_OK && is_document(&bytes))
		status = read_document(config, file, &bytes, err);
	else if (status == WEIR_OK)
		status = read_properties(config, file, &bytes, err);
	weir__bytes_release(&bytes);
	return status;
}
