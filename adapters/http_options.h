/*
 * http_options.h - libcurl as every call to a provider wants it.
 *
 * Shapes  an easy handle with the options that are the same for all calls; each call copies it
 * Units   none
 * Errors  aborts where libcurl has no memory, or lacks an option that we build with; else as said
 * Owns    the caller: curl_easy_cleanup()
 * Source  API.md 5; curl_easy_setopt(3). Only adapters/http*.c include this
 */
#ifndef ADAPTERS_HTTP_OPTIONS_H
#define ADAPTERS_HTTP_OPTIONS_H

#include <curl/curl.h>
#include <stdlib.h>

#include "adapters/http.h"

/* set - an option that every libcurl we build with has */
#define set(easy, option, value) do {					\
	if (curl_easy_setopt(easy, option, value) != CURLE_OK)		\
		abort();						\
} while (0)

CURL *http_options(const struct http_settings *s);

/* http_options_headers - a call's own, RC_INVALID with control characters; curl_slist_free_all() */
enum rc http_options_headers(const struct http_request *req, struct curl_slist **out,
    struct error *err);

#endif
