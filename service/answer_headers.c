/* answer_headers.c - which of a provider's headers its client gets to see */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "service/answer.h"

/* headers that go back to the client, by name or by prefix (a '*' at the end) */
static const char *const returned[] = {
	"retry-after", "retry-after-ms", "x-should-retry", "x-ratelimit-*",
	"anthropic-ratelimit-*", "openai-processing-ms", NULL
};

/* answer_header_add - for the client */
void
answer_header_add(struct answer *a, const char *name, const char *value)
{
	if (a->nheaders == ANSWER_HEADERS_MAX)
		return;
	a->headers[a->nheaders++] = (struct http_header){ x_strdup(name), x_strdup(value) };
}

/* answer_header_drop - a provider's word that ours replaces */
void
answer_header_drop(struct answer *a, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->nheaders; i++) {
		if (strcasecmp(a->headers[i].name, name) != 0) {
			a->headers[kept++] = a->headers[i];
			continue;
		}
		free((char *)a->headers[i].name);
		free((char *)a->headers[i].value);
	}
	a->nheaders = kept;
}

/* answer_header_has - is it among those for the client */
bool
answer_header_has(const struct answer *a, const char *name)
{
	for (size_t i = 0; i < a->nheaders; i++)
		if (strcasecmp(a->headers[i].name, name) == 0)
			return true;
	return false;
}

/* is_returned - may a provider's header go back */
static bool
is_returned(const char *name)
{
	for (size_t i = 0; returned[i] != NULL; i++) {
		size_t n = strlen(returned[i]);

		if (returned[i][n - 1] == '*' ? strncasecmp(name, returned[i], n - 1) == 0
		    : strcasecmp(name, returned[i]) == 0)
			return true;
	}
	return false;
}

/* answer_headers_keep - the few that clients act on, never one that holds a secret */
void
answer_headers_keep(struct answer *a, const struct http_head *head)
{
	const char *name, *value, *id;
	void *at = NULL;

	while (http_head_each(head, &at, &name, &value))
		if (is_returned(name) && !scrub_found(a->scrub, value) &&
		    a->nheaders < ANSWER_HEADERS_MAX - ANSWER_HEADERS_OWN)
			answer_header_add(a, name, value);
	id = http_head_value(head, "x-request-id", 0);
	if (id == NULL)
		id = http_head_value(head, "request-id", 0);
	if (id != NULL && !scrub_found(a->scrub, id))
		answer_header_add(a, "x-upstream-request-id", id);
}

/* answer_headers_release - free the copies */
void
answer_headers_release(struct answer *a)
{
	for (size_t i = 0; i < a->nheaders; i++) {
		free((char *)a->headers[i].name);
		free((char *)a->headers[i].value);
	}
	a->nheaders = 0;
}

/* answer_is_type - case does not count */
bool
answer_is_type(const char *content_type, const char *type)
{
	size_t n = strlen(type);

	return content_type != NULL && strncasecmp(content_type, type, n) == 0 &&
	    strchr("; \t", content_type[n]) != NULL;
}

/* answer_is_plain - a coding may stand in a second line */
bool
answer_is_plain(const struct http_head *head)
{
	const char *coding;

	for (size_t i = 0; (coding = http_head_value(head, "content-encoding", i)) != NULL; i++)
		if (*coding != '\0' && strcasecmp(coding, "identity") != 0)
			return false;
	return true;
}
