/*
 * script.h - what the scripted provider shall do, read from the beginning of a request's path.
 *
 * Shapes  "/events=8,delay=150/v1/chat/completions": words with commas between, then the path that a
 *         real provider has. "/v1/..." alone: no words. Values are percent-decoded
 * Units   times in ms, sizes in bytes, counts in events; -1: the word was not there
 * Errors  false and why: the provider answers 418 with it, so that a mistyped test shows
 * Owns    nothing: struct script is a value
 * Source  the list of words stands at the top of provider.c
 */
#ifndef SUPPORT_SCRIPT_H
#define SUPPORT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_TEXT	1024		/* bytes of one value, with the NUL */
#define SCRIPT_GATES	256		/* gates that can be used at a time */
#define SCRIPT_STATUS_LINE 23		/* bytes of a whole one, with its end */
#define SCRIPT_HEADERS	(-2)		/* silence=headers: not even a status line */

struct script {
	int	events, delay, late, status, cut, reset, garbage, errorevent, hugeline, gate,
		silence, bigheader, halfstatus;
	char	text[SCRIPT_TEXT], body[SCRIPT_TEXT], code[SCRIPT_TEXT], retry_after[SCRIPT_TEXT];
	char	redirect[SCRIPT_TEXT];
	bool	echo, nodone, nofinish, comment, blank, crlf, slowbyte, usage, json, sse, closed, gzip;
	bool	headers, eof, hold, running, keepdrop;
};

/* script_parse - read the words; *rest is the path after them */
bool script_parse(struct script *s, const char *path, const char **rest, char *why, size_t size);

#endif
