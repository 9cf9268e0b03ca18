/* http_sockets.c - which sockets there are */
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "adapters/http_sockets.h"
#include "base/mem.h"

/* cookie_of - false: no socket has the number */
static bool
cookie_of(curl_socket_t fd, uint64_t *cookie)
{
	socklen_t size = sizeof(*cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &size) == 0;
}

/* http_sockets_open - one more */
curl_socket_t
http_sockets_open(struct http_sockets *s, const struct curl_sockaddr *to)
{
	curl_socket_t fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	uint64_t cookie;

	if (fd == CURL_SOCKET_BAD || !cookie_of(fd, &cookie))
		return fd;
	s->v = x_realloc(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n++] = (struct http_socket){ fd, cookie };
	return fd;
}

/* is_ours - libcurl closes a socket that never was connected without a word, and its number may by now
   be a connection of another thread, of a client even. While it is ours no other thread closes it */
static bool
is_ours(const struct http_socket *one)
{
	uint64_t cookie;

	return cookie_of(one->fd, &cookie) && cookie == one->cookie;
}

/* end - libcurl finds it dead: the end of file comes behind nothing */
static void
end(curl_socket_t fd)
{
	char rest[4096];

	shutdown(fd, SHUT_RDWR);
	while (recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
		;
}

/* http_sockets_rest - libcurl asks TLS for no more of a record than an answer's length leaves */
bool
http_sockets_rest(CURL *easy)
{
	const struct curl_tlssessioninfo *tls = NULL;

	return curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls != NULL &&
	    tls->backend == CURLSSLBACKEND_OPENSSL && tls->internals != NULL &&
	    SSL_pending(tls->internals) > 0;
}

/* http_sockets_end - no socket: libcurl has closed it */
void
http_sockets_end(CURL *easy)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK &&
	    fd != CURL_SOCKET_BAD)
		end(fd);
}

/* http_sockets_tidy - some servers say 408 before they close a connection that was idle */
void
http_sockets_tidy(struct http_sockets *s)
{
	size_t kept = 0;
	char c;

	for (size_t i = 0; i < s->n; i++) {
		if (!is_ours(&s->v[i]))
			continue;
		s->v[kept++] = s->v[i];
		if (recv(s->v[i].fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
			end(s->v[i].fd);
	}
	s->n = kept;
}

/* http_sockets_release - the list */
void
http_sockets_release(struct http_sockets *s)
{
	free(s->v);
	*s = (struct http_sockets){ NULL, 0 };
}
