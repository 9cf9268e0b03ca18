/* http_options.c - what no call may change */
#include <stdlib.h>

#include "adapters/http_options.h"
#include "base/mem.h"

#define READ_SIZE	16384L		/* bytes that libcurl reads at once */
#define KEEP_SECONDS	30L		/* an idle connection is used again for so long */

static const struct { CURLoption option; long value; } numbers[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },	/* to leave a call is to close it */
	{ CURLOPT_HTTP09_ALLOWED, 0 },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_TCP_NODELAY, 1 },
	{ CURLOPT_MAXAGE_CONN, KEEP_SECONDS },
	{ CURLOPT_BUFFERSIZE, READ_SIZE },
#if LIBCURL_VERSION_NUM >= 0x075700
	{ CURLOPT_QUICK_EXIT, 1 },	/* a deadline doesn't wait for a name server */
#endif
#if LIBCURL_VERSION_NUM < 0x075500
	{ CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS },
#endif
};

/* http_options - see http_options.h */
CURL *
http_options(const struct http_settings *s)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		abort();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		set(easy, numbers[i].option, numbers[i].value);
#if LIBCURL_VERSION_NUM >= 0x075500
	set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#endif
	set(easy, CURLOPT_PROXY, s->proxy != NULL ? s->proxy : "");	/* not the environment's */
	set(easy, CURLOPT_NOPROXY, "");
	set(easy, CURLOPT_USERAGENT, "mcpd");
	if (s->encoded)
		set(easy, CURLOPT_ACCEPT_ENCODING, "");		/* all that libcurl knows */
	if (s->ca_file != NULL)
		set(easy, CURLOPT_CAINFO, s->ca_file);
	return easy;
}

/* list_add - one header line; libcurl wants "Name;" where there is no value */
static enum rc
list_add(struct curl_slist **list, const struct http_header *header, struct error *err)
{
	struct curl_slist *longer;
	char *line;

	for (const char *p = header->value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' && *p != '\t')
			return error_set(err, RC_INVALID, "header %s has control characters",
			    header->name);
	line = x_asprintf(*header->value == '\0' ? "%s;%s" : "%s: %s", header->name, header->value);
	longer = curl_slist_append(*list, line);
	mem_free_wiped(line);
	if (longer == NULL)
		abort();
	*list = longer;
	return RC_OK;
}

/* http_options_headers - above 1 MB of a body libcurl would wait for a 100 before it */
enum rc
http_options_headers(const struct http_request *req, struct curl_slist **out, struct error *err)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	enum rc rc = RC_OK;

	for (size_t i = 0; i < req->nheaders && rc == RC_OK; i++)
		rc = list_add(&list, &req->headers[i], err);
	if (rc == RC_OK)
		*out = list;
	else
		curl_slist_free_all(list);
	return rc;
}
