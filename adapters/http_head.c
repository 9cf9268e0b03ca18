/* http_head.c - status line and headers of the final answer */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/http_head.h"
#include "base/mem.h"

/* http_head_init - nothing came yet */
void
http_head_init(struct http_lines *l, size_t max_line)
{
	*l = (struct http_lines){ .max_line = max_line };
	l->head.of = l;
}

/* http_head_release - forget all */
void
http_head_release(struct http_lines *l)
{
	size_t size = l->size;

	for (size_t i = 0; i < l->n; i++) {
		mem_wipe((char *)l->v[i].value, strlen(l->v[i].value));	/* providers echo keys */
		free((char *)l->v[i].name);
	}
	http_head_init(l, l->max_line);
	l->size = size;
}

/* add - "Name: value"; folded lines and lines without a colon mean nothing to us */
static enum rc
add(struct http_lines *l, const char *p, size_t n, struct error *err)
{
	const char *colon = memchr(p, ':', n), *value;
	char *block;

	if (colon == NULL || colon == p || *p == ' ' || *p == '\t')
		return RC_OK;
	if (l->n == HTTP_HEADERS_MAX)
		return error_set(err, RC_UPSTREAM, "the answer has more than %d header lines",
		    HTTP_HEADERS_MAX);
	for (value = colon + 1; value < p + n && (*value == ' ' || *value == '\t'); value++)
		;
	while (p + n > value && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	block = x_strndup(p, n);
	block[colon - p] = '\0';
	l->v[l->n++] = (struct http_header){ block, block + (value - p) };
	return RC_OK;
}

/* http_head_line - the next line, with its end */
enum rc
http_head_line(struct http_lines *l, const char *p, size_t n, struct error *err)
{
	const char *number;

	l->size += n;
	while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r'))
		n--;
	if (l->whole)
		return RC_OK;
	if (n > l->max_line)
		return error_set(err, RC_UPSTREAM, "an answer header is longer than %zu bytes",
		    l->max_line);
	if (l->size > HTTP_HEAD_MAX)
		return error_set(err, RC_UPSTREAM, "the answer's headers are longer than %d bytes",
		    HTTP_HEAD_MAX);
	if (l->head.status == 0) {
		number = memchr(p, ' ', n);
		l->head.status = number != NULL ? (int)strtol(number, NULL, 10) : 0;
	} else if (n > 0) {
		return add(l, p, n, err);
	} else if (l->head.status >= 200) {
		l->whole = true;
	} else {
		http_head_release(l);
	}
	return RC_OK;
}

/* http_head_each - in the order they came */
bool
http_head_each(const struct http_head *head, void **at, const char **name, const char **value)
{
	struct http_lines *l = head->of;
	struct http_header *line = *at == NULL ? l->v : (struct http_header *)*at + 1;

	if (line == l->v + l->n)
		return false;
	*at = line;
	*name = line->name;
	*value = line->value;
	return true;
}

/* http_head_value - by name */
const char *
http_head_value(const struct http_head *head, const char *name, size_t i)
{
	const char *found, *value;

	for (void *at = NULL; http_head_each(head, &at, &found, &value); )
		if (strcasecmp(found, name) == 0 && i-- == 0)
			return value;
	return NULL;
}
