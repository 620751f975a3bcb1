/* SPDX-License-Identifier: MIT */
/*
 * The fault script: "status=503,cut=20,ok".
 *
 * Guarantees: a script is read whole before the server starts, so a mistake in it is an error of
 * usage. `\,` is a comma within a step. Called by whoever fills the settings; the steps are
 * carried out by answer.c (those without a stream) and stream.c.
 */
#include "fault.h"

#include "memory.h"

enum argument {
	ARGUMENT_NONE,
	ARGUMENT_NUMBER,	/* N, and perhaps :N */
	ARGUMENT_TEXT,
	ARGUMENT_NAME,		/* text, and perhaps :N */
	ARGUMENT_STATUS		/* N;name=value;…:text */
};

static const struct {
	const char *name;
	enum fault_kind kind;
	enum argument argument;
	int64_t second;		/* when it is left out */
} kinds[] = {
	{ "ok", FAULT_NONE, ARGUMENT_NONE, 0 },
	{ "drop", FAULT_DROP, ARGUMENT_NONE, 0 },
	{ "silent", FAULT_SILENT, ARGUMENT_NUMBER, 0 },
	{ "status", FAULT_STATUS, ARGUMENT_STATUS, 0 },
	{ "html-error", FAULT_HTML, ARGUMENT_NUMBER, 503 },
	{ "redirect", FAULT_REDIRECT, ARGUMENT_TEXT, 0 },
	{ "limited", FAULT_LIMITED, ARGUMENT_NAME, 1 },
	{ "wrong-date", FAULT_DATE, ARGUMENT_NUMBER, 0 },
	{ "close", FAULT_CLOSE, ARGUMENT_NONE, 0 },
	{ "keepalive-close", FAULT_KEEPALIVE_CLOSE, ARGUMENT_NONE, 0 },
	{ "cut", FAULT_CUT, ARGUMENT_NUMBER, 0 },
	{ "cut-chunk", FAULT_CUT_CHUNK, ARGUMENT_NUMBER, 0 },
	{ "reset", FAULT_RESET, ARGUMENT_NUMBER, 0 },
	{ "stall", FAULT_STALL, ARGUMENT_NUMBER, 0 },
	{ "idle", FAULT_IDLE, ARGUMENT_NUMBER, 0 },
	{ "drip", FAULT_DRIP, ARGUMENT_NUMBER, 1 },
	{ "disconnect", FAULT_DISCONNECT, ARGUMENT_NUMBER, 0 },
	{ "disconnect-hold", FAULT_DISCONNECT_HOLD, ARGUMENT_NUMBER, 0 },
	{ "problem", FAULT_PROBLEM, ARGUMENT_NAME, 0 },
	{ "bad-gzip", FAULT_BAD_GZIP, ARGUMENT_NUMBER, 0 },
	{ "gzip-members", FAULT_GZIP_MEMBERS, ARGUMENT_NUMBER, 0 },
	{ "bad-length", FAULT_BAD_LENGTH, ARGUMENT_NUMBER, 0 },
	{ "text", FAULT_TEXT, ARGUMENT_TEXT, 0 },
	{ "malformed", FAULT_MALFORMED, ARGUMENT_NUMBER, 0 },
	{ "bare-lf", FAULT_BARE_LF, ARGUMENT_NUMBER, 0 },
	{ "huge", FAULT_HUGE, ARGUMENT_NUMBER, 0 },
};

/* Only a clock may be set back; everything else is a count, a size or a code. */
static const char *read_number(const struct fault *fault, const char *at, int64_t *ret_number)
{
	const char *digits = *at == '-' && fault->kind == FAULT_DATE ? at + 1 : at;
	char *end;

	if (*digits < '0' || *digits > '9')
		return NULL;
	*ret_number = strtoll(at, &end, 10);
	return end;
}

static bool read_numbers(struct fault *fault, const char *argument)
{
	argument = read_number(fault, argument, &fault->number);
	if (argument && *argument == ':')
		argument = read_number(fault, argument + 1, &fault->second);
	return argument && *argument == 0;
}

static bool read_status(struct fault *fault, const char *argument)
{
	size_t headers;

	argument = read_number(fault, argument, &fault->number);
	if (!argument || fault->number < 200 || fault->number > 599)
		return false;
	headers = strcspn(argument, ":");
	if (headers > 0 && *argument != ';')
		return false;
	if (headers > 0)
		fault->headers = copy_text(argument + 1, headers - 1);
	if (argument[headers] == ':')
		fault->text = copy_text(argument + headers + 1, strlen(argument + headers + 1));
	return true;
}

static bool read_name(struct fault *fault, const char *argument)
{
	const size_t len = strcspn(argument, ":");

	fault->text = copy_text(argument, len);
	if (argument[len] == 0)
		return true;
	argument = read_number(fault, argument + len + 1, &fault->second);
	return argument && *argument == 0;
}

static bool read_argument(struct fault *fault, enum argument argument, const char *text)
{
	if (argument == ARGUMENT_NONE)
		return !text;
	if (!text || !*text)
		return false;
	if (argument == ARGUMENT_NUMBER)
		return read_numbers(fault, text);
	if (argument == ARGUMENT_STATUS)
		return read_status(fault, text);
	if (argument == ARGUMENT_NAME)
		return read_name(fault, text);
	fault->text = copy_text(text, strlen(text));
	return true;
}

static bool read_step(struct fault *fault, char *step)
{
	char *equals = strchr(step, '=');

	if (equals)
		*equals = 0;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(step, kinds[i].name) != 0)
			continue;
		*fault = (struct fault){ .kind = kinds[i].kind, .second = kinds[i].second };
		return read_argument(fault, kinds[i].argument, equals ? equals + 1 : NULL);
	}
	return false;
}

/* Cuts the next step off, its `\,` undone. Returns, free it. */
static char *next_step(const char **at)
{
	char *step = need(malloc(strlen(*at) + 1));
	size_t len = 0;

	for (; **at && **at != ','; (*at)++) {
		if ((*at)[0] == '\\' && (*at)[1] == ',')
			(*at)++;
		step[len++] = **at;
	}
	*at += **at == ',';
	step[len] = 0;
	return step;
}

bool fault_parse(const char *script, struct fault_script *ret_script)
{
	bool good = true;

	*ret_script = (struct fault_script){ 0 };
	while (good && *script) {
		char *step = next_step(&script);
		struct fault fault = { 0 };

		good = read_step(&fault, step);
		free(step);
		ret_script->steps = need(realloc(ret_script->steps,
				(ret_script->count + 1) * sizeof *ret_script->steps));
		ret_script->steps[ret_script->count++] = fault;
	}
	return good;
}

const struct fault *fault_for(const struct fault_script *script, uint64_t connection)
{
	static const struct fault none = { .kind = FAULT_NONE };

	if (script->count == 0)
		return &none;
	return &script->steps[connection < script->count ? connection : script->count - 1];
}

void fault_clear(struct fault_script *script)
{
	for (size_t i = 0; i < script->count; i++) {
		free(script->steps[i].text);
		free(script->steps[i].headers);
	}
	free(script->steps);
	*script = (struct fault_script){ 0 };
}
