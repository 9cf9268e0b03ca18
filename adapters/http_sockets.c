/* http_sockets.c - which sockets there are */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/http_sockets.h"
#include "base/mem.h"

/* http_sockets_open - one more */
curl_socket_t
http_sockets_open(struct http_sockets *s, const struct curl_sockaddr *to)
{
	curl_socket_t fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);

	if (fd == CURL_SOCKET_BAD)
		return fd;
	s->v = x_realloc(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n++] = fd;
	return fd;
}

/* http_sockets_close - one less */
int
http_sockets_close(struct http_sockets *s, curl_socket_t fd)
{
	size_t i = 0;

	while (i < s->n && s->v[i] != fd)
		i++;
	if (i < s->n)
		s->v[i] = s->v[--s->n];
	return close(fd);
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

/* http_sockets_tidy - some servers say 408 before they close a connection that was idle */
void
http_sockets_tidy(const struct http_sockets *s)
{
	char c;

	for (size_t i = 0; i < s->n; i++)
		if (recv(s->v[i], &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
			end(s->v[i]);
}

/* http_sockets_release - the list */
void
http_sockets_release(struct http_sockets *s)
{
	free(s->v);
	*s = (struct http_sockets){ NULL, 0 };
}
