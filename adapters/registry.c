/* registry.c - the adapters there are, and what all of them need */
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/messages.h"
#include "base/mem.h"
#include "base/url.h"

#define API_PATH "/v1"			/* where a call has no path of its own */
#define IGNORED_MAX	1024		/* bytes of names in x-mcpd-ignored; what is over is left out */

const struct adapter *const adapters[] = {
	&adapter_anthropic,
	&adapter_openai,
	&adapter_deepseek,
	&adapter_vllm,
	&adapter_ollama,
	&messages_to_anthropic,
	&messages_to_openai,
	&messages_to_deepseek,
	&messages_to_vllm,
	&messages_to_ollama,
	&count_for_openai,
	&count_for_deepseek,
	&count_for_vllm,
	&count_for_ollama,
	NULL
};

/* adapter_find - the row of that type that serves the API; a type may have several */
const struct adapter *
adapter_find(const char *type, enum api api)
{
	for (const struct adapter *const *a = adapters; *a != NULL; a++)
		if (strcmp((*a)->type, type) == 0 && ((*a)->apis & api))
			return *a;
	return NULL;
}

/* adapter_request_init - nothing in it yet */
void
adapter_request_init(struct adapter_request *r, size_t max_body)
{
	*r = (struct adapter_request){ .url = NULL };
	buf_init(&r->body, max_body);
	buf_init(&r->ignored, IGNORED_MAX);
}

/* has_name - is it in the list already; a name may hold anything, so its ends count */
static bool
has_name(const struct buf *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list->p; (p = strstr(p, name)) != NULL; p++)
		if ((p == list->p || p[-1] == ' ') && (p[len] == '\0' || p[len] == ','))
			return true;
	return false;
}

/* adapter_ignore - what no header may hold is shown as '?'; a name that is over is left out */
void
adapter_ignore(struct adapter_request *r, const char *name, size_t len)
{
	struct buf one = BUF_INIT(IGNORED_MAX);

	if (len > 0 && buf_add(&one, name, len, NULL) == RC_OK) {
		for (char *p = one.p; p < one.p + one.len; p++)
			if (*p < ' ' || *p > '~')
				*p = '?';
		if (!has_name(&r->ignored, one.p) &&
		    one.len + 2 <= r->ignored.max - r->ignored.len) {
			(void)buf_addstr(&r->ignored, r->ignored.len > 0 ? ", " : "", NULL);
			(void)buf_add(&r->ignored, one.p, one.len, NULL);
		}
	}
	buf_release(&one);
}

/* adapter_header - one more */
void
adapter_header(struct adapter_request *r, const char *name, const char *value)
{
	size_t n = strlen(name) + 1, v = strlen(value) + 1;
	char *block = x_malloc(n + v);

	memcpy(block, name, n);
	memcpy(block + n, value, v);
	r->headers = x_realloc(r->headers, (r->nheaders + 1) * sizeof(*r->headers));
	r->headers[r->nheaders++] = (struct http_header){ block, block + n };
}

/* adapter_request_release - one of the headers is the key */
void
adapter_request_release(struct adapter_request *r)
{
	for (size_t i = 0; i < r->nheaders; i++) {
		mem_wipe((char *)r->headers[i].value, strlen(r->headers[i].value));
		free((char *)r->headers[i].name);
	}
	free(r->headers);
	free(r->url);
	buf_wipe(&r->body);
	buf_release(&r->ignored);
	adapter_request_init(r, r->body.max);
}

/* ends_in - the url's path (not its host) ends in this path */
static bool
ends_in(const char *url, const char *path)
{
	const char *host = strstr(url, "://"), *at;
	size_t n, p = strlen(path);

	at = strchr(host != NULL ? host + 3 : url, '/');
	if (at == NULL)
		return false;
	n = strlen(at);
	return n >= p && strcmp(at + n - p, path) == 0;
}

/* bare - a copy without the '/' at the end */
static char *
bare(const char *s)
{
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == '/')
		n--;
	return x_strndup(s, n);
}

/* adapter_base - where the provider's paths begin */
enum rc
adapter_base(const struct adapter *a, const struct adapter_call *call, char **out,
    struct error *err)
{
	const char *url = call->url != NULL && *call->url != '\0' ? call->url : a->default_url;
	const char *path = call->api_path != NULL ? call->api_path : API_PATH;
	char *bare_url, *bare_path;

	if (url == NULL)
		return error_set(err, RC_UPSTREAM,
		    "%s: url is required (no default endpoint for this provider)", a->type);
	bare_url = bare(url);
	bare_path = bare(path);
	*out = *bare_path == '\0' || ends_in(bare_url, bare_path) ? x_strdup(bare_url)
	    : url_join(bare_url, bare_path);	/* with a '/' between: never a part of the host */
	free(bare_url);
	free(bare_path);
	return RC_OK;
}

/* adapter_count - a count that is there, and can be one */
void
adapter_count(struct span object, const char *name, int64_t *out)
{
	long long n = jscan_int(jscan_get(object, name));

	if (n >= 0 && n <= USAGE_COUNT_MAX)
		*out = n;
}

/* adapter_usage - of an answer's "usage" */
void
adapter_usage(struct span object, struct usage *usage)
{
	adapter_counts(jscan_get(object, "usage"), usage);
}

/* adapter_counts - each count has a name in chat/completions and another elsewhere */
void
adapter_counts(struct span u, struct usage *usage)
{
	if (jscan_type(u) != 'o')
		return;
	adapter_count(u, "prompt_tokens", &usage->prompt);
	adapter_count(u, "input_tokens", &usage->prompt);
	adapter_count(u, "completion_tokens", &usage->completion);
	adapter_count(u, "output_tokens", &usage->completion);
	adapter_count(u, "prompt_cache_hit_tokens", &usage->cached);	/* DeepSeek's */
	adapter_count(jscan_get(u, "prompt_tokens_details"), "cached_tokens", &usage->cached);
	adapter_count(jscan_get(u, "input_tokens_details"), "cached_tokens", &usage->cached);
}
