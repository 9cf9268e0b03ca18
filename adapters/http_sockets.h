/*
 * http_sockets.h - the sockets of one thread's client, to look at while no call uses them.
 *
 * Shapes  libcurl opens and closes sockets by way of these; it says of none what has come on it
 * Units   none
 * Errors  none: a socket that can't be made is CURL_SOCKET_BAD
 * Owns    http_sockets_release() frees, after libcurl has closed them all
 * Source  curl_easy_setopt(3), CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION. Only
 *         adapters/http*.c include this
 */
#ifndef ADAPTERS_HTTP_SOCKETS_H
#define ADAPTERS_HTTP_SOCKETS_H

#include <curl/curl.h>
#include <stddef.h>

struct http_sockets {
	curl_socket_t	*v;
	size_t		 n;
};

curl_socket_t http_sockets_open(struct http_sockets *s, const struct curl_sockaddr *to);
int http_sockets_close(struct http_sockets *s, curl_socket_t fd);

/* http_sockets_tidy - between two calls: what has come on a kept connection would be taken for the
   answer to the next request. Such a connection ends here */
void http_sockets_tidy(const struct http_sockets *s);
void http_sockets_release(struct http_sockets *s);

#endif
