/* http_sockets.c - which sockets there are */
#include <linux/tcp.h>		/* the libc's own struct tcp_info is an older one */
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/http_sockets.h"
#include "base/mem.h"

/* cookie_of - false: no socket has the number */
static bool
cookie_of(curl_socket_t fd, uint64_t *cookie)
{
	socklen_t size = sizeof(*cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &size) == 0;
}

/* info_of - what the kernel has counted; false: it is no TCP connection */
static bool
info_of(curl_socket_t fd, struct tcp_info *info)
{
	socklen_t size = sizeof(*info);

	*info = (struct tcp_info){ .tcpi_data_segs_in = 0 };
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &size) == 0;
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
	s->v[s->n++] = (struct http_socket){ fd, cookie, 0 };
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

/* tls_of - NULL: the call's connection has none */
static SSL *
tls_of(CURL *easy)
{
	const struct curl_tlssessioninfo *tls = NULL;

	return curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls != NULL &&
	    tls->backend == CURLSSLBACKEND_OPENSSL ? tls->internals : NULL;
}

/* http_sockets_rest - libcurl asks TLS for no more of a record than an answer's length leaves */
bool
http_sockets_rest(CURL *easy)
{
	SSL *tls = tls_of(easy);

	return tls != NULL && SSL_pending(tls) > 0;
}

/* on_record - of libcrypto's; from TLS 1.3 on a record's type is inside it */
static void
on_record(int sent, int version, int what, const void *p, size_t n, SSL *tls, void *arg)
{
	struct http_sockets *s = arg;
	const unsigned char *type = p;

	(void)version;
	if (!sent && n > 0 && *type == SSL3_RT_APPLICATION_DATA && what ==
	    (SSL_version(tls) < TLS1_3_VERSION ? SSL3_RT_HEADER : SSL3_RT_INNER_CONTENT_TYPE))
		s->heard = true;
}

/* http_sockets_listen - a TLS connection that closes says so, in a record that is no answer */
void
http_sockets_listen(struct http_sockets *s, CURL *easy)
{
	SSL *tls = tls_of(easy);

	s->tls = tls != NULL;
	if (tls == NULL)
		return;
	SSL_set_msg_callback(tls, on_record);
	SSL_set_msg_callback_arg(tls, s);
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

/* http_sockets_quiet_ms - a time without a count that grows is none: some kernels have neither */
int64_t
http_sockets_quiet_ms(struct http_sockets *s)
{
	int64_t quiet_ms = INT64_MAX;
	struct tcp_info info;

	for (size_t i = 0; i < s->n; i++) {
		if (!is_ours(&s->v[i]) || !info_of(s->v[i].fd, &info) ||
		    info.tcpi_data_segs_in == s->v[i].segments)
			continue;
		s->v[i].segments = info.tcpi_data_segs_in;
		if (info.tcpi_last_data_recv < quiet_ms)
			quiet_ms = info.tcpi_last_data_recv;
	}
	return quiet_ms;
}

/* has_heard - more has come on it than there was; the close itself doesn't count */
static bool
has_heard(const struct http_sockets *s, curl_socket_t fd)
{
	struct tcp_info info;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].fd == fd && is_ours(&s->v[i]))
			return info_of(fd, &info) && info.tcpi_data_segs_in != s->v[i].segments;
	return false;
}

/* http_sockets_close - libcurl's way to close one */
int
http_sockets_close(void *sockets, curl_socket_t fd)
{
	struct http_sockets *s = sockets;

	if (!s->tls && has_heard(s, fd))
		s->heard = true;
	return close(fd);
}

/* http_sockets_tidy - some servers say 408 before they close a connection that was idle */
void
http_sockets_tidy(struct http_sockets *s)
{
	struct tcp_info info;
	size_t kept = 0;
	char c;

	s->heard = false;
	for (size_t i = 0; i < s->n; i++) {
		if (!is_ours(&s->v[i]))
			continue;
		s->v[kept++] = s->v[i];
		if (info_of(s->v[i].fd, &info))
			s->v[kept - 1].segments = info.tcpi_data_segs_in;
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
	*s = (struct http_sockets){ .v = NULL };
}
