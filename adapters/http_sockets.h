/*
 * http_sockets.h - the sockets of one thread's client, to look at while no call uses them.
 *
 * Shapes  libcurl opens sockets by way of these; it says of none what has come on it, and doesn't say of
 *         each that it closes it
 * Units   none
 * Errors  none: a socket that can't be made is CURL_SOCKET_BAD
 * Owns    the list, freed by http_sockets_release(); the sockets are libcurl's
 * Source  CURLOPT_OPENSOCKETFUNCTION(3), CURLINFO_TLS_SSL_PTR(3), SSL_set_msg_callback(3), tcp(7), SO_COOKIE.
 *         Only adapters/http*.c include this
 */
#ifndef ADAPTERS_HTTP_SOCKETS_H
#define ADAPTERS_HTTP_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_socket {
	curl_socket_t	fd;
	uint64_t	cookie;		/* the kernel's name for the socket, never given again */
	uint32_t	segments;	/* with bytes, that had come when it was looked at */
};

struct http_sockets {
	struct http_socket	*v;
	size_t			 n;
	bool			 tls;	/* the call's connection has it */
	bool			 heard;	/* a byte of an answer, since they were tidied; of a connection
					   without TLS it shows when it is closed */
};

curl_socket_t http_sockets_open(struct http_sockets *s, const struct curl_sockaddr *to);
int http_sockets_close(void *sockets, curl_socket_t fd);

/* http_sockets_listen - a request goes out: libcurl shows no line of an answer that isn't whole, and where
   a kept connection ends in one it would send the request again */
void http_sockets_listen(struct http_sockets *s, CURL *easy);

/* http_sockets_quiet_ms - since the last byte of any kind, where one has come since this was asked for
   before, or they were tidied; INT64_MAX: none has */
int64_t http_sockets_quiet_ms(struct http_sockets *s);

/* http_sockets_rest - while libcurl gives bytes of a body: has TLS read more than these? It reads whole
   records, and what one has beyond an answer's end no look at the socket shows */
bool http_sockets_rest(CURL *easy);

/* http_sockets_end - a call is over, and its connection must not be used again */
void http_sockets_end(CURL *easy);

/* http_sockets_tidy - between two calls: what has come on a kept connection would be taken for the
   answer to the next request. Such a connection ends here; those that libcurl closed are forgotten */
void http_sockets_tidy(struct http_sockets *s);
void http_sockets_release(struct http_sockets *s);

#endif
