/* SPDX-License-Identifier: MIT */
/*
 * Statuses by name, and errors filled in one line.
 *
 * Guarantees: a NULL error is fine; text is always terminated and never cut inside a UTF-8
 * character; errno is passed in, never read here.
 */
#include "ground/error.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum weir_status status;
	const char *name;
} statuses[] = {
	{ WEIR_OK, "WEIR_OK" },
	{ WEIR_AGAIN, "WEIR_AGAIN" },
	{ WEIR_END, "WEIR_END" },
	{ WEIR_ERR_NOMEM, "WEIR_ERR_NOMEM" },
	{ WEIR_ERR_INVALID, "WEIR_ERR_INVALID" },
	{ WEIR_ERR_STATE, "WEIR_ERR_STATE" },
	{ WEIR_ERR_IO, "WEIR_ERR_IO" },
	{ WEIR_ERR_AUTH, "WEIR_ERR_AUTH" },
	{ WEIR_ERR_PROTOCOL, "WEIR_ERR_PROTOCOL" },
	{ WEIR_ERR_TIMEOUT, "WEIR_ERR_TIMEOUT" },
	{ WEIR_ERR_REFUSED, "WEIR_ERR_REFUSED" },
	{ WEIR_ERR_CORRUPT, "WEIR_ERR_CORRUPT" },
	{ WEIR_ERR_CANCELED, "WEIR_ERR_CANCELED" },
	{ WEIR_ERR_UNSUPPORTED, "WEIR_ERR_UNSUPPORTED" },
};

const char *weir_status_name(enum weir_status status)
{
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].status == status)
			return statuses[i].name;
	return "unknown status";
}

/* Ends the text before a character that the cut at `len` split. */
static void trim_split_character(char *text, size_t len)
{
	size_t start = len;

	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
		text[start - 1] = '\0';
}

static enum weir_status fill(struct weir_error *err, enum weir_status status,
			     enum weir_remedy remedy, int os_error, const char *format,
			     va_list args)
{
	int len;

	if (!err)
		return status;
	*err = (struct weir_error){ .status = status, .remedy = remedy, .os_error = os_error };
	len = vsnprintf(err->text, sizeof err->text, format, args);
	if (len > 0 && (size_t)len < sizeof err->text && os_error)
		len += snprintf(err->text + len, sizeof err->text - (size_t)len, ": %s",
				strerror(os_error));
	if (len >= (int)sizeof err->text)
		trim_split_character(err->text, sizeof err->text - 1);
	return status;
}

enum weir_status weir_error_set(struct weir_error *err, enum weir_status status,
				enum weir_remedy remedy, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, status, remedy, 0, format, args);
	va_end(args);
	return status;
}

void weir__error_begin(struct weir_error *err)
{
	err->status = WEIR_OK;
	err->remedy = WEIR_REMEDY_STOP;
	err->os_error = 0;
	err->remote_code = 0;
	err->text[0] = '\0';
}

enum weir_status weir__error_end(struct weir_error *err, enum weir_status status,
				 const char *format, ...)
{
	va_list args;

	if (status >= 0 || err->status < 0)
		return status;
	va_start(args, format);
	fill(err, status, WEIR_REMEDY_STOP, 0, format, args);
	va_end(args);
	return status;
}

void weir__error_prefix(struct weir_error *err, const char *format, ...)
{
	char prefix[96], text[sizeof err->text];
	va_list args;
	int len;

	va_start(args, format);
	vsnprintf(prefix, sizeof prefix, format, args);
	va_end(args);
	if (strncmp(err->text, prefix, strlen(prefix)) == 0)
		return;
	memcpy(text, err->text, sizeof text);
	len = snprintf(err->text, sizeof err->text, "%s%s", prefix, text);
	if (len >= (int)sizeof err->text)
		trim_split_character(err->text, sizeof err->text - 1);
}

enum weir_status weir__error_no_memory(struct weir_error *err)
{
	return weir_error_set(err, WEIR_ERR_NOMEM, WEIR_REMEDY_STOP, "out of memory");
}

enum weir_status weir__error_os(struct weir_error *err, int os_error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, WEIR_ERR_IO, WEIR_REMEDY_STOP, os_error, format, args);
	va_end(args);
	return WEIR_ERR_IO;
}

enum weir_status weir__error_invalid(struct weir_error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, WEIR_ERR_INVALID, WEIR_REMEDY_STOP, 0, format, args);
	va_end(args);
	return WEIR_ERR_INVALID;
}
